#include "net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static const char *
skip_scheme(const char *s, struct origin *o)
{
	o->https = strncasecmp(s, "https://", 8) == 0;
	if (o->https)
		return s + 8;
	return strncasecmp(s, "http://", 7) == 0 ? s + 7 : NULL;
}

/* A name, an IPv4 address, or an IPv6 address in its brackets. */
static const char *
skip_host(const char *s, struct origin *o)
{
	size_t len;

	len = *s == '[' ? strspn(s + 1, "0123456789abcdefABCDEF:.") + 2 :
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-_");
	if (len == 0 || len >= NET_HOST_MAX)
		return NULL;
	if (*s == '[' && s[len - 1] != ']')
		return NULL;
	memcpy(o->host, s, len);
	o->host[len] = '\0';
	text_lower_all(o->host);
	return o->host[0] != '.' && strstr(o->host, "..") == NULL ?
	    s + len : NULL;
}

static const char *
skip_port(const char *s, struct origin *o)
{
	unsigned int port;
	size_t digits;

	o->port = o->https ? 443 : 80;
	if (*s != ':')
		return s;
	digits = strspn(++s, "0123456789");
	if (digits == 0 || digits > 5)
		return NULL;
	for (port = 0; digits > 0; digits--)
		port = port * 10 + (unsigned int)(*s++ - '0');
	o->port = port;
	return port >= 1 && port <= 65535 ? s : NULL;
}

bool
net_origin(const char *s, struct origin *o)
{
	if ((s = skip_scheme(s, o)) == NULL ||
	    (s = skip_host(s, o)) == NULL ||
	    (s = skip_port(s, o)) == NULL)
		return false;
	return *s == '\0' || strcmp(s, "/") == 0;
}

bool
net_same_origin(const struct origin *a, const struct origin *b)
{
	return a->https == b->https && a->port == b->port &&
	    strcmp(a->host, b->host) == 0;
}

static bool
ends(const char *s, const char *tail)
{
	size_t len = strlen(s), n = strlen(tail);

	return len > n && strcmp(s + len - n, tail) == 0;
}

static bool
loopback_v4(const char *s)
{
	struct in_addr a;

	return inet_pton(AF_INET, s, &a) == 1 &&
	    ntohl(a.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool
net_loopback_name(const char *host)
{
	return strcmp(host, "localhost") == 0 || ends(host, ".localhost") ||
	    strcmp(host, "[::1]") == 0 || strcmp(host, "0.0.0.0") == 0 ||
	    loopback_v4(host);
}

bool
net_loopback_address(const char *s)
{
	struct in6_addr a;

	if (text_begins(s, "unix:") || loopback_v4(s))
		return true;
	if (inet_pton(AF_INET6, s, &a) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&a) ||
	    (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == IN_LOOPBACKNET);
}

static void
cut(unsigned char *address, size_t bytes, unsigned int bits)
{
	size_t i;

	for (i = 0; i < bytes; i++, bits -= bits < 8 ? bits : 8)
		if (bits < 8)
			address[i] &= (unsigned char)(0xff00 >> bits);
}

void
net_network(const char *s, unsigned int v4_bits, unsigned int v6_bits,
    char *out)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	out[0] = '\0';
	if (inet_pton(AF_INET6, s, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
		cut(v6.s6_addr, sizeof(v6), v6_bits);
		(void)snprintf(out, NET_NETWORK_MAX, "%s/%u",
		    inet_ntop(AF_INET6, &v6, text, sizeof(text)), v6_bits);
		return;
	}
	if (inet_pton(AF_INET6, s, &v6) == 1)
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	else if (inet_pton(AF_INET, s, &v4) != 1)
		return;
	cut((unsigned char *)&v4, sizeof(v4), v4_bits);
	(void)snprintf(out, NET_NETWORK_MAX, "%s/%u",
	    inet_ntop(AF_INET, &v4, text, sizeof(text)), v4_bits);
}

static bool
is_port(const char *s)
{
	unsigned long n;

	return text_number(s, 65535, &n) && n > 0;
}

bool
net_loopback_socket(const char *s, char *host, const char **port)
{
	const char *colon = strrchr(s, ':');
	size_t len = colon != NULL ? (size_t)(colon - s) : 0;
	size_t bracket = s[0] == '[' && len >= 2 && colon[-1] == ']';

	if (len == 0 || len >= NET_HOST_MAX || !is_port(colon + 1))
		return false;
	(void)snprintf(host, NET_HOST_MAX, "%.*s", (int)(len - 2 * bracket),
	    s + bracket);
	if (strcmp(host, "localhost") == 0)
		(void)snprintf(host, NET_HOST_MAX, "127.0.0.1");
	*port = colon + 1;
	return !text_begins(host, "unix:") && net_loopback_address(host);
}
