#include "onward.h"

#include <string.h>

#include "text.h"

#define CHARACTERS	"abcdefghijklmnopqrstuvwxyz"			\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=%"

/* Of the three characters at s; -1 if they are no escape. */
static int
escaped(const char *s)
{
	int high = text_hex_digit(s[1]);
	int low = high >= 0 ? text_hex_digit(s[2]) : -1;

	return low >= 0 ? high * 16 + low : -1;
}

static bool
escapes_are_plain(const char *s)
{
	int byte;

	for (s = strchr(s, '%'); s != NULL; s = strchr(s + 1, '%')) {
		byte = escaped(s);
		if (byte < ' ' || byte == 0x7f)
			return false;
	}
	return true;
}

/* What somebody who decodes, or joins, would take for another path. */
static bool
path_is_plain(const char *s, size_t len)
{
	size_t i;
	int byte;

	for (i = 0; i < len; i++) {
		if (s[i] == '/' && i + 1 < len && (s[i + 1] == '/' ||
		    (s[i + 1] == '.' && !text_is_alnum(s[i + 2]))))
			return false;
		if (s[i] != '%')
			continue;
		byte = escaped(s + i);
		if (byte == '/' || byte == '\\' || byte == '.' ||
		    byte == '%')
			return false;
	}
	return true;
}

/* A "%" that begins no escape was one before the query was decoded. */
static bool
stands_for_itself(const char *s)
{
	return *s == '%' ? escaped(s) >= 0 : (unsigned char)*s < 0x80 &&
	    *s != ' ' && *s != '|';
}

const char *
onward_escape(struct arena *a, const char *url)
{
	char *out = arena_alloc(a, 3 * strlen(url) + 1), *to = out;

	for (; *url != '\0'; url++)
		if (stands_for_itself(url))
			*to++ = *url;
		else
			to = text_escape(to, *url);
	return out;
}

/* Cuts the origin off: what comes after it, or NULL where there is none. */
static const char *
cut_origin(const char *url, struct origin *out)
{
	char text[NET_HOST_MAX + sizeof("https://:65535")];
	const char *host = strstr(url, "://");
	size_t len;

	if (host == NULL)
		return NULL;
	host += 3;
	len = (size_t)(host - url) + strcspn(host, "/?#");
	if (len >= sizeof(text))
		return NULL;
	memcpy(text, url, len);
	text[len] = '\0';
	return net_origin(text, out) ? url + len : NULL;
}

static bool
is_listed(const struct origin *o, const struct origin *base,
    const struct origin *other, size_t n)
{
	size_t i;

	if (net_same_origin(o, base))
		return true;
	for (i = 0; i < n; i++)
		if (net_same_origin(o, &other[i]))
			return true;
	return false;
}

bool
onward_is_ours(const char *url, const struct origin *base,
    const struct origin *other, size_t n)
{
	struct origin o;
	size_t len = strlen(url);

	if (len == 0 || len > ONWARD_MAX || strspn(url, CHARACTERS) != len ||
	    !escapes_are_plain(url))
		return false;
	if (url[0] != '/') {
		url = cut_origin(url, &o);
		if (url == NULL || !is_listed(&o, base, other, n))
			return false;
	}
	return path_is_plain(url, strcspn(url, "?#"));
}
