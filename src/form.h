/*
 * form.h - reads an application/x-www-form-urlencoded body
 *
 * WHATWG URL, 5.1: parts between '&', name and value apart at the first '=',
 * '+' is a space, %XX a byte.  Decoded exactly once.  Stricter than browsers
 * in two places, because nobody sends these by accident: a percent sign that
 * is no escape and a NUL are faults and not text.
 */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include "arena.h"
#include "pairs.h"

/*
 * body need not end with NUL.  Names and values live in the arena; that they
 * are UTF-8 is not checked here.  A name is given as often as it comes: to
 * refuse repetition is the gate's.  Empty parts give nothing, "a" gives a
 * with the value "".
 *
 * READ_OK: *out holds all pairs, some perhaps with PAIR_ESCAPE or PAIR_NUL.
 * READ_MALFORMED: a name has a NUL or a bad escape.
 * READ_TOO_MANY: more than PAIRS_MAX pairs.
 */
enum read_result form_read(struct arena *, const char *body, size_t len,
    struct pairs *out);

#endif
