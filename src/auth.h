/*
 * auth.h - the law: who may have an account, a session, a new password
 *
 * Knows no HTTP and no SQL.  Every function gives the outcome that the caller
 * has to answer with; what it fills in lives in the arena.
 *
 * OUT_TOO_OFTEN, of whatever compares a password, says that it was not
 * compared, and nothing of whether there is such an account; see limiter.h.
 *
 * Addresses and passwords have passed the checks of fields.h: an address is
 * well formed, a password is NFC and at most 511 bytes.
 */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>

#include "law.h"

/*
 * OUT_INVITE_ONLY, OUT_REGISTRATION_CLOSED; in compat OUT_USER_CREATED and
 * OUT_EMAIL_TAKEN; else, as mailbox_register says, OUT_CHECK_MAIL,
 * OUT_MAIL_TOO_OFTEN and OUT_NO_MAIL; and what policy.h refuses:
 * OUT_PASSWORD_SHORT, OUT_PASSWORD_CONTEXT, OUT_PASSWORD_COMMON,
 * OUT_WEAK_WORDS, OUT_WEAK_REPEATS, OUT_WEAK_SEQUENCE, OUT_WEAK_KEYS,
 * OUT_WEAK_DATE, OUT_WEAK_PLAIN.
 */
enum outcome	 auth_register(struct auth *, struct arena *,
		    const char *email, const char *password,
		    const struct caller *);
/*
 * OUT_LOGGED_IN, OUT_BAD_CREDENTIALS, OUT_TOO_OFTEN; an account that is
 * disabled has no right password.  The new session takes the place of the one
 * that the caller brought, and of the account's oldest where there are more
 * than session_limit.  A hash that is not what would be made today, which
 * another system may have made of the bytes as they were typed, is replaced
 * before the answer.
 */
enum outcome	 auth_login(struct auth *, struct arena *, const char *email,
		    const char *password, const struct caller *,
		    struct grant *out);
/*
 * OUT_PROFILE, OUT_NO_SESSION.  A person who is there is noted, once a
 * minute, and the session's idle time begins anew.
 */
enum outcome	 auth_whose(struct auth *, struct arena *,
		    const struct caller *, struct session *out);
/* OUT_PROFILE; OUT_REAUTH_REQUIRED: the password was shown too long ago. */
enum outcome	 auth_proved(const struct session *);
/* OUT_LOGGED_OUT, OUT_NO_SESSION */
enum outcome	 auth_logout(struct auth *, struct arena *,
		    const struct session *);
/* The name under which a session is spoken of, which opens nothing. */
const char	*auth_session_id(struct arena *, const struct session *);
/* OUT_SESSIONS: the live ones of who brings this one, the newest first. */
enum outcome	 auth_sessions(struct auth *, struct arena *,
		    const struct session *mine, struct session **out,
		    size_t *n);
/* OUT_SESSION_ENDED, OUT_NO_SUCH_SESSION; *current: it was this one. */
enum outcome	 auth_session_end(struct auth *, struct arena *,
		    const struct session *mine, const char *id,
		    bool *current);
/* OUT_SESSION_ENDED */
enum outcome	 auth_sessions_end_others(struct auth *, struct arena *,
		    const struct session *mine);

/* OUT_CONFIRMED, OUT_WRONG_PASSWORD, OUT_TOO_OFTEN */
enum outcome	 auth_confirm(struct auth *, struct arena *,
		    const struct session *, const char *password);
/*
 * OUT_PASSWORD_CHANGED, OUT_WRONG_PASSWORD, OUT_TOO_OFTEN, and what policy.h
 * refuses: OUT_PASSWORD_SHORT, OUT_PASSWORD_CONTEXT, OUT_PASSWORD_COMMON,
 * OUT_WEAK_WORDS, OUT_WEAK_REPEATS, OUT_WEAK_SEQUENCE, OUT_WEAK_KEYS,
 * OUT_WEAK_DATE, OUT_WEAK_PLAIN.  The account's other sessions and its pending
 * reset end.
 */
enum outcome	 auth_change_password(struct auth *, struct arena *,
		    const struct session *, const char *current,
		    const char *new_password);
/* In place of a tag: the language that the browser says. */
#define AUTH_LANGUAGE_AUTO	"auto"
/* The account's tag, or that. */
const char	*auth_language_tag(const struct user *);
/*
 * OUT_LANGUAGE_SET, OUT_UNKNOWN_LANGUAGE: what pages and mails are written in;
 * a tag that there is a catalogue of.
 */
enum outcome	 auth_language(struct auth *, struct arena *,
		    const struct session *, const char *tag);
/*
 * OUT_ACCOUNT_DELETED, OUT_WRONG_PASSWORD, OUT_TOO_OFTEN.  What hangs on the
 * account goes, and the mails to its address; those to a former one, or to one
 * that was asked for, stay until they are swept, and so does the audit trail,
 * which does not tell whose it was.
 */
enum outcome	 auth_delete(struct auth *, struct arena *,
		    const struct session *, const char *password);
#define AUTH_EVENTS_MAX	50	/* of the audit trail, as account or address */
#define AUTH_MAILS_MAX	100	/* to the address */

struct account {
	struct user	 user;
	size_t		 sessions;	/* the newest first */
	struct session	*session;
	size_t		 groups;
	const char	*group[STORE_GROUPS_MAX];
};
/* OUT_PROFILE, OUT_NO_SESSION; all of one moment */
enum outcome	 auth_account(struct auth *, struct arena *,
		    const struct session *, struct account *out);

/* What is held on a person. */
struct holdings {
	struct account	 account;
	size_t		 devices;
	struct device	 device[STORE_DEVICES_MAX];
	size_t		 events;	/* the newest first */
	struct chain_row event[2 * AUTH_EVENTS_MAX];
	size_t		 mails;		/* the newest first */
	struct mail	 mail[AUTH_MAILS_MAX];	/* see store_mails_to */
};
/* OUT_EXPORT, OUT_NO_SESSION; all of one moment */
enum outcome	 auth_export(struct auth *, struct arena *,
		    const struct session *, struct holdings *out);

/* What an administrator may, who has proved nothing of an account. */

struct invitation {
	const char	*email;
	const char	*language;	/* as for auth_language, or NULL */
	bool		 mailed;	/* the token is shown to nobody else */
};
/*
 * OUT_RESET_STARTED, or where it is mailed OUT_RESET_MAILED: an account
 * without a password, and a token that sets it within a day; the same again
 * for one that still has none.  OUT_EMAIL_TAKEN, OUT_UNKNOWN_ADDRESS for one
 * that is disabled, OUT_UNKNOWN_LANGUAGE, OUT_NO_MAIL.
 */
enum outcome	 auth_invite(struct auth *, struct arena *,
		    const struct invitation *, struct grant *out);
/*
 * OUT_USER_CREATED, OUT_EMAIL_TAKEN, and what policy.h refuses.  What was
 * tried for the address before counts no more.
 */
enum outcome	 auth_user_add(struct auth *, struct arena *,
		    const char *email, const char *password);
/*
 * OUT_PASSWORD_UPDATED, OUT_UNKNOWN_ADDRESS, and what policy.h refuses.  As
 * after a reset, no browser is known and no wrong password counts.
 */
enum outcome	 auth_user_password(struct auth *, struct arena *,
		    const char *email, const char *password);
/*
 * OUT_CONFIRMED: the buckets of the account and of every browser that is known
 * to it are empty; see limiter.h.
 */
enum outcome	 auth_user_unlock(struct auth *, struct arena *,
		    const struct user *);

#endif
