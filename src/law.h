/*
 * law.h - what every part of the law does: judges, counts, puts on record
 */
#ifndef LAW_H
#define LAW_H

#include <stdbool.h>

#include "arena.h"
#include "conf.h"
#include "limiter.h"
#include "outcomes.h"
#include "passwd.h"
#include "store.h"

/* What a thread needs to judge; conf changes from call to call. */
struct auth {
	const struct conf *conf;
	struct store	*store;
	struct passwd	*passwd;	/* NULL where nothing is hashed */
	int64_t		 wait_ms;	/* after OUT_TOO_OFTEN: how long */
	bool		 stopped;	/* and that no time will help */
	/* Who, where and by what: of what is put on record. */
	struct entry	 scene;
	const char	*user_agent;	/* of who asks, or NULL */
	const char	*language;	/* that who asks prefers, or NULL */
};

/* A token that has just been made, for its owner only. */
struct grant {
	char		*token;
	int64_t		 seconds;	/* that it lives */
	/* A token by which the browser is known, or NULL. */
	char		*device;
	int64_t		 device_seconds;
};

/* Who asks. */
struct caller {
	const char	*token;		/* of the session they bring, or NULL */
	const char	*device;	/* of their browser, or NULL */
	const char	*host;		/* IPv4 /32, IPv6 /64; "" for none */
	const char	*network;	/* IPv4 /24, IPv6 /48; "" for none */
	const char	*user_agent;	/* "" for none */
	bool		 present;	/* a person is there, not a timer */
	/* The password of a login before NFC; NULL where that is the same. */
	const char	*typed;
};

/* What an event is called on record. */
const char	*law_event(enum event);
/*
 * What a change at the store is put on record as: this event, at this moment,
 * of the account by its id, or else of the address.
 */
const struct entry *law_entry(const struct auth *, struct arena *,
		    enum event, const char *user_id, const char *email_key);
/* What a refusal or a read is put on record as, if it is. */
struct refusal {
	const char	*event;		/* of the log */
	const char	*code;
	bool		 acts;		/* whoever asked wanted a change */
	const char	*user_id;	/* whose session it was, or NULL */
	const char	*email;		/* that was given, or NULL */
};
void		 law_record(struct auth *, struct arena *,
		    const struct refusal *);

/*
 * What the store says where the law has no answer of its own: good for
 * STORE_OK, gone for STORE_GONE and STORE_TAKEN.
 */
enum outcome	 law_outcome(enum store_status, enum outcome good,
		    enum outcome gone);
/* False: *why policy.h refuses the password. */
bool		 law_allows(const struct auth *, struct arena *,
		    const char *email, const char *password,
		    enum outcome *why);
/* NULL: the fault has been logged. */
const char	*law_hash(struct auth *, struct arena *, const char *password);
/* A new token's hash; the token itself goes to *token. */
const char	*law_token(struct arena *, char **token);
/* NULL for whatever no token of ours looks like. */
const char	*law_token_hash(struct arena *, const char *token);
/* right, wrong or OUT_FAULT.  hash NULL: nobody's, which costs as much. */
enum outcome	 law_compare(struct auth *, const char *password,
		    const char *hash, enum outcome right, enum outcome wrong);
/*
 * Places in buckets.  OUT_CONFIRMED: there is room; refused: there is none,
 * for auth->wait_ms more.
 */
enum outcome	 law_take_place(struct auth *, struct arena *,
		    const struct limiter *, enum outcome refused);
/*
 * Gives them back unless the outcome is somebody's failure, and says the
 * outcome.
 */
enum outcome	 law_settle_place(struct auth *, struct limiter *,
		    enum outcome);

#endif
