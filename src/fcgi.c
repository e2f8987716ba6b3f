#include "fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "heap.h"
#include "lanes.h"
#include "log.h"
#include "peers.h"

#define HASH_QUEUE	32
/* Hashes use every core; where cores are short, checks come first. */
#define HASH_NICE	3
#define WRITE_THREADS	32	/* they only wait for the commit */
#define WRITE_QUEUE	256
/* Calls kept for reuse; more come and go in a storm. */
#define SPARE_VISITS	64
/* More than that of a request that is refused is not waited for. */
#define SKIP_MAX	((size_t)1 << 20)

/* FastCGI 1.0, 8: what we write ourselves when libfcgi must not read. */
#define RECORD_HEADER	8
#define VERSION_1	1
#define END_REQUEST	3
#define STDOUT		6
#define REQUEST_COMPLETE 0
#define UNKNOWN_ROLE	3

/* One request on one connection, until it is answered. */
struct visit {
	struct visit	*next;
	struct fcgi	*fcgi;
	struct peer	*peer;
	struct arena	*arena;
	bool		 last;		/* its peer has closed its side */
	FCGX_Request	 request;
	struct call	 call;
};

struct fcgi {
	struct fcgi_service service;
	struct peers	*peers;
	struct lane	*lane[COST_HASH + 1];	/* COST_QUICK has none */
	size_t		 workers;
	pthread_t	*worker;
	pthread_mutex_t	 lock;			/* guards the spare ones */
	struct visit	*spare;
	size_t		 spares;
	atomic_uint	 hostile;		/* peers, since the last tick */
};

struct worker {
	struct fcgi	*fcgi;
	struct auth	*desk;
	unsigned char	 peek[FRAMES_PEEK_BYTES];
};

const char *
fcgi_version(void)
{
	return "libfcgi";
}

/* Visits. */

static struct visit *
visit_new(struct fcgi *f)
{
	struct visit *v;

	v = heap_zeroed(1, sizeof(*v));
	v->fcgi = f;
	v->arena = arena_new();
	/* There is no listening socket for libfcgi: it must never accept. */
	(void)FCGX_InitRequest(&v->request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	return v;
}

static struct visit *
visit_take(struct fcgi *f, struct peer *p)
{
	struct visit *v;

	(void)pthread_mutex_lock(&f->lock);
	v = f->spare;
	if (v != NULL) {
		f->spare = v->next;
		f->spares--;
	}
	(void)pthread_mutex_unlock(&f->lock);
	if (v == NULL)
		v = visit_new(f);
	v->peer = p;
	call_init(&v->call, v->arena, conf_acquire());
	return v;
}

static void
visit_free(struct visit *v)
{
	arena_free(v->arena);
	free(v);
}

static void
visit_give_back(struct visit *v)
{
	struct fcgi *f = v->fcgi;
	bool kept;

	conf_release(v->call.conf);
	arena_wipe(v->arena);
	(void)pthread_mutex_lock(&f->lock);
	kept = f->spares < SPARE_VISITS;
	if (kept) {
		v->next = f->spare;
		f->spare = v;
		f->spares++;
	}
	(void)pthread_mutex_unlock(&f->lock);
	if (!kept)
		visit_free(v);
}

/* Reading and answering through libfcgi. */

/*
 * libfcgi goes on with a connection that it is given as a kept one.  The
 * whole request waits in the socket, so it reads without waiting, and finds
 * nothing to object to.  Where it does, it has closed the descriptor, whose
 * number may be another connection's by now: there is no way on from there.
 */
static void
request_open(struct visit *v)
{
	v->request.ipcFd = peer_fd(v->peer);
	v->request.keepConnection = 1;
	if (FCGX_Accept_r(&v->request) != 0)
		log_abort("libfcgi refused a request");
}

_Static_assert(FRAMES_BODY_MAX == CALL_BODY_MAX,
    "a body that is judged whole is one that the gates take");

/*
 * To the end of its stream, or the rest would be the next request.  False if
 * libfcgi has found another one than was judged.
 */
static bool
read_body(struct visit *v, size_t len)
{
	struct call *c = &v->call;
	char *body;

	body = arena_alloc(c->arena, len + 1);
	c->body = body;
	c->body_len = (size_t)FCGX_GetStr(body, (int)len, v->request.in);
	while (FCGX_GetChar(v->request.in) != EOF)
		continue;
	return FCGX_GetError(v->request.in) == 0 && c->body_len == len;
}

static bool
request_read(struct visit *v, size_t body_len)
{
	char **entry;

	request_open(v);
	for (entry = v->request.envp; *entry != NULL; entry++)
		call_param(&v->call, *entry);
	return read_body(v, body_len);
}

/*
 * One write.  The streams are closed, but not the request: FCGX_Finish_r
 * would wait up to two seconds for a peer that does not keep its connection.
 */
static bool
answer_send(struct visit *v)
{
	const struct reply *reply = &v->call.reply;
	FCGX_Request *r = &v->request;
	bool sent;

	sent = FCGX_PutStr(reply->bytes, (int)reply->len, r->out) ==
	    (int)reply->len;
	sent = FCGX_FClose(r->err) == 0 && sent;
	return FCGX_FClose(r->out) == 0 && sent;
}

/*
 * Lets go of the request without another word to the peer.  Parameters hold
 * cookies; free() overwrites what is larger, see settle_process().
 */
static void
request_end(struct visit *v)
{
	char **entry;

	for (entry = v->request.envp; *entry != NULL; entry++)
		explicit_bzero(*entry, strlen(*entry));
	v->request.ipcFd = -1;
	FCGX_Free(&v->request, 0);
}

static void
visit_answer(struct visit *v)
{
	struct peers *ps = v->fcgi->peers;
	struct peer *p = v->peer;
	bool keep = v->request.keepConnection != 0 && !v->last &&
	    peers_stay(ps);

	keep = answer_send(v) && keep;
	request_end(v);
	visit_give_back(v);
	if (keep)
		peers_release(ps, p);
	else
		peers_drop(ps, p);
}

static void
visit_drop(struct visit *v)
{
	struct peers *ps = v->fcgi->peers;
	struct peer *p = v->peer;

	request_end(v);
	visit_give_back(v);
	peers_drop(ps, p);
}

/* Lanes. */

static void
sit_down(struct call *c, struct auth *desk)
{
	c->auth = desk;
	if (desk != NULL)
		desk->conf = c->conf;
}

static void
lane_run(void *desk, void *job)
{
	struct visit *v = job;

	sit_down(&v->call, desk);
	v->fcgi->service.finish(&v->call);
	visit_answer(v);
}

static void
go_on(struct visit *v, enum cost cost)
{
	struct fcgi *f = v->fcgi;

	if (cost != COST_QUICK && lane_put(f->lane[cost], v))
		return;
	if (cost == COST_QUICK)
		f->service.finish(&v->call);
	else
		f->service.refuse(&v->call, OUT_OVERLOADED);
	visit_answer(v);
}

static void
serve(struct worker *w, struct peer *p, size_t body_len, bool ended)
{
	struct visit *v;
	enum cost cost;

	v = visit_take(w->fcgi, p);
	v->last = ended;
	if (!request_read(v, body_len)) {
		visit_drop(v);
		return;
	}
	sit_down(&v->call, w->desk);
	if (w->fcgi->service.begin(&v->call, &cost))
		go_on(v, cost);
	else
		visit_answer(v);
}

/* What libfcgi is not to read. */

static void
put_header(unsigned char *to, unsigned char type, unsigned int id, size_t len)
{
	to[0] = VERSION_1;
	to[1] = type;
	to[2] = (unsigned char)(id >> 8);
	to[3] = (unsigned char)id;
	to[4] = (unsigned char)(len >> 8);
	to[5] = (unsigned char)len;
	to[6] = to[7] = 0;
}

/* Its 16 bytes at to; content but for the protocol's status is zero. */
static void
put_end(unsigned char *to, unsigned int id, unsigned char status)
{
	memset(to, 0, 2 * RECORD_HEADER);
	put_header(to, END_REQUEST, id, RECORD_HEADER);
	to[RECORD_HEADER + 4] = status;
}

static void
send_end(struct peer *p, unsigned int id, unsigned char status)
{
	unsigned char end[2 * RECORD_HEADER];

	put_end(end, id, status);
	(void)send(peer_fd(p), end, sizeof(end), MSG_NOSIGNAL);
}

/* Says why to a peer whose request is never read. */
static bool
send_refusal(struct fcgi *f, struct peer *p, unsigned int id,
    enum outcome outcome)
{
	unsigned char *record;
	struct visit *v;
	size_t len, all;
	bool sent;

	v = visit_take(f, p);
	f->service.refuse(&v->call, outcome);
	len = v->call.reply.len;
	all = len + 4 * RECORD_HEADER;
	record = arena_alloc(v->arena, all);
	put_header(record, STDOUT, id, len);
	memcpy(record + RECORD_HEADER, v->call.reply.bytes, len);
	put_header(record + RECORD_HEADER + len, STDOUT, id, 0);
	put_end(record + 2 * RECORD_HEADER + len, id, REQUEST_COMPLETE);
	sent = send(peer_fd(p), record, all, MSG_NOSIGNAL) == (ssize_t)all;
	visit_give_back(v);
	return sent;
}

/* And closes. */
static void
turn_away(struct fcgi *f, struct peer *p, unsigned int id,
    enum outcome outcome)
{
	(void)send_refusal(f, p, id, outcome);
	peers_linger(f->peers, p);
}

static void
hang_up(struct fcgi *f, struct peer *p)
{
	(void)atomic_fetch_add(&f->hostile, 1);
	peers_drop(f->peers, p);
}

/* FRAMES_MORE: nothing more has come, or too much; _ABORTED: it is gone. */
static enum frames_verdict
throw_away(struct worker *w, struct peer *p)
{
	struct peer_note *note = peer_note(p);
	enum frames_verdict v = FRAMES_MORE;
	ssize_t n;

	while (v == FRAMES_MORE && note->skipped < SKIP_MAX) {
		n = recv(peer_fd(p), w->peek, sizeof(w->peek), 0);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			return FRAMES_ABORTED;
		note->skipped += (size_t)n;
		v = frames_skip(&note->skip, w->peek, (size_t)n);
		explicit_bzero(w->peek, (size_t)n);
	}
	return v;
}

static void
refuse_whole(struct fcgi *f, struct peer *p, bool ended)
{
	struct peer_note *note = peer_note(p);
	bool keep = !ended && peers_stay(f->peers);

	note->refusing = false;
	if (send_refusal(f, p, note->request_id,
	    (enum outcome)note->outcome) && keep)
		peers_release(f->peers, p);
	else
		peers_drop(f->peers, p);
}

/*
 * Whoever keeps its connection takes it for free when it reads the end of an
 * answer, and may send another client's request at once.  So the answer waits
 * until this request has arrived as a whole, and the connection stays.
 */
static void
refuse_kept(struct worker *w, struct peer *p, bool ended)
{
	struct peer_note *note = peer_note(p);
	enum frames_verdict v = throw_away(w, p);
	struct fcgi *f = w->fcgi;

	if (v == FRAMES_WHOLE)
		refuse_whole(f, p, ended);
	else if (v == FRAMES_ABORTED)
		peers_drop(f->peers, p);
	else if (v == FRAMES_HOSTILE)
		hang_up(f, p);
	else if (note->skipped < SKIP_MAX)
		peers_await(f->peers, p);
	else
		turn_away(f, p, note->request_id,
		    (enum outcome)note->outcome);
}

static void
refuse_unread(struct worker *w, struct peer *p, const struct frames_view *view,
    bool ended, enum outcome outcome)
{
	if (!view->keep) {
		turn_away(w->fcgi, p, view->request_id, outcome);
		return;
	}
	*peer_note(p) = (struct peer_note){ .refusing = true,
	    .outcome = (int)outcome, .request_id = view->request_id };
	refuse_kept(w, p, ended);
}

static void
judge(struct worker *w, struct peer *p, size_t len, bool ended)
{
	struct frames_view view = { .request_id = 0 };
	struct peers *ps = w->fcgi->peers;

	switch (frames_judge(w->peek, len, &view)) {
	case FRAMES_WHOLE:
		serve(w, p, view.body_len, ended);
		break;
	case FRAMES_MORE:
		if (ended)
			peers_drop(ps, p);
		else
			peers_await(ps, p);
		break;
	case FRAMES_PARAMS_TOO_LARGE:
		refuse_unread(w, p, &view, ended, OUT_PARAMS_TOO_LARGE);
		break;
	case FRAMES_BODY_TOO_LARGE:
		refuse_unread(w, p, &view, ended, OUT_BODY_TOO_LARGE);
		break;
	case FRAMES_ABORTED:
		send_end(p, view.request_id, REQUEST_COMPLETE);
		peers_linger(ps, p);
		break;
	case FRAMES_UNKNOWN_ROLE:
		send_end(p, view.request_id, UNKNOWN_ROLE);
		peers_linger(ps, p);
		break;
	case FRAMES_HOSTILE:
		hang_up(w->fcgi, p);
		break;
	}
}

static void
look(struct worker *w, struct peer *p, bool ended)
{
	struct peers *ps = w->fcgi->peers;
	ssize_t n;

	if (peer_note(p)->refusing) {
		refuse_kept(w, p, ended);
		return;
	}
	n = recv(peer_fd(p), w->peek, sizeof(w->peek), MSG_PEEK);
	if (n > 0) {
		judge(w, p, (size_t)n, ended);
		explicit_bzero(w->peek, (size_t)n);
	} else if (n == 0 || ended || errno != EAGAIN) {
		peers_drop(ps, p);
	} else {
		peers_idle(ps, p);
	}
}

/* Threads. */

static struct auth *
desk_open(struct fcgi *f, enum cost cost)
{
	return f->service.open(f->service.arg, cost);
}

static void *
worker_main(void *arg)
{
	struct worker *w;
	struct peer *p;
	bool ended;

	w = heap_zeroed(1, sizeof(*w));
	w->fcgi = arg;
	w->desk = desk_open(arg, COST_QUICK);
	while ((p = peers_next(w->fcgi->peers, &ended)) != NULL)
		look(w, p, ended);
	w->fcgi->service.close(w->desk);
	free(w);
	return NULL;
}

/* Linux takes it for this thread alone; see nice(2), "C library". */
static void *
hash_desk(void *arg)
{
	(void)!nice(HASH_NICE);
	return desk_open(arg, COST_HASH);
}

static void *
write_desk(void *arg)
{
	return desk_open(arg, COST_WRITE);
}

static void
close_desk(void *arg, void *desk)
{
	struct fcgi *f = arg;

	f->service.close(desk);
}

static void
start_lanes(struct fcgi *f, size_t hash_slots)
{
	struct lane_plan plan = { .run = lane_run, .close = close_desk,
	    .arg = f };

	plan.name = "hash";
	plan.threads = plan.ready = hash_slots;
	plan.queue = HASH_QUEUE;
	plan.open = hash_desk;
	f->lane[COST_HASH] = lane_start(&plan);
	plan.name = "write";
	plan.threads = WRITE_THREADS;
	plan.ready = 1;
	plan.queue = WRITE_QUEUE;
	plan.open = write_desk;
	f->lane[COST_WRITE] = lane_start(&plan);
}

static void
start_workers(struct fcgi *f)
{
	size_t i;

	f->worker = heap_zeroed(f->workers, sizeof(*f->worker));
	for (i = 0; i < f->workers; i++) {
		if (pthread_create(&f->worker[i], NULL, worker_main, f) != 0)
			log_abort("no thread");
		(void)pthread_setname_np(f->worker[i], "check");
	}
}

struct fcgi *
fcgi_start(const struct fcgi_plan *plan, const struct fcgi_service *service)
{
	struct fcgi *f;

	f = heap_zeroed(1, sizeof(*f));
	if (FCGX_Init() != 0)
		log_abort("libfcgi does not start");
	f->service = *service;
	f->workers = plan->workers;
	(void)pthread_mutex_init(&f->lock, NULL);
	if ((f->peers = peers_new(plan->listen_fd)) == NULL) {
		free(f);
		return NULL;
	}
	start_lanes(f, plan->hash_slots);
	start_workers(f);
	return f;
}

void
fcgi_tick(struct fcgi *f)
{
	unsigned int hostile = atomic_exchange(&f->hostile, 0);

	if (hostile > 0)
		LOG("server.hostile_peer", LOG_NUMBER("peers", hostile),
		    LOG_NUMBER("connections",
		    (int64_t)peers_count(f->peers)));
	peers_tick(f->peers);
}

void
fcgi_drain(struct fcgi *f)
{
	peers_drain(f->peers);
}

bool
fcgi_is_empty(const struct fcgi *f)
{
	return peers_count(f->peers) == 0;
}

/* Workers first: they put calls into the lanes, which then run dry. */
void
fcgi_stop(struct fcgi *f)
{
	struct visit *v;
	size_t i;

	peers_stop(f->peers);
	for (i = 0; i < f->workers; i++)
		(void)pthread_join(f->worker[i], NULL);
	lane_stop(f->lane[COST_HASH]);
	lane_stop(f->lane[COST_WRITE]);
	peers_free(f->peers);
	while ((v = f->spare) != NULL) {
		f->spare = v->next;
		visit_free(v);
	}
	(void)pthread_mutex_destroy(&f->lock);
	free(f->worker);
	free(f);
}
