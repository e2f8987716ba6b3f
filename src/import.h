/*
 * import.h - the accounts of another system, read and judged row by row
 *
 * Nothing of the file is believed: an address must be one by the rule of
 * auth.h, a hash one that scheme.h lets in, and neither may have come before.
 * The hash stays as it is.  What is refused is kept aside, on the disk, until
 * it is asked for: a file of any length takes only the memory of seen.h.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "scheme.h"
#include "store.h"

struct import;

struct import_tally {
	int64_t		 rows;
	int64_t		 refused;
	int64_t		 accepted;
	int64_t		 scheme[SCHEME_COUNT];	/* of the accepted */
};

struct import_refusal {
	int64_t		 row;		/* line, or id in a database */
	const char	*email;		/* fit to be shown; "-" for none */
	const char	*why;
};

/*
 * fd is a file that stays open meanwhile.  NULL: *fault says in words what is
 * wrong with it, to come after its name.
 */
struct import	*import_open(int fd, const char **fault);
void		 import_close(struct import *);

/*
 * Reads it to its end, once, and gives each account that is fit to place,
 * which says STORE_OK, or STORE_TAKEN to have it refused; anything else ends
 * the reading.  u has no id yet.  False: that happened, or the file could not
 * be read, which *fault then says.
 */
typedef enum store_status import_place(struct arena *, struct user *u,
		    void *arg);
bool		 import_read(struct import *im, import_place *place,
		    void *arg, const char **fault);
const struct import_tally *import_tally(const struct import *);
/* After the reading, one after the other; false: there are no more. */
bool		 import_refusal(struct import *, struct arena *,
		    struct import_refusal *out);

#endif
