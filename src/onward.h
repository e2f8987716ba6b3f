/*
 * onward.h - where somebody may be sent on to, whoever asks for it
 *
 * A link to a login says where its reader came from.  Whoever may write any
 * address there leads people who trust this site to any other.
 */
#ifndef ONWARD_H
#define ONWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "net.h"

#define ONWARD_MAX	800	/* bytes */

/*
 * A path of this origin, or a whole address at base or at one of the n others,
 * and nothing that one reader could take for something else: only characters
 * of RFC 3986 (no backslash, blank, quote or control character), well formed
 * escapes, none of a control character, no empty part in the path and none
 * that dots could make another one, no slash, dot or backslash in disguise, no
 * user name.
 */
bool	onward_is_ours(const char *url, const struct origin *base,
	    const struct origin *other, size_t n);
/*
 * What was decoded with the query that brought it, as an address again: with
 * an escape for letters that are not ASCII, blanks and bars, and for a "%" that
 * begins none.  What else stands in no address is left, and is not ours.
 */
const char	*onward_escape(struct arena *, const char *url);

#endif
