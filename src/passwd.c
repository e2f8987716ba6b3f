#include "passwd.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "heap.h"

#define PREFIX		"$y$"
#define SALT_BYTES	16	/* 128 bits in each new hash */

struct passwd {
	struct crypt_data	 data;
};

/* "$y$j9T$" and a salt for each cost; nobody's hash is made with them. */
static char settings[PASSWD_COST_MAX + 1][CRYPT_GENSALT_OUTPUT_SIZE];

struct passwd *
passwd_open(void)
{
	struct passwd *p;

	p = heap_zeroed(1, sizeof(*p));
	return p;
}

void
passwd_close(struct passwd *p)
{
	free(p);
}

/* The result lives in p until wipe(); NULL when libxcrypt failed. */
static const char *
compute(struct passwd *p, const char *phrase, const char *setting)
{
	const char *hash;

	hash = crypt_rn(phrase, setting, &p->data, (int)sizeof(p->data));
	return hash != NULL && hash[0] != '*' ? hash : NULL;
}

static void
wipe(struct passwd *p)
{
	explicit_bzero(&p->data, sizeof(p->data));
}

static bool
make_setting(int cost, char *out)
{
	char salt[SALT_BYTES];

	digest_random(salt, sizeof(salt));
	return crypt_gensalt_rn(PREFIX, (unsigned long)cost, salt,
	    sizeof(salt), out, CRYPT_GENSALT_OUTPUT_SIZE) != NULL;
}

bool
passwd_hash(struct passwd *p, const char *phrase,
    const struct passwd_rules *rules, char *out)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;
	bool good;

	if (!make_setting(rules->cost, setting))
		return false;
	hash = compute(p, phrase, setting);
	good = hash != NULL && pepper_seal(rules->pepper, hash, out,
	    PASSWD_HASH_MAX);
	wipe(p);
	return good;
}

static bool
same_hash(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && digest_equal(a, b, len);
}

/* The cost that made this hash; 0 for one that is not ours. */
static int
cost_of(const char *stored)
{
	const char *hash = pepper_setting(stored);
	size_t prefix;
	int cost;

	for (cost = PASSWD_COST_MIN; cost <= PASSWD_COST_MAX; cost++) {
		prefix = (size_t)(strchr(settings[cost] + strlen(PREFIX),
		    '$') - settings[cost]) + 1;
		if (strncmp(hash, settings[cost], prefix) == 0)
			return cost;
	}
	return 0;
}

/*
 * A weaker hash was computed sooner.  Each cost takes twice as long as the one
 * below it, so those from its own up to today's make up for what is missing.
 */
static void
make_up(struct passwd *p, const char *phrase, const char *hash, int cost)
{
	int made = cost_of(hash);

	if (made == 0)
		(void)compute(p, phrase, settings[cost]);
	else
		for (; made < cost; made++)
			(void)compute(p, phrase, settings[made]);
}

/* Of somebody's hash. */
static enum passwd_verdict
judge(struct passwd *p, const char *phrase, const char *hash,
    const struct passwd_rules *rules)
{
	char sealed[PASSWD_HASH_MAX];
	enum passwd_verdict verdict;
	const char *computed;

	computed = compute(p, phrase, pepper_setting(hash));
	if (computed == NULL)
		return hash[0] == '*' ? PASSWD_DIFFERS : PASSWD_FAULT;
	if (!pepper_seal_like(rules->pepper, hash, computed, sealed,
	    sizeof(sealed)))
		return PASSWD_FAULT;
	verdict = same_hash(sealed, hash) ? PASSWD_MATCH : PASSWD_DIFFERS;
	explicit_bzero(sealed, sizeof(sealed));
	return verdict;
}

enum passwd_verdict
passwd_verify(struct passwd *p, const char *phrase, const char *hash,
    const struct passwd_rules *rules)
{
	enum passwd_verdict verdict;

	if (hash == NULL || strcmp(hash, PASSWD_NONE) == 0) {
		verdict = compute(p, phrase, settings[rules->cost]) != NULL ?
		    PASSWD_DIFFERS : PASSWD_FAULT;
	} else {
		verdict = judge(p, phrase, hash, rules);
		if (verdict == PASSWD_DIFFERS)
			make_up(p, phrase, hash, rules->cost);
	}
	wipe(p);
	return verdict;
}

bool
passwd_weaker(const char *hash, const struct passwd_rules *rules)
{
	return cost_of(hash) < rules->cost ||
	    !pepper_is_current(rules->pepper, hash);
}

static bool
known_answer(struct passwd *p)
{
	static const char expected[] = "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/"
	    "$MnvTOVGRyN7xKchumgztzZZcjLYHGPoPx7tZXXi6cK/";
	static const char phrase[] = "gatelodge self-test";
	static const struct passwd_rules rules = { .cost = 1 };

	return passwd_verify(p, phrase, expected, &rules) == PASSWD_MATCH &&
	    passwd_verify(p, "gatelodge self-tesT", expected, &rules) ==
	    PASSWD_DIFFERS;
}

bool
passwd_self_test(void)
{
	struct passwd *p;
	bool good;
	int cost;

	for (cost = PASSWD_COST_MIN; cost <= PASSWD_COST_MAX; cost++)
		if (!make_setting(cost, settings[cost]))
			return false;
	p = passwd_open();
	good = known_answer(p);
	passwd_close(p);
	return good;
}

const char *
passwd_version(void)
{
	return "libxcrypt " XCRYPT_VERSION_STR;
}
