/* Which pages are of the same origin, and which callers are on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"
#include "net.h"

struct row {
	const char	*text;
	bool		 https;
	const char	*host;
	unsigned int	 port;
};

static void
origin_is_taken_apart(void **state)
{
	static const struct row rows[] = {
		{ "http://localhost:5000", false, "localhost", 5000 },
		{ "http://localhost:5000/", false, "localhost", 5000 },
		{ "http://localhost", false, "localhost", 80 },
		{ "https://localhost", true, "localhost", 443 },
		{ "https://localhost/", true, "localhost", 443 },
		{ "HTTPS://Login.EXAMPLE.com", true, "login.example.com",
		    443 },
		{ "http://127.0.0.1:80", false, "127.0.0.1", 80 },
		{ "http://[::1]:5000", false, "[::1]", 5000 },
		{ "http://[2001:DB8::A]", false, "[2001:db8::a]", 80 },
		{ "http://a:1", false, "a", 1 },
		{ "http://a:65535", false, "a", 65535 },
	};
	struct origin o;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		if (!net_origin(rows[i].text, &o))
			fail_msg("%s is an origin", rows[i].text);
		assert_int_equal(o.https, rows[i].https);
		assert_string_equal(o.host, rows[i].host);
		assert_int_equal(o.port, rows[i].port);
	}
}

static void
what_is_no_origin_is_refused(void **state)
{
	static const char *const rows[] = {
		"", "null", "http", "http:", "http:/", "http://", "https://",
		"http:///", "http://:80", "localhost", "localhost:5000",
		"//localhost", "ftp://a", "file:///", "javascript:alert(1)",
		" http://a", "http://a ", "http://a\n", "http://a b",
		"http://a:", "http://a:/", "http://a:x", "http://a:80x",
		"http://a:0", "http://a:65536", "http://a:99999",
		"http://a:100000", "http://a:-1", "http://a:+1",
		"http://a/b", "http://a//", "http://a/?", "http://a?b",
		"http://a#b", "http://a,http://b", "http://a http://b",
		"http://u@a", "http://u:p@a", "http://a\\b", "http://a%2e",
		"http://\xc3\xa4", "http://*.a", "http://a;b",
		"http://[", "http://[::1", "http://[::1:80", "http://::1",
		"http://[::1]x", "http://[::1]]", "http://[::x]",
		"http://[localhost]", "http://]", "http://[::1%25lo]",
	};
	struct origin o;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		if (net_origin(rows[i], &o))
			fail_msg("\"%s\" is no origin", rows[i]);
}

static void
longest_host_fits(void **state)
{
	char text[NET_HOST_MAX + 16];
	struct origin o;

	(void)state;
	(void)snprintf(text, sizeof(text), "http://%0*d", NET_HOST_MAX - 1,
	    1);
	assert_true(net_origin(text, &o));
	assert_int_equal(strlen(o.host), NET_HOST_MAX - 1);
	(void)snprintf(text, sizeof(text), "http://%0*d", NET_HOST_MAX, 1);
	assert_false(net_origin(text, &o));
	(void)snprintf(text, sizeof(text), "http://[%0*d]", NET_HOST_MAX - 2,
	    1);
	assert_false(net_origin(text, &o));
}

static void
same_origin_is_scheme_host_and_port(void **state)
{
	static const struct {
		const char	*a, *b;
		bool		 same;
	} rows[] = {
		{ "http://a", "http://a:80/", true },
		{ "https://a", "https://A:443", true },
		{ "http://a:5000", "http://a:5000", true },
		{ "http://a:5000", "http://a:5001", false },
		{ "http://a:443", "https://a", false },
		{ "http://a", "https://a", false },
		{ "http://a", "http://b.a", false },
		{ "http://a.b", "http://a", false },
		{ "http://localhost", "http://127.0.0.1", false },
	};
	struct origin a, b;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		assert_true(net_origin(rows[i].a, &a));
		assert_true(net_origin(rows[i].b, &b));
		if (net_same_origin(&a, &b) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void
loopback_names(void **state)
{
	static const char *const good[] = {
		"localhost", "a.localhost", "a.b.localhost", "127.0.0.1",
		"127.0.0.53", "127.255.255.255", "[::1]", "0.0.0.0",
	};
	static const char *const bad[] = {
		"", ".localhost", "evillocalhost", "localhost.evil.com",
		"localhost.", "127.0.0.1.evil.com", "127.evil.com", "127.1",
		"127", "2130706433", "0x7f000001", "0177.0.0.1",
		"128.0.0.1", "12.7.0.1", "1.0.0.127", "::1", "[::2]",
		"[::]", "[::ffff:127.0.0.1]", "0", "0.0.0.1", "10.0.0.1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		if (!net_loopback_name(good[i]))
			fail_msg("%s is loopback", good[i]);
	for (i = 0; i < HELPER_COUNT(bad); i++)
		if (net_loopback_name(bad[i]))
			fail_msg("\"%s\" is not loopback", bad[i]);
}

static void
loopback_addresses(void **state)
{
	static const char *const good[] = {
		"127.0.0.1", "127.1.2.3", "127.255.255.255", "::1",
		"0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::FFFF:7f00:1",
		"unix:", "unix:/run/x",
	};
	static const char *const bad[] = {
		"", "localhost", "unix", "128.0.0.1", "126.255.255.255",
		"10.0.0.1", "192.168.0.1", "0.0.0.0", "::", "::2",
		"::ffff:10.0.0.1", "::127.0.0.1", "[::1]", "::1%lo",
		"127.0.0.1:80", "127.0.0.1, 10.0.0.1", " 127.0.0.1",
		"127.0.0.1 ", "127.0.0", "127.0.0.256", "fe80::1",
		"2001:db8::7f00:1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		if (!net_loopback_address(good[i]))
			fail_msg("%s is loopback", good[i]);
	for (i = 0; i < HELPER_COUNT(bad); i++)
		if (net_loopback_address(bad[i]))
			fail_msg("\"%s\" is not loopback", bad[i]);
}

static void
loopback_sockets(void **state)
{
	static const struct {
		const char	*text, *host, *port;
	} good[] = {
		{ "127.0.0.1:9000", "127.0.0.1", "9000" },
		{ "127.9.9.9:1", "127.9.9.9", "1" },
		{ "localhost:65535", "127.0.0.1", "65535" },
		{ "[::1]:9000", "::1", "9000" },
	};
	static const char *const bad[] = {
		"", ":", ":9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:+1",
		"127.0.0.1:9000x", "0.0.0.0:9000", "10.0.0.1:9000",
		"[::]:9000", "[::1:9000", "::1]:9000", "[]:9000",
		"example.com:9000", "unix:/run/x:9000", "unix::9000",
		"127.0.0.1 :9000",
	};
	char host[NET_HOST_MAX];
	const char *port;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++) {
		if (!net_loopback_socket(good[i].text, host, &port))
			fail_msg("%s is on loopback", good[i].text);
		assert_string_equal(host, good[i].host);
		assert_string_equal(port, good[i].port);
	}
	for (i = 0; i < HELPER_COUNT(bad); i++)
		if (net_loopback_socket(bad[i], host, &port))
			fail_msg("\"%s\" is not on loopback", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origin_is_taken_apart),
		cmocka_unit_test(what_is_no_origin_is_refused),
		cmocka_unit_test(longest_host_fits),
		cmocka_unit_test(same_origin_is_scheme_host_and_port),
		cmocka_unit_test(loopback_names),
		cmocka_unit_test(loopback_addresses),
		cmocka_unit_test(loopback_sockets),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
