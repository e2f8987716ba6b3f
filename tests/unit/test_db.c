/* What is acknowledged lasts, what failed is undone, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "helper.h"
#include "log.h"
#include "text.h"

/* A schema of the tests' own: what stands in it is not of interest. */

enum { ADD, GET, ALL, COUNT, REMOVE, JOURNAL, SYNCHRONOUS, AUTOCHECKPOINT,
    FOREIGN_KEYS, QUERY_ONLY, BUSY_TIMEOUT };

static const struct db_statement words[] = {
	[ADD] = { "ADD", "tt", "t", "INSERT INTO notes (id, body)"
	    " VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id" },
	[GET] = { "GET", "t", "t", "SELECT body FROM notes WHERE id = $1" },
	[ALL] = { "ALL", "t", "tt", "SELECT id, body FROM notes WHERE id > $1"
	    " ORDER BY id" },
	[COUNT] = { "COUNT", "", "n", "SELECT count(*) FROM notes" },
	[REMOVE] = { "REMOVE", "t", "", "DELETE FROM notes WHERE id = $1" },
	[JOURNAL] = { "JOURNAL", "", "t", "PRAGMA journal_mode" },
	[SYNCHRONOUS] = { "SYNCHRONOUS", "", "n", "PRAGMA synchronous" },
	[AUTOCHECKPOINT] = { "AUTOCHECKPOINT", "", "n",
	    "PRAGMA wal_autocheckpoint" },
	[FOREIGN_KEYS] = { "FOREIGN_KEYS", "", "n", "PRAGMA foreign_keys" },
	[QUERY_ONLY] = { "QUERY_ONLY", "", "n", "PRAGMA query_only" },
	[BUSY_TIMEOUT] = { "BUSY_TIMEOUT", "", "n", "PRAGMA busy_timeout" },
};

#define MIGRATION_1							\
	{ 1, "notes", "CREATE TABLE schema_migrations ("		\
	    "version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"	\
	    " applied_at BIGINT NOT NULL);"				\
	    "CREATE TABLE notes (id TEXT NOT NULL PRIMARY KEY"		\
	    " CHECK (length(id) > 0), body TEXT NOT NULL);" }

static const struct db_migration migrations[] = {
	MIGRATION_1,
	{ 2, "more", "CREATE TABLE more (id TEXT NOT NULL PRIMARY KEY);"
	    "INSERT INTO more SELECT id FROM notes;" },
};

/* The first half of the second one works. */
static const struct db_migration broken[] = {
	MIGRATION_1,
	{ 2, "broken", "CREATE TABLE more (id TEXT NOT NULL PRIMARY KEY);"
	    "DELETE FROM notes; INSERT INTO nowhere VALUES (1);" },
};

static const struct db_migration broken_first[] = {
	{ 1, "broken", "CREATE TABLE notes (id TEXT); CREATE TABLE notes"
	    " (id TEXT);" },
};

static const struct db_schema schema_1 = { words, HELPER_COUNT(words),
    migrations, 1 };
static const struct db_schema schema_2 = { words, HELPER_COUNT(words),
    migrations, 2 };
static const struct db_schema schema_broken = { words, HELPER_COUNT(words),
    broken, 2 };
static const struct db_schema schema_broken_first = { words,
    HELPER_COUNT(words), broken_first, 1 };

/* Each test has a directory, and most an open database in it. */

static char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];
static char wal[HELPER_PATH_MAX * 2 + 8];
static char told[1024];
static struct db *db;
static struct arena *arena;

static void
complain(const char *message)
{
	(void)snprintf(told, sizeof(told), "%s", message);
}

static struct db *
open_with(const struct db_schema *schema, enum db_refusal *why)
{
	told[0] = '\0';
	return db_open(path, schema, why, complain);
}

static void
must_open(const struct db_schema *schema)
{
	enum db_refusal why;

	db = open_with(schema, &why);
	if (db == NULL)
		fail_msg("refused: %s", told);
	assert_int_equal(why, DB_OPENED);
}

static void
must_refuse(const struct db_schema *schema, enum db_refusal expected)
{
	enum db_refusal why;

	db = open_with(schema, &why);
	if (db != NULL)
		fail_msg("opened what is to be refused");
	assert_int_equal(why, expected);
	assert_true(text_begins(told, path));
	assert_null(strchr(told, '\n'));
}

static int
set_up_closed(void **state)
{
	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/notes.db", dir);
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	arena = arena_new();
	db = NULL;
	return 0;
}

static int
set_up(void **state)
{
	(void)set_up_closed(state);
	must_open(&schema_1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close(db);
	arena_free(arena);
	helper_dir_remove(dir);
	return 0;
}

/* One piece of work: adds a note, and says what it is told to say. */
struct note {
	struct db	*db;
	const char	*id;
	const char	*body;
	enum db_status	 says;		/* when the note could be added */
	enum db_status	 status;	/* what db_write said */
};

static enum db_status
work_add(struct db_conn *c, void *arg)
{
	struct db_value args[2] = { { .text = NULL } }, row[1];
	struct arena *a = arena_new();
	const struct note *n = arg;
	enum db_status status;

	args[0].text = n->id;
	args[1].text = n->body != NULL ? n->body : "-";
	status = db_run(c, a, ADD, args, row);
	arena_free(a);
	return status == DB_OK ? n->says : status;
}

static enum db_status
add(const char *id)
{
	struct note n = { .id = id, .says = DB_OK };

	return db_write(db, work_add, &n);
}

static int64_t
rows(void)
{
	return helper_number(path, "SELECT count(*) FROM notes");
}

static void
is_sound(void)
{
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}

static off_t
size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 ? st.st_size : 0;
}

/* Settings. */

static int64_t
number(struct db_conn *c, unsigned int id)
{
	struct db_value row[1] = { { .number = -1 } };

	return db_run(c, arena, id, NULL, row) == DB_OK ? row[0].number : -1;
}

/* cmocka's assertions must not leave the writer's thread. */
static enum db_status
work_settings(struct db_conn *c, void *arg)
{
	int64_t *found = arg;
	unsigned int id;

	for (id = SYNCHRONOUS; id <= BUSY_TIMEOUT; id++)
		found[id] = number(c, id);
	return DB_OK;
}

static void
writer_is_full_sync_and_leaves_checkpoints_to_us(void **state)
{
	int64_t found[HELPER_COUNT(words)];

	(void)state;
	assert_int_equal(db_write(db, work_settings, found), DB_OK);
	assert_int_equal(found[SYNCHRONOUS], 2);
	assert_int_equal(found[AUTOCHECKPOINT], 0);
	assert_int_equal(found[FOREIGN_KEYS], 1);
	assert_int_equal(found[QUERY_ONLY], 0);
	assert_in_range(found[BUSY_TIMEOUT], 100, 10000);
}

static void
readers_only_read_and_never_checkpoint(void **state)
{
	struct db_conn *c = db_reader(db);
	struct db_value row[1];

	(void)state;
	assert_non_null(c);
	assert_int_equal(db_run(c, arena, JOURNAL, NULL, row), DB_OK);
	assert_string_equal(row[0].text, "wal");
	assert_int_equal(number(c, QUERY_ONLY), 1);
	assert_int_equal(number(c, AUTOCHECKPOINT), 0);
	assert_in_range(number(c, BUSY_TIMEOUT), 100, 10000);
	db_reader_close(c);
}

static void
reader_cannot_write(void **state)
{
	const struct db_value args[] = { DB_TEXT("a"), DB_TEXT("b") };
	struct db_conn *c = db_reader(db);
	struct db_value row[1];

	(void)state;
	assert_int_equal(db_run(c, arena, ADD, args, row), DB_FAULT);
	db_reader_close(c);
	assert_int_equal(rows(), 0);
}

static void
fresh_file_is_marked_as_ours(void **state)
{
	(void)state;
	assert_int_equal(helper_number(path, "PRAGMA application_id"),
	    0x47415445);
	assert_int_equal(helper_number(path, "PRAGMA user_version"), 1);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " schema_migrations WHERE version = 1 AND name = 'notes'"
	    " AND applied_at > 1500000000000"), 1);
}

/* Statements. */

static void
row_no_row_and_done_are_told_apart(void **state)
{
	const struct db_value a[] = { DB_TEXT("a") };
	const struct db_value b[] = { DB_TEXT("b") };
	struct db_value row[1];
	struct db_conn *c;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(add("a"), DB_NONE);
	c = db_reader(db);
	assert_int_equal(db_run(c, arena, GET, a, row), DB_OK);
	assert_string_equal(row[0].text, "-");
	assert_int_equal(db_run(c, arena, GET, b, row), DB_NONE);
	assert_int_equal(db_run(c, arena, COUNT, NULL, row), DB_OK);
	assert_int_equal(row[0].number, 1);
	db_reader_close(c);
}

/* B4: NULL is never equal to anything, also not to another NULL. */
static void
b4_null_finds_nothing(void **state)
{
	const struct db_value none[] = { DB_TEXT(NULL) };
	struct db_conn *c = db_reader(db);
	struct db_value row[1];

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(db_run(c, arena, GET, none, row), DB_NONE);
	db_reader_close(c);
}

static void
values_of_one_run_are_gone_in_the_next(void **state)
{
	const struct db_value a[] = { DB_TEXT("a") };
	const struct db_value b[] = { DB_TEXT(NULL) };
	struct db_conn *c = db_reader(db);
	struct db_value row[1];
	const char *kept;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(db_run(c, arena, GET, a, row), DB_OK);
	kept = row[0].text;
	assert_int_equal(db_run(c, arena, GET, b, row), DB_NONE);
	assert_string_equal(kept, "-");
	db_reader_close(c);
}

/* Rows in turn. */

struct taken {
	char		 ids[64];
	size_t		 n, most;
};

static bool
take_note(const struct db_value *row, void *arg)
{
	struct taken *t = arg;

	assert_string_equal(row[1].text, "-");
	(void)strncat(t->ids, row[0].text, 8);
	return ++t->n < t->most;
}

static const char *
all_after(const char *id, size_t most)
{
	const struct db_value after[] = { DB_TEXT(id) };
	static struct taken t;
	struct db_value row[2];
	struct db_conn *c;

	t = (struct taken){ .most = most };
	assert_non_null(c = db_reader(db));
	assert_int_equal(db_each(c, arena, ALL, after, row, take_note, &t),
	    DB_OK);
	db_reader_close(c);
	return t.ids;
}

static void
each_row_is_given_until_it_is_enough(void **state)
{
	(void)state;
	assert_string_equal(all_after("", 9), "");
	assert_int_equal(add("b"), DB_OK);
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(add("c"), DB_OK);
	assert_string_equal(all_after("", 9), "abc");
	assert_string_equal(all_after("", 2), "ab");
	assert_string_equal(all_after("b", 9), "c");
}

static void
wrong_statements_are_found_at_start(void **state)
{
	static const struct db_statement wrong[] = {
		{ "syntax", "", "", "SELEC 1" },
		{ "table", "", "n", "SELECT n FROM nowhere" },
		{ "column", "", "n", "SELECT n FROM notes" },
		{ "order", "tt", "t",
		    "SELECT id FROM notes WHERE id = $2 AND body = $1" },
		{ "gap", "tt", "t",
		    "SELECT id FROM notes WHERE id = $1 AND body = $3" },
		{ "mark", "t", "t", "SELECT id FROM notes WHERE id = ?" },
		{ "mark", "t", "t", "SELECT id FROM notes WHERE id = ?1" },
		{ "name", "t", "t", "SELECT id FROM notes WHERE id = $id" },
		{ "few", "tt", "t", "SELECT id FROM notes WHERE id = $1" },
		{ "many", "", "t", "SELECT id FROM notes WHERE id = $1" },
		{ "narrow", "", "t", "SELECT id, body FROM notes" },
		{ "wide", "", "tt", "SELECT id FROM notes" },
		{ "row", "", "", "SELECT id FROM notes" },
	};
	struct db_schema schema = schema_1;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(wrong); i++) {
		schema.statement = &wrong[i];
		schema.statements = 1;
		must_refuse(&schema, DB_CANNOT_OPEN);
	}
}

/* Durability. */

static void
copy_file(const char *from, const char *to)
{
	size_t len;
	char *bytes;

	bytes = helper_file(from, &len);
	helper_write(to, bytes, len);
	free(bytes);
}

/*
 * The machine stops: of the WAL only what was synced is still there.  Every
 * sync of this program, SQLite's included, comes by here.
 */

static char synced[HELPER_PATH_MAX * 2];	/* a copy; "": none is kept */

static void
keep_synced(int fd)
{
	char link[64], name[HELPER_PATH_MAX * 2], *bytes;
	struct stat st;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	if (len < 0 || synced[0] == '\0')
		return;
	name[len] = '\0';
	if (strcmp(strrchr(name, '/'), strrchr(wal, '/')) != 0 ||
	    fstat(fd, &st) != 0)
		return;
	bytes = malloc((size_t)st.st_size + 1);
	helper_must(bytes != NULL && pread(fd, bytes, (size_t)st.st_size, 0) ==
	    st.st_size, wal);
	helper_write(synced, bytes, (size_t)st.st_size);
	free(bytes);
}

int
fdatasync(int fd)
{
	keep_synced(fd);
	return (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	keep_synced(fd);
	return (int)syscall(SYS_fsync, fd);
}

static void
acknowledged_work_outlives_the_machine(void **state)
{
	char left[HELPER_PATH_MAX], copy[sizeof(left) + 16];
	char id[16];
	int i;

	(void)state;
	helper_dir(left);
	(void)snprintf(copy, sizeof(copy), "%s/notes.db", left);
	(void)snprintf(synced, sizeof(synced), "%s/notes.db-wal", left);
	for (i = 0; i < 20; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(add(id), DB_OK);
	}
	synced[0] = '\0';
	/* Nothing has been checkpointed: this file is as it was made. */
	copy_file(path, copy);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"),
	    20);
	helper_dir_remove(left);
}

static void
reader_sees_what_is_committed_only(void **state)
{
	struct db_value row[1];
	struct db_conn *c = db_reader(db);

	(void)state;
	assert_int_equal(number(c, COUNT), 0);
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(number(c, COUNT), 1);
	assert_int_equal(db_run(c, arena, COUNT, NULL, row), DB_OK);
	db_reader_close(c);
}

static struct db_conn *onlooker;

static enum db_status
work_and_look(struct db_conn *c, void *arg)
{
	struct note n = { .id = "a", .says = DB_OK };
	int64_t *seen = arg;
	enum db_status status;

	status = work_add(c, &n);
	*seen = number(onlooker, COUNT);
	return status;
}

static void
work_is_not_seen_before_its_commit(void **state)
{
	int64_t seen = -1;

	(void)state;
	onlooker = db_reader(db);
	assert_int_equal(db_write(db, work_and_look, &seen), DB_OK);
	assert_int_equal(seen, 0);
	assert_int_equal(number(onlooker, COUNT), 1);
	db_reader_close(onlooker);
}

#define WRITERS		8
#define WRITES		25

static void
write_many(size_t index, void *arg)
{
	int i, *good = arg;
	char id[32];
	struct note n = { .id = id, .says = DB_OK };

	for (i = 0; i < WRITES; i++) {
		(void)snprintf(id, sizeof(id), "%zu-%d", index, i);
		if (db_write(db, work_add, &n) == DB_OK)
			(void)__atomic_add_fetch(good, 1, __ATOMIC_RELAXED);
	}
}

static void
all_work_of_many_threads_lasts(void **state)
{
	int good = 0;

	(void)state;
	helper_threads(WRITERS, write_many, &good);
	assert_int_equal(good, WRITERS * WRITES);
	db_close(db);
	assert_int_equal(size_of(wal), 0);
	assert_int_equal(rows(), WRITERS * WRITES);
	is_sound();
	must_open(&schema_1);
}

/* Groups: while another connection has the lock, they pile up. */

#define PILE	32

struct pile {
	size_t		 n;
	struct note	*note;
	pid_t		 thread[PILE];	/* 0 until the lock is held */
	int		 locked;
};

/* A thread that sleeps has handed its work in: it waits for the commit. */
static bool
sleeps(const pid_t *thread)
{
	char name[64], line[512] = "";
	const char *state;
	FILE *file;

	(void)snprintf(name, sizeof(name), "/proc/self/task/%d/stat",
	    (int)__atomic_load_n(thread, __ATOMIC_SEQ_CST));
	file = fopen(name, "r");
	if (file == NULL)
		return false;
	(void)!fgets(line, sizeof(line), file);
	(void)fclose(file);
	state = strrchr(line, ')');
	return state != NULL && state[1] == ' ' && state[2] == 'S';
}

static void
hand_in(struct pile *p, size_t i)
{
	while (__atomic_load_n(&p->locked, __ATOMIC_SEQ_CST) == 0)
		(void)sched_yield();
	__atomic_store_n(&p->thread[i], gettid(), __ATOMIC_SEQ_CST);
	p->note[i].status = db_write(db, work_add, &p->note[i]);
}

/* Asleep twice in a row, some time apart: not only for the queue's lock. */
static void
await_pile(struct pile *p)
{
	size_t i, looks;

	for (looks = 0; looks < 2; looks++) {
		for (i = 0; i < p->n; i++)
			while (!sleeps(&p->thread[i]))
				(void)usleep(1000);
		(void)usleep(20000);
	}
}

static void
pile_up(size_t index, void *arg)
{
	struct pile *p = arg;
	struct sqlite3 *other;

	if (index > 0) {
		hand_in(p, index - 1);
		return;
	}
	other = helper_sqlite(path);
	helper_must(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL) == SQLITE_OK, "lock");
	__atomic_store_n(&p->locked, 1, __ATOMIC_SEQ_CST);
	await_pile(p);
	helper_must(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) ==
	    SQLITE_OK, "unlock");
	(void)sqlite3_close(other);
}

/* The first to hand in may be a group of its own; the rest is one. */
static void
run_pile(struct note *note, size_t n)
{
	struct pile pile = { .n = n, .note = note };

	assert_in_range(n, 1, PILE);
	helper_threads(n + 1, pile_up, &pile);
}

static struct note *
notes(size_t n)
{
	struct note *note = arena_alloc(arena, n * sizeof(*note));
	size_t i;

	for (i = 0; i < n; i++)
		note[i] = (struct note){ .says = DB_OK,
		    .id = arena_printf(arena, "pile %zu", i) };
	return note;
}

static uint32_t
big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Frames of the WAL that end a transaction (fileformat2.html, 4.1). */
static size_t
commits(void)
{
	unsigned char *bytes;
	size_t len, at, page, n = 0;

	bytes = (unsigned char *)helper_file(wal, &len);
	page = len >= 32 ? big_endian(bytes + 8) : 0;
	for (at = 32; at + 24 + page <= len; at += 24 + page)
		if (big_endian(bytes + at + 4) != 0)
			n++;
	free(bytes);
	return n;
}

static void
waiting_work_shares_a_commit(void **state)
{
	struct note *note = notes(PILE);
	size_t before = commits(), i;

	(void)state;
	run_pile(note, PILE);
	for (i = 0; i < PILE; i++)
		assert_int_equal(note[i].status, DB_OK);
	assert_in_range(commits() - before, 1, 2);
	assert_int_equal(rows(), PILE);
}

static void
failing_work_undoes_only_itself(void **state)
{
	static const enum db_status says[] = { DB_OK, DB_NONE, DB_FAULT,
	    DB_BUSY };
	struct note *note = notes(PILE);
	size_t i;

	(void)state;
	for (i = 0; i < PILE; i++)
		note[i].says = says[i % 4];
	run_pile(note, PILE);
	for (i = 0; i < PILE; i++)
		assert_int_equal(note[i].status, says[i % 4]);
	assert_int_equal(rows(), PILE / 4);
	is_sound();
}

static void
work_against_a_constraint_undoes_only_itself(void **state)
{
	struct note *note = notes(PILE);
	size_t i;

	(void)state;
	for (i = 0; i < PILE; i += 2)
		note[i].id = i % 4 == 0 ? "" : NULL;
	run_pile(note, PILE);
	for (i = 0; i < PILE; i++)
		assert_int_equal(note[i].status,
		    i % 2 == 0 ? DB_FAULT : DB_OK);
	assert_int_equal(rows(), PILE / 2);
}

static void
one_of_many_equal_pieces_wins(void **state)
{
	struct note *note = notes(PILE);
	size_t i, won = 0;

	(void)state;
	for (i = 0; i < PILE; i++)
		note[i].id = "same";
	run_pile(note, PILE);
	for (i = 0; i < PILE; i++) {
		assert_true(note[i].status == DB_OK ||
		    note[i].status == DB_NONE);
		won += note[i].status == DB_OK;
	}
	assert_int_equal(won, 1);
}

/* More than an arena gives. */
static char *
big_body(size_t bytes)
{
	char *body;

	body = calloc(1, bytes + 1);
	assert_non_null(body);
	memset(body, 'x', bytes);
	return body;
}

/* A full disk: no file may grow more than room beyond the WAL as it is. */
static void
fill_disk(off_t room)
{
	struct rlimit r;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = room >= 0 ? (rlim_t)(size_of(wal) + room) : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
free_disk(void)
{
	fill_disk(-1);
}

static void
commit_that_fails_is_a_fault_for_the_whole_group(void **state)
{
	struct note *note = notes(PILE);
	size_t i;

	(void)state;
	assert_int_equal(add("before"), DB_OK);
	fill_disk(0);
	run_pile(note, PILE);
	free_disk();
	for (i = 0; i < PILE; i++)
		assert_int_equal(note[i].status, DB_FAULT);
	assert_int_equal(rows(), 1);
	assert_int_equal(add("after"), DB_OK);
	assert_int_equal(rows(), 2);
	is_sound();
}

/*
 * The big one is more than the page cache holds, so that it is written, and
 * fails, before the commit, and what comes after it would find room again.
 */
static void
disk_that_fills_up_amid_a_group_undoes_all_of_it(void **state)
{
	struct note *note = notes(PILE);
	size_t i, good = 0;
	char *body;

	(void)state;
	body = big_body(8 << 20);
	note[PILE / 2].body = body;
	assert_int_equal(add("before"), DB_OK);
	fill_disk(1 << 20);
	run_pile(note, PILE);
	free_disk();
	free(body);
	for (i = 0; i < PILE; i++)
		good += note[i].status == DB_OK;
	assert_int_equal(note[PILE / 2].status, DB_FAULT);
	assert_int_equal(rows(), 1 + good);
	assert_int_equal(add("after"), DB_OK);
	is_sound();
}

/* Checkpoints. */

/* Of the WAL's pages, in the header of its index (walformat.html, 2.2). */
static uint32_t
pages_copied(void)
{
	char name[sizeof(path) + 8], *bytes;
	uint32_t n;
	size_t len;

	(void)snprintf(name, sizeof(name), "%s-shm", path);
	bytes = helper_file(name, &len);
	assert_true(len >= 100);
	memcpy(&n, bytes + 96, sizeof(n));
	free(bytes);
	return n;
}

static const char *
body_of(size_t bytes)
{
	char *body = arena_alloc(arena, bytes + 1);

	memset(body, 'x', bytes);
	return body;
}

static int stopped;

static void
read_or_write(size_t index, void *arg)
{
	struct note *n = arg;
	struct db_value row[1];
	struct arena *a = arena_new();
	struct db_conn *c;
	char id[16];
	int i;

	if (index > 0) {
		c = db_reader(db);
		/* Put aside amid a read, it would keep the WAL. */
		while (__atomic_load_n(&stopped, __ATOMIC_RELAXED) == 0) {
			(void)db_run(c, a, COUNT, NULL, row);
			(void)usleep(200);
		}
		db_reader_close(c);
	}
	for (i = 0; index == 0 && i < 250; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		n->id = id;
		if (db_write(db, work_add, n) != DB_OK)
			n->status = DB_FAULT;
	}
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
	arena_free(a);
}

/* 6000 pages pass through it; a checkpoint is due each 1000. */
static void
wal_stays_short_under_writers_and_readers(void **state)
{
	struct note n = { .body = body_of(100000), .says = DB_OK };

	(void)state;
	stopped = 0;
	helper_threads(3, read_or_write, &n);
	assert_int_equal(n.status, DB_OK);
	assert_int_equal(rows(), 250);
	assert_in_range(size_of(wal), 1, 3000 * 4096);
	assert_true(size_of(path) > 4000 * 4096);
	is_sound();
}

/* What the disk takes for so many bytes. */
static int64_t
raw_write_ms(const char *bytes, size_t len)
{
	char name[sizeof(path) + 8];
	int64_t start = clock_steady_ms();
	FILE *file;

	(void)snprintf(name, sizeof(name), "%s.raw", path);
	file = fopen(name, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(fsync(fileno(file)), 0);
	(void)fclose(file);
	(void)unlink(name);
	return clock_steady_ms() - start;
}

static void
add_big(size_t n, size_t bytes)
{
	char *body = big_body(bytes);
	struct note note = { .body = body, .says = DB_OK };
	int64_t start, longest = 0, raw = raw_write_ms(body, bytes);
	size_t i;

	for (i = 0; i < n; i++) {
		note.id = arena_printf(arena, "big %zu", i);
		start = clock_steady_ms();
		assert_int_equal(db_write(db, work_add, &note), DB_OK);
		if (clock_steady_ms() - start > longest)
			longest = clock_steady_ms() - start;
	}
	free(body);
	assert_in_range(longest, 0, 4000 + 4 * raw);
}

/* A backup that hangs keeps the WAL growing, but no writer waiting. */
static void
endless_reader_holds_nobody_up(void **state)
{
	sqlite3 *reader;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	reader = helper_sqlite(path);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM notes",
	    NULL, NULL, NULL), SQLITE_OK);
	add_big(9, 8000000);
	assert_true(size_of(wal) > 16000 * 4096);
	/* All or nothing: else it would go on without the write lock. */
	assert_int_equal(pages_copied(), 0);
	(void)sqlite3_close(reader);
	assert_int_equal(add("b"), DB_OK);
	assert_int_equal(add("c"), DB_OK);
	assert_true(size_of(wal) < 1000 * 4096);
	assert_int_equal(rows(), 12);
	is_sound();
}

/* What was removed is forgotten. */

#define SECRET		"SecretOfTheNote"

static enum db_status
work_remove(struct db_conn *c, void *arg)
{
	const struct db_value args[] = { DB_TEXT(arg) };
	struct arena *a = arena_new();
	enum db_status status;

	status = db_run(c, a, REMOVE, args, NULL);
	arena_free(a);
	return status;
}

static void
add_and_remove_secret(struct db *by)
{
	struct note n = { .id = "secret", .body = SECRET, .says = DB_OK };
	char id[] = "secret";

	assert_int_equal(db_write(by, work_add, &n), DB_OK);
	assert_int_equal(db_write(by, work_remove, id), DB_OK);
	assert_true(helper_grep(wal, SECRET, strlen(SECRET)) > 0);
}

static void
must_empty_wal(void)
{
	const int64_t until = clock_steady_ms() + 20000;

	while (size_of(wal) > 0 && clock_steady_ms() < until)
		(void)usleep(10000);
	assert_int_equal(size_of(wal), 0);
	assert_int_equal(helper_grep(path, SECRET, strlen(SECRET)), 0);
}

/* While it is open: at its end, the writer does it anyway. */
static void
what_was_removed_is_in_neither_file(void **state)
{
	(void)state;
	add_and_remove_secret(db);
	db_forget(db);
	must_empty_wal();
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(rows(), 1);
	is_sound();
}

/* A mark that a checkpoint would change, and each write. */
static uint32_t
salt(void)
{
	char name[sizeof(path) + 8], *bytes;
	uint32_t n;
	size_t len;

	(void)snprintf(name, sizeof(name), "%s-shm", path);
	bytes = helper_file(name, &len);
	assert_true(len >= 40);
	memcpy(&n, bytes + 32, sizeof(n));
	free(bytes);
	return n;
}

static void
empty_wal_is_not_emptied_again(void **state)
{
	uint32_t before;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	db_forget(db);
	must_empty_wal();
	before = salt();
	db_forget(db);
	db_forget(db);
	/* Its turn comes after theirs, and it changes nothing. */
	assert_int_equal(add("a"), DB_NONE);
	assert_int_equal(add("a"), DB_NONE);
	assert_int_equal(salt(), before);
	assert_int_equal(size_of(wal), 0);
}

static void
what_another_process_removed_is_forgotten_too(void **state)
{
	enum db_refusal why;
	struct db *other;

	(void)state;
	other = open_with(&schema_1, &why);
	assert_non_null(other);
	add_and_remove_secret(other);
	/* From now on it only keeps a read open. */
	db_forget(db);
	must_empty_wal();
	db_close(other);
	is_sound();
}

static void
must_still_count(sqlite3_stmt *stmt, int expected)
{
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), expected);
	(void)sqlite3_reset(stmt);
}

/* One with a snapshot of before, and what it costs those that write. */
static void
reader_is_not_disturbed_and_the_next_time_succeeds(void **state)
{
	sqlite3 *reader = helper_sqlite(path);
	sqlite3_stmt *stmt;
	int64_t start;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(reader, "SELECT count(*) FROM"
	    " notes", -1, &stmt, NULL), SQLITE_OK);
	must_still_count(stmt, 1);
	add_and_remove_secret(db);
	assert_int_equal(add("b"), DB_OK);
	start = clock_steady_ms();
	db_forget(db);
	assert_int_equal(add("c"), DB_OK);
	assert_int_equal(add("d"), DB_OK);
	assert_in_range(clock_steady_ms() - start, 0, 4000);
	assert_true(size_of(wal) > 0);
	assert_int_equal(pages_copied(), 0);
	must_still_count(stmt, 1);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(reader);
	db_forget(db);
	must_empty_wal();
	assert_int_equal(rows(), 4);
	is_sound();
}

/* The mapping that readers keep over commits. */

/* What a note of a round says: a page and more of one letter. */
static const char *
letters(struct arena *a, char letter)
{
	char *body = arena_alloc(a, 20001);

	memset(body, letter, 20000);
	return body;
}

static void
must_read(struct db_conn *c, const char *id, char letter)
{
	const struct db_value args[] = { DB_TEXT(id) };
	struct db_value row[1];
	struct arena *a = arena_new();

	assert_int_equal(db_run(c, a, GET, args, row), DB_OK);
	assert_string_equal(row[0].text, letters(a, letter));
	arena_free(a);
}

/* By more than a mapping outlives; each commit looked at with both readers. */
static void
grow(struct db_conn *const *reader, char letter)
{
	char id[16], old[16];
	int i;

	for (i = 0; i < 80; i++) {
		struct arena *a = arena_new();
		struct note n = { .id = id, .body = letters(a, letter),
		    .says = DB_OK };

		(void)snprintf(id, sizeof(id), "%c%d", letter, i);
		(void)snprintf(old, sizeof(old), "%c%d", letter, i / 2);
		assert_int_equal(db_write(db, work_add, &n), DB_OK);
		must_read(reader[0], id, letter);
		must_read(reader[i % 2], old, letter);
		if (i % 30 == 20)
			assert_int_equal(helper_sql(path,
			    "PRAGMA wal_checkpoint(FULL)"), SQLITE_OK);
		arena_free(a);
	}
}

/*
 * A checkpoint cuts the file once nobody reads it as it was, and so after the
 * writer, some time after a write, has begun its keeper's read anew.
 */
static void
cut(char letter)
{
	const off_t before = size_of(path);
	char sql[128];
	int tries;

	(void)snprintf(sql, sizeof(sql), "DELETE FROM notes WHERE id >= '%c2'"
	    " AND id < '%c'; VACUUM", letter, letter + 1);
	assert_int_equal(helper_sql(path, sql), SQLITE_OK);
	(void)snprintf(sql, sizeof(sql), "%c after", letter);
	assert_int_equal(add(sql), DB_OK);
	for (tries = 0; tries < 500 && size_of(path) >= before; tries++) {
		(void)helper_sql(path, "PRAGMA wal_checkpoint(FULL)");
		(void)usleep(10000);
	}
	assert_in_range(size_of(path), 4096, before * 3 / 4);
}

static void
readers_see_the_truth_in_a_file_that_is_cut_and_grows_again(void **state)
{
	struct db_conn *reader[] = { db_reader(db), db_reader(db) };
	const char *letter;

	(void)state;
	for (letter = "abc"; *letter != '\0'; letter++) {
		grow(reader, *letter);
		cut(*letter);
		must_read(reader[0], "a1", 'a');
		must_read(reader[1], "a19", 'a');
	}
	must_read(reader[0], "b10", 'b');
	must_read(reader[1], "c1", 'c');
	db_reader_close(reader[0]);
	db_reader_close(reader[1]);
	is_sound();
}

/* Beside another process. */

/* SQLite would copy all the same, which is where pages can be lost. */
static void
nothing_is_checkpointed_while_another_process_may_commit(void **state)
{
	struct sqlite3 *other = helper_sqlite(path);

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	assert_int_equal(pages_copied(), 0);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	db_close(db);
	assert_int_equal(pages_copied(), 0);
	assert_true(size_of(wal) > 0);
	(void)sqlite3_close(other);
	must_open(&schema_1);
	db_close(db);
	assert_int_equal(size_of(wal), 0);
	must_open(&schema_1);
}

/* A read that stays open for as long as nobody here writes. */
static void
idle_process_holds_up_no_checkpoint_of_another(void **state)
{
	struct sqlite3 *other = helper_sqlite(path);
	int64_t until = clock_steady_ms() + 20000;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	do {
		assert_int_equal(sqlite3_exec(other, "INSERT INTO notes"
		    " VALUES (random(), '-')", NULL, NULL, NULL), SQLITE_OK);
		(void)sqlite3_exec(other, "PRAGMA wal_checkpoint(TRUNCATE)",
		    NULL, NULL, NULL);
	} while (size_of(wal) > 0 && clock_steady_ms() < until);
	assert_int_equal(size_of(wal), 0);
	(void)sqlite3_close(other);
	assert_int_equal(add("b"), DB_OK);
	assert_true(rows() >= 3);
}

/* Each of them keeps a read open, and each would checkpoint. */
static void
wal_stays_short_under_two_that_write(void **state)
{
	struct note n = { .body = body_of(100000), .says = DB_OK };
	struct db *both[2] = { db, NULL };
	enum db_refusal why;
	off_t longest = 0;
	char id[16];
	int i;

	(void)state;
	n.id = id;
	both[1] = open_with(&schema_1, &why);
	assert_non_null(both[1]);
	for (i = 0; i < 300; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(db_write(both[i % 2], work_add, &n), DB_OK);
		/* As if there were no other work: the writers look about. */
		(void)usleep(2000);
		if (size_of(wal) > longest)
			longest = size_of(wal);
	}
	db_close(both[1]);
	assert_int_equal(rows(), 300);
	assert_in_range(longest, 1, 3500 * 4096);
	is_sound();
}

/* Another process holds the lock. */

static struct {
	char		 dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];
	struct db	*db;
	sqlite3		*holder;
	pthread_t	 thread;
	enum db_status	 status;
	int64_t		 took;
	sqlite3		*owner;		/* of a store that it locks whole */
	pthread_t	 opener;
	enum db_refusal	 why;
} held;

static void
keep_quiet(const char *message)
{
	(void)message;
}

static void *
open_while_owned(void *arg)
{
	char name[HELPER_PATH_MAX * 2];

	(void)snprintf(name, sizeof(name), "%s/owned.db", held.dir);
	held.why = DB_OPENED;
	(void)db_open(name, &schema_1, &held.why, keep_quiet);
	return arg;
}

static void
lock_whole_store(void)
{
	char name[HELPER_PATH_MAX * 2];
	enum db_refusal why;

	(void)snprintf(name, sizeof(name), "%s/owned.db", held.dir);
	db_close(db_open(name, &schema_1, &why, complain));
	held.owner = helper_sqlite(name);
	assert_int_equal(sqlite3_exec(held.owner,
	    "PRAGMA locking_mode=EXCLUSIVE; INSERT INTO notes VALUES (1, 2)",
	    NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(pthread_create(&held.opener, NULL, open_while_owned,
	    NULL), 0);
}

static void *
write_while_held(void *arg)
{
	struct note n = { .id = "held", .says = DB_OK };
	int64_t start = clock_steady_ms();

	held.status = db_write(held.db, work_add, &n);
	held.took = clock_steady_ms() - start;
	return arg;
}

/* The wait takes seconds; the other tests run meanwhile. */
static void
lock_is_held_by_another_process(void **state)
{
	enum db_refusal why;

	(void)state;
	helper_dir(held.dir);
	(void)snprintf(held.path, sizeof(held.path), "%s/held.db", held.dir);
	held.db = db_open(held.path, &schema_1, &why, complain);
	assert_non_null(held.db);
	held.holder = helper_sqlite(held.path);
	assert_int_equal(sqlite3_exec(held.holder, "BEGIN IMMEDIATE", NULL,
	    NULL, NULL), SQLITE_OK);
	assert_int_equal(pthread_create(&held.thread, NULL, write_while_held,
	    NULL), 0);
	lock_whole_store();
}

/* In use is not the same as damaged. */
static void
store_that_is_locked_whole_cannot_be_opened(void **state)
{
	(void)state;
	assert_int_equal(pthread_join(held.opener, NULL), 0);
	assert_int_equal(held.why, DB_CANNOT_OPEN);
	(void)sqlite3_close(held.owner);
}

static void
held_lock_keeps_no_reader_waiting(void **state)
{
	int64_t start = clock_steady_ms();
	struct db_conn *c = db_reader(held.db);

	(void)state;
	assert_int_equal(number(c, COUNT), 0);
	db_reader_close(c);
	assert_in_range(clock_steady_ms() - start, 0, 3000);
}

static void
held_lock_is_busy_after_a_bounded_time(void **state)
{
	struct note n = { .id = "free", .says = DB_OK };

	(void)state;
	assert_int_equal(pthread_join(held.thread, NULL), 0);
	assert_int_equal(held.status, DB_BUSY);
	assert_in_range(held.took, 100, 15000);
	assert_int_equal(sqlite3_exec(held.holder, "ROLLBACK", NULL, NULL,
	    NULL), SQLITE_OK);
	(void)sqlite3_close(held.holder);
	assert_int_equal(db_write(held.db, work_add, &n), DB_OK);
	assert_int_equal(helper_number(held.path,
	    "SELECT count(*) FROM notes"), 1);
	db_close(held.db);
	helper_dir_remove(held.dir);
}

/* The schema. */

/* The path of the copy that was made before a migration, or "". */
static const char *
kept_copy(int version)
{
	static char found[sizeof(path) * 2];
	struct dirent *entry;
	char begins[32];
	DIR *d;

	(void)snprintf(begins, sizeof(begins), "notes.db.before-%d-",
	    version);
	found[0] = '\0';
	assert_non_null(d = opendir(dir));
	while ((entry = readdir(d)) != NULL)
		if (text_begins(entry->d_name, begins))
			(void)snprintf(found, sizeof(found), "%s/%s", dir,
			    entry->d_name);
	(void)closedir(d);
	return found;
}

static void
migration_keeps_the_data_and_a_copy(void **state)
{
	const char *copy;

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	db_close(db);
	must_open(&schema_2);
	assert_int_equal(helper_number(path, "PRAGMA user_version"), 2);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM more"
	    " WHERE id = 'a'"), 1);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " schema_migrations"), 2);
	copy = kept_copy(1);
	assert_true(copy[0] != '\0');
	assert_int_equal(helper_number(copy, "PRAGMA user_version"), 1);
	assert_int_equal(helper_number(copy, "PRAGMA application_id"),
	    0x47415445);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"
	    " WHERE id = 'a'"), 1);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM"
	    " sqlite_schema WHERE name = 'more'"), 0);
}

static void
nothing_to_migrate_makes_no_copy(void **state)
{
	(void)state;
	assert_int_equal(add("a"), DB_OK);
	db_close(db);
	must_open(&schema_1);
	assert_string_equal(kept_copy(1), "");
	assert_string_equal(kept_copy(0), "");
	assert_int_equal(rows(), 1);
}

static void
failing_migration_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(add("a"), DB_OK);
	db_close(db);
	must_refuse(&schema_broken, DB_CANNOT_OPEN);
	assert_int_equal(helper_number(path, "PRAGMA user_version"), 1);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " sqlite_schema WHERE name = 'more'"), 0);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " schema_migrations"), 1);
	/* Who is started again and again does not fill the disk. */
	assert_string_equal(kept_copy(1), "");
	must_open(&schema_1);
	assert_int_equal(rows(), 1);
	assert_int_equal(add("b"), DB_OK);
}

static void
failing_first_migration_leaves_an_empty_file(void **state)
{
	(void)state;
	must_refuse(&schema_broken_first, DB_CANNOT_OPEN);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " sqlite_schema"), 0);
	must_open(&schema_2);
	assert_int_equal(add("a"), DB_OK);
}

static void
newer_schema_is_refused(void **state)
{
	(void)state;
	db_close(db);
	must_open(&schema_2);
	assert_int_equal(add("a"), DB_OK);
	db_close(db);
	must_refuse(&schema_1, DB_TOO_NEW);
	assert_non_null(strstr(told, "later release"));
	assert_int_equal(helper_number(path, "PRAGMA user_version"), 2);
	must_open(&schema_2);
	assert_int_equal(rows(), 1);
}

/* Refused, and not a byte of it is changed. */
static void
stays_as_it_is(enum db_refusal why)
{
	char *before, *after;
	size_t len, now;

	before = helper_file(path, &len);
	must_refuse(&schema_1, why);
	after = helper_file(path, &now);
	assert_int_equal(now, len);
	assert_memory_equal(after, before, len);
	free(before);
	free(after);
}

static void
file_of_another_program_is_refused(void **state)
{
	static const char *const made[] = {
		"CREATE TABLE theirs (id)",
		"PRAGMA application_id = 7",
		"PRAGMA user_version = 3",
		"CREATE VIEW v AS SELECT 1",
		"PRAGMA application_id = 252006674; CREATE TABLE theirs (id)",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(made); i++) {
		(void)unlink(path);
		helper_write(path, "", 0);
		assert_int_equal(helper_sql(path, made[i]), SQLITE_OK);
		stays_as_it_is(DB_NOT_OURS);
	}
}

static void
garbage_is_refused(void **state)
{
	char bytes[9000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + 1);
	helper_write(path, bytes, sizeof(bytes));
	stays_as_it_is(DB_NOT_OURS);
	helper_write(path, "hello", 5);
	stays_as_it_is(DB_NOT_OURS);
	memcpy(bytes, "SQLite format 3", 16);
	helper_write(path, bytes, sizeof(bytes));
	stays_as_it_is(DB_NOT_OURS);
}

static void
file_that_was_cut_off_is_refused(void **state)
{
	(void)state;
	db_close(db);
	assert_int_equal(truncate(path, 4096), 0);
	must_refuse(&schema_1, DB_NOT_OURS);
}

static void
empty_file_is_a_fresh_one(void **state)
{
	(void)state;
	helper_write(path, "", 0);
	must_open(&schema_1);
	assert_int_equal(add("a"), DB_OK);
}

static void
path_that_cannot_be_opened_is_refused(void **state)
{
	char good[sizeof(path)];

	(void)state;
	memcpy(good, path, sizeof(good));
	/* The lock is made beside it: not beside the test's directory. */
	(void)snprintf(path, sizeof(path), "%s/notes", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	must_refuse(&schema_1, DB_CANNOT_OPEN);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/none/notes.db", dir);
	must_refuse(&schema_1, DB_CANNOT_OPEN);
	memcpy(path, good, sizeof(good));
}

static pid_t child[6];

/* In a child; what it is told goes to standard error. */
static void
open_and_exit(void)
{
	enum db_refusal why;

	db = open_with(&schema_2, &why);
	if (db == NULL)
		(void)fprintf(stderr, "%s\n", told);
	db_close(db);
	_exit(db != NULL ? 0 : 1);
}

static void
children_are_content(size_t n)
{
	int status = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " schema_migrations"), 2);
	is_sound();
}

/* They begin when nobody holds the other end of the pipe any more. */
static void
open_in_processes(void)
{
	int start[2];
	size_t i;
	char byte;

	assert_int_equal(pipe(start), 0);
	for (i = 0; i < HELPER_COUNT(child); i++) {
		assert_true((child[i] = fork()) >= 0);
		if (child[i] != 0)
			continue;
		(void)close(start[1]);
		(void)!read(start[0], &byte, 1);
		open_and_exit();
	}
	(void)close(start[0]);
	(void)close(start[1]);
	children_are_content(HELPER_COUNT(child));
}

/* Before the first thread of this process: see main. */
static void
processes_that_start_together_all_open(void **state)
{
	int round;

	(void)state;
	for (round = 0; round < 8; round++) {
		(void)snprintf(path, sizeof(path), "%s/%d.db", dir, round);
		open_in_processes();
	}
}

static void
fork_all(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		(void)usleep(20000);
		assert_true((child[i] = fork()) >= 0);
		if (child[i] == 0)
			open_and_exit();
	}
}

/* A process that has the lock for a while; back when it has it. */
static pid_t
hold_lock(void)
{
	struct sqlite3 *holder;
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		holder = helper_sqlite(path);
		helper_must(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL,
		    NULL, NULL) == SQLITE_OK, "lock");
		(void)close(ready[1]);
		(void)usleep(400000);
		(void)sqlite3_close(holder);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	(void)close(ready[0]);
	return pid;
}

/* All wait for the lock to bring the schema up; the first one does it. */
static void
processes_that_wait_together_migrate_once(void **state)
{
	pid_t holder;

	(void)state;
	must_open(&schema_1);
	assert_int_equal(add("a"), DB_OK);
	db_close(db);
	db = NULL;
	holder = hold_lock();
	fork_all(3);
	children_are_content(3);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM more"), 1);
}

/* Copies and locks. */

static void
hear(const char *message)
{
	(void)snprintf(told, sizeof(told), "%s", message);
}

static void
nobody_opens_what_is_seized(void **state)
{
	enum db_refusal why;
	struct db *other;
	int fd;

	(void)state;
	assert_int_equal(db_seize(path), -1);
	other = db_open_as_it_is(path, &schema_1, &why, complain);
	assert_non_null(other);
	db_close(db);
	db = NULL;
	assert_int_equal(db_seize(path), -1);
	db_close(other);
	fd = db_seize(path);
	assert_true(fd >= 0);
	(void)close(fd);
	must_open(&schema_1);
}

static void
copy_is_whole_and_judged(void **state)
{
	char copy[HELPER_PATH_MAX * 2];

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	assert_true(db_copy(db, copy));
	assert_int_equal(add("b"), DB_OK);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"), 1);
	assert_true(db_judge(copy, &schema_1, hear));
	assert_true(db_judge(copy, &schema_2, hear));
	assert_true(db_judge(path, &schema_1, hear));
	assert_int_equal(rows(), 2);
	assert_int_equal(helper_sql(copy, "PRAGMA user_version = 2"),
	    SQLITE_OK);
	assert_false(db_judge(copy, &schema_1, hear));
	assert_non_null(strstr(told, "later release"));
	assert_int_equal(helper_sql(copy, "PRAGMA user_version = 1;"
	    "CREATE TABLE child (n TEXT REFERENCES notes (id));"
	    "PRAGMA foreign_keys = OFF;"
	    "INSERT INTO child VALUES ('nobody')"), SQLITE_OK);
	assert_false(db_judge(copy, &schema_1, hear));
	assert_non_null(strstr(told, "child"));
	helper_write(copy, "no database at all", 18);
	assert_false(db_judge(copy, &schema_1, hear));
}

/* The copy of a store in WAL mode comes out as one file. */
static void
edit_leaves_one_file(void **state)
{
	struct note n = { .id = "b", .says = DB_OK };
	char copy[HELPER_PATH_MAX * 2], side[HELPER_PATH_MAX * 2 + 8];

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	(void)snprintf(side, sizeof(side), "%s-wal", copy);
	assert_true(db_copy(db, copy));
	assert_int_equal(helper_sql(copy, "PRAGMA journal_mode = WAL;"
	    "INSERT INTO notes VALUES ('c', '-')"), SQLITE_OK);
	assert_int_equal(db_edit(copy, &schema_1, false,
	    work_add, &n), DB_OK);
	assert_int_not_equal(access(side, F_OK), 0);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"), 3);
	n = (struct note){ .id = "d", .says = DB_NONE };
	assert_int_equal(db_edit(copy, &schema_1, false,
	    work_add, &n), DB_NONE);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"), 3);
}

/* One that is edited as it is stays as it is. */
static void
edit_brings_up_to_date_where_it_is_asked_to(void **state)
{
	struct note n = { .id = "b", .says = DB_OK };
	char copy[HELPER_PATH_MAX * 2];

	(void)state;
	assert_int_equal(add("a"), DB_OK);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	assert_true(db_copy(db, copy));
	assert_int_equal(db_edit(copy, &schema_2, false, work_add, &n),
	    DB_OK);
	assert_int_equal(helper_number(copy, "PRAGMA user_version"), 1);
	assert_int_equal(db_edit(copy, &schema_broken, true, work_add, &n),
	    DB_FAULT);
	assert_int_equal(helper_number(copy, "PRAGMA user_version"), 1);
	n.id = "c";
	assert_int_equal(db_edit(copy, &schema_2, true, work_add, &n), DB_OK);
	assert_int_equal(helper_number(copy, "PRAGMA user_version"), 2);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM more"), 2);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM notes"), 3);
}

#define OPEN(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define CLOSED(f) cmocka_unit_test_setup_teardown(f, set_up_closed, tear_down)

static const struct CMUnitTest tests[] = {
	CLOSED(processes_that_start_together_all_open),
	CLOSED(processes_that_wait_together_migrate_once),
	cmocka_unit_test_setup(lock_is_held_by_another_process, NULL),
	OPEN(writer_is_full_sync_and_leaves_checkpoints_to_us),
	OPEN(readers_only_read_and_never_checkpoint),
	OPEN(reader_cannot_write),
	OPEN(fresh_file_is_marked_as_ours),
	OPEN(each_row_is_given_until_it_is_enough),
	OPEN(nobody_opens_what_is_seized),
	OPEN(copy_is_whole_and_judged),
	OPEN(edit_leaves_one_file),
	OPEN(edit_brings_up_to_date_where_it_is_asked_to),
	OPEN(row_no_row_and_done_are_told_apart),
	OPEN(b4_null_finds_nothing),
	OPEN(values_of_one_run_are_gone_in_the_next),
	CLOSED(wrong_statements_are_found_at_start),
	OPEN(acknowledged_work_outlives_the_machine),
	OPEN(reader_sees_what_is_committed_only),
	OPEN(work_is_not_seen_before_its_commit),
	OPEN(all_work_of_many_threads_lasts),
	OPEN(waiting_work_shares_a_commit),
	OPEN(failing_work_undoes_only_itself),
	OPEN(work_against_a_constraint_undoes_only_itself),
	OPEN(one_of_many_equal_pieces_wins),
	OPEN(commit_that_fails_is_a_fault_for_the_whole_group),
	OPEN(disk_that_fills_up_amid_a_group_undoes_all_of_it),
	OPEN(wal_stays_short_under_writers_and_readers),
	OPEN(endless_reader_holds_nobody_up),
	OPEN(what_was_removed_is_in_neither_file),
	OPEN(empty_wal_is_not_emptied_again),
	OPEN(what_another_process_removed_is_forgotten_too),
	OPEN(reader_is_not_disturbed_and_the_next_time_succeeds),
	OPEN(readers_see_the_truth_in_a_file_that_is_cut_and_grows_again),
	OPEN(nothing_is_checkpointed_while_another_process_may_commit),
	OPEN(idle_process_holds_up_no_checkpoint_of_another),
	OPEN(wal_stays_short_under_two_that_write),
	OPEN(migration_keeps_the_data_and_a_copy),
	OPEN(nothing_to_migrate_makes_no_copy),
	OPEN(failing_migration_changes_nothing),
	CLOSED(failing_first_migration_leaves_an_empty_file),
	OPEN(newer_schema_is_refused),
	CLOSED(file_of_another_program_is_refused),
	CLOSED(garbage_is_refused),
	OPEN(file_that_was_cut_off_is_refused),
	CLOSED(empty_file_is_a_fresh_one),
	CLOSED(path_that_cannot_be_opened_is_refused),
	cmocka_unit_test(held_lock_keeps_no_reader_waiting),
	cmocka_unit_test(store_that_is_locked_whole_cannot_be_opened),
	cmocka_unit_test(held_lock_is_busy_after_a_bounded_time),
};

int
main(void)
{
	log_to(-1);
	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
