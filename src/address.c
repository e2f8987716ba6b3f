#include "address.h"

#include <string.h>

#include "text.h"
#include "unicode.h"

#define LABEL_MAX	63

static bool
local_part(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!text_is_alnum(s[i]) &&
		    strchr(".!#$%&'*+/=?^_`{|}~-", s[i]) == NULL)
			return false;
	return len >= 1;
}

static bool
label(struct slice s)
{
	size_t i;

	if (s.len < 1 || s.len > LABEL_MAX)
		return false;
	for (i = 0; i < s.len; i++)
		if (!text_is_alnum(s.ptr[i]) && s.ptr[i] != '-')
			return false;
	return s.ptr[0] != '-' && s.ptr[s.len - 1] != '-';
}

static bool
host_name(const char *s)
{
	struct slice rest = { s, strlen(s) }, part;

	while (text_next_part(&rest, '.', &part))
		if (!label(part))
			return false;
	return true;
}

/* What is ASCII already is not IDNA's to judge: r3---x.example exists. */
static char *
ascii_domain(struct arena *a, const char *domain)
{
	const char *p;
	char *lower;

	for (p = domain; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return unicode_domain(a, domain);
	lower = arena_strdup(a, domain);
	text_lower_all(lower);
	return lower;
}

char *
address_for_mail(struct arena *a, const char *email)
{
	const char *at;
	char *domain, *address;

	at = strchr(email, '@');
	if (at == NULL || !local_part(email, (size_t)(at - email)))
		return NULL;
	domain = ascii_domain(a, at + 1);
	if (domain == NULL || !host_name(domain))
		return NULL;
	address = arena_printf(a, "%.*s@%s", (int)(at - email), email,
	    domain);
	return strlen(address) <= ADDRESS_MAX ? address : NULL;
}

char *
address_key(struct arena *a, const char *email)
{
	char *key = address_for_mail(a, email);

	if (key != NULL)
		text_lower_all(key);
	return key;
}
