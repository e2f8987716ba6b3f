/*
 * fcgi.h - the FastCGI responder, the only door to libfcgi
 *
 * Check workers take whole requests from the peers, run the gates, and
 * answer what is quick; what writes or hashes goes on in a lane.  Each call
 * runs in one thread at a time, and each thread has a desk of its own.
 */
#ifndef FCGI_H
#define FCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"

/* What is served: web.h's functions, or a bench's. */
struct fcgi_service {
	/* A thread's desk; what cannot be opened ends the process. */
	struct auth	*(*open)(void *arg, enum cost);
	void		 (*close)(struct auth *);
	bool		 (*begin)(struct call *, enum cost *);
	void		 (*finish)(struct call *);
	void		 (*refuse)(struct call *, enum outcome);
	void		*arg;
};

struct fcgi_plan {
	int		 listen_fd;
	size_t		 workers;	/* as many as cores: more cost */
	size_t		 hash_slots;
};

struct fcgi;

/* NULL, with errno, when the kernel refuses.  A conf must be published. */
struct fcgi	*fcgi_start(const struct fcgi_plan *,
		    const struct fcgi_service *);
/* To be called about once a second. */
void		 fcgi_tick(struct fcgi *);
/* No new connections; those that are open end with their next answer. */
void		 fcgi_drain(struct fcgi *);
/* True once no connection is open. */
bool		 fcgi_is_empty(const struct fcgi *);
/* Answers what has been read, then ends every thread and connection. */
void		 fcgi_stop(struct fcgi *);
const char	*fcgi_version(void);

#endif
