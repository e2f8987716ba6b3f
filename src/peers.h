/*
 * peers.h - the connections of the web server
 *
 * One epoll set holds the listening socket and every connection.  A worker
 * asks for the next connection that has something to read and owns it until
 * it releases or drops it; while it is owned nobody else is given it, and
 * what arrives meanwhile is told again after the release.  An idle
 * connection costs a descriptor and no thread.
 *
 * Connections never block: what cannot be written at once is an error.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

/* How long a request may take to arrive, from its first byte. */
#define PEERS_REQUEST_MS	10000
/* How long a refused peer may go on sending before it is cut off. */
#define PEERS_LINGER_MS		2000

struct peers;
struct peer;

/* What an owner leaves for the next one; zero with a new connection. */
struct peer_note {
	bool		 refusing;	/* a request that is not read */
	int		 outcome;	/* what it will be told */
	unsigned int	 request_id;
	struct frames_skip skip;
	size_t		 skipped;
};

/*
 * Takes over a listening socket, made non-blocking, and room for as many
 * connections as the process may have descriptors.  NULL, with errno, when
 * the kernel refuses.
 */
struct peers	*peers_new(int listen_fd);
/* After the last worker has gone. */
void		 peers_free(struct peers *);

/*
 * Waits for a connection with something to read.  *ended: its peer will send
 * no more.  NULL after peers_stop.
 */
struct peer	*peers_next(struct peers *, bool *ended);
int		 peer_fd(const struct peer *);
struct peer_note *peer_note(struct peer *);

/* Nothing has come after all. */
void		 peers_idle(struct peers *, struct peer *);
/* Half a request has come: it has PEERS_REQUEST_MS to become whole. */
void		 peers_await(struct peers *, struct peer *);
/*
 * Whether a connection stays after its next answer; it does not while
 * draining.  To be asked before that answer is sent: whoever has read it may
 * have sent the next request, and must not find the connection closed by a
 * drain that began only then.
 */
bool		 peers_stay(const struct peers *);
/* Its request is answered, and it stays. */
void		 peers_release(struct peers *, struct peer *);
void		 peers_drop(struct peers *, struct peer *);
/*
 * Closes our side and reads on for a while, so that a peer which is still
 * sending gets to read its answer instead of a reset.
 */
void		 peers_linger(struct peers *, struct peer *);

/*
 * To be called about once a second: ends what has taken too long and, where
 * no descriptor is left for a new connection, those that idle.
 */
void		 peers_tick(struct peers *);
/*
 * Takes what waits in the backlog, then closes the listening socket.  From
 * now on each connection ends with its next answer; see peers_stay.
 */
void		 peers_drain(struct peers *);
size_t		 peers_count(const struct peers *);
/* Every worker gets NULL from peers_next. */
void		 peers_stop(struct peers *);

#endif
