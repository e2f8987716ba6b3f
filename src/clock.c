#include "clock.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define LAST_MS	INT64_C(253402300799999)	/* of the year 9999 */

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

/* The last digits of a number, into the places before end. */
static void
put_digits(char *end, size_t n, int number)
{
	for (; n > 0; n--, number /= 10)
		*--end = (char)('0' + number % 10);
}

/* By hand: a list has many, and printf takes ten times as long. */
void
clock_text(int64_t ms, char *out)
{
	static const char shape[CLOCK_TEXT_MAX] = "0000-00-00T00:00:00.000Z";
	struct tm tm;
	time_t seconds;

	ms = ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
	seconds = (time_t)(ms / 1000);
	(void)gmtime_r(&seconds, &tm);
	memcpy(out, shape, sizeof(shape));
	put_digits(out + 4, 4, tm.tm_year + 1900);
	put_digits(out + 7, 2, tm.tm_mon + 1);
	put_digits(out + 10, 2, tm.tm_mday);
	put_digits(out + 13, 2, tm.tm_hour);
	put_digits(out + 16, 2, tm.tm_min);
	put_digits(out + 19, 2, tm.tm_sec);
	put_digits(out + 23, 3, (int)(ms % 1000));
}
