/*
 * parcel.h - a mail on its way out, and what becomes of it
 */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdint.h>

#include "text.h"

struct parcel {
	const char	*id;		/* of the base64url alphabet */
	int64_t		 created_at;
	const char	*from;		/* of letter_mailbox */
	const char	*to;
	struct slice	 bytes;
};

enum post_status {
	POST_SENT,	/* somebody has taken it over */
	POST_LATER,	/* not now */
	POST_DOWN,	/* nobody is there who could take any mail */
	POST_NEVER,	/* this mail is refused for good */
};

#define POST_REASON_MAX	160

/* Why; without addresses, secrets or anything that a peer has worded. */
struct post_result {
	enum post_status status;
	char		 reason[POST_REASON_MAX];
};

#endif
