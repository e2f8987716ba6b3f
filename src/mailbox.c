#include "mailbox.h"

#include <string.h>

#include "address.h"
#include "clock.h"

/* OUT_CONFIRMED: one more mail may be written to this address. */
static enum outcome
admit(struct auth *auth, struct arena *a, bool resets, const char *email_key,
    const struct caller *caller, struct limiter *limits)
{
	if (!notice_possible(auth->conf))
		return OUT_NO_MAIL;
	limiter_of_mail(auth->conf, a, resets, email_key, caller->host,
	    caller->network, limits);
	return law_take_place(auth, a, limits, OUT_MAIL_TOO_OFTEN);
}

/* A mail that was not written, for whatever fault, has taken nobody's place. */
static enum outcome
settle(struct auth *auth, const struct limiter *limits, enum outcome outcome,
    enum outcome good)
{
	if (outcome != good)
		store_limits_give(auth->store, limits->item, limits->n);
	return outcome;
}

/* s: it is asked in this session; NULL: in none. */
static enum outcome
post(struct auth *auth, struct arena *a, const struct entry *record,
    const struct session *s, enum outcome good)
{
	return law_outcome(s == NULL ? store_post(auth->store, a, record) :
	    store_session_post(auth->store, a, s, record), good,
	    s == NULL ? OUT_FAULT : OUT_NO_SESSION);
}

/* Who has the address, as far as anybody may be written to: STORE_GONE. */
static enum store_status
owner_of(struct auth *auth, struct arena *a, const char *email_key,
    struct user *out)
{
	enum store_status status;

	status = store_user_by_email(auth->store, a, email_key, out);
	return status == STORE_OK && out->disabled_at != 0 ? STORE_GONE :
	    status;
}

/*
 * Two notices of which the address gets one: there is an account, or not.
 * Of one that is disabled nobody is told.
 */
static enum outcome
ask(struct auth *auth, struct arena *a, const struct entry *record,
    const struct session *s, const struct user *about, enum notice taken,
    enum notice free, enum outcome good)
{
	struct user owner, told = *about;
	enum store_status status;
	const char *to;

	status = store_user_by_email(auth->store, a, about->email_key,
	    &owner);
	if (status != STORE_OK && status != STORE_GONE)
		return law_outcome(status, OUT_FAULT, OUT_FAULT);
	if (status == STORE_GONE)
		record = notice_post(auth, a, record, free, about,
		    about->email);
	else {
		to = owner.disabled_at == 0 ? owner.email : NULL;
		told.language = owner.language;
		record = notice_post(auth, a, record, taken, &told, to);
	}
	return post(auth, a, record, s, good);
}

static enum outcome
hash_and_ask(struct auth *auth, struct arena *a, struct user *u,
    const char *password)
{
	if ((u->password_hash = law_hash(auth, a, password)) == NULL)
		return OUT_FAULT;
	return ask(auth, a, law_entry(auth, a, EVENT_REGISTRATION_STARTED,
	    NULL, u->email_key), NULL, u, NOTICE_REGISTRATION_TAKEN,
	    NOTICE_REGISTRATION, OUT_CHECK_MAIL);
}

enum outcome
mailbox_register(struct auth *auth, struct arena *a, const char *email,
    const char *password, const struct caller *caller)
{
	struct user u = { .id = "", .email = email };
	struct limiter limits;
	enum outcome outcome;

	if (!notice_possible(auth->conf))
		return OUT_NO_MAIL;
	if (!law_allows(auth, a, email, password, &outcome))
		return outcome;
	u.email_key = address_key(a, email);
	outcome = admit(auth, a, false, u.email_key, caller, &limits);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return settle(auth, &limits, hash_and_ask(auth, a, &u, password),
	    OUT_CHECK_MAIL);
}

/* What somebody shows, and what is said where there is no such ticket. */
struct claim {
	const char	*kind;
	const char	*email;		/* NULL: the token is no code */
	const char	*token;
	const struct caller *caller;	/* of who has a code */
	enum outcome	 refused;
};

/* *hash of the ticket that has this code: OUT_CONFIRMED. */
static enum outcome
look_up_code(struct auth *auth, struct arena *a, const struct claim *c,
    const char *email_key, const char **hash)
{
	const struct ticket code = { .kind = c->kind, .email_key = email_key,
	    .created_at = clock_ms(),
	    .code_hash = notice_code_hash(auth->conf, a, c->kind, email_key,
	    c->token) };
	enum store_status status;
	struct limiter limits;

	if (code.code_hash == NULL)
		return c->refused;
	limiter_of_code(auth->conf, a, c->caller->host, c->caller->network,
	    &limits);
	auth->stopped = false;
	status = store_ticket_by_code(auth->store, a, &code, limits.item,
	    limits.n, &auth->wait_ms, hash);
	return law_outcome(status, OUT_CONFIRMED, auth->wait_ms > 0 ?
	    OUT_TOO_OFTEN : c->refused);
}

/* The live ticket that a token, or a code beside an address, is of. */
static enum outcome
find(struct auth *auth, struct arena *a, const struct claim *c,
    struct ticket *out)
{
	const char *key = c->email != NULL ? address_key(a, c->email) : NULL;
	const char *hash = law_token_hash(a, c->token);
	enum outcome outcome = OUT_CONFIRMED;
	enum store_status status;

	*out = (struct ticket){ .user_id = "", .email = "",
	    .email_key = "" };
	if (hash == NULL)
		outcome = key == NULL ? c->refused :
		    look_up_code(auth, a, c, key, &hash);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	status = store_ticket_pending(auth->store, a, c->kind, hash,
	    clock_ms(), out);
	if (status == STORE_OK && key != NULL &&
	    strcmp(key, out->email_key) != 0)
		status = STORE_GONE;
	return law_outcome(status, OUT_CONFIRMED, c->refused);
}

enum outcome
mailbox_confirm(struct auth *auth, struct arena *a, const char *email,
    const char *token, const struct caller *caller, const char **who)
{
	const struct claim claim = { .kind = TICKET_REGISTRATION,
	    .email = email, .token = token, .caller = caller,
	    .refused = OUT_BAD_TICKET };
	struct ticket_use use = { .now = clock_ms(),
	    .password_hash = PASSWD_NONE };
	struct limiter limits;
	enum outcome outcome;
	struct ticket t;
	struct user u;

	outcome = find(auth, a, &claim, &t);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	/* Who failed for the address when it was nobody's locks nobody out. */
	limiter_of_account(auth->conf, a, t.email_key, "", &limits);
	use.token_hash = t.token_hash;
	use.limit = limits.item;
	use.limits = limits.n;
	use.record = law_entry(auth, a, EVENT_USER_CREATED, NULL, NULL);
	*who = t.email;
	outcome = law_outcome(store_registration_use(auth->store, a, &use,
	    &u), OUT_USER_CREATED, OUT_BAD_TICKET);
	return outcome == OUT_USER_CREATED && strcmp(u.password_hash,
	    PASSWD_NONE) == 0 ? OUT_USER_ASKED_TWICE : outcome;
}

static enum outcome
make_reset(struct auth *auth, struct arena *a, const char *email,
    enum event event, int64_t seconds, struct grant *out)
{
	struct posting p = { .ticket = { .kind = TICKET_RESET,
	    .password_hash = "", .code_hash = "" } };
	struct entry record;
	enum store_status status;
	struct user u;

	status = owner_of(auth, a, address_key(a, email), &u);
	if (status != STORE_OK)
		return law_outcome(status, OUT_FAULT, OUT_UNKNOWN_ADDRESS);
	record = *law_entry(auth, a, event, u.id, NULL);
	record.posting = &p;
	out->seconds = seconds;
	p.ticket.token_hash = law_token(a, &out->token);
	p.ticket.user_id = u.id;
	p.ticket.email = u.email;
	p.ticket.email_key = u.email_key;
	p.ticket.language = u.language;
	p.ticket.created_at = record.at;
	p.ticket.expires_at = record.at + seconds * 1000;
	return law_outcome(store_post(auth->store, a, &record),
	    OUT_RESET_STARTED, OUT_UNKNOWN_ADDRESS);
}

enum outcome
mailbox_reset_make(struct auth *auth, struct arena *a, const char *email,
    int64_t seconds, struct grant *out)
{
	return make_reset(auth, a, email, EVENT_RESET_MADE, seconds, out);
}

enum outcome
mailbox_reset_send(struct auth *auth, struct arena *a, const char *email,
    enum notice id)
{
	enum store_status status;
	struct user u;

	if (!notice_possible(auth->conf))
		return OUT_NO_MAIL;
	status = owner_of(auth, a, address_key(a, email), &u);
	if (status == STORE_OK)
		status = store_post(auth->store, a, notice_owner(auth, a,
		    EVENT_RESET_MADE, id, &u));
	return law_outcome(status, OUT_RESET_MAILED, OUT_UNKNOWN_ADDRESS);
}

static enum outcome
ask_for_reset(struct auth *auth, struct arena *a, const struct user *nobody)
{
	const struct entry *record;
	enum store_status status;
	struct user u;

	status = owner_of(auth, a, nobody->email_key, &u);
	if (status != STORE_OK && status != STORE_GONE)
		return law_outcome(status, OUT_FAULT, OUT_FAULT);
	if (status == STORE_GONE)
		u = *nobody;
	record = notice_post(auth, a, law_entry(auth, a, EVENT_RESET_STARTED,
	    NULL, u.email_key), NOTICE_RESET, &u,
	    status == STORE_OK ? u.email : NULL);
	return post(auth, a, record, NULL, OUT_RESET_MAILED);
}

static enum outcome
mail_reset(struct auth *auth, struct arena *a, const char *email,
    const struct caller *caller)
{
	const struct user nobody = { .id = "", .email = email,
	    .email_key = address_key(a, email) };
	struct limiter limits;
	enum outcome outcome;

	outcome = admit(auth, a, true, nobody.email_key, caller, &limits);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return settle(auth, &limits, ask_for_reset(auth, a, &nobody),
	    OUT_RESET_MAILED);
}

enum outcome
mailbox_reset_begin(struct auth *auth, struct arena *a, const char *email,
    const struct caller *caller, struct grant *out)
{
	out->token = NULL;
	return !auth->conf->rules->open ? mail_reset(auth, a, email, caller) :
	    make_reset(auth, a, email, EVENT_RESET_STARTED,
	    MAILBOX_RESET_SECONDS, out);
}

static enum outcome
use_ticket(struct auth *auth, struct arena *a, const struct ticket *t,
    struct ticket_use *use, enum outcome good, enum outcome refused)
{
	struct limiter *limits = arena_alloc(a, sizeof(*limits));

	limiter_of_account(auth->conf, a, t->email_key, t->user_id, limits);
	use->kind = t->kind;
	use->token_hash = t->token_hash;
	use->email_key = t->email_key;
	use->now = clock_ms();
	use->limit = limits->item;
	use->limits = limits->n;
	return law_outcome(store_ticket_use(auth->store, a, use), good,
	    refused);
}

/* The account of a ticket, as a notice to its owner is about it. */
static enum outcome
account_of(struct auth *auth, struct arena *a, const struct ticket *t,
    enum outcome refused, struct user *out)
{
	return law_outcome(store_user_by_id(auth->store, a, t->user_id, out),
	    OUT_CONFIRMED, refused);
}

/*
 * A token that will not do is refused before the hash is made: nobody
 * guesses 256 bits, and a code has three tries, so there is nothing to hide,
 * and no work to give away.
 */
enum outcome
mailbox_reset_finish(struct auth *auth, struct arena *a, const char *email,
    const char *token, const char *new_password, const struct caller *caller)
{
	const struct claim claim = { .kind = TICKET_RESET, .email = email,
	    .token = token, .caller = caller,
	    .refused = OUT_BAD_RESET_TOKEN };
	struct ticket_use use = { .sets_password = true };
	enum outcome outcome;
	struct ticket t;
	struct user u;

	if (email != NULL &&
	    !law_allows(auth, a, email, new_password, &outcome))
		return outcome;
	outcome = find(auth, a, &claim, &t);
	if (outcome == OUT_CONFIRMED)
		outcome = account_of(auth, a, &t, OUT_BAD_RESET_TOKEN, &u);
	if (outcome != OUT_CONFIRMED || (email == NULL &&
	    !law_allows(auth, a, t.email, new_password, &outcome)))
		return outcome;
	if ((use.password_hash = law_hash(auth, a, new_password)) == NULL)
		return OUT_FAULT;
	use.record = notice_owner(auth, a, EVENT_RESET_FINISHED,
	    NOTICE_PASSWORD_CHANGED, &u);
	return use_ticket(auth, a, &t, &use, OUT_PASSWORD_UPDATED,
	    OUT_BAD_RESET_TOKEN);
}

const char *
mailbox_reset_email(struct auth *auth, struct arena *a, const char *token)
{
	const struct claim claim = { .kind = TICKET_RESET, .token = token,
	    .refused = OUT_BAD_RESET_TOKEN };
	struct ticket t;

	return find(auth, a, &claim, &t) == OUT_CONFIRMED ? t.email : NULL;
}

enum outcome
mailbox_address_begin(struct auth *auth, struct arena *a,
    const struct session *s, const char *email, const struct caller *caller)
{
	const char *key = address_key(a, email);
	struct ticket owner = { .user_id = s->user_id };
	struct limiter limits;
	enum outcome outcome;
	struct user u;

	outcome = account_of(auth, a, &owner, OUT_NO_SESSION, &u);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	if (strcmp(key, u.email_key) == 0)
		return OUT_OWN_ADDRESS;
	u.email = email;
	u.email_key = key;
	outcome = admit(auth, a, false, u.email_key, caller, &limits);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	return settle(auth, &limits, ask(auth, a, law_entry(auth, a,
	    EVENT_ADDRESS_STARTED, u.id, NULL), s, &u,
	    NOTICE_ADDRESS_TAKEN, NOTICE_ADDRESS_CHANGE, OUT_ADDRESS_MAILED),
	    OUT_ADDRESS_MAILED);
}

enum outcome
mailbox_address_finish(struct auth *auth, struct arena *a, const char *email,
    const char *token, const struct caller *caller, const char **who)
{
	const struct claim claim = { .kind = TICKET_ADDRESS, .email = email,
	    .token = token, .caller = caller, .refused = OUT_BAD_TICKET };
	struct ticket_use use = { .gives_address = true };
	enum outcome outcome;
	struct ticket t;
	struct user u;

	outcome = find(auth, a, &claim, &t);
	if (outcome == OUT_CONFIRMED)
		outcome = account_of(auth, a, &t, OUT_BAD_TICKET, &u);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	*who = t.email;
	use.record = notice_owner(auth, a, EVENT_ADDRESS_CHANGED,
	    NOTICE_ADDRESS_CHANGED, &u);
	return use_ticket(auth, a, &t, &use, OUT_ADDRESS_CHANGED,
	    OUT_BAD_TICKET);
}

enum outcome
mailbox_address_set(struct auth *auth, struct arena *a, const struct user *u,
    const char *email)
{
	const struct user moved = { .id = u->id, .email = email,
	    .email_key = address_key(a, email) };
	bool respelt = strcmp(moved.email_key, u->email_key) == 0;

	if (strcmp(email, u->email) == 0)
		return OUT_OWN_ADDRESS;
	return law_outcome(store_user_address(auth->store, a, &moved,
	    respelt ? law_entry(auth, a, EVENT_ADDRESS_CHANGED, u->id, NULL) :
	    notice_owner(auth, a, EVENT_ADDRESS_CHANGED, NOTICE_ADDRESS_SET,
	    u)), OUT_ADDRESS_CHANGED, OUT_EMAIL_TAKEN);
}

static enum outcome
recover(struct auth *auth, struct arena *a, const char *kind,
    const char *token)
{
	const struct claim claim = { .kind = kind, .token = token,
	    .refused = OUT_BAD_TICKET };
	bool undoes = strcmp(kind, TICKET_UNDO) == 0, closed = false;
	struct ticket_use use = { .ends_all = true, .gives_address = undoes,
	    .sets_password = true, .password_hash = PASSWD_NONE };
	enum outcome outcome;
	struct ticket t;
	struct user u;

	outcome = find(auth, a, &claim, &t);
	if (outcome == OUT_CONFIRMED)
		outcome = account_of(auth, a, &t, OUT_BAD_TICKET, &u);
	if (outcome != OUT_CONFIRMED)
		return outcome;
	use.closed = &closed;
	use.record = law_entry(auth, a, EVENT_ACCOUNT_RECOVERED, t.user_id,
	    NULL);
	/* Who loses the account by that hears of it. */
	if (undoes)
		use.record = notice_post(auth, a, use.record,
		    NOTICE_ADDRESS_UNDONE, &u, u.email);
	outcome = use_ticket(auth, a, &t, &use, OUT_RECOVERED,
	    OUT_BAD_TICKET);
	return outcome == OUT_RECOVERED && closed ? OUT_CLOSED : outcome;
}

enum outcome
mailbox_report(struct auth *auth, struct arena *a, const char *token)
{
	return recover(auth, a, TICKET_REPORT, token);
}

enum outcome
mailbox_undo(struct auth *auth, struct arena *a, const char *token)
{
	return recover(auth, a, TICKET_UNDO, token);
}
