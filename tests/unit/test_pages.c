/* The doors for people, from request to page, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reply.h"
#include "routes.h"
#include "stage.h"

#define EMAIL		"bob@example.com"
#define PASSWORD	"b4l0u"
#define CREDENTIALS	"email=" EMAIL "&password=" PASSWORD
#define HTML		"HTTP_ACCEPT=text/html,*/*;q=0.8"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"
#define CSP		"default-src 'none'; style-src 'self'; "	\
	"script-src 'self'; img-src 'self'; form-action 'self'; "	\
	"frame-ancestors 'none'; base-uri 'none'"

#define ASK(...)	ask(&(const struct request){ __VA_ARGS__ })

static const char *cookie;	/* of Bob's session */

static int
set_up(void **state)
{
	cookie = NULL;
	return stage_bed(state);
}

static struct answer *
ask(const struct request *r)
{
	return helper_ask(&bed, r);
}

static struct answer *
get(const char *uri)
{
	return ASK(.uri = uri, .cookie = cookie, .param = { HTML });
}

static struct answer *
post(const char *uri, const char *body)
{
	return ASK(.method = "POST", .uri = uri, .type = HELPER_FORM,
	    .body = body, .cookie = cookie, .param = { HTML });
}

static void
has_header(struct answer *a, const char *name, const char *value)
{
	const char *found = helper_header(a, name);

	if (found == NULL || strcmp(found, value) != 0)
		fail_msg("%s is \"%s\", not \"%s\", in %s", name,
		    found != NULL ? found : "(not one)", value, a->head);
}

static void
says(struct answer *a, const char *text)
{
	if (strstr(a->body, text) == NULL)
		fail_msg("\"%s\" is not in %s", text, a->body);
}

static void
keeps_quiet(struct answer *a, const char *text)
{
	if (strstr(a->body, text) != NULL)
		fail_msg("\"%s\" is in %s", text, a->body);
}

static void
is_page(struct answer *a, int status)
{
	if (a->status != status)
		fail_msg("%d, not %d: %s%s", a->status, status, a->head,
		    a->body);
	has_header(a, "Content-Type", "text/html; charset=utf-8");
	has_header(a, "Cache-Control", "no-store");
	has_header(a, "Vary", "Accept, Accept-Language, Cookie");
	has_header(a, "Referrer-Policy", "same-origin");
	has_header(a, "Cross-Origin-Opener-Policy", "same-origin");
	has_header(a, "Cross-Origin-Resource-Policy", "same-origin");
	has_header(a, "X-Content-Type-Options", "nosniff");
	assert_non_null(helper_header(a, "X-Request-Id"));
	assert_true(strlen(a->head) < 4096);
}

static void
is_json(struct answer *a, int status)
{
	assert_int_equal(a->status, status);
	has_header(a, "Content-Type", "application/json");
	assert_int_equal(a->body[0], '{');
}

static void
leads(struct answer *a, const char *where)
{
	if (a->status != 303)
		fail_msg("%d: %s%s", a->status, a->head, a->body);
	has_header(a, "Location", where);
	assert_string_equal(a->body, "");
}

/* A page that does so, and not a status: see page_lead_onward. */
static void
goes_on(struct answer *a, const char *where)
{
	is_page(a, 200);
	has_header(a, "Content-Security-Policy", CSP);
	assert_null(helper_header(a, "Location"));
	says(a, arena_printf(arena, "<meta http-equiv=\"refresh\" "
	    "content=\"0;url=%s\">", where));
	says(a, arena_printf(arena, "<a class=\"button\" href=\"%s\">",
	    where));
	keeps_quiet(a, "role=\"alert\"");
	keeps_quiet(a, "<title>Error");
}

static void
enroll(void)
{
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .type = HELPER_FORM, .body = CREDENTIALS)->status, 200);
}

static void
log_in(void)
{
	struct answer *a = post("/login", CREDENTIALS);

	leads(a, "/login/done");
	cookie = arena_printf(arena, "session_id=%s", helper_cookie(a,
	    "session_id"));
}

/* Some minutes after the password was shown. */
static void
grow_stale(void)
{
	assert_int_equal(helper_sql(bed.store,
	    "UPDATE sessions SET proved_at = 1"), SQLITE_OK);
}

/* What a page shows by itself, whatever it is about. */

static bool
is_door(enum method m, const char *path)
{
	const char *object;

	path = arena_copy(arena, path, strcspn(path, "?#"));
	return route_find(m, path, &object) != NULL;
}

/* Calls see with the value of each such attribute. */
static void
each_value(const char *html, const char *attribute,
    void (*see)(const char *html, const char *value))
{
	const char *at = html;

	while ((at = strstr(at, attribute)) != NULL) {
		at += strlen(attribute);
		see(html, arena_copy(arena, at, strcspn(at, "\"")));
	}
}

static void
see_link(const char *html, const char *value)
{
	if (value[0] == '#')
		assert_non_null(strstr(html, arena_printf(arena,
		    " id=\"%s\"", value + 1)));
	else if (!is_door(METHOD_GET, value))
		fail_msg("no door: %s", value);
}

static void
see_form(const char *html, const char *value)
{
	(void)html;
	if (!is_door(METHOD_POST, value))
		fail_msg("no door: %s", value);
}

static void
see_described(const char *html, const char *value)
{
	const char *end;

	for (; *value != '\0'; value = end + strspn(end, " ")) {
		end = value + strcspn(value, " ");
		assert_non_null(strstr(html, arena_printf(arena,
		    " id=\"%.*s\"", (int)(end - value), value)));
	}
}

static void
see_input(const char *html, const char *value)
{
	assert_non_null(strstr(html, arena_printf(arena, " id=\"%s\"",
	    value)));
}

static void
is_whole(struct answer *a)
{
	assert_true(strncmp(a->body, "<!DOCTYPE html>\n<html lang=\"", 28) ==
	    0);
	says(a, "<meta name=\"viewport\"");
	says(a, "<main id=\"main\"");
	says(a, "<h1>");
	says(a, "</html>\n");
	keeps_quiet(a, "<h1></h1>");
	keeps_quiet(a, "<title> ");
	keeps_quiet(a, " style=");
	keeps_quiet(a, " onclick");
	keeps_quiet(a, " onload");
	keeps_quiet(a, "javascript:");
	keeps_quiet(a, "{{");
	keeps_quiet(a, "></button>");
	keeps_quiet(a, "></label>");
	each_value(a->body, " href=\"", see_link);
	each_value(a->body, " src=\"", see_link);
	each_value(a->body, " action=\"", see_form);
	each_value(a->body, "<label for=\"", see_input);
	each_value(a->body, " aria-describedby=\"", see_described);
	each_value(a->body, " aria-labelledby=\"", see_described);
}

static void
every_page_is_whole_and_leads_to_doors(void **state)
{
	const struct route *r;
	size_t i, n, pages = 0;

	(void)state;
	enroll();
	log_in();
	r = route_all(&n);
	for (i = 0; i < n; i++) {
		if (r[i].method != METHOD_GET || r[i].show == NULL ||
		    strcmp(r[i].path, "/login/done") == 0)
			continue;
		pages++;
		is_page(get(r[i].path), 200);
		has_header(get(r[i].path), "Content-Security-Policy", CSP);
		is_whole(get(r[i].path));
	}
	assert_int_equal(pages, 18);
	is_whole(get("/login/done?rd=/account"));
	cookie = NULL;
	is_whole(get("/"));
	is_whole(get("/login"));
	is_whole(get("/logout"));
	is_whole(get("/login/done"));
	is_whole(get("/nowhere"));
}

static void
v7_4_4_every_page_of_a_session_can_log_out(void **state)
{
	const struct route *r;
	size_t i, n;

	(void)state;
	enroll();
	log_in();
	r = route_all(&n);
	for (i = 0; i < n; i++)
		if (r[i].method == METHOD_GET && r[i].show != NULL &&
		    r[i].who != WHO_ANYBODY)
			says(get(r[i].path), "<form method=\"post\" "
			    "action=\"/logout\">");
}

/* A refused form is a page as good as the first one. */
static void
every_form_comes_back_whole(void **state)
{
	static const char id[] =
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const struct route *r;
	struct answer *a;
	size_t i, n, fixed;

	(void)state;
	enroll();
	log_in();
	r = route_all(&n);
	for (i = 0; i < n; i++) {
		if (r[i].method != METHOD_POST || !r[i].page ||
		    (r[i].fields == 0 && strchr(r[i].path, '{') == NULL))
			continue;
		fixed = strcspn(r[i].path, "{");
		a = post(arena_printf(arena, "%.*s%s", (int)fixed, r[i].path,
		    r[i].path[fixed] == '{' ? id : ""), "email=xy&"
		    "current_password=s3cr&password=s3cr&reset_token=s&"
		    "new_password=");
		assert_true(a->status >= 400);
		is_page(a, a->status);
		is_whole(a);
		says(a, "role=\"alert\"");
		says(a, "<title>Error: ");
		keeps_quiet(a, "s3cr");
	}
}

/* Which of two answers. */

struct wish {
	const char	*accept;	/* NULL: none is sent */
	bool		 page;
};

static void
check_wishes(const char *uri, int status, const struct wish *w, size_t n)
{
	struct answer *a;
	size_t i;

	for (i = 0; i < n; i++) {
		a = ASK(.uri = uri, .cookie = cookie, .param = {
		    w[i].accept != NULL ? arena_printf(arena,
		    "HTTP_ACCEPT=%s", w[i].accept) : "X=y" });
		if (w[i].page)
			is_page(a, status);
		else
			is_json(a, status);
	}
}

static void
json_stays_unless_html_is_preferred(void **state)
{
	static const struct wish wishes[] = {
		{ NULL, false },
		{ "*/*", false },
		{ "application/json", false },
		{ "text/html;q=0.5, application/json", false },
		{ "text/html, application/json", false },
		{ "text/html;q=0", false },
		{ "image/png", false },
		{ "text/html", true },
		{ "text/html;q=0.9, */*;q=0.8", true },
		{ "TEXT/HTML", true },
		{ "text/*, application/json;q=0.9", true },
	};

	(void)state;
	enroll();
	log_in();
	check_wishes("/", 200, wishes, HELPER_COUNT(wishes));
	check_wishes("/profile", 200, wishes, HELPER_COUNT(wishes));
	check_wishes("/nowhere", 404, wishes, HELPER_COUNT(wishes));
	has_header(ASK(.uri = "/"), "Vary", "Accept");
	is_json(ASK(.uri = "/", .param = { "HTTP_ACCEPT=text/html,"
	    "application/problem+json" }), 200);
	has_header(ASK(.uri = "/nowhere", .param = { "HTTP_ACCEPT=text/html,"
	    "application/problem+json" }), "Content-Type",
	    "application/problem+json");
}

/* What programs ask does not change because a browser asks it. */
static void
success_at_the_other_doors_is_json_for_everybody(void **state)
{
	(void)state;
	enroll();
	log_in();
	is_json(get("/sessions"), 200);
	is_json(get("/profile/export"), 200);
	is_json(post("/reset_password", "email=" EMAIL), 200);
	is_json(ASK(.method = "DELETE", .uri = "/sessions", .cookie = cookie,
	    .param = { HTML }), 302);
	is_json(post("/sessions", CREDENTIALS), 200);
}

static void
refusals_of_the_gates_are_pages_for_people(void **state)
{
	(void)state;
	is_page(ASK(.method = "PUT", .uri = "/login", .param = { HTML }),
	    405);
	is_page(ASK(.method = "POST", .uri = "/login", .type = "text/plain",
	    .body = "x", .param = { HTML }), 415);
	is_page(ASK(.method = "POST", .uri = "/users", .type = HELPER_FORM,
	    .body = "email=x", .param = { HTML }), 400);
	is_page(ASK(.uri = "/", .client = "192.0.2.1", .param = { HTML }),
	    403);
	is_page(get("/sessions"), 403);
	is_json(ASK(.method = "POST", .uri = "/login", .type = HELPER_FORM,
	    .body = "email=x", .param = { "HTTP_ACCEPT="
	    "application/json" }), 400);
	has_header(ASK(.method = "PUT", .uri = "/login", .param = { HTML }),
	    "Allow", "GET, HEAD, POST, OPTIONS");
}

/* A program may use the doors for people as any other. */
static void
page_door_answers_json_to_who_prefers_it(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	a = ASK(.method = "POST", .uri = "/login", .type = HELPER_FORM,
	    .body = CREDENTIALS, .param = { "HTTP_ACCEPT="
	    "application/json" });
	is_json(a, 200);
	assert_null(helper_header(a, "Location"));
	assert_non_null(helper_cookie(a, "session_id"));
	is_page(ASK(.uri = "/login", .param = { "HTTP_ACCEPT="
	    "application/json" }), 200);
	leads(ASK(.method = "POST", .uri = "/login", .type = HELPER_FORM,
	    .body = CREDENTIALS), "/login/done");
}

static void
head_is_the_page_without_its_body(void **state)
{
	struct answer *a = ASK(.method = "HEAD", .uri = "/login",
	    .param = { HTML });

	(void)state;
	assert_int_equal(a->status, 200);
	assert_string_equal(a->body, "");
	has_header(a, "Content-Length", arena_printf(arena, "%zu",
	    strlen(get("/login")->body)));
}

/* Forms that are refused. */

static void
refused_login_keeps_the_address_and_never_the_password(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	a = post("/login", "email=" EMAIL "&password=wr0ng-one");
	is_page(a, 401);
	has_header(a, "WWW-Authenticate", "Session");
	says(a, "value=\"" EMAIL "\"");
	says(a, "The address or the password is wrong.");
	says(a, "id=\"refused\" role=\"alert\" tabindex=\"-1\" autofocus");
	keeps_quiet(a, "wr0ng-one");
	assert_null(helper_cookie(a, "session_id"));
	a = post("/login", "password=x&email=" EMAIL);
	assert_int_equal(a->status, 401);
}

static void
reason_stands_next_to_its_field(void **state)
{
	struct answer *a;

	(void)state;
	a = post("/login", "email=nobody&password=x");
	is_page(a, 400);
	says(a, "value=\"nobody\"");
	says(a, "<p class=\"why\" id=\"email-why\">There is something wrong");
	says(a, "required aria-invalid=\"true\" "
	    "aria-describedby=\"email-why\">");
	says(a, "<a href=\"#email\">E-mail address</a>: There is something");
	a = post("/login", "email=" EMAIL "&password=");
	says(a, "<p class=\"why\" id=\"password-why\">Please fill this in.");
	says(a, "value=\"" EMAIL "\"");
	enroll();
	a = post("/register", CREDENTIALS);
	is_page(a, 400);
	says(a, "<a href=\"#email\">E-mail address</a>: There is an account");
	a = post("/reset", "email=nobody@example.com");
	is_page(a, 403);
	says(a, "id=\"email-why\">There is no account with this address.");
	a = post("/reset/password", "email=" EMAIL "&reset_token=x&"
	    "new_password=y");
	is_page(a, 403);
	says(a, "id=\"reset_token-why\">This code is wrong");
	says(a, "value=\"x\"");
}

/* What was typed, and what a browser says of itself, is nobody's HTML. */
static void
v1_2_1_nothing_that_was_sent_becomes_html(void **state)
{
	static const char evil[] = "<script>alert(1)</script>";
	struct answer *a;

	(void)state;
	a = post("/login", "email=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
	    "&password=x");
	is_page(a, 400);
	keeps_quiet(a, "<script>");
	says(a, "value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"");
	enroll();
	log_in();
	assert_int_equal(ASK(.method = "POST", .uri = "/sessions",
	    .type = HELPER_FORM, .body = CREDENTIALS, .param = {
	    arena_printf(arena, "HTTP_USER_AGENT=%s", evil) })->status, 200);
	assert_int_equal(helper_sql(bed.store, "INSERT INTO user_groups "
	    "SELECT id, '<b>' FROM users"), SQLITE_OK);
	a = get("/account");
	is_page(a, 200);
	keeps_quiet(a, "<script>");
	keeps_quiet(a, "<b>");
	says(a, "&lt;script&gt;alert(1)&lt;/script&gt;");
	a = ASK(.uri = "/nowhere", .param = { HTML, arena_printf(arena,
	    "HTTP_X_REQUEST_ID=%s", evil) });
	keeps_quiet(a, "<script>");
	a = get("/login?rd=/%3Cscript%3E&done=%3Cscript%3E&done=no_such");
	keeps_quiet(a, "<script>");
	keeps_quiet(a, "role=\"status\"");
}

/* The address of a page that a mail's link opens has a token in it. */
static void
what_a_page_loads_is_asked_for_without_a_referer(void **state)
{
	static const char *const tags[] = { "<link ", "<script ", "<img " };
	struct answer *a;
	const char *p;
	size_t i;

	(void)state;
	a = get("/undo?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	is_page(a, 200);
	for (i = 0; i < HELPER_COUNT(tags); i++) {
		says(a, tags[i]);
		for (p = a->body; (p = strstr(p, tags[i])) != NULL; p++)
			assert_non_null(strstr(arena_copy(arena, p,
			    strcspn(p, ">")),
			    " referrerpolicy=\"no-referrer\""));
	}
}

static void
v1_3_7_what_was_typed_is_no_template(void **state)
{
	struct answer *a;

	(void)state;
	a = post("/login", "email={{t.page.skip}}{{site&password=x");
	is_page(a, 400);
	says(a, "value=\"{{t.page.skip}}{{site\"");
}

static void
other_site_cannot_use_a_form(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	a = ASK(.method = "POST", .uri = "/login", .type = HELPER_FORM,
	    .body = CREDENTIALS, .param = { HTML,
	    "HTTP_SEC_FETCH_SITE=cross-site" });
	is_page(a, 403);
	assert_null(helper_cookie(a, "session_id"));
	says(a, "belongs to another site");
	a = ASK(.method = "POST", .uri = "/logout", .param = { HTML,
	    "HTTP_ORIGIN=null" });
	is_page(a, 403);
}

/* Where things lead. */

static void
login_leads_through_the_arrival_to_the_account(void **state)
{
	(void)state;
	enroll();
	log_in();
	leads(get("/login/done"), "/account");
	goes_on(get("/login/done?rd=/elsewhere?a=b"), "/elsewhere?a=b");
	says(get("/login"), "You are logged in as " EMAIL);
	says(get("/"), EMAIL);
}

/* It would be led from the login to the account and back for ever. */
static void
browser_without_cookies_is_told_so(void **state)
{
	struct answer *a;

	(void)state;
	a = get("/login/done?rd=/account");
	is_page(a, 403);
	says(a, "did not keep the cookie");
	says(a, "Allow cookies for ");
	assert_null(helper_header(a, "Location"));
}

/* Who cannot be recognised is not told that the browser is to blame. */
static void
store_that_fails_is_a_fault_on_every_page(void **state)
{
	(void)state;
	enroll();
	log_in();
	assert_int_equal(helper_sql(bed.store,
	    "ALTER TABLE sessions RENAME TO away"), 0);
	is_page(get("/login/done"), 500);
	is_page(get("/"), 500);
	is_page(get("/account"), 500);
	cookie = NULL;
	is_page(get("/"), 200);
}

static void
whoever_has_no_session_logs_in_and_comes_back(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	leads(get("/account"), "/login?rd=/account");
	leads(get("/account/export?x=1&y=%41"),
	    "/login?rd=/account/export%3Fx%3D1%26y%3D%2541");
	leads(get("/profile"), "/login?rd=/profile");
	a = get("/login?rd=/account/export%3Fx%3D1");
	says(a, "<input type=\"hidden\" name=\"rd\" "
	    "value=\"/account/export?x=1\">");
	leads(post("/login", CREDENTIALS "&rd=/account/export%3Fx%3D1"),
	    "/login/done?rd=/account/export%3Fx%3D1");
	/* What nobody can be led back to is left out. */
	leads(get("/account?x=%0d%0ay"), "/login?rd=/account");
	is_page(get("//account"), 404);
}

/* A form that comes too late is said to, and begins anew where it stood. */
static void
form_of_an_ended_session_is_begun_anew_after_a_login(void **state)
{
	static const struct {
		const char	*form, *page;
	} forms[] = {
		{ "/account/password", "/account/password" },
		{ "/account/email", "/account/email" },
		{ "/account/language", "/account/language" },
		{ "/account/export", "/account/export" },
		{ "/account/delete", "/account/delete" },
		{ "/account/sessions/others", "/account" },
		{ "/account/sessions/"
		    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/account" },
		{ "/account/confirm", "/account/confirm" },
		/* A login shows the password as well. */
		{ "/account/confirm?rd=/account/email", "/account/email" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(forms); i++)
		leads(post(forms[i].form, ""), arena_printf(arena,
		    "/login?done=no_session&rd=%s", forms[i].page));
	says(get("/login?done=no_session"), "Your session has ended.");
}

static void
form_without_a_proof_is_begun_anew_after_it(void **state)
{
	(void)state;
	enroll();
	log_in();
	grow_stale();
	leads(post("/account/export", ""),
	    "/account/confirm?rd=/account/export");
}

/* Who has a cookie had a session; who has none only followed a link. */
static void
login_says_that_the_session_has_ended_if_there_was_one(void **state)
{
	(void)state;
	leads(get("/account"), "/login?rd=/account");
	enroll();
	log_in();
	assert_int_equal(helper_sql(bed.store, "DELETE FROM sessions"),
	    SQLITE_OK);
	leads(get("/account"), "/login?done=no_session&rd=/account");
	leads(ASK(.method = "HEAD", .uri = "/account", .cookie = cookie,
	    .param = { HTML }), "/login?done=no_session&rd=/account");
}

static void
logout_without_a_session_leads_where_a_logout_does(void **state)
{
	(void)state;
	leads(post("/logout", ""), "/?done=logged_out");
	says(get("/?done=logged_out"), "You are logged out.");
	enroll();
	log_in();
	says(get("/logout?rd=/x"), "action=\"/logout?rd=/x\"");
	goes_on(post("/logout?rd=/x", ""), "/x");
	goes_on(post("/logout?rd=/x", ""), "/x");
	leads(post("/logout?rd=//evil.example", ""), "/?done=logged_out");
	is_json(ASK(.method = "POST", .uri = "/logout", .param = {
	    "HTTP_ACCEPT=application/json" }), 403);
}

/* What was done is said once, and not again after the login. */
static void
login_says_what_was_done_before_it(void **state)
{
	(void)state;
	leads(get("/account?done=address_changed"),
	    "/login?done=address_changed&rd=/account");
	says(get("/login?done=address_changed&rd=/account"),
	    "Your address has been changed.");
	leads(get("/account?done=password_changed"), "/login?rd=/account");
	leads(get("/account?done=user_created"),
	    "/login?rd=/account%3Fdone%3Duser_created");
}

static bool
leads_to(const struct route *r, const char *path, enum outcome o)
{
	const char *to = reply_status(o) == 202 ? r->mailed : r->then;

	return to != NULL && strcmp(to, path) == 0;
}

/* A login stands before the account. */
static bool
is_led_to(const char *path, enum outcome o)
{
	const struct route *r;
	size_t i, n;

	r = route_all(&n);
	for (i = 0; i < n; i++)
		if (leads_to(&r[i], path, o) || (strcmp(path, "/login") == 0 &&
		    (o == OUT_NO_SESSION || leads_to(&r[i], "/account", o))))
			return true;
	return false;
}

static bool
is_said(const char *path, enum outcome o)
{
	struct answer *a = get(arena_printf(arena, "%s?done=%s", path,
	    reply_code(o)));
	bool said = strstr(a->body, "role=\"status\">") != NULL;

	assert_true(said == (route_says(path, reply_code(o)) != NULL));
	if (said && !is_led_to(path, o))
		fail_msg("%s says %s", path, reply_code(o));
	keeps_quiet(a, "role=\"status\"><");
	return said;
}

/* A link may say anything; what is shown is what this service has done. */
static void
page_says_only_what_can_have_led_to_it(void **state)
{
	static const enum outcome all[] = {
#define ID(id, status, sentence, code, event, retry)	id,
		OUTCOMES(ID)
#undef ID
	};
	const struct route *r;
	size_t i, j, n, said = 0;

	(void)state;
	enroll();
	log_in();
	r = route_all(&n);
	for (i = 0; i < n; i++)
		for (j = 0; r[i].method == METHOD_GET &&
		    r[i].show != NULL && j < HELPER_COUNT(all); j++)
			said += is_said(r[i].path, all[j]);
	assert_int_equal(said, 16);
	keeps_quiet(get("/login?done=account_deleted"), "deleted");
	keeps_quiet(get("/login?done=no_such"), "role=\"status\"");
	keeps_quiet(get("/login?done="), "role=\"status\"");
}

static void
onward_has_three_names_and_one_law(void **state)
{
	(void)state;
	helper_bed_settings(&bed, COMPAT
	    "origins = {\"https://app.example:8443\"}\n");
	enroll();
	log_in();
	goes_on(get("/login/done?redirect_uri=/x"), "/x");
	goes_on(get("/login/done?url=/x"), "/x");
	goes_on(get("/login/done?rd=https://app.example:8443/x%3Fy"),
	    "https://app.example:8443/x?y");
	goes_on(get("/login/done?rd=//evil.example&url=/x"), "/x");
	leads(get("/login/done?rd=https://app.example/x"), "/account");
	leads(get("/login/done?rd=javascript:alert(1)"), "/account");
	leads(get("/login/done?rd=/x%0d%0aX-Evil:y"), "/account");
	leads(get("/login/done?rd=%"), "/account");
	goes_on(post("/logout", "rd=/x"), "/x");
}

/* A page that is told where to go on tells it those that its links lead to. */

#define ONWARD		"/app%3Fa%3Db%26c"

static size_t passed_on;

static void
see_passed_on(const char *html, const char *value)
{
	size_t len = strcspn(value, "?#");
	const struct route *r;
	const char *object;

	r = route_find(METHOD_GET, arena_copy(arena, value, len), &object);
	if (value[0] == '#' || r == NULL || !r->onward)
		return;
	passed_on++;
	if (strcmp(value + len, "?rd=" ONWARD) != 0)
		fail_msg("not told where to go on: %s in %s", value, html);
}

/* As pages are at first, or as they are after a refusal. */
static void
every_link_passes_on(enum method m)
{
	const struct route *r;
	struct answer *a;
	size_t i, n;

	r = route_all(&n);
	for (i = 0; i < n; i++) {
		if (r[i].method != m || !r[i].onward)
			continue;
		a = m == METHOD_GET ? get(arena_printf(arena, "%s?rd=%s",
		    r[i].path, ONWARD)) : post(r[i].path, "email=x&token=x&"
		    "reset_token=x&password=&rd=" ONWARD);
		each_value(a->body, " href=\"", see_passed_on);
	}
}

static void
every_link_between_pages_says_where_to_go_on(void **state)
{
	(void)state;
	enroll();
	passed_on = 0;
	every_link_passes_on(METHOD_GET);
	assert_int_equal(passed_on, 9);
	every_link_passes_on(METHOD_POST);
	assert_int_equal(passed_on, 16);
	log_in();
	passed_on = 0;
	every_link_passes_on(METHOD_GET);
	assert_int_equal(passed_on, 8);
	goes_on(get("/login/done?rd=" ONWARD), "/app?a=b&amp;c");
}

static void
no_link_says_where_to_go_on_if_that_is_not_ours(void **state)
{
	static const char *const hostile[] = { "//evil.example",
	    "https://evil.example/", "/%5Cevil.example", "javascript:evil()",
	    "/x%22%3E%3Cevil%3E", "/evil%0d%0aX:y", "/%2e%2e/evil",
	    "https://evil.example%40localhost" };
	const struct route *r;
	size_t i, j, n;

	(void)state;
	r = route_all(&n);
	for (i = 0; i < n; i++)
		for (j = 0; r[i].onward && r[i].method == METHOD_GET &&
		    j < HELPER_COUNT(hostile); j++)
			keeps_quiet(get(arena_printf(arena, "%s?rd=%s",
			    r[i].path, hostile[j])), "evil");
}

/* As nginx has them in $request_uri, put behind "rd=" as they are. */
static void
everyday_addresses_are_gone_on_to(void **state)
{
	static const char *const rows[][2] = {
		{ "/caf%C3%A9", "/caf%C3%A9" },
		{ "/x%20y", "/x%20y" }, { "/x?q=a%20b", "/x?q=a%20b" },
		{ "/x?q=50%25", "/x?q=50%25" }, { "/x?q=a|b", "/x?q=a%7Cb" },
		{ "/x?q=a%7Cb", "/x?q=a%7Cb" },
		{ "/.well-known/x", "/.well-known/x" },
		{ "/x?q=%3Fa%3D1", "/x?q=?a=1" },
		{ "/a.b/c-d_e~f", "/a.b/c-d_e~f" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		says(get(ARENA_JOIN(arena, "/login?rd=", rows[i][0])),
		    ARENA_JOIN(arena, " name=\"rd\" value=\"", rows[i][1],
		    "\""));
	says(post("/login", "email=x@example.com&password=x&rd=/caf\xc3\xa9"),
	    " name=\"rd\" value=\"/caf%C3%A9\"");
}

/* Where a page goes on to has no part in where its forms may be sent. */
static void
csp_names_no_origin_but_its_own(void **state)
{
	(void)state;
	helper_bed_settings(&bed, COMPAT
	    "origins = {\"https://app.example:8443\"}\n");
	has_header(get("/login?rd=https://app.example:8443/x"),
	    "Content-Security-Policy", CSP);
	has_header(get("/logout?rd=https://app.example:8443/x"),
	    "Content-Security-Policy", CSP);
}

/* Neither ends the attribute, nor what the browser reads in it. */
static void
address_that_is_gone_on_to_arrives_whole(void **state)
{
	(void)state;
	enroll();
	log_in();
	goes_on(get("/login/done?rd=/x%3Fa=%27b%27;url=/y,c%26d=(%2522)%23e"),
	    "/x?a=&#39;b&#39;;url=/y,c&amp;d=(%22)#e");
	goes_on(get("/login/done?rd=/%27x%27"), "/&#39;x&#39;");
}

static void
page_that_goes_on_is_head_and_language_like_any(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	a = ASK(.method = "HEAD", .uri = "/login/done?rd=/x", .cookie = cookie,
	    .param = { HTML });
	is_page(a, 200);
	assert_string_equal(a->body, "");
	a = ASK(.uri = "/login/done?rd=/x", .cookie = cookie, .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=fr" });
	goes_on(a, "/x");
	says(a, "<html lang=\"fr\">");
	says(a, ">Continuer</a>");
}

/* What a form's answer does beside that is done as well. */
static void
page_that_goes_on_brings_the_cookie(void **state)
{
	struct answer *a;
	const char *set;

	(void)state;
	enroll();
	log_in();
	a = post("/account/confirm?rd=/x", "password=" PASSWORD);
	goes_on(a, "/x");
	says(a, "<a class=\"who\" href=\"/account\">" EMAIL "</a>");
	a = post("/logout?rd=/x", "");
	goes_on(a, "/x");
	set = helper_header(a, "Set-Cookie");
	assert_non_null(set);
	assert_non_null(strstr(set, "session_id=; Path=/; Max-Age=0;"));
	keeps_quiet(a, EMAIL);
	keeps_quiet(a, "<form");
	assert_int_equal(get("/account")->status, 303);
}

static void
program_is_not_shown_the_page_that_goes_on(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	a = ASK(.uri = "/login/done?rd=/x", .cookie = cookie, .param = {
	    "HTTP_ACCEPT=application/json" });
	is_json(a, 200);
	a = ASK(.method = "POST", .uri = "/account/confirm?rd=/x",
	    .type = HELPER_FORM, .body = "password=" PASSWORD,
	    .cookie = cookie, .param = { "HTTP_ACCEPT=application/json" });
	assert_int_equal(a->status, 204);
	a = ASK(.method = "POST", .uri = "/logout?rd=/x", .cookie = cookie,
	    .param = { "HTTP_ACCEPT=application/json" });
	assert_int_equal(a->status, 302);
	has_header(a, "Location", "/");
}

static void
see_prefixed(const char *html, const char *value)
{
	(void)html;
	if (value[0] != '#' && strncmp(value, "/auth/", 6) != 0)
		fail_msg("without its prefix: %s", value);
}

static void
base_path_stands_before_every_link_and_form(void **state)
{
	static const char *const pages[] = { "/auth/", "/auth/login",
	    "/auth/register", "/auth/reset", "/auth/reset/password",
	    "/auth/account", "/auth/account/password",
	    "/auth/account/delete", "/auth/account/export",
	    "/auth/account/confirm", "/auth/logout", "/auth/nowhere" };
	struct answer *a;
	size_t i;

	(void)state;
	enroll();
	helper_bed_settings(&bed, COMPAT "base_path = \"/auth\"\n");
	leads(get("/auth/account"), "/auth/login?rd=/auth/account");
	a = post("/auth/login", CREDENTIALS "&rd=/shop");
	leads(a, "/auth/login/done?rd=/shop");
	cookie = arena_printf(arena, "session_id=%s", helper_cookie(a,
	    "session_id"));
	goes_on(get("/auth/login/done?rd=/shop"), "/shop");
	for (i = 0; i < HELPER_COUNT(pages); i++) {
		a = get(pages[i]);
		each_value(a->body, " href=\"", see_prefixed);
		each_value(a->body, " src=\"", see_prefixed);
		each_value(a->body, " action=\"", see_prefixed);
	}
	has_header(get("/auth/.well-known/change-password"), "Location",
	    "/auth/account/password");
	leads(post("/auth/logout", ""), "/auth/?done=logged_out");
}

static void
well_known_address_leads_to_the_form(void **state)
{
	struct answer *a = get("/.well-known/change-password");

	(void)state;
	assert_int_equal(a->status, 302);
	has_header(a, "Location", "/account/password");
}

/* An account from its first day to its last. */

static void
register_and_log_in(void **state)
{
	struct answer *a;

	(void)state;
	leads(post("/register", CREDENTIALS "&rd=/x"),
	    "/login?done=user_created&rd=/x");
	a = get("/login?done=user_created&rd=/x");
	says(a, "<p class=\"notice\" role=\"status\">Your account has been ");
	says(a, "name=\"rd\" value=\"/x\"");
	log_in();
	a = get("/account");
	says(a, EMAIL);
	says(a, "This browser");
	leads(post("/logout", ""), "/?done=logged_out");
	cookie = NULL;
	leads(get("/account"), "/login?rd=/account");
}

static void
password_is_changed(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	a = post("/account/password", "current_password=x&new_password=n3w");
	is_page(a, 403);
	says(a, "id=\"current_password-why\">This password is wrong.");
	leads(post("/account/password", "current_password=" PASSWORD
	    "&new_password=n3w"), "/account?done=password_changed");
	says(get("/account?done=password_changed"),
	    "Your password has been changed.");
	assert_int_equal(post("/login", CREDENTIALS)->status, 401);
	leads(post("/login", "email=" EMAIL "&password=n3w"),
	    "/login/done");
}

/* Where one password field is not to be taken for the other. */
static void
password_managers_know_their_fields(void **state)
{
	(void)state;
	enroll();
	log_in();
	says(get("/login"), "autocomplete=\"username\"");
	says(get("/login"), "autocomplete=\"current-password\"");
	says(get("/register"), "autocomplete=\"username\"");
	says(get("/register"), "autocomplete=\"new-password\"");
	keeps_quiet(get("/register"), "current-password");
	says(get("/account/password"), "value=\"" EMAIL
	    "\" autocomplete=\"username\"");
	says(get("/account/password"), "autocomplete=\"current-password\"");
	says(get("/account/password"), "autocomplete=\"new-password\"");
	says(get("/reset/password"), "autocomplete=\"one-time-code\"");
}

static void
forgotten_password_is_set_anew(void **state)
{
	struct answer *a;
	const char *token;

	(void)state;
	enroll();
	a = post("/reset", "email=" EMAIL);
	is_page(a, 200);
	is_whole(a);
	token = strstr(a->body, "name=\"reset_token\" value=\"");
	assert_non_null(token);
	token += strlen("name=\"reset_token\" value=\"");
	token = arena_copy(arena, token, strcspn(token, "\""));
	assert_int_equal(strlen(token), 43);
	a = get(arena_printf(arena, "/reset?token=%s", token));
	is_whole(a);
	says(a, "name=\"account\" value=\"" EMAIL
	    "\" autocomplete=\"username\"");
	keeps_quiet(a, "name=\"email\"");
	keeps_quiet(get("/reset?token="
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "account\" val");
	leads(post("/reset/password", arena_printf(arena, "email=" EMAIL
	    "&reset_token=%s&new_password=n3w", token)),
	    "/login?done=password_updated");
	leads(post("/login", "email=" EMAIL "&password=n3w"),
	    "/login/done");
}

static void
sessions_are_ended_one_by_one_or_all(void **state)
{
	struct answer *a;
	const char *form, *mine;

	(void)state;
	enroll();
	log_in();
	mine = cookie;
	log_in();
	log_in();
	cookie = mine;
	assert_int_equal(helper_number(bed.store,
	    "SELECT count(*) FROM sessions"), 1);
	(void)post("/sessions", CREDENTIALS);
	cookie = NULL;
	log_in();
	mine = cookie;
	cookie = NULL;
	log_in();
	cookie = mine;
	a = get("/account");
	form = strstr(a->body, "action=\"/account/sessions/");
	assert_non_null(form);
	form += strlen("action=\"");
	leads(post(arena_copy(arena, form, strcspn(form, "\"")), ""),
	    "/account?done=session_ended");
	is_page(post(arena_copy(arena, form, strcspn(form, "\"")), ""), 404);
	leads(post("/account/sessions/others", ""),
	    "/account?done=session_ended");
	assert_int_equal(helper_number(bed.store,
	    "SELECT count(*) FROM sessions"), 1);
	keeps_quiet(get("/account"), "action=\"/account/sessions/");
}

static void
what_matters_asks_for_the_password_and_goes_on(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	is_page(get("/account/export"), 200);
	grow_stale();
	leads(get("/account/export"),
	    "/account/confirm?rd=/account/export");
	leads(post("/account/export", ""),
	    "/account/confirm?rd=/account/export");
	a = get("/account/confirm?rd=/account/export");
	says(a, "action=\"/account/confirm?rd=/account/export\"");
	a = post("/account/confirm?rd=/account/export", "password=x");
	is_page(a, 403);
	says(a, "action=\"/account/confirm?rd=/account/export\"");
	says(a, "id=\"password-why\">This password is wrong.");
	goes_on(post("/account/confirm?rd=/account/export",
	    "password=" PASSWORD), "/account/export");
	a = post("/account/export", "");
	is_json(a, 200);
	has_header(a, "Content-Disposition",
	    "attachment; filename=\"account.json\"");
	assert_string_equal(helper_member(a, "email"), EMAIL);
}

static void
account_is_deleted(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	is_page(post("/account/delete", "password=x"), 403);
	a = post("/account/delete", "password=" PASSWORD);
	leads(a, "/?done=account_deleted");
	assert_string_equal(helper_cookie(a, "session_id"), "");
	assert_int_equal(helper_number(bed.store,
	    "SELECT count(*) FROM users"), 0);
	says(get("/?done=account_deleted"), "Your account has been deleted.");
}

static void
no_page_offers_an_account(const char *why, int status)
{
	struct answer *a = post("/register", CREDENTIALS);

	says(get("/register"), why);
	keeps_quiet(get("/register"), "action=\"/register\"");
	keeps_quiet(get("/"), "/register");
	keeps_quiet(get("/"), "create an account");
	keeps_quiet(get("/login"), "/register");
	is_page(a, status);
	says(a, why);
}

static void
closed_registration_shows_no_form(void **state)
{
	(void)state;
	says(get("/"), "create an account");
	helper_bed_settings(&bed, COMPAT "registration = \"invite\"\n");
	no_page_offers_an_account("by invitation only", 403);
	helper_bed_settings(&bed, COMPAT "registration = \"closed\"\n");
	no_page_offers_an_account("closed to new accounts", 403);
	keeps_quiet(get("/register"), "invit");
}

/* With the profile standard. */
static void
password_that_is_too_short_is_explained(void **state)
{
	struct answer *a;

	(void)state;
	enroll();
	log_in();
	helper_bed_settings(&bed, "profile = \"standard\"\nhash_cost = 5\n");
	cookie = arena_printf(arena, "__Host-%s", cookie);
	a = get("/account/password");
	says(a, "At least 15 characters.");
	says(a, "data-least=\"15\"");
	a = post("/account/password", "current_password=" PASSWORD
	    "&new_password=short");
	is_page(a, 400);
	says(a, "Too short: use at least 15 characters.");
	a = post("/register", "email=a@example.com&password="
	    "seven+unrelated+words+stand+here");
	is_page(a, 503);
	says(a, "This site sends no mail yet");
	assert_non_null(helper_header(a, "Retry-After"));
	a = post("/reset", "email=a@example.com");
	is_page(a, 503);
	says(a, "This site sends no mail yet");
	assert_non_null(helper_header(a, "Retry-After"));
}

static void
contact_is_at_the_foot_of_pages(void **state)
{
	(void)state;
	keeps_quiet(get("/login"), "<footer>");
	helper_bed_settings(&bed, "site_contact = \"help@example.org\"\n");
	says(get("/login"), "<footer><a href=\"mailto:help@example.org\" "
	    "referrerpolicy=\"no-referrer\">");
	says(get("/nowhere"), "mailto:help@example.org");
	helper_bed_settings(&bed, "site_contact = "
	    "\"https://example.org/help?a=1&b='2'\"\n");
	says(get("/"), "<a href=\"https://example.org/help?a=1&amp;b=&#39;2"
	    "&#39;\" referrerpolicy=\"no-referrer\">Contact those who run this site</a>");
}

/* What a mail is needed for. */

#define MAILLESS	"profile = \"standard\"\nhash_cost = 5\n"
#define MAILING		MAILLESS					\
	"mail_dir = \"/nowhere\"\nmail_from = \"auth@example.org\"\n"
#define PHRASE		"four words nobody says"
/* Of the shape of a token, and of no ticket. */
#define NO_TOKEN	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LONG_LINK	"/report?token="					\
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* Sooner than after the form has been filled in. */
static void
registration_without_mail_shows_no_form(void **state)
{
	(void)state;
	helper_bed_settings(&bed, MAILLESS);
	no_page_offers_an_account("no account can be created here", 503);
	keeps_quiet(get("/register"), "closed");
	helper_bed_settings(&bed, MAILLESS "registration = \"closed\"\n");
	no_page_offers_an_account("closed to new accounts", 403);
	keeps_quiet(get("/register"), "no mail");
	helper_bed_settings(&bed, MAILING);
	says(get("/register"), "action=\"/register\"");
	says(get("/"), "create an account");
}

/* Where the code of a mail is typed is found without asking for another. */
static void
page_that_asks_for_a_code_can_be_found(void **state)
{
	static const char invite[] = "registration = \"invite\"\n";

	(void)state;
	keeps_quiet(get("/reset"), "code of a message");
	helper_bed_settings(&bed, MAILING);
	says(get("/register"), "<a href=\"/confirm\">Enter the code");
	says(get("/reset?rd=/shop"),
	    "<a href=\"/reset/password?rd=/shop\">Enter the code");
	helper_bed_settings(&bed, ARENA_JOIN(arena, MAILING, invite));
	says(get("/register"), "<a href=\"/reset/password\">Enter the code");
	helper_bed_settings(&bed, ARENA_JOIN(arena, MAILLESS, invite));
	keeps_quiet(get("/register"), "code of a message");
	keeps_quiet(get("/login"), "Forgot");
}

static void
reset_and_address_without_mail_show_no_form(void **state)
{
	(void)state;
	enroll();
	log_in();
	says(get("/reset"), "action=\"/reset\"");
	keeps_quiet(get("/account/email"), "action=\"/account/email\"");
	/* In compat none is sent, whatever is set. */
	helper_bed_settings(&bed, COMPAT "mail_dir = \"/nowhere\"\n"
	    "mail_from = \"auth@example.org\"\n");
	keeps_quiet(get("/account"), "/account/email");
	keeps_quiet(get("/account/email"), "action=\"/account/email\"");
	is_page(post("/account/email", "email=new@example.com&password="
	    PASSWORD), 503);
	helper_bed_settings(&bed, MAILLESS);
	cookie = arena_printf(arena, "__Host-%s", cookie);
	says(get("/reset"), "no new password can be set here");
	keeps_quiet(get("/reset"), "action=\"/reset\"");
	says(get("/account/email"), "the address cannot be changed here");
	keeps_quiet(get("/account/email"), "action=\"/account/email\"");
	helper_bed_settings(&bed, MAILING);
	says(get("/reset"), "action=\"/reset\"");
	says(get("/account/email"), "action=\"/account/email\"");
}

/* The field of the form that has what the link brings. */
static const char *
brought(struct answer *a, const char *field, const char *link)
{
	says(a, arena_printf(arena, "<input type=\"hidden\" name=\"%s\" "
	    "value=\"%s\">", field, strchr(link, '=') + 1));
	return arena_printf(arena, "%s=%s", field, strchr(link, '=') + 1);
}

static void
log_in_to_standard(const char *email)
{
	struct answer *a = post("/login", arena_printf(arena,
	    "email=%s&password=" PHRASE, email));

	leads(a, "/login/done");
	cookie = arena_printf(arena, "__Host-session_id=%s", helper_cookie(a,
	    "__Host-session_id"));
}

static void
register_by_mail(void)
{
	const char *link;
	struct answer *a;

	helper_bed_settings(&bed, MAILING);
	leads(post("/register", "email=" EMAIL "&password=" PHRASE
	    "&rd=/x"), "/confirm?done=check_mail&rd=/x");
	link = mailed("registration", "link");
	a = get(link);
	is_page(a, 200);
	is_whole(a);
	says(a, "Press the button to finish your registration.");
	assert_int_equal(helper_number(bed.store,
	    "SELECT count(*) FROM users"), 0);
	leads(post("/confirm", brought(a, "token", link)),
	    "/login?done=user_created");
}

/* Programs that look at links before people do use nothing up. */
static void
registration_is_finished_by_its_link(void **state)
{
	(void)state;
	register_by_mail();
	log_in_to_standard(EMAIL);
	is_page(get("/account"), 200);
}

/* It is asked for a code, beside the address, and not for what it brought. */
static void
link_that_is_refused_is_not_shown(void **state)
{
	static const char *const path[] = { "/confirm", "/address" };
	const char *link;
	struct answer *a;
	size_t i;

	(void)state;
	register_by_mail();
	link = strchr(mailed("registration", "link"), '=') + 1;
	for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		a = post(path[i], arena_printf(arena, "token=%s", link));
		is_page(a, 403);
		is_whole(a);
		keeps_quiet(a, link);
		says(a, "id=\"token-why\">This link or code is wrong");
		says(a, "id=\"email\"");
	}
}

/* By a link nobody need be told what else there is. */
static void
page_of_a_link_asks_for_a_press_alone(void **state)
{
	struct answer *a;

	(void)state;
	helper_bed_settings(&bed, MAILING);
	(void)post("/register", "email=" EMAIL "&password=" PHRASE);
	a = get(mailed("registration", "link"));
	says(a, "Press the button to finish");
	keeps_quiet(a, "enter its code");
	says(get("/confirm"), "or enter its code");
	a = get("/confirm?done=check_mail");
	says(a, "We have sent you a message.");
	keeps_quiet(a, "To finish your registration");
}

/* A token of compat has letters. */
static void
code_of_a_mail_is_typed_in_digits(void **state)
{
	(void)state;
	keeps_quiet(get("/reset/password"), "inputmode");
	helper_bed_settings(&bed, MAILING);
	says(get("/confirm"), "inputmode=\"numeric\"");
	says(get("/reset/password"), "inputmode=\"numeric\"");
	keeps_quiet(get("/register"), "inputmode");
}

static void
registration_is_finished_by_its_code(void **state)
{
	struct answer *a;

	(void)state;
	helper_bed_settings(&bed, MAILING);
	leads(post("/register", "email=" EMAIL "&password=" PHRASE),
	    "/confirm?done=check_mail");
	says(get("/confirm"), "open the link in the message");
	says(get("/confirm"), "id=\"token\" name=\"token\" type=\"text\"");
	a = post("/confirm", "email=" EMAIL "&token=000-000-00");
	is_page(a, 403);
	says(a, "id=\"token-why\">This link or code is wrong");
	says(a, "value=\"000-000-00\"");
	says(a, "value=\"" EMAIL "\"");
	leads(post("/confirm", arena_printf(arena, "email=" EMAIL "&token=%s",
	    mailed("registration", "code"))), "/login?done=user_created");
}

/* The page says the same of an address that is nobody's. */
static void
reset_by_mail_tells_nobody_who_has_an_account(void **state)
{
	const char *link, *form;
	struct answer *a;

	(void)state;
	register_by_mail();
	leads(post("/reset", "email=nobody@example.com"),
	    "/reset/password?done=reset_mailed");
	leads(post("/reset", "email=" EMAIL),
	    "/reset/password?done=reset_mailed");
	link = mailed("reset", "link");
	a = get(link);
	is_page(a, 200);
	is_whole(a);
	form = arena_printf(arena,
	    "%s&email=" EMAIL "&new_password=other words nobody says",
	    brought(a, "reset_token", link));
	leads(post("/reset/password", form), "/login?done=password_updated");
	is_page(post("/reset/password", form), 403);
	/* Said before another password is thought of. */
	a = get(link);
	is_page(a, 403);
	is_whole(a);
	says(a, "Ask for another one.");
	keeps_quiet(a, strchr(link, '=') + 1);
}

static void
address_is_changed_and_taken_back(void **state)
{
	const char *link;
	struct answer *a;

	(void)state;
	register_by_mail();
	log_in_to_standard(EMAIL);
	grow_stale();
	is_page(get("/account/email"), 200);
	is_page(post("/account/email", "email=bad&password=" PHRASE), 400);
	/* However long ago the login was, nothing is lost. */
	a = post("/account/email", "email=new@example.com&password=wrong");
	is_page(a, 403);
	says(a, "value=\"new@example.com\"");
	says(a, "id=\"password-why\"");
	leads(post("/account/email", "email=new@example.com&password="
	    PHRASE),
	    "/address?done=address_mailed");
	link = mailed("address_change", "link");
	leads(post("/address", brought(get(link), "token", link)),
	    "/account?done=address_changed");
	log_in_to_standard("new@example.com");
	says(get("/account"), "new@example.com");
	link = mailed("address_changed", "link");
	is_whole(get(link));
	leads(post("/undo", brought(get(link), "token", link)),
	    "/reset?done=account_recovered");
	leads(get("/account"), "/login?done=no_session&rd=/account");
}

/* That door is for programs too. */
static void
somebody_else_is_reported(void **state)
{
	const char *link;

	(void)state;
	register_by_mail();
	log_in_to_standard(EMAIL);
	leads(post("/account/password", "current_password=" PHRASE
	    "&new_password=other words nobody says"),
	    "/account?done=password_changed");
	link = mailed("password_changed", "link");
	is_whole(get(link));
	leads(post("/report", brought(get(link), "token", link)),
	    "/reset?done=account_recovered");
	is_page(post("/report", brought(get(link), "token", link)), 403);
	is_json(ASK(.method = "POST", .uri = "/report", .type = HELPER_FORM,
	    .body = "token=x"), 403);
}

static void
shows_that_it_needs_its_link(struct answer *a, int status, const char *words)
{
	is_page(a, status);
	is_whole(a);
	says(a, words);
	says(a, "<a class=\"button quiet\" href=\"/\">");
	keeps_quiet(a, "<form");
	keeps_quiet(a, "<input");
}

/* No code stands for these links, so that there is nothing to type. */
static void
recovery_without_its_link_shows_no_form(void **state)
{
	static const char words[] = "This page works only with the link in the "
	    "message that we sent you.";
	static const char longer[] = LONG_LINK;
	const char *const bare[] = { "/undo", "/report", "/undo?token=",
	    "/report?token=1234-5678", longer };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bare); i++)
		shows_that_it_needs_its_link(get(bare[i]), 200, words);
	shows_that_it_needs_its_link(ASK(.uri = "/undo", .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=fr" }), 200,
	    "Cette page ne fonctionne qu\342\200\231avec le lien du message");
	says(get("/undo?token=" NO_TOKEN), "name=\"token\" value=\"" NO_TOKEN
	    "\"");
	keeps_quiet(get("/undo?token=" NO_TOKEN), words);
}

static void
recovery_that_is_refused_says_why(void **state)
{
	static const char *const uris[] = { "/undo", "/report" };
	static const char why[] = "<p>This link or code is wrong, has been used "
	    "or has run out.</p>";
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(uris); i++) {
		shows_that_it_needs_its_link(post(uris[i], "token=x"), 403,
		    why);
		shows_that_it_needs_its_link(post(uris[i], "token=" NO_TOKEN),
		    403, why);
		shows_that_it_needs_its_link(post(uris[i], "other=x"), 400,
		    "role=\"alert\"");
	}
}

/* A link is written in the language that its reader asked in. */
static void
mail_is_in_the_language_of_the_page(void **state)
{
	char *language;

	(void)state;
	helper_bed_settings(&bed, MAILING);
	leads(ASK(.method = "POST", .uri = "/register", .type = HELPER_FORM,
	    .body = "email=" EMAIL "&password=" PHRASE, .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=fr-FR" }), "/confirm?done=check_mail");
	language = helper_text(bed.store, "SELECT language FROM mails");
	assert_string_equal(language, "fr");
	free(language);
}

/* As the limits of standard have it. */
static void
whoever_tries_too_often_is_told_how_long_to_wait(void **state)
{
	struct answer *a;
	int i;

	(void)state;
	helper_bed_settings(&bed, MAILING);
	for (i = 0; i < 20; i++) {
		a = post("/login", "email=" EMAIL "&password=x");
		if (a->status == 429)
			break;
		assert_int_equal(a->status, 401);
	}
	is_page(a, 429);
	is_whole(a);
	says(a, "Too many wrong passwords or codes. Try again in ");
	says(a, arena_printf(arena, "in %s s.", helper_header(a,
	    "Retry-After")));
	says(a, "value=\"" EMAIL "\"");
}

/* That bucket leaks no more: the wait that is told would never end. */
static void
whoever_no_wait_helps_is_told_to_set_a_new_password(void **state)
{
	struct answer *a;

	(void)state;
	register_by_mail();
	log_in_to_standard(EMAIL);
	cookie = NULL;
	assert_int_equal(post("/login", "email=" EMAIL "&password=x")->status,
	    401);
	assert_int_equal(helper_sql(bed.store, "UPDATE limits SET failures = "
	    "100 WHERE key LIKE 'a%'"), SQLITE_OK);
	a = post("/login", "email=" EMAIL "&password=" PHRASE "&rd=/x");
	is_page(a, 429);
	is_whole(a);
	has_header(a, "Retry-After", "3600");
	says(a, "Waiting does not help any more");
	says(a, "<a href=\"/reset?rd=/x\">Choose your password</a></p>");
	keeps_quiet(a, "Try again in");
	leads(post("/reset", "email=" EMAIL),
	    "/reset/password?done=reset_mailed");
	leads(post("/reset/password", arena_printf(arena, "reset_token=%s&"
	    "new_password=other words nobody says", strchr(mailed("reset",
	    "link"), '=') + 1)), "/login?done=password_updated");
	leads(post("/login", "email=" EMAIL
	    "&password=other words nobody says"), "/login/done");
}

/* Languages. */

static void
page_is_in_the_browsers_language(void **state)
{
	struct answer *a;

	(void)state;
	a = ASK(.uri = "/login", .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=fr-CH, fr;q=0.9, en;q=0.8" });
	is_whole(a);
	says(a, "<html lang=\"fr\">");
	says(a, "<h1>Connexion</h1>");
	says(a, "Adresse e-mail");
	says(get("/login"), "<html lang=\"en\">");
	a = ASK(.uri = "/login", .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=tlh" });
	says(a, "<html lang=\"en\">");
	a = ASK(.method = "POST", .uri = "/login", .type = HELPER_FORM,
	    .body = "email=x", .param = { HTML,
	    "HTTP_ACCEPT_LANGUAGE=fr" });
	says(a, "Il y a une erreur dans ce que vous avez saisi.");
	/* A space that does not break stands before a French colon. */
	says(a, "<a href=\"#email\">Adresse e-mail</a>\302\240: Il y a une");
}

/* Also where anybody may come, and where a mail is written. */
static void
language_of_an_account_goes_before_the_browsers(void **state)
{
	char *language;

	(void)state;
	enroll();
	log_in();
	says(get("/account"), "<dd><span>Same as your browser</span>");
	says(get("/account/language"), "value=\"auto\" checked");
	leads(post("/account/language", "language=FR"),
	    "/account?done=language_set");
	says(get("/account?done=language_set"), "<html lang=\"fr\">");
	says(get("/account"), "<dd><span>Fran\303\247ais</span>");
	says(get("/account/language"), "value=\"fr\" checked");
	says(get("/"), "<html lang=\"fr\">");
	says(post("/login", "email=x"), "<html lang=\"fr\">");
	language = helper_text(bed.store, "SELECT language FROM users");
	assert_string_equal(language, "fr");
	free(language);
	leads(post("/account/language", "language=auto"),
	    "/account?done=language_set");
	says(get("/account"), "<html lang=\"en\">");
}

static void
language_that_nobody_speaks_is_refused(void **state)
{
	static const char *const none[] = { "language=tlh", "language=",
	    "language=fr-CH", "language=../en", "language=en%00" };
	struct answer *a;
	size_t i;

	(void)state;
	enroll();
	log_in();
	for (i = 0; i < HELPER_COUNT(none); i++) {
		a = post("/account/language", none[i]);
		is_page(a, 400);
		is_whole(a);
		says(a, "role=\"alert\"");
	}
	assert_int_equal(helper_number(bed.store, "SELECT count(*) FROM users"
	    " WHERE language = ''"), 1);
}

static void
every_refusal_is_said_in_every_language(void **state)
{
	static const enum outcome all[] = {
#define ID(id, status, sentence, code, event, retry)	id,
		OUTCOMES(ID)
#undef ID
	};
	const struct lang *l = bed.conf->lang;
	const char *tag, *text;
	size_t i, j;

	(void)state;
	for (i = 0; (tag = lang_at(l, i)) != NULL; i++) {
		for (j = 0; j < HELPER_COUNT(all); j++) {
			if (reply_status(all[j]) < 400)
				continue;
			text = lang_text(l, tag, arena_printf(arena,
			    "page.error.%s", reply_code(all[j])));
			if (text == NULL || (i > 0 && strcmp(text, lang_text(l,
			    lang_at(l, 0), arena_printf(arena,
			    "page.error.%s", reply_code(all[j])))) == 0))
				fail_msg("%s: %s", tag, reply_code(all[j]));
		}
	}
	assert_int_equal(i, 2);
}

/* Files. */

static const char *
style_link(void)
{
	const char *at = strstr(get("/login")->body,
	    "<link rel=\"stylesheet\" href=\"");

	assert_non_null(at);
	at += strlen("<link rel=\"stylesheet\" href=\"");
	return arena_copy(arena, at, strcspn(at, "\""));
}

static void
asset_under_its_digest_is_kept_for_good(void **state)
{
	struct answer *a;
	const char *etag;

	(void)state;
	a = ASK(.uri = style_link());
	assert_int_equal(a->status, 200);
	has_header(a, "Content-Type", "text/css; charset=utf-8");
	has_header(a, "Cache-Control",
	    "public, max-age=31536000, immutable");
	has_header(a, "X-Content-Type-Options", "nosniff");
	assert_null(helper_header(a, "Set-Cookie"));
	etag = helper_header(a, "ETag");
	assert_int_equal(strlen(etag), 64 + 2);
	a = ASK(.uri = style_link(), .param = { arena_printf(arena,
	    "HTTP_IF_NONE_MATCH=\"x\", W/%s", etag) });
	assert_int_equal(a->status, 304);
	assert_string_equal(a->body, "");
	has_header(a, "ETag", etag);
	assert_int_equal(ASK(.uri = style_link(), .param = {
	    "HTTP_IF_NONE_MATCH=\"x\"" })->status, 200);
}

static void
asset_under_another_address_is_asked_for_again(void **state)
{
	static const char *const uris[] = { "/assets/style.css",
	    "/assets/style.css?v=", "/assets/style.css?v=0",
	    "/assets/page.js?v=0123456789abcdef", "/assets/logo.svg?x" };
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(uris); i++) {
		a = ASK(.uri = uris[i]);
		assert_int_equal(a->status, 200);
		has_header(a, "Cache-Control", "no-cache");
	}
	has_header(ASK(.uri = "/assets/page.js"), "Content-Type",
	    "text/javascript; charset=utf-8");
	has_header(ASK(.uri = "/assets/logo.svg"), "Content-Type",
	    "image/svg+xml; charset=utf-8");
	assert_int_equal(ASK(.uri = "/assets/../login")->status, 404);
	assert_int_equal(ASK(.uri = "/assets/")->status, 404);
}

/* A template that cannot be filled is never half a page. */
static void
template_that_fails_is_a_fault(void **state)
{
	/* What comes of it is more than may be. */
	const char *big = ARENA_JOIN(arena, "<h1>half a page</h1>"
	    "{{>page/top.html}}", repeated("x", SHELF_FILE_MAX - 100));
	char dir[HELPER_PATH_MAX];
	struct answer *a;
	char *log;

	(void)state;
	helper_dir(dir);
	assert_int_equal(mkdir(arena_printf(arena, "%s/page", dir), 0700), 0);
	helper_write(arena_printf(arena, "%s/page/login.html", dir), big,
	    strlen(big));
	helper_write(arena_printf(arena, "%s/page/leads.html", dir), big,
	    strlen(big));
	shelf_close(bed.conf->shelf);
	bed.conf->shelf = shelf_open(dir, NULL, NULL);
	assert_non_null(bed.conf->shelf);
	free(helper_log(&bed));
	a = get("/login");
	is_json(a, 500);
	keeps_quiet(a, "half a page");
	log = helper_log(&bed);
	assert_non_null(strstr(log, "\"page.fault\""));
	assert_non_null(strstr(log, "page/login.html"));
	free(log);
	is_page(get("/register"), 200);
	enroll();
	log_in();
	is_json(get("/login/done?rd=/x"), 500);
	helper_dir_remove(dir);
}

/* Secrets stay out of what is logged, also when a form is refused. */
static void
forms_leave_no_secret_in_the_log(void **state)
{
	char *log;

	(void)state;
	enroll();
	(void)post("/login", "email=" EMAIL "&password=s3cretly");
	(void)post("/register", "email=bad&password=s3cretly");
	log = helper_log(&bed);
	assert_true(helper_log_valid(log));
	assert_null(strstr(log, "s3cretly"));
	assert_null(strstr(log, EMAIL));
	assert_non_null(strstr(log, "\"POST /login\""));
	free(log);
}

#define PAGE(f)	cmocka_unit_test_setup_teardown(f, set_up, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE(every_page_is_whole_and_leads_to_doors),
		PAGE(v7_4_4_every_page_of_a_session_can_log_out),
		PAGE(every_form_comes_back_whole),
		PAGE(json_stays_unless_html_is_preferred),
		PAGE(success_at_the_other_doors_is_json_for_everybody),
		PAGE(refusals_of_the_gates_are_pages_for_people),
		PAGE(page_door_answers_json_to_who_prefers_it),
		PAGE(head_is_the_page_without_its_body),
		PAGE(refused_login_keeps_the_address_and_never_the_password),
		PAGE(reason_stands_next_to_its_field),
		PAGE(v1_2_1_nothing_that_was_sent_becomes_html),
		PAGE(what_a_page_loads_is_asked_for_without_a_referer),
		PAGE(v1_3_7_what_was_typed_is_no_template),
		PAGE(other_site_cannot_use_a_form),
		PAGE(login_leads_through_the_arrival_to_the_account),
		PAGE(browser_without_cookies_is_told_so),
		PAGE(store_that_fails_is_a_fault_on_every_page),
		PAGE(whoever_has_no_session_logs_in_and_comes_back),
		PAGE(form_of_an_ended_session_is_begun_anew_after_a_login),
		PAGE(form_without_a_proof_is_begun_anew_after_it),
		PAGE(login_says_that_the_session_has_ended_if_there_was_one),
		PAGE(logout_without_a_session_leads_where_a_logout_does),
		PAGE(login_says_what_was_done_before_it),
		PAGE(page_says_only_what_can_have_led_to_it),
		PAGE(onward_has_three_names_and_one_law),
		PAGE(every_link_between_pages_says_where_to_go_on),
		PAGE(no_link_says_where_to_go_on_if_that_is_not_ours),
		PAGE(everyday_addresses_are_gone_on_to),
		PAGE(csp_names_no_origin_but_its_own),
		PAGE(address_that_is_gone_on_to_arrives_whole),
		PAGE(page_that_goes_on_is_head_and_language_like_any),
		PAGE(page_that_goes_on_brings_the_cookie),
		PAGE(program_is_not_shown_the_page_that_goes_on),
		PAGE(base_path_stands_before_every_link_and_form),
		PAGE(well_known_address_leads_to_the_form),
		PAGE(register_and_log_in),
		PAGE(password_is_changed),
		PAGE(password_managers_know_their_fields),
		PAGE(forgotten_password_is_set_anew),
		PAGE(sessions_are_ended_one_by_one_or_all),
		PAGE(what_matters_asks_for_the_password_and_goes_on),
		PAGE(account_is_deleted),
		PAGE(closed_registration_shows_no_form),
		PAGE(registration_without_mail_shows_no_form),
		PAGE(password_that_is_too_short_is_explained),
		PAGE(contact_is_at_the_foot_of_pages),
		PAGE(page_that_asks_for_a_code_can_be_found),
		PAGE(reset_and_address_without_mail_show_no_form),
		PAGE(registration_is_finished_by_its_link),
		PAGE(link_that_is_refused_is_not_shown),
		PAGE(page_of_a_link_asks_for_a_press_alone),
		PAGE(code_of_a_mail_is_typed_in_digits),
		PAGE(registration_is_finished_by_its_code),
		PAGE(reset_by_mail_tells_nobody_who_has_an_account),
		PAGE(address_is_changed_and_taken_back),
		PAGE(somebody_else_is_reported),
		PAGE(recovery_without_its_link_shows_no_form),
		PAGE(recovery_that_is_refused_says_why),
		PAGE(mail_is_in_the_language_of_the_page),
		PAGE(whoever_tries_too_often_is_told_how_long_to_wait),
		PAGE(whoever_no_wait_helps_is_told_to_set_a_new_password),
		PAGE(page_is_in_the_browsers_language),
		PAGE(language_of_an_account_goes_before_the_browsers),
		PAGE(language_that_nobody_speaks_is_refused),
		PAGE(every_refusal_is_said_in_every_language),
		PAGE(asset_under_its_digest_is_kept_for_good),
		PAGE(asset_under_another_address_is_asked_for_again),
		PAGE(template_that_fails_is_a_fault),
		PAGE(forms_leave_no_secret_in_the_log),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
