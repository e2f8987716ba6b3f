/*
 * arena.h - the memory of one call, wiped when the call ends
 *
 * Everything that a call needs is taken from its arena and given back at
 * once.  Passwords pass through it, so the bytes that were used are
 * overwritten when it is wiped.  An allocation never returns NULL: input is
 * capped before it gets here, so running out means that the program is at
 * fault or the machine has no memory, and both end the process.
 *
 * An arena belongs to one thread at a time.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* Never NULL.  Ends with arena_free. */
struct arena	*arena_new(void);
/* Wipes, then releases the arena itself.  NULL is allowed. */
void		 arena_free(struct arena *);
/* Overwrites what was used; every pointer from the arena is dead. */
void		 arena_wipe(struct arena *);

/* Zeroed memory, aligned for any object.  Never NULL. */
void		*arena_alloc(struct arena *, size_t);
/* A copy of len bytes with a NUL after them. */
char		*arena_copy(struct arena *, const void *, size_t len);
char		*arena_strdup(struct arena *, const char *);
char		*arena_printf(struct arena *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
/* ARENA_JOIN(a, "one", "two"): n strings in a row, without printf's price. */
char		*arena_join(struct arena *, const char *const *part, size_t n);

#define ARENA_JOIN(a, ...)						\
	arena_join((a), (const char *const []){ __VA_ARGS__ },		\
	    sizeof((const char *const []){ __VA_ARGS__ }) /		\
	    sizeof(const char *))

#endif
