#include "web.h"

#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "gates.h"
#include "log.h"
#include "page.h"
#include "reply.h"
#include "routes.h"

/* The web server's own id where it has one that is harmless in a log. */
static bool
usable_id(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len <= CALL_ID_MAX && strspn(s,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._-") == len;
}

/* Unlike a token it need not be secret, only never the same twice. */
static const char *
new_id(struct arena *a)
{
	static atomic_ullong count;
	static atomic_ullong start;
	unsigned long long mine, zero = 0;

	if (atomic_load(&start) == 0) {
		digest_random(&mine, sizeof(mine));
		(void)atomic_compare_exchange_strong(&start, &zero, mine | 1);
	}
	return arena_printf(a, "%llx-%llx", atomic_load(&start),
	    atomic_fetch_add(&count, 1) + 1);
}

static void
give_id(struct call *c)
{
	const char *sent = call_text(c, PARAM_REQUEST_ID);

	c->id = usable_id(sent) ? sent : new_id(c->arena);
}

static void
log_answer(struct call *c)
{
	const char *event = reply_event(c->reply.outcome);

	if (event == NULL && !c->conf->log_reads)
		return;
	LOG(event != NULL ? event : "request",
	    LOG_TEXT("request", c->id),
	    LOG_TEXT("door", c->route != NULL ? c->route->name : "-"),
	    LOG_TEXT("outcome", reply_code(c->reply.outcome)),
	    LOG_NUMBER("status", reply_sent(c)),
	    LOG_NUMBER("ms", clock_steady_ms() - c->arrived),
	    LOG_TEXT("client", call_text(c, PARAM_CLIENT)));
}

/* What is put on record of this call says where it came from. */
static void
set_scene(struct call *c)
{
	c->auth->scene = (struct entry){ .network = c->caller.network,
	    .door = c->route->name, .request = c->id };
	c->auth->user_agent = c->caller.user_agent;
	c->auth->language = c->param[PARAM_LANGUAGE] == NULL ? NULL :
	    page_language(c);
}

static bool
reads(const struct call *c)
{
	return c->method == METHOD_GET || c->method == METHOD_HEAD;
}

/* What changed something has been put on record with it. */
static void
record_answer(struct call *c)
{
	const struct refusal refusal = { .acts = !reads(c),
	    .user_id = c->session.user_id,
	    .event = reply_event(c->reply.outcome),
	    .code = reply_code(c->reply.outcome),
	    .email = c->field[FIELD_EMAIL] };

	if (refusal.event == NULL || c->route == NULL || c->auth == NULL)
		return;
	set_scene(c);
	law_record(c->auth, c->arena, &refusal);
}

/* What succeeded is JSON as ever, but for what has been drawn for people. */
static bool
wants_page(struct call *c)
{
	const struct route *r = c->route;
	bool refused = reply_status(c->reply.outcome) >= 400;
	bool drawn = r != NULL && r->show != NULL;

	c->reply.negotiated = drawn;
	if (!refused && (!drawn || c->reply.download != NULL))
		return false;
	return c->reply.outcome == OUT_PAGE || (!reply_to_program(c) &&
	    page_preferred(c, r != NULL && r->page));
}

static void
lead_on(struct call *c, const char *path, enum outcome outcome)
{
	if (c->route->back && c->onward != NULL)
		page_lead_onward(c);
	else
		page_lead(c, path, route_says(path, reply_code(outcome)),
		    c->onward);
}

/* Where to come back to: a form that is sent to no avail begins anew. */
static const char *
way_back(struct call *c)
{
	const char *object, *path = c->route->path;

	if (c->route->back && c->onward != NULL)
		return c->onward;
	return page_here(c, route_find(METHOD_GET, path, &object) != NULL ?
	    path : c->route->then);
}

/* Whoever only opened a page need not be told that they have to log in. */
static const char *
why_login(const struct call *c)
{
	const char *done = c->done == NULL ? NULL :
	    route_says("/login", c->done);

	if (done != NULL || (reads(c) && c->caller.token == NULL))
		return done;
	return reply_code(OUT_NO_SESSION);
}

/* What is missing can be had at another page, which leads back here. */
static bool
lead_to_proof(struct call *c)
{
	if (c->reply.outcome == OUT_NO_SESSION && c->route->leaves)
		lead_on(c, c->route->then, OUT_LOGGED_OUT);
	else if (c->reply.outcome == OUT_NO_SESSION)
		page_lead(c, "/login", why_login(c), way_back(c));
	else if (c->reply.outcome == OUT_REAUTH_REQUIRED)
		page_lead(c, "/account/confirm", NULL, way_back(c));
	return c->reply.status != 0;
}

/* Where a success leads; NULL for nowhere. */
static const char *
next_page(const struct call *c)
{
	int status = reply_status(c->reply.outcome);

	if (status >= 400)
		return NULL;
	return status == 202 ? c->route->mailed : c->route->then;
}

static void
draw(struct call *c)
{
	const struct route *r = c->route;

	if (r == NULL || r->show == NULL || c->auth == NULL)
		return;
	if (next_page(c) != NULL)
		lead_on(c, next_page(c), c->reply.outcome);
	else if (!lead_to_proof(c) && (r->who == WHO_ANYBODY ||
	    c->session.user_id != NULL))
		r->show(c);
}

static void
conclude(struct call *c)
{
	if (wants_page(c)) {
		draw(c);
		page_render(c);
	} else {
		reply_render(c);
	}
	log_answer(c);
	record_answer(c);
}

bool
web_begin(struct call *c, enum cost *cost)
{
	give_id(c);
	if (!gates_pass(c)) {
		conclude(c);
		return false;
	}
	*cost = c->route->cost;
	return true;
}

void
web_finish(struct call *c)
{
	set_scene(c);
	c->route->handler(c);
	conclude(c);
}

void
web_refuse(struct call *c, enum outcome outcome)
{
	if (c->id == NULL)
		give_id(c);
	reply_outcome(c, outcome);
	conclude(c);
}

void
web_handle(struct call *c)
{
	enum cost cost;

	if (web_begin(c, &cost))
		web_finish(c);
}
