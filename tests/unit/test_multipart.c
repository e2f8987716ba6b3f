/* What the multipart reader takes and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "multipart.h"
#include "stage.h"

/* The boundary of all bodies here is "b". */
#define DISP		"Content-Disposition: form-data; name="
#define PART(name)	"--b\r\n" DISP "\"" name "\"\r\n\r\n"
#define END		"\r\n--b--\r\n"
/* A part whose header lines are given. */
#define LINES(lines)	"--b\r\n" lines "\r\nv" END
/* A part named a, with one line more. */
#define MORE(line)	LINES(DISP "\"a\"\r\n" line "\r\n")

static struct pairs pairs;

static struct slice
slice(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static enum read_result
read_bytes(const char *boundary, const char *body, size_t len)
{
	char *copy = helper_exact(body, len);
	enum read_result result;

	result = multipart_read(arena, slice(boundary), copy, len, &pairs);
	free(copy);
	return result;
}

static enum read_result
read_text(const char *body)
{
	return read_bytes("b", body, strlen(body));
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
all_refused(const char *const *bodies, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (read_text(bodies[i]) != READ_MALFORMED)
			fail_msg("not refused: %s", bodies[i]);
}

static void
browser_form_is_read(void **state)
{
	static const char boundary[] = "----WebKitFormBoundaryABCdef0123456789";
	static const char body[] =
	    "------WebKitFormBoundaryABCdef0123456789\r\n"
	    "Content-Disposition: form-data; name=\"email\"\r\n"
	    "\r\n"
	    "a@b.example\r\n"
	    "------WebKitFormBoundaryABCdef0123456789\r\n"
	    "Content-Disposition: form-data; name=\"password\"\r\n"
	    "\r\n"
	    "two\r\nlines & \xc3\xa9\r\n"
	    "------WebKitFormBoundaryABCdef0123456789--\r\n";

	(void)state;
	assert_int_equal(read_bytes(boundary, body, sizeof(body) - 1),
	    READ_OK);
	assert_int_equal(pairs.n, 2);
	is_pair(0, "email", "a@b.example", PAIR_FINE);
	is_pair(1, "password", "two\r\nlines & \xc3\xa9", PAIR_FINE);
	assert_null(pairs.culprit);
}

static void
form_without_fields_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("--b--\r\n"), READ_OK);
	assert_int_equal(pairs.n, 0);
	assert_int_equal(read_text("--b--"), READ_OK);
}

static void
values_are_given_as_they_are(void **state)
{
	static const char *const values[] = {
		"", " ", "\r\n", "\r", "\n", "\r\n\r\n", "-", "--", "--b",
		"--b--", "\n--b", "\r--b", "\r\r\n-", "\r\n-", "\r\n--",
		"\r\n--c", "x\r\n -b", "a=b&c=d", "%41+", "\xff", "\r\n--B",
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(values); i++) {
		strcpy(body, PART("a"));
		strcat(strcat(body, values[i]), END);
		assert_int_equal(read_text(body), READ_OK);
		assert_int_equal(pairs.n, 1);
		is_pair(0, "a", values[i], PAIR_FINE);
	}
}

static void
names_are_decoded_as_browsers_encode(void **state)
{
	static const struct {
		const char *raw, *name;
	} rows[] = {
		{ "\"a\"", "a" }, { "a", "a" }, { "\"\"", "" },
		{ "\"a b\"", "a b" }, { "\"a;b\"", "a;b" },
		{ "\"a=b\"", "a=b" }, { "\"a%22b\"", "a\"b" },
		{ "\"%0D%0A\"", "\r\n" }, { "\"%0d%0a\"", "\r\n" },
		{ "\"%41\"", "%41" }, { "\"%\"", "%" }, { "\"%2\"", "%2" },
		{ "\"%2522\"", "%2522" }, { "\"%00\"", "%00" },
		{ "\"a\\\"", "a\\" }, { "\"\\\\\"", "\\\\" },
		{ "\"\xc3\xa9\"", "\xc3\xa9" }, { "\"a+b\"", "a+b" },
		{ "\"a\";", "a" }, { "\"a\" ; x=y", "a" },
		{ "\"a\"; size=\"3\"", "a" },
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		strcpy(body, "--b\r\n" DISP);
		strcat(strcat(body, rows[i].raw), "\r\n\r\nv" END);
		assert_int_equal(read_text(body), READ_OK);
		assert_int_equal(pairs.n, 1);
		is_pair(0, rows[i].name, "v", PAIR_FINE);
	}
}

static void
harmless_headers_are_let_pass(void **state)
{
	static const char *const bodies[] = {
		MORE("Content-Type: text/plain"),
		MORE("Content-Type: TEXT/Plain; Charset=\"UTF-8\""),
		MORE("content-type:text/plain;charset=us-ascii"),
		MORE("Content-Transfer-Encoding: 8bit"),
		MORE("Content-Transfer-Encoding: 7BIT"),
		MORE("content-transfer-encoding:binary"),
		MORE("Content-Length: 1"),
		MORE("X-Tab:\tx"),
		MORE("X-Empty:"),
		LINES("CONTENT-DISPOSITION:Form-Data;NAME=a\r\n"),
		LINES("X: y\r\n" DISP "a\r\n"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		assert_int_equal(read_text(bodies[i]), READ_OK);
		is_pair(0, "a", "v", PAIR_FINE);
	}
}

static void
file_is_marked(void **state)
{
	static const char *const bodies[] = {
		LINES(DISP "\"a\"; filename=\"x.txt\"\r\n"),
		LINES(DISP "\"a\"; filename=\"\"\r\n"
		    "Content-Type: application/octet-stream\r\n"),
		LINES(DISP "\"a\"; filename=x\r\n"),
		LINES(DISP "\"a\"; FileName=\"x\"\r\n"),
		LINES(DISP "\"a\"; filename*=utf-8''x\r\n"),
		LINES("Content-Disposition: form-data; filename=\"x\"; "
		    "name=\"a\"\r\n"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		assert_int_equal(read_text(bodies[i]), READ_OK);
		is_pair(0, "a", "", PAIR_TYPE);
	}
}

static void
part_of_another_type_is_marked(void **state)
{
	static const char *const bodies[] = {
		MORE("Content-Type: application/json"),
		MORE("Content-Type: application/octet-stream"),
		MORE("Content-Type: multipart/mixed; boundary=c"),
		MORE("Content-Type: text/html"),
		MORE("Content-Type: text/plain; charset=utf-16"),
		MORE("Content-Type: text/plain; charset=utf-7"),
		MORE("Content-Type:"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		assert_int_equal(read_text(bodies[i]), READ_OK);
		is_pair(0, "a", "", PAIR_TYPE);
	}
}

static void
b67_nul_in_a_value_is_marked(void **state)
{
	static const char body[] = PART("a") "x\0y" "\r\n" PART("c") "z" END;

	(void)state;
	assert_int_equal(read_bytes("b", body, sizeof(body) - 1), READ_OK);
	assert_int_equal(pairs.n, 2);
	is_pair(0, "a", "", PAIR_NUL);
	is_pair(1, "c", "z", PAIR_FINE);
}

static void
b67_nul_in_the_headers_is_refused(void **state)
{
	static const char name[] = "--b\r\n" DISP "\"a\0\"\r\n\r\nv" END;
	static const char line[] = LINES(DISP "a\r\nX: \0\r\n");

	(void)state;
	assert_int_equal(read_bytes("b", name, sizeof(name) - 1),
	    READ_MALFORMED);
	assert_int_equal(read_bytes("b", line, sizeof(line) - 1),
	    READ_MALFORMED);
}

static void
body_must_begin_with_the_boundary(void **state)
{
	static const char *const bodies[] = {
		"", "-", "--", "\r\n" PART("a") "v" END,
		"preamble\r\n" PART("a") "v" END, " " PART("a") "v" END,
		"--c\r\n" DISP "a\r\n\r\nv" END, "b\r\n" DISP "a\r\n\r\nv" END,
		"a=b",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
body_must_end_with_the_last_boundary(void **state)
{
	static const char *const bodies[] = {
		"--b", "--b\r\n", "--b-", PART("a"), PART("a") "v",
		PART("a") "v\r\n", PART("a") "v\r\n--b",
		PART("a") "v\r\n--b\r\n", PART("a") "v\r\n--b-",
		PART("a") "v\r\n--c--\r\n", PART("a") "v\n--b--\n",
		"--b\r\n" DISP "a\r\n\r\n--b--\r\n",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
nothing_follows_the_last_boundary(void **state)
{
	static const char *const bodies[] = {
		PART("a") "v" END "x", PART("a") "v" END "\r\n",
		PART("a") "v\r\n--b-- \r\n", PART("a") "v\r\n--b--\n",
		PART("a") "v\r\n--b--\r", PART("a") "v" END PART("c") "w" END,
	};

	(void)state;
	assert_int_equal(read_text(PART("a") "v\r\n--b--"), READ_OK);
	assert_int_equal(read_text(PART("a") "v" END), READ_OK);
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
boundary_line_holds_nothing_else(void **state)
{
	static const char *const bodies[] = {
		"--bx\r\n" DISP "a\r\n\r\nv" END,
		"--b \r\n" DISP "a\r\n\r\nv" END,
		"--b\n" DISP "a\r\n\r\nv" END,
		"--b\r" DISP "a\r\n\r\nv" END,
		PART("a") "v\r\n--bx\r\nw" END,
		PART("a") "v\r\n--b\n" DISP "c\r\n\r\nw" END,
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
part_without_a_name_is_refused(void **state)
{
	static const char *const bodies[] = {
		"--b\r\n\r\nv" END,
		LINES("Content-Type: text/plain\r\n"),
		LINES("Content-Disposition: form-data\r\n"),
		LINES("Content-Disposition: form-data; filename=x\r\n"),
		LINES("Content-Disposition: attachment; name=\"a\"\r\n"),
		LINES("Content-Disposition: name=\"a\"\r\n"),
		LINES("Content-Disposition:\r\n"),
		LINES("Content-Disposition: form-data name=a\r\n"),
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
broken_parameters_are_refused(void **state)
{
	static const char *const bodies[] = {
		LINES(DISP "\r\n"), LINES(DISP "\"a\r\n"),
		LINES(DISP "\"a\"x\r\n"), LINES(DISP "\"a\" x\r\n"),
		LINES(DISP "\"a\\\"b\"\r\n"), LINES(DISP "a b\r\n"),
		LINES(DISP "\"a\";;\r\n"), LINES(DISP "\"a\"; x\r\n"),
		LINES(DISP "\"a\"; =x\r\n"), LINES(DISP "\"a\"; x =y\r\n"),
		LINES(DISP "\"a\"; x=\r\n"), LINES(DISP "\"a\", x=y\r\n"),
		LINES(DISP "\"a\"x=y\r\n"), LINES(DISP "a\"\r\n"),
		LINES(DISP "'a'\"\"\r\n"),
		MORE("Content-Type: text/plain; charset"),
		MORE("Content-Type: text/plain; charset=\"utf-8"),
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
whatever_comes_twice_is_refused(void **state)
{
	static const char *const bodies[] = {
		LINES(DISP "\"a\"; name=\"c\"\r\n"),
		LINES(DISP "\"a\"; NAME=\"a\"\r\n"),
		LINES(DISP "\"a\"; name*=utf-8''c\r\n"),
		LINES(DISP "\"a\"\r\n" DISP "\"c\"\r\n"),
		MORE("Content-Disposition: form-data; filename=\"x\""),
		MORE("Content-Type: text/plain\r\nContent-Type: text/plain"),
		MORE("Content-Transfer-Encoding: 8bit\r\n"
		    "Content-Transfer-Encoding: 8bit"),
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
transfer_encodings_are_refused(void **state)
{
	static const char *const bodies[] = {
		MORE("Content-Transfer-Encoding: base64"),
		MORE("Content-Transfer-Encoding: quoted-printable"),
		MORE("Content-Transfer-Encoding: x-uuencode"),
		MORE("Content-Transfer-Encoding:"),
		MORE("Content-Transfer-Encoding: 8bit, base64"),
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
broken_header_lines_are_refused(void **state)
{
	static const char *const bodies[] = {
		MORE("no colon"), MORE("nocolon"),
		MORE(": no name"), MORE("X : blank"),
		MORE(" folded: x"), MORE("X: y\r\n folded"), MORE("X: \x01"),
		MORE("X: \x7f"), MORE("X: a\nY: b"), MORE("X: a\rb"),
		MORE("X\xc3\xa9: y"),
		"--b\r\n" DISP "a\n\nv" END,
		"--b\r\n" DISP "a\r\n",
		"--b\r\n" DISP "a",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

/* A line of the given length, its CRLF included. */
static void
add_line(char *body, size_t len)
{
	char *line = body + strlen(body);

	memset(line, 'x', len);
	memcpy(line, "X:", 2);
	memcpy(line + len - 2, "\r\n", 3);
}

static void
headers_of_a_part_are_bounded(void **state)
{
	static const char first[] = DISP "a\r\n";
	size_t extra, room = MULTIPART_HEADER_MAX - (sizeof(first) - 1) - 2;
	char body[2 * MULTIPART_HEADER_MAX];

	(void)state;
	for (extra = 0; extra < 2; extra++) {
		strcpy(body, "--b\r\n");
		strcat(body, first);
		add_line(body, room + extra);
		strcat(body, "\r\nv" END);
		assert_int_equal(read_text(body),
		    extra == 0 ? READ_OK : READ_MALFORMED);
	}
}

static void
header_lines_of_a_part_are_bounded(void **state)
{
	char body[512] = "--b\r\n" DISP "a\r\n";
	size_t len;
	int i;

	(void)state;
	for (i = 1; i < MULTIPART_LINES_MAX; i++)
		strcat(body, "X: y\r\n");
	len = strlen(body);
	strcat(body, "\r\nv" END);
	assert_int_equal(read_text(body), READ_OK);
	strcpy(body + len, "X: y\r\n\r\nv" END);
	assert_int_equal(read_text(body), READ_MALFORMED);
}

static void
culprit_is_the_part_being_read(void **state)
{
	(void)state;
	assert_int_equal(read_text(PART("a") "v\r\n" PART("c") "w"),
	    READ_MALFORMED);
	assert_string_equal(pairs.culprit, "c");
	assert_int_equal(
	    read_text(MORE("Content-Transfer-Encoding: base64")),
	    READ_MALFORMED);
	assert_string_equal(pairs.culprit, "a");
	assert_int_equal(read_text(PART("a") "v\r\n--b\r\n\r\n" END),
	    READ_MALFORMED);
	assert_null(pairs.culprit);
}

static void
more_than_sixteen_parts_are_too_many(void **state)
{
	char body[64 * (PAIRS_MAX + 2)] = PART("a") "v";
	size_t len;
	int i;

	(void)state;
	for (i = 1; i < PAIRS_MAX; i++)
		strcat(body, "\r\n" PART("a") "v");
	len = strlen(body);
	strcat(body, END);
	assert_int_equal(read_text(body), READ_OK);
	assert_int_equal(pairs.n, PAIRS_MAX);
	strcpy(body + len, "\r\n" PART("a") "v" END);
	assert_int_equal(read_text(body), READ_TOO_MANY);
}

#define TEN	"0123456789"
#define LONGEST	TEN TEN TEN TEN TEN TEN TEN

static void
boundary_is_found(void **state)
{
	static const struct {
		const char *params, *boundary;
	} rows[] = {
		{ "boundary=b", "b" }, { "; boundary=b", "b" },
		{ ";boundary=b", "b" }, { " ;  BOUNDARY=b ", "b" },
		{ "boundary=\"b\"", "b" }, { "boundary=\"a b\"", "a b" },
		{ "boundary=\"b\"x=y", NULL },
		{ "boundary=\"a:/?=(),'b\"", "a:/?=(),'b" },
		{ "charset=utf-8; boundary=b", "b" },
		{ "boundary=b; charset=utf-8", "b" },
		{ "boundary=b;", "b" },
		{ "x=\"; boundary=c\"; boundary=b", "b" },
		{ "boundary=----WebKitForm0", "----WebKitForm0" },
		{ "boundary=" LONGEST, LONGEST },
		{ "", NULL }, { ";", NULL }, { "charset=utf-8", NULL },
		{ "boundary", NULL }, { "boundary=", NULL },
		{ "boundary=\"\"", NULL }, { "boundary=\"b", NULL },
		{ "boundary=\"b\"x", NULL }, { "boundary=\"b \"", NULL },
		{ "boundary=a b", NULL }, { "boundary=a/b", NULL },
		{ "boundary=b; boundary=b", NULL },
		{ "boundary=b; boundary=c", NULL },
		{ "boundary=b; x", NULL }, { "boundary=b, x=y", NULL },
		{ "boundary=\"a\\b\"", NULL }, { "boundary=\"a\\\"b\"", NULL },
		{ "x=\"\\\"; boundary=b", NULL }, { "boundary=\"a\tb\"", NULL },
		{ "boundary=\"a;b\"", NULL }, { "boundary=\xc3\xa9", NULL },
		{ "boundary=\"\xc3\xa9\"", NULL }, { "boundary=#", NULL },
		{ "boundary=" LONGEST "0", NULL }, { "xboundary=b", NULL },
		{ "boundary =b", NULL }, { "boundary= b", NULL },
		{ "boundary*=utf-8''b", NULL }, { "boundary*0=b", NULL },
	};
	struct slice found;
	bool good;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		good = multipart_boundary(slice(rows[i].params), &found);
		if (good != (rows[i].boundary != NULL))
			fail_msg("wrong answer for %s", rows[i].params);
		if (!good)
			continue;
		assert_int_equal(found.len, strlen(rows[i].boundary));
		assert_memory_equal(found.ptr, rows[i].boundary, found.len);
	}
}

static void
no_parameters_hold_no_boundary(void **state)
{
	struct slice found, none = { NULL, 0 };

	(void)state;
	assert_false(multipart_boundary(none, &found));
	assert_false(multipart_boundary((struct slice){ "boundary=\0", 10 },
	    &found));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(browser_form_is_read),
		cmocka_unit_test(form_without_fields_is_read),
		cmocka_unit_test(values_are_given_as_they_are),
		cmocka_unit_test(names_are_decoded_as_browsers_encode),
		cmocka_unit_test(harmless_headers_are_let_pass),
		cmocka_unit_test(file_is_marked),
		cmocka_unit_test(part_of_another_type_is_marked),
		cmocka_unit_test(b67_nul_in_a_value_is_marked),
		cmocka_unit_test(b67_nul_in_the_headers_is_refused),
		cmocka_unit_test(body_must_begin_with_the_boundary),
		cmocka_unit_test(body_must_end_with_the_last_boundary),
		cmocka_unit_test(nothing_follows_the_last_boundary),
		cmocka_unit_test(boundary_line_holds_nothing_else),
		cmocka_unit_test(part_without_a_name_is_refused),
		cmocka_unit_test(broken_parameters_are_refused),
		cmocka_unit_test(whatever_comes_twice_is_refused),
		cmocka_unit_test(transfer_encodings_are_refused),
		cmocka_unit_test(broken_header_lines_are_refused),
		cmocka_unit_test(headers_of_a_part_are_bounded),
		cmocka_unit_test(header_lines_of_a_part_are_bounded),
		cmocka_unit_test(culprit_is_the_part_being_read),
		cmocka_unit_test(more_than_sixteen_parts_are_too_many),
		cmocka_unit_test(boundary_is_found),
		cmocka_unit_test(no_parameters_hold_no_boundary),
	};

	return cmocka_run_group_tests_name("multipart", tests, stage_arena,
	    stage_clear);
}
