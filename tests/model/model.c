/*
 * Random sequences of calls at every door, each compared with what a small
 * model of the manual says of it.
 *
 *	model [SEQUENCES [SEED]]
 *
 * Sequence number i has the seed SEED + i, so that a sequence that failed is
 * played again, alone, by "model 1" and its own seed.  Without a seed every
 * run takes another one, and tells it: each run is a new test, and none is
 * lost.  A sequence that shows a difference is made as short as it can be and
 * told call by call.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "play.h"
#include "routes.h"

#define SEQUENCES	10000
#define TELLS_MOST	3	/* failures, before the run ends */
#define ENOUGH		2000	/* sequences that pass every door */

struct sequence {
	enum m_profile	 profile;
	struct step	 step[STEPS_MAX];
	size_t		 n;
};

/*
 * A door that the model does not know is a test that is missing.  Pages stand
 * on the law of the others.
 */
static bool
knows_every_door(void)
{
	const struct route *route;
	size_t i, n, doors;
	int door;

	route = route_all(&n);
	for (i = doors = 0; i < n; i++) {
		if (route[i].page)
			continue;
		doors++;
		for (door = 0; door < DOORS; door++)
			if (strcmp(route[i].name, m_doors[door]) == 0)
				break;
		if (door < DOORS)
			continue;
		(void)printf("# the model does not know %s\n",
		    route[i].name);
		return false;
	}
	return doors == DOORS;
}

static bool
fails_without(struct play *p, struct sequence *s, size_t from, size_t n)
{
	struct sequence less = *s;

	memmove(&less.step[from], &less.step[from + n],
	    (s->n - from - n) * sizeof(less.step[0]));
	less.n -= n;
	if (play(p, less.profile, less.step, less.n, NULL) < 0)
		return false;
	*s = less;
	return true;
}

/* Takes out ever smaller pieces for as long as it still fails. */
static void
shorten(struct play *p, struct sequence *s)
{
	size_t piece, from;

	for (piece = s->n / 2; piece > 0; piece /= 2)
		for (from = 0; from + piece <= s->n; )
			if (!fails_without(p, s, from, piece))
				from += piece;
	for (from = 0; from < s->n; )
		from = fails_without(p, s, from, 1) ? 0 : from + 1;
}

static void
try(struct play *p, struct sequence *s, size_t i, struct step other)
{
	struct step was = s->step[i];

	s->step[i] = other;
	if (play(p, s->profile, s->step, s->n, NULL) < 0)
		s->step[i] = was;
}

/* What a call says beside the point goes as well. */
static void
simplify(struct play *p, struct sequence *s)
{
	struct step other;
	size_t i;

	for (i = 0; i < s->n; i++) {
		other = s->step[i];
		other.json = other.present = other.agent = other.head = false;
		other.variant = other.client = 0;
		try(p, s, i, other);
		other = s->step[i];
		other.cookie[0].source = FROM_NOWHERE;
		other.misnamed = false;
		try(p, s, i, other);
		other = s->step[i];
		other.cookie[1].source = FROM_NOWHERE;
		try(p, s, i, other);
		other = s->step[i];
		other.device.source = FROM_NOWHERE;
		try(p, s, i, other);
	}
}

static void
tell(struct play *p, struct sequence *s, uint64_t seed)
{
	static const char *const profiles[M_PROFILES] = { "compat",
	    "standard", "standard with mail" };
	size_t whole = s->n;
	int at = play(p, s->profile, s->step, s->n, NULL);

	/* What comes after the difference plays no part. */
	if (at >= 0 && (size_t)at < s->n)
		s->n = (size_t)at + 1;
	shorten(p, s);
	simplify(p, s);
	(void)printf("seed %" PRIu64 ", profile %s: %zu of %zu calls\n", seed,
	    profiles[s->profile], s->n, whole);
	if (play(p, s->profile, s->step, s->n, stdout) < 0)
		(void)printf("  did not fail again\n");
	(void)fflush(stdout);
}

static int
run(struct play *p, unsigned long sequences, uint64_t seed)
{
	struct sequence s;
	unsigned long i;
	int told = 0;

	for (i = 0; i < sequences && told < TELLS_MOST; i++) {
		memset(&s, 0, sizeof(s));
		s.n = steps_make(seed + i, &s.profile, s.step);
		if (play(p, s.profile, s.step, s.n, NULL) < 0)
			continue;
		(void)printf("sequence %lu differs\n", i + 1);
		tell(p, &s, seed + i);
		told++;
	}
	return told;
}

/* Every door has let somebody in, and all that can refuse have refused. */
static bool
passed_every_door(const struct tally *t)
{
	unsigned long good, bad;
	bool all = true;
	int door, status;

	for (door = 0; door < DOORS; door++) {
		good = bad = 0;
		(void)printf("# %-24s", m_doors[door]);
		for (status = 0; status < 600; status++) {
			if (t->answers[door][status] == 0)
				continue;
			(void)printf(" %d: %lu", status,
			    t->answers[door][status]);
			*(status < 400 ? &good : &bad) +=
			    t->answers[door][status];
		}
		(void)printf("\n");
		all = all && good > 0 && (bad > 0 || door == WELCOME);
	}
	return all;
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-') {
		(void)fprintf(stderr, "usage: model [SEQUENCES [SEED]]\n");
		exit(64);
	}
	return n;
}

int
main(int argc, char **argv)
{
	unsigned long sequences = SEQUENCES;
	bool doors, passed;
	struct play *p;
	uint64_t seed;
	int told;

	digest_random(&seed, sizeof(seed));
	seed %= UINT64_C(1000000000000);
	if (argc > 1)
		sequences = (unsigned long)number(argv[1]);
	if (argc > 2)
		seed = number(argv[2]);
	(void)printf("1..3\n# %lu sequences, seed %" PRIu64 "\n", sequences,
	    seed);
	doors = knows_every_door();
	p = play_open();
	told = run(p, sequences, seed);
	(void)printf("# %lu calls\n", play_tally(p)->calls);
	passed = passed_every_door(play_tally(p)) || sequences < ENOUGH;
	play_close(p);
	(void)printf("%sok 1 the model knows every door\n"
	    "%sok 2 program and model agree\n"
	    "%sok 3 every door has let in and has refused\n",
	    doors ? "" : "not ", told == 0 ? "" : "not ",
	    passed ? "" : "not ");
	return doors && told == 0 && passed ? 0 : 1;
}
