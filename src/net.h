/*
 * net.h - origins of pages and addresses of callers
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>

#define NET_HOST_MAX	256
#define NET_NETWORK_MAX	64

/* scheme://host[:port] (RFC 6454, 6.2), lower case, the port always there. */
struct origin {
	bool		 https;
	char		 host[NET_HOST_MAX];
	unsigned int	 port;
};

/*
 * Reads an origin: http or https, a host, maybe a port, nothing after them
 * but one slash.  False for anything else, "null" among it.
 */
bool	net_origin(const char *, struct origin *);
bool	net_same_origin(const struct origin *, const struct origin *);
/*
 * Splits "127.0.0.1:9000", "[::1]:9000" or "localhost:9000" into a numeric
 * host, NET_HOST_MAX bytes at host, and *port, which points into the string.
 * False if it is not an address of loopback and a port.
 */
bool	net_loopback_socket(const char *, char *host, const char **port);
/* localhost, a name under it, 127.0.0.0/8, [::1], or 0.0.0.0. */
bool	net_loopback_name(const char *host);
/*
 * An address as web servers write REMOTE_ADDR: 127.0.0.0/8, ::1, the same
 * mapped into IPv6, or "unix:" for a caller on a unix socket.
 */
bool	net_loopback_address(const char *);
/*
 * The network of such an address: the first bits of it, zeros, and their
 * number, as in "192.0.2.0/24" or "2001:db8:7::/48".  An IPv4 address that is
 * mapped into IPv6 is an IPv4 address.  "" for a caller on a unix socket and
 * for what is no address.  out holds NET_NETWORK_MAX bytes.
 */
void	net_network(const char *, unsigned int v4_bits, unsigned int v6_bits,
	    char *out);

#endif
