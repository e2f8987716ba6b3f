/* Users, sessions and resets: what the memory of the service keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"
#include "text.h"

#define NOW	INT64_C(1700000000000)
#define LATER	(NOW + 1000)
#define THREADS	50

/* 43 characters each, as the hashes of tokens are. */
#define HASH_A	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HASH_B	"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define HASH_C	"CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

static const char *
add_user(const char *email, const char *hash)
{
	struct user u = { .email = email, .email_key = email,
	    .password_hash = hash, .created_at = NOW };

	assert_int_equal(store_user_add(store, arena, &u, NULL), STORE_OK);
	return u.id;
}

static enum store_status
start_session(const char *user, const char *token, const char *verified,
    const char *better, const char *ended)
{
	const struct session s = { .token_hash = token, .user_id = user,
	    .network = "", .user_agent = "", .created_at = NOW,
	    .expires_at = LATER, .ends_at = LATER };
	const struct session_start start = { .session = &s,
	    .verified_hash = verified, .better_hash = better,
	    .ended = ended, .most = 10 };

	return store_session_start(store, arena, &start);
}

static enum store_status
find_session(const char *token, int64_t at)
{
	struct session s;

	return store_session_by_token(store, arena, token, at, &s);
}

static enum store_status
add_reset(const char *email, const char *token)
{
	struct posting p = { .ticket = { .kind = TICKET_RESET,
	    .token_hash = token, .email = email, .email_key = email,
	    .password_hash = "", .language = "", .code_hash = "",
	    .created_at = NOW, .expires_at = LATER } };
	enum store_status status;
	struct user u;

	status = store_user_by_email(store, arena, email, &u);
	if (status != STORE_OK || u.disabled_at != 0)
		return status == STORE_OK ? STORE_GONE : status;
	p.ticket.user_id = u.id;
	return store_post(store, arena, &(const struct entry){
	    .event = "reset.started", .result = "done", .user_id = u.id,
	    .posting = &p });
}

/* Is there one, and is it this address's? */
static enum store_status
pending(const char *token, const char *email, int64_t at)
{
	enum store_status status;
	struct ticket t;

	status = store_ticket_pending(store, arena, TICKET_RESET, token, at,
	    &t);
	return status == STORE_OK && strcmp(t.email_key, email) != 0 ?
	    STORE_GONE : status;
}

/* Users. */

static void
user_is_found_as_it_was_added(void **state)
{
	struct user u = { .email = "A@Example.com", .email_key =
	    "a@example.com", .password_hash = "$y$x", .created_at = NOW };
	struct user found;

	(void)state;
	assert_int_equal(store_user_add(store, arena, &u, NULL), STORE_OK);
	assert_int_equal(strlen(u.id), STORE_ID_LEN);
	assert_true(text_is_base64url(u.id, STORE_ID_LEN));
	assert_int_equal(store_user_by_email(store, arena, "a@example.com",
	    &found), STORE_OK);
	assert_string_equal(found.id, u.id);
	assert_string_equal(found.email, "A@Example.com");
	assert_string_equal(found.password_hash, "$y$x");
	assert_int_equal(store_user_by_email(store, arena, "A@Example.com",
	    &found), STORE_GONE);
}

static void
taken_address_changes_nothing(void **state)
{
	struct user second = { .email = "A@b", .email_key = "a@b",
	    .password_hash = "$y$second", .created_at = LATER };
	struct user found;
	const char *first;

	(void)state;
	first = add_user("a@b", "$y$first");
	assert_int_equal(store_user_add(store, arena, &second, NULL),
	    STORE_TAKEN);
	assert_int_equal(store_user_by_email(store, arena, "a@b", &found),
	    STORE_OK);
	assert_string_equal(found.id, first);
	assert_string_equal(found.email, "a@b");
	assert_string_equal(found.password_hash, "$y$first");
}

static void
ids_of_users_never_come_twice(void **state)
{
	char email[32];
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		(void)snprintf(email, sizeof(email), "u%d@b", i);
		(void)add_user(email, "$y$x");
	}
	assert_int_equal(count("SELECT count(DISTINCT id) FROM users"), 100);
}

/* B4: no address at all is nobody's. */
static void
b4_no_address_finds_nobody(void **state)
{
	struct user found;

	(void)state;
	(void)add_user("a@b", "$y$x");
	assert_int_equal(store_user_by_email(store, arena, NULL, &found),
	    STORE_GONE);
	assert_int_equal(store_user_by_email(store, arena, "", &found),
	    STORE_GONE);
}

/* Sessions. */

static void
session_leads_to_its_user(void **state)
{
	struct session s;
	const char *a, *b;

	(void)state;
	a = add_user("a@b", "$y$a");
	b = add_user("b@b", "$y$b");
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(b, HASH_B, "$y$b", NULL, NULL),
	    STORE_OK);
	assert_int_equal(store_session_by_token(store, arena, HASH_B, NOW,
	    &s), STORE_OK);
	assert_string_equal(s.user_id, b);
	assert_string_equal(s.email, "b@b");
	assert_string_equal(s.token_hash, HASH_B);
	assert_int_equal(find_session(HASH_C, NOW), STORE_GONE);
}

static void
session_ends_with_its_time(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(find_session(HASH_A, LATER - 1), STORE_OK);
	assert_int_equal(find_session(HASH_A, LATER), STORE_GONE);
	assert_int_equal(find_session(HASH_A, LATER + 1), STORE_GONE);
}

static void
session_ends_once(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(a, HASH_B, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(store_session_end(store, arena, HASH_A, NULL),
	    STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(find_session(HASH_B, NOW), STORE_OK);
	assert_int_equal(store_session_end(store, arena, HASH_A, NULL),
	    STORE_GONE);
}

/* B4: no token, and an empty one, is nobody's session. */
static void
b4_no_token_finds_no_session(void **state)
{
	static const char *const tokens[] = { NULL, "", "null", "None",
	    "undefined", "0", "%", "_", HASH_B };
	const char *a = add_user("a@b", "$y$a");
	size_t i;

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	for (i = 0; i < HELPER_COUNT(tokens); i++) {
		assert_int_equal(find_session(tokens[i], NOW), STORE_GONE);
		assert_int_equal(store_session_end(store, arena, tokens[i],
		    NULL), STORE_GONE);
	}
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
}

/* B21: the password was changed between its check and the session. */
static void
b21_stale_password_starts_no_session(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$old", NULL, NULL),
	    STORE_GONE);
	assert_int_equal(start_session(a, HASH_A, "$y$old", "$y$new", NULL),
	    STORE_GONE);
	assert_int_equal(start_session(a, HASH_A, NULL, NULL, NULL),
	    STORE_GONE);
	assert_int_equal(start_session("nobody", HASH_A, "$y$a", NULL, NULL),
	    STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_int_equal(count("SELECT count(*) FROM users"
	    " WHERE password_hash = '$y$a'"), 1);
}

static void
better_hash_comes_with_the_session(void **state)
{
	const char *a = add_user("a@b", "$y$weak");

	(void)state;
	(void)add_user("b@b", "$y$weak");
	assert_int_equal(start_session(a, HASH_A, "$y$weak", "$y$strong",
	    NULL), STORE_OK);
	assert_int_equal(count("SELECT count(*) FROM users WHERE"
	    " email = 'a@b' AND password_hash = '$y$strong'"), 1);
	assert_int_equal(count("SELECT count(*) FROM users WHERE"
	    " email = 'b@b' AND password_hash = '$y$weak'"), 1);
}

/* The session, the better hash and the end of the old one are one change. */
static void
session_that_cannot_start_changes_nothing(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(a, HASH_B, "$y$a", "*0", HASH_A),
	    STORE_FAULT);
	assert_int_equal(start_session(a, HASH_B, "$y$stale", NULL, HASH_A),
	    STORE_GONE);
	assert_int_equal(start_session(a, HASH_A, "$y$a", "$y$b", HASH_A),
	    STORE_FAULT);
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
	assert_int_equal(find_session(HASH_B, NOW), STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM users"
	    " WHERE password_hash = '$y$a'"), 1);
}

static void
new_session_ends_the_one_it_replaces(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(a, HASH_B, "$y$a", NULL, HASH_A),
	    STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(find_session(HASH_B, NOW), STORE_OK);
	assert_int_equal(start_session(a, HASH_C, "$y$a", NULL, HASH_A),
	    STORE_OK);
	assert_int_equal(find_session(HASH_B, NOW), STORE_OK);
}

/* Of one moment: the end of a session, by another desk, is not seen. */
static enum store_status
see_one_moment(void *other)
{
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
	assert_int_equal(store_session_end(other, arena, HASH_A, NULL),
	    STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
	return find_session(HASH_B, NOW);
}

static void
view_is_of_one_moment(void **state)
{
	struct store *other = store_desk(bed.db, false);
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(store_view(store, see_one_moment, other),
	    STORE_GONE);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	store_leave(other);
}

/* Resets. */

static enum store_status
use_reset(const char *token, const char *email, int64_t at,
    const char *hash)
{
	return store_ticket_use(store, arena, &(const struct ticket_use){
	    .kind = TICKET_RESET, .token_hash = token, .email_key = email,
	    .now = at, .sets_password = true, .password_hash = hash });
}

static void
reset_sets_the_password_and_ends_sessions(void **state)
{
	const char *a = add_user("a@b", "$y$a"), *b = add_user("b@b", "$y$b");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(a, HASH_C, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(b, HASH_B, "$y$b", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	assert_int_equal(pending(HASH_A, "a@b", NOW), STORE_OK);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$new"), STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(find_session(HASH_C, NOW), STORE_GONE);
	assert_int_equal(find_session(HASH_B, NOW), STORE_OK);
	assert_int_equal(count("SELECT count(*) FROM users WHERE email ="
	    " 'a@b' AND password_hash = '$y$new'"), 1);
	assert_int_equal(count("SELECT count(*) FROM users WHERE email ="
	    " 'b@b' AND password_hash = '$y$b'"), 1);
}

static void
b5_reset_works_once(void **state)
{
	(void)state;
	(void)add_user("a@b", "$y$a");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$1"), STORE_OK);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$2"), STORE_GONE);
	assert_int_equal(pending(HASH_A, "a@b", NOW), STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM users"
	    " WHERE password_hash = '$y$1'"), 1);
}

/* B3: a token belongs to the address it was made for. */
static void
b3_reset_of_another_address_is_refused(void **state)
{
	(void)state;
	(void)add_user("a@b", "$y$a");
	(void)add_user("b@b", "$y$b");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	assert_int_equal(add_reset("b@b", HASH_B), STORE_OK);
	assert_int_equal(use_reset(HASH_A, "b@b", NOW, "$y$x"), STORE_GONE);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "$y$x"), STORE_GONE);
	assert_int_equal(use_reset(HASH_A, "c@b", NOW, "$y$x"), STORE_GONE);
	assert_int_equal(use_reset(HASH_A, NULL, NOW, "$y$x"), STORE_GONE);
	assert_int_equal(pending(HASH_A, "b@b", NOW), STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM users"
	    " WHERE password_hash = '$y$x'"), 0);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$x"), STORE_OK);
}

static void
reset_ends_with_its_time(void **state)
{
	(void)state;
	(void)add_user("a@b", "$y$a");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	assert_int_equal(pending(HASH_A, "a@b", LATER - 1), STORE_OK);
	assert_int_equal(pending(HASH_A, "a@b", LATER), STORE_GONE);
	assert_int_equal(use_reset(HASH_A, "a@b", LATER, "$y$x"),
	    STORE_GONE);
	assert_int_equal(use_reset(HASH_A, "a@b", LATER - 1, "$y$x"),
	    STORE_OK);
}

static void
next_reset_takes_the_place_of_the_pending_one(void **state)
{
	(void)state;
	(void)add_user("a@b", "$y$a");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 1);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$x"), STORE_GONE);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "$y$x"), STORE_OK);
	assert_int_equal(add_reset("nobody@b", HASH_C), STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

static void
b4_no_token_finds_no_reset(void **state)
{
	static const char *const tokens[] = { NULL, "", "null", "0", "%",
	    HASH_B };
	size_t i;

	(void)state;
	(void)add_user("a@b", "$y$a");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	for (i = 0; i < HELPER_COUNT(tokens); i++) {
		assert_int_equal(pending(tokens[i], "a@b", NOW), STORE_GONE);
		assert_int_equal(use_reset(tokens[i], "a@b", NOW, "$y$x"),
		    STORE_GONE);
	}
	assert_int_equal(count("SELECT count(*) FROM tickets"), 1);
}

/* A new password that cannot be stored leaves token and sessions alone. */
static void
reset_does_all_or_nothing(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "*0"), STORE_FAULT);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, NULL), STORE_FAULT);
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "$y$x"), STORE_OK);
}

/* B20: a token of one kind is nothing in the place of another. */
static void
b20_tokens_of_another_kind_are_refused(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(find_session(HASH_B, NOW), STORE_GONE);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$x"), STORE_GONE);
	assert_int_equal(store_session_end(store, arena, HASH_B, NULL),
	    STORE_GONE);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "$y$x"), STORE_OK);
}

/* Many at a time, each at a desk of its own. */

struct race {
	enum store_status (*step)(struct store *, struct arena *, size_t);
	enum store_status said[THREADS];
};

static void
run_step(size_t index, void *arg)
{
	struct race *r = arg;
	struct bed guest;
	struct arena *a = arena_new();

	helper_guest(&guest, &bed);
	r->said[index] = r->step(guest.desk->store, a, index);
	helper_guest_close(&guest);
	arena_free(a);
}

/* One was told STORE_OK, all others what they should be told. */
static void
one_wins(enum store_status (*step)(struct store *, struct arena *, size_t),
    enum store_status others)
{
	struct race r = { .step = step };
	size_t i, won = 0;

	helper_threads(THREADS, run_step, &r);
	for (i = 0; i < THREADS; i++) {
		assert_true(r.said[i] == STORE_OK || r.said[i] == others);
		won += r.said[i] == STORE_OK;
	}
	assert_int_equal(won, 1);
}

static enum store_status
step_add(struct store *s, struct arena *a, size_t i)
{
	struct user u = { .email = "a@b", .email_key = "a@b",
	    .password_hash = "$y$a", .created_at = NOW + (int64_t)i };

	return store_user_add(s, a, &u, NULL);
}

static void
b5_parallel_registrations_give_one_user(void **state)
{
	(void)state;
	one_wins(step_add, STORE_TAKEN);
	assert_int_equal(count("SELECT count(*) FROM users"), 1);
}

static enum store_status
step_use(struct store *s, struct arena *a, size_t i)
{
	return store_ticket_use(s, a, &(const struct ticket_use){
	    .kind = TICKET_RESET, .token_hash = HASH_A, .email_key = "a@b",
	    .now = NOW, .sets_password = true,
	    .password_hash = arena_printf(a, "$y$%zu", i) });
}

static void
b5_parallel_uses_of_a_reset_give_one_success(void **state)
{
	(void)state;
	(void)add_user("a@b", "$y$a");
	assert_int_equal(add_reset("a@b", HASH_A), STORE_OK);
	one_wins(step_use, STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM users"
	    " WHERE password_hash <> '$y$a'"), 1);
}

static enum store_status
step_end(struct store *s, struct arena *a, size_t i)
{
	(void)i;
	return store_session_end(s, a, HASH_A, NULL);
}

static void
b5_parallel_logouts_give_one_success(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	one_wins(step_end, STORE_GONE);
}

/* The schema holds by itself, whoever writes. */

#define ID	"'1234567890123456789012'"
#define TOKEN	"'" HASH_A "'"

static void
check_refuses(const char *const *bad, size_t n)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = helper_sql(bed.store, bad[i]);
		if ((rc & 0xff) != SQLITE_CONSTRAINT)
			fail_msg("%s: %s", bad[i], sqlite3_errstr(rc));
	}
}

#define USER(id, email, key, hash, at)					\
	"INSERT INTO users (id, email, email_key, password_hash, created_at)" \
	" VALUES (" id "," email "," key "," hash "," at ")"
#define GOOD_USER	USER(ID, "'a@b'", "'a@b'", "'$y$a'", "1")

static void
b71_bad_rows_of_users_are_refused(void **state)
{
	static const char *const bad[] = {
		USER("NULL", "'a@b'", "'a@b'", "'$y$a'", "1"),
		USER("''", "'a@b'", "'a@b'", "'$y$a'", "1"),
		USER("'1'", "'a@b'", "'a@b'", "'$y$a'", "1"),
		USER(ID, "NULL", "'a@b'", "'$y$a'", "1"),
		USER(ID, "''", "'a@b'", "'$y$a'", "1"),
		USER(ID, "'a@'", "'a@b'", "'$y$a'", "1"),
		USER(ID, "printf('%255s', '')", "'a@b'", "'$y$a'", "1"),
		USER(ID, "'a@b'", "NULL", "'$y$a'", "1"),
		USER(ID, "'a@b'", "''", "'$y$a'", "1"),
		USER(ID, "'a@b'", "'a@b'", "NULL", "1"),
		USER(ID, "'a@b'", "'a@b'", "''", "1"),
		USER(ID, "'a@b'", "'a@b'", "'*0'", "1"),
		USER(ID, "'a@b'", "'a@b'", "'*1'", "1"),
		USER(ID, "'a@b'", "'a@b'", "'*'", "1"),
		USER(ID, "'a@b'", "'a@b'", "'password'", "1"),
		USER(ID, "'a@b'", "'a@b'", "'$y$a'", "NULL"),
	};

	(void)state;
	check_refuses(bad, HELPER_COUNT(bad));
	assert_int_equal(helper_sql(bed.store, GOOD_USER), SQLITE_OK);
	assert_int_equal(helper_sql(bed.store, "UPDATE users SET"
	    " password_hash = '*0'") & 0xff, SQLITE_CONSTRAINT);
}

#define SESSION(token, user, created, expires)				\
	"INSERT INTO sessions (token_hash, user_id, created_at, expires_at)" \
	" VALUES (" token ", " user ", " created ", " expires ")"

static void
b4_bad_rows_of_sessions_are_refused(void **state)
{
	static const char *const bad[] = {
		SESSION("NULL", ID, "1", "2"),
		SESSION("''", ID, "1", "2"),
		SESSION("'short'", ID, "1", "2"),
		SESSION("'A" HASH_A "'", ID, "1", "2"),
		SESSION(TOKEN, "NULL", "1", "2"),
		SESSION(TOKEN, "''", "1", "2"),
		SESSION(TOKEN, "'nobody'", "1", "2"),
		SESSION(TOKEN, ID, "NULL", "2"),
		SESSION(TOKEN, ID, "1", "NULL"),
	};
	static const char good[] =
	    SESSION(TOKEN, ID, "1", "2");

	(void)state;
	assert_int_equal(helper_sql(bed.store, GOOD_USER), SQLITE_OK);
	check_refuses(bad, HELPER_COUNT(bad));
	assert_int_equal(helper_sql(bed.store, good), SQLITE_OK);
	assert_int_equal(helper_sql(bed.store, good) & 0xff,
	    SQLITE_CONSTRAINT);
}

#define TICKET(token, kind, user, hash, code, from, to)			\
	"INSERT INTO tickets (token_hash, kind, user_id, email, email_key,"	\
	" password_hash, language, code_hash, tries, created_at, expires_at)"	\
	" VALUES (" token ", " kind ", " user ", 'a@b', 'a@b', " hash ", '',"	\
	" " code ", 0, " from ", " to ")"

static void
b4_bad_rows_of_tickets_are_refused(void **state)
{
	static const char *const bad[] = {
		TICKET(TOKEN, "'reset'", "'nobody'", "''", "''", "1", "2"),
		TICKET("NULL", "'reset'", ID, "''", "''", "1", "2"),
		TICKET("''", "'reset'", ID, "''", "''", "1", "2"),
		TICKET("'short'", "'reset'", ID, "''", "''", "1", "2"),
		TICKET(TOKEN, "NULL", ID, "''", "''", "1", "2"),
		TICKET(TOKEN, "'session'", ID, "''", "''", "1", "2"),
		TICKET(TOKEN, "'reset'", ID, "'$y$x'", "''", "1", "2"),
		TICKET(TOKEN, "'registration'", "NULL", "''", "''", "1", "2"),
		TICKET(TOKEN, "'reset'", ID, "''", "NULL", "1", "2"),
		TICKET(TOKEN, "'reset'", ID, "''", "'12345678'", "1", "2"),
		TICKET(TOKEN, "'reset'", ID, "''", "''", "NULL", "2"),
		TICKET(TOKEN, "'reset'", ID, "''", "''", "1", "NULL"),
	};
	static const char good[] =
	    TICKET(TOKEN, "'reset'", ID, "''", "''", "1", "2");

	(void)state;
	assert_int_equal(helper_sql(bed.store, GOOD_USER), SQLITE_OK);
	check_refuses(bad, HELPER_COUNT(bad));
	assert_int_equal(helper_sql(bed.store, good), SQLITE_OK);
	assert_int_equal(helper_sql(bed.store, good) & 0xff,
	    SQLITE_CONSTRAINT);
}

static void
sessions_and_resets_go_with_their_user(void **state)
{
	const char *a = add_user("a@b", "$y$a");

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(helper_sql(bed.store, "DELETE FROM users"),
	    SQLITE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
}

/* B18: a database that cannot answer is a fault, and nobody's session. */
static void
b18_missing_table_is_a_fault(void **state)
{
	const char *a = add_user("a@b", "$y$a");
	struct user found;

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(helper_sql(bed.store, "DROP TABLE tickets;"
	    "DROP TABLE sessions"), SQLITE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_FAULT);
	assert_int_equal(store_session_end(store, arena, HASH_A, NULL),
	    STORE_FAULT);
	assert_int_equal(start_session(a, HASH_B, "$y$a", NULL, NULL),
	    STORE_FAULT);
	assert_int_equal(add_reset("a@b", HASH_A), STORE_FAULT);
	assert_int_equal(use_reset(HASH_A, "a@b", NOW, "$y$x"), STORE_FAULT);
	assert_int_equal(store_user_by_email(store, arena, "a@b", &found),
	    STORE_OK);
	assert_string_equal(found.password_hash, "$y$a");
}

static void
everything_is_there_after_a_new_start(void **state)
{
	const char *a = add_user("a@b", "$y$a");
	enum db_refusal why;

	(void)state;
	assert_int_equal(start_session(a, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	store_leave(bed.desk->store);
	store_shut(bed.db);
	bed.db = store_open(bed.store, &why, NULL);
	assert_non_null(bed.db);
	bed.desk->store = store = store_desk(bed.db, false);
	assert_int_equal(find_session(HASH_A, NOW), STORE_OK);
	assert_int_equal(use_reset(HASH_B, "a@b", NOW, "$y$x"), STORE_OK);
}

/* What an administrator asks for. */

static void
ignore(const char *message)
{
	(void)message;
}

static void
disabling_ends_sessions_and_reset(void **state)
{
	struct user found;
	const char *id;

	(void)state;
	id = add_user("a@b", "$y$a");
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(store_user_disable(store, arena, "a@b", LATER, NULL),
	    STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(pending(HASH_B, "a@b", NOW), STORE_GONE);
	assert_int_equal(store_user_by_email(store, arena, "a@b", &found),
	    STORE_OK);
	assert_int_equal(found.disabled_at, LATER);
	assert_int_equal(store_user_disable(store, arena, "b@b", LATER, NULL),
	    STORE_GONE);
}

/* A login that had looked before it was disabled gets no session. */
static void
disabled_account_starts_nothing(void **state)
{
	const char *id;

	(void)state;
	id = add_user("a@b", "$y$a");
	assert_int_equal(store_user_disable(store, arena, "a@b", NOW, NULL),
	    STORE_OK);
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_GONE);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_GONE);
	assert_int_equal(store_user_enable(store, arena, "a@b", NULL),
	    STORE_OK);
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(store_user_enable(store, arena, "b@b", NULL),
	    STORE_GONE);
}

static void
new_password_ends_sessions_and_reset(void **state)
{
	struct user found;
	const char *id;

	(void)state;
	id = add_user("a@b", "$y$a");
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(store_user_by_email(store, arena, "a@b", &found),
	    STORE_OK);
	assert_int_equal(store_user_password(store, arena, &found, "$y$new",
	    NULL, 0, NULL), STORE_OK);
	assert_int_equal(store_user_by_email(store, arena, "a@b", &found),
	    STORE_OK);
	assert_string_equal(found.password_hash, "$y$new");
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_int_equal(count("SELECT count(*) FROM tickets"), 0);
	assert_int_equal(store_user_delete(store, arena, "a@b", NULL),
	    STORE_OK);
	assert_int_equal(store_user_password(store, arena, &found, "$y$new",
	    NULL, 0, NULL), STORE_GONE);
}

static void
deleted_account_leaves_nothing(void **state)
{
	const struct membership staff = { .group = "staff" };
	const char *id;

	(void)state;
	id = add_user("a@b", "$y$a");
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(store_groups_change(store, arena, "a@b", false,
	    &staff, 1, NULL), STORE_OK);
	assert_int_equal(store_user_delete(store, arena, "a@b", NULL),
	    STORE_OK);
	assert_int_equal(count("SELECT (SELECT count(*) FROM users) +"
	    " (SELECT count(*) FROM sessions) + (SELECT count(*) FROM tickets)"
	    " + (SELECT count(*) FROM user_groups)"), 0);
	assert_int_equal(store_user_delete(store, arena, "a@b", NULL),
	    STORE_GONE);
}

/* Page after page gives every account, in order and once. */
static void
lists_come_in_pages(void **state)
{
	struct user page[STORE_PAGE], details;
	const char *after = "";
	char email[32];
	size_t i, n, all = 0;

	(void)state;
	for (i = 0; i < 2 * STORE_PAGE + 3; i++) {
		(void)snprintf(email, sizeof(email), "%04zu@b", i);
		(void)add_user(arena_strdup(arena, email), "$y$a");
	}
	do {
		assert_int_equal(store_users_after(store, arena, after, page,
		    &n), STORE_OK);
		for (i = 0; i < n; i++, all++) {
			(void)snprintf(email, sizeof(email), "%04zu@b", all);
			assert_string_equal(page[i].email, email);
			assert_int_equal(page[i].created_at, NOW);
			after = page[i].email_key;
		}
	} while (n == STORE_PAGE);
	assert_int_equal(all, 2 * STORE_PAGE + 3);
	assert_int_equal(n, 3);
	assert_int_equal(store_user_details(store, arena, "0007@b",
	    &details), STORE_OK);
	assert_string_equal(details.email, "0007@b");
	assert_int_equal(details.disabled_at, 0);
}

static const char *
groups_of(const char *id)
{
	const char *names[STORE_GROUPS_MAX], *all = "";
	size_t i, n;

	assert_int_equal(store_groups(store, arena, id, names, &n), STORE_OK);
	for (i = 0; i < n; i++)
		all = arena_printf(arena, "%s %s", all, names[i]);
	return all;
}

static void
groups_are_joined_left_and_replaced(void **state)
{
	const struct membership some[] = { { .group = "staff" },
	    { .group = "admin" }, { .group = "staff" } };
	const struct membership other[] = { { .group = "staff",
	    .ends = true }, { .group = "crew" }, { .group = "none",
	    .ends = true } };
	const char *id;

	(void)state;
	id = add_user("a@b", "$y$a");
	assert_string_equal(groups_of(id), "");
	assert_int_equal(store_groups_change(store, arena, "a@b", false, some,
	    HELPER_COUNT(some), NULL), STORE_OK);
	assert_string_equal(groups_of(id), " admin staff");
	assert_int_equal(store_groups_change(store, arena, "a@b", false,
	    other, HELPER_COUNT(other), NULL), STORE_OK);
	assert_string_equal(groups_of(id), " admin crew");
	assert_int_equal(store_groups_change(store, arena, "a@b", true, some,
	    1, NULL), STORE_OK);
	assert_string_equal(groups_of(id), " staff");
	assert_int_equal(store_groups_change(store, arena, "b@b", false, some,
	    1, NULL), STORE_GONE);
}

static void
too_many_groups_change_nothing(void **state)
{
	struct membership m[STORE_GROUPS_MAX + 1];
	const char *id;
	size_t i;

	(void)state;
	id = add_user("a@b", "$y$a");
	for (i = 0; i < HELPER_COUNT(m); i++)
		m[i] = (struct membership){ .group =
		    arena_printf(arena, "g%zu", i) };
	assert_int_equal(store_groups_change(store, arena, "a@b", false, m,
	    HELPER_COUNT(m), NULL), STORE_FULL);
	assert_string_equal(groups_of(id), "");
	assert_int_equal(store_groups_change(store, arena, "a@b", false, m,
	    STORE_GROUPS_MAX, NULL), STORE_OK);
	assert_int_equal(count("SELECT count(*) FROM user_groups"),
	    STORE_GROUPS_MAX);
}

static void
sessions_are_listed_and_ended(void **state)
{
	const char *one, *two;
	struct session *list;
	size_t n;

	(void)state;
	one = add_user("a@b", "$y$a");
	two = add_user("b@b", "$y$a");
	assert_int_equal(start_session(one, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(one, HASH_B, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(start_session(two, HASH_C, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(store_sessions_of(store, arena, one, NOW, &list, &n),
	    STORE_OK);
	assert_int_equal(n, 2);
	assert_int_equal(list[1].expires_at, LATER);
	assert_int_equal(store_sessions_of(store, arena, one, LATER, &list,
	    &n), STORE_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_sessions_end(store, arena, one, NULL), STORE_OK);
	assert_int_equal(find_session(HASH_A, NOW), STORE_GONE);
	assert_int_equal(find_session(HASH_C, NOW), STORE_OK);
	assert_int_equal(store_sessions_end_every(store, arena, NULL),
	    STORE_OK);
	assert_int_equal(find_session(HASH_C, NOW), STORE_GONE);
}

static void
store_is_counted(void **state)
{
	struct store_counts counts;
	const char *id;

	(void)state;
	assert_int_equal(store_count(store, arena, NOW, &counts), STORE_OK);
	assert_int_equal(counts.users + counts.disabled + counts.sessions +
	    counts.resets, 0);
	id = add_user("a@b", "$y$a");
	(void)add_user("b@b", "$y$a");
	assert_int_equal(start_session(id, HASH_A, "$y$a", NULL, NULL),
	    STORE_OK);
	assert_int_equal(add_reset("a@b", HASH_B), STORE_OK);
	assert_int_equal(store_user_disable(store, arena, "b@b", NOW, NULL),
	    STORE_OK);
	assert_int_equal(store_count(store, arena, LATER, &counts), STORE_OK);
	assert_int_equal(counts.users, 2);
	assert_int_equal(counts.disabled, 1);
	assert_int_equal(counts.sessions, 1);
	assert_int_equal(counts.live_sessions, 0);
	assert_int_equal(counts.resets, 1);
	assert_int_equal(counts.live_resets, 0);
}

static void
nothing_is_made_as_it_is(void **state)
{
	char path[HELPER_PATH_MAX + 8];
	enum db_refusal why;
	struct db *db;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/other", bed.dir);
	assert_null(store_open_as_it_is(path, &why, ignore));
	assert_int_equal(why, DB_CANNOT_OPEN);
	assert_int_not_equal(access(path, F_OK), 0);
	helper_write(path, "", 0);
	assert_null(store_open_as_it_is(path, &why, ignore));
	assert_int_equal(why, DB_TOO_OLD);
	db = store_open_as_it_is(bed.store, &why, ignore);
	assert_non_null(db);
	store_shut(db);
}

#define BAD_GROUP(name)							\
	"INSERT INTO user_groups VALUES (" ID ", " name ")"

static void
bad_rows_of_groups_are_refused(void **state)
{
	static const char *const bad[] = {
		"INSERT INTO user_groups VALUES ('nobody', 'a')",
		BAD_GROUP("NULL"), BAD_GROUP("''"),
		BAD_GROUP("printf('%65s', '')"),
	};

	(void)state;
	assert_int_equal(helper_sql(bed.store, GOOD_USER), SQLITE_OK);
	check_refuses(bad, HELPER_COUNT(bad));
	assert_int_equal(helper_sql(bed.store, BAD_GROUP("'a'")), SQLITE_OK);
}

#define STORE(f) cmocka_unit_test_setup_teardown(f, stage_bed, stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE(user_is_found_as_it_was_added),
		STORE(taken_address_changes_nothing),
		STORE(ids_of_users_never_come_twice),
		STORE(b4_no_address_finds_nobody),
		STORE(session_leads_to_its_user),
		STORE(session_ends_with_its_time),
		STORE(session_ends_once),
		STORE(view_is_of_one_moment),
		STORE(b4_no_token_finds_no_session),
		STORE(b21_stale_password_starts_no_session),
		STORE(better_hash_comes_with_the_session),
		STORE(session_that_cannot_start_changes_nothing),
		STORE(new_session_ends_the_one_it_replaces),
		STORE(reset_sets_the_password_and_ends_sessions),
		STORE(b5_reset_works_once),
		STORE(b3_reset_of_another_address_is_refused),
		STORE(reset_ends_with_its_time),
		STORE(next_reset_takes_the_place_of_the_pending_one),
		STORE(b4_no_token_finds_no_reset),
		STORE(reset_does_all_or_nothing),
		STORE(b20_tokens_of_another_kind_are_refused),
		STORE(b5_parallel_registrations_give_one_user),
		STORE(b5_parallel_uses_of_a_reset_give_one_success),
		STORE(b5_parallel_logouts_give_one_success),
		STORE(b71_bad_rows_of_users_are_refused),
		STORE(b4_bad_rows_of_sessions_are_refused),
		STORE(b4_bad_rows_of_tickets_are_refused),
		STORE(sessions_and_resets_go_with_their_user),
		STORE(b18_missing_table_is_a_fault),
		STORE(everything_is_there_after_a_new_start),
		STORE(disabling_ends_sessions_and_reset),
		STORE(disabled_account_starts_nothing),
		STORE(new_password_ends_sessions_and_reset),
		STORE(deleted_account_leaves_nothing),
		STORE(lists_come_in_pages),
		STORE(groups_are_joined_left_and_replaced),
		STORE(too_many_groups_change_nothing),
		STORE(sessions_are_listed_and_ended),
		STORE(store_is_counted),
		STORE(nothing_is_made_as_it_is),
		STORE(bad_rows_of_groups_are_refused),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
