/*
 * pairs.h - what the readers of a body give: names and values
 *
 * Three readers fill it (form, multipart, json), one gate judges it.  Names
 * and values live in the call's arena, decoded once and NUL-terminated; a
 * value that cannot be given as text is marked with its fault instead, so
 * that the gate can name the field.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <stddef.h>

#define PAIRS_MAX	16

enum pair_fault {
	PAIR_FINE,
	PAIR_NUL,	/* the value has a NUL in it */
	PAIR_ESCAPE,	/* a percent sign without two hexadecimal digits */
	PAIR_TYPE,	/* not text: a number, a list, a file */
};

struct pair {
	const char	*name;
	const char	*value;		/* "" when there is a fault */
	enum pair_fault	 fault;
};

struct pairs {
	size_t		 n;
	struct pair	 pair[PAIRS_MAX];
	const char	*culprit;	/* the name at fault, where one is */
};

enum read_result {
	READ_OK,
	READ_MALFORMED,		/* the whole body is refused */
	READ_TOO_MANY,		/* more than PAIRS_MAX */
};

#endif
