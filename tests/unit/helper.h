/*
 * helper.h - what tests of more than one module share
 *
 * A bed is a directory with a store in it, settings from a text, and a desk;
 * its calls go through web_handle without a socket.  What cannot be set up
 * ends the program with a line on standard error: a test that could not
 * start has not passed.  Knows nothing of cmocka, so that threads and
 * fuzzers may use it.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "mailbox.h"
#include "call.h"
#include "conf.h"
#include "store.h"

#define HELPER_PATH_MAX		256
#define HELPER_PARAMS_MAX	8
#define HELPER_COUNT(a)		(sizeof(a) / sizeof((a)[0]))

#define HELPER_FORM		"application/x-www-form-urlencoded"
#define HELPER_JSON		"application/json"

struct sqlite3;
struct answer;

struct bed {
	char		 dir[HELPER_PATH_MAX];
	char		 store[HELPER_PATH_MAX];
	char		 log[HELPER_PATH_MAX];
	int		 log_fd;
	struct db	*db;
	struct conf	*conf;
	struct auth	*desk;		/* reads, writes and hashes */
	struct answer	*answers;	/* freed with the bed */
	struct bed	*host;		/* of a guest, else NULL */
};

struct request {
	const char	*method;	/* NULL: GET */
	const char	*uri;		/* with its query; NULL: not told */
	const char	*type;
	const char	*body;
	size_t		 body_len;	/* 0: up to the NUL */
	const char	*length;	/* NULL: the right one; "": none */
	const char	*cookie;
	const char	*client;	/* NULL: 127.0.0.1; "": none */
	const char	*param[HELPER_PARAMS_MAX];	/* more "NAME=value" */
};

struct answer {
	struct answer	*next;
	struct arena	*arena;
	char		*sent;		/* the body that was sent */
	struct call	 call;
	int		 status;
	char		*head;		/* lines that end in CRLF */
	char		*body;
};

/* Ends the program unless it holds; what says why. */
void	 helper_must(bool holds, const char *what);

/* A copy on the heap, and no byte longer, so that a sanitizer can see. */
char	*helper_exact(const void *, size_t len);

/* A new directory; out holds HELPER_PATH_MAX bytes. */
void	 helper_dir(char *out);
/* With all that is in it. */
void	 helper_dir_remove(const char *);
/* The whole file, with a NUL after it, to be freed; len may be NULL. */
char	*helper_file(const char *path, size_t *len);
void	 helper_write(const char *path, const void *, size_t len);
/* How often the bytes stand in a file; 0 where there is none. */
size_t	 helper_grep(const char *path, const char *bytes, size_t len);

/* conf_free gives it back. */
struct conf *helper_conf(const char *settings);

/* settings NULL: compat at hash cost 1.  Log lines go to a file in it. */
void	 helper_bed(struct bed *, const char *settings);
void	 helper_bed_close(struct bed *);
/* Other settings from now on. */
void	 helper_bed_settings(struct bed *, const char *settings);
/* The same bed with a desk of its own, for another thread. */
void	 helper_guest(struct bed *guest, struct bed *host);
void	 helper_guest_close(struct bed *);
/* Back once all is written that nobody has waited for. */
void	 helper_settle(struct bed *);
/* All lines since the last call; to be freed. */
char	*helper_log(struct bed *);
/* Is it lines of one JSON object each? */
bool	 helper_log_valid(const char *lines);

/*
 * Runs the request.  The answer is checked for its shape: header lines, an
 * empty one, a body as long as announced, no NUL.  It lives as long as the
 * bed.
 */
struct answer *helper_ask(struct bed *, const struct request *);
/* Frees the answers before the bed does. */
void	 helper_forget(struct bed *);
/* The value of a header line; NULL unless there is exactly one. */
const char *helper_header(struct answer *, const char *name);
/* A text member of the body, or NULL. */
const char *helper_member(struct answer *, const char *name);
/* "name=value; Path=/...", if the answer sets the cookie once; else NULL. */
const char *helper_cookie_line(struct answer *, const char *name);
/* Its value, or NULL. */
const char *helper_cookie(struct answer *, const char *name);

/* What the file says when it is asked without the service. */
struct sqlite3 *helper_sqlite(const char *path);
/* The result code of all the statements. */
int	 helper_sql(const char *path, const char *sql);
/* The first value of the first row; a text is to be freed. */
int64_t	 helper_number(const char *path, const char *sql);
char	*helper_text(const char *path, const char *sql);

/* n threads that begin together; back when all have ended. */
void	 helper_threads(size_t n, void (*run)(size_t index, void *arg),
	    void *arg);
/* The signal that ends a child which runs it, or 0; it leaves no core. */
int	 helper_signal_of(void (*run)(void));
/* Of this thread, in milliseconds. */
int64_t	 helper_cpu_ms(void);

/* Who asks, where it does not matter who that is. */
extern const struct caller helper_caller;

#endif
