/* The audit trail: what is put on record, and that nobody changes it unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "routes.h"
#include "stage.h"

#define EMAIL		"Bob@Example.com"
#define PASSWORD	"MySecretPwd"
#define OTHER		"NewSecretPwd"
#define CLIENT		"198.51.100.77"
#define NETWORK		"198.51.100.0/24"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"		\
    "compat_remote = true\n"
#define MINUTE		INT64_C(60000)
#define DAY		(24 * 60 * MINUTE)
#define ROWS		9	/* of the chain that is tampered with */

static int
set_up(void **state)
{
	(void)stage_clock(state);
	helper_bed_settings(&bed, COMPAT);
	return 0;
}

#define EVENTS_OF	"SELECT count(*) FROM audit_events"

static void
must(const char *sql)
{
	if (helper_sql(bed.store, sql) != SQLITE_OK)
		fail_msg("%s", sql);
}

static enum store_status
write_as(struct store *s, const char *writer, const char *event)
{
	return store_limits_clear(s, arena, NULL, 0, &(const struct entry){
	    .at = now, .writer = writer, .event = event, .result = "done",
	    .network = NETWORK, .door = "POST /test", .request = "r-1",
	    .user_id = "u" });
}

static void
write_rows(const char *writer, size_t n)
{
	for (; n > 0; n--) {
		assert_int_equal(write_as(bed.desk->store, writer, "test"),
		    STORE_OK);
		now += 1;
	}
}

static struct chain_check *
check(const char *writer)
{
	static struct chain_check found;

	assert_int_equal(store_audit_check(bed.desk->store, arena, writer,
	    &found), STORE_OK);
	return &found;
}

static void
must_prove(const char *writer, int64_t rows)
{
	struct chain_check *k = check(writer);

	assert_int_equal(k->findings, 0);
	assert_int_equal(k->rows, rows);
}

/* Chains. */

struct wanted {
	enum chain_fault fault;
	int64_t		 from, to;
};

#define ONLY(fault_, from_, to_)					\
	.n = 1, .wanted = { { CHAIN_ ## fault_, (from_), (to_) } }
#define ROW5		" WHERE writer = 'gatelodge' AND seq = 5;"
#define HEAD		" WHERE writer = 'gatelodge';"
/* The value of a column with another first character. */
#define ANOTHER(column)	"CASE substr(" column ", 1, 1) WHEN 'x' THEN 'y'" \
	" ELSE 'x' END || substr(" column ", 2)"
#define CHANGE(what)	"UPDATE audit_events SET " what ROW5

static const struct {
	const char	*sql;
	size_t		 n;
	struct wanted	 wanted[4];
} tamperings[] = {
	{ CHANGE("at = at + 1"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("event = 'logout'"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("result = ''"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("account = ''"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("network = '192.0.2.0/24'"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("door = door || ' '"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("request = 'r-2'"), ONLY(CHANGED, 5, 5) },
	{ CHANGE("mac = " ANOTHER("mac")), ONLY(CHANGED, 5, 5) },
	/* What is moved from one column to the next one. */
	{ CHANGE("door = 'POST /tes', request = 'tr-1'"),
	    ONLY(CHANGED, 5, 5) },
	/* The last row's mac is its head's too. */
	{ "UPDATE audit_events SET mac = " ANOTHER("mac")
	    " WHERE seq = 9", ONLY(CHANGED, 9, 9) },
	{ CHANGE("writer = 'nobody'"), ONLY(MISSING, 5, 5) },
	{ "DELETE FROM audit_events" ROW5, ONLY(MISSING, 5, 5) },
	{ "DELETE FROM audit_events WHERE seq = 1", ONLY(MISSING, 1, 1) },
	{ "DELETE FROM audit_events WHERE seq BETWEEN 3 AND 6",
	    ONLY(MISSING, 3, 6) },
	{ "DELETE FROM audit_events WHERE seq >= 8", ONLY(MISSING, 8, 9) },
	{ "DELETE FROM audit_events", ONLY(MISSING, 1, 9) },
	/* Cut at the end, and the head told of it. */
	{ "DELETE FROM audit_events WHERE seq >= 8; UPDATE audit_chains"
	    " SET seq = 7, mac = (SELECT mac FROM audit_events WHERE"
	    " seq = 7)" HEAD, ONLY(HEAD, 0, 0) },
	{ "INSERT INTO audit_events SELECT writer, 10, at, event, result,"
	    " account, network, door, request, mac FROM audit_events" ROW5,
	    ONLY(ADDED, 10, 10) },
	/* Two rows take each other's place. */
	{ "UPDATE audit_events SET seq = 99" ROW5
	    "UPDATE audit_events SET seq = 5 WHERE seq = 4;"
	    "UPDATE audit_events SET seq = 4 WHERE seq = 99;", .n = 3,
	    .wanted = { { CHAIN_CHANGED, 4, 4 }, { CHAIN_CHANGED, 5, 5 },
	    { CHAIN_CHANGED, 6, 6 } } },
	/* One too many between two, which all after it make room for. */
	{ "UPDATE audit_events SET seq = -seq - 1 WHERE seq >= 8;"
	    "UPDATE audit_events SET seq = -seq WHERE seq < 0;"
	    "INSERT INTO audit_events SELECT writer, 8, at, event, result,"
	    " account, network, door, request, mac FROM audit_events WHERE"
	    " seq = 7;", .n = 4, .wanted = { { CHAIN_CHANGED, 8, 8 },
	    { CHAIN_CHANGED, 9, 9 }, { CHAIN_ADDED, 10, 10 },
	    { CHAIN_HEAD, 0, 0 } } },
	{ "UPDATE audit_chains SET seq = 10" HEAD, .n = 2, .wanted = {
	    { CHAIN_HEAD, 0, 0 }, { CHAIN_MISSING, 10, 10 } } },
	{ "UPDATE audit_chains SET seal = " ANOTHER("seal") HEAD,
	    ONLY(HEAD, 0, 0) },
	{ "UPDATE audit_chains SET mac = " ANOTHER("mac") HEAD, .n = 2,
	    .wanted = { { CHAIN_HEAD, 0, 0 }, { CHAIN_HEAD, 0, 0 } } },
	/* As if the first rows had been removed for their age. */
	{ "UPDATE audit_chains SET cut_seq = 4, cut_mac = (SELECT mac FROM"
	    " audit_events WHERE seq = 4)" HEAD
	    "DELETE FROM audit_events WHERE seq <= 4;", ONLY(HEAD, 0, 0) },
	/* And as if that had taken them all. */
	{ "DELETE FROM audit_events; UPDATE audit_chains SET cut_seq = seq,"
	    " cut_mac = mac" HEAD, ONLY(HEAD, 0, 0) },
};

static void
is_found(size_t i)
{
	const struct chain_check *k;
	size_t j;

	write_rows(NULL, ROWS);
	must_prove("gatelodge", ROWS);
	must(arena_printf(arena, "PRAGMA ignore_check_constraints=ON; %s",
	    tamperings[i].sql));
	k = check("gatelodge");
	if (k->findings != tamperings[i].n)
		fail_msg("%s: %zu findings", tamperings[i].sql, k->findings);
	for (j = 0; j < k->findings; j++)
		if (k->finding[j].fault != tamperings[i].wanted[j].fault ||
		    k->finding[j].from != tamperings[i].wanted[j].from ||
		    k->finding[j].to != tamperings[i].wanted[j].to)
			fail_msg("%s: finding %zu is %d, %lld to %lld",
			    tamperings[i].sql, j, (int)k->finding[j].fault,
			    (long long)k->finding[j].from,
			    (long long)k->finding[j].to);
}

static void
each_tampering_is_found_where_it_was_done(void **state)
{
	size_t i;

	for (i = 0; i < HELPER_COUNT(tamperings); i++) {
		is_found(i);
		(void)stage_clear(state);
		(void)set_up(state);
	}
}

static void
a_chain_without_head_or_key_proves_nothing(void **state)
{
	static struct chain_check found;
	const char *writer;

	(void)state;
	write_rows(NULL, 3);
	must("DELETE FROM audit_chains");
	assert_int_equal(store_audit_check(bed.desk->store, arena,
	    "gatelodge", &found), STORE_GONE);
	assert_int_equal(store_audit_writer_after(bed.desk->store, arena, "",
	    &writer), STORE_OK);
	assert_string_equal(writer, "gatelodge");
	/* Nothing goes on as if there had been nothing. */
	assert_int_equal(write_as(bed.desk->store, NULL, "test"),
	    STORE_FAULT);
	write_rows("other", 3);
	must("DELETE FROM audit_keys");
	write_rows("other", 1);
	assert_true(check("other")->findings > 0);
}

/* Or the next row would hide what was done to those before it. */
static void
a_broken_seal_is_never_made_whole(void **state)
{
	(void)state;
	write_rows(NULL, ROWS);
	must("DELETE FROM audit_events WHERE seq >= 8; UPDATE audit_chains"
	    " SET seq = 7, mac = (SELECT mac FROM audit_events WHERE"
	    " seq = 7)");
	write_rows(NULL, 3);
	assert_int_equal(check("gatelodge")->findings, 1);
	assert_int_equal(check("gatelodge")->finding[0].fault, CHAIN_HEAD);
}

static void
two_writers_have_a_chain_each(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		write_rows(NULL, 1);
		write_rows("gatelodgectl", 2);
	}
	must_prove("gatelodge", 5);
	must_prove("gatelodgectl", 10);
	must("UPDATE audit_events SET writer = 'x' WHERE writer ="
	    " 'gatelodge' AND seq = 2; UPDATE audit_events SET writer ="
	    " 'gatelodge' WHERE writer = 'gatelodgectl' AND seq = 2");
	assert_int_equal(check("gatelodge")->finding[0].fault, CHAIN_CHANGED);
	assert_int_equal(check("gatelodgectl")->finding[0].fault,
	    CHAIN_MISSING);
}

static void
shut(void)
{
	store_leave(bed.desk->store);
	store_shut(bed.db);
}

static void
open_again(void)
{
	enum db_refusal why;

	bed.db = store_open(bed.store, &why, NULL);
	assert_non_null(bed.db);
	bed.desk->store = store_desk(bed.db, true);
}

static void
a_chain_goes_on_after_a_restart(void **state)
{
	(void)state;
	write_rows(NULL, 2);
	shut();
	open_again();
	write_rows(NULL, 2);
	must_prove("gatelodge", 4);
}

static enum store_status
close_copy(void)
{
	return store_close_copy(bed.store, arena, &(const struct entry){
	    .at = now, .writer = "gatelodgectl", .event = "store.restored",
	    .result = "done", .door = "db restore" });
}

static void
a_copy_that_is_put_back_says_so_and_is_proved(void **state)
{
	(void)state;
	write_rows(NULL, 2);
	write_rows("gatelodgectl", 1);
	shut();
	assert_int_equal(close_copy(), STORE_OK);
	open_again();
	must_prove("gatelodge", 2);
	must_prove("gatelodgectl", 2);
	assert_int_equal(count(EVENTS_OF " WHERE writer = 'gatelodgectl'"
	    " AND seq = 2 AND event = 'store.restored' AND result = 'done'"
	    " AND account = '' AND door = 'db restore'"), 1);
}

/* Half of what they do is undone, in one commit with what the others do. */
static void
write_and_fail(size_t index, void *arg)
{
	struct store *s = store_desk(bed.db, true);
	struct arena *a = arena_new();
	const char *writer = index % 2 == 0 ? NULL : "gatelodgectl";
	const struct entry entry = { .at = now, .writer = writer,
	    .event = "test" };
	int i;

	(void)arg;
	for (i = 0; i < 20; i++) {
		helper_must(store_limits_clear(s, a, NULL, 0, &entry) ==
		    STORE_OK, "a change failed");
		helper_must(store_session_end(s, a, "none", &entry) ==
		    STORE_GONE, "what is not there was ended");
	}
	arena_free(a);
	store_leave(s);
}

static void
what_is_undone_leaves_no_row_and_no_gap(void **state)
{
	(void)state;
	helper_threads(8, write_and_fail, NULL);
	must_prove("gatelodge", 80);
	must_prove("gatelodgectl", 80);
}

/* Age. */

static void
sweep(int64_t before)
{
	int i;

	store_audit_sweep(bed.db, before);
	/* Each step posts the next one. */
	for (i = 0; i < 20; i++)
		helper_settle(&bed);
}

static void
what_is_old_goes_and_the_rest_is_proved(void **state)
{
	int64_t then;

	(void)state;
	write_rows(NULL, TRAIL_PAGE * 2 + 10);
	write_rows("gatelodgectl", 3);
	then = now += DAY;
	write_rows(NULL, 5);
	sweep(then - DAY / 2);
	must_prove("gatelodge", 5);
	must_prove("gatelodgectl", 0);
	assert_int_equal(check("gatelodge")->head.cut_seq,
	    TRAIL_PAGE * 2 + 10);
	write_rows("gatelodgectl", 1);
	must_prove("gatelodgectl", 1);
	sweep(then - DAY / 2);
	must_prove("gatelodge", 5);
	must("UPDATE audit_chains SET cut_mac = " ANOTHER("cut_mac") HEAD);
	assert_int_equal(check("gatelodge")->finding[0].fault, CHAIN_HEAD);
}

static void
the_row_after_those_removed_is_still_bound_to_them(void **state)
{
	(void)state;
	write_rows(NULL, 5);
	now += DAY;
	write_rows(NULL, 5);
	sweep(now - DAY / 2);
	must_prove("gatelodge", 5);
	must("DELETE FROM audit_events WHERE seq = 6");
	assert_int_equal(check("gatelodge")->finding[0].fault, CHAIN_MISSING);
	assert_int_equal(check("gatelodge")->finding[0].from, 6);
}

/* A row that was made old would sweep away the traces before it. */
static void
what_cannot_be_proved_is_not_swept_away(void **state)
{
	(void)state;
	write_rows(NULL, ROWS);
	must("UPDATE audit_events SET at = 0" ROW5);
	sweep(now - DAY);
	assert_int_equal(count(EVENTS_OF), ROWS);
	assert_int_equal(check("gatelodge")->finding[0].from, 5);
}

/* Doors. */

#define ASK(...)	helper_ask(&bed, &(const struct request){		\
    .client = CLIENT, .type = HELPER_FORM, __VA_ARGS__ })

static const char *
form(const char *email, const char *password)
{
	return arena_printf(arena, "email=%s&password=%s", email, password);
}

static struct answer *
login(const char *email, const char *password)
{
	return ASK(.method = "POST", .uri = "/sessions",
	    .body = form(email, password));
}

static const char *
must_login(const char *password)
{
	struct answer *a = login(EMAIL, password);

	assert_int_equal(a->status, 200);
	return arena_printf(arena, "session_id=%s",
	    helper_cookie(a, "session_id"));
}

static void
must_enroll(const char *email)
{
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .body = form(email, PASSWORD))->status, 200);
}

static const char *const on_record[] = {
#define NAME(id, name, way) name,
	EVENTS(NAME)
#undef NAME
};

static const enum way ways[] = {
#define WAY(id, name, way) way,
	EVENTS(WAY)
#undef WAY
};

/* Of an administrator; the doors never bring them. */
static bool
is_for_doors(size_t i)
{
	return i < EVENT_USER_ADDED;
}

static bool	seen[HELPER_COUNT(on_record)];

/* By the table: -1 for what is only in the log. */
static int
event_of(const char *log, bool acts)
{
	size_t i;

	for (i = 0; i < HELPER_COUNT(on_record); i++)
		if (strstr(log, arena_printf(arena, "\"event\":\"%s\"",
		    on_record[i])) != NULL)
			return ways[i] == BY_ITSELF_ACTING && !acts ? -1 : (int)i;
	return -1;
}

/* The log's line and the new row, if there is to be one, say the same. */
static void
is_on_record_once(struct answer *a, int64_t before)
{
	char *log = helper_log(&bed);
	int event = event_of(log, a->call.method != METHOD_GET);

	helper_settle(&bed);
	if (count(EVENTS_OF) != before + (event >= 0))
		fail_msg("%lld rows more for: %s",
		    (long long)(count(EVENTS_OF) - before), log);
	if (event >= 0) {
		assert_true(is_for_doors((size_t)event));
		seen[event] = true;
		assert_int_equal(count(arena_printf(arena, EVENTS_OF
		    " WHERE seq = %lld AND event = '%s' AND door = '%s'"
		    " AND request = '%s' AND network = '" NETWORK "'"
		    " AND result = '%s'", (long long)before + 1,
		    on_record[event], a->call.route->name, a->call.id,
		    ways[event] == WITH_CHANGE ? "done" :
		    reply_code(a->call.reply.outcome))), 1);
	}
	free(log);
}

static const char *reset, *cookie;

static struct answer *
step(const char *method, const char *uri, const char *body)
{
	int64_t before;
	struct answer *a;

	helper_settle(&bed);
	free(helper_log(&bed));
	before = count(EVENTS_OF);
	a = ASK(.method = method, .uri = uri, .body = body,
	    .cookie = cookie);
	is_on_record_once(a, before);
	return a;
}

#define PAIR(...)	arena_printf(arena, __VA_ARGS__)

static void
walk_without_a_session(void)
{
	cookie = NULL;
	(void)step("GET", "/", NULL);
	(void)step("GET", "/nowhere", NULL);
	(void)step("POST", "/users", form(EMAIL, PASSWORD));
	(void)step("POST", "/users", form(EMAIL, PASSWORD));
	(void)step("POST", "/users", form("x", PASSWORD));
	(void)step("POST", "/sessions", form(EMAIL, OTHER));
	(void)step("POST", "/sessions", form("nobody@x.example", OTHER));
	(void)step("POST", "/sessions", form("", OTHER));
	(void)step("GET", "/profile", NULL);
	(void)step("GET", "/profile/export", NULL);
	(void)step("DELETE", "/sessions", NULL);
	(void)step("PUT", "/profile/password", PAIR("current_password=%s"
	    "&new_password=%s", PASSWORD, OTHER));
	(void)step("POST", "/reset_password", "email=nobody@x.example");
	reset = helper_member(step("POST", "/reset_password",
	    "email=" EMAIL), "reset_token");
	(void)step("PUT", "/reset_password", PAIR("email=%s&reset_token=%s"
	    "&new_password=%s", "a@x.example", reset, OTHER));
	(void)step("PUT", "/reset_password", PAIR("email=%s&reset_token=%s"
	    "&new_password=%s", EMAIL, reset, PASSWORD));
}

static void
walk_with_a_session(void)
{
	struct answer *a = step("POST", "/sessions", form(EMAIL, PASSWORD));

	cookie = PAIR("session_id=%s", helper_cookie(a, "session_id"));
	(void)step("GET", "/profile", NULL);
	(void)step("GET", "/sessions", NULL);
	(void)step("GET", "/profile/export", NULL);
	(void)step("POST", "/sessions/confirm", "password=wrong");
	(void)step("POST", "/sessions/confirm", "password=" PASSWORD);
	(void)step("DELETE", "/sessions/others", NULL);
	(void)step("DELETE", "/sessions/"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL);
	(void)step("PUT", "/profile/language", "language=tlh");
	(void)step("PUT", "/profile/language", "language=fr");
	(void)step("PUT", "/profile/password", PAIR("current_password=%s"
	    "&new_password=%s", "wrong", OTHER));
	(void)step("PUT", "/profile/password", PAIR("current_password=%s"
	    "&new_password=%s", PASSWORD, OTHER));
	(void)step("DELETE", "/sessions", NULL);
	a = step("POST", "/sessions", form(EMAIL, OTHER));
	cookie = PAIR("session_id=%s", helper_cookie(a, "session_id"));
	(void)step("DELETE", "/profile", "password=wrong");
	(void)step("DELETE", "/profile", "password=" OTHER);
	(void)step("DELETE", "/profile", "password=" OTHER);
	cookie = NULL;
}

static void
walk_into_the_limit(void)
{
	must_enroll(EMAIL);
	(void)login(EMAIL, "wrong");
	must(PAIR("UPDATE limits SET failures = 1000, blocked_until = %lld"
	    " WHERE key LIKE 'a%%'", (long long)now + 500));
	(void)step("POST", "/sessions", form(EMAIL, "wrong"));
}

#define BY_MAIL		"profile = \"standard\"\nhash_cost = 5\n"		\
    "base_url = \"https://x.example\"\nmail_dir = \"/nowhere\"\n"
#define LONG_ONE	"five words nobody ever says"

static void
walk_by_mail(void)
{
	struct answer *a;

	helper_bed_settings(&bed, BY_MAIL);
	(void)step("POST", "/users", form("new@x.example", LONG_ONE));
	(void)step("POST", "/users/confirm", "token=x");
	(void)step("POST", "/users/confirm", PAIR("token=%s",
	    link_token("registration")));
	(void)step("POST", "/reset_password", "email=nobody@x.example");
	a = step("POST", "/sessions", form("new@x.example", LONG_ONE));
	cookie = PAIR("__Host-session_id=%s", helper_cookie(a,
	    "__Host-session_id"));
	(void)step("PUT", "/profile/email", "email=next@x.example");
	cookie = NULL;
	(void)step("POST", "/profile/email/confirm", PAIR("token=%s",
	    link_token("address_change")));
	(void)step("POST", "/profile/email/undo", PAIR("token=%s",
	    link_token("address_changed")));
	(void)step("POST", "/report", "token=x");
	helper_bed_settings(&bed, COMPAT);
}

static void
each_event_is_put_on_record_once_by_its_door(void **state)
{
	size_t i;

	(void)state;
	memset(seen, 0, sizeof(seen));
	walk_without_a_session();
	walk_with_a_session();
	walk_into_the_limit();
	walk_by_mail();
	for (i = 0; i < HELPER_COUNT(on_record); i++)
		if (is_for_doors(i) && !seen[i])
			fail_msg("%s was never put on record", on_record[i]);
	assert_int_equal(check("gatelodge")->findings, 0);
}

static void
no_row_holds_an_address_a_password_or_a_token(void **state)
{
	const char *token;
	size_t i;
	const char *never[] = { EMAIL, "bob@", "example", PASSWORD, OTHER,
	    CLIENT, "nobody", NULL, NULL, NULL };

	(void)state;
	walk_without_a_session();
	walk_with_a_session();
	must_enroll(EMAIL);
	token = must_login(PASSWORD);
	never[7] = reset;
	never[8] = token + strlen("session_id=");
	never[9] = text_by("SELECT id FROM users");
	assert_true(count(EVENTS_OF) > 10);
	for (i = 0; i < HELPER_COUNT(never); i++)
		assert_int_equal(count(PAIR(EVENTS_OF " WHERE instr(lower("
		    "writer || ' ' || event || ' ' || result || ' ' ||"
		    " account || ' ' || network || ' ' || door || ' ' ||"
		    " request || ' ' || mac), lower('%s')) > 0",
		    never[i])), 0);
}

/* A deleted account's rows stay, and nothing tells whose they were. */
static void
deleting_an_account_leaves_its_rows(void **state)
{
	const char *id, *account;

	(void)state;
	must_enroll(EMAIL);
	cookie = must_login(PASSWORD);
	id = text_by("SELECT id FROM users");
	assert_int_equal(store_audit_account(bed.desk->store, arena, id, NULL,
	    &account), STORE_OK);
	assert_int_equal(ASK(.method = "DELETE", .uri = "/profile",
	    .body = "password=" PASSWORD, .cookie = cookie)->status, 204);
	assert_int_equal(count(PAIR(EVENTS_OF " WHERE account = '%s'",
	    account)), 3);
	assert_int_equal(check("gatelodge")->findings, 0);
}

/* Nothing happens that is not recorded. */

#define FAILS	"CREATE TRIGGER fails BEFORE INSERT ON audit_events BEGIN" \
    " SELECT raise(ABORT, 'full'); END"

static void
nothing_changes_without_its_row(const char *fault, const char *repair)
{
	const char *former = must_login(PASSWORD);
	int64_t before;

	must(fault);
	before = count("SELECT count(*) FROM sessions");
	assert_int_equal(login(EMAIL, PASSWORD)->status, 500);
	assert_int_equal(ASK(.method = "POST", .uri = "/users",
	    .body = form("new@x.example", PASSWORD))->status, 500);
	assert_int_equal(ASK(.method = "DELETE", .uri = "/sessions",
	    .cookie = former)->status, 500);
	assert_int_equal(ASK(.method = "PUT", .uri = "/profile/password",
	    .cookie = former, .body = PAIR("current_password=%s&"
	    "new_password=%s", PASSWORD, OTHER))->status, 500);
	assert_int_equal(ASK(.method = "DELETE", .uri = "/profile",
	    .cookie = former, .body = "password=" PASSWORD)->status, 500);
	assert_int_equal(ASK(.method = "POST", .uri = "/reset_password",
	    .body = "email=" EMAIL)->status, 500);
	/* What is refused is refused, on record or not. */
	assert_int_equal(login(EMAIL, OTHER)->status, 401);
	must(repair);
	assert_int_equal(count("SELECT count(*) FROM sessions"), before);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	assert_int_equal(ASK(.uri = "/profile", .cookie = former)->status,
	    200);
	(void)must_login(PASSWORD);
	assert_int_equal(check("gatelodge")->findings, 0);
}

static void
v16_5_3_no_change_without_its_row(void **state)
{
	(void)state;
	must_enroll(EMAIL);
	nothing_changes_without_its_row(FAILS, "DROP TRIGGER fails");
	nothing_changes_without_its_row("ALTER TABLE audit_events RENAME TO"
	    " gone", "ALTER TABLE gone RENAME TO audit_events");
	nothing_changes_without_its_row("ALTER TABLE audit_chains RENAME TO"
	    " gone", "ALTER TABLE gone RENAME TO audit_chains");
}

static void
a_copy_is_not_put_back_without_its_row(void **state)
{
	(void)state;
	must_enroll(EMAIL);
	(void)must_login(PASSWORD);
	must(FAILS);
	shut();
	assert_int_equal(close_copy(), STORE_FAULT);
	open_again();
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
}

/* What nobody may be told. */

static int64_t
changes_of_a_failure(const char *email)
{
	int64_t rows = count(EVENTS_OF);

	assert_int_equal(login(email, "wrong")->status, 401);
	helper_settle(&bed);
	assert_int_equal(strlen(text_by("SELECT account FROM audit_events"
	    " ORDER BY seq DESC")), CHAIN_MAC_LEN);
	return count(EVENTS_OF) - rows;
}

static void
a_failure_writes_the_same_for_known_and_unknown_addresses(void **state)
{
	(void)state;
	must_enroll(EMAIL);
	assert_int_equal(changes_of_a_failure(EMAIL), 1);
	assert_int_equal(changes_of_a_failure("nobody@x.example"), 1);
	assert_int_equal(count("SELECT count(DISTINCT account) FROM"
	    " audit_events WHERE event = 'login.failed'"), 2);
	/* In any spelling that is the same address. */
	assert_int_equal(changes_of_a_failure("BOB@example.COM"), 1);
	assert_int_equal(count("SELECT count(DISTINCT account) FROM"
	    " audit_events WHERE event = 'login.failed'"), 2);
}

static void
accounts_are_known_only_with_the_key(void **state)
{
	char one[CHAIN_MAC_LEN + 1], other[CHAIN_MAC_LEN + 1];

	(void)state;
	chain_account("key", "x", NULL, one);
	chain_account("key", "x", "y", other);
	assert_string_equal(one, other);
	chain_account("other key", "x", NULL, other);
	assert_string_not_equal(one, other);
	/* An id never passes for an address. */
	chain_account("key", NULL, "x", other);
	assert_string_not_equal(one, other);
	chain_account("key", NULL, NULL, other);
	assert_string_equal(other, "");
}

/* Floods. */

static int64_t
failures_on_record(void)
{
	helper_settle(&bed);
	return count(EVENTS_OF " WHERE event = 'login.failed'");
}

static void
a_flood_from_one_network_does_not_fill_the_disk(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < STORE_RECORD_BURST + 10; i++)
		(void)login(PAIR("a%d@x.example", i), "x");
	assert_int_equal(failures_on_record(), STORE_RECORD_BURST);
	/* Its successes, its other failures, and other networks, are. */
	must_enroll(EMAIL);
	(void)must_login(PASSWORD);
	assert_int_equal(count(EVENTS_OF " WHERE event ="
	    " 'login.succeeded'"), 1);
	(void)helper_ask(&bed, &(const struct request){ .method = "POST",
	    .uri = "/sessions", .client = "203.0.113.1", .type = HELPER_FORM,
	    .body = form(EMAIL, "x") });
	assert_int_equal(failures_on_record(), STORE_RECORD_BURST + 1);
	now += STORE_RECORD_MS;
	for (i = 0; i < 5; i++)
		(void)login(EMAIL, "x");
	assert_int_equal(failures_on_record(), STORE_RECORD_BURST + 2);
}

static void
a_flood_from_many_networks_does_not_either(void **state)
{
	struct entry entry = { .event = "login.failed" };
	int i;

	(void)state;
	for (i = 0; i < STORE_RECORDS_BURST + 20; i++) {
		entry.network = PAIR("10.%d.%d.0/24", i / 256, i % 256);
		store_record(bed.desk->store, arena, &entry);
		if (i % 100 == 0)
			helper_settle(&bed);
	}
	assert_int_equal(failures_on_record(), STORE_RECORDS_BURST);
}

/* A check of a session costs no write, whatever comes of it. */
static void
checks_write_nothing(void **state)
{
	int64_t before;
	int i;

	(void)state;
	must_enroll(EMAIL);
	cookie = must_login(PASSWORD);
	helper_settle(&bed);
	before = count(EVENTS_OF) + count("SELECT count(*) FROM limits");
	for (i = 0; i < 10; i++) {
		assert_int_equal(ASK(.uri = "/profile")->status, 403);
		assert_int_equal(ASK(.uri = "/profile", .cookie =
		    cookie)->status, 200);
		assert_int_equal(ASK(.uri = "/profile", .cookie =
		    "session_id=x")->status, 403);
	}
	helper_settle(&bed);
	assert_int_equal(count(EVENTS_OF) +
	    count("SELECT count(*) FROM limits"), before);
	cookie = NULL;
}

static void
export_shows_a_person_their_own_events(void **state)
{
	struct answer *a;

	(void)state;
	must_enroll(EMAIL);
	must_enroll("alice@x.example");
	(void)login("alice@x.example", "wrong");
	(void)login("alice@x.example", PASSWORD);
	now += MINUTE;
	(void)login(EMAIL, "wrong");
	helper_settle(&bed);
	now += MINUTE;
	cookie = must_login(PASSWORD);
	a = ASK(.uri = "/profile/export", .cookie = cookie);
	assert_int_equal(a->status, 200);
	assert_non_null(strstr(a->body, "\"events\":["
	    "{\"time\":\"2023-11-14T22:15:20.000Z\","
	    "\"event\":\"login.succeeded\",\"result\":\"done\","
	    "\"network\":\"" NETWORK "\",\"door\":\"POST /sessions\"},"
	    "{\"time\":\"2023-11-14T22:14:20.000Z\","
	    "\"event\":\"login.failed\",\"result\":\"bad_credentials\","
	    "\"network\":\"" NETWORK "\",\"door\":\"POST /sessions\"},"
	    "{\"time\":\"2023-11-14T22:13:20.000Z\","
	    "\"event\":\"user.created\",\"result\":\"done\","
	    "\"network\":\"" NETWORK "\",\"door\":\"POST /users\"}]"));
	cookie = NULL;
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up,		\
    stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_tampering_is_found_where_it_was_done),
		TEST(a_chain_without_head_or_key_proves_nothing),
		TEST(a_broken_seal_is_never_made_whole),
		TEST(two_writers_have_a_chain_each),
		TEST(a_chain_goes_on_after_a_restart),
		TEST(a_copy_that_is_put_back_says_so_and_is_proved),
		TEST(what_is_undone_leaves_no_row_and_no_gap),
		TEST(what_is_old_goes_and_the_rest_is_proved),
		TEST(the_row_after_those_removed_is_still_bound_to_them),
		TEST(what_cannot_be_proved_is_not_swept_away),
		TEST(each_event_is_put_on_record_once_by_its_door),
		TEST(no_row_holds_an_address_a_password_or_a_token),
		TEST(deleting_an_account_leaves_its_rows),
		TEST(v16_5_3_no_change_without_its_row),
		TEST(a_copy_is_not_put_back_without_its_row),
		TEST(a_failure_writes_the_same_for_known_and_unknown_addresses),
		TEST(accounts_are_known_only_with_the_key),
		TEST(a_flood_from_one_network_does_not_fill_the_disk),
		TEST(a_flood_from_many_networks_does_not_either),
		TEST(checks_write_nothing),
		TEST(export_shows_a_person_their_own_events),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
