/* Accounts of other systems: what a file is taken for, and each of its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rows.h"
#include "seen.h"
#include "stage.h"

/* With its NULs, but not with the one after it. */
#define BYTES(s)	(s), sizeof(s) - 1

static void
files_are_told_by_their_content(void **state)
{
	(void)state;
	assert_int_equal(rows_format(BYTES("SQLite format 3\0")),
	    ROWS_SQLITE);
	assert_int_equal(rows_format(BYTES("SQLite format 3")),
	    ROWS_UNKNOWN);
	assert_int_equal(rows_format(BYTES("a@b:c")), ROWS_COLONS);
	assert_int_equal(rows_format(BYTES("# {x\n\r\n \na@b:c\n")),
	    ROWS_COLONS);
	assert_int_equal(rows_format(BYTES("\xef\xbb\xbf" "a@b:c")),
	    ROWS_COLONS);
	assert_int_equal(rows_format(BYTES("{\"email\"")), ROWS_JSON);
	assert_int_equal(rows_format(BYTES("\xef\xbb\xbf\r\n {")), ROWS_JSON);
	assert_int_equal(rows_format(BYTES("")), ROWS_UNKNOWN);
	assert_int_equal(rows_format(BYTES("\n\n")), ROWS_UNKNOWN);
	assert_int_equal(rows_format(BYTES("email,hash\na:b")), ROWS_UNKNOWN);
	assert_int_equal(rows_format(BYTES("\0\0\0")), ROWS_UNKNOWN);
	assert_int_equal(rows_format(BYTES("[{}]")), ROWS_UNKNOWN);
	assert_int_equal(rows_mark(BYTES("\xef\xbb\xbf")), 3);
	assert_int_equal(rows_mark(BYTES("\xef\xbb")), 0);
}

static void
is(struct slice s, const char *expected)
{
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.ptr, expected, s.len);
}

static const char *
read_line(enum rows_format format, const char *line, size_t len,
    struct row *row)
{
	return rows_read(format, arena, (struct slice){ line, len }, row);
}

static void
gives(enum rows_format format, const char *line, const char *email,
    const char *hash)
{
	struct row row;

	assert_null(read_line(format, line, strlen(line), &row));
	is(row.email, email);
	is(row.hash, hash);
}

static void
must_refuse(enum rows_format format, const char *line, const char *says)
{
	struct row row;
	const char *why = read_line(format, line, strlen(line), &row);

	if (why == NULL || strstr(why, says) == NULL)
		fail_msg("%s: %s", line, why);
}

static void
htpasswd_and_shadow_are_read(void **state)
{
	(void)state;
	gives(ROWS_COLONS, "a@b:$2y$05$x", "a@b", "$2y$05$x");
	gives(ROWS_COLONS, "a@b:$2y$05$x\r", "a@b", "$2y$05$x");
	gives(ROWS_COLONS, "a@b:", "a@b", "");
	gives(ROWS_COLONS, ":x", "", "x");
	gives(ROWS_COLONS, "a@b:$6$x:19000:0:99999:7:::", "a@b", "$6$x");
	gives(ROWS_COLONS, "a@b:!:19000::::::", "a@b", "!");
	must_refuse(ROWS_COLONS, "a@b:$6$x:19000:0:99999:7::20000:", "ends");
	must_refuse(ROWS_COLONS, "a@b", "no colon");
	assert_ptr_equal(read_line(ROWS_COLONS, BYTES("#a@b:c"),
	    &(struct row){ .email = { NULL, 0 } }), rows_none);
	assert_ptr_equal(read_line(ROWS_COLONS, BYTES(" \t\r"),
	    &(struct row){ .email = { NULL, 0 } }), rows_none);
}

static void
json_lines_are_read(void **state)
{
	(void)state;
	gives(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":\"$2b$\"}", "a@b",
	    "$2b$");
	gives(ROWS_JSON, " {\"hash\":\"$y$\", \"email\":\"\\u0061@b\"} \r",
	    "a@b", "$y$");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\"}", "both there");
	must_refuse(ROWS_JSON, "{}", "both there");
	must_refuse(ROWS_JSON, "{\"email\":1,\"hash\":\"x\"}", "both texts");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":null}",
	    "both texts");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":[[[[1]]]]}",
	    "not one JSON object");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"email\":\"c@d\"}",
	    "not one JSON object");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":\"\\u0000\"}",
	    "not one JSON object");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":\"x\"} {}",
	    "not one JSON object");
	must_refuse(ROWS_JSON, "[]", "not one JSON object");
	must_refuse(ROWS_JSON, "a@b:c", "not one JSON object");
}

/* What is not understood may be what keeps somebody out. */
static void
json_with_more_members_is_refused(void **state)
{
	(void)state;
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"hash\":\"x\","
	    "\"disabled\":true}", "a member that is not");
	must_refuse(ROWS_JSON, "{\"email\":\"a@b\",\"Hash\":\"x\"}",
	    "a member that is not");
}

static void
lines_have_a_bound(void **state)
{
	char line[ROWS_LINE_MAX + 1];
	struct row row;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[1] = ':';
	assert_null(read_line(ROWS_COLONS, line, ROWS_LINE_MAX, &row));
	assert_non_null(strstr(read_line(ROWS_COLONS, line, sizeof(line),
	    &row), "too long"));
}

static void
bytes_as_python_shows_them_are_unquoted(void **state)
{
	static const char *const same[] = {
		"", "b'", "b''", "b'x'", "b'$x",
		"$2b$12$x", "b\"$x\"", "'$x'",
	};
	size_t i;

	(void)state;
	is(rows_unquoted((struct slice){ BYTES("b'$2b$12$x'") }), "$2b$12$x");
	for (i = 0; i < HELPER_COUNT(same); i++)
		is(rows_unquoted((struct slice){ same[i], strlen(same[i]) }),
		    same[i]);
}

static void
what_has_come_before_is_known(void **state)
{
	struct seen *s = seen_new();
	char text[] = "user000000";
	int i, pass, first;

	(void)state;
	for (pass = 0; pass < 2; pass++) {
		first = 0;
		for (i = 0; i < 100000; i++) {
			text[4] = (char)('0' + i / 10000 % 10);
			text[5] = (char)('0' + i / 1000 % 10);
			text[6] = (char)('0' + i / 100 % 10);
			text[7] = (char)('0' + i / 10 % 10);
			text[8] = (char)('0' + i % 10);
			first += seen_first(s, text);
		}
		assert_int_equal(first, pass == 0 ? 100000 : 0);
	}
	seen_free(s);
}

#define ROW(f)	cmocka_unit_test_setup_teardown(f, stage_arena, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(files_are_told_by_their_content),
		ROW(htpasswd_and_shadow_are_read),
		ROW(json_lines_are_read),
		ROW(json_with_more_members_is_refused),
		ROW(lines_have_a_bound),
		ROW(bytes_as_python_shows_them_are_unquoted),
		ROW(what_has_come_before_is_known),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
