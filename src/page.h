/*
 * page.h - an answer for people: a template, and what fills it
 *
 * A template has its name below page/ and without .html.  Every page is given
 *
 *	t		the catalogue of its language, and lang, its tag
 *	title		page.NAME.title of the catalogue
 *	site		what the site is called
 *	base		base_path: goes before every path of ours
 *	style, script, accent, logo	where these are
 *	who		the address of who is logged in, where that is known
 *	onward		where to go on afterwards, if that was said
 *	rd		the same, to go behind the path of a link: "?rd=..."
 *	leads		the browser is to go there by itself
 *	notice		what has just been done: page.done.CODE
 *	refused		what is wrong, if something is: message, and field and
 *			label where it is about one that page_input has made;
 *			stopped: only a new password helps
 *	request		the id under which the log knows this
 *
 * Texts that others have sent are escaped by the template (template.h).
 */
#ifndef PAGE_H
#define PAGE_H

#include "call.h"

/*
 * Is HTML what the client likes best?  even: where it likes HTML and JSON
 * alike, as one does that says nothing.
 */
bool		 page_preferred(const struct call *, bool even);
/* The tag of the language that who asks is answered in. */
const char	*page_language(const struct call *);
/* What the page will be filled with. */
struct value	*page_values(struct call *);
/* This template is the answer. */
void		 page_show(struct call *, const char *name);
/* A phrase of the catalogue under a name; nothing where there is no key. */
void		 page_phrase(struct call *, struct value *, const char *name,
		    const char *key);
/*
 * A field of a form, under its name: name, label, type, autocomplete, what
 * was typed unless that is secret, and what is wrong with it; linked: a token
 * that nobody need see; digits: a code of a mail.
 */
void		 page_input(struct call *, enum field,
		    const char *autocomplete);
/* The same, with a value that is ours. */
void		 page_input_value(struct call *, enum field,
		    const char *autocomplete, const char *value);
/* A token that comes by a link alone, under its name; nothing without one. */
void		 page_linked(struct call *, enum field);
/*
 * To a path of ours (303).  What was done, and where to go on after that, are
 * told there; either may be NULL.
 */
void		 page_lead(struct call *, const char *path, const char *done,
		    const char *onward);
/* To onward, which must be there: by a page (200), whose leads is true. */
void		 page_lead_onward(struct call *);
/*
 * Where this page is, as page_lead takes it; home if it is no page to read, or
 * would say again what has been done.
 */
const char	*page_here(struct call *, const char *home);
/*
 * Fills reply.bytes and reply.len.  A template that cannot be filled is a
 * fault of the service, and never half a page.
 */
void		 page_render(struct call *);

#endif
