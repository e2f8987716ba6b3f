#include "rows.h"

#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "pairs.h"

#define SQLITE_MAGIC	"SQLite format 3"	/* and its NUL */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"
/* shadow(5): the day on which the account ends is the eighth of nine. */
#define SHADOW_FIELDS	9
#define SHADOW_END	7

const char rows_none[] = "";

size_t
rows_mark(const char *head, size_t len)
{
	size_t mark = strlen(BYTE_ORDER_MARK);

	return len >= mark && memcmp(head, BYTE_ORDER_MARK, mark) == 0 ?
	    mark : 0;
}

/* A database or a text: its first line that says something tells which. */
enum rows_format
rows_format(const char *head, size_t len)
{
	struct slice rest = { head, len }, line;

	if (len >= sizeof(SQLITE_MAGIC) &&
	    memcmp(head, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) == 0)
		return ROWS_SQLITE;
	rest.ptr += rows_mark(head, len);
	rest.len -= rows_mark(head, len);
	while (text_next_part(&rest, '\n', &line)) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		line = text_trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (line.ptr[0] == '{')
			return ROWS_JSON;
		return memchr(line.ptr, ':', line.len) != NULL ?
		    ROWS_COLONS : ROWS_UNKNOWN;
	}
	return ROWS_UNKNOWN;
}

static const char *
read_colons(struct slice line, struct row *out)
{
	struct slice rest = line, part, end = { line.ptr, 0 };
	size_t n;

	if (line.ptr[0] == '#')
		return rows_none;
	if (memchr(line.ptr, ':', line.len) == NULL)
		return "there is no colon in it";
	(void)text_next_part(&rest, ':', &out->email);
	(void)text_next_part(&rest, ':', &out->hash);
	for (n = 2; text_next_part(&rest, ':', &part); n++)
		if (n == SHADOW_END)
			end = part;
	return n == SHADOW_FIELDS && end.len > 0 ?
	    "the account has a day on which it ends" : NULL;
}

static struct slice
slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static const char *
read_json(struct arena *a, struct slice line, struct row *out)
{
	struct pairs pairs;
	const struct pair *p;
	const char *why = NULL;

	if (json_read(a, line.ptr, line.len, &pairs) != READ_OK)
		return "it is not one JSON object";
	for (p = pairs.pair; p < pairs.pair + pairs.n; p++) {
		if (strcmp(p->name, "email") == 0)
			out->email = slice_of(p->value);
		else if (strcmp(p->name, "hash") == 0)
			out->hash = slice_of(p->value);
		else
			why = "it has a member that is not taken over";
		if (p->fault != PAIR_FINE && why == NULL)
			why = "email and hash are not both texts";
	}
	return why != NULL || pairs.n == 2 ? why :
	    "email and hash are not both there";
}

const char *
rows_read(enum rows_format format, struct arena *a, struct slice line,
    struct row *out)
{
	*out = (struct row){ .email = { "", 0 }, .hash = { "", 0 } };
	if (line.len > ROWS_LINE_MAX)
		return "the line is too long";
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (text_trim(line).len == 0)
		return rows_none;
	return format == ROWS_JSON ? read_json(a, line, out) :
	    read_colons(line, out);
}

struct slice
rows_unquoted(struct slice hash)
{
	if (hash.len > 4 && memcmp(hash.ptr, "b'$", 3) == 0 &&
	    hash.ptr[hash.len - 1] == '\'')
		hash = (struct slice){ hash.ptr + 2, hash.len - 3 };
	return hash;
}
