/*
 * The bare responder: what the service would be if it had nothing to do.
 *
 * The same socket, threads and libfcgi as gatelodge, and a handler that
 * gives everybody the same answer, byte for byte what GET /profile answers.
 * What gatelodge is slower than this is what a session check costs.
 *
 * usage: bare FILE
 *
 * FILE is a gatelodge.conf; of its settings the socket and its group count.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "fcgi.h"
#include "listen.h"
#include "reply.h"

/* As long as the addresses and request ids of a run. */
#define EMAIL		"user000000@example.com"
#define REQUEST_ID	"00000000000000000000000000000000"
/* nginx ends its idle connections after 5 s. */
#define DRAIN_TICKS	8

static struct call	 answered;

static void
complain(const char *message)
{
	(void)fprintf(stderr, "bare: %s\n", message);
}

static void
render_answer(struct arena *a, const struct conf *conf)
{
	call_init(&answered, a, conf);
	answered.id = REQUEST_ID;
	answered.reply.negotiated = true;
	reply_outcome(&answered, OUT_PROFILE);
	reply_member(&answered, "email", EMAIL);
	reply_render(&answered);
}

/* The service. */

static struct auth *
no_desk(void *arg, enum cost cost)
{
	(void)arg;
	(void)cost;
	return NULL;
}

static void
leave_desk(struct auth *desk)
{
	(void)desk;
}

static void
answer(struct call *c)
{
	c->reply.bytes = answered.reply.bytes;
	c->reply.len = answered.reply.len;
}

static bool
begin(struct call *c, enum cost *cost)
{
	(void)cost;
	answer(c);
	return false;
}

static void
refuse(struct call *c, enum outcome outcome)
{
	(void)outcome;
	answer(c);
}

/* The process. */

static sigset_t
block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigdelset(&set, SIGPIPE);
	return set;
}

static void
serve(struct fcgi *f, const sigset_t *set)
{
	const struct timespec second = { .tv_sec = 1 };
	int i;

	while (sigtimedwait(set, NULL, &second) < 0)
		fcgi_tick(f);
	fcgi_drain(f);
	for (i = 0; i < DRAIN_TICKS && !fcgi_is_empty(f); i++) {
		(void)sigtimedwait(set, NULL, &second);
		fcgi_tick(f);
	}
	fcgi_stop(f);
}

static int
listen_and_serve(const struct conf *conf)
{
	const struct fcgi_service service = { .open = no_desk,
	    .close = leave_desk, .begin = begin, .finish = answer,
	    .refuse = refuse };
	const sigset_t set = block_signals();
	struct fcgi_plan plan = { .hash_slots = 1 };
	struct listening l;
	struct fcgi *f;

	if (listen_open(&l, conf->socket, conf->socket_group, complain) !=
	    LISTEN_OK)
		return EX_UNAVAILABLE;
	plan.listen_fd = l.fd;
	plan.workers = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	f = fcgi_start(&plan, &service);
	if (f == NULL) {
		complain(strerror(errno));
		return EX_OSERR;
	}
	serve(f, &set);
	listen_unlink(&l);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct conf *conf;
	struct arena *a;
	int code;

	if (argc != 2) {
		complain("usage: bare FILE");
		return EX_USAGE;
	}
	conf = conf_load(argv[1], complain);
	if (conf == NULL)
		return EX_CONFIG;
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 2);	/* as gatelodge has it */
#endif
	conf_publish(conf);
	a = arena_new();
	render_answer(a, conf);
	code = listen_and_serve(conf);
	arena_free(a);
	conf_publish(NULL);
	return code;
}
