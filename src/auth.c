#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "limiter.h"
#include "policy.h"
#include "text.h"
#include "unicode.h"

#define RESET_SECONDS	(60 * 60)
#define INVITE_SECONDS	(24 * 60 * 60)
#define DEVICE_SECONDS	(365 * 24 * 60 * 60)
#define PROOF_MS	(5 * 60 * 1000)
#define SEEN_EVERY_MS	(60 * 1000)
#define LABEL_MAX	63

/* Addresses. */

static bool
local_part(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!text_is_alnum(s[i]) &&
		    strchr(".!#$%&'*+/=?^_`{|}~-", s[i]) == NULL)
			return false;
	return len >= 1;
}

static bool
label(struct slice s)
{
	size_t i;

	if (s.len < 1 || s.len > LABEL_MAX)
		return false;
	for (i = 0; i < s.len; i++)
		if (!text_is_alnum(s.ptr[i]) && s.ptr[i] != '-')
			return false;
	return s.ptr[0] != '-' && s.ptr[s.len - 1] != '-';
}

static bool
host_name(const char *s)
{
	struct slice rest = { s, strlen(s) }, part;

	while (text_next_part(&rest, '.', &part))
		if (!label(part))
			return false;
	return true;
}

/* What is ASCII already is not IDNA's to judge: r3---x.example exists. */
static char *
ascii_domain(struct arena *a, const char *domain)
{
	const char *p;
	char *lower;

	for (p = domain; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return unicode_domain(a, domain);
	lower = arena_strdup(a, domain);
	text_lower_all(lower);
	return lower;
}

char *
auth_email_address(struct arena *a, const char *email)
{
	const char *at;
	char *domain, *address;

	at = strchr(email, '@');
	if (at == NULL || !local_part(email, (size_t)(at - email)))
		return NULL;
	domain = ascii_domain(a, at + 1);
	if (domain == NULL || !host_name(domain))
		return NULL;
	address = arena_printf(a, "%.*s@%s", (int)(at - email), email,
	    domain);
	return strlen(address) <= AUTH_EMAIL_MAX ? address : NULL;
}

char *
auth_email_key(struct arena *a, const char *email)
{
	char *key = auth_email_address(a, email);

	if (key != NULL)
		text_lower_all(key);
	return key;
}

/* What the store says where the law has no answer of its own. */
static enum outcome
outcome_of(enum store_status status, enum outcome good, enum outcome gone)
{
	switch (status) {
	case STORE_OK:
		return good;
	case STORE_GONE:
	case STORE_TAKEN:
		return gone;
	case STORE_BUSY:
		return OUT_STORE_BUSY;
	case STORE_FULL:
	case STORE_FAULT:
		break;
	}
	return OUT_FAULT;
}

/* The audit trail. */

static const struct {
	const char	*name;
	enum way	 way;
} events[] = {
#define ROW(id, name_, way_) [id] = { .name = (name_), .way = (way_) },
	EVENTS(ROW)
#undef ROW
};

#define EVENT_COUNT	(sizeof(events) / sizeof(events[0]))

const struct entry *
auth_entry(const struct auth *auth, struct arena *a, enum event event,
    const char *user_id, const char *email_key)
{
	struct entry *entry;

	entry = arena_alloc(a, sizeof(*entry));
	*entry = auth->scene;
	entry->at = clock_ms();
	entry->event = events[event].name;
	entry->result = "done";
	entry->user_id = user_id;
	entry->email_key = email_key;
	return entry;
}

static bool
is_on_record(const struct refusal *r)
{
	size_t i;

	for (i = 0; i < EVENT_COUNT; i++)
		if (strcmp(events[i].name, r->event) == 0)
			return events[i].way == BY_ITSELF ||
			    (events[i].way == BY_ITSELF_ACTING && r->acts);
	return false;
}

void
auth_record(struct auth *auth, struct arena *a, const struct refusal *r)
{
	struct entry entry = auth->scene;

	if (!is_on_record(r))
		return;
	entry.event = r->event;
	entry.result = r->code;
	entry.user_id = r->user_id;
	entry.email_key = r->email != NULL ? auth_email_key(a, r->email) :
	    NULL;
	store_record(auth->store, a, &entry);
}

/* Of all who may choose one, nobody has a second factor yet. */
static bool
allowed(const struct auth *auth, struct arena *a, const char *email,
    const char *password, enum outcome *why)
{
	return policy_allows(auth->conf, a, auth->conf->rules->password_min,
	    email, password, why);
}

static const char *
new_hash(struct auth *auth, struct arena *a, const char *password)
{
	char *hash;

	hash = arena_alloc(a, PASSWD_HASH_MAX);
	return passwd_hash(auth->passwd, password, &auth->conf->hashing,
	    hash) ? hash : NULL;
}

/* Its hash; the token itself goes to *token. */
static const char *
new_token(struct arena *a, char **token)
{
	char *hash;

	hash = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	*token = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	digest_token(*token);
	(void)digest_token_hash(*token, hash);
	return hash;
}

/* NULL for whatever no token of ours looks like. */
static const char *
hash_of(struct arena *a, const char *token)
{
	char *hash;

	hash = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	return token != NULL && digest_token_hash(token, hash) ? hash : NULL;
}

/* The hash is made before the address is looked at: it costs the same. */
static enum outcome
add_user(struct auth *auth, struct arena *a, const char *email,
    const char *password, enum event event, struct user *u)
{
	enum outcome why;

	*u = (struct user){ .email = email, .created_at = clock_ms() };
	if (!allowed(auth, a, email, password, &why))
		return why;
	u->email_key = auth_email_key(a, email);
	u->password_hash = new_hash(auth, a, password);
	if (u->email_key == NULL || u->password_hash == NULL)
		return OUT_FAULT;
	return outcome_of(store_user_add(auth->store, a, u,
	    auth_entry(auth, a, event, NULL, NULL)), OUT_USER_CREATED,
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

/* hash NULL is nobody's, and costs as much as anybody's. */
static enum outcome
compare(struct auth *auth, const char *password, const char *hash,
    enum outcome right, enum outcome wrong)
{
	switch (passwd_verify(auth->passwd, password, hash,
	    &auth->conf->hashing)) {
	case PASSWD_MATCH:
		return right;
	case PASSWD_DIFFERS:
		return wrong;
	case PASSWD_FAULT:
		break;
	}
	return OUT_FAULT;
}

/* OUT_CONFIRMED: there is room for this guess. */
static enum outcome
take_place(struct auth *auth, struct arena *a, const struct limiter *limits)
{
	return outcome_of(store_limits_take(auth->store, a, limits->item,
	    limits->n, clock_ms(), &auth->wait_ms), OUT_CONFIRMED,
	    OUT_TOO_OFTEN);
}

/*
 * A fault is nobody's failure: its place is given back.  Nor is it a success,
 * and whoever can bring it about must not empty a bucket by it.
 */
static enum outcome
settle_place(struct auth *auth, struct limiter *limits, enum outcome outcome)
{
	size_t i;

	if (outcome == OUT_BAD_CREDENTIALS || outcome == OUT_WRONG_PASSWORD)
		return outcome;
	for (i = 0; outcome != OUT_CONFIRMED && i < limits->n; i++)
		limits->item[i].clears = false;
	store_limits_give(auth->store, limits->item, limits->n);
	return outcome;
}

/* Said before anything is looked at: the same to everybody. */
enum outcome
auth_register(struct auth *auth, struct arena *a, const char *email,
    const char *password)
{
	struct user u;

	if (strcmp(auth->conf->registration, "invite") == 0)
		return OUT_INVITE_ONLY;
	if (strcmp(auth->conf->registration, "closed") == 0)
		return OUT_REGISTRATION_CLOSED;
	return auth->conf->rules->open ? add_user(auth, a, email, password,
	    EVENT_USER_CREATED, &u) : OUT_NO_MAIL;
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
	    auth_email_key(a, email), u);
	if (status != STORE_OK && status != STORE_GONE)
		return outcome_of(status, OUT_FAULT, OUT_FAULT);
	if (status == STORE_GONE || u->disabled_at != 0)
		u->password_hash = NULL;
	return compare(auth, password, u->password_hash, OUT_LOGGED_IN,
	    OUT_BAD_CREDENTIALS);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
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
};

/* OUT_CONFIRMED: whoever it is may try. */
static enum outcome
admit(struct auth *auth, struct arena *a, struct login *l)
{
	const char *key = auth_email_key(a, l->email);
	const char *token = hash_of(a, l->caller->device), *device = NULL;
	enum store_status status = STORE_GONE;

	if (token != NULL)
		status = store_device_known(auth->store, a, token, key,
		    clock_ms(), &device);
	if (status != STORE_OK && status != STORE_GONE)
		return outcome_of(status, OUT_FAULT, OUT_FAULT);
	limiter_of_login(auth->conf, a, key, device, l->caller->host,
	    l->caller->network, &l->limits);
	return take_place(auth, a, &l->limits);
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
	*d = (struct device){ .token_hash = new_token(a, &out->device),
	    .former = hash_of(a, caller->device),
	    .expires_at = clock_ms() + DEVICE_SECONDS * INT64_C(1000) };
	return true;
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
	    .ended = hash_of(a, caller->token),
	    .most = auth->conf->session_limit, .limit = login->limits.item,
	    .limits = login->limits.n };
	struct device device;

	if ((login->as_typed ||
	    passwd_weaker(u->password_hash, &auth->conf->hashing)) &&
	    (start.better_hash = new_hash(auth, a, password)) == NULL)
		return STORE_FAULT;
	s.token_hash = new_token(a, &out->token);
	out->seconds = auth->conf->session_lifetime;
	s.ends_at = s.created_at + out->seconds * 1000;
	s.expires_at = sooner(s.ends_at, s.created_at + idle_ms(auth));
	if (new_device(auth, a, caller, out, &device))
		start.device = &device;
	start.record = auth_entry(auth, a, EVENT_LOGIN_SUCCEEDED, u->id,
	    NULL);
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
	outcome = compare(auth, l->caller->typed, u->password_hash,
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
	return outcome_of(status, OUT_LOGGED_IN, OUT_STORE_BUSY);
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
	    settle_place(auth, &login.limits, outcome);
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

	if ((hash = hash_of(a, caller->token)) == NULL)
		return OUT_NO_SESSION;
	outcome = outcome_of(store_session_by_token(auth->store, a, hash,
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
	return outcome_of(store_session_end(auth->store, a, s->token_hash,
	    auth_entry(auth, a, EVENT_LOGOUT, s->user_id, NULL)),
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
	return outcome_of(store_sessions_of(auth->store, a, mine->user_id,
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
	return outcome_of(store_session_end(auth->store, a,
	    list[i].token_hash,
	    auth_entry(auth, a, EVENT_SESSION_ENDED, mine->user_id, NULL)),
	    OUT_SESSION_ENDED, OUT_NO_SUCH_SESSION);
}

enum outcome
auth_sessions_end_others(struct auth *auth, struct arena *a,
    const struct session *mine)
{
	return outcome_of(store_sessions_end_others(auth->store, a, mine,
	    auth_entry(auth, a, EVENT_SESSION_ENDED, mine->user_id, NULL)),
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

/* Since there is the account: before, the address was somebody else's. */
static enum store_status
add_events(struct auth *auth, struct arena *a, const char *user_id,
    struct account *out)
{
	enum store_status status;
	const char *account;
	size_t n;

	status = store_audit_account(auth->store, a, user_id,
	    out->user.email_key, &account);
	if (status == STORE_OK)
		status = store_audit_of_last(auth->store, a, account,
		    out->user.created_at, out->event + out->events,
		    AUTH_EVENTS_MAX, &n);
	if (status == STORE_OK)
		out->events += n;
	return status == STORE_GONE ? STORE_OK : status;
}

static enum store_status
find_events(struct auth *auth, struct arena *a, struct account *out)
{
	enum store_status status;

	out->events = 0;
	status = add_events(auth, a, out->user.id, out);
	if (status == STORE_OK)
		status = add_events(auth, a, NULL, out);
	qsort(out->event, out->events, sizeof(out->event[0]), newer_first);
	return status;
}

enum outcome
auth_export(struct auth *auth, struct arena *a, const struct session *s,
    struct account *out)
{
	enum store_status status;

	status = store_user_by_id(auth->store, a, s->user_id, &out->user);
	if (status == STORE_OK)
		status = store_groups(auth->store, a, s->user_id, out->group,
		    &out->groups);
	if (status == STORE_OK)
		status = store_devices_of(auth->store, a, s->user_id,
		    clock_ms(), out->device, &out->devices);
	if (status == STORE_OK)
		status = find_events(auth, a, out);
	return outcome_of(status, OUT_EXPORT, OUT_NO_SESSION);
}

/* OUT_CONFIRMED: this is the password of whose session it is. */
static enum outcome
verify_own(struct auth *auth, struct arena *a, const struct session *s,
    const char *password, struct user *u)
{
	struct limiter limits;
	enum outcome outcome;

	outcome = outcome_of(store_user_by_id(auth->store, a, s->user_id, u),
	    OUT_CONFIRMED, OUT_NO_SESSION);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	limiter_of_self(auth->conf, a, s->user_id, &limits);
	outcome = take_place(auth, a, &limits);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return settle_place(auth, &limits, compare(auth, password,
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
	return outcome_of(store_session_proved(auth->store, a, s,
	    u.password_hash, clock_ms(), auth_entry(auth, a,
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
	    !allowed(auth, a, s->email, new_password, &outcome))
		return outcome;
	change.verified_hash = u.password_hash;
	if ((change.new_hash = new_hash(auth, a, new_password)) == NULL)
		return OUT_FAULT;
	change.record = auth_entry(auth, a, EVENT_PASSWORD_CHANGED,
	    s->user_id, NULL);
	return outcome_of(store_password_change(auth->store, a, &change),
	    OUT_PASSWORD_CHANGED, OUT_WRONG_PASSWORD);
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
	return outcome_of(store_user_delete_own(auth->store, a, s,
	    u.password_hash,
	    auth_entry(auth, a, EVENT_USER_DELETED, s->user_id, NULL)),
	    OUT_ACCOUNT_DELETED, OUT_NO_SESSION);
}

static enum outcome
make_reset(struct auth *auth, struct arena *a, const char *email,
    enum event event, int64_t seconds, struct grant *out)
{
	struct reset r = { .created_at = clock_ms() };

	r.email_key = auth_email_key(a, email);
	r.token_hash = new_token(a, &out->token);
	out->seconds = seconds;
	r.expires_at = r.created_at + out->seconds * 1000;
	return outcome_of(store_reset_add(auth->store, a, &r,
	    auth_entry(auth, a, event, NULL, r.email_key)),
	    OUT_RESET_STARTED, OUT_UNKNOWN_ADDRESS);
}

enum outcome
auth_reset_make(struct auth *auth, struct arena *a, const char *email,
    struct grant *out)
{
	return make_reset(auth, a, email, EVENT_RESET_MADE, RESET_SECONDS,
	    out);
}

enum outcome
auth_invite(struct auth *auth, struct arena *a, const char *email,
    struct grant *out)
{
	struct user u = { .email = email, .created_at = clock_ms(),
	    .email_key = auth_email_key(a, email),
	    .password_hash = PASSWD_NONE };
	enum store_status status;

	status = store_user_add(auth->store, a, &u,
	    auth_entry(auth, a, EVENT_USER_INVITED, NULL, NULL));
	if (status == STORE_TAKEN)
		status = store_user_by_email(auth->store, a, u.email_key, &u);
	if (status != STORE_OK)
		return outcome_of(status, OUT_FAULT, OUT_FAULT);
	return strcmp(u.password_hash, PASSWD_NONE) != 0 ? OUT_EMAIL_TAKEN :
	    make_reset(auth, a, email, EVENT_RESET_MADE, INVITE_SECONDS, out);
}

enum outcome
auth_reset_begin(struct auth *auth, struct arena *a, const char *email,
    struct grant *out)
{
	return auth->conf->rules->open ? make_reset(auth, a, email,
	    EVENT_RESET_STARTED, RESET_SECONDS, out) : OUT_NO_MAIL;
}

/*
 * A token that will not do is refused before the hash is made: nobody
 * guesses 256 bits, so there is nothing to hide, and no work to give away.
 */
enum outcome
auth_reset_finish(struct auth *auth, struct arena *a, const char *email,
    const char *token, const char *new_password)
{
	struct reset_use use = { .now = clock_ms() };
	enum store_status status;
	struct limiter limits;
	const char *user_id;
	enum outcome why;

	if (!allowed(auth, a, email, new_password, &why))
		return why;
	use.email_key = auth_email_key(a, email);
	if ((use.token_hash = hash_of(a, token)) == NULL)
		return OUT_BAD_RESET_TOKEN;
	status = store_reset_pending(auth->store, a, use.token_hash,
	    use.email_key, use.now, &user_id);
	if (status != STORE_OK)
		return outcome_of(status, OUT_FAULT, OUT_BAD_RESET_TOKEN);
	limiter_of_account(auth->conf, a, use.email_key, user_id, &limits);
	use.limit = limits.item;
	use.limits = limits.n;
	if ((use.password_hash = new_hash(auth, a, new_password)) == NULL)
		return OUT_FAULT;
	use.now = clock_ms();
	use.record = auth_entry(auth, a, EVENT_RESET_FINISHED, user_id, NULL);
	return outcome_of(store_reset_use(auth->store, a, &use),
	    OUT_PASSWORD_UPDATED, OUT_BAD_RESET_TOKEN);
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

	if (!allowed(auth, a, email, password, &why))
		return why;
	if ((hash = new_hash(auth, a, password)) == NULL)
		return OUT_FAULT;
	status = store_user_by_email(auth->store, a,
	    auth_email_key(a, email), &u);
	if (status == STORE_OK) {
		limiter_of_account(auth->conf, a, u.email_key, u.id, &limits);
		status = store_user_password(auth->store, a, &u, hash,
		    limits.item, limits.n,
		    auth_entry(auth, a, EVENT_PASSWORD_SET, u.id, NULL));
	}
	return outcome_of(status, OUT_PASSWORD_UPDATED, OUT_UNKNOWN_ADDRESS);
}

enum outcome
auth_user_unlock(struct auth *auth, struct arena *a, const struct user *u)
{
	struct limiter limits;

	limiter_of_account(auth->conf, a, u->email_key, u->id, &limits);
	return outcome_of(store_limits_clear(auth->store, a, limits.item,
	    limits.n, auth_entry(auth, a, EVENT_USER_UNLOCKED, u->id, NULL)),
	    OUT_CONFIRMED, OUT_FAULT);
}
