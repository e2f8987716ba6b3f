#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"
#include "text.h"

/* 5 and 128 were too few for 256 connections of nginx at once. */
#define BACKLOG		4096
#define FIRST_PASSED_FD	3
/* Of a TCP socket that we make: a whole request fits, or none is judged. */
#define RECEIVE_BYTES	(512 * 1024)
#define MESSAGE_MAX	512
/* Whoever may read a directory may lock it: that is not waited for longer. */
#define LOCK_MS		2000

static enum listen_result
fail(enum listen_result result, const char *where, const char *what,
    void (*complain)(const char *))
{
	char message[MESSAGE_MAX];

	(void)snprintf(message, sizeof(message), "%s: %s", where, what);
	complain(message);
	return result;
}

static bool
is_listening(int fd)
{
	socklen_t len = sizeof(int);
	int on = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 &&
	    on != 0;
}

bool
listen_stdin_listens(void)
{
	return is_listening(STDIN_FILENO);
}

static bool
passed_by_manager(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	unsigned long n;

	return pid != NULL && fds != NULL && text_number(pid, 1UL << 31, &n) &&
	    n == (unsigned long)getpid() && text_number(fds, 64, &n) &&
	    n >= 1 && is_listening(FIRST_PASSED_FD);
}

/* A socket without a server behind it is left over from a crash. */
static bool
is_served(const struct sockaddr *address, socklen_t len)
{
	bool served;
	int fd;

	fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	served = fd >= 0 && (connect(fd, address, len) == 0 ||
	    errno == EAGAIN);
	if (fd >= 0)
		(void)close(fd);
	return served;
}

static enum listen_result
fail_group(const char *group, const char *what,
    void (*complain)(const char *))
{
	char setting[MESSAGE_MAX / 2];

	(void)snprintf(setting, sizeof(setting), "socket_group %s", group);
	return fail(LISTEN_CANNOT, setting, what, complain);
}

bool
listen_knows_group(const char *group, void (*complain)(const char *))
{
	if (group[0] == '\0' || getgrnam(group) != NULL)
		return true;
	(void)fail_group(group, "there is no such group", complain);
	return false;
}

static bool
give_to_group(const char *path, const char *group)
{
	struct group *g;

	if (group[0] == '\0')
		return true;
	g = getgrnam(group);
	return g != NULL && chown(path, (uid_t)-1, g->gr_gid) == 0;
}

/*
 * Made under another name and renamed when it is ready: who connects finds
 * the old socket or the new one, never one without permissions.  -1; *refused:
 * the group cannot have it.
 */
static int
make_unix(const char *path, const char *group, bool *refused)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	*refused = false;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s.new",
	    path);
	(void)unlink(address.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0 && chmod(address.sun_path, 0660) == 0 &&
	    !(*refused = !give_to_group(address.sun_path, group)) &&
	    listen(fd, BACKLOG) == 0 && rename(address.sun_path, path) == 0)
		return fd;
	error = errno;
	(void)unlink(address.sun_path);
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return -1;
}

static bool
is_other_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

static bool
remember(struct listening *l, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	l->path = path;
	l->device = st.st_dev;
	l->inode = st.st_ino;
	return true;
}

/* Of two that start at the same moment the second one finds the first. */
static int
lock_directory_of(const char *path)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd, waited;

	(void)snprintf(name, sizeof(name), "%s", path);
	strrchr(name, '/')[1] = '\0';
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (waited = 0; fd >= 0 && waited < LOCK_MS &&
	    flock(fd, LOCK_EX | LOCK_NB) != 0; waited += 10)
		(void)usleep(10000);
	return fd;
}

static enum listen_result
open_unix_alone(struct listening *l, const char *path, const char *group,
    void (*complain)(const char *))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool refused;

	(void)strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (!listen_knows_group(group, complain))
		return LISTEN_CANNOT;
	if (is_other_file(path))
		return fail(LISTEN_CANNOT, path, "is there and no socket",
		    complain);
	if (is_served((struct sockaddr *)&address, sizeof(address)))
		return fail(LISTEN_IN_USE, path, "another process serves "
		    "there", complain);
	l->fd = make_unix(path, group, &refused);
	if (l->fd < 0 && refused)
		return fail_group(group, errno == EPERM ? "this user is not "
		    "in it" : strerror(errno), complain);
	if (l->fd < 0 || !remember(l, path))
		return fail(LISTEN_CANNOT, path, strerror(errno), complain);
	return LISTEN_OK;
}

static enum listen_result
open_unix(struct listening *l, const char *path, const char *group,
    void (*complain)(const char *))
{
	enum listen_result result;
	int lock;

	if (strlen(path) + sizeof(".new") >
	    sizeof(((struct sockaddr_un *)0)->sun_path))
		return fail(LISTEN_CANNOT, path, "is too long for a socket",
		    complain);
	lock = lock_directory_of(path);
	result = open_unix_alone(l, path, group, complain);
	if (lock >= 0)
		(void)close(lock);
	return result;
}

static int
make_tcp(const struct addrinfo *info)
{
	int fd, on = 1, bytes = RECEIVE_BYTES;

	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes,
	    sizeof(bytes)) == 0 &&
	    bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static struct addrinfo *
resolve(const char *where)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV |
	    AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *info;
	char host[NET_HOST_MAX];
	const char *port;

	if (!net_loopback_socket(where, host, &port) ||
	    getaddrinfo(host, port, &hints, &info) != 0)
		return NULL;
	return info;
}

/* FastCGI knows neither passwords nor keys: loopback, or a path. */
static enum listen_result
open_tcp(struct listening *l, const char *where,
    void (*complain)(const char *))
{
	struct addrinfo *info;

	info = resolve(where);
	if (info == NULL)
		return fail(LISTEN_CANNOT, where,
		    "is not an address and port on loopback", complain);
	l->fd = make_tcp(info);
	freeaddrinfo(info);
	if (l->fd >= 0)
		return LISTEN_OK;
	return fail(errno == EADDRINUSE ? LISTEN_IN_USE : LISTEN_CANNOT,
	    where, strerror(errno), complain);
}

/* A unix socket, or one that only this machine reaches. */
static bool
is_local(int fd)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(address);
	char host[NET_HOST_MAX];

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return false;
	return address.ss_family == AF_UNIX ||
	    (getnameinfo((struct sockaddr *)&address, len, host,
	    sizeof(host), NULL, 0, NI_NUMERICHOST) == 0 &&
	    net_loopback_address(host));
}

static enum listen_result
inherit(struct listening *l, int fd, void (*complain)(const char *))
{
	l->fd = fd;
	l->name = "inherited";
	return is_local(fd) ? LISTEN_OK : fail(LISTEN_CANNOT,
	    "the inherited socket", "is not on loopback", complain);
}

enum listen_result
listen_open(struct listening *l, const char *where, const char *group,
    void (*complain)(const char *))
{
	l->name = where;
	l->path = NULL;
	if (passed_by_manager())
		return inherit(l, FIRST_PASSED_FD, complain);
	if (is_listening(STDIN_FILENO))
		return inherit(l, STDIN_FILENO, complain);
	if (where[0] == '/')
		return open_unix(l, where, group, complain);
	return open_tcp(l, where, complain);
}

void
listen_unlink(struct listening *l)
{
	struct stat st;

	if (l->path != NULL && stat(l->path, &st) == 0 &&
	    st.st_dev == l->device && st.st_ino == l->inode)
		(void)unlink(l->path);
	l->path = NULL;
}
