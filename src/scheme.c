#include "scheme.h"

#include <string.h>

#include "text.h"

/* Both of 64 characters, in another order. */
#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"			\
			"abcdefghijklmnopqrstuvwxyz"
#define CRYPT_SET	("./0123456789" LETTERS)
#define BASE64_SET	("+/0123456789" LETTERS)
/* Characters whose last four, and last two, bits are zero. */
#define BCRYPT_SALT_ENDS ".Oeu"
#define BCRYPT_SUM_ENDS	".CGKOSWaeimquy26"
#define BCRYPT_LEN	60
#define BCRYPT_SALT_LEN	22
#define DES_LEN		13
#define SHA_SALT_MAX	16
#define SHA256_LEN	43
#define SHA512_LEN	86
#define YESCRYPT_LEN	43
#define YESCRYPT_SALT_MAX 86
#define SALT_GROUP	4
#define SCRYPT_WORD_LEN	5		/* 30 bits */
#define BLOCK_BYTES	128		/* of scrypt, times r */
#define MIB		(UINT64_C(1) << 20)
#define KIB_OF_MIB	1024
/* Bytes in base64: salts of 8 to 48, sums of 16 to 64. */
#define ARGON2_SALT_MIN	11
#define ARGON2_SALT_MAX	64
#define ARGON2_SUM_MIN	22
#define ARGON2_SUM_MAX	86

static const char malformed[] = "the hash is malformed";
static const char too_costly[] = "the hash costs more than is allowed";
static const char too_cheap[] = "the hash costs less than is allowed";

/* Readers of a part; each leaves *p behind what it has read. */

static bool
take(const char **p, const char *word)
{
	if (!text_begins(*p, word))
		return false;
	*p += strlen(word);
	return true;
}

/* Decimal, without a sign, zeros before it, or more than nine digits. */
static bool
take_number(const char **p, uint32_t *out)
{
	size_t i, n = strspn(*p, "0123456789");

	if (n < 1 || n > 9 || (n > 1 && **p == '0'))
		return false;
	*out = 0;
	for (i = 0; i < n; i++)
		*out = *out * 10 + (uint32_t)((*p)[i] - '0');
	*p += n;
	return true;
}

/* Bytes in so many characters; a group of four is never left with one. */
static bool
take_base64(const char **p, size_t least, size_t most, size_t *len)
{
	*len = strspn(*p, BASE64_SET);
	if (*len < least || *len > most || *len % 4 == 1)
		return false;
	*p += *len;
	return true;
}

/* Its value in the alphabet of crypt(5). */
static bool
take_digit(const char **p, unsigned int *value)
{
	const char *found = **p != '\0' ? strchr(CRYPT_SET, **p) : NULL;

	if (found == NULL)
		return false;
	*value = (unsigned int)(found - CRYPT_SET);
	++*p;
	return true;
}

/* What comes last: so many characters, and nothing else. */
static bool
is_sum(const char *p, size_t len)
{
	return strlen(p) == len && strspn(p, CRYPT_SET) == len;
}

/* Judges: what follows the prefix.  NULL: it is good. */

static const char *
judge_bcrypt(const char *p)
{
	size_t len = BCRYPT_LEN - strlen("$2b$12$");
	uint32_t cost;

	if (strspn(p, "0123456789") != 2 || p[2] != '$' ||
	    !is_sum(p + 3, len))
		return malformed;
	cost = (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
	if (cost > SCHEME_BCRYPT_COST_MAX)
		return too_costly;
	if (cost < SCHEME_BCRYPT_COST_MIN)
		return too_cheap;
	p += 3;
	/* Bits that no bcrypt sets: what is computed would differ in them. */
	if (strchr(BCRYPT_SALT_ENDS, p[BCRYPT_SALT_LEN - 1]) == NULL ||
	    strchr(BCRYPT_SUM_ENDS, p[len - 1]) == NULL)
		return malformed;
	return NULL;
}

static const char *
judge_sha(const char *p, size_t sum_len)
{
	uint32_t rounds = SCHEME_SHA_ROUNDS_MIN;
	size_t len;

	if (take(&p, "rounds=") && (!take_number(&p, &rounds) ||
	    !take(&p, "$")))
		return strspn(p, "0123456789") > 9 ? too_costly : malformed;
	if (rounds > SCHEME_SHA_ROUNDS_MAX)
		return too_costly;
	if (rounds < SCHEME_SHA_ROUNDS_MIN)
		return too_cheap;
	len = strspn(p, CRYPT_SET);
	if (len < 1 || len > SHA_SALT_MAX || p[len] != '$' ||
	    !is_sum(p + len + 1, sum_len))
		return malformed;
	return NULL;
}

static const char *
judge_sha256(const char *p)
{
	return judge_sha(p, SHA256_LEN);
}

static const char *
judge_sha512(const char *p)
{
	return judge_sha(p, SHA512_LEN);
}

/* Of 128 times r bytes each, so many blocks as two to the power of log2_n. */
static const char *
judge_memory(unsigned int log2_n, uint64_t r)
{
	const uint64_t most = SCHEME_MEMORY_MIB_MAX * MIB / BLOCK_BYTES;

	if (r < 1 || log2_n < 1)
		return malformed;
	return log2_n > 30 || r > most || r << log2_n > most ? too_costly :
	    NULL;
}

/* The salt of yescrypt is bytes in groups of four; that of scrypt is text. */
static const char *
judge_salt_and_sum(const char *p, size_t group)
{
	size_t len = strspn(p, CRYPT_SET);

	return len >= 1 && len <= YESCRYPT_SALT_MAX && len % group != 1 &&
	    p[len] == '$' && is_sum(p + len + 1, YESCRYPT_LEN) ? NULL :
	    malformed;
}

/*
 * The flavour that libxcrypt makes, N and r, each of one character, so r is at
 * most 48; what yescrypt can be told besides, nobody uses.
 */
static const char *
judge_yescrypt(const char *p)
{
	unsigned int log2_n, r;
	const char *why;

	if (!take(&p, "j") || !take_digit(&p, &log2_n) ||
	    !take_digit(&p, &r) || log2_n > 47 || r > 47 || !take(&p, "$"))
		return malformed;
	why = judge_memory(log2_n + 1, r + 1);
	return why != NULL ? why : judge_salt_and_sum(p, SALT_GROUP);
}

static bool
take_word(const char **p, uint64_t *value)
{
	unsigned int digit, i;

	*value = 0;
	for (i = 0; i < SCRYPT_WORD_LEN; i++) {
		if (!take_digit(p, &digit))
			return false;
		*value |= (uint64_t)digit << (6 * i);
	}
	return true;
}

/* Lanes follow one another: each costs as much as its memory again. */
static const char *
judge_scrypt(const char *p)
{
	unsigned int log2_n;
	uint64_t r, lanes;
	const char *why;

	if (!take_digit(&p, &log2_n) || !take_word(&p, &r) ||
	    !take_word(&p, &lanes) || lanes < 1)
		return malformed;
	why = judge_memory(log2_n, r * lanes);
	return why != NULL ? why : judge_salt_and_sum(p, YESCRYPT_SALT_MAX);
}

static bool
read_argon2(const char *p, struct scheme_argon2 *out)
{
	if (!take(&p, "v=19$m=") || !take_number(&p, &out->kib) ||
	    !take(&p, ",t=") || !take_number(&p, &out->passes) ||
	    !take(&p, ",p=") || !take_number(&p, &out->lanes) ||
	    !take(&p, "$"))
		return false;
	out->salt = p;
	if (!take_base64(&p, ARGON2_SALT_MIN, ARGON2_SALT_MAX,
	    &out->salt_len) || !take(&p, "$"))
		return false;
	out->sum = p;
	return take_base64(&p, ARGON2_SUM_MIN, ARGON2_SUM_MAX,
	    &out->sum_len) && *p == '\0';
}

static const char *
judge_argon2(const char *p)
{
	struct scheme_argon2 a;

	if (!read_argon2(p, &a))
		return malformed;
	if (a.kib > SCHEME_MEMORY_MIB_MAX * KIB_OF_MIB ||
	    a.passes > SCHEME_ARGON2_TIME_MAX ||
	    a.lanes > SCHEME_ARGON2_LANES_MAX ||
	    a.kib * a.passes > SCHEME_ARGON2_WORK_MIB_MAX * KIB_OF_MIB)
		return too_costly;
	/* RFC 9106, 3.1: eight KiB for each lane at least. */
	return a.passes < 1 || a.lanes < 1 || a.kib < 8 * a.lanes ?
	    malformed : NULL;
}

static const struct {
	const char	*prefix;
	enum scheme	 scheme;
	const char	*(*judge)(const char *);
} taken[] = {
	{ "$y$", SCHEME_YESCRYPT, judge_yescrypt },
	{ "$gy$", SCHEME_GOST_YESCRYPT, judge_yescrypt },
	{ "$7$", SCHEME_SCRYPT, judge_scrypt },
	{ "$argon2id$", SCHEME_ARGON2ID, judge_argon2 },
	{ "$argon2i$", SCHEME_ARGON2I, judge_argon2 },
	{ "$2b$", SCHEME_BCRYPT, judge_bcrypt },
	{ "$2y$", SCHEME_BCRYPT, judge_bcrypt },
	{ "$2a$", SCHEME_BCRYPT, judge_bcrypt },
	{ "$6$", SCHEME_SHA512CRYPT, judge_sha512 },
	{ "$5$", SCHEME_SHA256CRYPT, judge_sha256 },
};

static const struct {
	const char	*prefix;
	const char	*why;
} refused[] = {
	{ "!", "the account is locked" },
	{ "*", "the account is locked" },
	{ "$1$", "MD5 is too weak" },
	{ "$apr1$", "MD5 is too weak" },
	{ "$md5", "MD5 is too weak" },
	{ "$sha1$", "SHA-1 is too weak" },
	{ "{SHA}", "SHA-1 is too weak" },
	{ "{SSHA}", "SHA-1 is too weak" },
	{ "$3$", "the hash of NT is too weak" },
	{ "$2x$", "the bcrypt that made it was broken" },
	{ "$2$", "the bcrypt that made it was broken" },
	{ "$argon2d$", "argon2d is not made for passwords" },
	{ "_", "DES is too weak" },
};

static const char *
why_not(const char *hash)
{
	size_t i;

	if (hash[0] == '\0')
		return "there is no hash";
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (text_begins(hash, refused[i].prefix))
			return refused[i].why;
	if (is_sum(hash, DES_LEN))
		return "DES is too weak";
	return "it is plain text, or a scheme that is not known";
}

enum scheme
scheme_of(const char *hash, const char **why)
{
	size_t i;

	*why = strlen(hash) > SCHEME_HASH_MAX ? malformed : NULL;
	for (i = 0; *why == NULL && i < sizeof(taken) / sizeof(taken[0]); i++)
		if (text_begins(hash, taken[i].prefix)) {
			*why = taken[i].judge(hash + strlen(taken[i].prefix));
			return *why == NULL ? taken[i].scheme :
			    SCHEME_REFUSED;
		}
	if (*why == NULL)
		*why = why_not(hash);
	return SCHEME_REFUSED;
}

static const char *const names[] = {
#define ROW(id, name) [id] = (name),
	SCHEMES(ROW)
#undef ROW
};

const char *
scheme_name(enum scheme scheme)
{
	return names[scheme];
}

void
scheme_read_argon2(const char *hash, struct scheme_argon2 *out)
{
	(void)read_argon2(strchr(hash + 1, '$') + 1, out);
}
