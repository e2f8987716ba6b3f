#include "cookie.h"

#include <string.h>

static bool
is_named(struct slice s, const char *name)
{
	return s.len == strlen(name) && memcmp(s.ptr, name, s.len) == 0;
}

static struct slice
unquote(struct slice s)
{
	if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
		return (struct slice){ s.ptr + 1, s.len - 2 };
	return s;
}

/* A part without '=' has no name; browsers send one for "Set-Cookie: x". */
static bool
read_pair(struct slice part, const char *name, struct slice *value)
{
	struct slice found;

	if (memchr(part.ptr, '=', part.len) == NULL)
		return false;
	(void)text_next_part(&part, '=', &found);
	*value = unquote(text_trim(part));
	return is_named(text_trim(found), name);
}

enum cookie_result
cookie_find(const char *header, const char *name, struct slice *value)
{
	struct slice rest, part, found;
	enum cookie_result result = COOKIE_NONE;

	*value = (struct slice){ "", 0 };
	if (header == NULL)
		return COOKIE_NONE;
	rest = (struct slice){ header, strlen(header) };
	while (text_next_part(&rest, ';', &part)) {
		if (!read_pair(part, name, &found))
			continue;
		if (result == COOKIE_ONE) {
			*value = (struct slice){ "", 0 };
			return COOKIE_MANY;
		}
		*value = found;
		result = COOKIE_ONE;
	}
	return result;
}
