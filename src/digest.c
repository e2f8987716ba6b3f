#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "text.h"

#define TOKEN_BYTES	32
#define ID_BYTES	16

/* EVP_sha256() would be looked up anew in each digest. */
static pthread_once_t	 once = PTHREAD_ONCE_INIT;
static EVP_MD		*sha256;

/* Other threads may still be at it when the process ends. */
static void
fetch(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	if ((sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		log_abort("libcrypto has no SHA-256");
}

void
digest_sha256(const void *bytes, size_t len, unsigned char *out)
{
	(void)pthread_once(&once, fetch);
	if (EVP_Digest(bytes, len, out, NULL, sha256, NULL) != 1)
		log_abort("libcrypto makes no digest");
}

void
digest_hmac(const void *key, size_t key_len, const void *bytes, size_t len,
    unsigned char *out)
{
	(void)pthread_once(&once, fetch);
	if (key_len > INT_MAX || HMAC(sha256, key, (int)key_len, bytes, len,
	    out, NULL) == NULL)
		log_abort("libcrypto makes no HMAC");
}

/* getrandom gives up to 256 bytes whole once the kernel's pool is ready. */
void
digest_random(void *out, size_t len)
{
	if (len > 256 || getrandom(out, len, 0) != (ssize_t)len)
		log_abort("the kernel gives no random bytes");
}

void
digest_token(char *out)
{
	unsigned char bytes[TOKEN_BYTES];

	digest_random(bytes, sizeof(bytes));
	text_base64url(bytes, sizeof(bytes), out);
	explicit_bzero(bytes, sizeof(bytes));
}

void
digest_id(char *out)
{
	unsigned char bytes[ID_BYTES];

	digest_random(bytes, sizeof(bytes));
	text_base64url(bytes, sizeof(bytes), out);
}

bool
digest_token_hash(const char *token, char *out)
{
	unsigned char sum[DIGEST_SHA256_BYTES];

	if (strlen(token) != DIGEST_TOKEN_LEN ||
	    !text_is_base64url(token, DIGEST_TOKEN_LEN))
		return false;
	digest_sha256(token, DIGEST_TOKEN_LEN, sum);
	text_base64url(sum, sizeof(sum), out);
	return true;
}

/* libcrypto reads groups of four alone, and counts what pads the last one. */
size_t
digest_base64(const char *text, size_t len, unsigned char *out)
{
	unsigned char padded[DIGEST_BASE64_MAX + 3];
	size_t full = (len + 3) / 4 * 4;

	if (len > DIGEST_BASE64_MAX)
		log_abort("base64 that is too long");
	memset(padded, '=', sizeof(padded));
	memcpy(padded, text, len);
	if (EVP_DecodeBlock(out, padded, (int)full) < 0)
		log_abort("base64 that is none");
	return len * 3 / 4;
}

bool
digest_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

const char *
digest_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
