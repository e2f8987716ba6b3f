/*
 * seen.h - which texts have come before, out of any number of them
 *
 * Knows them by 128 bits of their SHA-256, so that each takes 32 bytes or
 * less on the average, however long it is and whoever chose it.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>

struct seen;

struct seen	*seen_new(void);
void		 seen_free(struct seen *);
/* False: it has come before. */
bool		 seen_first(struct seen *, const char *);

#endif
