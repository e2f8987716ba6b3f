/* Digests, tokens and comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "helper.h"
#include "text.h"

#define TOKEN	"0123456789-_abcdefghijklmnopqrstuvwxyzABCDE"
#define HASHED	"wlELsIll4T3HT9MRIixELIWXNF_70RYL2pgk2SwFdFc"

static void
sha256_is_that_of_fips_180(void **state)
{
	static const unsigned char empty[] = {
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb,
		0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4,
		0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
		0xb8, 0x55,
	};
	static const unsigned char abc[] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
		0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3,
		0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
		0x15, 0xad,
	};
	unsigned char sum[DIGEST_SHA256_BYTES];

	(void)state;
	digest_sha256("", 0, sum);
	assert_memory_equal(sum, empty, sizeof(empty));
	digest_sha256("abc", 3, sum);
	assert_memory_equal(sum, abc, sizeof(abc));
}

static void
token_hash_is_sha256_of_the_characters(void **state)
{
	char hash[DIGEST_TOKEN_LEN + 1];

	(void)state;
	assert_true(digest_token_hash(TOKEN, hash));
	assert_string_equal(hash, HASHED);
}

/* B13: a token that was cut off, or grew, is no token. */
static void
b13_prefixes_and_extensions_are_refused(void **state)
{
	char token[DIGEST_TOKEN_LEN + 2] = TOKEN;
	char hash[DIGEST_TOKEN_LEN + 1];
	size_t len;

	(void)state;
	token[DIGEST_TOKEN_LEN] = 'A';
	assert_false(digest_token_hash(token, hash));
	for (len = 0; len < DIGEST_TOKEN_LEN; len++) {
		memcpy(token, TOKEN, len);
		token[len] = '\0';
		assert_false(digest_token_hash(token, hash));
	}
}

/* B4: what stands for nothing elsewhere is no token. */
static void
b4_placeholders_are_refused(void **state)
{
	static const char *const rows[] = {
		"", "null", "NULL", "None", "undefined", "0", "false", "\"\"",
		"*",
	};
	char hash[DIGEST_TOKEN_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++)
		assert_false(digest_token_hash(rows[i], hash));
}

static void
other_alphabets_are_refused(void **state)
{
	static const char others[] = "+/=%. ~\n\"'\x7f\x80\xff";
	char token[] = TOKEN, hash[DIGEST_TOKEN_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; others[i] != '\0'; i++) {
		memcpy(token, TOKEN, sizeof(token));
		token[i] = others[i];
		assert_false(digest_token_hash(token, hash));
	}
	assert_true(digest_token_hash(TOKEN, hash));
}

static void
each_character_of_a_token_counts(void **state)
{
	char token[] = TOKEN, hash[DIGEST_TOKEN_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < DIGEST_TOKEN_LEN; i++) {
		memcpy(token, TOKEN, sizeof(token));
		token[i] = TOKEN[i] == 'x' ? 'y' : 'x';
		assert_true(digest_token_hash(token, hash));
		assert_string_not_equal(hash, HASHED);
	}
}

/* Six bits a character; the last one holds the four that are left. */
static void
or_bits(const char *token, uint64_t *set, uint64_t *cleared)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t value;
	size_t i;

	for (i = 0; i < DIGEST_TOKEN_LEN; i++) {
		value = (uint64_t)(strchr(alphabet, token[i]) - alphabet);
		set[i] |= value;
		cleared[i] |= ~value & 63;
	}
}

/* B15: 256 bits, each of which is at times 0 and at times 1. */
static void
b15_token_has_256_random_bits(void **state)
{
	uint64_t set[DIGEST_TOKEN_LEN] = { 0 };
	uint64_t cleared[DIGEST_TOKEN_LEN] = { 0 };
	char token[DIGEST_TOKEN_LEN + 1];
	size_t i, bits = 0;

	(void)state;
	for (i = 0; i < 200; i++) {
		digest_token(token);
		assert_int_equal(strlen(token), DIGEST_TOKEN_LEN);
		assert_true(text_is_base64url(token, DIGEST_TOKEN_LEN));
		or_bits(token, set, cleared);
	}
	for (i = 0; i < DIGEST_TOKEN_LEN; i++)
		bits += (size_t)__builtin_popcountll(set[i] & cleared[i]);
	assert_int_equal(bits, 256);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
tokens_never_come_twice(void **state)
{
	static char token[5000][DIGEST_TOKEN_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(token); i++)
		digest_token(token[i]);
	qsort(token, HELPER_COUNT(token), sizeof(token[0]), compare);
	for (i = 1; i < HELPER_COUNT(token); i++)
		assert_string_not_equal(token[i - 1], token[i]);
}

static void
random_fills_what_was_asked_for(void **state)
{
	unsigned char bytes[257] = { 0 }, some = 0;
	size_t i, round;

	(void)state;
	for (round = 0; round < 10; round++) {
		digest_random(bytes, 256);
		assert_int_equal(bytes[256], 0);
		some |= bytes[255];
	}
	assert_int_not_equal(some, 0);
	memset(bytes, 0, sizeof(bytes));
	digest_random(bytes, 16);
	for (i = 16; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
}

/* getrandom may give less than it was asked for above 256 bytes. */
static void
ask_for_more_than_comes_whole(void)
{
	static unsigned char bytes[257];

	digest_random(bytes, sizeof(bytes));
}

static void
more_random_than_comes_whole_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(helper_signal_of(ask_for_more_than_comes_whole),
	    SIGABRT);
}

/* B70: the comparison takes in every byte. */
static void
b70_equal_looks_at_every_byte(void **state)
{
	unsigned char a[64], b[64];
	size_t i;

	(void)state;
	memset(a, 0x5a, sizeof(a));
	memcpy(b, a, sizeof(b));
	assert_true(digest_equal(a, b, sizeof(a)));
	assert_true(digest_equal(a, "x", 0));
	for (i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x80;
		assert_false(digest_equal(a, b, sizeof(a)));
		assert_true(digest_equal(a, b, i));
		b[i] ^= 0x80;
	}
}

static void
version_names_the_library(void **state)
{
	(void)state;
	assert_true(text_begins(digest_version(), "OpenSSL 3"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_that_of_fips_180),
		cmocka_unit_test(token_hash_is_sha256_of_the_characters),
		cmocka_unit_test(b13_prefixes_and_extensions_are_refused),
		cmocka_unit_test(b4_placeholders_are_refused),
		cmocka_unit_test(other_alphabets_are_refused),
		cmocka_unit_test(each_character_of_a_token_counts),
		cmocka_unit_test(b15_token_has_256_random_bits),
		cmocka_unit_test(tokens_never_come_twice),
		cmocka_unit_test(random_fills_what_was_asked_for),
		cmocka_unit_test(
		    more_random_than_comes_whole_ends_the_process),
		cmocka_unit_test(b70_equal_looks_at_every_byte),
		cmocka_unit_test(version_names_the_library),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
