/*
 * Templates: two bytes choose what the rest is, up to a NUL each: the file
 * that is rendered, another one, a phrase, a text.  What is rendered is text
 * that ends, and a value that is escaped cannot add an element.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"
#include "unicode.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define PARTS	4

enum part { PART_FILE, PART_OTHER, PART_PHRASE, PART_TEXT };

static const char *part[PARTS];
static struct template *file[PART_OTHER + 1];

static void
must(int holds)
{
	if (!holds)
		abort();
}

static const struct template *
find(const void *name, const char *asked)
{
	struct template *const *t = file;

	if (strcmp(asked, name) == 0)
		return *t;
	return strcmp(asked, "other") == 0 ? *++t : NULL;
}

/* More lists in one another than may be shown. */
static void
grow(struct arena *a, struct value *object, int depth)
{
	struct value *list = value_list(a, object, "list");
	int i;

	for (i = 0; depth > 0 && i < 3; i++)
		grow(a, value_item(a, list), depth - 1);
	value_item_text(a, list, "item");
}

static struct value *
plant(struct arena *a, uint8_t choice)
{
	struct value *context = value_object(a), *child;

	value_text(a, context, "text", part[PART_TEXT]);
	value_text(a, context, "none", "");
	value_flag(a, context, "yes", true);
	value_flag(a, context, "no", false);
	child = value_child(a, context, "t");
	value_phrase(a, child, "p", part[PART_PHRASE]);
	value_put(a, child, "up", context);
	grow(a, context, choice % 4);
	return context;
}

static size_t
count(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)) != NULL; text++)
		n++;
	return n;
}

/* Without raw tags, only what the files say themselves is markup. */
static void
check_escaped(const char *text)
{
	enum part i;

	for (i = PART_FILE; i <= PART_OTHER; i++)
		if (strstr(part[i], "{{{") != NULL ||
		    strchr(part[i], '&') != NULL ||
		    strchr(part[i], '<') != NULL)
			return;
	must(count(text, '<') == 0);
}

static void
read_file(struct arena *a, enum part i)
{
	const char *why;

	file[i] = template_read(a, "x", part[i], NULL, NULL, &why);
	must((file[i] == NULL) != (why == NULL));
	must(why == NULL || text_begins(why, "x:"));
}

static void
render(struct arena *a, uint8_t kind, uint8_t choice)
{
	const char *name = kind % 2 == 0 ? "x.html" : "x.txt", *text, *error;
	struct template_files files = { find, name };
	size_t i, valid = 0;

	text = template_render(a, &files, name, plant(a, choice), &error);
	must((text == NULL) != (error == NULL));
	if (text == NULL) {
		must(strchr(error, ':') != NULL);
		return;
	}
	must(strlen(text) <= TEMPLATE_OUTPUT_MAX);
	for (i = 0; i < PARTS; i++)
		valid += unicode_valid(part[i], strlen(part[i]));
	must(valid < PARTS || unicode_valid(text, strlen(text)));
	if (kind % 2 == 0)
		check_escaped(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a;
	const char *rest;
	enum part file_part;
	size_t i;

	if (len < 2)
		return 0;
	a = arena_new();
	rest = arena_copy(a, data + 2, len - 2);
	for (i = 0; i < PARTS; i++) {
		part[i] = rest;
		rest += strlen(rest);
		rest += rest < part[0] + len - 2;
	}
	for (file_part = PART_FILE; file_part <= PART_OTHER; file_part++)
		read_file(a, file_part);
	render(a, data[0], data[1]);
	for (i = PART_FILE; i <= PART_OTHER; i++)
		template_free(file[i]);
	arena_free(a);
	return 0;
}
