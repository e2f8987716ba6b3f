/* What the JSON reader takes and refuses, and what the writer writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "stage.h"

static struct pairs pairs;

static enum read_result
read_bytes(const char *body, size_t len)
{
	char *copy = helper_exact(body, len);
	enum read_result result;

	result = json_read(arena, copy, len, &pairs);
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
is_refused(const char *body)
{
	if (read_text(body) != READ_MALFORMED)
		fail_msg("not refused: %s", body);
	assert_int_equal(pairs.n, 0);
}

static void
all_refused(const char *const *bodies, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		is_refused(bodies[i]);
}

static void
blames(const char *body, const char *culprit)
{
	is_refused(body);
	if (culprit == NULL)
		assert_null(pairs.culprit);
	else {
		assert_non_null(pairs.culprit);
		assert_string_equal(pairs.culprit, culprit);
	}
}

static void
string_members_become_pairs(void **state)
{
	(void)state;
	assert_int_equal(read_text(" {\"email\" : \"a@b.example\",\r\n\t"
	    "\"password\":\"\"} \n"), READ_OK);
	assert_int_equal(pairs.n, 2);
	is_pair(0, "email", "a@b.example", PAIR_FINE);
	is_pair(1, "password", "", PAIR_FINE);
	assert_null(pairs.culprit);
	assert_int_equal(read_text("{}"), READ_OK);
	assert_int_equal(pairs.n, 0);
}

static void
other_types_are_marked(void **state)
{
	static const char *const values[] = {
		"0", "-0", "1", "-1.5e+10", "1E5", "0.0", "1e400", "true",
		"false", "null", "{}", "[]", "[1, \"x\", []]",
		"{\"b\":\"c\"}", "{\"a\":\"c\"}",
	};
	char body[64];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(values); i++) {
		strcpy(body, "{\"a\": ");
		strcat(strcat(body, values[i]), " }");
		assert_int_equal(read_text(body), READ_OK);
		assert_int_equal(pairs.n, 1);
		is_pair(0, "a", "", PAIR_TYPE);
	}
}

static void
escapes_are_decoded(void **state)
{
	static const struct {
		const char *raw, *value;
	} rows[] = {
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\uD800\\uDC00", "\xf0\x90\x80\x80" },
		{ "\\udbff\\udfff", "\xf4\x8f\xbf\xbf" },
		{ "\\u0001\\u001f\\u007f", "\x01\x1f\x7f" },
		{ "\\uffff\\ue000\\ud7ff",
		    "\xef\xbf\xbf\xee\x80\x80\xed\x9f\xbf" },
		{ "\\\\u0000", "\\u0000" },
		{ "\x7f", "\x7f" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	char body[64];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		strcpy(body, "{\"a\":\"");
		strcat(strcat(body, rows[i].raw), "\"}");
		assert_int_equal(read_text(body), READ_OK);
		is_pair(0, "a", rows[i].value, PAIR_FINE);
		strcpy(body, "{\"");
		strcat(strcat(body, rows[i].raw), "\":\"v\"}");
		assert_int_equal(read_text(body), READ_OK);
		is_pair(0, rows[i].value, "v", PAIR_FINE);
	}
}

static void
b67_duplicate_member_is_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"a\":\"1\",\"a\":\"2\"}",
		"{\"a\":\"1\",\"a\":\"1\"}",
		"{\"a\":1,\"b\":2,\"a\":3}",
		"{\"\":1,\"\":2}",
		"{\"x\":{\"a\":1,\"a\":2}}",
		"{\"x\":[{\"a\":1,\"a\":2}]}",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
b67_duplicates_are_compared_after_unescaping(void **state)
{
	static const char *const bodies[] = {
		"{\"email\":\"1\",\"\\u0065mail\":\"2\"}",
		"{\"/\":\"1\",\"\\/\":\"2\"}",
		"{\"\\u00e9\":\"1\",\"\xc3\xa9\":\"2\"}",
		"{\"\\u20ac\":\"1\",\"\xe2\x82\xac\":\"2\"}",
		"{\"\\ud83d\\ude00\":\"1\",\"\xf0\x9f\x98\x80\":\"2\"}",
		"{\"\\n\":\"1\",\"\\u000A\":\"2\"}",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
b67_names_that_differ_in_case_are_two_names(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"EMAIL\":\"1\",\"email\":\"2\"}"),
	    READ_OK);
	is_pair(0, "EMAIL", "1", PAIR_FINE);
	is_pair(1, "email", "2", PAIR_FINE);
}

static void
one_name_in_two_objects_is_no_duplicate(void **state)
{
	(void)state;
	assert_int_equal(
	    read_text("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}"),
	    READ_OK);
	assert_int_equal(pairs.n, 2);
}

static void
b67_nul_is_refused(void **state)
{
	static const char raw[] = "{\"a\":\"x\0y\"}";
	static const char name[] = "{\"a\0\":\"x\"}";
	static const char after[] = "{\"a\":\"x\"}\0";
	static const char *const bodies[] = {
		"{\"email\\u0000z\":\"x\"}",
		"{\"a\":\"x\\u0000y\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":[\"\\u0000\"]}",
		"{\"a\":{\"\\u0000\":1}}",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
	assert_int_equal(read_bytes(raw, sizeof(raw) - 1), READ_MALFORMED);
	assert_int_equal(read_bytes(name, sizeof(name) - 1), READ_MALFORMED);
	assert_int_equal(read_bytes(after, sizeof(after) - 1),
	    READ_MALFORMED);
}

static void
b67_raw_control_characters_are_refused(void **state)
{
	char value[] = "{\"a\":\"_\"}", name[] = "{\"_\":\"a\"}";
	int c;

	(void)state;
	for (c = 1; c < ' '; c++) {
		value[6] = (char)c;
		is_refused(value);
		name[2] = (char)c;
		is_refused(name);
	}
}

static void
b67_only_four_characters_are_blanks(void **state)
{
	char before[] = "_{\"a\":1}", inside[] = "{_\"a\":1}";
	enum read_result want;
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		before[0] = inside[1] = (char)c;
		want = c == ' ' || c == '\t' || c == '\n' || c == '\r' ?
		    READ_OK : READ_MALFORMED;
		assert_int_equal(read_bytes(before, 8), want);
		assert_int_equal(read_bytes(inside, 8), want);
	}
}

static void
b67_bad_utf8_is_refused(void **state)
{
	static const char *const bytes[] = {
		"\x80", "\xff", "\xfe", "\xc3", "\xc3(", "\xc0\x80",
		"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe2\x82",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xcc",
	};
	char body[64];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bytes); i++) {
		strcpy(body, "{\"a\":\"");
		blames(strcat(strcat(body, bytes[i]), "\"}"), "a");
		strcpy(body, "{\"");
		blames(strcat(strcat(body, bytes[i]), "\":\"a\"}"), NULL);
		strcpy(body, "{\"a\":[\"");
		blames(strcat(strcat(body, bytes[i]), "\"]}"), "a");
	}
}

static void
b67_broken_surrogates_are_refused(void **state)
{
	static const char *const raw[] = {
		"\\ud800", "\\udc00", "\\udfff", "\\ud800x", "\\ud800\\n",
		"\\ud800\\u0041", "\\ud800\\ud800", "\\udc00\\ud800",
		"\\ud83d\\ude0", "\\ud83d\\u", "\\ud83d\\", "\\uDBFF",
		"\\ud83d\\\\ude00", "\\udc00\\udc00", "\\ud800\\ue000",
	};
	char body[64];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(raw); i++) {
		strcpy(body, "{\"a\":\"");
		blames(strcat(strcat(body, raw[i]), "\"}"), "a");
	}
}

static void
b67_bad_escapes_are_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"a\":\"\\x41\"}", "{\"a\":\"\\a\"}", "{\"a\":\"\\0\"}",
		"{\"a\":\"\\U0041\"}", "{\"a\":\"\\u004\"}",
		"{\"a\":\"\\u004g\"}", "{\"a\":\"\\u+041\"}",
		"{\"a\":\"\\u 041\"}", "{\"a\":\"\\\"}", "{\"a\":\"\\'\"}",
		"{\"a\":\"\\", "{\"a\":\"\\u", "{\"a\":\"\\u0",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
b67_byte_order_mark_is_refused(void **state)
{
	(void)state;
	blames("\xef\xbb\xbf{\"a\":\"b\"}", NULL);
	is_refused("\xff\xfe{}");
}

static void
b67_bytes_after_the_object_are_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"a\":\"b\"}x", "{\"a\":\"b\"}{}", "{\"a\":\"b\"},",
		"{\"a\":\"b\"}}", "{\"a\":\"b\"} //", "{} {}", "{}\v",
		"{}\xc2\xa0", "{}null",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
top_must_be_an_object(void **state)
{
	static const char *const bodies[] = {
		"", " ", "null", "true", "1", "\"a\"", "[]", "[{\"a\":1}]",
		"a", "\"", ":", ",", "}", "]",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
grammar_is_kept_to_the_letter(void **state)
{
	static const char *const bodies[] = {
		"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"",
		"{\"a\":\"b", "{\"a\":\"b\"", "{\"a\":\"b\",",
		"{\"a\":\"b\",}", "{,}", "{,\"a\":1}", "{\"a\"}",
		"{\"a\":}", "{\"a\" 1}", "{\"a\"=1}", "{\"a\"::1}",
		"{\"a\":1 2}", "{\"a\":1;\"b\":2}", "{\"a\":1,,\"b\":2}",
		"{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{\"a\":'b'}",
		"{\"a\":b}", "{\"a\":[}", "{\"a\":[1}", "{\"a\":[1,]}",
		"{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[1]]}",
		"{\"a\":{]}", "{\"a\":[)}", "{\"a\":undefined}",
		"{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":nulL}",
		"{\"a\":falsee}", "{\"a\":NaN}", "{\"a\":Infinity}",
		"{\"a\":/**/1}", "{\"a\":\"b\"\"c\"}", "{\"a\":{\"b\"}}",
		"{{}}", "{[]}", "{\"a\":1}{", "{\"a\":\"b\n",
	};

	(void)state;
	all_refused(bodies, HELPER_COUNT(bodies));
}

static void
numbers_follow_the_grammar(void **state)
{
	static const char *const numbers[] = {
		"01", "-01", "00", "+1", "-", ".5", "1.", "1.e5", "1e",
		"1e+", "1E-", "0x10", "1_0", "--1", "1.2.3", "1e5.5", "- 1",
		"1e1e1", "-.5", "\xd9\xa1", "1f", "1,5",
	};
	char body[64];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(numbers); i++) {
		strcpy(body, "{\"a\":");
		is_refused(strcat(strcat(body, numbers[i]), "}"));
	}
}

static void
longest_number(void **state)
{
	char body[JSON_NUMBER_MAX + 16] = "{\"a\":";

	(void)state;
	memset(body + 5, '1', JSON_NUMBER_MAX);
	body[5 + JSON_NUMBER_MAX] = '}';
	assert_int_equal(read_text(body), READ_OK);
	is_pair(0, "a", "", PAIR_TYPE);
	strcpy(body + 5 + JSON_NUMBER_MAX, "1}");
	blames(body, "a");
}

static void
depth_is_four(void **state)
{
	static const char *const fine[] = {
		"{\"a\":{\"b\":{\"c\":{}}}}", "{\"a\":[[[]]]}",
		"{\"a\":[[[1]],[[2]]],\"b\":[[[]]]}",
	};
	static const char *const deep[] = {
		"{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", "{\"a\":[[[[]]]]}",
		"{\"a\":[[[{}]]]}", "{\"a\":1,\"b\":[[[]],[[[1]]]]}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(fine); i++)
		assert_int_equal(read_text(fine[i]), READ_OK);
	all_refused(deep, HELPER_COUNT(deep));
}

static void
b66_deep_nesting_does_not_use_up_the_stack(void **state)
{
	char body[16384];

	(void)state;
	memset(body, '[', sizeof(body));
	memcpy(body, "{\"a\":", 5);
	assert_int_equal(read_bytes(body, sizeof(body)), READ_MALFORMED);
	memset(body, '{', sizeof(body));
	assert_int_equal(read_bytes(body, sizeof(body)), READ_MALFORMED);
}

/* before, then n entries (%c is a letter of their own), then after. */
static enum read_result
read_entries(const char *before, const char *entry, int n, const char *after)
{
	char body[512];
	char *c;
	int i;

	strcpy(body, before);
	for (i = 0; i < n; i++) {
		if (i > 0)
			strcat(body, ",");
		c = body + strlen(body);
		strcpy(c, entry);
		c = strchr(c, '%');
		if (c != NULL)
			*c = (char)('a' + i);
	}
	return read_text(strcat(body, after));
}

static void
sixteen_entries_are_enough(void **state)
{
	(void)state;
	assert_int_equal(read_entries("{", "\"%\":\"x\"", 16, "}"), READ_OK);
	assert_int_equal(pairs.n, 16);
	assert_int_equal(read_entries("{\"a\":{", "\"%\":1", 16, "}}"),
	    READ_OK);
	assert_int_equal(read_entries("{\"a\":[", "1", 16, "]}"), READ_OK);
}

static void
seventeen_entries_are_too_many(void **state)
{
	(void)state;
	assert_int_equal(read_entries("{", "\"%\":\"x\"", 17, "}"),
	    READ_TOO_MANY);
	assert_null(pairs.culprit);
	assert_int_equal(pairs.n, 0);
	assert_int_equal(read_entries("{\"a\":{", "\"%\":1", 17, "}}"),
	    READ_TOO_MANY);
	assert_string_equal(pairs.culprit, "a");
	assert_int_equal(read_entries("{\"a\":[", "1", 17, "]}"),
	    READ_TOO_MANY);
	assert_string_equal(pairs.culprit, "a");
}

static void
culprit_is_the_member_being_read(void **state)
{
	(void)state;
	blames("{\"email\":\"x\\u0000\"}", "email");
	blames("{\"ok\":\"x\",\"\\u0065mail\":\"\\q\"}", "email");
	blames("{\"a\":1,\"a\":2}", "a");
	blames("{\"a\":{\"b\":{\"c\":01}}}", "a");
	blames("{\"a\":\"x\" \"b\":1}", NULL);
	blames("{\"a\":\"x\",\"b\\q\":1}", NULL);
	blames("[", NULL);
}

/* A flat object of texts. */

static const struct json_text *texts;
static unsigned int line;

static enum read_result
read_flat(const char *text)
{
	return json_texts(arena, text, strlen(text), &texts, &line);
}

static void
texts_are_read_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(read_flat(" { \"b\" : \"1\" ,\n\"\\u0061\":"
	    "\"\\u00e9\\n\\ud83d\\ude00\", \"\":\"\" }\n"), READ_OK);
	assert_string_equal(texts->name, "b");
	assert_string_equal(texts->text, "1");
	texts = texts->next;
	assert_string_equal(texts->name, "a");
	assert_string_equal(texts->text, "\xc3\xa9\n\xf0\x9f\x98\x80");
	texts = texts->next;
	assert_string_equal(texts->name, "");
	assert_string_equal(texts->text, "");
	assert_null(texts->next);
	assert_int_equal(read_flat("{}"), READ_OK);
	assert_null(texts);
}

static void
texts_may_be_many(void **state)
{
	char text[JSON_TEXTS_MAX * 16 + 32] = "{";
	size_t used = 1, n;

	(void)state;
	for (n = 0; n < JSON_TEXTS_MAX; n++)
		used += (size_t)sprintf(text + used, "\"%zu\":\"\",", n);
	text[used - 1] = '}';
	assert_int_equal(read_flat(text), READ_OK);
	for (n = 0; texts != NULL; texts = texts->next)
		n++;
	assert_int_equal(n, JSON_TEXTS_MAX);
	strcpy(text + used - 1, ",\n\"more\":\"\"}");
	assert_int_equal(read_flat(text), READ_TOO_MANY);
}

static void
nothing_but_texts_is_taken(void **state)
{
	static const char *const bodies[] = {
		"", "null", "[]", "\"a\"", "{", "}", "{}{}", "{},", "{,}",
		"{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":true}",
		"{\"a\":null}", "{\"a\":[]}", "{\"a\":{\"b\":\"c\"}}",
		"{\"a\":\"b\",}", "{\"a\":\"b\"", "{\"a\":\"b", "{a:\"b\"}",
		"{\"a\":\"b\" \"c\":\"d\"}", "{\"a\":\"1\",\"a\":\"2\"}",
		"{\"a\":\"1\",\"\\u0061\":\"2\"}", "{\"a\":\"\\u0000\"}",
		"{\"a\\u0000\":\"\"}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}",
		"{\"a\":\"\xff\"}", "{\"\xc3\":\"\"}", "{\"a\":\"\\ud800\"}",
		"\xef\xbb\xbf{}", "{}\v",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		if (read_flat(bodies[i]) != READ_MALFORMED)
			fail_msg("\"%s\" is taken", bodies[i]);
		assert_int_equal(line, 1);
	}
}

static void
fault_in_texts_has_its_line(void **state)
{
	(void)state;
	assert_int_equal(read_flat("\n{\n\n\"a\":\n1}\n\n"),
	    READ_MALFORMED);
	assert_int_equal(line, 5);
	assert_int_equal(read_flat("{}\n\nx"), READ_MALFORMED);
	assert_int_equal(line, 3);
	assert_int_equal(json_texts(arena, "{}x", 2, &texts, &line),
	    READ_OK);
	assert_int_equal(json_texts(arena, "{\"a\":\"b\"}", 8, &texts,
	    &line), READ_MALFORMED);
}

static const char *
write_one(const char *name, const char *text)
{
	struct json_member member = { .name = name, .text = text };

	return json_object(arena, &member, 1);
}

static void
writer_is_compact_and_ends_the_line(void **state)
{
	static const struct json_member members[] = {
		{ .name = "email", .text = "a@b.example" },
		{ .name = "message", .text = "user created" },
	};

	(void)state;
	assert_string_equal(json_object(arena, members, 2),
	    "{\"email\":\"a@b.example\",\"message\":\"user created\"}\n");
	assert_string_equal(json_object(arena, NULL, 0), "{}\n");
	assert_string_equal(write_one("", ""), "{\"\":\"\"}\n");
}

static void
writer_writes_whole_numbers(void **state)
{
	static const struct json_member members[] = {
		{ .name = "a", .kind = JSON_NUMBER, .number = 0 },
		{ .name = "b", .kind = JSON_NUMBER, .number = INT_MAX },
		{ .name = "c", .kind = JSON_NUMBER, .number = INT_MIN },
		{ .name = "d", .text = "", .number = 5 },
	};

	(void)state;
	assert_string_equal(json_object(arena, members, 4),
	    "{\"a\":0,\"b\":2147483647,\"c\":-2147483648,\"d\":\"\"}\n");
}

static void
writer_writes_truths_and_tables(void **state)
{
	static const struct json_member cells[] = {
		{ .name = "a", .text = "1\"" },
		{ .name = "b", .kind = JSON_BOOL, .truth = true },
		{ .name = "a", .text = "" },
		{ .name = "b", .kind = JSON_BOOL },
	};
	static const struct json_table two = { 2, 2, cells },
	    none = { 0, 2, NULL };
	static const struct json_member members[] = {
		{ .name = "t", .kind = JSON_TABLE, .table = &two },
		{ .name = "n", .kind = JSON_TABLE, .table = &none },
	};

	(void)state;
	assert_string_equal(json_object(arena, members, 2),
	    "{\"t\":[{\"a\":\"1\\\"\",\"b\":true},{\"a\":\"\","
	    "\"b\":false}],\"n\":[]}\n");
}

static void
writer_escapes_what_json_must(void **state)
{
	(void)state;
	assert_string_equal(write_one("m", "\"\\\b\f\n\r\t\x01\x1f"),
	    "{\"m\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"}\n");
	assert_string_equal(write_one("\"", "\xc3\xa9</\x7f"),
	    "{\"\\\"\":\"\xc3\xa9</\x7f\"}\n");
}

static void
writer_has_room_for_the_worst(void **state)
{
	char text[16385];
	const char *json;

	(void)state;
	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json = write_one(text, text);
	assert_int_equal(strlen(json), 2 * 6 * (sizeof(text) - 1) + 8);
}

static void
reader_takes_what_the_writer_wrote(void **state)
{
	char text[256];
	const char *json;
	int c;

	(void)state;
	for (c = 1; c < 128; c++)
		text[c - 1] = (char)c;
	strcpy(text + 127, "\xc3\xa9\xf0\x9f\x98\x80");
	json = write_one("m", text);
	assert_int_equal(read_text(json), READ_OK);
	is_pair(0, "m", text, PAIR_FINE);
}

static void
version_names_the_library(void **state)
{
	(void)state;
	assert_int_equal(strncmp(json_version(), "cJSON 1.", 8), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(string_members_become_pairs),
		cmocka_unit_test(other_types_are_marked),
		cmocka_unit_test(escapes_are_decoded),
		cmocka_unit_test(b67_duplicate_member_is_refused),
		cmocka_unit_test(b67_duplicates_are_compared_after_unescaping),
		cmocka_unit_test(b67_names_that_differ_in_case_are_two_names),
		cmocka_unit_test(one_name_in_two_objects_is_no_duplicate),
		cmocka_unit_test(b67_nul_is_refused),
		cmocka_unit_test(b67_raw_control_characters_are_refused),
		cmocka_unit_test(b67_only_four_characters_are_blanks),
		cmocka_unit_test(b67_bad_utf8_is_refused),
		cmocka_unit_test(b67_broken_surrogates_are_refused),
		cmocka_unit_test(b67_bad_escapes_are_refused),
		cmocka_unit_test(b67_byte_order_mark_is_refused),
		cmocka_unit_test(b67_bytes_after_the_object_are_refused),
		cmocka_unit_test(top_must_be_an_object),
		cmocka_unit_test(grammar_is_kept_to_the_letter),
		cmocka_unit_test(numbers_follow_the_grammar),
		cmocka_unit_test(longest_number),
		cmocka_unit_test(depth_is_four),
		cmocka_unit_test(b66_deep_nesting_does_not_use_up_the_stack),
		cmocka_unit_test(sixteen_entries_are_enough),
		cmocka_unit_test(seventeen_entries_are_too_many),
		cmocka_unit_test(culprit_is_the_member_being_read),
		cmocka_unit_test(texts_are_read_in_their_order),
		cmocka_unit_test(texts_may_be_many),
		cmocka_unit_test(nothing_but_texts_is_taken),
		cmocka_unit_test(fault_in_texts_has_its_line),
		cmocka_unit_test(writer_is_compact_and_ends_the_line),
		cmocka_unit_test(writer_writes_whole_numbers),
		cmocka_unit_test(writer_writes_truths_and_tables),
		cmocka_unit_test(writer_escapes_what_json_must),
		cmocka_unit_test(writer_has_room_for_the_worst),
		cmocka_unit_test(reader_takes_what_the_writer_wrote),
		cmocka_unit_test(version_names_the_library),
	};

	return cmocka_run_group_tests_name("json", tests, stage_arena,
	    stage_clear);
}
