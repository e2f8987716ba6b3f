/* Which passwords may be chosen, in the words of the profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"
#include "log.h"
#include "policy.h"
#include "reply.h"
#include "unicode.h"
#include "wordlist.h"

#define EMAIL		"Ann.Smith@mail.Gardens.co.uk"
#define STANDARD	"base_url = \"https://auth.rosebush.org\"\n"
#define FINE		OUT_PASSWORD_UPDATED	/* stands for no refusal */
#define EMOJI		UINT32_C(0x1f400)
#define CYRILLIC	UINT32_C(0x0430)

static struct conf *conf;
static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	conf = helper_conf(STANDARD);
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	conf_free(conf);
	return 0;
}

static void
settings(const char *text)
{
	conf_free(conf);
	conf = helper_conf(text);
}

static enum outcome
judge_for(const char *email, const char *password)
{
	enum outcome why = OUT_FAULT;
	const char *nfc = unicode_nfc(arena, password);

	assert_non_null(nfc);
	return policy_allows(conf, arena, conf->rules->password_min, email,
	    nfc, &why) ? FINE : why;
}

static void
must(const char *password, enum outcome wanted)
{
	enum outcome found = judge_for(EMAIL, password);

	if (found != wanted)
		fail_msg("%s: %s, not %s", password, reply_code(found),
		    reply_code(wanted));
}

static void
must_be_weak(const char *password)
{
	enum outcome found = judge_for(EMAIL, password);

	if (strcmp(reply_code(found), "password_weak") != 0)
		fail_msg("%s: %s", password, reply_code(found));
}

static char *
put_point(char *to, uint32_t c)
{
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };

	*to++ = (char)(first[more] | c >> 6 * more);
	while (more-- > 0)
		*to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
	return to;
}

/* n code points in no order, of 89 that follow one another. */
static const char *
mixed(uint32_t first, uint32_t n)
{
	char *s = arena_alloc(arena, n * 4 + 1), *end = s;
	uint32_t i;

	for (i = 1; i <= n; i++)
		end = put_point(end, first + i * i * 7 % 89);
	return s;
}

/* Code points count, not bytes, and none is required of any kind. */
static void
length_is_that_of_the_profile(void **state)
{
	static const char *const fine[] = { "kfjwhqnzmxbtrpd",
	    "482917365028417", "KFJWHQNZMXBTRPD", "%)@^&_+~|?><:;=",
	    "bicycle lemon ice" };
	enum outcome why;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(fine); i++)
		must(fine[i], FINE);
	must("kfjwhqnzmxbtrp", OUT_PASSWORD_SHORT);
	must("48291736502841", OUT_PASSWORD_SHORT);
	must("", OUT_PASSWORD_SHORT);
	must(mixed(EMOJI, 15), FINE);
	must(mixed(EMOJI, 14), OUT_PASSWORD_SHORT);
	must(mixed(CYRILLIC, 15), FINE);
	must(mixed(CYRILLIC, 14), OUT_PASSWORD_SHORT);
	assert_int_equal(strlen(mixed(EMOJI, 127)), 508);
	must(mixed(EMOJI, 127), FINE);
	must(mixed('!', 511), FINE);
	/* Eight would do for somebody with a second factor. */
	assert_true(policy_allows(conf, arena, 8, EMAIL, "kfjwhq9Z", &why));
	assert_false(policy_allows(conf, arena, 8, EMAIL, "kfjwh9Z", &why));
	assert_int_equal(why, OUT_PASSWORD_SHORT);
	assert_false(policy_allows(conf, arena, 8, EMAIL, "password", &why));
	assert_int_equal(why, OUT_WEAK_WORDS);
}

/* A letter and its accent are one character once they are NFC. */
static void
length_is_counted_in_nfc(void **state)
{
	(void)state;
	must("kfjwhqnzmxbtre\xcc\x81p", FINE);
	must("kfjwhqnzmxbtr\xc3\xa9p", FINE);
	must("kfjwhqnzmxbtre\xcc\x81", OUT_PASSWORD_SHORT);
	must("kfjwhqnzmxbtr\xc3\xa9", OUT_PASSWORD_SHORT);
}

static void
common_ones_are_weak_however_stretched(void **state)
{
	static const char *const weak[] = { "passwordpassword",
	    "Password1Password1", "iloveyouiloveyou", "ppaasssswwoorrdd",
	    "passsssssssssword", "password1234567", "P4$$w0rdP4$$w0rd",
	    "p\xc3\xa1sswordp\xc3\xa1ssword", "qwertyuiop12345",
	    "qazwsxedcrfvtgb", "1qaz2wsx3edc4rfv", "zaq12wsxcde34rfv",
	    "qwertyuiopasdfgh", "1234567890qwertyuiop",
	    "asdfghjklasdfghjkl", "aaaaaaaaaaaaaaa", "000000000000000",
	    "123456789012345", "987654321098765", "abcdefghijklmno",
	    "111222333444555", "121212121212121", "2001-01-01 2002",
	    "administrator123", "trustno1trustno1", "footballfootball" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(weak); i++)
		must_be_weak(weak[i]);
}

static void
refusal_says_what_would_help(void **state)
{
	(void)state;
	must("Sunshine Monkey", OUT_WEAK_WORDS);
	must("aaaaaaaaaaaaaaa", OUT_WEAK_REPEATS);
	must("abcdefghijklmno", OUT_WEAK_SEQUENCE);
	must("asdfghgfdsasdfg", OUT_WEAK_KEYS);
	must("2001-01-01 2002", OUT_WEAK_DATE);
	must("\xcc\x81\xcc\x80\xcc\x82\xcc\x81\xcc\x80\xcc\x82\xcc\x81\xcc"
	    "\x80\xcc\x82\xcc\x81\xcc\x80\xcc\x82\xcc\x81\xcc\x80\xcc\x82",
	    OUT_WEAK_PLAIN);
}

static void
site_and_address_are_no_password(void **state)
{
	static const char *const context[] = { EMAIL,
	    "ann.smith@mail.gardens.co.uk", "smithsmithsmith",
	    "annsmithgardens", "ANN-SMITH-GARDENS", "SmithGardens2024!!",
	    "auth.rosebush.org", "rosebush.rosebush", "rosebushannsmith",
	    "r\xc3\xb3sebush!r\xc3\xb3sebush!", "!!!rosebush!!!!!!!!",
	    "mailmailmailmailmailmail", "12smithgardens34", "hsubesorhsubesor",
	    "r0s3bushr0s3bush", "rosebush12345678",
	    "rosebushrosebush12345678" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(context); i++)
		must(context[i], OUT_PASSWORD_CONTEXT);
}

/* What only contains them is fine, and they are nobody else's. */
static void
password_may_contain_its_context(void **state)
{
	(void)state;
	must("a rosebush near the lemon ice", FINE);
	must("smith rode bicycles", FINE);
	must("gardens of kfjwhqnzm", FINE);
	must("co.uk bicycle lemon", FINE);
	assert_int_equal(judge_for("bob@other.example", "gardens of smithery"),
	    FINE);
	assert_int_equal(judge_for("bob@other.example", "bob.other.example1"),
	    OUT_PASSWORD_CONTEXT);
	assert_int_equal(judge_for("b@c", "kfjwhqnzmxbtrpd"), FINE);
	/* More words than are looked at. */
	assert_int_equal(judge_for("aaa.bbb.ccc.ddd.eee.fff.ggg.hhh.iii.jjj."
	    "kkk.lll.mmm.nnn.ooo.ppp.qqq.rrr.sss.ttt.uuu.vvv.www.xxx.yyy.zzz"
	    "@a11.b22.c33.d44.e55.f66.g77.h88.i99", "aaa.bbb.ccc.ddd.eee"),
	    OUT_PASSWORD_CONTEXT);
}

static void
address_of_another_script_is_context_too(void **state)
{
	/* b-umlaut-cher as one character, as two, and in capitals. */
	static const char email[] = "a@b\xc3\xbc" "chersaal.ex";

	(void)state;
	assert_int_equal(judge_for(email, "b\xc3\xbc" "chersaal-202"),
	    OUT_PASSWORD_SHORT);
	assert_int_equal(judge_for(email, "bu\xcc\x88" "chersaal-20245"),
	    OUT_PASSWORD_CONTEXT);
	assert_int_equal(judge_for(email, "B\xc3\x9c" "CHERSAAL-20245"),
	    OUT_PASSWORD_CONTEXT);
	/* Cyrillic "primer", three times. */
	assert_int_equal(judge_for("a@\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5"
	    "\xd1\x80.ex", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80"
	    "-\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80-2024"),
	    OUT_PASSWORD_CONTEXT);
}

/* The list. */

static void
with_list(const char *lines, const char *more)
{
	char dir[HELPER_PATH_MAX];
	struct wordlist_tally tally;
	const char *bad, *fault, *text, *list;

	helper_dir(dir);
	text = arena_printf(arena, "%s/text", dir);
	list = arena_printf(arena, "%s/list", dir);
	helper_write(text, lines, strlen(lines));
	assert_true(wordlist_compile(text, list, &tally, &bad, &fault));
	settings(arena_printf(arena, "%spassword_list = \"%s\"\n", more,
	    list));
	helper_dir_remove(dir);
}

static void
listed_passwords_are_refused(void **state)
{
	(void)state;
	must("bicycle with lemon ice", FINE);
	with_list("bicycle with lemon ice\nkfjwhqnzmxbtr\xc3\xa9p\nlemon\n",
	    STANDARD);
	must("bicycle with lemon ice", OUT_PASSWORD_COMMON);
	must("Bicycle With Lemon ICE", OUT_PASSWORD_COMMON);
	must("kfjwhqnzmxbtre\xcc\x81p", OUT_PASSWORD_COMMON);
	must("KFJWHQNZMXBTR\xc3\x89P", OUT_PASSWORD_COMMON);
	/* It contains what is listed, or is contained in it. */
	must("bicycle with lemon ice!", FINE);
	must("bicycle with lemon", FINE);
	must("bicyclewithlemonice", FINE);
	must("lemon", OUT_PASSWORD_SHORT);
}

/* Somebody has written into the file that is in use. */
static void
list_that_is_cut_off_refuses_all_and_is_told_once(void **state)
{
	char dir[HELPER_PATH_MAX];
	const char *list, *log, *event = "\"event\":\"list.fault\",\"file\":\"";
	struct wordlist_tally tally;
	const char *bad, *fault;
	char *lines;
	int fd;

	(void)state;
	helper_dir(dir);
	list = arena_printf(arena, "%s/list", dir);
	log = arena_printf(arena, "%s/log", dir);
	helper_write(log, "one\n", 4);
	assert_true(wordlist_compile(log, list, &tally, &bad, &fault));
	settings(arena_printf(arena, STANDARD "password_list = \"%s\"\n",
	    list));
	assert_int_equal(truncate(list, 26), 0);
	fd = open(log, O_WRONLY | O_TRUNC | O_CLOEXEC);
	log_to(fd);
	must("bicycle with lemon ice", OUT_FAULT);
	must("tremble bicycle with lemon ice 7", OUT_FAULT);
	log_to(STDERR_FILENO);
	(void)close(fd);
	lines = helper_file(log, NULL);
	assert_non_null(strstr(lines, arena_printf(arena, "%s%s\",", event,
	    list)));
	assert_null(strstr(strstr(lines, event) + 1, event));
	free(lines);
	helper_dir_remove(dir);
}

static void
compat_asks_nothing_by_itself(void **state)
{
	static const char compat[] = "profile = \"compat\"\nhash_cost = 1\n";
	char *longest = arena_alloc(arena, 512);

	(void)state;
	settings(compat);
	memset(longest, 'a', 511);
	must("x", FINE);
	must("password", FINE);
	must(EMAIL, FINE);
	must("localhost", FINE);
	must(longest, FINE);
	must("", OUT_PASSWORD_SHORT);
	with_list("password\n", compat);
	must("password", OUT_PASSWORD_COMMON);
	must("x", FINE);
}

static void
bits_are_those_of_the_settings(void **state)
{
	(void)state;
	assert_int_equal(conf->password_bits, 35);
	must("482917365028417", FINE);
	settings(STANDARD "password_bits = 60\n");
	must_be_weak("482917365028417");
	must("tremble bicycle with lemon ice 7", FINE);
	settings(STANDARD "password_bits = 30\n");
	must("1qaz2wsx3edc4rfv", FINE);
	must_be_weak("passwordpassword");
}

#define RULE(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RULE(length_is_that_of_the_profile),
		RULE(length_is_counted_in_nfc),
		RULE(common_ones_are_weak_however_stretched),
		RULE(refusal_says_what_would_help),
		RULE(site_and_address_are_no_password),
		RULE(password_may_contain_its_context),
		RULE(address_of_another_script_is_context_too),
		RULE(listed_passwords_are_refused),
		RULE(list_that_is_cut_off_refuses_all_and_is_told_once),
		RULE(compat_asks_nothing_by_itself),
		RULE(bits_are_those_of_the_settings),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
