#include "call.h"

#include <string.h>

#include "clock.h"
#include "text.h"

enum repeat { REFUSE, JOIN, LIST, KEEP };

static const struct {
	const char	*name;
	size_t		 len;
	const char	*public;
	enum repeat	 repeat;
} params[PARAM_COUNT] = {
#define ROW(id, name_, public_, repeat_)				\
	[id] = { .name = (name_), .len = sizeof(name_) - 1,		\
	    .public = (public_), .repeat = (repeat_) },
	PARAMS(ROW)
#undef ROW
};

void
call_init(struct call *c, struct arena *a, const struct conf *conf)
{
	memset(c, 0, sizeof(*c));
	c->arena = a;
	c->conf = conf;
	c->body = "";
	c->arrived = clock_steady_ms();
}

/* Each copies what came before it, so there cannot be any number of them. */
static void
join(struct call *c, enum param p, const char *separator, const char *value)
{
	if (c->joined == CALL_JOINED_MAX) {
		c->repeated = params[p].public;
		return;
	}
	c->joined++;
	c->param[p] = ARENA_JOIN(c->arena, c->param[p], separator, value);
}

static void
take(struct call *c, enum param p, const char *value)
{
	if (c->param[p] == NULL) {
		c->param[p] = value;
		return;
	}
	switch (params[p].repeat) {
	case REFUSE:
		c->repeated = params[p].public;
		break;
	case JOIN:
		join(c, p, "; ", value);
		break;
	case LIST:
		join(c, p, ", ", value);
		break;
	case KEEP:
		break;
	}
}

void
call_param(struct call *c, const char *entry)
{
	const char *equals;
	size_t len;
	enum param p;

	equals = strchr(entry, '=');
	if (equals == NULL || equals[1] == '\0')
		return;
	len = (size_t)(equals - entry);
	for (p = 0; p < PARAM_COUNT; p++) {
		if (len == params[p].len &&
		    memcmp(entry, params[p].name, len) == 0) {
			take(c, p, equals + 1);
			return;
		}
	}
}

const char *
call_text(const struct call *c, enum param p)
{
	return c->param[p] != NULL ? c->param[p] : "";
}

bool
call_is_https(const struct call *c)
{
	return text_equal_nocase(call_text(c, PARAM_HTTPS), "on") ||
	    strcmp(call_text(c, PARAM_HTTPS), "1") == 0 ||
	    text_equal_nocase(call_text(c, PARAM_SCHEME), "https");
}
