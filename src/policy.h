/*
 * policy.h - the law on passwords: which ones may be chosen
 *
 * The profile says which of these count, and the settings may ask for more:
 *
 * - so many code points;
 * - more than the words of the site's host and of the address, repeated or
 *   with something round them;
 * - not on the list of the setting password_list;
 * - as many bits as the setting password_bits asks for (strength.h).
 *
 * Nothing is asked of the characters, and nothing is cut off.  A password
 * that only contains what a list names is not on it.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "conf.h"
#include "outcomes.h"

/*
 * May somebody with this address choose this password, which is NFC?  least
 * is how many code points it must have.  If not, *why is OUT_PASSWORD_SHORT,
 * OUT_PASSWORD_CONTEXT, OUT_PASSWORD_COMMON, one of OUT_WEAK_..., or
 * OUT_FAULT where the list cannot be read.
 */
bool	policy_allows(const struct conf *, struct arena *, size_t least,
	    const char *email, const char *password, enum outcome *why);

#endif
