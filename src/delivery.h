/*
 * delivery.h - takes a mail from the store, writes it and hands it over
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "arena.h"
#include "conf.h"
#include "post.h"
#include "store.h"

/* What a mail is written with, by one set of settings. */
struct delivery {
	struct conf	*conf;
	struct post	*post;
	/* Of a mail that is sent and could not be marked yet; "": none is. */
	char		 unmarked[STORE_ID_LEN + 1];
};

enum delivery_status {
	DELIVERY_NONE,		/* nothing is due */
	DELIVERY_DONE,		/* one was due; there may be more */
	DELIVERY_DOWN,		/* nobody takes mails: wait a while */
	DELIVERY_BUSY,		/* the store does not answer: the same */
};

/*
 * One mail, the first that is due.  What has become of it stands in the store
 * and in the log.  Where it could not be marked as sent, no other is taken
 * until it is: its time in our hands runs out, and it would be taken again.
 */
enum delivery_status delivery_one(struct delivery *, struct store *,
		    struct arena *);
/*
 * Milliseconds until the next try, after so many of them (from 1 on): 30
 * seconds, four times as long each time, an hour at most; a fifth of it more
 * or less, as chance has it.
 */
int64_t		 delivery_wait(int64_t attempts);

#endif
