/*
 * multipart.h - reads a multipart/form-data body, text fields only
 *
 * RFC 7578 as the FormData of browsers sends it (WHATWG HTML, "multipart form
 * data"), and no wider: no preamble, no padding behind a boundary, no folded
 * or repeated headers, no transfer encoding.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "pairs.h"
#include "text.h"

#define MULTIPART_BOUNDARY_MAX	70	/* RFC 2046, 5.1.1 */
#define MULTIPART_HEADER_MAX	1024	/* bytes in the headers of a part */
#define MULTIPART_LINES_MAX	8	/* headers of a part */

/*
 * Finds the boundary among the parameters of a Content-Type: what stands
 * after "multipart/form-data", with or without its ';'.  *out points into
 * them.  False unless there is exactly one, a token or a quoted string of 1
 * to 70 bytes that RFC 2046 allows.
 */
bool	multipart_boundary(struct slice content_type_params,
	    struct slice *out);

/*
 * boundary comes from multipart_boundary.  body need not end with NUL.  Names
 * and values live in the arena; that they are UTF-8 is not checked here.
 *
 * READ_OK: *out holds all pairs.  A file, or a part that says it is anything
 * but UTF-8 text/plain, has PAIR_TYPE; a value with a NUL has PAIR_NUL.
 * READ_MALFORMED: not such a body; out->culprit names the part if its name
 * was read already.
 * READ_TOO_MANY: more than PAIRS_MAX parts.
 */
enum read_result multipart_read(struct arena *, struct slice boundary,
    const char *body, size_t len, struct pairs *out);

#endif
