/* Wrong passwords: how many are judged, who waits, and who does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bucket.h"
#include "digest.h"
#include "limiter.h"
#include "reply.h"
#include "stage.h"

#define EMAIL		"bob@example.com"
#define OTHER		"alice@example.com"
#define NOBODY		"nobody@example.com"
#define PASSWORD	"MySecretPwd"
#define COMPAT		"profile = \"compat\"\nhash_cost = 1\n"
#define STANDARD	"profile = \"standard\"\nhash_cost = 5\n"
#define SECOND		INT64_C(1000)
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)

#define ASK(...)	helper_ask(&bed, &(const struct request){ __VA_ARGS__ })

/* Accounts have hashes of compat's cost; standard would upgrade them. */
static int
set_up(void **state)
{
	(void)stage_clock(state);
	helper_bed_settings(&bed, STANDARD);
	return 0;
}

/* The rules of standard, at compat's price of a hash. */
static struct conf cheap;

static void
make_it_cheap(void)
{
	cheap = *desk->conf;
	cheap.hashing.cost = 1;
	desk->conf = &cheap;
}

static void
enroll(const char *email)
{
	char *hash = arena_alloc(arena, PASSWD_HASH_MAX);
	struct user u = { .email = email, .email_key = email,
	    .created_at = now, .password_hash = hash };

	assert_true(passwd_hash(desk->passwd, PASSWORD, &cheap.hashing, hash));
	assert_int_equal(store_user_add(desk->store, arena, &u, NULL),
	    STORE_OK);
}

static int
set_up_cheap(void **state)
{
	(void)set_up(state);
	make_it_cheap();
	enroll(EMAIL);
	enroll(OTHER);
	return 0;
}

/* From another place each time, unless host is told. */
static const char *
some_host(void)
{
	static unsigned int n;

	n++;
	return arena_printf(arena, "10.%u.%u.1/32", n / 250, n % 250);
}

static enum outcome
login_by(const char *email, const char *password, const char *host,
    const char *network, const char *device, struct grant *grant)
{
	const struct caller caller = { .host = host, .network = network,
	    .user_agent = "", .device = device };

	return auth_login(desk, arena, email, password, &caller, grant);
}

static enum outcome
login(const char *email, const char *password)
{
	const char *host = some_host();
	struct grant grant;

	return login_by(email, password, host, host, NULL, &grant);
}

static const char *
device_of(const char *email)
{
	const char *host = some_host();
	struct grant grant;

	assert_int_equal(login_by(email, PASSWORD, host, host, NULL, &grant),
	    OUT_LOGGED_IN);
	assert_non_null(grant.device);
	return grant.device;
}

/* The bucket itself. */

static const struct bucket_rule rule = { .size = 3, .leak_ms = 1000,
    .first_ms = 100, .most_ms = 1000, .stop = 8 };

static void
bucket_delays_double_up_to_the_longest(void **state)
{
	static const int64_t delays[] = { 0, 0, 100, 200, 400, 800, 1000 };
	struct bucket b = { 0, 0, 0 };
	int64_t at = 50000;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(delays); i++) {
		b.updated_at = at;	/* nothing leaks */
		assert_int_equal(bucket_take(&b, &rule, at), 0);
		if (delays[i] > 0)
			assert_int_equal(bucket_take(&b, &rule, at),
			    delays[i]);
		assert_int_equal(b.failures, i + 1);
		at += delays[i];
	}
}

static void
bucket_that_is_full_stays_so(void **state)
{
	struct bucket b = { 7, 1000, 0 };

	(void)state;
	assert_int_equal(bucket_take(&b, &rule, 1000), 0);
	assert_int_equal(b.failures, 8);
	assert_int_equal(bucket_take(&b, &rule, 1000000000), BUCKET_STOPPED);
	assert_true(bucket_end(&b, &rule) > INT64_C(31536000000));
	bucket_give(&b);
	assert_int_equal(bucket_take(&b, &rule, 1000000000), 0);
}

static void
bucket_leaks(void **state)
{
	struct bucket b = { 0, 0, 0 };

	(void)state;
	assert_int_equal(bucket_take(&b, &rule, 10000), 0);
	assert_int_equal(bucket_take(&b, &rule, 10500), 0);
	assert_int_equal(bucket_end(&b, &rule), 12000);
	assert_int_equal(bucket_take(&b, &rule, 11000), 0);
	assert_int_equal(b.failures, 2);
	assert_int_equal(bucket_take(&b, &rule, 90000), 0);
	assert_int_equal(b.failures, 1);
}

static void
bucket_gives_a_place_back_with_its_delay(void **state)
{
	struct bucket b = { 0, 0, 0 };
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(bucket_take(&b, &rule, 500), 0);
	assert_int_equal(bucket_take(&b, &rule, 500), 100);
	bucket_give(&b);
	assert_int_equal(b.failures, 2);
	assert_int_equal(bucket_take(&b, &rule, 500), 0);
	bucket_give(&b);
	bucket_give(&b);
	bucket_give(&b);
	bucket_give(&b);
	assert_int_equal(b.failures, 0);
}

/* They look at the clock before they queue for the bucket. */
static void
bucket_takes_guesses_whose_times_are_out_of_order(void **state)
{
	struct bucket b = { 0, 0, 0 };

	(void)state;
	assert_int_equal(bucket_take(&b, &rule, 10007), 0);
	assert_int_equal(bucket_take(&b, &rule, 10000), 0);
	assert_int_equal(b.failures, 2);
}

static void
bucket_forgives_a_clock_that_was_set_back(void **state)
{
	struct bucket b = { 5, INT64_C(9000000000), INT64_C(9000000400) };

	(void)state;
	assert_int_equal(bucket_take(&b, &rule, 5000), 1000);
	b.updated_at = 5000;
	b.blocked_until = 5000;
	assert_int_equal(bucket_take(&b, &rule, 5000), 0);
}

/* Logins in standard. */

static void
fifth_failure_brings_a_delay_that_doubles(void **state)
{
	int64_t expected;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	for (expected = SECOND; expected < 64 * SECOND; expected *= 2) {
		assert_int_equal(login(EMAIL, PASSWORD), OUT_TOO_OFTEN);
		assert_int_equal(desk->wait_ms, expected);
		now += expected - 1;
		assert_int_equal(login(EMAIL, "wrong"), OUT_TOO_OFTEN);
		now += 1;
		assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	}
	assert_int_equal(login(OTHER, PASSWORD), OUT_LOGGED_IN);
}

/* B11: the same sequence, whatever there is. */
static void
b11_unknown_addresses_are_limited_like_known_ones(void **state)
{
	enum outcome known, unknown;
	int i;

	(void)state;
	for (i = 0; i < 40; i++) {
		known = login(EMAIL, "wrong");
		unknown = login(NOBODY, "wrong");
		assert_int_equal(known, unknown);
		if (known == OUT_TOO_OFTEN)
			now += i % 3 * SECOND;
	}
	assert_int_equal(count("SELECT count(DISTINCT failures) FROM limits"
	    " WHERE key LIKE 'a%'"), 1);
}

static void
b7_variants_of_an_address_share_a_bucket(void **state)
{
	static const char *const variants[] = { "bob@example.com",
	    "BOB@example.com", "bob@EXAMPLE.com",
	    "bob@ex\xef\xbd\x81mple.com", "Bob@Example.Com" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(variants); i++)
		assert_int_equal(login(variants[i], "wrong"),
		    OUT_BAD_CREDENTIALS);
	assert_int_equal(login("bOb@example.com", "wrong"), OUT_TOO_OFTEN);
}

/* B34 and the contract: only a device's own count is cleared. */
static void
b34_success_clears_no_other_count(void **state)
{
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < 19; i++)
		(void)login_by(i < 4 ? EMAIL : arena_printf(arena,
		    "x%d@example.com", i), "wrong", "192.0.2.1/32",
		    "192.0.2.0/24", NULL, &grant);
	assert_int_equal(count("SELECT failures FROM limits WHERE key ="
	    " 'h192.0.2.1/32'"), 19);
	assert_int_equal(login_by(OTHER, PASSWORD, "192.0.2.1/32",
	    "192.0.2.0/24", NULL, &grant), OUT_LOGGED_IN);
	assert_int_equal(login_by(EMAIL, PASSWORD, "192.0.2.1/32",
	    "192.0.2.0/24", NULL, &grant), OUT_LOGGED_IN);
	assert_int_equal(count("SELECT failures FROM limits WHERE key ="
	    " 'h192.0.2.1/32'"), 19);
	assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	assert_int_equal(login(EMAIL, "wrong"), OUT_TOO_OFTEN);
	assert_int_equal(login_by("y@example.com", "wrong", "192.0.2.1/32",
	    "192.0.2.0/24", NULL, &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by("z@example.com", "wrong", "192.0.2.1/32",
	    "192.0.2.0/24", NULL, &grant), OUT_TOO_OFTEN);
}

static void
v6_3_1_twentieth_failure_of_a_host_brings_a_delay(void **state)
{
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		assert_int_equal(login_by(arena_printf(arena, "u%d@b", i),
		    "wrong", "2001:db8::/64", "2001:db8::/48", NULL, &grant),
		    OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(EMAIL, PASSWORD, "2001:db8::/64",
	    "2001:db8::/48", NULL, &grant), OUT_TOO_OFTEN);
	assert_int_equal(desk->wait_ms, 15 * SECOND);
	assert_int_equal(login_by(EMAIL, PASSWORD, "2001:db8:0:1::/64",
	    "2001:db8::/48", NULL, &grant), OUT_LOGGED_IN);
	for (i = 0; i < 80; i++)
		assert_int_equal(login_by(arena_printf(arena, "v%d@b", i),
		    "wrong", arena_printf(arena, "2001:db8:0:%d::/64", i + 2),
		    "2001:db8::/48", NULL, &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(EMAIL, PASSWORD, "2001:db8:0:99::/64",
	    "2001:db8::/48", NULL, &grant), OUT_TOO_OFTEN);
	assert_int_equal(login_by(EMAIL, PASSWORD, "2001:db8:1::/64",
	    "2001:db8:1::/48", NULL, &grant), OUT_LOGGED_IN);
}

/* Whoever fails for somebody keeps them out nowhere that they have been. */
static void
owner_gets_in_from_a_known_browser_whatever_others_do(void **state)
{
	const char *device = device_of(EMAIL), *host = some_host();
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		(void)login_by(EMAIL, "wrong", host, host, NULL, &grant);
		now += 10 * MINUTE;
	}
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, NULL, &grant),
	    OUT_TOO_OFTEN);
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, device,
	    &grant), OUT_LOGGED_IN);
}

static void
known_browser_has_a_budget_of_its_own(void **state)
{
	const char *device = device_of(EMAIL), *host = some_host();
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
		    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, device,
	    &grant), OUT_LOGGED_IN);
	device = grant.device;		/* and its count is clear */
	for (i = 0; i < 5; i++)
		assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
		    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, device,
	    &grant), OUT_TOO_OFTEN);
	assert_int_equal(login(EMAIL, PASSWORD), OUT_LOGGED_IN);
}

/*
 * Who shares a browser with somebody and has an account guesses as much as
 * anybody: their own logins give the browser a new token, and nothing else.
 */
static void
b34_login_of_another_clears_no_count_of_a_shared_browser(void **state)
{
	const char *host = some_host();
	struct grant grant = { .device = NULL };
	int i;

	(void)state;
	assert_int_equal(login_by(OTHER, PASSWORD, host, host,
	    device_of(EMAIL), &grant), OUT_LOGGED_IN);
	for (i = 0; i < 5; i++) {
		assert_int_equal(login_by(EMAIL, "wrong", host, host,
		    grant.device, &grant), OUT_BAD_CREDENTIALS);
		assert_int_equal(login_by(OTHER, PASSWORD, host, host,
		    grant.device, &grant), OUT_LOGGED_IN);
	}
	assert_int_equal(login_by(EMAIL, "wrong", host, host, grant.device,
	    &grant), OUT_TOO_OFTEN);
}

static void
browser_that_has_run_out_is_not_known_again(void **state)
{
	const char *device = device_of(EMAIL), *host = some_host();
	struct grant grant = { .device = NULL };
	struct device list[STORE_DEVICES_MAX];
	struct user user;
	size_t n;

	(void)state;
	assert_int_equal(store_user_by_email(desk->store, arena, EMAIL,
	    &user), STORE_OK);
	now += 365 * 24 * HOUR;
	assert_int_equal(store_devices_of(desk->store, arena, user.id,
	    now - 1, list, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_devices_of(desk->store, arena, user.id, now,
	    list, &n), STORE_OK);
	assert_int_equal(n, 0);
	assert_int_equal(login_by(OTHER, PASSWORD, host, host, device,
	    &grant), OUT_LOGGED_IN);
	(void)login_by(EMAIL, "wrong", host, host, grant.device, &grant);
	assert_int_equal(count("SELECT count(*) FROM limits WHERE key LIKE"
	    " 'd%'"), 0);
	assert_int_equal(count("SELECT count(*) FROM limits WHERE key LIKE"
	    " 'h%' AND failures = 1"), 1);
}

/* One's own browser is a stranger to every other account. */
static void
browser_known_to_one_account_is_not_to_another(void **state)
{
	const char *device = device_of(OTHER), *host = some_host();
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
		    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
	    &grant), OUT_TOO_OFTEN);
	assert_int_equal(login(EMAIL, "wrong"), OUT_TOO_OFTEN);
}

static void
browsers_token_turns_with_each_login(void **state)
{
	const char *first = device_of(EMAIL), *second;
	struct grant grant;

	(void)state;
	assert_int_equal(login_by(OTHER, PASSWORD, "", "", first, &grant),
	    OUT_LOGGED_IN);
	second = grant.device;
	assert_string_not_equal(first, second);
	assert_int_equal(count("SELECT count(*) FROM devices"), 2);
	assert_int_equal(count("SELECT count(DISTINCT token_hash) FROM"
	    " devices"), 1);
	(void)login_by(EMAIL, "wrong", "", "", first, &grant);
	assert_int_equal(count("SELECT count(*) FROM limits WHERE key LIKE"
	    " 'd%'"), 0);
	(void)login_by(EMAIL, "wrong", "", "", second, &grant);
	assert_int_equal(count("SELECT count(*) FROM limits WHERE key LIKE"
	    " 'd%'"), 1);
	now += 366 * 24 * HOUR;
	assert_int_equal(count("SELECT count(*) FROM devices"), 2);
	store_sweep(bed.db, now);
	helper_settle(&bed);
	assert_int_equal(count("SELECT count(*) FROM devices"), 0);
	assert_int_equal(count("SELECT count(*) FROM limits"), 0);
}

/* It says who may try again, and stands for nobody. */
static void
b20_browsers_token_opens_nothing(void **state)
{
	const char *device = device_of(EMAIL);
	const struct caller caller = { .token = device, .host = "",
	    .network = "", .user_agent = "" };
	struct session s;

	(void)state;
	assert_int_equal(auth_whose(desk, arena, &caller, &s),
	    OUT_NO_SESSION);
	assert_int_equal(mailbox_reset_finish(desk, arena, EMAIL, device,
	    "a new long password", &helper_caller), OUT_BAD_RESET_TOKEN);
}

/* Whoever had the password had a browser, too. */
static void
b28_reset_forgets_the_browsers(void **state)
{
	const char *alien = device_of(OTHER);
	struct grant grant;

	(void)state;
	(void)device_of(EMAIL);
	assert_int_equal(count("SELECT count(*) FROM devices"), 2);
	assert_int_equal(mailbox_reset_make(desk, arena, EMAIL, MAILBOX_RESET_SECONDS, &grant),
	    OUT_RESET_STARTED);
	assert_int_equal(mailbox_reset_finish(desk, arena, EMAIL, grant.token,
	    "a new long password", &helper_caller), OUT_PASSWORD_UPDATED);
	assert_int_equal(count("SELECT count(*) FROM devices"), 1);
	assert_int_equal(login_by(OTHER, PASSWORD, "", "", alien, &grant),
	    OUT_LOGGED_IN);
}

static void
account_keeps_its_newest_browsers(void **state)
{
	const char *first = device_of(EMAIL);
	struct grant grant;
	int i;

	(void)state;
	for (i = 0; i < STORE_DEVICES_MAX; i++) {
		now += 1;
		(void)device_of(EMAIL);
	}
	assert_int_equal(count("SELECT count(*) FROM devices"),
	    STORE_DEVICES_MAX);
	(void)login_by(EMAIL, "wrong", "", "", first, &grant);
	assert_int_equal(count("SELECT count(*) FROM limits WHERE key LIKE"
	    " 'd%'"), 0);
}

static bool
is_known(const char *device, const char *email)
{
	char hash[DIGEST_TOKEN_LEN + 1];
	enum store_status status;
	const char *name;

	assert_true(digest_token_hash(device, hash));
	status = store_device_known(desk->store, arena, hash, email, now,
	    &name);
	assert_true(status == STORE_OK || status == STORE_GONE);
	return status == STORE_OK;
}

/* A hundred in a row, and then only a reset helps, or time does. */

static void
fill_to(int failures)
{
	char sql[160];

	assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	(void)snprintf(sql, sizeof(sql), "UPDATE limits SET failures = %d"
	    " WHERE key LIKE 'a%%'", failures);
	assert_int_equal(helper_sql(bed.store, sql), 0);
}

static void
v6_3_1_hundred_failures_wait_for_a_reset(void **state)
{
	struct grant grant;

	(void)state;
	fill_to(99);
	now += SECOND;
	assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	now += 300 * 24 * HOUR;
	assert_int_equal(login(EMAIL, PASSWORD), OUT_TOO_OFTEN);
	assert_int_equal(desk->wait_ms, HOUR);
	assert_int_equal(mailbox_reset_make(desk, arena, EMAIL,
	    MAILBOX_RESET_SECONDS, &grant), OUT_RESET_STARTED);
	assert_int_equal(mailbox_reset_finish(desk, arena, EMAIL, grant.token,
	    "a new long password", &helper_caller), OUT_PASSWORD_UPDATED);
	assert_int_equal(login(EMAIL, "a new long password"), OUT_LOGGED_IN);
}

/*
 * An administrator who sets one ends what a reset would: the owner need not
 * wait, and whoever had the old one is not known any more.
 */
static void
password_of_an_administrator_ends_the_wait(void **state)
{
	const char *device = device_of(EMAIL), *alien = device_of(OTHER);

	(void)state;
	fill_to(100);
	assert_int_equal(auth_user_password(desk, arena, EMAIL,
	    "a new long password"), OUT_PASSWORD_UPDATED);
	assert_int_equal(login(EMAIL, "a new long password"), OUT_LOGGED_IN);
	assert_true(is_known(alien, OTHER));
	assert_false(is_known(device, EMAIL));
}

/*
 * An administrator who unlocks forgets what was tried from everywhere, and no
 * browser: what others' accounts count stays.
 */
static void
unlocking_lets_a_known_browser_try_again(void **state)
{
	const char *device = device_of(EMAIL), *alien = device_of(OTHER),
	    *host = some_host();
	struct grant grant;
	struct user u;

	(void)state;
	now += SECOND;
	(void)device_of(EMAIL);
	assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
	    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(login_by(OTHER, "wrong", host, host, alien,
	    &grant), OUT_BAD_CREDENTIALS);
	assert_int_equal(helper_sql(bed.store, "UPDATE limits SET failures ="
	    " 100 WHERE key LIKE 'd%'"), 0);
	now += 300 * 24 * HOUR;
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, device,
	    &grant), OUT_TOO_OFTEN);
	assert_int_equal(store_user_by_email(desk->store, arena, EMAIL, &u),
	    STORE_OK);
	u.email_key = EMAIL;
	assert_int_equal(auth_user_unlock(desk, arena, &u), OUT_CONFIRMED);
	assert_true(is_known(device, EMAIL));
	assert_int_equal(login_by(EMAIL, PASSWORD, host, host, device,
	    &grant), OUT_LOGGED_IN);
	assert_int_equal(login_by(OTHER, PASSWORD, host, host, alien,
	    &grant), OUT_TOO_OFTEN);
}

/* Nobody is locked out of an account that is still to be made. */
static void
guesses_at_nobodys_address_do_not_lock_who_gets_it(void **state)
{
	static const char address[] = "new@example.com",
	    password[] = "purple fifteen letters";
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(login(address, "wrong"),
		    OUT_BAD_CREDENTIALS);
	assert_int_equal(login(address, password), OUT_TOO_OFTEN);
	assert_int_equal(auth_user_add(desk, arena, address, password),
	    OUT_USER_CREATED);
	assert_int_equal(login(address, password), OUT_LOGGED_IN);
}

static void
lockout_slow_lets_one_in_each_hour(void **state)
{
	(void)state;
	helper_bed_settings(&bed, STANDARD "lockout = \"slow\"\n");
	make_it_cheap();
	fill_to(150);
	assert_int_equal(login(EMAIL, PASSWORD), OUT_LOGGED_IN);
	assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	assert_int_equal(login(EMAIL, PASSWORD), OUT_TOO_OFTEN);
	assert_int_equal(desk->wait_ms, HOUR);
	now += HOUR;
	assert_int_equal(login(EMAIL, PASSWORD), OUT_LOGGED_IN);
}

static void
right_passwords_fill_nothing(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 30; i++)
		assert_int_equal(login(EMAIL, PASSWORD), OUT_LOGGED_IN);
	assert_int_equal(count("SELECT coalesce(max(failures), 0) FROM"
	    " limits"), 0);
}

/* B35: what was counted is on the disk. */
static void
b35_count_survives_a_restart(void **state)
{
	enum db_refusal why;
	struct store *first = desk->store, *again;
	struct db *db;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(login(EMAIL, "wrong"), OUT_BAD_CREDENTIALS);
	db = store_open(bed.store, &why, NULL);
	assert_non_null(db);
	again = store_desk(db, true);
	desk->store = again;
	assert_int_equal(login(EMAIL, PASSWORD), OUT_TOO_OFTEN);
	store_leave(again);
	store_shut(db);
	desk->store = first;
}

/* B18: a limiter that cannot count lets nobody try. */
static void
b18_without_its_table_nobody_is_judged(void **state)
{
	(void)state;
	assert_int_equal(helper_sql(bed.store, "DROP TABLE limits"), 0);
	assert_int_equal(login(EMAIL, PASSWORD), OUT_FAULT);
	assert_int_equal(login(EMAIL, "wrong"), OUT_FAULT);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
}

#define CROWD	100

static enum outcome results[CROWD];

static void
guess(size_t index, void *arg)
{
	struct arena *a = arena_new();
	const struct caller caller = { .network = "", .user_agent = "",
	    .host = arena_printf(a, "10.0.%zu.1/32", index) };
	struct grant grant;
	struct bed guest;

	(void)arg;
	helper_guest(&guest, &bed);
	guest.desk->conf = &cheap;
	results[index] = auth_login(guest.desk, a, EMAIL, "wrong", &caller,
	    &grant);
	helper_guest_close(&guest);
	arena_free(a);
}

/* However many come at once, five are judged, and five are counted. */
static void
of_a_hundred_parallel_guesses_five_are_judged(void **state)
{
	size_t i, judged = 0;

	(void)state;
	helper_threads(CROWD, guess, NULL);
	for (i = 0; i < CROWD; i++) {
		assert_true(results[i] == OUT_BAD_CREDENTIALS ||
		    results[i] == OUT_TOO_OFTEN);
		judged += results[i] == OUT_BAD_CREDENTIALS;
	}
	assert_int_equal(judged, 5);
	assert_int_equal(count("SELECT failures FROM limits WHERE key LIKE"
	    " 'a%'"), 5);
	assert_int_equal(count("SELECT sum(failures) FROM limits WHERE key"
	    " LIKE 'h%'"), 5);
}

/* From within a session. */

static void
b33_password_is_limited_on_every_path(void **state)
{
	const struct session *s;
	struct session mine;
	struct grant grant;
	struct caller caller = { .host = "", .network = "",
	    .user_agent = "" };
	int i;

	(void)state;
	assert_int_equal(login_by(EMAIL, PASSWORD, "", "", NULL, &grant),
	    OUT_LOGGED_IN);
	caller.token = grant.token;
	assert_int_equal(auth_whose(desk, arena, &caller, &mine),
	    OUT_PROFILE);
	s = &mine;
	assert_int_equal(auth_confirm(desk, arena, s, "wrong"),
	    OUT_WRONG_PASSWORD);
	assert_int_equal(auth_confirm(desk, arena, s, PASSWORD),
	    OUT_CONFIRMED);
	for (i = 0; i < 2; i++) {
		assert_int_equal(auth_confirm(desk, arena, s, "wrong"),
		    OUT_WRONG_PASSWORD);
		assert_int_equal(auth_change_password(desk, arena, s, "wrong",
		    "a new long password"), OUT_WRONG_PASSWORD);
	}
	assert_int_equal(auth_delete(desk, arena, s, "wrong"),
	    OUT_WRONG_PASSWORD);
	assert_int_equal(auth_confirm(desk, arena, s, PASSWORD),
	    OUT_TOO_OFTEN);
	assert_int_equal(auth_change_password(desk, arena, s, PASSWORD,
	    "a new long password"), OUT_TOO_OFTEN);
	assert_int_equal(auth_delete(desk, arena, s, PASSWORD),
	    OUT_TOO_OFTEN);
	assert_int_equal(login(EMAIL, PASSWORD), OUT_LOGGED_IN);
	now += SECOND;
	assert_int_equal(auth_confirm(desk, arena, s, PASSWORD),
	    OUT_CONFIRMED);
}

/* A hash that is sealed with a key that is not here cannot be compared. */
#define UNKNOWN_KEY	"'$hmac$AAAAAAAA' || password_hash"
#define SET_HASH(value)	helper_sql(bed.store, "UPDATE users SET "	\
    "password_hash = " value " WHERE email_key = '" EMAIL "'")

static int64_t
failures(const char *class)
{
	helper_settle(&bed);
	return count(arena_printf(arena, "SELECT coalesce(sum(failures), 0)"
	    " FROM limits WHERE key LIKE '%s%%'", class));
}

/* Three failures and a fault are three failures, also where success clears. */
static void
b18_fault_empties_no_bucket(void **state)
{
	const char *host = some_host(), *device = device_of(EMAIL);
	struct caller caller = { .host = "", .network = "",
	    .user_agent = "" };
	struct session mine;
	struct grant grant;
	int i;

	(void)state;
	assert_int_equal(login_by(EMAIL, PASSWORD, "", "", NULL, &grant),
	    OUT_LOGGED_IN);
	caller.token = grant.token;
	assert_int_equal(auth_whose(desk, arena, &caller, &mine),
	    OUT_PROFILE);
	for (i = 0; i < 3; i++) {
		assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
		    &grant), OUT_BAD_CREDENTIALS);
		assert_int_equal(auth_confirm(desk, arena, &mine, "wrong"),
		    OUT_WRONG_PASSWORD);
	}
	assert_int_equal(SET_HASH(UNKNOWN_KEY), 0);
	assert_int_equal(login_by(EMAIL, "wrong", host, host, device,
	    &grant), OUT_FAULT);
	assert_int_equal(auth_confirm(desk, arena, &mine, "wrong"),
	    OUT_FAULT);
	assert_int_equal(failures("d"), 3);
	assert_int_equal(failures("s"), 3);
	assert_int_equal(SET_HASH("substr(password_hash, 15)"), 0);
	assert_int_equal(auth_confirm(desk, arena, &mine, PASSWORD),
	    OUT_CONFIRMED);
	assert_int_equal(failures("s"), 0);
}

/* What is answered. */

static void
too_often_is_429_and_says_when(void **state)
{
	struct answer *a = NULL;
	int i;

	(void)state;
	helper_bed_settings(&bed, STANDARD);
	for (i = 0; i < 6; i++)
		a = ASK(.method = "POST", .uri = "/sessions",
		    .type = HELPER_FORM, .body = "email=" NOBODY
		    "&password=wrong");
	assert_int_equal(a->status, 429);
	assert_string_equal(a->body, "{\"message\":\"too many wrong"
	    " passwords or codes, try again later\"}\n");
	assert_string_equal(helper_header(a, "Retry-After"), "1");
	assert_null(strstr(a->head, "Set-Cookie"));
}

/* compat counts, but only what no person does. */
static void
compat_delays_from_the_thousandth_failure(void **state)
{
	struct grant grant;
	int i;

	(void)state;
	helper_bed_settings(&bed, COMPAT);
	for (i = 0; i < 1000; i++)
		if (login_by(EMAIL, "wrong", "127.0.0.1/32", "127.0.0.0/24",
		    NULL, &grant) != OUT_BAD_CREDENTIALS)
			fail_msg("failure %d", i);
	assert_int_equal(login_by(EMAIL, PASSWORD, "127.0.0.1/32",
	    "127.0.0.0/24", NULL, &grant), OUT_TOO_OFTEN);
	now += SECOND;
	assert_int_equal(login_by(EMAIL, PASSWORD, "127.0.0.1/32",
	    "127.0.0.0/24", NULL, &grant), OUT_LOGGED_IN);
	assert_null(grant.device);
	assert_int_equal(count("SELECT count(*) FROM devices"), 0);
}

#define BUCKET(f)	cmocka_unit_test(f)
#define LIMIT(f)	cmocka_unit_test_setup_teardown(f, set_up_cheap, \
    stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BUCKET(bucket_delays_double_up_to_the_longest),
		BUCKET(bucket_that_is_full_stays_so),
		BUCKET(bucket_leaks),
		BUCKET(bucket_gives_a_place_back_with_its_delay),
		BUCKET(bucket_takes_guesses_whose_times_are_out_of_order),
		BUCKET(bucket_forgives_a_clock_that_was_set_back),
		LIMIT(fifth_failure_brings_a_delay_that_doubles),
		LIMIT(b11_unknown_addresses_are_limited_like_known_ones),
		LIMIT(b7_variants_of_an_address_share_a_bucket),
		LIMIT(b34_success_clears_no_other_count),
		LIMIT(v6_3_1_twentieth_failure_of_a_host_brings_a_delay),
		LIMIT(owner_gets_in_from_a_known_browser_whatever_others_do),
		LIMIT(known_browser_has_a_budget_of_its_own),
		LIMIT(
	    b34_login_of_another_clears_no_count_of_a_shared_browser),
	LIMIT(browser_that_has_run_out_is_not_known_again),
	LIMIT(browser_known_to_one_account_is_not_to_another),
		LIMIT(browsers_token_turns_with_each_login),
		LIMIT(b20_browsers_token_opens_nothing),
		LIMIT(b28_reset_forgets_the_browsers),
		LIMIT(account_keeps_its_newest_browsers),
		LIMIT(v6_3_1_hundred_failures_wait_for_a_reset),
		LIMIT(password_of_an_administrator_ends_the_wait),
		LIMIT(unlocking_lets_a_known_browser_try_again),
		LIMIT(guesses_at_nobodys_address_do_not_lock_who_gets_it),
		LIMIT(lockout_slow_lets_one_in_each_hour),
		LIMIT(right_passwords_fill_nothing),
		LIMIT(b35_count_survives_a_restart),
		LIMIT(b18_without_its_table_nobody_is_judged),
		LIMIT(of_a_hundred_parallel_guesses_five_are_judged),
		LIMIT(b33_password_is_limited_on_every_path),
		LIMIT(b18_fault_empties_no_bucket),
		LIMIT(too_often_is_429_and_says_when),
		LIMIT(compat_delays_from_the_thousandth_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
