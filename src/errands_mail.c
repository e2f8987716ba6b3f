#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include "address.h"
#include "clock.h"
#include "errands.h"

#define TEST_SECONDS	3600
#define SECOND_MS	INT64_C(1000)

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

/* What waits is due; what has ended will never be. */
static void
show_mail(struct clerk *c, const struct mail *m)
{
	char created[CLOCK_TEXT_MAX], due[CLOCK_TEXT_MAX],
	    expires[CLOCK_TEXT_MAX];

	clock_text(m->created_at, created);
	clock_text(m->due_at, due);
	clock_text(m->expires_at, expires);
	SHEET_ROW(c->sheet, { "id", .text = m->id },
	    { "kind", .text = m->kind },
	    { "recipient", .text = or_dash(m->recipient) },
	    { "state", .text = m->state }, { "created", .text = created },
	    { "due", .text = m->ended_at == 0 ? due : "-" },
	    { "expires", .text = expires },
	    { "attempts", .kind = JSON_NUMBER,
	    .number = number(m->attempts) },
	    { "reason", .text = or_dash(m->reason) });
}

/* A page at a time: what stood first may be gone by the next one. */
static int
show_state(struct clerk *c, const char *state)
{
	struct mail page[STORE_PAGE], last, *after = NULL;
	struct arena *a = arena_new();
	char id[STORE_ID_LEN + 1];
	size_t n = STORE_PAGE, i;
	int code = EX_OK;

	while (code == EX_OK && n == STORE_PAGE) {
		code = clerk_status(store_mails_after(c->auth.store, a,
		    state, after, page, &n));
		for (i = 0; code == EX_OK && i < n; i++)
			show_mail(c, &page[i]);
		if (code == EX_OK && n > 0) {
			last = page[n - 1];
			memcpy(id, last.id, sizeof(id));
			last.id = id;
			after = &last;
		}
		arena_wipe(a);
	}
	arena_free(a);
	return code;
}

int
errand_mail_queue(struct clerk *c)
{
	int code;

	if ((code = clerk_open(c, false)) == EX_OK &&
	    (code = show_state(c, "dead")) == EX_OK)
		code = show_state(c, "waiting");
	return code;
}

int
errand_mail_retry(struct clerk *c)
{
	enum store_status status;
	size_t n = 1;
	int code;

	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	status = c->command->args == 0 ?
	    store_mails_retry(c->auth.store, c->arena, clock_ms(), &n) :
	    store_mail_retry(c->auth.store, c->arena, c->command->arg[0],
	    clock_ms());
	if (status == STORE_GONE)
		return clerk_fail(EX_NOINPUT, "no such mail waits, or it is "
		    "being sent");
	if ((code = clerk_status(status)) == EX_OK)
		SHEET_ROW(c->sheet, { "mails", .kind = JSON_NUMBER,
		    .number = number((int64_t)n) },
		    { "done", .text = "due now" });
	return code;
}

static int
write_test(struct clerk *c)
{
	struct mail m = { .kind = "test", .language = "",
	    .content = "{\"link\":\"/\"}", .created_at = clock_ms(),
	    .recipient = address_for_mail(c->arena, c->command->arg[0]) };

	m.expires_at = m.created_at + TEST_SECONDS * SECOND_MS;
	return clerk_status(store_mail_add(c->auth.store, c->arena, &m));
}

int
errand_mail_test(struct clerk *c)
{
	int code;

	if (clerk_email_key(c, 0) == NULL)
		return EX_DATAERR;
	if (!c->auth.conf->mail)
		return clerk_fail(EX_CONFIG, "none of smtp_url, sendmail and "
		    "mail_dir is set");
	if ((code = clerk_open(c, false)) == EX_OK &&
	    (code = write_test(c)) == EX_OK)
		code = clerk_done(c, "written");
	return code;
}
