/*
 * accent.h - the colours of a page that follow from one
 *
 * An operator gives one colour, which may be any.  What is written in it, and
 * what is written on it, is made legible: the contrast that WCAG 2.2 (1.4.3)
 * asks of text, against the grounds of conf/assets/style.css, in its light and
 * its dark scheme.
 */
#ifndef ACCENT_H
#define ACCENT_H

#include <stdbool.h>

#include "arena.h"

#define ACCENT_CONTRAST	4.6	/* 4.5, and what rounding takes off */

/* "#0f6657", with six hexadecimal digits? */
bool	 accent_is_color(const char *);
/* A style sheet that sets --accent, --accent-deep, --on-accent and --link. */
char	*accent_sheet(struct arena *, const char *color);
/* Of two such colours, from 1 to 21. */
double	 accent_contrast(const char *, const char *);

#endif
