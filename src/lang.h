/*
 * lang.h - catalogues: what is said to people, in their language
 *
 * A catalogue is lang/TAG.json on the shelf: one object whose names are dotted
 * ("mail.reset.subject") and whose texts are phrases, with the variables of
 * the template that uses them.  In a template, with the catalogue put into
 * the context as "t":
 *
 *	value_put(a, context, "t", lang_catalogue(lang, tag));
 *	{{t.mail.reset.subject}}
 *
 * A key that an operator's file does not have is taken from ours of the same
 * language, and if that has none, from the English one.  A key of its own, for
 * a template of its own, begins with "own."; any other that our English one
 * lacks is a slip, and refused.  A language that we do not have must say what
 * it is called, under the key "language".
 *
 * Nothing changes after lang_open; any number of threads may ask.
 */
#ifndef LANG_H
#define LANG_H

#include <stdbool.h>

#include "shelf.h"
#include "value.h"

#define LANG_DEFAULT	"en"
#define LANG_TAG_MAX	SHELF_TAG_MAX

struct lang;

/*
 * Reads all catalogues of the shelf, which is not needed afterwards.  NULL if
 * one of them is none: each fault has been told to complain.
 */
struct lang	*lang_open(const struct shelf *,
		    void (*complain)(const char *message));
void		 lang_close(struct lang *);
/*
 * The tag of the catalogue for somebody: the first of these that there is.
 * What their account says; what their browser says (Accept-Language, RFC
 * 9110, 12.5.4, by the lookup of RFC 4647, 3.4); LANG_DEFAULT.  Both may be
 * NULL, and anything at all.
 */
const char	*lang_choose(const struct lang *, const char *account,
		    const char *accept_language);
/* Is there a catalogue of exactly this tag?  Case does not count. */
bool		 lang_has(const struct lang *, const char *tag);
/* The English one for a tag that there is no catalogue of. */
const struct value *lang_catalogue(const struct lang *, const char *tag);
/* The tags, by the alphabet; NULL after the last. */
const char	*lang_at(const struct lang *, size_t);
/* What a key says as it stands, without filling it; NULL if none. */
const char	*lang_text(const struct lang *, const char *tag,
		    const char *key);

#endif
