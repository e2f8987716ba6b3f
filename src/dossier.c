#include "dossier.h"

#include <string.h>

#include "clock.h"

#define SESSION_COLUMNS	6
#define DEVICE_COLUMNS	2
#define EVENT_COLUMNS	5
#define MAIL_COLUMNS	3

const char *
dossier_time(struct arena *a, int64_t ms)
{
	char *text;

	text = arena_alloc(a, CLOCK_TEXT_MAX);
	clock_text(ms, text);
	return text;
}

static struct json_member
text_member(const char *name, const char *text)
{
	return (struct json_member){ .name = name, .text = text };
}

/* Cells for rows of a table that becomes one member. */
static struct json_member *
new_cells(struct arena *a, size_t rows, size_t columns)
{
	return arena_alloc(a, (rows + 1) * columns *
	    sizeof(struct json_member));
}

static struct json_member
table_member(struct arena *a, const char *name, size_t rows, size_t columns,
    const struct json_member *cell)
{
	struct json_table *table;

	table = arena_alloc(a, sizeof(*table));
	*table = (struct json_table){ .rows = rows, .columns = columns,
	    .cell = cell };
	return (struct json_member){ .name = name, .kind = JSON_TABLE,
	    .table = table };
}

struct json_member
dossier_sessions(struct arena *a, const struct session *list, size_t n,
    const char *current)
{
	struct json_member *cell, *to;
	const struct session *s;

	cell = to = new_cells(a, n, SESSION_COLUMNS);
	for (s = list; s < list + n; s++) {
		*to++ = text_member("id", auth_session_id(a, s));
		*to++ = text_member("created", dossier_time(a,
		    s->created_at));
		*to++ = text_member("last_seen", dossier_time(a,
		    s->last_seen_at));
		*to++ = text_member("network", s->network);
		*to++ = text_member("user_agent", s->user_agent);
		*to++ = (struct json_member){ .name = "current",
		    .kind = JSON_BOOL,
		    .truth = strcmp(s->token_hash, current) == 0 };
	}
	return table_member(a, "sessions", n, SESSION_COLUMNS, cell);
}

static struct json_member
groups(struct arena *a, const struct account *account)
{
	struct json_member *cell;
	size_t i;

	cell = new_cells(a, account->groups, 1);
	for (i = 0; i < account->groups; i++)
		cell[i] = text_member("name", account->group[i]);
	return table_member(a, "groups", account->groups, 1, cell);
}

static struct json_member
devices(struct arena *a, const struct holdings *held)
{
	struct json_member *cell, *to;
	size_t i;

	cell = to = new_cells(a, held->devices, DEVICE_COLUMNS);
	for (i = 0; i < held->devices; i++) {
		*to++ = text_member("created", dossier_time(a,
		    held->device[i].created_at));
		*to++ = text_member("expires", dossier_time(a,
		    held->device[i].expires_at));
	}
	return table_member(a, "devices", held->devices, DEVICE_COLUMNS,
	    cell);
}

static struct json_member
events(struct arena *a, const struct holdings *held)
{
	struct json_member *cell, *to;
	const struct chain_row *e;
	size_t i;

	cell = to = new_cells(a, held->events, EVENT_COLUMNS);
	for (i = 0; i < held->events; i++) {
		e = &held->event[i];
		*to++ = text_member("time", dossier_time(a, e->at));
		*to++ = text_member("event", e->event);
		*to++ = text_member("result", e->result);
		*to++ = text_member("network", e->network);
		*to++ = text_member("door", e->door);
	}
	return table_member(a, "events", held->events, EVENT_COLUMNS,
	    cell);
}

/* What they said is gone, or opens something as long as they wait. */
static struct json_member
mails(struct arena *a, const struct holdings *held)
{
	struct json_member *cell, *to;
	const struct mail *m;
	size_t i;

	cell = to = new_cells(a, held->mails, MAIL_COLUMNS);
	for (i = 0; i < held->mails; i++) {
		m = &held->mail[i];
		*to++ = text_member("time", dossier_time(a, m->created_at));
		*to++ = text_member("kind", m->kind);
		*to++ = text_member("state", m->state);
	}
	return table_member(a, "mails", held->mails, MAIL_COLUMNS, cell);
}

void
dossier_members(struct arena *a, const struct holdings *held,
    const char *current, struct json_member *out)
{
	const struct account *account = &held->account;

	*out++ = dossier_sessions(a, account->session, account->sessions,
	    current);
	*out++ = text_member("email", account->user.email);
	*out++ = text_member("created", dossier_time(a,
	    account->user.created_at));
	*out++ = text_member("language", auth_language_tag(&account->user));
	*out++ = groups(a, account);
	*out++ = devices(a, held);
	*out++ = events(a, held);
	*out = mails(a, held);
}
