/*
 * log.h - one line of JSON an event, on standard error
 *
 * A line holds the time (UTC, RFC 3339, milliseconds), the event's name and
 * the fields given.  Values are cut at LOG_VALUE_MAX bytes; control
 * characters and everything beyond ASCII are written as \u00XX, one for each
 * byte, so that no value can end a line or pretend to be a field.  A line is
 * one write(2): lines of several threads do not mix.
 *
 * Never given to it: passwords, tokens, cookies, hashes, mail addresses.
 */
#ifndef LOG_H
#define LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_VALUE_MAX	256

struct log_field {
	const char	*key;
	const char	*text;		/* NULL: the number counts */
	int64_t		 number;
};

#define LOG_TEXT(k, v)	{ .key = (k), .text = (v) != NULL ? (v) : "" }
#define LOG_NUMBER(k, v) { .key = (k), .number = (v) }

/* LOG("started", LOG_TEXT("socket", path), LOG_NUMBER("workers", 2)) */
#define LOG(event, ...)	do {						\
	const struct log_field log_fields_[] = { __VA_ARGS__ };		\
	log_event((event), log_fields_,					\
	    sizeof(log_fields_) / sizeof(log_fields_[0]));		\
} while (0)

void	log_event(const char *event, const struct log_field *, size_t n);
/*
 * True at most once a minute for each *next, which begins with 0: may what
 * every request can bring about be told again?
 */
bool	log_is_due(atomic_llong *next);
/*
 * The end after a fault of our own, or of the machine's, that nobody can
 * answer for: one line, "server.fault" with the reason, and abort(3).
 */
void	log_abort(const char *reason) __attribute__((noreturn));
/* Where lines go; 2 unless told. */
void	log_to(int fd);

#endif
