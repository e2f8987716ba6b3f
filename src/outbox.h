/*
 * outbox.h - mails that are to be sent, on a connection
 *
 * A mail is written in the transaction that makes what it tells of, so that
 * neither is there without the other, and no answer waits for a mail server.
 * gatelodge-courier sends it later.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdint.h>

#include "arena.h"
#include "db.h"

/* Times are milliseconds since 1970.  Nothing in it is NULL. */
struct mail {
	const char	*kind;		/* its template is mail/KIND.txt */
	/*
	 * An address in ASCII, see address_for_mail, or "": nobody gets it.
	 * That is for who asks with an address that has no account: the same
	 * work is done.
	 */
	const char	*recipient;
	const char	*language;	/* "de", "" for the default */
	/*
	 * A JSON object of texts, what the template is filled with.  In its
	 * member "link" stands a path; the courier puts our own base_url
	 * before it.
	 */
	const char	*content;
	int64_t		 created_at;
	int64_t		 expires_at;	/* not sent after that */

	/* The rest is the store's. */
	const char	*id;
	const char	*state;		/* waiting, sent, dropped or dead */
	const char	*reason;	/* why it waits still, or is dead */
	int64_t		 due_at;
	int64_t		 ended_at;	/* 0: it waits */
	int64_t		 attempts;
};

/* Inside the writer's transaction.  Its id is made here. */
enum db_status	 outbox_add(struct db_conn *, struct arena *,
		    const struct mail *);

#endif
