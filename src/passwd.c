#include "passwd.h"

#include <crypt.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "argon.h"
#include "digest.h"
#include "heap.h"
#include "log.h"
#include "scheme.h"

#define PREFIX		"$y$"
#define SALT_BYTES	16	/* 128 bits in each new hash */

struct passwd {
	struct crypt_data	 data;
	/* What a hash at each cost took last of the processor; 0: not known. */
	int64_t		 took[PASSWD_COST_MAX + 1];
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

/* The cost that made this hash; 0 for one that is not like ours. */
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

/* Of this thread, in microseconds: what others do meanwhile plays no part. */
static int64_t
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What nobody's hash takes.  False: libxcrypt could not hash. */
static bool
compute_nobody(struct passwd *p, const char *phrase, int cost)
{
	int64_t start = cpu_us();

	if (compute(p, phrase, settings[cost]) == NULL)
		return false;
	p->took[cost] = cpu_us() - start;
	return true;
}

/*
 * A weaker hash was computed sooner.  Each cost takes twice as long as the one
 * below it, so those from its own up to today's make up for what is missing.
 */
static void
make_up(struct passwd *p, const char *phrase, int made, int cost)
{
	for (; made < cost; made++)
		(void)compute(p, phrase, settings[made]);
}

/* The same after another scheme, whose time is all that is known of it. */
static void
make_up_time(struct passwd *p, const char *phrase, int64_t spent, int cost)
{
	int64_t left = p->took[cost] - spent, step;

	if (p->took[cost] == 0)
		(void)compute_nobody(p, phrase, cost);
	for (step = p->took[cost]; left > 0 && cost > PASSWD_COST_MIN;) {
		cost--;
		step /= 2;
		if (left < step)
			continue;
		(void)compute(p, phrase, settings[cost]);
		left -= step;
	}
}

static enum passwd_verdict
verify_nobody(struct passwd *p, const char *phrase, int cost)
{
	return compute_nobody(p, phrase, cost) ? PASSWD_DIFFERS :
	    PASSWD_FAULT;
}

/* By its name, which stands last before the setting: "$hmac$KEY". */
static void
tell_missing(const char *hash)
{
	static atomic_llong next;
	char mark[PASSWD_HASH_MAX];

	if (!log_is_due(&next))
		return;
	(void)snprintf(mark, sizeof(mark), "%.*s",
	    (int)(pepper_setting(hash) - hash), hash);
	LOG("key.missing", LOG_TEXT("key", strrchr(mark, '$') + 1));
}

/* The same as the stored one was sealed; false where its key is not here. */
static bool
seal(const char *computed, const char *stored,
    const struct passwd_rules *rules, char *out)
{
	if (pepper_seal_like(rules->pepper, stored, computed, out,
	    PASSWD_HASH_MAX))
		return true;
	if (pepper_setting(stored) != stored)
		tell_missing(stored);
	return false;
}

static enum passwd_verdict
verify_ours(struct passwd *p, const char *phrase, const char *hash,
    const struct passwd_rules *rules)
{
	char sealed[PASSWD_HASH_MAX];
	int64_t start = cpu_us();
	const char *computed;
	int made = cost_of(hash);

	computed = compute(p, phrase, pepper_setting(hash));
	if (computed == NULL || !seal(computed, hash, rules, sealed))
		return PASSWD_FAULT;
	p->took[made] = cpu_us() - start;
	if (same_hash(sealed, hash))
		return PASSWD_MATCH;
	make_up(p, phrase, made, rules->cost);
	return PASSWD_DIFFERS;
}

static enum passwd_verdict
compare(struct passwd *p, const char *phrase, const char *hash,
    enum scheme scheme)
{
	const char *computed;
	bool match;

	if (scheme == SCHEME_ARGON2ID || scheme == SCHEME_ARGON2I) {
		if (!argon_verify(phrase, hash, &match))
			return PASSWD_FAULT;
	} else {
		if ((computed = compute(p, phrase, hash)) == NULL)
			return PASSWD_FAULT;
		match = same_hash(computed, hash);
	}
	return match ? PASSWD_MATCH : PASSWD_DIFFERS;
}

static enum passwd_verdict
verify_foreign(struct passwd *p, const char *phrase, const char *hash,
    enum scheme scheme, int cost)
{
	enum passwd_verdict verdict;
	int64_t start = cpu_us();

	verdict = compare(p, phrase, hash, scheme);
	if (verdict == PASSWD_DIFFERS)
		make_up_time(p, phrase, cpu_us() - start, cost);
	return verdict;
}

/* Of somebody's hash. */
static enum passwd_verdict
judge(struct passwd *p, const char *phrase, const char *hash,
    const struct passwd_rules *rules)
{
	enum scheme scheme = SCHEME_REFUSED;
	const char *why;

	if (pepper_setting(hash) == hash)
		scheme = scheme_of(hash, &why);
	else if (cost_of(hash) > 0)
		scheme = SCHEME_YESCRYPT;
	if (scheme == SCHEME_REFUSED)
		return verify_nobody(p, phrase, rules->cost);
	return cost_of(hash) > 0 ? verify_ours(p, phrase, hash, rules) :
	    verify_foreign(p, phrase, hash, scheme, rules->cost);
}

enum passwd_verdict
passwd_verify(struct passwd *p, const char *phrase, const char *hash,
    const struct passwd_rules *rules)
{
	enum passwd_verdict verdict;

	verdict = hash != NULL ? judge(p, phrase, hash, rules) :
	    verify_nobody(p, phrase, rules->cost);
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
