#include "argon.h"

#include <argon2.h>
#include <string.h>

#include "digest.h"
#include "scheme.h"
#include "text.h"

/* The longest salt or sum that scheme.h lets in, and what rounds it up. */
#define SUM_BYTES	DIGEST_BASE64_ROOM(86)

static argon2_type
type_of(const char *hash)
{
	return text_begins(hash, "$argon2id$") ? Argon2_id : Argon2_i;
}

/*
 * Not argon2_verify: that one starts a thread for each lane.  libargon2 wipes
 * the memory it has used.
 */
bool
argon_verify(const char *phrase, const char *hash, bool *match)
{
	unsigned char salt[SUM_BYTES], sum[SUM_BYTES], wanted[SUM_BYTES];
	struct scheme_argon2 a;
	argon2_context c;
	bool good;

	scheme_read_argon2(hash, &a);
	c = (argon2_context){ .out = sum, .pwd = (uint8_t *)phrase,
	    .pwdlen = (uint32_t)strlen(phrase), .salt = salt,
	    .t_cost = a.passes, .m_cost = a.kib, .lanes = a.lanes,
	    .threads = 1, .version = ARGON2_VERSION_13 };
	c.saltlen = (uint32_t)digest_base64(a.salt, a.salt_len, salt);
	c.outlen = (uint32_t)digest_base64(a.sum, a.sum_len, wanted);
	good = argon2_ctx(&c, type_of(hash)) == ARGON2_OK;
	*match = good && digest_equal(sum, wanted, c.outlen);
	explicit_bzero(sum, sizeof(sum));
	return good;
}
