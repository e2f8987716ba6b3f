/*
 * heap.h - memory that outlives a call
 *
 * Never NULL: a process without memory says so in one log line and ends by
 * abort(3), for whoever watches over it to start it again.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

/* n times size bytes, all zero, to be given back with free(3). */
void	*heap_zeroed(size_t n, size_t size);
/* A copy, likewise. */
char	*heap_strdup(const char *);

#endif
