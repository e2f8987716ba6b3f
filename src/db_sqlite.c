#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "heap.h"
#include "log.h"

#define APPLICATION_ID		0x47415445	/* "GATE", for file(1) */
#define BUSY_MS			5000
/* A reader that never ends must not hold the writer up for long. */
#define CHECKPOINT_BUSY_MS	100
#define CHECKPOINT_PAGES	1000
/* A WAL that has grown to this many pages is cut, not only reused. */
#define TRUNCATE_PAGES		16000
/* How often the WAL is tried to be emptied, where that was asked for once. */
#define FORGET_TRIES		3
#define PATH_BYTES		4096
#define MESSAGE_BYTES		(PATH_BYTES + 256)
/* What nobody waits for may not fill the memory of a slow disk's machine. */
#define POSTED_MAX		4096
#define READER_VFS		"gatelodge-reader"
/* Growth that is worth a new mapping: this, and an eighth of the file. */
#define REMAP_BYTES		(1 << 20)

/* What surrounds the work of a group, and a view. */
enum control { BEGIN, VIEW, COMMIT, ROLLBACK, SAVE, RELEASE, UNDO, KEEP,
    SINCE, CONTROLS };

static const char *const control_sql[CONTROLS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[VIEW] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SAVE] = "SAVEPOINT work",
	[RELEASE] = "RELEASE work",
	[UNDO] = "ROLLBACK TO work",
	[KEEP] = "SELECT 1 FROM sqlite_schema",
	[SINCE] = "PRAGMA data_version",
};

struct db_conn {
	sqlite3		*handle;
	const struct db_schema *schema;
	sqlite3_stmt	**prepared;	/* one for each statement, or NULL */
	sqlite3_stmt	*control[CONTROLS];
};

/* Somebody's work, on the stack of who waits for it, or posted. */
struct job {
	struct job	*next;
	db_work		*work;
	void		*arg;
	enum db_status	 status;
	sem_t		 done;
	bool		 posted;	/* on the heap: nobody waits */
};

struct db {
	char		*path;
	const struct db_schema *schema;
	struct db_conn	*writer;
	struct db_conn	*keeper;	/* writer's thread only */
	int		 wal_pages;	/* writer's thread only */
	int		 checkpoint_due; /* at so many of them */
	int		 forget_tries;	/* left; writer's thread only */
	int		 version;	/* of the data, as the writer sees it */
	int		 lock;		/* on path.lock, as long as we live */
	pthread_t	 thread;
	pthread_mutex_t	 queue;		/* guards what follows */
	pthread_cond_t	 wake;
	struct job	*first;
	struct job	**last;
	size_t		 posted;	/* of them */
	bool		 stopping;
};

const char *
db_version(void)
{
	return "SQLite " SQLITE_VERSION;
}

static enum db_status
status_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
		return DB_OK;
	case SQLITE_DONE:
		return DB_NONE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DB_BUSY;
	default:
		return DB_FAULT;
	}
}

static void
report(struct db_conn *c, const char *what)
{
	LOG("store.fault", LOG_TEXT("statement", what),
	    LOG_NUMBER("code", sqlite3_extended_errcode(c->handle)),
	    LOG_TEXT("reason", sqlite3_errstr(sqlite3_errcode(c->handle))));
}

/* The mapping. */

/*
 * SQLite unmaps the database whenever it sees that somebody has committed,
 * and so every commit costs each reader the page faults of all that it reads
 * next.  On Linux a shared mapping is the page cache: what others write shows
 * in it, a cut file's pages are gone from it and come back as the file grows.
 * No page past the end of a snapshot is asked for.  So readers keep theirs,
 * and let it go only when the file has grown a good deal; the growth is read
 * until then.
 */
struct mapped {
	sqlite3_io_methods methods;	/* SQLite's own, but for one */
	const sqlite3_io_methods *own;
	sqlite3_int64	 size;		/* of the file, when it was let go */
};

static struct sqlite3_vfs reader_vfs;
static struct sqlite3_vfs *own_vfs;

/* Stands behind what SQLite keeps of a file. */
static struct mapped *
mapped_of(sqlite3_file *file)
{
	return (void *)((char *)file + reader_vfs.szOsFile -
	    sizeof(struct mapped));
}

static bool
has_grown(sqlite3_file *file, struct mapped *m)
{
	sqlite3_int64 size;

	if (m->own->xFileSize(file, &size) != SQLITE_OK ||
	    size < m->size + m->size / 8 + REMAP_BYTES)
		return false;
	m->size = size;
	return true;
}

/* Without a page the whole mapping is meant. */
static int
unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page)
{
	struct mapped *m = mapped_of(file);

	return page != NULL || has_grown(file, m) ?
	    m->own->xUnfetch(file, offset, page) : SQLITE_OK;
}

static int
open_mapped(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out)
{
	struct mapped *m = mapped_of(file);
	int rc;

	(void)vfs;
	rc = own_vfs->xOpen(own_vfs, name, file, flags, out);
	if (rc != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0 ||
	    file->pMethods->iVersion < 3)
		return rc;
	m->own = file->pMethods;
	m->methods = *m->own;
	m->methods.iVersion = 3;	/* there is no room for more */
	m->methods.xUnfetch = unfetch;
	m->size = 0;
	file->pMethods = &m->methods;
	return SQLITE_OK;
}

static void
make_reader_vfs(void)
{
	const int align = (int)alignof(struct mapped);

	own_vfs = sqlite3_vfs_find(NULL);
	reader_vfs = *own_vfs;
	reader_vfs.zName = READER_VFS;
	reader_vfs.szOsFile = (own_vfs->szOsFile + align - 1) / align * align +
	    (int)sizeof(struct mapped);
	reader_vfs.xOpen = open_mapped;
	if (sqlite3_vfs_register(&reader_vfs, 0) != SQLITE_OK)
		log_abort("SQLite takes no VFS");
}

/* Connections. */

static void
conn_close(struct db_conn *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->schema->statements; i++)
		(void)sqlite3_finalize(c->prepared[i]);
	for (i = 0; i < CONTROLS; i++)
		(void)sqlite3_finalize(c->control[i]);
	(void)sqlite3_close(c->handle);
	free(c->prepared);
	free(c);
}

static bool
conn_exec(struct db_conn *c, const char *sql)
{
	return sqlite3_exec(c->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/*
 * SQLite before 3.51.3 can lose committed pages when one connection
 * checkpoints while the commit of another starts the WAL afresh (wal.html,
 * "the WAL-reset bug").  So nobody checkpoints but the writer, which does it
 * in modes that hold the write lock; not even the last one to close.
 *
 * Not every library is built to overwrite what is removed.
 */
static bool
conn_settle(struct db_conn *c)
{
	int off;

	(void)sqlite3_extended_result_codes(c->handle, 1);
	return sqlite3_db_config(c->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
	    1, &off) == SQLITE_OK &&
	    sqlite3_busy_timeout(c->handle, BUSY_MS) == SQLITE_OK &&
	    conn_exec(c, "PRAGMA wal_autocheckpoint=0;"
	    "PRAGMA trusted_schema=OFF;"
	    "PRAGMA secure_delete=ON;"
	    "PRAGMA mmap_size=268435456;"
	    "PRAGMA temp_store=MEMORY;");
}

static struct db_conn *
conn_open(const char *path, const struct db_schema *schema, int flags,
    const char *vfs)
{
	struct db_conn *c;

	c = heap_zeroed(1, sizeof(*c));
	c->schema = schema;
	c->prepared = heap_zeroed(schema->statements + 1,
	    sizeof(*c->prepared));
	if (sqlite3_open_v2(path, &c->handle, flags | SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) == SQLITE_OK &&
	    conn_settle(c))
		return c;
	report(c, "open");
	conn_close(c);
	return NULL;
}

/* SQLite numbers $-parameters as they appear: they must appear in order. */
static bool
in_order(sqlite3_stmt *stmt, const struct db_statement *s)
{
	char expected[16];
	const char *name;
	int i, n;

	n = sqlite3_bind_parameter_count(stmt);
	if ((size_t)n != strlen(s->args) ||
	    (size_t)sqlite3_column_count(stmt) != strlen(s->row))
		return false;
	for (i = 1; i <= n; i++) {
		(void)snprintf(expected, sizeof(expected), "$%d", i);
		name = sqlite3_bind_parameter_name(stmt, i);
		if (name == NULL || strcmp(name, expected) != 0)
			return false;
	}
	return true;
}

static sqlite3_stmt *
prepare(struct db_conn *c, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v3(c->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &stmt, NULL) != SQLITE_OK) {
		report(c, sql);
		return NULL;
	}
	return stmt;
}

static sqlite3_stmt *
statement(struct db_conn *c, unsigned int id)
{
	const struct db_statement *s = &c->schema->statement[id];
	sqlite3_stmt *stmt;

	if (c->prepared[id] != NULL)
		return c->prepared[id];
	if ((stmt = prepare(c, s->sql)) == NULL)
		return NULL;
	if (!in_order(stmt, s)) {
		LOG("store.fault", LOG_TEXT("statement", s->name),
		    LOG_TEXT("reason", "parameters or columns do not match"));
		(void)sqlite3_finalize(stmt);
		return NULL;
	}
	return c->prepared[id] = stmt;
}

static sqlite3_stmt *
control_statement(struct db_conn *c, enum control which)
{
	if (c->control[which] == NULL)
		c->control[which] = prepare(c, control_sql[which]);
	return c->control[which];
}

static bool
prepare_controls(struct db_conn *c)
{
	enum control which;

	for (which = BEGIN; which < CONTROLS; which++)
		if (control_statement(c, which) == NULL)
			return false;
	return true;
}

static bool
prepare_all(struct db_conn *c)
{
	unsigned int i;

	for (i = 0; i < c->schema->statements; i++)
		if (statement(c, i) == NULL)
			return false;
	return prepare_controls(c);
}

struct db_conn *
db_reader(struct db *db)
{
	struct db_conn *c;

	c = conn_open(db->path, db->schema, 0, READER_VFS);
	if (c != NULL && !conn_exec(c, "PRAGMA query_only=ON;")) {
		report(c, "query_only");
		conn_close(c);
		return NULL;
	}
	return c;
}

void
db_reader_close(struct db_conn *c)
{
	conn_close(c);
}

/* Statements. */

static int
bind(sqlite3_stmt *stmt, const char *types, const struct db_value *args)
{
	int i, rc;

	rc = SQLITE_OK;
	for (i = 0; types[i] != '\0' && rc == SQLITE_OK; i++)
		rc = types[i] == 't' ?
		    sqlite3_bind_text(stmt, i + 1, args[i].text, -1,
		    SQLITE_STATIC) :
		    sqlite3_bind_int64(stmt, i + 1, args[i].number);
	return rc;
}

/* False for NULL, which no column may be. */
static bool
fetch(sqlite3_stmt *stmt, const char *types, struct arena *a,
    struct db_value *row)
{
	const unsigned char *text;
	int i;

	for (i = 0; types[i] != '\0'; i++) {
		if (types[i] == 'n') {
			row[i].number = sqlite3_column_int64(stmt, i);
			continue;
		}
		text = sqlite3_column_text(stmt, i);
		if (text == NULL)
			return false;
		row[i].text = arena_copy(a, text,
		    (size_t)sqlite3_column_bytes(stmt, i));
	}
	return true;
}

static enum db_status
step(sqlite3_stmt *stmt, const char *types, struct arena *a,
    struct db_value *row)
{
	enum db_status status;

	status = status_of(sqlite3_step(stmt));
	if (status == DB_OK && !fetch(stmt, types, a, row))
		return DB_FAULT;
	return status;
}

static enum db_status
finish(struct db_conn *c, unsigned int id, enum db_status status)
{
	if (status == DB_FAULT)
		report(c, c->schema->statement[id].name);
	(void)sqlite3_reset(c->prepared[id]);
	(void)sqlite3_clear_bindings(c->prepared[id]);
	return status;
}

enum db_status
db_run(struct db_conn *c, struct arena *a, unsigned int id,
    const struct db_value *args, struct db_value *row)
{
	const struct db_statement *s = &c->schema->statement[id];
	enum db_status status;
	sqlite3_stmt *stmt;

	if ((stmt = statement(c, id)) == NULL)
		return DB_FAULT;
	status = status_of(bind(stmt, s->args, args));
	if (status == DB_OK)
		status = step(stmt, s->row, a, row);
	if (status == DB_NONE && s->row[0] == '\0')
		status = DB_OK;
	return finish(c, id, status);
}

enum db_status
db_each(struct db_conn *c, struct arena *a, unsigned int id,
    const struct db_value *args, struct db_value *row, db_take *take,
    void *arg)
{
	const struct db_statement *s = &c->schema->statement[id];
	enum db_status status;
	sqlite3_stmt *stmt;

	if ((stmt = statement(c, id)) == NULL)
		return DB_FAULT;
	status = status_of(bind(stmt, s->args, args));
	while (status == DB_OK) {
		status = step(stmt, s->row, a, row);
		if (status == DB_OK && !take(row, arg))
			break;
	}
	return finish(c, id, status == DB_NONE ? DB_OK : status);
}

static enum db_status
control(struct db_conn *c, enum control which)
{
	sqlite3_stmt *stmt = control_statement(c, which);
	enum db_status status;

	if (stmt == NULL)
		return DB_FAULT;
	status = status_of(sqlite3_step(stmt));
	if (status == DB_FAULT)
		report(c, control_sql[which]);
	(void)sqlite3_reset(stmt);
	return status == DB_NONE ? DB_OK : status;
}

enum db_status
db_view(struct db_conn *c, db_work *work, void *arg)
{
	enum db_status status, end;

	status = control(c, VIEW);
	if (status != DB_OK)
		return status;
	status = work(c, arg);
	end = control(c, COMMIT);
	return status != DB_OK ? status : end;
}

/* The writer. */

/* Each piece of work is undone alone, the group goes on. */
static void
work_one(struct db_conn *c, struct job *job)
{
	job->status = control(c, SAVE);
	if (job->status != DB_OK)
		return;
	job->status = job->work(c, job->arg);
	/* A full disk may have undone the whole transaction. */
	if (sqlite3_get_autocommit(c->handle))
		return;
	if (job->status != DB_OK)
		(void)control(c, UNDO);
	if (control(c, RELEASE) != DB_OK && job->status == DB_OK)
		job->status = DB_FAULT;
}

static enum db_status
work_all(struct db_conn *c, struct job *first)
{
	struct job *job;

	for (job = first; job != NULL; job = job->next) {
		work_one(c, job);
		if (sqlite3_get_autocommit(c->handle))
			return DB_FAULT;
	}
	return control(c, COMMIT);
}

/* The job is gone after this. */
static void
conclude(struct job *job)
{
	if (!job->posted) {
		(void)sem_post(&job->done);
		return;
	}
	free(job->arg);
	free(job);
}

static void
work_group(struct db_conn *c, struct job *first)
{
	enum db_status status;
	struct job *job, *next;

	status = control(c, BEGIN);
	if (status == DB_OK)
		status = work_all(c, first);
	if (!sqlite3_get_autocommit(c->handle))
		(void)control(c, ROLLBACK);
	for (job = first; job != NULL; job = next) {
		next = job->next;
		if (status != DB_OK)
			job->status = status;
		conclude(job);
	}
}

static int
note_pages(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

/*
 * SQLite does not give up a checkpoint whose wait for the write lock is in
 * vain, but copies what it can without it.  Interrupted, it copies nothing.
 */
static int
wait_or_give_up(void *arg, int times)
{
	struct db *db = arg;

	if (times >= CHECKPOINT_BUSY_MS) {
		sqlite3_interrupt(db->writer->handle);
		return 0;
	}
	(void)usleep(1000);
	return 1;
}

/* One that a reader keeps from its end is due again a good deal later. */
static enum db_status
checkpoint(struct db *db, int mode)
{
	sqlite3 *handle = db->writer->handle;
	enum db_status status;
	int rc;

	(void)sqlite3_busy_handler(handle, wait_or_give_up, db);
	rc = sqlite3_wal_checkpoint_v2(handle, NULL, mode, NULL, NULL);
	status = rc == SQLITE_INTERRUPT ? DB_BUSY : status_of(rc);
	if (status == DB_FAULT)
		report(db->writer, "checkpoint");
	(void)sqlite3_busy_timeout(handle, BUSY_MS);
	db->checkpoint_due = CHECKPOINT_PAGES +
	    (rc == SQLITE_OK ? 0 : db->wal_pages);
	return status;
}

static void
checkpoint_if_due(struct db *db)
{
	if (db->wal_pages < db->checkpoint_due)
		return;
	(void)checkpoint(db, db->wal_pages < TRUNCATE_PAGES ?
	    SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_TRUNCATE);
	db->wal_pages = 0;
}

/* Also of what other processes have written, which wal_pages does not know. */
static bool
wal_is_empty(struct db *db)
{
	sqlite3_int64 size;
	sqlite3_file *wal;

	return sqlite3_file_control(db->writer->handle, NULL,
	    SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK &&
	    wal->pMethods != NULL &&
	    wal->pMethods->xFileSize(wal, &size) == SQLITE_OK && size == 0;
}

/*
 * What has been copied goes only when nobody reads in the WAL any more.  The
 * keeper of an idle process does so, until it begins anew within a second and
 * then reads the database itself: so a later try succeeds.
 */
static void
forget(struct db *db)
{
	enum db_status status = DB_OK;

	if (!wal_is_empty(db))
		status = checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE);
	if (status == DB_OK)
		db->wal_pages = 0;
	db->forget_tries = status == DB_BUSY ? db->forget_tries - 1 : 0;
}

/*
 * The first try comes at once, or a store that is never idle would keep all;
 * the others only when nobody has written for a second.
 */
static void
shorten_wal(struct db *db, bool idle)
{
	if (db->forget_tries == FORGET_TRIES || (idle && db->forget_tries > 0))
		forget(db);
	else if (!idle)
		checkpoint_if_due(db);
}

/*
 * Readers of one process share the lock on what they read, and only the first
 * of them to come and the last one to go ask the kernel for it.  So one read
 * stays open beside them.  It is begun anew after each group, or it would
 * hold the WAL where it was; a checkpoint comes in between.
 */
static void
keep_lock(struct db *db)
{
	(void)sqlite3_step(db->keeper->control[KEEP]);
}

static void
release_lock(struct db *db)
{
	(void)sqlite3_reset(db->keeper->control[KEEP]);
}

/* Has another process committed since this was last asked? */
static bool
has_changed(struct db *db)
{
	sqlite3_stmt *stmt = db->writer->control[SINCE];
	int before = db->version;

	if (sqlite3_step(stmt) == SQLITE_ROW)
		db->version = sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return db->version != before;
}

/* No group: a second has passed.  False: it is to stop, and none waits. */
static bool
next_group(struct db *db, struct job **group)
{
	struct timespec until;
	bool going;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	(void)pthread_mutex_lock(&db->queue);
	while (db->first == NULL && !db->stopping &&
	    pthread_cond_timedwait(&db->wake, &db->queue, &until) == 0)
		continue;
	*group = db->first;
	going = *group != NULL || !db->stopping;
	db->first = NULL;
	db->last = &db->first;
	db->posted = 0;
	(void)pthread_mutex_unlock(&db->queue);
	return going;
}

/*
 * While another process writes, an open read of ours would keep it from its
 * checkpoints, whether we write as well or not.
 */
static void *
writer_main(void *arg)
{
	struct db *db = arg;
	struct job *group;

	keep_lock(db);
	while (next_group(db, &group)) {
		if (group != NULL)
			work_group(db->writer, group);
		release_lock(db);
		shorten_wal(db, group == NULL);
		if (!has_changed(db))
			keep_lock(db);
	}
	release_lock(db);
	(void)checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE);
	return NULL;
}

/* False: it was posted, and there is no room for more of these. */
static bool
put(struct db *db, struct job *job)
{
	bool room;

	(void)pthread_mutex_lock(&db->queue);
	room = !job->posted || (db->posted < POSTED_MAX && !db->stopping);
	if (room) {
		*db->last = job;
		db->last = &job->next;
		db->posted += job->posted;
		(void)pthread_cond_signal(&db->wake);
	}
	(void)pthread_mutex_unlock(&db->queue);
	return room;
}

bool
db_post(struct db *db, db_work *work, void *arg)
{
	struct job *job;

	job = heap_zeroed(1, sizeof(*job));
	*job = (struct job){ .work = work, .arg = arg, .posted = true };
	if (put(db, job))
		return true;
	free(job);
	return false;
}

enum db_status
db_write(struct db *db, db_work *work, void *arg)
{
	struct job job = { .work = work, .arg = arg };

	(void)sem_init(&job.done, 0, 0);
	(void)put(db, &job);
	while (sem_wait(&job.done) != 0)
		continue;
	(void)sem_destroy(&job.done);
	return job.status;
}

/* In its turn, so that it comes after what was written or posted before. */
static enum db_status
work_forget(struct db_conn *c, void *arg)
{
	struct db *const *db = arg;

	(void)c;
	(*db)->forget_tries = FORGET_TRIES;
	return DB_OK;
}

void
db_forget(struct db *db)
{
	struct db **arg;

	arg = heap_zeroed(1, sizeof(*arg));
	*arg = db;
	if (!db_post(db, work_forget, arg))
		free(arg);
}

void
db_expect_much(struct db_conn *c)
{
	if (!conn_exec(c, "PRAGMA cache_size=-65536"))
		report(c, "cache_size");
}

/* The schema. */

static int64_t
pragma(struct db_conn *c, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value;

	if ((stmt = prepare(c, sql)) == NULL)
		return -1;
	value = sqlite3_step(stmt) == SQLITE_ROW ?
	    sqlite3_column_int64(stmt, 0) : -1;
	(void)sqlite3_finalize(stmt);
	return value;
}

static bool
set_pragma(struct db_conn *c, const char *name, int64_t value)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA %s=%lld", name,
	    (long long)value);
	return conn_exec(c, sql);
}

static bool
note_migration(struct db_conn *c, const struct db_migration *m)
{
	sqlite3_stmt *stmt;
	bool good;

	stmt = prepare(c, "INSERT INTO schema_migrations "
	    "(version, name, applied_at) VALUES ($1, $2, $3)");
	if (stmt == NULL)
		return false;
	good = sqlite3_bind_int(stmt, 1, m->version) == SQLITE_OK &&
	    sqlite3_bind_text(stmt, 2, m->name, -1, SQLITE_STATIC) ==
	    SQLITE_OK &&
	    sqlite3_bind_int64(stmt, 3, clock_ms()) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_DONE;
	(void)sqlite3_finalize(stmt);
	return good;
}

static bool
apply(struct db_conn *c, const struct db_migration *m)
{
	return conn_exec(c, m->sql) && note_migration(c, m) &&
	    set_pragma(c, "user_version", m->version) &&
	    set_pragma(c, "application_id", APPLICATION_ID);
}

/* Another process may have been faster: look again under the lock. */
static bool
migrate_one(struct db_conn *c, const struct db_migration *m)
{
	bool good;

	if (!conn_exec(c, "BEGIN IMMEDIATE"))
		return false;
	good = pragma(c, "PRAGMA user_version") >= m->version ||
	    apply(c, m);
	if (!good)
		report(c, m->name);
	return conn_exec(c, good ? "COMMIT" : "ROLLBACK") && good;
}

static bool
vacuum_into(struct db_conn *c, const char *path)
{
	sqlite3_stmt *stmt;
	bool good;

	if ((stmt = prepare(c, "VACUUM INTO $1")) == NULL)
		return false;
	good = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC) ==
	    SQLITE_OK && sqlite3_step(stmt) == SQLITE_DONE;
	if (!good)
		report(c, "copy");
	(void)sqlite3_finalize(stmt);
	return good;
}

/* path holds PATH_BYTES. */
static bool
keep_copy(struct db *db, int64_t version, char *path)
{
	bool good;

	(void)snprintf(path, PATH_BYTES, "%s.before-%lld-%lld", db->path,
	    (long long)version, (long long)clock_ms());
	good = vacuum_into(db->writer, path);
	if (good)
		LOG("store.copied", LOG_TEXT("path", path));
	else
		(void)unlink(path);
	return good;
}

/* How many of the migrations have been made. */
static size_t
migrate_from(struct db_conn *c, size_t version)
{
	const struct db_schema *s = c->schema;
	size_t i;

	for (i = version; i < s->migrations; i++) {
		if (!migrate_one(c, &s->migration[i]))
			break;
		LOG("store.migrated", LOG_TEXT("to", s->migration[i].name));
	}
	return i;
}

/*
 * A copy of what has not been changed is of no use, and whoever is started
 * again and again would fill the disk with them.
 */
static bool
migrate(struct db *db, size_t version)
{
	char copy[PATH_BYTES] = "";
	size_t reached;

	if (version == db->schema->migrations)
		return true;
	if (version > 0 && !keep_copy(db, (int64_t)version, copy))
		return false;
	reached = migrate_from(db->writer, version);
	if (reached == version && copy[0] != '\0')
		(void)unlink(copy);
	return reached == db->schema->migrations;
}

/* No store of ours, or one that nobody can read just now. */
static enum db_refusal
unreadable(struct db_conn *c)
{
	switch (sqlite3_errcode(c->handle) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		report(c, "open");
		return DB_CANNOT_OPEN;
	default:
		return DB_NOT_OURS;
	}
}

static enum db_refusal
whose(struct db *db, int64_t version)
{
	struct db_conn *c = db->writer;
	int64_t id;

	if (version < 0 || (id = pragma(c, "PRAGMA application_id")) < 0)
		return unreadable(c);
	if (id != APPLICATION_ID && (id != 0 || version != 0 ||
	    pragma(c, "SELECT count(*) FROM sqlite_schema") != 0))
		return DB_NOT_OURS;
	return (size_t)version > db->schema->migrations ? DB_TOO_NEW :
	    DB_OPENED;
}

/* Where a file cannot be mapped, SQLite stays in another mode and says so. */
static bool
in_wal_mode(struct db_conn *c)
{
	sqlite3_stmt *stmt;
	bool wal;

	if ((stmt = prepare(c, "PRAGMA journal_mode=WAL")) == NULL)
		return false;
	wal = sqlite3_step(stmt) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	(void)sqlite3_finalize(stmt);
	return wal;
}

static enum db_refusal
bring_up_alone(struct db *db, bool as_it_is)
{
	enum db_refusal why;
	int64_t version;

	version = pragma(db->writer, "PRAGMA user_version");
	why = whose(db, version);
	if (why != DB_OPENED)
		return why;
	if (as_it_is && (size_t)version < db->schema->migrations)
		return DB_TOO_OLD;
	if (!in_wal_mode(db->writer) || !conn_exec(db->writer,
	    "PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
	    "PRAGMA cell_size_check=ON;") || !migrate(db, (size_t)version) ||
	    !prepare_all(db->writer))
		return DB_CANNOT_OPEN;
	db->keeper = db_reader(db);
	return db->keeper != NULL && prepare_controls(db->keeper) ?
	    DB_OPENED : DB_CANNOT_OPEN;
}

/*
 * Two bytes of path.lock tell who does what.  They belong to the descriptor,
 * not to the process: two of one process know of each other, and a process
 * that is killed holds none.
 */
enum lock {
	LOCK_OPENING,		/* one alone opens the store or replaces it */
	LOCK_USING,		/* shared by all that have it open */
};

static bool
lock_byte(int fd, enum lock which, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET,
	    .l_start = which, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* -1 if somebody else keeps it for too long. */
static int
lock_opening(const char *path)
{
	char name[PATH_BYTES];
	int fd, waited;

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	for (waited = 0; fd >= 0; waited += 10) {
		if (lock_byte(fd, LOCK_OPENING, F_WRLCK))
			return fd;
		if (waited >= BUSY_MS)
			break;
		(void)usleep(10000);
	}
	LOG("store.fault", LOG_TEXT("statement", "lock"),
	    LOG_TEXT("reason", strerror(errno)));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/*
 * One process at a time: SQLite does not wait for its turn to enter WAL mode,
 * whose file it is takes more than one look, and it must not be replaced
 * between the first of them and the last.
 */
static enum db_refusal
bring_up(struct db *db, bool as_it_is)
{
	enum db_refusal why = DB_CANNOT_OPEN;

	if ((db->lock = lock_opening(db->path)) < 0)
		return DB_CANNOT_OPEN;
	db->writer = conn_open(db->path, db->schema,
	    as_it_is ? 0 : SQLITE_OPEN_CREATE, NULL);
	if (db->writer != NULL && lock_byte(db->lock, LOCK_USING, F_RDLCK))
		why = bring_up_alone(db, as_it_is);
	(void)lock_byte(db->lock, LOCK_OPENING, F_UNLCK);
	return why;
}

static const char *const refusals[] = {
	[DB_OPENED] = "",
	[DB_CANNOT_OPEN] = "cannot be opened or brought up to date",
	[DB_NOT_OURS] = "is not a store of gatelodge, or is damaged",
	[DB_TOO_NEW] = "was written by a later release",
	[DB_TOO_OLD] = "must be brought up to date first",
};

static void
wait_by_steady_clock(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

static struct db *
db_new(const char *path, const struct db_schema *schema)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db *db;

	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)pthread_once(&once, make_reader_vfs);
	db = heap_zeroed(1, sizeof(*db));
	db->path = heap_strdup(path);
	db->schema = schema;
	db->last = &db->first;
	db->checkpoint_due = CHECKPOINT_PAGES;
	db->lock = -1;
	(void)pthread_mutex_init(&db->queue, NULL);
	wait_by_steady_clock(&db->wake);
	return db;
}

static void
db_free(struct db *db)
{
	conn_close(db->keeper);
	conn_close(db->writer);
	if (db->lock >= 0)
		(void)close(db->lock);
	(void)pthread_mutex_destroy(&db->queue);
	(void)pthread_cond_destroy(&db->wake);
	free(db->path);
	free(db);
}

/* Somebody's who is neither we nor root, who owns what all go through. */
static bool
is_anothers(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid != 0 &&
	    st.st_uid != geteuid();
}

/* Of what SQLite would only say that it is unable to open. */
static bool
is_reachable(const char *path, bool as_it_is, char *why)
{
	int fault = access(path, R_OK | W_OK) == 0 ? 0 : errno;
	char copy[PATH_BYTES];
	const char *dir;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (fault == 0 || (fault == ENOENT && !as_it_is))
		fault = access(dir, W_OK | X_OK) == 0 ? 0 : errno;
	if (fault == 0)
		return true;
	if (fault == EACCES && is_anothers(path))
		(void)snprintf(why, MESSAGE_BYTES, DB_ANOTHERS, path);
	else if (fault == EACCES && is_anothers(dir))
		(void)snprintf(why, MESSAGE_BYTES, DB_ANOTHERS, dir);
	else
		(void)snprintf(why, MESSAGE_BYTES, "%s: %s", path,
		    strerror(fault));
	return false;
}

static struct db *
open_db(const char *path, const struct db_schema *schema, bool as_it_is,
    enum db_refusal *why, void (*complain)(const char *))
{
	char message[MESSAGE_BYTES];
	struct db *db;

	*why = DB_CANNOT_OPEN;
	if (!is_reachable(path, as_it_is, message)) {
		complain(message);
		return NULL;
	}
	db = db_new(path, schema);
	*why = bring_up(db, as_it_is);
	if (*why != DB_OPENED) {
		(void)snprintf(message, sizeof(message), "%s: %s", path,
		    refusals[*why]);
		complain(message);
		db_free(db);
		return NULL;
	}
	(void)sqlite3_wal_hook(db->writer->handle, note_pages, db);
	if (pthread_create(&db->thread, NULL, writer_main, db) != 0)
		log_abort("no thread");
	return db;
}

struct db *
db_open(const char *path, const struct db_schema *schema,
    enum db_refusal *why, void (*complain)(const char *))
{
	return open_db(path, schema, false, why, complain);
}

struct db *
db_open_as_it_is(const char *path, const struct db_schema *schema,
    enum db_refusal *why, void (*complain)(const char *))
{
	return open_db(path, schema, true, why, complain);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	(void)pthread_mutex_lock(&db->queue);
	db->stopping = true;
	(void)pthread_cond_signal(&db->wake);
	(void)pthread_mutex_unlock(&db->queue);
	(void)pthread_join(db->thread, NULL);
	db_free(db);
}

/* Files beside the one that serves. */

bool
db_copy(struct db *db, const char *path)
{
	struct db_conn *c;
	bool good;

	if ((c = conn_open(db->path, db->schema, 0, NULL)) == NULL)
		return false;
	good = vacuum_into(c, path);
	conn_close(c);
	return good;
}

static bool
is_ours(struct db_conn *c, void (*tell)(const char *))
{
	int64_t version = pragma(c, "PRAGMA user_version");

	if (version < 1 ||
	    pragma(c, "PRAGMA application_id") != APPLICATION_ID)
		tell("is not a store of gatelodge, or is damaged");
	else if ((size_t)version > c->schema->migrations)
		tell("was written by a later release");
	else
		return true;
	return false;
}

/* One finding a row, in its first column; a lone "ok" is none. */
static bool
finds_nothing(struct db_conn *c, const char *sql, void (*tell)(const char *))
{
	const char *finding;
	sqlite3_stmt *stmt;
	bool good = true;
	int rc;

	if ((stmt = prepare(c, sql)) == NULL)
		return false;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		finding = (const char *)sqlite3_column_text(stmt, 0);
		if (finding != NULL && strcmp(finding, "ok") == 0)
			continue;
		tell(finding != NULL ? finding : "is damaged");
		good = false;
	}
	if (rc != SQLITE_DONE) {
		tell(sqlite3_errstr(rc));
		good = false;
	}
	(void)sqlite3_finalize(stmt);
	return good;
}

bool
db_judge(const char *path, const struct db_schema *schema,
    void (*tell)(const char *))
{
	struct db_conn *c;
	bool good;

	if ((c = conn_open(path, schema, 0, NULL)) == NULL) {
		tell("cannot be opened");
		return false;
	}
	good = is_ours(c, tell) &&
	    finds_nothing(c, "PRAGMA integrity_check", tell) &&
	    finds_nothing(c, "SELECT 'a row of ' || \"table\" || ' belongs to "
	    "no row of ' || parent FROM pragma_foreign_key_check", tell);
	conn_close(c);
	return good;
}

static bool
is_up_to_date(struct db_conn *c)
{
	int64_t version = pragma(c, "PRAGMA user_version");

	return version >= 0 && migrate_from(c, (size_t)version) ==
	    c->schema->migrations;
}

enum db_status
db_edit(const char *path, const struct db_schema *schema, bool migrates,
    db_work *work, void *arg)
{
	enum db_status status = DB_FAULT;
	struct db_conn *c;

	if ((c = conn_open(path, schema, 0, NULL)) == NULL)
		return DB_FAULT;
	if (conn_exec(c, "PRAGMA journal_mode=DELETE;"
	    "PRAGMA foreign_keys=ON") && (!migrates || is_up_to_date(c)) &&
	    conn_exec(c, "BEGIN IMMEDIATE")) {
		status = work(c, arg);
		if (!conn_exec(c, status == DB_OK ? "COMMIT" : "ROLLBACK"))
			status = DB_FAULT;
	}
	if (status == DB_FAULT)
		report(c, "edit");
	conn_close(c);
	return status;
}

int
db_seize(const char *path)
{
	int fd;

	if ((fd = lock_opening(path)) < 0)
		return -1;
	if (lock_byte(fd, LOCK_USING, F_WRLCK))
		return fd;
	(void)close(fd);
	return -1;
}

/* Somebody else's file. */

/* The format's bytes 18 and 19: 1 is a journal, 2 a WAL. */
#define FOREIGN_MODES	18
#define FOREIGN_JOURNAL	1
#define FOREIGN_HEADER	100
/* No value is longer, and no row takes less of a file. */
#define FOREIGN_VALUE_MAX (1 << 20)
#define FOREIGN_ROW_BYTES 4

struct db_foreign {
	sqlite3		*handle;
	sqlite3_stmt	*stmt;
	unsigned char	*bytes;		/* of the file, mapped */
	size_t		 size;
	size_t		 rows;		/* so far */
};

void
db_foreign_close(struct db_foreign *f)
{
	if (f == NULL)
		return;
	(void)sqlite3_finalize(f->stmt);
	(void)sqlite3_close(f->handle);
	if (f->bytes != NULL)
		(void)munmap(f->bytes, f->size);
	free(f);
}

/*
 * A private mapping: of a database in WAL mode whose WAL is empty it says
 * that there is none, because SQLite would look for one where no file is.
 */
static const char *
foreign_map(struct db_foreign *f, int fd)
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0 || st.st_size < FOREIGN_HEADER)
		return "is no database";
	f->size = (size_t)st.st_size;
	bytes = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
	    0);
	if (bytes == MAP_FAILED)
		return strerror(errno);
	f->bytes = bytes;
	f->bytes[FOREIGN_MODES] = FOREIGN_JOURNAL;
	f->bytes[FOREIGN_MODES + 1] = FOREIGN_JOURNAL;
	return NULL;
}

/* No views, no triggers, no function or table that reaches out of it. */
static bool
foreign_settle(sqlite3 *handle)
{
	static const struct {
		int		 option;
		int		 value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	};
	size_t i;
	int now;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (sqlite3_db_config(handle, options[i].option,
		    options[i].value, &now) != SQLITE_OK)
			return false;
	(void)sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, FOREIGN_VALUE_MAX);
	(void)sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	return sqlite3_exec(handle, "PRAGMA cell_size_check=ON;"
	    "PRAGMA query_only=ON;PRAGMA temp_store=MEMORY;", NULL, NULL,
	    NULL) == SQLITE_OK;
}

/* A view has another type, and a virtual table no page of its own. */
static bool
foreign_has(sqlite3 *handle, const char *table)
{
	sqlite3_stmt *stmt;
	bool has;

	if (sqlite3_prepare_v2(handle, "SELECT 1 FROM sqlite_schema"
	    " WHERE type = 'table' AND name = $1 AND rootpage > 0", -1, &stmt,
	    NULL) != SQLITE_OK)
		return false;
	has = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC) ==
	    SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
	(void)sqlite3_finalize(stmt);
	return has;
}

static const char *
foreign_begin(struct db_foreign *f, int fd, const char *table,
    const char *sql)
{
	const char *fault;

	if ((fault = foreign_map(f, fd)) != NULL)
		return fault;
	if (sqlite3_open_v2(":memory:", &f->handle, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    sqlite3_deserialize(f->handle, "main", f->bytes,
	    (sqlite3_int64)f->size, (sqlite3_int64)f->size,
	    SQLITE_DESERIALIZE_READONLY) != SQLITE_OK ||
	    !foreign_settle(f->handle))
		return "cannot be opened as a database";
	if (!foreign_has(f->handle, table))
		return "is damaged, or has no such table as is looked for";
	return sqlite3_prepare_v2(f->handle, sql, -1, &f->stmt, NULL) ==
	    SQLITE_OK && sqlite3_column_count(f->stmt) == 3 ? NULL :
	    "has a table without the columns that are looked for";
}

struct db_foreign *
db_foreign_open(int fd, const char *table, const char *sql,
    const char **fault)
{
	struct db_foreign *f;

	f = heap_zeroed(1, sizeof(*f));
	if ((*fault = foreign_begin(f, fd, table, sql)) == NULL)
		return f;
	db_foreign_close(f);
	return NULL;
}

/* As a text, whatever its type: the bytes of a BLOB are what they are. */
static struct slice
foreign_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text == NULL ? (struct slice){ "", 0 } : (struct slice){ text,
	    (size_t)sqlite3_column_bytes(stmt, column) };
}

/* A tree whose branches meet again has more rows than there is room for. */
enum db_status
db_foreign_next(struct db_foreign *f, struct db_foreign_row *out)
{
	int rc = sqlite3_step(f->stmt);

	if (rc == SQLITE_DONE)
		return DB_NONE;
	if (rc != SQLITE_ROW || ++f->rows > f->size / FOREIGN_ROW_BYTES)
		return DB_FAULT;
	*out = (struct db_foreign_row){
	    .number = sqlite3_column_int64(f->stmt, 0),
	    .text = { foreign_text(f->stmt, 1), foreign_text(f->stmt, 2) } };
	return DB_OK;
}
