/*
 * draft.h - what a mail says: a subject and a text, by its template
 *
 * The templates of mails are mail/KIND.txt on the shelf; what they share is
 * mail/part/.  The first line that comes of one is the subject, the second is
 * empty.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <stdbool.h>

#include "arena.h"
#include "lang.h"
#include "shelf.h"
#include "value.h"

struct draft {
	const char	*subject;	/* not empty */
	const char	*body;
};

/* NULL, or what keeps it from being written.  All of it in the arena. */
const char	*draft_write(const struct shelf *, struct arena *,
		    const char *kind, const struct value *context,
		    struct draft *out);
/*
 * Can each mail be written, in each language?  Tried with everything that a
 * mail may tell; each fault has been told to complain, with its language
 * unless it is there in all of them.
 */
bool		 draft_judge(const struct shelf *, const struct lang *,
		    void (*complain)(const char *message));

#endif
