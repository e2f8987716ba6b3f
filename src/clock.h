/*
 * clock.h - the time
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_DAY_MS	(INT64_C(24) * 60 * 60 * 1000)
#define CLOCK_TEXT_MAX	sizeof("2026-11-21T22:25:17.042Z")

/* Milliseconds since 1970 in UTC: what the store keeps. */
int64_t	clock_ms(void);
/* Milliseconds that only grow: for time limits and durations. */
int64_t	clock_steady_ms(void);
/*
 * "2026-11-21T22:25:17.042Z" (RFC 3339); out holds CLOCK_TEXT_MAX bytes.  What
 * is before 1970 or after 9999 is written as the nearest time between.
 */
void	clock_text(int64_t ms, char *out);
/* Another source for clock_ms, for tests; NULL for the machine's again. */
void	clock_replace(int64_t (*source)(void));

#endif
