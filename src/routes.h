/*
 * routes.h - the doors, one row each
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "call.h"

#define ROUTE_FIELDS_MAX	3
#define ROUTE_SAYS_MAX		5

/* Who may stand at a door. */
enum who {
	WHO_ANYBODY,
	WHO_SESSION,		/* whoever brings a live session */
	WHO_PROVED,		/* and has lately shown the password */
};

struct route {
	enum method	 method;
	const char	*path;		/* without base_path; see route_find */
	const char	*name;		/* in the log */
	enum who	 who;
	enum cost	 cost;
	size_t		 fields;
	enum field	 field[ROUTE_FIELDS_MAX];
	size_t		 optional;	/* so many, the last, may be missing */
	/*
	 * Of a door for people.  Whoever likes JSON best is answered as at
	 * any other.
	 */
	bool		 page;		/* HTML where nothing is preferred */
	bool		 onward;	/* is told where to go on */
	void		(*show)(struct call *);	/* draws it; NULL for none */
	const char	*then;		/* where a success leads, or NULL */
	const char	*mailed;	/* where it does, with a mail to come */
	bool		 back;		/* unless it was told where to */
	bool		 leaves;	/* without a session it has succeeded */
	/* What it says if that has led here; OUT_WELCOME is none. */
	enum outcome	 says[ROUTE_SAYS_MAX];
	void		(*handler)(struct call *);
};

/*
 * Finds the first row that fits; HEAD finds the row of GET.  NULL: no such
 * door.  A row's path may end with {id}: that is anything of an id's shape, to
 * which *object points then; else it is NULL.
 */
const struct route *route_find(enum method, const char *path,
	    const char **object);
/*
 * "GET, HEAD, OPTIONS": the methods of a path, in out, which holds
 * ROUTE_ALLOW_MAX bytes.  False: the path is unknown.
 */
#define ROUTE_ALLOW_MAX		64
bool	 route_allow(const char *path, char *out);
/* The code, if the page at this path says what has led there; else NULL. */
const char	*route_says(const char *path, const char *code);
/* The whole table, for tests that walk it. */
const struct route *route_all(size_t *n);
enum method	 route_method(const char *name);

#endif
