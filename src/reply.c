#include "reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cookie.h"
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
	{ 303, "303 See Other" },
	{ 304, "304 Not Modified" },
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

static const char common_lines[] =
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "X-Content-Type-Options: nosniff\r\n";

/* Of what no browser is to show as a page. */
static const char guard_lines[] =
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox\r\n"
    "Referrer-Policy: no-referrer\r\n";

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

int
reply_sent(const struct call *c)
{
	return c->reply.see_other ? 303 : reply_status(c->reply.outcome);
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

bool
reply_names_field(enum outcome o)
{
	return outcomes[o].sentence != NULL && outcomes[o].sentence[0] == ' ';
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

/* domain: "" for this host alone. */
static void
add_cookie(struct call *c, const char *name, const char *value,
    int64_t seconds, const char *domain)
{
	c->reply.cookies = arena_printf(c->arena, "%sSet-Cookie: %s=%s; "
	    "Path=/; Max-Age=%" PRId64 "%s%s; HttpOnly; SameSite=Lax%s\r\n",
	    c->reply.cookies != NULL ? c->reply.cookies : "", name, value,
	    seconds, domain[0] != '\0' ? "; Domain=" : "", domain,
	    c->conf->rules->cookie_secure || call_is_https(c) ?
	    "; Secure" : "");
}

/*
 * Of a name that comes twice one is another domain's, from settings of before,
 * and would make every login look as if there was none until its end.  No
 * browser has one of a domain without a dot.
 */
static void
clear_elsewhere(struct call *c, const char *name)
{
	const char *ours = c->conf->cookie_domain, *domain, *dot;

	if (ours[0] != '\0')
		add_cookie(c, name, "", 0, "");
	for (domain = c->conf->base.host; (dot = strchr(domain, '.')) != NULL;
	    domain = dot + 1)
		if (strcmp(domain, ours) != 0)
			add_cookie(c, name, "", 0, domain);
}

/* Can there be two?  Not by that prefix (RFC 6265bis, 4.1.3.2). */
static bool
comes_twice(struct call *c, const char *name)
{
	struct slice found;

	return !text_begins(name, "__Host-") && cookie_find(call_text(c,
	    PARAM_COOKIE), name, &found) == COOKIE_MANY;
}

static void
set_cookie(struct call *c, const char *name, const char *value,
    int64_t seconds)
{
	if (comes_twice(c, name))
		clear_elsewhere(c, name);
	add_cookie(c, name, value, seconds, c->conf->cookie_domain);
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

/* If-None-Match is a list of what the client has (RFC 9110, 13.1.2). */
static bool
has_already(const struct call *c, const char *etag)
{
	const char *list = call_text(c, PARAM_NONE_MATCH);

	return strcmp(list, "*") == 0 ||
	    strstr(list, ARENA_JOIN(c->arena, "\"", etag, "\"")) != NULL;
}

void
reply_text(struct call *c, const char *type, const char *text,
    const char *etag, bool lasting)
{
	reply_outcome(c, has_already(c, etag) ? OUT_FILE_SAME : OUT_FILE);
	c->reply.text = text;
	c->reply.lines = ARENA_JOIN(c->arena, "Content-Type: ", type,
	    "; charset=utf-8\r\nETag: \"", etag, "\"\r\n", lasting ?
	    "Cache-Control: public, max-age=31536000, immutable\r\n" :
	    "Cache-Control: no-cache\r\n", guard_lines);
}

const char *
reply_message(struct call *c)
{
	const char *sentence = outcomes[c->reply.outcome].sentence;

	if (!reply_names_field(c->reply.outcome))
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
bool
reply_to_program(const struct call *c)
{
	const char *accept = call_text(c, PARAM_ACCEPT);
	struct slice rest = { accept, strlen(accept) }, range, type;

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

int64_t
reply_retry(const struct call *c)
{
	int64_t seconds = outcomes[c->reply.outcome].retry;

	return seconds < 0 ? (c->auth->wait_ms + 999) / 1000 : seconds;
}

static const char *
retry_line(struct call *c)
{
	int64_t seconds = reply_retry(c);

	return seconds == 0 ? "" : arena_printf(c->arena,
	    "Retry-After: %" PRId64 "\r\n", seconds);
}

/* Only if it is what was to be taken away, and no refusal. */
static const char *
download_line(struct call *c)
{
	if (c->reply.download == NULL ||
	    reply_status(c->reply.outcome) >= 400)
		return "";
	return ARENA_JOIN(c->arena, "Content-Disposition: attachment; "
	    "filename=\"", c->reply.download, "\"\r\n");
}

/* The lines that only some answers have. */
static const char *
extra_header(struct call *c)
{
	bool unknown = reply_status(c->reply.outcome) == 401;

	return ARENA_JOIN(c->arena, line(c, "Allow: ", c->reply.allow),
	    line(c, "Location: ", c->reply.location), download_line(c),
	    c->reply.cookies != NULL ? c->reply.cookies : "", retry_line(c),
	    unknown ? "WWW-Authenticate: Session\r\n" : "");
}

void
reply_write(struct call *c, const char *kind, const char *body)
{
	int status = reply_sent(c);
	bool bare = status == 204 || status == 304;

	c->reply.bytes = ARENA_JOIN(c->arena, "Status: ", status_line(status),
	    "\r\n", kind, bare ? "" : arena_printf(c->arena,
	    "Content-Length: %zu\r\n", strlen(body)),
	    common_lines, "X-Request-Id: ", c->id, "\r\n",
	    extra_header(c), "\r\n",
	    bare || c->method == METHOD_HEAD ? "" : body);
	c->reply.len = strlen(c->reply.bytes);
}

/* One object. */
static void
render_json(struct call *c)
{
	bool problem = reply_status(c->reply.outcome) >= 400 &&
	    reply_to_program(c);
	const char *message = reply_message(c), *type;

	type = problem ? "Content-Type: application/problem+json\r\n" :
	    "Content-Type: application/json\r\n";
	reply_write(c, ARENA_JOIN(c->arena, type, "Cache-Control: no-store\r\n",
	    c->reply.negotiated ? "Vary: Accept\r\n" : "", guard_lines),
	    problem ? problem_body(c, message) : plain_body(c, message));
}

void
reply_render(struct call *c)
{
	static const char nothing[] = "Cache-Control: no-store\r\n";

	if (c->reply.text != NULL)
		reply_write(c, c->reply.lines, c->reply.text);
	else if (reply_status(c->reply.outcome) == 204)
		reply_write(c, ARENA_JOIN(c->arena, nothing, guard_lines), "");
	else
		render_json(c);
}
