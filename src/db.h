/*
 * db.h - a database that answers numbered statements
 *
 * One writer, many readers.  A statement is addressed by its row in the
 * table that db_open was given; nobody but that table speaks SQL.  Its text
 * is the same for every engine: parameters are $1, $2, ... in the order of
 * their first appearance, types are TEXT and BIGINT.
 *
 * Durability: what db_write has answered with DB_OK is on the disk.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "text.h"

enum db_status {
	DB_OK,		/* done; a row, if the statement has a row shape */
	DB_NONE,	/* no row */
	DB_BUSY,	/* another process holds it: later */
	DB_FAULT,	/* disk or database; has been logged */
};

struct db_statement {
	const char	*name;		/* for the log */
	const char	*args;		/* one letter each: t text, n number */
	const char	*row;		/* the same; "" for no row */
	const char	*sql;
};

struct db_migration {
	int		 version;	/* 1, 2, 3, ... without a gap */
	const char	*name;
	const char	*sql;		/* statements that end in semicolons */
};

struct db_schema {
	const struct db_statement *statement;
	size_t		 statements;
	const struct db_migration *migration;
	size_t		 migrations;
};

/* A parameter or a column: as the letter says, one of the two. */
struct db_value {
	const char	*text;
	int64_t		 number;
};

#define DB_TEXT(v)	{ .text = (v) }
#define DB_NUMBER(v)	{ .number = (v) }

struct db;
struct db_conn;

enum db_refusal {
	DB_OPENED,
	DB_CANNOT_OPEN,		/* path, permission, a lock that stays */
	DB_NOT_OURS,		/* another program's file, or damaged */
	DB_TOO_NEW,		/* written by a later release */
	DB_TOO_OLD,		/* asked for as it is, it lacks migrations */
};

/* Whose file we may not open; "%s" is for its name. */
#define DB_ANOTHERS	"%s is another user's: run this as that user, "	\
			"or as root"

/*
 * Opens path, made if absent, and brings its schema up to date: each
 * migration in a transaction of its own, after a copy of a database that
 * held data (path.before-VERSION-TIME), and under a lock on path.lock.
 * Starts the writer.  On refusal
 * *why, and one sentence has been told to complain.  The schema must outlive
 * the database.
 */
struct db	*db_open(const char *path, const struct db_schema *,
		    enum db_refusal *why, void (*complain)(const char *));
/* Neither made nor brought up to date: refused unless it is. */
struct db	*db_open_as_it_is(const char *path, const struct db_schema *,
		    enum db_refusal *why, void (*complain)(const char *));
/* After the last reader is closed and the last db_write has returned. */
void		 db_close(struct db *);

/* A connection that can only read, for one thread.  NULL: logged. */
struct db_conn	*db_reader(struct db *);
void		 db_reader_close(struct db_conn *);

/*
 * Runs one statement.  args has as many values as the statement has letters.
 * Its first row is copied into the arena and row; row may be NULL for a
 * statement without one.
 */
enum db_status	 db_run(struct db_conn *, struct arena *,
		    unsigned int statement, const struct db_value *args,
		    struct db_value *row);

/*
 * Gives each row in turn to take, until that says false.  row is where they
 * are put, their texts in the arena.  On a reader, what it reads stays as it
 * was at the first row, and the writer can use no space again until it ends:
 * take nothing that waits for somebody.
 */
typedef bool db_take(const struct db_value *row, void *arg);
enum db_status	 db_each(struct db_conn *, struct arena *,
		    unsigned int statement, const struct db_value *args,
		    struct db_value *row, db_take *take, void *arg);

typedef enum db_status db_work(struct db_conn *, void *);
/*
 * Calls work on a reader: all that it reads is as it was at its first look.
 * As for db_each, it may not wait for anybody.
 */
enum db_status	 db_view(struct db_conn *, db_work *, void *);
/*
 * Calls work on the writer's connection, inside a transaction, and waits
 * until it is durable.  Anything but DB_OK from work undoes what it did and
 * is handed on.  Work of threads that wait at the same time shares one
 * commit.  work runs in the writer's thread and must not call db_write.
 */
enum db_status	 db_write(struct db *, db_work *, void *);
/*
 * The same without waiting for it: a crash may lose it, and a fault is only
 * logged.  arg is free()d once work has run, which may post again.  False: so
 * much of this waits already that it was not taken, or the database is being
 * closed; arg is still the caller's.
 */
bool		 db_post(struct db *, db_work *, void *);
/*
 * What was removed or changed before is soon not in the -wal file any more,
 * where former pages stay until others are written over them; not waited for.
 * Readers go on; who writes waits for as long as a checkpoint takes.  In vain
 * while somebody keeps reading what was: ask again later.  Costs next to
 * nothing if nobody has written since the last time.
 */
void		 db_forget(struct db *);

/*
 * For work that changes a large part of the database, as its first words: the
 * writer may take some 64 MiB of memory from now on, and need not write what
 * it will change again.
 */
void		 db_expect_much(struct db_conn *);

/* Files beside the one that serves. */

/*
 * The database as it is at this moment, in one file, which must be empty or
 * not there.  Synchronising that file is left to the caller.
 */
bool		 db_copy(struct db *, const char *path);
/*
 * Is the file whole, and of this schema or an earlier one?  Each finding has
 * been told to tell.
 */
bool		 db_judge(const char *path, const struct db_schema *,
		    void (*tell)(const char *));
/*
 * Work as for db_write on a file that nobody else has open, which is one file
 * without a -wal after it.  migrates: its schema is brought up to date before,
 * without a copy; else work may use only statements that every version of it
 * knows.
 */
enum db_status	 db_edit(const char *path, const struct db_schema *,
		    bool migrates, db_work *, void *);
/*
 * Nobody opens path, and nobody has it open, until the descriptor is closed.
 * -1: somebody has.
 */
int		 db_seize(const char *path);

/*
 * The rows of a table in somebody else's SQLite file, which may be meant to
 * do harm: nothing of it is run, and nothing is written.  fd is a whole file
 * without a -wal or a -journal that belongs to it, and stays open meanwhile.
 * NULL: *fault says in words what is wrong with it, to come after its name.
 */
struct db_foreign;

/* What a number and two texts were; of SQL's NULL, nothing. */
struct db_foreign_row {
	int64_t		 number;
	struct slice	 text[2];	/* until the next row; may hold NULs */
};

struct db_foreign *db_foreign_open(int fd, const char *table,
		    const char *sql, const char **fault);
/* DB_OK, DB_NONE: there are no more, DB_FAULT: it is damaged. */
enum db_status	 db_foreign_next(struct db_foreign *,
		    struct db_foreign_row *);
void		 db_foreign_close(struct db_foreign *);

const char	*db_version(void);

#endif
