/* Who is given a connection, when, and how it ends. */
/* recv is replaced below; a fortified one would be an inline function. */
#undef _FORTIFY_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "log.h"
#include "peers.h"

/*
 * Three calls of the C library stand here once more, to move the time, and
 * to do what other threads could do at a moment that no test would hit.
 */

static atomic_llong skipped_ms;
static void (*before_mod)(void);
static void (*before_recv)(void);

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	if (id == CLOCK_MONOTONIC)
		t->tv_sec += atomic_load(&skipped_ms) / 1000;
	return rc;
}

int
epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	void (*hook)(void) = before_mod;

	if (op == EPOLL_CTL_MOD && hook != NULL) {
		before_mod = NULL;
		hook();
	}
	return (int)syscall(SYS_epoll_ctl, epoll_fd, op, fd, event);
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	if (before_recv != NULL)
		before_recv();
	return syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
}

static void
pass_time(int64_t ms)
{
	(void)atomic_fetch_add(&skipped_ms, ms);
}

/* Each test has a listening socket, whose name the kernel chooses. */

static struct sockaddr_un address;
static socklen_t address_len;
static struct peers *peers;

static int
set_up(void **state)
{
	int fd;

	(void)state;
	address.sun_family = AF_UNIX;
	address_len = sizeof(address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
	    sizeof(sa_family_t)) != 0 || listen(fd, 4096) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) != 0)
		return -1;
	peers = peers_new(fd);
	return peers != NULL ? 0 : -1;
}

/* peers_drain closes the listening socket; twice is closing -1. */
static int
tear_down(void **state)
{
	(void)state;
	before_mod = before_recv = NULL;
	peers_drain(peers);
	peers_free(peers);
	return 0;
}

static int
try_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address,
	    address_len) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
client(void)
{
	int fd = try_connect();

	assert_true(fd >= 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
}

/* The peer that is given, which must not have ended. */
static struct peer *
next(void)
{
	struct peer *p;
	bool ended;

	p = peers_next(peers, &ended);
	assert_non_null(p);
	assert_false(ended);
	return p;
}

static void
reads(struct peer *p, const char *text)
{
	char got[64] = "";

	assert_int_equal(syscall(SYS_recvfrom, peer_fd(p), got, sizeof(got),
	    MSG_DONTWAIT, NULL, NULL), strlen(text));
	assert_string_equal(got, text);
}

/* As whoever owns a kept connection does with each of its answers. */
static void
answer(struct peer *p)
{
	if (peers_stay(peers))
		peers_release(peers, p);
	else
		peers_drop(peers, p);
}

/* Nothing is told any more: what comes next is the end. */
static void
nobody_is_next(void)
{
	bool ended;

	peers_stop(peers);
	assert_null(peers_next(peers, &ended));
}

static bool
is_closed(int fd)
{
	char byte;
	long n;

	n = syscall(SYS_recvfrom, fd, &byte, 1, MSG_DONTWAIT, NULL, NULL);
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void
connection_that_speaks_is_given(void **state)
{
	int a = client(), b = client();
	struct peer *p;

	(void)state;
	say(b, "b");
	p = next();
	reads(p, "b");
	assert_int_equal(peers_count(peers), 2);
	peers_release(peers, p);
	say(a, "a");
	p = next();
	reads(p, "a");
	peers_release(peers, p);
	nobody_is_next();
	(void)close(a);
	(void)close(b);
}

static void
same_connection_is_given_again_and_again(void **state)
{
	int fd = client(), i;
	struct peer *p, *first = NULL;

	(void)state;
	for (i = 0; i < 10; i++) {
		say(fd, "x");
		p = next();
		if (first == NULL)
			first = p;
		assert_ptr_equal(p, first);
		reads(p, "x");
		peers_release(peers, p);
	}
	nobody_is_next();
	(void)close(fd);
}

static void
end_is_told(void **state)
{
	int a = client(), b = client();
	struct peer *p;
	bool ended;

	(void)state;
	say(a, "last");
	assert_int_equal(shutdown(a, SHUT_WR), 0);
	p = peers_next(peers, &ended);
	assert_true(ended);
	reads(p, "last");
	peers_drop(peers, p);
	(void)close(b);
	p = peers_next(peers, &ended);
	assert_true(ended);
	peers_drop(peers, p);
	assert_int_equal(peers_count(peers), 0);
	assert_true(is_closed(a));
	(void)close(a);
}

/* Two threads on one connection would answer each other's request. */
static void
owned_connection_is_given_to_nobody_else(void **state)
{
	int a = client(), b = client();
	struct peer *first, *second;

	(void)state;
	say(a, "1");
	first = next();
	reads(first, "1");
	say(a, "2");
	say(b, "b");
	second = next();
	assert_ptr_not_equal(second, first);
	reads(second, "b");
	say(a, "3");
	nobody_is_next();
	(void)close(a);
	(void)close(b);
}

static void
what_came_meanwhile_is_told_after_the_release(void **state)
{
	int a = client(), b = client();
	struct peer *first, *second;

	(void)state;
	say(a, "1");
	first = next();
	reads(first, "1");
	say(a, "2");
	say(b, "b");
	second = next();
	peers_release(peers, first);
	assert_ptr_equal(next(), first);
	reads(first, "2");
	peers_release(peers, first);
	reads(second, "b");
	peers_release(peers, second);
	nobody_is_next();
	(void)close(a);
	(void)close(b);
}

static void
end_that_came_meanwhile_is_told_after_the_release(void **state)
{
	int a = client(), b = client();
	struct peer *first, *second;
	bool ended;

	(void)state;
	say(a, "1");
	first = next();
	reads(first, "1");
	(void)close(a);
	say(b, "b");
	second = next();
	peers_release(peers, first);
	assert_ptr_equal(peers_next(peers, &ended), first);
	assert_true(ended);
	peers_drop(peers, first);
	peers_drop(peers, second);
	(void)close(b);
}

/* A request stays in the socket until all of it is there. */
static void
awaited_bytes_are_told_with_the_rest(void **state)
{
	int fd = client();
	struct peer *p;

	(void)state;
	say(fd, "half");
	p = next();
	peers_await(peers, p);
	say(fd, " a request");
	assert_ptr_equal(next(), p);
	reads(p, "half a request");
	peers_release(peers, p);
	nobody_is_next();
	(void)close(fd);
}

/* Time. */

static void
b65_late_request_is_dropped(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "half");
	peers_await(peers, next());
	pass_time(PEERS_REQUEST_MS - 2000);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 1);
	assert_false(is_closed(fd));
	pass_time(2000);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 0);
	nobody_is_next();
	(void)close(fd);
}

/* Time runs from the first byte, however many drip in after it. */
static void
b65_dripping_request_is_dropped(void **state)
{
	int fd = client(), i;

	(void)state;
	for (i = 0; i * 1000 < PEERS_REQUEST_MS; i++) {
		say(fd, "x");
		peers_await(peers, next());
		peers_tick(peers);
		assert_int_equal(peers_count(peers), 1);
		pass_time(1000);
	}
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 0);
	(void)close(fd);
}

static void
idle_connection_is_kept(void **state)
{
	int a = client(), b = client();
	struct peer *p;

	(void)state;
	say(a, "half");
	p = next();
	peers_await(peers, p);
	say(a, " and half");
	assert_ptr_equal(next(), p);
	reads(p, "half and half");
	peers_release(peers, p);
	pass_time(100 * PEERS_REQUEST_MS);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 2);
	say(a, "still here");
	assert_ptr_equal(next(), p);
	reads(p, "still here");
	peers_release(peers, p);
	(void)close(a);
	(void)close(b);
}

/* A thread that works on it may be slow: the number must stay its own. */
static void
owned_connection_is_never_late(void **state)
{
	int fd = client();
	struct peer *p;

	(void)state;
	say(fd, "half");
	p = next();
	peers_await(peers, p);
	say(fd, " and half");
	assert_ptr_equal(next(), p);
	pass_time(2 * PEERS_REQUEST_MS);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 1);
	assert_false(is_closed(fd));
	reads(p, "half and half");
	peers_release(peers, p);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 1);
	(void)close(fd);
}

/* Lingering. */

static void
lingering_peer_may_send_on_and_reads_the_end(void **state)
{
	int fd = client(), other = client();
	struct peer *p;

	(void)state;
	say(fd, "too large");
	p = next();
	peers_linger(peers, p);
	assert_true(is_closed(fd));	/* our side */
	say(fd, "more");
	say(other, "x");
	p = next();			/* what fd sent is read meanwhile */
	reads(p, "x");
	peers_release(peers, p);
	say(fd, "more");
	assert_int_equal(peers_count(peers), 2);
	(void)close(fd);
	say(other, "y");
	p = next();
	assert_int_equal(peers_count(peers), 1);
	peers_drop(peers, p);
	(void)close(other);
}

static void
lingering_peer_is_cut_off_in_time(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "too large");
	peers_linger(peers, next());
	nobody_is_next();
	pass_time(PEERS_LINGER_MS - 1000);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 1);
	pass_time(1000);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 0);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	(void)close(fd);
}

static int flood_fd, flood_reads;

/* The peer has always sent more by the time that we look. */
static void
flood(void)
{
	static const char bytes[32768];

	if (++flood_reads == 10)
		pass_time(PEERS_LINGER_MS);
	if (flood_reads < 5000)
		(void)send(flood_fd, bytes, sizeof(bytes),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* However fast it sends: a thread that reads on and on serves nobody. */
static void
lingering_flood_is_cut_off_in_time(void **state)
{
	struct peer *p;
	bool ended;

	(void)state;
	flood_reads = 0;
	flood_fd = client();
	say(flood_fd, "too large");
	p = next();
	before_recv = flood;
	peers_linger(peers, p);
	peers_stop(peers);
	assert_null(peers_next(peers, &ended));
	peers_tick(peers);
	before_recv = NULL;
	assert_in_range(flood_reads, 0, 1000);
	assert_int_equal(peers_count(peers), 0);
	(void)close(flood_fd);
}

/* Descriptors. */

static void
dropped_descriptor_serves_the_next_connection(void **state)
{
	int fd, i, number = -1;
	struct peer *p;

	(void)state;
	for (i = 0; i < 50; i++) {
		fd = client();
		say(fd, "x");
		p = next();
		reads(p, "x");
		if (number >= 0)
			assert_int_equal(peer_fd(p), number);
		number = peer_fd(p);
		if (i % 2 == 0)
			say(fd, "y");
		peers_drop(peers, p);
		(void)close(fd);
	}
	assert_int_equal(peers_count(peers), 0);
	nobody_is_next();
}

static int old_client, new_client, witness_client;
static struct peer *witness;

/* Is the witness given, and not what had something to tell before it? */
static bool
witness_is_next(void)
{
	struct peer *p;
	bool ended;

	say(witness_client, "w");
	p = peers_next(peers, &ended);
	if (p == witness) {
		reads(p, "w");
		peers_release(peers, p);
		return true;
	}
	peers_drop(peers, p);
	assert_ptr_equal(next(), witness);
	reads(witness, "w");
	peers_release(peers, witness);
	return false;
}

/* Amid a release: others end the connection and its number is used again. */
static void
end_and_reuse(void)
{
	struct peer *p;

	(void)close(old_client);
	if (witness_is_next())
		return;		/* still owned: then nobody can */
	new_client = client();
	say(new_client, "1");
	p = next();
	reads(p, "1");
	peers_release(peers, p);
}

/* The old connection's release must not reach into the new one. */
static void
release_leaves_a_reused_descriptor_alone(void **state)
{
	struct peer *p;

	(void)state;
	new_client = -1;
	witness_client = client();
	old_client = client();
	say(old_client, "1");
	p = next();
	reads(p, "1");
	say(old_client, "2");
	say(witness_client, "w");
	witness = next();		/* and "2" was noted for later */
	reads(witness, "w");
	peers_release(peers, witness);
	before_mod = end_and_reuse;
	peers_release(peers, p);
	before_mod = NULL;
	if (new_client >= 0) {
		say(new_client, "2");
		assert_false(witness_is_next());
		(void)close(new_client);
	}
	(void)close(witness_client);
}

static int
fill_descriptors(void)
{
	const struct rlimit few = { 40, 40 };
	struct peer *p;
	int fd[100], i, n;
	bool ended;
	size_t before;

	if (setrlimit(RLIMIT_NOFILE, &few) != 0 || set_up(NULL) != 0)
		return 1;
	for (n = 0; n < 20; n++)
		if ((fd[n] = try_connect()) < 0)
			return 2;
	(void)send(fd[n - 1], "x", 1, 0);
	(void)send(fd[0], "x", 1, 0);
	p = peers_next(peers, &ended);
	before = peers_count(peers);
	if (before == 20)
		return 3;	/* there was room: nothing is shown */
	for (i = 1; i < 6; i++)
		(void)close(fd[i]);
	peers_drop(peers, p);
	for (i = 1; i < 6 && (size_t)i < before; i++)
		peers_drop(peers, peers_next(peers, &ended));
	peers_tick(peers);
	p = peers_next(peers, &ended);
	return p != NULL && peers_count(peers) > 0 && !ended ? 0 : 4;
}

/* In a process of its own, whose limit may stay low. */
static void
no_descriptors_left_is_a_pause(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		(void)alarm(10);
		_exit(fill_descriptors());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Draining. */

static void
drain_takes_the_backlog_and_then_nobody(void **state)
{
	int a = client(), b = client();
	struct peer *p;

	(void)state;
	say(b, "b");
	peers_drain(peers);
	assert_int_equal(peers_count(peers), 2);
	assert_int_equal(try_connect(), -1);
	p = next();
	reads(p, "b");
	answer(p);
	assert_int_equal(peers_count(peers), 1);
	assert_true(is_closed(b));
	(void)close(a);
	(void)close(b);
}

static void
draining_answers_a_kept_connection_once_more(void **state)
{
	int fd = client();
	struct peer *p;

	(void)state;
	say(fd, "1");
	p = next();
	reads(p, "1");
	answer(p);
	peers_drain(peers);
	peers_tick(peers);
	assert_int_equal(peers_count(peers), 1);
	say(fd, "2");
	assert_ptr_equal(next(), p);
	reads(p, "2");
	answer(p);
	assert_int_equal(peers_count(peers), 0);
	(void)close(fd);
}

/* It was told that it stays: it may have sent its next request by now. */
static void
answer_that_is_out_before_a_drain_leaves_its_connection(void **state)
{
	int fd = client();
	struct peer *p;

	(void)state;
	say(fd, "1");
	p = next();
	reads(p, "1");
	assert_true(peers_stay(peers));
	peers_drain(peers);
	assert_false(peers_stay(peers));
	peers_release(peers, p);
	assert_int_equal(peers_count(peers), 1);
	say(fd, "2");
	assert_ptr_equal(next(), p);
	reads(p, "2");
	answer(p);
	assert_true(is_closed(fd));
	(void)close(fd);
}

static void
draining_lets_a_half_request_become_whole(void **state)
{
	int fd = client();
	struct peer *p;

	(void)state;
	say(fd, "half");
	p = next();
	peers_drain(peers);
	peers_await(peers, p);
	assert_int_equal(peers_count(peers), 1);
	say(fd, " and half");
	assert_ptr_equal(next(), p);
	reads(p, "half and half");
	answer(p);
	assert_int_equal(peers_count(peers), 0);
	(void)close(fd);
}

static void
every_thread_is_told_to_stop(void **state)
{
	bool ended;
	int i;

	(void)state;
	peers_stop(peers);
	for (i = 0; i < 5; i++)
		assert_null(peers_next(peers, &ended));
}

static void
rest_of_the_connections_goes_with_the_peers(void **state)
{
	int a = client(), b = client(), c = client();

	(void)state;
	say(a, "a");
	peers_await(peers, next());
	say(b, "b");
	(void)next();
	peers_drain(peers);
	peers_free(peers);
	assert_int_equal(set_up(NULL), 0);
	assert_true(is_closed(a) && is_closed(c));
	(void)close(a);
	(void)close(b);
	(void)close(c);
}

/* Many threads. */

#define WORKERS		4
#define CLIENTS		6
#define CONNECTIONS	300
#define KEPT		8

static atomic_int lost, wrong;

/* What to do with a connection is its bytes: echo, half, drop, linger. */
static void
work(struct peer *p, bool ended)
{
	char got[64];
	ssize_t n;

	n = recv(peer_fd(p), got, sizeof(got), MSG_PEEK);
	if (n > 0 && got[n - 1] == 'h' && !ended) {
		peers_await(peers, p);
		return;
	}
	if (n <= 0 && !ended && errno == EAGAIN) {
		peers_release(peers, p);
		return;
	}
	if (n <= 0 || got[n - 1] == 'd') {
		peers_drop(peers, p);
		return;
	}
	if (got[n - 1] == 'l') {
		peers_linger(peers, p);
		return;
	}
	n = recv(peer_fd(p), got, (size_t)n, 0);
	if (send(peer_fd(p), got, (size_t)n, MSG_NOSIGNAL) == n)
		peers_release(peers, p);
	else
		peers_drop(peers, p);
}

static bool
is_answered(int fd, const char *text)
{
	struct timeval limit = { .tv_sec = 10 };
	char got[64];
	ssize_t n, len = (ssize_t)strlen(text);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	n = recv(fd, got, sizeof(got), 0);
	if (n != len)
		(void)atomic_fetch_add(&lost, 1);
	else if (memcmp(got, text, (size_t)len) != 0)
		(void)atomic_fetch_add(&wrong, 1);
	return n == len;
}

/* Some requests come whole, some in halves; all say whose they are. */
static void
visit(size_t index, int round)
{
	static const char last[] = "ehdl";
	char text[32];
	int fd = try_connect(), i;

	for (i = 0; fd >= 0 && i < KEPT; i++) {
		(void)snprintf(text, sizeof(text), "%zu.%d.%d.h", index,
		    round, i);
		if (i % 2 == 0)
			(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
		else
			text[0] = '\0';
		(void)strncat(text, "e", sizeof(text) - strlen(text) - 1);
		(void)send(fd, "e", 1, MSG_NOSIGNAL);
		if (!is_answered(fd, text))
			break;
	}
	(void)send(fd, &last[round % 4], 1, MSG_NOSIGNAL);
	(void)close(fd);
}

static atomic_int visitors;

static void
worker_or_client(size_t index, void *arg)
{
	struct peer *p;
	bool ended;
	int round;

	(void)arg;
	if (index < WORKERS) {
		while ((p = peers_next(peers, &ended)) != NULL)
			work(p, ended);
	} else if (index < WORKERS + CLIENTS) {
		for (round = 0; round < CONNECTIONS; round++)
			visit(index, round);
		(void)atomic_fetch_sub(&visitors, 1);
	} else {
		for (round = 0; round < 30000 && (peers_count(peers) > 0 ||
		    atomic_load(&visitors) > 0); round++) {
			peers_tick(peers);
			(void)usleep(1000);
		}
		peers_stop(peers);
	}
}

/* B22: each is answered its own words, once, and nothing stays behind. */
static void
b22_threads_share_connections_without_mixing(void **state)
{
	(void)state;
	atomic_store(&visitors, CLIENTS);
	helper_threads(WORKERS + CLIENTS + 1, worker_or_client, NULL);
	assert_int_equal(atomic_load(&lost), 0);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_int_equal(peers_count(peers), 0);
}

#define IDLE	2000

static void
two_thousand_idle_connections_stand(void **state)
{
	static int fd[IDLE];
	struct peer *p;
	int i;

	(void)state;
	for (i = 0; i < IDLE; i++) {
		fd[i] = client();
		if (i % 500 == 499) {
			say(fd[i], "x");
			p = next();
			reads(p, "x");
			peers_release(peers, p);
		}
	}
	assert_int_equal(peers_count(peers), IDLE);
	peers_tick(peers);
	say(fd[1], "y");
	p = next();
	reads(p, "y");
	peers_release(peers, p);
	for (i = 0; i < IDLE; i++)
		(void)close(fd[i]);
}

#define PEERS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_descriptors_left_is_a_pause),
		PEERS(connection_that_speaks_is_given),
		PEERS(same_connection_is_given_again_and_again),
		PEERS(end_is_told),
		PEERS(owned_connection_is_given_to_nobody_else),
		PEERS(what_came_meanwhile_is_told_after_the_release),
		PEERS(end_that_came_meanwhile_is_told_after_the_release),
		PEERS(awaited_bytes_are_told_with_the_rest),
		PEERS(b65_late_request_is_dropped),
		PEERS(b65_dripping_request_is_dropped),
		PEERS(idle_connection_is_kept),
		PEERS(owned_connection_is_never_late),
		PEERS(lingering_peer_may_send_on_and_reads_the_end),
		PEERS(lingering_peer_is_cut_off_in_time),
		PEERS(lingering_flood_is_cut_off_in_time),
		PEERS(dropped_descriptor_serves_the_next_connection),
		PEERS(release_leaves_a_reused_descriptor_alone),
		PEERS(drain_takes_the_backlog_and_then_nobody),
		PEERS(draining_answers_a_kept_connection_once_more),
		PEERS(answer_that_is_out_before_a_drain_leaves_its_connection),
		PEERS(draining_lets_a_half_request_become_whole),
		PEERS(every_thread_is_told_to_stop),
		PEERS(rest_of_the_connections_goes_with_the_peers),
		PEERS(b22_threads_share_connections_without_mixing),
		PEERS(two_thousand_idle_connections_stand),
	};

	log_to(-1);
	(void)alarm(100);	/* a connection that is lost would hang us */
	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
