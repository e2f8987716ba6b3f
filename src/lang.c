#include "lang.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "json.h"
#include "template.h"
#include "text.h"

#define DIRECTORY	"lang/"
#define SUFFIX		".json"
#define NAME_KEY	"language"
#define OWN		"own."	/* before keys that we do not know */
#define KEY_MAX		(TEMPLATE_NAME_MAX - 2)	/* after "t." */
#define KEY_PARTS_MAX	8
#define WISHES_MAX	32	/* of a browser that are heard */

struct catalogue {
	char		 tag[LANG_TAG_MAX + 1];
	struct arena	*arena;
	struct value	*root;
};

struct lang {
	size_t		 n;
	struct catalogue *catalogue;	/* by the alphabet */
};

/* Reading. */

/* A text of JSON on its way into a catalogue. */
struct reading {
	struct catalogue *catalogue;
	struct arena	*scratch;	/* of what is told */
	const char	*path;
	const struct value *known;	/* keys that may be; NULL: any */
	void		(*complain)(const char *);
	bool		 good;
	bool		 named;		/* by the file, for people */
};

static void
complain(struct reading *r, const char *what)
{
	r->good = false;
	r->complain(ARENA_JOIN(r->scratch, r->path, what));
}

static bool
is_key(const char *key)
{
	static const char marks[] = "_-";
	struct slice rest = { key, strlen(key) }, part;
	size_t parts = 0, i;

	if (rest.len > KEY_MAX)
		return false;
	while (text_next_part(&rest, '.', &part)) {
		if (part.len == 0 || ++parts > KEY_PARTS_MAX)
			return false;
		for (i = 0; i < part.len; i++)
			if (!text_is_alnum(part.ptr[i]) &&
			    strchr(marks, part.ptr[i]) == NULL)
				return false;
	}
	return true;
}

/* Where the last part of a key goes; NULL if a text stands in the way. */
static struct value *
group_of(struct catalogue *c, struct slice *key)
{
	const struct value *there;
	struct value *group = c->root;
	struct slice part;

	while (memchr(key->ptr, '.', key->len) != NULL) {
		(void)text_next_part(key, '.', &part);
		there = value_member(group, part);
		if (there != NULL && value_kind(there) != VALUE_OBJECT)
			return NULL;
		group = value_child(c->arena, group,
		    arena_copy(c->arena, part.ptr, part.len));
	}
	return group;
}

static bool
put_text(struct catalogue *c, const char *key, const char *text)
{
	struct slice last = { key, strlen(key) };
	const struct value *there;
	struct value *group = group_of(c, &last);

	if (group == NULL)
		return false;
	there = value_member(group, last);
	if (there != NULL && value_kind(there) == VALUE_OBJECT)
		return false;
	value_phrase(c->arena, group, last.ptr, text);
	return true;
}

static bool
is_known(const struct reading *r, const char *key)
{
	const struct value *v;

	if (r->known == NULL || text_begins(key, OWN))
		return true;
	v = value_find(r->known, key);
	return v != NULL && value_kind(v) == VALUE_PHRASE;
}

static void
take_text(struct reading *r, const struct json_text *t)
{
	const char *error;

	if (!is_key(t->name))
		complain(r, ARENA_JOIN(r->scratch, ": \"", t->name,
		    "\" cannot be a key"));
	else if (!template_is_phrase(r->scratch, t->name, t->text, &error))
		complain(r, ARENA_JOIN(r->scratch, ": ", error));
	else if (!put_text(r->catalogue, t->name, t->text))
		complain(r, ARENA_JOIN(r->scratch, ": ", t->name,
		    " is a text, and the beginning of a key"));
	else if (!is_known(r, t->name))
		complain(r, ARENA_JOIN(r->scratch, ": no key is called ",
		    t->name, "; one of your own begins with " OWN));
	if (strcmp(t->name, NAME_KEY) == 0)
		r->named = t->text[0] != '\0';
	arena_wipe(r->scratch);
}

static void
take_file(struct reading *r, const char *text)
{
	const struct json_text *t;
	unsigned int line;

	switch (json_texts(r->catalogue->arena, text, strlen(text), &t,
	    &line)) {
	case READ_MALFORMED:
		complain(r, arena_printf(r->scratch, ":%u: is no JSON, or not "
		    "one object of texts, or has a name twice", line));
		return;
	case READ_TOO_MANY:
		complain(r, arena_printf(r->scratch, ":%u: has too many texts",
		    line));
		return;
	case READ_OK:
		break;
	}
	for (; t != NULL; t = t->next)
		take_text(r, t);
}

/* Ours, which any key may be in. */
static void
take_ours(struct reading *r, const char *name)
{
	const struct value *known = r->known;

	r->known = NULL;
	r->path = name;
	take_file(r, shelf_builtin(name));
	r->known = known;
}

/* Ours, and over it an operator's; where there are such. */
static void
take_language(struct reading *r, const struct shelf *shelf, const char *tag)
{
	const char *name = arena_printf(r->catalogue->arena,
	    DIRECTORY "%s" SUFFIX, tag);
	const struct shelf_file *file = shelf_find(shelf, name);

	r->named = shelf_builtin(name) != NULL;
	if (r->named)
		take_ours(r, name);
	if (file != NULL && file->own) {
		r->path = file->path;
		take_file(r, file->text);
	}
	if (!r->named && r->good)
		complain(r, ": has no " NAME_KEY ", by which people choose "
		    "it");
}

static void
be_quiet(const char *message)
{
	(void)message;
}

/* What is wrong with the English one is told where that is the one read. */
static bool
read_catalogue(struct catalogue *c, const struct shelf *shelf,
    const struct value *known, void (*complain_to)(const char *))
{
	struct reading r = { .catalogue = c, .known = known,
	    .complain = be_quiet, .good = true };

	r.scratch = arena_new();
	c->arena = arena_new();
	c->root = value_object(c->arena);
	if (strcmp(c->tag, LANG_DEFAULT) != 0)
		take_language(&r, shelf, LANG_DEFAULT);
	r.complain = complain_to;
	take_language(&r, shelf, c->tag);
	arena_free(r.scratch);
	return r.good;
}

/* Of "lang/fr.json": how many bytes of it are the tag. */
static size_t
tag_len(const char *name)
{
	return strlen(name) - strlen(DIRECTORY) - strlen(SUFFIX);
}

static void
list_catalogues(struct lang *l, const struct shelf *shelf)
{
	const struct shelf_file *file;
	size_t i, n = 0;

	while (shelf_at(shelf, n) != NULL)
		n++;
	l->catalogue = heap_zeroed(n, sizeof(*l->catalogue));
	for (i = 0; i < n; i++) {
		file = shelf_at(shelf, i);
		if (text_begins(file->name, DIRECTORY))
			memcpy(l->catalogue[l->n++].tag,
			    file->name + strlen(DIRECTORY),
			    tag_len(file->name));
	}
}

/* Our English one, which has every key. */
static void
read_known(struct catalogue *c)
{
	struct reading r = { .catalogue = c, .complain = be_quiet };

	r.scratch = arena_new();
	c->arena = arena_new();
	c->root = value_object(c->arena);
	take_ours(&r, DIRECTORY LANG_DEFAULT SUFFIX);
	arena_free(r.scratch);
}

struct lang *
lang_open(const struct shelf *shelf, void (*complain_to)(const char *))
{
	struct lang *l = heap_zeroed(1, sizeof(*l));
	struct catalogue known;
	bool good = true;
	size_t i;

	list_catalogues(l, shelf);
	read_known(&known);
	for (i = 0; i < l->n; i++)
		if (!read_catalogue(&l->catalogue[i], shelf, known.root,
		    complain_to))
			good = false;
	arena_free(known.arena);
	if (good)
		return l;
	lang_close(l);
	return NULL;
}

void
lang_close(struct lang *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < l->n; i++)
		arena_free(l->catalogue[i].arena);
	free(l->catalogue);
	free(l);
}

/* Asking. */

static const struct catalogue *
find_exactly(const struct lang *l, struct slice tag)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (text_slice_equal_nocase(tag, l->catalogue[i].tag))
			return &l->catalogue[i];
	return NULL;
}

static struct slice
whole(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

const char *
lang_at(const struct lang *l, size_t i)
{
	return i < l->n ? l->catalogue[i].tag : NULL;
}

bool
lang_has(const struct lang *l, const char *tag)
{
	return find_exactly(l, whole(tag)) != NULL;
}

const struct value *
lang_catalogue(const struct lang *l, const char *tag)
{
	const struct catalogue *c = find_exactly(l, whole(tag));

	if (c == NULL)
		c = find_exactly(l, whole(LANG_DEFAULT));
	return c->root;
}

const char *
lang_text(const struct lang *l, const char *tag, const char *key)
{
	const struct value *v = value_find(lang_catalogue(l, tag), key);

	return v != NULL && value_kind(v) == VALUE_PHRASE ?
	    value_string(v) : NULL;
}

/* Choosing. */

/* Without its last subtag, and a single letter that then is the last. */
static void
shorten(struct slice *range)
{
	do {
		while (range->len > 0 && range->ptr[range->len - 1] != '-')
			range->len--;
		if (range->len > 0)
			range->len--;
	} while (range->len > 1 && range->ptr[range->len - 2] == '-');
}

/* RFC 4647, 3.4. */
static const struct catalogue *
find_range(const struct lang *l, struct slice range)
{
	const struct catalogue *c = NULL;

	if (range.len > LANG_TAG_MAX)
		return NULL;
	for (; c == NULL && range.len > 0; shorten(&range))
		c = find_exactly(l, range);
	return c;
}

/* A language that a browser asks for, and how much: 0 to 1000. */
struct wish {
	struct slice	 range;
	int		 weight;
};

/* RFC 9110, 12.4.2; -1 for what is no weight. */
static int
weight_of(struct slice q)
{
	int weight, scale = 100;
	size_t i;

	if (q.len == 0 || q.len > 5 || (q.ptr[0] != '0' && q.ptr[0] != '1') ||
	    (q.len > 1 && q.ptr[1] != '.'))
		return -1;
	weight = (q.ptr[0] - '0') * 1000;
	for (i = 2; i < q.len; i++, scale /= 10) {
		if (q.ptr[i] < '0' || q.ptr[i] > '9')
			return -1;
		weight += (q.ptr[i] - '0') * scale;
	}
	return weight <= 1000 ? weight : -1;
}

/* "fr-CH;q=0.8" */
static struct wish
read_wish(struct slice part)
{
	struct wish wish = { .weight = 1000 };
	struct slice q;

	(void)text_next_part(&part, ';', &wish.range);
	wish.range = text_trim(wish.range);
	if (part.ptr == NULL)
		return wish;
	q = text_trim(part);
	wish.weight = -1;
	if (q.len > 2 && text_lower(q.ptr[0]) == 'q' && q.ptr[1] == '=')
		wish.weight = weight_of((struct slice){ q.ptr + 2,
		    q.len - 2 });
	return wish;
}

static size_t
read_wishes(const char *header, struct wish *wish)
{
	struct slice rest = whole(header), part;
	size_t n = 0;

	while (n < WISHES_MAX && text_next_part(&rest, ',', &part)) {
		wish[n] = read_wish(part);
		n += wish[n].range.len > 0 && wish[n].weight >= 0;
	}
	return n;
}

static bool
is_any(const struct wish *wish)
{
	return wish->range.len == 1 && wish->range.ptr[0] == '*';
}

static bool
is_refused(const struct catalogue *c, const struct wish *wish, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (wish[i].weight == 0 &&
		    text_slice_equal_nocase(wish[i].range, c->tag))
			return true;
	return false;
}

static bool
is_named(const struct lang *l, const struct catalogue *c,
    const struct wish *wish, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_any(&wish[i]) && find_range(l, wish[i].range) == c)
			return true;
	return false;
}

/* "*" is any that is not named beside it: the default, if it may be. */
static const struct catalogue *
find_any(const struct lang *l, const struct wish *wish, size_t n)
{
	const struct catalogue *c = find_exactly(l, whole(LANG_DEFAULT));
	size_t i;

	if (!is_named(l, c, wish, n))
		return c;
	for (i = 0; i < l->n; i++)
		if (!is_named(l, &l->catalogue[i], wish, n))
			return &l->catalogue[i];
	return NULL;
}

/* Of those that are wished for as much, the first. */
static const struct catalogue *
find_wished(const struct lang *l, const char *header)
{
	const struct catalogue *best = NULL, *c;
	struct wish wish[WISHES_MAX];
	size_t n = read_wishes(header, wish), i;
	int most = 0;

	for (i = 0; i < n; i++) {
		if (wish[i].weight <= most)
			continue;
		c = is_any(&wish[i]) ? find_any(l, wish, n) :
		    find_range(l, wish[i].range);
		if (c == NULL || is_refused(c, wish, n))
			continue;
		best = c;
		most = wish[i].weight;
	}
	return best;
}

const char *
lang_choose(const struct lang *l, const char *account,
    const char *accept_language)
{
	const struct catalogue *c = NULL;

	if (account != NULL)
		c = find_range(l, whole(account));
	if (c == NULL && accept_language != NULL)
		c = find_wished(l, accept_language);
	return c != NULL ? c->tag : LANG_DEFAULT;
}
