#include "unicode.h"

#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <unistring/version.h>

#include "log.h"
#include "text.h"

/* UAX 15: no text grows more than threefold in UTF-8 under NFC. */
#define NFC_GROWTH	3
/* SpecialCasing: no character folds to more than three times its bytes. */
#define FOLD_GROWTH	3
/* The most bytes of a code point in UTF-8. */
#define POINT_BYTES	4

static const uint8_t *
bytes_of(const char *s)
{
	return (const uint8_t *)s;
}

bool
unicode_valid(const char *s, size_t len)
{
	return u8_check(bytes_of(s), len) == NULL;
}

size_t
unicode_length(const char *s)
{
	return u8_mbsnlen(bytes_of(s), strlen(s));
}

static bool
all_assigned(const char *s)
{
	const uint8_t *next;
	ucs4_t c;

	for (next = u8_next(&c, bytes_of(s)); next != NULL;
	    next = u8_next(&c, next))
		if (uc_is_general_category_withtable(c,
		    UC_CATEGORY_MASK_Cn))
			return false;
	return true;
}

char *
unicode_nfc(struct arena *a, const char *s)
{
	size_t len = strlen(s) * NFC_GROWTH;
	uint8_t *normal;

	if (!unicode_valid(s, strlen(s)) || !all_assigned(s))
		return NULL;
	normal = arena_alloc(a, len + 1);
	if (u8_normalize(UNINORM_NFC, bytes_of(s), strlen(s), normal, &len) !=
	    normal)
		log_abort("libunistring makes no normal form");
	return (char *)normal;
}

char *
unicode_folded(struct arena *a, const char *s)
{
	size_t len = strlen(s) * FOLD_GROWTH * NFC_GROWTH;
	uint8_t *folded;

	folded = arena_alloc(a, len + 1);
	if (u8_casefold(bytes_of(s), strlen(s), NULL, UNINORM_NFC, folded,
	    &len) != folded)
		log_abort("libunistring folds no case");
	return (char *)folded;
}

/* The block that Latin, Greek and Cyrillic letters take their accents from. */
static bool
is_accent(ucs4_t c)
{
	return c >= 0x0300 && c <= 0x036f;
}

/* What c is a form of, if that is one letter, with accents or without. */
static ucs4_t
letter_under(ucs4_t c)
{
	ucs4_t part[UC_DECOMPOSITION_MAX_LENGTH];
	int i, n, tag;

	n = uc_decomposition(c, &tag, part);
	for (i = 1; i < n; i++)
		if (!is_accent(part[i]))
			return c;
	return n > 0 ? part[0] : c;
}

static ucs4_t
plain_letter(ucs4_t c)
{
	ucs4_t under;

	while ((under = letter_under(c)) != c)
		c = under;
	return c;
}

char *
unicode_plain(struct arena *a, const char *s)
{
	uint8_t *plain, *end;
	const uint8_t *next;
	ucs4_t c;

	plain = end = arena_alloc(a, unicode_length(s) * POINT_BYTES + 1);
	for (next = u8_next(&c, bytes_of(s)); next != NULL;
	    next = u8_next(&c, next))
		if (!is_accent(c))
			end += u8_uctomb(end, plain_letter(c), POINT_BYTES);
	return (char *)plain;
}

uint32_t *
unicode_points(struct arena *a, const char *s, size_t *n)
{
	const uint8_t *next;
	uint32_t *point;
	ucs4_t c;

	point = arena_alloc(a, (unicode_length(s) + 1) * sizeof(*point));
	*n = 0;
	for (next = u8_next(&c, bytes_of(s)); next != NULL;
	    next = u8_next(&c, next))
		point[(*n)++] = c;
	return point;
}

char *
unicode_domain(struct arena *a, const char *domain)
{
	uint8_t *found;
	char *copy;

	if (idn2_lookup_u8(bytes_of(domain), &found,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	copy = arena_strdup(a, (const char *)found);
	idn2_free(found);
	text_lower_all(copy);
	return copy;
}

const char *
unicode_version(void)
{
	static char version[64];

	(void)snprintf(version, sizeof(version),
	    "libunistring %d.%d, libidn2 %s", _libunistring_version >> 16,
	    _libunistring_version >> 8 & 0xff, idn2_check_version(NULL));
	return version;
}
