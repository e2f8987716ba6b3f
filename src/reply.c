#include "reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "text.h"

static const struct {
	int		 status;
	const char	*sentence;
	const char	*code;
	const char	*event;
	int		 retry;		/* seconds */
} outcomes[] = {
#define ROW(id, status_, sentence_, code_, event_, retry_)		\
	[id] = { .status = (status_), .sentence = (sentence_),		\
	    .code = (code_), .event = (event_), .retry = (retry_) },
	OUTCOMES(ROW)
#undef ROW
};

static const struct {
	int		 status;
	const char	*line;
} lines[] = {
	{ 200, "200 OK" },
	{ 202, "202 Accepted" },
	{ 204, "204 No Content" },
	{ 302, "302 Found" },
	{ 400, "400 Bad Request" },
	{ 401, "401 Unauthorized" },
	{ 403, "403 Forbidden" },
	{ 404, "404 Not Found" },
	{ 405, "405 Method Not Allowed" },
	{ 413, "413 Content Too Large" },
	{ 415, "415 Unsupported Media Type" },
	{ 429, "429 Too Many Requests" },
	{ 431, "431 Request Header Fields Too Large" },
	{ 500, "500 Internal Server Error" },
	{ 503, "503 Service Unavailable" },
};

static const char fixed_header[] =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

/* "404 Not Found" */
static const char *
status_line(int status)
{
	size_t i;

	for (i = 0; lines[i].status != status; i++)
		continue;
	return lines[i].line;
}

static const char *
reason_of(int status)
{
	return status_line(status) + sizeof("404 ") - 1;
}

int
reply_status(enum outcome o)
{
	return outcomes[o].status;
}

const char *
reply_code(enum outcome o)
{
	return outcomes[o].code;
}

const char *
reply_event(enum outcome o)
{
	return outcomes[o].event;
}

void
reply_outcome(struct call *c, enum outcome outcome)
{
	reply_about(c, outcome, NULL);
}

void
reply_about(struct call *c, enum outcome outcome, const char *subject)
{
	c->reply.outcome = outcome;
	c->reply.subject = subject;
}

static void
add_member(struct call *c, struct json_member member)
{
	if (c->reply.members == CALL_MEMBERS_MAX - 1)
		log_abort("an answer has too many members");
	c->reply.member[c->reply.members++] = member;
}

void
reply_member(struct call *c, const char *name, const char *text)
{
	add_member(c, (struct json_member){ .name = name, .text = text });
}

void
reply_json(struct call *c, const struct json_member *member)
{
	add_member(c, *member);
}

static void
set_cookie(struct call *c, const char *name, const char *value,
    int64_t seconds)
{
	const struct conf *conf = c->conf;
	bool domain = conf->cookie_domain[0] != '\0';

	if (c->reply.cookies == CALL_COOKIES_MAX)
		log_abort("an answer has too many cookies");
	c->reply.cookie[c->reply.cookies++] = arena_printf(c->arena,
	    "%s=%s; Path=/; Max-Age=%" PRId64 "%s%s; HttpOnly; SameSite=Lax%s",
	    name, value, seconds, domain ? "; Domain=" : "",
	    conf->cookie_domain,
	    conf->rules->cookie_secure || call_is_https(c) ? "; Secure" : "");
}

void
reply_session_cookie(struct call *c, const struct grant *grant)
{
	set_cookie(c, c->conf->cookie, grant->token, grant->seconds);
	if (grant->device != NULL)
		set_cookie(c, c->conf->device_cookie, grant->device,
		    grant->device_seconds);
}

void
reply_clear_cookie(struct call *c)
{
	set_cookie(c, c->conf->cookie, "", 0);
}

void
reply_location(struct call *c, const char *path)
{
	c->reply.location = arena_printf(c->arena, "%s%s",
	    c->conf->base_path, path);
}

/* NULL, or the outcome's sentence with its subject. */
static const char *
message_of(struct call *c)
{
	const char *sentence = outcomes[c->reply.outcome].sentence;

	if (sentence == NULL || sentence[0] != ' ')
		return sentence;
	return arena_printf(c->arena, "%s%s", c->reply.subject, sentence);
}

/* "q=0" and "q=0.000" say that a type is not wanted (RFC 9110, 12.4.2). */
static bool
is_refused(struct slice params)
{
	struct slice part;

	while (text_next_part(&params, ';', &part)) {
		part = text_trim(part);
		if (part.len >= 3 && text_lower(part.ptr[0]) == 'q' &&
		    part.ptr[1] == '=')
			return strspn(part.ptr + 2, "0.") >= part.len - 2;
	}
	return false;
}

/* Only a client that names the type knows what to do with it. */
static bool
wants_problem(const struct call *c)
{
	const char *accept = call_text(c, PARAM_ACCEPT);
	struct slice rest = { accept, strlen(accept) }, range, type;

	if (reply_status(c->reply.outcome) < 400)
		return false;
	while (text_next_part(&rest, ',', &range)) {
		(void)text_next_part(&range, ';', &type);
		if (text_slice_equal_nocase(text_trim(type),
		    "application/problem+json"))
			return !is_refused(range);
	}
	return false;
}

/* RFC 9457; message stays, so that one client can read both forms. */
static char *
problem_body(struct call *c, const char *message)
{
	int status = reply_status(c->reply.outcome);
	const struct json_member member[] = {
		{ .name = "type", .text = "about:blank" },
		{ .name = "title", .text = reason_of(status) },
		{ .name = "status", .kind = JSON_NUMBER, .number = status },
		{ .name = "detail", .text = message },
		{ .name = "code", .text = reply_code(c->reply.outcome) },
		{ .name = "request_id", .text = c->id },
		{ .name = "message", .text = message },
	};

	return json_object(c->arena, member,
	    sizeof(member) / sizeof(member[0]));
}

static char *
plain_body(struct call *c, const char *message)
{
	struct reply *r = &c->reply;

	if (reply_status(r->outcome) == 500)
		reply_member(c, "request_id", c->id);
	if (message != NULL)
		r->member[r->members++] =
		    (struct json_member){ .name = "message", .text = message };
	return json_object(c->arena, r->member, r->members);
}

static const char *
line(struct call *c, const char *name, const char *value)
{
	return value == NULL ? "" : ARENA_JOIN(c->arena, name, value, "\r\n");
}

static const char *
retry_line(struct call *c)
{
	int64_t seconds = outcomes[c->reply.outcome].retry;

	if (seconds < 0)
		seconds = (c->auth->wait_ms + 999) / 1000;
	return seconds == 0 ? "" : arena_printf(c->arena,
	    "Retry-After: %" PRId64 "\r\n", seconds);
}

/* The lines that only some answers have. */
static const char *
extra_header(struct call *c)
{
	bool unknown = reply_status(c->reply.outcome) == 401;

	return ARENA_JOIN(c->arena, line(c, "Allow: ", c->reply.allow),
	    line(c, "Location: ", c->reply.location),
	    line(c, "Set-Cookie: ", c->reply.cookie[0]),
	    line(c, "Set-Cookie: ", c->reply.cookie[1]), retry_line(c),
	    unknown ? "WWW-Authenticate: Session\r\n" : "");
}

static const char *
body_header(struct call *c, bool problem, size_t len)
{
	return arena_printf(c->arena,
	    "Content-Type: application/%s\r\nContent-Length: %zu\r\n",
	    problem ? "problem+json" : "json", len);
}

void
reply_render(struct call *c)
{
	int status = reply_status(c->reply.outcome);
	const char *message = message_of(c), *body = "", *header = "";
	bool problem = wants_problem(c);

	if (status != 204) {
		body = problem ? problem_body(c, message) :
		    plain_body(c, message);
		header = body_header(c, problem, strlen(body));
	}
	c->reply.bytes = ARENA_JOIN(c->arena, "Status: ", status_line(status),
	    "\r\n", header, fixed_header, "X-Request-Id: ", c->id, "\r\n",
	    extra_header(c), "\r\n", c->method == METHOD_HEAD ? "" : body);
	c->reply.len = strlen(c->reply.bytes);
}
