/* Where somebody may be sent on to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "onward.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct origin base, others[2];

static int
set_up(void **state)
{
	(void)state;
	assert_true(net_origin("https://good.example", &base));
	assert_true(net_origin("https://app.example:8443", &others[0]));
	assert_true(net_origin("http://[2001:db8::1]:8080", &others[1]));
	return 0;
}

static bool
is_ours(const char *url)
{
	return onward_is_ours(url, &base, others, COUNT(others));
}

/* A host of somebody's, whatever a reader of addresses makes of it. */
static void
b50_v3_7_2_nobody_is_sent_to_another_site(void **state)
{
	static const char *const hostile[] = {
		"", " ", "e", "evil.example", "evil.example/", "./e", "../e",
		"\?x", "#x", "\\", "\\\\", "\\\\e", "\\/e", "/\\e", "/\\/e",
		"/\\\\e", "//e", "///e", "////e", "//e/", "//e@good.example",
		"//good.example@e", "//good.example", "//good.example/",
		"///good.example/", "/%09/e", "/%0a/e", "/%0d/e", "/%0d%0a/e",
		"/%00/e", "/%20//e", "/\011/e", "/\012/e", "/\015/e", "/ /e",
		"\011//e", " //e", "\012//e", "\015\012//e", "//\011e",
		"/\011//e", "/%2f/e", "/%2fe", "/%2Fe", "/%2f%2fe", "/%5ce",
		"/%5Ce", "/%5c%5ce", "/%5c/e", "/%252f%252fe", "/%255ce",
		"/%2e%2e/e", "/%2e/e", "/.//e", "/..//e", "/./e", "/../e",
		"/x/..//e", "/x//e", "/x//", "/x/../e", "/x/./e",
		"/x/%2e%2e/e", "/x/%2e%2e//e", "/;//e", "/\?//e\012",
		"/x\\..\\e", "/x%0d%0aSet-Cookie:a=b",
		"/x\015\012Set-Cookie: a=b", "/x\012Location: https://e",
		"/x\?y=%0d%0aLocation:e", "/x\?y=%00", "/x#%0a", "/x\?%0a",
		"/x%", "/x%2", "/x%zz", "/x%%", "/x\?%g0", "/x\?%", "/x y",
		"/x\"y", "/x'\"><script>", "/<script>", "/x<y", "/x>y", "/x`y",
		"/x{y}", "/x|y", "/x^y", "/\303\251", "/\342\201\204/e",
		"\342\201\204\342\201\204e", "/\357\274\217\357\274\217e",
		"\357\274\217\357\274\217e", "\343\200\202e",
		"//e\343\200\202example", "/\342\200\213/e", "/\342\200\256/e",
		"/\357\273\277/e", "\357\273\277//e", "/x\177", "/x\001",
		"javascript:alert(1)", "javascript://good.example/",
		"JavaScript:alert(1)", "JavaScript://good.example/",
		"JAVASCRIPT:alert(1)", "JAVASCRIPT://good.example/",
		"vbscript:alert(1)", "vbscript://good.example/",
		"data:alert(1)", "data://good.example/", "file:alert(1)",
		"file://good.example/", "ftp:alert(1)", "ftp://good.example/",
		"ws:alert(1)", "ws://good.example/", "wss:alert(1)",
		"wss://good.example/", "mailto:alert(1)",
		"mailto://good.example/", "tel:alert(1)",
		"tel://good.example/", "about:alert(1)",
		"about://good.example/", "blob:alert(1)",
		"blob://good.example/", "view-source:alert(1)",
		"view-source://good.example/", "intent:alert(1)",
		"intent://good.example/", "jar:alert(1)",
		"jar://good.example/", "feed:alert(1)", "feed://good.example/",
		"gopher:alert(1)", "gopher://good.example/", "ldap:alert(1)",
		"ldap://good.example/", "sms:alert(1)", "sms://good.example/",
		"javascript://good.example/%0aalert(1)",
		"javascript:alert(1)//https://good.example",
		"java\011script:alert(1)", "java\012script:alert(1)",
		"\001javascript:alert(1)", " javascript:alert(1)",
		"javascript&colon;alert(1)", "javascript%3aalert(1)",
		"data:text/html,<script>alert(1)</script>",
		"data:text/html;base64,PHNjcmlwdD4=", "data:;//good.example/",
		"http:e", "http:/e", "http:///e", "http:////e", "http://e",
		"http://e/", "http:\\\\e", "http:\\e", "http:/\\e",
		"http:\\/e", "http://\\e", "http:good.example",
		"http:/good.example", "http:///good.example",
		"http:\\\\good.example", "http://", "http:", "http",
		"http:///", "http://\?good.example", "http://#good.example",
		"http://@good.example", "http://:@good.example",
		"http://good.example@e", "http://good.example:443@e",
		"http://good.example:pw@e", "http://e@good.example",
		"http://e:pw@good.example", "http://e@e@good.example",
		"http://good.example@good.example@e",
		"http://good.example%40e", "http://good.example%00.e",
		"http://good.example%2ee", "http://good.example%23@e",
		"http://good.example#@e", "http://e#good.example",
		"http://e\?good.example", "http://e/good.example",
		"http://e/https://good.example", "http://good.example.e",
		"http://good.example.evil.example", "http://good.evil",
		"http://evilgood.example", "http://evil-good.example",
		"http://sub.good.example", "http://good.example.",
		"http://good.example..", "http://.good.example",
		"http://good..example", "http://good.example:444",
		"http://good.example:0", "http://good.example:",
		"http://good.example:65536", "http://good.example:443443",
		"http://good.example:4x3", "http://good.example:443:443",
		"http://good.example\\e", "http://good.example\\@e",
		"http://e\\@good.example", "http://e\\.good.example",
		"http://good.example\011.e", "http://good\012.example",
		"http://good.example ", " http://good.example",
		"http://good.example\015\012", "http://[good.example]",
		"http://[::1]", "http://[good.example", "http://good.example]",
		"http://127.0.0.1", "http://2130706433", "http://0x7f.1",
		"http://localhost", "http://good\343\200\202example",
		"http://g\320\276\320\276d.example",
		"http://good.example\342\201\204e",
		"http://xn--gd-jbca.example", "http://good%2eexample",
		"http://GOOD.EXAMPLE.e", "http://good.example//e",
		"http://good.example/\\e", "http://good.example/%5ce",
		"http://good.example/../e", "http://good.example/%0d%0aX:y",
		"http+x://good.example", "xhttp://good.example",
		"http%3a//good.example", "http:%2f%2fgood.example",
		"http://good.example;e", "http://good.example,e",
		"http://good.example&e", "http://good.example!e",
		"http://*.good.example", "http://*", "http://good_example",
		"https:e", "https:/e", "https:///e", "https:////e",
		"https://e", "https://e/", "https:\\\\e", "https:\\e",
		"https:/\\e", "https:\\/e", "https://\\e",
		"https:good.example", "https:/good.example",
		"https:///good.example", "https:\\\\good.example", "https://",
		"https:", "https", "https:///", "https://\?good.example",
		"https://#good.example", "https://@good.example",
		"https://:@good.example", "https://good.example@e",
		"https://good.example:443@e", "https://good.example:pw@e",
		"https://e@good.example", "https://e:pw@good.example",
		"https://e@e@good.example",
		"https://good.example@good.example@e",
		"https://good.example%40e", "https://good.example%00.e",
		"https://good.example%2ee", "https://good.example%23@e",
		"https://e#good.example",
		"https://e\?good.example", "https://e/good.example",
		"https://e/https://good.example", "https://good.example.e",
		"https://good.example.evil.example", "https://good.evil",
		"https://evilgood.example", "https://evil-good.example",
		"https://sub.good.example", "https://good.example.",
		"https://good.example..", "https://.good.example",
		"https://good..example", "https://good.example:444",
		"https://good.example:0", "https://good.example:",
		"https://good.example:65536", "https://good.example:443443",
		"https://good.example:4x3", "https://good.example:443:443",
		"https://good.example\\e", "https://good.example\\@e",
		"https://e\\@good.example", "https://e\\.good.example",
		"https://good.example\011.e", "https://good\012.example",
		"https://good.example ", " https://good.example",
		"https://good.example\015\012", "https://[good.example]",
		"https://[::1]", "https://[good.example",
		"https://good.example]", "https://127.0.0.1",
		"https://2130706433", "https://0x7f.1", "https://localhost",
		"https://good\343\200\202example",
		"https://g\320\276\320\276d.example",
		"https://good.example\342\201\204e",
		"https://xn--gd-jbca.example", "https://good%2eexample",
		"https://GOOD.EXAMPLE.e", "https://good.example//e",
		"https://good.example/\\e", "https://good.example/%5ce",
		"https://good.example/../e", "https://good.example/%0d%0aX:y",
		"https+x://good.example", "xhttps://good.example",
		"https%3a//good.example", "https:%2f%2fgood.example",
		"https://good.example;e", "https://good.example,e",
		"https://good.example&e", "https://good.example!e",
		"https://*.good.example", "https://*", "https://good_example",
		"http://good.example/", "http://good.example",
		"http://good.example:443/", "http://app.example:8443/",
		"https://app.example/", "https://app.example:8444/x",
		"https://api.app.example:8443/", "null", "undefined",
		"about:blank", "//", "/\013/e", "/\014/e", "0//e", ".//e",
		";//e", ":e", "::e", "@e", "@good.example", "good.example",
		"good.example/x", "www.good.example",
	};
	size_t i;

	(void)state;
	assert_true(COUNT(hostile) >= 200);
	for (i = 0; i < COUNT(hostile); i++)
		if (is_ours(hostile[i]))
			fail_msg("%zu: %s", i, hostile[i]);
}

static void
what_is_listed_is_followed(void **state)
{
	static const char *const ours[] = {
		"/", "/x", "/x/y\?z=1&a=b#c", "/account", "/auth/account",
		"/x\?u=https://e/", "/x\?u=//e", "/x#//e",
		"/~a/b-c_d.e!$&'()*+,;=:@", "/x%20y", "/%C3%A9", "/x/[1]",
		"https://good.example", "https://good.example/",
		"https://GOOD.example/x", "https://good.example:443/x\?y#z",
		"https://good.example\?x=y", "https://good.example#x",
		"https://app.example:8443/x/y", "https://app.example:8443",
		"http://[2001:db8::1]:8080/x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ours); i++)
		if (!is_ours(ours[i]))
			fail_msg("%zu: %s", i, ours[i]);
}

/* Every byte that is no character of an address, anywhere in one. */
static void
b50_no_byte_beyond_rfc_3986_passes(void **state)
{
	static const char fine[] = "-._~:/?#[]@!$&'()*+,;=%";
	char url[] = "/a_b", whole[] = "https://good.example/a_b";
	int byte;

	(void)state;
	for (byte = 1; byte < 256; byte++) {
		url[2] = whole[strlen(whole) - 2] = (char)byte;
		if ((byte >= '0' && byte <= '9') ||
		    ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
		    strchr(fine, byte) != NULL)
			continue;
		assert_false(is_ours(url));
		assert_false(is_ours(whole));
	}
}

static void
address_has_a_largest_length(void **state)
{
	char url[ONWARD_MAX + 2];

	(void)state;
	memset(url, 'a', sizeof(url));
	url[0] = '/';
	url[ONWARD_MAX] = '\0';
	assert_true(is_ours(url));
	url[ONWARD_MAX] = 'a';
	url[ONWARD_MAX + 1] = '\0';
	assert_false(is_ours(url));
}

static void
without_a_list_only_base_is_ours(void **state)
{
	(void)state;
	assert_true(onward_is_ours("https://good.example/x", &base, NULL, 0));
	assert_false(onward_is_ours("https://app.example:8443/x", &base,
	    NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b50_v3_7_2_nobody_is_sent_to_another_site),
		cmocka_unit_test(what_is_listed_is_followed),
		cmocka_unit_test(b50_no_byte_beyond_rfc_3986_passes),
		cmocka_unit_test(address_has_a_largest_length),
		cmocka_unit_test(without_a_list_only_base_is_ours),
	};

	return cmocka_run_group_tests_name("onward", tests, set_up, NULL);
}
