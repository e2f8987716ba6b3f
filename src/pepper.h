/*
 * pepper.h - password hashes sealed with keys that the store does not hold
 *
 * Who has the store and not the key cannot even begin to guess passwords
 * (NIST SP 800-63B-4, 3.1.1.2: a keyed hash whose key is kept apart).  In
 *
 *	$hmac$KEY$y$jBT$SALT$SEAL
 *
 * KEY, eight characters, tells which key it was; "$y$jBT$SALT$" is the setting
 * of crypt(5); SEAL is HMAC-SHA-256 under that key of the whole hash that
 * crypt(3) makes with it, in base64url.  A hash without a seal stays as it is.
 *
 * The first key also keys what is too short to be kept as a mere digest.
 */
#ifndef PEPPER_H
#define PEPPER_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "text.h"

#define PEPPER_KEYS_MAX		8
#define PEPPER_KEY_MIN		32	/* bytes in a file */
#define PEPPER_KEY_MAX		1024

/* The first key seals; the others open what they have sealed before. */
struct pepper;

/*
 * Reads a key from each file; every byte of it counts.  NULL: *fault says in
 * words what is wrong with file *bad.  A file that others than its owner may
 * read or write is refused.
 */
struct pepper	*pepper_open(const char *const *file, size_t n, size_t *bad,
		    const char **fault);
/* Wipes the keys.  NULL is allowed. */
void		 pepper_close(struct pepper *);

/* The part of a stored hash that crypt(3) takes for its setting. */
const char	*pepper_setting(const char *stored);
/*
 * Seals a hash of crypt(3) with the first key; without any key it is only
 * copied.  False: out, of size bytes, does not hold it.
 */
bool		 pepper_seal(const struct pepper *, const char *hash,
		    char *out, size_t size);
/* The same with the key, or without one, that stored was made with.  False
 * also where that key is not here. */
bool		 pepper_seal_like(const struct pepper *, const char *stored,
		    const char *hash, char *out, size_t size);
/* As pepper_seal would have it today. */
bool		 pepper_is_current(const struct pepper *,
		    const char *stored);

/*
 * HMAC-SHA-256 of a text, in base64url, under a key that is made of the first
 * one: never what seals a hash, whatever the text.  out holds
 * PEPPER_MAC_LEN + 1 bytes; p is not NULL.
 */
#define PEPPER_MAC_LEN		TEXT_BASE64URL_LEN(DIGEST_SHA256_BYTES)
void		 pepper_mac(const struct pepper *, const char *text,
		    char *out);

#endif
