/*
 * What gatelodgectl imports: a line in each format, and a hash.  What is let
 * in has the shape that libxcrypt and libargon2 rely on, and costs no more
 * than it may.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "rows.h"
#include "scheme.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
check_argon2(const char *hash)
{
	struct scheme_argon2 a;

	scheme_read_argon2(hash, &a);
	must(a.passes >= 1 && a.passes <= SCHEME_ARGON2_TIME_MAX);
	must(a.lanes >= 1 && a.lanes <= SCHEME_ARGON2_LANES_MAX);
	must(a.kib >= 8 * a.lanes && a.kib <= SCHEME_MEMORY_MIB_MAX * 1024);
	must(a.kib * a.passes <= SCHEME_ARGON2_WORK_MIB_MAX * 1024);
	must(a.salt_len >= 11 && a.salt_len <= 64);
	must(a.sum_len >= 22 && a.sum_len <= 86);
	must(a.sum + a.sum_len == hash + strlen(hash));
}

static void
check_hash(const char *hash)
{
	const char *why;
	enum scheme scheme = scheme_of(hash, &why);

	must((scheme == SCHEME_REFUSED) == (why != NULL));
	if (scheme == SCHEME_REFUSED)
		return;
	must(hash[0] == '$' && strlen(hash) <= SCHEME_HASH_MAX);
	must(strpbrk(hash, " :;*!\\\t\r\n") == NULL);
	must(scheme_name(scheme) != NULL);
	if (scheme == SCHEME_ARGON2ID || scheme == SCHEME_ARGON2I)
		check_argon2(hash);
}

static void
check_line(struct arena *a, enum rows_format format, struct slice line)
{
	struct row row;
	const char *why = rows_read(format, a, line, &row);
	struct slice hash;

	must(row.email.ptr != NULL && row.hash.ptr != NULL);
	must(row.email.len <= ROWS_LINE_MAX && row.hash.len <= ROWS_LINE_MAX);
	if (why != NULL)
		return;
	hash = rows_unquoted(row.hash);
	must(hash.len <= row.hash.len);
	check_hash(arena_copy(a, hash.ptr, hash.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice file = { (const char *)data, len }, rest = file, line;
	struct arena *a = arena_new();
	enum rows_format format = rows_format(file.ptr, file.len);

	must((int)format >= 0 && format <= ROWS_UNKNOWN);
	check_hash(arena_copy(a, file.ptr, file.len));
	while (text_next_part(&rest, '\n', &line)) {
		check_line(a, ROWS_COLONS, line);
		check_line(a, ROWS_JSON, line);
		arena_wipe(a);
	}
	arena_free(a);
	return 0;
}
