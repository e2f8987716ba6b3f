/*
 * strength.h - how hard a phrase is to guess, the only door to zxcvbn
 *
 * An estimate in bits: who tries the likeliest phrases first needs some
 * 2^bits tries.  zxcvbn knows common passwords, English words, names, dates,
 * sequences, walks over the keys and repetition.  To that comes what it does
 * not do by itself:
 *
 * - Stretched letters ("ppaassss", "passsssword") and repeated words are
 *   put together first.
 * - Accented, bold or full-width letters are judged as plain ones.
 * - It knows bytes, and takes a Cyrillic letter for two of a hundred.  Here
 *   each code point of another script is one letter; and what has any is
 *   worth no more than its distinct letters, repetition and sequences give.
 *   Words and walks of other scripts are not known; a list (wordlist.h) may
 *   name them.
 * - Its time for "12121212..." grows with the fifth power of the length, to
 *   seconds for 100 characters.  Here it is asked about pieces of 32, each
 *   beginning 16 after the last, and a phrase is as strong as the strongest:
 *   who guesses the phrase has guessed each piece.  So the time grows with
 *   the length, no phrase is cut off, and 17 characters that stand together
 *   are judged together wherever in it they are.
 *
 * libzxcvbn's tables are constant: any number of threads may ask.
 */
#ifndef STRENGTH_H
#define STRENGTH_H

#include "arena.h"

/* What most of the phrase is made of; of two the one named first. */
enum strength_kind {
	STRENGTH_PLAIN,		/* nothing that is known */
	STRENGTH_CONTEXT,	/* the words that were given */
	STRENGTH_WORDS,		/* common passwords and words */
	STRENGTH_REPEATS,
	STRENGTH_SEQUENCE,	/* abcdef, 97531 */
	STRENGTH_KEYS,		/* neighbours on the keyboard */
	STRENGTH_DATE,
	STRENGTH_KINDS,
};

/*
 * The bits of a phrase in well-formed UTF-8.  words, which ends with NULL and
 * may be NULL, are worth next to nothing in it; they are in lower case, and
 * found where they are ASCII.  Where there are enough bits, nobody counts how
 * many more.
 */
double	strength_of(struct arena *, const char *phrase, const char **words,
	    double enough, enum strength_kind *);

#endif
