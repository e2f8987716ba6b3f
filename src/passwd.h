/*
 * passwd.h - password hashes, the only door to libxcrypt
 *
 * New hashes are yescrypt ("$y$") at a cost from PASSWD_COST_MIN to
 * PASSWD_COST_MAX as crypt_gensalt(3) counts it: 5 takes 16 MiB for each
 * hash, and each step doubles memory and time.  Those of other schemes, which
 * came from elsewhere, are verified where scheme.h lets them in.
 *
 * A phrase is NUL-terminated and has PASSWD_PHRASE_MAX bytes at most: more
 * is refused, never cut.
 */
#ifndef PASSWD_H
#define PASSWD_H

#include <stdbool.h>
#include <stddef.h>

#include "pepper.h"

#define PASSWD_PHRASE_MAX	511
#define PASSWD_HASH_MAX		384
/* The hash of an account that has no password: nobody's. */
#define PASSWD_NONE		"$none$"
#define PASSWD_COST_MIN		1
#define PASSWD_COST_MAX		9	/* what scheme.h lets in: 256 MiB */

/* How hashes are made from now on. */
struct passwd_rules {
	int		 cost;
	const struct pepper *pepper;	/* NULL: hashes are not sealed */
};

/* What one thread hashes with: 32 KiB, wiped after each use, and times. */
struct passwd;

enum passwd_verdict {
	PASSWD_MATCH,
	PASSWD_DIFFERS,
	PASSWD_FAULT,		/* the library could not hash, or the key of
				   the seal is not here, which is logged */
};

/*
 * Computes a known answer and makes the settings of all costs.  False: this
 * libxcrypt must not be trusted.  Called once, before any thread.
 */
bool		 passwd_self_test(void);

struct passwd	*passwd_open(void);
void		 passwd_close(struct passwd *);

/* out holds PASSWD_HASH_MAX bytes.  False: libxcrypt could not hash. */
bool		 passwd_hash(struct passwd *, const char *phrase,
		    const struct passwd_rules *, char *out);
/*
 * hash NULL is nobody's hash, as PASSWD_NONE is, and every one that scheme.h
 * refuses: takes the time of a real one at that cost and never matches.  So
 * does a hash that was made at a lower cost or by a scheme that takes less
 * time, unless it matches: what a refusal took tells nothing of it.  bcrypt
 * looks at 72 bytes of a phrase, as it did where the hash was made.
 */
enum passwd_verdict
		 passwd_verify(struct passwd *, const char *phrase,
		    const char *hash, const struct passwd_rules *);
/* Made with less than today's cost, by another scheme, with another seal. */
bool		 passwd_weaker(const char *hash, const struct passwd_rules *);
const char	*passwd_version(void);

#endif
