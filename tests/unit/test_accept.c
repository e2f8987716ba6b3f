/* What a client likes to be answered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "accept.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct row {
	const char	*header;
	int		 html;
	int		 json;
};

static void
quality_is_that_of_the_most_exact_range(void **state)
{
	static const struct row rows[] = {
		{ "", 1000, 1000 },
		{ "*/*", 1000, 1000 },
		{ "text/html", 1000, 0 },
		{ "application/json", 0, 1000 },
		{ "TEXT/HTML , application/json;q=0.5", 1000, 500 },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,"
		    "image/avif,image/webp,*/*;q=0.8", 1000, 800 },
		{ "text/*", 1000, 0 },
		{ "text/*;q=0.3, */*;q=0.7", 300, 700 },
		{ "text/html;q=0, */*", 0, 1000 },
		{ "*/*;q=0.001", 1, 1 },
		{ "text/html;level=1;q=0.25", 250, 0 },
		{ "text/html;q=0.2, text/html;q=0.4", 400, 0 },
		{ "application/*;q=1.000, text/html;q=0.999", 999, 1000 },
		{ "text/htm, text/html5, tex/html, text, /, */html, ,;q=1",
		    0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		if (accept_quality(rows[i].header, "text/html") !=
		    rows[i].html)
			fail_msg("HTML of %s", rows[i].header);
		if (accept_quality(rows[i].header, "application/json") !=
		    rows[i].json)
			fail_msg("JSON of %s", rows[i].header);
	}
}

/* What is no weight is as if it had not been said. */
static void
malformed_weights_count_in_full(void **state)
{
	static const char *const headers[] = { "text/html;q=", "text/html;q",
	    "text/html;q=x", "text/html;q=9", "text/html;q=-1",
	    "text/html;;q" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(headers); i++)
		assert_int_equal(accept_quality(headers[i], "text/html"),
		    ACCEPT_FULL);
	assert_int_equal(accept_quality("text/html;q=0.x", "text/html"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quality_is_that_of_the_most_exact_range),
		cmocka_unit_test(malformed_weights_count_in_full),
	};

	return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
