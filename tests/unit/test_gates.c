/* What is turned away before any work, with which words, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "reply.h"
#include "routes.h"
#include "stage.h"
#include "text.h"
#include "web.h"

#define COMPAT	"profile = \"compat\"\nhash_cost = 1\n"
#define CREDENTIALS "email=bob@b&password=x"

#define ASK(...) helper_ask(&bed, &(const struct request){ __VA_ARGS__ })

static void
is_refused(struct answer *a, int status, const char *message)
{
	const char *said = helper_member(a, "message");

	if (a->status != status || said == NULL || strcmp(said, message) != 0)
		fail_msg("%d %s, not %d %s", a->status, a->body, status,
		    message);
}

static struct answer *
post(const char *uri, const char *type, const char *body)
{
	return ASK(.method = "POST", .uri = uri, .type = type, .body = body);
}

static struct answer *
enroll(const char *body)
{
	return post("/users", HELPER_FORM, body);
}

static int64_t
users(void)
{
	return helper_number(bed.store, "SELECT count(*) FROM users");
}

/* Paths. */

static void
only_the_very_path_is_a_door(void **state)
{
	static const char *const tricks[] = {
		"/users/", "//users", "/users//", "/./users", "/users/.",
		"/x/../users", "/users/../users", "/USERS", "/Users",
		"/%75sers", "/users%00", "/users%2f", "/users%20", "/users ",
		" /users", "/users;x", "/users;x=1", "/users.json",
		"/users\\", "\\users", "users", "", "/usersx", "/user",
		"/users/1", "/auth/users", "//localhost:5000/users",
		"*", "/users\xc2\xa0", "/users\t", "/\xef\xbd\x95sers",
	};
	size_t i;

	(void)state;
	assert_int_equal(post("/users", NULL, NULL)->status, 400);
	for (i = 0; i < HELPER_COUNT(tricks); i++)
		is_refused(post(tricks[i], HELPER_FORM, CREDENTIALS), 404,
		    "not found");
	assert_int_equal(users(), 0);
	is_refused(ASK(.uri = "//"), 404, "not found");
	is_refused(ASK(.uri = "/%2f"), 404, "not found");
	assert_int_equal(ASK(.uri = "/?")->status, 200);
	assert_int_equal(ASK(.uri = "/?x=//users")->status, 200);
	assert_int_equal(ASK(.uri = "/#/users")->status, 200);
}

/* RFC 9112, 3.2.2: some clients write the whole address. */
static void
absolute_form_names_the_same_door(void **state)
{
	static const char *const no_doors[] = {
		"http://localhost:5000", "http:/", "http:/users", "http:",
		"x/users", "http://localhost:5000/nope", "*", "?", "#//:/",
		"http://localhost:5000/http://localhost:5000/",
	};
	size_t i;

	(void)state;
	assert_int_equal(ASK(.uri = "http://localhost:5000/")->status, 200);
	assert_int_equal(ASK(.uri = "https://x/?y=://z/users")->status, 200);
	assert_int_equal(ASK(.uri = "http://x/profile")->status, 403);
	assert_int_equal(post("http://localhost:5000/users", HELPER_FORM,
	    CREDENTIALS)->status, 200);
	for (i = 0; i < HELPER_COUNT(no_doors); i++)
		is_refused(ASK(.uri = no_doors[i]), 404, "not found");
}

static void
base_path_stands_before_every_door(void **state)
{
	struct answer *a;

	(void)state;
	helper_bed_settings(&bed, COMPAT "base_path = \"/a/b\"\n");
	assert_int_equal(post("/a/b/users", HELPER_FORM,
	    CREDENTIALS)->status, 200);
	assert_int_equal(ASK(.uri = "/a/b/")->status, 200);
	is_refused(post("/users", HELPER_FORM, CREDENTIALS), 404,
	    "not found");
	is_refused(ASK(.uri = "/"), 404, "not found");
	is_refused(ASK(.uri = "/a/b"), 404, "not found");
	is_refused(ASK(.uri = "/a/bb/"), 404, "not found");
	is_refused(ASK(.uri = "/a/busers"), 404, "not found");
	is_refused(ASK(.uri = "/A/B/"), 404, "not found");
	is_refused(ASK(.uri = "/a/b/a/b/"), 404, "not found");
	a = post("/a/b/sessions", HELPER_FORM, CREDENTIALS);
	a = ASK(.method = "DELETE", .uri = "/a/b/sessions",
	    .cookie = arena_printf(arena, "session_id=%s", helper_cookie(a,
	    "session_id")));
	assert_int_equal(a->status, 302);
	assert_string_equal(helper_header(a, "Location"), "/a/b/");
}

/* A web server that says no REQUEST_URI has cut the path in two. */
static void
path_may_come_in_two_parts(void **state)
{
	(void)state;
	assert_int_equal(ASK(.param = { "SCRIPT_NAME=",
	    "PATH_INFO=/" })->status, 200);
	assert_int_equal(ASK(.param = { "SCRIPT_NAME=/profile" })->status,
	    403);
	assert_int_equal(ASK(.param = { "SCRIPT_NAME=/x",
	    "PATH_INFO=/profile" })->status, 404);
	assert_int_equal(ASK(.uri = "/", .param = { "SCRIPT_NAME=/x",
	    "PATH_INFO=/y" })->status, 200);
	assert_int_equal(ASK(.method = "GET")->status, 404);
}

/* Who calls. */

static void
compat_serves_loopback_only(void **state)
{
	static const char *const near[] = { "127.0.0.1", "127.8.8.8", "::1",
	    "::ffff:127.0.0.1", "unix:" };
	static const char *const far[] = { "", "10.0.0.1", "8.8.8.8",
	    "2001:db8::1", "::ffff:10.0.0.1", "localhost", "0.0.0.0",
	    "127.0.0.1, 10.0.0.1", "127.0.0.1.ex" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(near); i++)
		assert_int_equal(ASK(.uri = "/",
		    .client = near[i])->status, 200);
	for (i = 0; i < HELPER_COUNT(far); i++) {
		is_refused(ASK(.uri = "/", .client = far[i]), 403,
		    "the compat profile serves loopback only");
		is_refused(ASK(.method = "POST", .uri = "/users",
		    .type = HELPER_FORM, .body = CREDENTIALS,
		    .client = far[i], .param = {
		    "HTTP_X_FORWARDED_FOR=127.0.0.1",
		    "HTTP_X_REAL_IP=127.0.0.1", "HTTP_FORWARDED=for=::1" }),
		    403, "the compat profile serves loopback only");
	}
	assert_int_equal(users(), 0);
}

static void
compat_remote_and_standard_serve_everybody(void **state)
{
	(void)state;
	helper_bed_settings(&bed, COMPAT "compat_remote = true\n");
	assert_int_equal(ASK(.uri = "/", .client = "8.8.8.8")->status, 200);
	helper_bed_settings(&bed, "profile = \"standard\"\n");
	assert_int_equal(ASK(.uri = "/", .client = "8.8.8.8")->status, 200);
	assert_int_equal(ASK(.uri = "/", .client = "")->status, 200);
}

/* Another site's page cannot act. */

struct origin_row {
	const char	*site;		/* Sec-Fetch-Site, or NULL */
	const char	*origin;	/* Origin, or NULL */
	bool		 passes;
};

static struct answer *
from(const char *method, const char *uri, const struct origin_row *row)
{
	const char *param[2] = { NULL, NULL };
	size_t n = 0;

	if (row->site != NULL)
		param[n++] = arena_printf(arena, "HTTP_SEC_FETCH_SITE=%s",
		    row->site);
	if (row->origin != NULL)
		param[n++] = arena_printf(arena, "HTTP_ORIGIN=%s",
		    row->origin);
	return ASK(.method = method, .uri = uri, .type = HELPER_FORM,
	    .body = "email=bob@b&password=x&reset_token=x&new_password=y",
	    .param = { param[0], param[1] });
}

static void
check_origins(const struct origin_row *rows, size_t n)
{
	static const struct {
		const char	*method, *uri;
	} acts[] = {
		{ "POST", "/users" }, { "POST", "/sessions" },
		{ "DELETE", "/sessions" }, { "POST", "/reset_password" },
		{ "PUT", "/reset_password" },
		/* Also where nothing is to be had. */
		{ "PATCH", "/users" }, { "POST", "/profile" },
		{ "POST", "/nope" },
	};
	struct answer *a;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < HELPER_COUNT(acts); j++) {
			a = from(acts[j].method, acts[j].uri, &rows[i]);
			if ((a->call.reply.outcome != OUT_CROSS_SITE) !=
			    rows[i].passes)
				fail_msg("%s %s from %s, %s: %s",
				    acts[j].method, acts[j].uri,
				    rows[i].site, rows[i].origin, a->body);
			if (!rows[i].passes)
				is_refused(a, 403, "refused: the request "
				    "came from another site");
		}
		assert_int_equal(from("GET", "/", &rows[i])->status, 200);
		assert_int_equal(from("HEAD", "/", &rows[i])->status, 200);
		assert_int_equal(from("OPTIONS", "/", &rows[i])->status,
		    204);
	}
}

static void
b25_another_sites_page_cannot_act_in_compat(void **state)
{
	static const struct origin_row rows[] = {
		{ NULL, NULL, true },
		{ "same-origin", NULL, true },
		{ "none", NULL, true },
		{ "cross-site", NULL, false },
		{ "same-site", NULL, false },
		{ "Same-Origin", NULL, false },
		{ "same-origin, cross-site", NULL, false },
		{ "x", NULL, false },
		{ NULL, "http://localhost:5000", true },
		{ NULL, "http://127.0.0.1:5000", true },
		{ NULL, "http://[::1]:5000", true },
		{ NULL, "http://0.0.0.0:5000", true },
		{ NULL, "http://app.localhost:5000", true },
		{ NULL, "https://localhost:5000", true },
		{ NULL, "http://localhost", false },
		{ NULL, "http://localhost:5001", false },
		{ NULL, "http://evil.example", false },
		{ NULL, "http://evil.example:5000", false },
		{ NULL, "http://localhost.evil.example:5000", false },
		{ NULL, "http://localhost:5000.evil.example", false },
		{ NULL, "http://localhost:5000@evil.example", false },
		{ NULL, "http://10.0.0.1:5000", false },
		{ NULL, "null", false },
		{ NULL, "file://", false },
		{ NULL, "http://localhost:5000 http://evil.example", false },
		/* What the browser says of itself counts first. */
		{ "cross-site", "http://localhost:5000", false },
		{ "same-origin", "http://evil.example", true },
	};

	(void)state;
	check_origins(rows, HELPER_COUNT(rows));
}

static void
b25_another_sites_page_cannot_act_in_standard(void **state)
{
	static const struct origin_row rows[] = {
		{ NULL, NULL, true },
		{ "same-origin", NULL, true },
		{ "cross-site", NULL, false },
		{ NULL, "https://login.ex", true },
		{ NULL, "https://LOGIN.ex:443", true },
		{ NULL, "https://site.ex:8443", true },
		{ NULL, "http://login.ex", false },
		{ NULL, "https://login.ex:444", false },
		{ NULL, "https://site.ex", false },
		{ NULL, "https://ex", false },
		{ NULL, "https://a.login.ex", false },
		{ NULL, "http://localhost:5000", false },
		{ NULL, "https://localhost", false },
		{ NULL, "https://127.0.0.1", false },
		{ NULL, "null", false },
	};

	(void)state;
	helper_bed_settings(&bed, "profile = \"standard\"\nhash_cost = 5\n"
	    "base_url = \"https://login.ex\"\n"
	    "origins = {\"https://site.ex:8443\"}\n");
	check_origins(rows, HELPER_COUNT(rows));
}

/* The name under which we were called proves nothing. */
static void
host_header_makes_no_origin_ours(void **state)
{
	(void)state;
	is_refused(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = CREDENTIALS,
	    .param = { "HTTP_ORIGIN=http://evil.example",
	    "HTTP_HOST=evil.example", "SERVER_NAME=evil.example",
	    "HTTP_X_FORWARDED_HOST=evil.example" }), 403,
	    "refused: the request came from another site");
}

/* Cost. */

static int64_t
cpu_of(const struct request *r, int *status)
{
	int64_t start = helper_cpu_ms();

	*status = helper_ask(&bed, r)->status;
	return helper_cpu_ms() - start;
}

/* A hash takes a hundred times what all gates take together. */
static void
refusal_costs_no_hash(void **state)
{
	static const struct request refused[] = {
		{ .method = "POST", .uri = "/sessions", .type = HELPER_FORM,
		    .body = CREDENTIALS,
		    .param = { "HTTP_SEC_FETCH_SITE=cross-site" } },
		{ .method = "POST", .uri = "/users", .type = HELPER_FORM,
		    .body = CREDENTIALS,
		    .param = { "HTTP_ORIGIN=http://evil.example" } },
		{ .method = "POST", .uri = "/sessions", .type = HELPER_FORM,
		    .body = CREDENTIALS, .client = "8.8.8.8" },
		{ .method = "POST", .uri = "/sessions", .type = HELPER_FORM,
		    .body = CREDENTIALS, .length = "20000" },
		{ .method = "POST", .uri = "/sessions?password=x",
		    .type = HELPER_FORM, .body = CREDENTIALS },
		{ .method = "POST", .uri = "/sessions", .type = "text/plain",
		    .body = CREDENTIALS },
		{ .method = "POST", .uri = "/sessions", .type = HELPER_FORM,
		    .body = CREDENTIALS "&password=x" },
	};
	const struct request good = { .method = "POST", .uri = "/sessions",
	    .type = HELPER_FORM, .body = CREDENTIALS };
	int status;
	size_t i;

	(void)state;
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 8\n");
	for (i = 0; i < HELPER_COUNT(refused); i++) {
		assert_in_range(cpu_of(&refused[i], &status), 0, 40);
		assert_in_range(status, 400, 499);
		assert_int_not_equal(status, 401);
	}
	assert_true(cpu_of(&good, &status) > 50);
	assert_int_equal(status, 401);
}

/* Neither handler nor store is asked: there is no desk to ask at. */
static void
refusal_needs_nobody(void **state)
{
	static const char *const params[] = {
		"REQUEST_METHOD=POST", "REQUEST_URI=/sessions",
		("CONTENT_TYPE=" HELPER_FORM), "REMOTE_ADDR=127.0.0.1",
		"HTTP_SEC_FETCH_SITE=cross-site",
	};
	enum cost cost;
	struct call c;
	size_t i;

	(void)state;
	call_init(&c, arena, bed.conf);
	c.body = CREDENTIALS;
	c.body_len = strlen(c.body);
	for (i = 0; i < HELPER_COUNT(params); i++)
		call_param(&c, params[i]);
	assert_false(web_begin(&c, &cost));
	assert_int_equal(c.reply.outcome, OUT_CROSS_SITE);
}

/* Each row breaks the rules of two neighbours: the first one answers. */
static void
gates_stand_in_order(void **state)
{
	static const struct {
		struct request	 request;
		enum outcome	 outcome;
	} rows[] = {
		{ { .uri = "/", .client = "8.8.8.8",
		    .param = { "REQUEST_URI=/" } }, OUT_HEADER_REPEATED },
		{ { .uri = "/", .client = "8.8.8.8", .length = "99999" },
		    OUT_REMOTE },
		{ { .uri = "/none", .length = "99999" },
		    OUT_BODY_TOO_LARGE },
		{ { .uri = "/none", .length = "x" }, OUT_HEADER_MALFORMED },
		{ { .uri = "/none", .length = "1" }, OUT_BODY_CUT },
		{ { .uri = "/none", .method = "POST", .length = "x",
		    .param = { "HTTP_ORIGIN=null" } }, OUT_HEADER_MALFORMED },
		{ { .uri = "/none", .method = "POST",
		    .param = { "HTTP_ORIGIN=null" } }, OUT_CROSS_SITE },
		{ { .uri = "/users", .method = "PUT",
		    .param = { "HTTP_ORIGIN=null" } }, OUT_CROSS_SITE },
		{ { .uri = "/sessions", .method = "DELETE",
		    .param = { "HTTP_ORIGIN=null" } }, OUT_CROSS_SITE },
		{ { .uri = "/users?email=x", .method = "POST",
		    .param = { "HTTP_ORIGIN=null" } }, OUT_CROSS_SITE },
		{ { .uri = "/users?email=x", .method = "POST",
		    .type = "text/plain", .body = "x" }, OUT_FIELD_IN_URL },
		{ { .uri = "/users", .method = "POST", .type = "text/plain",
		    .body = "{" }, OUT_CONTENT_TYPE },
	};
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		a = helper_ask(&bed, &rows[i].request);
		if (a->call.reply.outcome != rows[i].outcome)
			fail_msg("row %zu: %s", i, a->body);
	}
}

/* Length and type of the body. */

static void
body_has_the_announced_length(void **state)
{
	static const struct {
		const char	*length;
		int		 status;
		const char	*message;
	} rows[] = {
		{ "21", 400, "the body has another length than announced" },
		{ "23", 400, "the body has another length than announced" },
		{ "0", 400, "the body has another length than announced" },
		{ "16384", 400,
		    "the body has another length than announced" },
		{ "16385", 413, "the body is larger than 16 KiB" },
		{ "-1", 400, "Content-Length is not well formed" },
		{ "+22", 400, "Content-Length is not well formed" },
		{ " 22", 400, "Content-Length is not well formed" },
		{ "22 ", 400, "Content-Length is not well formed" },
		{ "0x16", 400, "Content-Length is not well formed" },
		{ "22, 22", 400, "Content-Length is not well formed" },
		{ "22.0", 400, "Content-Length is not well formed" },
		{ "99999999999999999999999", 400,
		    "Content-Length is not well formed" },
		{ "18446744073709551638", 400,
		    "Content-Length is not well formed" },
	};
	size_t i;

	(void)state;
	assert_int_equal(strlen(CREDENTIALS), 22);
	for (i = 0; i < HELPER_COUNT(rows); i++)
		is_refused(ASK(.method = "POST", .uri = "/users",
		    .type = HELPER_FORM, .body = CREDENTIALS,
		    .length = rows[i].length), rows[i].status,
		    rows[i].message);
	assert_int_equal(users(), 0);
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = CREDENTIALS,
	    .length = "0022")->status, 200);
}

static void
body_ends_at_16_kib(void **state)
{
	const char *body;

	(void)state;
	body = arena_printf(arena, "%s&x=%s", CREDENTIALS,
	    repeated("x", 16384 - 25));
	assert_int_equal(strlen(body), 16384);
	assert_int_equal(enroll(body)->status, 200);
	body = arena_printf(arena, "%sx", body);
	is_refused(enroll(body), 413, "the body is larger than 16 KiB");
	is_refused(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = body, .length = ""), 413,
	    "the body is larger than 16 KiB");
	is_refused(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = body, .length = "10"), 413,
	    "the body is larger than 16 KiB");
}

static void
body_without_a_length_is_read(void **state)
{
	(void)state;
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = CREDENTIALS,
	    .length = "")->status, 200);
}

static void
other_content_types_are_refused(void **state)
{
	static const char *const types[] = {
		NULL, "text/plain", "text/html", "application/xml",
		"application/jsonx", "application/json-patch+json",
		"application/problem+json", "multipart/mixed; boundary=x",
		"application", "application/", "json", "*/*", ";", " ",
		(HELPER_FORM ", " HELPER_JSON),
		"application/json application/json", "\xff",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(types); i++)
		is_refused(post("/users", types[i], CREDENTIALS), 415,
		    "send application/json, application/x-www-form-urlencoded "
		    "or multipart/form-data");
	assert_int_equal(users(), 0);
}

static void
content_type_may_have_parameters_and_any_case(void **state)
{
	static const char *const types[] = {
		"application/x-www-form-urlencoded; charset=UTF-8",
		"APPLICATION/X-WWW-Form-Urlencoded",
		"application/x-www-form-urlencoded ;charset=utf-8",
		" application/x-www-form-urlencoded",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(types); i++)
		assert_int_equal(post("/users", types[i], arena_printf(arena,
		    "email=u%zu@b&password=x", i))->status, 200);
	assert_int_equal(post("/users", "Application/JSON; charset=utf-8",
	    "{\"email\":\"j@b\",\"password\":\"x\"}")->status, 200);
}

static void
no_body_at_all_misses_its_first_field(void **state)
{
	(void)state;
	is_refused(post("/users", NULL, NULL), 400, "email is missing");
	is_refused(post("/users", HELPER_FORM, ""), 400, "email is missing");
	is_refused(post("/users", HELPER_JSON, "{}"), 400,
	    "email is missing");
	is_refused(post("/users", HELPER_JSON, ""), 400,
	    "the body is not well formed");
}

/* A body where none is asked for is not looked at. */
static void
doors_without_fields_ignore_the_body(void **state)
{
	(void)state;
	assert_int_equal(ASK(.uri = "/", .type = "text/plain",
	    .body = "x")->status, 200);
	assert_int_equal(ASK(.uri = "/profile", .type = HELPER_JSON,
	    .body = "{")->status, 403);
}

/* Fields. */

struct field_row {
	const char	*body;
	const char	*message;
};

static void
check_fields(const char *method, const char *uri, const char *type,
    const struct field_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		is_refused(ASK(.method = method, .uri = uri, .type = type,
		    .body = rows[i].body), 400, rows[i].message);
}

static void
form_fields_are_checked(void **state)
{
	static const struct field_row rows[] = {
		{ "password=x", "email is missing" },
		{ "email=a@b", "password is missing" },
		{ "Email=a@b&password=x", "email is missing" },
		{ "email=&password=x", "email is empty" },
		{ "email&password=x", "email is empty" },
		{ "email=a@b&password=", "password is empty" },
		{ "email=a@b&email=a@b&password=x",
		    "email is given more than once" },
		{ "email=a@b&password=x&password=y",
		    "password is given more than once" },
		{ "email=a@b&%65mail=a@b&password=x",
		    "email is given more than once" },
		{ "email=a&password=x", "email is not well formed" },
		{ "email=a@b%00&password=x",
		    "email holds a NUL character" },
		{ "email=a@b&password=x%00y",
		    "password holds a NUL character" },
		{ "email=a@b&password=%ff", "password is not valid UTF-8" },
		{ "email=%c3@b&password=x", "email is not valid UTF-8" },
		{ "email=a@b&password=%ed%a0%80",
		    "password is not valid UTF-8" },
		{ "email=a@b&password=%c0%80",
		    "password is not valid UTF-8" },
		{ "email=a@b&password=%zz", "password is not well formed" },
		{ "email=a@b&password=x%", "password is not well formed" },
		{ "email=a@b&password=%ef%bf%bf",
		    "password is not well formed" },
		{ "%=x", "the body is not well formed" },
		{ "a%00=x", "the body is not well formed" },
		{ "a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q=",
		    "more than 16 fields" },
	};

	(void)state;
	check_fields("POST", "/users", HELPER_FORM, rows,
	    HELPER_COUNT(rows));
	assert_int_equal(users(), 0);
}

/* B67: what JSON may mean twice, or what cJSON would let pass. */
static const struct field_row json_rows[] = {
	{ "{\"password\":\"x\"}", "email is missing" },
	{ "{\"Email\":\"a@b\",\"password\":\"x\"}",
	    "email is missing" },
	{ "{\"email\":\"\",\"password\":\"x\"}", "email is empty" },
	{ "{\"email\":null,\"password\":\"x\"}",
	    "email must be text" },
	{ "{\"email\":7,\"password\":\"x\"}", "email must be text" },
	{ "{\"email\":true,\"password\":\"x\"}",
	    "email must be text" },
	{ "{\"email\":\"a@b\",\"password\":[\"x\"]}",
	    "password must be text" },
	{ "{\"email\":{\"a\":1},\"password\":\"x\"}",
	    "email must be text" },
	{ "{\"email\":\"a@b\",\"email\":\"a@b\",\"password\":\"x\"}",
	    "email is not well formed" },
	{ "{\"email\":\"a@b\",\"\\u0065mail\":\"c@d\"}",
	    "email is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"x\\u0000y\"}",
	    "password is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"x\ty\"}",
	    "password is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"\\ud800\"}",
	    "password is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"\xff\"}",
	    "password is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"x\"}x",
	    "the body is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"x\"}{}",
	    "the body is not well formed" },
	{ "\xef\xbb\xbf{\"email\":\"a@b\",\"password\":\"x\"}",
	    "the body is not well formed" },
	{ "{'email':'a@b','password':'x'}",
	    "the body is not well formed" },
	{ "[\"a@b\",\"x\"]", "the body is not well formed" },
	{ "\"a@b\"", "the body is not well formed" },
	{ "null", "the body is not well formed" },
	{ "{\"email\":\"a@b\",\"password\":\"x\",}",
	    "the body is not well formed" },
	{ "{\"a\":[[[[1]]]]}", "the body is not well formed" },
	{ CREDENTIALS, "the body is not well formed" },
	{ "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
	    "\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,"
	    "\"n\":1,\"o\":1,\"p\":1,\"q\":1}",
	    "more than 16 fields" },
};

static void
b67_json_fields_are_checked(void **state)
{
	(void)state;
	check_fields("POST", "/users", HELPER_JSON, json_rows,
	    HELPER_COUNT(json_rows));
	assert_int_equal(users(), 0);
}

#define PART(name, more, value)						\
	"--x\r\nContent-Disposition: form-data; name=\"" name "\"" more	\
	"\r\n\r\n" value "\r\n"

static void
multipart_fields_are_checked(void **state)
{
	static const struct field_row rows[] = {
		{ "--x--\r\n", "email is missing" },
		{ PART("email", "", "a@b") "--x--\r\n",
		    "password is missing" },
		{ PART("email", "", "") PART("password", "", "x") "--x--\r\n",
		    "email is empty" },
		{ PART("email", "; filename=\"f\"", "a@b")
		    PART("password", "", "x") "--x--\r\n",
		    "email must be text" },
		{ PART("email", "", "a@b") PART("email", "", "a@b")
		    PART("password", "", "x") "--x--\r\n",
		    "email is given more than once" },
		{ PART("email", "", "a@b") PART("password", "", "\xff")
		    "--x--\r\n", "password is not valid UTF-8" },
		{ PART("email", "", "a@b") PART("password", "", "x"),
		    "password is not well formed" },
		{ "x", "the body is not well formed" },
		{ CREDENTIALS, "the body is not well formed" },
	};

	(void)state;
	check_fields("POST", "/users", "multipart/form-data; boundary=x",
	    rows, HELPER_COUNT(rows));
	is_refused(post("/users", "multipart/form-data", rows[0].body), 400,
	    "the body is not well formed");
	is_refused(post("/users", "multipart/form-data; boundary=x; "
	    "boundary=y", rows[0].body), 400, "the body is not well formed");
	assert_int_equal(users(), 0);
}

static void
nul_in_a_part_is_named(void **state)
{
	static const char body[] = PART("email", "", "a@b")
	    PART("password", "", "x\0y") "--x--\r\n";

	(void)state;
	is_refused(ASK(.method = "POST", .uri = "/users",
	    .type = "multipart/form-data; boundary=x", .body = body,
	    .body_len = sizeof(body) - 1), 400,
	    "password holds a NUL character");
}

static void
every_field_of_every_door_is_checked(void **state)
{
	static const struct field_row reset[] = {
		{ "reset_token=x&new_password=y", "email is missing" },
		{ "email=a@b&new_password=y", "reset_token is missing" },
		{ "email=a@b&reset_token=x", "new_password is missing" },
		{ "email=a@b&reset_token=&new_password=y",
		    "reset_token is empty" },
		{ "email=a@b&reset_token=x&new_password=",
		    "new_password is empty" },
		{ "email=a@b&reset_token=x&reset_token=y&new_password=z",
		    "reset_token is given more than once" },
		{ "email=a@b&reset_token=%ff&new_password=y",
		    "reset_token is not valid UTF-8" },
		{ "email=a@b&reset_token=x%00&new_password=y",
		    "reset_token holds a NUL character" },
		{ "email=a@b&reset_token=x&new_password=%00",
		    "new_password holds a NUL character" },
	};
	static const struct field_row begin[] = {
		{ "", "email is missing" },
		{ "email=", "email is empty" },
		{ "email=a", "email is not well formed" },
	};
	static const struct field_row login[] = {
		{ "password=x", "email is missing" },
		{ "email=a@b", "password is missing" },
		{ "email=a@b&password=", "password is empty" },
	};

	(void)state;
	check_fields("PUT", "/reset_password", HELPER_FORM, reset,
	    HELPER_COUNT(reset));
	check_fields("POST", "/reset_password", HELPER_FORM, begin,
	    HELPER_COUNT(begin));
	check_fields("POST", "/sessions", HELPER_FORM, login,
	    HELPER_COUNT(login));
}

static void
long_fields_are_refused_and_named(void **state)
{
	const char *local = repeated("a", 252);

	(void)state;
	is_refused(enroll(arena_printf(arena, "email=%sa@b&password=x",
	    local)), 400, "email is too long");
	assert_int_equal(enroll(arena_printf(arena,
	    "email=%s@b&password=x", local))->status, 200);
	is_refused(enroll(arena_printf(arena, "email=a@b&password=%s",
	    repeated("p", 512))), 400, "password is too long");
	is_refused(ASK(.method = "PUT", .uri = "/reset_password",
	    .type = HELPER_FORM, .body = arena_printf(arena,
	    "email=a@b&reset_token=%s&new_password=x", repeated("t", 129))),
	    400, "reset_token is too long");
	is_refused(ASK(.method = "PUT", .uri = "/reset_password",
	    .type = HELPER_FORM, .body = arena_printf(arena,
	    "email=a@b&reset_token=t&new_password=%s", repeated("p", 512))),
	    400, "new_password is too long");
}

static void
unknown_fields_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(enroll("x=1&email=a@b&x=2&password=x&y=%ff"
	    "&reset_token=")->status, 200);
	assert_int_equal(post("/users", HELPER_JSON, "{\"x\":[1,{\"y\":2}],"
	    "\"email\":\"c@d\",\"password\":\"x\",\"Password\":\"y\"}")->
	    status, 200);
}

/* Logs and histories keep what stands in an address. */
static void
fields_do_not_belong_in_the_url(void **state)
{
	static const struct {
		const char	*uri, *message;
	} rows[] = {
		{ "/users?email=a@b",
		    "email belongs in the body, not in the URL" },
		{ "/users?x=1&password=x",
		    "password belongs in the body, not in the URL" },
		{ "/users?password",
		    "password belongs in the body, not in the URL" },
		{ "/sessions?password=",
		    "password belongs in the body, not in the URL" },
		{ "/users?%65mail=a@b",
		    "email belongs in the body, not in the URL" },
		{ "/users?x=%zz&%70asswor%64=x",
		    "password belongs in the body, not in the URL" },
		{ "/users?%zz=1", "query is not well formed" },
		{ "/users?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q",
		    "query is not well formed" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		is_refused(post(rows[i].uri, HELPER_FORM, CREDENTIALS), 400,
		    rows[i].message);
	is_refused(ASK(.method = "PUT", .uri = "/reset_password?reset_token="
	    "x", .type = HELPER_FORM, .body = "email=a@b&new_password=x"),
	    400, "reset_token belongs in the body, not in the URL");
	assert_int_equal(users(), 0);
	assert_int_equal(post("/users?next=/&emails=x&passwor=1&",
	    HELPER_FORM, CREDENTIALS)->status, 200);
}

/* Parameters of the web server. */

static void
repeated_parameters_are_refused(void **state)
{
	static const struct {
		const char	*param, *name;
	} rows[] = {
		{ "REQUEST_METHOD=GET", "method" },
		{ "REQUEST_URI=/", "request target" },
		{ "CONTENT_TYPE=" HELPER_JSON, "Content-Type" },
		{ "CONTENT_LENGTH=22", "Content-Length" },
		{ "REMOTE_ADDR=127.0.0.1", "client address" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		is_refused(ASK(.method = "POST", .uri = "/users",
		    .type = HELPER_FORM, .body = CREDENTIALS,
		    .param = { rows[i].param }), 400, arena_printf(arena,
		    "%s is given more than once", rows[i].name));
	is_refused(ASK(.uri = "/", .param = { "HTTP_ORIGIN=null",
	    "HTTP_ORIGIN=http://localhost:5000" }), 400,
	    "Origin is given more than once");
	is_refused(ASK(.uri = "/", .param = { "HTTP_SEC_FETCH_SITE=none",
	    "HTTP_SEC_FETCH_SITE=none" }), 400,
	    "Sec-Fetch-Site is given more than once");
	assert_int_equal(ASK(.uri = "/", .param = { "HTTP_ACCEPT=a",
	    "HTTP_ACCEPT=b", "HTTP_X_REQUEST_ID=a", "HTTP_X_REQUEST_ID=b",
	    "HTTP_COOKIE=a=1", "HTTP_COOKIE=b=2" })->status, 200);
	assert_int_equal(users(), 0);
}

/* Each line that is joined copies those before it. */
static void
header_lines_are_joined_up_to_a_number_and_size(void **state)
{
	const char *names[] = { "HTTP_COOKIE", "HTTP_ACCEPT" };
	const char *line = arena_printf(arena, "a=%s", repeated("x", 120));
	struct call c;
	size_t i, j;

	(void)state;
	for (i = 0; i < HELPER_COUNT(names); i++) {
		struct arena *a = arena_new();

		call_init(&c, a, bed.conf);
		for (j = 0; j < 9; j++)
			call_param(&c, arena_printf(arena, "%s=%s", names[i],
			    line));
		assert_null(c.repeated);
		assert_int_equal(strlen(call_text(&c, i == 0 ? PARAM_COOKIE :
		    PARAM_ACCEPT)), 9 * strlen(line) + 8 * 2);
		for (; j < 256; j++)
			call_param(&c, arena_printf(arena, "%s=%s", names[i],
			    line));
		assert_string_equal(c.repeated, i == 0 ? "Cookie" : "Accept");
		assert_true(strlen(call_text(&c, PARAM_COOKIE)) < 2000);
		arena_free(a);
	}
}

static void
strange_parameters_change_nothing(void **state)
{
	(void)state;
	assert_int_equal(ASK(.uri = "/", .param = { "", "=", "=x", "x", "x=",
	    "REQUEST_METHODS=DELETE", "request_uri=/none",
	    "HTTP_X_HTTP_METHOD_OVERRIDE=DELETE" })->status, 200);
}

/* Every method at every path with every kind of body. */

static const char *const all_methods[] = { "GET", "HEAD", "POST", "PUT",
    "PATCH", "DELETE", "OPTIONS", "TRACE", "", "\xff" };
static const char *const all_paths[] = { "/", "/users", "/sessions",
    "/profile", "/reset_password", "/none", "", "/users?email=x" };
static const struct {
	const char	*type, *body;
} all_bodies[] = {
	{ NULL, NULL }, { HELPER_FORM, CREDENTIALS },
	{ HELPER_FORM, "email=bob@b&reset_token=x&new_password=y" },
	{ HELPER_FORM, "%" }, { HELPER_JSON, "{" }, { HELPER_JSON, "{}" },
	{ HELPER_JSON, "{\"email\":\"bob@b\",\"password\":\"x\"}" },
	{ "multipart/form-data; boundary=x", "--x--" }, { "x", "x" },
};
static const char *const all_cookies[] = { NULL, "session_id=x",
    "session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\xff;=" };

static bool
is_a_status(int status)
{
	enum outcome o;

	for (o = OUT_WELCOME; o <= OUT_FAULT; o++)
		if (reply_status(o) == status)
			return true;
	return false;
}

static void
ask_in_every_way(const char *method, const char *path)
{
	struct answer *a;
	size_t i, j;

	for (i = 0; i < HELPER_COUNT(all_bodies); i++) {
		for (j = 0; j < HELPER_COUNT(all_cookies); j++) {
			a = ASK(.method = method, .uri = path,
			    .type = all_bodies[i].type,
			    .body = all_bodies[i].body,
			    .cookie = all_cookies[j]);
			if (!is_a_status(a->status) || a->status >= 500)
				fail_msg("%s %s: %s", method, path, a->body);
			if (a->status == 405)
				assert_non_null(helper_header(a, "Allow"));
		}
	}
}

static void
no_method_at_no_path_is_a_fault(void **state)
{
	char *lines;
	size_t i, j;

	(void)state;
	for (i = 0; i < HELPER_COUNT(all_methods); i++)
		for (j = 0; j < HELPER_COUNT(all_paths); j++)
			ask_in_every_way(all_methods[i], all_paths[j]);
	lines = helper_log(&bed);
	assert_true(helper_log_valid(lines));
	free(lines);
}

/* The table of doors is the contract's. */
static void
doors_are_those_of_the_contract(void **state)
{
	static const char *const names[] = { "GET /", "POST /users",
	    "POST /users/confirm", "POST /sessions",
	    "DELETE /sessions", "GET /sessions",
	    "POST /sessions/confirm", "DELETE /sessions/others",
	    "DELETE /sessions/{id}", "GET /profile", "DELETE /profile",
	    "PUT /profile/password", "PUT /profile/email",
	    "PUT /profile/language",
	    "POST /profile/email/confirm", "POST /profile/email/undo",
	    "POST /report", "GET /profile/export",
	    "POST /reset_password", "PUT /reset_password",
	    "GET /login", "POST /login", "GET /login/done",
	    "GET /logout", "POST /logout", "GET /register",
	    "POST /register", "GET /confirm", "POST /confirm",
	    "GET /reset", "POST /reset",
	    "GET /reset/password", "POST /reset/password",
	    "GET /account", "POST /account/sessions/others",
	    "POST /account/sessions/{id}", "GET /account/email",
	    "POST /account/email", "GET /address", "POST /address",
	    "GET /undo", "POST /undo", "GET /report",
	    "GET /account/password",
	    "POST /account/password", "GET /account/language",
	    "POST /account/language", "GET /account/confirm",
	    "POST /account/confirm", "GET /account/export",
	    "POST /account/export", "GET /account/delete",
	    "POST /account/delete", "GET /.well-known/change-password",
	    "GET /assets/style.css", "GET /assets/accent.css",
	    "GET /assets/page.js", "GET /assets/logo.svg" };
	const struct route *routes;
	const char *object;
	size_t i, n;

	(void)state;
	routes = route_all(&n);
	assert_int_equal(n, HELPER_COUNT(names));
	for (i = 0; i < n; i++) {
		assert_string_equal(routes[i].name, names[i]);
		if (strchr(routes[i].path, '{') != NULL)
			continue;
		assert_ptr_equal(route_find(routes[i].method,
		    routes[i].path, &object), &routes[i]);
		if (routes[i].cost == COST_QUICK)
			assert_int_equal(routes[i].method, METHOD_GET);
	}
}

/* A worker that answers at once has a connection that can only read. */
static void
v3_5_3_doors_that_are_read_cannot_write(void **state)
{
	const struct route *routes;
	size_t i, n;

	(void)state;
	routes = route_all(&n);
	for (i = 0; i < n; i++)
		assert_int_equal(routes[i].method == METHOD_GET,
		    routes[i].cost == COST_QUICK);
}

static struct answer *
knock(const struct route *r, const char *cookie)
{
	static const char some[] =
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	size_t fixed = strcspn(r->path, "{");

	return ASK(.method = arena_copy(arena, r->name, strcspn(r->name,
	    " ")), .uri = arena_printf(arena, "%.*s%s", (int)fixed, r->path,
	    r->path[fixed] == '{' ? some : ""), .cookie = cookie);
}

static void
v8_2_1_each_door_lets_in_whom_it_names(void **state)
{
	const char *cookies[3] = { NULL, "session_id=x" };
	const struct route *routes;
	size_t i, j, n;

	(void)state;
	assert_int_equal(enroll(CREDENTIALS)->status, 200);
	cookies[2] = arena_printf(arena, "session_id=%s", helper_cookie(post(
	    "/sessions", HELPER_FORM, CREDENTIALS), "session_id"));
	assert_int_equal(ASK(.uri = "/profile",
	    .cookie = cookies[2])->status, 200);
	assert_int_equal(helper_sql(bed.store, "UPDATE sessions SET"
	    " expires_at = 1"), SQLITE_OK);
	routes = route_all(&n);
	for (i = 0; i < n; i++)
		for (j = 0; j < HELPER_COUNT(cookies); j++)
			assert_int_equal(knock(&routes[i],
			    cookies[j])->call.reply.outcome == OUT_NO_SESSION,
			    routes[i].who != WHO_ANYBODY);
}

/* Neither a hint nor the answer to a question is asked for anywhere. */
static void
v6_4_2_fields_are_those_of_the_contract(void **state)
{
#define WIRE(id, wire, longest, check)	wire,
	static const char *const real[] = { FIELDS(WIRE) };
#undef WIRE
	static const char *const names[] = { "email", "password",
	    "current_password", "new_password", "reset_token", "token",
	    "language" };
	size_t i;

	(void)state;
	assert_int_equal(HELPER_COUNT(real), HELPER_COUNT(names));
	for (i = 0; i < HELPER_COUNT(real); i++)
		assert_string_equal(real[i], names[i]);
}

#define MORE	"id=1234567890123456789012&created_at=1&disabled_at=1"	\
	"&password_hash=$y$x&email_key=z@z&role=admin&groups=admin"	\
	"&token_hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* Columns that are no fields of the door stay as they are made. */
static void
v15_3_3_columns_cannot_be_set_from_outside(void **state)
{
	(void)state;
	assert_int_equal(enroll(CREDENTIALS "&" MORE)->status, 200);
	assert_int_equal(post("/sessions", HELPER_FORM, CREDENTIALS "&"
	    MORE)->status, 200);
	assert_int_equal(helper_number(bed.store, "SELECT count(*) FROM users"
	    " WHERE id <> '1234567890123456789012' AND created_at > 1 AND"
	    " disabled_at = 0 AND password_hash <> '$y$x' AND email_key ="
	    " 'bob@b'"), 1);
	assert_int_equal(helper_number(bed.store, "SELECT (SELECT count(*)"
	    " FROM user_groups) + (SELECT count(*) FROM sessions WHERE"
	    " created_at = 1 OR token_hash LIKE 'AAAAAAAA%')"), 0);
}

#define GATE(f)	cmocka_unit_test_setup_teardown(f, stage_bed, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		GATE(only_the_very_path_is_a_door),
		GATE(absolute_form_names_the_same_door),
		GATE(base_path_stands_before_every_door),
		GATE(path_may_come_in_two_parts),
		GATE(compat_serves_loopback_only),
		GATE(compat_remote_and_standard_serve_everybody),
		GATE(b25_another_sites_page_cannot_act_in_compat),
		GATE(b25_another_sites_page_cannot_act_in_standard),
		GATE(host_header_makes_no_origin_ours),
		GATE(refusal_costs_no_hash),
		GATE(refusal_needs_nobody),
		GATE(gates_stand_in_order),
		GATE(body_has_the_announced_length),
		GATE(body_ends_at_16_kib),
		GATE(body_without_a_length_is_read),
		GATE(other_content_types_are_refused),
		GATE(content_type_may_have_parameters_and_any_case),
		GATE(no_body_at_all_misses_its_first_field),
		GATE(doors_without_fields_ignore_the_body),
		GATE(form_fields_are_checked),
		GATE(b67_json_fields_are_checked),
		GATE(multipart_fields_are_checked),
		GATE(nul_in_a_part_is_named),
		GATE(every_field_of_every_door_is_checked),
		GATE(long_fields_are_refused_and_named),
		GATE(unknown_fields_are_ignored),
		GATE(fields_do_not_belong_in_the_url),
		GATE(repeated_parameters_are_refused),
		GATE(header_lines_are_joined_up_to_a_number_and_size),
		GATE(strange_parameters_change_nothing),
		GATE(no_method_at_no_path_is_a_fault),
		GATE(doors_are_those_of_the_contract),
		GATE(v3_5_3_doors_that_are_read_cannot_write),
		GATE(v8_2_1_each_door_lets_in_whom_it_names),
		GATE(v6_4_2_fields_are_those_of_the_contract),
		GATE(v15_3_3_columns_cannot_be_set_from_outside),
	};

	return cmocka_run_group_tests_name("gates", tests, NULL, NULL);
}
