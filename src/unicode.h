/*
 * unicode.h - the only door to libunistring and libidn2
 */
#ifndef UNICODE_H
#define UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* Well-formed UTF-8 (no surrogates, nothing overlong).  A NUL is text. */
bool	 unicode_valid(const char *, size_t len);
/* Code points in a well-formed, NUL-terminated string. */
size_t	 unicode_length(const char *);
/*
 * The form in which a password is hashed: NFC, so that the same characters
 * typed on another keyboard are the same password (SP 800-63B-4, 3.1.1.2).
 * NULL if it is not UTF-8 or holds a code point that Unicode has not
 * assigned, whose normal form may still change.
 */
char	*unicode_nfc(struct arena *, const char *);
/*
 * Two forms for judging what a text is like, never to be shown or kept.  The
 * text is well formed.  Folded: what differs in case alone is the same, in
 * NFC.  Plain: letters without accents and in their usual shape, so that
 * what is bold, circled or of full width is what it looks like.
 */
char	*unicode_folded(struct arena *, const char *);
char	*unicode_plain(struct arena *, const char *);
/* The n code points of a well-formed string. */
uint32_t *unicode_points(struct arena *, const char *, size_t *n);
/*
 * A domain name in the form that DNS compares: IDNA 2008 with UTS 46
 * non-transitional mapping, ASCII, lower case.  Syntax and lengths are not
 * checked.  NULL if there is none.
 */
char	*unicode_domain(struct arena *, const char *);
/* "libunistring 1.0, libidn2 2.3.3" */
const char *unicode_version(void);

#endif
