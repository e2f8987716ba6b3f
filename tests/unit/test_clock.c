/* The time as text, and a time of the tests' own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

static int64_t
noon(void)
{
	return 43200000;
}

static void
text_is_rfc3339_in_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t		 ms;
		const char	*text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 7, "1970-01-01T00:00:00.007Z" },
		{ 86399999, "1970-01-01T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1763763917042, "2025-11-21T22:25:17.042Z" },
		{ 4102444800000, "2100-01-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char text[CLOCK_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_text(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void
text_does_not_follow_the_time_zone(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_int_equal(setenv("TZ", "XYZ-11", 1), 0);
	tzset();
	clock_text(0, text);
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

static void
no_time_needs_more_than_four_digits_for_its_year(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	clock_text(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	clock_text(INT64_MIN, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

/* time() follows a coarser clock, which is some milliseconds behind. */
static int64_t
wall_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
clock_ms_is_the_wall_clock(void **state)
{
	int64_t before, now, after;

	(void)state;
	before = wall_ms();
	now = clock_ms();
	after = wall_ms();
	assert_in_range(now - before, 0, after - before);
}

static void
replaced_clock_leaves_the_steady_one(void **state)
{
	int64_t steady;

	(void)state;
	steady = clock_steady_ms();
	clock_replace(noon);
	assert_int_equal(clock_ms(), 43200000);
	assert_in_range(clock_steady_ms() - steady, 0, 60000);
	clock_replace(NULL);
	assert_int_not_equal(clock_ms(), 43200000);
}

static void
steady_clock_never_goes_back(void **state)
{
	int64_t last = clock_steady_ms(), now;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		now = clock_steady_ms();
		assert_true(now >= last);
		last = now;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_rfc3339_in_utc_with_milliseconds),
		cmocka_unit_test(text_does_not_follow_the_time_zone),
		cmocka_unit_test(no_time_needs_more_than_four_digits_for_its_year),
		cmocka_unit_test(clock_ms_is_the_wall_clock),
		cmocka_unit_test(replaced_clock_leaves_the_steady_one),
		cmocka_unit_test(steady_clock_never_goes_back),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
