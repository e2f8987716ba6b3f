/*
 * store.h - users, sessions and tickets, as structs in and out
 *
 * The only place that knows statements and transactions.  Each thread has a
 * desk at the store: a struct store with a connection of its own to read.
 * Strings that come back live in the arena.  Tokens are never seen here,
 * only their hashes.
 *
 * STORE_GONE: there is no such thing, or no longer.  STORE_BUSY: another
 * process holds the database, ask again.  STORE_FAULT has been logged.
 *
 * record: the row of the audit trail that rides in the same transaction as the
 * change, so that neither is there without the other; NULL for none.  Without
 * user_id, email_key is looked up as the transaction begins.  The texts must
 * last until the call returns.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "bucket.h"
#include "db.h"
#include "ticket.h"
#include "trail.h"

#define STORE_LIMIT_MAX	80
#define STORE_DEVICES_MAX 20	/* of an account; the oldest go */
#define STORE_NAME_MAX	80	/* of what the audit trail calls things */
#define STORE_SUBJECT_MAX 256	/* an account's id, or an address */
#define STORE_MAIL_DAYS	7	/* that the row of one that has ended stays */
#define STORE_ID_LEN	22	/* 128 random bits in base64url */

enum store_status {
	STORE_OK,
	STORE_GONE,
	STORE_TAKEN,		/* the address has an account */
	STORE_FULL,		/* more than there may be */
	STORE_BUSY,
	STORE_FAULT,
};

struct user {
	const char	*id;
	const char	*email;		/* as it was given */
	const char	*email_key;	/* as addresses compare */
	const char	*password_hash;
	int64_t		 created_at;
	int64_t		 disabled_at;	/* 0: it is open */
	const char	*language;	/* its tag; "": as the browser says */
};

struct session {
	const char	*token_hash;
	const char	*user_id;
	const char	*email;
	const char	*network;	/* of the login, "" for none */
	const char	*user_agent;	/* the same */
	int64_t		 created_at;
	int64_t		 expires_at;	/* unless the person is seen */
	int64_t		 ends_at;	/* in any case */
	int64_t		 last_seen_at;
	int64_t		 proved_at;	/* when the password was shown */
	const char	*language;	/* the account's */
};

/* A bucket of failures, by its key, and what is to become of it. */
struct limit {
	const char	*key;		/* shorter than STORE_LIMIT_MAX */
	struct bucket_rule rule;
	bool		 clears;	/* is empty after a success */
};

/* A browser that is known to an account from now on. */
struct device {
	const char	*token_hash;
	const char	*former;	/* its token so far, or NULL */
	int64_t		 created_at;	/* since when it is known */
	int64_t		 expires_at;
};

/* How a session comes to be. */
struct session_start {
	const struct session *session;
	const char	*verified_hash;	/* of the password it was given for */
	const char	*better_hash;	/* takes that one's place, or NULL */
	const char	*ended;		/* a session that goes, or NULL */
	int64_t		 most;		/* the account's oldest go */
	const struct limit *limit;	/* whose places are given back */
	size_t		 limits;
	const struct device *device;	/* or NULL */
	const struct entry *record;
};

/* How an account gets another password from who knows its old one. */
struct password_change {
	const char	*user_id;
	const char	*verified_hash;
	const char	*new_hash;
	const char	*kept;		/* the session it was asked in */
	int64_t		 now;
	const struct entry *record;
};

struct store;

/*
 * Has what expired before now removed, in steps short enough for others to
 * write in between.  Not waited for.
 *
 * A mail that was not sent in time ends, unless a courier has it in hand, and
 * what it says goes; its row goes STORE_MAIL_DAYS after its end.
 */
void		 store_sweep(struct db *, int64_t now);

/* The store behind all desks; see db_open. */
struct db	*store_open(const char *path, enum db_refusal *why,
		    void (*complain)(const char *));
/* The same by db_open_as_it_is. */
struct db	*store_open_as_it_is(const char *path, enum db_refusal *why,
		    void (*complain)(const char *));
void		 store_shut(struct db *);
/* The schema, for tests and tools that ask the database itself. */
const struct db_schema *store_schema(void);

/*
 * A thread's desk.  reads: open the reading connection at once, NULL if that
 * fails; otherwise it opens when it is first needed.
 */
struct store	*store_desk(struct db *, bool reads);
void		 store_leave(struct store *);

/*
 * All that read asks of the desk is of one moment.  It may neither change
 * anything nor wait for anybody; what it says is handed on.
 */
typedef enum store_status store_read(void *arg);
enum store_status store_view(struct store *, store_read *read, void *arg);

/*
 * Accounts by the thousand, in one transaction: all is called in the writer's
 * thread, and whatever it enters counts once it has said true, or not at all.
 * Nobody else can write until then: it waits for nothing.  STORE_GONE: it has
 * said false.  The record is of each account, by its own id.
 */
struct store_entry;
typedef bool store_enter_all(struct store_entry *, void *arg);
enum store_status store_users_enter(struct store *, store_enter_all *all,
		    void *arg, const struct entry *record);
/* As store_user_add does. */
enum store_status store_user_enter(struct store_entry *, struct arena *,
		    struct user *u);

/* The audit trail; see trail.h. */

/*
 * Puts on record what changed nothing.  Not waited for, and a crash may lose
 * it.  Nobody fills the disk with these: of one event, STORE_RECORD_BURST
 * come from one network at once, and then one each STORE_RECORD_MS; from all
 * networks together STORE_RECORDS_BURST, and then one each STORE_RECORDS_MS.
 * The log has them all.
 */
#define STORE_RECORD_BURST	20
#define STORE_RECORD_MS		600000
#define STORE_RECORDS_BURST	1000
#define STORE_RECORDS_MS	60000
void		 store_record(struct store *, struct arena *,
		    const struct entry *);
/*
 * Has rows from before that time removed, in steps short enough for others to
 * write in between.  Not waited for.
 */
void		 store_audit_sweep(struct db *, int64_t before);
/* What an account's and an address's rows are known by. */
enum store_status store_audit_account(struct store *, struct arena *,
		    const char *user_id, const char *email_key,
		    const char **out);
enum store_status store_audit_chain(struct store *, struct arena *,
		    const char *writer, struct chain *out);
enum store_status store_audit_chain_after(struct store *, struct arena *,
		    const char *writer, struct chain *out);
enum store_status store_audit_after(struct store *, struct arena *,
		    const char *writer, int64_t seq, struct chain_row *out,
		    size_t *n);
enum store_status store_audit_of_after(struct store *, struct arena *,
		    const char *account, const struct chain_row *after,
		    struct chain_row *out, size_t *n);
enum store_status store_audit_of_last(struct store *, struct arena *,
		    const char *account, int64_t since,
		    struct chain_row *out, size_t max, size_t *n);
enum store_status store_audit_when(struct store *, struct arena *,
		    const char *account, const char *event, int64_t *at);
enum store_status store_audit_writer_after(struct store *, struct arena *,
		    const char *writer, const char **out);
enum store_status store_audit_check(struct store *, struct arena *,
		    const char *writer, struct chain_check *out);

/* STORE_OK or STORE_TAKEN.  u->id is made here, and the record is of it. */
enum store_status store_user_add(struct store *, struct arena *,
		    struct user *u, const struct entry *record);
enum store_status store_user_by_email(struct store *, struct arena *,
		    const char *email_key, struct user *out);

enum store_status store_user_by_id(struct store *, struct arena *,
		    const char *id, struct user *out);
/* The tag, or "", is not looked at. */
enum store_status store_user_language(struct store *, struct arena *,
		    const char *id, const char *language,
		    const struct entry *record);
/*
 * With all that is held on it, and all mails to its address but for the one
 * that the record posts.  Whoever has one of them in hand finds it gone.
 * STORE_GONE if meanwhile the session has ended,
 * or the account's password hash is no longer the verified one.
 */
enum store_status store_user_delete_own(struct store *, struct arena *,
		    const struct session *, const char *verified_hash,
		    const struct entry *record);
/*
 * Ends the account's other sessions and its pending reset.  STORE_GONE: the
 * hash is no longer the one that was verified.
 */
enum store_status store_password_change(struct store *, struct arena *,
		    const struct password_change *);

/*
 * Starts a session of session->user_id.  STORE_GONE if meanwhile the account's
 * password hash is no longer the verified one, or the account is no more or
 * disabled.
 */
enum store_status store_session_start(struct store *, struct arena *,
		    const struct session_start *);
/* The live ones of an account, the newest first. */
enum store_status store_sessions_of(struct store *, struct arena *,
		    const char *user_id, int64_t now, struct session **out,
		    size_t *n);
/*
 * Notes that the person is there, unless that was noted after before.  Not
 * waited for, and a crash may lose it; never gives life to what has ended.
 */
void		 store_session_seen(struct store *, const struct session *,
		    int64_t now, int64_t expires_at, int64_t before);
/* Notes that the password whose hash was verified has been shown now. */
enum store_status store_session_proved(struct store *, struct arena *,
		    const struct session *, const char *verified_hash,
		    int64_t now, const struct entry *record);
/* A live one, by token hash.  Fills all but network and user_agent. */
enum store_status store_session_by_token(struct store *, struct arena *,
		    const char *token_hash, int64_t now,
		    struct session *out);
/* By who is in it. */
enum store_status store_session_end(struct store *, struct arena *,
		    const char *token_hash, const struct entry *record);
/*
 * By who is not in them, and may not know who is: a change of address that the
 * account waits for ends with them.
 */
enum store_status store_session_revoke(struct store *, struct arena *,
		    const char *token_hash, const struct entry *record);
enum store_status store_sessions_end_others(struct store *, struct arena *,
		    const struct session *kept,
		    const struct entry *record);

/*
 * Takes a place in each bucket, or in none.  STORE_GONE: one of them lets
 * nobody in for *wait more milliseconds.
 */
enum store_status store_limits_take(struct store *, struct arena *,
		    const struct limit *, size_t n, int64_t now,
		    int64_t *wait);
/* Gives the places back.  Not waited for: a crash leaves them taken. */
void		 store_limits_give(struct store *, const struct limit *,
		    size_t n);
/* Empties the buckets. */
enum store_status store_limits_clear(struct store *, struct arena *,
		    const struct limit *, size_t n,
		    const struct entry *record);
/*
 * Since when and until when an account knows browsers, the newest first.  out
 * holds STORE_DEVICES_MAX.
 */
enum store_status store_devices_of(struct store *, struct arena *,
		    const char *user_id, int64_t now, struct device *out,
		    size_t *n);
/*
 * Has somebody logged in to this address with this browser?  *name is what the
 * account knows it by: unlike its token it stays the same, whoever logs in
 * with it.
 */
enum store_status store_device_known(struct store *, struct arena *,
		    const char *token_hash, const char *email_key,
		    int64_t now, const char **name);
/* The same of one that store_devices_of has found. */
const char	*store_device_name(struct arena *, const char *user_id,
		    const struct device *);

/*
 * Writes what the record says and posts, and changes nothing else: what is
 * asked of whoever has a mailbox.
 */
enum store_status store_post(struct store *, struct arena *,
		    const struct entry *record);
/* The same, unless the session has ended meanwhile: STORE_GONE. */
enum store_status store_session_post(struct store *, struct arena *,
		    const struct session *, const struct entry *record);
/*
 * A live ticket of that kind.  Fills user_id, email, email_key and language;
 * changes nothing.
 */
enum store_status store_ticket_pending(struct store *, struct arena *,
		    const char *kind, const char *token_hash, int64_t now,
		    struct ticket *out);
/*
 * *token_hash of the live ticket that has this code: kind, email_key and
 * code_hash, at created_at.  STORE_GONE: none has, and that counts
 * (TICKET_TRIES) and has taken a place in each of the n buckets; or one of
 * them lets nobody in for *wait more milliseconds, else 0.  A wrong code is
 * one transaction that writes, whether its address has a ticket or not.
 */
enum store_status store_ticket_by_code(struct store *, struct arena *,
		    const struct ticket *code, const struct limit *, size_t n,
		    int64_t *wait, const char **token_hash);

/*
 * What a ticket is used up for.  Whatever it is, what else waits to set the
 * account's password or address ends.
 */
struct ticket_use {
	const char	*kind;
	const char	*token_hash;
	const char	*email_key;	/* whose the ticket must be */
	int64_t		 now;
	bool		 gives_address;	/* the ticket's is the account's */
	/*
	 * Tickets for other purposes end too, but for the undoing of a change
	 * from before the one that is undone here: whoever else came to the
	 * account later must not take that from its owner.
	 */
	bool		 ends_all;
	/*
	 * Where the address has another account by now, this one is disabled
	 * instead, and *closed is set; NULL: nothing happens then.
	 */
	bool		*closed;
	/*
	 * The account's from now on is password_hash: every session of it
	 * ends, its browsers are forgotten and the buckets are emptied.
	 */
	bool		 sets_password;
	const char	*password_hash;
	const struct limit *limit;
	size_t		 limits;
	const struct entry *record;
};
/* All or nothing.  STORE_GONE: no such ticket, or the address is taken. */
enum store_status store_ticket_use(struct store *, struct arena *,
		    const struct ticket_use *);
/*
 * The account that a registration asked for; fills id, email, email_key and
 * password_hash.  That is use's where somebody else may have asked for the
 * same address meanwhile: nobody knows who typed the ticket's, and who has
 * the mailbox.  Of use, the kind and the address play no part.
 */
enum store_status store_registration_use(struct store *, struct arena *,
		    const struct ticket_use *, struct user *out);

/*
 * What an administrator asks for.  Lists come in pages: what stands after a
 * key, "" for the first, at most STORE_PAGE of it.  *n below that was the
 * last page.
 */
#define STORE_PAGE		256
#define STORE_GROUPS_MAX	64	/* of an account */

/* A word of a change to the groups of an account. */
struct membership {
	const char	*group;
	bool		 ends;
};

struct store_counts {
	int64_t		 users, disabled;
	int64_t		 sessions, live_sessions;
	int64_t		 resets, live_resets;
};

/* Fills all of it. */
enum store_status store_user_details(struct store *, struct arena *,
		    const char *email_key, struct user *out);
/* The same but for id and language, by email_key.  out holds STORE_PAGE. */
enum store_status store_users_after(struct store *, struct arena *,
		    const char *email_key, struct user *out, size_t *n);
/*
 * Ends every session and every ticket of the account as well, the undoing of
 * a change of address too, forgets its browsers and empties the n buckets.
 */
enum store_status store_user_password(struct store *, struct arena *,
		    const struct user *, const char *password_hash,
		    const struct limit *, size_t n,
		    const struct entry *record);
/*
 * Gives the account of u->id the address u->email, and ends every ticket of
 * it.  STORE_GONE where another account has the address.
 */
enum store_status store_user_address(struct store *, struct arena *,
		    const struct user *, const struct entry *record);
/*
 * Ends its sessions and tickets; from now on there is none until the account
 * is enabled.
 */
enum store_status store_user_disable(struct store *, struct arena *,
		    const char *email_key, int64_t now,
		    const struct entry *record);
enum store_status store_user_enable(struct store *, struct arena *,
		    const char *email_key, const struct entry *record);
/* As store_user_delete_own does. */
enum store_status store_user_delete(struct store *, struct arena *,
		    const char *email_key, const struct entry *record);

/* All of them, in order.  out holds STORE_GROUPS_MAX. */
enum store_status store_groups(struct store *, struct arena *,
		    const char *user_id, const char **out, size_t *n);
/*
 * anew: the n groups take the place of all others.  STORE_FULL, and nothing
 * changes, where there would be more than STORE_GROUPS_MAX.
 */
enum store_status store_groups_change(struct store *, struct arena *,
		    const char *email_key, bool anew,
		    const struct membership *, size_t n,
		    const struct entry *record);

/* All of an account, as store_session_revoke does it. */
enum store_status store_sessions_end(struct store *, struct arena *,
		    const char *user_id, const struct entry *record);
/* Everybody's. */
enum store_status store_sessions_end_every(struct store *, struct arena *,
		    const struct entry *record);
/*
 * Brings a copy that nobody has open up to date, and ends its sessions and
 * tickets, the browsers that it knows and the mails that wait in it: what has
 * been ended, forgotten or sent since it was made must not come back with it.
 */
enum store_status store_close_copy(const char *path, struct arena *,
		    const struct entry *record);
enum store_status store_count(struct store *, struct arena *, int64_t now,
		    struct store_counts *out);

/*
 * Mails; see outbox.h.
 *
 * A mail is written with the change that it tells of.  This is for one that
 * tells of none.
 */
enum store_status store_mail_add(struct store *, struct arena *,
		    const struct mail *);
/* Is there one to be sent?  STORE_GONE: not now. */
enum store_status store_mail_due(struct store *, struct arena *,
		    int64_t now);
/*
 * Takes the one that is due first.  Nobody else gets it until then, a time
 * after now, unless store_mail_fail says so: whoever takes one and dies has
 * it tried again.  STORE_GONE: there is none.
 */
enum store_status store_mail_claim(struct store *, struct arena *,
		    int64_t now, int64_t until, struct mail *out);
/*
 * A mail has ended, and what it says is gone from the store: the state is
 * "sent", "dropped" or "dead".  STORE_GONE: it had ended before.
 */
enum store_status store_mail_end(struct store *, struct arena *,
		    const struct mail *, const char *state,
		    const char *reason, int64_t now);
/* It is due again then.  STORE_GONE: somebody else has it by now. */
enum store_status store_mail_fail(struct store *, struct arena *,
		    const struct mail *, const char *reason, int64_t due_at);
/*
 * Those of a state after one of them, by due_at and id, without language and
 * content; after NULL for the first.  out holds STORE_PAGE.
 */
enum store_status store_mails_after(struct store *, struct arena *,
		    const char *state, const struct mail *after,
		    struct mail *out, size_t *n);
/*
 * Kind, state and created_at of those to an address since a time, the newest
 * first.  out holds max.
 */
enum store_status store_mails_to(struct store *, struct arena *,
		    const char *email_key, int64_t since, struct mail *out,
		    size_t max, size_t *n);
/*
 * How many wait, and when the oldest of them was written; 0: none waits.
 * Reads all that wait.
 */
enum store_status store_mail_oldest(struct store *, struct arena *,
		    int64_t *waiting, int64_t *created_at);
/*
 * One that waits is due now, but for one that a courier has in hand.
 * STORE_GONE: none such.
 */
enum store_status store_mail_retry(struct store *, struct arena *,
		    const char *id, int64_t now);
/* The same of all; n of them were due later. */
enum store_status store_mails_retry(struct store *, struct arena *,
		    int64_t now, size_t *n);
/* What store_sweep does to mails, and nothing else. */
void		 store_mail_sweep(struct db *, int64_t now);

#endif
