/*
 * value.h - what a template is filled with: a tree of named values
 *
 * A tree lives in an arena and is built from its root downwards.  Neither
 * names nor texts are copied: they live as long as the tree.  Texts are UTF-8
 * and end with NUL.  A tree that nobody changes any more may be read by any
 * number of threads, and may be part of other trees (value_put).
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "text.h"

enum value_kind {
	VALUE_TEXT,
	VALUE_PHRASE,		/* text that is a template itself */
	VALUE_FLAG,
	VALUE_LIST,
	VALUE_OBJECT,
};

struct value;

/* An object without members: the root. */
struct value	*value_object(struct arena *);
/*
 * Members of an object.  The last one of a name is the one that counts.  A
 * text that is NULL is no member, and no item, at all.
 */
void		 value_text(struct arena *, struct value *object,
		    const char *name, const char *text);
/* Filled from the same context when it is looked up; see template.h. */
void		 value_phrase(struct arena *, struct value *object,
		    const char *name, const char *text);
void		 value_flag(struct arena *, struct value *object,
		    const char *name, bool);
/* An empty list, to be filled with value_item or value_item_text. */
struct value	*value_list(struct arena *, struct value *object,
		    const char *name);
/* An object that is a member: the same one whenever it is asked for. */
struct value	*value_child(struct arena *, struct value *object,
		    const char *name);
/* A tree that stands elsewhere, and lives as long: a catalogue. */
void		 value_put(struct arena *, struct value *object,
		    const char *name, const struct value *);

/* One more at the end of a list: an empty object, or a text. */
struct value	*value_item(struct arena *, struct value *list);
void		 value_item_text(struct arena *, struct value *list,
		    const char *text);

enum value_kind	 value_kind(const struct value *);
/* Of a text or a phrase; "" for whatever is neither. */
const char	*value_string(const struct value *);
/* Does a section show it?  Not what is false, "" or an empty list. */
bool		 value_is_true(const struct value *);
/* NULL where there is no such member, or no object. */
const struct value *value_member(const struct value *object, struct slice);
/* "a.b.c": a member of a member of a member; NULL likewise. */
const struct value *value_find(const struct value *object, const char *path);
/* The items of a list one by one; NULL after the last, or of no list. */
const struct value *value_first(const struct value *list);
const struct value *value_next(const struct value *item);

#endif
