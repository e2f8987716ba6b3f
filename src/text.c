#include "text.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
text_base64url(const unsigned char *bytes, size_t len, char *out)
{
	unsigned int bits, have;
	size_t i;

	bits = have = 0;
	for (i = 0; i < len; i++) {
		bits = (bits << 8 | bytes[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = alphabet[bits << (6 - have) & 63];
	*out = '\0';
}

char *
text_escape(char *to, char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '%';
	*to++ = digits[(unsigned char)byte >> 4];
	*to++ = digits[(unsigned char)byte & 15];
	return to;
}

bool
text_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

bool
text_is_base64url(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!text_is_alnum(s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return s[len] == '\0';
}

int
text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void
text_lower_all(char *s)
{
	for (; *s != '\0'; s++)
		*s = text_lower(*s);
}

void
text_tame(char *s)
{
	unsigned char c, next;

	for (; (c = (unsigned char)*s) != '\0'; s++) {
		next = (unsigned char)s[1];
		if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
			*s = s[1] = '?';
		else if (c < ' ' || c == 0x7f)
			*s = '?';
	}
}

bool
text_equal_nocase(const char *a, const char *b)
{
	struct slice s = { a, strlen(a) };

	return text_slice_equal_nocase(s, b);
}

bool
text_slice_equal_nocase(struct slice s, const char *word)
{
	size_t i;

	if (s.len != strlen(word))
		return false;
	for (i = 0; i < s.len; i++)
		if (text_lower(s.ptr[i]) != text_lower(word[i]))
			return false;
	return true;
}

bool
text_begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct slice
text_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
text_next_part(struct slice *rest, char separator, struct slice *part)
{
	const char *end;

	*part = (struct slice){ rest->ptr, rest->len };
	if (rest->ptr == NULL)
		return false;
	end = memchr(rest->ptr, separator, rest->len);
	if (end == NULL) {
		*rest = (struct slice){ NULL, 0 };
		return true;
	}
	part->len = (size_t)(end - rest->ptr);
	rest->ptr = end + 1;
	rest->len -= part->len + 1;
	return true;
}

bool
text_number(const char *s, unsigned long max, unsigned long *out)
{
	unsigned long n, digit;

	if (*s == '\0')
		return false;
	for (n = 0; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		digit = (unsigned long)(*s - '0');
		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}
