#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROOF		(5 * MINUTE)
#define TICKET_LIFE	(60 * MINUTE)
#define NOTICE_LIFE	(72 * HOUR)
#define BROWSER_LIFE	(365 * DAY)
#define SIGN_EVERY	(60 * SECOND)
#define NO_MAIL_RETRY	3600

const char *const m_doors[DOORS] = {
	[WELCOME] = "GET /",
	[REGISTER] = "POST /users",
	[LOGIN] = "POST /sessions",
	[LOGOUT] = "DELETE /sessions",
	[LIST] = "GET /sessions",
	[CONFIRM] = "POST /sessions/confirm",
	[END_OTHERS] = "DELETE /sessions/others",
	[END_ONE] = "DELETE /sessions/{id}",
	[PROFILE] = "GET /profile",
	[DELETE_ACCOUNT] = "DELETE /profile",
	[CHANGE] = "PUT /profile/password",
	[EXPORT] = "GET /profile/export",
	[RESET_ASK] = "POST /reset_password",
	[RESET_USE] = "PUT /reset_password",
	[CONFIRM_USER] = "POST /users/confirm",
	[MOVE_ASK] = "PUT /profile/email",
	[MOVE_USE] = "POST /profile/email/confirm",
	[UNDO] = "POST /profile/email/undo",
	[REPORT] = "POST /report",
	[SPEAK] = "PUT /profile/language",
};

/* The last but one and the one before it are the same in NFC. */
const struct m_password m_passwords[PASSWORDS] = {
	{ .text = "correct tram 91 gulf lantern", .same = 0 },
	{ .text = "violet anvil 4 moth harbour", .same = 1 },
	{ .text = "plum orbit 77 tiger sawdust", .same = 2 },
	{ .text = "zigzag pewter 3 nomad willow", .same = 3 },
	{ .text = "gr\xc3\xbc" "ner Kater 58 tanzt Foxtrott", .same = 4 },
	{ .text = "gru\xcc\x88" "ner Kater 58 tanzt Foxtrott", .same = 4 },
	{ .text = "b4l0u", .same = 6, .short_ = true },
};

const char *const m_kinds[M_KINDS] = {
	[OF_RESET] = "reset", [OF_REGISTRATION] = "registration",
	[OF_MOVE] = "address", [OF_UNDO] = "undo", [OF_REPORT] = "report",
};

/* To who has an address that another one wants goes no link of that. */
static const struct m_mail registration = { "registration",
    "/confirm?token=", true, true };
static const struct m_mail taken = { "registration_taken", "/reset", false,
    true };
static const struct m_mail in_use = { "address_taken", "/reset", false,
    true };
static const struct m_mail reset = { "reset", "/reset?token=", true, true };
static const struct m_mail move = { "address_change", "/address?token=",
    true, true };
static const struct m_mail moved = { "address_changed", "/undo?token=", true,
    false };
static const struct m_mail undone = { "address_undone", "/", false, false };
static const struct m_mail password_changed = { "password_changed",
    "/report?token=", true, false };
static const struct m_mail new_browser = { "new_device", "/report?token=",
    true, false };
static const struct m_mail deleted = { "account_deleted", "/", false, false };

/* The first two of standard are neighbours; compat serves loopback only. */
static const struct m_client clients[LAWS][CLIENTS] = {
	[COMPAT] = {
		{ "127.0.0.1", "127.0.0.0/24", 0, 0 },
		{ "127.0.0.2", "127.0.0.0/24", 1, 0 },
		{ "127.0.9.1", "127.0.9.0/24", 2, 2 },
		{ "::1", "::/48", 3, 3 },
	},
	[STANDARD] = {
		{ "192.0.2.1", "192.0.2.0/24", 0, 0 },
		{ "192.0.2.2", "192.0.2.0/24", 1, 0 },
		{ "2001:db8::1", "2001:db8::/48", 2, 2 },
		{ "2001:db8::2", "2001:db8::/48", 2, 2 },
	},
};

/* The second is near the first, and the third is near nothing. */
static const char *const addresses[PEOPLE][VARIANTS] = {
	{ "ann@example.org", "Ann@Example.ORG", "ANN@EXAMPLE.ORG" },
	{ "ann+x@example.org", "ANN+X@example.org", "Ann+x@Example.org" },
	{ "bob@b\xc3\xbc" "cher.example", "BOB@B\xc3\x9c" "CHER.Example",
	    "bob@xn--bcher-kva.example" },
};

/* As mail is sent to them: of the domain DNS decides, and writes it so. */
static const char *const recipients[PEOPLE][VARIANTS] = {
	{ "ann@example.org", "Ann@example.org", "ANN@example.org" },
	{ "ann+x@example.org", "ANN+X@example.org", "Ann+x@example.org" },
	{ "bob@xn--bcher-kva.example", "BOB@xn--bcher-kva.example",
	    "bob@xn--bcher-kva.example" },
};

/* LIMITS in the manual, one line each; times are milliseconds. */
struct rule {
	int64_t	 size, leak, first, longest, stop;
};

enum kind { ACCOUNT, DEVICE, SELF, HOST, NETWORK, MAILBOX, RESETS, ASKER, ASKERS,
    GUESSER, GUESSERS, KINDS };

static const struct rule rules[LAWS][KINDS] = {
	[COMPAT] = {
		[ACCOUNT] = { 1000, 300, 1000, 1000, 0 },
		[SELF] = { 1000, 300, 1000, 1000, 0 },
	},
	[STANDARD] = {
		[ACCOUNT] = { 5, 21600000, 1000, 3600000, 100 },
		[DEVICE] = { 5, 21600000, 1000, 3600000, 100 },
		[SELF] = { 5, 21600000, 1000, 3600000, 0 },
		[HOST] = { 20, 15000, 15000, 15000, 0 },
		[NETWORK] = { 100, 3000, 3000, 3000, 0 },
		[MAILBOX] = { 3, 1200000, 300000, 3600000, 0 },
		[RESETS] = { 3, 1200000, 300000, 3600000, 0 },
		[ASKER] = { 20, 60000, 60000, 60000, 0 },
		[ASKERS] = { 100, 15000, 15000, 15000, 0 },
		[GUESSER] = { 20, 60000, 60000, 60000, 0 },
		[GUESSERS] = { 100, 15000, 15000, 15000, 0 },
	},
};

/* Mail makes a site no other. */
static int
law_of(enum m_profile profile)
{
	return profile == COMPAT ? COMPAT : STANDARD;
}

const struct m_client *
m_client(enum m_profile profile, int client)
{
	return &clients[law_of(profile)][client];
}

const char *
m_address(int address, int variant)
{
	static char text[4][32];
	static int turn;

	if (address < PEOPLE)
		return addresses[address][variant];
	turn = (turn + 1) % 4;
	(void)snprintf(text[turn], sizeof(text[turn]), "%s%d@example.org",
	    variant == 0 ? "stranger" : "Stranger", address);
	return text[turn];
}

static const char *
recipient_of(int address, int variant)
{
	return address < PEOPLE ? recipients[address][variant] :
	    m_address(address, variant);
}

bool
m_takes_ticket(enum deed deed)
{
	return deed == RESET_USE || deed == CONFIRM_USER ||
	    deed == MOVE_USE || deed == UNDO || deed == REPORT;
}

const char *
m_token_field(enum deed deed)
{
	return deed == RESET_USE || deed == CHANGE ? "reset_token" : "token";
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Answers. */

static void __attribute__((format(printf, 2, 3)))
add(char *out, const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(out + used, BODY_MAX - used, format, args);
	va_end(args);
}

static void
say(struct m_answer *a, int status, const char *message)
{
	a->status = status;
	if (status != 204)
		add(a->body, "{\"message\":\"%s\"}\n", message);
}

static void
say_at(struct m_answer *a, int address, int variant, const char *message)
{
	a->status = 200;
	add(a->body, "{\"email\":\"%s\",\"message\":\"%s\"}\n",
	    m_address(address, variant), message);
}

static void
say_of(struct m_answer *a, const struct m_request *r, const char *message)
{
	say_at(a, r->address, r->variant, message);
}

static void
say_wait(struct m_answer *a, const char *what, int64_t ms)
{
	a->status = 429;
	add(a->body, "{\"message\":\"too many %s, try again later\"}\n",
	    what);
	a->retry = (ms + SECOND - 1) / SECOND;
}

static const char *
time_text(int64_t ms, char *out, size_t size)
{
	time_t seconds = (time_t)(ms / SECOND);
	struct tm tm;
	size_t n;

	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S",
	    gmtime_r(&seconds, &tm));
	(void)snprintf(out + n, size - n, ".%03dZ", (int)(ms % SECOND));
	return out;
}

/* Counts of failures. */

struct places {
	const struct rule *rule[3];
	struct m_count	*count[3];
	bool		 clears[3];
	int		 n;
};

static void
add_place(const struct m_world *w, struct places *p, enum kind kind,
    struct m_count *count)
{
	const struct rule *rule = &rules[law_of(w->profile)][kind];

	if (rule->size == 0)
		return;
	p->rule[p->n] = rule;
	p->clears[p->n] = kind == DEVICE || kind == SELF;
	p->count[p->n++] = count;
}

static void
forget(struct m_count *c, const struct rule *rule, int64_t now)
{
	int64_t gone;

	/* A clock that went back keeps nobody out for longer. */
	c->since = least(c->since, now);
	c->blocked = least(c->blocked, now + rule->longest);
	gone = (now - c->since) / rule->leak;
	c->failures = gone < c->failures ? c->failures - gone : 0;
	c->since = c->failures > 0 ? c->since + gone * rule->leak : now;
}

static int64_t
delay_of(const struct m_count *c, const struct rule *rule)
{
	int64_t ms = rule->first, over;

	if (c->failures < rule->size)
		return 0;
	for (over = c->failures - rule->size; over > 0 &&
	    ms < rule->longest; over--)
		ms *= 2;
	return least(ms, rule->longest);
}

/* The failure counts from the start; 0, or how long there is no room. */
static int64_t
fail_one(struct m_count *c, const struct rule *rule, int64_t now)
{
	if (rule->stop > 0 && c->failures >= rule->stop)
		return rule->longest;
	forget(c, rule, now);
	if (c->blocked > now)
		return c->blocked - now;
	c->failures++;
	c->blocked = delay_of(c, rule) > 0 ? now + delay_of(c, rule) : 0;
	return 0;
}

/* In all of them or in none. */
static int64_t
take_places(const struct m_world *w, const struct places *p)
{
	struct m_count after[3];
	int64_t wait = 0, one;
	int i;

	for (i = 0; i < p->n; i++) {
		after[i] = *p->count[i];
		one = fail_one(&after[i], p->rule[i], w->now);
		wait = one > wait ? one : wait;
	}
	for (i = 0; i < p->n && wait == 0; i++)
		*p->count[i] = after[i];
	return wait;
}

static void
succeed(const struct places *p)
{
	int i;

	for (i = 0; i < p->n; i++) {
		p->count[i]->failures--;
		p->count[i]->blocked = 0;
		if (p->clears[i])
			*p->count[i] = (struct m_count){ .failures = 0 };
	}
}

/* Who is who. */

bool
m_session_lives(const struct m_world *w, const struct m_session *s)
{
	return !s->ended && s->expires > w->now;
}

bool
m_ticket_lives(const struct m_world *w, const struct m_ticket *t)
{
	return !t->spent && t->expires > w->now;
}

int
m_account_at(const struct m_world *w, int address)
{
	int i;

	for (i = 0; i < ACCOUNTS; i++)
		if (w->account[i].exists && w->account[i].address == address)
			return i;
	return ABSENT;
}

bool
m_browser_known(const struct m_world *w, const struct m_browser *b,
    int person)
{
	return b->known[person] && b->until > w->now;
}

/* Of two cookies nobody knows which is meant. */
static struct m_session *
named_session(struct m_world *w, const struct m_request *r)
{
	int i;

	if (r->cookie[0] == NULL || r->cookie[1] != NULL)
		return NULL;
	for (i = 0; i < w->sessions; i++)
		if (strcmp(w->session[i].secret, r->cookie[0]) == 0)
			return &w->session[i];
	return NULL;
}

static struct m_session *
live_session(struct m_world *w, const struct m_request *r)
{
	struct m_session *s = named_session(w, r);

	return s != NULL && m_session_lives(w, s) ? s : NULL;
}

static struct m_device *
named_device(struct m_world *w, const struct m_request *r)
{
	int i;

	if (r->device == NULL)
		return NULL;
	for (i = 0; i < w->devices; i++)
		if (strcmp(w->device[i].token, r->device) == 0 &&
		    !w->device[i].former &&
		    w->browser[w->device[i].browser].until > w->now)
			return &w->device[i];
	return NULL;
}

int
m_sessions_of(const struct m_world *w, int person,
    const struct m_session **out)
{
	const struct m_session *s;
	int i, j, n = 0;

	for (i = 0; i < w->sessions; i++) {
		s = &w->session[i];
		if (s->person != person || !m_session_lives(w, s))
			continue;
		for (j = n++; j > 0 && out[j - 1]->created < s->created; j--)
			out[j] = out[j - 1];
		out[j] = s;
	}
	return n;
}

void
m_list(const struct m_world *w, const struct m_session *mine, char *out)
{
	const struct m_session *list[MANY], *s;
	char created[40], seen[40];
	int i, n;

	n = m_sessions_of(w, mine->person, list);
	add(out, "\"sessions\":[");
	for (i = 0; i < n; i++) {
		s = list[i];
		add(out, "%s{\"id\":\"%s\",\"created\":\"%s\","
		    "\"last_seen\":\"%s\",\"network\":\"%s\","
		    "\"user_agent\":\"%s\",\"current\":%s}",
		    i > 0 ? "," : "", s->id,
		    time_text(s->created, created, sizeof(created)),
		    time_text(s->seen, seen, sizeof(seen)),
		    m_client(w->profile, s->client)->network,
		    s->agent ? "model" : "", s == mine ? "true" : "false");
	}
	add(out, "]");
}

/* What ends. */

static void
end_sessions(struct m_world *w, int person, const struct m_session *kept)
{
	int i;

	for (i = 0; i < w->sessions; i++)
		if (w->session[i].person == person && &w->session[i] != kept)
			w->session[i].ended = true;
}

/* What was asked for; not what the owner can say of what was done. */
static void
end_asked(struct m_world *w, int person)
{
	struct m_ticket *t;
	int i;

	for (i = 0; i < w->tickets; i++) {
		t = &w->ticket[i];
		if (t->person == person &&
		    (t->kind == OF_RESET || t->kind == OF_MOVE))
			t->spent = true;
	}
}

/* What whoever was in a session that is ended may have asked for. */
static void
end_moves(struct m_world *w, int person)
{
	int i;

	for (i = 0; i < w->tickets; i++)
		if (w->ticket[i].person == person &&
		    w->ticket[i].kind == OF_MOVE)
			w->ticket[i].spent = true;
}

static void
end_tickets(struct m_world *w, int person)
{
	int i;

	for (i = 0; i < w->tickets; i++)
		if (w->ticket[i].person == person)
			w->ticket[i].spent = true;
}

/* What undoes a change from before is the owner's still. */
static void
end_for(struct m_world *w, struct m_ticket *t)
{
	int64_t since = t->kind == OF_UNDO ? t->since : w->now;
	struct m_ticket *other;

	t->spent = true;
	for (other = w->ticket; other < w->ticket + w->tickets; other++)
		if (other->person == t->person && (other->kind != OF_UNDO ||
		    other->since > since))
			other->spent = true;
}

static void
end_of_address(struct m_world *w, enum m_kind kind, int address)
{
	int i;

	for (i = 0; i < w->tickets; i++)
		if (w->ticket[i].kind == kind &&
		    w->ticket[i].address == address)
			w->ticket[i].spent = true;
}

static void
forget_browsers(struct m_world *w, int person)
{
	int i;

	for (i = 0; i < w->browsers; i++) {
		w->browser[i].known[person] = false;
		memset(w->browser[i].count[person], 0,
		    sizeof(w->browser[i].count[person]));
	}
}

static void
set_password(struct m_account *account, int password)
{
	if (account->password != ABSENT)
		account->former = account->password;
	account->password = password;
}

/* Beginnings. */

void
world_begin(struct m_world *w, enum m_profile profile, int64_t now)
{
	memset(w, 0, sizeof(*w));
	w->profile = profile;
	w->now = now;
}

void
world_add_account(struct m_world *w, int person, int password)
{
	struct m_account *a = &w->account[person];

	memset(a, 0, sizeof(*a));
	a->exists = true;
	a->language = "auto";
	a->address = person;
	a->password = a->former = password;
	a->created = w->now;
}

/* Of resets an address has one; the new one takes the place of the others. */
static struct m_ticket *
add_ticket(struct m_world *w, enum m_kind kind, int person, int address,
    int variant)
{
	struct m_ticket *t;

	if (kind == OF_RESET)
		end_of_address(w, kind, address);
	t = &w->ticket[w->tickets++];
	t->kind = kind;
	t->person = person;
	t->address = address;
	t->variant = variant;
	t->since = w->now;
	t->expires = w->now + (kind == OF_UNDO || kind == OF_REPORT ?
	    NOTICE_LIFE : TICKET_LIFE);
	return t;
}

/* A mail to an account, where that may be written to. */
static void
write_to(const struct m_world *w, int person, const struct m_mail *mail,
    struct m_ticket *t, struct m_answer *a)
{
	const struct m_account *account = &w->account[person];

	a->mail = mail;
	a->ticket = t;
	a->recipient = account->disabled ? "" :
	    recipient_of(account->address, account->variant);
}

/* Of what was done the owner is told, with a ticket to say it was not them. */
static void
tell_owner(struct m_world *w, int person, const struct m_mail *mail,
    enum m_kind kind, struct m_answer *a)
{
	const struct m_account *account = &w->account[person];

	if (w->profile == MAILED)
		write_to(w, person, mail, add_ticket(w, kind, person,
		    account->address, account->variant), a);
}

/* Beyond the limit the oldest go, but never the one that just began. */
static void
add_session(struct m_world *w, const struct m_request *r, int person,
    struct m_answer *a)
{
	const struct m_session *list[MANY];
	struct m_session *s, *brought = named_session(w, r);
	int i, n, kept = 1;

	if (brought != NULL)
		brought->ended = true;
	n = m_sessions_of(w, person, list);
	for (i = 0; i < n; i++)
		if (++kept > w->limit)
			w->session[list[i] - w->session].ended = true;
	s = a->session = &w->session[w->sessions++];
	s->person = person;
	s->client = r->client;
	s->agent = r->agent;
	s->created = s->seen = s->proved = w->now;
	s->ends = w->now + w->lifetime;
	s->expires = least(s->ends, w->now + w->idle);
}

/* The browser is known from now on, by a new value. */
static void
know_browser(struct m_world *w, struct m_device *brought, int person,
    struct m_answer *a)
{
	struct m_browser *b;

	a->device = &w->device[w->devices++];
	a->device->browser = brought != NULL ? brought->browser :
	    w->browsers++;
	if (brought != NULL)
		brought->former = true;
	b = &w->browser[a->device->browser];
	if (!b->known[person])
		b->since[person] = w->now;
	b->known[person] = true;
	b->until = w->now + BROWSER_LIFE;
}

/* The fields. */

static bool
fine_email(const struct m_request *r, struct m_answer *a)
{
	if (r->address == ABSENT)
		say(a, 400, "email is missing");
	return r->address != ABSENT;
}

static bool
fine_password(int password, const char *name, struct m_answer *a)
{
	if (password != ABSENT && password != EMPTY)
		return true;
	a->status = 400;
	add(a->body, "{\"message\":\"%s is %s\"}\n", name,
	    password == ABSENT ? "missing" : "empty");
	return false;
}

static bool
fine_token(const struct m_request *r, struct m_answer *a)
{
	const char *fault = NULL;

	if (r->token_null)
		fault = "must be text";
	else if (r->token == NULL)
		fault = "is missing";
	else if (r->token[0] == '\0')
		fault = "is empty";
	if (fault == NULL)
		return true;
	a->status = 400;
	add(a->body, "{\"message\":\"%s %s\"}\n", m_token_field(r->deed),
	    fault);
	return false;
}

static bool
good_password(const struct m_world *w, int password, const char *name,
    struct m_answer *a)
{
	if (w->profile == COMPAT || !m_passwords[password].short_)
		return true;
	a->status = 400;
	add(a->body, "{\"message\":\"%s is shorter than 15 characters\"}\n",
	    name);
	return false;
}

static bool
same_password(int a, int b)
{
	return b != ABSENT && m_passwords[a].same == m_passwords[b].same;
}

/* The doors. */

static void
no_mail(struct m_answer *a)
{
	say(a, 503, "this site sends no mail yet");
	a->retry = NO_MAIL_RETRY;
}

/* What a mail takes is not given back, whatever becomes of it. */
static bool
may_write(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	const struct m_client *client = m_client(w->profile, r->client);
	struct places places = { .n = 0 };
	int64_t wait;

	if (w->profile != MAILED) {
		no_mail(a);
		return false;
	}
	if (r->deed == RESET_ASK)
		add_place(w, &places, RESETS, &w->reset[r->address]);
	else
		add_place(w, &places, MAILBOX, &w->mailbox[r->address]);
	add_place(w, &places, ASKER, &w->asker[client->host_of]);
	add_place(w, &places, ASKERS, &w->askers[client->network_of]);
	if ((wait = take_places(w, &places)) > 0)
		say_wait(a, "mails", wait);
	return wait == 0;
}

/* The same is made and said whether somebody has the address or not. */
static struct m_ticket *
write_about(struct m_world *w, const struct m_request *r, enum m_kind kind,
    int person, struct m_answer *a)
{
	int holder = m_account_at(w, r->address);
	struct m_ticket *t;

	t = add_ticket(w, kind, person, r->address, r->variant);
	if (holder != ABSENT) {
		write_to(w, holder, kind == OF_MOVE ? &in_use : &taken, t, a);
	} else {
		a->mail = kind == OF_MOVE ? &move : &registration;
		a->ticket = t;
		a->recipient = recipient_of(r->address, r->variant);
	}
	say(a, 202, "check your mail");
	return t;
}

static void
register_at_once(struct m_world *w, const struct m_request *r,
    struct m_answer *a)
{
	if (m_account_at(w, r->address) != ABSENT) {
		say(a, 400, "email already registered");
		return;
	}
	world_add_account(w, r->address, r->password);
	w->account[r->address].variant = r->variant;
	say_of(a, r, "user created");
}

static void
ask_register(struct m_world *w, const struct m_request *r,
    struct m_answer *a)
{
	if (!fine_email(r, a) || !fine_password(r->password, "password", a))
		return;
	if (w->profile == COMPAT)
		register_at_once(w, r, a);
	else if (w->profile == STANDARD)
		no_mail(a);
	else if (good_password(w, r->password, "password", a) &&
	    may_write(w, r, a))
		write_about(w, r, OF_REGISTRATION, ABSENT, a)->password =
		    r->password;
}

static void
places_of_login(struct m_world *w, const struct m_request *r,
    const struct m_device *d, struct places *p)
{
	const struct m_client *client = m_client(w->profile, r->client);
	struct m_browser *b = d != NULL ? &w->browser[d->browser] : NULL;
	int person = m_account_at(w, r->address);

	p->n = 0;
	if (b != NULL && person != ABSENT && m_browser_known(w, b, person)) {
		add_place(w, p, DEVICE, &b->count[person][r->address]);
		return;
	}
	add_place(w, p, ACCOUNT, &w->address[r->address]);
	add_place(w, p, HOST, &w->host[client->host_of]);
	add_place(w, p, NETWORK, &w->network[client->network_of]);
}

static bool
right_password(const struct m_world *w, const struct m_request *r)
{
	int person = m_account_at(w, r->address);

	return person != ABSENT && !w->account[person].disabled &&
	    same_password(r->password, w->account[person].password);
}

/* Of a browser that is new beside others the owner is told. */
static void
meet_browser(struct m_world *w, struct m_device *brought, int person,
    struct m_answer *a)
{
	bool others = false;
	int i;

	for (i = 0; i < w->browsers; i++)
		others = others || m_browser_known(w, &w->browser[i], person);
	if (others && (brought == NULL || !m_browser_known(w,
	    &w->browser[brought->browser], person)))
		tell_owner(w, person, &new_browser, OF_REPORT, a);
	know_browser(w, brought, person, a);
}

static void
ask_login(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	struct m_device *device = named_device(w, r);
	int person = m_account_at(w, r->address);
	struct places places;
	int64_t wait;

	if (!fine_email(r, a) || !fine_password(r->password, "password", a))
		return;
	places_of_login(w, r, device, &places);
	if ((wait = take_places(w, &places)) > 0) {
		say_wait(a, "wrong passwords or codes", wait);
	} else if (!right_password(w, r)) {
		say(a, 401, "wrong email or password");
	} else {
		succeed(&places);
		add_session(w, r, person, a);
		if (w->profile != COMPAT)
			meet_browser(w, device, person, a);
		say_of(a, r, "logged in");
		a->cookie = COOKIE_GIVEN;
	}
}

/* In a session: is it the account's password? */
static bool
shown(struct m_world *w, const struct m_session *s, int password,
    struct m_answer *a)
{
	struct m_account *account = &w->account[s->person];
	struct places places = { .n = 0 };
	int64_t wait;

	add_place(w, &places, SELF, &account->self);
	if ((wait = take_places(w, &places)) > 0) {
		say_wait(a, "wrong passwords or codes", wait);
		return false;
	}
	if (!same_password(password, account->password)) {
		say(a, 403, "wrong password");
		return false;
	}
	succeed(&places);
	return true;
}

static void
ask_logout(struct m_session *s, struct m_answer *a)
{
	s->ended = true;
	say(a, 302, "logged out");
	a->cookie = COOKIE_CLEARED;
}

static void
ask_list(struct m_world *w, const struct m_session *s, struct m_answer *a)
{
	a->status = 200;
	add(a->body, "{");
	m_list(w, s, a->body);
	add(a->body, "}\n");
}

static void
ask_confirm(struct m_world *w, const struct m_request *r,
    struct m_session *s, struct m_answer *a)
{
	if (!fine_password(r->password, "password", a) ||
	    !shown(w, s, r->password, a))
		return;
	s->proved = w->now;
	say(a, 204, NULL);
}

static void
ask_end_others(struct m_world *w, const struct m_session *s,
    struct m_answer *a)
{
	end_sessions(w, s->person, s);
	end_moves(w, s->person);
	say(a, 204, NULL);
}

static void
ask_end_one(struct m_world *w, const struct m_request *r,
    const struct m_session *s, struct m_answer *a)
{
	const struct m_session *list[MANY];
	int i, n;

	n = m_sessions_of(w, s->person, list);
	for (i = 0; i < n; i++)
		if (strcmp(list[i]->id, r->token) == 0)
			break;
	if (i == n) {
		say(a, 404, "no such session");
		return;
	}
	w->session[list[i] - w->session].ended = true;
	end_moves(w, s->person);
	say(a, 204, NULL);
	if (list[i] == s)
		a->cookie = COOKIE_CLEARED;
}

static void
ask_profile(const struct m_world *w, const struct m_session *s,
    struct m_answer *a)
{
	a->status = 200;
	add(a->body, "{\"email\":\"%s\"}\n", m_address(
	    w->account[s->person].address, w->account[s->person].variant));
}

static void
ask_delete(struct m_world *w, const struct m_request *r,
    const struct m_session *s, struct m_answer *a)
{
	if (!fine_password(r->password, "password", a) ||
	    !shown(w, s, r->password, a))
		return;
	if (w->profile == MAILED)
		write_to(w, s->person, &deleted, NULL, a);
	w->account[s->person].exists = false;
	end_sessions(w, s->person, NULL);
	end_tickets(w, s->person);
	forget_browsers(w, s->person);
	say(a, 204, NULL);
	a->cookie = COOKIE_CLEARED;
}

static void
ask_change(struct m_world *w, const struct m_request *r,
    struct m_session *s, struct m_answer *a)
{
	if (!fine_password(r->password, "current_password", a) ||
	    !fine_password(r->new_password, "new_password", a) ||
	    !shown(w, s, r->password, a) ||
	    !good_password(w, r->new_password, "new_password", a))
		return;
	set_password(&w->account[s->person], r->new_password);
	end_sessions(w, s->person, s);
	end_asked(w, s->person);
	tell_owner(w, s->person, &password_changed, OF_REPORT, a);
	s->proved = w->now;
	say(a, 200, "Password updated");
}

/* Known browsers, the newest first. */
static void
add_browsers(const struct m_world *w, int person, char *out)
{
	const struct m_browser *list[MANY], *b;
	char since[40], until[40];
	int i, j, n = 0;

	for (i = 0; i < w->browsers; i++) {
		b = &w->browser[i];
		if (!m_browser_known(w, b, person))
			continue;
		for (j = n++; j > 0 && list[j - 1]->since[person] <
		    b->since[person]; j--)
			list[j] = list[j - 1];
		list[j] = b;
	}
	for (i = 0; i < n; i++)
		add(out, "%s{\"created\":\"%s\",\"expires\":\"%s\"}",
		    i > 0 ? "," : "", time_text(list[i]->since[person],
		    since, sizeof(since)), time_text(list[i]->until, until,
		    sizeof(until)));
}

/* A clock that went back proves nothing. */
static bool
proved(const struct m_world *w, const struct m_session *s, struct m_answer *a)
{
	if (s->proved <= w->now && s->proved + PROOF > w->now)
		return true;
	say(a, 403, "confirm your password first");
	return false;
}

static void
ask_export(const struct m_world *w, const struct m_session *s,
    struct m_answer *a)
{
	const struct m_account *account = &w->account[s->person];
	char created[40];

	if (!proved(w, s, a))
		return;
	a->status = 200;
	add(a->body, "{");
	m_list(w, s, a->body);
	add(a->body, ",\"email\":\"%s\",\"created\":\"%s\","
	    "\"language\":\"%s\",\"groups\":[],\"devices\":[",
	    m_address(account->address, account->variant),
	    time_text(account->created, created, sizeof(created)),
	    account->language);
	add_browsers(w, s->person, a->body);
	add(a->body, "]}\n");
}

/* There are two, and what the browser says. */
static void
ask_language(struct m_world *w, const struct m_request *r,
    const struct m_session *s, struct m_answer *a)
{
	static const char *const spoken[] = { "auto", "en", "fr" };
	size_t i;

	if (r->language == NULL || r->language[0] == '\0') {
		say(a, 400, r->language == NULL ? "language is missing" :
		    "language is empty");
		return;
	}
	for (i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
		if (strcmp(r->language, spoken[i]) != 0)
			continue;
		w->account[s->person].language = spoken[i];
		say(a, 200, "language set");
		return;
	}
	say(a, 400, "language is none that this site speaks");
}

/* To nobody as well, so that the same is written. */
static void
mail_reset(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	int person = m_account_at(w, r->address);

	if (!may_write(w, r, a))
		return;
	a->mail = &reset;
	a->recipient = "";
	a->ticket = world_reset_link(w, r->address);
	if (a->ticket != NULL)
		write_to(w, person, &reset, a->ticket, a);
	else
		a->ticket = add_ticket(w, OF_RESET, ABSENT, r->address,
		    r->variant);
	say(a, 202, "if the account exists, a mail was sent");
}

static void
ask_reset(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	if (!fine_email(r, a))
		return;
	if (w->profile != COMPAT) {
		mail_reset(w, r, a);
		return;
	}
	a->reset = world_reset_link(w, r->address);
	if (a->reset == NULL)
		say(a, 403, "unknown email");
	else
		a->status = 200;
}

/* Tickets. */

/* What no id looks like is no such path, and no token. */
static bool
is_id(const char *text)
{
	return text != NULL && strlen(text) == TOKEN_LEN &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
	    "yz0123456789-_") == TOKEN_LEN;
}

/* Spaces and hyphens say nothing; false for what has other than 8 digits. */
static bool
read_code(const char *text, char *digits)
{
	int n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (*text < '0' || *text > '9' || n == 8)
			return false;
		digits[n++] = *text;
	}
	digits[n] = '\0';
	return n == 8;
}

static bool
has_code(const struct m_ticket *t, const char *digits)
{
	char own[9];

	return t->tries < CODE_TRIES && read_code(t->code, own) &&
	    strcmp(own, digits) == 0;
}

/* A code that none has is a try of all that it could have been. */
static struct m_ticket *
by_code(struct m_world *w, enum m_kind kind, int address, const char *digits)
{
	struct m_ticket *t, *found = NULL;
	int i;

	for (i = 0; i < w->tickets; i++) {
		t = &w->ticket[i];
		if (t->kind == kind && t->address == address &&
		    m_ticket_lives(w, t) && has_code(t, digits))
			found = t;
	}
	for (i = 0; i < w->tickets && found == NULL; i++) {
		t = &w->ticket[i];
		if (t->kind == kind && t->address == address && !t->spent &&
		    t->code[0] != '\0' && t->tries < CODE_TRIES)
			t->tries++;
	}
	return found;
}

/* A place is taken before anything is looked up; a right one costs none. */
static struct m_ticket *
try_code(struct m_world *w, const struct m_request *r, enum m_kind kind,
    const char *digits, struct m_answer *a)
{
	const struct m_client *client = m_client(w->profile, r->client);
	struct places places = { .n = 0 };
	struct m_ticket *t;
	int64_t wait;

	add_place(w, &places, GUESSER, &w->guesser[client->host_of]);
	add_place(w, &places, GUESSERS, &w->guessers[client->network_of]);
	if ((wait = take_places(w, &places)) > 0) {
		say_wait(a, "wrong passwords or codes", wait);
		return NULL;
	}
	if ((t = by_code(w, kind, r->address, digits)) != NULL)
		succeed(&places);
	return t;
}

static struct m_ticket *
by_token(struct m_world *w, enum m_kind kind, const char *token)
{
	struct m_ticket *t;
	int i;

	for (i = 0; i < w->tickets; i++) {
		t = &w->ticket[i];
		if (t->kind == kind && m_ticket_lives(w, t) &&
		    strcmp(t->token, token) == 0)
			return t;
	}
	return NULL;
}

/*
 * The live one that was shown; whoever has a code says of which address, and
 * may be told to wait.
 */
static struct m_ticket *
shown_ticket(struct m_world *w, const struct m_request *r, enum m_kind kind,
    bool email, struct m_answer *a)
{
	int address = email ? r->address : ABSENT;
	struct m_ticket *t = NULL;
	char digits[9];

	if (is_id(r->token))
		t = by_token(w, kind, r->token);
	else if (address != ABSENT && read_code(r->token, digits))
		t = try_code(w, r, kind, digits, a);
	return t != NULL && address != ABSENT && t->address != address ?
	    NULL : t;
}

/* A password from who need not have known the old one: all begins anew. */
static void
begin_anew(struct m_world *w, const struct m_ticket *t, int password)
{
	struct m_account *account = &w->account[t->person];

	set_password(account, password);
	end_sessions(w, t->person, NULL);
	forget_browsers(w, t->person);
	account->self = (struct m_count){ .failures = 0 };
	w->address[t->address] = (struct m_count){ .failures = 0 };
}

/* Unless something else is said already. */
static void
refuse(struct m_answer *a, const char *message)
{
	if (a->status == 0)
		say(a, 403, message);
}

static void
ask_finish(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	struct m_ticket *t;

	if (!fine_email(r, a) || !fine_token(r, a) ||
	    !fine_password(r->new_password, "new_password", a) ||
	    !good_password(w, r->new_password, "new_password", a))
		return;
	t = shown_ticket(w, r, OF_RESET, true, a);
	if (t == NULL || t->person == ABSENT) {
		refuse(a, "invalid or used reset token");
		return;
	}
	t->spent = true;
	end_asked(w, t->person);
	begin_anew(w, t, r->new_password);
	tell_owner(w, t->person, &password_changed, OF_REPORT, a);
	say_of(a, r, "Password updated");
}

static void
bad_ticket(struct m_answer *a)
{
	refuse(a, "invalid or used link or code");
}

static bool
is_asked_twice(const struct m_world *w, const struct m_ticket *t)
{
	const struct m_ticket *other;

	for (other = w->ticket; other < w->ticket + w->tickets; other++)
		if (other != t && other->kind == t->kind &&
		    other->address == t->address && m_ticket_lives(w, other))
			return true;
	return false;
}

/*
 * An account of that address, from the first confirmation; whose password is
 * it, where more than one was waiting?
 */
static void
ask_confirm_user(struct m_world *w, const struct m_request *r,
    struct m_answer *a)
{
	struct m_ticket *t;
	bool twice;
	int i = 0;

	if (!fine_token(r, a))
		return;
	t = shown_ticket(w, r, OF_REGISTRATION, true, a);
	if (t == NULL || m_account_at(w, t->address) != ABSENT) {
		bad_ticket(a);
		return;
	}
	while (w->account[i].exists)
		i++;
	twice = is_asked_twice(w, t);
	world_add_account(w, i, t->password);
	if (twice)
		w->account[i].password = ABSENT;
	w->account[i].address = t->address;
	w->account[i].variant = t->variant;
	w->address[t->address] = (struct m_count){ .failures = 0 };
	end_of_address(w, OF_REGISTRATION, t->address);
	say_at(a, t->address, t->variant, twice ?
	    "user created: ask for a reset to set a password" :
	    "user created");
}

static void
ask_move(struct m_world *w, const struct m_request *r,
    const struct m_session *s, struct m_answer *a)
{
	if (!proved(w, s, a) || !fine_email(r, a))
		return;
	if (r->address == w->account[s->person].address)
		say(a, 400, "email is the one that the account has");
	else if (may_write(w, r, a))
		(void)write_about(w, r, OF_MOVE, s->person, a);
}

/* False: another account has that address. */
static bool
give_address(struct m_world *w, const struct m_ticket *t)
{
	int holder = m_account_at(w, t->address);

	if (holder != ABSENT && holder != t->person)
		return false;
	w->account[t->person].address = t->address;
	w->account[t->person].variant = t->variant;
	return true;
}

static void
ask_moved(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	struct m_account before = { .exists = false };
	struct m_ticket *t;

	if (!fine_token(r, a))
		return;
	t = shown_ticket(w, r, OF_MOVE, true, a);
	if (t != NULL)
		before = w->account[t->person];
	if (t == NULL || !give_address(w, t)) {
		bad_ticket(a);
		return;
	}
	t->spent = true;
	end_asked(w, t->person);
	a->mail = &moved;
	a->ticket = add_ticket(w, OF_UNDO, t->person, before.address,
	    before.variant);
	a->recipient = recipient_of(before.address, before.variant);
	say_at(a, t->address, t->variant, "address changed");
}

static void
ask_recover(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	struct m_account before;
	struct m_ticket *t;
	bool closes;

	if (!fine_token(r, a))
		return;
	t = shown_ticket(w, r, r->deed == UNDO ? OF_UNDO : OF_REPORT, false,
	    a);
	if (t == NULL) {
		bad_ticket(a);
		return;
	}
	before = w->account[t->person];
	closes = r->deed == UNDO && !give_address(w, t);
	w->account[t->person].disabled |= closes;
	end_for(w, t);
	begin_anew(w, t, ABSENT);
	if (r->deed == UNDO) {
		a->mail = &undone;
		a->recipient = recipient_of(before.address, before.variant);
	}
	say(a, 200, closes ? "another account has the address: everybody is "
	    "logged out of this one, and it is disabled" :
	    "everybody is logged out: set a new password");
}

/* Those that need a session. */
static void
ask_within(struct m_world *w, const struct m_request *r,
    struct m_session *s, struct m_answer *a)
{
	switch (r->deed) {
	case LOGOUT:
		ask_logout(s, a);
		break;
	case LIST:
		ask_list(w, s, a);
		break;
	case CONFIRM:
		ask_confirm(w, r, s, a);
		break;
	case END_OTHERS:
		ask_end_others(w, s, a);
		break;
	case END_ONE:
		ask_end_one(w, r, s, a);
		break;
	case PROFILE:
		ask_profile(w, s, a);
		break;
	case DELETE_ACCOUNT:
		ask_delete(w, r, s, a);
		break;
	case CHANGE:
		ask_change(w, r, s, a);
		break;
	case MOVE_ASK:
		ask_move(w, r, s, a);
		break;
	case SPEAK:
		ask_language(w, r, s, a);
		break;
	default:
		ask_export(w, s, a);
		break;
	}
}

/* A request that acts, or a page that is opened, is a sign of the person. */
static void
note_sign(const struct m_world *w, const struct m_request *r,
    struct m_session *s)
{
	bool reads = strncmp(m_doors[r->deed], "GET ", 4) == 0;

	if ((reads && !r->present) || s->seen > w->now - SIGN_EVERY)
		return;
	s->seen = w->now;
	s->expires = least(s->ends, w->now + w->idle);
}

static void
ask_in_session(struct m_world *w, const struct m_request *r,
    struct m_answer *a)
{
	struct m_session *s = live_session(w, r);

	if (r->deed == END_ONE && !is_id(r->token)) {
		say(a, 404, "not found");
	} else if (s == NULL) {
		say(a, 403, "no session");
	} else {
		note_sign(w, r, s);
		ask_within(w, r, s, a);
	}
}

/* The rest of the body need not be cleared each time. */
static void
begin_answer(struct m_answer *a)
{
	memset(a, 0, offsetof(struct m_answer, body) + 1);
	a->cookie = COOKIE_LEFT;
	a->retry = 0;
	a->session = NULL;
	a->device = NULL;
	a->reset = a->ticket = NULL;
	a->mail = NULL;
	a->recipient = NULL;
}

void
world_ask(struct m_world *w, const struct m_request *r, struct m_answer *a)
{
	begin_answer(a);
	switch (r->deed) {
	case WELCOME:
		say(a, 200, "Bienvenue");
		break;
	case REGISTER:
		ask_register(w, r, a);
		break;
	case LOGIN:
		world_tick(w);
		ask_login(w, r, a);
		break;
	case RESET_ASK:
		ask_reset(w, r, a);
		break;
	case RESET_USE:
		ask_finish(w, r, a);
		break;
	case CONFIRM_USER:
		ask_confirm_user(w, r, a);
		break;
	case MOVE_USE:
		ask_moved(w, r, a);
		break;
	case UNDO:
	case REPORT:
		ask_recover(w, r, a);
		break;
	default:
		ask_in_session(w, r, a);
		break;
	}
	if (r->head)
		a->body[0] = '\0';
}

/* Beside the doors. */

struct m_ticket *
world_reset_link(struct m_world *w, int address)
{
	int person = m_account_at(w, address);

	if (person == ABSENT || w->account[person].disabled)
		return NULL;
	return add_ticket(w, OF_RESET, person, address,
	    w->account[person].variant);
}

void
world_disable(struct m_world *w, int address, bool disabled)
{
	int person = m_account_at(w, address);

	if (person == ABSENT)
		return;
	w->account[person].disabled = disabled;
	if (!disabled)
		return;
	end_sessions(w, person, NULL);
	end_asked(w, person);
}

/* What is forgotten by now stays so, even if the clock goes back. */
static void
sweep_count(const struct m_world *w, struct m_count *c, enum kind kind)
{
	const struct rule *rule = &rules[law_of(w->profile)][kind];

	if (c->blocked <= w->now && (rule->stop == 0 ||
	    c->failures < rule->stop) &&
	    c->since + c->failures * rule->leak <= w->now)
		*c = (struct m_count){ .failures = 0 };
}

static void
sweep_counts(struct m_world *w)
{
	int i, j, k;

	for (i = 0; i < ADDRESSES; i++) {
		sweep_count(w, &w->address[i], ACCOUNT);
		sweep_count(w, &w->mailbox[i], MAILBOX);
		sweep_count(w, &w->reset[i], RESETS);
	}
	for (i = 0; i < CLIENTS; i++) {
		sweep_count(w, &w->host[i], HOST);
		sweep_count(w, &w->network[i], NETWORK);
		sweep_count(w, &w->asker[i], ASKER);
		sweep_count(w, &w->askers[i], ASKERS);
		sweep_count(w, &w->guesser[i], GUESSER);
		sweep_count(w, &w->guessers[i], GUESSERS);
	}
	for (i = 0; i < ACCOUNTS; i++)
		sweep_count(w, &w->account[i].self, SELF);
	for (i = 0; i < w->browsers; i++)
		for (j = 0; j < ACCOUNTS; j++)
			for (k = 0; k < ACCOUNTS; k++)
				sweep_count(w, &w->browser[i].count[j][k],
				    DEVICE);
}

void
world_sweep(struct m_world *w)
{
	int i;

	sweep_counts(w);

	for (i = 0; i < w->sessions; i++)
		if (!m_session_lives(w, &w->session[i]))
			w->session[i].ended = true;
	for (i = 0; i < w->tickets; i++)
		if (!m_ticket_lives(w, &w->ticket[i]))
			w->ticket[i].spent = true;
	for (i = 0; i < w->browsers; i++)
		if (w->browser[i].until <= w->now)
			memset(w->browser[i].known, 0,
			    sizeof(w->browser[i].known));
}

size_t
world_edges(const struct m_world *w, int64_t *out, size_t max)
{
	size_t n = 0;
	int i;

	for (i = 0; i < w->sessions && n + 2 <= max; i++) {
		if (!m_session_lives(w, &w->session[i]))
			continue;
		out[n++] = w->session[i].expires;
		out[n++] = w->session[i].proved + PROOF;
	}
	for (i = 0; i < w->tickets && n < max; i++)
		if (m_ticket_lives(w, &w->ticket[i]))
			out[n++] = w->ticket[i].expires;
	for (i = 0; i < ADDRESSES && n + 2 <= max; i++) {
		if (w->address[i].blocked > w->now)
			out[n++] = w->address[i].blocked;
		if (w->mailbox[i].blocked > w->now)
			out[n++] = w->mailbox[i].blocked;
		if (w->reset[i].blocked > w->now)
			out[n++] = w->reset[i].blocked;
	}
	for (i = 0; i < CLIENTS && n + 2 <= max; i++) {
		if (w->host[i].blocked > w->now)
			out[n++] = w->host[i].blocked;
		if (w->guesser[i].blocked > w->now)
			out[n++] = w->guesser[i].blocked;
	}
	return n;
}

void
world_tick(struct m_world *w)
{
	int i;

	for (i = 0; i < w->sessions; i++) {
		if (w->session[i].created != w->now)
			continue;
		w->now++;
		i = -1;
	}
}
