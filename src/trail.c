#include "trail.h"

#include <string.h>

#include "digest.h"
#include "statements.h"

#define ARGS(...)	(const struct db_value[]){ __VA_ARGS__ }
#define SERVICE		"gatelodge"
#define KEY_ID		1

/* Rows in and out. */

static struct chain_row
row_of(const struct db_value *v)
{
	return (struct chain_row){ .writer = v[0].text, .seq = v[1].number,
	    .at = v[2].number, .event = v[3].text, .result = v[4].text,
	    .account = v[5].text, .network = v[6].text, .door = v[7].text,
	    .request = v[8].text, .mac = v[9].text };
}

static struct chain
chain_of(const struct db_value *v)
{
	return (struct chain){ .writer = v[0].text, .seq = v[1].number,
	    .mac = v[2].text, .cut_seq = v[3].number, .cut_mac = v[4].text,
	    .seal = v[5].text };
}

static enum db_status
run_chain(struct db_conn *c, struct arena *a, enum statement id,
    const char *writer, struct chain *out)
{
	struct db_value row[STATEMENT_COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, a, id, ARGS(DB_TEXT(writer)), row);
	if (status == DB_OK)
		*out = chain_of(row);
	return status;
}

/* Adding. */

enum db_status
trail_key(struct db_conn *c, struct arena *a, const char **key)
{
	struct db_value row[STATEMENT_COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, a, AUDIT_KEY, ARGS(DB_NUMBER(KEY_ID)), row);
	if (status == DB_OK)
		*key = row[0].text;
	return status;
}

static enum db_status
key_to_write(struct db_conn *c, struct arena *a, const char **key)
{
	char made[DIGEST_TOKEN_LEN + 1];
	enum db_status status;

	status = trail_key(c, a, key);
	if (status != DB_NONE)
		return status;
	digest_token(made);
	status = db_run(c, a, AUDIT_KEY_ADD, ARGS(DB_NUMBER(KEY_ID),
	    DB_TEXT(made)), NULL);
	explicit_bzero(made, sizeof(made));
	return status == DB_OK ? trail_key(c, a, key) : status;
}

static enum db_status
begin_chain(struct db_conn *c, struct arena *a, const char *key,
    const char *writer)
{
	struct chain new = { .writer = writer, .mac = "", .cut_mac = "" };
	char seal[CHAIN_MAC_LEN + 1];

	chain_seal(key, &new, seal);
	return db_run(c, a, AUDIT_CHAIN_ADD, ARGS(DB_TEXT(writer),
	    DB_NUMBER(0), DB_TEXT(""), DB_NUMBER(0), DB_TEXT(""),
	    DB_TEXT(seal)), NULL);
}

/* Nobody else has it until the transaction ends. */
static enum db_status
take_chain(struct db_conn *c, struct arena *a, const char *key,
    const char *writer, struct chain *out)
{
	enum db_status status;

	status = run_chain(c, a, AUDIT_CHAIN_TAKE, writer, out);
	if (status != DB_NONE)
		return status;
	status = begin_chain(c, a, key, writer);
	return status != DB_OK ? status :
	    run_chain(c, a, AUDIT_CHAIN_TAKE, writer, out);
}

/* sealed: it was, as it stood before. */
static enum db_status
set_chain(struct db_conn *c, struct arena *a, const char *key,
    const struct chain *chain, bool sealed)
{
	char seal[CHAIN_MAC_LEN + 1];

	chain_seal(key, chain, seal);
	return db_run(c, a, AUDIT_CHAIN_SET, ARGS(DB_NUMBER(chain->seq),
	    DB_TEXT(chain->mac), DB_NUMBER(chain->cut_seq),
	    DB_TEXT(chain->cut_mac), DB_TEXT(sealed ? seal : chain->seal),
	    DB_TEXT(chain->writer)), NULL);
}

static enum db_status
add_row(struct db_conn *c, struct arena *a, const struct chain_row *r)
{
	return db_run(c, a, AUDIT_ADD, ARGS(DB_TEXT(r->writer),
	    DB_NUMBER(r->seq), DB_NUMBER(r->at), DB_TEXT(r->event),
	    DB_TEXT(r->result), DB_TEXT(r->account), DB_TEXT(r->network),
	    DB_TEXT(r->door), DB_TEXT(r->request), DB_TEXT(r->mac)), NULL);
}

static enum db_status
append(struct db_conn *c, struct arena *a, const char *key,
    const struct chain *chain, const struct chain_row *what)
{
	struct chain_row row = *what;
	struct chain next = *chain;
	char mac[CHAIN_MAC_LEN + 1];
	enum db_status status;

	row.writer = chain->writer;
	row.seq = next.seq = chain->seq + 1;
	chain_mac(key, chain->mac, &row, mac);
	row.mac = next.mac = mac;
	status = add_row(c, a, &row);
	return status != DB_OK ? status :
	    set_chain(c, a, key, &next, chain_sealed(key, chain));
}

static const char *
or_nothing(const char *s)
{
	return s != NULL ? s : "";
}

enum db_status
trail_add(struct db_conn *c, struct arena *a, const struct entry *e)
{
	char account[CHAIN_MAC_LEN + 1];
	struct chain_row r = { .at = e->at, .event = e->event,
	    .result = or_nothing(e->result), .account = account,
	    .network = or_nothing(e->network), .door = or_nothing(e->door),
	    .request = or_nothing(e->request) };
	enum db_status status;
	struct chain chain;
	const char *key;

	status = key_to_write(c, a, &key);
	if (status == DB_OK)
		status = take_chain(c, a, key, e->writer != NULL ? e->writer :
		    SERVICE, &chain);
	if (status == DB_OK) {
		chain_account(key, e->user_id, e->email_key, account);
		status = append(c, a, key, &chain, &r);
	}
	/* Whose change it is must not take this for nothing to be done. */
	return status == DB_NONE ? DB_FAULT : status;
}

/* Reading. */

struct page {
	struct chain_row *out;
	size_t		 max;
	size_t		*n;
};

static bool
take_row(const struct db_value *row, void *arg)
{
	struct page *page = arg;

	page->out[(*page->n)++] = row_of(row);
	return *page->n < page->max;
}

static enum db_status
read_page(struct db_conn *c, struct arena *a, enum statement id,
    const struct db_value *args, struct page *page)
{
	struct db_value row[STATEMENT_COLUMNS_MAX];

	*page->n = 0;
	return db_each(c, a, id, args, row, take_row, page);
}

enum db_status
trail_chain(struct db_conn *c, struct arena *a, const char *writer,
    struct chain *out)
{
	return run_chain(c, a, AUDIT_CHAIN, writer, out);
}

enum db_status
trail_chain_after(struct db_conn *c, struct arena *a, const char *writer,
    struct chain *out)
{
	return run_chain(c, a, AUDIT_CHAIN_AFTER, writer, out);
}

enum db_status
trail_after(struct db_conn *c, struct arena *a, const char *writer,
    int64_t seq, struct chain_row *out, size_t *n)
{
	struct page page = { .out = out, .max = TRAIL_PAGE, .n = n };

	return read_page(c, a, AUDIT_AFTER, ARGS(DB_TEXT(writer),
	    DB_NUMBER(seq)), &page);
}

enum db_status
trail_of_after(struct db_conn *c, struct arena *a, const char *account,
    const struct chain_row *after, struct chain_row *out, size_t *n)
{
	struct page page = { .out = out, .max = TRAIL_PAGE, .n = n };

	return read_page(c, a, AUDIT_OF_ACCOUNT, ARGS(DB_TEXT(account),
	    DB_NUMBER(after->at), DB_TEXT(after->writer),
	    DB_NUMBER(after->seq)), &page);
}

enum db_status
trail_of_last(struct db_conn *c, struct arena *a, const char *account,
    int64_t since, struct chain_row *out, size_t max, size_t *n)
{
	struct page page = { .out = out, .max = max, .n = n };

	return read_page(c, a, AUDIT_OF_ACCOUNT_LAST, ARGS(DB_TEXT(account),
	    DB_NUMBER(since)), &page);
}

enum db_status
trail_when(struct db_conn *c, struct arena *a, const char *account,
    const char *event, int64_t *at)
{
	struct db_value row[STATEMENT_COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, a, AUDIT_OF_ACCOUNT_WHEN, ARGS(DB_TEXT(account),
	    DB_TEXT(event)), row);
	if (status == DB_OK)
		*at = row[0].number;
	return status;
}

enum db_status
trail_writer_after(struct db_conn *c, struct arena *a, const char *writer,
    const char **out)
{
	struct db_value row[STATEMENT_COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, a, AUDIT_WRITER_AFTER, ARGS(DB_TEXT(writer)), row);
	if (status == DB_OK)
		*out = row[0].text;
	return status;
}

/* Proving. */

struct walk {
	struct arena	*arena;		/* of the head */
	struct arena	*scratch;	/* of a row */
	const char	*key;
	struct chain_check *check;
	bool		 begun;
};

static struct chain
keep_chain(struct arena *a, const struct chain *c)
{
	return (struct chain){ .writer = arena_strdup(a, c->writer),
	    .seq = c->seq, .mac = arena_strdup(a, c->mac),
	    .cut_seq = c->cut_seq, .cut_mac = arena_strdup(a, c->cut_mac),
	    .seal = arena_strdup(a, c->seal) };
}

/* Each has the head beside it; where there is no row, the head alone comes. */
static bool
walk_row(const struct db_value *v, void *arg)
{
	struct chain_row row = row_of(v);
	struct walk *w = arg;
	struct chain head;

	if (!w->begun) {
		head = chain_of(v + 10);
		head = keep_chain(w->arena, &head);
		chain_check_begin(w->check, w->key, &head);
		w->begun = true;
	}
	if (row.writer[0] != '\0')
		chain_check_row(w->check, &row);
	arena_wipe(w->scratch);
	return true;
}

enum db_status
trail_check(struct db_conn *c, struct arena *a, const char *key,
    const char *writer, struct chain_check *out)
{
	struct walk w = { .arena = a, .scratch = arena_new(), .key = key,
	    .check = out };
	struct db_value row[STATEMENT_COLUMNS_MAX];
	enum db_status status;

	status = db_each(c, w.scratch, AUDIT_WALK, ARGS(DB_TEXT(writer)), row,
	    walk_row, &w);
	arena_free(w.scratch);
	if (status != DB_OK || !w.begun)
		return status != DB_OK ? status : DB_NONE;
	chain_check_end(out);
	return DB_OK;
}

/* Removing. */

/*
 * All up to the last old one: what stands before an old row is older than it,
 * whatever a clock that was wrong made it say.
 */
static size_t
old_rows(const struct chain_row *row, size_t n, int64_t before)
{
	while (n > 0 && row[n - 1].at >= before)
		n--;
	return n;
}

/*
 * What cannot be proved is not removed: somebody may have made a row old to
 * have the traces in front of it swept away.
 */
static bool
proves(const char *key, const struct chain *head, const struct chain_row *row,
    size_t n)
{
	struct chain_check check;
	size_t i;

	chain_check_begin(&check, key, head);
	for (i = 0; i < n; i++)
		chain_check_row(&check, &row[i]);
	return check.findings == 0;
}

static enum db_status
cut_at(struct db_conn *c, struct arena *a, const char *key,
    struct chain *chain, const struct chain_row *last)
{
	enum db_status status;

	status = db_run(c, a, AUDIT_CUT, ARGS(DB_TEXT(chain->writer),
	    DB_NUMBER(last->seq)), NULL);
	chain->cut_seq = last->seq;
	chain->cut_mac = last->mac;
	return status == DB_OK ? set_chain(c, a, key, chain, true) : status;
}

enum db_status
trail_cut(struct db_conn *c, struct arena *a, const char *writer,
    int64_t before, bool *more)
{
	struct chain_row page[TRAIL_PAGE];
	enum db_status status;
	struct chain chain;
	const char *key;
	size_t n, old;

	*more = false;
	if ((status = trail_after(c, a, writer, 0, page, &n)) != DB_OK ||
	    (old = old_rows(page, n, before)) == 0)
		return status;
	if ((status = trail_key(c, a, &key)) != DB_OK ||
	    (status = run_chain(c, a, AUDIT_CHAIN_TAKE, writer, &chain)) !=
	    DB_OK || !proves(key, &chain, page, old))
		return status;
	*more = old == TRAIL_PAGE;
	return cut_at(c, a, key, &chain, &page[old - 1]);
}
