#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define LINE_MAX_BYTES	4096
#define PAUSE_MS	60000

struct line {
	char	 bytes[LINE_MAX_BYTES];
	size_t	 used;
	bool	 full;
};

static int log_fd = STDERR_FILENO;

void
log_to(int fd)
{
	log_fd = fd;
}

/* Leaves room for the brace and the newline that end the line. */
static void
line_add(struct line *l, const char *s, size_t len)
{
	l->full = l->full || len > sizeof(l->bytes) - 2 - l->used;
	if (l->full)
		return;
	memcpy(l->bytes + l->used, s, len);
	l->used += len;
}

static void
line_add_string(struct line *l, const char *s)
{
	char escape[8];
	size_t i;
	unsigned char c;

	line_add(l, "\"", 1);
	for (i = 0; i < LOG_VALUE_MAX && s[i] != '\0'; i++) {
		c = (unsigned char)s[i];
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			line_add(l, &s[i], 1);
			continue;
		}
		(void)snprintf(escape, sizeof(escape), "\\u%04x", c);
		line_add(l, escape, 6);
	}
	line_add(l, "\"", 1);
}

static void
line_add_number(struct line *l, int64_t number)
{
	char digits[24];
	int len;

	len = snprintf(digits, sizeof(digits), "%" PRId64, number);
	line_add(l, digits, (size_t)len);
}

/* Whole or not at all: half a field would be no JSON. */
static void
line_add_field(struct line *l, const struct log_field *f)
{
	size_t before = l->used;

	line_add(l, ",", 1);
	line_add_string(l, f->key);
	line_add(l, ":", 1);
	if (f->text != NULL)
		line_add_string(l, f->text);
	else
		line_add_number(l, f->number);
	if (l->full)
		l->used = before;
}

void
log_event(const char *event, const struct log_field *fields, size_t n)
{
	struct line l;
	char now[CLOCK_TEXT_MAX];
	ssize_t written;
	size_t i;

	l.used = 0;
	l.full = false;
	clock_text(clock_ms(), now);
	line_add(&l, "{\"time\":", 8);
	line_add_string(&l, now);
	line_add(&l, ",\"event\":", 9);
	line_add_string(&l, event);
	for (i = 0; i < n; i++)
		line_add_field(&l, &fields[i]);
	memcpy(l.bytes + l.used, "}\n", 2);
	written = write(log_fd, l.bytes, l.used + 2);
	(void)written;	/* nobody is left to be told */
}

bool
log_is_due(atomic_llong *next)
{
	long long now = clock_steady_ms(), due = atomic_load(next);

	return now >= due &&
	    atomic_compare_exchange_strong(next, &due, now + PAUSE_MS);
}

void
log_abort(const char *reason)
{
	LOG("server.fault", LOG_TEXT("reason", reason));
	abort();
}
