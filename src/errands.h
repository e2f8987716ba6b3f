/*
 * errands.h - the verbs of gatelodgectl, one function each
 */
#ifndef ERRANDS_H
#define ERRANDS_H

#include "clerk.h"
#include "verbs.h"

#define ERRAND(function, object, verb, arguments, options, about)	\
	int	 errand_ ## function(struct clerk *);
VERBS(ERRAND)
#undef ERRAND

#endif
