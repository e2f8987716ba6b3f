/*
 * copies.h - copies of the store in one file, made and put back
 *
 * Both work beside whoever serves from the store, and neither leaves half a
 * file under the name that was asked for, whenever it is ended.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>

#include "arena.h"
#include "db.h"

struct entry;

enum copies_result {
	COPIES_DONE,
	COPIES_EXISTS,		/* there is such a file already */
	COPIES_IN_USE,		/* somebody has the store open */
	COPIES_BAD,		/* not a store of ours, or damaged */
	COPIES_CANNOT,		/* path, permission, disk: errno */
};

/*
 * The open store as it is now, in a new file that is as readable as the
 * store is: looked at, synchronised, and only then given its name.  tell
 * hears what is wrong with the copy.
 */
enum copies_result copies_make(struct arena *, struct db *,
		    const char *store, const char *to,
		    void (*tell)(const char *));
/*
 * What can be read from fd takes the place of the store, closed as by
 * store_close_copy and with that on record; the store that was there stays
 * beside it, as *kept, or there was none and that is NULL.  dry: only looks.
 */
enum copies_result copies_put_back(struct arena *, int fd,
		    const char *store, const struct entry *record, bool dry,
		    const char **kept, void (*tell)(const char *));

#endif
