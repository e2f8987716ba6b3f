#include "json.h"

#include <cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "text.h"
#include "unicode.h"

/* Bytes that cJSON may write for one of ours: \u0001. */
#define ESCAPED_MAX	6
/* Round a member: four quotes, a colon, a comma. */
#define MEMBER_EXTRA	6
/* cJSON wants five bytes of slack; braces, newline and NUL besides. */
#define NUMBER_SIZE	32
#define OBJECT_EXTRA	16

#define STRINGIFY(x)	#x
#define NUMBER(x)	STRINGIFY(x)

struct reader {
	struct arena	*arena;
	const char	*p;
	const char	*end;
	int		 depth;
	bool		 too_many;
	const char	*member;	/* of the outer object, being read */
};

static bool	read_value(struct reader *);

/* The next character; NUL at the end, which no rule of JSON allows. */
static char
peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static bool
take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
take_word(struct reader *r, const char *word)
{
	for (; *word != '\0'; word++)
		if (!take(r, *word))
			return false;
	return true;
}

static void
skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' ||
	    peek(r) == '\r')
		r->p++;
}

/* Four hexadecimal digits. */
static bool
read_unit(struct reader *r, unsigned int *unit)
{
	int i, digit;

	*unit = 0;
	for (i = 0; i < 4; i++) {
		digit = text_hex_digit(peek(r));
		if (digit < 0)
			return false;
		*unit = *unit << 4 | (unsigned int)digit;
		r->p++;
	}
	return true;
}

/*
 * What follows "\u".  C strings end at U+0000, so it is refused.  Half a
 * surrogate pair is no character.
 */
static bool
read_code_point(struct reader *r, unsigned int *code)
{
	unsigned int low;

	if (!read_unit(r, code) || *code == 0)
		return false;
	if (*code < 0xd800 || *code > 0xdfff)
		return true;
	if (*code > 0xdbff || !take_word(r, "\\u") || !read_unit(r, &low) ||
	    low < 0xdc00 || low > 0xdfff)
		return false;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* What follows a backslash. */
static bool
read_escape(struct reader *r, unsigned int *code)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (take(r, 'u'))
		return read_code_point(r, code);
	if (peek(r) == '\0')
		return false;
	found = strchr(letters, *r->p++);
	if (found == NULL)
		return false;
	*code = (unsigned char)meanings[found - letters];
	return true;
}

/* *raw is what stands between the quotes. */
static bool
read_string(struct reader *r, struct slice *raw)
{
	unsigned int code;
	const char *start;

	if (!take(r, '"'))
		return false;
	start = r->p;
	while (peek(r) != '"') {
		if ((unsigned char)peek(r) < ' ')
			return false;
		if (*r->p++ == '\\' && !read_escape(r, &code))
			return false;
	}
	*raw = (struct slice){ start, (size_t)(r->p - start) };
	r->p++;
	return unicode_valid(raw->ptr, raw->len);
}

static char *
put_utf8(char *out, unsigned int code)
{
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned int more;

	more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	*out++ = (char)(lead[more] | code >> 6 * more);
	while (more-- > 0)
		*out++ = (char)(0x80 | (code >> 6 * more & 0x3f));
	return out;
}

/* raw has passed read_string.  No escape is shorter than what it means. */
static const char *
unescape(struct arena *a, struct slice raw)
{
	struct reader r = { .p = raw.ptr, .end = raw.ptr + raw.len };
	unsigned int code;
	char *text, *out;

	text = out = arena_alloc(a, raw.len + 1);
	while (r.p < r.end) {
		if (*r.p != '\\') {
			*out++ = *r.p++;
			continue;
		}
		r.p++;
		if (!read_escape(&r, &code))
			log_abort("an escape that was judged good is bad");
		out = put_utf8(out, code);
	}
	return text;
}

static bool
read_digits(struct reader *r)
{
	const char *start = r->p;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->p++;
	return r->p > start;
}

static bool
read_number(struct reader *r)
{
	const char *start = r->p;

	(void)take(r, '-');
	if (!take(r, '0') && !read_digits(r))
		return false;
	if (take(r, '.') && !read_digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			(void)take(r, '-');
		if (!read_digits(r))
			return false;
	}
	return r->p - start <= JSON_NUMBER_MAX;
}

static bool
is_taken(const char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
has_room(struct reader *r, size_t n)
{
	r->too_many = n == PAIRS_MAX;
	return !r->too_many;
}

/* names holds those of the n members before this one, and then its own. */
static bool
read_member(struct reader *r, const char **names, size_t n)
{
	struct slice raw;

	skip_blanks(r);
	if (!read_string(r, &raw))
		return false;
	names[n] = unescape(r->arena, raw);
	if (r->depth == 1)
		r->member = names[n];
	skip_blanks(r);
	if (is_taken(names, n, names[n]) || !take(r, ':') || !read_value(r))
		return false;
	if (r->depth == 1)
		r->member = NULL;
	return true;
}

static bool
read_members(struct reader *r)
{
	const char *names[PAIRS_MAX];
	size_t n;

	skip_blanks(r);
	if (take(r, '}'))
		return true;
	for (n = 0; has_room(r, n); n++) {
		if (!read_member(r, names, n))
			return false;
		if (!take(r, ','))
			return take(r, '}');
	}
	return false;
}

static bool
read_elements(struct reader *r)
{
	size_t n;

	skip_blanks(r);
	if (take(r, ']'))
		return true;
	for (n = 0; has_room(r, n); n++) {
		if (!read_value(r))
			return false;
		if (!take(r, ','))
			return take(r, ']');
	}
	return false;
}

static bool
read_nested(struct reader *r, bool (*entries)(struct reader *))
{
	bool good;

	r->p++;
	r->depth++;
	good = r->depth <= JSON_DEPTH_MAX && entries(r);
	r->depth--;
	return good;
}

/* A value and the blanks on both its sides. */
static bool
read_value(struct reader *r)
{
	struct slice raw;
	bool good;

	skip_blanks(r);
	switch (peek(r)) {
	case '{':
		good = read_nested(r, read_members);
		break;
	case '[':
		good = read_nested(r, read_elements);
		break;
	case '"':
		good = read_string(r, &raw);
		break;
	case 't':
		good = take_word(r, "true");
		break;
	case 'f':
		good = take_word(r, "false");
		break;
	case 'n':
		good = take_word(r, "null");
		break;
	default:
		good = read_number(r);
	}
	skip_blanks(r);
	return good;
}

static enum read_result
check(struct reader *r)
{
	skip_blanks(r);
	if (peek(r) == '{' && read_value(r) && r->p == r->end)
		return READ_OK;
	return r->too_many ? READ_TOO_MANY : READ_MALFORMED;
}

/* Passwords pass through; cJSON gives its memory back as it is. */
static void
wipe(cJSON *item)
{
	for (; item != NULL; item = item->next) {
		if (item->valuestring != NULL)
			explicit_bzero(item->valuestring,
			    strlen(item->valuestring));
		wipe(item->child);
	}
}

static void
fill_pair(struct arena *a, const cJSON *item, struct pair *pair)
{
	pair->name = arena_strdup(a, item->string);
	pair->value = "";
	pair->fault = PAIR_TYPE;
	if (cJSON_IsString(item)) {
		pair->value = arena_strdup(a, item->valuestring);
		pair->fault = PAIR_FINE;
	}
}

/* The length that cJSON is told has to include the NUL that it asks for. */
static enum read_result
parse(struct arena *a, const char *body, size_t len, struct pairs *out)
{
	cJSON *root, *item;

	root = cJSON_ParseWithLengthOpts(arena_copy(a, body, len), len + 1,
	    NULL, true);
	if (root == NULL)
		return READ_MALFORMED;
	for (item = root->child; item != NULL && out->n < PAIRS_MAX;
	    item = item->next)
		fill_pair(a, item, &out->pair[out->n++]);
	wipe(root);
	cJSON_Delete(root);
	return READ_OK;
}

enum read_result
json_read(struct arena *a, const char *body, size_t len, struct pairs *out)
{
	struct reader r = { .arena = a, .p = body, .end = body + len };
	enum read_result result;

	out->n = 0;
	result = check(&r);
	out->culprit = r.member;
	return result == READ_OK ? parse(a, body, len, out) : result;
}

/* False if it is no string, or has a name that is taken. */
static bool
read_text(struct reader *r, const struct json_text *first,
    struct json_text *text)
{
	struct slice raw;

	skip_blanks(r);
	if (!read_string(r, &raw))
		return false;
	text->name = unescape(r->arena, raw);
	for (; first != NULL; first = first->next)
		if (strcmp(first->name, text->name) == 0)
			return false;
	skip_blanks(r);
	if (!take(r, ':'))
		return false;
	skip_blanks(r);
	if (!read_string(r, &raw))
		return false;
	text->text = unescape(r->arena, raw);
	skip_blanks(r);
	return true;
}

/* What follows the brace. */
static bool
read_texts(struct reader *r, const struct json_text **first)
{
	const struct json_text **end = first;
	struct json_text *text;
	size_t n;

	skip_blanks(r);
	if (take(r, '}'))
		return true;
	for (n = 0; n < JSON_TEXTS_MAX; n++) {
		text = arena_alloc(r->arena, sizeof(*text));
		if (!read_text(r, *first, text))
			return false;
		*end = text;
		end = &text->next;
		if (!take(r, ','))
			return take(r, '}');
	}
	r->too_many = true;
	return false;
}

enum read_result
json_texts(struct arena *a, const char *text, size_t len,
    const struct json_text **first, unsigned int *line)
{
	struct reader r = { .arena = a, .p = text, .end = text + len };
	bool good;

	*first = NULL;
	skip_blanks(&r);
	good = take(&r, '{') && read_texts(&r, first);
	skip_blanks(&r);
	good = good && r.p == r.end;
	for (*line = 1; text < r.p; text++)
		*line += *text == '\n';
	if (good)
		return READ_OK;
	return r.too_many ? READ_TOO_MANY : READ_MALFORMED;
}

static cJSON *make_object(const struct json_member *, size_t, size_t *);

/* Adds to *size what it may take when it is printed. */
static cJSON *
make_table(const struct json_table *t, size_t *size)
{
	cJSON *array, *object;
	size_t i;

	array = cJSON_CreateArray();
	for (i = 0; i < t->rows && array != NULL; i++) {
		object = make_object(t->cell + i * t->columns, t->columns,
		    size);
		if (!cJSON_AddItemToArray(array, object))
			log_abort("no memory");
	}
	return array;
}

static cJSON *
make_item(const struct json_member *member, size_t *size)
{
	switch (member->kind) {
	case JSON_TEXT:
		*size += ESCAPED_MAX * strlen(member->text);
		return cJSON_CreateStringReference(member->text);
	case JSON_NUMBER:
		return cJSON_CreateNumber(member->number);
	case JSON_BOOL:
		return cJSON_CreateBool(member->truth);
	case JSON_TABLE:
		break;
	}
	return make_table(member->table, size);
}

static cJSON *
make_object(const struct json_member *member, size_t n, size_t *size)
{
	cJSON *object, *item;
	size_t i;

	object = cJSON_CreateObject();
	*size += OBJECT_EXTRA;
	for (i = 0; i < n; i++) {
		*size += MEMBER_EXTRA + NUMBER_SIZE +
		    ESCAPED_MAX * strlen(member[i].name);
		item = make_item(&member[i], size);
		if (object == NULL || item == NULL ||
		    !cJSON_AddItemToObjectCS(object, member[i].name, item))
			log_abort("no memory");
	}
	return object;
}

static char *
print(struct arena *a, cJSON *object, size_t size)
{
	char *text;
	size_t len;

	text = arena_alloc(a, size);
	if (size > INT_MAX ||
	    !cJSON_PrintPreallocated(object, text, (int)size, false))
		log_abort("cJSON prints more than it may");
	len = strlen(text);
	memcpy(text + len, "\n", 2);
	return text;
}

char *
json_object(struct arena *a, const struct json_member *member, size_t n)
{
	size_t size = 0;
	cJSON *object;
	char *text;

	object = make_object(member, n, &size);
	text = print(a, object, size);
	cJSON_Delete(object);
	return text;
}

const char *
json_version(void)
{
	return "cJSON " NUMBER(CJSON_VERSION_MAJOR)
	    "." NUMBER(CJSON_VERSION_MINOR) "." NUMBER(CJSON_VERSION_PATCH);
}
