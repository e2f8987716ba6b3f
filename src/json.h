/*
 * json.h - the only door to cJSON: reads a body, writes an answer
 *
 * cJSON takes far more than JSON: repeated names, text cut at \u0000, raw
 * control characters, broken UTF-8, a BOM, 01, trailing garbage.  So a body
 * first passes a reader of our own that knows RFC 8259 and nothing else, and
 * only then does cJSON give the values.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "pairs.h"

#define JSON_DEPTH_MAX	4	/* objects and arrays in one another */
#define JSON_NUMBER_MAX	63	/* characters; what cJSON can hold */

/*
 * One object.  body need not end with NUL.  Its members become pairs: a
 * string is a value, anything else is PAIR_TYPE.  What it says is UTF-8 and
 * without NUL.  Names are compared after unescaping.
 *
 * READ_MALFORMED: not RFC 8259, too deep, a name twice in one object, or a
 * NUL; out->culprit is the member of the outer object whose name or value was
 * being read, or NULL.
 * READ_TOO_MANY: an object or array with more than PAIRS_MAX entries.
 */
enum read_result json_read(struct arena *, const char *body, size_t len,
    struct pairs *out);

/* A text of a flat object. */
struct json_text {
	const char	*name;
	const char	*text;
	const struct json_text *next;
};

#define JSON_TEXTS_MAX	2048

/*
 * One object that holds nothing but strings, at most JSON_TEXTS_MAX; other
 * than a body, it may be long.  *first is the first of them, NULL if there is
 * none, and they are in their order.
 * READ_MALFORMED and READ_TOO_MANY as above; *line is where.
 */
enum read_result json_texts(struct arena *, const char *text, size_t len,
    const struct json_text **first, unsigned int *line);

enum json_kind { JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_TABLE };

struct json_table;

struct json_member {
	const char	*name;
	enum json_kind	 kind;
	const char	*text;
	int		 number;
	bool		 truth;
	const struct json_table *table;
};

/* An array of objects that have as many members each. */
struct json_table {
	size_t		 rows;
	size_t		 columns;
	const struct json_member *cell;	/* row after row; no tables */
};

/*
 * A compact object of n members and a newline, in the arena.  Names and texts
 * are UTF-8 and are written as they are but for what JSON must escape: not
 * fit to stand inside HTML.
 */
char	*json_object(struct arena *, const struct json_member *, size_t n);

/* "cJSON 1.7.15" */
const char *json_version(void);

#endif
