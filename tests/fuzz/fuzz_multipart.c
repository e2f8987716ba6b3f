/*
 * The multipart reader.  The first line of the input is the parameters of a
 * Content-Type, the rest is the body.  A value stands in the body as it is
 * given, and what was read reads back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "multipart.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static char *
put(char *out, const char *s, size_t len)
{
	memcpy(out, s, len);
	return out + len;
}

static char *
put_text(char *out, const char *s)
{
	return put(out, s, strlen(s));
}

/* A percent sign of a name is one only if no escape begins there. */
static char *
put_name(char *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '"')
			out = put_text(out, "%22");
		else if (*s == '\r')
			out = put_text(out, "%0D");
		else if (*s == '\n')
			out = put_text(out, "%0A");
		else
			*out++ = *s;
	return out;
}

static int
looks_escaped(const char *name)
{
	return strstr(name, "%22") != NULL || strstr(name, "%0") != NULL;
}

static char *
put_part(char *out, struct slice boundary, const struct pair *pair)
{
	out = put(put_text(out, "--"), boundary.ptr, boundary.len);
	out = put_text(out, "\r\nContent-Disposition: form-data; name=\"");
	out = put_text(put_name(out, pair->name), "\"");
	if (pair->fault == PAIR_TYPE)
		out = put_text(out, "; filename=\"\"");
	out = put_text(put_text(out, "\r\n\r\n"), pair->value);
	if (pair->fault == PAIR_NUL)
		*out++ = '\0';
	return put_text(out, "\r\n");
}

static void
read_back(struct arena *a, struct slice boundary, const struct pairs *pairs,
    size_t len)
{
	struct pairs again;
	char *body, *out;
	size_t i;

	body = out = arena_alloc(a, 3 * len + (PAIRS_MAX + 1) * 160);
	for (i = 0; i < pairs->n; i++) {
		if (looks_escaped(pairs->pair[i].name) ||
		    strlen(pairs->pair[i].name) > 300)
			return;
		out = put_part(out, boundary, &pairs->pair[i]);
	}
	out = put(put_text(out, "--"), boundary.ptr, boundary.len);
	out = put_text(out, "--\r\n");
	must(multipart_read(a, boundary, body, (size_t)(out - body),
	    &again) == READ_OK);
	must(again.n == pairs->n);
	for (i = 0; i < pairs->n; i++) {
		must(strcmp(again.pair[i].name, pairs->pair[i].name) == 0);
		must(strcmp(again.pair[i].value, pairs->pair[i].value) == 0);
		must(again.pair[i].fault == pairs->pair[i].fault);
	}
}

static void
check(struct arena *a, struct slice boundary, struct slice body)
{
	struct pairs pairs;
	const char *value;
	size_t i, given = 0;

	if (multipart_read(a, boundary, body.ptr, body.len, &pairs) !=
	    READ_OK)
		return;
	must(pairs.n <= PAIRS_MAX);
	must(pairs.culprit == NULL);
	for (i = 0; i < pairs.n; i++) {
		value = pairs.pair[i].value;
		must(memmem(body.ptr, body.len, value, strlen(value)) != NULL);
		must(pairs.pair[i].fault == PAIR_FINE || *value == '\0');
		given += strlen(pairs.pair[i].name) + strlen(value);
	}
	must(given < body.len);
	read_back(a, boundary, &pairs, body.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice rest = { (const char *)data, len }, params, boundary;
	struct arena *a;

	if (len == 0 || !text_next_part(&rest, '\n', &params) ||
	    rest.ptr == NULL)
		return 0;
	if (!multipart_boundary(params, &boundary))
		boundary = (struct slice){ "b", 1 };
	must(boundary.len >= 1 && boundary.len <= MULTIPART_BOUNDARY_MAX);
	a = arena_new();
	check(a, boundary, rest);
	arena_free(a);
	return 0;
}
