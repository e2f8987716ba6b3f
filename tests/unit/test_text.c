/* Small questions about bytes and strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct slice
slice(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static void
is_slice(struct slice s, const char *want)
{
	assert_int_equal(s.len, strlen(want));
	assert_memory_equal(s.ptr, want, s.len);
}

/* RFC 4648, section 10, without the padding. */
static void
base64url_vectors(void **state)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff", "-_8" }, { "\xff\xff\xff", "____" },
	};
	char out[16];
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		len = strlen(rows[i].bytes);
		memset(out, 'x', sizeof(out));
		text_base64url((const unsigned char *)rows[i].bytes, len, out);
		assert_string_equal(out, rows[i].text);
		assert_int_equal(TEXT_BASE64URL_LEN(len), strlen(out));
	}
}

static void
base64url_of_a_token_is_43_characters(void **state)
{
	unsigned char bytes[32];
	char out[TEXT_BASE64URL_LEN(sizeof(bytes)) + 1];

	(void)state;
	assert_int_equal(sizeof(out), 44);
	memset(bytes, 0xff, sizeof(bytes));
	text_base64url(bytes, sizeof(bytes), out);
	assert_true(text_is_base64url(out, 43));
	assert_int_equal(out[42], '8');
}

static void
base64url_is_told_from_other_text(void **state)
{
	char text[] = "ab_d";
	int c;

	(void)state;
	assert_true(text_is_base64url("", 0));
	assert_true(text_is_base64url("aZ09-_", 6));
	assert_false(text_is_base64url("aZ09-_", 5));
	assert_false(text_is_base64url("aZ09-_", 7));
	assert_false(text_is_base64url("", 43));
	for (c = 1; c < 256; c++) {
		text[1] = (char)c;
		assert_int_equal(text_is_base64url(text, 4),
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_');
	}
}

static void
hex_digits(void **state)
{
	const char *digits = "0123456789abcdef", *found;
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		found = c == 0 ? NULL :
		    strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
		assert_int_equal(text_hex_digit((char)c),
		    found != NULL ? found - digits : -1);
	}
}

static void
only_ascii_letters_are_lowered(void **state)
{
	char all[] = "AbZ@[`{\xc3\x89-\xc0";
	int c;

	(void)state;
	for (c = 0; c < 256; c++)
		assert_int_equal((unsigned char)text_lower((char)c),
		    c >= 'A' && c <= 'Z' ? c + 32 : c);
	text_lower_all(all);
	assert_string_equal(all, "abz@[`{\xc3\x89-\xc0");
}

static void
alphanumerics_are_ascii(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++)
		assert_int_equal(text_is_alnum((char)c),
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'));
}

static void
equal_but_for_case(void **state)
{
	(void)state;
	assert_true(text_equal_nocase("", ""));
	assert_true(text_equal_nocase("Multipart/Form-Data",
	    "multipart/form-data"));
	assert_false(text_equal_nocase("a", "ab"));
	assert_false(text_equal_nocase("ab", "a"));
	assert_false(text_equal_nocase("@", "`"));
	assert_false(text_equal_nocase("[", "{"));
	assert_false(text_equal_nocase("\xc3\x89", "\xc3\xa9"));
	assert_true(text_slice_equal_nocase((struct slice){ "ABx", 2 },
	    "ab"));
	assert_false(text_slice_equal_nocase((struct slice){ "a\0b", 3 },
	    "a"));
	assert_false(text_slice_equal_nocase((struct slice){ "a", 0 }, "a"));
}

static void
beginnings(void **state)
{
	(void)state;
	assert_true(text_begins("/auth/login", "/auth"));
	assert_true(text_begins("a", "a"));
	assert_true(text_begins("a", ""));
	assert_true(text_begins("", ""));
	assert_false(text_begins("", "a"));
	assert_false(text_begins("/aut", "/auth"));
	assert_false(text_begins("/AUTH/", "/auth"));
}

static void
trim_takes_spaces_and_tabs(void **state)
{
	static const struct {
		const char *raw, *trimmed;
	} rows[] = {
		{ "", "" }, { " ", "" }, { " \t ", "" }, { "a", "a" },
		{ " a", "a" }, { "a\t", "a" }, { "\t a b \t", "a b" },
		{ "\na\r", "\na\r" }, { "\va", "\va" },
		{ "\xc2\xa0" "a", "\xc2\xa0" "a" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		is_slice(text_trim(slice(rows[i].raw)), rows[i].trimmed);
	assert_int_equal(text_trim((struct slice){ NULL, 0 }).len, 0);
}

static void
splits_into(const char *text, const char *const *parts, size_t n)
{
	struct slice rest = slice(text), part;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_true(text_next_part(&rest, ';', &part));
		is_slice(part, parts[i]);
	}
	assert_false(text_next_part(&rest, ';', &part));
	assert_int_equal(part.len, 0);
	assert_false(text_next_part(&rest, ';', &part));
}

static void
parts_between_separators(void **state)
{
	static const char *const parts[] = { "a", "", "b c", "" };

	(void)state;
	splits_into("a;;b c;", parts, 4);
	splits_into("a;", parts, 2);
	splits_into("a", parts, 1);
	splits_into("", parts + 1, 1);
}

static void
parts_of_nothing(void **state)
{
	struct slice rest = { NULL, 0 }, part = { "x", 1 };

	(void)state;
	assert_false(text_next_part(&rest, ';', &part));
	assert_int_equal(part.len, 0);
}

static void
nul_is_a_byte_like_others_in_a_part(void **state)
{
	struct slice rest = { "a\0b;c", 5 }, part;

	(void)state;
	assert_true(text_next_part(&rest, ';', &part));
	assert_int_equal(part.len, 3);
	assert_true(text_next_part(&rest, ';', &part));
	is_slice(part, "c");
}

static void
numbers(void **state)
{
	static const struct {
		const char *text;
		unsigned long max, value;
	} rows[] = {
		{ "0", 0, 0 }, { "0", 9, 0 }, { "7", 7, 7 },
		{ "10", 10, 10 }, { "007", 7, 7 }, { "16384", 16384, 16384 },
		{ "00000000000000000000000001", 1, 1 },
		{ "18446744073709551615", ULONG_MAX, ULONG_MAX },
	};
	unsigned long n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_true(text_number(rows[i].text, rows[i].max, &n));
		assert_true(n == rows[i].value);
	}
}

static void
what_is_no_number_or_too_large(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
	} rows[] = {
		{ "", 9 }, { "-1", 9 }, { "+1", 9 }, { " 1", 9 },
		{ "1 ", 9 }, { "1.0", 9 }, { "0x1", 99 }, { "1e1", 99 },
		{ "a", 99 }, { "1a", 99 }, { "/", 9 }, { ":", 99 },
		{ "\xd9\xa1", 9 }, { "1", 0 }, { "10", 9 }, { "8", 7 },
		{ "16385", 16384 }, { "100", 99 },
		{ "18446744073709551616", ULONG_MAX },
		{ "28446744073709551615", ULONG_MAX },
		{ "99999999999999999999999999999", ULONG_MAX },
		{ "18446744073709551617", 5 },
	};
	unsigned long n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		n = 42;
		assert_false(text_number(rows[i].text, rows[i].max, &n));
		assert_int_equal(n, 42);
	}
}

static void
nothing_that_a_terminal_obeys_stays(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "", "" },
		{ "a b~", "a b~" },
		{ "\x1b[31m\a\x7f", "?[31m??" },
		{ "a\tb\r\nc", "a?b??c" },
		{ "\xc2\x9b" "31m", "??31m" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "????\xc2\xa0" },
		{ "\xc3\x9f\xe2\x82\xac", "\xc3\x9f\xe2\x82\xac" },
		{ "\xc2", "\xc2" },
		{ "\xc2\x1b", "\xc2?" },
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text), "%s", rows[i].before);
		text_tame(text);
		assert_string_equal(text, rows[i].after);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url_vectors),
		cmocka_unit_test(base64url_of_a_token_is_43_characters),
		cmocka_unit_test(base64url_is_told_from_other_text),
		cmocka_unit_test(hex_digits),
		cmocka_unit_test(only_ascii_letters_are_lowered),
		cmocka_unit_test(alphanumerics_are_ascii),
		cmocka_unit_test(nothing_that_a_terminal_obeys_stays),
		cmocka_unit_test(equal_but_for_case),
		cmocka_unit_test(beginnings),
		cmocka_unit_test(trim_takes_spaces_and_tabs),
		cmocka_unit_test(parts_between_separators),
		cmocka_unit_test(parts_of_nothing),
		cmocka_unit_test(nul_is_a_byte_like_others_in_a_part),
		cmocka_unit_test(numbers),
		cmocka_unit_test(what_is_no_number_or_too_large),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
