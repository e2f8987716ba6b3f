/* The cookie reader: one cookie is many once the header is there twice. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cookie.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char name[] = "session_id";

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
check_value(const char *header, enum cookie_result result, struct slice value)
{
	const char *end = header + strlen(header);

	if (result != COOKIE_ONE) {
		must(value.len == 0);
		return;
	}
	must(strstr(header, name) != NULL);
	must(value.ptr > header && value.ptr + value.len <= end);
	must(memchr(value.ptr, ';', value.len) == NULL);
}

/* As a second Cookie header is joined to the first. */
static void
check_twice(struct arena *a, const char *header, enum cookie_result result)
{
	const char *twice = arena_printf(a, "%s; %s", header, header);
	const char *more = arena_printf(a, "%s; %s=x", header, name);
	struct slice value;

	must(cookie_find(twice, name, &value) ==
	    (result == COOKIE_ONE ? COOKIE_MANY : result));
	must(cookie_find(more, name, &value) ==
	    (result == COOKIE_NONE ? COOKIE_ONE : COOKIE_MANY));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	const char *header = arena_copy(a, data, len);
	enum cookie_result result;
	struct slice value;

	result = cookie_find(header, name, &value);
	check_value(header, result, value);
	check_twice(a, header, result);
	arena_free(a);
	return 0;
}
