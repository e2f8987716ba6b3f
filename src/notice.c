#include "notice.h"

#include <inttypes.h>
#include <string.h>

#include "address.h"
#include "agent.h"
#include "clock.h"
#include "digest.h"
#include "json.h"
#include "text.h"

#define CODE_DIGITS	8
#define CODES		UINT64_C(100000000)
#define MINUTE_MS	(INT64_C(60) * 1000)

static const struct {
	const char	*kind;
	const char	*ticket;
	const char	*page;
	int64_t		 minutes;
	bool		 code;
} notices[] = {
#define ROW(id, kind_, ticket_, page_, life_, code_)			\
	[id] = { .kind = (kind_), .ticket = (ticket_), .page = (page_),	\
	    .minutes = (life_), .code = (code_) },
	NOTICES(ROW)
#undef ROW
};

/* Of 2^64 numbers, so many more fall on some codes that nobody sees it. */
static const char *
new_code(struct arena *a)
{
	uint64_t number;

	digest_random(&number, sizeof(number));
	number %= CODES;
	return arena_printf(a, "%04" PRIu64 " %04" PRIu64, number / 10000,
	    number % 10000);
}

static bool
read_code(const char *typed, char digits[CODE_DIGITS + 1])
{
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if (*typed < '0' || *typed > '9' || n == CODE_DIGITS)
			return false;
		digits[n++] = *typed;
	}
	digits[n] = '\0';
	return n == CODE_DIGITS;
}

const char *
notice_code_hash(const struct conf *conf, struct arena *a, const char *kind,
    const char *email_key, const char *code)
{
	char digits[CODE_DIGITS + 1], *out;
	unsigned char bytes[DIGEST_SHA256_BYTES];
	const char *text;

	if (!read_code(code, digits))
		return NULL;
	text = ARENA_JOIN(a, kind, "\n", email_key, "\n", digits);
	out = arena_alloc(a, PEPPER_MAC_LEN + 1);
	if (conf->keys != NULL) {
		pepper_mac(conf->keys, text, out);
		return out;
	}
	digest_sha256(text, strlen(text), bytes);
	text_base64url(bytes, sizeof(bytes), out);
	return out;
}

/* "2026-11-21 22:25 UTC" */
static const char *
time_text(struct arena *a, int64_t at)
{
	char text[CLOCK_TEXT_MAX];

	clock_text(at, text);
	return arena_printf(a, "%.10s %.5s UTC", text, text + 11);
}

static const char *
number_text(struct arena *a, int64_t number)
{
	return arena_printf(a, "%" PRId64, number);
}

static const char *
path_of(struct arena *a, enum notice id, const char *token)
{
	const char *page = notices[id].page;

	return ARENA_JOIN(a, page,
	    page[strlen(page) - 1] == '=' ? token : "");
}

const char *
notice_link(const struct auth *auth, struct arena *a, enum notice id,
    const char *token)
{
	return conf_link(auth->conf, a, path_of(a, id, token));
}

/*
 * "Firefox, Linux".  Anybody may have a mail sent to any address, so no word
 * of theirs goes with it.
 */
static const char *
browser_text(struct arena *a, const char *user_agent)
{
	const char *browser = agent_browser(user_agent);
	const char *os = agent_system(user_agent);

	return ARENA_JOIN(a, browser, browser[0] != '\0' &&
	    os[0] != '\0' ? ", " : "", os);
}

/* What its template is filled with. */
static const char *
content_of(const struct auth *auth, struct arena *a, enum notice id,
    const struct entry *record, const char *token, const char *code)
{
	const struct json_member members[] = {
		{ .name = "link", .text = path_of(a, id, token) },
		{ .name = "code", .text = code },
		{ .name = "minutes",
		    .text = number_text(a, notices[id].minutes) },
		{ .name = "hours",
		    .text = number_text(a, notices[id].minutes / 60) },
		{ .name = "time", .text = time_text(a, record->at) },
		{ .name = "network", .text = record->network != NULL ?
		    record->network : "" },
		{ .name = "browser", .text = browser_text(a,
		    auth->user_agent != NULL ? auth->user_agent : "") },
	};

	return json_object(a, members, sizeof(members) / sizeof(members[0]));
}

/* The account's, or else that of the request. */
static const char *
language_of(const struct auth *auth, const struct user *u)
{
	if (u->language != NULL && u->language[0] != '\0')
		return u->language;
	return auth->language != NULL ? auth->language : "";
}

static void
fill_ticket(const struct auth *auth, struct arena *a, enum notice id,
    const struct user *about, struct ticket *t, const char *code)
{
	t->kind = notices[id].ticket;
	t->user_id = about->id;
	t->email = about->email;
	t->email_key = about->email_key;
	t->password_hash = strcmp(t->kind, TICKET_REGISTRATION) == 0 ?
	    about->password_hash : "";
	t->language = language_of(auth, about);
	t->code_hash = code[0] == '\0' ? "" : notice_code_hash(auth->conf, a,
	    t->kind, t->email_key, code);
}

bool
notice_possible(const struct conf *conf)
{
	return conf->mail && !conf->rules->open;
}

const struct entry *
notice_post(const struct auth *auth, struct arena *a,
    const struct entry *record, enum notice id, const struct user *about,
    const char *to)
{
	char *token, none[] = "", *address;
	struct posting *p;
	struct entry *out;
	const char *code;

	if (!notice_possible(auth->conf))
		return record;
	p = arena_alloc(a, sizeof(*p));
	*p = (struct posting){ .mail = { .kind = notices[id].kind,
	    .language = language_of(auth, about),
	    .created_at = record->at } };
	p->mail.expires_at = record->at + notices[id].minutes * MINUTE_MS;
	token = none;
	code = notices[id].code ? new_code(a) : "";
	if (notices[id].ticket != NULL) {
		p->ticket.token_hash = law_token(a, &token);
		p->ticket.created_at = record->at;
		p->ticket.expires_at = p->mail.expires_at;
		fill_ticket(auth, a, id, about, &p->ticket, code);
	}
	address = to != NULL ? address_for_mail(a, to) : NULL;
	p->mail.recipient = address != NULL ? address : "";
	p->mail.content = content_of(auth, a, id, record, token, code);
	out = arena_alloc(a, sizeof(*out));
	*out = *record;
	out->posting = p;
	return out;
}

const struct entry *
notice_owner(const struct auth *auth, struct arena *a, enum event event,
    enum notice id, const struct user *u)
{
	return notice_post(auth, a, law_entry(auth, a, event, u->id, NULL),
	    id, u, u->email);
}
