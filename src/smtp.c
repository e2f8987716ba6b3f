#include "smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "heap.h"
#include "log.h"
#include "net.h"
#include "text.h"

#define SECOND_MS	1000L
#define CONNECT_MS	15000L
#define KEPT_SECONDS	20L
#define PASSWORD_MAX	1024
#define URL_MAX		(NET_HOST_MAX * 3)
#define VERB_LEN	4
#define STATUS_MAX	16

struct smtp {
	const struct conf *conf;
	CURL		*curl;		/* NULL: no connection */
	char		 password[PASSWORD_MAX];

	/* The mail that is being sent. */
	struct slice	 left;
	struct slice	 whole;
	int64_t		 began_at;	/* on the steady clock */
	/* What was said last before QUIT, and what was answered. */
	char		 verb[VERB_LEN + 1];
	bool		 quits;
	int		 code;		/* 0: nothing yet */
	char		 status[STATUS_MAX];	/* RFC 3463, or "" */
};

/* The secret: the first line of a file. */

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no file";
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "may be used by others than its owner";
	return st->st_size >= PASSWORD_MAX ? "is too long" : NULL;
}

static const char *
read_password(int fd, char *out)
{
	const char *fault;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if ((fault = fault_of(&st)) != NULL)
		return fault;
	len = read(fd, out, PASSWORD_MAX - 1);
	if (len < 0)
		return strerror(errno);
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] != '\0' ? NULL : "is empty";
}

static const char *
open_password(const char *path, char *out)
{
	const char *fault;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	fault = read_password(fd, out);
	(void)close(fd);
	return fault;
}

struct smtp *
smtp_open(const struct conf *conf, const char **fault)
{
	struct smtp *s;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		log_abort("libcurl does not start");
	s = heap_zeroed(1, sizeof(*s));
	s->conf = conf;
	*fault = conf->smtp_password_file[0] != '\0' ?
	    open_password(conf->smtp_password_file, s->password) : NULL;
	if (*fault == NULL)
		return s;
	smtp_close(s);
	return NULL;
}

void
smtp_rest(struct smtp *s)
{
	curl_easy_cleanup(s->curl);
	s->curl = NULL;
}

void
smtp_close(struct smtp *s)
{
	if (s == NULL)
		return;
	smtp_rest(s);
	explicit_bzero(s, sizeof(*s));
	free(s);
	curl_global_cleanup();
}

/* What libcurl asks and tells. */

static size_t
give(char *to, size_t size, size_t n, void *arg)
{
	struct smtp *s = arg;
	size_t len = size * n < s->left.len ? size * n : s->left.len;

	memcpy(to, s->left.ptr, len);
	s->left.ptr += len;
	s->left.len -= len;
	return len;
}

static int
seek(void *arg, curl_off_t offset, int whence)
{
	struct smtp *s = arg;

	if (whence != SEEK_SET || offset < 0 ||
	    (size_t)offset > s->whole.len)
		return CURL_SEEKFUNC_FAIL;
	s->left.ptr = s->whole.ptr + offset;
	s->left.len = s->whole.len - (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Of what we say only the verb is kept: a password may come after it. */
static void
note_said(struct smtp *s, const char *line, size_t len)
{
	static const char *const verbs[] = { "EHLO", "HELO", "STARTTLS",
	    "AUTH", "MAIL", "RCPT", "DATA" };
	size_t i;

	s->quits = len >= VERB_LEN && memcmp(line, "QUIT", VERB_LEN) == 0;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (len >= VERB_LEN && memcmp(line, verbs[i], VERB_LEN) == 0)
			memcpy(s->verb, verbs[i], VERB_LEN);
}

/* Of what is answered only the numbers: it may have an address in it. */
static void
note_answered(struct smtp *s, const char *line, size_t len)
{
	size_t i;

	if (len < 3 || s->quits)
		return;
	for (i = 0; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return;
	s->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
	    (line[2] - '0');
	s->status[0] = '\0';
	for (i = 0; i + 4 < len && i < STATUS_MAX - 1; i++) {
		if ((line[i + 4] < '0' || line[i + 4] > '9') &&
		    line[i + 4] != '.')
			break;
		s->status[i] = line[i + 4];
		s->status[i + 1] = '\0';
	}
	if (strchr(s->status, '.') == NULL)
		s->status[0] = '\0';
}

static int
listen_in(CURL *curl, curl_infotype type, char *data, size_t len, void *arg)
{
	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_said(arg, data, len);
	else if (type == CURLINFO_HEADER_IN)
		note_answered(arg, data, len);
	return 0;
}

/* Held back while a mail is being sent: see courier.c. */
static bool
is_end_asked_for(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && (sigismember(&set, SIGTERM) == 1 ||
	    sigismember(&set, SIGINT) == 1);
}

/*
 * A server that has the whole mail may well have taken it when our patience
 * ends, and would get it once more.  So it has far longer for that one answer,
 * unless we are to end.  Asked once a second, also while libcurl waits.
 */
static int
watch_time(void *arg, curl_off_t down_all, curl_off_t down,
    curl_off_t up_all, curl_off_t up)
{
	const struct smtp *s = arg;
	int64_t limit = s->conf->mail_timeout * SECOND_MS;

	(void)down_all;
	(void)down;
	(void)up_all;
	if (up >= (curl_off_t)s->whole.len && !s->quits &&
	    !is_end_asked_for())
		limit += SMTP_ANSWER_MS;
	return clock_steady_ms() - s->began_at >= limit;
}

/* Setting up. */

static void
must(CURLcode code)
{
	if (code != CURLE_OK)
		log_abort("libcurl lacks what we need of it");
}

#define SET(option, value)						\
	must(curl_easy_setopt(s->curl, CURLOPT_ ## option, (value)))

/*
 * EHLO names the host that we are reached at; by itself libcurl would take
 * the machine's own name, which says something to nobody but us.
 */
static void
set_server(struct smtp *s)
{
	const struct conf *c = s->conf;
	char url[URL_MAX];

	(void)snprintf(url, sizeof(url), "%s/%s", c->smtp_url,
	    c->base.host);
	SET(URL, url);
	SET(PROTOCOLS_STR, "smtp,smtps");
	SET(PROXY, "");
	SET(CONNECTTIMEOUT_MS, c->mail_timeout * SECOND_MS < CONNECT_MS ?
	    c->mail_timeout * SECOND_MS : CONNECT_MS);
	/* The last answer's time; watch_time has an eye on the others'. */
	SET(TIMEOUT_MS, c->mail_timeout * SECOND_MS + SMTP_ANSWER_MS);
	SET(SERVER_RESPONSE_TIMEOUT, SMTP_ANSWER_MS / SECOND_MS);
	SET(MAXAGE_CONN, KEPT_SECONDS);
	SET(NOSIGNAL, 1L);
	if (c->smtp_user[0] != '\0') {
		SET(USERNAME, c->smtp_user);
		SET(PASSWORD, s->password);
	}
}

static void
set_tls(struct smtp *s)
{
	const struct conf *c = s->conf;

	SET(USE_SSL, (long)(c->smtp_plain ? CURLUSESSL_NONE :
	    CURLUSESSL_ALL));
	SET(SSL_VERIFYPEER, c->smtp_plain ? 0L : 1L);
	SET(SSL_VERIFYHOST, c->smtp_plain ? 0L : 2L);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->smtp_ca[0] != '\0') {
		SET(CAINFO, c->smtp_ca);
		SET(CAPATH, (const char *)NULL);
	}
}

static void
connect_to(struct smtp *s)
{
	if ((s->curl = curl_easy_init()) == NULL)
		log_abort("no memory");
	set_server(s);
	set_tls(s);
	SET(UPLOAD, 1L);
	SET(READFUNCTION, give);
	SET(READDATA, s);
	SET(SEEKFUNCTION, seek);
	SET(SEEKDATA, s);
	SET(VERBOSE, 1L);
	SET(DEBUGFUNCTION, listen_in);
	SET(DEBUGDATA, s);
	SET(NOPROGRESS, 0L);
	SET(XFERINFOFUNCTION, watch_time);
	SET(XFERINFODATA, s);
}

/* Sending. */

static CURLcode
perform(struct smtp *s, const struct parcel *p)
{
	struct curl_slist *to;
	CURLcode code;

	if (s->curl == NULL)
		connect_to(s);
	if ((to = curl_slist_append(NULL, p->to)) == NULL)
		log_abort("no memory");
	s->whole = s->left = p->bytes;
	s->began_at = clock_steady_ms();
	s->code = 0;
	s->quits = false;
	s->verb[0] = s->status[0] = '\0';
	SET(MAIL_FROM, p->from);
	SET(MAIL_RCPT, to);
	SET(INFILESIZE_LARGE, (curl_off_t)p->bytes.len);
	code = curl_easy_perform(s->curl);
	SET(MAIL_RCPT, (struct curl_slist *)NULL);
	curl_slist_free_all(to);
	return code == CURLE_ABORTED_BY_CALLBACK ? CURLE_OPERATION_TIMEDOUT :
	    code;
}

/*
 * A server may have ended the connection that was kept.  What it says after it
 * has begun to read the mail is of the mail.
 */
static bool
was_kept_too_long(struct smtp *s, CURLcode code)
{
	long made = 0;

	(void)curl_easy_getinfo(s->curl, CURLINFO_NUM_CONNECTS, &made);
	return code != CURLE_OK && made == 0 &&
	    s->left.len == s->whole.len && (s->code == 0 || s->code == 421);
}

static bool
had_come_to(const struct smtp *s, const char *verb)
{
	return strcmp(s->verb, verb) == 0;
}

/*
 * RFC 3463, 3.8, and RFC 4954, 6: a rule keeps us out, as where our login is
 * missing.  That can be mended; no recipient is to blame.
 */
static bool
is_kept_out(const struct smtp *s)
{
	return had_come_to(s, "RCPT") && (s->code == 530 ||
	    strncmp(s->status, "5.7.", strlen("5.7.")) == 0);
}

/*
 * What comes after MAIL is of this mail, 421 too: servers say that to one
 * recipient, or to a text, where the next has nothing to fear.
 */
static enum post_status
status_of(const struct smtp *s, CURLcode code)
{
	if (code == CURLE_OK)
		return POST_SENT;
	if (!had_come_to(s, "RCPT") && !had_come_to(s, "DATA"))
		return POST_DOWN;
	return s->code / 100 == 5 && !is_kept_out(s) ? POST_NEVER :
	    POST_LATER;
}

static void
tell(const struct smtp *s, CURLcode code, struct post_result *out)
{
	const char *verb = s->verb[0] != '\0' ? s->verb : "connection";

	out->status = status_of(s, code);
	if (code == CURLE_OK)
		out->reason[0] = '\0';
	else if (s->code >= 400)
		(void)snprintf(out->reason, POST_REASON_MAX, "%s: %d%s%s",
		    verb, s->code, s->status[0] != '\0' ? " " : "",
		    s->status);
	else
		(void)snprintf(out->reason, POST_REASON_MAX, "%s: %s", verb,
		    curl_easy_strerror(code));
}

/*
 * What comes late by this connection would be taken for an answer to the next
 * mail, and its server would be waited for once more to say goodbye.
 */
static void
cut(struct smtp *s)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	(void)curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != CURL_SOCKET_BAD)
		(void)shutdown(fd, SHUT_RDWR);
	smtp_rest(s);
}

void
smtp_send(struct smtp *s, const struct parcel *p, struct post_result *out)
{
	CURLcode code = perform(s, p);

	if (was_kept_too_long(s, code)) {
		cut(s);
		code = perform(s, p);
	}
	if (code == CURLE_OPERATION_TIMEDOUT)
		cut(s);
	tell(s, code, out);
}

const char *
smtp_version(void)
{
	static char version[64];

	(void)snprintf(version, sizeof(version), "libcurl %s",
	    curl_version_info(CURLVERSION_NOW)->version);
	return version;
}
