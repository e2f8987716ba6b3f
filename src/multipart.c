#include "multipart.h"

#include <string.h>

struct param {
	struct slice	name;
	struct slice	value;
};

struct reader {
	struct arena	*arena;
	const char	*p;
	const char	*end;
	struct slice	 line_end;	/* CRLF, "--", the boundary */
};

/* What the headers of one part say. */
struct part {
	const char	*name;		/* NULL until it was read */
	bool		 file;
	bool		 other_type;	/* not UTF-8 text/plain */
	bool		 typed;
	bool		 encoded;	/* Content-Transfer-Encoding was read */
};

static bool
is_token(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!text_is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' ||
		    strchr("!#$%&'*+-.^_`{|}~", s.ptr[i]) == NULL))
			return false;
	return s.len > 0;
}

static bool
is_boundary(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!text_is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' ||
		    strchr("'()+_,-./:=? ", s.ptr[i]) == NULL))
			return false;
	return s.len > 0 && s.len <= MULTIPART_BOUNDARY_MAX &&
	    s.ptr[s.len - 1] != ' ';
}

static void
skip(struct slice *s, size_t n)
{
	s->ptr += n;
	s->len -= n;
}

/*
 * A quoted string ends at the next double quote.  A backslash is a character
 * like others: browsers write %22 for a quote in a name and leave a backslash
 * as it is.
 */
static bool
take_quoted(struct slice *rest, struct slice *value)
{
	skip(rest, 1);
	return text_next_part(rest, '"', value) && rest->ptr != NULL;
}

static void
take_plain(struct slice *rest, struct slice *value)
{
	size_t n;

	for (n = 0; n < rest->len && rest->ptr[n] != ';'; n++)
		;
	*value = text_trim((struct slice){ rest->ptr, n });
	skip(rest, n);
}

/* Blanks may follow a value, but none stands before it. */
static bool
take_value(struct slice *rest, struct slice *value)
{
	const char *start = rest->ptr;

	if (rest->len > 0 && rest->ptr[0] == '"')
		return take_quoted(rest, value);
	take_plain(rest, value);
	return value->ptr == start && is_token(*value);
}

/*
 * Takes one parameter off "; name=value; ...".  False if there is none left
 * (rest->len is 0 then) or if it is no parameter.
 */
static bool
next_param(struct slice *rest, struct param *param)
{
	*rest = text_trim(*rest);
	if (rest->len > 0 && rest->ptr[0] == ';')
		skip(rest, 1);
	*rest = text_trim(*rest);
	if (rest->len == 0)
		return false;
	if (!text_next_part(rest, '=', &param->name) || rest->ptr == NULL ||
	    !is_token(param->name) || !take_value(rest, &param->value)) {
		*rest = (struct slice){ "?", 1 };
		return false;
	}
	*rest = text_trim(*rest);
	return rest->len == 0 || rest->ptr[0] == ';';
}

/* In a Content-Type a backslash would quote; nobody needs it to. */
bool
multipart_boundary(struct slice rest, struct slice *out)
{
	struct param param;
	bool found = false;

	while (next_param(&rest, &param)) {
		if (memchr(param.value.ptr, '\\', param.value.len) != NULL)
			return false;
		if (!text_slice_equal_nocase(param.name, "boundary"))
			continue;
		if (found || !is_boundary(param.value))
			return false;
		*out = param.value;
		found = true;
	}
	return found && rest.len == 0;
}

/* WHATWG HTML: in a name, these three are what had to be escaped. */
static char
unescape(const char *p, size_t len)
{
	if (len < 3 || p[0] != '%')
		return '\0';
	if (p[1] == '2' && p[2] == '2')
		return '"';
	if (p[1] == '0' && text_lower(p[2]) == 'd')
		return '\r';
	if (p[1] == '0' && text_lower(p[2]) == 'a')
		return '\n';
	return '\0';
}

static const char *
decode_name(struct arena *a, struct slice raw)
{
	char *name, c;
	size_t i, n;

	name = arena_alloc(a, raw.len + 1);
	for (i = n = 0; i < raw.len; i++, n++) {
		c = unescape(raw.ptr + i, raw.len - i);
		name[n] = c != '\0' ? c : raw.ptr[i];
		if (c != '\0')
			i += 2;
	}
	return name;
}

/* name* would be a second name; filename* is a file all the same. */
static bool
take_disposition_param(struct arena *a, const struct param *param,
    struct part *part)
{
	if (text_slice_equal_nocase(param->name, "name*"))
		return false;
	if (text_slice_equal_nocase(param->name, "filename") ||
	    text_slice_equal_nocase(param->name, "filename*"))
		part->file = true;
	if (!text_slice_equal_nocase(param->name, "name"))
		return true;
	if (part->name != NULL)
		return false;
	part->name = decode_name(a, param->value);
	return true;
}

static struct slice
take_media_type(struct slice *rest)
{
	struct slice type;

	take_plain(rest, &type);
	return type;
}

static bool
take_disposition(struct arena *a, struct slice rest, struct part *part)
{
	struct param param;

	if (part->name != NULL ||
	    !text_slice_equal_nocase(take_media_type(&rest), "form-data"))
		return false;
	while (next_param(&rest, &param))
		if (!take_disposition_param(a, &param, part))
			return false;
	return part->name != NULL && rest.len == 0;
}

static bool
is_utf8(struct slice charset)
{
	return text_slice_equal_nocase(charset, "utf-8") ||
	    text_slice_equal_nocase(charset, "us-ascii");
}

static bool
take_type(struct slice rest, struct part *part)
{
	struct param param;

	if (part->typed)
		return false;
	part->typed = true;
	part->other_type =
	    !text_slice_equal_nocase(take_media_type(&rest), "text/plain");
	while (next_param(&rest, &param))
		if (text_slice_equal_nocase(param.name, "charset") &&
		    !is_utf8(param.value))
			part->other_type = true;
	return rest.len == 0;
}

/* RFC 7578, 4.7: not to be used; what changes no byte is let pass. */
static bool
take_encoding(struct slice value, struct part *part)
{
	if (part->encoded)
		return false;
	part->encoded = true;
	return text_slice_equal_nocase(value, "7bit") ||
	    text_slice_equal_nocase(value, "8bit") ||
	    text_slice_equal_nocase(value, "binary");
}

static bool
take_header(struct arena *a, struct slice line, struct part *part)
{
	struct slice name, value;

	if (!text_next_part(&line, ':', &name) || line.ptr == NULL ||
	    !is_token(name))
		return false;
	value = text_trim(line);
	if (text_slice_equal_nocase(name, "content-disposition"))
		return take_disposition(a, value, part);
	if (text_slice_equal_nocase(name, "content-type"))
		return take_type(value, part);
	if (text_slice_equal_nocase(name, "content-transfer-encoding"))
		return take_encoding(value, part);
	return true;
}

static bool
begins(const char *p, const char *end, struct slice what)
{
	return (size_t)(end - p) >= what.len &&
	    memcmp(p, what.ptr, what.len) == 0;
}

/* Where what stands between p and end, or NULL. */
static const char *
find(const char *p, const char *end, struct slice what)
{
	while (p < end) {
		p = memchr(p, what.ptr[0], (size_t)(end - p));
		if (p == NULL || begins(p, end, what))
			return p;
		p++;
	}
	return NULL;
}

static bool
take(struct reader *r, const char *s)
{
	struct slice what = { s, strlen(s) };

	if (!begins(r->p, r->end, what))
		return false;
	r->p += what.len;
	return true;
}

/* Control characters have no place in a header, the tab excepted. */
static bool
is_line(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') ||
		    s.ptr[i] == 0x7f)
			return false;
	return true;
}

static bool
next_line(struct reader *r, struct slice *line)
{
	const struct slice crlf = { "\r\n", 2 };
	const char *found;

	found = find(r->p, r->end, crlf);
	if (found == NULL)
		return false;
	*line = (struct slice){ r->p, (size_t)(found - r->p) };
	r->p = found + 2;
	return is_line(*line);
}

/* The headers and the empty line after them. */
static bool
read_headers(struct reader *r, struct part *part)
{
	const char *start = r->p;
	struct slice line;
	int lines;

	for (lines = 0; lines <= MULTIPART_LINES_MAX; lines++) {
		if (!next_line(r, &line) ||
		    r->p - start > MULTIPART_HEADER_MAX)
			return false;
		if (line.len == 0)
			return part->name != NULL;
		if (!take_header(r->arena, line, part))
			return false;
	}
	return false;
}

static void
fill_pair(struct arena *a, const struct part *part, struct slice value,
    struct pair *pair)
{
	pair->name = part->name;
	pair->value = "";
	pair->fault = PAIR_FINE;
	if (part->file || part->other_type)
		pair->fault = PAIR_TYPE;
	else if (memchr(value.ptr, '\0', value.len) != NULL)
		pair->fault = PAIR_NUL;
	else
		pair->value = arena_copy(a, value.ptr, value.len);
}

/* From behind the CRLF of a boundary to behind the next boundary. */
static enum read_result
read_part(struct reader *r, struct pairs *out)
{
	struct part part = { .name = NULL };
	struct slice value;
	const char *found;
	bool good;

	if (out->n == PAIRS_MAX)
		return READ_TOO_MANY;
	good = read_headers(r, &part);
	out->culprit = part.name;
	if (!good)
		return READ_MALFORMED;
	found = find(r->p, r->end, r->line_end);
	if (found == NULL)
		return READ_MALFORMED;
	value = (struct slice){ r->p, (size_t)(found - r->p) };
	fill_pair(r->arena, &part, value, &out->pair[out->n++]);
	out->culprit = NULL;
	r->p = found + r->line_end.len;
	return READ_OK;
}

static struct slice
make_line_end(struct arena *a, struct slice boundary)
{
	char *s;

	s = arena_alloc(a, 4 + boundary.len);
	memcpy(s, "\r\n--", 4);
	memcpy(s + 4, boundary.ptr, boundary.len);
	return (struct slice){ s, 4 + boundary.len };
}

/* The first boundary stands at the very start: there is no line to end. */
static bool
read_start(struct reader *r)
{
	struct slice first = { r->line_end.ptr + 2, r->line_end.len - 2 };

	if (!begins(r->p, r->end, first))
		return false;
	r->p += first.len;
	return true;
}

enum read_result
multipart_read(struct arena *a, struct slice boundary, const char *body,
    size_t len, struct pairs *out)
{
	struct reader r = { .arena = a, .p = body, .end = body + len };
	enum read_result result = READ_OK;

	out->n = 0;
	out->culprit = NULL;
	r.line_end = make_line_end(a, boundary);
	if (!read_start(&r))
		return READ_MALFORMED;
	while (result == READ_OK && !take(&r, "--"))
		result = take(&r, "\r\n") ?
		    read_part(&r, out) : READ_MALFORMED;
	if (result != READ_OK)
		return result;
	(void)take(&r, "\r\n");
	return r.p == r.end ? READ_OK : READ_MALFORMED;
}
