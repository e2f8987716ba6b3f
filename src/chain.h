/*
 * chain.h - rows that nobody changes unseen: what binds them, and the proof
 *
 * Each writer's rows are numbered without a gap and bound to one another: the
 * mac of a row is an HMAC-SHA-256 over the mac of the row before and every
 * column.  The head of a chain says which row is its last, so rows cut off at
 * the end are missed too, and which was the last of those that were removed
 * for their age; a seal, an HMAC over all of it, keeps it from being moved.
 *
 * Whoever knows the key can make a chain anew.  Who does not, and still can
 * write where the rows are, can only put back an earlier state of the whole
 * chain, head and all: a head that was noted elsewhere shows that.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_MAC_LEN		43	/* of 32 bytes, in base64url */
#define CHAIN_FINDINGS_MAX	256

struct chain_row {
	const char	*writer;
	int64_t		 seq;		/* 1, 2, 3, ... */
	int64_t		 at;
	const char	*event;
	const char	*result;
	const char	*account;
	const char	*network;
	const char	*door;
	const char	*request;
	const char	*mac;
};

/* Of no row: number 0, mac "". */
struct chain {
	const char	*writer;
	int64_t		 seq;		/* of the last row */
	const char	*mac;
	int64_t		 cut_seq;	/* of the last one removed for age */
	const char	*cut_mac;
	const char	*seal;
};

/* out holds CHAIN_MAC_LEN + 1 bytes.  before: the mac of the row before. */
void	chain_mac(const char *key, const char *before,
	    const struct chain_row *, char *out);
void	chain_seal(const char *key, const struct chain *, char *out);
bool	chain_sealed(const char *key, const struct chain *);
/*
 * What stands in a row for an account or an address; "" for neither.  Nobody
 * without the key gets from it to them, or knows them in it.
 */
void	chain_account(const char *key, const char *user_id,
	    const char *email_key, char *out);

enum chain_fault {
	CHAIN_CHANGED,		/* the row says another thing than it did */
	CHAIN_MISSING,		/* there is no such row any more */
	CHAIN_ADDED,		/* a row that was never written */
	CHAIN_HEAD,		/* the head says another thing than it did */
};

struct chain_finding {
	enum chain_fault fault;
	int64_t		 from, to;	/* rows; 0 for the head */
};

struct chain_check {
	const char	*key;
	struct chain	 head;
	int64_t		 next;		/* the row that comes now */
	int64_t		 rows;
	/* What the row before says its mac is, and what it should be. */
	char		 said[CHAIN_MAC_LEN + 1], made[CHAIN_MAC_LEN + 1];
	struct chain_finding finding[CHAIN_FINDINGS_MAX];
	size_t		 findings;	/* may be more than are kept */
};

/*
 * The proof of one chain: its head, which must last until the end, then its
 * rows in order of their numbers, then the end.  A row after one that is
 * missing is taken for what it says.
 */
void	chain_check_begin(struct chain_check *, const char *key,
	    const struct chain *head);
void	chain_check_row(struct chain_check *, const struct chain_row *);
void	chain_check_end(struct chain_check *);

#endif
