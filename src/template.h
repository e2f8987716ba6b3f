/*
 * template.h - Mustache: texts with places that are filled from a tree
 *
 *	{{name}}	the text of that name, made safe for where it stands
 *	{{{name}}}	the same as it is; {{&name}} too
 *	{{#name}}..{{/name}}	for each item, or once if it is true
 *	{{^name}}..{{/name}}	if it is not true, or not there
 *	{{>mail/part/foot.txt}}	another file, by its whole name
 *	{{! remark }}	nothing
 *
 * As mustache(5) and the public specification have it: dotted names, {{.}},
 * lines that hold nothing but a section, a partial or a remark leave no
 * trace, and a partial that stands alone gives its lines the indentation it
 * has.  Names are letters, digits, "_" and "-", with dots between.
 *
 * Otherwise than there: a partial that does not exist is an error, a new
 * delimiter is one, and there are no lambdas.
 *
 * Safe means, in a file whose name ends in .txt, that a value stays within its
 * line: a control character is written as a question mark.  In any other file
 * & < > " ' become entities, which is right for the text of an element and
 * for an attribute in quotes, and nowhere else.  The outermost file decides.
 *
 * A phrase (value.h) is a template within a value.  It is filled from the
 * context that it was looked up in, and what comes of it, its own words too,
 * is treated as the tag around it says.  It holds neither partials nor
 * phrases.
 *
 * Templates may be somebody else's: none can make this crash, fill the memory
 * or go on for long.  What is wrong is told as "file:line: what", in the
 * arena.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "text.h"
#include "value.h"

#define TEMPLATE_DEPTH_MAX	16	/* sections, partials, phrases */
#define TEMPLATE_NAME_MAX	80	/* bytes */
#define TEMPLATE_OUTPUT_MAX	262144	/* bytes */
#define TEMPLATE_TAGS_MAX	4096	/* of a file, and of phrases in all */
#define TEMPLATE_STEPS_MAX	65536	/* tags and texts gone through */

struct template;

/* What a template holds: sign is '#', '^', '/', '>', '!', '&', '{' or ' '. */
typedef void	 template_see(void *, char sign, struct slice name);

/*
 * A file, read; its name and its text live as long.  Each of its tags is shown
 * to see, with seer, unless see is NULL.  NULL if it is no template: *error.
 */
struct template	*template_read(struct arena *, const char *name,
		    const char *text, template_see *see, void *seer,
		    const char **error);
void		 template_free(struct template *);
/* False, and *error, if it is none. */
bool		 template_is_phrase(struct arena *, const char *name,
		    const char *text, const char **error);

/* Where files come from; see shelf_render for the usual place. */
struct template_files {
	/* It lives as long as the rendering; NULL if there is none. */
	const struct template *(*find)(const void *where, const char *name);
	const void	*where;
};

/*
 * False, and *error, if no rendering is sure to end: its files form a circle,
 * or nest deeper than may be, whatever the context.
 */
bool		 template_nests(struct arena *, const struct template_files *,
		    const char *name, const char **error);
/* The text, in the arena; or NULL and *error. */
const char	*template_render(struct arena *, const struct template_files *,
		    const char *name, const struct value *context,
		    const char **error);

#endif
