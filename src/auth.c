#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "clock.h"
#include "digest.h"
#include "mailbox.h"

#define INVITE_SECONDS	(NOTICE_INVITATION_MINUTES * 60)
#define DEVICE_SECONDS	(365 * 24 * 60 * 60)
#define PROOF_MS	(5 * 60 * 1000)
#define SEEN_EVERY_MS	(60 * 1000)

/* The hash is made before the address is looked at: it costs the same. */
static enum outcome
add_user(struct auth *auth, struct arena *a, const char *email,
    const char *password, enum event event, struct user *u)
{
	enum outcome why;

	*u = (struct user){ .email = email, .created_at = clock_ms() };
	if (!law_allows(auth, a, email, password, &why))
		return why;
	u->email_key = address_key(a, email);
	u->password_hash = law_hash(auth, a, password);
	if (u->email_key == NULL || u->password_hash == NULL)
		return OUT_FAULT;
	return law_outcome(store_user_add(auth->store, a, u,
	    law_entry(auth, a, event, NULL, NULL)), OUT_USER_CREATED,
	    OUT_EMAIL_TAKEN);
}

enum outcome
auth_user_add(struct auth *auth, struct arena *a, const char *email,
    const char *password)
{
	enum outcome outcome;
	struct limiter limits;
	struct user u;

	outcome = add_user(auth, a, email, password, EVENT_USER_ADDED, &u);
	if (outcome != OUT_USER_CREATED)
		return outcome;
	/* Who failed for the address when it was nobody's locks nobody out. */
	limiter_of_account(auth->conf, a, u.email_key, u.id, &limits);
	(void)store_limits_clear(auth->store, a, limits.item, limits.n,
	    NULL);
	return outcome;
}

/* Said before anything is looked at: the same to everybody. */
enum outcome
auth_register(struct auth *auth, struct arena *a, const char *email,
    const char *password, const struct caller *caller)
{
	struct user u;

	if (strcmp(auth->conf->registration, "invite") == 0)
		return OUT_INVITE_ONLY;
	if (strcmp(auth->conf->registration, "closed") == 0)
		return OUT_REGISTRATION_CLOSED;
	return auth->conf->rules->open ? add_user(auth, a, email, password,
	    EVENT_USER_CREATED, &u) :
	    mailbox_register(auth, a, email, password, caller);
}

/*
 * Costs one hash whether there is such a user or not.  Of an account that is
 * disabled even the right password takes what nobody's does.
 */
static enum outcome
verify(struct auth *auth, struct arena *a, const char *email,
    const char *password, struct user *u)
{
	enum store_status status;

	status = store_user_by_email(auth->store, a,
	    address_key(a, email), u);
	if (status != STORE_OK && status != STORE_GONE)
		return law_outcome(status, OUT_FAULT, OUT_FAULT);
	if (status == STORE_GONE || u->disabled_at != 0)
		u->password_hash = NULL;
	return law_compare(auth, password, u->password_hash, OUT_LOGGED_IN,
	    OUT_BAD_CREDENTIALS);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
idle_ms(const struct auth *auth)
{
	return (int64_t)auth->conf->session_idle * 1000;
}

struct login {
	const struct caller *caller;
	const char	*email;
	struct limiter	 limits;
	bool		 as_typed;	/* the hash is of that, not of NFC */
	bool		 known;		/* from this browser before */
};

/* OUT_CONFIRMED: whoever it is may try. */
static enum outcome
admit(struct auth *auth, struct arena *a, struct login *l)
{
	const char *key = address_key(a, l->email);
	const char *token = law_token_hash(a, l->caller->device);
	const char *device = NULL;
	enum store_status status = STORE_GONE;

	if (token != NULL)
		status = store_device_known(auth->store, a, token, key,
		    clock_ms(), &device);
	if (status != STORE_OK && status != STORE_GONE)
		return law_outcome(status, OUT_FAULT, OUT_FAULT);
	l->known = device != NULL;
	limiter_of_login(auth->conf, a, key, device, l->caller->host,
	    l->caller->network, &l->limits);
	return law_take_place(auth, a, &l->limits, OUT_TOO_OFTEN);
}

/* False where the profile does not know browsers again. */
static bool
new_device(const struct auth *auth, struct arena *a,
    const struct caller *caller, struct grant *out, struct device *d)
{
	out->device = NULL;
	if (auth->conf->device_cookie[0] == '\0')
		return false;
	out->device_seconds = DEVICE_SECONDS;
	*d = (struct device){ .token_hash = law_token(a, &out->device),
	    .former = law_token_hash(a, caller->device),
	    .expires_at = clock_ms() + DEVICE_SECONDS * INT64_C(1000) };
	return true;
}

/*
 * An owner is told of a browser that is new beside others; of the first one,
 * and of the first after a reset, they know.
 */
static const struct entry *
record_of_login(struct auth *auth, struct arena *a, const struct user *u,
    bool is_new)
{
	struct device others[STORE_DEVICES_MAX];
	size_t n = 0;

	if (!is_new || store_devices_of(auth->store, a, u->id, clock_ms(),
	    others, &n) != STORE_OK || n == 0)
		return law_entry(auth, a, EVENT_LOGIN_SUCCEEDED, u->id, NULL);
	return notice_owner(auth, a, EVENT_LOGIN_SUCCEEDED,
	    NOTICE_NEW_DEVICE, u);
}

/*
 * STORE_GONE: the account has another hash than the one just verified, or has
 * been disabled.
 */
static enum store_status
start_session(struct auth *auth, struct arena *a, const struct user *u,
    const char *password, const struct login *login, struct grant *out)
{
	const struct caller *caller = login->caller;
	struct session s = { .user_id = u->id, .created_at = clock_ms(),
	    .network = caller->network, .user_agent = caller->user_agent };
	struct session_start start = { .session = &s,
	    .verified_hash = u->password_hash,
	    .ended = law_token_hash(a, caller->token),
	    .most = auth->conf->session_limit, .limit = login->limits.item,
	    .limits = login->limits.n };
	struct device device;

	if ((login->as_typed ||
	    passwd_weaker(u->password_hash, &auth->conf->hashing)) &&
	    (start.better_hash = law_hash(auth, a, password)) == NULL)
		return STORE_FAULT;
	s.token_hash = law_token(a, &out->token);
	out->seconds = auth->conf->session_lifetime;
	s.ends_at = s.created_at + out->seconds * 1000;
	s.expires_at = sooner(s.ends_at, s.created_at + idle_ms(auth));
	if (new_device(auth, a, caller, out, &device))
		start.device = &device;
	start.record = record_of_login(auth, a, u,
	    start.device != NULL && !login->known);
	return store_session_start(auth->store, a, &start);
}

/*
 * What comes from elsewhere was made of the bytes that were typed, in whatever
 * form the keyboard gave.  They are tried whoever's hash it is, and nobody's:
 * it costs the same.
 */
static enum outcome
verify_login(struct auth *auth, struct arena *a, struct login *l,
    const char *password, struct user *u)
{
	enum outcome outcome;

	l->as_typed = false;
	outcome = verify(auth, a, l->email, password, u);
	if (outcome != OUT_BAD_CREDENTIALS || l->caller->typed == NULL)
		return outcome;
	outcome = law_compare(auth, l->caller->typed, u->password_hash,
	    OUT_LOGGED_IN, OUT_BAD_CREDENTIALS);
	l->as_typed = outcome == OUT_LOGGED_IN;
	return outcome;
}

/*
 * Another login may have put a stronger hash of the same password in place
 * meanwhile, or a reset another password: the second look tells.  Overtaken
 * twice, a password that was right is not called wrong.
 */
static enum outcome
log_in(struct auth *auth, struct arena *a, struct login *login,
    const char *password, struct grant *out)
{
	enum store_status status = STORE_GONE;
	enum outcome outcome;
	struct user u;
	int looks;

	for (looks = 0; looks < 2 && status == STORE_GONE; looks++) {
		outcome = verify_login(auth, a, login, password, &u);
		if (outcome != OUT_LOGGED_IN)
			return outcome;
		status = start_session(auth, a, &u, password, login, out);
	}
	return law_outcome(status, OUT_LOGGED_IN, OUT_STORE_BUSY);
}

enum outcome
auth_login(struct auth *auth, struct arena *a, const char *email,
    const char *password, const struct caller *caller, struct grant *out)
{
	struct login login = { .caller = caller, .email = email };
	enum outcome outcome;

	outcome = admit(auth, a, &login);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	outcome = log_in(auth, a, &login, password, out);
	/* The places of a session were given back as it began. */
	return outcome == OUT_LOGGED_IN ? outcome :
	    law_settle_place(auth, &login.limits, outcome);
}

/* Nobody waits for it: what a check writes must not cost it the disk. */
static void
note_seen(struct auth *auth, const struct session *s, int64_t now)
{
	int64_t before = now - SEEN_EVERY_MS;

	if (s->last_seen_at <= before)
		store_session_seen(auth->store, s, now,
		    sooner(s->ends_at, now + idle_ms(auth)), before);
}

enum outcome
auth_whose(struct auth *auth, struct arena *a, const struct caller *caller,
    struct session *out)
{
	int64_t now = clock_ms();
	enum outcome outcome;
	const char *hash;

	if ((hash = law_token_hash(a, caller->token)) == NULL)
		return OUT_NO_SESSION;
	outcome = law_outcome(store_session_by_token(auth->store, a, hash,
	    now, out), OUT_PROFILE, OUT_NO_SESSION);
	if (outcome == OUT_PROFILE && caller->present)
		note_seen(auth, out, now);
	return outcome;
}

/* A clock that was set back must not make a proof out of nothing. */
enum outcome
auth_proved(const struct session *s)
{
	int64_t age = clock_ms() - s->proved_at;

	return age >= 0 && age < PROOF_MS ? OUT_PROFILE :
	    OUT_REAUTH_REQUIRED;
}

enum outcome
auth_logout(struct auth *auth, struct arena *a, const struct session *s)
{
	return law_outcome(store_session_end(auth->store, a, s->token_hash,
	    law_entry(auth, a, EVENT_LOGOUT, s->user_id, NULL)),
	    OUT_LOGGED_OUT, OUT_NO_SESSION);
}

/* The hash of the hash: nobody gets from it to what the store looks up. */
const char *
auth_session_id(struct arena *a, const struct session *s)
{
	char *id;

	id = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	(void)digest_token_hash(s->token_hash, id);
	return id;
}

enum outcome
auth_sessions(struct auth *auth, struct arena *a, const struct session *mine,
    struct session **out, size_t *n)
{
	return law_outcome(store_sessions_of(auth->store, a, mine->user_id,
	    clock_ms(), out, n), OUT_SESSIONS, OUT_FAULT);
}

/* Only among one's own: what others have does not exist here. */
enum outcome
auth_session_end(struct auth *auth, struct arena *a,
    const struct session *mine, const char *id, bool *current)
{
	enum outcome outcome;
	struct session *list;
	size_t i, n;

	outcome = auth_sessions(auth, a, mine, &list, &n);
	if (outcome != OUT_SESSIONS)
		return outcome;
	for (i = 0; i < n; i++)
		if (strcmp(auth_session_id(a, &list[i]), id) == 0)
			break;
	if (i == n)
		return OUT_NO_SUCH_SESSION;
	*current = strcmp(list[i].token_hash, mine->token_hash) == 0;
	return law_outcome(store_session_revoke(auth->store, a,
	    list[i].token_hash,
	    law_entry(auth, a, EVENT_SESSION_ENDED, mine->user_id, NULL)),
	    OUT_SESSION_ENDED, OUT_NO_SUCH_SESSION);
}

enum outcome
auth_sessions_end_others(struct auth *auth, struct arena *a,
    const struct session *mine)
{
	return law_outcome(store_sessions_end_others(auth->store, a, mine,
	    law_entry(auth, a, EVENT_SESSION_ENDED, mine->user_id, NULL)),
	    OUT_SESSION_ENDED, OUT_FAULT);
}

static int
newer_first(const void *a, const void *b)
{
	const struct chain_row *one = a, *other = b;

	if (one->at != other->at)
		return one->at < other->at ? 1 : -1;
	return (one->seq < other->seq) - (one->seq > other->seq);
}

static enum store_status
add_events(struct auth *auth, struct arena *a, const char *user_id,
    int64_t since, struct holdings *out)
{
	enum store_status status;
	const char *account;
	size_t n;

	status = store_audit_account(auth->store, a, user_id,
	    out->account.user.email_key, &account);
	if (status == STORE_OK)
		status = store_audit_of_last(auth->store, a, account, since,
		    out->event + out->events, AUTH_EVENTS_MAX, &n);
	if (status == STORE_OK)
		out->events += n;
	return status == STORE_GONE ? STORE_OK : status;
}

/* moved_in: since when the account has its address. */
static enum store_status
find_events(struct auth *auth, struct arena *a, int64_t moved_in,
    struct holdings *out)
{
	const struct user *u = &out->account.user;
	enum store_status status;

	out->events = 0;
	status = add_events(auth, a, u->id, u->created_at, out);
	if (status == STORE_OK)
		status = add_events(auth, a, NULL, moved_in, out);
	qsort(out->event, out->events, sizeof(out->event[0]), newer_first);
	return status;
}

/* Somebody's account that is looked at. */
struct look {
	struct auth	*auth;
	struct arena	*arena;
	const char	*user_id;
	int64_t		 now;
	struct account	*account;
	struct holdings	*holdings;
};

static enum store_status
look_at_account(void *arg)
{
	const struct look *l = arg;
	struct account *to = l->account;
	enum store_status status;

	status = store_user_by_id(l->auth->store, l->arena, l->user_id,
	    &to->user);
	if (status == STORE_OK)
		status = store_sessions_of(l->auth->store, l->arena,
		    l->user_id, l->now, &to->session, &to->sessions);
	return status != STORE_OK ? status : store_groups(l->auth->store,
	    l->arena, l->user_id, to->group, &to->groups);
}

enum outcome
auth_account(struct auth *auth, struct arena *a, const struct session *s,
    struct account *out)
{
	struct look l = { .auth = auth, .arena = a, .user_id = s->user_id,
	    .now = clock_ms(), .account = out };

	return law_outcome(store_view(auth->store, look_at_account, &l),
	    OUT_PROFILE, OUT_NO_SESSION);
}

static enum store_status
look_when(const struct look *l, const char *account, enum event event,
    int64_t *at)
{
	return store_audit_when(l->auth->store, l->arena, account,
	    law_event(event), at);
}

/*
 * Since when the account has its address, as far back as the trail can tell:
 * before, that was somebody else's.  An account is recovered where it is, or
 * with an address from before a change: only where there was none for certain
 * it has not moved.
 */
static enum store_status
look_when_moved_in(const struct look *l, const struct user *u, int64_t *since)
{
	int days = l->auth->conf->audit_days;
	int64_t told = days > 0 ? l->now - days * CLOCK_DAY_MS : 0;
	int64_t changed = 0, recovered = 0;
	enum store_status status;
	const char *account;

	*since = later(u->created_at, told);
	status = store_audit_account(l->auth->store, l->arena, u->id, NULL,
	    &account);
	if (status == STORE_OK)
		status = look_when(l, account, EVENT_ADDRESS_CHANGED,
		    &changed);
	if (status == STORE_OK)
		status = look_when(l, account, EVENT_ACCOUNT_RECOVERED,
		    &recovered);
	if (changed > 0 || u->created_at < told)
		*since = later(*since, later(changed, recovered));
	return status == STORE_GONE ? STORE_OK : status;
}

static enum store_status
look_at_holdings(void *arg)
{
	const struct look *l = arg;
	struct holdings *to = l->holdings;
	enum store_status status;
	int64_t moved_in = 0;

	status = look_at_account(arg);
	if (status == STORE_OK)
		status = store_devices_of(l->auth->store, l->arena,
		    l->user_id, l->now, to->device, &to->devices);
	if (status == STORE_OK)
		status = look_when_moved_in(l, &to->account.user, &moved_in);
	if (status == STORE_OK)
		status = store_mails_to(l->auth->store, l->arena,
		    to->account.user.email_key, moved_in, to->mail,
		    AUTH_MAILS_MAX, &to->mails);
	return status != STORE_OK ? status : find_events(l->auth, l->arena,
	    moved_in, to);
}

enum outcome
auth_export(struct auth *auth, struct arena *a, const struct session *s,
    struct holdings *out)
{
	struct look l = { .auth = auth, .arena = a, .user_id = s->user_id,
	    .now = clock_ms(), .account = &out->account, .holdings = out };

	return law_outcome(store_view(auth->store, look_at_holdings, &l),
	    OUT_EXPORT, OUT_NO_SESSION);
}

/* OUT_CONFIRMED: this is the password of whose session it is. */
static enum outcome
verify_own(struct auth *auth, struct arena *a, const struct session *s,
    const char *password, struct user *u)
{
	struct limiter limits;
	enum outcome outcome;

	outcome = law_outcome(store_user_by_id(auth->store, a, s->user_id, u),
	    OUT_CONFIRMED, OUT_NO_SESSION);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	limiter_of_self(auth->conf, a, s->user_id, &limits);
	outcome = law_take_place(auth, a, &limits, OUT_TOO_OFTEN);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return law_settle_place(auth, &limits, law_compare(auth, password,
	    u->password_hash, OUT_CONFIRMED, OUT_WRONG_PASSWORD));
}

enum outcome
auth_confirm(struct auth *auth, struct arena *a, const struct session *s,
    const char *password)
{
	enum outcome outcome;
	struct user u;

	outcome = verify_own(auth, a, s, password, &u);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return law_outcome(store_session_proved(auth->store, a, s,
	    u.password_hash, clock_ms(), law_entry(auth, a,
	    EVENT_PASSWORD_CONFIRMED, s->user_id, NULL)), OUT_CONFIRMED,
	    OUT_NO_SESSION);
}

/*
 * The policy last: who does not know the password is not told what it wants,
 * but counts as a failure.
 */
enum outcome
auth_change_password(struct auth *auth, struct arena *a,
    const struct session *s, const char *current, const char *new_password)
{
	struct password_change change = { .user_id = s->user_id,
	    .kept = s->token_hash, .now = clock_ms() };
	enum outcome outcome;
	struct user u;

	outcome = verify_own(auth, a, s, current, &u);
	if (outcome != OUT_CONFIRMED ||
	    !law_allows(auth, a, s->email, new_password, &outcome))
		return outcome;
	change.verified_hash = u.password_hash;
	if ((change.new_hash = law_hash(auth, a, new_password)) == NULL)
		return OUT_FAULT;
	change.record = notice_owner(auth, a, EVENT_PASSWORD_CHANGED,
	    NOTICE_PASSWORD_CHANGED, &u);
	return law_outcome(store_password_change(auth->store, a, &change),
	    OUT_PASSWORD_CHANGED, OUT_WRONG_PASSWORD);
}

const char *
auth_language_tag(const struct user *u)
{
	return u->language[0] != '\0' ? u->language : AUTH_LANGUAGE_AUTO;
}

/* As an account has it; NULL: there is no catalogue of it. */
static const char *
chosen_language(const struct auth *auth, const char *tag)
{
	const struct lang *lang = auth->conf->lang;

	if (strcmp(tag, AUTH_LANGUAGE_AUTO) == 0)
		return "";
	return lang_has(lang, tag) ? lang_choose(lang, tag, NULL) : NULL;
}

enum outcome
auth_language(struct auth *auth, struct arena *a, const struct session *s,
    const char *tag)
{
	const char *chosen = chosen_language(auth, tag);

	if (chosen == NULL)
		return OUT_UNKNOWN_LANGUAGE;
	return law_outcome(store_user_language(auth->store, a, s->user_id,
	    chosen, law_entry(auth, a, EVENT_LANGUAGE_CHANGED, s->user_id,
	    NULL)), OUT_LANGUAGE_SET, OUT_NO_SESSION);
}

enum outcome
auth_delete(struct auth *auth, struct arena *a, const struct session *s,
    const char *password)
{
	enum outcome outcome;
	struct user u;

	outcome = verify_own(auth, a, s, password, &u);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return law_outcome(store_user_delete_own(auth->store, a, s,
	    u.password_hash, notice_owner(auth, a, EVENT_USER_DELETED,
	    NOTICE_ACCOUNT_DELETED, &u)), OUT_ACCOUNT_DELETED, OUT_NO_SESSION);
}

/* OUT_CONFIRMED: there is an account, and it has no password. */
static enum outcome
make_guest(struct auth *auth, struct arena *a, const char *email,
    const char *language)
{
	struct user u = { .email = email, .created_at = clock_ms(),
	    .email_key = address_key(a, email),
	    .password_hash = PASSWD_NONE, .language = language };
	enum store_status status;

	status = store_user_add(auth->store, a, &u,
	    law_entry(auth, a, EVENT_USER_INVITED, NULL, NULL));
	if (status != STORE_TAKEN)
		return law_outcome(status, OUT_CONFIRMED, OUT_FAULT);
	status = store_user_by_email(auth->store, a, u.email_key, &u);
	if (status == STORE_OK && strcmp(u.password_hash, PASSWD_NONE) != 0)
		return OUT_EMAIL_TAKEN;
	if (status == STORE_OK && language != NULL)
		status = store_user_language(auth->store, a, u.id, language,
		    law_entry(auth, a, EVENT_LANGUAGE_CHANGED, u.id, NULL));
	return law_outcome(status, OUT_CONFIRMED, OUT_UNKNOWN_ADDRESS);
}

/* What cannot be done is refused before there is an account. */
enum outcome
auth_invite(struct auth *auth, struct arena *a, const struct invitation *i,
    struct grant *out)
{
	const char *language = NULL;
	enum outcome outcome;

	if (i->mailed && !notice_possible(auth->conf))
		return OUT_NO_MAIL;
	if (i->language != NULL &&
	    (language = chosen_language(auth, i->language)) == NULL)
		return OUT_UNKNOWN_LANGUAGE;
	outcome = make_guest(auth, a, i->email, language);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return i->mailed ?
	    mailbox_reset_send(auth, a, i->email, NOTICE_INVITATION) :
	    mailbox_reset_make(auth, a, i->email, INVITE_SECONDS, out);
}

enum outcome
auth_user_password(struct auth *auth, struct arena *a, const char *email,
    const char *password)
{
	enum store_status status;
	const char *hash;
	struct limiter limits;
	enum outcome why;
	struct user u;

	if (!law_allows(auth, a, email, password, &why))
		return why;
	if ((hash = law_hash(auth, a, password)) == NULL)
		return OUT_FAULT;
	status = store_user_by_email(auth->store, a,
	    address_key(a, email), &u);
	if (status == STORE_OK) {
		limiter_of_account(auth->conf, a, u.email_key, u.id, &limits);
		status = store_user_password(auth->store, a, &u, hash,
		    limits.item, limits.n, notice_owner(auth, a,
		    EVENT_PASSWORD_SET, NOTICE_PASSWORD_CHANGED, &u));
	}
	return law_outcome(status, OUT_PASSWORD_UPDATED, OUT_UNKNOWN_ADDRESS);
}

enum outcome
auth_user_unlock(struct auth *auth, struct arena *a, const struct user *u)
{
	struct device known[STORE_DEVICES_MAX];
	enum store_status status;
	struct limiter limits;
	size_t i, n;

	limiter_of_account(auth->conf, a, u->email_key, u->id, &limits);
	status = store_devices_of(auth->store, a, u->id, clock_ms(), known,
	    &n);
	for (i = 0; status == STORE_OK && i < n; i++)
		limiter_add_device(auth->conf, a, u->email_key,
		    store_device_name(a, u->id, &known[i]), &limits);
	if (status == STORE_OK)
		status = store_limits_clear(auth->store, a, limits.item,
		    limits.n, law_entry(auth, a, EVENT_USER_UNLOCKED, u->id,
		    NULL));
	return law_outcome(status, OUT_CONFIRMED, OUT_FAULT);
}
