/*
 * digest.h - the only door to libcrypto: digests, random bytes, comparison
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SHA256_BYTES	32

/*
 * A token is 32 random bytes (256 bits) in base64url.  It is shown to its
 * owner once; the store knows only its hash: the SHA-256 of the token's
 * characters, in base64url as well.  A fast digest is enough for so much
 * entropy (ASVS 5.0, 6.5.2), and a look-up by hash gives the time that a
 * comparison takes nothing to tell.
 */
#define DIGEST_TOKEN_LEN	43

/* The service cannot go on without these: failure ends the process. */
void	digest_sha256(const void *, size_t, unsigned char *out);
/* HMAC-SHA-256 (RFC 2104). */
void	digest_hmac(const void *key, size_t key_len, const void *, size_t,
	    unsigned char *out);
void	digest_random(void *out, size_t);

/* out holds DIGEST_TOKEN_LEN + 1 bytes. */
void	digest_token(char *out);
/* The hash under which a token is stored; false if it has another shape. */
bool	digest_token_hash(const char *token, char *out);

/* What digest_base64 needs for so many characters. */
#define DIGEST_BASE64_ROOM(n)	(((n) + 3) / 4 * 3)

/*
 * Base64 without its padding (RFC 4648, 4), at most DIGEST_BASE64_MAX
 * characters of its alphabet alone, into bytes.  How many they are.
 */
#define DIGEST_BASE64_MAX	128
size_t	digest_base64(const char *, size_t len, unsigned char *out);

/* A name that nobody can guess and no two have: 16 random bytes, likewise. */
#define DIGEST_ID_LEN	22
/* out holds DIGEST_ID_LEN + 1 bytes. */
void	digest_id(char *out);

/* In a time that does not depend on where they differ. */
bool	digest_equal(const void *, const void *, size_t);
const char *digest_version(void);

#endif
