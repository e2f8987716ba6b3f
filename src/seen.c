#include "seen.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "heap.h"

#define FIRST_ROOM	((size_t)1024)	/* a power of two, as all that follow */

/* Both zero: a place that is free.  No text has such a digest. */
struct mark {
	uint64_t	 where;
	uint64_t	 what;
};

struct seen {
	struct mark	*mark;
	size_t		 room;
	size_t		 n;
};

struct seen *
seen_new(void)
{
	struct seen *s;

	s = heap_zeroed(1, sizeof(*s));
	s->room = FIRST_ROOM;
	s->mark = heap_zeroed(s->room, sizeof(*s->mark));
	return s;
}

void
seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	free(s->mark);
	free(s);
}

/* False: it is there. */
static bool
put(struct seen *s, struct mark m)
{
	size_t i = m.where & (s->room - 1);

	while (s->mark[i].where != 0 || s->mark[i].what != 0) {
		if (s->mark[i].where == m.where && s->mark[i].what == m.what)
			return false;
		i = (i + 1) & (s->room - 1);
	}
	s->mark[i] = m;
	return true;
}

/* Half of the places stay free. */
static void
grow(struct seen *s)
{
	struct seen wide = { .room = s->room * 2, .n = s->n };
	size_t i;

	wide.mark = heap_zeroed(wide.room, sizeof(*wide.mark));
	for (i = 0; i < s->room; i++)
		if (s->mark[i].where != 0 || s->mark[i].what != 0)
			(void)put(&wide, s->mark[i]);
	free(s->mark);
	*s = wide;
}

bool
seen_first(struct seen *s, const char *text)
{
	unsigned char digest[DIGEST_SHA256_BYTES];
	struct mark m;

	digest_sha256(text, strlen(text), digest);
	memcpy(&m, digest, sizeof(m));
	if (s->n >= s->room / 2)
		grow(s);
	if (!put(s, m))
		return false;
	s->n++;
	return true;
}
