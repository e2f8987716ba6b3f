#include "page.h"

#include <inttypes.h>
#include <string.h>

#include "accept.h"
#include "digest.h"
#include "log.h"
#include "notice.h"
#include "onward.h"
#include "reply.h"

#define VERSION_LEN	16	/* of an asset's digest, in its address */

static const char page_lines[] =
    "Content-Type: text/html; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Vary: Accept, Accept-Language, Cookie\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'self'; "
    "script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Referrer-Policy: same-origin\r\n";

static const char *const names[FIELD_COUNT] = {
#define ROW(id, wire, longest, check)	[id] = (wire),
	FIELDS(ROW)
#undef ROW
};

/* Outcomes that are about a field, though their sentence does not name it. */
static const struct {
	enum outcome	 outcome;
	enum field	 field;
} about[] = {
	{ OUT_EMAIL_TAKEN, FIELD_EMAIL },
	{ OUT_UNKNOWN_ADDRESS, FIELD_EMAIL },
	{ OUT_WRONG_PASSWORD, FIELD_PASSWORD },
	{ OUT_WRONG_PASSWORD, FIELD_CURRENT_PASSWORD },
	{ OUT_BAD_RESET_TOKEN, FIELD_RESET_TOKEN },
	{ OUT_BAD_TICKET, FIELD_TOKEN },
};

bool
page_preferred(const struct call *c, bool even)
{
	const char *accept = call_text(c, PARAM_ACCEPT);
	int html = accept_quality(accept, "text/html");
	int json = accept_quality(accept, "application/json");

	return html > json || (even && html == json);
}

/* The one place where it is chosen. */
const char *
page_language(const struct call *c)
{
	return lang_choose(c->conf->lang, c->session.language,
	    call_text(c, PARAM_LANGUAGE));
}

void
page_phrase(struct call *c, struct value *object, const char *name,
    const char *key)
{
	value_phrase(c->arena, object, name,
	    lang_text(c->conf->lang, page_language(c), key));
}

/* With its digest in the address it can be kept for good. */
static const char *
asset(struct call *c, const char *name)
{
	const struct shelf_file *file = shelf_find(c->conf->shelf, name);

	return file == NULL ? NULL : arena_printf(c->arena, "%s/%s?v=%.*s",
	    c->conf->base_path, name, VERSION_LEN, file->etag);
}

/* "40 s", "5 min": understood without a language. */
static const char *
wait_text(struct call *c)
{
	int64_t seconds = reply_retry(c);

	if (seconds < 120)
		return arena_printf(c->arena, "%" PRId64 " s", seconds);
	return seconds < 7200 ?
	    arena_printf(c->arena, "%" PRId64 " min", (seconds + 59) / 60) :
	    arena_printf(c->arena, "%" PRId64 " h", (seconds + 3599) / 3600);
}

/* As the value of a parameter (RFC 3986, 3.4). */
static const char *
encoded(struct call *c, const char *text)
{
	char *out = arena_alloc(c->arena, 3 * strlen(text) + 1), *to = out;

	for (; *text != '\0'; text++)
		if (text_is_alnum(*text) || strchr("-._~/:,", *text))
			*to++ = *text;
		else
			to = text_escape(to, *text);
	return out;
}

/* What goes behind a path of ours; either may be NULL. */
static const char *
told(struct call *c, const char *done, const char *onward)
{
	return ARENA_JOIN(c->arena, done != NULL ? "?done=" : "",
	    done != NULL ? done : "",
	    onward == NULL ? "" : done != NULL ? "&rd=" : "?rd=",
	    onward != NULL ? encoded(c, onward) : "");
}

/* The address of a link; NULL where nobody is to be asked. */
static const char *
contact(const struct call *c)
{
	const char *to = c->conf->site_contact;

	if (to[0] == '\0')
		return NULL;
	return ARENA_JOIN(c->arena, strstr(to, "://") != NULL ? "" :
	    "mailto:", to);
}

struct value *
page_values(struct call *c)
{
	struct arena *a = c->arena;
	struct value *root = c->reply.values;
	const char *tag = page_language(c);

	if (root != NULL)
		return root;
	c->reply.values = root = value_object(a);
	value_put(a, root, "t", lang_catalogue(c->conf->lang, tag));
	value_text(a, root, "lang", tag);
	value_text(a, root, "site", c->conf->site);
	value_text(a, root, "contact", contact(c));
	value_flag(a, root, "mails", notice_possible(c->conf));
	value_flag(a, root, "resets", c->conf->rules->open || c->conf->mail);
	value_text(a, root, "base", c->conf->base_path);
	value_text(a, root, "style", asset(c, "assets/style.css"));
	value_text(a, root, "accent", asset(c, "assets/accent.css"));
	value_text(a, root, "script", asset(c, "assets/page.js"));
	value_text(a, root, "logo", asset(c, "assets/logo.svg"));
	value_text(a, root, "onward", c->onward);
	value_text(a, root, "rd", told(c, NULL, c->onward));
	value_text(a, root, "request", c->id);
	if (c->conf->rules->password_min > 1)
		value_text(a, root, "least", arena_printf(a, "%zu",
		    c->conf->rules->password_min));
	if (c->done != NULL)
		page_phrase(c, root, "notice", ARENA_JOIN(a, "page.done.",
		    c->done));
	return root;
}

void
page_show(struct call *c, const char *name)
{
	c->reply.page = name;
	page_phrase(c, page_values(c), "title", ARENA_JOIN(c->arena, "page.",
	    name, ".title"));
}

/* Only a new password helps. */
static bool
is_stopped(const struct call *c)
{
	return c->reply.outcome == OUT_TOO_OFTEN && c->auth->stopped;
}

/* What is wrong, in words of the catalogue, or else of outcomes.h. */
static void
put_message(struct call *c, struct value *object, const char *name)
{
	const char *key = is_stopped(c) ? "page.error.stopped" :
	    ARENA_JOIN(c->arena, "page.error.",
	    reply_code(c->reply.outcome));

	if (lang_text(c->conf->lang, page_language(c), key) != NULL)
		page_phrase(c, object, name, key);
	else
		value_text(c->arena, object, name, reply_message(c));
}

static bool
is_about(const struct call *c, enum field f)
{
	size_t i;

	if (reply_status(c->reply.outcome) < 400)
		return false;
	for (i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		if (about[i].outcome == c->reply.outcome &&
		    about[i].field == f)
			return true;
	return reply_names_field(c->reply.outcome) &&
	    c->reply.subject != NULL &&
	    strcmp(c->reply.subject, names[f]) == 0;
}

static void
put_refused(struct call *c, enum field f)
{
	struct value *refused;

	if (value_find(page_values(c), "refused") != NULL)
		return;
	refused = value_child(c->arena, page_values(c), "refused");
	put_message(c, refused, "message");
	value_text(c->arena, page_values(c), "wait", wait_text(c));
	value_flag(c->arena, refused, "stopped", is_stopped(c));
	if (f == FIELD_COUNT)
		return;
	value_text(c->arena, refused, "field", names[f]);
	page_phrase(c, refused, "label", ARENA_JOIN(c->arena, "page.label.",
	    names[f]));
}

/* As a link brings it: nobody types that. */
static bool
is_token(const char *value)
{
	return value != NULL && strlen(value) == DIGEST_TOKEN_LEN &&
	    text_is_base64url(value, DIGEST_TOKEN_LEN);
}

void
page_linked(struct call *c, enum field f)
{
	if (is_token(c->typed[f]) && !is_about(c, f))
		value_text(c->arena, page_values(c), names[f], c->typed[f]);
}

void
page_input_value(struct call *c, enum field f, const char *autocomplete,
    const char *value)
{
	struct value *input = value_child(c->arena, page_values(c), names[f]);
	bool fresh = strcmp(autocomplete, "new-password") == 0;
	bool code = strcmp(autocomplete, "one-time-code") == 0;
	bool token = is_token(value), wrong = is_about(c, f);

	value_text(c->arena, input, "name", names[f]);
	page_phrase(c, input, "label", ARENA_JOIN(c->arena, "page.label.",
	    names[f]));
	value_text(c->arena, input, "type", f == FIELD_EMAIL ? "email" :
	    "text");
	value_text(c->arena, input, "autocomplete", autocomplete);
	value_text(c->arena, input, "value", token && wrong ? NULL : value);
	value_flag(c->arena, input, "fresh", fresh);
	value_flag(c->arena, input, "digits", code && !c->conf->rules->open);
	value_flag(c->arena, input, "linked", token && !wrong);
	if (!wrong)
		return;
	put_message(c, input, "wrong");
	put_refused(c, f);
}

void
page_input(struct call *c, enum field f, const char *autocomplete)
{
	bool secret = strstr(autocomplete, "password") != NULL;

	page_input_value(c, f, autocomplete, secret ? NULL : c->typed[f]);
}

void
page_lead(struct call *c, const char *path, const char *done,
    const char *onward)
{
	c->reply.status = 303;
	c->reply.location = ARENA_JOIN(c->arena, c->conf->base_path, path,
	    told(c, done, onward));
}

/*
 * Chromium asks form-action of every address that the answer to a form leads
 * to, and of those that these lead to.  Nobody knows them all: with a page the
 * form is at its end.
 */
void
page_lead_onward(struct call *c)
{
	c->reply.status = 200;
	c->reply.location = NULL;
	value_flag(c->arena, page_values(c), "leads", true);
	page_show(c, "leads");
}

const char *
page_here(struct call *c, const char *home)
{
	const char *uri = call_text(c, PARAM_URI);

	if (c->done == NULL && (c->method == METHOD_GET ||
	    c->method == METHOD_HEAD) && uri[0] == '/' &&
	    onward_is_ours(uri, &c->conf->base, NULL, 0))
		return uri;
	return ARENA_JOIN(c->arena, c->conf->base_path, home);
}

/* The template's text; NULL where it cannot be filled. */
static const char *
fill(struct call *c)
{
	const char *name, *text, *fault;

	if (reply_sent(c) == 303)
		return "";
	if (c->reply.page == NULL)
		page_show(c, "refusal");
	if (reply_sent(c) >= 400)
		put_refused(c, FIELD_COUNT);
	value_text(c->arena, page_values(c), "who", c->session.email);
	name = ARENA_JOIN(c->arena, "page/", c->reply.page, ".html");
	text = shelf_render(c->conf->shelf, c->arena, name, page_values(c),
	    &fault);
	if (text == NULL)
		LOG("page.fault", LOG_TEXT("request", c->id),
		    LOG_TEXT("reason", fault));
	return text;
}

void
page_render(struct call *c)
{
	const char *text = fill(c);

	if (text != NULL) {
		reply_write(c, page_lines, text);
		return;
	}
	c->reply.status = 0;
	reply_outcome(c, OUT_FAULT);
	reply_render(c);
}
