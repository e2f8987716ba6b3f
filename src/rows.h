/*
 * rows.h - accounts as other systems keep them: what a file is, and its rows
 *
 * Pure functions of bytes that nobody answers for.  A reader takes one form
 * and no other; what it gives are parts of the line or of the arena, which
 * are judged by whoever wants them.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

#include "arena.h"
#include "text.h"

#define ROWS_LINE_MAX	4096	/* bytes, without what ends it */
#define ROWS_HEAD_BYTES	16384	/* that rows_format looks at */

enum rows_format {
	ROWS_SQLITE,		/* a database with a table of users */
	ROWS_COLONS,		/* "address:hash" and fields after it */
	ROWS_JSON,		/* {"email":"address","hash":"hash"} */
	ROWS_UNKNOWN,
};

struct row {
	struct slice	 email;
	struct slice	 hash;
};

/* By the first bytes of the file. */
enum rows_format rows_format(const char *head, size_t len);
/* Bytes of the mark that some programs put before UTF-8; 0 or 3. */
size_t		 rows_mark(const char *head, size_t len);
/*
 * A line without its line feed.  NULL: *out is what stands there.  Else why
 * it is refused, or rows_none where nothing stands there: it is blank, or a
 * comment of a file with colons.  What could be read of *out is in it.
 */
const char	*rows_read(enum rows_format, struct arena *, struct slice line,
		    struct row *out);
extern const char rows_none[];
/*
 * A hash as Python shows bytes, b'...', loses what is round it: that is what
 * comes of storing the bytes of bcrypt.hashpw() as text.
 */
struct slice	 rows_unquoted(struct slice hash);

#endif
