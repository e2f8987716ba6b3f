#include "handlers.h"

#include <string.h>

#include "reply.h"

void
handle_welcome(struct call *c)
{
	reply_outcome(c, OUT_WELCOME);
}

void
handle_register(struct call *c)
{
	enum outcome outcome;

	outcome = auth_register(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_PASSWORD]);
	reply_about(c, outcome, "password");
	if (outcome == OUT_USER_CREATED)
		reply_member(c, "email", c->field[FIELD_EMAIL]);
}

void
handle_login(struct call *c)
{
	const char *typed = c->typed[FIELD_PASSWORD];
	struct grant session;
	enum outcome outcome;

	if (strcmp(typed, c->field[FIELD_PASSWORD]) != 0 &&
	    strlen(typed) <= PASSWD_PHRASE_MAX)
		c->caller.typed = typed;
	outcome = auth_login(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_PASSWORD], &c->caller, &session);
	reply_outcome(c, outcome);
	if (outcome == OUT_LOGGED_IN) {
		reply_member(c, "email", c->field[FIELD_EMAIL]);
		reply_session_cookie(c, &session);
	}
}

void
handle_logout(struct call *c)
{
	enum outcome outcome;

	outcome = auth_logout(c->auth, c->arena, &c->session);
	reply_outcome(c, outcome);
	if (outcome == OUT_LOGGED_OUT) {
		reply_location(c, "/");
		reply_clear_cookie(c);
	}
}

#define SESSION_COLUMNS	6

static void
fill_session(struct call *c, const struct session *s,
    struct json_member *cell)
{
	const struct json_member row[SESSION_COLUMNS] = {
		{ .name = "id", .text = auth_session_id(c->arena, s) },
		{ .name = "created",
		    .text = reply_time(c->arena, s->created_at) },
		{ .name = "last_seen",
		    .text = reply_time(c->arena, s->last_seen_at) },
		{ .name = "network", .text = s->network },
		{ .name = "user_agent", .text = s->user_agent },
		{ .name = "current", .kind = JSON_BOOL, .truth =
		    strcmp(s->token_hash, c->session.token_hash) == 0 },
	};

	memcpy(cell, row, sizeof(row));
}

static void
reply_rows(struct call *c, const char *name, size_t rows, size_t columns,
    const struct json_member *cell)
{
	struct json_table *table;

	table = arena_alloc(c->arena, sizeof(*table));
	*table = (struct json_table){ .rows = rows, .columns = columns,
	    .cell = cell };
	reply_table(c, name, table);
}

static enum outcome
reply_sessions(struct call *c)
{
	struct json_member *cell;
	struct session *list;
	enum outcome outcome;
	size_t i, n;

	outcome = auth_sessions(c->auth, c->arena, &c->session, &list, &n);
	if (outcome != OUT_SESSIONS)
		return outcome;
	cell = arena_alloc(c->arena, (n + 1) * SESSION_COLUMNS *
	    sizeof(*cell));
	for (i = 0; i < n; i++)
		fill_session(c, &list[i], cell + i * SESSION_COLUMNS);
	reply_rows(c, "sessions", n, SESSION_COLUMNS, cell);
	return outcome;
}

void
handle_sessions(struct call *c)
{
	reply_outcome(c, reply_sessions(c));
}

void
handle_end_session(struct call *c)
{
	enum outcome outcome;
	bool current = false;

	outcome = auth_session_end(c->auth, c->arena, &c->session, c->object,
	    &current);
	reply_outcome(c, outcome);
	if (outcome == OUT_SESSION_ENDED && current)
		reply_clear_cookie(c);
}

void
handle_end_others(struct call *c)
{
	reply_outcome(c, auth_sessions_end_others(c->auth, c->arena,
	    &c->session));
}

void
handle_confirm(struct call *c)
{
	reply_outcome(c, auth_confirm(c->auth, c->arena, &c->session,
	    c->field[FIELD_PASSWORD]));
}

void
handle_change_password(struct call *c)
{
	reply_about(c, auth_change_password(c->auth, c->arena, &c->session,
	    c->field[FIELD_CURRENT_PASSWORD], c->field[FIELD_NEW_PASSWORD]),
	    "new_password");
}

void
handle_delete_account(struct call *c)
{
	enum outcome outcome;

	outcome = auth_delete(c->auth, c->arena, &c->session,
	    c->field[FIELD_PASSWORD]);
	reply_outcome(c, outcome);
	if (outcome == OUT_ACCOUNT_DELETED)
		reply_clear_cookie(c);
}

static void
reply_groups(struct call *c, const struct account *account)
{
	struct json_member *cell;
	size_t i;

	cell = arena_alloc(c->arena, (account->groups + 1) * sizeof(*cell));
	for (i = 0; i < account->groups; i++)
		cell[i] = (struct json_member){ .name = "name",
		    .text = account->group[i] };
	reply_rows(c, "groups", account->groups, 1, cell);
}

static void
reply_devices(struct call *c, const struct account *account)
{
	struct json_member *cell;
	size_t i;

	cell = arena_alloc(c->arena, (account->devices * 2 + 1) *
	    sizeof(*cell));
	for (i = 0; i < account->devices; i++) {
		cell[2 * i] = (struct json_member){ .name = "created",
		    .text = reply_time(c->arena,
		    account->device[i].created_at) };
		cell[2 * i + 1] = (struct json_member){ .name = "expires",
		    .text = reply_time(c->arena,
		    account->device[i].expires_at) };
	}
	reply_rows(c, "devices", account->devices, 2, cell);
}

#define EVENT_COLUMNS	5

static void
reply_events(struct call *c, const struct account *account)
{
	const struct chain_row *e;
	struct json_member *cell, *to;
	size_t i;

	cell = to = arena_alloc(c->arena, (account->events + 1) *
	    EVENT_COLUMNS * sizeof(*cell));
	for (i = 0; i < account->events; i++, to += EVENT_COLUMNS) {
		e = &account->event[i];
		to[0] = (struct json_member){ .name = "time",
		    .text = reply_time(c->arena, e->at) };
		to[1] = (struct json_member){ .name = "event",
		    .text = e->event };
		to[2] = (struct json_member){ .name = "result",
		    .text = e->result };
		to[3] = (struct json_member){ .name = "network",
		    .text = e->network };
		to[4] = (struct json_member){ .name = "door",
		    .text = e->door };
	}
	reply_rows(c, "events", account->events, EVENT_COLUMNS, cell);
}

void
handle_export(struct call *c)
{
	struct account *account;
	enum outcome outcome;

	account = arena_alloc(c->arena, sizeof(*account));
	outcome = auth_export(c->auth, c->arena, &c->session, account);
	if (outcome == OUT_EXPORT && reply_sessions(c) != OUT_SESSIONS)
		outcome = OUT_FAULT;
	reply_outcome(c, outcome);
	if (outcome != OUT_EXPORT)
		return;
	reply_member(c, "email", account->user.email);
	reply_member(c, "created", reply_time(c->arena,
	    account->user.created_at));
	reply_groups(c, account);
	reply_devices(c, account);
	reply_events(c, account);
}

void
handle_profile(struct call *c)
{
	reply_outcome(c, OUT_PROFILE);
	reply_member(c, "email", c->session.email);
}

void
handle_reset_begin(struct call *c)
{
	struct grant reset;
	enum outcome outcome;

	outcome = auth_reset_begin(c->auth, c->arena, c->field[FIELD_EMAIL],
	    &reset);
	reply_outcome(c, outcome);
	if (outcome == OUT_RESET_STARTED) {
		reply_member(c, "email", c->field[FIELD_EMAIL]);
		reply_member(c, "reset_token", reset.token);
	}
}

void
handle_reset_finish(struct call *c)
{
	enum outcome outcome;

	outcome = auth_reset_finish(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_RESET_TOKEN], c->field[FIELD_NEW_PASSWORD]);
	reply_about(c, outcome, "new_password");
	if (outcome == OUT_PASSWORD_UPDATED)
		reply_member(c, "email", c->field[FIELD_EMAIL]);
}
