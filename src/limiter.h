/*
 * limiter.h - how often somebody may be wrong, or have mails sent, before they
 * have to wait
 *
 * The one limiter that stands before every verifier of a password.  A guess
 * takes a place in each bucket that it belongs to before it is judged, and
 * gets it back when it was right.  An address is counted as it was typed, in
 * the form in which addresses compare, whether it has an account or not: what
 * is answered tells nothing of that.
 *
 * A browser that has logged in to an account before has a bucket of its own
 * for that account and stands in no other, so nobody can keep the owner out
 * by failing.
 *
 * A code from a mail has its tries at its ticket; see ticket.h.  Here those of
 * who tries many are counted, for whatever address and whether it has a code
 * or not.
 *
 * LIMIT(profile, class, size, leak, first, most, stop)
 *
 * class: account: one address, for browsers that are not known to it;
 *     device: one address, for one browser that is; self: one account, from
 *     within its session; host, network: the caller's IPv4 /32 and /24, or
 *     IPv6 /64 and /48.
 *     mailbox: mails that are asked for to one address; reset: those among
 *     them that set a password, apart, for others could use up the rest;
 *     asker, askers: mails that are asked for by one host and one network;
 *     guesser, guessers: codes from mails that are wrong, by the same.
 * size and stop are failures, or mails, the others seconds; see bucket.h.
 * A class that a profile has no row for is not limited there.
 */
#ifndef LIMITER_H
#define LIMITER_H

#include "arena.h"
#include "conf.h"
#include "store.h"

#define LIMITS(LIMIT)							\
LIMIT(standard, account, 5, 21600, 1, 3600, 100)			\
LIMIT(standard, device, 5, 21600, 1, 3600, 100)				\
LIMIT(standard, self, 5, 21600, 1, 3600, 0)				\
LIMIT(standard, host, 20, 15, 15, 15, 0)				\
LIMIT(standard, network, 100, 3, 3, 3, 0)				\
LIMIT(standard, mailbox, 3, 1200, 300, 3600, 0)				\
LIMIT(standard, reset, 3, 1200, 300, 3600, 0)				\
LIMIT(standard, asker, 20, 60, 60, 60, 0)				\
LIMIT(standard, askers, 100, 15, 15, 15, 0)				\
LIMIT(standard, guesser, 20, 60, 60, 60, 0)				\
LIMIT(standard, guessers, 100, 15, 15, 15, 0)				\
LIMIT(compat, account, 1000, 0.3, 1, 1, 0)				\
LIMIT(compat, self, 1000, 0.3, 1, 1, 0)

/* Those of one guess are fewer than those of one account. */
#define LIMITER_MAX	(2 + STORE_DEVICES_MAX)

struct limiter {
	size_t		 n;
	struct limit	 item[LIMITER_MAX];
};

/*
 * For a guess at a login.  device is what the account of this address knows
 * the browser by, or NULL: not its token, which others can make turn.
 */
void	limiter_of_login(const struct conf *, struct arena *,
	    const char *email_key, const char *device, const char *host,
	    const char *network, struct limiter *out);
/* For a guess within a session of this account. */
void	limiter_of_self(const struct conf *, struct arena *,
	    const char *user_id, struct limiter *out);
/* For a mail that somebody asks for; one that resets is counted apart. */
void	limiter_of_mail(const struct conf *, struct arena *, bool resets,
	    const char *email_key, const char *host, const char *network,
	    struct limiter *out);
/* For a code from a mail that somebody types. */
void	limiter_of_code(const struct conf *, struct arena *,
	    const char *host, const char *network, struct limiter *out);
/* Those that a new password makes an end of. */
void	limiter_of_account(const struct conf *, struct arena *,
	    const char *email_key, const char *user_id, struct limiter *out);
/* And that of one browser, which is added; device is as above. */
void	limiter_add_device(const struct conf *, struct arena *,
	    const char *email_key, const char *device, struct limiter *out);

#endif
