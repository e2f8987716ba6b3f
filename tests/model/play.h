/*
 * play.h - one sequence, against the program and against the model
 */
#ifndef PLAY_H
#define PLAY_H

#include <stdio.h>

#include "steps.h"

struct play;

/* How often each door answered with each status. */
struct tally {
	unsigned long	 answers[DOORS][600];
	unsigned long	 calls;
};

struct play	*play_open(void);
void		 play_close(struct play *);
/*
 * Plays the sequence from an empty store.  -1: no difference; otherwise the
 * step that showed one, n for what the store held after the last.  out NULL:
 * nothing is told.
 */
int		 play(struct play *, enum m_profile, const struct step *,
		    size_t n, FILE *out);
const struct tally *play_tally(const struct play *);

#endif
