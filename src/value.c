#include "value.h"

#include <string.h>

#include "log.h"

struct value {
	enum value_kind	 kind;
	bool		 truth;
	const char	*name;		/* NULL for a root or an item */
	size_t		 name_len;
	const char	*text;
	struct value	*first;		/* what it holds */
	struct value	*last;
	struct value	*next;		/* what stands beside it */
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

/* The newest comes first, so that it is found before an older one. */
static struct value *
add_member(struct value *object, const char *name, struct value *v)
{
	if (object->kind != VALUE_OBJECT || object->elsewhere != NULL)
		log_abort("a member is given to what is no object");
	v->name = name;
	v->name_len = strlen(name);
	v->next = object->first;
	object->first = v;
	return v;
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
		(void)add_member(object, name, make(a, VALUE_TEXT, text));
}

void
value_phrase(struct arena *a, struct value *object, const char *name,
    const char *text)
{
	if (text != NULL)
		(void)add_member(object, name, make(a, VALUE_PHRASE, text));
}

void
value_flag(struct arena *a, struct value *object, const char *name,
    bool truth)
{
	add_member(object, name, make(a, VALUE_FLAG, ""))->truth = truth;
}

struct value *
value_list(struct arena *a, struct value *object, const char *name)
{
	return add_member(object, name, make(a, VALUE_LIST, ""));
}

struct value *
value_child(struct arena *a, struct value *object, const char *name)
{
	struct value *v = object->first;

	while (v != NULL && strcmp(v->name, name) != 0)
		v = v->next;
	if (v != NULL && v->kind == VALUE_OBJECT && v->elsewhere == NULL)
		return v;
	return add_member(object, name, make(a, VALUE_OBJECT, ""));
}

void
value_put(struct arena *a, struct value *object, const char *name,
    const struct value *tree)
{
	add_member(object, name, make(a, VALUE_OBJECT, ""))->elsewhere = tree;
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

/* Of the many in a catalogue the length alone rules out nearly all. */
static bool
is_named(const struct value *v, struct slice name)
{
	return v->name_len == name.len &&
	    memcmp(v->name, name.ptr, name.len) == 0;
}

const struct value *
value_member(const struct value *object, struct slice name)
{
	const struct value *v;

	if (object->kind != VALUE_OBJECT)
		return NULL;
	for (v = object->first; v != NULL; v = v->next)
		if (is_named(v, name))
			return v->elsewhere != NULL ? v->elsewhere : v;
	return NULL;
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
