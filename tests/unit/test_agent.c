/* Which browser a User-Agent speaks of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define WEBKIT	"AppleWebKit/537.36 (KHTML, like Gecko) "

static const struct {
	const char	*user_agent;
	const char	*browser;
	const char	*system;
} rows[] = {
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
	    "Firefox/128.0", "Firefox", "Linux" },
	{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
	    "Chrome/126.0.0.0 Safari/537.36", "Chrome", "Windows" },
	{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
	    "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge",
	    "Windows" },
	{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " WEBKIT
	    "Version/17.5 Safari/605.1.15", "Safari", "macOS" },
	{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " WEBKIT
	    "CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome", "iPhone" },
	{ "Mozilla/5.0 (Linux; Android 14; Pixel 8) " WEBKIT
	    "Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome", "Android" },
	{ "curl/7.88.1", "curl", "" },
	{ "", "", "" },
	{ "<script>alert(1)</script>", "", "" },
};

static void
browser_and_system_are_named(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_string_equal(agent_browser(rows[i].user_agent),
		    rows[i].browser);
		assert_string_equal(agent_system(rows[i].user_agent),
		    rows[i].system);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(browser_and_system_are_named),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
