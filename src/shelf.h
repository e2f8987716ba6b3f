/*
 * shelf.h - the files that come with the program, and an operator's instead
 *
 * What is in conf/templates, conf/lang and conf/assets is built into the
 * program.  A template has its name below conf/templates ("mail/reset.txt"),
 * the others the one below conf ("lang/fr.json", "assets/style.css").
 *
 * An operator's directory holds files of the same names, which stand in the
 * place of ours; and lang/TAG.json of any language.  It is read when the shelf
 * is opened.  Everything in it must be known, a regular file of at most
 * SHELF_FILE_MAX bytes that not everybody may write, and UTF-8 without NUL;
 * a template must be one, and templates form no circle.  What begins with a dot
 * or ends in "~" is passed over.  A logo may come from a file of its own.
 *
 * Once it is filled it does not change; any number of threads may read it.
 */
#ifndef SHELF_H
#define SHELF_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "value.h"

#define SHELF_FILE_MAX	262144	/* bytes */
#define SHELF_ETAG_LEN	64
#define SHELF_TAG_MAX	35	/* bytes of a language's (RFC 5646, 4.4.1) */

struct shelf_file {
	const char	*name;
	const char	*path;		/* of an operator's; else the name */
	const char	*text;		/* a NUL after it */
	size_t		 len;
	const char	*etag;		/* SHA-256 in hexadecimal, no quotes */
	bool		 own;		/* an operator's, or added */
	struct template	*template;	/* what it is read as; or NULL */
};

struct shelf;

/*
 * dir: an operator's directory; logo: the path of what assets/logo.svg is to
 * be, there too; NULL or "" for none.  NULL if something cannot be taken: each
 * fault has been told to complain as "path: reason".
 */
struct shelf	*shelf_open(const char *dir, const char *logo,
		    void (*complain)(const char *message));
void		 shelf_close(struct shelf *);
/* Sets one more beside them, which is made and not there from the start. */
void		 shelf_add(struct shelf *, const char *name,
		    const char *text);
/* NULL if there is none.  All of them live as long as the shelf. */
const struct shelf_file *shelf_find(const struct shelf *, const char *name);
/* All files, by their names; NULL after the last. */
const struct shelf_file *shelf_at(const struct shelf *, size_t);
/* The text that came with the program, whatever stands in its place. */
const char	*shelf_builtin(const char *name);
/* template_render of a file of the shelf. */
const char	*shelf_render(const struct shelf *, struct arena *,
		    const char *name, const struct value *context,
		    const char **error);

#endif
