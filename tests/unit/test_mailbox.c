/* What takes a mailbox: to register, to reset, to move, to take back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "digest.h"
#include "mailbox.h"
#include "stage.h"
#include "text.h"

#define SETTINGS	"profile = \"standard\"\nhash_cost = 5\n"		\
    "base_url = \"https://login.example.org\"\nmail_dir = \"/nowhere\"\n"
#define EMAIL		"Alice@example.com"
#define OTHER		"bob@example.com"
#define PASSWORD	"four words nobody says"
#define ANOTHER		"other words nobody says"
#define MINUTE		INT64_C(60000)

#define ASK(...)	helper_ask(&bed, &(const struct request){ __VA_ARGS__ })
#define SAY(...)	arena_printf(arena, __VA_ARGS__)

static int
set_up(void **state)
{
	(void)stage_clock(state);
	helper_bed_settings(&bed, SETTINGS);
	return 0;
}

/* Each is a moment later, so that the mails have an order. */
static struct answer *
send(const char *method, const char *uri, const char *body)
{
	now++;
	return ASK(.method = method, .uri = uri, .body = body,
	    .type = HELPER_FORM);
}

static struct answer *
send_in(const char *cookie, const char *method, const char *uri,
    const char *body)
{
	now++;
	return ASK(.method = method, .uri = uri, .body = body,
	    .type = HELPER_FORM, .cookie = cookie);
}

static int
enroll(const char *email, const char *password)
{
	return send("POST", "/users", SAY("email=%s&password=%s", email,
	    password))->status;
}

static int
confirm(const char *token)
{
	return send("POST", "/users/confirm", SAY("token=%s", token))->status;
}

static int
type_code(const char *uri, const char *email, const char *code)
{
	return send("POST", uri, SAY("email=%s&token=%s", email, code))->status;
}

/* The cookies of a session, or NULL. */
static const char *
login(const char *email, const char *password)
{
	struct answer *a = send("POST", "/sessions", SAY("email=%s"
	    "&password=%s", email, password));

	return a->status != 200 ? NULL : SAY("__Host-session_id=%s",
	    helper_cookie(a, "__Host-session_id"));
}

static struct session
session_of(const char *cookie)
{
	struct caller caller = helper_caller;
	struct session s;

	caller.token = strchr(cookie, '=') + 1;
	assert_int_equal(auth_whose(desk, arena, &caller, &s), OUT_PROFILE);
	return s;
}

static const char *
id_of(const char *cookie)
{
	struct session s = session_of(cookie);

	return auth_session_id(arena, &s);
}

static int
ask_reset(const char *email)
{
	return send("POST", "/reset_password", SAY("email=%s", email))->status;
}

static int
reset(const char *email, const char *token, const char *password)
{
	return send("PUT", "/reset_password", SAY("email=%s&reset_token=%s"
	    "&new_password=%s", email, token, password))->status;
}

static void
must_have(const char *email, const char *password)
{
	assert_int_equal(enroll(email, password), 202);
	assert_int_equal(confirm(link_token("registration")), 200);
	now += 61 * MINUTE;
	assert_int_equal(helper_sql(bed.store, "DELETE FROM limits"), 0);
}

/* Registration. */

static void
address_is_an_account_once_it_is_confirmed(void **state)
{
	const char *token;
	struct answer *a;

	(void)state;
	a = send("POST", "/users", "email=" EMAIL "&password=" PASSWORD);
	assert_int_equal(a->status, 202);
	assert_string_equal(a->body, "{\"message\":\"check your mail\"}\n");
	assert_string_equal(text_by("SELECT recipient FROM mails"), EMAIL);
	assert_string_equal(text_by("SELECT kind FROM mails"), "registration");
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
	assert_null(login(EMAIL, PASSWORD));
	token = link_token("registration");
	assert_int_equal(strlen(token), DIGEST_TOKEN_LEN);
	a = send("POST", "/users/confirm", SAY("token=%s", token));
	assert_int_equal(a->status, 200);
	assert_string_equal(helper_member(a, "email"), EMAIL);
	assert_null(helper_cookie(a, "__Host-session_id"));
	assert_non_null(login(EMAIL, PASSWORD));
	assert_int_equal(confirm(token), 403);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

/* B9: for an address that is taken as much is written, and as much said. */
static void
b9_taken_address_is_told_to_its_owner_alone(void **state)
{
	struct answer *a, *b;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(helper_sql(bed.store, "DELETE FROM mails"), 0);
	a = send("POST", "/users", "email=alice@example.COM&password="
	    ANOTHER);
	assert_int_equal(count("SELECT count(*) FROM mails"), 1);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 1);
	assert_string_equal(text_by("SELECT kind || recipient FROM mails"),
	    "registration_taken" EMAIL);
	assert_string_equal(mailed("registration_taken", "link"), "/reset");
	b = send("POST", "/users", "email=" OTHER "&password=" ANOTHER);
	assert_string_equal(a->body, b->body);
	assert_int_equal(a->status, b->status);
	assert_int_equal(count("SELECT count(*) FROM mails"), 2);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 2);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	/* What was made beside it opens nothing, even to who has its code. */
	assert_int_equal(type_code("/users/confirm", "alice@example.com",
	    mailed("registration_taken", "code")), 403);
	assert_non_null(login(EMAIL, PASSWORD));
}

/* Who was slower than somebody else comes too late, and changes nothing. */
static void
b5_of_two_registrations_the_first_that_is_confirmed_counts(void **state)
{
	const char *slow;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	slow = link_token("registration");
	assert_int_equal(enroll("ALICE@example.com", ANOTHER), 202);
	assert_int_equal(confirm(link_token("registration")), 200);
	assert_int_equal(confirm(slow), 403);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

/* Whoever asks after the owner has a password that the owner confirms. */
static void
nobodys_password_opens_what_two_have_asked_for(void **state)
{
	struct answer *a;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	assert_int_equal(enroll(EMAIL, ANOTHER), 202);
	a = send("POST", "/users/confirm", SAY("token=%s",
	    link_token("registration")));
	assert_int_equal(a->status, 200);
	assert_string_equal(helper_member(a, "email"), EMAIL);
	assert_string_equal(helper_member(a, "message"),
	    "user created: ask for a reset to set a password");
	assert_null(login(EMAIL, PASSWORD));
	assert_null(login(EMAIL, ANOTHER));
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), PASSWORD), 200);
	assert_non_null(login(EMAIL, PASSWORD));
}

static void
registration_that_has_run_out_is_no_second_one(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, ANOTHER), 202);
	now += 60 * MINUTE;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	assert_int_equal(confirm(link_token("registration")), 200);
	assert_non_null(login(EMAIL, PASSWORD));
}

static void
registration_is_worth_an_hour(void **state)
{
	const char *token, *code;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	token = link_token("registration");
	code = mailed("registration", "code");
	now += 60 * MINUTE;
	assert_int_equal(confirm(token), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, code), 403);
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
}

static void
closed_site_writes_no_mail(void **state)
{
	(void)state;
	helper_bed_settings(&bed, SETTINGS "registration = \"invite\"\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), 403);
	helper_bed_settings(&bed, SETTINGS "registration = \"closed\"\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), 403);
	assert_int_equal(count("SELECT count(*) FROM mails"), 0);
}

/* Codes. */

static void
code_does_what_the_link_does(void **state)
{
	const char *code;
	char typed[16];

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	assert_int_equal(strlen(code), 9);
	(void)snprintf(typed, sizeof(typed), "%.4s-%s", code, code + 5);
	assert_int_equal(type_code("/users/confirm", OTHER, typed), 403);
	assert_int_equal(send("POST", "/users/confirm", SAY("token=%s",
	    typed))->status, 403);
	assert_int_equal(type_code("/users/confirm", "ALICE@EXAMPLE.com",
	    typed), 200);
	assert_int_equal(type_code("/users/confirm", EMAIL, typed), 403);
	assert_non_null(login(EMAIL, PASSWORD));
}

static const char *
wrong(const char *code)
{
	char *other = arena_strdup(arena, code);

	other[8] = other[8] == '7' ? '8' : '7';
	return other;
}

static void
three_wrong_codes_burn_it_and_not_the_link(void **state)
{
	const char *code;
	int i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	for (i = 0; i < TICKET_TRIES; i++)
		assert_int_equal(type_code("/users/confirm", EMAIL,
		    wrong(code)), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, code), 403);
	assert_int_equal(confirm(link_token("registration")), 200);
}

static void
two_wrong_codes_do_not(void **state)
{
	const char *code;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	assert_int_equal(type_code("/users/confirm", EMAIL, wrong(code)), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, "1234"), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, wrong(code)), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, code), 200);
}

static int64_t
wrong_codes(void)
{
	return count("SELECT coalesce(sum(failures), 0) FROM limits"
	    " WHERE key LIKE 'k%'");
}

/*
 * B10, B11: as much is written, and waited for, where there is a code to miss
 * and where there is none; what is no code, or right, counts nothing.
 */
static void
b11_wrong_code_is_counted_whatever_its_address_has(void **state)
{
	const char *code;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	assert_int_equal(type_code("/users/confirm", EMAIL, wrong(code)), 403);
	assert_int_equal(wrong_codes(), 1);
	assert_int_equal(type_code("/users/confirm", OTHER, code), 403);
	assert_int_equal(wrong_codes(), 2);
	assert_int_equal(type_code("/profile/email/confirm", OTHER, code),
	    403);
	assert_int_equal(wrong_codes(), 3);
	assert_int_equal(send("PUT", "/reset_password", SAY("email=" OTHER
	    "&reset_token=%s&new_password=" ANOTHER, code))->status, 403);
	assert_int_equal(wrong_codes(), 4);
	assert_int_equal(type_code("/users/confirm", OTHER, "1234"), 403);
	assert_int_equal(type_code("/users/confirm", OTHER,
	    link_token("registration")), 403);
	assert_int_equal(type_code("/users/confirm", EMAIL, code), 200);
	assert_int_equal(wrong_codes(), 4);
}

static struct answer *
type_at(const char *peer, const char *email, const char *code)
{
	now++;
	return ASK(.method = "POST", .uri = "/users/confirm",
	    .body = SAY("email=%s&token=%s", email, code),
	    .type = HELPER_FORM, .client = peer);
}

static const char *
stranger(int i)
{
	return SAY("stranger%d@example.com", i);
}

static void
v6_6_3_who_tries_codes_of_many_has_to_wait(void **state)
{
	struct answer *a;
	const char *code;
	int i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	for (i = 0; i < 20; i++)
		assert_int_equal(type_at("192.0.2.1", stranger(i),
		    code)->status, 403);
	a = type_at("192.0.2.1", EMAIL, code);
	assert_int_equal(a->status, 429);
	assert_string_equal(a->body, "{\"message\":\"too many wrong passwords"
	    " or codes, try again later\"}\n");
	assert_string_equal(helper_header(a, "Retry-After"), "60");
	/* A link is no code, and nobody else waits. */
	assert_int_equal(type_at("192.0.2.1", EMAIL,
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")->status, 403);
	assert_int_equal(type_at("192.0.2.2", EMAIL, code)->status, 200);
	now += MINUTE;
	assert_int_equal(type_at("192.0.2.1", EMAIL, code)->status, 403);
	assert_int_equal(type_at("192.0.2.1", EMAIL, code)->status, 429);
}

static void
v6_6_3_network_tries_a_hundred_codes(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(type_at(SAY("192.0.2.%d", i), stranger(i),
		    "1234 5678")->status, 403);
	assert_int_equal(type_at("192.0.2.100", EMAIL, "1234 5678")->status,
	    429);
	assert_int_equal(type_at("192.0.3.1", EMAIL, "1234 5678")->status,
	    403);
}

/* Resets. */

static void
reset_comes_by_mail_alone(void **state)
{
	const char *token, *cookie;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	a = send("POST", "/reset_password", "email=alice@EXAMPLE.com");
	assert_int_equal(a->status, 202);
	assert_string_equal(a->body,
	    "{\"message\":\"if the account exists, a mail was sent\"}\n");
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'reset'"), EMAIL);
	token = link_token("reset");
	assert_int_equal(reset(OTHER, token, ANOTHER), 403);
	assert_int_equal(reset(EMAIL, token, "short"), 400);
	assert_int_equal(reset(EMAIL, token, ANOTHER), 200);
	assert_int_equal(reset(EMAIL, token, PASSWORD), 403);
	assert_int_equal(send_in(cookie, "GET", "/profile", NULL)->status,
	    403);
	assert_null(login(EMAIL, PASSWORD));
	assert_non_null(login(EMAIL, ANOTHER));
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'password_changed'"), EMAIL);
}

static void
reset_by_code_burns_after_three(void **state)
{
	const char *code;
	int i;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(ask_reset(EMAIL), 202);
	code = mailed("reset", "code");
	for (i = 0; i < TICKET_TRIES; i++)
		assert_int_equal(reset(EMAIL, wrong(code), ANOTHER), 403);
	assert_int_equal(reset(EMAIL, code, ANOTHER), 403);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, code, ANOTHER), 403);
	assert_int_equal(reset(EMAIL, mailed("reset", "code"), ANOTHER), 200);
}

/* B9: nobody is written to, and as much is done. */
static void
b9_reset_of_nobody_is_written_and_dropped(void **state)
{
	struct answer *a, *b;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(helper_sql(bed.store, "DELETE FROM mails"), 0);
	a = send("POST", "/reset_password", "email=" EMAIL);
	b = send("POST", "/reset_password", "email=" OTHER);
	assert_string_equal(a->body, b->body);
	assert_int_equal(a->status, b->status);
	assert_int_equal(count("SELECT count(*) FROM mails"), 2);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 2);
	assert_int_equal(count("SELECT count(DISTINCT length(content)) FROM"
	    " mails"), 1);
	assert_string_equal(text_by("SELECT recipient FROM mails ORDER BY"
	    " created_at DESC LIMIT 1"), "");
	assert_int_equal(reset(OTHER, link_token("reset"), ANOTHER), 403);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static void
nobody_is_told_of_a_disabled_account(void **state)
{
	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(helper_sql(bed.store, "UPDATE users SET disabled_at"
	    " = 1; DELETE FROM mails"), 0);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(enroll(EMAIL, ANOTHER), 202);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " recipient = ''"), 2);
	assert_int_equal(reset(EMAIL, link_token("reset"), ANOTHER), 403);
}

/* B2: whatever the request calls the host, the link is a path of ours. */
static void
b2_link_is_a_path_whatever_the_request_says(void **state)
{
	(void)state;
	must_have(EMAIL, PASSWORD);
	now++;
	(void)ASK(.method = "POST", .uri = "/reset_password",
	    .type = HELPER_FORM, .body = "email=" EMAIL, .param = {
	    "HTTP_HOST=evil.example", "SERVER_NAME=evil.example",
	    "HTTP_X_FORWARDED_HOST=evil.example",
	    "HTTP_X_FORWARDED_PROTO=evil", "HTTP_FORWARDED=host=evil.example" });
	assert_int_equal(strncmp(mailed("reset", "link"), "/reset?token=",
	    13), 0);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE content"
	    " LIKE '%evil%'"), 0);
}

/* B20: a ticket of one kind is nothing in the place of another. */
static void
b20_ticket_of_another_kind_is_refused(void **state)
{
	const char *reset_token, *undo, *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(ask_reset(EMAIL), 202);
	reset_token = link_token("reset");
	cookie = login(EMAIL, PASSWORD);
	assert_non_null(cookie);
	assert_int_equal(send_in(cookie, "PUT", "/profile/email", "email="
	    OTHER)->status, 202);
	undo = link_token("address_change");
	assert_int_equal(confirm(reset_token), 403);
	assert_int_equal(confirm(undo), 403);
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s", reset_token))->status, 403);
	assert_int_equal(send("POST", "/profile/email/undo", SAY("token=%s",
	    undo))->status, 403);
	assert_int_equal(send("POST", "/report", SAY("token=%s",
	    reset_token))->status, 403);
	assert_int_equal(reset(EMAIL, undo, ANOTHER), 403);
	assert_int_equal(send_in(SAY("__Host-session_id=%s", reset_token),
	    "GET", "/profile", NULL)->status, 403);
	assert_int_equal(reset(EMAIL, cookie + strlen("__Host-session_id="),
	    ANOTHER), 403);
}

/* Whatever the browser says that something is done in. */
static void
mails_are_in_the_language_that_the_account_has_chosen(void **state)
{
	struct answer *a;
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	a = send_in(cookie, "PUT", "/profile/language", "language=fr");
	assert_int_equal(a->status, 200);
	assert_string_equal(a->body, "{\"message\":\"language set\"}\n");
	assert_string_equal(helper_member(send_in(cookie, "GET",
	    "/profile/export", NULL), "language"), "fr");
	assert_int_equal(ASK(.method = "POST", .uri = "/reset_password",
	    .body = "email=" EMAIL, .type = HELPER_FORM, .param = {
	    "HTTP_ACCEPT_LANGUAGE=en" })->status, 202);
	assert_string_equal(text_by("SELECT language FROM mails WHERE kind ="
	    " 'reset'"), "fr");
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .body = "email=" EMAIL "&password=" PASSWORD,
	    .type = HELPER_FORM, .param = {
	    "HTTP_ACCEPT_LANGUAGE=en" })->status, 202);
	assert_string_equal(text_by("SELECT language FROM mails WHERE kind ="
	    " 'registration_taken'"), "fr");
	a = send_in(cookie, "PUT", "/profile/language", "language=fr-CH");
	assert_int_equal(a->status, 400);
	assert_string_equal(helper_member(a, "message"),
	    "language is none that this site speaks");
	assert_int_equal(send_in(cookie, "PUT", "/profile/language",
	    "language=auto")->status, 200);
	assert_string_equal(helper_member(send_in(cookie, "GET",
	    "/profile/export", NULL), "language"), "auto");
	assert_int_equal(ASK(.method = "PUT", .uri = "/profile/password",
	    .body = "current_password=" PASSWORD "&new_password=" ANOTHER,
	    .type = HELPER_FORM, .param = { "HTTP_ACCEPT_LANGUAGE=fr",
	    arena_printf(arena, "HTTP_COOKIE=%s", cookie) })->status, 200);
	assert_string_equal(text_by("SELECT language FROM mails WHERE kind ="
	    " 'password_changed'"), "fr");
}

/* The address. */

static void
new_address_counts_once_it_is_confirmed(void **state)
{
	const char *cookie;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(send_in(cookie, "PUT", "/profile/email", "email="
	    OTHER)->status, 202);
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'address_change'"), OTHER);
	assert_non_null(login(EMAIL, PASSWORD));
	a = send("POST", "/profile/email/confirm", SAY("token=%s",
	    link_token("address_change")));
	assert_int_equal(a->status, 200);
	assert_string_equal(helper_member(a, "email"), OTHER);
	assert_null(login(EMAIL, PASSWORD));
	assert_non_null(login(OTHER, PASSWORD));
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'address_changed'"), EMAIL);
	/* What was asked with the former address opens nothing any more. */
	assert_int_equal(reset(EMAIL, link_token("reset"), ANOTHER), 403);
}

static void
address_wants_a_recent_proof(void **state)
{
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	now += 6 * MINUTE;
	assert_int_equal(send_in(cookie, "PUT", "/profile/email", "email="
	    OTHER)->status, 403);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " kind = 'address_change'"), 0);
}

static void
b9_address_that_is_taken_is_not_told_of(void **state)
{
	const char *cookie;
	struct answer *a, *b;

	(void)state;
	must_have(OTHER, ANOTHER);
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	a = send_in(cookie, "PUT", "/profile/email", "email=" OTHER);
	b = send_in(cookie, "PUT", "/profile/email", "email=new@example.com");
	assert_int_equal(a->status, 202);
	assert_string_equal(a->body, b->body);
	assert_int_equal(count("SELECT count(*) FROM tickets WHERE"
	    " kind = 'address'"), 2);
	assert_int_equal(type_code("/profile/email/confirm", OTHER,
	    mailed("address_taken", "code")), 403);
	assert_non_null(login(OTHER, ANOTHER));
}

static void
own_address_is_no_new_one(void **state)
{
	const char *cookie;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	a = send_in(cookie, "PUT", "/profile/email", "email=alice@EXAMPLE.com");
	assert_int_equal(a->status, 400);
	assert_string_equal(helper_member(a, "message"),
	    "email is the one that the account has");
	assert_int_equal(count("SELECT count(*) FROM mails WHERE kind LIKE"
	    " 'address%'"), 0);
}

/* B6: of changes asked at once only the mailed one counts, and but one. */
static void
b6_only_the_address_that_got_the_mail_is_taken(void **state)
{
	const char *cookie, *one, *two;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	(void)send_in(cookie, "PUT", "/profile/email", "email=one@b.example");
	one = link_token("address_change");
	(void)send_in(cookie, "PUT", "/profile/email", "email=two@b.example");
	two = link_token("address_change");
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s&email=two@b.example", one))->status, 403);
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s", one))->status, 200);
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s", two))->status, 403);
	assert_string_equal(text_by("SELECT email FROM users"), "one@b.example");
}

static void
former_owner_takes_the_account_back(void **state)
{
	const char *cookie, *thief, *undo;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	(void)send_in(cookie, "PUT", "/profile/email", "email=thief@b.example");
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s", link_token("address_change")))->status, 200);
	undo = link_token("address_changed");
	(void)send_in(cookie, "PUT", "/profile/password", "current_password="
	    PASSWORD "&new_password=" ANOTHER);
	thief = login("thief@b.example", ANOTHER);
	assert_non_null(thief);
	now += 71 * 60 * MINUTE;
	assert_int_equal(send("POST", "/profile/email/undo", SAY("token=%s",
	    undo))->status, 200);
	assert_string_equal(text_by("SELECT email FROM users"), EMAIL);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_null(login("thief@b.example", ANOTHER));
	assert_null(login(EMAIL, ANOTHER));
	assert_null(login(EMAIL, PASSWORD));
	assert_int_equal(send("POST", "/profile/email/undo", SAY("token=%s",
	    undo))->status, 403);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), PASSWORD), 200);
	assert_non_null(login(EMAIL, PASSWORD));
}

/* In a session: the token of the mail to who had the address before. */
static const char *
move(const char *cookie, const char *to)
{
	assert_int_equal(send_in(cookie, "PUT", "/profile/email",
	    SAY("email=%s", to))->status, 202);
	assert_int_equal(send("POST", "/profile/email/confirm", SAY(
	    "token=%s", link_token("address_change")))->status, 200);
	return link_token("address_changed");
}

static int
undo_move(const char *token)
{
	return send("POST", "/profile/email/undo", SAY("token=%s",
	    token))->status;
}

/* Mails that came later, to where the thief reads them, are worth less. */
static void
thief_cannot_end_what_takes_the_account_back(void **state)
{
	const char *cookie, *undo, *next;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	undo = move(cookie, "thief@b.example");
	next = move(cookie, "other@b.example");
	(void)send_in(cookie, "PUT", "/profile/password", "current_password="
	    PASSWORD "&new_password=" ANOTHER);
	assert_int_equal(send("POST", "/report", SAY("token=%s",
	    link_token("password_changed")))->status, 200);
	assert_int_equal(undo_move(next), 200);
	assert_string_equal(text_by("SELECT email FROM users"),
	    "thief@b.example");
	assert_int_equal(undo_move(undo), 200);
	assert_string_equal(text_by("SELECT email FROM users"), EMAIL);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

/* It is not theirs any more, and the next one may be told to a stranger. */
static void
who_loses_the_account_by_an_undoing_is_told(void **state)
{
	const char *undo;

	(void)state;
	must_have(EMAIL, PASSWORD);
	undo = move(login(EMAIL, PASSWORD), "next@b.example");
	assert_int_equal(undo_move(undo), 200);
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'address_undone'"), "next@b.example");
	assert_string_equal(link_token("address_undone"), "");
}

/* Whoever has the mailbox cannot use what the administrator has ended. */
static void
password_of_an_administrator_ends_every_ticket(void **state)
{
	const char *undo;

	(void)state;
	must_have(EMAIL, PASSWORD);
	undo = move(login(EMAIL, PASSWORD), "next@b.example");
	assert_int_equal(auth_user_password(desk, arena, "next@b.example",
	    ANOTHER), OUT_PASSWORD_UPDATED);
	assert_int_equal(count("SELECT count(*) FROM tickets"
	    " WHERE kind <> 'report'"), 0);
	assert_int_equal(undo_move(undo), 403);
	assert_non_null(login("next@b.example", ANOTHER));
}

/* The thief's session, which the owner sees and ends. */
static void
change_of_address_ends_with_the_sessions_of_others(void **state)
{
	static const char *const doors[] = { "/sessions/others", NULL };
	const char *owner, *thief;
	size_t i;

	(void)state;
	must_have(EMAIL, PASSWORD);
	for (i = 0; i < HELPER_COUNT(doors); i++) {
		owner = login(EMAIL, PASSWORD);
		thief = login(EMAIL, PASSWORD);
		assert_int_equal(send_in(thief, "PUT", "/profile/email",
		    "email=thief@b.example")->status, 202);
		assert_int_equal(send_in(owner, "DELETE", doors[i] != NULL ?
		    doors[i] : SAY("/sessions/%s", id_of(thief)), NULL)
		    ->status, 204);
		assert_int_equal(send("POST", "/profile/email/confirm", SAY(
		    "token=%s", link_token("address_change")))->status, 403);
	}
	assert_string_equal(text_by("SELECT email FROM users"), EMAIL);
}

/* As is asked between the look at the session and the write. */
static void
change_of_address_is_not_begun_in_a_session_that_has_ended(void **state)
{
	struct session s;

	(void)state;
	must_have(EMAIL, PASSWORD);
	s = session_of(login(EMAIL, PASSWORD));
	assert_int_equal(store_session_end(store, arena, s.token_hash, NULL),
	    STORE_OK);
	assert_int_equal(mailbox_address_begin(desk, arena, &s,
	    "thief@b.example", &helper_caller), OUT_NO_SESSION);
	assert_int_equal(count("SELECT count(*) FROM mails"
	    " WHERE kind = 'address_change'"), 0);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

/* The account is found by an address that it has left when that is written. */
static void
reset_of_a_former_address_opens_nothing(void **state)
{
	struct posting p = { .ticket = { .kind = TICKET_RESET,
	    .password_hash = "", .language = "", .code_hash = "",
	    .email = EMAIL, .email_key = EMAIL } };
	struct entry record = { .event = "reset.started", .result = "done",
	    .posting = &p };
	char *token;

	(void)state;
	must_have(EMAIL, PASSWORD);
	p.ticket.user_id = record.user_id = text_by("SELECT id FROM users");
	p.ticket.token_hash = law_token(arena, &token);
	p.ticket.created_at = now;
	p.ticket.expires_at = now + 60 * MINUTE;
	(void)move(login(EMAIL, PASSWORD), "next@b.example");
	assert_int_equal(store_post(store, arena, &record), STORE_OK);
	assert_int_equal(reset(EMAIL, token, ANOTHER), 403);
	assert_null(login("next@b.example", ANOTHER));
}

/* The owner did not wait, and has made another account with the address. */
static void
account_whose_address_is_taken_is_disabled_instead(void **state)
{
	const char *cookie, *undo;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	undo = move(cookie, "thief@b.example");
	must_have(EMAIL, ANOTHER);
	a = send("POST", "/profile/email/undo", SAY("token=%s", undo));
	assert_int_equal(a->status, 200);
	assert_string_equal(helper_member(a, "message"), "another account has "
	    "the address: everybody is logged out of this one, and it is "
	    "disabled");
	assert_int_equal(send_in(cookie, "GET", "/profile", NULL)->status,
	    403);
	assert_null(login("thief@b.example", PASSWORD));
	assert_int_equal(count("SELECT count(*) FROM users WHERE email ="
	    " 'thief@b.example' AND disabled_at > 0"), 1);
	assert_int_equal(ask_reset("thief@b.example"), 202);
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE kind ="
	    " 'reset'"), "");
	assert_non_null(login(EMAIL, ANOTHER));
}

/* Notices. */

static void
who_did_not_do_it_ends_it(void **state)
{
	const char *cookie, *report;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	assert_int_equal(send_in(cookie, "PUT", "/profile/password",
	    "current_password=" PASSWORD "&new_password=" ANOTHER)->status,
	    200);
	report = link_token("password_changed");
	assert_int_equal(send("POST", "/report", SAY("token=%s",
	    report))->status, 200);
	assert_int_equal(send_in(cookie, "GET", "/profile", NULL)->status,
	    403);
	assert_null(login(EMAIL, ANOTHER));
	assert_null(login(EMAIL, PASSWORD));
	assert_int_equal(send("POST", "/report", SAY("token=%s",
	    report))->status, 403);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), PASSWORD), 200);
}

/* Of the first browser nobody need be told. */
static void
owner_is_told_of_a_new_browser_beside_others(void **state)
{
	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_non_null(login(EMAIL, PASSWORD));
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " kind = 'new_device'"), 0);
	assert_non_null(login(EMAIL, PASSWORD));
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'new_device'"), EMAIL);
}

static void
account_that_goes_is_told_so(void **state)
{
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(ask_reset(OTHER), 202);
	assert_int_equal(send_in(cookie, "DELETE", "/profile", "password="
	    PASSWORD)->status, 204);
	assert_string_equal(text_by("SELECT recipient FROM mails WHERE"
	    " kind = 'account_deleted'"), EMAIL);
	assert_int_equal(count("SELECT count(*) FROM tickets WHERE user_id"
	    " <> ''"), 0);
	/* What was sent, and what waited with a token that is no more. */
	assert_int_equal(count("SELECT count(*) FROM mails WHERE recipient ="
	    " '" EMAIL "'"), 1);
	assert_int_equal(count("SELECT count(*) FROM mails"), 2);
}

/* What was refused has taken nothing away. */
static void
mails_stay_with_an_account_that_stays(void **state)
{
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	assert_int_equal(send_in(cookie, "DELETE", "/profile", "password="
	    ANOTHER)->status, 403);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE recipient ="
	    " '" EMAIL "'"), 1);
}

/* What an administrator sends. */

static enum outcome
invite(const char *email, const char *language)
{
	struct grant none = { .token = NULL };
	enum outcome outcome;

	now++;
	outcome = auth_invite(bed.desk, arena, &(const struct invitation){
	    .email = email, .language = language, .mailed = true }, &none);
	assert_null(none.token);
	return outcome;
}

static void
v6_4_1_invitation_by_mail_is_for_who_has_the_mailbox(void **state)
{
	const char *token, *code;

	(void)state;
	helper_bed_settings(&bed, SETTINGS "registration = \"invite\"\n");
	assert_int_equal(invite(EMAIL, NULL), OUT_RESET_MAILED);
	assert_string_equal(text_by("SELECT recipient FROM mails"), EMAIL);
	assert_int_equal(count("SELECT expires_at - created_at FROM mails"),
	    24 * 60 * MINUTE);
	assert_int_equal(count("SELECT expires_at - created_at FROM tickets"),
	    24 * 60 * MINUTE);
	assert_string_equal(mailed("invitation", "hours"), "24");
	code = mailed("invitation", "code");
	token = link_token("invitation");
	assert_true(text_begins(mailed("invitation", "link"),
	    "/reset?token="));
	assert_int_equal(strlen(token), DIGEST_TOKEN_LEN);
	assert_null(login(EMAIL, PASSWORD));
	now += 23 * 60 * MINUTE;
	assert_int_equal(reset(EMAIL, code, PASSWORD), 200);
	assert_int_equal(reset(EMAIL, token, ANOTHER), 403);
	assert_non_null(login(EMAIL, PASSWORD));
	assert_int_equal(invite(EMAIL, NULL), OUT_EMAIL_TAKEN);
}

static void
second_invitation_ends_the_first(void **state)
{
	const char *first;

	(void)state;
	assert_int_equal(invite(EMAIL, NULL), OUT_RESET_MAILED);
	first = link_token("invitation");
	assert_int_equal(invite("alice@EXAMPLE.com", NULL),
	    OUT_RESET_MAILED);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	assert_int_equal(reset(EMAIL, first, PASSWORD), 403);
	assert_int_equal(reset(EMAIL, link_token("invitation"), PASSWORD),
	    200);
}

static void
invitation_is_written_in_the_language_that_is_said(void **state)
{
	(void)state;
	assert_int_equal(invite(EMAIL, "xx"), OUT_UNKNOWN_LANGUAGE);
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
	assert_int_equal(invite(EMAIL, "fr"), OUT_RESET_MAILED);
	assert_string_equal(text_by("SELECT language FROM users"), "fr");
	assert_string_equal(text_by("SELECT language FROM mails"), "fr");
	/* Nothing said changes nothing. */
	assert_int_equal(invite(EMAIL, NULL), OUT_RESET_MAILED);
	assert_string_equal(text_by("SELECT language FROM users"), "fr");
	assert_int_equal(invite(EMAIL, "auto"), OUT_RESET_MAILED);
	assert_string_equal(text_by("SELECT language FROM users"), "");
	assert_int_equal(count("SELECT count(*) FROM mails WHERE language ="
	    " 'fr'"), 2);
}

/* Neither a ticket nor a row of the trail without its mail. */
static void
b18_mail_that_cannot_be_written_leaves_no_ticket(void **state)
{
	(void)state;
	assert_int_equal(invite(EMAIL, NULL), OUT_RESET_MAILED);
	assert_int_equal(helper_sql(bed.store, "DELETE FROM tickets;"
	    "CREATE TRIGGER no BEFORE INSERT ON mails BEGIN"
	    " SELECT raise(ABORT, 'no'); END"), 0);
	assert_int_equal(invite(EMAIL, NULL), OUT_FAULT);
	assert_int_equal(mailbox_reset_send(bed.desk, arena, EMAIL,
	    NOTICE_RESET), OUT_FAULT);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	assert_int_equal(count("SELECT count(*) FROM audit_events WHERE"
	    " event = 'reset.made'"), 1);
}

static void
administrator_mails_nothing_where_no_mail_goes(void **state)
{
	static const char *const settings[] = {
		"profile = \"standard\"\nhash_cost = 5\n"
		"base_url = \"https://login.example.org\"\n",
		"profile = \"compat\"\nhash_cost = 1\n"
		"mail_dir = \"/nowhere\"\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(settings); i++) {
		helper_bed_settings(&bed, settings[i]);
		assert_int_equal(invite(EMAIL, NULL), OUT_NO_MAIL);
		assert_int_equal(mailbox_reset_send(bed.desk, arena, EMAIL,
		    NOTICE_RESET), OUT_NO_MAIL);
	}
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	assert_int_equal(count("SELECT count(*) FROM mails"), 0);
}

static void
administrator_mails_a_reset_to_its_owner(void **state)
{
	(void)state;
	assert_int_equal(mailbox_reset_send(bed.desk, arena, EMAIL,
	    NOTICE_RESET), OUT_UNKNOWN_ADDRESS);
	must_have(EMAIL, PASSWORD);
	assert_int_equal(mailbox_reset_send(bed.desk, arena, EMAIL,
	    NOTICE_RESET), OUT_RESET_MAILED);
	assert_int_equal(reset(EMAIL, link_token("reset"), ANOTHER), 200);
	assert_non_null(login(EMAIL, ANOTHER));
	assert_int_equal(store_user_disable(bed.desk->store, arena,
	    "alice@example.com", now, NULL), STORE_OK);
	assert_int_equal(mailbox_reset_send(bed.desk, arena, EMAIL,
	    NOTICE_RESET), OUT_UNKNOWN_ADDRESS);
}

/* What GET /profile/export says to who has just logged in. */
static const char *
exported(const char *email, const char *password)
{
	struct answer *a;

	helper_settle(&bed);
	a = send_in(login(email, password), "GET", "/profile/export", NULL);
	assert_int_equal(a->status, 200);
	return a->body;
}

/* A wrong password from there. */
static void
fail_from(const char *client, const char *email)
{
	now++;
	assert_int_equal(ASK(.method = "POST", .uri = "/sessions",
	    .type = HELPER_FORM, .client = client,
	    .body = SAY("email=%s&password=%s", email, "wrong"))->status,
	    401);
}

/* Bob has failed at home, and moved away; then Alice moves to the address. */
static void
move_in_after_bob(void)
{
	must_have(EMAIL, PASSWORD);
	must_have(OTHER, ANOTHER);
	fail_from("198.51.100.7", OTHER);
	(void)move(login(OTHER, ANOTHER), "robert@b.example");
	(void)move(login(EMAIL, PASSWORD), OTHER);
	fail_from("203.0.113.5", OTHER);
}

static void
export_after_a_move_begins_with_the_move(void **state)
{
	const char *body;

	(void)state;
	move_in_after_bob();
	body = exported(OTHER, PASSWORD);
	assert_null(strstr(body, "198.51.100.0"));
	assert_null(strstr(body, "registration.started"));
	assert_non_null(strstr(body, "\"network\":\"203.0.113.0/24\""));
	assert_non_null(strstr(body, "\"event\":\"user.created\""));
	assert_null(strstr(body, "\"kind\":\"registration\""));
	assert_null(strstr(body, "\"kind\":\"address_changed\""));
	assert_non_null(strstr(body, "\"kind\":\"new_device\""));
}

/* Somebody has had it meanwhile, and failed and moved away too. */
static void
export_of_who_took_the_account_back_begins_there(void **state)
{
	const char *undo, *body;

	(void)state;
	must_have(EMAIL, PASSWORD);
	undo = move(login(EMAIL, PASSWORD), "thief@b.example");
	must_have(EMAIL, ANOTHER);
	fail_from("198.51.100.7", EMAIL);
	(void)move(login(EMAIL, ANOTHER), "robert@b.example");
	assert_int_equal(undo_move(undo), 200);
	fail_from("203.0.113.5", EMAIL);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), PASSWORD), 200);
	body = exported(EMAIL, PASSWORD);
	assert_null(strstr(body, "198.51.100.0"));
	assert_null(strstr(body, "\"kind\":\"registration\""));
	assert_null(strstr(body, "\"kind\":\"address_changed\""));
	assert_non_null(strstr(body, "\"network\":\"203.0.113.0/24\""));
	assert_non_null(strstr(body, "\"kind\":\"reset\""));
}

/* Who says that it was not them wants to see who tried, and has not moved. */
static void
export_after_a_report_shows_what_was_tried_before(void **state)
{
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	fail_from("198.51.100.7", EMAIL);
	cookie = login(EMAIL, PASSWORD);
	(void)send_in(cookie, "PUT", "/profile/password", "current_password="
	    PASSWORD "&new_password=" ANOTHER);
	assert_int_equal(send("POST", "/report", SAY("token=%s",
	    link_token("password_changed")))->status, 200);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), PASSWORD), 200);
	assert_non_null(strstr(exported(EMAIL, PASSWORD), "198.51.100.0"));
}

/* What the trail has forgotten it cannot tell: nor do mails from then. */
static void
export_goes_no_further_back_than_the_trail_does(void **state)
{
	(void)state;
	bed.conf->audit_days = 1;
	move_in_after_bob();
	assert_int_equal(helper_sql(bed.store, "DELETE FROM audit_events"), 0);
	assert_non_null(strstr(exported(OTHER, PASSWORD),
	    "\"kind\":\"address_changed\""));
	now += 24 * 60 * MINUTE;
	assert_null(strstr(exported(OTHER, PASSWORD),
	    "\"kind\":\"address_changed\""));
}

/* Kind, state and time of each, and nothing that it says. */
static void
export_shows_which_mails_wait_and_went(void **state)
{
	const char *token, *code;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(helper_sql(bed.store, "UPDATE mails SET state ="
	    " 'sent', ended_at = 1, content = '', created_at ="
	    " 1700000060000"), 0);
	assert_int_equal(ask_reset(EMAIL), 202);
	token = link_token("reset");
	code = mailed("reset", "code");
	assert_int_equal(ask_reset(OTHER), 202);
	assert_int_equal(helper_sql(bed.store, "UPDATE mails SET created_at ="
	    " 1700000060001 WHERE state = 'waiting'"), 0);
	a = send_in(login(EMAIL, PASSWORD), "GET", "/profile/export", NULL);
	assert_int_equal(a->status, 200);
	assert_non_null(strstr(a->body, "\"mails\":["
	    "{\"time\":\"2023-11-14T22:14:20.001Z\",\"kind\":\"reset\","
	    "\"state\":\"waiting\"},"
	    "{\"time\":\"2023-11-14T22:14:20.000Z\","
	    "\"kind\":\"registration\",\"state\":\"sent\"}]"));
	assert_int_equal(strlen(token), DIGEST_TOKEN_LEN);
	assert_null(strstr(a->body, token));
	assert_int_equal(strlen(code), strlen("0000 0000"));
	assert_null(strstr(a->body, code));
}

/* Limits. */

/* The same for an account, for nobody, and whatever is asked for. */
static void
fourth_mail_to_an_address_waits(void **state)
{
	struct answer *a;
	int i;

	(void)state;
	must_have(EMAIL, PASSWORD);
	assert_int_equal(helper_sql(bed.store, "DELETE FROM mails"), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(ask_reset(i == 1 ? "alice@example.com" :
		    EMAIL), 202);
		assert_int_equal(enroll(OTHER, PASSWORD), 202);
	}
	a = send("POST", "/reset_password", "email=" EMAIL);
	assert_int_equal(a->status, 429);
	assert_string_equal(helper_header(a, "Retry-After"), "300");
	assert_int_equal(enroll(OTHER, PASSWORD), 429);
	assert_int_equal(count("SELECT count(*) FROM mails"), 6);
	now += 21 * MINUTE;
	assert_int_equal(ask_reset(EMAIL), 202);
}

/* For a registration may be anybody's, and its mail sets no password. */
static void
nobody_uses_up_the_resets_of_another(void **state)
{
	int i;

	(void)state;
	must_have(EMAIL, PASSWORD);
	for (i = 0; i < 3; i++)
		assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	assert_int_equal(enroll(EMAIL, PASSWORD), 429);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_int_equal(reset(EMAIL, link_token("reset"), ANOTHER), 200);
}

/* Neither where mails are asked for nor where they lead says it in clear. */
static void
tickets_hold_hashes_alone(void **state)
{
	const char *token, *code;
	char *lines;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	token = link_token("registration");
	code = mailed("registration", "code");
	assert_int_equal(count(SAY("SELECT count(*) FROM tickets WHERE"
	    " token_hash || code_hash || password_hash LIKE '%%%s%%' OR"
	    " token_hash || code_hash LIKE '%%%.4s%s%%'", token, code,
	    code + 5)), 0);
	assert_int_equal(confirm(token), 200);
	lines = helper_log(&bed);
	assert_null(strstr(lines, token));
	assert_null(strstr(lines, EMAIL));
	free(lines);
}

/* The digest that anybody can make of every code there is. */
static const char *
digest_of_code(const char *kind, const char *email_key, const char *code)
{
	unsigned char bytes[DIGEST_SHA256_BYTES];
	const char *text = SAY("%s\n%s\n%.4s%s", kind, email_key, code,
	    code + 5);
	char *out = arena_alloc(arena, DIGEST_TOKEN_LEN + 1);

	digest_sha256(text, strlen(text), bytes);
	text_base64url(bytes, sizeof(bytes), out);
	return out;
}

static const char *
settings_with_keys(const char *const *name, size_t n)
{
	const char *list = "", *path;
	size_t i;

	for (i = 0; i < n; i++) {
		path = SAY("%s/%s", bed.dir, name[i]);
		helper_write(path, SAY("%032d", name[i][3]), 32);
		assert_int_equal(chmod(path, 0600), 0);
		list = SAY("%s%s\"%s\"", list, i > 0 ? ", " : "", path);
	}
	return SAY(SETTINGS "pepper = {%s}\n", list);
}

/*
 * B14: who has the store can try all codes on what is only a digest, and on
 * what takes the key that seals passwords none.
 */
static void
b14_code_cannot_be_tried_on_the_store_without_its_key(void **state)
{
	const char *const names[] = { "key1" };
	const char *code;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	assert_string_equal(text_by("SELECT code_hash FROM tickets"),
	    digest_of_code("registration", "alice@example.com",
	    mailed("registration", "code")));
	helper_bed_settings(&bed, settings_with_keys(names, 1));
	assert_int_equal(enroll(OTHER, PASSWORD), 202);
	code = mailed("registration", "code");
	assert_string_not_equal(text_by("SELECT code_hash FROM tickets WHERE"
	    " email_key = '" OTHER "'"), digest_of_code("registration", OTHER,
	    code));
	assert_int_equal(type_code("/users/confirm", OTHER, wrong(code)),
	    403);
	assert_int_equal(type_code("/users/confirm", OTHER, code), 200);
}

static void
first_key_alone_opens_a_code_and_a_link_takes_none(void **state)
{
	const char *const names[] = { "key2", "key1" };
	const char *code;

	(void)state;
	helper_bed_settings(&bed, settings_with_keys(names + 1, 1));
	assert_int_equal(enroll(EMAIL, PASSWORD), 202);
	code = mailed("registration", "code");
	helper_bed_settings(&bed, settings_with_keys(names, 2));
	assert_int_equal(type_code("/users/confirm", EMAIL, code), 403);
	assert_int_equal(confirm(link_token("registration")), 200);
}

/* Of mails: an address's, a host's and a network's. */
static int64_t
places_taken(void)
{
	helper_settle(&bed);
	return count("SELECT coalesce(sum(failures), 0) FROM limits"
	    " WHERE key GLOB '[mij]*'");
}

/* 512 bytes, one more than libxcrypt takes, that the policy has nothing on. */
static const char *
phrase_too_long_to_hash(void)
{
	char *phrase = arena_alloc(arena, 12 * DIGEST_TOKEN_LEN + 1);
	int i;

	for (i = 0; i < 12; i++)
		digest_token(phrase + i * DIGEST_TOKEN_LEN);
	phrase[512] = '\0';
	return phrase;
}

/* B18: where we fail, nobody has had a mail, and nobody waits for one. */
static void
b18_fault_of_ours_is_nobodys_mail(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(mailbox_register(bed.desk, arena, OTHER,
		    phrase_too_long_to_hash(), &helper_caller), OUT_FAULT);
	assert_int_equal(places_taken(), 0);
	assert_int_equal(helper_sql(bed.store,
	    "ALTER TABLE users RENAME TO away"), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(enroll(OTHER, PASSWORD), 500);
		assert_int_equal(ask_reset(EMAIL), 500);
	}
	assert_int_equal(places_taken(), 0);
	assert_int_equal(helper_sql(bed.store,
	    "ALTER TABLE away RENAME TO users"), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(enroll(OTHER, PASSWORD), 202);
	assert_int_equal(enroll(OTHER, PASSWORD), 429);
	assert_int_equal(places_taken(), 3 * 3);
	assert_int_equal(helper_sql(bed.store,
	    "ALTER TABLE mails RENAME TO away"), 0);
	assert_int_equal(ask_reset(EMAIL), 500);
	assert_int_equal(places_taken(), 3 * 3);
}

static void
without_a_transport_nothing_is_asked_for(void **state)
{
	(void)state;
	helper_bed_settings(&bed, "profile = \"standard\"\nhash_cost = 5\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), 503);
	assert_int_equal(ask_reset(EMAIL), 503);
	assert_int_equal(count("SELECT count(*) FROM mails"), 0);
}

/* What a browser does with the links. */

static struct answer *
browse(const char *method, const char *uri, const char *body)
{
	now++;
	return ASK(.method = method, .uri = uri, .body = body,
	    .type = body != NULL ? HELPER_FORM : NULL,
	    .param = { "HTTP_ACCEPT=text/html" });
}

static void
leads(struct answer *a, const char *path)
{
	assert_int_equal(a->status, 303);
	assert_string_equal(helper_header(a, "Location"), path);
}

/* A scanner that opens every link of a mail uses none of them up. */
static void
link_shows_a_button_and_does_nothing(void **state)
{
	const char *link, *token;
	struct answer *a;

	(void)state;
	leads(browse("POST", "/register", "email=" EMAIL "&password="
	    PASSWORD), "/confirm?done=check_mail");
	link = mailed("registration", "link");
	token = link_token("registration");
	assert_int_equal(browse("HEAD", link, NULL)->status, 200);
	a = browse("GET", link, NULL);
	assert_int_equal(a->status, 200);
	assert_non_null(strstr(a->body, SAY("type=\"hidden\" name=\"token\""
	    " value=\"%s\"", token)));
	assert_null(strstr(a->body, "name=\"email\""));
	assert_int_equal(count("SELECT count(*) FROM users"), 0);
	leads(browse("POST", "/confirm", SAY("token=%s", token)),
	    "/login?done=user_created");
	a = browse("POST", "/confirm", SAY("token=%s", token));
	assert_int_equal(a->status, 403);
	assert_non_null(strstr(a->body, "has been used"));
	assert_non_null(login(EMAIL, PASSWORD));
}

static void
link_that_is_not_whole_shows_no_word_of_it(void **state)
{
	struct answer *a;

	(void)state;
	a = browse("GET", "/confirm?token=%3Cscript%3E", NULL);
	assert_int_equal(a->status, 200);
	assert_null(strstr(a->body, "lt;script"));
	assert_non_null(strstr(a->body, "name=\"email\""));
	a = browse("GET", "/undo?token=short", NULL);
	assert_int_equal(a->status, 200);
	assert_null(strstr(a->body, "value=\"short"));
}

static void
code_is_typed_where_the_mail_is_announced(void **state)
{
	struct answer *a;

	(void)state;
	(void)browse("POST", "/register", "email=" EMAIL "&password="
	    PASSWORD);
	a = browse("GET", "/confirm?done=check_mail", NULL);
	assert_non_null(strstr(a->body, "name=\"email\""));
	assert_non_null(strstr(a->body, "name=\"token\""));
	assert_non_null(strstr(a->body, "autocomplete=\"one-time-code\""));
	a = browse("POST", "/confirm", "email=" EMAIL "&token=1234%205678");
	assert_int_equal(a->status, 403);
	assert_non_null(strstr(a->body, "value=\"" EMAIL "\""));
	leads(browse("POST", "/confirm", SAY("email=" EMAIL "&token=%s",
	    mailed("registration", "code"))), "/login?done=user_created");
}

/* Nobody has to type an address that the link has told already. */
static void
reset_by_link_asks_for_the_password_alone(void **state)
{
	const char *token;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	leads(browse("POST", "/reset", "email=" EMAIL),
	    "/reset/password?done=reset_mailed");
	token = link_token("reset");
	a = browse("GET", mailed("reset", "link"), NULL);
	assert_non_null(strstr(a->body, SAY("name=\"reset_token\" value="
	    "\"%s\"", token)));
	assert_null(strstr(a->body, "name=\"email\""));
	a = browse("POST", "/reset/password", SAY("reset_token=%s"
	    "&new_password=short", token));
	assert_int_equal(a->status, 400);
	assert_non_null(strstr(a->body, token));
	/* The words of the address are still no password. */
	assert_int_equal(browse("POST", "/reset/password", SAY(
	    "reset_token=%s&new_password=Alice@example.com", token))->status,
	    400);
	leads(browse("POST", "/reset/password", SAY("reset_token=%s"
	    "&new_password=" ANOTHER, token)), "/login?done=password_updated");
	assert_non_null(login(EMAIL, ANOTHER));
}

static void
browser_changes_the_address_and_undoes_it(void **state)
{
	const char *cookie;
	struct answer *a;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	now++;
	a = ASK(.method = "POST", .uri = "/account/email",
	    .type = HELPER_FORM, .body = "email=" OTHER "&password=" PASSWORD,
	    .cookie = cookie, .param = { "HTTP_ACCEPT=text/html" });
	leads(a, "/address?done=address_mailed");
	leads(browse("POST", "/address", SAY("token=%s",
	    link_token("address_change"))), "/account?done=address_changed");
	assert_string_equal(text_by("SELECT email FROM users"), OTHER);
	a = browse("GET", mailed("address_changed", "link"), NULL);
	assert_int_equal(a->status, 200);
	assert_string_equal(text_by("SELECT email FROM users"), OTHER);
	leads(browse("POST", "/undo", SAY("token=%s",
	    link_token("address_changed"))), "/reset?done=account_recovered");
	assert_string_equal(text_by("SELECT email FROM users"), EMAIL);
}

/* At one path the program has its answer and the person a page. */
static void
report_answers_programs_and_people(void **state)
{
	const char *cookie;

	(void)state;
	must_have(EMAIL, PASSWORD);
	cookie = login(EMAIL, PASSWORD);
	(void)send_in(cookie, "PUT", "/profile/password", "current_password="
	    PASSWORD "&new_password=" ANOTHER);
	assert_int_equal(browse("GET", mailed("password_changed", "link"),
	    NULL)->status, 200);
	assert_non_null(login(EMAIL, ANOTHER));
	leads(browse("POST", "/report", SAY("token=%s",
	    link_token("password_changed"))), "/reset?done=account_recovered");
	assert_null(login(EMAIL, ANOTHER));
}

/* Mails are written in the language that was asked in. */
static void
mail_is_in_the_language_of_who_asks(void **state)
{
	(void)state;
	now++;
	(void)ASK(.method = "POST", .uri = "/users", .type = HELPER_FORM,
	    .body = "email=" EMAIL "&password=" PASSWORD,
	    .param = { "HTTP_ACCEPT_LANGUAGE=fr-CH, en;q=0.5" });
	assert_string_equal(text_by("SELECT language FROM mails"), "fr");
	assert_int_equal(confirm(link_token("registration")), 200);
	assert_int_equal(ask_reset(EMAIL), 202);
	assert_string_equal(text_by("SELECT language FROM mails WHERE"
	    " kind = 'reset'"), "fr");
	assert_int_equal(ask_reset(OTHER), 202);
	assert_string_equal(text_by("SELECT language FROM mails ORDER BY"
	    " created_at DESC LIMIT 1"), "");
}

/* Anybody may have a mail sent to any address. */
static void
mail_names_a_browser_we_know_and_says_no_word_of_a_client(void **state)
{
	static const struct { const char *agent, *browser; } rows[] = {
		{ "HTTP_USER_AGENT=your account is locked, unlock it at "
		    "https://evil.example/", "" },
		{ "HTTP_USER_AGENT=Mozilla/5.0 (X11; Linux x86_64; "
		    "https://evil.example/) Firefox/120.0",
		    "Firefox, Linux" },
		{ "HTTP_USER_AGENT=curl/8.0 https://evil.example/", "curl" },
		{ "HTTP_USER_AGENT=(iPad) https://evil.example/", "iPad" },
		{ NULL, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		now++;
		assert_int_equal(ASK(.method = "POST", .uri = "/users",
		    .body = SAY("email=a%zu@example.com&password=" PASSWORD,
		    i), .type = HELPER_FORM, .param = {
		    rows[i].agent })->status, 202);
		assert_string_equal(mailed("registration", "browser"),
		    rows[i].browser);
	}
	assert_int_equal(count("SELECT count(*) FROM mails WHERE content LIKE"
	    " '%evil%' OR content LIKE '%locked%' OR content LIKE"
	    " '%Mozilla%' OR content LIKE '%5.0%'"), 0);
}

#define BOX(f)	cmocka_unit_test_setup_teardown(f, set_up, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOX(address_is_an_account_once_it_is_confirmed),
		BOX(b9_taken_address_is_told_to_its_owner_alone),
		BOX(b5_of_two_registrations_the_first_that_is_confirmed_counts),
		BOX(nobodys_password_opens_what_two_have_asked_for),
		BOX(registration_that_has_run_out_is_no_second_one),
		BOX(registration_is_worth_an_hour),
		BOX(closed_site_writes_no_mail),
		BOX(code_does_what_the_link_does),
		BOX(three_wrong_codes_burn_it_and_not_the_link),
		BOX(two_wrong_codes_do_not),
		BOX(b11_wrong_code_is_counted_whatever_its_address_has),
		BOX(v6_6_3_who_tries_codes_of_many_has_to_wait),
		BOX(v6_6_3_network_tries_a_hundred_codes),
		BOX(reset_comes_by_mail_alone),
		BOX(reset_by_code_burns_after_three),
		BOX(b9_reset_of_nobody_is_written_and_dropped),
		BOX(nobody_is_told_of_a_disabled_account),
		BOX(b2_link_is_a_path_whatever_the_request_says),
		BOX(b20_ticket_of_another_kind_is_refused),
		BOX(mails_are_in_the_language_that_the_account_has_chosen),
		BOX(new_address_counts_once_it_is_confirmed),
		BOX(address_wants_a_recent_proof),
		BOX(b9_address_that_is_taken_is_not_told_of),
		BOX(b6_only_the_address_that_got_the_mail_is_taken),
		BOX(own_address_is_no_new_one),
		BOX(former_owner_takes_the_account_back),
		BOX(thief_cannot_end_what_takes_the_account_back),
		BOX(who_loses_the_account_by_an_undoing_is_told),
		BOX(password_of_an_administrator_ends_every_ticket),
		BOX(change_of_address_ends_with_the_sessions_of_others),
		BOX(change_of_address_is_not_begun_in_a_session_that_has_ended),
		BOX(reset_of_a_former_address_opens_nothing),
		BOX(account_whose_address_is_taken_is_disabled_instead),
		BOX(who_did_not_do_it_ends_it),
		BOX(owner_is_told_of_a_new_browser_beside_others),
		BOX(account_that_goes_is_told_so),
		BOX(mails_stay_with_an_account_that_stays),
		BOX(v6_4_1_invitation_by_mail_is_for_who_has_the_mailbox),
		BOX(second_invitation_ends_the_first),
		BOX(invitation_is_written_in_the_language_that_is_said),
		BOX(b18_mail_that_cannot_be_written_leaves_no_ticket),
		BOX(administrator_mails_nothing_where_no_mail_goes),
		BOX(administrator_mails_a_reset_to_its_owner),
		BOX(export_after_a_move_begins_with_the_move),
		BOX(export_of_who_took_the_account_back_begins_there),
		BOX(export_after_a_report_shows_what_was_tried_before),
		BOX(export_goes_no_further_back_than_the_trail_does),
		BOX(export_shows_which_mails_wait_and_went),
		BOX(fourth_mail_to_an_address_waits),
		BOX(nobody_uses_up_the_resets_of_another),
		BOX(tickets_hold_hashes_alone),
		BOX(b14_code_cannot_be_tried_on_the_store_without_its_key),
		BOX(first_key_alone_opens_a_code_and_a_link_takes_none),
		BOX(b18_fault_of_ours_is_nobodys_mail),
		BOX(without_a_transport_nothing_is_asked_for),
		BOX(link_shows_a_button_and_does_nothing),
		BOX(link_that_is_not_whole_shows_no_word_of_it),
		BOX(code_is_typed_where_the_mail_is_announced),
		BOX(reset_by_link_asks_for_the_password_alone),
		BOX(browser_changes_the_address_and_undoes_it),
		BOX(report_answers_programs_and_people),
		BOX(mail_is_in_the_language_of_who_asks),
		BOX(mail_names_a_browser_we_know_and_says_no_word_of_a_client),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
