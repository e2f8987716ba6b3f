/* UTF-8, normal forms and domain names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stage.h"
#include "unicode.h"

static void
well_formed_utf8_is_valid(void **state)
{
	static const char *const rows[] = {
		"", "abc", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_true(unicode_valid(rows[i], strlen(rows[i])));
	assert_true(unicode_valid("a\0b", 3));
}

static void
b67_malformed_utf8_is_not(void **state)
{
	static const char *const rows[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2(",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff",
		"ok\x80",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_false(unicode_valid(rows[i], strlen(rows[i])));
	assert_false(unicode_valid("\xc3\xa9", 1));
}

static void
length_counts_code_points(void **state)
{
	(void)state;
	assert_int_equal(unicode_length(""), 0);
	assert_int_equal(unicode_length("abc"), 3);
	assert_int_equal(unicode_length("\xc3\xa9\xe2\x82\xac"), 2);
	assert_int_equal(unicode_length("\xf0\x9f\x98\x80"), 1);
	assert_int_equal(unicode_length("e\xcc\x81"), 2);
}

static void
nfc_makes_one_form_of_one_character(void **state)
{
	static const struct {
		const char *raw, *normal;
	} rows[] = {
		{ "", "" }, { "b4l0u", "b4l0u" },
		{ "e\xcc\x81", "\xc3\xa9" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x84\xab", "\xc3\x85" },
		{ "a\xcc\xa3\xcc\x82", "\xe1\xba\xad" },
		{ "a\xcc\x82\xcc\xa3", "\xe1\xba\xad" },
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_string_equal(unicode_nfc(arena, rows[i].raw),
		    rows[i].normal);
}

/* NFKC would make weaker passwords of these. */
static void
nfc_keeps_what_only_looks_alike(void **state)
{
	static const char *const rows[] = {
		"\xef\xac\x81", "\xc2\xb2", "\xef\xbd\x81", "A a",
		"\xc3\x9f", " a ",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_string_equal(unicode_nfc(arena, rows[i]), rows[i]);
}

static void
nfc_refuses_what_may_change_its_form(void **state)
{
	(void)state;
	/* U+0378 and U+10FFFF: not assigned. */
	assert_null(unicode_nfc(arena, "\xcd\xb8"));
	assert_null(unicode_nfc(arena, "pass\xf4\x8f\xbf\xbf"));
	assert_null(unicode_nfc(arena, "\xff"));
	assert_null(unicode_nfc(arena, "\xed\xa0\x80"));
	/* U+E000, for private use, keeps its form. */
	assert_non_null(unicode_nfc(arena, "\xee\x80\x80"));
}

static void
folded_texts_differ_in_more_than_case(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "AbC 1!", "abc 1!" },
		/* E acute composed and not; sharp s; final and other sigma. */
		{ "\xc3\x89", "\xc3\xa9" }, { "E\xcc\x81", "\xc3\xa9" },
		{ "stra\xc3\x9f" "e", "strasse" },
		{ "\xcf\x82\xce\xa3", "\xcf\x83\xcf\x83" },
		/* Full-width letters stay so. */
		{ "\xef\xbc\xa1", "\xef\xbd\x81" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_string_equal(unicode_folded(arena, rows[i][0]),
		    rows[i][1]);
}

static void
plain_texts_are_what_they_look_like(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "AbC 1!\n\x7f", "AbC 1!\n\x7f" },
		/* Accents: one, two, apart from their letter, alone. */
		{ "\xc3\xa9\xe1\xb9\xa9", "es" }, { "e\xcc\x81", "e" },
		{ "\xcc\x81", "" },
		/* Full width, bold, circled, superscript, a wide space. */
		{ "\xef\xbc\xa1\xef\xbd\x81", "Aa" },
		{ "\xf0\x9d\x93\xb9", "p" }, { "\xe2\x93\x90", "a" },
		{ "x\xc2\xb2", "x2" }, { "\xe2\x80\x83", " " },
		/* Letters with none under them, and more than one. */
		{ "\xd0\xb0\xc3\xb8", "\xd0\xb0\xc3\xb8" },
		{ "\xef\xac\x81", "\xef\xac\x81" },
		{ "\xeb\xb9\x84", "\xeb\xb9\x84" },
		{ "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },
		/* Three bytes that become four. */
		{ "\xef\xa9\xac", "\xf0\xa4\x8b\xae" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_string_equal(unicode_plain(arena, rows[i][0]),
		    rows[i][1]);
}

static void
points_are_those_of_the_text(void **state)
{
	const uint32_t *point;
	size_t n;

	(void)state;
	point = unicode_points(arena, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94"
	    "\x91", &n);
	assert_int_equal(n, 4);
	assert_int_equal(point[0], 'a');
	assert_int_equal(point[1], 0xe9);
	assert_int_equal(point[2], 0x20ac);
	assert_int_equal(point[3], 0x1f511);
	(void)unicode_points(arena, "", &n);
	assert_int_equal(n, 0);
}

static void
b7_domains_have_one_form(void **state)
{
	static const struct {
		const char *raw, *domain;
	} rows[] = {
		{ "example.com", "example.com" },
		{ "EXAMPLE.Com", "example.com" },
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" },
		{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
		{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
		{ "\xef\xbd\x81.example", "a.example" },
		{ "a\xe3\x80\x82" "example", "a.example" },
		{ "localhost", "localhost" },
	};
	const char *found;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		found = unicode_domain(arena, rows[i].raw);
		assert_non_null(found);
		assert_string_equal(found, rows[i].domain);
	}
}

static void
bad_domains_have_none(void **state)
{
	static const char *const rows[] = {
		"xn--a-\xc3\xa9.example", "\xff.example", "\xcd\xb8.example",
		"xn--\xc3\xa9.example", "\xe2\x80\x8d.example",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		if (unicode_domain(arena, rows[i]) != NULL)
			fail_msg("row %zu has a form", i);
}

static void
version_names_both_libraries(void **state)
{
	(void)state;
	assert_non_null(strstr(unicode_version(), "libunistring "));
	assert_non_null(strstr(unicode_version(), "libidn2 "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_utf8_is_valid),
		cmocka_unit_test(b67_malformed_utf8_is_not),
		cmocka_unit_test(length_counts_code_points),
		cmocka_unit_test(nfc_makes_one_form_of_one_character),
		cmocka_unit_test(nfc_keeps_what_only_looks_alike),
		cmocka_unit_test(nfc_refuses_what_may_change_its_form),
		cmocka_unit_test(folded_texts_differ_in_more_than_case),
		cmocka_unit_test(plain_texts_are_what_they_look_like),
		cmocka_unit_test(points_are_those_of_the_text),
		cmocka_unit_test(b7_domains_have_one_form),
		cmocka_unit_test(bad_domains_have_none),
		cmocka_unit_test(version_names_both_libraries),
	};

	return cmocka_run_group_tests_name("unicode", tests, stage_arena,
	    stage_clear);
}
