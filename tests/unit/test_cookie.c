/* Which cookie is found in a header, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cookie.h"

#define NAME	"session_id"

struct row {
	const char		*header;
	enum cookie_result	 result;
	const char		*value;
};

static void
check(const struct row *row, const char *name)
{
	struct slice value = { "stale", 5 };

	if (cookie_find(row->header, name, &value) != row->result)
		fail_msg("wrong number of cookies in \"%s\"", row->header);
	assert_int_equal(value.len, strlen(row->value));
	assert_memory_equal(value.ptr, row->value, value.len);
}

static void
check_rows(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check(&rows[i], NAME);
}

#define CHECK(rows)	check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void
one_cookie_is_found(void **state)
{
	static const struct row rows[] = {
		{ "session_id=x", COOKIE_ONE, "x" },
		{ "session_id=", COOKIE_ONE, "" },
		{ "a=1; session_id=x", COOKIE_ONE, "x" },
		{ "session_id=x; a=1", COOKIE_ONE, "x" },
		{ "a=1; session_id=x; b=2", COOKIE_ONE, "x" },
		{ "a=1;session_id=x;b=2", COOKIE_ONE, "x" },
		{ "session_id=x;", COOKIE_ONE, "x" },
		{ ";;session_id=x", COOKIE_ONE, "x" },
		{ "session_id=a=b==", COOKIE_ONE, "a=b==" },
	};

	(void)state;
	CHECK(rows);
}

static void
blanks_around_are_trimmed(void **state)
{
	static const struct row rows[] = {
		{ "  session_id=x  ", COOKIE_ONE, "x" },
		{ "\tsession_id\t=\tx\t", COOKIE_ONE, "x" },
		{ "a=1 ;\t session_id = x ; b=2", COOKIE_ONE, "x" },
		{ "session_id=x y", COOKIE_ONE, "x y" },
		{ "session_id=   ", COOKIE_ONE, "" },
	};

	(void)state;
	CHECK(rows);
}

static void
double_quotes_are_taken_off_once(void **state)
{
	static const struct row rows[] = {
		{ "session_id=\"x\"", COOKIE_ONE, "x" },
		{ "session_id=\"\"", COOKIE_ONE, "" },
		{ "session_id=\"\"x\"\"", COOKIE_ONE, "\"x\"" },
		{ "session_id=\"", COOKIE_ONE, "\"" },
		{ "session_id=\"x", COOKIE_ONE, "\"x" },
		{ "session_id=x\"", COOKIE_ONE, "x\"" },
		{ "session_id=\" x \"", COOKIE_ONE, " x " },
	};

	(void)state;
	CHECK(rows);
}

/* Readers that let quotes run over a semicolon hand cookies to a page. */
static void
quotes_do_not_hide_a_semicolon(void **state)
{
	static const struct row rows[] = {
		{ "a=\"1; session_id=x; b=2\"", COOKIE_ONE, "x" },
		{ "session_id=\"x; y\"", COOKIE_ONE, "\"x" },
		{ "a=\"; session_id=x; b=\"; session_id=y", COOKIE_MANY, "" },
	};

	(void)state;
	CHECK(rows);
}

static void
names_are_compared_byte_for_byte(void **state)
{
	static const struct row rows[] = {
		{ "SESSION_ID=x", COOKIE_NONE, "" },
		{ "Session_id=x", COOKIE_NONE, "" },
		{ "session%5Fid=x", COOKIE_NONE, "" },
		{ "session_i=x", COOKIE_NONE, "" },
		{ "session_idd=x", COOKIE_NONE, "" },
		{ "xsession_id=x", COOKIE_NONE, "" },
		{ "\"session_id\"=x", COOKIE_NONE, "" },
		{ "session_id.=x", COOKIE_NONE, "" },
		{ "session_id\v=x", COOKIE_NONE, "" },
		{ "session_id[]=x", COOKIE_NONE, "" },
		{ "\xc2\xa0session_id=x", COOKIE_NONE, "" },
	};

	(void)state;
	CHECK(rows);
}

static void
prefixed_name_is_not_decoded_or_folded(void **state)
{
	static const struct row rows[] = {
		{ "__Host-session_id=x", COOKIE_ONE, "x" },
		{ "__HOST-session_id=x", COOKIE_NONE, "" },
		{ "__host-session_id=x", COOKIE_NONE, "" },
		{ "__%48ost-session_id=x", COOKIE_NONE, "" },
		{ "session_id=x", COOKIE_NONE, "" },
		{ "=__Host-session_id=x", COOKIE_NONE, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], "__Host-session_id");
}

static void
same_name_twice_is_many(void **state)
{
	static const struct row rows[] = {
		{ "session_id=x; session_id=y", COOKIE_MANY, "" },
		{ "session_id=x; session_id=x", COOKIE_MANY, "" },
		{ "session_id=; session_id=x", COOKIE_MANY, "" },
		{ "session_id=x; a=1; session_id=", COOKIE_MANY, "" },
		{ "session_id=1; session_id=2; session_id=3", COOKIE_MANY,
		    "" },
		{ "session_id=x; SESSION_ID=y", COOKIE_ONE, "x" },
	};

	(void)state;
	CHECK(rows);
}

static void
b24_crafted_headers_hold_no_cookie(void **state)
{
	static const struct row rows[] = {
		{ NULL, COOKIE_NONE, "" },
		{ "", COOKIE_NONE, "" },
		{ ";", COOKIE_NONE, "" },
		{ "=", COOKIE_NONE, "" },
		{ "=;=", COOKIE_NONE, "" },
		{ "; ; ;", COOKIE_NONE, "" },
		{ "     ", COOKIE_NONE, "" },
		{ "session_id", COOKIE_NONE, "" },
		{ "session_id;", COOKIE_NONE, "" },
		{ "=session_id", COOKIE_NONE, "" },
		{ "=session_id=x", COOKIE_NONE, "" },
		{ "a=session_id=x", COOKIE_NONE, "" },
		{ "x", COOKIE_NONE, "" },
		{ "session_id, session_id=x", COOKIE_NONE, "" },
	};

	(void)state;
	CHECK(rows);
}

static void
b24_header_of_semicolons(void **state)
{
	char header[4097];
	struct row row = { header, COOKIE_NONE, "" };

	(void)state;
	memset(header, ';', sizeof(header) - 1);
	header[sizeof(header) - 1] = '\0';
	check(&row, NAME);
	memset(header, '=', sizeof(header) - 1);
	check(&row, NAME);
	memset(header, ' ', sizeof(header) - 1);
	check(&row, NAME);
}

static void
value_points_into_the_header(void **state)
{
	const char *header = "a=1; session_id=\"xyz\"";
	struct slice value;

	(void)state;
	assert_int_equal(cookie_find(header, NAME, &value), COOKIE_ONE);
	assert_ptr_equal(value.ptr, strstr(header, "xyz"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cookie_is_found),
		cmocka_unit_test(blanks_around_are_trimmed),
		cmocka_unit_test(double_quotes_are_taken_off_once),
		cmocka_unit_test(quotes_do_not_hide_a_semicolon),
		cmocka_unit_test(names_are_compared_byte_for_byte),
		cmocka_unit_test(prefixed_name_is_not_decoded_or_folded),
		cmocka_unit_test(same_name_twice_is_many),
		cmocka_unit_test(b24_crafted_headers_hold_no_cookie),
		cmocka_unit_test(b24_header_of_semicolons),
		cmocka_unit_test(value_points_into_the_header),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
