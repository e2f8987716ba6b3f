/*
 * trail.h - the audit trail, on a connection: what is put on record, read,
 * proved, and removed when it is old
 *
 * A row has no address, no secret and no value of a field.  Its account is
 * what chain.h makes of an account's id, or, where no account was proved, of
 * the address that was given, whether it has an account or not.
 *
 * A writer is a program: the service, its CGI form included, has one chain,
 * gatelodgectl another.  A chain goes on after a restart.  Nothing of it is
 * kept in memory: number, mac and key are read inside the transaction that
 * adds the row, so one that is undone leaves no gap, and two processes that
 * write to one store take turns.
 *
 * A head whose seal is broken is not sealed again: the chain goes on, and its
 * proof says for ever that somebody has moved its head.
 */
#ifndef TRAIL_H
#define TRAIL_H

#include <stdint.h>

#include "arena.h"
#include "chain.h"
#include "db.h"

#define TRAIL_PAGE	256

struct posting;

/* What a row says.  NULL: nothing. */
struct entry {
	int64_t		 at;		/* store_record takes its own */
	const char	*writer;	/* NULL: the service */
	const char	*event;
	const char	*result;
	const char	*user_id;
	const char	*email_key;	/* counts where user_id is NULL */
	const char	*network;
	const char	*door;
	const char	*request;
	const struct posting *posting;	/* the store's; see ticket.h */
};

/* Inside the writer's transaction. */
enum db_status	 trail_add(struct db_conn *, struct arena *,
		    const struct entry *);
/*
 * Removes a chain's rows from before that time, at most TRAIL_PAGE of them.
 * *more: there were as many.
 */
enum db_status	 trail_cut(struct db_conn *, struct arena *,
		    const char *writer, int64_t before, bool *more);

/* On a connection that reads.  What comes back lives in the arena. */

/* DB_NONE: nothing has ever been put on record. */
enum db_status	 trail_key(struct db_conn *, struct arena *,
		    const char **key);
/* DB_NONE: there is none of that writer. */
enum db_status	 trail_chain(struct db_conn *, struct arena *,
		    const char *writer, struct chain *out);
/* The first chain after a writer, "" for the first of all; DB_NONE. */
enum db_status	 trail_chain_after(struct db_conn *, struct arena *,
		    const char *writer, struct chain *out);
/* Its rows after a number; out holds TRAIL_PAGE. */
enum db_status	 trail_after(struct db_conn *, struct arena *,
		    const char *writer, int64_t seq, struct chain_row *out,
		    size_t *n);
/* An account's rows after one of them, by time; out holds TRAIL_PAGE. */
enum db_status	 trail_of_after(struct db_conn *, struct arena *,
		    const char *account, const struct chain_row *after,
		    struct chain_row *out, size_t *n);
/* Its last ones since a time, the newest first; out holds max. */
enum db_status	 trail_of_last(struct db_conn *, struct arena *,
		    const char *account, int64_t since, struct chain_row *out,
		    size_t max, size_t *n);
/* When an event was put on record of an account last; 0: no row tells. */
enum db_status	 trail_when(struct db_conn *, struct arena *,
		    const char *account, const char *event, int64_t *at);
/*
 * Proves a chain as it is at one moment.  DB_NONE: there is no head of that
 * writer.  The head in *out lives in the arena.
 */
enum db_status	 trail_check(struct db_conn *, struct arena *,
		    const char *key, const char *writer,
		    struct chain_check *out);
/* The first writer of rows after that one, head or not; DB_NONE. */
enum db_status	 trail_writer_after(struct db_conn *, struct arena *,
		    const char *writer, const char **out);

#endif
