/* One event is one line of JSON, whatever its values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "helper.h"
#include "json.h"
#include "log.h"

#define START	"{\"time\":\"1970-01-01T12:00:00.000Z\",\"event\":"

static char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];
static int log_fd;
static struct arena *arena;

static int64_t
noon(void)
{
	return 43200000;
}

static int
set_up(void **state)
{
	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	log_to(log_fd);
	clock_replace(noon);
	arena = arena_new();
	return log_fd >= 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	log_to(STDERR_FILENO);
	clock_replace(NULL);
	(void)close(log_fd);
	arena_free(arena);
	helper_dir_remove(dir);
	return 0;
}

/* What has been written since the last call, in the arena. */
static const char *
written(void)
{
	char *bytes, *copy;
	size_t len;

	bytes = helper_file(path, &len);
	assert_int_equal(strlen(bytes), len);
	copy = arena_copy(arena, bytes, len);
	free(bytes);
	assert_int_equal(ftruncate(log_fd, 0), 0);
	return copy;
}

/* The member of a single line, which must be an object and a newline. */
static const char *
member(const char *line, const char *name)
{
	struct pairs pairs;
	size_t i;

	assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
	assert_int_equal(json_read(arena, line, strlen(line), &pairs),
	    READ_OK);
	for (i = 0; i < pairs.n; i++)
		if (strcmp(pairs.pair[i].name, name) == 0)
			return pairs.pair[i].value;
	return NULL;
}

static void
line_has_time_event_and_the_fields(void **state)
{
	(void)state;
	LOG("started", LOG_TEXT("socket", "/run/x"), LOG_NUMBER("n", 5));
	assert_string_equal(written(),
	    START "\"started\",\"socket\":\"/run/x\",\"n\":5}\n");
	log_event("bare", NULL, 0);
	assert_string_equal(written(), START "\"bare\"}\n");
}

static void
numbers_are_whole(void **state)
{
	(void)state;
	LOG("n", LOG_NUMBER("a", INT64_MAX), LOG_NUMBER("b", INT64_MIN),
	    LOG_NUMBER("c", 0));
	assert_string_equal(written(), START "\"n\","
	    "\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":0}\n");
}

static void
no_text_is_empty_text(void **state)
{
	const char *none = NULL;

	(void)state;
	LOG("e", LOG_TEXT("a", none));
	assert_string_equal(written(), START "\"e\",\"a\":\"\"}\n");
}

static void
control_characters_quotes_and_high_bytes_are_escaped(void **state)
{
	(void)state;
	LOG("e", LOG_TEXT("a", "\"\\\n\r\t\x01\x1b\x7f\x80\xff/"));
	assert_string_equal(written(), START "\"e\",\"a\":\""
	    "\\u0022\\u005c\\u000a\\u000d\\u0009\\u0001\\u001b\\u007f"
	    "\\u0080\\u00ff/\"}\n");
}

/* Each value an attacker may choose ends where it should. */
static void
no_value_ends_a_line_or_adds_a_field(void **state)
{
	static const char *const values[] = {
		"\n{\"event\":\"login.succeeded\"}",
		"\",\"event\":\"login.succeeded",
		"\\", "\\\"", "\"}", "}\r\n{", "\xe2\x80\xa8", "\xc2\x85",
		"\x1b[2J", "\xff\xfe", "%s%n%s%n",
	};
	const char *line;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(values); i++) {
		LOG("request", LOG_TEXT("a", values[i]), LOG_TEXT("b", "B"));
		line = written();
		assert_string_equal(member(line, "event"), "request");
		assert_string_equal(member(line, "b"), "B");
	}
}

static void
every_byte_keeps_the_line_whole(void **state)
{
	char value[2] = "";
	int byte;

	(void)state;
	for (byte = 1; byte < 256; byte++) {
		value[0] = (char)byte;
		LOG("e", LOG_TEXT("a", value), LOG_TEXT("end", "E"));
		assert_string_equal(member(written(), "end"), "E");
	}
}

static void
long_value_is_cut(void **state)
{
	char value[1000];
	const char *line;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	LOG("e", LOG_TEXT("a", value), LOG_TEXT("end", "E"));
	line = written();
	value[LOG_VALUE_MAX] = '\0';
	assert_string_equal(member(line, "a"), value);
	assert_string_equal(member(line, "end"), "E");
}

/* Four of the longest values with the longest escapes: over 6000 bytes. */
static void
line_that_is_too_long_stays_an_object(void **state)
{
	char value[LOG_VALUE_MAX + 1];
	const char *line;
	size_t len;

	(void)state;
	for (len = 0; len <= LOG_VALUE_MAX; len++) {
		memset(value, '\n', len);
		value[len] = '\0';
		LOG("e", LOG_TEXT("a", value), LOG_TEXT("b", value),
		    LOG_TEXT("c", value), LOG_NUMBER("d", 4),
		    LOG_TEXT("e", value));
		line = written();
		assert_true(strlen(line) <= 4096);
		assert_string_equal(member(line, "event"), "e");
	}
}

#define LINES	200

static void
log_many(size_t index, void *arg)
{
	char text[2] = { (char)('a' + index), '\0' };
	int i;

	(void)arg;
	for (i = 0; i < LINES; i++)
		LOG("thread", LOG_TEXT("a", text), LOG_NUMBER("i", i),
		    LOG_TEXT("end", text));
}

static void
lines_of_threads_do_not_mix(void **state)
{
	const char *lines;
	size_t n = 0;

	(void)state;
	helper_threads(8, log_many, NULL);
	lines = written();
	assert_true(helper_log_valid(lines));
	for (; (lines = strchr(lines, '\n')) != NULL; lines++)
		n++;
	assert_int_equal(n, 8 * LINES);
}

static void
log_that_nobody_reads_stops_nothing(void **state)
{
	(void)state;
	log_to(-1);
	LOG("lost", LOG_NUMBER("n", 1));
	log_to(log_fd);
	LOG("kept", LOG_NUMBER("n", 2));
	assert_string_equal(written(), START "\"kept\",\"n\":2}\n");
}

static void
give_up(void)
{
	log_abort("no \"memory\"");
}

/* Who watches over the process reads why. */
static void
abort_says_why_in_one_line(void **state)
{
	(void)state;
	assert_int_equal(helper_signal_of(give_up), SIGABRT);
	assert_string_equal(written(), START "\"server.fault\","
	    "\"reason\":\"no \\u0022memory\\u0022\"}\n");
}

static void
flood_is_told_once_a_minute(void **state)
{
	atomic_llong next = 0, other = 0;

	(void)state;
	assert_true(log_is_due(&next));
	assert_false(log_is_due(&next));
	assert_true(log_is_due(&other));
	atomic_store(&next, clock_steady_ms() + 50000);
	assert_false(log_is_due(&next));
	atomic_store(&next, clock_steady_ms());
	assert_true(log_is_due(&next));
	assert_in_range(atomic_load(&next), clock_steady_ms() + 50000,
	    clock_steady_ms() + 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_time_event_and_the_fields),
		cmocka_unit_test(numbers_are_whole),
		cmocka_unit_test(no_text_is_empty_text),
		cmocka_unit_test(
		    control_characters_quotes_and_high_bytes_are_escaped),
		cmocka_unit_test(no_value_ends_a_line_or_adds_a_field),
		cmocka_unit_test(every_byte_keeps_the_line_whole),
		cmocka_unit_test(long_value_is_cut),
		cmocka_unit_test(line_that_is_too_long_stays_an_object),
		cmocka_unit_test(lines_of_threads_do_not_mix),
		cmocka_unit_test(log_that_nobody_reads_stops_nothing),
		cmocka_unit_test(flood_is_told_once_a_minute),
		cmocka_unit_test(abort_says_why_in_one_line),
	};

	return cmocka_run_group_tests_name("log", tests, set_up, tear_down);
}
