/* The JSON reader and writer: what was read, written again, reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "unicode.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
check_pairs(const struct pairs *pairs)
{
	const struct pair *pair;
	size_t i, j;

	must(pairs->n <= PAIRS_MAX);
	must(pairs->culprit == NULL);
	for (i = 0; i < pairs->n; i++) {
		pair = &pairs->pair[i];
		must(unicode_valid(pair->name, strlen(pair->name)));
		must(unicode_valid(pair->value, strlen(pair->value)));
		must(pair->fault == PAIR_FINE || pair->fault == PAIR_TYPE);
		must(pair->fault == PAIR_FINE || pair->value[0] == '\0');
		for (j = 0; j < i; j++)
			must(strcmp(pairs->pair[j].name, pair->name) != 0);
	}
}

static void
read_back(struct arena *a, const struct pairs *pairs)
{
	struct json_member members[PAIRS_MAX] = { { .name = NULL } };
	struct pairs again;
	const char *json;
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		members[i].name = pairs->pair[i].name;
		if (pairs->pair[i].fault == PAIR_FINE)
			members[i].text = pairs->pair[i].value;
		else
			members[i].kind = JSON_NUMBER;
	}
	json = json_object(a, members, pairs->n);
	must(json_read(a, json, strlen(json), &again) == READ_OK);
	must(again.n == pairs->n);
	for (i = 0; i < pairs->n; i++) {
		must(strcmp(again.pair[i].name, pairs->pair[i].name) == 0);
		must(strcmp(again.pair[i].value, pairs->pair[i].value) == 0);
		must(again.pair[i].fault == pairs->pair[i].fault);
	}
}

static bool
all_texts(const struct pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->pair[i].fault != PAIR_FINE)
			return false;
	return true;
}

/* What is an object of texts for one reader is one for the other. */
static void
check_texts(struct arena *a, const char *data, size_t len, bool read,
    const struct pairs *pairs)
{
	const struct json_text *text;
	unsigned int line;
	size_t n = 0;
	bool good;

	good = json_texts(a, data, len, &text, &line) == READ_OK;
	must(good || !read || !all_texts(pairs));
	if (!good)
		return;
	for (; text != NULL; text = text->next, n++)
		if (read) {
			must(n < pairs->n);
			must(!strcmp(text->name, pairs->pair[n].name));
			must(!strcmp(text->text, pairs->pair[n].value));
		}
	must(read ? n == pairs->n : n > PAIRS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *body = (const char *)data;
	struct arena *a = arena_new();
	struct pairs pairs;
	bool read;

	read = json_read(a, body, len, &pairs) == READ_OK;
	if (read) {
		check_pairs(&pairs);
		read_back(a, &pairs);
	} else if (pairs.culprit != NULL) {
		must(unicode_valid(pairs.culprit, strlen(pairs.culprit)));
	}
	check_texts(a, body, len, read, &pairs);
	arena_free(a);
	return 0;
}
