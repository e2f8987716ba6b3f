/*
 * scheme.h - which password hashes are taken, by their text alone
 *
 * Whatever is verified has passed here first: what is imported, and what
 * stands in the store.  So no row, wherever it came from, makes a login
 * compute for minutes or take a gigabyte, and none opens an account with a
 * hash that anybody breaks.  crypt(5) says how the texts are made up, and
 * the PHC string format how those of argon2 are.
 */
#ifndef SCHEME_H
#define SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that a hash may ask for. */
#define SCHEME_BCRYPT_COST_MIN	4
#define SCHEME_BCRYPT_COST_MAX	14
#define SCHEME_SHA_ROUNDS_MIN	1000
#define SCHEME_SHA_ROUNDS_MAX	1000000
#define SCHEME_MEMORY_MIB_MAX	256	/* yescrypt, scrypt, argon2 */
#define SCHEME_ARGON2_TIME_MAX	16
#define SCHEME_ARGON2_WORK_MIB_MAX 1024	/* memory times passes */
#define SCHEME_ARGON2_LANES_MAX	8

#define SCHEME_HASH_MAX		383	/* characters */

/* SCHEME(id, name) */
#define SCHEMES(SCHEME)							\
SCHEME(SCHEME_YESCRYPT, "yescrypt")					\
SCHEME(SCHEME_GOST_YESCRYPT, "gost-yescrypt")				\
SCHEME(SCHEME_SCRYPT, "scrypt")						\
SCHEME(SCHEME_ARGON2ID, "argon2id")					\
SCHEME(SCHEME_ARGON2I, "argon2i")					\
SCHEME(SCHEME_BCRYPT, "bcrypt")						\
SCHEME(SCHEME_SHA512CRYPT, "sha512crypt")				\
SCHEME(SCHEME_SHA256CRYPT, "sha256crypt")

enum scheme {
#define SCHEME_ID(id, name) id,
	SCHEMES(SCHEME_ID)
#undef SCHEME_ID
	SCHEME_REFUSED,
};

/* Without SCHEME_REFUSED. */
#define SCHEME_COUNT	((size_t)SCHEME_REFUSED)

/* SCHEME_REFUSED: *why says in words what is wrong with it. */
enum scheme	 scheme_of(const char *hash, const char **why);
const char	*scheme_name(enum scheme);

/* A hash of argon2; salt and sum are base64 in somebody else's memory. */
struct scheme_argon2 {
	uint32_t	 kib;
	uint32_t	 passes;
	uint32_t	 lanes;
	const char	*salt;
	size_t		 salt_len;
	const char	*sum;
	size_t		 sum_len;
};

/* Of one that scheme_of has called argon2. */
void		 scheme_read_argon2(const char *hash, struct scheme_argon2 *);

#endif
