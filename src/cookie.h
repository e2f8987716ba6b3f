/*
 * cookie.h - finds one cookie in a Cookie header
 *
 * RFC 6265, 4.2.1 and 5.4.  Names are compared byte for byte: whoever decodes
 * or folds a name before comparing lets __%48ost- pass for __Host-.
 */
#ifndef COOKIE_H
#define COOKIE_H

#include "text.h"

enum cookie_result {
	COOKIE_NONE,
	COOKIE_ONE,
	COOKIE_MANY,	/* the name comes twice, with whatever values */
};

/*
 * header may be NULL, and may be several headers joined by "; ".  A semicolon
 * ends a cookie, also inside double quotes; a pair of double quotes round the
 * whole value is taken off.  *value points into header; it is empty unless
 * the result is COOKIE_ONE, and may be empty then too.
 */
enum cookie_result cookie_find(const char *header, const char *name,
    struct slice *value);

#endif
