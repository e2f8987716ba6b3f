/*
 * lanes.h - a lane: a few threads and a short queue before them
 *
 * Work that takes long leaves its worker for a lane, so that it can only
 * keep its own kind waiting.
 */
#ifndef LANES_H
#define LANES_H

#include <stdbool.h>
#include <stddef.h>

struct lane;

struct lane_plan {
	const char	*name;		/* of the threads; 15 characters */
	size_t		 threads;
	size_t		 ready;		/* of them; the others when needed */
	size_t		 queue;		/* that may wait; more are refused */
	/* Each thread's own desk, which may be NULL.  arg is the plan's. */
	void		*(*open)(void *arg);
	void		 (*close)(void *arg, void *desk);
	void		 (*run)(void *desk, void *job);
	void		*arg;
};

/* The plan is copied.  Never NULL. */
struct lane	*lane_start(const struct lane_plan *);
/* False: the queue is full, the job stays the caller's. */
bool		 lane_put(struct lane *, void *job);
/* Runs what has been put, ends the threads, and waits for them. */
void		 lane_stop(struct lane *);

#endif
