/*
 * argon.h - the only door to libargon2, which verifies and makes no hash
 *
 * In the thread that calls, whatever number of lanes a hash has.
 */
#ifndef ARGON_H
#define ARGON_H

#include <stdbool.h>

/*
 * hash is one that scheme_of has called argon2; *match says whether it is of
 * this phrase.  False: libargon2 could not compute it.
 */
bool		 argon_verify(const char *phrase, const char *hash,
		    bool *match);

#endif
