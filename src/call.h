/*
 * call.h - one call: what was asked, what the gates found, what is answered
 *
 * A roof (FastCGI, CGI) fills in the request, the gates fill in what they
 * find, the handler and reply fill in the answer, and the roof sends it.
 */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "auth.h"
#include "conf.h"
#include "fields.h"
#include "json.h"
#include "params.h"
#include "value.h"

#define CALL_BODY_MAX		16384
#define CALL_ID_MAX		64
#define CALL_MEMBERS_MAX	9
#define CALL_JOINED_MAX		8	/* header lines beyond the first */

enum method {
	METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH,
	METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER,
};

/* Which lane a handler runs in. */
enum cost {
	COST_QUICK,		/* neither hashes nor waits for the disk */
	COST_WRITE,
	COST_HASH,
};

struct route;

struct reply {
	enum outcome	 outcome;
	const char	*subject;	/* the field or header at fault */
	struct json_member member[CALL_MEMBERS_MAX];
	size_t		 members;
	const char	*cookies;	/* lines of Set-Cookie, or NULL */
	const char	*location;
	bool		 see_other;	/* 303, whatever the outcome says */
	const char	*allow;
	const char	*download;	/* the name of a file, or NULL */
	bool		 negotiated;	/* another Accept gets another answer */
	/* A body that is not made here, and the lines that go with it. */
	const char	*text;
	const char	*lines;
	/* Of a page: its template, or NULL, and what fills it, or NULL. */
	const char	*page;
	struct value	*values;
	/* What goes to the web server: header, empty line, body. */
	const char	*bytes;
	size_t		 len;
};

struct call {
	struct arena	*arena;
	const struct conf *conf;
	struct auth	*auth;		/* of the thread that runs it */
	int64_t		 arrived;	/* clock_steady_ms */

	/* The request.  A parameter that was not sent is NULL. */
	const char	*param[PARAM_COUNT];
	const char	*repeated;	/* name of one that came too often */
	unsigned int	 joined;	/* lines that were put to others */
	const char	*body;
	size_t		 body_len;
	bool		 body_over;	/* there was more than CALL_BODY_MAX */

	/* What the gates found. */
	const char	*id;		/* of the request, for the log */
	enum method	 method;
	const struct route *route;
	const char	*object;	/* the {id} of the path, or NULL */
	struct caller	 caller;
	struct session	 session;	/* where the route asks for one */
	const char	*field[FIELD_COUNT];
	const char	*typed[FIELD_COUNT];	/* the same, unchecked */
	const char	*onward;	/* where to go on, ours; or NULL */
	const char	*done;		/* what has just been done, or NULL */

	struct reply	 reply;
};

/* A new request in a wiped arena. */
void	call_init(struct call *, struct arena *, const struct conf *);
/*
 * Takes "NAME=value", which must live as long as the call.  An empty value is
 * none at all (RFC 3875, 4.1).
 */
void	call_param(struct call *, const char *entry);
/* The value, or "" where none was sent. */
const char *call_text(const struct call *, enum param);
/* Did the client come through TLS? */
bool	call_is_https(const struct call *);

#endif
