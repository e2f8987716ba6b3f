/*
 * steps.h - sequences of calls: made by chance, said in words
 *
 * A step names what it sends by what it is ("the newest session of ann"),
 * not by its bytes; so a sequence means the same when steps are taken out.
 */
#ifndef STEPS_H
#define STEPS_H

#include <stdio.h>

#include "world.h"

#define STEPS_MAX	42

/* What stands where a secret or a name belongs. */
enum source {
	FROM_NOWHERE,		/* it is not sent */
	FROM_NOTHING,		/* sent empty */
	FROM_WORD,		/* null, undefined, AAA..., and the like */
	FROM_NULL,		/* the null of JSON */
	FROM_LIVE_SESSION, FROM_SESSION, FROM_ID,
	/* Of the kind that the call takes, or of another one. */
	FROM_LIVE_TICKET, FROM_TICKET, FROM_OTHER_KIND,
	FROM_CODE, FROM_ANY_CODE, FROM_WRONG_CODE,
	FROM_LIVE_DEVICE, FROM_DEVICE,
	/* What the store keeps of a live one. */
	FROM_STORE, FROM_STORED_TICKET
};

struct value {
	enum source	 source;
	int		 person;
	unsigned int	 n;		/* which of them */
	enum m_kind	 kind;		/* of a ticket */
};

enum word {
	RIGHT,			/* the person's password */
	FORMER,			/* the one before it */
	OTHERS,			/* somebody else's */
	FIXED, NONE, NO_TEXT
};

struct phrase {
	enum word	 word;
	int		 n;
};

struct step {
	enum deed	 deed;
	int		 address, variant;
	struct phrase	 password, new_password;
	struct value	 cookie[2], device, token;
	int		 client;
	bool		 agent, present, head, json;
	bool		 misnamed;	/* the cookie of the other profile */
	bool		 stray;		/* the address goes with nothing */
	int64_t		 ms;		/* of a WAIT; of an EDGE -1, 0, 1 */
	unsigned int	 n;		/* of an EDGE: which */
};

/* A stream of numbers that a seed decides. */
uint64_t steps_random(uint64_t *state);
/* The whole sequence of a seed; returns how long it is. */
size_t	 steps_make(uint64_t seed, enum m_profile *, struct step *out);

/* The texts of a step in this world; they live until the next call. */
struct m_texts {
	char		 text[4][TOKEN_MAX];
};
void	 steps_resolve(const struct m_world *, const struct step *,
	    struct m_texts *, struct m_request *out);
void	 steps_describe(FILE *, const struct m_world *, const struct step *,
	    const struct m_request *);

#endif
