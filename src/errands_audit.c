#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "clock.h"
#include "errands.h"
#include "heap.h"
#include "text.h"

/* Writers of one store, and the two names of one account. */
#define SOURCES_MAX	64

/* Rows in order, of a writer or of an account, a page at a time. */
struct source {
	struct arena	*arena;
	const char	*account;	/* NULL: of a writer */
	char		 writer[STORE_NAME_MAX];	/* of the last row */
	int64_t		 at, seq;	/* the same */
	struct chain_row row[TRAIL_PAGE];
	size_t		 i, n;
};

struct sources {
	struct source	*item[SOURCES_MAX];
	size_t		 n;
};

static void
sources_close(struct sources *s)
{
	while (s->n > 0) {
		arena_free(s->item[--s->n]->arena);
		free(s->item[s->n]);
	}
}

/* Rows after number seq; account NULL: of this writer. */
static int
source_add(struct sources *s, const char *writer, int64_t seq,
    const char *account)
{
	struct source *new;

	if (s->n == SOURCES_MAX)
		return clerk_fail(EX_DATAERR, "more than %d writers",
		    SOURCES_MAX);
	new = heap_zeroed(1, sizeof(*new));
	new->arena = arena_new();
	new->account = account;
	new->at = INT64_MIN;
	new->seq = seq;
	(void)snprintf(new->writer, sizeof(new->writer), "%s", writer);
	s->item[s->n++] = new;
	return EX_OK;
}

static int
source_fill(struct clerk *c, struct source *s)
{
	const struct chain_row after = { .at = s->at, .writer = s->writer,
	    .seq = s->seq };

	arena_wipe(s->arena);
	s->i = 0;
	return clerk_status(s->account == NULL ?
	    store_audit_after(c->auth.store, s->arena, s->writer, s->seq,
	    s->row, &s->n) : store_audit_of_after(c->auth.store, s->arena,
	    s->account, &after, s->row, &s->n));
}

static void
source_step(struct source *s)
{
	const struct chain_row *r = &s->row[s->i++];

	s->at = r->at;
	s->seq = r->seq;
	(void)snprintf(s->writer, sizeof(s->writer), "%s", r->writer);
}

static int
number(int64_t n)
{
	return n < INT_MAX ? (int)n : INT_MAX;
}

static const char *
or_dash(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

static void
show_row(struct clerk *c, const struct chain_row *r)
{
	char time[CLOCK_TEXT_MAX];

	clock_text(r->at, time);
	SHEET_ROW(c->sheet, { "time", .text = time },
	    { "writer", .text = r->writer },
	    { "seq", .kind = JSON_NUMBER, .number = number(r->seq) },
	    { "event", .text = r->event }, { "result", .text = r->result },
	    { "network", .text = or_dash(r->network) },
	    { "door", .text = or_dash(r->door) },
	    { "request", .text = or_dash(r->request) },
	    { "account", .text = or_dash(r->account) });
}

static bool
is_known(const struct sources *s, const char *writer)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->item[i]->writer, writer) == 0)
			return true;
	return false;
}

/* Those that are not there yet, from their first row or from what comes. */
static int
add_writers(struct clerk *c, struct sources *s, bool from_now)
{
	char writer[STORE_NAME_MAX] = "";
	enum store_status status;
	struct chain chain;
	int code = EX_OK;

	for (;;) {
		status = store_audit_chain_after(c->auth.store, c->arena,
		    writer, &chain);
		if (status == STORE_GONE || code != EX_OK)
			return code;
		if (status != STORE_OK)
			return clerk_status(status);
		(void)snprintf(writer, sizeof(writer), "%s", chain.writer);
		if (!is_known(s, writer))
			code = source_add(s, writer, from_now ? chain.seq : 0,
			    NULL);
	}
}

/* As its account and as its address. */
static int
add_account(struct clerk *c, struct sources *s)
{
	const char *key = clerk_email_key(c, 0), *account;
	enum store_status status;
	struct user u;
	int code;

	if (key == NULL)
		return EX_DATAERR;
	status = store_audit_account(c->auth.store, c->arena, NULL, key,
	    &account);
	if (status != STORE_OK)
		return status == STORE_GONE ? EX_OK : clerk_status(status);
	code = source_add(s, "", 0, account);
	status = store_user_details(c->auth.store, c->arena, key, &u);
	if (code != EX_OK || status == STORE_GONE)
		return code;
	if (status == STORE_OK)
		status = store_audit_account(c->auth.store, c->arena, u.id,
		    NULL, &account);
	return status == STORE_OK ? source_add(s, "", 0, account) :
	    clerk_status(status);
}

/* The one whose next row is the oldest; NULL: none has any. */
static int
oldest(struct clerk *c, struct sources *s, struct source **out)
{
	struct source *one;
	size_t i;
	int code;

	*out = NULL;
	for (i = 0; i < s->n; i++) {
		one = s->item[i];
		if (one->i == one->n && (code = source_fill(c, one)) != EX_OK)
			return code;
		if (one->i < one->n && (*out == NULL ||
		    one->row[one->i].at < (*out)->row[(*out)->i].at))
			*out = one;
	}
	return EX_OK;
}

static int
show_all(struct clerk *c, struct sources *s)
{
	struct source *one;
	int code;

	while ((code = oldest(c, s, &one)) == EX_OK && one != NULL) {
		show_row(c, &one->row[one->i]);
		source_step(one);
	}
	return code;
}

int
errand_audit_list(struct clerk *c)
{
	struct sources sources = { .n = 0 };
	int code;

	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	code = c->command->args == 0 ? add_writers(c, &sources, false) :
	    add_account(c, &sources);
	if (code == EX_OK)
		code = show_all(c, &sources);
	sources_close(&sources);
	return code;
}

/* Following. */

static int
follow(struct clerk *c, struct sources *s, const sigset_t *stop)
{
	const struct timespec second = { .tv_sec = 1 };
	int code;

	code = add_writers(c, s, true);
	while (code == EX_OK && sigtimedwait(stop, NULL, &second) < 0) {
		if ((code = show_all(c, s)) == EX_OK)
			code = add_writers(c, s, false);
		if (!sheet_flush(c->sheet))
			return clerk_fail(EX_IOERR, "the output cannot be "
			    "written");
		arena_wipe(c->arena);
	}
	return code;
}

/* The signals first: the store's thread must not be the one that gets them. */
int
errand_audit_tail(struct clerk *c)
{
	struct sources sources = { .n = 0 };
	sigset_t stop;
	int code;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	if ((code = clerk_open(c, false)) == EX_OK)
		code = follow(c, &sources, &stop);
	sources_close(&sources);
	return code;
}

/* Proving. */

/* "gatelodge:1234:MAC": the row that was a chain's last once. */
struct head {
	char		 writer[STORE_NAME_MAX];
	int64_t		 seq;
	const char	*mac;
};

static const char *
head_text(struct arena *a, const char *writer, int64_t seq, const char *mac)
{
	return arena_printf(a, "%s:%lld:%s", writer, (long long)seq, mac);
}

static bool
read_head(const char *word, struct head *out)
{
	struct slice rest = { word, strlen(word) }, part;
	unsigned long seq;
	char text[32];

	(void)text_next_part(&rest, ':', &part);
	if (part.len < 1 || part.len >= sizeof(out->writer))
		return false;
	(void)snprintf(out->writer, sizeof(out->writer), "%.*s",
	    (int)part.len, part.ptr);
	if (!text_next_part(&rest, ':', &part) || part.len >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)part.len, part.ptr);
	if (!text_number(text, LONG_MAX, &seq) || rest.len != CHAIN_MAC_LEN ||
	    !text_is_base64url(rest.ptr, rest.len))
		return false;
	out->seq = (int64_t)seq;
	out->mac = rest.ptr;
	return true;
}

static const char *const faults[] = {
	[CHAIN_CHANGED] = "changed", [CHAIN_MISSING] = "missing",
	[CHAIN_ADDED] = "added", [CHAIN_HEAD] = "head changed",
};

static void
show_finding(struct clerk *c, const char *writer, int64_t from, int64_t to,
    const char *finding, const char *head)
{
	SHEET_ROW(c->sheet, { "writer", .text = writer },
	    { "from", .kind = JSON_NUMBER, .number = number(from) },
	    { "to", .kind = JSON_NUMBER, .number = number(to) },
	    { "finding", .text = finding }, { "head", .text = head });
}

static void
show_check(struct clerk *c, const struct chain_check *k)
{
	const struct chain *h = &k->head;
	size_t i;

	for (i = 0; i < k->findings && i < CHAIN_FINDINGS_MAX; i++)
		show_finding(c, h->writer, k->finding[i].from,
		    k->finding[i].to, faults[k->finding[i].fault], "-");
	show_finding(c, h->writer, h->cut_seq + 1, h->seq,
	    k->findings == 0 ? "proved" : "not proved",
	    head_text(c->arena, h->writer, h->seq, h->mac));
}

/* Rows whose head somebody has taken away are nobody's chain. */
static int
check_writer(struct clerk *c, const char *writer, bool *proved)
{
	struct chain_check *check;
	enum store_status status;

	check = arena_alloc(c->arena, sizeof(*check));
	status = store_audit_check(c->auth.store, c->arena, writer, check);
	if (status == STORE_GONE) {
		show_finding(c, writer, 0, 0, "head or key missing", "-");
		*proved = false;
		return EX_OK;
	}
	if (status != STORE_OK)
		return clerk_status(status);
	show_check(c, check);
	*proved = *proved && check->findings == 0;
	return EX_OK;
}

/* The next name among heads and rows; STORE_GONE: there is no more. */
static enum store_status
next_writer(struct clerk *c, char *writer)
{
	const char *of_rows = NULL, *next = NULL;
	enum store_status heads, rows;
	struct chain chain;

	heads = store_audit_chain_after(c->auth.store, c->arena, writer,
	    &chain);
	rows = store_audit_writer_after(c->auth.store, c->arena, writer,
	    &of_rows);
	if (heads == STORE_OK)
		next = chain.writer;
	if (rows == STORE_OK && (next == NULL || strcmp(of_rows, next) < 0))
		next = of_rows;
	if (next != NULL)
		(void)snprintf(writer, STORE_NAME_MAX, "%s", next);
	if (heads != STORE_OK && heads != STORE_GONE)
		return heads;
	return rows != STORE_OK && rows != STORE_GONE ? rows :
	    next != NULL ? STORE_OK : STORE_GONE;
}

static int
check_all(struct clerk *c, bool *proved)
{
	char writer[STORE_NAME_MAX] = "";
	enum store_status status;
	int code;

	while ((status = next_writer(c, writer)) == STORE_OK) {
		if ((code = check_writer(c, writer, proved)) != EX_OK)
			return code;
		arena_wipe(c->arena);
	}
	return status == STORE_GONE ? EX_OK : clerk_status(status);
}

static const char	 as_noted[] = "as noted", too_old[] = "too old";

/* What was removed for its age says nothing, but for the last of it. */
static const char *
compare_head(const struct head *h, const struct chain *chain,
    const struct chain_row *row, size_t n)
{
	const char *mac = NULL;

	if (h->seq < chain->cut_seq)
		return too_old;
	if (h->seq == chain->cut_seq)
		mac = chain->cut_mac;
	else if (n > 0 && row[0].seq == h->seq)
		mac = row[0].mac;
	return mac != NULL && strcmp(mac, h->mac) == 0 ? as_noted :
	    "not as noted";
}

/* The row, then the head: one that was cut meanwhile is in the head. */
static int
check_head(struct clerk *c, const struct head *h, bool *proved)
{
	struct chain_row row[TRAIL_PAGE];
	const char *finding = "head or key missing";
	enum store_status status;
	struct chain chain;
	size_t n = 0;

	status = store_audit_after(c->auth.store, c->arena, h->writer,
	    h->seq - 1, row, &n);
	if (status == STORE_OK)
		status = store_audit_chain(c->auth.store, c->arena,
		    h->writer, &chain);
	if (status == STORE_OK)
		finding = compare_head(h, &chain, row, n);
	else if (status != STORE_GONE)
		return clerk_status(status);
	*proved = *proved && (finding == as_noted || finding == too_old);
	show_finding(c, h->writer, h->seq, h->seq, finding,
	    head_text(c->arena, h->writer, h->seq, h->mac));
	arena_wipe(c->arena);
	return EX_OK;
}

static int
check_heads(struct clerk *c, const struct head *head, bool *proved)
{
	size_t i;
	int code = EX_OK;

	for (i = 0; i < c->command->args && code == EX_OK; i++)
		code = check_head(c, &head[i], proved);
	return code;
}

int
errand_audit_verify(struct clerk *c)
{
	static struct head head[COMMAND_ARGS_MAX];
	bool proved = true;
	size_t i;
	int code;

	for (i = 0; i < c->command->args; i++)
		if (!read_head(c->command->arg[i], &head[i]))
			return clerk_fail(EX_USAGE, "a head is WRITER:NUMBER:"
			    "MAC, as audit verify prints it");
	if ((code = clerk_open(c, false)) != EX_OK ||
	    (code = check_all(c, &proved)) != EX_OK ||
	    (code = check_heads(c, head, &proved)) != EX_OK)
		return code;
	return proved ? EX_OK : clerk_fail(EX_DATAERR, "the audit trail is "
	    "not as it was written");
}
