/*
 * bucket.h - a leaky bucket of failures, as numbers
 *
 * A place in it is taken before a guess is judged and given back when it was
 * right; so however many come at once, no more are judged than there is room
 * for.  Failures leak out with time.  From the rule's size on every failure
 * brings a delay, each twice as long as the one before.
 */
#ifndef BUCKET_H
#define BUCKET_H

#include <stdint.h>

struct bucket_rule {
	int64_t		 size;		/* the failure that brings a delay */
	int64_t		 leak_ms;	/* in which one is forgotten */
	int64_t		 first_ms;	/* the first delay */
	int64_t		 most_ms;	/* the longest */
	int64_t		 stop;		/* nothing leaks any more; 0: none */
};

/* All zero: nobody has failed. */
struct bucket {
	int64_t		 failures;
	int64_t		 updated_at;	/* ms; what leaks is counted from it */
	int64_t		 blocked_until;
};

/* A wait that does not end. */
#define BUCKET_STOPPED	INT64_MAX

/*
 * Takes a place.  0: it was taken.  Otherwise the milliseconds after which to
 * ask again, BUCKET_STOPPED for never, and nothing has changed.
 */
int64_t	bucket_take(struct bucket *, const struct bucket_rule *, int64_t now);
/*
 * Gives back a place that was taken, and ends the delay: the next failure
 * brings it again.
 */
void	bucket_give(struct bucket *);
/* The time from which on the bucket need not be kept. */
int64_t	bucket_end(const struct bucket *, const struct bucket_rule *);

#endif
