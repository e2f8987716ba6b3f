#include "delivery.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "digest.h"
#include "draft.h"
#include "json.h"
#include "letter.h"
#include "log.h"
#include "text.h"
#include "value.h"

#define SECOND_MS	INT64_C(1000)
#define FIRST_WAIT_MS	(30 * SECOND_MS)
#define LONGEST_WAIT_MS	(3600 * SECOND_MS)
/* Where no mail goes, none is to be blamed for it. */
#define DOWN_WAIT_MS	(10 * SECOND_MS)
#define DOWN_LONGEST_MS	(60 * SECOND_MS)
#define NOTE_TRIES	20
#define NOTE_PAUSE_NS	500000000L

/* A mail that is in hand. */
struct job {
	struct delivery	*delivery;
	struct store	*store;
	struct arena	*arena;
	struct mail	 mail;
};

/* Writing it. */

static bool
fill_in(struct job *j, struct value *root)
{
	const char *content = j->mail.content, *text;
	struct pairs pairs;
	size_t i;

	memset(&pairs, 0, sizeof(pairs));
	if (json_read(j->arena, content, strlen(content), &pairs) != READ_OK)
		return false;
	for (i = 0; i < pairs.n; i++) {
		if (pairs.pair[i].fault != PAIR_FINE)
			return false;
		text = pairs.pair[i].value;
		if (strcmp(pairs.pair[i].name, "link") == 0) {
			if (text[0] != '/')
				return false;
			text = conf_link(j->delivery->conf, j->arena, text);
		}
		value_text(j->arena, root, pairs.pair[i].name, text);
	}
	return true;
}

/* NULL, or what keeps it from being written. */
static const char *
write_letter(struct job *j, struct letter *out)
{
	struct delivery *d = j->delivery;
	struct value *root = value_object(j->arena);
	struct draft draft = { .subject = "" };
	const char *fault;

	if (!fill_in(j, root))
		return "its content is not of the form that it must have";
	value_text(j->arena, root, "site", d->conf->site);
	value_text(j->arena, root, "contact", d->conf->site_contact[0] !=
	    '\0' ? d->conf->site_contact : NULL);
	value_put(j->arena, root, "t", lang_catalogue(d->conf->lang,
	    j->mail.language));
	fault = draft_write(d->conf->shelf, j->arena, j->mail.kind, root,
	    &draft);
	out->subject = draft.subject;
	out->body = draft.body;
	return fault;
}

static const char *
pack(struct job *j, struct parcel *out)
{
	const struct conf *c = j->delivery->conf;
	struct letter l = { .to = j->mail.recipient, .from = c->mail_from,
	    .from_name = c->mail_from_name, .date = j->mail.created_at,
	    .id = j->mail.id, .host = c->base.host,
	    /* Who opens the file finds whole lines and links. */
	    .eight_bit = c->mail_dir[0] != '\0' };
	const struct slice *bytes;
	const char *fault;

	if ((fault = write_letter(j, &l)) != NULL)
		return fault;
	if ((bytes = letter_compose(j->arena, &l, &fault)) == NULL)
		return fault;
	*out = (struct parcel){ .id = j->mail.id, .bytes = *bytes,
	    .created_at = j->mail.created_at,
	    .from = letter_mailbox(j->arena, l.from),
	    .to = letter_mailbox(j->arena, l.to) };
	return NULL;
}

/* What becomes of it. */

int64_t
delivery_wait(int64_t attempts)
{
	int64_t wait = FIRST_WAIT_MS;
	unsigned char chance;

	for (; attempts > 1 && wait < LONGEST_WAIT_MS; attempts--)
		wait *= 4;
	if (wait > LONGEST_WAIT_MS)
		wait = LONGEST_WAIT_MS;
	digest_random(&chance, sizeof(chance));
	return wait - wait / 5 + wait * 2 / 5 * chance / 255;
}

static int64_t
wait_of(int64_t attempts, enum post_status status)
{
	int64_t wait = delivery_wait(attempts);
	int64_t most = attempts * DOWN_WAIT_MS;

	if (status != POST_DOWN)
		return wait;
	most = most < DOWN_LONGEST_MS ? most : DOWN_LONGEST_MS;
	return wait < most ? wait : most;
}

static enum delivery_status
noted(enum store_status status, enum delivery_status good)
{
	return status == STORE_OK || status == STORE_GONE ? good :
	    DELIVERY_BUSY;
}

/*
 * What cannot be noted would be sent again, so a store that is busy or full
 * is given some time.
 */
static enum store_status
note_end(struct job *j, const char *state, const char *reason)
{
	const struct timespec pause = { .tv_nsec = NOTE_PAUSE_NS };
	enum store_status status;
	int tries = NOTE_TRIES;

	for (;;) {
		status = store_mail_end(j->store, j->arena, &j->mail, state,
		    reason, clock_ms());
		if (status == STORE_OK || status == STORE_GONE ||
		    --tries == 0)
			return status;
		(void)nanosleep(&pause, NULL);
	}
}

static enum delivery_status
end(struct job *j, const char *state, const char *event, const char *reason)
{
	enum delivery_status status;

	LOG(event, LOG_TEXT("mail", j->mail.id),
	    LOG_TEXT("kind", j->mail.kind),
	    LOG_NUMBER("attempts", j->mail.attempts),
	    LOG_TEXT("reason", reason));
	status = noted(note_end(j, state, reason), DELIVERY_DONE);
	if (status == DELIVERY_BUSY && strcmp(state, "sent") == 0)
		(void)snprintf(j->delivery->unmarked,
		    sizeof(j->delivery->unmarked), "%s", j->mail.id);
	return status;
}

/* Of the one that could not be marked before. */
static enum delivery_status
mark(struct delivery *d, struct store *store, struct arena *a)
{
	const struct mail m = { .id = d->unmarked };
	enum delivery_status status;

	if (d->unmarked[0] == '\0')
		return DELIVERY_DONE;
	status = noted(store_mail_end(store, a, &m, "sent", "",
	    clock_ms()), DELIVERY_DONE);
	if (status == DELIVERY_DONE)
		d->unmarked[0] = '\0';
	return status;
}

/* Once more before it is too late, and then to be told so. */
static enum delivery_status
put_off(struct job *j, const struct post_result *r)
{
	int64_t wait = wait_of(j->mail.attempts, r->status);
	int64_t due = clock_ms() + wait;

	if (due > j->mail.expires_at)
		due = j->mail.expires_at;
	LOG("mail.failed", LOG_TEXT("mail", j->mail.id),
	    LOG_TEXT("kind", j->mail.kind),
	    LOG_NUMBER("attempts", j->mail.attempts),
	    LOG_TEXT("reason", r->reason),
	    LOG_NUMBER("wait_s", wait / SECOND_MS));
	return noted(store_mail_fail(j->store, j->arena, &j->mail, r->reason,
	    due), r->status == POST_DOWN ? DELIVERY_DOWN : DELIVERY_DONE);
}

static enum delivery_status
send_out(struct job *j)
{
	struct post_result r = { .status = POST_LATER };
	struct parcel parcel;
	const char *fault;

	if (!letter_is_address(j->mail.recipient))
		return end(j, "dead", "mail.dead", "the recipient is no "
		    "address");
	if ((fault = pack(j, &parcel)) != NULL)
		(void)snprintf(r.reason, sizeof(r.reason), "%s", fault);
	else
		post_send(j->delivery->post, &parcel, &r);
	switch (r.status) {
	case POST_SENT:
		return end(j, "sent", "mail.sent", "");
	case POST_NEVER:
		return end(j, "dead", "mail.dead", r.reason);
	case POST_LATER:
	case POST_DOWN:
		break;
	}
	return put_off(j, &r);
}

static enum delivery_status
deliver(struct job *j)
{
	if (j->mail.expires_at <= clock_ms())
		return end(j, "dead", "mail.dead", "its time is over");
	if (j->mail.recipient[0] == '\0')
		return end(j, "dropped", "mail.dropped", "nobody gets it");
	return send_out(j);
}

enum delivery_status
delivery_one(struct delivery *d, struct store *store, struct arena *a)
{
	struct job j = { .delivery = d, .store = store, .arena = a };
	int64_t now = clock_ms();
	enum store_status status;

	if (mark(d, store, a) != DELIVERY_DONE)
		return DELIVERY_BUSY;
	status = store_mail_due(store, a, now);
	if (status == STORE_OK)
		status = store_mail_claim(store, a, now, now +
		    post_longest_ms(d->conf), &j.mail);
	if (status == STORE_OK)
		return deliver(&j);
	return status == STORE_GONE ? DELIVERY_NONE : DELIVERY_BUSY;
}
