/*
 * reply.h - from an outcome to the bytes of an answer
 *
 * Handlers and gates say what the answer is; reply_render, called once at
 * the end, looks the outcome up in its table and writes header and body.
 */
#ifndef REPLY_H
#define REPLY_H

#include "call.h"

void	reply_outcome(struct call *, enum outcome);
/* subject: the name of the field or header that the outcome is about. */
void	reply_about(struct call *, enum outcome, const char *subject);
/* One more member of a success; the message comes by itself, last. */
void	reply_member(struct call *, const char *name, const char *text);
void	reply_json(struct call *, const struct json_member *);
/*
 * Hands the session's token to the browser, and the token by which it is
 * known; or takes the cookie of the session away.
 */
void	reply_session_cookie(struct call *, const struct grant *);
void	reply_clear_cookie(struct call *);
/* A path of ours: base_path goes before it. */
void	reply_location(struct call *, const char *path);
/*
 * The body is a text by itself, or nothing where the client has that already.
 * etag has no quotes; lasting: under this address it never changes.
 */
void	reply_text(struct call *, const char *type, const char *text,
	    const char *etag, bool lasting);
/* Fills reply.bytes and reply.len. */
void	reply_render(struct call *);
/* The same with the lines and the body of another kind of answer. */
void	reply_write(struct call *, const char *kind, const char *body);
/* What is said of the outcome in English, or NULL. */
const char *reply_message(struct call *);
/* Seconds after which to try again; 0 where that is not told. */
int64_t	reply_retry(const struct call *);
/* Does the client name application/problem+json?  No browser does. */
bool	reply_to_program(const struct call *);
/* The status that is sent. */
int	reply_sent(const struct call *);

/* Of an outcome: its HTTP status, its stable name, its event or NULL. */
int	reply_status(enum outcome);
const char *reply_code(enum outcome);
const char *reply_event(enum outcome);
/* Does its sentence begin with the name of a field or header? */
bool	reply_names_field(enum outcome);

#endif
