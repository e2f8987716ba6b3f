#include "cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "listen.h"
#include "text.h"
#include "web.h"

extern char **environ;

bool
cgi_is_asked(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	    getenv("REQUEST_METHOD") != NULL && !listen_stdin_listens();
}

/* Up to len bytes; fewer at the end of the input. */
static size_t
read_up_to(char *to, size_t len)
{
	size_t used = 0;
	ssize_t n;

	while (used < len) {
		n = read(STDIN_FILENO, to + used, len - used);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0)
			used += (size_t)n;
	}
	return used;
}

/* Without CONTENT_LENGTH there is no body (RFC 3875, 4.1.2). */
static void
read_body(struct call *c)
{
	unsigned long len;
	char *body;

	if (!text_number(call_text(c, PARAM_LENGTH), (unsigned long)-1, &len))
		return;
	if (len > CALL_BODY_MAX) {
		c->body_over = true;
		return;
	}
	body = arena_alloc(c->arena, len + 1);
	c->body = body;
	c->body_len = read_up_to(body, len);
}

static bool
write_all(const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(STDOUT_FILENO, bytes, len);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

bool
cgi_serve(const struct conf *conf, struct auth *auth)
{
	struct arena *arena = arena_new();
	struct call call;
	char **entry;
	bool sent;

	call_init(&call, arena, conf);
	call.auth = auth;
	for (entry = environ; *entry != NULL; entry++)
		call_param(&call, *entry);
	read_body(&call);
	web_handle(&call);
	sent = write_all(call.reply.bytes, call.reply.len);
	arena_free(arena);
	return sent;
}
