#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "log.h"
#include "text.h"
#include "web.h"

const struct caller helper_caller = { .host = "", .network = "",
    .user_agent = "" };

#define THREADS_MAX	100

void
helper_must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "test helper: %s\n", what);
	abort();
}

char *
helper_exact(const void *bytes, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	helper_must(copy != NULL, "no memory");
	memcpy(copy, bytes, len);
	return copy;
}

/* Files. */

void
helper_dir(char *out)
{
	const char *top = getenv("TMPDIR");

	(void)snprintf(out, HELPER_PATH_MAX, "%s/gatelodge-test-XXXXXX",
	    top != NULL ? top : "/tmp");
	helper_must(mkdtemp(out) != NULL, "mkdtemp");
}

void
helper_dir_remove(const char *dir)
{
	char path[HELPER_PATH_MAX * 2];
	struct dirent *entry;
	DIR *d;

	if ((d = opendir(dir)) == NULL) {
		helper_must(false, dir);
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir,
		    entry->d_name);
		if (unlink(path) == 0)
			continue;
		helper_must(errno == EISDIR, path);
		helper_dir_remove(path);
	}
	(void)closedir(d);
	helper_must(rmdir(dir) == 0, dir);
}

char *
helper_file(const char *path, size_t *len)
{
	struct stat st;
	char *bytes;
	size_t used;
	FILE *f;

	helper_must((f = fopen(path, "re")) != NULL &&
	    fstat(fileno(f), &st) == 0, path);
	bytes = calloc(1, (size_t)st.st_size + 1);
	helper_must(bytes != NULL, "no memory");
	used = fread(bytes, 1, (size_t)st.st_size, f);
	(void)fclose(f);
	if (len != NULL)
		*len = used;
	return bytes;
}

void
helper_write(const char *path, const void *bytes, size_t len)
{
	FILE *f;

	helper_must((f = fopen(path, "we")) != NULL &&
	    fwrite(bytes, 1, len, f) == len && fclose(f) == 0, path);
}

size_t
helper_grep(const char *path, const char *bytes, size_t len)
{
	const char *at, *end;
	size_t size, n = 0;
	char *file;

	if (access(path, F_OK) != 0)
		return 0;
	file = helper_file(path, &size);
	end = file + size;
	for (at = file; (at = memmem(at, (size_t)(end - at), bytes, len)) !=
	    NULL; at++)
		n++;
	free(file);
	return n;
}

/* Settings and beds. */

static void
complain(const char *message)
{
	(void)fprintf(stderr, "test helper: %s\n", message);
}

struct conf *
helper_conf(const char *settings)
{
	char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];
	struct conf *conf;

	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/gatelodge.conf", dir);
	helper_write(path, settings, strlen(settings));
	helper_must(chmod(path, 0600) == 0, path);
	conf = conf_load(path, complain);
	helper_must(conf != NULL, settings);
	helper_dir_remove(dir);
	return conf;
}

static struct auth *
desk_open(const struct bed *b)
{
	struct auth *desk;

	desk = calloc(1, sizeof(*desk));
	helper_must(desk != NULL, "no memory");
	desk->conf = b->conf;
	desk->store = store_desk(b->db, true);
	helper_must(desk->store != NULL, b->store);
	desk->passwd = passwd_open();
	return desk;
}

static void
desk_close(struct auth *desk)
{
	store_leave(desk->store);
	passwd_close(desk->passwd);
	free(desk);
}

static void
open_log(struct bed *b)
{
	b->log_fd = open(b->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600);
	helper_must(b->log_fd >= 0, b->log);
	log_to(b->log_fd);
}

static void
set_path(char *out, const char *dir, const char *name)
{
	helper_must(strlen(dir) + strlen(name) + 2 <= HELPER_PATH_MAX, dir);
	(void)stpcpy(stpcpy(stpcpy(out, dir), "/"), name);
}

void
helper_bed(struct bed *b, const char *settings)
{
	enum db_refusal why;

	memset(b, 0, sizeof(*b));
	helper_must(passwd_self_test(), "libxcrypt");
	helper_dir(b->dir);
	set_path(b->store, b->dir, "store.db");
	set_path(b->log, b->dir, "log");
	open_log(b);
	b->conf = helper_conf(settings != NULL ? settings :
	    "profile = \"compat\"\nhash_cost = 1\n");
	b->db = store_open(b->store, &why, complain);
	helper_must(b->db != NULL, b->store);
	b->desk = desk_open(b);
}

void
helper_bed_settings(struct bed *b, const char *settings)
{
	conf_free(b->conf);
	b->conf = helper_conf(settings);
	b->desk->conf = b->conf;
}

void
helper_forget(struct bed *b)
{
	struct answer *a;

	while ((a = b->answers) != NULL) {
		b->answers = a->next;
		arena_free(a->arena);
		free(a->sent);
		free(a);
	}
}

void
helper_bed_close(struct bed *b)
{
	helper_forget(b);
	desk_close(b->desk);
	store_shut(b->db);
	conf_free(b->conf);
	log_to(STDERR_FILENO);
	(void)close(b->log_fd);
	helper_dir_remove(b->dir);
}

void
helper_guest(struct bed *guest, struct bed *host)
{
	*guest = *host;
	guest->host = host;
	guest->answers = NULL;
	guest->desk = desk_open(host);
}

void
helper_guest_close(struct bed *guest)
{
	helper_forget(guest);
	desk_close(guest->desk);
}

void
helper_settle(struct bed *b)
{
	struct arena *a = arena_new();

	/* The writer does one after the other. */
	helper_must(store_session_end(b->desk->store, a, "none", NULL) ==
	    STORE_GONE, b->store);
	arena_free(a);
}

char *
helper_log(struct bed *b)
{
	char *lines;

	lines = helper_file(b->log, NULL);
	helper_must(ftruncate(b->log_fd, 0) == 0, b->log);
	return lines;
}

bool
helper_log_valid(const char *lines)
{
	struct arena *a = arena_new();
	struct pairs pairs;
	const char *end;
	bool valid = true;

	for (; *lines != '\0' && valid; lines = end + 1) {
		end = strchr(lines, '\n');
		valid = end != NULL && json_read(a, lines,
		    (size_t)(end - lines), &pairs) == READ_OK;
		if (!valid)
			break;
	}
	arena_free(a);
	return valid;
}

/* Calls. */

static void
tell(struct answer *a, const char *name, const char *value)
{
	if (value != NULL)
		call_param(&a->call, arena_printf(a->arena, "%s=%s", name,
		    value));
}

static void
tell_uri(struct answer *a, const char *uri)
{
	const char *query;

	if (uri == NULL)
		return;
	query = strchr(uri, '?');
	tell(a, "REQUEST_URI", uri);
	tell(a, "QUERY_STRING", query != NULL ? query + 1 : "");
}

static void
tell_length(struct answer *a, const struct request *r)
{
	if (r->length == NULL)
		tell(a, "CONTENT_LENGTH", arena_printf(a->arena, "%zu",
		    a->call.body_len));
	else if (r->length[0] != '\0')
		tell(a, "CONTENT_LENGTH", r->length);
}

static void
give_body(struct answer *a, const struct request *r)
{
	size_t len;

	if (r->body == NULL)
		return;
	len = r->body_len > 0 ? r->body_len : strlen(r->body);
	a->sent = helper_exact(r->body, len);
	a->call.body = a->sent;
	a->call.body_len = len <= CALL_BODY_MAX ? len : CALL_BODY_MAX;
	a->call.body_over = len > CALL_BODY_MAX;
}

static void
fill(struct answer *a, const struct request *r)
{
	size_t i;

	give_body(a, r);
	tell(a, "REQUEST_METHOD", r->method != NULL ? r->method : "GET");
	tell_uri(a, r->uri);
	tell(a, "CONTENT_TYPE", r->type);
	tell_length(a, r);
	tell(a, "HTTP_COOKIE", r->cookie);
	if (r->client == NULL || r->client[0] != '\0')
		tell(a, "REMOTE_ADDR", r->client != NULL ? r->client :
		    "127.0.0.1");
	for (i = 0; i < HELPER_PARAMS_MAX && r->param[i] != NULL; i++)
		call_param(&a->call, r->param[i]);
}

static bool
is_header_line(const char *line, size_t len)
{
	size_t i, name;

	name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (name == 0 || name + 2 > len || memcmp(line + name, ": ", 2) != 0)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return false;
	return true;
}

static void
check_head(const char *head)
{
	const char *end;

	helper_must(text_begins(head, "Status: "), "no status first");
	for (; *head != '\0'; head = end + 2) {
		helper_must((end = strstr(head, "\r\n")) != NULL, head);
		helper_must(is_header_line(head, (size_t)(end - head)), head);
	}
}

static void
check_length(struct answer *a)
{
	const char *length = helper_header(a, "Content-Length");

	if (a->status == 204 || a->status == 304) {
		helper_must(length == NULL && a->body[0] == '\0',
		    "204 or 304 with a body");
		return;
	}
	helper_must(length != NULL, "no Content-Length");
	if (a->call.method == METHOD_HEAD)
		helper_must(a->body[0] == '\0', "HEAD with a body");
	else
		helper_must(strtoul(length, NULL, 10) == strlen(a->body),
		    "another length than announced");
}

static void
take_apart(struct answer *a)
{
	const struct reply *r = &a->call.reply;
	const char *middle;

	helper_must(r->bytes != NULL, "no answer");
	helper_must(strlen(r->bytes) == r->len, "an answer with a NUL");
	middle = strstr(r->bytes, "\r\n\r\n");
	helper_must(middle != NULL, "an answer without an empty line");
	a->head = arena_copy(a->arena, r->bytes,
	    (size_t)(middle - r->bytes) + 2);
	a->body = arena_strdup(a->arena, middle + 4);
	check_head(a->head);
	a->status = (int)strtol(a->head + strlen("Status: "), NULL, 10);
	check_length(a);
}

struct answer *
helper_ask(struct bed *b, const struct request *r)
{
	struct answer *a;

	a = calloc(1, sizeof(*a));
	helper_must(a != NULL, "no memory");
	a->next = b->answers;
	b->answers = a;
	a->arena = arena_new();
	call_init(&a->call, a->arena, b->conf);
	a->call.auth = b->desk;
	fill(a, r);
	web_handle(&a->call);
	take_apart(a);
	return a;
}

const char *
helper_header(struct answer *a, const char *name)
{
	const char *line, *value = NULL;
	size_t len = strlen(name), n = 0;

	for (line = a->head; *line != '\0'; line = strstr(line, "\r\n") + 2) {
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			value = line + len + 2;
			n++;
		}
	}
	if (n != 1)
		return NULL;
	return arena_copy(a->arena, value, strcspn(value, "\r"));
}

const char *
helper_member(struct answer *a, const char *name)
{
	struct pairs pairs;
	size_t i;

	if (json_read(a->arena, a->body, strlen(a->body), &pairs) != READ_OK)
		return NULL;
	for (i = 0; i < pairs.n; i++)
		if (strcmp(pairs.pair[i].name, name) == 0)
			return pairs.pair[i].value;
	return NULL;
}

const char *
helper_cookie_line(struct answer *a, const char *name)
{
	const char *start = ARENA_JOIN(a->arena, "\r\nSet-Cookie: ", name,
	    "="), *line = strstr(a->head, start);

	if (line == NULL || strstr(line + 1, start) != NULL)
		return NULL;
	line += strlen("\r\nSet-Cookie: ");
	return arena_copy(a->arena, line, strcspn(line, "\r"));
}

const char *
helper_cookie(struct answer *a, const char *name)
{
	const char *line = helper_cookie_line(a, name);

	if (line == NULL)
		return NULL;
	line += strlen(name) + 1;
	return arena_copy(a->arena, line, strcspn(line, ";"));
}

/* The file. */

struct sqlite3 *
helper_sqlite(const char *path)
{
	sqlite3 *db;
	int off;

	helper_must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK, path);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
	    &off);
	helper_must(sqlite3_exec(db, "PRAGMA wal_autocheckpoint=0;"
	    "PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000", NULL, NULL,
	    NULL) == SQLITE_OK, path);
	return db;
}

int
helper_sql(const char *path, const char *sql)
{
	sqlite3 *db = helper_sqlite(path);
	int rc;

	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	(void)sqlite3_close(db);
	return rc;
}

static sqlite3_stmt *
first_row(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;

	helper_must(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) ==
	    SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW, sql);
	return stmt;
}

int64_t
helper_number(const char *path, const char *sql)
{
	sqlite3 *db = helper_sqlite(path);
	sqlite3_stmt *stmt = first_row(db, sql);
	int64_t number = sqlite3_column_int64(stmt, 0);

	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return number;
}

char *
helper_text(const char *path, const char *sql)
{
	sqlite3 *db = helper_sqlite(path);
	sqlite3_stmt *stmt = first_row(db, sql);
	char *text = strdup((const char *)sqlite3_column_text(stmt, 0));

	helper_must(text != NULL, "memory");
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return text;
}

/* Threads and time. */

struct runner {
	pthread_t	 thread;
	pthread_barrier_t *start;
	void		(*run)(size_t, void *);
	void		*arg;
	size_t		 index;
};

static void *
runner_main(void *arg)
{
	struct runner *r = arg;

	(void)pthread_barrier_wait(r->start);
	r->run(r->index, r->arg);
	return NULL;
}

void
helper_threads(size_t n, void (*run)(size_t, void *), void *arg)
{
	struct runner runner[THREADS_MAX];
	pthread_barrier_t start;
	size_t i;

	helper_must(n <= THREADS_MAX, "too many threads");
	helper_must(pthread_barrier_init(&start, NULL, (unsigned int)n) == 0,
	    "barrier");
	for (i = 0; i < n; i++) {
		runner[i] = (struct runner){ .start = &start, .run = run,
		    .arg = arg, .index = i };
		helper_must(pthread_create(&runner[i].thread, NULL,
		    runner_main, &runner[i]) == 0, "thread");
	}
	for (i = 0; i < n; i++)
		(void)pthread_join(runner[i].thread, NULL);
	(void)pthread_barrier_destroy(&start);
}

int64_t
helper_cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
helper_signal_of(void (*run)(void))
{
	const struct rlimit none = { 0, 0 };
	int status = 0;
	pid_t pid;

	helper_must((pid = fork()) >= 0, "fork");
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGABRT, SIG_DFL);
		run();
		_exit(0);
	}
	helper_must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
