#include "gates.h"

#include <string.h>

#include "address.h"
#include "cookie.h"
#include "digest.h"
#include "form.h"
#include "json.h"
#include "multipart.h"
#include "onward.h"
#include "page.h"
#include "reply.h"
#include "routes.h"
#include "text.h"
#include "unicode.h"

#define AGENT_MAX	200

/* A gate lets pass, or has said the answer. */
typedef bool gate(struct call *);

static bool
refuse(struct call *c, enum outcome outcome)
{
	reply_outcome(c, outcome);
	return false;
}

static bool
refuse_about(struct call *c, enum outcome outcome, const char *subject)
{
	reply_about(c, outcome, subject);
	return false;
}

/* What was sent twice may mean another thing to who looked before us. */
static bool
gate_params(struct call *c)
{
	if (c->repeated != NULL)
		return refuse_about(c, OUT_HEADER_REPEATED, c->repeated);
	return true;
}

/* compat tells who has an account and hands out tokens: nobody from afar. */
static bool
gate_remote(struct call *c)
{
	if (!c->conf->rules->open || c->conf->compat_remote ||
	    net_loopback_address(call_text(c, PARAM_CLIENT)))
		return true;
	return refuse(c, OUT_REMOTE);
}

static bool
gate_size(struct call *c)
{
	const char *announced = call_text(c, PARAM_LENGTH);
	unsigned long len;

	if (c->body_over)
		return refuse(c, OUT_BODY_TOO_LARGE);
	if (announced[0] == '\0')
		return true;
	if (!text_number(announced, (unsigned long)-1, &len))
		return refuse_about(c, OUT_HEADER_MALFORMED,
		    "Content-Length");
	if (len > CALL_BODY_MAX)
		return refuse(c, OUT_BODY_TOO_LARGE);
	return len == c->body_len || refuse(c, OUT_BODY_CUT);
}

/* The absolute form that a client may send as well (RFC 9112, 3.2.2). */
static const char *
without_origin(const char *uri)
{
	const char *colon = strchr(uri, ':');

	if (uri[0] == '/' || colon == NULL || !text_begins(colon, "://"))
		return uri;
	return colon + 3 + strcspn(colon + 3, "/?#");
}

/*
 * The path as the client sent it.  A web server that does not say it gives
 * the parts that it has cut it into.
 */
static const char *
path_of(struct call *c)
{
	const char *uri = c->param[PARAM_URI];

	if (uri == NULL)
		return arena_printf(c->arena, "%s%s",
		    call_text(c, PARAM_SCRIPT_NAME),
		    call_text(c, PARAM_PATH_INFO));
	uri = without_origin(uri);
	return arena_copy(c->arena, uri, strcspn(uri, "?#"));
}

static bool
gate_route(struct call *c)
{
	const char *path = path_of(c), *prefix = c->conf->base_path;
	char *allow;

	if (!text_begins(path, prefix))
		return refuse(c, OUT_NOT_FOUND);
	path += strlen(prefix);
	c->route = route_find(c->method, path, &c->object);
	if (c->route != NULL)
		return true;
	allow = arena_alloc(c->arena, ROUTE_ALLOW_MAX);
	if (!route_allow(path, allow))
		return refuse(c, OUT_NOT_FOUND);
	c->reply.allow = allow;
	return refuse(c, c->method == METHOD_OPTIONS ? OUT_OPTIONS :
	    OUT_METHOD);
}

static bool
is_ours(const struct conf *conf, const char *header)
{
	struct origin o;
	size_t i;

	if (!net_origin(header, &o))
		return false;
	if (net_same_origin(&o, &conf->base))
		return true;
	for (i = 0; i < conf->origins.n; i++)
		if (net_same_origin(&o, &conf->allowed[i]))
			return true;
	return conf->rules->open && o.port == conf->base.port &&
	    net_loopback_name(o.host);
}

static bool
same_site(struct call *c)
{
	const char *site = c->param[PARAM_FETCH_SITE];

	if (site != NULL)
		return strcmp(site, "same-origin") == 0 ||
		    strcmp(site, "none") == 0;
	return c->param[PARAM_ORIGIN] == NULL ||
	    is_ours(c->conf, c->param[PARAM_ORIGIN]);
}

static bool
acts(enum method m)
{
	return m == METHOD_POST || m == METHOD_PUT || m == METHOD_PATCH ||
	    m == METHOD_DELETE;
}

/* Another site's page cannot act.  Who sends neither is no browser. */
static bool
gate_origin(struct call *c)
{
	return !acts(c->method) || same_site(c) ||
	    refuse(c, OUT_CROSS_SITE);
}

/* What a browser says of itself, so far as it is fit to be shown. */
static const char *
agent_of(struct call *c)
{
	const char *sent = call_text(c, PARAM_USER_AGENT);
	char *text, *p;

	text = arena_copy(c->arena, sent, strnlen(sent, AGENT_MAX));
	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}

static const char *
network_of(struct call *c, unsigned int v4_bits, unsigned int v6_bits)
{
	char *text;

	text = arena_alloc(c->arena, NET_NETWORK_MAX);
	net_network(call_text(c, PARAM_CLIENT), v4_bits, v6_bits, text);
	return text;
}

/* NULL for none, and where it came twice. */
static const char *
cookie_of(struct call *c, const char *name)
{
	struct slice value;

	if (name[0] == '\0' || cookie_find(call_text(c, PARAM_COOKIE), name,
	    &value) != COOKIE_ONE)
		return NULL;
	return arena_copy(c->arena, value.ptr, value.len);
}

/* A page that polls by itself is no sign that somebody sits before it. */
static bool
is_present(const struct call *c)
{
	return acts(c->method) || c->conf->touch_any ||
	    strcmp(call_text(c, PARAM_FETCH_MODE), "navigate") == 0;
}

/* Two session cookies are none: nobody can tell which one was meant. */
static bool
gate_caller(struct call *c)
{
	c->caller.token = cookie_of(c, c->conf->cookie);
	c->caller.device = cookie_of(c, c->conf->device_cookie);
	c->caller.host = network_of(c, 32, 64);
	c->caller.network = network_of(c, 24, 48);
	c->caller.user_agent = agent_of(c);
	c->caller.present = is_present(c);
	return true;
}

/* What is drawn for anybody greets who is known, in their language. */
static bool
greets(const struct call *c)
{
	return c->route->show != NULL && (c->route->page ||
	    page_preferred(c, false));
}

static bool
gate_session(struct call *c)
{
	enum outcome outcome;

	if (c->route->who == WHO_ANYBODY && !greets(c))
		return true;
	outcome = auth_whose(c->auth, c->arena, &c->caller, &c->session);
	if (c->route->who == WHO_ANYBODY && outcome == OUT_NO_SESSION)
		return true;
	if (outcome == OUT_PROFILE && c->route->who == WHO_PROVED)
		outcome = auth_proved(&c->session);
	return outcome == OUT_PROFILE || refuse(c, outcome);
}

/* Fields. */

static const char *
checked_text(struct arena *a, const char *in)
{
	(void)a;
	return in;
}

static const char *
checked_email(struct arena *a, const char *in)
{
	return address_key(a, in) != NULL ? in : NULL;
}

static const char *
checked_password(struct arena *a, const char *in)
{
	return unicode_nfc(a, in);
}

static const struct {
	const char	*name;
	size_t		 longest;
	const char	*(*check)(struct arena *, const char *);
} fields[FIELD_COUNT] = {
#define ROW(id, wire, longest_, check_)					\
	[id] = { .name = (wire), .longest = (longest_),			\
	    .check = checked_ ## check_ },
	FIELDS(ROW)
#undef ROW
};

static bool
is_known(const struct route *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->fields; i++)
		if (strcmp(fields[r->field[i]].name, name) == 0)
			return true;
	return false;
}

/* An address carries its query into logs and histories. */
static bool
gate_query(struct call *c)
{
	const char *query = call_text(c, PARAM_QUERY);
	enum read_result result;
	struct pairs pairs;
	size_t i;

	if (c->route->fields == 0)
		return true;
	result = form_read(c->arena, query, strlen(query), &pairs);
	for (i = 0; i < pairs.n; i++)
		if (is_known(c->route, pairs.pair[i].name))
			return refuse_about(c, OUT_FIELD_IN_URL,
			    pairs.pair[i].name);
	return result == READ_OK ||
	    refuse_about(c, OUT_HEADER_MALFORMED, "query");
}

/* The names that web servers and other services give it. */
static bool
names_onward(const char *name)
{
	return strcmp(name, "rd") == 0 || strcmp(name, "redirect_uri") == 0 ||
	    strcmp(name, "url") == 0;
}

/* The first that is ours; any other is as if it had not been said. */
static void
take_onward(struct call *c, const struct pairs *p)
{
	const struct conf *conf = c->conf;
	const char *url;
	size_t i;

	for (i = 0; i < p->n && c->onward == NULL; i++) {
		if (!names_onward(p->pair[i].name))
			continue;
		url = onward_escape(c->arena, p->pair[i].value);
		if (onward_is_ours(url, &conf->base, conf->allowed,
		    conf->origins.n))
			c->onward = url;
	}
}

/*
 * The link of a mail is read by a page, which only shows a form: the token
 * opens nothing before that is sent.
 */
static void
take_token(struct call *c, const struct pair *p)
{
	if (strcmp(p->name, "token") == 0 &&
	    strlen(p->value) == DIGEST_TOKEN_LEN &&
	    text_is_base64url(p->value, DIGEST_TOKEN_LEN))
		c->typed[FIELD_TOKEN] = c->typed[FIELD_RESET_TOKEN] =
		    p->value;
}

/*
 * Of a page: where it is to lead, and what led to it; also if it will lead to
 * a login first.
 */
static bool
gate_journey(struct call *c)
{
	const char *query = call_text(c, PARAM_QUERY);
	struct pairs pairs;
	size_t i;

	if ((!c->route->page && c->route->show == NULL) ||
	    form_read(c->arena, query, strlen(query), &pairs) != READ_OK)
		return true;
	if (c->route->onward)
		take_onward(c, &pairs);
	for (i = 0; i < pairs.n && !acts(c->method); i++) {
		take_token(c, &pairs.pair[i]);
		if (strcmp(pairs.pair[i].name, "done") == 0)
			c->done = route_says(c->route->path,
			    pairs.pair[i].value);
	}
	return true;
}

static enum read_result
read_multipart(struct call *c, struct slice params, struct pairs *out)
{
	struct slice boundary;

	if (!multipart_boundary(params, &boundary))
		return READ_MALFORMED;
	return multipart_read(c->arena, boundary, c->body, c->body_len, out);
}

static enum read_result
read_form(struct call *c, struct slice params, struct pairs *out)
{
	(void)params;
	return form_read(c->arena, c->body, c->body_len, out);
}

static enum read_result
read_json(struct call *c, struct slice params, struct pairs *out)
{
	(void)params;
	return json_read(c->arena, c->body, c->body_len, out);
}

static const struct {
	const char	*type;
	enum read_result (*read)(struct call *, struct slice, struct pairs *);
} readers[] = {
	{ "application/x-www-form-urlencoded", read_form },
	{ "application/json", read_json },
	{ "multipart/form-data", read_multipart },
};

static bool
judge_read(struct call *c, enum read_result result, const struct pairs *p)
{
	switch (result) {
	case READ_OK:
		return true;
	case READ_TOO_MANY:
		return refuse(c, OUT_TOO_MANY_FIELDS);
	case READ_MALFORMED:
		break;
	}
	if (p->culprit != NULL && is_known(c->route, p->culprit))
		return refuse_about(c, OUT_FIELD_MALFORMED, p->culprit);
	return refuse(c, OUT_BODY_MALFORMED);
}

static bool
read_body(struct call *c, struct pairs *out)
{
	const char *header = call_text(c, PARAM_TYPE);
	struct slice rest = { header, strlen(header) }, type;
	size_t i;

	if (header[0] == '\0' && c->body_len == 0)
		return true;
	(void)text_next_part(&rest, ';', &type);
	type = text_trim(type);
	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (text_slice_equal_nocase(type, readers[i].type))
			return judge_read(c, readers[i].read(c, rest, out),
			    out);
	return refuse(c, OUT_CONTENT_TYPE);
}

static enum outcome
fault_of(enum pair_fault fault)
{
	switch (fault) {
	case PAIR_NUL:
		return OUT_FIELD_NUL;
	case PAIR_TYPE:
		return OUT_FIELD_TYPE;
	case PAIR_ESCAPE:
	case PAIR_FINE:
		break;
	}
	return OUT_FIELD_MALFORMED;
}

static bool
check_value(struct call *c, enum field f, const char *value)
{
	const char *name = fields[f].name, *typed = value, *checked;

	if (!unicode_valid(value, strlen(value)))
		return refuse_about(c, OUT_FIELD_UTF8, name);
	if (value[0] == '\0')
		return refuse_about(c, OUT_FIELD_EMPTY, name);
	checked = fields[f].check(c->arena, value);
	if (checked != NULL)
		value = checked;
	if (strlen(value) > fields[f].longest)
		return refuse_about(c, OUT_FIELD_TOO_LONG, name);
	if (checked == NULL)
		return refuse_about(c, OUT_FIELD_MALFORMED, name);
	c->field[f] = checked;
	c->typed[f] = typed;
	return true;
}

static bool
take_field(struct call *c, enum field f, const struct pairs *p, bool optional)
{
	const char *name = fields[f].name;
	const struct pair *found;
	size_t i;

	found = NULL;
	for (i = 0; i < p->n; i++) {
		if (strcmp(p->pair[i].name, name) != 0)
			continue;
		if (found != NULL)
			return refuse_about(c, OUT_FIELD_REPEATED, name);
		found = &p->pair[i];
	}
	if (found == NULL)
		return optional ||
		    refuse_about(c, OUT_FIELD_MISSING, name);
	if (found->fault != PAIR_FINE)
		return refuse_about(c, fault_of(found->fault), name);
	return check_value(c, f, found->value);
}

/* A form that is refused comes back as it was filled in. */
static void
note_typed(struct call *c, const struct pairs *p)
{
	const struct pair *pair;
	size_t i, k;

	for (i = 0; i < p->n; i++) {
		pair = &p->pair[i];
		for (k = 0; k < c->route->fields; k++)
			if (strcmp(fields[c->route->field[k]].name,
			    pair->name) == 0 && unicode_valid(pair->value,
			    strlen(pair->value)))
				c->typed[c->route->field[k]] = pair->value;
	}
}

static bool
gate_fields(struct call *c)
{
	struct pairs pairs = { .n = 0 };
	size_t i;

	if (c->route->fields == 0 &&
	    !(c->route->onward && acts(c->method)))
		return true;
	if (!read_body(c, &pairs))
		return false;
	if (c->route->onward)
		take_onward(c, &pairs);
	note_typed(c, &pairs);
	for (i = 0; i < c->route->fields; i++)
		if (!take_field(c, c->route->field[i], &pairs,
		    i + c->route->optional >= c->route->fields))
			return false;
	return true;
}

static gate *const gates[] = {
	gate_params,
	gate_remote,
	gate_size,
	gate_origin,
	gate_route,
	gate_caller,
	gate_journey,
	gate_session,
	gate_query,
	gate_fields,
};

bool
gates_pass(struct call *c)
{
	size_t i;

	c->method = route_method(call_text(c, PARAM_METHOD));
	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++)
		if (!gates[i](c))
			return false;
	return true;
}
