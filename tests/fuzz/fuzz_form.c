/* The form reader: what it gives is no longer than the body, and reads back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static char *
escape(char *out, const char *s)
{
	for (; *s != '\0'; s++)
		out += sprintf(out, "%%%02x", (unsigned int)(unsigned char)*s);
	return out;
}

/* Every byte escaped, the pairs are what they were. */
static void
read_back(struct arena *a, const struct pairs *pairs, size_t len)
{
	struct pairs again;
	char *body, *out;
	size_t i;

	body = out = arena_alloc(a, 3 * len + 2 * PAIRS_MAX + 1);
	for (i = 0; i < pairs->n; i++) {
		out = escape(out, pairs->pair[i].name);
		*out++ = '=';
		out = escape(out, pairs->pair[i].value);
		*out++ = '&';
	}
	must(form_read(a, body, (size_t)(out - body), &again) == READ_OK);
	must(again.n == pairs->n);
	for (i = 0; i < pairs->n; i++) {
		must(strcmp(again.pair[i].name, pairs->pair[i].name) == 0);
		must(strcmp(again.pair[i].value, pairs->pair[i].value) == 0);
		must(again.pair[i].fault == PAIR_FINE);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	struct pairs pairs;
	size_t i, given = 0;

	if (form_read(a, (const char *)data, len, &pairs) == READ_OK) {
		must(pairs.n <= PAIRS_MAX);
		for (i = 0; i < pairs.n; i++) {
			given += strlen(pairs.pair[i].name) +
			    strlen(pairs.pair[i].value);
			must(pairs.pair[i].fault == PAIR_FINE ||
			    pairs.pair[i].value[0] == '\0');
		}
		must(given <= len);
		read_back(a, &pairs, len);
	}
	arena_free(a);
	return 0;
}
