/* Sessions: when they end, who sees them, who may end them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "digest.h"
#include "json.h"
#include "reply.h"
#include "stage.h"
#include "text.h"

#define EMAIL		"bob@example.com"
#define OTHER		"alice@example.com"
#define PASSWORD	"MySecretPwd"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"
#define SECOND		INT64_C(1000)
#define MINUTE		(60 * SECOND)
#define DAY		(24 * 60 * MINUTE)

#define ASK(...)	helper_ask(&bed, &(const struct request){ __VA_ARGS__ })

static int
set_up(void **state)
{
	(void)stage_clock(state);
	assert_int_equal(auth_register(desk, arena, EMAIL, PASSWORD, &helper_caller),
	    OUT_USER_CREATED);
	assert_int_equal(auth_register(desk, arena, OTHER, PASSWORD, &helper_caller),
	    OUT_USER_CREATED);
	return 0;
}

static struct caller
from(const char *token, bool present)
{
	return (struct caller){ .token = token, .present = present,
	    .host = "192.0.2.1/32", .network = "192.0.2.0/24",
	    .user_agent = "test" };
}

static const char *
login_from(const char *email, const char *brought)
{
	const struct caller caller = from(brought, true);
	struct grant grant;

	assert_int_equal(auth_login(desk, arena, email, PASSWORD, &caller,
	    &grant), OUT_LOGGED_IN);
	return grant.token;
}

static const char *
login(const char *email)
{
	return login_from(email, NULL);
}

static enum outcome
seen(const char *token, bool present)
{
	const struct caller caller = from(token, present);
	struct session s;

	return auth_whose(desk, arena, &caller, &s);
}

static struct session
session_of(const char *token)
{
	const struct caller caller = from(token, false);
	struct session s;

	assert_int_equal(auth_whose(desk, arena, &caller, &s), OUT_PROFILE);
	return s;
}

static bool
lives(const char *token)
{
	return seen(token, false) == OUT_PROFILE;
}

/* When they end. */

static void
idle_session_ends(void **state)
{
	const char *token;

	(void)state;
	helper_bed_settings(&bed, COMPAT "session_idle = 300\n");
	token = login(EMAIL);
	now += 300 * SECOND - 1;
	assert_true(lives(token));
	now += 1;
	assert_false(lives(token));
}

static void
person_who_comes_keeps_a_session_to_its_end(void **state)
{
	int64_t start = now;
	const char *token;

	(void)state;
	helper_bed_settings(&bed, COMPAT "session_idle = 300\n"
	    "session_lifetime = 3600\n");
	token = login(EMAIL);
	while (now + 4 * MINUTE < start + 60 * MINUTE) {
		now += 4 * MINUTE;
		assert_int_equal(seen(token, true), OUT_PROFILE);
		helper_settle(&bed);
	}
	now = start + 60 * MINUTE - 1;
	assert_true(lives(token));
	now += 1;
	assert_int_equal(seen(token, true), OUT_NO_SESSION);
}

static void
polling_keeps_no_session_alive(void **state)
{
	const char *token;
	int i;

	(void)state;
	helper_bed_settings(&bed, COMPAT "session_idle = 300\n");
	token = login(EMAIL);
	for (i = 0; i < 4; i++) {
		now += MINUTE + SECOND;
		assert_int_equal(seen(token, false), OUT_PROFILE);
		helper_settle(&bed);
	}
	assert_int_equal(count("SELECT count(*) FROM sessions WHERE"
	    " last_seen_at = created_at"), 1);
	now += MINUTE;
	assert_false(lives(token));
}

static void
standard_ends_idle_sessions_after_a_day(void **state)
{
	struct conf *conf;

	(void)state;
	conf = helper_conf("profile = \"standard\"\n");
	assert_int_equal(conf->session_idle, 24 * 3600);
	assert_int_equal(conf->session_lifetime, 7 * 24 * 3600);
	assert_int_equal(conf->session_limit, 10);
	assert_false(conf->touch_any);
	conf_free(conf);
}

static void
person_is_noted_once_a_minute(void **state)
{
	const char *token = login(EMAIL);
	int64_t start = now;

	(void)state;
	now += MINUTE - 1;
	assert_int_equal(seen(token, true), OUT_PROFILE);
	helper_settle(&bed);
	assert_int_equal(count("SELECT last_seen_at FROM sessions"), start);
	now += 1;
	assert_int_equal(seen(token, true), OUT_PROFILE);
	assert_int_equal(seen(token, true), OUT_PROFILE);
	helper_settle(&bed);
	assert_int_equal(count("SELECT last_seen_at FROM sessions"), now);
	now += MINUTE - 1;
	assert_int_equal(seen(token, true), OUT_PROFILE);
	helper_settle(&bed);
	assert_int_equal(count("SELECT last_seen_at FROM sessions"),
	    now - MINUTE + 1);
}

/* A request that was let in before the end writes after it. */
static void
b21_request_in_flight_revives_no_session(void **state)
{
	const char *token = login(EMAIL), *second = login(EMAIL);
	struct session s = session_of(token), t = session_of(second);

	(void)state;
	assert_int_equal(auth_logout(desk, arena, &s), OUT_LOGGED_OUT);
	store_session_seen(desk->store, &s, now + MINUTE, now + DAY,
	    now + MINUTE);
	helper_settle(&bed);
	assert_false(lives(token));
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
	now += 8 * DAY;
	store_session_seen(desk->store, &t, now, now + DAY, now - MINUTE);
	helper_settle(&bed);
	assert_false(lives(second));
}

static void
presence_is_what_acts_or_navigates(void **state)
{
	static const struct {
		const char	*method, *uri, *mode;
		bool		 present;
	} rows[] = {
		{ "GET", "/profile", NULL, false },
		{ "HEAD", "/profile", NULL, false },
		{ "GET", "/profile", "cors", false },
		{ "GET", "/profile", "no-cors", false },
		{ "GET", "/profile", "navigate, cors", false },
		{ "GET", "/profile", "navigate", true },
		{ "DELETE", "/sessions/others", NULL, true },
	};
	char cookie[128], mode[64];
	size_t i;

	(void)state;
	(void)snprintf(cookie, sizeof(cookie), "session_id=%s",
	    login(EMAIL));
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		now += MINUTE;
		(void)snprintf(mode, sizeof(mode), "HTTP_SEC_FETCH_MODE=%s",
		    rows[i].mode != NULL ? rows[i].mode : "");
		assert_true(ASK(.method = rows[i].method, .uri = rows[i].uri,
		    .cookie = cookie, .param = { mode })->status < 300);
		helper_settle(&bed);
		assert_int_equal(count("SELECT last_seen_at FROM sessions")
		    == now, rows[i].present);
	}
	helper_bed_settings(&bed, COMPAT "session_touch = \"any\"\n");
	now += MINUTE;
	assert_int_equal(ASK(.uri = "/profile", .cookie = cookie)->status,
	    200);
	helper_settle(&bed);
	assert_int_equal(count("SELECT last_seen_at FROM sessions"), now);
}

/* How many there are. */

static void
eleventh_session_ends_the_oldest(void **state)
{
	const char *token[12], *alien = login(OTHER);
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(token); i++, now++)
		token[i] = login(EMAIL);
	assert_false(lives(token[0]));
	assert_false(lives(token[1]));
	for (i = 2; i < HELPER_COUNT(token); i++)
		assert_true(lives(token[i]));
	assert_true(lives(alien));
}

static void
newest_session_stays_however_few_there_may_be(void **state)
{
	const char *first, *second;

	(void)state;
	helper_bed_settings(&bed, COMPAT "session_limit = 1\n");
	first = login(EMAIL);		/* both in the same millisecond */
	second = login(EMAIL);
	assert_false(lives(first));
	assert_true(lives(second));
}

static void
session_that_a_login_brought_makes_room(void **state)
{
	const char *token[10], *next;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(token); i++, now++)
		token[i] = login(EMAIL);
	next = login_from(EMAIL, token[5]);
	for (i = 0; i < HELPER_COUNT(token); i++)
		assert_int_equal(lives(token[i]), i != 5);
	assert_true(lives(next));
}

/* What has expired goes. */

static void
add_sessions(size_t n, int64_t expires)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "WITH RECURSIVE c (i) AS (SELECT 1"
	    " UNION ALL SELECT i + 1 FROM c WHERE i < %zu)"
	    " INSERT INTO sessions (token_hash, user_id, created_at,"
	    " expires_at, ends_at) SELECT substr(lower(hex(randomblob(22))),"
	    " 1, 43), (SELECT id FROM users WHERE email = '" OTHER "'), 1,"
	    " %lld, %lld FROM c", n, (long long)expires, (long long)expires);
	assert_int_equal(helper_sql(bed.store, sql), SQLITE_OK);
}

static void
await(const char *sql, int64_t number)
{
	int tries;

	for (tries = 0; tries < 1000 && count(sql) != number; tries++)
		(void)usleep(10000);
	assert_int_equal(count(sql), number);
}

static void
expired_rows_are_swept_and_live_ones_stay(void **state)
{
	const char *token = login(EMAIL);
	struct grant reset;

	(void)state;
	assert_int_equal(mailbox_reset_begin(desk, arena, EMAIL, &helper_caller, &reset),
	    OUT_RESET_STARTED);
	add_sessions(1300, now);
	add_sessions(7, now + 1);
	store_sweep(bed.db, now);
	await("SELECT count(*) FROM sessions", 8);
	assert_true(lives(token));
	assert_int_equal(count("SELECT count(*) FROM tickets"), 1);
	now += 60 * MINUTE;
	store_sweep(bed.db, now);
	await("SELECT count(*) FROM tickets", 0);
	await("SELECT count(*) FROM sessions", 1);
}

/* What was swept does not come back with the time. */
static void
clock_set_back_revives_nothing_that_was_swept(void **state)
{
	const char *token = login(EMAIL);

	(void)state;
	now += 8 * DAY;
	store_sweep(bed.db, now);
	helper_settle(&bed);
	now -= 8 * DAY;
	assert_false(lives(token));
}

static void
many_steps_let_others_write_in_between(void **state)
{
	(void)state;
	add_sessions(20000, now);
	store_sweep(bed.db, now);
	helper_settle(&bed);
	assert_true(count("SELECT count(*) FROM sessions") > 0);
	await("SELECT count(*) FROM sessions", 0);
}

/* The doors. */

static const char *
cookie_of(const char *token)
{
	return arena_printf(arena, "session_id=%s", token);
}

static void
is_answer(struct answer *a, int status, const char *body)
{
	if (a->status != status || strcmp(a->body, body) != 0)
		fail_msg("%d %s, not %d %s", a->status, a->body, status,
		    body);
}

static const char *
id_of(const char *token)
{
	struct session s = session_of(token);

	return auth_session_id(arena, &s);
}

static struct answer *
end(const char *token, const char *id)
{
	return ASK(.method = "DELETE", .cookie = cookie_of(token),
	    .uri = arena_printf(arena, "/sessions/%s", id));
}

static void
list_shows_ones_own_the_newest_first(void **state)
{
	const char *first = login(EMAIL), *second;
	struct answer *a;

	(void)state;
	(void)login(OTHER);
	now += 1500;
	a = ASK(.method = "POST", .uri = "/sessions", .type = HELPER_FORM,
	    .body = "email=" EMAIL "&password=" PASSWORD,
	    .client = "2001:db8:7:8::9", .param = {
	    "HTTP_USER_AGENT=Moz\"illa\x1b\x7f\xc3\xa9" });
	assert_int_equal(a->status, 403);	/* compat serves loopback */
	helper_bed_settings(&bed, COMPAT "compat_remote = true\n");
	a = ASK(.method = "POST", .uri = "/sessions", .type = HELPER_FORM,
	    .body = "email=" EMAIL "&password=" PASSWORD,
	    .client = "2001:db8:7:8::9", .param = {
	    "HTTP_USER_AGENT=Moz\"illa\x1b\x7f\xc3\xa9" });
	second = arena_strdup(arena, helper_cookie(a, "session_id"));
	is_answer(ASK(.uri = "/sessions", .cookie = cookie_of(first)), 200,
	    arena_printf(arena, "{\"sessions\":[{\"id\":\"%s\","
	    "\"created\":\"2023-11-14T22:13:21.500Z\","
	    "\"last_seen\":\"2023-11-14T22:13:21.500Z\","
	    "\"network\":\"2001:db8:7::/48\","
	    "\"user_agent\":\"Moz\\\"illa\?\?\?\?\",\"current\":false},"
	    "{\"id\":\"%s\",\"created\":\"2023-11-14T22:13:20.000Z\","
	    "\"last_seen\":\"2023-11-14T22:13:20.000Z\","
	    "\"network\":\"192.0.2.0/24\",\"user_agent\":\"test\","
	    "\"current\":true}]}\n", id_of(second), id_of(first)));
	is_answer(ASK(.uri = "/sessions"), 403,
	    "{\"message\":\"no session\"}\n");
}

static void
ids_of_sessions_open_nothing(void **state)
{
	const char *token = login(EMAIL);
	struct session s = session_of(token);
	const char *id = auth_session_id(arena, &s);

	(void)state;
	assert_string_not_equal(id, token);
	assert_string_not_equal(id, s.token_hash);
	assert_false(lives(id));
	assert_false(lives(s.token_hash));
	is_answer(end(token, token), 404,
	    "{\"message\":\"no such session\"}\n");
	is_answer(end(token, s.token_hash), 404,
	    "{\"message\":\"no such session\"}\n");
	assert_true(lives(token));
}

static void
one_session_is_ended_and_no_other(void **state)
{
	const char *mine = login(EMAIL), *old = login(EMAIL);
	const char *alien = login(OTHER), *id = id_of(old);
	struct answer *a;

	(void)state;
	is_answer(end(mine, id), 204, "");
	assert_false(lives(old));
	assert_true(lives(mine));
	is_answer(end(mine, id), 404,
	    "{\"message\":\"no such session\"}\n");
	is_answer(end(mine, id_of(alien)), 404,
	    "{\"message\":\"no such session\"}\n");
	assert_true(lives(alien));
	a = end(mine, id_of(mine));
	is_answer(a, 204, "");
	assert_string_equal(helper_cookie(a, "session_id"), "");
	assert_false(lives(mine));
	assert_int_equal(end(mine, id)->status, 403);
}

static void
only_an_id_is_a_sessions_path(void **state)
{
	static const char *const paths[] = { "", "x", "..", "others/", "%6fthers",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	const char *mine = login(EMAIL);
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(paths); i++)
		is_answer(end(mine, paths[i]), 404,
		    "{\"message\":\"not found\"}\n");
}

static void
others_are_ended_and_this_one_stays(void **state)
{
	const char *mine = login(EMAIL), *a = login(EMAIL), *b = login(EMAIL);
	const char *alien = login(OTHER);

	(void)state;
	is_answer(ASK(.method = "DELETE", .uri = "/sessions/others",
	    .cookie = cookie_of(mine)), 204, "");
	assert_true(lives(mine));
	assert_false(lives(a));
	assert_false(lives(b));
	assert_true(lives(alien));
	assert_int_equal(ASK(.method = "DELETE", .uri = "/sessions/others",
	    .cookie = cookie_of(a))->status, 403);
}

/* Proof of presence. */

static struct answer *
confirm(const char *token, const char *password)
{
	return ASK(.method = "POST", .uri = "/sessions/confirm",
	    .cookie = cookie_of(token), .type = HELPER_FORM,
	    .body = arena_printf(arena, "password=%s", password));
}

static struct answer *
export(const char *token)
{
	return ASK(.uri = "/profile/export", .cookie = cookie_of(token),
	    .param = { "HTTP_ACCEPT=application/problem+json" });
}

static void
v7_5_1_proof_of_the_password_lasts_five_minutes(void **state)
{
	const char *token = login(EMAIL), *second = login(EMAIL);

	(void)state;
	now += 5 * MINUTE - 1;
	assert_int_equal(export(token)->status, 200);
	now += 1;
	assert_int_equal(export(token)->status, 403);
	assert_string_equal(helper_member(export(token), "code"),
	    "reauth_required");
	is_answer(confirm(token, "wrong"), 403,
	    "{\"message\":\"wrong password\"}\n");
	assert_int_equal(export(token)->status, 403);
	is_answer(confirm(token, PASSWORD), 204, "");
	assert_int_equal(export(token)->status, 200);
	assert_int_equal(export(second)->status, 403);
	now -= MINUTE;
	assert_int_equal(export(token)->status, 403);
}

static void
export_holds_what_is_held(void **state)
{
	const char *token = login(EMAIL);
	const struct membership groups[] = { { .group = "staff" },
	    { .group = "admin" } };

	(void)state;
	assert_int_equal(store_groups_change(desk->store, arena, EMAIL, false,
	    groups, 2, NULL), STORE_OK);
	is_answer(export(token), 200, arena_printf(arena,
	    "{\"sessions\":[{\"id\":\"%s\","
	    "\"created\":\"2023-11-14T22:13:20.000Z\","
	    "\"last_seen\":\"2023-11-14T22:13:20.000Z\","
	    "\"network\":\"192.0.2.0/24\",\"user_agent\":\"test\","
	    "\"current\":true}],\"email\":\"" EMAIL "\","
	    "\"created\":\"2023-11-14T22:13:20.000Z\","
	    "\"language\":\"auto\",\"groups\":["
	    "{\"name\":\"admin\"},{\"name\":\"staff\"}],\"devices\":[],"
	    "\"events\":[{\"time\":\"2023-11-14T22:13:20.000Z\","
	    "\"event\":\"login.succeeded\",\"result\":\"done\","
	    "\"network\":\"\",\"door\":\"\"},"
	    "{\"time\":\"2023-11-14T22:13:20.000Z\","
	    "\"event\":\"user.created\",\"result\":\"done\","
	    "\"network\":\"\",\"door\":\"\"}],\"mails\":[]}\n",
	    id_of(token)));
}

/* A new password from who knows the old one. */

static struct answer *
change(const char *token, const char *current, const char *fresh)
{
	return ASK(.method = "PUT", .uri = "/profile/password",
	    .cookie = cookie_of(token), .type = HELPER_FORM,
	    .body = arena_printf(arena, "current_password=%s&new_password=%s",
	    current, fresh));
}

static void
v6_2_3_new_password_wants_the_old_one(void **state)
{
	const char *mine = login(EMAIL), *old = login(EMAIL);
	const char *alien = login(OTHER);
	struct grant reset;

	(void)state;
	assert_int_equal(mailbox_reset_begin(desk, arena, EMAIL, &helper_caller, &reset),
	    OUT_RESET_STARTED);
	is_answer(ASK(.method = "PUT", .uri = "/profile/password",
	    .cookie = cookie_of(mine), .type = HELPER_FORM,
	    .body = "new_password=x"), 400,
	    "{\"message\":\"current_password is missing\"}\n");
	is_answer(change(mine, "wrong", "Fresh"), 403,
	    "{\"message\":\"wrong password\"}\n");
	assert_true(lives(old));
	is_answer(change(mine, PASSWORD, "Fresh"), 200,
	    "{\"message\":\"Password updated\"}\n");
	assert_true(lives(mine));
	assert_false(lives(old));
	assert_true(lives(alien));
	assert_int_equal(mailbox_reset_finish(desk, arena, EMAIL, reset.token,
	    "again", &helper_caller), OUT_BAD_RESET_TOKEN);
	is_answer(change(mine, PASSWORD, "Other"), 403,
	    "{\"message\":\"wrong password\"}\n");
	assert_int_equal(confirm(mine, "Fresh")->status, 204);
}

/* One's account. */

static struct answer *
delete_account(const char *token, const char *password)
{
	return ASK(.method = "DELETE", .uri = "/profile",
	    .cookie = cookie_of(token), .type = HELPER_JSON,
	    .body = arena_printf(arena, "{\"password\":\"%s\"}", password));
}

static void
deleted_account_leaves_nothing(void **state)
{
	const char *mine = login(EMAIL), *old = login(EMAIL);
	const char *alien = login(OTHER);
	struct grant grant;
	struct answer *a;

	(void)state;
	assert_int_equal(mailbox_reset_begin(desk, arena, EMAIL, &helper_caller, &grant),
	    OUT_RESET_STARTED);
	is_answer(delete_account(mine, "wrong"), 403,
	    "{\"message\":\"wrong password\"}\n");
	assert_true(lives(mine));
	a = delete_account(mine, PASSWORD);
	is_answer(a, 204, "");
	assert_string_equal(helper_cookie(a, "session_id"), "");
	assert_false(lives(mine));
	assert_false(lives(old));
	assert_true(lives(alien));
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	assert_int_equal(auth_login(desk, arena, EMAIL, PASSWORD,
	    &(const struct caller){ .host = "", .network = "",
	    .user_agent = "" },
	    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(auth_register(desk, arena, EMAIL, "anew", &helper_caller),
	    OUT_USER_CREATED);
	assert_false(lives(mine));
}

static void
set_another_password(void)
{
	assert_int_equal(auth_user_password(desk, arena, EMAIL, "another"),
	    OUT_PASSWORD_UPDATED);
}

static void
disable(void)
{
	assert_int_equal(store_user_disable(desk->store, arena, EMAIL, now,
	    NULL), STORE_OK);
}

static void
end_all(void)
{
	assert_int_equal(store_sessions_end_every(desk->store, arena, NULL),
	    STORE_OK);
}

static void (*meanwhile)(void);

/* Whoever asks for the time has looked at the account, and hashes next. */
static int64_t
tell_time_late(void)
{
	void (*happen)(void) = meanwhile;

	meanwhile = NULL;
	if (happen != NULL)
		happen();
	return now;
}

/* A password that was right is no longer enough once it has been replaced. */
static void
b21_deletion_that_was_overtaken_deletes_nothing(void **state)
{
	void (*const events[])(void) = { end_all, disable,
	    set_another_password };
	struct session mine;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(events); i++) {
		assert_int_equal(store_user_enable(desk->store, arena, EMAIL,
		    NULL), STORE_OK);
		mine = session_of(login(EMAIL));
		meanwhile = events[i];
		clock_replace(tell_time_late);
		assert_int_equal(auth_delete(desk, arena, &mine, PASSWORD),
		    OUT_NO_SESSION);
		clock_replace(stage_now);
		assert_int_equal(count("SELECT count(*) FROM users"), 2);
	}
}

/* A store of the release before. */

static void
fail_with(const char *message)
{
	fail_msg("%s", message);
}

static size_t
copies_in(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		n += strstr(entry->d_name, ".before-1-") != NULL;
	(void)closedir(d);
	return n;
}

#define USER_ID	"'1234567890123456789012'"

/* A store of the first schema, with an account that has a session. */
static void
make_first(const char *path)
{
	struct db_schema first = *store_schema();
	enum db_refusal why;
	struct db *db;

	first.migrations = 1;
	first.statements = 0;
	db = db_open(path, &first, &why, fail_with);
	assert_non_null(db);
	db_close(db);
	assert_int_equal(helper_sql(path, "INSERT INTO users VALUES ("
	    USER_ID ", 'a@b', 'a@b', '$y$a', 5);"
	    "INSERT INTO sessions VALUES ("
	    "'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', " USER_ID
	    ", 7, 9)"), SQLITE_OK);
}

static void
sessions_come_over_from_the_first_schema(void **state)
{
	char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX + 16];
	enum db_refusal why;
	struct db *db;

	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/old.db", dir);
	make_first(path);
	db = store_open(path, &why, fail_with);
	assert_non_null(db);
	store_shut(db);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM sessions"
	    " WHERE created_at = 7 AND last_seen_at = 7 AND proved_at = 7"
	    " AND expires_at = 9 AND ends_at = 9 AND network = ''"
	    " AND user_agent = ''"), 1);
	assert_int_equal(copies_in(dir), 1);
	helper_dir_remove(dir);
}

static void
browsers_are_forgotten_in_a_copy(void **state)
{
	char copy[HELPER_PATH_MAX * 2];

	(void)state;
	assert_int_equal(helper_sql(bed.store, "INSERT INTO devices SELECT"
	    " printf('%043d', 1), id, 1, 9000000000000 FROM users"), 0);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", bed.dir);
	assert_true(db_copy(bed.db, copy));
	assert_true(helper_number(copy, "SELECT count(*) FROM devices") > 0);
	assert_int_equal(store_close_copy(copy, arena, &(const struct entry){
	    .event = "store.restored" }), STORE_OK);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM devices"),
	    0);
}

/* Also of a schema in which there are no mails, and no audit trail. */
static void
sessions_end_in_a_copy_of_the_first_schema(void **state)
{
	char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX + 16];

	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/old.db", dir);
	make_first(path);
	assert_int_equal(store_close_copy(path, arena, &(const struct entry){
	    .event = "store.restored" }), STORE_OK);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM sessions"),
	    0);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM users"),
	    1);
	assert_int_equal(helper_number(path, "SELECT count(*) FROM"
	    " audit_events WHERE event = 'store.restored'"), 1);
	assert_int_equal(helper_number(path, "PRAGMA user_version"),
	    store_schema()->migrations);
	helper_dir_remove(dir);
}

#define SESSIONS(f)	cmocka_unit_test_setup_teardown(f, set_up, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSIONS(idle_session_ends),
		SESSIONS(person_who_comes_keeps_a_session_to_its_end),
		SESSIONS(polling_keeps_no_session_alive),
		SESSIONS(standard_ends_idle_sessions_after_a_day),
		SESSIONS(person_is_noted_once_a_minute),
		SESSIONS(b21_request_in_flight_revives_no_session),
		SESSIONS(presence_is_what_acts_or_navigates),
		SESSIONS(eleventh_session_ends_the_oldest),
		SESSIONS(newest_session_stays_however_few_there_may_be),
		SESSIONS(session_that_a_login_brought_makes_room),
		SESSIONS(expired_rows_are_swept_and_live_ones_stay),
		SESSIONS(clock_set_back_revives_nothing_that_was_swept),
		SESSIONS(many_steps_let_others_write_in_between),
		SESSIONS(list_shows_ones_own_the_newest_first),
		SESSIONS(ids_of_sessions_open_nothing),
		SESSIONS(one_session_is_ended_and_no_other),
		SESSIONS(only_an_id_is_a_sessions_path),
		SESSIONS(others_are_ended_and_this_one_stays),
		SESSIONS(v7_5_1_proof_of_the_password_lasts_five_minutes),
		SESSIONS(export_holds_what_is_held),
		SESSIONS(v6_2_3_new_password_wants_the_old_one),
		SESSIONS(deleted_account_leaves_nothing),
		SESSIONS(b21_deletion_that_was_overtaken_deletes_nothing),
		SESSIONS(sessions_come_over_from_the_first_schema),
		SESSIONS(browsers_are_forgotten_in_a_copy),
		SESSIONS(sessions_end_in_a_copy_of_the_first_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
