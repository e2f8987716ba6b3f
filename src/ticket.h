/*
 * ticket.h - what a mail carries that opens something, on a connection
 *
 * A ticket is a token, and for some a short code, that lets whoever has the
 * mailbox do one thing once: finish a registration, set a password, take an
 * address, take it back, say that somebody else was there.  Only hashes of
 * the two are kept.  A token is good for its kind alone (RFC 9700 calls the
 * opposite confusion); a code for its kind and address, until TICKET_TRIES
 * wrong ones were tried, and the token still after that.
 */
#ifndef TICKET_H
#define TICKET_H

#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "outbox.h"

#define TICKET_REGISTRATION	"registration"
#define TICKET_RESET		"reset"
#define TICKET_ADDRESS		"address"
#define TICKET_UNDO		"undo"
#define TICKET_REPORT		"report"

#define TICKET_TRIES	3

/* Texts are never NULL. */
struct ticket {
	const char	*token_hash;
	const char	*kind;
	const char	*user_id;	/* "": nobody's, it opens nothing */
	const char	*email;		/* that it is about, as it was given */
	const char	*email_key;
	const char	*password_hash;	/* a registration's, or "" */
	const char	*language;
	const char	*code_hash;	/* "": it has none */
	int64_t		 created_at;
	int64_t		 expires_at;
};

/* What is written beside a change: a ticket and the mail that carries it. */
struct posting {
	struct ticket	 ticket;	/* token_hash NULL: there is none */
	struct mail	 mail;		/* kind NULL: there is none */
};

/*
 * Inside the writer's transaction.  A reset takes the place of those that its
 * address has.  Of an account that is disabled, or has another address by now
 * than the reset was asked for with, the ticket is nobody's.
 */
enum db_status	 ticket_post(struct db_conn *, struct arena *,
		    const struct posting *);
/* DB_NONE: there is none such, or no longer. */
enum db_status	 ticket_take(struct db_conn *, struct arena *,
		    const char *kind, const char *token_hash, int64_t now,
		    struct ticket *out);
/*
 * *token_hash of the one that has the code.  NULL: none has, and all that the
 * address has of that kind count a miss.
 */
enum db_status	 ticket_by_code(struct db_conn *, struct arena *,
		    const struct ticket *code, const char **token_hash);

#endif
