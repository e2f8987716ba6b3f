/* What the form reader makes of a body, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "stage.h"

static struct pairs pairs;

static enum read_result
read_bytes(const char *body, size_t len)
{
	char *copy = helper_exact(body, len);
	enum read_result result;

	result = form_read(arena, copy, len, &pairs);
	free(copy);
	return result;
}

static enum read_result
read_text(const char *body)
{
	return read_bytes(body, strlen(body));
}

static void
is_pair(size_t i, const char *name, const char *value, enum pair_fault fault)
{
	assert_true(i < pairs.n);
	assert_string_equal(pairs.pair[i].name, name);
	assert_string_equal(pairs.pair[i].value, value);
	assert_int_equal(pairs.pair[i].fault, fault);
}

static void
names_and_values_are_decoded(void **state)
{
	static const struct {
		const char *body, *name, *value;
	} rows[] = {
		{ "a=b", "a", "b" },
		{ "email=a%40b.example", "email", "a@b.example" },
		{ "%65mail=x", "email", "x" },
		{ "a=b+c", "a", "b c" },
		{ "a+b=c", "a b", "c" },
		{ "a=b%2Bc", "a", "b+c" },
		{ "a=%2b%2B", "a", "++" },
		{ "a=%26%3d", "a", "&=" },
		{ "a=b=c=d", "a", "b=c=d" },
		{ "a==", "a", "=" },
		{ "=b", "", "b" },
		{ "=", "", "" },
		{ "a", "a", "" },
		{ "a=", "a", "" },
		{ "a=%C3%A9", "a", "\xc3\xa9" },
		{ "a=\xc3\xa9", "a", "\xc3\xa9" },
		{ "a=%ff", "a", "\xff" },
		{ "a=x\r\n", "a", "x\r\n" },
		{ "a=b;c=d", "a", "b;c=d" },
		{ "a= b ", "a", " b " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_text(rows[i].body), READ_OK);
		assert_int_equal(pairs.n, 1);
		is_pair(0, rows[i].name, rows[i].value, PAIR_FINE);
	}
}

static void
nothing_is_decoded_twice(void **state)
{
	(void)state;
	assert_int_equal(read_text("a=%2541&b=%252B&c=%2500"), READ_OK);
	is_pair(0, "a", "%41", PAIR_FINE);
	is_pair(1, "b", "%2B", PAIR_FINE);
	is_pair(2, "c", "%00", PAIR_FINE);
}

static void
empty_parts_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(read_text("&a=1&&b=2&"), READ_OK);
	assert_int_equal(pairs.n, 2);
	is_pair(0, "a", "1", PAIR_FINE);
	is_pair(1, "b", "2", PAIR_FINE);
	assert_int_equal(read_text(""), READ_OK);
	assert_int_equal(pairs.n, 0);
	assert_int_equal(read_text("&&&&&&&&&&&&&&&&&&&&&&&&"), READ_OK);
	assert_int_equal(pairs.n, 0);
}

static void
no_body_at_all_is_no_pairs(void **state)
{
	(void)state;
	assert_int_equal(form_read(arena, NULL, 0, &pairs), READ_OK);
	assert_int_equal(pairs.n, 0);
}

static void
repeated_names_are_all_given(void **state)
{
	(void)state;
	assert_int_equal(read_text("a=1&a=2&%61=3"), READ_OK);
	assert_int_equal(pairs.n, 3);
	is_pair(0, "a", "1", PAIR_FINE);
	is_pair(1, "a", "2", PAIR_FINE);
	is_pair(2, "a", "3", PAIR_FINE);
}

static void
b67_bad_escape_in_a_value_is_marked(void **state)
{
	static const char *const bodies[] = {
		"a=%", "a=%4", "a=%g0", "a=%0g", "a=%%41", "a=x%", "a=%-1",
		"a=%+1", "a=% 1", "a=%u0041", "a=%4&",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(read_text(bodies[i]), READ_OK);
		assert_int_equal(pairs.n, 1);
		is_pair(0, "a", "", PAIR_ESCAPE);
	}
}

static void
escape_does_not_reach_into_the_next_part(void **state)
{
	(void)state;
	assert_int_equal(read_text("a=%4&1=b"), READ_OK);
	is_pair(0, "a", "", PAIR_ESCAPE);
	is_pair(1, "1", "b", PAIR_FINE);
}

static void
b67_nul_in_a_value_is_marked(void **state)
{
	(void)state;
	assert_int_equal(read_text("a=x%00y&b=2"), READ_OK);
	is_pair(0, "a", "", PAIR_NUL);
	is_pair(1, "b", "2", PAIR_FINE);
	assert_int_equal(read_bytes("a=x\0y&b=2", 9), READ_OK);
	is_pair(0, "a", "", PAIR_NUL);
	is_pair(1, "b", "2", PAIR_FINE);
}

static void
b67_fault_in_a_name_is_malformed(void **state)
{
	(void)state;
	assert_int_equal(read_text("em%00ail=x"), READ_MALFORMED);
	assert_int_equal(read_bytes("em\0ail=x", 8), READ_MALFORMED);
	assert_int_equal(read_bytes("\0", 1), READ_MALFORMED);
	assert_int_equal(read_text("em%ail=x"), READ_MALFORMED);
	assert_int_equal(read_text("a=1&b%=x"), READ_MALFORMED);
	assert_int_equal(read_text("%"), READ_MALFORMED);
}

static void
more_than_sixteen_pairs_are_too_many(void **state)
{
	char body[3 * (PAIRS_MAX + 1) + 1] = "";
	int i;

	(void)state;
	for (i = 0; i < PAIRS_MAX; i++)
		strcat(body, "a=&");
	assert_int_equal(read_text(body), READ_OK);
	assert_int_equal(pairs.n, PAIRS_MAX);
	strcat(body, "a=");
	assert_int_equal(read_text(body), READ_TOO_MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_values_are_decoded),
		cmocka_unit_test(nothing_is_decoded_twice),
		cmocka_unit_test(empty_parts_are_skipped),
		cmocka_unit_test(no_body_at_all_is_no_pairs),
		cmocka_unit_test(repeated_names_are_all_given),
		cmocka_unit_test(b67_bad_escape_in_a_value_is_marked),
		cmocka_unit_test(escape_does_not_reach_into_the_next_part),
		cmocka_unit_test(b67_nul_in_a_value_is_marked),
		cmocka_unit_test(b67_fault_in_a_name_is_malformed),
		cmocka_unit_test(more_than_sixteen_pairs_are_too_many),
	};

	return cmocka_run_group_tests_name("form", tests, stage_arena,
	    stage_clear);
}
