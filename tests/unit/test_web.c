/* The doors from request to answer, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "digest.h"
#include "reply.h"
#include "stage.h"
#include "text.h"
#include "web.h"

#define EMAIL		"Bob@Example.com"
#define PASSWORD	"b4l0u"
#define STANDARD	"profile = \"standard\"\nhash_cost = 5\n"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"

#define ASK(...)	ask(&(const struct request){ __VA_ARGS__ })

static void
has_header(struct answer *a, const char *name, const char *value)
{
	const char *found = helper_header(a, name);

	if (found == NULL || strcmp(found, value) != 0)
		fail_msg("%s is \"%s\", not \"%s\", in %s", name,
		    found != NULL ? found : "(not one)", value, a->head);
}

/* What stands in every answer, whatever it is. */
static struct answer *
ask(const struct request *r)
{
	struct answer *a = helper_ask(&bed, r);

	has_header(a, "Cache-Control", "no-store");
	has_header(a, "X-Content-Type-Options", "nosniff");
	has_header(a, "Referrer-Policy", "no-referrer");
	has_header(a, "Cross-Origin-Resource-Policy", "same-origin");
	has_header(a, "Content-Security-Policy", "default-src 'none'; "
	    "base-uri 'none'; frame-ancestors 'none'; sandbox");
	assert_non_null(helper_header(a, "X-Request-Id"));
	if (a->status != 503 && a->status != 429)
		assert_null(strstr(a->head, "Retry-After"));
	if (a->status != 401)
		assert_null(strstr(a->head, "WWW-Authenticate"));
	assert_null(strstr(a->head, "Server:"));
	/* More than a web server takes from us is an error of its own. */
	assert_true(strlen(a->head) < 4096);
	return a;
}

static void
is_answer(struct answer *a, int status, const char *body)
{
	if (a->status != status || strcmp(a->body, body) != 0)
		fail_msg("%d %s, not %d %s", a->status, a->body, status,
		    body);
	if (status != 204)
		has_header(a, "Content-Type", "application/json");
}

/* The three ways to fill the fields of a door. */

enum encoding { FORM, JSON, MULTIPART };

static const char *const types[] = {
	[FORM] = HELPER_FORM,
	[JSON] = HELPER_JSON,
	[MULTIPART] = "multipart/form-data; boundary=----x",
};

static const char *
encode_one(enum encoding e, const char *name, const char *value)
{
	switch (e) {
	case FORM:
		return arena_printf(arena, "%s=%s&", name, value);
	case JSON:
		return arena_printf(arena, "\"%s\":\"%s\",", name, value);
	case MULTIPART:
		break;
	}
	return arena_printf(arena, "------x\r\nContent-Disposition: form-data"
	    "; name=\"%s\"\r\n\r\n%s\r\n", name, value);
}

/* pairs: names and values in turn, NULL after them. */
static const char *
encode(enum encoding e, const char *const *pairs)
{
	char *body = arena_strdup(arena, "");

	for (; pairs[0] != NULL; pairs += 2)
		body = arena_printf(arena, "%s%s", body,
		    encode_one(e, pairs[0], pairs[1]));
	if (e == JSON) {
		body[strlen(body) - 1] = '\0';
		return arena_printf(arena, "{%s}", body);
	}
	return e == FORM ? body : arena_printf(arena, "%s------x--\r\n",
	    body);
}

#define PAIRS(...)	(const char *const[]){ __VA_ARGS__, NULL }

static struct answer *
fill_in(enum encoding e, const char *method, const char *uri,
    const char *const *pairs)
{
	return ASK(.method = method, .uri = uri, .type = types[e],
	    .body = encode(e, pairs));
}

static struct answer *
enroll(enum encoding e, const char *email, const char *password)
{
	return fill_in(e, "POST", "/users", PAIRS("email", email,
	    "password", password));
}

static struct answer *
login(enum encoding e, const char *email, const char *password)
{
	return fill_in(e, "POST", "/sessions", PAIRS("email", email,
	    "password", password));
}

static struct answer *
begin(enum encoding e, const char *email)
{
	return fill_in(e, "POST", "/reset_password", PAIRS("email", email));
}

static struct answer *
finish(enum encoding e, const char *email, const char *token,
    const char *password)
{
	return fill_in(e, "PUT", "/reset_password", PAIRS("email", email,
	    "reset_token", token, "new_password", password));
}

/* The value for a Cookie header, after a login that worked. */
static const char *
must_login(const char *email, const char *password)
{
	struct answer *a = login(FORM, email, password);
	const char *token = helper_cookie(a, bed.conf->cookie);

	assert_int_equal(a->status, 200);
	assert_non_null(token);
	return arena_printf(arena, "%s=%s", bed.conf->cookie, token);
}

static struct answer *
profile(const char *cookie)
{
	return ASK(.uri = "/profile", .cookie = cookie);
}

/* The seed's steps, byte for byte. */

static void
register_and_log_in(enum encoding e)
{
	is_answer(enroll(e, EMAIL, PASSWORD), 200,
	    "{\"email\":\"" EMAIL "\",\"message\":\"user created\"}\n");
	is_answer(enroll(e, EMAIL, PASSWORD), 400,
	    "{\"message\":\"email already registered\"}\n");
	is_answer(login(e, EMAIL, "wrong"), 401,
	    "{\"message\":\"wrong email or password\"}\n");
	is_answer(login(e, "alice@example.com", PASSWORD), 401,
	    "{\"message\":\"wrong email or password\"}\n");
	is_answer(login(e, EMAIL, PASSWORD), 200,
	    "{\"email\":\"" EMAIL "\",\"message\":\"logged in\"}\n");
}

static void
use_and_end_a_session(void)
{
	const char *cookie = must_login(EMAIL, PASSWORD);
	struct answer *a;

	is_answer(profile(NULL), 403, "{\"message\":\"no session\"}\n");
	is_answer(profile(cookie), 200, "{\"email\":\"" EMAIL "\"}\n");
	a = ASK(.method = "DELETE", .uri = "/sessions", .cookie = cookie);
	is_answer(a, 302, "{\"message\":\"logged out\"}\n");
	has_header(a, "Location", "/");
	is_answer(profile(cookie), 403, "{\"message\":\"no session\"}\n");
	a = ASK(.method = "DELETE", .uri = "/sessions", .cookie = cookie);
	is_answer(a, 403, "{\"message\":\"no session\"}\n");
	is_answer(ASK(.uri = "/"), 200, "{\"message\":\"Bienvenue\"}\n");
}

static void
reset_the_password(enum encoding e)
{
	struct answer *a;
	const char *token;

	is_answer(begin(e, "alice@example.com"), 403,
	    "{\"message\":\"unknown email\"}\n");
	a = begin(e, EMAIL);
	token = helper_member(a, "reset_token");
	assert_non_null(token);
	assert_int_equal(strlen(token), 43);
	is_answer(a, 200, arena_printf(arena, "{\"email\":\"" EMAIL "\","
	    "\"reset_token\":\"%s\"}\n", token));
	is_answer(finish(e, EMAIL, "wrong", "t4rt1fl3tt3"), 403,
	    "{\"message\":\"invalid or used reset token\"}\n");
	is_answer(finish(e, EMAIL, token, "t4rt1fl3tt3"), 200,
	    "{\"email\":\"" EMAIL "\",\"message\":\"Password updated\"}\n");
	is_answer(finish(e, EMAIL, token, "t4rt1fl3tt3"), 403,
	    "{\"message\":\"invalid or used reset token\"}\n");
	is_answer(login(e, EMAIL, PASSWORD), 401,
	    "{\"message\":\"wrong email or password\"}\n");
	is_answer(login(e, EMAIL, "t4rt1fl3tt3"), 200,
	    "{\"email\":\"" EMAIL "\",\"message\":\"logged in\"}\n");
}

static void
seven_doors(enum encoding e)
{
	is_answer(ASK(.uri = "/"), 200, "{\"message\":\"Bienvenue\"}\n");
	register_and_log_in(e);
	use_and_end_a_session();
	reset_the_password(e);
}

static void
seven_doors_in_form(void **state)
{
	(void)state;
	seven_doors(FORM);
}

static void
seven_doors_in_json(void **state)
{
	(void)state;
	seven_doors(JSON);
}

static void
seven_doors_in_multipart(void **state)
{
	(void)state;
	seven_doors(MULTIPART);
}

static void
address_is_echoed_as_given(void **state)
{
	const char *cookie;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	is_answer(login(FORM, "bob@EXAMPLE.com", PASSWORD), 200,
	    "{\"email\":\"bob@EXAMPLE.com\",\"message\":\"logged in\"}\n");
	cookie = must_login("BOB@example.com", PASSWORD);
	is_answer(profile(cookie), 200, "{\"email\":\"" EMAIL "\"}\n");
	assert_string_equal(helper_member(begin(JSON, "bob@example.com"),
	    "email"), "bob@example.com");
	is_answer(enroll(JSON, "b\xc3\xa4r@x", PASSWORD), 400,
	    "{\"message\":\"email is not well formed\"}\n");
	is_answer(enroll(JSON, "b@b\xc3\xa4r.x", PASSWORD), 200,
	    "{\"email\":\"b@b\xc3\xa4r.x\",\"message\":\"user created\"}\n");
}

/* The same characters from another keyboard are the same password. */
static void
password_is_compared_in_nfc(void **state)
{
	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, "p\xc3\xa4ss")->status, 200);
	assert_int_equal(login(FORM, EMAIL, "pa\xcc\x88ss")->status, 200);
	assert_int_equal(login(JSON, EMAIL, "p\\u00e4ss")->status, 200);
	assert_int_equal(login(FORM, EMAIL, "pass")->status, 401);
	/* Compatibility forms are other characters, and so are cases. */
	assert_int_equal(login(FORM, EMAIL, "p\xc3\x84ss")->status, 401);
	assert_int_equal(login(FORM, EMAIL, "%EF%BD%90%C3%A4ss")->status,
	    401);
}

/* B12, B13: no byte is cut off, and no byte too many is hashed. */
static void
b13_password_of_511_bytes(void **state)
{
	char *password = arena_alloc(arena, 513);

	(void)state;
	memset(password, 'p', 512);
	is_answer(enroll(FORM, EMAIL, password), 400,
	    "{\"message\":\"password is too long\"}\n");
	password[511] = '\0';
	assert_int_equal(enroll(FORM, EMAIL, password)->status, 200);
	assert_int_equal(login(FORM, EMAIL, password)->status, 200);
	password[510] = '\0';
	assert_int_equal(login(FORM, EMAIL, password)->status, 401);
}

/* Methods. */

static void
head_is_get_without_a_body(void **state)
{
	const char *cookie;
	struct answer *get, *head;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	cookie = must_login(EMAIL, PASSWORD);
	get = ASK(.uri = "/profile", .cookie = cookie,
	    .param = { "HTTP_X_REQUEST_ID=same" });
	head = ASK(.method = "HEAD", .uri = "/profile", .cookie = cookie,
	    .param = { "HTTP_X_REQUEST_ID=same" });
	assert_string_equal(head->head, get->head);
	assert_string_equal(head->body, "");
	head = ASK(.method = "HEAD", .uri = "/");
	assert_int_equal(head->status, 200);
	has_header(head, "Content-Length", "24");
	assert_int_equal(ASK(.method = "HEAD", .uri = "/profile")->status,
	    403);
	assert_int_equal(ASK(.method = "HEAD", .uri = "/none")->status, 404);
	assert_int_equal(ASK(.method = "HEAD", .uri = "/users")->status,
	    405);
}

static const struct {
	const char	*path, *allow;
} paths[] = {
	{ "/", "GET, HEAD, OPTIONS" },
	{ "/users", "POST, OPTIONS" },
	{ "/sessions", "GET, HEAD, POST, DELETE, OPTIONS" },
	{ "/sessions/confirm", "POST, OPTIONS" },
	{ "/sessions/others", "DELETE, OPTIONS" },
	{ "/sessions/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "DELETE, OPTIONS" },
	{ "/profile", "GET, HEAD, DELETE, OPTIONS" },
	{ "/profile/password", "PUT, OPTIONS" },
	{ "/profile/export", "GET, HEAD, OPTIONS" },
	{ "/reset_password", "POST, PUT, OPTIONS" },
};

static void
options_tells_the_methods(void **state)
{
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(paths); i++) {
		a = ASK(.method = "OPTIONS", .uri = paths[i].path,
		    .param = { "HTTP_ORIGIN=https://evil.example" });
		assert_int_equal(a->status, 204);
		has_header(a, "Allow", paths[i].allow);
		assert_null(helper_header(a, "Content-Type"));
		assert_null(strstr(a->head, "Access-Control"));
	}
	assert_int_equal(ASK(.method = "OPTIONS", .uri = "/none")->status,
	    404);
	assert_int_equal(ASK(.method = "OPTIONS", .uri = "*")->status, 404);
}

static void
other_methods_are_told_which_there_are(void **state)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
	    "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "post", "Post",
	    "POST ", "" };
	struct answer *a;
	size_t i, j;

	(void)state;
	for (i = 0; i < HELPER_COUNT(paths); i++) {
		for (j = 0; j < HELPER_COUNT(methods); j++) {
			if (strlen(methods[j]) > 1 &&
			    strstr(paths[i].allow, methods[j]) != NULL)
				continue;
			a = ASK(.method = methods[j], .uri = paths[i].path);
			is_answer(a, 405,
			    "{\"message\":\"method not allowed\"}\n");
			has_header(a, "Allow", paths[i].allow);
		}
	}
}

/* Cookies. */

/* Does the cookie line have it, between semicolons? */
static bool
has_attribute(struct answer *a, const char *name, const char *attribute)
{
	const char *line = helper_cookie_line(a, name);
	struct slice rest, part;

	if (line == NULL)
		return false;
	rest = (struct slice){ line, strlen(line) };
	while (text_next_part(&rest, ';', &part)) {
		part = text_trim(part);
		if (part.len == strlen(attribute) &&
		    memcmp(part.ptr, attribute, part.len) == 0)
			return true;
	}
	return false;
}

static void
has_cookie(struct answer *a, const char *name, const char *max_age,
    bool secure)
{
	const char *value = helper_cookie(a, name);

	assert_non_null(value);
	/* Browsers keep no larger one. */
	assert_true(strlen(name) + strlen(value) <= 4096);
	assert_true(has_attribute(a, name, "HttpOnly"));
	assert_true(has_attribute(a, name, "SameSite=Lax"));
	assert_true(has_attribute(a, name, "Path=/"));
	assert_true(has_attribute(a, name, max_age));
	assert_int_equal(has_attribute(a, name, "Secure"), secure);
}

static struct answer *
login_with(const char *param)
{
	return ASK(.method = "POST", .uri = "/sessions",
	    .type = HELPER_FORM, .param = { param },
	    .body = "email=" EMAIL "&password=" PASSWORD);
}

static void
cookie_is_secure_where_the_web_server_says_https(void **state)
{
	static const struct {
		const char	*param;
		bool		 secure;
	} rows[] = {
		{ NULL, false }, { "HTTPS=on", true }, { "HTTPS=ON", true },
		{ "HTTPS=1", true }, { "REQUEST_SCHEME=https", true },
		{ "HTTPS=off", false }, { "HTTPS=", false },
		{ "HTTPS=0", false }, { "REQUEST_SCHEME=http", false },
		{ "HTTP_X_FORWARDED_PROTO=https", false },
		{ "HTTP_HTTPS=on", false }, { "SERVER_PORT=443", false },
	};
	struct answer *a;
	size_t i;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		a = login_with(rows[i].param);
		has_cookie(a, "session_id", "Max-Age=604800",
		    rows[i].secure);
		assert_false(has_attribute(a, "session_id",
		    "Domain=localhost"));
		assert_null(strstr(helper_header(a, "Set-Cookie"),
		    "Domain"));
	}
}

static void
cookie_of_standard_is_bound_to_the_host(void **state)
{
	struct answer *a;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	helper_bed_settings(&bed, STANDARD);
	a = login_with(NULL);
	has_cookie(a, "__Host-session_id", "Max-Age=604800", true);
	has_cookie(a, "__Host-device_id", "Max-Age=31536000", true);
	assert_null(strstr(a->head, "Domain"));
	is_answer(profile(must_login(EMAIL, PASSWORD)), 200,
	    "{\"email\":\"" EMAIL "\"}\n");
	helper_bed_settings(&bed, STANDARD "cookie_domain = \"ex.com\"\n");
	a = login_with(NULL);
	has_cookie(a, "__Secure-session_id", "Max-Age=604800", true);
	has_cookie(a, "__Secure-device_id", "Max-Age=31536000", true);
	assert_true(has_attribute(a, "__Secure-session_id",
	    "Domain=ex.com"));
	assert_true(has_attribute(a, "__Secure-device_id",
	    "Domain=ex.com"));
	is_answer(profile(must_login(EMAIL, PASSWORD)), 200,
	    "{\"email\":\"" EMAIL "\"}\n");
}

static void
cookie_lives_as_long_as_the_session(void **state)
{
	const char *cookie;

	(void)state;
	now = INT64_C(1700000000000);
	clock_replace(stage_now);
	helper_bed_settings(&bed, COMPAT "session_lifetime = 90\n"
	    "cookie_domain = \"ex.com\"\n");
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	has_cookie(login_with(NULL), "session_id", "Max-Age=90", false);
	assert_true(has_attribute(login_with(NULL), "session_id",
	    "Domain=ex.com"));
	cookie = must_login(EMAIL, PASSWORD);
	now += 89999;
	assert_int_equal(profile(cookie)->status, 200);
	now += 1;
	assert_int_equal(profile(cookie)->status, 403);
}

static void
logout_clears_the_cookie_it_set(void **state)
{
	struct answer *a;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	a = ASK(.method = "DELETE", .uri = "/sessions",
	    .cookie = must_login(EMAIL, PASSWORD));
	has_cookie(a, "session_id", "Max-Age=0", false);
	assert_string_equal(helper_cookie(a, "session_id"), "");
	helper_bed_settings(&bed, STANDARD "cookie_domain = \"ex.com\"\n");
	a = ASK(.method = "DELETE", .uri = "/sessions",
	    .cookie = must_login(EMAIL, PASSWORD));
	has_cookie(a, "__Secure-session_id", "Max-Age=0", true);
	assert_true(has_attribute(a, "__Secure-session_id",
	    "Domain=ex.com"));
	assert_null(helper_header(a, "Clear-Site-Data"));
}

/* Nothing that a caller sends says where a logout leads. */
static void
v3_7_2_logout_leads_to_our_own_greeting(void **state)
{
	static const char *const uris[] = {
		"/sessions?next=//evil.example", "/sessions?rd=https://e.ex/",
		"/sessions?url=%0d%0aLocation:%20//evil.example",
		"http://evil.example/sessions",
	};
	struct answer *a;
	size_t i;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	for (i = 0; i < HELPER_COUNT(uris); i++) {
		a = ASK(.method = "DELETE", .uri = uris[i],
		    .cookie = must_login(EMAIL, PASSWORD), .param = {
		    "HTTP_HOST=evil.example", "HTTP_REFERER=//evil.example",
		    "HTTP_X_FORWARDED_HOST=evil.example" });
		assert_int_equal(a->status, 302);
		has_header(a, "Location", "/");
	}
}

static void
only_login_and_logout_set_cookies(void **state)
{
	struct answer *a;

	(void)state;
	assert_null(strstr(enroll(FORM, EMAIL, PASSWORD)->head, "Cookie"));
	assert_null(strstr(login(FORM, EMAIL, "x")->head, "Cookie"));
	assert_null(strstr(profile(NULL)->head, "Cookie"));
	assert_null(strstr(profile(must_login(EMAIL, PASSWORD))->head,
	    "Cookie"));
	a = begin(FORM, EMAIL);
	assert_null(strstr(a->head, "Cookie"));
	assert_null(strstr(finish(FORM, EMAIL, helper_member(a,
	    "reset_token"), "new")->head, "Cookie"));
	assert_null(strstr(ASK(.method = "DELETE", .uri = "/sessions")->head,
	    "Cookie"));
}

/* B4: what a missing cookie may look like is nobody's session. */
static void
b4_placeholders_are_no_session(void **state)
{
	static const char *const cookies[] = {
		NULL, "", "session_id", "session_id=", "session_id=\"\"",
		"session_id=null", "session_id=None", "session_id=undefined",
		"session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"session_id=%", "session_id=*0", "session_id=' OR 1=1 --",
		"=; session_id", ";;;",
	};
	size_t i;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	(void)must_login(EMAIL, PASSWORD);
	for (i = 0; i < HELPER_COUNT(cookies); i++) {
		is_answer(profile(cookies[i]), 403,
		    "{\"message\":\"no session\"}\n");
		assert_int_equal(ASK(.method = "DELETE", .uri = "/sessions",
		    .cookie = cookies[i])->status, 403);
	}
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
}

/* Nobody can tell which of the two was meant. */
static void
two_session_cookies_are_none(void **state)
{
	const char *good;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	good = must_login(EMAIL, PASSWORD);
	assert_int_equal(profile(arena_printf(arena, "a=1; %s; b=2",
	    good))->status, 200);
	assert_int_equal(profile(arena_printf(arena, "%s; session_id=x",
	    good))->status, 403);
	assert_int_equal(profile(arena_printf(arena, "session_id=; %s",
	    good))->status, 403);
	assert_int_equal(profile(arena_printf(arena, "%s; %s", good,
	    good))->status, 403);
	assert_int_equal(ASK(.uri = "/profile", .cookie = good, .param = {
	    arena_printf(arena, "HTTP_COOKIE=%s", good) })->status, 403);
	assert_int_equal(ASK(.uri = "/profile", .cookie = good,
	    .param = { "HTTP_COOKIE=other=1" })->status, 200);
	assert_int_equal(profile(good)->status, 200);
}

static struct answer *
login_bringing(const char *cookie)
{
	return ASK(.method = "POST", .uri = "/sessions",
	    .type = HELPER_FORM, .cookie = cookie,
	    .body = "email=" EMAIL "&password=" PASSWORD);
}

/* B19: the browser's old or planted session is never taken over. */
static void
b19_login_gives_a_new_session(void **state)
{
	char planted[DIGEST_TOKEN_LEN + 1];
	const char *old, *chosen;
	struct answer *a;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	digest_token(planted);
	chosen = arena_printf(arena, "session_id=%s", planted);
	a = login_bringing(chosen);
	assert_int_equal(a->status, 200);
	assert_string_not_equal(helper_cookie(a, "session_id"), planted);
	assert_int_equal(profile(chosen)->status, 403);
	old = arena_printf(arena, "session_id=%s", helper_cookie(a,
	    "session_id"));
	assert_int_equal(profile(old)->status, 200);
	assert_int_equal(login_bringing(old)->status, 200);
	assert_int_equal(profile(old)->status, 403);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
}

/* B20: and no token of one kind does the work of another. */
static void
b20_tokens_of_another_kind_are_refused(void **state)
{
	const char *cookie, *token;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	cookie = must_login(EMAIL, PASSWORD);
	token = helper_member(begin(FORM, EMAIL), "reset_token");
	assert_int_equal(profile(arena_printf(arena, "session_id=%s",
	    token))->status, 403);
	assert_int_equal(finish(FORM, EMAIL, strchr(cookie, '=') + 1,
	    "new")->status, 403);
	assert_int_equal(profile(cookie)->status, 200);
}

/* B26: who only looks leaves nothing behind. */
static void
b26_anonymous_reads_add_no_rows(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		(void)ASK(.uri = "/", .cookie = "session_id=x");
		(void)profile("session_id=x");
	}
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
}

static void
reset_ends_all_sessions_of_the_account(void **state)
{
	const char *a, *b, *other;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	assert_int_equal(enroll(FORM, "alice@b", PASSWORD)->status, 200);
	a = must_login(EMAIL, PASSWORD);
	b = must_login(EMAIL, PASSWORD);
	other = must_login("alice@b", PASSWORD);
	assert_int_equal(finish(FORM, EMAIL, helper_member(begin(FORM,
	    EMAIL), "reset_token"), "new")->status, 200);
	assert_int_equal(profile(a)->status, 403);
	assert_int_equal(profile(b)->status, 403);
	assert_int_equal(profile(other)->status, 200);
}

/* Answers in other forms. */

static void
unauthorized_names_a_scheme_without_a_dialog(void **state)
{
	(void)state;
	has_header(login(FORM, EMAIL, PASSWORD), "WWW-Authenticate",
	    "Session");
}

static void
problem_json_where_it_is_asked_for(void **state)
{
	static const char accept[] =
	    "HTTP_ACCEPT=text/html, Application/Problem+JSON;q=0.9";
	struct answer *a;

	(void)state;
	a = ASK(.uri = "/profile", .param = { accept,
	    "HTTP_X_REQUEST_ID=abc" });
	assert_int_equal(a->status, 403);
	has_header(a, "Content-Type", "application/problem+json");
	assert_string_equal(a->body, "{\"type\":\"about:blank\","
	    "\"title\":\"Forbidden\",\"status\":403,"
	    "\"detail\":\"no session\",\"code\":\"no_session\","
	    "\"request_id\":\"abc\",\"message\":\"no session\"}\n");
	is_answer(ASK(.uri = "/", .param = { accept }), 200,
	    "{\"message\":\"Bienvenue\"}\n");
	is_answer(ASK(.uri = "/profile",
	    .param = { "HTTP_ACCEPT=application/json" }), 403,
	    "{\"message\":\"no session\"}\n");
	/* Two lines are one list (RFC 9110, 5.3). */
	has_header(ASK(.uri = "/profile", .param = { "HTTP_ACCEPT=text/html",
	    "HTTP_ACCEPT=application/problem+json" }), "Content-Type",
	    "application/problem+json");
	a = ASK(.method = "POST", .uri = "/users", .type = HELPER_FORM,
	    .body = "email=x", .param = { accept });
	assert_string_equal(helper_member(a, "message"),
	    "email is not well formed");
	assert_string_equal(helper_member(a, "code"), "field_malformed");
}

/* A code is for programs: one name, one meaning. */
static void
codes_are_names(void **state)
{
	enum outcome o;
	const char *code;

	(void)state;
	for (o = OUT_WELCOME; o <= OUT_FAULT; o++) {
		code = reply_code(o);
		assert_true(code[0] != '\0');
		assert_int_equal(strspn(code, "abcdefghijklmnopqrstuvwxyz_8"),
		    strlen(code));
		assert_in_range(reply_status(o), 200, 599);
	}
}

static void
answers_without_a_door_are_whole(void **state)
{
	static const enum outcome outcomes[] = { OUT_OVERLOADED,
	    OUT_BODY_TOO_LARGE, OUT_PARAMS_TOO_LARGE, OUT_STORE_BUSY };
	struct call call;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(outcomes); i++) {
		call_init(&call, arena, bed.conf);
		web_refuse(&call, outcomes[i]);
		assert_int_equal(strtol(call.reply.bytes + 8, NULL, 10),
		    reply_status(outcomes[i]));
		assert_int_equal(strlen(call.reply.bytes), call.reply.len);
		assert_non_null(strstr(call.reply.bytes, "\r\n\r\n{"));
		assert_int_equal(strstr(call.reply.bytes, "Retry-After: ") !=
		    NULL, reply_status(outcomes[i]) == 503);
	}
}

/* A browser that comes at the wrong moment is told so in a page. */
static void
refusals_without_a_desk_are_pages_for_browsers(void **state)
{
	static const enum outcome outcomes[] = { OUT_OVERLOADED,
	    OUT_BODY_TOO_LARGE, OUT_PARAMS_TOO_LARGE };
	struct call call;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(outcomes); i++) {
		call_init(&call, arena, bed.conf);
		call_param(&call, "HTTP_ACCEPT=text/html");
		web_refuse(&call, outcomes[i]);
		assert_int_equal(strtol(call.reply.bytes + 8, NULL, 10),
		    reply_status(outcomes[i]));
		assert_non_null(strstr(call.reply.bytes, "\r\n\r\n"
		    "<!DOCTYPE html>\n"));
		assert_non_null(strstr(call.reply.bytes, "</html>\n"));
	}
}

/* Faults. */

/* B18: nothing is said of the reason, and nobody gets in. */
static void
is_fault(struct answer *a)
{
	const char *id = helper_header(a, "X-Request-Id");

	is_answer(a, 500, arena_printf(arena, "{\"request_id\":\"%s\","
	    "\"message\":\"internal error\"}\n", id));
	assert_null(strstr(a->head, "Cookie"));
	assert_null(strstr(a->head, "Location"));
}

static void
b18_faults_let_nobody_in(void **state)
{
	const char *cookie, *token;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	cookie = must_login(EMAIL, PASSWORD);
	token = helper_member(begin(FORM, EMAIL), "reset_token");
	assert_int_equal(helper_sql(bed.store, "DROP TABLE sessions"),
	    SQLITE_OK);
	is_fault(profile(cookie));
	is_fault(ASK(.method = "DELETE", .uri = "/sessions",
	    .cookie = cookie));
	is_fault(login(FORM, EMAIL, PASSWORD));
	is_fault(finish(FORM, EMAIL, token, "new"));
	assert_int_equal(login(FORM, EMAIL, "wrong")->status, 401);
	assert_int_equal(profile(NULL)->status, 403);
	assert_int_equal(helper_sql(bed.store, "DROP TABLE tickets;"
	    "DROP TABLE users"), SQLITE_OK);
	is_fault(begin(FORM, EMAIL));
	is_fault(finish(FORM, EMAIL, token, "new"));
	is_fault(login(FORM, EMAIL, "wrong"));
	is_fault(enroll(FORM, "alice@b", PASSWORD));
	is_answer(ASK(.uri = "/"), 200, "{\"message\":\"Bienvenue\"}\n");
}

static void
fault_is_logged_with_its_request(void **state)
{
	const char *id;
	char *lines;

	(void)state;
	assert_int_equal(helper_sql(bed.store, "DROP TABLE users"),
	    SQLITE_OK);
	free(helper_log(&bed));
	id = helper_header(begin(FORM, EMAIL), "X-Request-Id");
	lines = helper_log(&bed);
	assert_true(helper_log_valid(lines));
	assert_non_null(strstr(lines, "\"event\":\"store.fault\""));
	assert_non_null(strstr(lines, "\"event\":\"request.fault\""));
	assert_non_null(strstr(lines, arena_printf(arena,
	    "\"request\":\"%s\"", id)));
	free(lines);
}

static void
fault_as_a_problem_has_the_id_too(void **state)
{
	struct answer *a;

	(void)state;
	assert_int_equal(helper_sql(bed.store, "DROP TABLE users"),
	    SQLITE_OK);
	a = ASK(.method = "POST", .uri = "/sessions", .type = HELPER_FORM,
	    .body = "email=a@b&password=x",
	    .param = { "HTTP_ACCEPT=application/problem+json" });
	assert_int_equal(a->status, 500);
	assert_string_equal(helper_member(a, "request_id"),
	    helper_header(a, "X-Request-Id"));
	assert_string_equal(helper_member(a, "message"), "internal error");
}

/* Request ids. */

#define LONGEST_ID							\
	"0123456789012345678901234567890123456789012345678901234567890123"

static void
id_of_the_web_server_is_kept_if_harmless(void **state)
{
	static const char *const good[] = { "a", "A.b_c-9",
	    "0123456789abcdef0123456789abcdef", LONGEST_ID };
	static const char *const bad[] = { "", "a b", "a\"", "a\r\nX: y",
	    "a\\", "<a>", "a\x7f", "\xc3\xa4", "a,b", "{}", (LONGEST_ID "x") };
	const char *id;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		has_header(ASK(.uri = "/", .param = { arena_printf(arena,
		    "HTTP_X_REQUEST_ID=%s", good[i]) }), "X-Request-Id",
		    good[i]);
	for (i = 0; i < HELPER_COUNT(bad); i++) {
		id = helper_header(ASK(.uri = "/", .param = { arena_printf(
		    arena, "HTTP_X_REQUEST_ID=%s", bad[i]) }),
		    "X-Request-Id");
		assert_non_null(id);
		assert_string_not_equal(id, bad[i]);
		assert_in_range(strlen(id), 1, 64);
	}
}

#define IDS		50
#define ID_THREADS	8

static char ids[ID_THREADS * IDS][65];

static void
collect_ids(size_t index, void *arg)
{
	const struct request r = { .uri = "/" };
	struct bed guest;
	size_t i;

	(void)arg;
	helper_guest(&guest, &bed);
	for (i = 0; i < IDS; i++)
		(void)snprintf(ids[index * IDS + i], sizeof(ids[0]), "%s",
		    helper_header(helper_ask(&guest, &r), "X-Request-Id"));
	helper_guest_close(&guest);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Or the one of another domain would shut its browser out for a week. */
static void
cookie_of_another_domain_is_taken_back(void **state)
{
	static const char *const gone[] = {
		"session_id=; Path=/; Max-Age=0; HttpOnly",
		"session_id=; Path=/; Max-Age=0; Domain=a.b.example; HttpOnly",
		NULL,
	};
	static const char form[] = "email=c@d.example&password=" PASSWORD;
	struct answer *a;
	size_t i;

	(void)state;
	(void)ASK(.method = "POST", .uri = "/users", .type = HELPER_FORM,
	    .body = form);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 1\n"
	    "base_url = \"http://a.b.example\"\n"
	    "cookie_domain = \"b.example\"\n");
	a = ASK(.method = "POST", .uri = "/sessions", .type = HELPER_FORM,
	    .body = form, .cookie = "session_id=x; session_id=y");
	assert_int_equal(a->status, 200);
	for (i = 0; gone[i] != NULL; i++)
		assert_non_null(strstr(a->head, gone[i]));
	assert_null(strstr(a->head, "Max-Age=0; Domain=b.example"));
	assert_null(strstr(a->head, "Domain=example;"));
	/* What is given stands last, so that it stays in any case. */
	assert_non_null(strstr(strstr(a->head, gone[1]),
	    "; Domain=b.example; HttpOnly"));
	a = ASK(.method = "POST", .uri = "/sessions", .type = HELPER_FORM,
	    .body = form, .cookie = "session_id=x");
	assert_null(strstr(a->head, "Max-Age=0"));
}

static void
own_ids_never_come_twice(void **state)
{
	size_t i;

	(void)state;
	helper_threads(ID_THREADS, collect_ids, NULL);
	qsort(ids, HELPER_COUNT(ids), sizeof(ids[0]), compare);
	for (i = 1; i < HELPER_COUNT(ids); i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

/* The log. */

static void
is_not_logged(const char *lines, const char *secret)
{
	if (strstr(lines, secret) != NULL)
		fail_msg("%s is in the log: %s", secret, lines);
}

static void
b14_no_value_is_logged(void **state)
{
	const char *cookie, *token;
	enum encoding e;
	char *lines;

	(void)state;
	helper_bed_settings(&bed, COMPAT "log = \"requests\"\n");
	for (e = FORM; e <= MULTIPART; e++) {
		(void)enroll(e, "carol@secret.ex", "Xyzzy-Password");
		(void)enroll(e, "carol@secret.ex", "Xyzzy-Password");
		(void)login(e, "carol@secret.ex", "Xyzzy-Mistyped");
		cookie = must_login("carol@secret.ex", "Xyzzy-Password");
		(void)profile(cookie);
		token = helper_member(begin(e, "carol@secret.ex"),
		    "reset_token");
		(void)finish(e, "carol@secret.ex", "Xyzzy-Token", "Xyzzy");
		(void)finish(e, "Xyzzy", token, "Xyzzy-Other");
		(void)finish(e, "carol@secret.ex", token, "Xyzzy-Password");
		(void)ASK(.method = "DELETE", .uri = "/sessions",
		    .cookie = cookie);
		(void)ASK(.uri = "/profile?email=carol@secret.ex");
		(void)ASK(.uri = "/Xyzzy");
		lines = helper_log(&bed);
		assert_true(helper_log_valid(lines));
		assert_true(strlen(lines) > 1000);
		is_not_logged(lines, "Xyzzy");
		is_not_logged(lines, "carol");
		is_not_logged(lines, "secret.ex");
		is_not_logged(lines, token);
		is_not_logged(lines, strchr(cookie, '=') + 1);
		is_not_logged(lines, "$y$");
		free(lines);
	}
}

static const char *
last_line(void)
{
	char *lines = helper_log(&bed), *copy;

	assert_true(helper_log_valid(lines));
	copy = arena_strdup(arena, lines);
	free(lines);
	return copy;
}

static void
says(const char *line, const char *what)
{
	if (strstr(line, what) == NULL)
		fail_msg("%s is not in: %s", what, line);
}

static void
each_event_says_door_outcome_and_client(void **state)
{
	const char *line;

	(void)state;
	(void)last_line();
	(void)ASK(.method = "POST", .uri = "/sessions", .client = "::1",
	    .type = HELPER_FORM, .body = "email=a@b&password=x",
	    .param = { "HTTP_X_REQUEST_ID=abc" });
	line = last_line();
	says(line, "\"event\":\"login.failed\",\"request\":\"abc\","
	    "\"door\":\"POST /sessions\",\"outcome\":\"bad_credentials\","
	    "\"status\":401,\"ms\":");
	says(line, "\"client\":\"::1\"}\n");
	(void)ASK(.uri = "/none");
	says(last_line(), "\"event\":\"request.refused\"");
	(void)enroll(FORM, EMAIL, PASSWORD);
	says(last_line(), "\"event\":\"user.created\"");
	(void)login(FORM, EMAIL, PASSWORD);
	says(last_line(), "\"event\":\"login.succeeded\"");
	(void)begin(FORM, EMAIL);
	says(last_line(), "\"event\":\"reset.started\"");
}

/* Who wrote an event for each of these has seen somebody try. */
static const struct {
	const char	*event, *method, *uri, *body, *param;
} deeds[] = {
	{ "session.refused", "DELETE",
	    "/sessions/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", NULL },
	{ "login.failed", "POST", "/sessions", "email=" EMAIL "&password=x",
	    NULL },
	{ "user.refused", "POST", "/users", "email=" EMAIL "&password=x",
	    NULL },
	{ "field.refused", "POST", "/users", "email=" EMAIL, NULL },
	{ "request.cross_site", "POST", "/users", "email=a@b&password=x",
	    "HTTP_ORIGIN=http://evil.example" },
	{ "request.refused", "PATCH", "/users", "", NULL },
	{ "reset.refused", "POST", "/reset_password", "email=no@body", NULL },
	{ "reset.refused", "PUT", "/reset_password", "email=" EMAIL
	    "&reset_token=x&new_password=y", NULL },
	{ "password.wrong", "POST", "/sessions/confirm", "password=x", NULL },
	{ "password.confirmed", "POST", "/sessions/confirm",
	    "password=" PASSWORD, NULL },
	{ "password.changed", "PUT", "/profile/password",
	    "current_password=" PASSWORD "&new_password=" PASSWORD, NULL },
	{ "profile.exported", "GET", "/profile/export", "", NULL },
	{ "session.ended", "DELETE", "/sessions/others", "", NULL },
	{ "logout", "DELETE", "/sessions", "", NULL },
	{ "session.refused", "GET", "/profile", "", NULL },
};

static void
v16_3_each_deed_and_refusal_is_one_event(void **state)
{
	const char *cookie, *line;
	size_t i;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	cookie = must_login(EMAIL, PASSWORD);
	(void)last_line();
	for (i = 0; i < HELPER_COUNT(deeds); i++) {
		(void)ASK(.method = deeds[i].method, .uri = deeds[i].uri,
		    .cookie = cookie, .type = HELPER_FORM,
		    .body = deeds[i].body, .param = { deeds[i].param });
		line = last_line();
		says(line, arena_printf(arena, "\"event\":\"%s\"",
		    deeds[i].event));
		assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
	}
}

static void
reads_that_succeed_are_logged_if_asked_for(void **state)
{
	(void)state;
	(void)last_line();
	(void)ASK(.uri = "/");
	assert_string_equal(last_line(), "");
	helper_bed_settings(&bed, COMPAT "log = \"requests\"\n");
	(void)ASK(.uri = "/");
	says(last_line(), "\"event\":\"request\"");
}

/* Whoever chooses a value must not write a line of his own. */
static void
hostile_values_stay_one_line(void **state)
{
	static const char *const hostile[] = {
		"\n{\"event\":\"login.succeeded\"}", "\"}\r\n{\"", "\\",
		"\x01\x02\x1b[2J", "\xff\xfe\x80", "%s%n",
	};
	char *longest = arena_alloc(arena, 8001);
	size_t i;

	(void)state;
	memset(longest, '\n', 8000);
	helper_bed_settings(&bed, COMPAT "compat_remote = true\n");
	for (i = 0; i <= HELPER_COUNT(hostile); i++) {
		const char *value = i < HELPER_COUNT(hostile) ? hostile[i] :
		    longest;

		(void)last_line();
		(void)ASK(.uri = arena_printf(arena, "/%s", value),
		    .client = value, .type = value, .method = value,
		    .cookie = arena_printf(arena, "session_id=%s", value),
		    .param = { arena_printf(arena, "HTTP_X_REQUEST_ID=%s",
		    value), arena_printf(arena, "HTTP_ORIGIN=%s", value) });
		value = last_line();
		assert_int_equal(strcspn(value, "\n"), strlen(value) - 1);
		says(value, "\"outcome\":\"not_found\"");
	}
}

/* The profile standard. */

static struct answer *
same_id(const char *method, const char *uri, const char *body)
{
	return ASK(.method = method, .uri = uri, .type = HELPER_FORM,
	    .body = body, .param = { "HTTP_X_REQUEST_ID=same" });
}

/* B9: known or not, long or short: one answer, byte for byte. */
static void
b9_standard_tells_nobody_who_has_an_account(void **state)
{
	static const char no_mail[] =
	    "{\"message\":\"this site sends no mail yet\"}\n";
	struct answer *a, *b;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	helper_bed_settings(&bed, STANDARD);
	a = same_id("POST", "/users", "email=" EMAIL "&password=long%20enough"
	    "%20password");
	b = same_id("POST", "/users", "email=new@b&password=short");
	is_answer(a, 503, no_mail);
	assert_non_null(helper_header(a, "Retry-After"));
	assert_string_equal(a->call.reply.bytes, b->call.reply.bytes);
	a = same_id("POST", "/reset_password", "email=" EMAIL);
	b = same_id("POST", "/reset_password", "email=new@b");
	is_answer(a, 503, no_mail);
	assert_string_equal(a->call.reply.bytes, b->call.reply.bytes);
	a = same_id("POST", "/sessions", "email=" EMAIL "&password=x");
	b = same_id("POST", "/sessions", "email=new@b&password=x");
	assert_int_equal(a->status, 401);
	assert_string_equal(a->call.reply.bytes, b->call.reply.bytes);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

static void
standard_serves_sessions_and_resets(void **state)
{
	const char *cookie, *token;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	token = helper_member(begin(FORM, EMAIL), "reset_token");
	helper_bed_settings(&bed, STANDARD);
	cookie = must_login(EMAIL, PASSWORD);
	is_answer(profile(cookie), 200, "{\"email\":\"" EMAIL "\"}\n");
	is_answer(finish(FORM, EMAIL, token, "fourteen chars"), 400,
	    "{\"message\":\"new_password is shorter than 15 characters\"}"
	    "\n");
	is_answer(finish(FORM, EMAIL, "x", "fifteen chars.."), 403,
	    "{\"message\":\"invalid or used reset token\"}\n");
	is_answer(finish(FORM, EMAIL, token, "fifteen chars.."), 200,
	    "{\"email\":\"" EMAIL "\",\"message\":\"Password updated\"}\n");
	is_answer(profile(cookie), 403, "{\"message\":\"no session\"}\n");
	is_answer(ASK(.method = "DELETE", .uri = "/sessions",
	    .cookie = must_login(EMAIL, "fifteen chars..")), 302,
	    "{\"message\":\"logged out\"}\n");
}

/* A cookie of the other profile, or without its prefix, is another one. */
static void
standard_knows_its_own_cookie_only(void **state)
{
	const char *cookie, *token;

	(void)state;
	assert_int_equal(enroll(FORM, EMAIL, PASSWORD)->status, 200);
	helper_bed_settings(&bed, STANDARD);
	cookie = must_login(EMAIL, PASSWORD);
	token = strchr(cookie, '=') + 1;
	assert_int_equal(profile(arena_printf(arena, "session_id=%s",
	    token))->status, 403);
	assert_int_equal(profile(arena_printf(arena,
	    "__%%48ost-session_id=%s", token))->status, 403);
	assert_int_equal(profile(arena_printf(arena,
	    "session_id=x; __Host-session_id=%s", token))->status, 200);
}

/* Many at a time. */

#define PEOPLE	8

static int mixed;

static void
look_at_own_profile(size_t index, void *arg)
{
	const char *const *cookies = arg;
	struct bed guest;
	char expected[64];
	int i;

	(void)snprintf(expected, sizeof(expected), "{\"email\":\"user%zu@b\"}"
	    "\n", index);
	helper_guest(&guest, &bed);
	for (i = 0; i < 200; i++)
		if (strcmp(helper_ask(&guest, &(const struct request){
		    .uri = "/profile", .cookie = cookies[index] })->body,
		    expected) != 0)
			(void)__atomic_add_fetch(&mixed, 1, __ATOMIC_RELAXED);
	helper_guest_close(&guest);
}

/* B22: each answer names its own user. */
static void
b22_users_of_many_threads_do_not_mix(void **state)
{
	const char *cookies[PEOPLE];
	size_t i;

	(void)state;
	for (i = 0; i < PEOPLE; i++) {
		const char *email = arena_printf(arena, "user%zu@b", i);

		assert_int_equal(enroll(FORM, email, "x")->status, 200);
		cookies[i] = must_login(email, "x");
	}
	helper_threads(PEOPLE, look_at_own_profile, cookies);
	assert_int_equal(mixed, 0);
}

#define GUESTS	50

static int statuses[GUESTS];

static void
enroll_a_variant(size_t index, void *arg)
{
	static const char *const body[] = {
		"email=bob@example.com&password=x",
		"email=BOB@Example.Com&password=x",
		"{\"email\":\"bOb@example.com\",\"password\":\"x\"}",
	};
	struct bed guest;

	(void)arg;
	helper_guest(&guest, &bed);
	statuses[index] = helper_ask(&guest, &(const struct request){
	    .method = "POST", .uri = "/users", .body = body[index % 3],
	    .type = index % 3 == 2 ? HELPER_JSON : HELPER_FORM })->status;
	helper_guest_close(&guest);
}

static void
b5_fifty_registrations_of_one_address(void **state)
{
	size_t i, won = 0;

	(void)state;
	helper_threads(GUESTS, enroll_a_variant, NULL);
	for (i = 0; i < GUESTS; i++) {
		assert_true(statuses[i] == 200 || statuses[i] == 400);
		won += statuses[i] == 200;
	}
	assert_int_equal(won, 1);
}

/* Another process holds the store, which takes a while: see main. */

static pid_t busy_child;

static int
be_busy(void)
{
	struct answer *a;
	const char *cookie;
	sqlite3 *holder;

	(void)stage_bed(NULL);
	if (enroll(FORM, EMAIL, PASSWORD)->status != 200)
		return 1;
	cookie = must_login(EMAIL, PASSWORD);
	holder = helper_sqlite(bed.store);
	if (sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL) !=
	    SQLITE_OK)
		return 2;
	if (profile(cookie)->status != 200)
		return 3;
	a = login(FORM, EMAIL, PASSWORD);
	if (a->status != 503 || helper_header(a, "Retry-After") == NULL ||
	    helper_cookie(a, "session_id") != NULL)
		return 4;
	if (strcmp(a->body, "{\"message\":\"too busy, try again\"}\n") != 0)
		return 5;
	(void)sqlite3_close(holder);
	if (login(FORM, EMAIL, PASSWORD)->status != 200)
		return 6;
	(void)stage_clear(NULL);
	return 0;
}

static void
b18_busy_store_is_no_wrong_password(void **state)
{
	int status = 0;

	(void)state;
	assert_int_equal(waitpid(busy_child, &status, 0), busy_child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WEB(f)	cmocka_unit_test_setup_teardown(f, stage_bed, stage_clear)

static const struct CMUnitTest tests[] = {
	WEB(seven_doors_in_form),
	WEB(seven_doors_in_json),
	WEB(seven_doors_in_multipart),
	WEB(address_is_echoed_as_given),
	WEB(password_is_compared_in_nfc),
	WEB(b13_password_of_511_bytes),
	WEB(head_is_get_without_a_body),
	WEB(options_tells_the_methods),
	WEB(other_methods_are_told_which_there_are),
	WEB(cookie_is_secure_where_the_web_server_says_https),
	WEB(cookie_of_standard_is_bound_to_the_host),
	WEB(cookie_lives_as_long_as_the_session),
	WEB(logout_clears_the_cookie_it_set),
	WEB(v3_7_2_logout_leads_to_our_own_greeting),
	WEB(only_login_and_logout_set_cookies),
	WEB(b4_placeholders_are_no_session),
	WEB(two_session_cookies_are_none),
	WEB(b19_login_gives_a_new_session),
	WEB(b20_tokens_of_another_kind_are_refused),
	WEB(b26_anonymous_reads_add_no_rows),
	WEB(reset_ends_all_sessions_of_the_account),
	WEB(unauthorized_names_a_scheme_without_a_dialog),
	WEB(problem_json_where_it_is_asked_for),
	WEB(codes_are_names),
	WEB(answers_without_a_door_are_whole),
	WEB(refusals_without_a_desk_are_pages_for_browsers),
	WEB(b18_faults_let_nobody_in),
	WEB(fault_is_logged_with_its_request),
	WEB(fault_as_a_problem_has_the_id_too),
	WEB(id_of_the_web_server_is_kept_if_harmless),
	WEB(cookie_of_another_domain_is_taken_back),
	WEB(own_ids_never_come_twice),
	WEB(b14_no_value_is_logged),
	WEB(each_event_says_door_outcome_and_client),
	WEB(v16_3_each_deed_and_refusal_is_one_event),
	WEB(reads_that_succeed_are_logged_if_asked_for),
	WEB(hostile_values_stay_one_line),
	WEB(b9_standard_tells_nobody_who_has_an_account),
	WEB(standard_serves_sessions_and_resets),
	WEB(standard_knows_its_own_cookie_only),
	WEB(b22_users_of_many_threads_do_not_mix),
	WEB(b5_fifty_registrations_of_one_address),
	cmocka_unit_test(b18_busy_store_is_no_wrong_password),
};

int
main(void)
{
	busy_child = fork();
	if (busy_child == 0)
		_exit(be_busy());
	return cmocka_run_group_tests_name("web", tests, NULL, NULL);
}
