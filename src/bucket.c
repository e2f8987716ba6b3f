#include "bucket.h"

#include <stdbool.h>

/* What nothing leaks from is kept for a year. */
#define STOPPED_MS	(INT64_C(365) * 24 * 60 * 60 * 1000)

static bool
is_stopped(const struct bucket *b, const struct bucket_rule *rule)
{
	return rule->stop > 0 && b->failures >= rule->stop;
}

static void
leak(struct bucket *b, const struct bucket_rule *rule, int64_t now)
{
	int64_t gone;

	/* The clock was set back: nothing may hold for longer than it does. */
	if (b->updated_at > now)
		b->updated_at = now;
	if (b->blocked_until > now + rule->most_ms)
		b->blocked_until = now + rule->most_ms;
	gone = (now - b->updated_at) / rule->leak_ms;
	if (gone < b->failures) {
		b->failures -= gone;
		b->updated_at += gone * rule->leak_ms;
	} else {
		b->failures = 0;
		b->updated_at = now;
	}
}

static int64_t
delay(const struct bucket *b, const struct bucket_rule *rule)
{
	int64_t ms = rule->first_ms, n;

	if (b->failures < rule->size)
		return 0;
	for (n = b->failures - rule->size; n > 0 && ms < rule->most_ms; n--)
		ms *= 2;
	return ms < rule->most_ms ? ms : rule->most_ms;
}

int64_t
bucket_take(struct bucket *b, const struct bucket_rule *rule, int64_t now)
{
	struct bucket next = *b;
	int64_t ms;

	if (is_stopped(b, rule))
		return BUCKET_STOPPED;
	leak(&next, rule, now);
	if (next.blocked_until > now)
		return next.blocked_until - now;
	next.failures++;
	/* Without a delay no time is noted: others' now may be earlier. */
	ms = delay(&next, rule);
	next.blocked_until = ms > 0 ? now + ms : 0;
	*b = next;
	return 0;
}

void
bucket_give(struct bucket *b)
{
	if (b->failures > 0)
		b->failures--;
	b->blocked_until = 0;
}

int64_t
bucket_end(const struct bucket *b, const struct bucket_rule *rule)
{
	int64_t end = b->updated_at + (is_stopped(b, rule) ? STOPPED_MS :
	    b->failures * rule->leak_ms);

	return end > b->blocked_until ? end : b->blocked_until;
}
