#include "form.h"

#include <string.h>

#include "text.h"

/* The byte of the escape at p, or -1. */
static int
unescape(const char *p, const char *end)
{
	int high, low;

	if (end - p < 3)
		return -1;
	high = text_hex_digit(p[1]);
	low = text_hex_digit(p[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/*
 * The next byte of a name or value, or -1 for a bad escape.  What it gives is
 * never looked at again, so nothing is decoded twice.
 */
static int
next_byte(const char **p, const char *end)
{
	int byte;

	byte = (unsigned char)**p;
	if (byte == '%') {
		byte = unescape(*p, end);
		*p += byte < 0 ? 1 : 3;
		return byte;
	}
	++*p;
	return byte == '+' ? ' ' : byte;
}

static enum pair_fault
decode(struct arena *a, struct slice raw, const char **out)
{
	const char *p, *end;
	char *text;
	size_t n;
	int byte;

	*out = "";
	text = arena_alloc(a, raw.len + 1);
	end = raw.ptr + raw.len;
	for (p = raw.ptr, n = 0; p < end; n++) {
		byte = next_byte(&p, end);
		if (byte < 0)
			return PAIR_ESCAPE;
		if (byte == '\0')
			return PAIR_NUL;
		text[n] = (char)byte;
	}
	*out = text;
	return PAIR_FINE;
}

static enum read_result
read_part(struct arena *a, struct slice part, struct pairs *out)
{
	struct slice name;
	struct pair *pair;

	if (out->n == PAIRS_MAX)
		return READ_TOO_MANY;
	pair = &out->pair[out->n];
	(void)text_next_part(&part, '=', &name);
	if (decode(a, name, &pair->name) != PAIR_FINE)
		return READ_MALFORMED;
	if (part.ptr == NULL)
		part = (struct slice){ "", 0 };
	pair->fault = decode(a, part, &pair->value);
	out->n++;
	return READ_OK;
}

enum read_result
form_read(struct arena *a, const char *body, size_t len, struct pairs *out)
{
	struct slice rest = { body, len };
	enum read_result result = READ_OK;
	struct slice part;

	out->n = 0;
	out->culprit = NULL;
	while (result == READ_OK && text_next_part(&rest, '&', &part))
		if (part.len > 0)
			result = read_part(a, part, out);
	return result;
}
