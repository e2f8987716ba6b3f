/*
 * stage.h - what the tests of many modules stand on: an arena, a bed, a clock
 *
 * For cmocka: a test is set up by one of stage_arena, stage_bed and
 * stage_clock, or by a function that begins with one, and torn down by
 * stage_clear.
 */
#ifndef STAGE_H
#define STAGE_H

#include "helper.h"

extern struct arena *arena;
extern struct bed bed;		/* in compat at hash cost 1 */
extern struct auth *desk;	/* the bed's */
extern struct store *store;	/* the desk's */
extern int64_t now;

int	 stage_arena(void **state);
/* With the bed. */
int	 stage_bed(void **state);
/* With the bed, and a time that is now and stands still. */
int	 stage_clock(void **state);
int	 stage_clear(void **state);
/* For clock_replace, where the time stands still only from then on. */
int64_t	 stage_now(void);

/* The first value of the first row of the bed's store; no text: "". */
int64_t	 count(const char *sql);
const char *text_by(const char *sql);
/* Of the newest mail of that kind: a member of its content. */
const char *mailed(const char *kind, const char *member);
/* The token that its link ends with; "" if there is none. */
const char *link_token(const char *kind);
/* The part n times. */
char	*repeated(const char *part, size_t n);

/* What complain was called with since the test began, a line each. */
#define STAGE_TOLD_MAX	16384
extern char told[STAGE_TOLD_MAX];
void	 complain(const char *message);

#endif
