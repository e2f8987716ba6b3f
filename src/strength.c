#include "strength.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zxcvbn.h>

#include "unicode.h"

/* zxcvbn's time for a walk over the keys grows with the fifth power. */
#define PIECE_MAX	32
#define PIECE_STEP	16
#define RUN_MAX		2	/* of one letter, as in words */
#define TANDEM_MIN	8	/* what "abababab" covers; words have less */
#define PATTERN_MIN	3	/* of a repetition or sequence */
#define STEP_MAX	5	/* as zxcvbn has it */
#define STEPS		(2 * STEP_MAX)
#define ASCII_SIGNS	95	/* that can be typed */

struct strength {
	double		 bits;
	enum strength_kind kind;
};

struct piece {
	const uint32_t	*point;
	size_t		 n;
};

/* How much of a piece each kind covers. */
typedef size_t cover[STRENGTH_KINDS];

static enum strength_kind
kind_of(const cover covered)
{
	enum strength_kind kind, most = STRENGTH_PLAIN;

	for (kind = STRENGTH_PLAIN + 1; kind < STRENGTH_KINDS; kind++)
		if (most == STRENGTH_PLAIN ? covered[kind] > 0 :
		    covered[kind] > covered[most])
			most = kind;
	return most;
}

/* Context stays context, however often it is repeated. */
static enum strength_kind
kind_of_match(const ZxcMatch_t *m)
{
	switch ((int)m->Type & ~MULTIPLE_MATCH) {
	case USER_MATCH:
	case USER_LEET_MATCH:
		return STRENGTH_CONTEXT;
	case REPEATS_MATCH:
		return STRENGTH_REPEATS;
	default:
		break;
	}
	switch ((int)m->Type) {
	case NON_MATCH:
	case BRUTE_MATCH:
		return STRENGTH_PLAIN;
	case DICTIONARY_MATCH:
	case DICT_LEET_MATCH:
		return STRENGTH_WORDS;
	case SEQUENCE_MATCH:
		return STRENGTH_SEQUENCE;
	case SPATIAL_MATCH:
		return STRENGTH_KEYS;
	case DATE_MATCH:
	case YEAR_MATCH:
		return STRENGTH_DATE;
	default:
		return STRENGTH_REPEATS;
	}
}

static double
ask_zxcvbn(const char *text, const char **words, cover covered)
{
	ZxcMatch_t *first, *m;
	double bits;

	bits = ZxcvbnMatch(text, words, &first);
	for (m = first; m != NULL; m = m->Next)
		covered[kind_of_match(m)] += (size_t)m->Length;
	ZxcvbnFreeInfo(first);
	return bits;
}

/*
 * Code points of other scripts become bytes beyond ASCII, each its own: to
 * zxcvbn a byte is a letter.
 */
static void
stand_in(struct piece p, char *out)
{
	unsigned char next = 0x80;
	size_t i, j;

	for (i = 0; i < p.n; i++) {
		for (j = 0; p.point[j] != p.point[i]; j++)
			continue;
		if (p.point[i] < 0x80)
			out[i] = (char)p.point[i];
		else
			out[i] = j < i ? out[j] : (char)next++;
	}
	out[p.n] = '\0';
}

/* Repetition, which is taken out of the whole phrase first. */

static size_t
run_at(struct piece p, size_t i)
{
	size_t len = 1;

	while (i + len < p.n && p.point[i + len] == p.point[i])
		len++;
	return len;
}

/* What divides the length of every run: "ppaassss" is stretched by two. */
static size_t
stretch_of(struct piece p)
{
	size_t i, len, divisor = 0, rest;

	for (i = 0; i < p.n; i += len) {
		len = run_at(p, i);
		for (rest = len; rest != 0; ) {
			size_t over = divisor % rest;

			divisor = rest;
			rest = over;
		}
	}
	return divisor;
}

/* Works in place, and gives the bits that it takes to say what was there. */
static double
undo_stretch(uint32_t *point, size_t *n)
{
	const struct piece p = { point, *n };
	size_t i, len, run, kept, stretch = stretch_of(p);
	double bits = log2((double)stretch);

	*n = 0;
	for (i = 0; i < p.n; i += len) {
		len = run_at(p, i);
		run = len / stretch;
		for (kept = 0; kept < run && kept < RUN_MAX; kept++)
			point[(*n)++] = point[i];
		bits += log2((double)run / (double)kept);
	}
	return bits;
}

/* Points at i that say again what stands so many points before them. */
static size_t
again_at(struct piece p, size_t i, size_t before)
{
	size_t len = 0;

	while (i + len < p.n && p.point[i + len] == p.point[i + len - before])
		len++;
	return len;
}

/* The block whose repetition from i on covers most; 0 for none. */
static size_t
tandem_at(struct piece p, size_t i, size_t *times)
{
	size_t block, len, best = 0, most = TANDEM_MIN - 1;

	for (block = RUN_MAX; i + 2 * block <= p.n; block++) {
		len = again_at(p, i + block, block) / block * block;
		if (len > 0 && len + block > most) {
			most = len + block;
			best = block;
			*times = most / block;
		}
	}
	return best;
}

/* "passwordpassword1" is "password1", said in one more way. */
static double
undo_tandems(uint32_t *point, size_t *n)
{
	const struct piece p = { point, *n };
	size_t i, block, len, times = 1;
	double bits = 0;

	*n = 0;
	for (i = 0; i < p.n; i += len * times) {
		block = tandem_at(p, i, &times);
		len = block > 0 ? block : 1;
		if (block == 0)
			times = 1;
		bits += log2((double)times);
		memmove(point + *n, point + i, len * sizeof(*point));
		*n += len;
	}
	return bits;
}

/* Pieces. */

static struct strength
by_patterns(struct piece p, const char **words)
{
	char text[PIECE_MAX + 1];
	cover covered = { 0 };
	struct strength s;

	stand_in(p, text);
	s.bits = ask_zxcvbn(text, words, covered);
	s.kind = kind_of(covered);
	explicit_bzero(text, sizeof(text));
	return s;
}

static size_t
distinct(struct piece p)
{
	size_t i, j, n = 0;

	for (i = 0; i < p.n; i++) {
		for (j = 0; p.point[j] != p.point[i]; j++)
			continue;
		n += j == i;
	}
	return n;
}

/* How much of what comes at i has come before. */
static size_t
repeated_at(struct piece p, size_t i)
{
	size_t j, len, longest = 0;

	for (j = 0; j < i; j++) {
		for (len = 0; i + len < p.n &&
		    p.point[j + len] == p.point[i + len]; len++)
			continue;
		longest = len > longest ? len : longest;
	}
	return longest;
}

static int64_t
step_at(struct piece p, size_t i)
{
	return (int64_t)p.point[i + 1] - (int64_t)p.point[i];
}

static size_t
sequence_at(struct piece p, size_t i)
{
	size_t len = 1;
	int64_t step;

	if (i + 1 >= p.n)
		return 1;
	step = step_at(p, i);
	if (step == 0 || step > STEP_MAX || step < -STEP_MAX)
		return 1;
	while (i + len < p.n && step_at(p, i + len - 1) == step)
		len++;
	return len;
}

/*
 * Among how many a letter is guessed: of ASCII zxcvbn knows better, of other
 * scripts it is not known how many letters they have that anybody uses.
 */
static size_t
choices(struct piece p)
{
	size_t i;

	for (i = 0; i < p.n; i++)
		if (p.point[i] >= 0x80)
			return distinct(p) + 1;
	return ASCII_SIGNS;
}

/*
 * What has come before is guessed by where and how much of it, a sequence by
 * its first letter, step and length, all else letter by letter.
 */
static struct strength
by_letters(struct piece p)
{
	double letter = log2((double)choices(p));
	size_t i, len, again, sequence;
	struct strength s = { .bits = 0 };
	cover covered = { 0 };

	for (i = 0; i < p.n; i += len) {
		again = repeated_at(p, i);
		sequence = sequence_at(p, i);
		len = again > sequence ? again : sequence;
		if (len < PATTERN_MIN) {
			len = 1;
			s.bits += letter;
		} else if (again >= sequence) {
			s.bits += log2((double)i + 1) + log2((double)len);
			covered[STRENGTH_REPEATS] += len;
		} else {
			s.bits += letter + log2(STEPS) + log2((double)len);
			covered[STRENGTH_SEQUENCE] += len;
		}
	}
	s.kind = kind_of(covered);
	return s;
}

/* No more than best says that it is not worth the dearer question. */
static struct strength
strength_of_piece(struct piece p, const char **words, double best)
{
	struct strength letters = by_letters(p), patterns;

	if (letters.bits <= best)
		return letters;
	patterns = by_patterns(p, words);
	return letters.bits < patterns.bits ? letters : patterns;
}

static struct strength
strongest_piece(struct piece all, const char **words, double enough)
{
	struct strength s, best = { .bits = -1 };
	struct piece p = { all.point, 0 };
	size_t left;

	do {
		left = all.n - (size_t)(p.point - all.point);
		p.n = left < PIECE_MAX ? left : PIECE_MAX;
		s = strength_of_piece(p, words, best.bits);
		if (s.bits > best.bits)
			best = s;
		p.point += PIECE_STEP;
	} while (p.n < left && best.bits < enough);
	return best;
}

double
strength_of(struct arena *a, const char *phrase, const char **words,
    double enough, enum strength_kind *kind)
{
	struct strength s;
	uint32_t *point;
	double again;
	size_t n, left;

	point = unicode_points(a, unicode_plain(a, phrase), &n);
	*kind = STRENGTH_PLAIN;
	if (n == 0)
		return 0;
	left = n;
	again = undo_stretch(point, &left);
	again += undo_tandems(point, &left);
	s = strongest_piece((struct piece){ point, left }, words,
	    enough - again);
	*kind = n - left >= left && s.kind != STRENGTH_CONTEXT ?
	    STRENGTH_REPEATS : s.kind;
	return s.bits + again;
}
