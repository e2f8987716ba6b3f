#include "value.h"

#include <string.h>

#include "log.h"

/* A power of two: of the many names in a catalogue's group few share one. */
#define BUCKETS		16

struct value {
	enum value_kind	 kind;
	bool		 truth;
	const char	*name;		/* NULL for a root or an item */
	size_t		 name_len;
	const char	*text;
	struct value	**bucket;	/* of an object's members, by name */
	struct value	*first;		/* of a list's items */
	struct value	*last;
	struct value	*next;		/* in the list, or in the bucket */
	const struct value *elsewhere;	/* what it stands for, or NULL */
};

static struct value *
make(struct arena *a, enum value_kind kind, const char *text)
{
	struct value *v = arena_alloc(a, sizeof(*v));

	v->kind = kind;
	v->text = text;
	return v;
}

/* Names are ours, or an operator's: nobody gains by many in one bucket. */
static size_t
bucket_of(struct slice name)
{
	if (name.len == 0)
		return 0;
	return (name.len + 5 * (unsigned char)name.ptr[0] +
	    3 * (unsigned char)name.ptr[name.len - 1] +
	    (unsigned char)name.ptr[name.len / 2]) % BUCKETS;
}

static bool
is_named(const struct value *v, struct slice name)
{
	return v->name_len == name.len &&
	    memcmp(v->name, name.ptr, name.len) == 0;
}

/* Itself, not what it stands for. */
static struct value *
find_member(const struct value *object, struct slice name)
{
	struct value *v;

	if (object->bucket == NULL)
		return NULL;
	for (v = object->bucket[bucket_of(name)]; v != NULL; v = v->next)
		if (is_named(v, name))
			break;
	return v;
}

/* The newest comes first, so that it is found before an older one. */
static struct value *
add_member(struct arena *a, struct value *object, const char *name,
    struct value *v)
{
	struct slice whole = { name, strlen(name) };
	struct value **bucket;

	if (object->kind != VALUE_OBJECT || object->elsewhere != NULL)
		log_abort("a member is given to what is no object");
	if (object->bucket == NULL)
		object->bucket = arena_alloc(a, BUCKETS * sizeof(*bucket));
	bucket = &object->bucket[bucket_of(whole)];
	v->name = whole.ptr;
	v->name_len = whole.len;
	v->next = *bucket;
	return *bucket = v;
}

static struct value *
add_item(struct value *list, struct value *v)
{
	if (list->kind != VALUE_LIST)
		log_abort("an item is given to what is no list");
	if (list->last == NULL)
		list->first = v;
	else
		list->last->next = v;
	list->last = v;
	return v;
}

struct value *
value_object(struct arena *a)
{
	return make(a, VALUE_OBJECT, "");
}

void
value_text(struct arena *a, struct value *object, const char *name,
    const char *text)
{
	if (text != NULL)
		(void)add_member(a, object, name, make(a, VALUE_TEXT, text));
}

void
value_phrase(struct arena *a, struct value *object, const char *name,
    const char *text)
{
	if (text != NULL)
		(void)add_member(a, object, name, make(a, VALUE_PHRASE, text));
}

void
value_flag(struct arena *a, struct value *object, const char *name,
    bool truth)
{
	add_member(a, object, name, make(a, VALUE_FLAG, ""))->truth = truth;
}

struct value *
value_list(struct arena *a, struct value *object, const char *name)
{
	return add_member(a, object, name, make(a, VALUE_LIST, ""));
}

struct value *
value_child(struct arena *a, struct value *object, const char *name)
{
	struct value *v = find_member(object, (struct slice){ name,
	    strlen(name) });

	if (v != NULL && v->kind == VALUE_OBJECT && v->elsewhere == NULL)
		return v;
	return add_member(a, object, name, make(a, VALUE_OBJECT, ""));
}

void
value_put(struct arena *a, struct value *object, const char *name,
    const struct value *tree)
{
	add_member(a, object, name, make(a, VALUE_OBJECT, ""))->elsewhere =
	    tree;
}

struct value *
value_item(struct arena *a, struct value *list)
{
	return add_item(list, make(a, VALUE_OBJECT, ""));
}

void
value_item_text(struct arena *a, struct value *list, const char *text)
{
	if (text != NULL)
		(void)add_item(list, make(a, VALUE_TEXT, text));
}

enum value_kind
value_kind(const struct value *v)
{
	return v->kind;
}

const char *
value_string(const struct value *v)
{
	return v->text;
}

bool
value_is_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_TEXT:
	case VALUE_PHRASE:
		return v->text[0] != '\0';
	case VALUE_FLAG:
		return v->truth;
	case VALUE_LIST:
		return v->first != NULL;
	case VALUE_OBJECT:
		break;
	}
	return true;
}

const struct value *
value_member(const struct value *object, struct slice name)
{
	const struct value *v = find_member(object, name);

	return v != NULL && v->elsewhere != NULL ? v->elsewhere : v;
}

const struct value *
value_find(const struct value *object, const char *path)
{
	struct slice rest = { path, strlen(path) }, name;

	while (object != NULL && text_next_part(&rest, '.', &name))
		object = value_member(object, name);
	return object;
}

const struct value *
value_first(const struct value *list)
{
	return list->kind == VALUE_LIST ? list->first : NULL;
}

const struct value *
value_next(const struct value *item)
{
	return item->next;
}
