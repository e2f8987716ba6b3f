/* What a FastCGI peer may send, and what hangs up on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

enum { BEGIN = 1, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA,
	GET_VALUES };

#define ID	1
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What was sent so far; room for more than any request may have. */
struct wire {
	size_t		 len;
	unsigned char	 bytes[4 * FRAMES_PEEK_BYTES];
};

static struct wire w;

static void
put(const void *bytes, size_t len)
{
	assert_true(len <= sizeof(w.bytes) - w.len);
	if (len > 0)
		memcpy(w.bytes + w.len, bytes, len);
	w.len += len;
}

static void
header(int type, int id, size_t content, size_t padding)
{
	unsigned char h[8] = { 1, (unsigned char)type,
	    (unsigned char)(id >> 8), (unsigned char)id,
	    (unsigned char)(content >> 8), (unsigned char)content,
	    (unsigned char)padding, 0 };

	put(h, sizeof(h));
}

static void
record(int type, const void *content, size_t len, size_t padding)
{
	static const unsigned char zero[255];

	header(type, ID, len, padding);
	put(content, len);
	put(zero, padding);
}

static void
begin_as(int role, int flags)
{
	unsigned char body[8] = { (unsigned char)(role >> 8),
	    (unsigned char)role, (unsigned char)flags };

	w.len = 0;
	record(BEGIN, body, sizeof(body), 0);
}

static void
begin(void)
{
	begin_as(1, 0);
}

/* A PARAMS record from a string literal, its final NUL left out. */
#define PAIRS(literal)	record(PARAMS, literal, sizeof(literal) - 1, 0)

static void
finish(void)
{
	record(PARAMS, NULL, 0, 0);
	record(STDIN, NULL, 0, 0);
}

static enum frames_verdict
judge_first(size_t len)
{
	struct frames_view view;
	enum frames_verdict v;
	unsigned char *copy;

	/* On the heap, and no byte longer, so that a sanitizer can see. */
	copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, w.bytes, len);
	v = frames_judge(copy, len, &view);
	free(copy);
	return v;
}

static enum frames_verdict
judge(void)
{
	return judge_first(w.len);
}

static void
is_hostile(void)
{
	assert_int_equal(judge(), FRAMES_HOSTILE);
}

/* The verdict comes with the last byte that was put, and not before it. */
static void
settles_now(enum frames_verdict v)
{
	assert_int_equal(judge(), v);
	assert_int_equal(judge_first(w.len - 1), FRAMES_MORE);
}

/* As nginx sends it: one record of parameters with padding, one of body. */
static void
put_request(void)
{
	static const char params[] =
	    "\016\4REQUEST_METHODPOST\013\6REQUEST_URI/users"
	    "\014\0QUERY_STRING";

	begin_as(1, 1);
	record(PARAMS, params, sizeof(params) - 1, 5);
	record(PARAMS, NULL, 0, 0);
	record(STDIN, "email=a@b.example", 17, 7);
	record(STDIN, NULL, 0, 0);
}

static void
whole_request_is_whole(void **state)
{
	struct frames_view view;

	(void)state;
	put_request();
	assert_int_equal(frames_judge(w.bytes, w.len, &view), FRAMES_WHOLE);
	assert_int_equal(view.request_id, ID);
	assert_true(view.keep);
	assert_int_equal(view.body_len, 17);
}

static void
every_prefix_of_a_whole_request_is_more(void **state)
{
	size_t n;

	(void)state;
	put_request();
	for (n = 0; n < w.len; n++)
		assert_int_equal(judge_first(n), FRAMES_MORE);
}

static void
request_without_parameters_is_whole(void **state)
{
	(void)state;
	begin();
	finish();
	assert_int_equal(judge(), FRAMES_WHOLE);
}

static void
view_tells_id_and_keep(void **state)
{
	static const unsigned char body[8] = { 0, 1, 0xfe };
	struct frames_view view;

	(void)state;
	w.len = 0;
	header(BEGIN, 0xfffe, 8, 0);
	assert_int_equal(frames_judge(w.bytes, w.len, &view), FRAMES_MORE);
	assert_int_equal(view.request_id, 0xfffe);
	put(body, sizeof(body));
	assert_int_equal(frames_judge(w.bytes, w.len, &view), FRAMES_MORE);
	assert_false(view.keep);
	assert_int_equal(frames_judge(w.bytes, 7, &view), FRAMES_MORE);
	assert_int_equal(view.request_id, 0);
}

static void
pairs_may_be_split_at_any_byte(void **state)
{
	static const char pairs[] = "\200\0\0\4\200\0\0\5NAMEvalue\1\0A";
	size_t cut, len = sizeof(pairs) - 1;

	(void)state;
	for (cut = 1; cut < len; cut++) {
		begin();
		record(PARAMS, pairs, cut, 3);
		record(PARAMS, pairs + cut, len - cut, 0);
		finish();
		assert_int_equal(judge(), FRAMES_WHOLE);
	}
}

static void
pairs_may_come_a_byte_a_record(void **state)
{
	static const char pairs[] = "\200\0\0\4\200\0\0\5NAMEvalue\1\0A";
	size_t i;

	(void)state;
	begin();
	for (i = 0; i < sizeof(pairs) - 1; i++)
		record(PARAMS, pairs + i, 1, 255);
	finish();
	assert_int_equal(judge(), FRAMES_WHOLE);
}

static void
b65_padding_of_255_behind_content_is_fine(void **state)
{
	(void)state;
	begin();
	record(PARAMS, "\1\1ab", 4, 255);
	record(PARAMS, NULL, 0, 0);
	record(STDIN, "x", 1, 255);
	record(STDIN, NULL, 0, 0);
	assert_int_equal(judge(), FRAMES_WHOLE);
}

static void
padding_behind_begin_is_hostile(void **state)
{
	static const unsigned char body[9] = { 0, 1 };

	(void)state;
	w.len = 0;
	header(BEGIN, ID, 8, 1);
	settles_now(FRAMES_HOSTILE);
	put(body, sizeof(body));
	finish();
	is_hostile();
}

static void
padding_behind_empty_params_is_hostile(void **state)
{
	(void)state;
	begin();
	header(PARAMS, ID, 0, 8);
	settles_now(FRAMES_HOSTILE);
}

static void
padding_behind_empty_stdin_is_hostile(void **state)
{
	(void)state;
	begin();
	record(PARAMS, NULL, 0, 0);
	header(STDIN, ID, 0, 1);
	settles_now(FRAMES_HOSTILE);
}

static void
b65_bytes_after_the_request_are_hostile(void **state)
{
	(void)state;
	put_request();
	put("\1", 1);
	is_hostile();
	put_request();
	header(ABORT, ID, 0, 0);
	is_hostile();
}

static void
b65_second_begin_is_hostile(void **state)
{
	(void)state;
	begin();
	header(BEGIN, ID, 8, 0);
	settles_now(FRAMES_HOSTILE);
	begin();
	record(PARAMS, NULL, 0, 0);
	header(BEGIN, ID + 1, 8, 0);
	settles_now(FRAMES_HOSTILE);
}

static void
b65_other_id_is_hostile(void **state)
{
	static const int types[] = { ABORT, PARAMS, STDIN };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(types); i++) {
		begin();
		header(types[i], ID + 1, 0, 0);
		settles_now(FRAMES_HOSTILE);
		begin();
		header(types[i], ID + 256, 0, 0);
		settles_now(FRAMES_HOSTILE);
	}
}

static void
b65_management_record_is_hostile(void **state)
{
	(void)state;
	w.len = 0;
	header(GET_VALUES, 0, 0, 0);
	settles_now(FRAMES_HOSTILE);
	begin();
	header(GET_VALUES, 0, 32, 0);
	settles_now(FRAMES_HOSTILE);
	begin();
	record(PARAMS, NULL, 0, 0);
	header(GET_VALUES, 0, 32, 0);
	settles_now(FRAMES_HOSTILE);
}

static void
b64_get_values_with_repeated_names_is_hostile(void **state)
{
	int i;

	(void)state;
	w.len = 0;
	header(GET_VALUES, 0, 40 * 17, 0);
	for (i = 0; i < 40; i++)
		put("\017\0FCGI_MPXS_CONNS", 17);
	is_hostile();
}

static void
begin_with_id_zero_is_hostile(void **state)
{
	(void)state;
	w.len = 0;
	header(BEGIN, 0, 8, 0);
	settles_now(FRAMES_HOSTILE);
}

static void
begin_of_another_length_is_hostile(void **state)
{
	static const size_t lengths[] = { 0, 7, 9, 65535 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lengths); i++) {
		w.len = 0;
		header(BEGIN, ID, lengths[i], 0);
		settles_now(FRAMES_HOSTILE);
	}
}

static void
anything_before_begin_is_hostile(void **state)
{
	int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		w.len = 0;
		header(type, ID, 8, 0);
		assert_int_equal(judge(),
		    type == BEGIN ? FRAMES_MORE : FRAMES_HOSTILE);
	}
}

static void
unknown_types_are_hostile(void **state)
{
	int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		if (type == PARAMS || type == ABORT)
			continue;
		begin();
		header(type, ID, 1, 0);
		settles_now(FRAMES_HOSTILE);
	}
}

static void
unknown_types_after_the_parameters_are_hostile(void **state)
{
	int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		if (type == STDIN || type == ABORT)
			continue;
		begin();
		record(PARAMS, NULL, 0, 0);
		header(type, ID, 1, 0);
		settles_now(FRAMES_HOSTILE);
	}
}

static void
other_versions_are_hostile(void **state)
{
	int version;

	(void)state;
	for (version = 0; version < 256; version++) {
		put_request();
		w.bytes[0] = (unsigned char)version;
		assert_int_equal(judge(),
		    version == 1 ? FRAMES_WHOLE : FRAMES_HOSTILE);
		put_request();
		w.bytes[16] = (unsigned char)version;
		assert_int_equal(judge(),
		    version == 1 ? FRAMES_WHOLE : FRAMES_HOSTILE);
	}
}

/* libfcgi would take the parameters for complete. */
static void
body_before_the_end_of_parameters_is_hostile(void **state)
{
	(void)state;
	begin();
	PAIRS("\1\1ab");
	header(STDIN, ID, 1, 0);
	settles_now(FRAMES_HOSTILE);
	begin();
	header(STDIN, ID, 0, 0);
	settles_now(FRAMES_HOSTILE);
}

static void
b65_other_roles_are_unknown(void **state)
{
	static const int roles[] = { 0, 2, 3, 4, 255, 256, 257, 65535 };
	struct frames_view view;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(roles); i++) {
		begin_as(roles[i], 1);
		settles_now(FRAMES_UNKNOWN_ROLE);
		frames_judge(w.bytes, w.len, &view);
		assert_int_equal(view.request_id, ID);
		assert_true(view.keep);
	}
}

static void
b65_abort_is_seen_at_any_stage(void **state)
{
	(void)state;
	begin();
	header(ABORT, ID, 0, 0);
	settles_now(FRAMES_ABORTED);
	begin();
	PAIRS("\5\5ab");
	header(ABORT, ID, 0, 0);
	settles_now(FRAMES_ABORTED);
	begin();
	record(PARAMS, NULL, 0, 0);
	record(STDIN, "x", 1, 0);
	header(ABORT, ID, 0, 0);
	settles_now(FRAMES_ABORTED);
}

/* Lengths whose sum libfcgi 2.4.2 overflows, or nearly. */
static void
b64_length_pair_overflow_is_hostile(void **state)
{
	static const unsigned char pairs[][8] = {
		{ 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe },
		{ 0xff, 0xff, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x01 },
		{ 0xc0, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00 },
		{ 0xff, 0xff, 0xff, 0xfd, 0x80, 0x00, 0x00, 0x05 },
		{ 0xff, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00 },
		{ 0x80, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		begin();
		record(PARAMS, pairs[i], sizeof(pairs[i]), 0);
		is_hostile();
		finish();
		is_hostile();
	}
}

static void
b64_length_of_16_mib_is_hostile_at_its_first_byte(void **state)
{
	(void)state;
	begin();
	PAIRS("\201");
	settles_now(FRAMES_HOSTILE);
	begin();
	PAIRS("\1\201");
	settles_now(FRAMES_HOSTILE);
	begin();
	PAIRS("\1\200");
	assert_int_equal(judge(), FRAMES_MORE);
}

static void
pair_cut_short_is_hostile(void **state)
{
	static const char pairs[] = "\200\0\0\4\200\0\0\5NAMEvalue";
	size_t cut, len = sizeof(pairs) - 1;

	(void)state;
	for (cut = 1; cut < len; cut++) {
		begin();
		record(PARAMS, pairs, cut, 0);
		header(PARAMS, ID, 0, 0);
		settles_now(FRAMES_HOSTILE);
	}
}

static void
name_without_a_character_is_hostile(void **state)
{
	(void)state;
	begin();
	PAIRS("\0");
	settles_now(FRAMES_HOSTILE);
	begin();
	PAIRS("\200\0\0\0");
	settles_now(FRAMES_HOSTILE);
}

static void
bytes_that_no_name_has_are_hostile(void **state)
{
	char pair[] = "\3\1aXbc";
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		pair[3] = (char)c;
		begin();
		record(PARAMS, pair, 6, 0);
		finish();
		assert_int_equal(judge(), c < 32 || c == 127 || c == '=' ?
		    FRAMES_HOSTILE : FRAMES_WHOLE);
	}
}

static void
nul_in_a_value_is_hostile_and_nothing_else_is(void **state)
{
	char pair[] = "\1\3abXc";
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		pair[4] = (char)c;
		begin();
		record(PARAMS, pair, 6, 0);
		finish();
		assert_int_equal(judge(),
		    c == 0 ? FRAMES_HOSTILE : FRAMES_WHOLE);
	}
}

/* The verdict must not wait for the rest of the record. */
static void
bad_byte_settles_it_before_its_record_has_ended(void **state)
{
	(void)state;
	begin();
	header(PARAMS, ID, 30000, 0);
	put("\012\5ab=", 5);
	settles_now(FRAMES_HOSTILE);
	begin();
	header(PARAMS, ID, 30000, 0);
	put("\1\5Aab\0", 6);
	settles_now(FRAMES_HOSTILE);
}

static void
put_pair(size_t name_len, size_t value_len)
{
	static char content[8 + 2 * FRAMES_PARAMS_MAX];
	unsigned char lengths[8] = { 0x80, 0, (unsigned char)(name_len >> 8),
	    (unsigned char)name_len, 0x80, (unsigned char)(value_len >> 16),
	    (unsigned char)(value_len >> 8), (unsigned char)value_len };

	memcpy(content, lengths, sizeof(lengths));
	memset(content + 8, 'x', name_len + value_len);
	record(PARAMS, content, 8 + name_len + value_len, 0);
}

static void
longest_name_and_value_are_fine(void **state)
{
	(void)state;
	begin();
	put_pair(FRAMES_NAME_MAX, FRAMES_VALUE_MAX);
	finish();
	assert_int_equal(judge(), FRAMES_WHOLE);
}

static void
longer_name_or_value_is_too_large(void **state)
{
	(void)state;
	begin();
	put_pair(FRAMES_NAME_MAX + 1, 0);
	assert_int_equal(judge(), FRAMES_PARAMS_TOO_LARGE);
	begin();
	put_pair(1, FRAMES_VALUE_MAX + 1);
	assert_int_equal(judge(), FRAMES_PARAMS_TOO_LARGE);
	begin();
	PAIRS("\200\377\377\377");
	settles_now(FRAMES_PARAMS_TOO_LARGE);
}

static void
number_of_parameters_is_bounded(void **state)
{
	int i;

	(void)state;
	begin();
	for (i = 0; i < FRAMES_PARAM_COUNT_MAX; i++)
		PAIRS("\1\1ab");
	assert_int_equal(judge(), FRAMES_MORE);
	PAIRS("\1");
	settles_now(FRAMES_PARAMS_TOO_LARGE);
}

static void
put_params_of(size_t total)
{
	begin();
	put_pair(8, FRAMES_VALUE_MAX - 16);
	put_pair(8, FRAMES_VALUE_MAX - 16 + total - FRAMES_PARAMS_MAX);
}

static void
size_of_parameters_is_bounded(void **state)
{
	(void)state;
	put_params_of(FRAMES_PARAMS_MAX);
	finish();
	assert_int_equal(judge(), FRAMES_WHOLE);
	put_params_of(FRAMES_PARAMS_MAX);
	header(PARAMS, ID, 1, 0);
	settles_now(FRAMES_PARAMS_TOO_LARGE);
	begin();
	header(PARAMS, ID, FRAMES_PARAMS_MAX + 1, 0);
	settles_now(FRAMES_PARAMS_TOO_LARGE);
}

static void
put_body_of(size_t total)
{
	static const char zero[FRAMES_BODY_MAX];

	begin();
	record(PARAMS, NULL, 0, 0);
	record(STDIN, zero, total / 2, 0);
	record(STDIN, zero, total - total / 2, 0);
}

static void
size_of_body_is_bounded(void **state)
{
	struct frames_view view;

	(void)state;
	put_body_of(FRAMES_BODY_MAX);
	record(STDIN, NULL, 0, 0);
	assert_int_equal(frames_judge(w.bytes, w.len, &view), FRAMES_WHOLE);
	assert_int_equal(view.body_len, FRAMES_BODY_MAX);
	put_body_of(FRAMES_BODY_MAX);
	header(STDIN, ID, 1, 0);
	settles_now(FRAMES_BODY_TOO_LARGE);
	frames_judge(w.bytes, w.len, &view);
	assert_int_equal(view.request_id, ID);
}

static void
b65_record_of_65535_bytes(void **state)
{
	static const char zero[65535];

	(void)state;
	begin();
	record(PARAMS, zero, sizeof(zero), 0);
	assert_int_equal(judge(), FRAMES_PARAMS_TOO_LARGE);
	begin();
	record(PARAMS, NULL, 0, 0);
	record(STDIN, zero, sizeof(zero), 255);
	assert_int_equal(judge(), FRAMES_BODY_TOO_LARGE);
	begin();
	record(PARAMS, NULL, 0, 0);
	record(STDIN, zero, FRAMES_BODY_MAX, 255);
	record(STDIN, NULL, 0, 0);
	assert_int_equal(judge(), FRAMES_WHOLE);
}

/* BEGIN is 16, the header that ends a stream is 8 each. */
static void
framing_overhead_is_bounded(void **state)
{
	int i, records = (FRAMES_OVERHEAD_MAX - 16 - 8 - 8) / 8;

	(void)state;
	begin();
	record(PARAMS, NULL, 0, 0);
	for (i = 0; i < records; i++)
		record(STDIN, "x", 1, 0);
	record(STDIN, NULL, 0, 0);
	assert_int_equal(judge(), FRAMES_WHOLE);
	w.len -= 8;
	header(STDIN, ID, 1, 0);
	settles_now(FRAMES_HOSTILE);
}

static void
padding_counts_as_overhead(void **state)
{
	int i, records = FRAMES_OVERHEAD_MAX / (8 + 255);

	(void)state;
	begin();
	record(PARAMS, NULL, 0, 0);
	for (i = 0; i < records - 1; i++)
		record(STDIN, "x", 1, 255);
	assert_int_equal(judge(), FRAMES_MORE);
	header(STDIN, ID, 1, 255);
	assert_int_equal(judge(), FRAMES_MORE);
	put("x", 1);
	w.len += 255;
	header(STDIN, ID, 1, 255);
	is_hostile();
}

/* The longest request there is fills the peek to its last byte. */
static void
longest_request_fits_the_peek(void **state)
{
	static const char zero[FRAMES_BODY_MAX];
	size_t left, records = 0;

	(void)state;
	put_params_of(FRAMES_PARAMS_MAX);
	record(PARAMS, NULL, 0, 0);
	for (left = FRAMES_OVERHEAD_MAX - 16 - 5 * 8; left > 8 + 255;
	    left -= 8 + 255, records++)
		record(STDIN, zero, 1, 255);
	record(STDIN, zero, 1, left - 8);
	record(STDIN, zero, FRAMES_BODY_MAX - 1 - records, 0);
	assert_int_equal(w.len, FRAMES_PEEK_BYTES - 8);
	assert_int_equal(judge(), FRAMES_MORE);
	record(STDIN, NULL, 0, 0);
	assert_int_equal(w.len, FRAMES_PEEK_BYTES);
	settles_now(FRAMES_WHOLE);
}

/* Thrown away as it comes. */

static enum frames_verdict
skip_in_pieces(size_t size)
{
	struct frames_skip skip = { .have = 0 };
	enum frames_verdict v = FRAMES_MORE;
	size_t at, n;

	for (at = 0; at < w.len; at += n) {
		assert_int_equal(v, FRAMES_MORE);
		n = w.len - at < size ? w.len - at : size;
		v = frames_skip(&skip, w.bytes + at, n);
		if (v == FRAMES_HOSTILE)
			return v;
	}
	return v;
}

static void
skips_to(enum frames_verdict v)
{
	static const size_t sizes[] = { 1, 2, 7, 8, 9, 100, 4096, 65536,
	    sizeof(w.bytes) };
	size_t i;

	for (i = 0; i < COUNT(sizes); i++)
		assert_int_equal(skip_in_pieces(sizes[i]), v);
}

static void
skipping_ends_with_the_empty_stdin_record(void **state)
{
	static const unsigned char body[65535];

	(void)state;
	put_request();
	skips_to(FRAMES_WHOLE);
	begin();
	record(PARAMS, body, sizeof(body), 255);
	record(PARAMS, NULL, 0, 0);
	skips_to(FRAMES_MORE);
	record(STDIN, body, 1, 7);
	record(STDIN, body, sizeof(body), 0);
	skips_to(FRAMES_MORE);
	record(STDIN, NULL, 0, 0);
	skips_to(FRAMES_WHOLE);
	w.len -= 8;
	header(STDIN, ID, 0, 2);
	put(body, 1);
	skips_to(FRAMES_MORE);
	put(body, 1);
	skips_to(FRAMES_WHOLE);
}

static void
skipping_ends_with_an_abort(void **state)
{
	(void)state;
	begin();
	header(ABORT, ID, 0, 0);
	skips_to(FRAMES_ABORTED);
}

static void
skipping_finds_what_is_no_request(void **state)
{
	(void)state;
	put_request();
	put("", 1);
	assert_int_equal(skip_in_pieces(sizeof(w.bytes)), FRAMES_HOSTILE);
	begin();
	header(GET_VALUES, 0, 0, 0);
	skips_to(FRAMES_HOSTILE);
	begin();
	header(STDIN + 1, ID, 0, 0);
	skips_to(FRAMES_HOSTILE);
	w.len = 0;
	put("\2\1\0\1\0\0\0\0", 8);
	skips_to(FRAMES_HOSTILE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_request_is_whole),
		cmocka_unit_test(every_prefix_of_a_whole_request_is_more),
		cmocka_unit_test(request_without_parameters_is_whole),
		cmocka_unit_test(view_tells_id_and_keep),
		cmocka_unit_test(pairs_may_be_split_at_any_byte),
		cmocka_unit_test(pairs_may_come_a_byte_a_record),
		cmocka_unit_test(b65_padding_of_255_behind_content_is_fine),
		cmocka_unit_test(padding_behind_begin_is_hostile),
		cmocka_unit_test(padding_behind_empty_params_is_hostile),
		cmocka_unit_test(padding_behind_empty_stdin_is_hostile),
		cmocka_unit_test(b65_bytes_after_the_request_are_hostile),
		cmocka_unit_test(b65_second_begin_is_hostile),
		cmocka_unit_test(b65_other_id_is_hostile),
		cmocka_unit_test(b65_management_record_is_hostile),
		cmocka_unit_test(
		    b64_get_values_with_repeated_names_is_hostile),
		cmocka_unit_test(begin_with_id_zero_is_hostile),
		cmocka_unit_test(begin_of_another_length_is_hostile),
		cmocka_unit_test(anything_before_begin_is_hostile),
		cmocka_unit_test(unknown_types_are_hostile),
		cmocka_unit_test(
		    unknown_types_after_the_parameters_are_hostile),
		cmocka_unit_test(other_versions_are_hostile),
		cmocka_unit_test(
		    body_before_the_end_of_parameters_is_hostile),
		cmocka_unit_test(b65_other_roles_are_unknown),
		cmocka_unit_test(b65_abort_is_seen_at_any_stage),
		cmocka_unit_test(b64_length_pair_overflow_is_hostile),
		cmocka_unit_test(
		    b64_length_of_16_mib_is_hostile_at_its_first_byte),
		cmocka_unit_test(pair_cut_short_is_hostile),
		cmocka_unit_test(name_without_a_character_is_hostile),
		cmocka_unit_test(bytes_that_no_name_has_are_hostile),
		cmocka_unit_test(
		    nul_in_a_value_is_hostile_and_nothing_else_is),
		cmocka_unit_test(
		    bad_byte_settles_it_before_its_record_has_ended),
		cmocka_unit_test(longest_name_and_value_are_fine),
		cmocka_unit_test(longer_name_or_value_is_too_large),
		cmocka_unit_test(number_of_parameters_is_bounded),
		cmocka_unit_test(size_of_parameters_is_bounded),
		cmocka_unit_test(size_of_body_is_bounded),
		cmocka_unit_test(b65_record_of_65535_bytes),
		cmocka_unit_test(framing_overhead_is_bounded),
		cmocka_unit_test(padding_counts_as_overhead),
		cmocka_unit_test(longest_request_fits_the_peek),
		cmocka_unit_test(skipping_ends_with_the_empty_stdin_record),
		cmocka_unit_test(skipping_ends_with_an_abort),
		cmocka_unit_test(skipping_finds_what_is_no_request),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
