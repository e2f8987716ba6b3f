/* How hard a phrase is to guess, and that the answer never takes long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"
#include "strength.h"

#define LONGEST		511
#define ENOUGH		35	/* as the profile standard has it */
#define NEVER_ENOUGH	1000
#define THREADS		8
/* Some 50 ms at the most; sanitizers and busy machines take their tenfold. */
#define CPU_MS_MAX	500

static const char *site[] = { "example", "ann", NULL };

static double
bits_of(const char *phrase)
{
	enum strength_kind kind;

	return strength_of(arena, phrase, site, NEVER_ENOUGH, &kind);
}

static void
must_be(const char *phrase, double least, double most,
    enum strength_kind kind)
{
	enum strength_kind found;
	double bits;

	bits = strength_of(arena, phrase, site, NEVER_ENOUGH, &found);
	if (bits < least || bits > most || found != kind)
		fail_msg("%s: %.1f bits, kind %d", phrase, bits, (int)found);
}

static void
common_ones_are_weak(void **state)
{
	(void)state;
	must_be("password", 0, 2, STRENGTH_WORDS);
	must_be("P@ssw0rdPassw0rd", 0, 10, STRENGTH_WORDS);
	must_be("administrator123", 0, 20, STRENGTH_WORDS);
	must_be("qwertyuiop12345", 0, 20, STRENGTH_WORDS);
	must_be("drowssapdrowssap", 0, 10, STRENGTH_REPEATS);
	must_be("Sunshine Monkey", 0, 30, STRENGTH_WORDS);
	must_be("zsedcxzsedcxzse", 0, 34, STRENGTH_KEYS);
	must_be("poiuytrewqlkjhgfds", 0, 34, STRENGTH_WORDS);
	must_be("0okm9ijn8uhb7ygv", 0, 70, STRENGTH_KEYS);
	must_be("1984-06-17 17.06.1984", 0, 50, STRENGTH_DATE);
}

static void
repetition_adds_little(void **state)
{
	(void)state;
	must_be("passwordpassword", 0, 3, STRENGTH_REPEATS);
	must_be("passwordpasswordpassword1!", 0, 15, STRENGTH_REPEATS);
	must_be("administratoradministrator1!", 0, 25, STRENGTH_WORDS);
	must_be("ppaasssswwoorrdd", 0, 3, STRENGTH_REPEATS);
	must_be("passssssssssssword", 0, 10, STRENGTH_REPEATS);
	must_be("aaaaaaaaaaaaaaa", 0, 10, STRENGTH_REPEATS);
	must_be("111222333444555", 0, 15, STRENGTH_REPEATS);
	must_be("qqqqwwwweeeerrrr", 0, 15, STRENGTH_REPEATS);
	must_be("121212121212121", 0, 15, STRENGTH_REPEATS);
	must_be("kfjwhqnzkfjwhqnz", 35, 45, STRENGTH_REPEATS);
}

static void
sequences_add_little(void **state)
{
	(void)state;
	must_be("123456789012345", 0, 10, STRENGTH_SEQUENCE);
	must_be("abcdefghijklmno", 0, 10, STRENGTH_SEQUENCE);
	must_be("zyxwvutsrqponmlk", 0, 10, STRENGTH_SEQUENCE);
}

static void
context_is_worth_nothing(void **state)
{
	enum strength_kind kind;

	(void)state;
	must_be("exampleexample1", 0, 15, STRENGTH_CONTEXT);
	must_be("elpmaxE-4nn-2024", 0, 34, STRENGTH_CONTEXT);
	assert_true(strength_of(arena, "exampleexample1", NULL,
	    NEVER_ENOUGH, &kind) > bits_of("exampleexample1"));
}

/* No dictionary here has more than the letters of one script. */
static void
other_scripts_are_not_overrated(void **state)
{
	(void)state;
	/* Password, twice and a half; the alphabet; one letter. */
	must_be("парольпарольпар", 0, 30, STRENGTH_REPEATS);
	must_be("абвгдежзийклмно", 0, 30, STRENGTH_SEQUENCE);
	must_be("ллллллллллллллл", 0, 10, STRENGTH_REPEATS);
	must_be("비밀번호비밀번호비밀번호", 0, 20, STRENGTH_REPEATS);
	must_be("😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎", 0, 30, STRENGTH_SEQUENCE);
	/* What only looks foreign. */
	must_be("pásswördpässwórd", 0, 10, STRENGTH_REPEATS);
	must_be("ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ", 0, 10, STRENGTH_REPEATS);
	must_be("𝓹𝓪𝓼𝓼𝔀𝓸𝓻𝓭𝓹𝓪𝓼𝓼𝔀𝓸𝓻𝓭", 0, 10, STRENGTH_REPEATS);
	/* Nothing but accents. */
	must_be("\xcc\x81\xcc\x80\xcc\x82", 0, 0, STRENGTH_PLAIN);
	must_be("", 0, 0, STRENGTH_PLAIN);
}

static void
chance_is_strong_in_any_script(void **state)
{
	static const char *const phrases[] = {
		"kfjwhqnzmxbtrpd", "482917365028417", "пйжшщкэзхфцмюбя",
		"😀🎉🔑🐶🍎🚗🌧🎈📚🧩🦊🌵🛶🪐🧭",
		"我最喜欢的歌是一首很老的歌谣呢", "корова летит над лесом",
		"correct horse battery staple", "  k  jq w  zv x m t  ",
		"bicycle with lemon ice", "%n%s%x*0$y$j75$",
	};
	enum strength_kind kind;
	double bits;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(phrases); i++) {
		bits = strength_of(arena, phrases[i], site, ENOUGH, &kind);
		if (bits < ENOUGH)
			fail_msg("%s: %.1f bits", phrases[i], bits);
	}
}

static const char *
filled(const char *with, size_t len)
{
	char *s = arena_alloc(arena, len + 1);
	size_t i, n = strlen(with);

	for (i = 0; i + n <= len; i += n)
		memcpy(s + i, with, n);
	return s;
}

/* Nothing that stands before or behind takes a strong part its strength. */
static void
longer_is_never_weaker(void **state)
{
	static const char strong[] = "482917365028417";
	const char *phrase;
	double alone = bits_of(strong);
	size_t before;

	(void)state;
	for (before = 0; before < 150; before++) {
		phrase = arena_printf(arena, "%s%s%s", filled("x-", before),
		    strong, filled("password", 200));
		if (bits_of(phrase) < alone - 8)
			fail_msg("%zu before: %.1f, not %.1f bits", before,
			    bits_of(phrase), alone);
		arena_wipe(arena);
	}
}

/* Left alone, libzxcvbn takes seconds for some of these. */
static const char *const hostile[] = {
	"1", "a", "@", "12", "1232", "qw", "1l", "1i!l|", "4@a", "s$5", "0o",
	"14789632", "qwertyuiop", "1q2w3e4r5t6y", "password", "p4$$w0rd",
	"01012001", "01.01.2001 ", "12321232123454321", "0123456789",
	"abcdefghijklmnopqrstuvwxyz", "example", "é", "а", "😀", "пароль",
	"1212121", "12121213", "121212321", "asdsasdsdsasd", "4321234",
};

static void
must_be_quick(const char *phrase)
{
	int64_t start = helper_cpu_ms(), took;

	(void)bits_of(phrase);
	took = helper_cpu_ms() - start;
	if (took > CPU_MS_MAX)
		fail_msg("%d ms for %.40s...", (int)took, phrase);
	arena_wipe(arena);
}

/* A walk among neighbours that never repeats itself for long. */
static const char *
walk(const char *keys, unsigned int seed)
{
	char *s = arena_alloc(arena, LONGEST + 1);
	size_t i, at = 0, n = strlen(keys);

	for (i = 0; i < LONGEST; i++) {
		s[i] = keys[at];
		seed = seed * 1103515245 + 12345;
		at = at == 0 || (at + 1 < n && (seed >> 16 & 1) != 0) ?
		    at + 1 : at - 1;
	}
	return s;
}

static void
hostile_shapes_are_judged_in_time(void **state)
{
	unsigned int seed;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(hostile); i++)
		must_be_quick(filled(hostile[i], LONGEST));
	for (seed = 0; seed < 10; seed++) {
		must_be_quick(walk("123", seed));
		must_be_quick(walk("12", seed));
		must_be_quick(walk("12369", seed));
		must_be_quick(walk("asdfg", seed));
	}
}

struct crowd {
	const char	*phrase[4];
	double		 bits[4];
	bool		 differs;
};

static void
ask_often(size_t index, void *arg)
{
	struct crowd *crowd = arg;
	struct arena *mine = arena_new();
	enum strength_kind kind;
	size_t i;

	for (i = index; i < index + 200; i++) {
		if (strength_of(mine, crowd->phrase[i % 4], site,
		    NEVER_ENOUGH, &kind) != crowd->bits[i % 4])
			__atomic_store_n(&crowd->differs, true,
			    __ATOMIC_RELAXED);
		arena_wipe(mine);
	}
	arena_free(mine);
}

static void
threads_do_not_disturb_each_other(void **state)
{
	struct crowd crowd = { .phrase = { "passw0rd-example-1984",
	    "correct horse battery staple", "qwertyuiop12345",
	    "пароль123456789" } };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(crowd.phrase); i++)
		crowd.bits[i] = bits_of(crowd.phrase[i]);
	helper_threads(THREADS, ask_often, &crowd);
	assert_false(crowd.differs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_ones_are_weak),
		cmocka_unit_test(repetition_adds_little),
		cmocka_unit_test(sequences_add_little),
		cmocka_unit_test(context_is_worth_nothing),
		cmocka_unit_test(other_scripts_are_not_overrated),
		cmocka_unit_test(chance_is_strong_in_any_script),
		cmocka_unit_test(longer_is_never_weaker),
		cmocka_unit_test(hostile_shapes_are_judged_in_time),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name("strength", tests, stage_arena,
	    stage_clear);
}
