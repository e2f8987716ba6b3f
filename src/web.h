/*
 * web.h - a call from its request to its answer, without a socket
 *
 * A roof that has lanes takes the two steps apart: web_begin says which lane
 * web_finish has to run in.  web_handle is both, for roofs that have none.
 */
#ifndef WEB_H
#define WEB_H

#include "call.h"

/* True: *cost says where to go on.  False: the answer is rendered. */
bool	web_begin(struct call *, enum cost *cost);
/* Runs the handler and renders the answer. */
void	web_finish(struct call *);
/* Answers without asking anybody: no lane has room, a body is too large. */
void	web_refuse(struct call *, enum outcome);
void	web_handle(struct call *);

#endif
