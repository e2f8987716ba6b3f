/*
 * listen.h - the listening socket, made here or inherited
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct listening {
	int		 fd;
	const char	*name;		/* for people */
	const char	*path;		/* of a unix socket that we made */
	dev_t		 device;	/* and which one it was */
	ino_t		 inode;
};

enum listen_result {
	LISTEN_OK,
	LISTEN_IN_USE,		/* somebody serves there already */
	LISTEN_CANNOT,		/* path, group or permission */
};

/*
 * In this order: the descriptor of LISTEN_FDS (sd_listen_fds(3)); standard
 * input, where it is a listening socket (spawn-fcgi(1)); a socket made at
 * where: a unix socket at an absolute path, with the mode 0660 and the group,
 * or HOST:PORT on loopback.  An inherited socket must be local too.  An empty
 * group leaves the process's own.  where must live as long as the socket.
 * complain is told the reason of a failure.
 */
enum listen_result listen_open(struct listening *, const char *where,
	    const char *group, void (*complain)(const char *));
/* False: complain has been told that there is no such group; "" is good. */
bool	listen_knows_group(const char *group,
	    void (*complain)(const char *));
/*
 * Takes our name away, once, unless another process has put its own there.
 * While the socket is open: its number may be used again when it is closed.
 */
void	listen_unlink(struct listening *);
/* Is standard input a listening socket? */
bool	listen_stdin_listens(void);

#endif
