#include "post.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "heap.h"
#include "log.h"
#include "smtp.h"

#define SECOND_MS	1000
/* Handing over takes three times mail_timeout and SMTP_ANSWER_MS at most. */
#define LONGEST_TIMEOUTS 4
#define SPARE_MS	60000	/* ending connections, telling the store */
#define MESSAGE_MAX	8192	/* a path and what is wrong with it */

struct post {
	const struct conf *conf;
	struct smtp	*smtp;		/* or NULL */
};

static void answer(struct post_result *, enum post_status, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
answer(struct post_result *out, enum post_status status, const char *fmt, ...)
{
	va_list ap;

	out->status = status;
	va_start(ap, fmt);
	(void)vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
	va_end(ap);
}

/* Files. */

static bool
write_all(int fd, struct slice s)
{
	ssize_t n;

	for (; s.len > 0; s.ptr += n, s.len -= (size_t)n) {
		n = write(fd, s.ptr, s.len);
		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
	}
	return true;
}

static bool
write_file(int dir, const char *name, struct slice s)
{
	bool good;
	int fd;

	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, s) && fsync(fd) == 0;
	return close(fd) == 0 && good;
}

static bool
put_file(int dir, const struct parcel *p)
{
	char name[NAME_MAX], whole[NAME_MAX];
	int fault;

	(void)snprintf(name, sizeof(name), ".%.64s.part", p->id);
	(void)snprintf(whole, sizeof(whole), "%013" PRId64 "-%.64s.eml",
	    p->created_at, p->id);
	if (write_file(dir, name, p->bytes) &&
	    renameat(dir, name, dir, whole) == 0)
		return fsync(dir) == 0;
	/* The mail may be dead before another try takes this place. */
	fault = errno;
	(void)unlinkat(dir, name, 0);
	errno = fault;
	return false;
}

static void
send_to_file(const struct conf *conf, const struct parcel *p,
    struct post_result *out)
{
	int dir = open(conf->mail_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0 && put_file(dir, p))
		answer(out, POST_SENT, "%s", "");
	else
		answer(out, POST_DOWN, "mail_dir: %s", strerror(errno));
	if (dir >= 0)
		(void)close(dir);
}

/* A program. */

struct child {
	pid_t		 pid;
	int		 pidfd;
	int		 in;		/* its standard input; -1: closed */
	bool		 heard_all;
	int64_t		 until;
};

/* It starts as any program does, whatever we have done to our signals. */
static void
set_up_child(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files,
    int in)
{
	sigset_t none, pipe_alone;

	(void)sigemptyset(&none);
	(void)sigemptyset(&pipe_alone);
	(void)sigaddset(&pipe_alone, SIGPIPE);
	if (posix_spawnattr_init(attr) != 0 ||
	    posix_spawn_file_actions_init(files) != 0 ||
	    posix_spawnattr_setsigmask(attr, &none) != 0 ||
	    posix_spawnattr_setsigdefault(attr, &pipe_alone) != 0 ||
	    posix_spawnattr_setpgroup(attr, 0) != 0 ||
	    posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) != 0 ||
	    posix_spawn_file_actions_adddup2(files, in, 0) != 0 ||
	    posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY,
	    0) != 0 || posix_spawn_file_actions_adddup2(files, 1, 2) != 0)
		log_abort("no memory");
}

static int
spawn(const struct conf *conf, const struct parcel *p, int in, pid_t *pid)
{
	char *const argv[] = { (char *)conf->sendmail, "-i", "-f",
	    (char *)p->from, "--", (char *)p->to, NULL };
	char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int fault;

	set_up_child(&attr, &files, in);
	fault = posix_spawn(pid, conf->sendmail, &files, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attr);
	return fault;
}

static int
start(const struct conf *conf, const struct parcel *p, struct child *out)
{
	int fault, ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	fault = spawn(conf, p, ends[0], &out->pid);
	(void)close(ends[0]);
	out->in = ends[1];
	if (fault != 0) {
		(void)close(out->in);
		return fault;
	}
	(void)fcntl(out->in, F_SETFL, O_NONBLOCK);
	out->pidfd = pidfd_open(out->pid, 0);
	if (out->pidfd < 0)
		log_abort("a process that cannot be waited for");
	return 0;
}

/* Its end is what tells it that the mail is whole. */
static void
close_input(struct child *c)
{
	if (c->in >= 0)
		(void)close(c->in);
	c->in = -1;
}

static void
feed(struct child *c, struct slice *left)
{
	ssize_t n = write(c->in, left->ptr, left->len);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n >= 0) {
		left->ptr += n;
		left->len -= (size_t)n;
	}
	c->heard_all = left->len == 0;
	if (n < 0 || left->len == 0)
		close_input(c);
}

/* False: its time is up. */
static bool
watch(struct child *c, struct slice left)
{
	struct pollfd fds[2] = { { .fd = c->pidfd, .events = POLLIN },
	    { .fd = c->in, .events = POLLOUT } };
	int64_t rest;
	int n;

	while ((rest = c->until - clock_steady_ms()) > 0) {
		fds[1].fd = c->in;
		n = poll(fds, 2, rest < INT_MAX ? (int)rest : INT_MAX);
		if (n > 0 && fds[0].revents != 0)
			return true;
		if (n > 0 && c->in >= 0 && fds[1].revents != 0)
			feed(c, &left);
	}
	return false;
}

static void
judge(const struct child *c, int status, struct post_result *out)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == EX_OK && c->heard_all)
		answer(out, POST_SENT, "%s", "");
	else if (code == EX_OK)
		answer(out, POST_LATER, "sendmail did not read it all");
	else if (code == EX_DATAERR || code == EX_NOUSER ||
	    code == EX_NOHOST)
		answer(out, POST_NEVER, "sendmail ended with %d", code);
	else if (code > 0)
		answer(out, POST_LATER, "sendmail ended with %d", code);
	else
		answer(out, POST_LATER, "sendmail ended by signal %d",
		    WTERMSIG(status));
}

static void
send_to_program(const struct conf *conf, const struct parcel *p,
    struct post_result *out)
{
	struct child c = { .until = clock_steady_ms() +
	    (int64_t)conf->mail_timeout * SECOND_MS };
	int fault, status;
	bool ended;

	if ((fault = start(conf, p, &c)) != 0) {
		answer(out, POST_DOWN, "sendmail: %s", strerror(fault));
		return;
	}
	ended = watch(&c, p->bytes);
	close_input(&c);
	if (!ended)
		(void)kill(-c.pid, SIGKILL);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	(void)close(c.pidfd);
	if (ended)
		judge(&c, status, out);
	else
		answer(out, POST_LATER, "sendmail: time is up");
}

/* Whichever there is. */

/* True without a fault. */
static bool
is_good(const char *key, const char *path, const char *fault,
    void (*complain)(const char *))
{
	char message[MESSAGE_MAX];

	if (fault == NULL)
		return true;
	(void)snprintf(message, sizeof(message), "%s %s: %s", key, path,
	    fault);
	complain(message);
	return false;
}

struct post *
post_open(const struct conf *conf, void (*complain)(const char *))
{
	const char *fault = NULL;
	struct post *p;

	if (!conf->mail) {
		complain("none of smtp_url, sendmail and mail_dir is set");
		return NULL;
	}
	p = heap_zeroed(1, sizeof(*p));
	p->conf = conf;
	if (conf->smtp_url[0] != '\0')
		p->smtp = smtp_open(conf, &fault);
	if (is_good("smtp_password_file", conf->smtp_password_file, fault,
	    complain))
		return p;
	free(p);
	return NULL;
}

/* NULL: it is a file, and we may do that with it. */
static const char *
fault_of_file(const char *path, int how)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is no file";
	return access(path, how) != 0 ? strerror(errno) : NULL;
}

static const char *
fault_of_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "is no directory";
	return access(path, R_OK | W_OK | X_OK) != 0 ? strerror(errno) : NULL;
}

bool
post_judge(const struct conf *conf, void (*complain)(const char *))
{
	if (conf->mail_dir[0] != '\0')
		return is_good("mail_dir", conf->mail_dir,
		    fault_of_directory(conf->mail_dir), complain);
	if (conf->sendmail[0] != '\0')
		return is_good("sendmail", conf->sendmail,
		    fault_of_file(conf->sendmail, X_OK), complain);
	return conf->smtp_ca[0] == '\0' || is_good("smtp_ca", conf->smtp_ca,
	    fault_of_file(conf->smtp_ca, R_OK), complain);
}

void
post_close(struct post *p)
{
	if (p == NULL)
		return;
	smtp_close(p->smtp);
	free(p);
}

int64_t
post_longest_ms(const struct conf *conf)
{
	int64_t ms = (int64_t)conf->mail_timeout * LONGEST_TIMEOUTS *
	    SECOND_MS;

	return conf->smtp_url[0] != '\0' ? ms + SMTP_ANSWER_MS + SPARE_MS : ms;
}

void
post_send(struct post *p, const struct parcel *parcel,
    struct post_result *out)
{
	if (p->smtp != NULL)
		smtp_send(p->smtp, parcel, out);
	else if (p->conf->sendmail[0] != '\0')
		send_to_program(p->conf, parcel, out);
	else
		send_to_file(p->conf, parcel, out);
}

void
post_rest(struct post *p)
{
	if (p->smtp != NULL)
		smtp_rest(p->smtp);
}
