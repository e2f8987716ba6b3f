#include "play.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/helper.h"
#include "address.h"
#include "clock.h"
#include "digest.h"
#include "heap.h"
#include "text.h"

#define BEGINNING	INT64_C(1700000000000)
#define BACK_MOST	(10 * MINUTE)
#define EDGES		128
#define SENT_MAX	2048
#define REASON_MAX	(BODY_MAX + 512)

static const char *const settings[M_PROFILES] = {
	[COMPAT] = "profile = \"compat\"\nhash_cost = 1\n"
	    "session_limit = 3\nsession_idle = 7200\n"
	    "session_lifetime = 10800\n",
	[STANDARD] = "profile = \"standard\"\nhash_cost = 5\n"
	    "session_limit = 3\nsession_lifetime = 172800\n",
	[MAILED] = "profile = \"standard\"\nhash_cost = 5\n"
	    "session_limit = 3\nsession_lifetime = 172800\n"
	    "base_url = \"https://login.example.org\"\n"
	    "mail_dir = \"/nowhere\"\n",
};

struct play {
	struct bed	 bed;
	struct conf	*conf[M_PROFILES], *beds;
	sqlite3		*db;
	struct arena	*arena;
	struct m_world	 world;
	struct m_answer	 expected;
	struct tally	 tally;
	char		 reason[REASON_MAX];
};

static struct play *player;		/* whose clock it is */

static int64_t
world_time(void)
{
	return __atomic_load_n(&player->world.now, __ATOMIC_RELAXED);
}

struct play *
play_open(void)
{
	struct play *p = heap_zeroed(1, sizeof(*p));
	int i;

	helper_bed(&p->bed, settings[COMPAT]);
	p->beds = p->bed.conf;
	for (i = 0; i < M_PROFILES; i++)
		p->conf[i] = helper_conf(settings[i]);
	/* Below the floor of the profile, for the time it takes. */
	p->conf[STANDARD]->hashing.cost = 1;
	p->conf[MAILED]->hashing.cost = 1;
	p->db = helper_sqlite(p->bed.store);
	p->arena = arena_new();
	player = p;
	return p;
}

void
play_close(struct play *p)
{
	int i;

	clock_replace(NULL);
	p->bed.conf = p->beds;
	arena_free(p->arena);
	(void)sqlite3_close(p->db);
	for (i = 0; i < M_PROFILES; i++)
		conf_free(p->conf[i]);
	helper_bed_close(&p->bed);
	free(p);
}

const struct tally *
play_tally(const struct play *p)
{
	return &p->tally;
}

static bool __attribute__((format(printf, 2, 3)))
differs(struct play *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(p->reason, sizeof(p->reason), format, args);
	va_end(args);
	return false;
}

/* What is posted runs before what is waited for later. */
static void
settle(struct play *p)
{
	helper_must(store_session_end(p->bed.desk->store, p->arena,
	    "none", NULL) == STORE_GONE, "the writer");
}

/* A request from what the model was told. */

static void
add_text(char *out, const char *text)
{
	size_t used = strlen(out);

	helper_must(used + strlen(text) < SENT_MAX, "a request too long");
	memcpy(out + used, text, strlen(text) + 1);
}

static void
add_escaped(char *out, const char *text)
{
	char hex[4];

	for (; *text != '\0'; text++) {
		(void)snprintf(hex, sizeof(hex), "%%%02X",
		    (unsigned int)(unsigned char)*text);
		add_text(out, text_is_alnum(*text) ?
		    (const char[]){ *text, '\0' } : hex);
	}
}

static void
add_field(char *out, bool json, const char *name, const char *text)
{
	const char *glue = json ? "," : "&";

	if (text == NULL)
		return;
	if (out[0] != '\0')
		add_text(out, glue);
	if (json) {
		add_text(out, "\"");
		add_text(out, name);
		add_text(out, "\":\"");
		add_text(out, text);
		add_text(out, "\"");
	} else {
		add_text(out, name);
		add_text(out, "=");
		add_escaped(out, text);
	}
}

static const char *
password_text(int password)
{
	if (password == ABSENT)
		return NULL;
	return password == EMPTY ? "" : m_passwords[password].text;
}

static void
write_token(const struct m_request *r, bool json, char *out)
{
	const char *name = m_token_field(r->deed);

	if (!r->token_null) {
		add_field(out, json, name, r->token);
		return;
	}
	if (out[0] != '\0')
		add_text(out, ",");
	add_text(out, "\"");
	add_text(out, name);
	add_text(out, "\":null");
}

/* Every door is sent every field that it could take for its own. */
static void
write_fields(const struct m_request *r, bool json, char *out)
{
	const char *name = r->deed == CHANGE ? "current_password" :
	    "password";

	if (r->address != ABSENT)
		add_field(out, json, "email", m_address(r->address,
		    r->variant));
	if (r->deed != RESET_USE)
		add_field(out, json, name, password_text(r->password));
	add_field(out, json, "language", r->language);
	if (!m_takes_ticket(r->deed) && r->deed != CHANGE)
		return;
	add_field(out, json, "new_password", password_text(r->new_password));
	write_token(r, json, out);
}

static const char *
write_body(struct play *p, const struct m_request *r, bool json)
{
	char text[SENT_MAX] = "";

	write_fields(r, json, text);
	return json ? ARENA_JOIN(p->arena, "{", text, "}") :
	    arena_strdup(p->arena, text);
}

static const char *
write_cookies(struct play *p, const struct step *s, const struct m_request *r)
{
	const struct conf *conf = p->bed.conf;
	const struct conf *other = p->conf[p->world.profile == COMPAT ?
	    STANDARD : COMPAT];
	const struct m_session *named = &p->world.session[0];
	char text[SENT_MAX] = "theme=dark";
	int i;

	for (i = 0; i < 2; i++) {
		if (r->cookie[i] == NULL)
			continue;
		add_text(text, ARENA_JOIN(p->arena, "; ", conf->cookie, "=",
		    r->cookie[i]));
	}
	if (s->misnamed && p->world.sessions > 0)
		add_text(text, ARENA_JOIN(p->arena, "; ", other->cookie, "=",
		    named->secret));
	if (r->device != NULL)
		add_text(text, ARENA_JOIN(p->arena, "; ",
		    conf->device_cookie, "=", r->device));
	return arena_strdup(p->arena, text);
}

static struct answer *
ask(struct play *p, const struct step *s, const struct m_request *r)
{
	const char *door = m_doors[r->deed], *path = strchr(door, ' ') + 1;
	bool get = text_begins(door, "GET ");
	struct request q = {
		.method = r->head ? "HEAD" : arena_copy(p->arena, door,
		    (size_t)(path - door) - 1),
		.cookie = write_cookies(p, s, r),
		.client = m_client(p->world.profile, r->client)->address };
	int n = 0;

	q.uri = r->deed != END_ONE ? path : ARENA_JOIN(p->arena,
	    "/sessions/", r->token != NULL ? r->token : "");
	if (!get) {
		q.type = s->json ? HELPER_JSON : HELPER_FORM;
		q.body = write_body(p, r, s->json);
	}
	if (r->agent)
		q.param[n++] = "HTTP_USER_AGENT=model";
	if (r->present)
		q.param[n++] = "HTTP_SEC_FETCH_MODE=navigate";
	return helper_ask(&p->bed, &q);
}

/* The answer beside the one that it has to be. */

static bool
is_new_secret(struct play *p, const char *text)
{
	const struct m_world *w = &p->world;
	int i;

	if (text == NULL || strlen(text) != TOKEN_LEN ||
	    !text_is_base64url(text, TOKEN_LEN))
		return false;
	for (i = 0; i < w->sessions; i++)
		if (strcmp(w->session[i].secret, text) == 0 ||
		    strcmp(w->session[i].id, text) == 0)
			return false;
	for (i = 0; i < w->tickets; i++)
		if (strcmp(w->ticket[i].token, text) == 0)
			return false;
	for (i = 0; i < w->devices; i++)
		if (strcmp(w->device[i].token, text) == 0)
			return false;
	return true;
}

/* Takes it for the model's, if nobody has had it before. */
static bool
learn(struct play *p, const char *what, const char *text, char *out)
{
	if (!is_new_secret(p, text))
		return differs(p, "expected a new %s, seen %s", what,
		    text != NULL ? text : "none");
	memcpy(out, text, TOKEN_MAX);
	return true;
}

static int
cookie_lines(const struct answer *a)
{
	const char *line = a->head;
	int n = 0;

	while ((line = strstr(line, "\r\nSet-Cookie: ")) != NULL) {
		line++;
		n++;
	}
	return n;
}

static bool
compare_cookies(struct play *p, struct answer *a)
{
	static const int lines[] = { [COOKIE_LEFT] = 0, [COOKIE_GIVEN] = 1,
	    [COOKIE_CLEARED] = 1 };
	const struct m_answer *e = &p->expected;
	const char *name = p->bed.conf->cookie;
	const char *line = helper_cookie_line(a, name);
	int n = lines[e->cookie] + (e->device != NULL ? 1 : 0);

	if (cookie_lines(a) != n)
		return differs(p, "expected %d cookies, seen %d", n,
		    cookie_lines(a));
	if (e->cookie == COOKIE_CLEARED && (line == NULL ||
	    helper_cookie(a, name)[0] != '\0' ||
	    strstr(line, "; Max-Age=0;") == NULL))
		return differs(p, "the cookie was not taken back");
	if (e->session != NULL && !learn(p, "session",
	    helper_cookie(a, name), e->session->secret))
		return false;
	return e->device == NULL || learn(p, "device", helper_cookie(a,
	    p->bed.conf->device_cookie), e->device->token);
}

static bool
compare_header(struct play *p, struct answer *a, const char *name,
    const char *expected)
{
	const char *seen = helper_header(a, name);

	if (expected == NULL ? seen == NULL : seen != NULL &&
	    strcmp(seen, expected) == 0)
		return true;
	return differs(p, "%s: expected %s, seen %s", name,
	    expected != NULL ? expected : "none",
	    seen != NULL ? seen : "none");
}

static bool
compare_headers(struct play *p, struct answer *a)
{
	const struct m_answer *e = &p->expected;
	char retry[24];

	(void)snprintf(retry, sizeof(retry), "%" PRId64, e->retry);
	return compare_header(p, a, "Retry-After", e->retry > 0 ? retry :
	    NULL) &&
	    compare_header(p, a, "Location", e->status == 302 ? "/" :
	    NULL) &&
	    compare_header(p, a, "WWW-Authenticate", e->status == 401 ?
	    "Session" : NULL);
}

/* A reset token is in the body, which is otherwise known. */
static bool
learn_reset(struct play *p, const struct m_request *r, struct answer *a)
{
	struct m_answer *e = &p->expected;

	if (e->reset == NULL)
		return true;
	if (!learn(p, "reset token", helper_member(a, "reset_token"),
	    e->reset->token))
		return false;
	(void)snprintf(e->body, sizeof(e->body),
	    "{\"email\":\"%s\",\"reset_token\":\"%s\"}\n",
	    m_address(r->address, r->variant), e->reset->token);
	return true;
}

/* What is on record has tests of its own: it comes last in an export. */
static void
hide_events(char *body)
{
	char *events = strstr(body, ",\"events\":[");

	if (events != NULL)
		memcpy(events, "}\n", 3);
}

static bool
compare(struct play *p, const struct m_request *r, struct answer *a)
{
	const struct m_answer *e = &p->expected;

	if (a->status != e->status)
		return differs(p, "expected %d %s    seen %d %s", e->status,
		    e->body, a->status, a->body);
	if (!learn_reset(p, r, a) || !compare_cookies(p, a))
		return false;
	hide_events(a->body);
	if (strcmp(a->body, e->body) != 0)
		return differs(p, "expected %d %s    seen %d %s", e->status,
		    e->body, a->status, a->body);
	return compare_headers(p, a);
}

/* The id of a session that has just begun stands in the list, current. */
static bool
learn_id(struct play *p, struct m_session *s)
{
	const struct step step = { .deed = LIST };
	const struct m_request r = { .deed = LIST, .cookie[0] = s->secret };
	struct answer *a = ask(p, &step, &r);
	const struct m_session *list[MANY];
	const char *row = a->body;
	int i;

	(void)m_sessions_of(&p->world, s->person, list);
	for (i = 0; row != NULL && list[i] != s; i++)
		row = strstr(row + 1, "{\"id\":\"");
	row = row != NULL ? strstr(row + 1, "{\"id\":\"") : NULL;
	if (row == NULL || !learn(p, "id", arena_copy(p->arena, row + 7,
	    strnlen(row + 7, TOKEN_LEN)), s->id))
		return differs(p, "the new session is not in the list: %s",
		    a->body);
	world_ask(&p->world, &r, &p->expected);
	return compare(p, &r, a);
}

/* Rows of the store. */

struct look {
	struct play	*play;
	bool		 (*row)(struct look *, sqlite3_stmt *);
	int		 live;		/* rows that count */
};

static const char *
column(sqlite3_stmt *stmt, int i)
{
	return (const char *)sqlite3_column_text(stmt, i);
}

static bool
look_at(struct look *l, const char *sql)
{
	sqlite3_stmt *stmt;
	bool good = true;

	helper_must(sqlite3_prepare_v2(l->play->db, sql, -1, &stmt, NULL) ==
	    SQLITE_OK, sql);
	while (good && sqlite3_step(stmt) == SQLITE_ROW)
		good = l->row(l, stmt);
	(void)sqlite3_finalize(stmt);
	return good;
}

static bool
holds(struct play *p, const char *what, const char *sql,
    bool (*row)(struct look *, sqlite3_stmt *), int expected)
{
	struct look l = { .play = p, .row = row };

	if (!look_at(&l, sql))
		return false;
	return expected == ABSENT || l.live == expected ||
	    differs(p, "expected %d %s in the store, seen %d", expected,
	    what, l.live);
}

/* The mail beside the one that it has to be. */

static bool
is_new_code(const char *text)
{
	return strlen(text) == CODE_MAX - 1 && text[4] == ' ' &&
	    strspn(text, "0123456789") == 4 &&
	    strspn(text + 5, "0123456789") == 4;
}

static bool
mail_row(struct look *l, sqlite3_stmt *row)
{
	struct play *p = l->play;
	const struct m_mail *mail = p->expected.mail;
	struct m_ticket *t = p->expected.ticket;
	const char *link = column(row, 2), *code = column(row, 3);

	l->live++;
	if (mail == NULL || strcmp(column(row, 0), mail->kind) != 0 ||
	    strcmp(column(row, 1), p->expected.recipient) != 0)
		return differs(p, "expected mail %s to \"%s\", seen %s to "
		    "\"%s\"", mail != NULL ? mail->kind : "none",
		    mail != NULL ? p->expected.recipient : "",
		    column(row, 0), column(row, 1));
	if (!text_begins(link, mail->link) || (!mail->token &&
	    strcmp(link, mail->link) != 0) || (mail->code ?
	    !is_new_code(code) : code[0] != '\0'))
		return differs(p, "mail %s: link %s, code \"%s\"",
		    mail->kind, link, code);
	if (mail->code)
		(void)snprintf(t->code, sizeof(t->code), "%s", code);
	return !mail->token || learn(p, "token", link + strlen(mail->link),
	    t->token);
}

static bool
compare_mails(struct play *p)
{
	int expected = p->expected.mail != NULL ? 1 : 0;

	if (!holds(p, "mails", "SELECT kind, recipient,"
	    " json_extract(content, '$.link'),"
	    " json_extract(content, '$.code') FROM mails", mail_row,
	    expected))
		return false;
	if (expected > 0)
		helper_must(sqlite3_exec(p->db, "DELETE FROM mails", NULL,
		    NULL, NULL) == SQLITE_OK, "emptying the mailboxes");
	return true;
}

static bool
play_door(struct play *p, const struct step *s, const struct m_request *r)
{
	struct m_session *begun;
	struct answer *a;

	world_ask(&p->world, r, &p->expected);
	a = ask(p, s, r);
	p->tally.calls++;
	p->tally.answers[r->deed][a->status % 600]++;
	if (!compare(p, r, a))
		return false;
	settle(p);
	if (!compare_mails(p))
		return false;
	begun = p->expected.session;
	return begun == NULL || learn_id(p, begun);
}

/* Beside the doors. */

/* Just before, at or just after the end of something; only a little back. */
static void
go_to_edge(struct m_world *w, const struct step *s)
{
	int64_t edge[EDGES], at;
	size_t n = world_edges(w, edge, EDGES);

	if (n == 0)
		return;
	at = edge[s->n % n] + s->ms;
	if (at > w->now - BACK_MOST)
		w->now = at;
}

static bool
link_for(struct play *p, int address)
{
	struct m_ticket *expected = world_reset_link(&p->world, address);
	enum outcome outcome;
	struct grant grant;

	outcome = mailbox_reset_make(p->bed.desk, p->arena,
	    m_address(address, 0), MAILBOX_RESET_SECONDS, &grant);
	if (outcome != (expected != NULL ? OUT_RESET_STARTED :
	    OUT_UNKNOWN_ADDRESS))
		return differs(p, "a reset link came to outcome %d", outcome);
	return expected == NULL || learn(p, "reset token", grant.token,
	    expected->token);
}

static bool
disable(struct play *p, int address, bool disabled)
{
	const char *key = address_key(p->arena, m_address(address, 0));
	bool exists = m_account_at(&p->world, address) != ABSENT;
	enum store_status status;

	status = disabled ? store_user_disable(p->bed.desk->store, p->arena,
	    key, p->world.now, NULL) : store_user_enable(p->bed.desk->store,
	    p->arena, key, NULL);
	world_disable(&p->world, address, disabled);
	return status == (exists ? STORE_OK : STORE_GONE) ||
	    differs(p, "%s came to %d", disabled ? "disable" : "enable",
	    status);
}

static bool
play_beside(struct play *p, const struct step *s, int address)
{
	switch (s->deed) {
	case WAIT:
		p->world.now += s->ms;
		break;
	case EDGE:
		go_to_edge(&p->world, s);
		break;
	case SWEEP:
		store_sweep(p->bed.db, p->world.now);
		settle(p);
		world_sweep(&p->world);
		break;
	case RESET_LINK:
		return link_for(p, address);
	default:
		return disable(p, address, s->deed == DISABLE);
	}
	return true;
}

/* What the store holds, row by row. */

static int
person_of(const struct m_world *w, const char *email)
{
	int i;

	for (i = 0; i < ACCOUNTS; i++)
		if (w->account[i].exists && strcmp(email, m_address(
		    w->account[i].address, w->account[i].variant)) == 0)
			return i;
	return ABSENT;
}

static bool
same_hash(const char *token, const char *stored)
{
	char hash[TOKEN_MAX];

	return digest_token_hash(token, hash) && strcmp(hash, stored) == 0;
}

static bool
user_row(struct look *l, sqlite3_stmt *row)
{
	const struct m_account *a;
	int person = person_of(&l->play->world, column(row, 0));

	l->live++;
	if (person == ABSENT)
		return differs(l->play, "the store has an account %s",
		    column(row, 0));
	a = &l->play->world.account[person];
	if (a->created != sqlite3_column_int64(row, 1) ||
	    a->disabled != (sqlite3_column_int64(row, 2) != 0))
		return differs(l->play, "account %s differs", column(row, 0));
	if (strcmp(a->language, column(row, 4)[0] != '\0' ? column(row, 4) :
	    "auto") != 0)
		return differs(l->play, "account %s has another language",
		    column(row, 0));
	if (a->password == ABSENT)
		return strcmp(column(row, 3), PASSWD_NONE) == 0 ||
		    differs(l->play, "account %s has a password",
		    column(row, 0));
	return passwd_verify(l->play->bed.desk->passwd,
	    m_passwords[m_passwords[a->password].same].text, column(row, 3),
	    &l->play->bed.conf->hashing) == PASSWD_MATCH || differs(l->play,
	    "account %s has another password", column(row, 0));
}

static bool
session_row(struct look *l, sqlite3_stmt *row)
{
	const struct m_world *w = &l->play->world;
	const struct m_session *s;
	int i;

	for (i = 0; i < w->sessions; i++)
		if (same_hash(w->session[i].secret, column(row, 0)))
			break;
	s = &w->session[i];
	if (i == w->sessions || s->ended)
		return differs(l->play, "the store holds session %d, which "
		    "has ended", i + 1);
	l->live += m_session_lives(w, s) ? 1 : 0;
	return (s->person == person_of(w, column(row, 1)) &&
	    s->created == sqlite3_column_int64(row, 2) &&
	    s->expires == sqlite3_column_int64(row, 3) &&
	    s->ends == sqlite3_column_int64(row, 4) &&
	    s->seen == sqlite3_column_int64(row, 5) &&
	    s->proved == sqlite3_column_int64(row, 6)) ||
	    differs(l->play, "session %d differs in the store", i + 1);
}

/* Of one whose token nobody was told, all the rest. */
static bool
is_ticket(const struct m_ticket *t, sqlite3_stmt *row)
{
	const char *kind = column(row, 1), *email = column(row, 3);

	if (t->token[0] != '\0')
		return same_hash(t->token, column(row, 0));
	return !t->spent && strcmp(kind, m_kinds[t->kind]) == 0 &&
	    strcmp(email, m_address(t->address, t->variant)) == 0 &&
	    t->expires == sqlite3_column_int64(row, 4) &&
	    t->tries == sqlite3_column_int(row, 5);
}

static bool
ticket_row(struct look *l, sqlite3_stmt *row)
{
	const struct m_world *w = &l->play->world;
	const struct m_ticket *t;
	int i, person = person_of(w, column(row, 2));

	for (i = 0; i < w->tickets; i++)
		if (is_ticket(&w->ticket[i], row))
			break;
	t = &w->ticket[i];
	if (i == w->tickets || t->spent)
		return differs(l->play, "the store holds ticket %d, %s for "
		    "%s, which is spent", i + 1, column(row, 1),
		    column(row, 3));
	l->live += m_ticket_lives(w, t) ? 1 : 0;
	return (t->person == person &&
	    strcmp(column(row, 1), m_kinds[t->kind]) == 0 &&
	    strcmp(column(row, 3), m_address(t->address, t->variant)) == 0 &&
	    t->expires == sqlite3_column_int64(row, 4) &&
	    t->tries == sqlite3_column_int(row, 5) &&
	    (t->code[0] != '\0' && t->tries < CODE_TRIES) ==
	    (sqlite3_column_int(row, 6) != 0)) ||
	    differs(l->play, "ticket %d differs in the store", i + 1);
}

static bool
device_row(struct look *l, sqlite3_stmt *row)
{
	const struct m_world *w = &l->play->world;
	int i, person = person_of(w, column(row, 1));
	const struct m_browser *b;

	if (sqlite3_column_int64(row, 3) <= w->now)
		return true;
	for (i = 0; i < w->devices; i++)
		if (!w->device[i].former && same_hash(w->device[i].token,
		    column(row, 0)))
			break;
	l->live++;
	b = &w->browser[w->device[i].browser];
	return (i < w->devices && person != ABSENT &&
	    m_browser_known(w, b, person) &&
	    b->since[person] == sqlite3_column_int64(row, 2) &&
	    b->until == sqlite3_column_int64(row, 3)) ||
	    differs(l->play, "device %d differs in the store", i + 1);
}

static void
add_count(const struct m_count *c, int64_t *sum)
{
	if (c->failures == 0)
		return;
	sum[0]++;
	sum[1] += c->failures;
	sum[2] += c->blocked;
}

static bool
limits_row(struct look *l, sqlite3_stmt *row)
{
	const struct m_world *w = &l->play->world;
	int64_t sum[3] = { 0, 0, 0 };
	int i;

	for (i = 0; i < ADDRESSES; i++) {
		add_count(&w->address[i], sum);
		add_count(&w->mailbox[i], sum);
	}
	for (i = 0; i < CLIENTS; i++) {
		add_count(&w->host[i], sum);
		add_count(&w->network[i], sum);
		add_count(&w->asker[i], sum);
		add_count(&w->askers[i], sum);
		add_count(&w->guesser[i], sum);
		add_count(&w->guessers[i], sum);
	}
	for (i = 0; i < ACCOUNTS; i++)
		if (w->account[i].exists)
			add_count(&w->account[i].self, sum);
	for (i = 0; i < 3; i++)
		if (sum[i] != sqlite3_column_int64(row, i))
			break;
	return i == 3 || differs(l->play, "expected %" PRId64 " failures in "
	    "%" PRId64 " counts, seen %d in %d", sum[1], sum[0],
	    sqlite3_column_int(row, 1), sqlite3_column_int(row, 0));
}

static int
live_tickets(const struct m_world *w)
{
	int i, n = 0;

	for (i = 0; i < w->tickets; i++)
		n += m_ticket_lives(w, &w->ticket[i]) ? 1 : 0;
	return n;
}

static int
live_devices(const struct m_world *w)
{
	int i, person, n = 0;

	for (i = 0; i < w->browsers; i++)
		for (person = 0; person < ACCOUNTS; person++)
			n += m_browser_known(w, &w->browser[i], person) ? 1 :
			    0;
	return n;
}

static bool
store_agrees(struct play *p)
{
	const struct m_world *w = &p->world;
	const struct m_session *list[MANY];
	int i, accounts = 0, sessions = 0;

	for (i = 0; i < ACCOUNTS; i++) {
		accounts += w->account[i].exists ? 1 : 0;
		sessions += m_sessions_of(w, i, list);
	}
	return holds(p, "accounts", "SELECT email, created_at, disabled_at,"
	    " password_hash, language FROM users", user_row, accounts) &&
	    holds(p, "live sessions", "SELECT token_hash, email,"
	    " s.created_at, expires_at, ends_at, last_seen_at, proved_at"
	    " FROM sessions s JOIN users u ON u.id = user_id", session_row,
	    sessions) &&
	    holds(p, "live tickets", "SELECT token_hash, kind,"
	    " coalesce(u.email, ''), t.email, expires_at, tries,"
	    " code_hash <> '' FROM tickets t"
	    " LEFT JOIN users u ON u.id = user_id", ticket_row,
	    live_tickets(w)) &&
	    holds(p, "known browsers", "SELECT token_hash, email,"
	    " d.created_at, expires_at FROM devices d JOIN users u"
	    " ON u.id = user_id", device_row, live_devices(w)) &&
	    holds(p, "counts", "SELECT count(*), coalesce(sum(failures), 0),"
	    " coalesce(sum(blocked_until), 0) FROM limits"
	    " WHERE failures > 0 AND key NOT LIKE 'd%'"
	    " AND key NOT LIKE 'r%'", limits_row, ABSENT);
}

static bool
lacks(const char *lines, const char *secret)
{
	return secret[0] == '\0' || strstr(lines, secret) == NULL;
}

/* No secret of the sequence may be in the log. */
static bool
log_is_clean(struct play *p)
{
	const struct m_world *w = &p->world;
	char *lines = helper_log(&p->bed);
	bool clean = true;
	int i;

	for (i = 0; i < w->sessions; i++)
		clean = clean && strstr(lines, w->session[i].secret) == NULL;
	for (i = 0; i < w->tickets; i++)
		clean = clean && lacks(lines, w->ticket[i].token) &&
		    lacks(lines, w->ticket[i].code);
	for (i = 0; i < w->devices; i++)
		clean = clean && strstr(lines, w->device[i].token) == NULL;
	for (i = 0; i < PASSWORDS; i++)
		clean = clean && strstr(lines, m_passwords[i].text) == NULL;
	free(lines);
	return clean || differs(p, "a secret is in the log");
}

/* A sequence. */

/* In standard people have accounts from an administrator. */
static void
begin(struct play *p, enum m_profile profile)
{
	static const int accounts[] = { [COMPAT] = 0, [STANDARD] = PEOPLE,
	    [MAILED] = PEOPLE - 1 };
	int i;

	helper_must(sqlite3_exec(p->db, "DELETE FROM users;"
	    "DELETE FROM tickets;DELETE FROM mails;DELETE FROM limits",
	    NULL, NULL, NULL) == SQLITE_OK, "clearing");
	free(helper_log(&p->bed));
	p->bed.conf = p->conf[profile];
	p->bed.desk->conf = p->conf[profile];
	world_begin(&p->world, profile, BEGINNING);
	p->world.limit = p->bed.conf->session_limit;
	p->world.idle = p->bed.conf->session_idle * SECOND;
	p->world.lifetime = p->bed.conf->session_lifetime * SECOND;
	clock_replace(world_time);
	for (i = 0; i < accounts[profile]; i++) {
		world_add_account(&p->world, i, i);
		helper_must(auth_user_add(p->bed.desk, p->arena,
		    m_address(i, 0), m_passwords[i].text) ==
		    OUT_USER_CREATED, "an account");
	}
}

static bool
play_step(struct play *p, const struct step *s, FILE *out)
{
	struct m_texts texts;
	struct m_request r;
	bool good;

	steps_resolve(&p->world, s, &texts, &r);
	if (out != NULL) {
		(void)fputs("  ", out);
		steps_describe(out, &p->world, s, &r);
	}
	good = s->deed < DOORS ? play_door(p, s, &r) : play_beside(p, s,
	    r.address);
	if (out != NULL && s->deed < DOORS && good)
		(void)fprintf(out, "\n    %d\n", p->expected.status);
	else if (out != NULL && good)
		(void)fputs("\n", out);
	return good;
}

int
play(struct play *p, enum m_profile profile, const struct step *s, size_t n,
    FILE *out)
{
	size_t i;

	begin(p, profile);
	for (i = 0; i < n; i++)
		if (!play_step(p, &s[i], out))
			break;
	if (i == n && store_agrees(p) && log_is_clean(p))
		i = n + 1;
	if (i <= n && out != NULL)
		(void)fprintf(out, "%s    %s\n", i < n ? "\n" :
		    "  afterwards:\n", p->reason);
	helper_forget(&p->bed);
	arena_free(p->arena);
	p->arena = arena_new();
	return i > n ? -1 : (int)i;
}
