/* Files of other systems, whole: what comes of them, and what they cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"
#include "import.h"

#define HASH	"$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK"
#define USERS	"CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY,"	\
    " email VARCHAR(250) NOT NULL, hashed_password VARCHAR(250) NOT NULL," \
    " session_id VARCHAR(250), reset_token VARCHAR(250));"
#define PLACED_MAX	8

static char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];
static struct arena *arena;
static const char *fault;

/* The addresses that were placed, and how the reading ended. */
static struct {
	size_t		 n;
	char		 email[PLACED_MAX][256];
	char		 hash[PLACED_MAX][256];
	bool		 read;
	struct import	*import;
} got;

static int
set_up(void **state)
{
	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	arena = arena_new();
	memset(&got, 0, sizeof(got));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	import_close(got.import);
	arena_free(arena);
	helper_dir_remove(dir);
	return 0;
}

static enum store_status
place(struct arena *a, struct user *u, void *arg)
{
	(void)a;
	(void)arg;
	if (strcmp(u->email_key, "taken@b") == 0)
		return STORE_TAKEN;
	if (strcmp(u->email_key, "busy@b") == 0)
		return STORE_BUSY;
	if (got.n < PLACED_MAX) {
		(void)snprintf(got.email[got.n], 256, "%s", u->email);
		(void)snprintf(got.hash[got.n], 256, "%s", u->password_hash);
	}
	got.n++;
	return STORE_OK;
}

static struct import *
open_file(void)
{
	int fd = open(path, O_RDONLY);
	struct import *im;

	assert_true(fd >= 0);
	im = import_open(fd, &fault);
	(void)close(fd);
	return im;
}

static void
read_file(void)
{
	got.import = open_file();
	if (got.import == NULL)
		fail_msg("refused: %s", fault);
	got.read = import_read(got.import, place, NULL, &fault);
}

static void
read_bytes(const char *bytes, size_t len)
{
	helper_write(path, bytes, len);
	read_file();
	assert_true(got.read);
}

static void
refuses_next(int64_t row, const char *email, const char *says)
{
	struct import_refusal r;

	assert_true(import_refusal(got.import, arena, &r));
	assert_int_equal(r.row, row);
	assert_string_equal(r.email, email);
	if (strstr(r.why, says) == NULL)
		fail_msg("%s", r.why);
}

static void
refuses_no_more(void)
{
	struct import_refusal r;

	assert_false(import_refusal(got.import, arena, &r));
}

#define BYTES(s)	(s), sizeof(s) - 1

static void
lines_end_in_many_ways(void **state)
{
	(void)state;
	read_bytes(BYTES("\xef\xbb\xbf# by hand\r\n\r\nA@b:" HASH "\r\n"
	    "c@d:" HASH "\n\ne@f:" HASH));
	assert_int_equal(got.n, 3);
	assert_string_equal(got.email[0], "A@b");
	assert_string_equal(got.hash[0], HASH);
	assert_string_equal(got.email[2], "e@f");
	assert_string_equal(got.hash[2], HASH);
	assert_int_equal(import_tally(got.import)->rows, 3);
	assert_int_equal(import_tally(got.import)->scheme[SCHEME_BCRYPT], 3);
	refuses_no_more();
}

static void
hostile_lines_are_refused_alone(void **state)
{
	(void)state;
	read_bytes(BYTES("a@b:" HASH "\n"
	    "n\0l@b:" HASH "\n"
	    "x@b:$2b$04\0" HASH "\n"
	    "\x1b[31mred@b:" HASH "\n"
	    "\xff\xfe@b:" HASH "\n"
	    "\xc2\x9b" "31m\xc3\xa9@b:" HASH "\n"
	    "A@B:" HASH "\n"
	    "root:!:19000:0:99999:7:::\n"
	    "$2b$04$secret:a@b\n"
	    "no colon\n"
	    "m@b:$apr1$26Ge8.T5$ZZ/PqbwjiPn9zBQy3E0L..\n"
	    "taken@b:" HASH "\n"
	    "last@b:" HASH "\n"));
	assert_int_equal(got.n, 2);
	assert_string_equal(got.email[1], "last@b");
	assert_int_equal(import_tally(got.import)->rows, 13);
	assert_int_equal(import_tally(got.import)->refused, 11);
	assert_int_equal(import_tally(got.import)->accepted, 2);
	refuses_next(2, "n?l@b", "no e-mail address");
	refuses_next(3, "x@b", "NUL");
	refuses_next(4, "?[31mred@b", "no e-mail address");
	refuses_next(5, "??@b", "no e-mail address");
	refuses_next(6, "??31m\xc3\xa9@b", "no e-mail address");
	refuses_next(7, "A@B", "came before");
	refuses_next(8, "root", "no e-mail address");
	refuses_next(9, "-", "no e-mail address");
	refuses_next(10, "-", "no colon");
	refuses_next(11, "m@b", "MD5");
	refuses_next(12, "taken@b", "already");
	refuses_no_more();
}

/* A line of a megabyte is one refused row, and no more. */
static void
endless_line_is_one_row(void **state)
{
	size_t len = 1 << 20;
	char *bytes = calloc(1, len + 128);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', len);
	memcpy(bytes, "a:", 2);
	memcpy(bytes + len, "\na@b:" HASH, strlen("\na@b:" HASH));
	read_bytes(bytes, len + strlen("\na@b:" HASH));
	free(bytes);
	assert_int_equal(got.n, 1);
	refuses_next(1, "-", "too long");
	refuses_no_more();
}

static void
fault_of_the_store_ends_the_reading(void **state)
{
	static const char text[] = "a@b:" HASH "\nbusy@b:" HASH "\nc@b:" HASH;

	(void)state;
	helper_write(path, BYTES(text));
	read_file();
	assert_false(got.read);
	assert_null(fault);
	assert_int_equal(got.n, 1);
}

static void
must_refuse(const char *says)
{
	struct import *im = open_file();

	if (im != NULL)
		fail_msg("taken, not: %s", says);
	if (strstr(fault, says) == NULL)
		fail_msg("%s", fault);
}

static void
other_files_are_refused(void **state)
{
	(void)state;
	helper_write(path, BYTES(""));
	must_refuse("none of the formats");
	helper_write(path, BYTES("\x7f" "ELF\n"));
	must_refuse("none of the formats");
	helper_write(path, BYTES("SQLite format 3\0"));
	must_refuse("no database");
	(void)snprintf(path, sizeof(path), "%s", dir);
	must_refuse("is no file");
}

/* The seed's database. */

static void
make(const char *sql)
{
	if (access(path, F_OK) != 0)
		helper_write(path, "", 0);
	assert_int_equal(helper_sql(path, sql), SQLITE_OK);
}

static void
seed_is_read_and_stays_as_it_is(void **state)
{
	char *before, *after;
	size_t len, len_after;

	(void)state;
	make(USERS "INSERT INTO users (id, email, hashed_password) VALUES"
	    " (1, 'text@b', '" HASH "'), (2, 'blob@b', CAST('" HASH "' AS"
	    " BLOB)), (3, 'python@b', 'b''" HASH "'''), (40, 'BLOB@b',"
	    " 'x'), (41, 'number@b', 7), (42, x'00', 'x'), (43, 9, 'x');");
	before = helper_file(path, &len);
	read_file();
	assert_true(got.read);
	assert_int_equal(got.n, 3);
	assert_string_equal(got.hash[1], HASH);
	assert_string_equal(got.hash[2], HASH);
	refuses_next(40, "BLOB@b", "plain text");
	refuses_next(41, "number@b", "plain text");
	refuses_next(42, "?", "no e-mail address");
	refuses_next(43, "9", "no e-mail address");
	refuses_no_more();
	after = helper_file(path, &len_after);
	assert_int_equal(len, len_after);
	assert_memory_equal(before, after, len);
	free(before);
	free(after);
}

static void
seed_in_wal_mode_is_read(void **state)
{
	(void)state;
	make("PRAGMA journal_mode=WAL;" USERS "INSERT INTO users (id, email,"
	    " hashed_password) VALUES (1, 'a@b', '" HASH "');"
	    "PRAGMA wal_checkpoint(TRUNCATE);");
	read_file();
	assert_true(got.read);
	assert_int_equal(got.n, 1);
}

static void
database_without_such_users_is_refused(void **state)
{
	(void)state;
	make("CREATE TABLE people (id, email, hashed_password);");
	must_refuse("no such table");
	make("CREATE VIEW users AS SELECT * FROM people;");
	must_refuse("no such table");
	make("DROP VIEW users; CREATE TABLE users (id, email);");
	must_refuse("without the columns");
}

/* An endless view, a value of a gigabyte, a function that is not harmless. */
static void
hostile_database_does_no_harm(void **state)
{
	(void)state;
	make("CREATE VIEW users (id, email, hashed_password) AS WITH"
	    " RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n FROM r)"
	    " SELECT n, n, n FROM r;");
	must_refuse("no such table");
	make("DROP VIEW users; CREATE TABLE users (id, email,"
	    " hashed_password AS (zeroblob(1000000000)));"
	    "INSERT INTO users (id, email) VALUES (1, 'a@b');");
	read_file();
	assert_false(got.read);
	assert_string_equal(fault, "is damaged");
	assert_int_equal(got.n, 0);
}

/* A table whose pages lead back to themselves has no end. */
static void
damaged_database_ends(void **state)
{
	unsigned char *bytes;
	size_t i, len, damage;

	(void)state;
	make("PRAGMA page_size=512;" USERS "WITH RECURSIVE r (n) AS (SELECT 1"
	    " UNION ALL SELECT n + 1 FROM r WHERE n < 500) INSERT INTO users"
	    " (id, email, hashed_password) SELECT n, 'u' || n || '@b', '" HASH
	    "' FROM r;");
	bytes = (unsigned char *)helper_file(path, &len);
	for (damage = 1; damage < 40; damage++) {
		for (i = 100; i < len; i += damage * 37)
			bytes[i] = (unsigned char)(i * damage);
		helper_write(path, bytes, len);
		if ((got.import = open_file()) == NULL)
			continue;
		(void)import_read(got.import, place, NULL, &fault);
		import_close(got.import);
		got.import = NULL;
	}
	free(bytes);
}

#define FILE_OF(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_OF(lines_end_in_many_ways),
		FILE_OF(hostile_lines_are_refused_alone),
		FILE_OF(endless_line_is_one_row),
		FILE_OF(fault_of_the_store_ends_the_reading),
		FILE_OF(other_files_are_refused),
		FILE_OF(seed_is_read_and_stays_as_it_is),
		FILE_OF(seed_in_wal_mode_is_read),
		FILE_OF(database_without_such_users_is_refused),
		FILE_OF(hostile_database_does_no_harm),
		FILE_OF(damaged_database_ends),
	};

	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
