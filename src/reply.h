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
/* Fills reply.bytes and reply.len. */
void	reply_render(struct call *);

/* Of an outcome: its HTTP status, its stable name, its event or NULL. */
int	reply_status(enum outcome);
const char *reply_code(enum outcome);
const char *reply_event(enum outcome);

#endif
