/* The law: accounts, sessions and resets, and what must never work. */
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

#include "address.h"
#include "digest.h"
#include "log.h"
#include "stage.h"
#include "text.h"

#define EMAIL		"Bob@Example.com"
#define PASSWORD	"MySecretPwd"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"
#define STANDARD	"profile = \"standard\"\nhash_cost = 5\n"
#define MINUTE		INT64_C(60000)
#define THREADS		50

#define FROM(token_)	(&(const struct caller){ .token = (token_),	\
    .host = "192.0.2.1/32", .network = "192.0.2.0/24",			\
    .user_agent = "test" })

static enum outcome
enroll(const char *email, const char *password)
{
	return auth_register(desk, arena, email, password, &helper_caller);
}

static enum outcome
login(const char *email, const char *password, const char **token)
{
	struct grant grant = { .token = NULL };
	enum outcome outcome;

	outcome = auth_login(desk, arena, email, password, FROM(NULL), &grant);
	if (token != NULL)
		*token = grant.token;
	return outcome;
}

static const char *
must_login(const char *email, const char *password)
{
	const char *token;

	assert_int_equal(login(email, password, &token), OUT_LOGGED_IN);
	return token;
}

static enum outcome
whose(const char *token)
{
	struct session s;

	return auth_whose(desk, arena, FROM(token), &s);
}

static const char *
must_begin(const char *email)
{
	struct grant grant;

	assert_int_equal(mailbox_reset_begin(desk, arena, email, &helper_caller, &grant),
	    OUT_RESET_STARTED);
	assert_int_equal(grant.seconds, 3600);
	return grant.token;
}

static enum outcome
finish(const char *email, const char *token, const char *password)
{
	return mailbox_reset_finish(desk, arena, email, token, password,
	    &helper_caller);
}

/* Addresses. */

static void
b7_addresses_compare_as_people_and_dns_do(void **state)
{
	static const struct {
		const char	*email, *key;
	} rows[] = {
		{ "a@b", "a@b" },
		{ "Bob@Example.COM", "bob@example.com" },
		{ "A.!#$%&'*+/=?^_`{|}~-Z@b", "a.!#$%&'*+/=?^_`{|}~-z@b" },
		{ "a..b@c", "a..b@c" },
		{ ".a.@c", ".a.@c" },
		{ "a@r3---x.b", "a@r3---x.b" },
		{ "1@2.3", "1@2.3" },
		/* Umlaut as one character, as two, in upper case, as IDN. */
		{ "a@b\xc3\xbc" "cher.ex", "a@xn--bcher-kva.ex" },
		{ "a@bu\xcc\x88" "cher.ex", "a@xn--bcher-kva.ex" },
		{ "A@B\xc3\x9c" "CHER.EX", "a@xn--bcher-kva.ex" },
		{ "a@XN--BCHER-KVA.ex", "a@xn--bcher-kva.ex" },
		/* Sharp s is a letter of its own in IDNA 2008. */
		{ "a@fa\xc3\x9f.ex", "a@xn--fa-hia.ex" },
		{ "a@fass.ex", "a@fass.ex" },
		/* Long s, Kelvin sign, full-width letters and full stop. */
		{ "a@\xc5\xbfite.ex", "a@site.ex" },
		{ "a@\xe2\x84\xaa" "elvin.ex", "a@kelvin.ex" },
		{ "a@\xef\xbd\x85\xef\xbd\x98.ex", "a@ex.ex" },
		{ "a@b\xe3\x80\x82" "ex", "a@b.ex" },
		/* Dotless and dotted i are letters of their own. */
		{ "a@s\xc4\xb1te.ex", "a@xn--ste-jua.ex" },
	};
	const char *key;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		key = address_key(arena, rows[i].email);
		if (key == NULL)
			fail_msg("%s is an address", rows[i].email);
		assert_string_equal(key, rows[i].key);
	}
}

/* B7, B8: nobody's address, or one that could be read in two ways. */
static const char *const no_address[] = {
	"", "@", "a", "a@", "@b", "@@", "a@b@c", "a@good.ex@evil.ex",
	"a@b,c@d", "a@b;c@d", "<a@b>", "Bob <a@b>", "mailto:a@b@c",
	"\"a\"@b", "\"a b\"@c", "\"a@b\"@c", "a(x)@b", "a@b(x)", "a\\@b",
	"a@[127.0.0.1]", "a@[IPv6:::1]", "a@b:25", "a@b/c", "a@b?c", "a@b#c",
	"a@.b", "a@b.", "a@b..c", "a@.", "a@-b", "a@b-", "a@b.-c", "a@b-.c",
	"a@b_c", "a@*.b", "a@b c", "a b@c", " a@b", "a@b ", "\ta@b", "a@b\n",
	"a@b\r\nBcc: c@d", "a\r\n@b", "a\x01@b", "a\x7f@b", "a@b\x7f",
	"a@xn--", "a@xn--\xc3\xbc",
	/* Characters that fold to a letter of ASCII, before the at sign. */
	"\xc5\xbf@b", "\xe2\x84\xaa@b", "\xc4\xb1@b", "\xc4\xb0@b",
	"\xc3\x9f@b", "a\xcc\x81@b", "\xef\xbd\x81@b",
	/* At signs of other widths, spaces that do not show. */
	"a\xef\xbc\xa0z", "a@b\xef\xbc\xa0z", "a\xef\xb9\xabz",
	"a@b\xc2\xa0", "a\xe2\x80\x8b@b", "a@b\xe2\x80\xaez",
	"\xef\xbb\xbfz@b", "\xff@b", "a@\xff",
};

static void
b8_what_is_no_address_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(no_address); i++)
		if (address_key(arena, no_address[i]) != NULL)
			fail_msg("\"%s\" is no address", no_address[i]);
}

static void
addresses_end_at_their_lengths(void **state)
{
	const char *label = repeated("b", 63), *email;

	(void)state;
	assert_non_null(address_key(arena, arena_printf(arena, "%s@b",
	    repeated("a", 252))));
	assert_null(address_key(arena, arena_printf(arena, "%s@b",
	    repeated("a", 253))));
	assert_non_null(address_key(arena, arena_printf(arena, "a@%s",
	    label)));
	assert_null(address_key(arena, arena_printf(arena, "a@%sb",
	    label)));
	email = arena_printf(arena, "%s@%s.%s.%s", repeated("a", 62), label,
	    label, label);
	assert_int_equal(strlen(email), 254);
	assert_non_null(address_key(arena, email));
	assert_null(address_key(arena, arena_printf(arena, "a%s",
	    email)));
	assert_null(address_key(arena, repeated("a", 16000)));
	assert_null(address_key(arena, arena_printf(arena, "a@%s",
	    repeated(".", 16000))));
}

/* Registering and logging in. */

static void
account_session_and_logout(void **state)
{
	struct session s;
	const char *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_login(EMAIL, PASSWORD);
	assert_int_equal(strlen(token), DIGEST_TOKEN_LEN);
	assert_true(text_is_base64url(token, DIGEST_TOKEN_LEN));
	assert_int_equal(auth_whose(desk, arena, FROM(token), &s), OUT_PROFILE);
	assert_string_equal(s.email, EMAIL);
	assert_int_equal(auth_logout(desk, arena, &s), OUT_LOGGED_OUT);
	assert_int_equal(whose(token), OUT_NO_SESSION);
	assert_int_equal(auth_logout(desk, arena, &s), OUT_NO_SESSION);
}

static void
b7_variants_of_an_address_are_one_account(void **state)
{
	static const char *const variants[] = {
		"bob@example.com", "BOB@EXAMPLE.COM", "bOB@example.COM",
		"bob@ex\xef\xbd\x81mple.com", ("bob@example\xef\xbc\x8e" "com"),
	};
	struct session s;
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < HELPER_COUNT(variants); i++) {
		assert_int_equal(enroll(variants[i], "other"),
		    OUT_EMAIL_TAKEN);
		assert_int_equal(auth_whose(desk, arena,
		    FROM(must_login(variants[i], PASSWORD)), &s),
		    OUT_PROFILE);
		assert_string_equal(s.email, EMAIL);
		assert_int_equal(login(variants[i], "other", NULL),
		    OUT_BAD_CREDENTIALS);
	}
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static void
wrong_credentials_start_nothing(void **state)
{
	static const char *const wrong[] = {
		"", "mysecretpwd", "MySecretPw", "MySecretPwd ",
		" MySecretPwd", "*0", "*1", "$y$j75$",
	};
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < HELPER_COUNT(wrong); i++)
		assert_int_equal(login(EMAIL, wrong[i], NULL),
		    OUT_BAD_CREDENTIALS);
	assert_int_equal(login("alice@example.com", PASSWORD, NULL),
	    OUT_BAD_CREDENTIALS);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
}

/* The hash itself is no password, and nothing else is sent about. */
static void
stored_hash_logs_nobody_in(void **state)
{
	struct user u;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	assert_int_equal(store_user_by_email(desk->store, arena,
	    "bob@example.com", &u), STORE_OK);
	assert_int_equal(login(EMAIL, u.password_hash, NULL),
	    OUT_BAD_CREDENTIALS);
}

static int64_t
cpu_of_login(const char *email)
{
	int64_t start = helper_cpu_ms();

	assert_int_equal(login(email, "wrong", NULL), OUT_BAD_CREDENTIALS);
	return helper_cpu_ms() - start;
}

/* B10: whether there is an account cannot be told from the work. */
static void
b10_unknown_address_costs_one_hash(void **state)
{
	int64_t known = INT64_MAX, unknown = INT64_MAX, took;
	int i;

	(void)state;
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 5\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < 5; i++) {
		took = cpu_of_login(EMAIL);
		known = took < known ? took : known;
		took = cpu_of_login("alice@example.com");
		unknown = took < unknown ? took : unknown;
	}
	assert_true(known >= 4);
	if (unknown * 2 < known || known * 2 < unknown)
		fail_msg("%d ms for a user, %d for nobody", (int)known,
		    (int)unknown);
}

static void
password_may_have_511_bytes(void **state)
{
	char *password = repeated("p", 511);

	(void)state;
	assert_int_equal(enroll(EMAIL, password), OUT_USER_CREATED);
	(void)must_login(EMAIL, password);
	password[510] = 'q';
	assert_int_equal(login(EMAIL, password, NULL), OUT_BAD_CREDENTIALS);
	password[510] = '\0';
	assert_int_equal(login(EMAIL, password, NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(enroll("a@b", repeated("p", 512)), OUT_FAULT);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static void
sessions_of_users_do_not_mix(void **state)
{
	const char *alice, *bob;
	struct session s;

	(void)state;
	assert_int_equal(enroll("alice@b", "1"), OUT_USER_CREATED);
	assert_int_equal(enroll("bob@b", "2"), OUT_USER_CREATED);
	alice = must_login("alice@b", "1");
	bob = must_login("bob@b", "2");
	assert_int_equal(auth_whose(desk, arena, FROM(alice), &s), OUT_PROFILE);
	assert_string_equal(s.email, "alice@b");
	assert_int_equal(auth_logout(desk, arena, &s), OUT_LOGGED_OUT);
	assert_int_equal(auth_whose(desk, arena, FROM(bob), &s), OUT_PROFILE);
	assert_string_equal(s.email, "bob@b");
}

/* B4: what a missing cookie may look like is nobody's session. */
static void
b4_placeholders_are_no_session(void **state)
{
	static const char *const tokens[] = { NULL, "", "null", "None",
	    "undefined", "0", "*",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < HELPER_COUNT(tokens); i++)
		assert_int_equal(whose(tokens[i]), OUT_NO_SESSION);
}

/* B13: a part of a token, or more than one, is none. */
static void
b13_parts_of_a_token_are_no_session(void **state)
{
	char token[DIGEST_TOKEN_LEN + 2];
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	memcpy(token, must_login(EMAIL, PASSWORD), DIGEST_TOKEN_LEN + 1);
	assert_int_equal(whose(token), OUT_PROFILE);
	assert_int_equal(whose(token + 1), OUT_NO_SESSION);
	for (i = 0; i < DIGEST_TOKEN_LEN; i++) {
		token[i] = (char)(token[i] == 'x' ? 'y' : 'x');
		assert_int_equal(whose(token), OUT_NO_SESSION);
	}
}

/* B19: what the caller chose is never taken over, and ends. */
static void
b19_login_never_adopts_a_session(void **state)
{
	char chosen[DIGEST_TOKEN_LEN + 1];
	struct grant grant;
	const char *old;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	digest_token(chosen);
	assert_int_equal(auth_login(desk, arena, EMAIL, PASSWORD, FROM(chosen),
	    &grant), OUT_LOGGED_IN);
	assert_string_not_equal(grant.token, chosen);
	assert_int_equal(whose(chosen), OUT_NO_SESSION);
	old = grant.token;
	assert_int_equal(auth_login(desk, arena, EMAIL, PASSWORD, FROM(old),
	    &grant), OUT_LOGGED_IN);
	assert_string_not_equal(grant.token, old);
	assert_int_equal(whose(old), OUT_NO_SESSION);
	assert_int_equal(whose(grant.token), OUT_PROFILE);
}

static void
failed_login_leaves_the_session_it_brought(void **state)
{
	struct grant grant;
	const char *old;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	old = must_login(EMAIL, PASSWORD);
	assert_int_equal(auth_login(desk, arena, EMAIL, "wrong", FROM(old),
	    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(whose(old), OUT_PROFILE);
	assert_int_equal(auth_login(desk, arena, EMAIL, PASSWORD, FROM("junk"),
	    &grant), OUT_LOGGED_IN);
	assert_int_equal(whose(old), OUT_PROFILE);
}

/* Time. */

static void
session_lives_as_long_as_set(void **state)
{
	struct grant grant;

	(void)state;
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 1\n"
	    "session_lifetime = 60\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	assert_int_equal(auth_login(desk, arena, EMAIL, PASSWORD, FROM(NULL),
	    &grant), OUT_LOGGED_IN);
	assert_int_equal(grant.seconds, 60);
	now += MINUTE - 1;
	assert_int_equal(whose(grant.token), OUT_PROFILE);
	now += 1;
	assert_int_equal(whose(grant.token), OUT_NO_SESSION);
}

static void
session_lives_seven_days_by_default(void **state)
{
	const char *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_login(EMAIL, PASSWORD);
	now += 7 * 24 * 60 * MINUTE - 1;
	assert_int_equal(whose(token), OUT_PROFILE);
	now += 1;
	assert_int_equal(whose(token), OUT_NO_SESSION);
}

/* Nobody has to think of a new one because time has passed. */
static void
v6_2_10_password_has_no_end(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	now += INT64_C(10) * 365 * 24 * 60 * MINUTE;
	(void)must_login(EMAIL, PASSWORD);
}

static void
reset_token_lives_sixty_minutes(void **state)
{
	const char *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_begin(EMAIL);
	now += 60 * MINUTE;
	assert_int_equal(finish(EMAIL, token, "new"), OUT_BAD_RESET_TOKEN);
	token = must_begin(EMAIL);
	now += 60 * MINUTE - 1;
	assert_int_equal(finish(EMAIL, token, "new"), OUT_PASSWORD_UPDATED);
}

/* Resets. */

static void
reset_changes_the_password_and_ends_all_sessions(void **state)
{
	const char *a, *b, *other, *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	assert_int_equal(enroll("alice@b", "1"), OUT_USER_CREATED);
	a = must_login(EMAIL, PASSWORD);
	b = must_login(EMAIL, PASSWORD);
	other = must_login("alice@b", "1");
	token = must_begin(EMAIL);
	assert_int_equal(whose(a), OUT_PROFILE);
	assert_int_equal(finish("bOB@EXAMPLE.com", token, "new"),
	    OUT_PASSWORD_UPDATED);
	assert_int_equal(whose(a), OUT_NO_SESSION);
	assert_int_equal(whose(b), OUT_NO_SESSION);
	assert_int_equal(whose(other), OUT_PROFILE);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_BAD_CREDENTIALS);
	(void)must_login(EMAIL, "new");
}

static void
b5_reset_token_works_once(void **state)
{
	const char *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_begin(EMAIL);
	assert_int_equal(finish(EMAIL, token, "1"), OUT_PASSWORD_UPDATED);
	assert_int_equal(finish(EMAIL, token, "2"), OUT_BAD_RESET_TOKEN);
	(void)must_login(EMAIL, "1");
}

static void
b3_token_belongs_to_its_address(void **state)
{
	const char *alice, *bob;

	(void)state;
	assert_int_equal(enroll("alice@b", "1"), OUT_USER_CREATED);
	assert_int_equal(enroll("bob@b", "2"), OUT_USER_CREATED);
	alice = must_begin("alice@b");
	bob = must_begin("bob@b");
	assert_int_equal(finish("bob@b", alice, "x"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(finish("alice@b", bob, "x"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(finish("carol@b", bob, "x"), OUT_BAD_RESET_TOKEN);
	(void)must_login("alice@b", "1");
	(void)must_login("bob@b", "2");
	assert_int_equal(finish("alice@b", alice, "x"),
	    OUT_PASSWORD_UPDATED);
	(void)must_login("bob@b", "2");
}

static void
b4_placeholders_reset_nothing(void **state)
{
	static const char *const tokens[] = { "", "null", "None",
	    "undefined", "0", "*",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	size_t i, pending;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (pending = 0; pending < 2; pending++) {
		for (i = 0; i < HELPER_COUNT(tokens); i++)
			assert_int_equal(finish(EMAIL, tokens[i], "x"),
			    OUT_BAD_RESET_TOKEN);
		(void)must_begin(EMAIL);
	}
	(void)must_login(EMAIL, PASSWORD);
}

static void
one_pending_reset_an_account(void **state)
{
	const char *first, *second;
	struct grant grant;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	first = must_begin(EMAIL);
	second = must_begin("bob@example.COM");
	assert_string_not_equal(first, second);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 1);
	assert_int_equal(finish(EMAIL, first, "x"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(finish(EMAIL, second, "x"), OUT_PASSWORD_UPDATED);
	assert_int_equal(mailbox_reset_begin(desk, arena, "alice@b", &helper_caller, &grant),
	    OUT_UNKNOWN_ADDRESS);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

static void
b20_tokens_of_another_kind_are_refused(void **state)
{
	const char *session, *reset;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	session = must_login(EMAIL, PASSWORD);
	reset = must_begin(EMAIL);
	assert_int_equal(whose(reset), OUT_NO_SESSION);
	assert_int_equal(finish(EMAIL, session, "x"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(whose(session), OUT_PROFILE);
	assert_int_equal(finish(EMAIL, reset, "x"), OUT_PASSWORD_UPDATED);
}

/* Refused before the hash: a guess costs us nothing. */
static void
bad_reset_token_costs_no_hash(void **state)
{
	char token[DIGEST_TOKEN_LEN + 1];
	int64_t start;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 8\n");
	digest_token(token);
	start = helper_cpu_ms();
	assert_int_equal(finish(EMAIL, token, "new"), OUT_BAD_RESET_TOKEN);
	assert_in_range(helper_cpu_ms() - start, 0, 40);
}

/* What stands in the files. */

static void
is_nowhere(const char *secret)
{
	char wal[HELPER_PATH_MAX + 8];

	(void)snprintf(wal, sizeof(wal), "%s-wal", bed.store);
	assert_int_equal(helper_grep(bed.store, secret, strlen(secret)), 0);
	assert_int_equal(helper_grep(wal, secret, strlen(secret)), 0);
	assert_int_equal(helper_grep(bed.log, secret, strlen(secret)), 0);
}

static void
b14_no_secret_is_stored(void **state)
{
	const char *session, *reset;
	char hash[DIGEST_TOKEN_LEN + 1], wal[HELPER_PATH_MAX + 8];

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	session = must_login(EMAIL, PASSWORD);
	reset = must_begin(EMAIL);
	is_nowhere(session);
	is_nowhere(reset);
	is_nowhere(PASSWORD);
	assert_int_equal(finish(EMAIL, reset, "AnotherPwd"),
	    OUT_PASSWORD_UPDATED);
	is_nowhere(reset);
	is_nowhere("AnotherPwd");
	/* The files are those that are written to. */
	assert_true(digest_token_hash(reset, hash));
	(void)snprintf(wal, sizeof(wal), "%s-wal", bed.store);
	assert_true(helper_grep(wal, hash, strlen(hash)) > 0);
	assert_true(helper_grep(wal, "bob@example.com", 15) > 0);
}

/* Hashes. */

static void
set_hash(const char *hash)
{
	assert_int_equal(helper_sql(bed.store, arena_printf(arena,
	    "PRAGMA ignore_check_constraints=ON;"
	    "UPDATE users SET password_hash = '%s'", hash)), SQLITE_OK);
}

static int64_t
hashes_that_begin(const char *prefix)
{
	return count(arena_printf(arena, "SELECT count(*) FROM users WHERE"
	    " password_hash LIKE '%s%%'", prefix));
}

/* By the name that is in the store as well, and without a flood. */
static void
missing_key_was_told_once(void)
{
	char *log = helper_log(&bed);
	const char *line = arena_printf(arena,
	    "\"event\":\"key.missing\",\"key\":\"%s\"}",
	    text_by("SELECT substr(password_hash, 7, 8) FROM users"));

	assert_true(helper_log_valid(log));
	assert_non_null(strstr(log, line));
	assert_null(strstr(strstr(log, line) + strlen(line),
	    "key.missing"));
	free(log);
}

/* B18: a key that is not here lets nobody in. */
static void
hash_is_sealed_at_login_and_opens_with_its_key_alone(void **state)
{
	const char *key = arena_printf(arena, "%s/key", bed.dir);

	(void)state;
	helper_write(key, "0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, arena_printf(arena, COMPAT
	    "pepper = {\"%s\"}\n", key));
	assert_int_equal(login(EMAIL, "wrong", NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(hashes_that_begin("$y$"), 1);
	(void)must_login(EMAIL, PASSWORD);
	assert_int_equal(hashes_that_begin("$hmac$"), 1);
	(void)must_login(EMAIL, PASSWORD);
	assert_int_equal(login(EMAIL, "wrong", NULL), OUT_BAD_CREDENTIALS);
	helper_bed_settings(&bed, COMPAT);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_FAULT);
	assert_int_equal(login(EMAIL, "wrong", NULL), OUT_FAULT);
	missing_key_was_told_once();
}

static void
weaker_hash_is_upgraded_at_login(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	assert_int_equal(hashes_that_begin("$y$j75$"), 1);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 2\n");
	assert_int_equal(login(EMAIL, "wrong", NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(hashes_that_begin("$y$j75$"), 1);
	assert_int_equal(whose(must_login(EMAIL, PASSWORD)), OUT_PROFILE);
	assert_int_equal(hashes_that_begin("$y$j85$"), 1);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 1\n");
	assert_int_equal(whose(must_login(EMAIL, PASSWORD)), OUT_PROFILE);
	assert_int_equal(hashes_that_begin("$y$j85$"), 1);
}

static void
hash_of_another_scheme_is_upgraded_at_login(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	set_hash("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uB"
	    "nIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1");
	(void)must_login(EMAIL, "Hello world!");
	assert_int_equal(hashes_that_begin("$y$j75$"), 1);
	(void)must_login(EMAIL, "Hello world!");
}

/* "passwoerd" with its accents apart, as some keyboards give them, and whole */
#define APART	"pa\xcc\x88sswo\xcc\x88rd"
#define WHOLE	"p\xc3\xa4ssw\xc3\xb6rd"

static enum outcome
login_typed(const char *password, const char *typed)
{
	struct caller from = *FROM(NULL);
	struct grant grant;

	from.typed = typed;
	return auth_login(desk, arena, EMAIL, password, &from, &grant);
}

/*
 * Another system hashed what was typed.  From then on it is NFC, also where
 * that system made the same kind of hash at the same cost.
 */
static void
hash_of_what_was_typed_is_made_one_of_nfc(void **state)
{
	static const char *const hashes[] = {
		"$2b$04$abcdefghijklmnopqrstuum.H8tSlPhQn/VuSVJi6xI9ZNXWmk.Zu",
		("$y$j75$saltsaltsaltsalt$JLKJDenrmTIhQc2V9LxEXJjNqPolKY8qRTPl"
		    "hRrt/90"),
	};
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < HELPER_COUNT(hashes); i++) {
		set_hash(hashes[i]);
		assert_int_equal(login_typed(WHOLE, NULL),
		    OUT_BAD_CREDENTIALS);
		assert_int_equal(login_typed("wrong", "wrong too"),
		    OUT_BAD_CREDENTIALS);
		assert_int_equal(login_typed(WHOLE, APART), OUT_LOGGED_IN);
		assert_int_equal(login_typed(WHOLE, NULL), OUT_LOGGED_IN);
	}
	set_hash("$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC");
	assert_int_equal(login_typed(WHOLE, APART), OUT_LOGGED_IN);
	assert_int_equal(login_typed(WHOLE, NULL), OUT_LOGGED_IN);
}

/* bcrypt was told of 72 bytes: from the first login on the others count. */
static void
password_beyond_72_bytes_is_upgraded_whole(void **state)
{
	char *password = repeated("x", 100);

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	set_hash("$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i");
	(void)must_login(EMAIL, password);
	assert_int_equal(hashes_that_begin("$y$j75$"), 1);
	(void)must_login(EMAIL, password);
	assert_int_equal(login(EMAIL, repeated("x", 72), NULL),
	    OUT_BAD_CREDENTIALS);
}

/* B71: also where such a row got past the schema. */
static void
b71_failure_tokens_log_nobody_in(void **state)
{
	static const char *const hashes[] = { "*0", "*1", "*", "" };
	static const char *const passwords[] = { "*0", "*1", "*", "x" };
	size_t i, j;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	for (i = 0; i < HELPER_COUNT(hashes); i++) {
		set_hash(hashes[i]);
		for (j = 0; j < HELPER_COUNT(passwords); j++)
			assert_int_not_equal(login(EMAIL, passwords[j],
			    NULL), OUT_LOGGED_IN);
	}
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
}

/* B18: a hash that is none lets nobody in, and tells nothing. */
static void
b18_broken_hash_opens_nothing(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	set_hash("$9$broken");
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(login(EMAIL, "$9$broken", NULL),
	    OUT_BAD_CREDENTIALS);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
}

/* The profile standard. */

static void
standard_registers_and_resets_by_mail_only(void **state)
{
	struct grant grant;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, STANDARD);
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_NO_MAIL);
	assert_int_equal(enroll("a@b", "sixteen letters!"), OUT_NO_MAIL);
	assert_int_equal(enroll("a@b", "short"), OUT_NO_MAIL);
	assert_int_equal(mailbox_reset_begin(desk, arena, EMAIL, &helper_caller, &grant),
	    OUT_NO_MAIL);
	assert_int_equal(mailbox_reset_begin(desk, arena, "a@b", &helper_caller, &grant),
	    OUT_NO_MAIL);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	(void)must_login(EMAIL, PASSWORD);
	assert_int_equal(hashes_that_begin("$y$j9T$"), 1);
}

/* The same to everybody, and before anything is looked at. */
static void
b9_registration_by_invitation_or_closed_tells_nobody_anything(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, COMPAT "registration = \"invite\"\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_INVITE_ONLY);
	assert_int_equal(enroll("a@b", PASSWORD), OUT_INVITE_ONLY);
	helper_bed_settings(&bed, STANDARD "registration = \"closed\"\n");
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_REGISTRATION_CLOSED);
	assert_int_equal(enroll("a@b", "1"), OUT_REGISTRATION_CLOSED);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static enum outcome
invite(const char *email, struct grant *out)
{
	return auth_invite(desk, arena, &(const struct invitation){
	    .email = email }, out);
}

/* 6.4.1: 256 bits, a day, once, and replaced at first use. */
static void
v6_4_1_invitation_opens_nothing_but_the_choice_of_a_password(void **state)
{
	struct grant first, second;

	(void)state;
	assert_int_equal(invite("Guest@example.com", &first), OUT_RESET_STARTED);
	assert_int_equal(strlen(first.token), 43);
	assert_int_equal(first.seconds, 24 * 60 * 60);
	assert_int_equal(login("guest@example.com", PASSWORD, NULL),
	    OUT_BAD_CREDENTIALS);
	assert_int_equal(login("guest@example.com", first.token, NULL),
	    OUT_BAD_CREDENTIALS);
	assert_int_equal(invite("guest@example.com", &second), OUT_RESET_STARTED);
	assert_int_equal(finish("guest@example.com", first.token, PASSWORD),
	    OUT_BAD_RESET_TOKEN);
	assert_int_equal(finish("guest@example.com", second.token, PASSWORD),
	    OUT_PASSWORD_UPDATED);
	assert_int_equal(finish("guest@example.com", second.token, "again"),
	    OUT_BAD_RESET_TOKEN);
	(void)must_login("guest@example.com", PASSWORD);
	assert_int_equal(invite("guest@example.com", &first), OUT_EMAIL_TAKEN);
}

/* B16: no password is not the empty one. */
static void
b16_account_without_a_password_is_opened_by_none(void **state)
{
	static const char *const tries[] = { "", " ", "$none$", "*", "*0",
		"               ", "none" };
	struct grant grant;
	size_t i;

	(void)state;
	assert_int_equal(invite(EMAIL, &grant),
	    OUT_RESET_STARTED);
	for (i = 0; i < HELPER_COUNT(tries); i++)
		assert_int_equal(login(EMAIL, tries[i], NULL),
		    OUT_BAD_CREDENTIALS);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
}

static void
standard_wants_fifteen_characters(void **state)
{
	static const char *const shorter[] = {
		"1", "12345678901234",
		("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
	};
	const char *token;
	size_t i;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_begin(EMAIL);
	helper_bed_settings(&bed, STANDARD);
	for (i = 0; i < HELPER_COUNT(shorter); i++)
		assert_int_equal(finish(EMAIL, token, shorter[i]),
		    OUT_PASSWORD_SHORT);
	assert_int_equal(finish(EMAIL, token, "123456789012345"),
	    OUT_WEAK_SEQUENCE);
	assert_int_equal(finish(EMAIL, token, "482917365028417"),
	    OUT_PASSWORD_UPDATED);
	(void)must_login(EMAIL, "482917365028417");
}

/* Nothing about the address or the token is told before. */
static void
password_is_judged_before_anything_else(void **state)
{
	const char *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	token = must_begin(EMAIL);
	helper_bed_settings(&bed, STANDARD);
	assert_int_equal(finish(EMAIL, "no token", "passwordpassword"),
	    OUT_WEAK_REPEATS);
	assert_int_equal(finish("nobody@example.org", token,
	    "passwordpassword"), OUT_WEAK_REPEATS);
	assert_int_equal(finish(EMAIL, token, "bob.example.com/2024"),
	    OUT_PASSWORD_CONTEXT);
	/* A site without mail tells nobody anything. */
	assert_int_equal(enroll("a@b", "passwordpassword"), OUT_NO_MAIL);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_LOGGED_IN);
	assert_int_equal(finish(EMAIL, token, "bicycle with lemon ice"),
	    OUT_PASSWORD_UPDATED);
}

/* The address is that of the session; its owner has shown who it is. */
static void
change_of_a_password_is_judged_too(void **state)
{
	struct session s;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	assert_int_equal(auth_whose(desk, arena,
	    FROM(must_login(EMAIL, PASSWORD)), &s), OUT_PROFILE);
	helper_bed_settings(&bed, STANDARD);
	assert_int_equal(auth_change_password(desk, arena, &s, "wrong",
	    "passwordpassword"), OUT_WRONG_PASSWORD);
	assert_int_equal(auth_change_password(desk, arena, &s, PASSWORD,
	    "bob@example.com/1"), OUT_PASSWORD_CONTEXT);
	assert_int_equal(auth_change_password(desk, arena, &s, PASSWORD,
	    "passwordpassword"), OUT_WEAK_REPEATS);
	assert_int_equal(auth_change_password(desk, arena, &s, PASSWORD,
	    "kfjwhqnzmxbtrp"), OUT_PASSWORD_SHORT);
	assert_int_equal(auth_change_password(desk, arena, &s, PASSWORD,
	    "kfjwhqnzmxbtrpd"), OUT_PASSWORD_CHANGED);
	assert_int_equal(login(EMAIL, "kfjwhqnzmxbtrpd", NULL),
	    OUT_LOGGED_IN);
}

static void
settings_can_ask_more_of_compat(void **state)
{
	(void)state;
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 1\n"
	    "password_bits = 20\n");
	assert_int_equal(enroll(EMAIL, "qwerty"), OUT_WEAK_WORDS);
	assert_int_equal(enroll(EMAIL, "kfjwhqnz"), OUT_USER_CREATED);
}

static void
compat_takes_one_character(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, "x"), OUT_USER_CREATED);
	assert_int_equal(finish(EMAIL, must_begin(EMAIL), "y"),
	    OUT_PASSWORD_UPDATED);
	(void)must_login(EMAIL, "y");
	assert_int_equal(enroll("a@b", ""), OUT_PASSWORD_SHORT);
}

/* Many at a time, each at a desk of its own. */

struct race {
	enum outcome	(*step)(struct auth *, struct arena *, size_t);
	enum outcome	 said[THREADS];
};

static void
run_step(size_t index, void *arg)
{
	struct race *r = arg;
	struct arena *a = arena_new();
	struct bed guest;

	helper_guest(&guest, &bed);
	r->said[index] = r->step(guest.desk, a, index);
	helper_guest_close(&guest);
	arena_free(a);
}

/* How many were told good; the others must have been told bad. */
static size_t
run_race(enum outcome (*step)(struct auth *, struct arena *, size_t),
    size_t threads, enum outcome good, enum outcome bad)
{
	struct race r = { .step = step };
	size_t i, n = 0;

	helper_threads(threads, run_step, &r);
	for (i = 0; i < threads; i++) {
		if (r.said[i] != good && r.said[i] != bad)
			fail_msg("outcome %d", (int)r.said[i]);
		n += r.said[i] == good;
	}
	return n;
}

static enum outcome
step_register(struct auth *mine, struct arena *a, size_t i)
{
	static const char *const variants[] = { "bob@example.com",
	    "BOB@example.com", "bob@EXAMPLE.com", "Bob@Example.Com",
	    "bob@ex\xef\xbd\x81mple.com" };

	return auth_register(mine, a, variants[i % HELPER_COUNT(variants)],
	    PASSWORD, &helper_caller);
}

static void
b5_parallel_registrations_give_one_account(void **state)
{
	(void)state;
	assert_int_equal(run_race(step_register, THREADS, OUT_USER_CREATED,
	    OUT_EMAIL_TAKEN), 1);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static const char *shared_token;

static enum outcome
step_finish(struct auth *mine, struct arena *a, size_t i)
{
	return mailbox_reset_finish(mine, a, EMAIL, shared_token,
	    arena_printf(a, "password %zu", i), &helper_caller);
}

static void
b5_parallel_uses_of_a_token_give_one_success(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	shared_token = must_begin(EMAIL);
	assert_int_equal(run_race(step_finish, THREADS, OUT_PASSWORD_UPDATED,
	    OUT_BAD_RESET_TOKEN), 1);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_BAD_CREDENTIALS);
}

static enum outcome
step_login(struct auth *mine, struct arena *a, size_t i)
{
	struct grant grant;

	(void)i;
	return auth_login(mine, a, EMAIL, PASSWORD, FROM(NULL), &grant);
}

/* The first one that upgrades the hash must not turn the others away. */
static void
parallel_logins_with_a_weak_hash_all_succeed(void **state)
{
	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 3\n");
	assert_int_equal(run_race(step_login, 16, OUT_LOGGED_IN,
	    OUT_BAD_CREDENTIALS), 16);
	assert_int_equal(hashes_that_begin("$y$j7T$"), 1);
}

#define LOGINS	12

static char won[THREADS][LOGINS][DIGEST_TOKEN_LEN + 1];

static void
login_or_reset(size_t index, void *arg)
{
	struct arena *a = arena_new();
	struct grant grant;
	struct bed guest;
	size_t i;

	helper_guest(&guest, &bed);
	for (i = 0; index > 0 && i < LOGINS; i++)
		if (auth_login(guest.desk, a, EMAIL, PASSWORD, FROM(NULL),
		    &grant) == OUT_LOGGED_IN)
			memcpy(won[index][i], grant.token,
			    DIGEST_TOKEN_LEN + 1);
	if (index == 0)
		*(enum outcome *)arg = mailbox_reset_finish(guest.desk, a,
		    EMAIL, shared_token, "new", &helper_caller);
	helper_guest_close(&guest);
	arena_free(a);
}

/* B21: a login with the old password that is under way when it changes. */
static void
b21_login_racing_a_reset_leaves_no_session(void **state)
{
	enum outcome outcome;
	size_t round, i, j;

	(void)state;
	for (round = 0; round < 5; round++) {
		now += MINUTE;
		(void)helper_sql(bed.store, "DELETE FROM users");
		assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
		shared_token = must_begin(EMAIL);
		memset(won, 0, sizeof(won));
		helper_threads(5, login_or_reset, &outcome);
		assert_int_equal(outcome, OUT_PASSWORD_UPDATED);
		for (i = 0; i < THREADS; i++)
			for (j = 0; j < LOGINS; j++)
				assert_int_equal(whose(won[i][j]),
				    OUT_NO_SESSION);
		assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
		(void)must_login(EMAIL, "new");
	}
}

/* Accounts that are disabled. */

static void
disable(const char *key)
{
	assert_int_equal(store_user_disable(desk->store, arena, key, now, NULL),
	    STORE_OK);
}

static void
disabled_account_is_answered_as_a_wrong_password(void **state)
{
	const char *session, *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	session = must_login(EMAIL, PASSWORD);
	token = must_begin(EMAIL);
	disable("bob@example.com");
	assert_int_equal(whose(session), OUT_NO_SESSION);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(login(EMAIL, "wrong", NULL), OUT_BAD_CREDENTIALS);
	assert_int_equal(finish(EMAIL, token, "new"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(mailbox_reset_begin(desk, arena, EMAIL, &helper_caller,
	    &(struct grant){ .token = NULL }), OUT_UNKNOWN_ADDRESS);
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_EMAIL_TAKEN);
	assert_int_equal(store_user_enable(desk->store, arena,
	    "bob@example.com", NULL), STORE_OK);
	assert_int_equal(whose(session), OUT_NO_SESSION);
	assert_int_equal(finish(EMAIL, token, "new"), OUT_BAD_RESET_TOKEN);
	(void)must_login(EMAIL, PASSWORD);
}

static int64_t
cpu_with(const char *email, const char *password)
{
	int64_t start, took, least = INT64_MAX;
	int i;

	for (i = 0; i < 5; i++) {
		start = helper_cpu_ms();
		assert_int_equal(login(email, password, NULL),
		    OUT_BAD_CREDENTIALS);
		took = helper_cpu_ms() - start;
		least = took < least ? took : least;
	}
	return least;
}

/* Neither that it is disabled nor that the password is right can be told. */
static void
disabled_account_costs_one_hash(void **state)
{
	int64_t right, wrong, nobody;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	helper_bed_settings(&bed, "profile = \"compat\"\nhash_cost = 5\n");
	disable("bob@example.com");
	right = cpu_with(EMAIL, PASSWORD);
	wrong = cpu_with(EMAIL, "wrong");
	nobody = cpu_with("alice@example.com", "wrong");
	assert_true(nobody >= 4);
	if (right * 2 < nobody || nobody * 2 < right || wrong * 2 < nobody ||
	    nobody * 2 < wrong)
		fail_msg("%d ms with the right one, %d with a wrong one, %d "
		    "for nobody", (int)right, (int)wrong, (int)nobody);
}

static void
login_or_disable(size_t index, void *arg)
{
	struct arena *a = arena_new();
	struct grant grant;
	struct bed guest;
	size_t i;

	helper_guest(&guest, &bed);
	for (i = 0; index > 0 && i < LOGINS; i++)
		if (auth_login(guest.desk, a, EMAIL, PASSWORD, FROM(NULL),
		    &grant) == OUT_LOGGED_IN)
			memcpy(won[index][i], grant.token,
			    DIGEST_TOKEN_LEN + 1);
	if (index == 0)
		*(enum store_status *)arg = store_user_disable(
		    guest.desk->store, a, "bob@example.com", now, NULL);
	helper_guest_close(&guest);
	arena_free(a);
}

static void
login_racing_a_disable_leaves_no_session(void **state)
{
	enum store_status status;
	size_t round, i, j;

	(void)state;
	for (round = 0; round < 5; round++) {
		(void)helper_sql(bed.store, "DELETE FROM users");
		assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
		memset(won, 0, sizeof(won));
		helper_threads(5, login_or_disable, &status);
		assert_int_equal(status, STORE_OK);
		for (i = 0; i < THREADS; i++)
			for (j = 0; j < LOGINS; j++)
				assert_int_equal(whose(won[i][j]),
				    OUT_NO_SESSION);
		assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	}
}

/* What an administrator may. */

static void
administrator_makes_accounts_in_standard(void **state)
{
	struct grant grant;

	(void)state;
	helper_bed_settings(&bed, STANDARD);
	assert_int_equal(enroll(EMAIL, "purple fifteen letters"), OUT_NO_MAIL);
	assert_int_equal(auth_user_add(desk, arena, EMAIL, "fourteen chars"),
	    OUT_PASSWORD_SHORT);
	assert_int_equal(auth_user_add(desk, arena, EMAIL,
	    "purple fifteen letters"), OUT_USER_CREATED);
	assert_int_equal(auth_user_add(desk, arena, "bob@EXAMPLE.com",
	    "purple fifteen letters"), OUT_EMAIL_TAKEN);
	(void)must_login(EMAIL, "purple fifteen letters");
	assert_int_equal(mailbox_reset_make(desk, arena, EMAIL, MAILBOX_RESET_SECONDS, &grant),
	    OUT_RESET_STARTED);
	assert_int_equal(finish(EMAIL, grant.token, "another purple fifteen"),
	    OUT_PASSWORD_UPDATED);
	(void)must_login(EMAIL, "another purple fifteen");
	disable("bob@example.com");
	assert_int_equal(mailbox_reset_make(desk, arena, EMAIL, MAILBOX_RESET_SECONDS, &grant),
	    OUT_UNKNOWN_ADDRESS);
}

static void
administrator_sets_passwords(void **state)
{
	const char *session, *token;

	(void)state;
	assert_int_equal(enroll(EMAIL, PASSWORD), OUT_USER_CREATED);
	session = must_login(EMAIL, PASSWORD);
	token = must_begin(EMAIL);
	assert_int_equal(auth_user_password(desk, arena, "BOB@example.com",
	    "new"), OUT_PASSWORD_UPDATED);
	assert_int_equal(whose(session), OUT_NO_SESSION);
	assert_int_equal(finish(EMAIL, token, "mine"), OUT_BAD_RESET_TOKEN);
	assert_int_equal(login(EMAIL, PASSWORD, NULL), OUT_BAD_CREDENTIALS);
	(void)must_login(EMAIL, "new");
	assert_int_equal(auth_user_password(desk, arena, EMAIL, ""),
	    OUT_PASSWORD_SHORT);
	assert_int_equal(auth_user_password(desk, arena, "no@body", "new"),
	    OUT_UNKNOWN_ADDRESS);
}

/*
 * B1: any order of calls, with tokens live and dead, of the right account
 * and the wrong one.  A model says what each must answer; a password changes
 * only after a call that carried the live token of that very account.
 */

static const char *const people[] = { "alice@b", "bob@b" };

struct model {
	const char	*password;
	const char	*live;		/* reset token, or NULL */
	int64_t		 until;
	const char	*tokens[64];	/* all that were ever handed out */
	size_t		 n;
};

static struct model model[2];
static uint32_t seed;

static uint32_t
dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % sides;
}

static void
model_begin(size_t who)
{
	struct model *m = &model[who];

	m->live = must_begin(people[who]);
	m->until = now + 60 * MINUTE;
	m->tokens[m->n++ % HELPER_COUNT(m->tokens)] = m->live;
}

static const char *
some_token(void)
{
	struct model *m = &model[dice(2)];
	size_t have = m->n < HELPER_COUNT(m->tokens) ? m->n :
	    HELPER_COUNT(m->tokens);

	if (m->live != NULL && dice(4) > 0)
		return m->live;
	if (have == 0 || dice(4) == 0)
		return dice(2) == 0 ? "" : "null";
	return m->tokens[dice((uint32_t)have)];
}

static void
model_finish(size_t who, size_t step)
{
	const char *token = some_token(), *password;
	struct model *m = &model[who];
	bool good = m->live != NULL && strcmp(token, m->live) == 0 &&
	    now < m->until;

	password = arena_printf(arena, "password %zu", step);
	assert_int_equal(finish(people[who], token, password), good ?
	    OUT_PASSWORD_UPDATED : OUT_BAD_RESET_TOKEN);
	if (good) {
		m->password = password;
		m->live = NULL;
	}
}

static void
model_step(size_t step)
{
	size_t who = dice(2);

	switch (dice(8)) {
	case 0:
	case 1:
		model_begin(who);
		break;
	case 2:
		now += MINUTE * (int64_t)dice(50);
		break;
	case 3:
		assert_int_equal(login(people[who], model[1 - who].password,
		    NULL), OUT_BAD_CREDENTIALS);
		(void)must_login(people[who], model[who].password);
		break;
	default:
		model_finish(who, step);
		break;
	}
}

static void
b1_password_changes_only_with_its_live_token(void **state)
{
	size_t step, who;

	(void)state;
	seed = 20;
	memset(model, 0, sizeof(model));
	for (who = 0; who < 2; who++) {
		model[who].password = people[who];
		assert_int_equal(enroll(people[who], people[who]),
		    OUT_USER_CREATED);
	}
	for (step = 0; step < 500; step++)
		model_step(step);
	for (who = 0; who < 2; who++)
		(void)must_login(people[who], model[who].password);
}

#define LAW(f)	cmocka_unit_test_setup_teardown(f, stage_clock, stage_clear)

static const struct CMUnitTest tests[] = {
	LAW(b7_addresses_compare_as_people_and_dns_do),
	LAW(b8_what_is_no_address_is_refused),
	LAW(addresses_end_at_their_lengths),
	LAW(account_session_and_logout),
	LAW(b7_variants_of_an_address_are_one_account),
	LAW(wrong_credentials_start_nothing),
	LAW(stored_hash_logs_nobody_in),
	LAW(b10_unknown_address_costs_one_hash),
	LAW(password_may_have_511_bytes),
	LAW(sessions_of_users_do_not_mix),
	LAW(b4_placeholders_are_no_session),
	LAW(b13_parts_of_a_token_are_no_session),
	LAW(b19_login_never_adopts_a_session),
	LAW(failed_login_leaves_the_session_it_brought),
	LAW(session_lives_as_long_as_set),
	LAW(session_lives_seven_days_by_default),
	LAW(v6_2_10_password_has_no_end),
	LAW(reset_token_lives_sixty_minutes),
	LAW(reset_changes_the_password_and_ends_all_sessions),
	LAW(b5_reset_token_works_once),
	LAW(b3_token_belongs_to_its_address),
	LAW(b4_placeholders_reset_nothing),
	LAW(one_pending_reset_an_account),
	LAW(b20_tokens_of_another_kind_are_refused),
	LAW(bad_reset_token_costs_no_hash),
	LAW(b14_no_secret_is_stored),
	LAW(weaker_hash_is_upgraded_at_login),
	LAW(hash_of_another_scheme_is_upgraded_at_login),
	LAW(hash_of_what_was_typed_is_made_one_of_nfc),
	LAW(password_beyond_72_bytes_is_upgraded_whole),
	LAW(b71_failure_tokens_log_nobody_in),
	LAW(b18_broken_hash_opens_nothing),
	LAW(standard_registers_and_resets_by_mail_only),
	LAW(hash_is_sealed_at_login_and_opens_with_its_key_alone),
	LAW(b9_registration_by_invitation_or_closed_tells_nobody_anything),
	LAW(v6_4_1_invitation_opens_nothing_but_the_choice_of_a_password),
	LAW(b16_account_without_a_password_is_opened_by_none),
	LAW(standard_wants_fifteen_characters),
	LAW(password_is_judged_before_anything_else),
	LAW(change_of_a_password_is_judged_too),
	LAW(settings_can_ask_more_of_compat),
	LAW(compat_takes_one_character),
	LAW(b5_parallel_registrations_give_one_account),
	LAW(b5_parallel_uses_of_a_token_give_one_success),
	LAW(parallel_logins_with_a_weak_hash_all_succeed),
	LAW(b21_login_racing_a_reset_leaves_no_session),
	LAW(disabled_account_is_answered_as_a_wrong_password),
	LAW(disabled_account_costs_one_hash),
	LAW(login_racing_a_disable_leaves_no_session),
	LAW(administrator_makes_accounts_in_standard),
	LAW(administrator_sets_passwords),
	LAW(b1_password_changes_only_with_its_live_token),
};

int
main(void)
{
	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
