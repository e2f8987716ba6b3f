#include "peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "heap.h"
#include "log.h"

#define PEERS_MAX		65536
#define ACCEPT_AT_ONCE		64
#define DISCARD_AT_ONCE		16	/* of 16 KiB */
/* Edge-triggered: told once for each arrival, without a call to re-arm. */
#define INTEREST		(EPOLLIN | EPOLLRDHUP | EPOLLET)

/*
 * A slot's state and its generation in one word.  A descriptor number is
 * used again as soon as it is closed; an event that was meant for the
 * connection before is known by its generation.
 */
enum state {
	CLOSED,
	IDLE,
	BUSY,			/* a thread owns it */
	AGAIN,			/* the same, and more has arrived */
};

#define WORD(generation, state)	((generation) << 2 | (uint64_t)(state))
#define GENERATION_MASK		0xffffffffU

struct peer {
	atomic_int	 fd;		/* its place in the table */
	atomic_uint_fast64_t word;
	atomic_llong	 since;		/* steady ms; 0: waits for nothing */
	bool		 lingering;	/* of the owner, like what follows */
	struct peer_note note;
};

struct peers {
	atomic_int	 listen_fd;	/* -1 once it is closed */
	int		 epoll_fd;
	int		 stop_fd;
	atomic_bool	 deaf;		/* no descriptors: not accepting */
	atomic_bool	 draining;
	atomic_size_t	 count;
	size_t		 max;
	atomic_size_t	 top;		/* the highest descriptor so far */
	struct peer	*peer;		/* by descriptor */
};

int
peer_fd(const struct peer *p)
{
	return atomic_load_explicit(&p->fd, memory_order_relaxed);
}

struct peer_note *
peer_note(struct peer *p)
{
	return &p->note;
}

static uint64_t
generation_of(uint64_t word)
{
	return word >> 2 & GENERATION_MASK;
}

static bool
watch(struct peers *ps, int op, int fd, uint32_t events, uint64_t generation)
{
	struct epoll_event e = { .events = events };

	e.data.u64 = generation << 32 | (uint32_t)fd;
	return epoll_ctl(ps->epoll_fd, op, fd, &e) == 0;
}

/* Every descriptor that the system grants: a connection needs just one. */
static size_t
descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 1024;
	r.rlim_cur = r.rlim_max < PEERS_MAX ? r.rlim_max : PEERS_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &r);
	(void)getrlimit(RLIMIT_NOFILE, &r);
	return r.rlim_cur < PEERS_MAX ? (size_t)r.rlim_cur : PEERS_MAX;
}

/* Zero; what is never used takes no memory. */
static struct peer *
sparse_table(size_t n)
{
	void *p;

	p = mmap(NULL, n * sizeof(struct peer), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		log_abort("no memory");
	return p;
}

static void
free_all(struct peers *ps)
{
	(void)close(ps->epoll_fd);
	(void)close(ps->stop_fd);
	(void)munmap(ps->peer, ps->max * sizeof(*ps->peer));
	free(ps);
}

struct peers *
peers_new(int listen_fd)
{
	struct peers *ps;
	int error;

	ps = heap_zeroed(1, sizeof(*ps));
	ps->max = descriptors();
	ps->peer = sparse_table(ps->max);
	ps->listen_fd = listen_fd;
	ps->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ps->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ps->epoll_fd >= 0 && ps->stop_fd >= 0 &&
	    fcntl(listen_fd, F_SETFL, O_NONBLOCK) == 0 &&
	    watch(ps, EPOLL_CTL_ADD, listen_fd, EPOLLIN, 0) &&
	    watch(ps, EPOLL_CTL_ADD, ps->stop_fd, EPOLLIN, 0))
		return ps;
	error = errno;
	free_all(ps);
	errno = error;
	return NULL;
}

void
peers_free(struct peers *ps)
{
	size_t fd;

	for (fd = 0; fd < ps->max; fd++)
		if ((atomic_load(&ps->peer[fd].word) & 3) != CLOSED)
			peers_drop(ps, &ps->peer[fd]);
	free_all(ps);
}

/* Accepting. */

static void
note_top(struct peers *ps, size_t fd)
{
	size_t top = atomic_load(&ps->top);

	while (fd > top && !atomic_compare_exchange_weak(&ps->top, &top, fd))
		continue;
}

static void	let_be(struct peers *, struct peer *);

/* Owned until it is in the set, or a tick could drop it as well. */
static void
welcome(struct peers *ps, int fd)
{
	struct peer *p = &ps->peer[fd];
	uint64_t generation;
	int on = 1;

	/* Or a peek and a read could see different bytes. */
	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	atomic_store_explicit(&p->fd, fd, memory_order_relaxed);
	note_top(ps, (size_t)fd);
	generation = generation_of(atomic_load(&p->word));
	atomic_store(&p->since, 0);
	p->lingering = false;
	p->note = (struct peer_note){ .refusing = false };
	atomic_store(&p->word, WORD(generation, BUSY));
	if (watch(ps, EPOLL_CTL_ADD, fd, INTEREST, generation))
		let_be(ps, p);
	else
		peers_drop(ps, p);
}

/* Said only once the socket is out of the set: the next tick puts it back. */
static void
go_deaf(struct peers *ps, int error)
{
	if (atomic_load(&ps->draining))
		return;
	(void)epoll_ctl(ps->epoll_fd, EPOLL_CTL_DEL, ps->listen_fd, NULL);
	if (!atomic_exchange(&ps->deaf, true))
		LOG("server.deaf", LOG_NUMBER("errno", error),
		    LOG_NUMBER("connections", (int64_t)peers_count(ps)));
}

static bool
passes(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

/*
 * False when nothing waits any more.  It is counted before it is there: who
 * drains must not find nobody while one is being let in.
 */
static bool
accept_one(struct peers *ps)
{
	int error, fd;

	(void)atomic_fetch_add(&ps->count, 1);
	fd = accept4(ps->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	error = errno;
	if (fd >= 0 && (size_t)fd < ps->max) {
		welcome(ps, fd);
		return true;
	}
	(void)atomic_fetch_sub(&ps->count, 1);
	if (fd >= 0) {
		(void)close(fd);
		return true;
	}
	if (!passes(error))
		go_deaf(ps, error);
	return error == EINTR || error == ECONNABORTED;
}

static void
accept_some(struct peers *ps)
{
	int i;

	for (i = 0; i < ACCEPT_AT_ONCE && accept_one(ps); i++)
		continue;
}

/* Owning. */

static bool
change(struct peer *p, uint64_t from, uint64_t to)
{
	uint_fast64_t expected = from;

	return atomic_compare_exchange_strong(&p->word, &expected, to);
}

/* An event for an owned connection is left to its owner as AGAIN. */
static bool
claim(struct peer *p, uint64_t generation)
{
	for (;;) {
		if (change(p, WORD(generation, IDLE), WORD(generation, BUSY)))
			return true;
		if (change(p, WORD(generation, BUSY),
		    WORD(generation, AGAIN)))
			return false;
		switch (atomic_load(&p->word) ^ WORD(generation, 0)) {
		case IDLE:
		case BUSY:
			continue;	/* it changed under us */
		default:
			return false;	/* AGAIN, or another connection */
		}
	}
}

/*
 * What arrived while it was owned was told and left: changing the interest
 * makes epoll look, and tell, once more.  That happens while we still own it,
 * for afterwards the descriptor may belong to another connection, and is seen
 * as one more arrival if it comes before we have let go.
 */
static void
let_be(struct peers *ps, struct peer *p)
{
	uint64_t generation = generation_of(atomic_load(&p->word));

	while (!change(p, WORD(generation, BUSY), WORD(generation, IDLE))) {
		atomic_store(&p->word, WORD(generation, BUSY));
		(void)watch(ps, EPOLL_CTL_MOD, peer_fd(p), INTEREST,
		    generation);
	}
}

void
peers_drop(struct peers *ps, struct peer *p)
{
	uint64_t generation = generation_of(atomic_load(&p->word));

	/* Before close: then somebody else may be given the number. */
	atomic_store(&p->word,
	    WORD((generation + 1) & GENERATION_MASK, CLOSED));
	(void)close(peer_fd(p));
	(void)atomic_fetch_sub(&ps->count, 1);
}

bool
peers_stay(const struct peers *ps)
{
	return !atomic_load(&ps->draining);
}

void
peers_release(struct peers *ps, struct peer *p)
{
	atomic_store(&p->since, 0);
	let_be(ps, p);
}

void
peers_idle(struct peers *ps, struct peer *p)
{
	let_be(ps, p);
}

void
peers_await(struct peers *ps, struct peer *p)
{
	if (atomic_load(&p->since) == 0)
		atomic_store(&p->since, clock_steady_ms());
	let_be(ps, p);
}

/* What has come already would not be told again by itself. */
static void
tell_again(struct peers *ps, struct peer *p)
{
	atomic_store(&p->word,
	    WORD(generation_of(atomic_load(&p->word)), AGAIN));
	let_be(ps, p);
}

void
peers_linger(struct peers *ps, struct peer *p)
{
	(void)shutdown(peer_fd(p), SHUT_WR);
	p->lingering = true;
	atomic_store(&p->since, clock_steady_ms());
	tell_again(ps, p);
}

static bool
is_late(struct peer *p, int64_t now)
{
	int64_t since = atomic_load(&p->since);

	return since != 0 && now - since >=
	    (p->lingering ? PEERS_LINGER_MS : PEERS_REQUEST_MS);
}

/* A flood is taken in turns with everything else, and not for long. */
static void
discard(struct peers *ps, struct peer *p)
{
	char bytes[16384];
	ssize_t n = 1;
	int i;

	for (i = 0; i < DISCARD_AT_ONCE && n > 0; i++)
		n = recv(peer_fd(p), bytes, sizeof(bytes), 0);
	explicit_bzero(bytes, sizeof(bytes));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
	    is_late(p, clock_steady_ms()))
		peers_drop(ps, p);
	else if (n > 0)
		tell_again(ps, p);
	else
		let_be(ps, p);
}

struct peer *
peers_next(struct peers *ps, bool *ended)
{
	struct epoll_event e;
	struct peer *p;
	int fd;

	for (;;) {
		if (epoll_wait(ps->epoll_fd, &e, 1, -1) != 1)
			continue;
		fd = (int)(e.data.u64 & 0xffffffffU);
		if (fd == ps->stop_fd)
			return NULL;
		p = &ps->peer[fd];
		if (fd == ps->listen_fd)
			accept_some(ps);
		else if (!claim(p, e.data.u64 >> 32))
			continue;
		else if (p->lingering)
			discard(ps, p);
		else
			break;
	}
	*ended = (e.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	return p;
}

/* Time. */

/* Nothing has been asked, and nothing waits to be read. */
static bool
is_idle(struct peer *p)
{
	char byte;

	return atomic_load(&p->since) == 0 && recv(peer_fd(p), &byte, 1,
	    MSG_PEEK) < 0 && errno == EAGAIN;
}

/*
 * Judged only once it is ours: until then it may get its answer.  Whoever
 * keeps a connection has to bear that it ends while it idles.
 */
static void
end_if_late(struct peers *ps, struct peer *p, int64_t now, bool room)
{
	uint64_t word = atomic_load(&p->word);

	if ((word & 3) != IDLE || (room && atomic_load(&p->since) == 0) ||
	    !change(p, word, WORD(generation_of(word), BUSY)))
		return;
	if (is_late(p, now) || (!room && is_idle(p)))
		peers_drop(ps, p);
	else
		let_be(ps, p);
}

/* Who goes deaf at this very moment may have left it in the set. */
static void
listen_again(struct peers *ps)
{
	atomic_store(&ps->deaf, false);
	if (!watch(ps, EPOLL_CTL_ADD, ps->listen_fd, EPOLLIN, 0) &&
	    errno != EEXIST)
		atomic_store(&ps->deaf, true);
}

void
peers_tick(struct peers *ps)
{
	bool deaf = atomic_load(&ps->deaf) && !atomic_load(&ps->draining);
	int64_t now = clock_steady_ms();
	size_t fd;

	for (fd = 0; fd <= atomic_load(&ps->top); fd++)
		end_if_late(ps, &ps->peer[fd], now, !deaf);
	if (deaf)
		listen_again(ps);
}

void
peers_drain(struct peers *ps)
{
	(void)epoll_ctl(ps->epoll_fd, EPOLL_CTL_DEL, ps->listen_fd, NULL);
	while (accept_one(ps))
		continue;
	atomic_store(&ps->draining, true);
	(void)close(atomic_exchange(&ps->listen_fd, -1));
}

size_t
peers_count(const struct peers *ps)
{
	return atomic_load(&ps->count);
}

void
peers_stop(struct peers *ps)
{
	uint64_t one = 1;

	(void)!write(ps->stop_fd, &one, sizeof(one));
}
