#include "law.h"

#include <string.h>

#include "address.h"
#include "clock.h"
#include "digest.h"
#include "policy.h"

enum outcome
law_outcome(enum store_status status, enum outcome good, enum outcome gone)
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

const char *
law_event(enum event event)
{
	return events[event].name;
}

const struct entry *
law_entry(const struct auth *auth, struct arena *a, enum event event,
    const char *user_id, const char *email_key)
{
	struct entry *entry;

	entry = arena_alloc(a, sizeof(*entry));
	*entry = auth->scene;
	entry->at = clock_ms();
	entry->event = law_event(event);
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
law_record(struct auth *auth, struct arena *a, const struct refusal *r)
{
	struct entry entry = auth->scene;

	if (!is_on_record(r))
		return;
	entry.event = r->event;
	entry.result = r->code;
	entry.user_id = r->user_id;
	entry.email_key = r->email != NULL ? address_key(a, r->email) :
	    NULL;
	store_record(auth->store, a, &entry);
}

/* Of all who may choose one, nobody has a second factor yet. */
bool
law_allows(const struct auth *auth, struct arena *a, const char *email,
    const char *password, enum outcome *why)
{
	return policy_allows(auth->conf, a, auth->conf->rules->password_min,
	    email, password, why);
}

const char *
law_hash(struct auth *auth, struct arena *a, const char *password)
{
	char *hash;

	hash = arena_alloc(a, PASSWD_HASH_MAX);
	return passwd_hash(auth->passwd, password, &auth->conf->hashing,
	    hash) ? hash : NULL;
}

const char *
law_token(struct arena *a, char **token)
{
	char *hash;

	hash = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	*token = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	digest_token(*token);
	(void)digest_token_hash(*token, hash);
	return hash;
}

const char *
law_token_hash(struct arena *a, const char *token)
{
	char *hash;

	hash = arena_alloc(a, DIGEST_TOKEN_LEN + 1);
	return token != NULL && digest_token_hash(token, hash) ? hash : NULL;
}

enum outcome
law_compare(struct auth *auth, const char *password, const char *hash,
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

static int64_t
longest_wait(const struct limiter *limits)
{
	int64_t ms = 0;
	size_t i;

	for (i = 0; i < limits->n; i++)
		if (limits->item[i].rule.most_ms > ms)
			ms = limits->item[i].rule.most_ms;
	return ms;
}

enum outcome
law_take_place(struct auth *auth, struct arena *a,
    const struct limiter *limits, enum outcome refused)
{
	enum store_status status;

	status = store_limits_take(auth->store, a, limits->item, limits->n,
	    clock_ms(), &auth->wait_ms);
	auth->stopped = auth->wait_ms == BUCKET_STOPPED;
	if (auth->stopped)
		auth->wait_ms = longest_wait(limits);
	return law_outcome(status, OUT_CONFIRMED, refused);
}

/*
 * A fault is nobody's failure: its place is given back.  Nor is it a success,
 * and whoever can bring it about must not empty a bucket by it.
 */
enum outcome
law_settle_place(struct auth *auth, struct limiter *limits,
    enum outcome outcome)
{
	size_t i;

	if (outcome == OUT_BAD_CREDENTIALS || outcome == OUT_WRONG_PASSWORD)
		return outcome;
	for (i = 0; outcome != OUT_CONFIRMED && i < limits->n; i++)
		limits->item[i].clears = false;
	store_limits_give(auth->store, limits->item, limits->n);
	return outcome;
}
