/*
 * text.h - small questions about bytes and strings
 *
 * Nothing here depends on the locale: ASCII rules only.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Characters of n bytes in base64url without padding (RFC 4648, 5). */
#define TEXT_BASE64URL_LEN(n)	(((n) * 4 + 2) / 3)

/* A part of somebody else's memory; not NUL-terminated. */
struct slice {
	const char	*ptr;
	size_t		 len;
};

/* out holds TEXT_BASE64URL_LEN(len) + 1 bytes and ends with NUL. */
void	text_base64url(const unsigned char *bytes, size_t len, char *out);
/* Exactly len characters, all of the base64url alphabet. */
bool	text_is_base64url(const char *, size_t len);
/* The value of a hexadecimal digit, or -1. */
int	text_hex_digit(char);
char	text_lower(char);
bool	text_is_alnum(char);
/* Writes "%2F" for a byte (RFC 3986, 2.1), and no NUL; where it ends. */
char	*text_escape(char *to, char byte);
/* Writes the ASCII letters of a string in lower case, in place. */
void	text_lower_all(char *);
/*
 * Puts a question mark in the place of what a terminal would obey, in place:
 * the control characters of ASCII, tabs and line ends among them, and those
 * of Unicode.
 */
void	text_tame(char *);
/* ASCII case does not count; both are NUL-terminated. */
bool	text_equal_nocase(const char *, const char *);
bool	text_slice_equal_nocase(struct slice, const char *);
/* Does s begin with prefix?  Case counts. */
bool	text_begins(const char *s, const char *prefix);
/* Without the spaces and tabs at both ends. */
struct slice text_trim(struct slice);
/*
 * Takes what stands before the next separator off the front of rest.
 * False, and *part empty, once rest->ptr is NULL: so "a;" gives "a" and "".
 */
bool	text_next_part(struct slice *rest, char separator, struct slice *part);
/* A decimal number without sign or blanks; false if it is not, or > max. */
bool	text_number(const char *, unsigned long max, unsigned long *out);

#endif
