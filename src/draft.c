#include "draft.h"

#include <string.h>

#include "text.h"

#define DIRECTORY	"mail/"
#define SUFFIX		".txt"

static bool
is_kind(const char *s)
{
	return s[0] != '\0' && strspn(s, "abcdefghijklmnopqrstuvwxyz-_") ==
	    strlen(s);
}

static const char *
split(struct arena *a, const char *rendered, struct draft *out)
{
	size_t len = strcspn(rendered, "\n");
	const char *rest = rendered + len;

	if (len == 0 || *rest != '\n' || rest[1] != '\n')
		return "the template has no subject with an empty line "
		    "after it";
	out->subject = arena_copy(a, rendered, len);
	out->body = rest + 2;
	return NULL;
}

const char *
draft_write(const struct shelf *s, struct arena *a, const char *kind,
    const struct value *context, struct draft *out)
{
	const char *rendered, *fault;

	if (!is_kind(kind))
		return "there is no such kind of mail";
	rendered = shelf_render(s, a, ARENA_JOIN(a, DIRECTORY, kind, SUFFIX),
	    context, &fault);
	return rendered == NULL ? fault : split(a, rendered, out);
}

/* The kind of mail/KIND.txt; NULL for any other file. */
static const char *
kind_of(struct arena *a, const char *name)
{
	size_t len = strlen(name);
	const char *kind;

	if (!text_begins(name, DIRECTORY))
		return NULL;
	kind = arena_copy(a, name + strlen(DIRECTORY),
	    len - strlen(DIRECTORY) - strlen(SUFFIX));
	return is_kind(kind) ? kind : NULL;
}

/* Something for whatever a mail may tell; what it is does not matter. */
static const struct value *
sample(struct arena *a, const struct lang *l, const char *tag)
{
	static const char *const names[] = { "site", "contact", "link",
	    "code", "minutes", "hours", "time", "network", "browser" };
	struct value *root = value_object(a);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		value_text(a, root, names[i], names[i]);
	value_put(a, root, "t", lang_catalogue(l, tag));
	return root;
}

/*
 * NULL, or what is wrong in the first language of which something is; its tag
 * goes before that unless something is wrong in each.
 */
static const char *
fault_of(const struct shelf *s, struct arena *a, const struct lang *l,
    const char *kind)
{
	const char *first = NULL, *where = "", *fault, *tag;
	struct draft draft;
	bool each = true;
	size_t i;

	for (i = 0; (tag = lang_at(l, i)) != NULL; i++) {
		fault = draft_write(s, a, kind, sample(a, l, tag), &draft);
		each = each && fault != NULL;
		if (first == NULL && fault != NULL) {
			first = fault;
			where = tag;
		}
	}
	return first == NULL || each ? first :
	    ARENA_JOIN(a, "in ", where, ", ", first);
}

bool
draft_judge(const struct shelf *s, const struct lang *l,
    void (*complain)(const char *message))
{
	struct arena *a = arena_new();
	const struct shelf_file *file;
	const char *kind, *fault;
	bool good = true;
	size_t i;

	for (i = 0; (file = shelf_at(s, i)) != NULL; i++) {
		if ((kind = kind_of(a, file->name)) == NULL)
			continue;
		if ((fault = fault_of(s, a, l, kind)) != NULL) {
			good = false;
			complain(ARENA_JOIN(a, file->path, ": ", fault));
		}
		arena_wipe(a);
	}
	arena_free(a);
	return good;
}
