#include "clock.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

static int64_t (*clock_source)(void);

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_ms(void)
{
	return clock_source != NULL ? clock_source() : read_ms(CLOCK_REALTIME);
}

int64_t
clock_steady_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

void
clock_replace(int64_t (*source)(void))
{
	clock_source = source;
}

void
clock_text(int64_t ms, char *out)
{
	struct tm tm;
	time_t seconds;

	seconds = (time_t)(ms / 1000);
	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(out, CLOCK_TEXT_MAX,
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(ms % 1000));
}
