/* What is hashed, what matches, and what never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "helper.h"
#include "passwd.h"
#include "text.h"

/* passwd.h: what one thread hashes with. */
#define SCRATCH_BYTES	32768

static struct passwd *scratch;

static int
set_up(void **state)
{
	(void)state;
	if (!passwd_self_test())
		return -1;
	scratch = passwd_open();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	passwd_close(scratch);
	return 0;
}

/* Today's rules, without a seal. */
#define AT(n)	(&(const struct passwd_rules){ .cost = (n) })

static enum passwd_verdict
verify(const char *phrase, const char *hash)
{
	return passwd_verify(scratch, phrase, hash, AT(1));
}

static struct pepper *
key_of(const char *dir, const char *name, const char *bytes)
{
	char path[HELPER_PATH_MAX + 8];
	const char *file[] = { path }, *fault;
	struct pepper *p;
	size_t bad;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	helper_write(path, bytes, strlen(bytes));
	assert_int_equal(chmod(path, 0600), 0);
	p = pepper_open(file, 1, &bad, &fault);
	assert_non_null(p);
	return p;
}

/* A copy of the store without the key opens nothing, nor does another key. */
static void
sealed_hash_wants_its_key(void **state)
{
	struct passwd_rules rules = { .cost = 1 }, others = { .cost = 1 };
	char dir[HELPER_PATH_MAX], hash[PASSWD_HASH_MAX];
	struct pepper *key, *other;

	(void)state;
	helper_dir(dir);
	rules.pepper = key = key_of(dir, "one",
	    "0123456789abcdef0123456789abcdef");
	others.pepper = other = key_of(dir, "two",
	    "0123456789abcdef0123456789abcdeF");
	assert_true(passwd_hash(scratch, "phrase", &rules, hash));
	assert_memory_equal(hash, "$hmac$", 6);
	assert_int_equal(passwd_verify(scratch, "phrase", hash, &rules),
	    PASSWD_MATCH);
	assert_int_equal(passwd_verify(scratch, "phrasE", hash, &rules),
	    PASSWD_DIFFERS);
	assert_int_equal(passwd_verify(scratch, "phrase", hash, &others),
	    PASSWD_FAULT);
	assert_int_equal(verify("phrase", hash), PASSWD_FAULT);
	/* Without its seal it is another hash, and not that of the phrase. */
	assert_int_not_equal(verify("phrase", pepper_setting(hash)),
	    PASSWD_MATCH);
	assert_false(passwd_weaker(hash, &rules));
	assert_true(passwd_weaker(hash, &others));
	assert_true(passwd_weaker(hash, AT(1)));
	pepper_close(key);
	pepper_close(other);
	helper_dir_remove(dir);
}

static void
hash_without_a_seal_is_good_and_renewed(void **state)
{
	struct passwd_rules rules = { .cost = 1 };
	char dir[HELPER_PATH_MAX], hash[PASSWD_HASH_MAX];
	struct pepper *key;

	(void)state;
	helper_dir(dir);
	rules.pepper = key = key_of(dir, "one",
	    "0123456789abcdef0123456789abcdef");
	assert_true(passwd_hash(scratch, "phrase", AT(1), hash));
	assert_int_equal(passwd_verify(scratch, "phrase", hash, &rules),
	    PASSWD_MATCH);
	assert_int_equal(passwd_verify(scratch, "other", hash, &rules),
	    PASSWD_DIFFERS);
	assert_int_equal(passwd_verify(scratch, "other", NULL, &rules),
	    PASSWD_DIFFERS);
	assert_true(passwd_weaker(hash, &rules));
	pepper_close(key);
	helper_dir_remove(dir);
}

static void
hash_is_yescrypt_at_the_cost(void **state)
{
	static const struct {
		int		 cost;
		const char	*begins;
	} rows[] = {
		{ 1, "$y$j75$" }, { 2, "$y$j85$" }, { 3, "$y$j7T$" },
		{ 4, "$y$j8T$" }, { 5, "$y$j9T$" },
	};
	char hash[PASSWD_HASH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		assert_true(passwd_hash(scratch, "phrase", AT(rows[i].cost),
		    hash));
		if (!text_begins(hash, rows[i].begins))
			fail_msg("cost %d gave %s", rows[i].cost, hash);
		assert_int_equal(verify("phrase", hash), PASSWD_MATCH);
	}
}

static void
salt_of_128_bits_is_new_each_time(void **state)
{
	char a[PASSWD_HASH_MAX], b[PASSWD_HASH_MAX];
	const char *salt, *end;

	(void)state;
	assert_true(passwd_hash(scratch, "phrase", AT(1), a));
	assert_true(passwd_hash(scratch, "phrase", AT(1), b));
	salt = a + strlen("$y$j75$");
	end = strchr(salt, '$');
	assert_non_null(end);
	assert_true((end - salt) * 6 >= 128);
	assert_memory_not_equal(salt, b + (salt - a), (size_t)(end - salt));
	assert_string_not_equal(a, b);
}

static void
only_the_same_phrase_matches(void **state)
{
	static const char *const others[] = {
		"", "P", "phras", "phrase ", " phrase", "Phrase", "phrasE",
		"phrase\n", "phraze", "phrasephrase",
	};
	char hash[PASSWD_HASH_MAX];
	size_t i;

	(void)state;
	assert_true(passwd_hash(scratch, "phrase", AT(1), hash));
	assert_int_equal(verify("phrase", hash), PASSWD_MATCH);
	for (i = 0; i < HELPER_COUNT(others); i++)
		assert_int_equal(verify(others[i], hash), PASSWD_DIFFERS);
}

/* B13: 511 bytes all count; one more is refused and not cut off. */
static void
b13_long_phrase_is_never_cut(void **state)
{
	char hash[PASSWD_HASH_MAX], phrase[PASSWD_PHRASE_MAX + 2];
	static const size_t places[] = { 0, 71, 72, 127, 255, 256, 510 };
	size_t i;

	(void)state;
	memset(phrase, 'p', sizeof(phrase));
	phrase[PASSWD_PHRASE_MAX] = '\0';
	assert_true(passwd_hash(scratch, phrase, AT(1), hash));
	assert_int_equal(verify(phrase, hash), PASSWD_MATCH);
	for (i = 0; i < HELPER_COUNT(places); i++) {
		phrase[places[i]] = 'q';
		assert_int_equal(verify(phrase, hash), PASSWD_DIFFERS);
		phrase[places[i]] = 'p';
	}
	phrase[PASSWD_PHRASE_MAX] = 'p';
	phrase[PASSWD_PHRASE_MAX + 1] = '\0';
	assert_int_not_equal(verify(phrase, hash), PASSWD_MATCH);
	assert_false(passwd_hash(scratch, phrase, AT(1), hash));
}

/* B71: what libxcrypt writes for a failure is nobody's hash. */
static void
b71_failure_tokens_never_match(void **state)
{
	static const char *const hashes[] = {
		"*0", "*1", "*", "*0$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/", "*LK*",
	};
	static const char *const phrases[] = { "", "*", "*0", "*1", "x" };
	size_t i, j;

	(void)state;
	for (i = 0; i < HELPER_COUNT(hashes); i++)
		for (j = 0; j < HELPER_COUNT(phrases); j++)
			assert_int_equal(verify(phrases[j], hashes[i]),
			    PASSWD_DIFFERS);
}

/* The hash of "gatelodge self-test", short of its last character. */
#define SELF_TEST	"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$"		\
	"MnvTOVGRyN7xKchumgztzZZcjLYHGPoPx7tZXXi6cK"

/* B18: a hash that cannot be computed is a fault, never a match. */
static void
b18_broken_hash_never_matches(void **state)
{
	static const char *const hashes[] = {
		"", "$", "$$", "$y$", "$y$j75$", "$y$j75$$", "!", "x", "xx",
		"$1", "$9$abc$def", "$argon2id$v=19$m=65536,t=2,p=1$YQ$YQ",
		"$y$zzz$k2XAnEHBqQ1Ct2aMXFKNa/$",
		"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$",
		"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/",
		(SELF_TEST), (SELF_TEST "/x"),
		"password", "gatelodge self-test",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(hashes); i++) {
		assert_int_not_equal(verify("gatelodge self-test", hashes[i]),
		    PASSWD_MATCH);
		assert_int_not_equal(verify("", hashes[i]), PASSWD_MATCH);
	}
}

static int64_t
cpu_of_a_refusal(const char *hash, int cost)
{
	int64_t start = helper_cpu_ms();

	assert_int_equal(passwd_verify(scratch, "wrong", hash, AT(cost)),
	    PASSWD_DIFFERS);
	return helper_cpu_ms() - start;
}

/* B10: an address without an account costs what one with an account does. */
static void
costs_what_nobody_costs(const char *hash, int cost)
{
	int64_t real = INT64_MAX, nobody = INT64_MAX, took;
	int i;

	for (i = 0; i < 3; i++) {
		took = cpu_of_a_refusal(hash, cost);
		real = took < real ? took : real;
		took = cpu_of_a_refusal(NULL, cost);
		nobody = took < nobody ? took : nobody;
	}
	if (nobody * 10 < real * 7 || real * 10 < nobody * 7)
		fail_msg("%d ms for nobody, %d for a user", (int)nobody,
		    (int)real);
}

static void
b10_nobody_costs_a_real_hash(void **state)
{
	char hash[PASSWD_HASH_MAX];

	(void)state;
	assert_true(passwd_hash(scratch, "phrase", AT(5), hash));
	costs_what_nobody_costs(hash, 5);
}

/* Or a raised cost would tell who has not logged in since. */
static void
b10_a_weaker_hash_is_refused_as_late_as_a_new_one(void **state)
{
	char hash[PASSWD_HASH_MAX];
	int cost;

	(void)state;
	for (cost = 2; cost < 5; cost++) {
		assert_true(passwd_hash(scratch, "phrase", AT(cost), hash));
		costs_what_nobody_costs(hash, 5);
	}
	assert_true(passwd_hash(scratch, "phrase", AT(4), hash));
	assert_int_equal(passwd_verify(scratch, "phrase", hash, AT(5)),
	    PASSWD_MATCH);
}

static void
nobody_never_matches(void **state)
{
	(void)state;
	assert_int_equal(verify("", NULL), PASSWD_DIFFERS);
	assert_int_equal(verify("phrase", NULL), PASSWD_DIFFERS);
}

#define IMPORTED	"Hello world!"

static const char *const imported[] = {
	("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJ"
	    "uesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"),
	"$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
	"$2y$05$abcdefghijklmnopqrstuu7nFISH/8YdwlXD3lw69A4iBUf6fvWAW",
	"$y$j65$saltsaltsalt$RNdX0McG6NVg7g1GafxImtkzRDUCk2p2rxWKlobIWf1",
	"$gy$j75$saltsaltsaltsalt$/9LM8WtWbjvMwiqXbgz3xa0CmfUIPlb/SAODl6BlRkD",
	("$7$8/..../....SodiumChloride$kRy6aIXDQm8eiJJEbH7NJrdJHMx06sRCk6PbQC"
	    "8alb3"),
	"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
	("$argon2id$v=19$m=64,t=1,p=4$c29tZXNhbHQ$lUm8AeKxBs0aJqrN6PQTZcWUIAAZ"
	    "QSrOa9T/Aw6IMDM"),
	("$argon2i$v=19$m=64,t=3,p=1$c29tZXNhbHQ$G/0TjtK64d9DMLe5VODxIvf4h/ckeG"
	    "lAn4KDtxvymhP/4osiKkanGqIMMAeI0UVk3YNzNAKgCMB3l6+sNgUvBg"),
};

static void
other_schemes_are_verified(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(imported); i++) {
		assert_int_equal(verify(IMPORTED, imported[i]),
		    PASSWD_MATCH);
		assert_int_equal(verify("Hello World!", imported[i]),
		    PASSWD_DIFFERS);
	}
}

/* The vectors of the reference implementation, and of crypt_blowfish. */
static void
published_vectors_match(void **state)
{
	static const struct {
		const char	*phrase, *hash;
	} rows[] = {
		{ "password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		    "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA" },
		{ "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" },
		{ "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC."
		    "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_int_equal(verify(rows[i].phrase, rows[i].hash),
		    PASSWD_MATCH);
}

static void
weaker_is_a_lower_cost_or_another_scheme(void **state)
{
	char hash[PASSWD_HASH_MAX];
	size_t i;
	int cost;

	(void)state;
	for (cost = 1; cost <= 4; cost++) {
		assert_true(passwd_hash(scratch, "phrase", AT(cost), hash));
		assert_false(passwd_weaker(hash, AT(cost)));
		assert_false(passwd_weaker(hash, AT(cost - 1)));
		assert_true(passwd_weaker(hash, AT(cost + 1)));
		assert_true(passwd_weaker(hash, AT(PASSWD_COST_MAX)));
	}
	for (i = 0; i < HELPER_COUNT(imported); i++)
		assert_true(passwd_weaker(imported[i], AT(PASSWD_COST_MIN)));
	assert_true(passwd_weaker("", AT(PASSWD_COST_MIN)));
	assert_true(passwd_weaker("$y$", AT(PASSWD_COST_MIN)));
}

/* B13: what costs too much, or is broken, is not even computed. */
static void
b13_hash_beyond_its_cap_is_nobodys(void **state)
{
	static const char *const hashes[] = {
		"$2b$31$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
		"$2b$15$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
		("$y$jFT$saltsaltsaltsalt$kW1oHPDWkFuUY0qKr5QWWU4hpNQAgXk4gweU"
		    "MBrp2Z1"),
		("$7$GU..../....SodiumChloride$kRy6aIXDQm8eiJJEbH7NJrdJHMx06s"
		    "RCk6PbQC8alb3"),
		("$5$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsx"
		    "Y/GNooZaBBGWEc5"),
		("$argon2id$v=19$m=4194304,t=16,p=1$c29tZXNhbHQ$lUm8AeKxBs0aJq"
		    "rN6PQTZcWUIAAZQSrOa9T/Aw6IMDM"),
		"$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1",
		"abcdefghijklm", PASSWD_NONE,
	};
	int64_t start = helper_cpu_ms();
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(hashes); i++)
		assert_int_equal(verify(IMPORTED, hashes[i]),
		    PASSWD_DIFFERS);
	assert_true(helper_cpu_ms() - start < 1000);
}

/* B10: a scheme that takes less time is refused as late as today's. */
static void
b10_another_scheme_is_refused_as_late(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(imported); i++)
		costs_what_nobody_costs(imported[i], 6);
}

/* As the old system did; bcrypt is told of no more. */
static void
bcrypt_looks_at_72_bytes(void **state)
{
	static const char hash[] = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF."
	    "gu0yd0opP6cVzb.e0i";
	char phrase[101];

	(void)state;
	memset(phrase, 'x', sizeof(phrase) - 1);
	phrase[sizeof(phrase) - 1] = '\0';
	assert_int_equal(verify(phrase, hash), PASSWD_MATCH);
	phrase[72] = 'y';
	assert_int_equal(verify(phrase, hash), PASSWD_MATCH);
	phrase[71] = 'y';
	assert_int_equal(verify(phrase, hash), PASSWD_DIFFERS);
}

/* B14: nothing of the phrase, and of the hash, stays in the memory. */
static void
b14_scratch_is_wiped_after_each_use(void **state)
{
	static const unsigned char zero[SCRATCH_BYTES];
	char hash[PASSWD_HASH_MAX], phrase[PASSWD_PHRASE_MAX + 2];

	(void)state;
	assert_true(passwd_hash(scratch, "phrase", AT(1), hash));
	assert_memory_equal(scratch, zero, sizeof(zero));
	assert_int_equal(verify("phrase", hash), PASSWD_MATCH);
	assert_memory_equal(scratch, zero, sizeof(zero));
	assert_int_equal(verify("other", hash), PASSWD_DIFFERS);
	assert_memory_equal(scratch, zero, sizeof(zero));
	assert_int_equal(verify("phrase", NULL), PASSWD_DIFFERS);
	assert_memory_equal(scratch, zero, sizeof(zero));
	memset(phrase, 'p', sizeof(phrase) - 1);
	phrase[sizeof(phrase) - 1] = '\0';
	assert_int_equal(verify(phrase, hash), PASSWD_FAULT);
	assert_memory_equal(scratch, zero, sizeof(zero));
}

static void
hash_and_verify(size_t index, void *arg)
{
	struct passwd *mine = passwd_open();
	char hash[PASSWD_HASH_MAX], phrase[] = "phrase 0";
	int i, *bad = arg;

	phrase[7] = (char)('0' + index);
	for (i = 0; i < 5; i++)
		if (!passwd_hash(mine, phrase, AT(1), hash) ||
		    passwd_verify(mine, phrase, hash, AT(1)) != PASSWD_MATCH ||
		    passwd_verify(mine, "phrase", hash, AT(1)) != PASSWD_DIFFERS)
			(void)__atomic_add_fetch(bad, 1, __ATOMIC_RELAXED);
	passwd_close(mine);
}

static void
threads_hash_at_the_same_time(void **state)
{
	int bad = 0;

	(void)state;
	helper_threads(8, hash_and_verify, &bad);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_hash_wants_its_key),
		cmocka_unit_test(hash_without_a_seal_is_good_and_renewed),
		cmocka_unit_test(hash_is_yescrypt_at_the_cost),
		cmocka_unit_test(salt_of_128_bits_is_new_each_time),
		cmocka_unit_test(only_the_same_phrase_matches),
		cmocka_unit_test(b13_long_phrase_is_never_cut),
		cmocka_unit_test(b71_failure_tokens_never_match),
		cmocka_unit_test(b18_broken_hash_never_matches),
		cmocka_unit_test(b10_nobody_costs_a_real_hash),
		cmocka_unit_test(b10_a_weaker_hash_is_refused_as_late_as_a_new_one),
		cmocka_unit_test(nobody_never_matches),
		cmocka_unit_test(other_schemes_are_verified),
		cmocka_unit_test(published_vectors_match),
		cmocka_unit_test(b13_hash_beyond_its_cap_is_nobodys),
		cmocka_unit_test(b10_another_scheme_is_refused_as_late),
		cmocka_unit_test(bcrypt_looks_at_72_bytes),
		cmocka_unit_test(weaker_is_a_lower_cost_or_another_scheme),
		cmocka_unit_test(b14_scratch_is_wiped_after_each_use),
		cmocka_unit_test(threads_hash_at_the_same_time),
	};

	return cmocka_run_group_tests_name("passwd", tests, set_up,
	    tear_down);
}
