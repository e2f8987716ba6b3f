/* Which hashes are let in, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "helper.h"
#include "scheme.h"

#define BCRYPT_SALT	"abcdefghijklmnopqrstuu"
#define BCRYPT_SUM	"yeG8laUfZvsCmc.AE6qIDYSPGM2efmK"
#define SUM_43		"5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
#define SUM_86		SUM_43 SUM_43
#define SALT		"c29tZXNhbHQ"
#define SUM		"lUm8AeKxBs0aJqrN6PQTZcWUIAAZQSrOa9T/Aw6IMDM"

static const struct {
	enum scheme	 scheme;
	const char	*hash;
} good[] = {
	{ SCHEME_BCRYPT, "$2b$04$" BCRYPT_SALT BCRYPT_SUM },
	{ SCHEME_BCRYPT, "$2y$10$" BCRYPT_SALT BCRYPT_SUM },
	{ SCHEME_BCRYPT, "$2a$14$" BCRYPT_SALT BCRYPT_SUM },
	{ SCHEME_SHA256CRYPT, "$5$s$" SUM_43 },
	{ SCHEME_SHA256CRYPT, "$5$rounds=1000$saltstringsaltst$" SUM_43 },
	{ SCHEME_SHA512CRYPT, "$6$saltstring$" SUM_86 },
	{ SCHEME_SHA512CRYPT, "$6$rounds=1000000$salt$" SUM_86 },
	{ SCHEME_YESCRYPT, "$y$j9T$saltsaltsaltsalt$" SUM_43 },
	{ SCHEME_YESCRYPT, "$y$jDT$saltsaltsaltsalt$" SUM_43 },
	{ SCHEME_GOST_YESCRYPT, "$gy$j9T$saltsaltsaltsalt$" SUM_43 },
	{ SCHEME_SCRYPT, "$7$CU..../....salty$" SUM_43 },
	{ SCHEME_SCRYPT, "$7$EU..../....salt$" SUM_43 },
	{ SCHEME_ARGON2ID, "$argon2id$v=19$m=8,t=1,p=1$" SALT "$" SUM },
	{ SCHEME_ARGON2ID, "$argon2id$v=19$m=262144,t=4,p=8$" SALT "$" SUM },
	{ SCHEME_ARGON2I, "$argon2i$v=19$m=4096,t=16,p=1$" SALT "$" SUM },
};

static void
good_hashes_are_told_apart(void **state)
{
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		if (scheme_of(good[i].hash, &why) != good[i].scheme)
			fail_msg("%s: %s", good[i].hash, why);
		else
			assert_null(why);
}

static void
must_refuse(const char *hash, const char *says)
{
	const char *why = NULL;

	if (scheme_of(hash, &why) != SCHEME_REFUSED)
		fail_msg("taken: %s", hash);
	if (strstr(why, says) == NULL)
		fail_msg("%s: %s", hash, why);
}

/* B13: neither is any password compared for hours, nor by a hash so cheap. */
static void
b13_extreme_costs_are_refused(void **state)
{
	static const char *const more[] = {
		"$2b$15$" BCRYPT_SALT BCRYPT_SUM,
		"$2b$31$" BCRYPT_SALT BCRYPT_SUM,
		"$2y$99$" BCRYPT_SALT BCRYPT_SUM,
		"$5$rounds=1000001$salt$" SUM_43,
		"$6$rounds=999999999$salt$" SUM_86,
		"$6$rounds=99999999999999999999$salt$" SUM_86,
		"$y$jFT$saltsaltsaltsalt$" SUM_43,
		"$y$jET$saltsaltsaltsalt$" SUM_43,
		"$y$jj5$saltsaltsaltsalt$" SUM_43,
		"$gy$jET$saltsaltsaltsalt$" SUM_43,
		"$7$FU..../....salt$" SUM_43, "$7$zU..../....salt$" SUM_43,
		"$7$CU....E....salt$" SUM_43, "$7$Czzzzz/....salt$" SUM_43,
		"$7$Czzzzzzzzzzsalt$" SUM_43,
		"$argon2id$v=19$m=262145,t=1,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=4096,t=17,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=4096,t=1,p=9$" SALT "$" SUM,
		"$argon2i$v=19$m=262144,t=5,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=999999999,t=999999999,p=1$" SALT "$" SUM,
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(more); i++)
		must_refuse(more[i], "costs more");
	must_refuse("$2b$03$" BCRYPT_SALT BCRYPT_SUM, "costs less");
	must_refuse("$2b$00$" BCRYPT_SALT BCRYPT_SUM, "costs less");
	must_refuse("$5$rounds=999$salt$" SUM_43, "costs less");
	must_refuse("$6$rounds=0$salt$" SUM_86, "costs less");
}

static void
weak_schemes_are_refused_by_name(void **state)
{
	(void)state;
	must_refuse("", "no hash");
	must_refuse("$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1", "MD5");
	must_refuse("$apr1$26Ge8.T5$ZZ/PqbwjiPn9zBQy3E0L..", "MD5");
	must_refuse("$md5$abc$def", "MD5");
	must_refuse("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "SHA-1");
	must_refuse("$sha1$1$a$b", "SHA-1");
	must_refuse("$3$$8846f7eaee8fb117ad06bdd830b7586c", "NT");
	must_refuse("abcdefghijklm", "DES");
	must_refuse("_J9..CCCCXBrJUJV154M", "DES");
	must_refuse("$2x$05$" BCRYPT_SALT BCRYPT_SUM, "broken");
	must_refuse("$argon2d$v=19$m=8,t=1,p=1$" SALT "$" SUM, "argon2d");
	must_refuse("*0", "locked");
	must_refuse("!", "locked");
	must_refuse("!$6$saltstring$" SUM_86, "locked");
	must_refuse("*LK*", "locked");
	must_refuse("password", "plain text");
	must_refuse("x", "plain text");
	must_refuse("$none$", "not known");
	must_refuse("$9$abc$def", "not known");
	must_refuse("pbkdf2_sha256$600000$a$b", "not known");
}

static void
malformed_hashes_are_refused(void **state)
{
	static const char *const bad[] = {
		"$2b$", "$2b$10", "$2b$10$", "$2b$4$" BCRYPT_SALT BCRYPT_SUM,
		"$2b$1a$" BCRYPT_SALT BCRYPT_SUM,
		"$2b$010$" BCRYPT_SALT BCRYPT_SUM,
		"$2b$10$" BCRYPT_SALT BCRYPT_SUM "x",
		"$2b$10$" BCRYPT_SALT "-eG8laUfZvsCmc.AE6qIDYSPGM2efmK",
		"$2b$10$" BCRYPT_SALT " eG8laUfZvsCmc.AE6qIDYSPGM2efmK",
		/* Bits that nothing computes. */
		"$2b$10$abcdefghijklmnopqrstuv" BCRYPT_SUM,
		"$2b$10$" BCRYPT_SALT "yeG8laUfZvsCmc.AE6qIDYSPGM2efmL",
		"$5$", "$5$$" SUM_43, "$5$salt$" SUM_86, "$5$salt",
		"$5$saltstringsaltstr$" SUM_43, "$5$sa:lt$" SUM_43,
		"$5$rounds=$salt$" SUM_43, "$5$rounds=01000$salt$" SUM_43,
		"$5$rounds=-1$salt$" SUM_43, "$5$rounds=5000salt$" SUM_43,
		"$6$salt$" SUM_43, "$6$salt$" SUM_86 "x",
		"$y$", "$y$j", "$y$j9", "$y$j9T", "$y$j9T$", "$y$j9T$$" SUM_43,
		"$y$j9T$salt$", "$y$j9T$salts$" SUM_43,
		"$y$k9T$saltsaltsaltsalt$" SUM_43,
		"$y$j9T/$saltsaltsaltsalt$" SUM_43,
		"$y$j9z$saltsaltsaltsalt$" SUM_43,
		"$y$j9T$saltsaltsaltsalt$" SUM_86,
		"$7$", "$7$C", "$7$CU..../...", "$7$CU..../....",
		"$7$CU..../....salt", "$7$C...../....salt$" SUM_43,
		"$7$.U..../....salt$" SUM_43, "$7$CU.........salt$" SUM_43,
		"$argon2id$", "$argon2id$v=16$m=8,t=1,p=1$" SALT "$" SUM,
		"$argon2id$m=8,t=1,p=1$" SALT "$" SUM,
		"$argon2id$v=19$t=1,m=8,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=8,t=0,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=8,t=1,p=0$" SALT "$" SUM,
		"$argon2id$v=19$m=7,t=1,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=08,t=1,p=1$" SALT "$" SUM,
		"$argon2id$v=19$m=8,t=1,p=1,data=x$" SALT "$" SUM,
		"$argon2id$v=19$m=8,t=1,p=1$c29t$" SUM,
		"$argon2id$v=19$m=8,t=1,p=1$" SALT "==$" SUM,
		"$argon2id$v=19$m=8,t=1,p=1$" SALT,
		"$argon2id$v=19$m=8,t=1,p=1$" SALT "$lUm8AeKx",
		"$argon2id$v=19$m=8,t=1,p=1$" SALT "$" SUM SUM SUM,
		"$argon2id$v=19$m=8,t=1,p=1$" SALT "$" SUM "$",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bad); i++)
		must_refuse(bad[i], "malformed");
}

/* One byte less or more, or another one, and none stands out of bounds. */
static void
every_cut_of_a_hash_is_refused(void **state)
{
	char hash[SCHEME_HASH_MAX + 8];
	const char *why;
	size_t i, len;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		for (len = 0; len < strlen(good[i].hash); len++) {
			(void)snprintf(hash, sizeof(hash), "%.*s", (int)len,
			    good[i].hash);
			if (good[i].scheme != SCHEME_ARGON2ID &&
			    good[i].scheme != SCHEME_ARGON2I)
				assert_int_equal(scheme_of(hash, &why),
				    SCHEME_REFUSED);
			(void)snprintf(hash, sizeof(hash), "%s",
			    good[i].hash);
			hash[len] = '\n';
			assert_int_equal(scheme_of(hash, &why),
			    SCHEME_REFUSED);
			hash[len] = (char)0xc3;
			assert_int_equal(scheme_of(hash, &why),
			    SCHEME_REFUSED);
		}
	memset(hash, 'x', sizeof(hash));
	hash[SCHEME_HASH_MAX + 1] = '\0';
	must_refuse(hash, "malformed");
}

static void
parameters_of_argon2_are_read(void **state)
{
	struct scheme_argon2 a;

	(void)state;
	scheme_read_argon2("$argon2id$v=19$m=4096,t=3,p=2$" SALT "$" SUM, &a);
	assert_int_equal(a.kib, 4096);
	assert_int_equal(a.passes, 3);
	assert_int_equal(a.lanes, 2);
	assert_int_equal(a.salt_len, strlen(SALT));
	assert_memory_equal(a.salt, SALT, strlen(SALT));
	assert_int_equal(a.sum_len, strlen(SUM));
	assert_memory_equal(a.sum, SUM, strlen(SUM));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_hashes_are_told_apart),
		cmocka_unit_test(b13_extreme_costs_are_refused),
		cmocka_unit_test(weak_schemes_are_refused_by_name),
		cmocka_unit_test(malformed_hashes_are_refused),
		cmocka_unit_test(every_cut_of_a_hash_is_refused),
		cmocka_unit_test(parameters_of_argon2_are_read),
	};

	return cmocka_run_group_tests_name("scheme", tests, NULL, NULL);
}
