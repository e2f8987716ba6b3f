/* Mails that wait: who gets one, when, and what is left of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

#define NOW		INT64_C(1700000000000)
#define LEASE		INT64_C(120000)
#define HOUR		INT64_C(3600000)
#define GRACE		INT64_C(60000)	/* a courier's, to end it itself */
#define SECRET		"{\"link\":\"/reset?token=SecretOfTheMail\"}"

static void
add(const char *recipient, int64_t created_at)
{
	const struct mail mail = { .kind = "reset", .recipient = recipient,
	    .language = "de", .content = SECRET, .created_at = created_at,
	    .expires_at = created_at + HOUR };

	assert_int_equal(store_mail_add(store, arena, &mail), STORE_OK);
}

static void
claim(int64_t at, struct mail *out)
{
	assert_int_equal(store_mail_claim(store, arena, at, at + LEASE,
	    out), STORE_OK);
}

static void
nothing_to_claim(int64_t at)
{
	struct mail none;

	assert_int_equal(store_mail_due(store, arena, at), STORE_GONE);
	assert_int_equal(store_mail_claim(store, arena, at, at + LEASE,
	    &none), STORE_GONE);
}

static void
mail_comes_back_as_it_was_written(void **state)
{
	struct mail m;

	(void)state;
	add("bob@example.com", NOW);
	assert_int_equal(store_mail_due(store, arena, NOW - 1), STORE_GONE);
	assert_int_equal(store_mail_due(store, arena, NOW), STORE_OK);
	claim(NOW, &m);
	assert_int_equal(strlen(m.id), STORE_ID_LEN);
	assert_string_equal(m.kind, "reset");
	assert_string_equal(m.recipient, "bob@example.com");
	assert_string_equal(m.language, "de");
	assert_string_equal(m.content, SECRET);
	assert_true(m.created_at == NOW && m.expires_at == NOW + HOUR);
	assert_int_equal(m.attempts, 1);
}

/* Whoever dies with a mail in hand does not keep it. */
static void
claimed_mail_is_nobody_elses_until_its_time(void **state)
{
	struct mail m, again;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW, &m);
	nothing_to_claim(NOW + LEASE - 1);
	claim(NOW + LEASE, &again);
	assert_string_equal(again.id, m.id);
	assert_int_equal(again.attempts, 2);
}

static void
first_due_is_first_claimed(void **state)
{
	struct mail m;
	int i;

	(void)state;
	for (i = 9; i >= 0; i--)
		add(i % 2 == 0 ? "" : "bob@example.com", NOW + i);
	for (i = 0; i < 10; i++) {
		claim(NOW + 9, &m);
		assert_int_equal(m.created_at, NOW + i);
	}
	nothing_to_claim(NOW + 9);
}

static void
ended_mail_keeps_no_content(void **state)
{
	static const char *const states[] = { "sent", "dropped", "dead" };
	struct mail m;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(states); i++) {
		add("bob@example.com", NOW);
		claim(NOW, &m);
		assert_int_equal(store_mail_end(store, arena, &m, states[i],
		    "why", NOW + 5), STORE_OK);
		assert_int_equal(store_mail_end(store, arena, &m, "sent", "",
		    NOW + 6), STORE_GONE);
	}
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " content = '' AND ended_at = 1700000000005 AND reason = 'why'"
	    " AND taken_until = 0"), 3);
	assert_int_equal(count("SELECT count(DISTINCT state) FROM mails"), 3);
	nothing_to_claim(NOW + LEASE + HOUR);
}

/* Not even in their free pages: what the daemon does each minute. */
static void
content_is_gone_from_the_files(void **state)
{
	const char *wal = arena_printf(arena, "%s-wal", bed.store);
	struct mail m;
	int i;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW, &m);
	assert_int_equal(store_mail_end(store, arena, &m, "sent", "", NOW),
	    STORE_OK);
	assert_true(helper_grep(wal, "SecretOfTheMail", 15) > 0);
	db_forget(bed.db);
	for (i = 0; i < 1000 && helper_grep(wal, "SecretOfTheMail", 15) > 0;
	    i++)
		(void)usleep(10000);
	assert_int_equal(helper_grep(wal, "SecretOfTheMail", 15), 0);
	assert_int_equal(helper_grep(bed.store, "SecretOfTheMail", 15), 0);
	assert_true(helper_grep(bed.store, "bob@example.com", 15) > 0);
}

static void
failed_mail_is_due_when_it_is_told(void **state)
{
	struct mail m, other;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW, &m);
	assert_int_equal(store_mail_fail(store, arena, &m, "450", NOW + 30),
	    STORE_OK);
	nothing_to_claim(NOW + 29);
	claim(NOW + 30, &other);
	/* Who was slow must not take it away from who has it now. */
	assert_int_equal(store_mail_fail(store, arena, &m, "450", NOW),
	    STORE_GONE);
	nothing_to_claim(NOW + 31);
	/* But that it has been sent is so, whoever says it. */
	assert_int_equal(store_mail_end(store, arena, &m, "sent", "", NOW),
	    STORE_OK);
	assert_int_equal(store_mail_fail(store, arena, &other, "450", NOW),
	    STORE_GONE);
}

/* What is in hand is not sent a second time by who asks for a new try. */
static void
retry_leaves_what_is_in_hand(void **state)
{
	struct mail m, held;
	size_t n;

	(void)state;
	add("bob@example.com", NOW);
	add("carol@example.com", NOW + 1);
	claim(NOW, &m);
	assert_int_equal(store_mail_fail(store, arena, &m, "450",
	    NOW + HOUR / 2), STORE_OK);
	claim(NOW + 1, &held);
	assert_int_equal(store_mail_retry(store, arena, held.id, NOW + 2),
	    STORE_GONE);
	assert_int_equal(store_mails_retry(store, arena, NOW + 2, &n),
	    STORE_OK);
	assert_int_equal(n, 1);
	claim(NOW + 2, &m);
	assert_string_equal(m.recipient, "bob@example.com");
	nothing_to_claim(NOW + 3);
	assert_int_equal(store_mail_retry(store, arena, held.id,
	    NOW + 1 + LEASE), STORE_OK);
	assert_int_equal(store_mail_retry(store, arena, "nobody", NOW),
	    STORE_GONE);
}

static void
list_comes_in_pages(void **state)
{
	struct mail page[STORE_PAGE], m;
	size_t n, i;

	(void)state;
	for (i = 0; i < STORE_PAGE + 7; i++)
		add("bob@example.com", NOW + (int64_t)i / 3);
	assert_int_equal(store_mails_after(store, arena, "waiting", NULL,
	    page, &n), STORE_OK);
	assert_int_equal(n, STORE_PAGE);
	for (i = 1; i < n; i++)
		assert_true(page[i].due_at > page[i - 1].due_at ||
		    strcmp(page[i].id, page[i - 1].id) > 0);
	m = page[n - 1];
	assert_int_equal(store_mails_after(store, arena, "waiting", &m, page,
	    &n), STORE_OK);
	assert_int_equal(n, 7);
	assert_true(page[0].due_at >= m.due_at);
	assert_string_equal(page[0].content, "");
	assert_int_equal(store_mails_after(store, arena, "sent", NULL, page,
	    &n), STORE_OK);
	assert_int_equal(n, 0);
}

static void
oldest_is(int64_t waiting, int64_t created_at)
{
	int64_t n, oldest;

	assert_int_equal(store_mail_oldest(store, arena, &n, &oldest),
	    STORE_OK);
	assert_int_equal(n, waiting);
	assert_int_equal(oldest, created_at);
}

/* By when it was written, not by when it is due, nor among those that ended. */
static void
oldest_of_those_that_wait_is_known(void **state)
{
	struct mail m;

	(void)state;
	oldest_is(0, 0);
	add("first@example.com", NOW);
	add("second@example.com", NOW + 5);
	add("third@example.com", NOW + 9);
	oldest_is(3, NOW);
	claim(NOW, &m);
	oldest_is(3, NOW);
	assert_int_equal(store_mail_fail(store, arena, &m, "450", NOW + 30),
	    STORE_OK);
	oldest_is(3, NOW);
	claim(NOW + 30, &m);
	assert_string_equal(m.recipient, "second@example.com");
	assert_int_equal(store_mail_end(store, arena, &m, "dead", "550",
	    NOW + 30), STORE_OK);
	oldest_is(2, NOW);
	claim(NOW + 30, &m);
	claim(NOW + 30, &m);
	assert_string_equal(m.recipient, "first@example.com");
	assert_int_equal(store_mail_end(store, arena, &m, "sent", "",
	    NOW + 30), STORE_OK);
	oldest_is(1, NOW + 9);
}

/* More than one step removes, and none that waits. */
static void
sweep_removes_what_ended_long_ago(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		add("", NOW);
	add("bob@example.com", NOW);
	assert_int_equal(helper_sql(bed.store, "UPDATE mails SET"
	    " state = 'dropped', content = '', ended_at = 1700000000001"
	    " WHERE recipient = ''; UPDATE mails SET ended_at ="
	    " 1700000000002 WHERE id = (SELECT max(id) FROM mails WHERE"
	    " recipient = '')"), SQLITE_OK);
	store_mail_sweep(bed.db, NOW + 1 + STORE_MAIL_DAYS * 24 * HOUR);
	for (i = 0; i < 500 && count("SELECT count(*) FROM mails") > 2; i++)
		add("carol@example.com", NOW);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " recipient = ''"), 1);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " recipient = 'bob@example.com'"), 1);
}

static int64_t
mails_to(const char *email_key)
{
	struct mail m[8];
	size_t n;

	assert_int_equal(store_mails_to(store, arena, email_key,
	    INT64_MIN, m, HELPER_COUNT(m), &n), STORE_OK);
	return (int64_t)n;
}

static void
mails_to_an_address_are_found_in_any_spelling(void **state)
{
	struct mail m, list[2];
	size_t n;

	(void)state;
	add("Bob@example.com", NOW);
	claim(NOW, &m);
	assert_int_equal(store_mail_end(store, arena, &m, "sent", "", NOW),
	    STORE_OK);
	add("bob@example.com", NOW + 1);
	add("bobby@example.com", NOW + 2);
	add("", NOW + 3);
	assert_int_equal(store_mails_to(store, arena, "bob@example.com",
	    NOW, list, 2, &n), STORE_OK);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].kind, "reset");
	assert_string_equal(list[0].state, "waiting");
	assert_true(list[0].created_at == NOW + 1);
	assert_string_equal(list[1].state, "sent");
	add("BOB@example.com", NOW + 4);
	assert_int_equal(store_mails_to(store, arena, "bob@example.com",
	    NOW, list, 2, &n), STORE_OK);
	assert_int_equal(n, 2);
	assert_true(list[0].created_at == NOW + 4);
	assert_int_equal(store_mails_to(store, arena, "bob@example.com",
	    NOW + 4, list, 2, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(mails_to("carol@example.com"), 0);
}

/* A courier may have one of them in hand. */
static void
mails_go_with_the_account_and_nobody_faults(void **state)
{
	struct user u = { .email = "Bob@example.com",
	    .email_key = "bob@example.com", .password_hash = "$y$" };
	struct mail in_hand, ended;
	char *log;

	(void)state;
	assert_int_equal(store_user_add(store, arena, &u, NULL), STORE_OK);
	add("bob@example.com", NOW);
	add("Bob@example.com", NOW + 1);
	add("BOB@example.com", NOW + 2);
	add("carol@example.com", NOW + 3);
	claim(NOW, &ended);
	assert_int_equal(store_mail_end(store, arena, &ended, "sent", "",
	    NOW), STORE_OK);
	claim(NOW + 1, &in_hand);
	assert_int_equal(store_user_delete(store, arena, u.email_key, NULL),
	    STORE_OK);
	assert_int_equal(mails_to("bob@example.com"), 0);
	assert_int_equal(mails_to("carol@example.com"), 1);
	assert_int_equal(store_mail_fail(store, arena, &in_hand, "450",
	    NOW + 30), STORE_GONE);
	assert_int_equal(store_mail_end(store, arena, &in_hand, "sent", "",
	    NOW + 2), STORE_GONE);
	log = helper_log(&bed);
	assert_null(strstr(log, "store.fault"));
	free(log);
}

/* What a courier has in hand as the copy is made, too. */
static void
copy_that_is_closed_sends_nothing_again(void **state)
{
	char copy[HELPER_PATH_MAX * 2];
	struct mail m;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW, &m);
	assert_int_equal(store_mail_end(store, arena, &m, "sent", "", NOW),
	    STORE_OK);
	add("bob@example.com", NOW);
	add("carol@example.com", NOW);
	claim(NOW, &m);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", bed.dir);
	assert_true(db_copy(bed.db, copy));
	assert_int_equal(store_close_copy(copy, arena, &(const struct entry){
	    .event = "store.restored" }), STORE_OK);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM mails"
	    " WHERE state = 'dropped' AND content = '' AND taken_until = 0"
	    " AND ended_at > 1700000000000 AND reason LIKE '%copy%'"), 2);
	assert_int_equal(helper_number(copy, "SELECT count(*) FROM mails"
	    " WHERE state = 'sent' AND reason = ''"), 1);
	assert_int_equal(helper_grep(copy, "SecretOfTheMail", 15), 0);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'waiting'"), 2);
}

/* Also where no courier runs; what one has in hand stays its own. */
static void
mail_whose_time_is_over_ends_and_its_words_go(void **state)
{
	struct mail held;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW + HOUR - 1, &held);
	add("carol@example.com", NOW);
	add("dave@example.com", NOW + 1);
	store_sweep(bed.db, NOW + HOUR + GRACE - 1);
	add("erin@example.com", NOW + HOUR);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'waiting' AND content <> ''"), 4);
	store_sweep(bed.db, NOW + HOUR + GRACE);
	add("frank@example.com", NOW + HOUR);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE recipient ="
	    " 'carol@example.com' AND state = 'dead' AND content = ''"
	    " AND reason = 'its time is over' AND ended_at > 0"), 1);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'waiting' AND content <> ''"), 4);
	assert_int_equal(store_mail_end(store, arena, &held, "sent", "",
	    NOW + HOUR), STORE_OK);
}

static void
mail_of_a_courier_that_died_ends_too(void **state)
{
	struct mail held;

	(void)state;
	add("bob@example.com", NOW);
	claim(NOW + HOUR - 1, &held);
	store_mail_sweep(bed.db, NOW + HOUR - 1 + LEASE + GRACE);
	add("carol@example.com", NOW + HOUR);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'dead' AND content = ''"), 1);
	assert_int_equal(store_mail_fail(store, arena, &held, "450",
	    NOW + HOUR), STORE_GONE);
	assert_int_equal(store_mail_end(store, arena, &held, "sent", "",
	    NOW + HOUR), STORE_GONE);
}

/* More than one step ends, and the service removes what has ended. */
static void
sweep_of_the_service_leaves_no_mail_for_ever(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		add("bob@example.com", NOW);
	store_sweep(bed.db, NOW + HOUR + GRACE);
	for (i = 0; i < 500 && count("SELECT count(*) FROM mails WHERE"
	    " recipient = 'bob@example.com' AND state <> 'dead'") > 0; i++)
		add("carol@example.com", NOW + 30 * 24 * HOUR);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'dead'"), 600);
	store_sweep(bed.db, NOW + HOUR + STORE_MAIL_DAYS * 24 * HOUR);
	for (i = 0; i < 500 && count("SELECT count(*) FROM mails WHERE"
	    " recipient = 'bob@example.com'") > 0; i++)
		add("carol@example.com", NOW + 30 * 24 * HOUR);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE state ="
	    " 'dead'"), 0);
}

#define CLAIMERS	4
#define MAILS		100

static int claimed[CLAIMERS];

static void
claim_all(size_t index, void *arg)
{
	struct bed *guests = arg;
	struct arena *a = arena_new();
	struct mail m;

	while (store_mail_claim(guests[index].desk->store, a, NOW,
	    NOW + LEASE, &m) == STORE_OK)
		claimed[index]++;
	arena_free(a);
}

static void
no_two_claim_the_same(void **state)
{
	struct bed guests[CLAIMERS];
	int i, sum = 0;

	(void)state;
	for (i = 0; i < MAILS; i++)
		add("bob@example.com", NOW);
	for (i = 0; i < CLAIMERS; i++) {
		helper_guest(&guests[i], &bed);
		claimed[i] = 0;
	}
	helper_threads(CLAIMERS, claim_all, guests);
	for (i = 0; i < CLAIMERS; i++) {
		helper_guest_close(&guests[i]);
		sum += claimed[i];
	}
	assert_int_equal(sum, MAILS);
	assert_int_equal(count("SELECT count(*) FROM mails WHERE"
	    " attempts = 1"), MAILS);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_bed,		\
    stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mail_comes_back_as_it_was_written),
		TEST(claimed_mail_is_nobody_elses_until_its_time),
		TEST(first_due_is_first_claimed),
		TEST(ended_mail_keeps_no_content),
		TEST(content_is_gone_from_the_files),
		TEST(failed_mail_is_due_when_it_is_told),
		TEST(retry_leaves_what_is_in_hand),
		TEST(list_comes_in_pages),
		TEST(oldest_of_those_that_wait_is_known),
		TEST(sweep_removes_what_ended_long_ago),
		TEST(mails_to_an_address_are_found_in_any_spelling),
		TEST(mails_go_with_the_account_and_nobody_faults),
		TEST(copy_that_is_closed_sends_nothing_again),
		TEST(mail_whose_time_is_over_ends_and_its_words_go),
		TEST(mail_of_a_courier_that_died_ends_too),
		TEST(sweep_of_the_service_leaves_no_mail_for_ever),
		TEST(no_two_claim_the_same),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
