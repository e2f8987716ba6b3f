#include "store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "heap.h"
#include "log.h"
#include "statements.h"
#include "text.h"

static const struct db_statement statements[] = {
#define ROW(id, args_, row_, sql_)					\
	[id] = { .name = #id, .args = (args_), .row = (row_), .sql = (sql_) },
	STATEMENTS(ROW)
#undef ROW
};

static const struct db_migration migrations[] = {
#include "schema.inc"
};

static const struct db_schema schema = {
	.statement = statements,
	.statements = sizeof(statements) / sizeof(statements[0]),
	.migration = migrations,
	.migrations = sizeof(migrations) / sizeof(migrations[0]),
};

#define ARGS(...)	(const struct db_value[]){ __VA_ARGS__ }
#define COLUMNS_MAX	STATEMENT_COLUMNS_MAX
/* What one step of the sweep removes of a kind, at most. */
#define SWEEP_ROWS	250
/* A courier that runs is the first to end a mail, and logs which it was. */
#define MAIL_GRACE_MS	(INT64_C(60) * 1000)
#define MAIL_KEPT_MS	(STORE_MAIL_DAYS * INT64_C(24) * 60 * 60 * 1000)

#define FITS(id, args, row, sql)					\
	_Static_assert(sizeof(row) - 1 <= COLUMNS_MAX, #id);
STATEMENTS(FITS)

struct store {
	struct db	*db;
	struct db_conn	*reader;	/* NULL until it is needed */
};

const struct db_schema *
store_schema(void)
{
	return &schema;
}

struct db *
store_open(const char *path, enum db_refusal *why,
    void (*complain)(const char *))
{
	return db_open(path, &schema, why, complain);
}

struct db *
store_open_as_it_is(const char *path, enum db_refusal *why,
    void (*complain)(const char *))
{
	return db_open_as_it_is(path, &schema, why, complain);
}

void
store_shut(struct db *db)
{
	db_close(db);
}

struct store *
store_desk(struct db *db, bool reads)
{
	struct store *s;

	s = heap_zeroed(1, sizeof(*s));
	s->db = db;
	if (reads && (s->reader = db_reader(db)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
store_leave(struct store *s)
{
	if (s == NULL)
		return;
	db_reader_close(s->reader);
	free(s);
}

static enum store_status
status_of(enum db_status status)
{
	switch (status) {
	case DB_OK:
		return STORE_OK;
	case DB_NONE:
		return STORE_GONE;
	case DB_BUSY:
		return STORE_BUSY;
	case DB_FAULT:
		break;
	}
	return STORE_FAULT;
}

static bool
reads(struct store *s)
{
	return s->reader != NULL || (s->reader = db_reader(s->db)) != NULL;
}

static enum store_status
read_row(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args, struct db_value *row)
{
	if (!reads(s))
		return STORE_FAULT;
	return status_of(db_run(s->reader, a, id, args, row));
}

static enum store_status
read_each(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args, db_take *take, void *arg)
{
	struct db_value row[COLUMNS_MAX];

	if (!reads(s))
		return STORE_FAULT;
	return status_of(db_each(s->reader, a, id, args, row, take, arg));
}

struct view {
	store_read	*read;
	void		*arg;
	enum store_status status;
};

/* What read says is handed on beside: it knows more than a database does. */
static enum db_status
work_view(struct db_conn *c, void *arg)
{
	struct view *v = arg;

	(void)c;
	v->status = v->read(v->arg);
	return DB_OK;
}

enum store_status
store_view(struct store *s, store_read *read, void *arg)
{
	struct view v = { .read = read, .arg = arg };
	enum db_status status;

	if (!reads(s))
		return STORE_FAULT;
	status = db_view(s->reader, work_view, &v);
	return status != DB_OK ? status_of(status) : v.status;
}

/* A change, and the row of the audit trail that it brings. */
struct deed {
	struct arena	*arena;
	db_work		*work;
	void		*arg;
	const struct entry *record;
};

/* Before the change: it may take the account away. */
static enum db_status
look_up_account(struct db_conn *c, struct arena *a, struct entry *e)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	if (e->user_id != NULL || e->email_key == NULL)
		return DB_OK;
	status = db_run(c, a, USER_BY_EMAIL, ARGS(DB_TEXT(e->email_key)),
	    row);
	if (status == DB_OK)
		e->user_id = row[0].text;
	return status == DB_NONE ? DB_OK : status;
}

static enum db_status
work_deed(struct db_conn *c, void *arg)
{
	const struct deed *d = arg;
	struct entry entry = *d->record;
	enum db_status status;

	status = look_up_account(c, d->arena, &entry);
	if (status == DB_OK)
		status = d->work(c, d->arg);
	if (status == DB_OK)
		status = trail_add(c, d->arena, &entry);
	return status != DB_OK || entry.posting == NULL ? status :
	    ticket_post(c, d->arena, entry.posting);
}

static enum store_status
change_by(struct store *s, struct arena *a, db_work *work, void *arg,
    const struct entry *record)
{
	struct deed d = { .arena = a, .work = work, .arg = arg,
	    .record = record };

	return status_of(record != NULL ? db_write(s->db, work_deed, &d) :
	    db_write(s->db, work, arg));
}

/* A write that is one statement, or two. */
struct single {
	struct arena	*arena;
	enum statement	 id;
	const struct db_value *args;
	enum statement	 then;		/* of work_both */
};

static enum db_status
work_single(struct db_conn *c, void *arg)
{
	struct db_value row[COLUMNS_MAX];
	struct single *w = arg;

	return db_run(c, w->arena, w->id, w->args, row);
}

static enum store_status
write_single(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args, const struct entry *record)
{
	struct single w = { .arena = a, .id = id, .args = args };

	return change_by(s, a, work_single, &w, record);
}

/* Users. */

static const char *
new_id(struct arena *a)
{
	char *id;

	id = arena_alloc(a, STORE_ID_LEN + 1);
	digest_id(id);
	return id;
}

/* The record, of an account that has its id only now. */
static const struct entry *
record_of(struct arena *a, const struct entry *record, const char *user_id)
{
	struct entry *own;

	if (record == NULL)
		return NULL;
	own = arena_alloc(a, sizeof(*own));
	*own = *record;
	own->user_id = user_id;
	return own;
}

static const char *
language_of(const struct user *u)
{
	return u->language != NULL ? u->language : "";
}

enum store_status
store_user_add(struct store *s, struct arena *a, struct user *u,
    const struct entry *record)
{
	enum store_status status;

	u->id = new_id(a);
	status = write_single(s, a, USER_ADD, ARGS(DB_TEXT(u->id),
	    DB_TEXT(u->email), DB_TEXT(u->email_key),
	    DB_TEXT(u->password_hash), DB_NUMBER(u->created_at),
	    DB_TEXT(language_of(u))),
	    record_of(a, record, u->id));
	return status == STORE_GONE ? STORE_TAKEN : status;
}

struct store_entry {
	struct db_conn	*conn;
	store_enter_all	*all;
	void		*arg;
	const struct entry *record;	/* of each account, but for its id */
	enum db_status	 status;	/* the last but for DB_NONE */
};

enum store_status
store_user_enter(struct store_entry *e, struct arena *a, struct user *u)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	u->id = new_id(a);
	status = db_run(e->conn, a, USER_ADD, ARGS(DB_TEXT(u->id),
	    DB_TEXT(u->email), DB_TEXT(u->email_key),
	    DB_TEXT(u->password_hash), DB_NUMBER(u->created_at),
	    DB_TEXT(language_of(u))), row);
	if (status == DB_NONE)
		return STORE_TAKEN;
	if (status == DB_OK && e->record != NULL)
		status = trail_add(e->conn, a,
		    record_of(a, e->record, u->id));
	if (status != DB_OK)
		e->status = status;
	return status_of(status);
}

/* Who was told of a fault and went on has it undone all the same. */
static enum db_status
work_enter(struct db_conn *c, void *arg)
{
	struct store_entry *e = arg;
	bool meant;

	e->conn = c;
	db_expect_much(c);
	meant = e->all(e, e->arg);
	return e->status == DB_OK && !meant ? DB_NONE : e->status;
}

enum store_status
store_users_enter(struct store *s, store_enter_all *all, void *arg,
    const struct entry *record)
{
	struct store_entry e = { .all = all, .arg = arg, .record = record,
	    .status = DB_OK };

	return status_of(db_write(s->db, work_enter, &e));
}

enum store_status
store_user_by_email(struct store *s, struct arena *a, const char *email_key,
    struct user *out)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, USER_BY_EMAIL, ARGS(DB_TEXT(email_key)),
	    row);
	if (status == STORE_OK)
		*out = (struct user){ .id = row[0].text,
		    .email = row[1].text, .email_key = email_key,
		    .password_hash = row[2].text,
		    .disabled_at = row[3].number, .language = row[4].text };
	return status;
}

enum store_status
store_user_by_id(struct store *s, struct arena *a, const char *id,
    struct user *out)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, USER_BY_ID, ARGS(DB_TEXT(id)), row);
	if (status == STORE_OK)
		*out = (struct user){ .id = id, .email = row[0].text,
		    .email_key = row[1].text, .password_hash = row[2].text,
		    .created_at = row[3].number, .language = row[4].text };
	return status;
}

enum store_status
store_user_language(struct store *s, struct arena *a, const char *id,
    const char *language, const struct entry *record)
{
	return write_single(s, a, USER_SET_LANGUAGE, ARGS(DB_TEXT(language),
	    DB_TEXT(id)), record);
}

/* The other statement takes what the first one has returned. */
static enum db_status
work_both(struct db_conn *c, void *arg)
{
	struct db_value row[COLUMNS_MAX];
	const struct single *w = arg;
	enum db_status status;

	status = db_run(c, w->arena, w->id, w->args, row);
	return status != DB_OK ? status : db_run(c, w->arena, w->then,
	    ARGS(DB_TEXT(row[0].text)), NULL);
}

/* What the record posts is written after it, and stays. */
enum store_status
store_user_delete_own(struct store *s, struct arena *a,
    const struct session *session, const char *verified_hash,
    const struct entry *record)
{
	struct single w = { .arena = a, .id = USER_DELETE_OWN,
	    .then = MAILS_TO_REMOVE,
	    .args = ARGS(DB_TEXT(session->user_id), DB_TEXT(verified_hash),
	    DB_TEXT(session->token_hash)) };

	return change_by(s, a, work_both, &w, record);
}

struct own_change {
	struct arena	*arena;
	const struct password_change *change;
};

static enum db_status
work_own_change(struct db_conn *c, void *arg)
{
	const struct own_change *w = arg;
	const struct password_change *p = w->change;
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, w->arena, USER_CHANGE_PASSWORD,
	    ARGS(DB_TEXT(p->new_hash), DB_TEXT(p->user_id),
	    DB_TEXT(p->verified_hash)), row);
	if (status == DB_OK)
		status = db_run(c, w->arena, SESSIONS_END_OTHERS,
		    ARGS(DB_TEXT(p->user_id), DB_TEXT(p->kept)), row);
	if (status == DB_OK)
		status = db_run(c, w->arena, TICKETS_OF_USER_END,
		    ARGS(DB_TEXT(p->user_id)), row);
	if (status == DB_OK)
		status = db_run(c, w->arena, SESSION_PROVED,
		    ARGS(DB_NUMBER(p->now), DB_TEXT(p->kept),
		    DB_TEXT(p->user_id), DB_TEXT(p->new_hash)), row);
	return status;
}

enum store_status
store_password_change(struct store *s, struct arena *a,
    const struct password_change *change)
{
	struct own_change w = { .arena = a, .change = change };

	return change_by(s, a, work_own_change, &w, change->record);
}

/* Limits. */

static enum db_status
look(struct db_conn *c, struct arena *a, const struct limit *l,
    struct bucket *out)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	memset(out, 0, sizeof(*out));
	status = db_run(c, a, LIMIT_LOOK, ARGS(DB_TEXT(l->key)), row);
	if (status == DB_OK)
		*out = (struct bucket){ .failures = row[0].number,
		    .updated_at = row[1].number,
		    .blocked_until = row[2].number };
	return status == DB_NONE ? DB_OK : status;
}

static enum db_status
set(struct db_conn *c, struct arena *a, const struct limit *l,
    const struct bucket *b)
{
	return db_run(c, a, LIMIT_SET, ARGS(DB_TEXT(l->key),
	    DB_NUMBER(b->failures), DB_NUMBER(b->updated_at),
	    DB_NUMBER(b->blocked_until), DB_NUMBER(bucket_end(b, &l->rule))),
	    NULL);
}

struct taking {
	struct arena	*arena;
	const struct limit *limit;
	size_t		 n;
	int64_t		 now;
	int64_t		 wait;		/* the longest */
	bool		 writes;
};

static enum db_status
take_one(struct db_conn *c, struct taking *w, const struct limit *l)
{
	enum db_status status;
	struct bucket b;
	int64_t wait;

	if ((status = look(c, w->arena, l, &b)) != DB_OK)
		return status;
	wait = bucket_take(&b, &l->rule, w->now);
	if (wait > w->wait)
		w->wait = wait;
	return w->writes && w->wait == 0 ? set(c, w->arena, l, &b) : DB_OK;
}

/* What was written before one refused is undone with the rest. */
static enum db_status
work_take(struct db_conn *c, void *arg)
{
	struct taking *w = arg;
	enum db_status status = DB_OK;
	size_t i;

	w->wait = 0;
	for (i = 0; i < w->n && status == DB_OK; i++)
		status = take_one(c, w, &w->limit[i]);
	return status == DB_OK && w->wait > 0 ? DB_NONE : status;
}

/*
 * Work that begins with work_take.  Whoever has to wait is told by a reader: a
 * flood does not reach the disk.
 */
static enum store_status
take_by(struct store *s, struct taking *w, db_work *work, void *arg)
{
	enum db_status status;

	if (!reads(s))
		return STORE_FAULT;
	status = work_take(s->reader, w);
	if (status == DB_OK) {
		w->writes = true;
		status = db_write(s->db, work, arg);
	}
	return status_of(status);
}

enum store_status
store_limits_take(struct store *s, struct arena *a, const struct limit *limit,
    size_t n, int64_t now, int64_t *wait)
{
	struct taking w = { .arena = a, .limit = limit, .n = n, .now = now };
	enum store_status status;

	if (n == 0)
		return STORE_OK;
	status = take_by(s, &w, work_take, &w);
	*wait = w.wait;
	return status;
}

static enum db_status
give_one(struct db_conn *c, struct arena *a, const struct limit *l)
{
	enum db_status status;
	struct bucket b;

	if (l->clears)
		return db_run(c, a, LIMIT_CLEAR, ARGS(DB_TEXT(l->key)), NULL);
	if ((status = look(c, a, l, &b)) != DB_OK || b.failures == 0)
		return status;
	bucket_give(&b);
	return set(c, a, l, &b);
}

static enum db_status
give_all(struct db_conn *c, struct arena *a, const struct limit *limit,
    size_t n)
{
	enum db_status status = DB_OK;
	size_t i;

	for (i = 0; i < n && status == DB_OK; i++)
		status = give_one(c, a, &limit[i]);
	return status;
}

static enum db_status
clear_all(struct db_conn *c, struct arena *a, const struct limit *limit,
    size_t n)
{
	enum db_status status = DB_OK;
	size_t i;

	for (i = 0; i < n && status == DB_OK; i++)
		status = db_run(c, a, LIMIT_CLEAR,
		    ARGS(DB_TEXT(limit[i].key)), NULL);
	return status;
}

/* A limit, and its key beside it. */
struct given {
	struct limit	 limit;
	char		 key[STORE_LIMIT_MAX];
};

static enum db_status
work_give(struct db_conn *c, void *arg)
{
	struct given *w = arg;

	w->limit.key = w->key;
	return give_one(c, NULL, &w->limit);
}

void
store_limits_give(struct store *s, const struct limit *limit, size_t n)
{
	struct given *w;
	size_t i;

	for (i = 0; i < n; i++) {
		w = heap_zeroed(1, sizeof(*w));
		w->limit = limit[i];
		(void)snprintf(w->key, sizeof(w->key), "%s", limit[i].key);
		if (!db_post(s->db, work_give, w))
			free(w);
	}
}

static enum db_status
work_clear(struct db_conn *c, void *arg)
{
	const struct taking *w = arg;

	return clear_all(c, w->arena, w->limit, w->n);
}

enum store_status
store_limits_clear(struct store *s, struct arena *a,
    const struct limit *limit, size_t n, const struct entry *record)
{
	struct taking w = { .arena = a, .limit = limit, .n = n };

	return change_by(s, a, work_clear, &w, record);
}

const char *
store_device_name(struct arena *a, const char *user_id,
    const struct device *d)
{
	return arena_printf(a, "%s.%" PRId64, user_id, d->created_at);
}

enum store_status
store_device_known(struct store *s, struct arena *a, const char *token_hash,
    const char *email_key, int64_t now, const char **name)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, DEVICE_KNOWN, ARGS(DB_TEXT(token_hash),
	    DB_TEXT(email_key), DB_NUMBER(now)), row);
	*name = status == STORE_OK ? store_device_name(a, row[0].text,
	    &(const struct device){ .created_at = row[1].number }) : NULL;
	return status;
}

/* All the accounts of the browser get its new token. */
static enum db_status
add_device(struct db_conn *c, struct arena *a, const struct device *d,
    const struct session *s)
{
	enum db_status status = DB_OK;

	if (d->former != NULL)
		status = db_run(c, a, DEVICE_TURN, ARGS(
		    DB_TEXT(d->token_hash), DB_NUMBER(d->expires_at),
		    DB_TEXT(d->former), DB_NUMBER(s->created_at)), NULL);
	if (status == DB_OK)
		status = db_run(c, a, DEVICE_ADD, ARGS(DB_TEXT(d->token_hash),
		    DB_TEXT(s->user_id), DB_NUMBER(s->created_at),
		    DB_NUMBER(d->expires_at)), NULL);
	return status != DB_OK ? status : db_run(c, a, DEVICES_CROWD,
	    ARGS(DB_TEXT(s->user_id), DB_TEXT(d->token_hash),
	    DB_NUMBER(INT32_MAX), DB_NUMBER(STORE_DEVICES_MAX - 1)), NULL);
}

/* Sessions. */

struct start {
	struct arena	*arena;
	const struct session_start *start;
};

static enum db_status
add_session(struct db_conn *c, struct arena *a,
    const struct session_start *start)
{
	const struct session *s = start->session;
	struct db_value row[COLUMNS_MAX];

	return db_run(c, a, SESSION_ADD, ARGS(DB_TEXT(s->token_hash),
	    DB_NUMBER(s->created_at), DB_NUMBER(s->expires_at),
	    DB_NUMBER(s->ends_at), DB_TEXT(s->network),
	    DB_TEXT(s->user_agent), DB_TEXT(s->user_id),
	    DB_TEXT(start->verified_hash)), row);
}

static enum db_status
work_start(struct db_conn *c, void *arg)
{
	const struct start *w = arg;
	const struct session_start *start = w->start;
	const struct session *s = start->session;
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = add_session(c, w->arena, start);
	if (status == DB_OK && start->better_hash != NULL)
		status = db_run(c, w->arena, USER_REHASH,
		    ARGS(DB_TEXT(start->better_hash), DB_TEXT(s->user_id),
		    DB_TEXT(start->verified_hash)), row);
	if (status == DB_OK && start->device != NULL)
		status = add_device(c, w->arena, start->device, s);
	if (status == DB_OK)
		status = give_all(c, w->arena, start->limit, start->limits);
	if (status == DB_OK && start->ended != NULL) {
		status = db_run(c, w->arena, SESSION_END,
		    ARGS(DB_TEXT(start->ended)), row);
		status = status == DB_NONE ? DB_OK : status;
	}
	return status != DB_OK ? status : db_run(c, w->arena, SESSIONS_CROWD,
	    ARGS(DB_TEXT(s->user_id), DB_TEXT(s->token_hash),
	    DB_NUMBER(s->created_at), DB_NUMBER(INT32_MAX),
	    DB_NUMBER(start->most - 1)), row);
}

enum store_status
store_session_start(struct store *s, struct arena *a,
    const struct session_start *start)
{
	struct start w = { .arena = a, .start = start };

	return change_by(s, a, work_start, &w, start->record);
}

/* An array that grows in the arena. */
struct sessions {
	struct arena	*arena;
	struct session	*item;
	size_t		 n, room;
};

static bool
take_session(const struct db_value *row, void *arg)
{
	struct sessions *list = arg;
	struct session *more;

	if (list->n == list->room) {
		list->room = 2 * list->room + 16;
		more = arena_alloc(list->arena, list->room * sizeof(*more));
		if (list->n > 0)
			memcpy(more, list->item, list->n * sizeof(*more));
		list->item = more;
	}
	list->item[list->n++] = (struct session){ .token_hash = row[0].text,
	    .created_at = row[1].number, .expires_at = row[2].number,
	    .last_seen_at = row[3].number, .network = row[4].text,
	    .user_agent = row[5].text };
	return true;
}

enum store_status
store_sessions_of(struct store *s, struct arena *a, const char *user_id,
    int64_t now, struct session **out, size_t *n)
{
	struct sessions list = { .arena = a };
	enum store_status status;

	status = read_each(s, a, SESSIONS_OF_USER, ARGS(DB_TEXT(user_id),
	    DB_NUMBER(now)), take_session, &list);
	*out = list.item;
	*n = list.n;
	return status;
}

/* What is posted outlives the call that posts it. */
struct seen {
	char		 token_hash[DIGEST_TOKEN_LEN + 1];
	int64_t		 now, expires_at, before;
};

static enum db_status
work_seen(struct db_conn *c, void *arg)
{
	const struct seen *w = arg;

	return db_run(c, NULL, SESSION_SEEN, ARGS(DB_NUMBER(w->now),
	    DB_NUMBER(w->expires_at), DB_TEXT(w->token_hash),
	    DB_NUMBER(w->before)), NULL);
}

void
store_session_seen(struct store *s, const struct session *session,
    int64_t now, int64_t expires_at, int64_t before)
{
	struct seen *w;

	w = heap_zeroed(1, sizeof(*w));
	memcpy(w->token_hash, session->token_hash, DIGEST_TOKEN_LEN);
	w->now = now;
	w->expires_at = expires_at;
	w->before = before;
	if (!db_post(s->db, work_seen, w))
		free(w);
}

enum store_status
store_session_proved(struct store *s, struct arena *a,
    const struct session *session, const char *verified_hash, int64_t now,
    const struct entry *record)
{
	return write_single(s, a, SESSION_PROVED, ARGS(DB_NUMBER(now),
	    DB_TEXT(session->token_hash), DB_TEXT(session->user_id),
	    DB_TEXT(verified_hash)), record);
}

/* Sessions of somebody that are ended by whom they do not belong to. */
struct revoking {
	struct single	 sessions;
	const char	*user_id;	/* NULL: whose the one is */
};

/* Whoever was in them may have asked for the account to move. */
static enum db_status
work_revoke(struct db_conn *c, void *arg)
{
	struct db_value row[COLUMNS_MAX];
	const struct revoking *w = arg;
	const struct single *sessions = &w->sessions;
	enum db_status status;

	status = db_run(c, sessions->arena, sessions->id, sessions->args,
	    row);
	return status != DB_OK ? status : db_run(c, sessions->arena,
	    TICKETS_OF_USER_END_KIND, ARGS(DB_TEXT(w->user_id != NULL ?
	    w->user_id : row[0].text), DB_TEXT(TICKET_ADDRESS)), NULL);
}

static enum store_status
revoke(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args, const char *user_id,
    const struct entry *record)
{
	struct revoking w = { .sessions = { .arena = a, .id = id,
	    .args = args }, .user_id = user_id };

	return change_by(s, a, work_revoke, &w, record);
}

enum store_status
store_sessions_end_others(struct store *s, struct arena *a,
    const struct session *kept, const struct entry *record)
{
	return revoke(s, a, SESSIONS_END_OTHERS, ARGS(DB_TEXT(kept->user_id),
	    DB_TEXT(kept->token_hash)), kept->user_id, record);
}

enum store_status
store_session_by_token(struct store *s, struct arena *a,
    const char *token_hash, int64_t now, struct session *out)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, SESSION_BY_TOKEN, ARGS(DB_TEXT(token_hash),
	    DB_NUMBER(now)), row);
	if (status == STORE_OK)
		*out = (struct session){ .token_hash = token_hash,
		    .user_id = row[0].text, .email = row[1].text,
		    .created_at = row[2].number, .ends_at = row[3].number,
		    .last_seen_at = row[4].number,
		    .proved_at = row[5].number, .language = row[6].text };
	return status;
}

enum store_status
store_session_end(struct store *s, struct arena *a, const char *token_hash,
    const struct entry *record)
{
	return write_single(s, a, SESSION_END, ARGS(DB_TEXT(token_hash)),
	    record);
}

enum store_status
store_session_revoke(struct store *s, struct arena *a,
    const char *token_hash, const struct entry *record)
{
	return revoke(s, a, SESSION_END, ARGS(DB_TEXT(token_hash)), NULL,
	    record);
}

/* Tickets. */

static enum db_status
work_nothing(struct db_conn *c, void *arg)
{
	(void)c;
	(void)arg;
	return DB_OK;
}

enum store_status
store_post(struct store *s, struct arena *a, const struct entry *record)
{
	return change_by(s, a, work_nothing, NULL, record);
}

enum store_status
store_session_post(struct store *s, struct arena *a,
    const struct session *session, const struct entry *record)
{
	return write_single(s, a, SESSION_LIVES,
	    ARGS(DB_TEXT(session->token_hash), DB_TEXT(session->user_id)),
	    record);
}

enum store_status
store_ticket_pending(struct store *s, struct arena *a, const char *kind,
    const char *token_hash, int64_t now, struct ticket *out)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, TICKET_PENDING, ARGS(DB_TEXT(token_hash),
	    DB_TEXT(kind), DB_NUMBER(now)), row);
	if (status == STORE_OK)
		*out = (struct ticket){ .token_hash = token_hash,
		    .kind = kind, .user_id = row[0].text,
		    .email = row[1].text, .email_key = row[2].text,
		    .language = row[3].text };
	return status;
}

struct code {
	struct taking	 taking;
	const struct ticket *code;
	const char	*token_hash;
};

/*
 * The place and the miss in one: whoever measures how long a wrong code takes
 * learns nothing of whether there was a ticket that missed it.
 */
static enum db_status
work_code(struct db_conn *c, void *arg)
{
	struct code *w = arg;
	const struct taking *t = &w->taking;
	enum db_status status;

	status = work_take(c, &w->taking);
	if (status == DB_OK)
		status = ticket_by_code(c, t->arena, w->code, &w->token_hash);
	return status != DB_OK || w->token_hash == NULL ? status :
	    give_all(c, t->arena, t->limit, t->n);
}

enum store_status
store_ticket_by_code(struct store *s, struct arena *a,
    const struct ticket *code, const struct limit *limit, size_t n,
    int64_t *wait, const char **token_hash)
{
	struct code w = { .code = code, .taking = { .arena = a,
	    .limit = limit, .n = n, .now = code->created_at } };
	enum store_status status;

	status = take_by(s, &w.taking, work_code, &w);
	*wait = w.taking.wait;
	*token_hash = w.token_hash;
	return status == STORE_OK && w.token_hash == NULL ? STORE_GONE :
	    status;
}

struct use {
	struct arena	*arena;
	const struct ticket_use *use;
	const char	*user_id;	/* where no token tells */
};

/* A password from who need not know the old one ends all that it opened. */
static enum db_status
set_password(struct db_conn *c, const struct use *w, const char *user_id)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, w->arena, USER_SET_PASSWORD,
	    ARGS(DB_TEXT(w->use->password_hash), DB_TEXT(user_id)), row);
	if (status == DB_OK)
		status = db_run(c, w->arena, SESSIONS_END_ALL,
		    ARGS(DB_TEXT(user_id)), NULL);
	if (status == DB_OK)
		status = db_run(c, w->arena, DEVICES_DROP,
		    ARGS(DB_TEXT(user_id)), NULL);
	if (status == DB_OK)
		status = db_run(c, w->arena, TICKETS_OF_USER_END,
		    ARGS(DB_TEXT(user_id)), NULL);
	return status != DB_OK ? status :
	    clear_all(c, w->arena, w->use->limit, w->use->limits);
}

/* An address goes to the account, unless another one has it. */
static enum db_status
give_address(struct db_conn *c, const struct use *w, const struct ticket *t)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, w->arena, USER_SET_EMAIL, ARGS(DB_TEXT(t->email),
	    DB_TEXT(t->email_key), DB_TEXT(t->user_id)), row);
	if (status != DB_NONE || w->use->closed == NULL)
		return status;
	*w->use->closed = true;
	return db_run(c, w->arena, USER_CLOSE, ARGS(DB_NUMBER(w->use->now),
	    DB_TEXT(t->user_id)), NULL);
}

static enum db_status
end_tickets(struct db_conn *c, const struct use *w, const struct ticket *t)
{
	if (!w->use->ends_all)
		return db_run(c, w->arena, TICKETS_OF_USER_END,
		    ARGS(DB_TEXT(t->user_id)), NULL);
	return db_run(c, w->arena, TICKETS_OF_USER_END_ALL,
	    ARGS(DB_TEXT(t->user_id), DB_NUMBER(w->use->gives_address ?
	    t->created_at : w->use->now)), NULL);
}

static enum db_status
work_use(struct db_conn *c, void *arg)
{
	const struct use *w = arg;
	const struct ticket_use *use = w->use;
	enum db_status status;
	struct ticket t;

	status = ticket_take(c, w->arena, use->kind, use->token_hash,
	    use->now, &t);
	if (status == DB_OK && (t.user_id[0] == '\0' ||
	    use->email_key == NULL || strcmp(use->email_key, t.email_key)
	    != 0))
		status = DB_NONE;
	if (status == DB_OK && use->gives_address)
		status = give_address(c, w, &t);
	if (status == DB_OK)
		status = end_tickets(c, w, &t);
	return status != DB_OK || !use->sets_password ? status :
	    set_password(c, w, t.user_id);
}

enum store_status
store_ticket_use(struct store *s, struct arena *a,
    const struct ticket_use *use)
{
	struct use w = { .arena = a, .use = use };

	return change_by(s, a, work_use, &w, use->record);
}

struct admission {
	struct arena	*arena;
	const struct ticket_use *use;
	struct user	*user;
};

/* The ticket's password, unless another one waits for the same address. */
static enum db_status
choose_hash(struct db_conn *c, const struct admission *w,
    const struct ticket *t)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, w->arena, TICKETS_OF_ADDRESS,
	    ARGS(DB_TEXT(t->email_key), DB_TEXT(t->kind),
	    DB_NUMBER(w->use->now)), row);
	if (status == DB_OK)
		w->user->password_hash = row[0].number == 0 ?
		    t->password_hash : w->use->password_hash;
	return status;
}

/* Whoever else wanted the address comes too late. */
static enum db_status
work_admit(struct db_conn *c, void *arg)
{
	struct admission *w = arg;
	struct db_value row[COLUMNS_MAX];
	enum db_status status;
	struct ticket t;

	status = ticket_take(c, w->arena, TICKET_REGISTRATION,
	    w->use->token_hash, w->use->now, &t);
	if (status != DB_OK)
		return status;
	w->user->email = t.email;
	w->user->email_key = t.email_key;
	if ((status = choose_hash(c, w, &t)) != DB_OK)
		return status;
	status = db_run(c, w->arena, USER_ADD, ARGS(DB_TEXT(w->user->id),
	    DB_TEXT(t.email), DB_TEXT(t.email_key),
	    DB_TEXT(w->user->password_hash), DB_NUMBER(w->use->now),
	    DB_TEXT(t.language)), row);
	if (status == DB_OK)
		status = db_run(c, w->arena, TICKETS_OF_ADDRESS_END,
		    ARGS(DB_TEXT(t.email_key), DB_TEXT(t.kind)), NULL);
	return status != DB_OK ? status :
	    clear_all(c, w->arena, w->use->limit, w->use->limits);
}

enum store_status
store_registration_use(struct store *s, struct arena *a,
    const struct ticket_use *use, struct user *out)
{
	struct admission w = { .arena = a, .use = use, .user = out };

	out->id = new_id(a);
	return change_by(s, a, work_admit, &w,
	    record_of(a, use->record, out->id));
}

/* What has expired. */

struct sweep {
	struct db	*db;
	int64_t		 now;
	size_t		 first;
};

/* kept: milliseconds for which what is over stays. */
static const struct {
	enum statement	 what;
	int64_t		 kept;
} sweeps[] = {
	{ SESSIONS_SWEEP, 0 }, { TICKETS_SWEEP, 0 }, { LIMITS_SWEEP, 0 },
	{ DEVICES_SWEEP, 0 },
	{ MAILS_EXPIRE, MAIL_GRACE_MS }, { MAILS_SWEEP, MAIL_KEPT_MS },
};

#define SWEEPS		(sizeof(sweeps) / sizeof(sweeps[0]))
#define MAIL_SWEEPS	2		/* the last ones */

static void	post_sweep(struct db *, int64_t now, size_t first);

static bool
count_row(const struct db_value *row, void *arg)
{
	size_t *n = arg;

	(void)row;
	++*n;
	return true;
}

/* Where a step was full there may be more: another one, after the others. */
static enum db_status
work_sweep(struct db_conn *c, void *arg)
{
	const struct sweep *w = arg;
	struct arena *a = arena_new();
	struct db_value row[COLUMNS_MAX];
	enum db_status status = DB_OK;
	size_t i, n, most = 0;

	for (i = w->first; i < SWEEPS && status == DB_OK; i++) {
		n = 0;
		status = db_each(c, a, sweeps[i].what, ARGS(
		    DB_NUMBER(w->now - sweeps[i].kept),
		    DB_NUMBER(SWEEP_ROWS)), row, count_row, &n);
		most = n > most ? n : most;
		if (n > 0 && sweeps[i].what == MAILS_EXPIRE)
			LOG("mail.expired", LOG_NUMBER("mails", (int64_t)n));
	}
	arena_free(a);
	if (status == DB_OK && most >= SWEEP_ROWS)
		post_sweep(w->db, w->now, w->first);
	return status;
}

static void
post_sweep(struct db *db, int64_t now, size_t first)
{
	struct sweep *w;

	w = heap_zeroed(1, sizeof(*w));
	*w = (struct sweep){ .db = db, .now = now, .first = first };
	if (!db_post(db, work_sweep, w))
		free(w);
}

void
store_sweep(struct db *db, int64_t now)
{
	post_sweep(db, now, 0);
}

void
store_mail_sweep(struct db *db, int64_t now)
{
	post_sweep(db, now, SWEEPS - MAIL_SWEEPS);
}

/* The audit trail. */

/* An entry that outlives the call that posts it, and what bounds it. */
struct posted {
	struct limit	 limit[2];
	char		 key[2][STORE_LIMIT_MAX];
	char		 event[STORE_NAME_MAX], result[STORE_NAME_MAX],
	    door[STORE_NAME_MAX], network[STORE_NAME_MAX],
	    request[STORE_NAME_MAX], subject[STORE_SUBJECT_MAX];
	bool		 is_user;
	int64_t		 at;
};

#define COPY(to, from)	copy((to), sizeof(to), (from))

static void
copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static struct entry
entry_of(const struct posted *w)
{
	const char *subject = w->subject[0] != '\0' ? w->subject : NULL;

	return (struct entry){ .at = w->at, .event = w->event,
	    .result = w->result,
	    .user_id = w->is_user ? subject : NULL, .email_key = subject,
	    .network = w->network, .door = w->door, .request = w->request };
}

static void
fill_posted(struct posted *w, const struct entry *e)
{
	static const struct bucket_rule rule[2] = {
		{ .size = STORE_RECORD_BURST, .leak_ms = STORE_RECORD_MS,
		    .first_ms = STORE_RECORD_MS, .most_ms = STORE_RECORD_MS },
		{ .size = STORE_RECORDS_BURST, .leak_ms = STORE_RECORDS_MS,
		    .first_ms = STORE_RECORDS_MS,
		    .most_ms = STORE_RECORDS_MS },
	};

	COPY(w->event, e->event);
	COPY(w->result, e->result);
	COPY(w->door, e->door);
	COPY(w->network, e->network);
	COPY(w->request, e->request);
	w->is_user = e->user_id != NULL;
	COPY(w->subject, w->is_user ? e->user_id : e->email_key);
	(void)snprintf(w->key[0], STORE_LIMIT_MAX, "r%.24s@%.50s", w->event,
	    w->network);
	(void)snprintf(w->key[1], STORE_LIMIT_MAX, "r%.24s", w->event);
	w->limit[0] = (struct limit){ .key = w->key[0], .rule = rule[0] };
	w->limit[1] = (struct limit){ .key = w->key[1], .rule = rule[1] };
}

static enum db_status
work_record(struct db_conn *c, void *arg)
{
	struct posted *w = arg;
	struct arena *a = arena_new();
	struct taking taking = { .arena = a, .limit = w->limit, .n = 2,
	    .now = w->at, .writes = true };
	struct entry entry = entry_of(w);
	enum db_status status;

	status = work_take(c, &taking);
	if (status == DB_OK)
		status = trail_add(c, a, &entry);
	arena_free(a);
	return status;
}

/* As with limits, a reader tells whether there is room. */
void
store_record(struct store *s, struct arena *a, const struct entry *entry)
{
	struct taking taking = { .arena = a, .n = 2, .now = clock_ms() };
	struct posted *w;

	w = heap_zeroed(1, sizeof(*w));
	fill_posted(w, entry);
	w->at = taking.now;
	taking.limit = w->limit;
	if (!reads(s) || work_take(s->reader, &taking) != DB_OK ||
	    !db_post(s->db, work_record, w))
		free(w);
}

/* One chain a step, and then the next one, until none has more. */
struct audit_sweep {
	struct db	*db;
	int64_t		 before;
	char		 writer[STORE_NAME_MAX];	/* the last one done */
};

static void
post_audit_sweep(struct db *, int64_t before, const char *writer);

static enum db_status
work_audit_sweep(struct db_conn *c, void *arg)
{
	const struct audit_sweep *w = arg;
	struct arena *a = arena_new();
	enum db_status status;
	struct chain chain;
	bool more;

	status = trail_chain_after(c, a, w->writer, &chain);
	if (status == DB_OK)
		status = trail_cut(c, a, chain.writer, w->before, &more);
	if (status == DB_OK)
		post_audit_sweep(w->db, w->before, more ? w->writer :
		    chain.writer);
	arena_free(a);
	return status;
}

static void
post_audit_sweep(struct db *db, int64_t before, const char *writer)
{
	struct audit_sweep *w;

	w = heap_zeroed(1, sizeof(*w));
	w->db = db;
	w->before = before;
	COPY(w->writer, writer);
	if (!db_post(db, work_audit_sweep, w))
		free(w);
}

void
store_audit_sweep(struct db *db, int64_t before)
{
	post_audit_sweep(db, before, "");
}

enum store_status
store_audit_account(struct store *s, struct arena *a, const char *user_id,
    const char *email_key, const char **out)
{
	enum db_status status;
	const char *key;
	char *account;

	if (!reads(s))
		return STORE_FAULT;
	status = trail_key(s->reader, a, &key);
	if (status != DB_OK)
		return status_of(status);
	account = arena_alloc(a, CHAIN_MAC_LEN + 1);
	chain_account(key, user_id, email_key, account);
	*out = account;
	return STORE_OK;
}

enum store_status
store_audit_chain(struct store *s, struct arena *a, const char *writer,
    struct chain *out)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_chain(s->reader, a, writer, out));
}

enum store_status
store_audit_chain_after(struct store *s, struct arena *a, const char *writer,
    struct chain *out)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_chain_after(s->reader, a, writer, out));
}

enum store_status
store_audit_after(struct store *s, struct arena *a, const char *writer,
    int64_t seq, struct chain_row *out, size_t *n)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_after(s->reader, a, writer, seq, out, n));
}

enum store_status
store_audit_of_after(struct store *s, struct arena *a, const char *account,
    const struct chain_row *after, struct chain_row *out, size_t *n)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_of_after(s->reader, a, account, after, out, n));
}

enum store_status
store_audit_of_last(struct store *s, struct arena *a, const char *account,
    int64_t since, struct chain_row *out, size_t max, size_t *n)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_of_last(s->reader, a, account, since, out, max,
	    n));
}

enum store_status
store_audit_when(struct store *s, struct arena *a, const char *account,
    const char *event, int64_t *at)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_when(s->reader, a, account, event, at));
}

enum store_status
store_audit_writer_after(struct store *s, struct arena *a, const char *writer,
    const char **out)
{
	return !reads(s) ? STORE_FAULT :
	    status_of(trail_writer_after(s->reader, a, writer, out));
}

enum store_status
store_audit_check(struct store *s, struct arena *a, const char *writer,
    struct chain_check *out)
{
	enum db_status status;
	const char *key;

	if (!reads(s))
		return STORE_FAULT;
	status = trail_key(s->reader, a, &key);
	return status_of(status != DB_OK ? status :
	    trail_check(s->reader, a, key, writer, out));
}

/* What an administrator asks for. */

enum store_status
store_user_details(struct store *s, struct arena *a, const char *email_key,
    struct user *out)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, USER_DETAILS, ARGS(DB_TEXT(email_key)), row);
	if (status == STORE_OK)
		*out = (struct user){ .id = row[0].text,
		    .email = row[1].text, .email_key = email_key,
		    .created_at = row[2].number,
		    .disabled_at = row[3].number,
		    .password_hash = row[4].text, .language = row[5].text };
	return status;
}

/* Where rows go, and how many of them. */
struct page {
	void		*out;
	size_t		 max;
	size_t		*n;
};

static enum store_status
read_page(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args, db_take *take, struct page *page)
{
	*page->n = 0;
	return read_each(s, a, id, args, take, page);
}

static bool
take_user(const struct db_value *row, void *arg)
{
	struct page *page = arg;
	struct user *u = (struct user *)page->out + *page->n;

	*u = (struct user){ .email_key = row[0].text, .email = row[1].text,
	    .created_at = row[2].number, .disabled_at = row[3].number,
	    .password_hash = row[4].text };
	return ++*page->n < page->max;
}

enum store_status
store_users_after(struct store *s, struct arena *a, const char *email_key,
    struct user *out, size_t *n)
{
	struct page page = { .out = out, .max = STORE_PAGE, .n = n };

	return read_page(s, a, USERS_AFTER, ARGS(DB_TEXT(email_key)),
	    take_user, &page);
}

static enum db_status
work_password(struct db_conn *c, void *arg)
{
	const struct use *w = arg;
	enum db_status status;

	status = set_password(c, w, w->user_id);
	return status != DB_OK ? status : db_run(c, w->arena,
	    TICKETS_OF_USER_DROP, ARGS(DB_TEXT(w->user_id)), NULL);
}

enum store_status
store_user_password(struct store *s, struct arena *a, const struct user *u,
    const char *password_hash, const struct limit *limit, size_t n,
    const struct entry *record)
{
	const struct ticket_use use = { .password_hash = password_hash,
	    .limit = limit, .limits = n };
	struct use w = { .arena = a, .use = &use, .user_id = u->id };

	return change_by(s, a, work_password, &w, record);
}

enum store_status
store_user_address(struct store *s, struct arena *a, const struct user *u,
    const struct entry *record)
{
	struct single w = { .arena = a, .id = USER_SET_EMAIL,
	    .then = TICKETS_OF_USER_DROP,
	    .args = ARGS(DB_TEXT(u->email), DB_TEXT(u->email_key),
	    DB_TEXT(u->id)) };

	return change_by(s, a, work_both, &w, record);
}

static enum db_status
work_disable(struct db_conn *c, void *arg)
{
	struct db_value row[COLUMNS_MAX];
	const struct single *w = arg;
	enum db_status status;

	status = db_run(c, w->arena, w->id, w->args, row);
	if (status == DB_OK)
		status = db_run(c, w->arena, SESSIONS_END_ALL,
		    ARGS(DB_TEXT(row[0].text)), NULL);
	return status != DB_OK ? status : db_run(c, w->arena,
	    TICKETS_OF_USER_END, ARGS(DB_TEXT(row[0].text)), NULL);
}

enum store_status
store_user_disable(struct store *s, struct arena *a, const char *email_key,
    int64_t now, const struct entry *record)
{
	struct single w = { .arena = a, .id = USER_SET_DISABLED,
	    .args = ARGS(DB_NUMBER(now), DB_TEXT(email_key)) };

	return change_by(s, a, work_disable, &w, record);
}

enum store_status
store_user_enable(struct store *s, struct arena *a, const char *email_key,
    const struct entry *record)
{
	return write_single(s, a, USER_SET_DISABLED, ARGS(DB_NUMBER(0),
	    DB_TEXT(email_key)), record);
}

enum store_status
store_user_delete(struct store *s, struct arena *a, const char *email_key,
    const struct entry *record)
{
	struct single w = { .arena = a, .id = USER_DELETE,
	    .then = MAILS_TO_REMOVE, .args = ARGS(DB_TEXT(email_key)) };

	return change_by(s, a, work_both, &w, record);
}

static bool
take_group(const struct db_value *row, void *arg)
{
	struct page *page = arg;

	((const char **)page->out)[*page->n] = row[0].text;
	return ++*page->n < page->max;
}

enum store_status
store_groups(struct store *s, struct arena *a, const char *user_id,
    const char **out, size_t *n)
{
	struct page page = { .out = out, .max = STORE_GROUPS_MAX, .n = n };

	return read_page(s, a, GROUPS_OF, ARGS(DB_TEXT(user_id)), take_group,
	    &page);
}

static bool
take_device(const struct db_value *row, void *arg)
{
	struct page *page = arg;

	((struct device *)page->out)[*page->n] = (struct device){
	    .created_at = row[0].number, .expires_at = row[1].number };
	return ++*page->n < page->max;
}

enum store_status
store_devices_of(struct store *s, struct arena *a, const char *user_id,
    int64_t now, struct device *out, size_t *n)
{
	struct page page = { .out = out, .max = STORE_DEVICES_MAX, .n = n };

	return read_page(s, a, DEVICES_OF_USER, ARGS(DB_TEXT(user_id),
	    DB_NUMBER(now)), take_device, &page);
}

/* Of an account's groups. */
struct change {
	struct arena	*arena;
	const char	*email_key;
	bool		 anew;
	const struct membership *groups;
	size_t		 n;
	size_t		 members;	/* of groups, at the end */
};

static bool
count_one(const struct db_value *row, void *arg)
{
	struct change *w = arg;

	(void)row;
	return ++w->members <= STORE_GROUPS_MAX;
}

static enum db_status
change_groups(struct db_conn *c, struct change *w, const char *user_id)
{
	enum db_status status = DB_OK;
	struct db_value row[COLUMNS_MAX];
	size_t i;

	if (w->anew)
		status = db_run(c, w->arena, GROUPS_LEAVE,
		    ARGS(DB_TEXT(user_id)), row);
	for (i = 0; i < w->n && status == DB_OK; i++)
		status = db_run(c, w->arena,
		    w->groups[i].ends ? GROUP_LEAVE : GROUP_JOIN,
		    ARGS(DB_TEXT(user_id), DB_TEXT(w->groups[i].group)), row);
	if (status != DB_OK)
		return status;
	status = db_each(c, w->arena, GROUPS_OF, ARGS(DB_TEXT(user_id)), row,
	    count_one, w);
	/* Whoever gets no row has it all undone. */
	return w->members > STORE_GROUPS_MAX ? DB_NONE : status;
}

static enum db_status
work_groups(struct db_conn *c, void *arg)
{
	struct db_value row[COLUMNS_MAX];
	struct change *w = arg;
	enum db_status status;

	status = db_run(c, w->arena, USER_DETAILS,
	    ARGS(DB_TEXT(w->email_key)), row);
	return status == DB_OK ? change_groups(c, w, row[0].text) : status;
}

enum store_status
store_groups_change(struct store *s, struct arena *a, const char *email_key,
    bool anew, const struct membership *groups, size_t n,
    const struct entry *record)
{
	struct change w = { .arena = a, .email_key = email_key,
	    .anew = anew, .groups = groups, .n = n };
	enum store_status status;

	status = change_by(s, a, work_groups, &w, record);
	return w.members > STORE_GROUPS_MAX ? STORE_FULL : status;
}

enum store_status
store_sessions_end(struct store *s, struct arena *a, const char *user_id,
    const struct entry *record)
{
	return revoke(s, a, SESSIONS_END_ALL, ARGS(DB_TEXT(user_id)),
	    user_id, record);
}

static enum db_status
work_revoke_every(struct db_conn *c, void *arg)
{
	enum db_status status;

	status = db_run(c, arg, SESSIONS_END_EVERY, NULL, NULL);
	return status != DB_OK ? status : db_run(c, arg, TICKETS_END_KIND,
	    ARGS(DB_TEXT(TICKET_ADDRESS)), NULL);
}

enum store_status
store_sessions_end_every(struct store *s, struct arena *a,
    const struct entry *record)
{
	return change_by(s, a, work_revoke_every, a, record);
}

enum store_status
store_count(struct store *s, struct arena *a, int64_t now,
    struct store_counts *out)
{
	struct db_value users[COLUMNS_MAX], sessions[COLUMNS_MAX],
	    resets[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, USERS_COUNT, NULL, users);
	if (status == STORE_OK)
		status = read_row(s, a, SESSIONS_COUNT, ARGS(DB_NUMBER(now)),
		    sessions);
	if (status == STORE_OK)
		status = read_row(s, a, RESETS_COUNT, ARGS(DB_NUMBER(now)),
		    resets);
	if (status == STORE_OK)
		*out = (struct store_counts){ .users = users[0].number,
		    .disabled = users[1].number,
		    .sessions = sessions[0].number,
		    .live_sessions = sessions[1].number,
		    .resets = resets[0].number,
		    .live_resets = resets[1].number };
	return status;
}

static enum db_status
work_close(struct db_conn *c, void *arg)
{
	enum db_status status;

	status = db_run(c, arg, SESSIONS_END_EVERY, NULL, NULL);
	if (status == DB_OK)
		status = db_run(c, arg, TICKETS_END_EVERY, NULL, NULL);
	if (status == DB_OK)
		status = db_run(c, arg, DEVICES_DROP_EVERY, NULL, NULL);
	return status != DB_OK ? status : db_run(c, arg, MAILS_DROP,
	    ARGS(DB_NUMBER(clock_ms()), DB_TEXT("the store is a copy that "
	    "was put back")), NULL);
}

enum store_status
store_close_copy(const char *path, struct arena *a,
    const struct entry *record)
{
	struct deed d = { .arena = a, .work = work_close, .arg = a,
	    .record = record };

	return status_of(db_edit(path, &schema, true, work_deed, &d));
}

/* Mails. */

static enum store_status
mail_single(struct store *s, struct arena *a, enum statement id,
    const struct db_value *args)
{
	struct single w = { .arena = a, .id = id, .args = args };

	return status_of(db_write(s->db, work_single, &w));
}

struct mail_work {
	struct arena	*arena;
	const struct mail *mail;
	int64_t		 now;
	int64_t		 until;
	struct db_value	 row[COLUMNS_MAX];
	size_t		 n;
};

static enum db_status
work_mail_add(struct db_conn *c, void *arg)
{
	const struct mail_work *w = arg;

	return outbox_add(c, w->arena, w->mail);
}

enum store_status
store_mail_add(struct store *s, struct arena *a, const struct mail *mail)
{
	struct mail_work w = { .arena = a, .mail = mail };

	return status_of(db_write(s->db, work_mail_add, &w));
}

enum store_status
store_mail_due(struct store *s, struct arena *a, int64_t now)
{
	struct db_value row[COLUMNS_MAX];

	return read_row(s, a, MAIL_DUE, ARGS(DB_NUMBER(now)), row);
}

static enum db_status
work_mail_claim(struct db_conn *c, void *arg)
{
	struct mail_work *w = arg;

	return db_run(c, w->arena, MAIL_CLAIM, ARGS(DB_NUMBER(w->until),
	    DB_NUMBER(w->now)), w->row);
}

enum store_status
store_mail_claim(struct store *s, struct arena *a, int64_t now,
    int64_t until, struct mail *out)
{
	struct mail_work w = { .arena = a, .now = now, .until = until };
	const struct db_value *row = w.row;
	enum store_status status;

	status = status_of(db_write(s->db, work_mail_claim, &w));
	if (status == STORE_OK)
		*out = (struct mail){ .id = row[0].text, .kind = row[1].text,
		    .recipient = row[2].text, .language = row[3].text,
		    .content = row[4].text, .created_at = row[5].number,
		    .expires_at = row[6].number, .attempts = row[7].number,
		    .due_at = until, .state = "waiting", .reason = "" };
	return status;
}

enum store_status
store_mail_end(struct store *s, struct arena *a, const struct mail *m,
    const char *state, const char *reason, int64_t now)
{
	return mail_single(s, a, MAIL_END, ARGS(DB_TEXT(state),
	    DB_NUMBER(now), DB_TEXT(reason), DB_TEXT(m->id)));
}

enum store_status
store_mail_fail(struct store *s, struct arena *a, const struct mail *m,
    const char *reason, int64_t due_at)
{
	return mail_single(s, a, MAIL_FAIL, ARGS(DB_NUMBER(due_at),
	    DB_TEXT(reason), DB_TEXT(m->id), DB_NUMBER(m->attempts)));
}

static bool
take_mail(const struct db_value *row, void *arg)
{
	struct page *page = arg;
	struct mail *m = (struct mail *)page->out + *page->n;

	*m = (struct mail){ .id = row[0].text, .kind = row[1].text,
	    .recipient = row[2].text, .created_at = row[3].number,
	    .due_at = row[4].number, .expires_at = row[5].number,
	    .ended_at = row[6].number, .attempts = row[7].number,
	    .state = row[8].text, .reason = row[9].text,
	    .language = "", .content = "" };
	return ++*page->n < page->max;
}

enum store_status
store_mails_after(struct store *s, struct arena *a, const char *state,
    const struct mail *after, struct mail *out, size_t *n)
{
	struct page page = { .out = out, .max = STORE_PAGE, .n = n };

	return read_page(s, a, MAILS_AFTER, ARGS(DB_TEXT(state),
	    DB_NUMBER(after != NULL ? after->due_at : INT64_MIN),
	    DB_TEXT(after != NULL ? after->id : "")), take_mail, &page);
}

static bool
take_mail_to(const struct db_value *row, void *arg)
{
	struct page *page = arg;

	((struct mail *)page->out)[*page->n] = (struct mail){
	    .kind = row[0].text, .state = row[1].text,
	    .created_at = row[2].number };
	return ++*page->n < page->max;
}

enum store_status
store_mails_to(struct store *s, struct arena *a, const char *email_key,
    int64_t since, struct mail *out, size_t max, size_t *n)
{
	struct page page = { .out = out, .max = max, .n = n };

	return read_page(s, a, MAILS_TO, ARGS(DB_TEXT(email_key),
	    DB_NUMBER(since)), take_mail_to, &page);
}

enum store_status
store_mail_oldest(struct store *s, struct arena *a, int64_t *waiting,
    int64_t *created_at)
{
	struct db_value row[COLUMNS_MAX];
	enum store_status status;

	status = read_row(s, a, MAILS_WAITING, NULL, row);
	if (status == STORE_OK) {
		*waiting = row[0].number;
		*created_at = row[1].number;
	}
	return status;
}

enum store_status
store_mail_retry(struct store *s, struct arena *a, const char *id,
    int64_t now)
{
	return mail_single(s, a, MAIL_RETRY, ARGS(DB_NUMBER(now),
	    DB_TEXT(id)));
}

static enum db_status
work_mails_retry(struct db_conn *c, void *arg)
{
	struct mail_work *w = arg;
	struct db_value row[COLUMNS_MAX];

	w->n = 0;
	return db_each(c, w->arena, MAILS_RETRY, ARGS(DB_NUMBER(w->now)),
	    row, count_row, &w->n);
}

enum store_status
store_mails_retry(struct store *s, struct arena *a, int64_t now, size_t *n)
{
	struct mail_work w = { .arena = a, .now = now };
	enum store_status status;

	status = status_of(db_write(s->db, work_mails_retry, &w));
	*n = w.n;
	return status;
}
