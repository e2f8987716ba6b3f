/*
 * dossier.h - what is held on a person, as members of a JSON object
 *
 * The same for the person, over HTTP, and for the operator, whom they may
 * have asked for it.  Times are RFC 3339 in UTC.  Nothing in it opens
 * anything.
 */
#ifndef DOSSIER_H
#define DOSSIER_H

#include "arena.h"
#include "auth.h"
#include "json.h"

#define DOSSIER_MEMBERS	8

/* What a time looks like. */
const char	*dossier_time(struct arena *, int64_t ms);
/* Sessions; current is the token's hash of the one that asks, or "". */
struct json_member dossier_sessions(struct arena *, const struct session *,
		    size_t n, const char *current);
/* sessions, email, created, language, groups, devices, events, mails */
void		 dossier_members(struct arena *, const struct holdings *,
		    const char *current, struct json_member *out);

#endif
