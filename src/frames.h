/*
 * frames.h - judges what a FastCGI peer has sent so far
 *
 * libfcgi reads without a time limit, aborts on hostile lengths, overruns a
 * buffer on a management record, takes parameters for complete that were cut
 * short, and loses its place on padding behind some records.  So it is given
 * a connection only once the bytes that wait there have been judged to be one
 * whole request that it reads well.
 *
 * A request is BEGIN_REQUEST, PARAMS records up to an empty one, STDIN records
 * up to an empty one, all with one id (FastCGI 1.0, sections 3.3, 5 and 6.2).
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#define FRAMES_PARAMS_MAX	32768	/* content of the PARAMS records */
#define FRAMES_BODY_MAX		16384	/* content of the STDIN records */
#define FRAMES_PARAM_COUNT_MAX	256
#define FRAMES_NAME_MAX		256
#define FRAMES_VALUE_MAX	16384
/* Record headers, padding and BEGIN_REQUEST: what frames the content. */
#define FRAMES_OVERHEAD_MAX	32768

/*
 * No request is longer: given so many bytes, the verdict is not FRAMES_MORE.
 */
#define FRAMES_PEEK_BYTES \
	(FRAMES_PARAMS_MAX + FRAMES_BODY_MAX + FRAMES_OVERHEAD_MAX)

enum frames_verdict {
	FRAMES_MORE,		/* a good beginning */
	FRAMES_WHOLE,		/* one request and not a byte after it */
	FRAMES_PARAMS_TOO_LARGE,	/* in all, in number, or one of them */
	FRAMES_BODY_TOO_LARGE,
	FRAMES_ABORTED,		/* the web server takes its request back */
	FRAMES_UNKNOWN_ROLE,	/* not RESPONDER */
	FRAMES_HOSTILE,		/* no web server sends this: hang up */
};

struct frames_view {
	unsigned int	request_id;	/* 0 until BEGIN_REQUEST was read */
	bool		keep;		/* FCGI_KEEP_CONN */
	size_t		body_len;	/* of the STDIN records so far */
};

/*
 * Looks at all that came since the connection was opened or the last request
 * on it was answered.  The verdict comes with the record header, or the byte
 * of a parameter, that settles it; more bytes then change it no more, except
 * that FRAMES_WHOLE with bytes after it is FRAMES_HOSTILE.
 */
enum frames_verdict frames_judge(const unsigned char *bytes, size_t len,
    struct frames_view *out);

#define FRAMES_HEADER_BYTES	8

/*
 * Where one is in a request that is thrown away as it comes.  All zero: at
 * its first byte.
 */
struct frames_skip {
	unsigned char	header[FRAMES_HEADER_BYTES];
	size_t		have;		/* of the header */
	size_t		left;		/* of content and padding */
	bool		ended;		/* this record is the last one */
};

/*
 * Goes on with such a request, in whatever pieces it comes.  FRAMES_MORE;
 * FRAMES_WHOLE once the empty STDIN record is through; FRAMES_ABORTED;
 * FRAMES_HOSTILE for bytes after its end, or a record that does not belong to
 * a request.
 */
enum frames_verdict frames_skip(struct frames_skip *,
    const unsigned char *bytes, size_t len);

#endif
