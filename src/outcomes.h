/*
 * outcomes.h - every answer of the service, one row each
 *
 * OUTCOME(id, HTTP status, sentence, code, event, retry)
 *
 * sentence: the "message" of the answer; NULL for none.  Where it begins
 *     with a space, the field's name goes before it.
 * code: stable name for programs: the "code" of application/problem+json
 *     and the "outcome" of the log.
 * event: name in the log; NULL for reads that succeed, which are logged only
 *     with log = "requests".
 * retry: seconds for Retry-After; 0 for none; -1 for those that the law
 *     tells.
 */
#ifndef OUTCOMES_H
#define OUTCOMES_H

#define OUTCOMES(OUTCOME)						\
/* Successes. */							\
OUTCOME(OUT_WELCOME, 200, "Bienvenue", "welcome", NULL, 0)		\
OUTCOME(OUT_PAGE, 200, NULL, "page", NULL, 0)				\
OUTCOME(OUT_FILE, 200, NULL, "file", NULL, 0)				\
OUTCOME(OUT_FILE_SAME, 304, NULL, "file_same", NULL, 0)			\
OUTCOME(OUT_ELSEWHERE, 302, "look there", "elsewhere", NULL, 0)		\
OUTCOME(OUT_OPTIONS, 204, NULL, "options", NULL, 0)			\
OUTCOME(OUT_PROFILE, 200, NULL, "profile", NULL, 0)			\
OUTCOME(OUT_USER_CREATED, 200, "user created", "user_created",		\
    "user.created", 0)							\
OUTCOME(OUT_USER_ASKED_TWICE, 200,					\
    "user created: ask for a reset to set a password",			\
    "password_needed", "user.created", 0)				\
OUTCOME(OUT_LOGGED_IN, 200, "logged in", "logged_in",			\
    "login.succeeded", 0)						\
OUTCOME(OUT_LOGGED_OUT, 302, "logged out", "logged_out", "logout", 0)	\
OUTCOME(OUT_RESET_STARTED, 200, NULL, "reset_started",			\
    "reset.started", 0)							\
OUTCOME(OUT_PASSWORD_UPDATED, 200, "Password updated",			\
    "password_updated", "reset.finished", 0)				\
OUTCOME(OUT_CHECK_MAIL, 202, "check your mail", "check_mail",		\
    "registration.started", 0)						\
OUTCOME(OUT_RESET_MAILED, 202,						\
    "if the account exists, a mail was sent", "reset_mailed",		\
    "reset.started", 0)							\
OUTCOME(OUT_ADDRESS_MAILED, 202, "check your mail", "address_mailed",	\
    "address.started", 0)						\
OUTCOME(OUT_ADDRESS_CHANGED, 200, "address changed", "address_changed",	\
    "address.changed", 0)						\
OUTCOME(OUT_RECOVERED, 200, "everybody is logged out: set a new password", \
    "account_recovered", "account.recovered", 0)			\
OUTCOME(OUT_CLOSED, 200,						\
    "another account has the address: everybody is logged out of this one," \
    " and it is disabled",						\
    "account_closed", "account.recovered", 0)				\
OUTCOME(OUT_SESSIONS, 200, NULL, "sessions", NULL, 0)			\
OUTCOME(OUT_SESSION_ENDED, 204, NULL, "session_ended",			\
    "session.ended", 0)							\
OUTCOME(OUT_CONFIRMED, 204, NULL, "confirmed", "password.confirmed", 0)	\
OUTCOME(OUT_PASSWORD_CHANGED, 200, "Password updated",			\
    "password_changed", "password.changed", 0)				\
OUTCOME(OUT_LANGUAGE_SET, 200, "language set", "language_set",		\
    "language.changed", 0)						\
OUTCOME(OUT_EXPORT, 200, NULL, "exported", "profile.exported", 0)	\
OUTCOME(OUT_ACCOUNT_DELETED, 204, NULL, "account_deleted",		\
    "user.deleted", 0)							\
/* Refusals of the law. */						\
OUTCOME(OUT_EMAIL_TAKEN, 400, "email already registered",		\
    "email_taken", "user.refused", 0)					\
OUTCOME(OUT_INVITE_ONLY, 403, "registration is by invitation",		\
    "invitation_only", "user.refused", 0)				\
OUTCOME(OUT_REGISTRATION_CLOSED, 403, "registration is closed",		\
    "registration_closed", "user.refused", 0)				\
OUTCOME(OUT_BAD_CREDENTIALS, 401, "wrong email or password",		\
    "bad_credentials", "login.failed", 0)				\
OUTCOME(OUT_NO_SESSION, 403, "no session", "no_session",		\
    "session.refused", 0)						\
OUTCOME(OUT_NO_COOKIE, 403, "the browser kept no cookie",		\
    "no_cookie", "session.refused", 0)					\
OUTCOME(OUT_NO_SUCH_SESSION, 404, "no such session",			\
    "no_such_session", "session.refused", 0)				\
OUTCOME(OUT_WRONG_PASSWORD, 403, "wrong password", "wrong_password",	\
    "password.wrong", 0)						\
OUTCOME(OUT_REAUTH_REQUIRED, 403, "confirm your password first",	\
    "reauth_required", "session.refused", 0)				\
OUTCOME(OUT_TOO_OFTEN, 429,						\
    "too many wrong passwords or codes, try again later",		\
    "too_many_attempts", "limit.reached", -1)				\
OUTCOME(OUT_UNKNOWN_ADDRESS, 403, "unknown email", "unknown_email",	\
    "reset.refused", 0)							\
OUTCOME(OUT_BAD_RESET_TOKEN, 403, "invalid or used reset token",	\
    "bad_reset_token", "reset.refused", 0)				\
OUTCOME(OUT_BAD_TICKET, 403, "invalid or used link or code",		\
    "bad_ticket", "ticket.refused", 0)					\
OUTCOME(OUT_MAIL_TOO_OFTEN, 429, "too many mails, try again later",	\
    "too_many_mails", "limit.reached", -1)				\
OUTCOME(OUT_PASSWORD_SHORT, 400, " is shorter than 15 characters",	\
    "password_too_short", "password.refused", 0)			\
OUTCOME(OUT_PASSWORD_CONTEXT, 400,					\
    " is made of words of the site or the address: take others",	\
    "password_context", "password.refused", 0)				\
OUTCOME(OUT_PASSWORD_COMMON, 400,					\
    " is on the list of passwords that this site refuses",		\
    "password_common", "password.refused", 0)				\
OUTCOME(OUT_WEAK_WORDS, 400,						\
    " is too easy to guess: add words that are not often together",	\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_WEAK_REPEATS, 400,						\
    " is too easy to guess: add something that is not said twice",	\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_WEAK_SEQUENCE, 400,						\
    " is too easy to guess: add something that is in no sequence",	\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_WEAK_KEYS, 400,						\
    " is too easy to guess: add something that is no row of keys",	\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_WEAK_DATE, 400,						\
    " is too easy to guess: add something that is no date",		\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_WEAK_PLAIN, 400,						\
    " is too easy to guess: add a few words",				\
    "password_weak", "password.refused", 0)				\
OUTCOME(OUT_UNKNOWN_LANGUAGE, 400, " is none that this site speaks",	\
    "unknown_language", "field.refused", 0)				\
OUTCOME(OUT_OWN_ADDRESS, 400, " is the one that the account has",	\
    "own_address", "field.refused", 0)					\
OUTCOME(OUT_NO_MAIL, 503, "this site sends no mail yet",		\
    "mail_unavailable", "mail.unavailable", 3600)			\
/* Refusals of the gates. */						\
OUTCOME(OUT_FIELD_MISSING, 400, " is missing", "field_missing",		\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_EMPTY, 400, " is empty", "field_empty",		\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_TOO_LONG, 400, " is too long", "field_too_long",	\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_REPEATED, 400, " is given more than once",		\
    "field_repeated", "field.refused", 0)				\
OUTCOME(OUT_FIELD_MALFORMED, 400, " is not well formed",		\
    "field_malformed", "field.refused", 0)				\
OUTCOME(OUT_FIELD_TYPE, 400, " must be text", "field_type",		\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_NUL, 400, " holds a NUL character", "field_nul",	\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_UTF8, 400, " is not valid UTF-8", "field_utf8",	\
    "field.refused", 0)							\
OUTCOME(OUT_FIELD_IN_URL, 400, " belongs in the body, not in the URL",	\
    "field_in_url", "field.refused", 0)					\
OUTCOME(OUT_BODY_MALFORMED, 400, "the body is not well formed",		\
    "body_malformed", "request.refused", 0)				\
OUTCOME(OUT_BODY_CUT, 400,						\
    "the body has another length than announced", "body_length",	\
    "request.refused", 0)						\
OUTCOME(OUT_HEADER_REPEATED, 400, " is given more than once",		\
    "header_repeated", "request.refused", 0)				\
OUTCOME(OUT_HEADER_MALFORMED, 400, " is not well formed",		\
    "header_malformed", "request.refused", 0)				\
OUTCOME(OUT_TOO_MANY_FIELDS, 400, "more than 16 fields",		\
    "too_many_fields", "request.refused", 0)				\
OUTCOME(OUT_BODY_TOO_LARGE, 413, "the body is larger than 16 KiB",	\
    "body_too_large", "request.refused", 0)				\
OUTCOME(OUT_PARAMS_TOO_LARGE, 431, "the header is too large",		\
    "header_too_large", "request.refused", 0)				\
OUTCOME(OUT_CONTENT_TYPE, 415,						\
    "send application/json, application/x-www-form-urlencoded or "	\
    "multipart/form-data",						\
    "content_type", "request.refused", 0)				\
OUTCOME(OUT_NOT_FOUND, 404, "not found", "not_found",			\
    "request.refused", 0)						\
OUTCOME(OUT_METHOD, 405, "method not allowed", "method_not_allowed",	\
    "request.refused", 0)						\
OUTCOME(OUT_REMOTE, 403, "the compat profile serves loopback only",	\
    "loopback_only", "request.refused", 0)				\
OUTCOME(OUT_CROSS_SITE, 403,						\
    "refused: the request came from another site", "cross_site",	\
    "request.cross_site", 0)						\
/* Faults. */								\
OUTCOME(OUT_OVERLOADED, 503, "too busy, try again", "overloaded",	\
    "request.overloaded", 1)						\
OUTCOME(OUT_STORE_BUSY, 503, "too busy, try again", "overloaded",	\
    "store.busy", 1)							\
OUTCOME(OUT_FAULT, 500, "internal error", "internal_error",		\
    "request.fault", 0)

/*
 * What goes into the audit trail, one row each: the events above that matter
 * to security, and those of an administrator, who gets no outcome.
 *
 * EVENT(id, name, way)
 *
 * way: WITH_CHANGE, in the transaction of what it changes;
 *     BY_ITSELF, in one of its own that nobody waits for, and not without
 *     bound: what was refused, and what only reads;
 *     BY_ITSELF_ACTING, the same, but only of a request that acts: a check of
 *     a session costs no write, whatever comes of it.
 *
 * Not here, but in the log: what the gates refuse before anybody is known,
 * passwords that the policy refuses, overload and faults.
 */
#define EVENTS(EVENT)							\
EVENT(EVENT_USER_CREATED, "user.created", WITH_CHANGE)			\
EVENT(EVENT_LOGIN_SUCCEEDED, "login.succeeded", WITH_CHANGE)		\
EVENT(EVENT_LOGOUT, "logout", WITH_CHANGE)				\
EVENT(EVENT_RESET_STARTED, "reset.started", WITH_CHANGE)		\
EVENT(EVENT_RESET_FINISHED, "reset.finished", WITH_CHANGE)		\
EVENT(EVENT_SESSION_ENDED, "session.ended", WITH_CHANGE)		\
EVENT(EVENT_PASSWORD_CONFIRMED, "password.confirmed", WITH_CHANGE)	\
EVENT(EVENT_PASSWORD_CHANGED, "password.changed", WITH_CHANGE)		\
EVENT(EVENT_LANGUAGE_CHANGED, "language.changed", WITH_CHANGE)		\
EVENT(EVENT_USER_DELETED, "user.deleted", WITH_CHANGE)			\
EVENT(EVENT_REGISTRATION_STARTED, "registration.started", WITH_CHANGE)	\
EVENT(EVENT_ADDRESS_STARTED, "address.started", WITH_CHANGE)		\
EVENT(EVENT_ADDRESS_CHANGED, "address.changed", WITH_CHANGE)		\
EVENT(EVENT_ACCOUNT_RECOVERED, "account.recovered", WITH_CHANGE)	\
EVENT(EVENT_TICKET_REFUSED, "ticket.refused", BY_ITSELF)		\
EVENT(EVENT_PROFILE_EXPORTED, "profile.exported", BY_ITSELF)		\
EVENT(EVENT_USER_REFUSED, "user.refused", BY_ITSELF)			\
EVENT(EVENT_LOGIN_FAILED, "login.failed", BY_ITSELF)			\
EVENT(EVENT_PASSWORD_WRONG, "password.wrong", BY_ITSELF)		\
EVENT(EVENT_LIMIT_REACHED, "limit.reached", BY_ITSELF)			\
EVENT(EVENT_RESET_REFUSED, "reset.refused", BY_ITSELF)			\
EVENT(EVENT_SESSION_REFUSED, "session.refused", BY_ITSELF_ACTING)	\
/* An administrator's. */						\
EVENT(EVENT_USER_ADDED, "user.added", WITH_CHANGE)			\
EVENT(EVENT_USER_INVITED, "user.invited", WITH_CHANGE)			\
EVENT(EVENT_USER_IMPORTED, "user.imported", WITH_CHANGE)		\
EVENT(EVENT_USER_DISABLED, "user.disabled", WITH_CHANGE)		\
EVENT(EVENT_USER_ENABLED, "user.enabled", WITH_CHANGE)			\
EVENT(EVENT_USER_REMOVED, "user.removed", WITH_CHANGE)			\
EVENT(EVENT_USER_UNLOCKED, "user.unlocked", WITH_CHANGE)		\
EVENT(EVENT_GROUPS_CHANGED, "groups.changed", WITH_CHANGE)		\
EVENT(EVENT_PASSWORD_SET, "password.set", WITH_CHANGE)			\
EVENT(EVENT_RESET_MADE, "reset.made", WITH_CHANGE)			\
EVENT(EVENT_SESSIONS_ENDED, "sessions.ended", WITH_CHANGE)		\
EVENT(EVENT_STORE_RESTORED, "store.restored", WITH_CHANGE)

enum event {
#define EVENT_ID(id, name, way) id,
	EVENTS(EVENT_ID)
#undef EVENT_ID
};

enum way { WITH_CHANGE, BY_ITSELF, BY_ITSELF_ACTING };

enum outcome {
#define OUTCOME_ID(id, status, sentence, code, event, retry) id,
	OUTCOMES(OUTCOME_ID)
#undef OUTCOME_ID
};

#endif
