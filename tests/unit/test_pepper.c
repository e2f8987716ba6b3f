/* Seals on password hashes: what a key makes, opens and does not open. */
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
#include "pepper.h"

#define HASH	"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$MnvTOVGRyN7xKchumgztzZZcjLYHGP"
#define OTHER	"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$NnvTOVGRyN7xKchumgztzZZcjLYHGP"
#define KEYS	3

static char dir[HELPER_PATH_MAX];
static char path[KEYS][HELPER_PATH_MAX + 16];
static const char *file[KEYS];

static int
set_up(void **state)
{
	char key[PEPPER_KEY_MIN];
	size_t i;

	(void)state;
	helper_dir(dir);
	for (i = 0; i < KEYS; i++) {
		(void)snprintf(path[i], sizeof(path[i]), "%s/key%zu", dir, i);
		memset(key, 'a' + (int)i, sizeof(key));
		helper_write(path[i], key, sizeof(key));
		assert_int_equal(chmod(path[i], 0400), 0);
		file[i] = path[i];
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	helper_dir_remove(dir);
	return 0;
}

static struct pepper *
must_open(const char *const *files, size_t n)
{
	const char *fault;
	struct pepper *p;
	size_t bad;

	p = pepper_open(files, n, &bad, &fault);
	if (p == NULL)
		fail_msg("%s %s", files[bad], fault);
	return p;
}

/*
 * printf %s HASH | openssl mac -digest SHA256 -macopt key:aaa... HMAC, and
 * the same of "gatelodge names this key" for the key's name.
 */
static void
seal_is_the_hmac_of_the_whole_hash(void **state)
{
	struct pepper *p = must_open(file, 1);
	char out[128];

	(void)state;
	assert_true(pepper_seal(p, HASH, out, sizeof(out)));
	assert_string_equal(out, "$hmac$hHzjhLQ7"
	    "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$Y"
	    "m75snamNWosCh5S9ceRo9tRtraMHxiaZjdgE0S8JRE");
	assert_string_equal(pepper_setting(out) + strlen(
	    "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$"), strrchr(out, '$') + 1);
	assert_memory_equal(pepper_setting(out), HASH, 30);
	assert_true(pepper_is_current(p, out));
	assert_false(pepper_is_current(p, HASH));
	pepper_close(p);
}

static void
same_hash_has_the_same_seal_and_another_another(void **state)
{
	struct pepper *p = must_open(file, 1);
	char sealed[128], again[128];

	(void)state;
	assert_true(pepper_seal(p, HASH, sealed, sizeof(sealed)));
	assert_true(pepper_seal_like(p, sealed, HASH, again, sizeof(again)));
	assert_string_equal(sealed, again);
	assert_true(pepper_seal_like(p, sealed, OTHER, again,
	    sizeof(again)));
	assert_string_not_equal(sealed, again);
	pepper_close(p);
}

/*
 * HMAC under openssl's HMAC of "gatelodge keys what is short" under the key;
 * of a hash it is not what seals it.
 */
static void
short_text_is_keyed_by_the_first_key_and_sealed_by_none(void **state)
{
	const char *turned[] = { file[1], file[0] };
	struct pepper *p = must_open(file, 1), *both = must_open(turned, 2);
	char out[PEPPER_MAC_LEN + 1], other[PEPPER_MAC_LEN + 1], sealed[128];

	(void)state;
	pepper_mac(p, "reset\nbob@example.com\n12345678", out);
	assert_string_equal(out,
	    "5V0FEqNPCQs1DlB0D99kcjx198zrpC29Mp7wjH-nKJ0");
	pepper_mac(both, "reset\nbob@example.com\n12345678", other);
	assert_string_not_equal(out, other);
	pepper_mac(p, HASH, out);
	assert_true(pepper_seal(p, HASH, sealed, sizeof(sealed)));
	assert_string_not_equal(out, strrchr(sealed, '$') + 1);
	pepper_close(p);
	pepper_close(both);
}

static void
key_of_former_times_opens_and_does_not_seal(void **state)
{
	const char *turned[] = { file[1], file[0] };
	struct pepper *first = must_open(file, 1), *both = must_open(turned,
	    2), *stranger = must_open(file + 2, 1);
	char sealed[128], again[128];

	(void)state;
	assert_true(pepper_seal(first, HASH, sealed, sizeof(sealed)));
	assert_true(pepper_seal_like(both, sealed, HASH, again,
	    sizeof(again)));
	assert_string_equal(sealed, again);
	assert_false(pepper_is_current(both, sealed));
	assert_true(pepper_seal(both, HASH, again, sizeof(again)));
	assert_string_not_equal(sealed, again);
	assert_false(pepper_seal_like(stranger, sealed, HASH, again,
	    sizeof(again)));
	assert_false(pepper_seal_like(NULL, sealed, HASH, again,
	    sizeof(again)));
	pepper_close(first);
	pepper_close(both);
	pepper_close(stranger);
}

static void
without_a_key_hashes_stay_as_they_are(void **state)
{
	struct pepper *p = must_open(file, 1);
	const char *hash = HASH;
	char out[128];

	(void)state;
	assert_true(pepper_seal(NULL, HASH, out, sizeof(out)));
	assert_string_equal(out, HASH);
	assert_true(pepper_seal_like(p, HASH, HASH, out, sizeof(out)));
	assert_string_equal(out, HASH);
	assert_true(pepper_is_current(NULL, HASH));
	assert_ptr_equal(pepper_setting(hash), hash);
	pepper_close(p);
}

static void
seal_that_does_not_fit_is_none(void **state)
{
	struct pepper *p = must_open(file, 1);
	char out[128];
	size_t size, whole;

	(void)state;
	assert_true(pepper_seal(p, HASH, out, sizeof(out)));
	whole = strlen(out) + 1;
	for (size = 0; size < whole; size++)
		assert_false(pepper_seal(p, HASH, out, size));
	assert_true(pepper_seal(p, HASH, out, whole));
	assert_false(pepper_seal(p, "no hash", out, sizeof(out)));
	pepper_close(p);
}

/* What a store may hold that nobody has sealed. */
static void
broken_seals_are_no_seals(void **state)
{
	static const char *const broken[] = { "$hmac$", "$hmac$1234567",
		"$hmac$12345678", "$hmac$12345678$y$", "$hmac", "" };
	struct pepper *p = must_open(file, 1);
	char out[128];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(broken); i++) {
		assert_false(pepper_is_current(p, broken[i]));
		if (pepper_seal_like(p, broken[i], HASH, out, sizeof(out)))
			assert_string_equal(out, HASH);
		assert_true(pepper_setting(broken[i]) >= broken[i]);
	}
	pepper_close(p);
}

static void
must_refuse(const char *const *files, size_t n, size_t which,
    const char *words)
{
	const char *fault;
	size_t bad;

	assert_null(pepper_open(files, n, &bad, &fault));
	assert_int_equal(bad, which);
	assert_non_null(strstr(fault, words));
}

/* 13.3.1: a secret that others may read is none. */
static void
files_that_are_no_keys_are_refused(void **state)
{
	const char *many[PEPPER_KEYS_MAX + 1], *place[] = { file[0], dir };
	static char large[PEPPER_KEY_MAX + 1];
	size_t i;

	(void)state;
	must_refuse(place, 2, 1, "no file");
	place[1] = "/nowhere/key";
	must_refuse(place, 2, 1, "No such file");
	assert_int_equal(chmod(path[1], 0440), 0);
	must_refuse(file, 3, 1, "others");
	assert_int_equal(chmod(path[1], 0602), 0);
	must_refuse(file, 3, 1, "others");
	assert_int_equal(chmod(path[1], 0600), 0);
	helper_write(path[1], "0123456789abcdef0123456789abcde", 31);
	must_refuse(file, 3, 1, "shorter");
	helper_write(path[1], large, sizeof(large));
	must_refuse(file, 3, 1, "longer");
	for (i = 0; i < HELPER_COUNT(many); i++)
		many[i] = file[0];
	must_refuse(many, HELPER_COUNT(many), PEPPER_KEYS_MAX, "too many");
}

#define PEPPER(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PEPPER(seal_is_the_hmac_of_the_whole_hash),
		PEPPER(same_hash_has_the_same_seal_and_another_another),
		PEPPER(short_text_is_keyed_by_the_first_key_and_sealed_by_none),
		PEPPER(key_of_former_times_opens_and_does_not_seal),
		PEPPER(without_a_key_hashes_stay_as_they_are),
		PEPPER(seal_that_does_not_fit_is_none),
		PEPPER(broken_seals_are_no_seals),
		PEPPER(files_that_are_no_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
