/*
 * letter.h - a mail as it is sent: RFC 5322, lines that end in CRLF
 *
 * One part of plain text for one recipient.  What is not ASCII stands in the
 * header as encoded words (RFC 2047) and in the body as quoted-printable (RFC
 * 2045, 6.7), or as 8bit where the way allows it.  Auto-Submitted (RFC 3834)
 * keeps machines from answering.
 */
#ifndef LETTER_H
#define LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "text.h"

#define LETTER_ADDRESS_MAX	254
#define LETTER_VALUE_MAX	1000	/* bytes of a name or a subject */

struct letter {
	const char	*to;		/* addresses, as below */
	const char	*from;
	const char	*from_name;	/* UTF-8, "" for none */
	const char	*subject;	/* UTF-8 */
	const char	*body;		/* UTF-8, lines end in LF or CRLF */
	int64_t		 date;		/* milliseconds since 1970 */
	/* Message-ID: <id@host>, the same however often it is sent. */
	const char	*id;		/* of the base64url alphabet */
	const char	*host;		/* a name or an address, or [::1] */
	bool		 eight_bit;	/* and long lines go as they are */
};

/*
 * Can a mail go there?  One "@", before it what the WHATWG allows ("valid
 * e-mail address"), after it a host name; ASCII alone.
 */
bool	 letter_is_address(const char *);
/*
 * The same as SMTP and header fields have it: a..b@example.org is
 * "a..b"@example.org there (RFC 5321, 4.1.2).  NULL: it is no address.
 */
char	*letter_mailbox(struct arena *, const char *address);
/*
 * The bytes, in the arena.  NULL for what no mail may hold, a control
 * character above all: *fault says where, and nothing of what stands there.
 */
const struct slice *letter_compose(struct arena *, const struct letter *,
	    const char **fault);

#endif
