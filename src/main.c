/*
 * gatelodge - a user authentication service behind a web server
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth.h"
#include "cgi.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "digest.h"
#include "fcgi.h"
#include "heap.h"
#include "json.h"
#include "listen.h"
#include "log.h"
#include "passwd.h"
#include "program.h"
#include "store.h"
#include "unicode.h"
#include "web.h"

/* nginx ends its idle connections after 5 s, as our snippet has it. */
#define DRAIN_MS	8000
#define DRAIN_STEP_MS	20
#define TICK_MS		1000
#define SWEEP_MS	10000
#define FORGET_MS	60000

enum mode { SERVE, TEST, DUMP };

static struct {
	enum mode	 mode;
	const char	*conf_path;
	const char	*socket;	/* NULL: as the file says */
} options;

static const char usage_text[] =
    "usage: gatelodge [-c FILE] [-s SOCKET] [-t | -T | -V | -h]\n"
    "  -c, --config FILE    read settings from FILE\n"
    "  -s, --socket SOCKET  listen on a path or on HOST:PORT of loopback\n"
    "  -t, --test           check the settings and exit\n"
    "  -T, --dump           print the effective settings and exit\n"
    "  -V, --version        print the version and exit\n"
    "  -h, --help           print this and exit\n";

static void
print_version(void)
{
	(void)printf("gatelodge %s\n%s, %s, %s, %s,\n%s, %s, %s\n",
	    PACKAGE_VERSION, fcgi_version(), db_version(), passwd_version(),
	    json_version(), digest_version(), conf_version(),
	    unicode_version());
}

static const char *
checked_socket(const char *where)
{
	const char *fault = conf_socket_fault(where);

	if (fault == NULL)
		return where;
	(void)fprintf(stderr, "gatelodge: -s %s: %s\n", where, fault);
	exit(EX_USAGE);
}

static void
take_option(int letter)
{
	switch (letter) {
	case 'c':
		options.conf_path = optarg;
		break;
	case 's':
		options.socket = checked_socket(optarg);
		break;
	case 't':
		options.mode = TEST;
		break;
	default:
		options.mode = DUMP;
	}
}

static const struct option longs[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "socket", required_argument, NULL, 's' },
	{ "test", no_argument, NULL, 't' },
	{ "dump", no_argument, NULL, 'T' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct program program = {
	.name = "gatelodge",
	.usage = usage_text,
	.letters = "c:s:tTVh",
	.longs = longs,
	.print_version = print_version,
	.take = take_option,
	.signals = { SIGHUP, SIGINT, SIGTERM, SIGUSR1 },
};

static struct conf *
load(void (*tell)(const char *))
{
	struct conf *conf;

	conf = conf_load(options.conf_path, tell);
	if (conf != NULL && options.socket != NULL)
		conf->socket = options.socket;
	return conf;
}

/* -t and -T: what the settings are worth, without serving. */
static int
show_settings(const struct conf *conf)
{
	if (options.mode == DUMP)
		conf_dump(conf, stdout);
	else if (!listen_knows_group(conf->socket_group, program_complain))
		return EX_CONFIG;
	else
		(void)fprintf(stderr, "gatelodge: %s is ok\n",
		    options.conf_path);
	return program_said();
}

/* A thread's desk: a store to ask, and what it hashes with. */
static struct auth *
desk_open(void *db, enum cost cost)
{
	struct auth *desk;

	desk = heap_zeroed(1, sizeof(*desk));
	desk->store = store_desk(db, cost != COST_WRITE);
	if (desk->store == NULL)
		log_abort("the store opens no second time");
	if (cost == COST_HASH)
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

static size_t
cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (size_t)n : 1;
}

static size_t
hash_slots(const struct conf *conf)
{
	return conf->hash_slots > 0 ? (size_t)conf->hash_slots : cores();
}

/* A bad file is refused, and so is one that only a new start can follow. */
static void
reload(void)
{
	const struct conf *old = conf_acquire();
	const char *key;
	struct conf *conf;

	conf = load(program_complain_in_log);
	key = conf != NULL ? conf_restart_key(old, conf) : NULL;
	conf_release(old);
	if (key != NULL) {
		LOG("config.refused", LOG_TEXT("key", key),
		    LOG_TEXT("reason", "needs a new start"));
		conf_free(conf);
	} else if (conf != NULL) {
		conf_publish(conf);
		LOG("config.reloaded", LOG_TEXT("file", options.conf_path));
	}
}

static void
sweep_if_due(struct db *db)
{
	const struct conf *conf;
	static int64_t due;

	if (clock_steady_ms() < due)
		return;
	due = clock_steady_ms() + SWEEP_MS;
	store_sweep(db, clock_ms());
	conf = conf_acquire();
	if (conf->audit_days > 0)
		store_audit_sweep(db, clock_ms() -
		    conf->audit_days * CLOCK_DAY_MS);
	conf_release(conf);
}

/* More often would cost each disk its work for what is seldom looked at. */
static void
forget_if_due(struct db *db)
{
	static int64_t due;

	if (clock_steady_ms() < due)
		return;
	due = clock_steady_ms() + FORGET_MS;
	db_forget(db);
}

static void
serve_until_stopped(struct fcgi *f, struct db *db)
{
	int number;

	do {
		number = program_wait(TICK_MS);
		if (number == SIGHUP)
			reload();
		fcgi_tick(f);
		sweep_if_due(db);
		forget_if_due(db);
	} while (number == 0 || number == SIGHUP);
	LOG("stopping", LOG_NUMBER("signal", number));
}

/* A second signal is the end of patience with idle connections. */
static void
drain(struct fcgi *f)
{
	int64_t start = clock_steady_ms();
	int number = 0;

	fcgi_drain(f);
	while (!fcgi_is_empty(f) && clock_steady_ms() - start < DRAIN_MS &&
	    (number == 0 || number == SIGHUP)) {
		number = program_wait(DRAIN_STEP_MS);
		fcgi_tick(f);
	}
	fcgi_stop(f);
}

static void
warn_of_compat(const struct conf *conf)
{
	if (conf->rules->open)
		LOG("profile.compat", LOG_TEXT("warning", "whoever knows an "
		    "address gets its reset token: for loopback, or towards "
		    "your own back end, only"));
}

static int
serve(const struct conf *conf, struct db *db, struct listening *l)
{
	const struct fcgi_service service = { .open = desk_open,
	    .close = desk_close, .begin = web_begin, .finish = web_finish,
	    .refuse = web_refuse, .arg = db };
	const struct fcgi_plan plan = { .listen_fd = l->fd,
	    .workers = cores(), .hash_slots = hash_slots(conf) };
	struct fcgi *f;

	f = fcgi_start(&plan, &service);
	if (f == NULL) {
		program_complain(strerror(errno));
		return EX_OSERR;
	}
	LOG("started", LOG_TEXT("version", PACKAGE_VERSION),
	    LOG_TEXT("profile", conf->profile),
	    LOG_TEXT("socket", l->name),
	    LOG_NUMBER("workers", (int64_t)plan.workers),
	    LOG_NUMBER("hash_slots", (int64_t)plan.hash_slots));
	serve_until_stopped(f, db);
	listen_unlink(l);
	drain(f);
	LOG("stopped", LOG_TEXT("version", PACKAGE_VERSION));
	return EX_OK;
}

static struct db *
open_store(const struct conf *conf, int *code)
{
	enum db_refusal why;
	struct db *db;

	db = store_open(conf->store, &why, program_complain);
	if (db == NULL)
		*code = why == DB_CANNOT_OPEN ? EX_CANTCREAT : EX_DATAERR;
	return db;
}

/* The socket first: who finds it taken must not touch another's store. */
static int
run_as_daemon(const struct conf *conf)
{
	struct listening l;
	struct db *db;
	int code;

	switch (listen_open(&l, conf->socket, conf->socket_group,
	    program_complain)) {
	case LISTEN_OK:
		break;
	case LISTEN_IN_USE:
		return EX_UNAVAILABLE;
	case LISTEN_CANNOT:
		return EX_CANTCREAT;
	}
	warn_of_compat(conf);
	if ((db = open_store(conf, &code)) != NULL)
		code = serve(conf, db, &l);
	listen_unlink(&l);
	store_shut(db);
	return code;
}

/* Whoever asks for one page may end it at any time, as any program. */
static int
run_as_cgi(const struct conf *conf)
{
	struct auth *desk;
	struct db *db;
	int code;

	program_free_signals();
	if ((db = open_store(conf, &code)) == NULL)
		return code;
	desk = desk_open(db, COST_HASH);
	desk->conf = conf;
	code = cgi_serve(conf, desk) ? EX_OK : EX_IOERR;
	desk_close(desk);
	store_shut(db);
	return code;
}

static int
run(struct conf *conf)
{
	const struct conf *first;
	int code;

	/* First: what comes before we serve is heard when we do. */
	program_hold_signals();
#ifdef M_ARENA_MAX
	/* A heap for each thread would cost more than it gives. */
	(void)mallopt(M_ARENA_MAX, 2);
#endif
	if (!passwd_self_test()) {
		program_complain("libxcrypt gives wrong password hashes");
		return EX_SOFTWARE;
	}
	conf_publish(conf);
	/* A reload lets go of it, but the socket's name stands in it. */
	first = conf_acquire();
	code = cgi_is_asked() ? run_as_cgi(first) : run_as_daemon(first);
	conf_release(first);
	conf_publish(NULL);
	return code;
}

int
main(int argc, char **argv)
{
	struct conf *conf;
	int code;

	program_begin(&program);
	options.conf_path = program_conf_path();
	/* A CGI program's arguments are the client's (RFC 3875, 4.4). */
	if (!cgi_is_asked())
		program_options(argc, argv);
	conf = load(program_complain);
	if (conf == NULL)
		return EX_CONFIG;
	if (options.mode != SERVE) {
		code = show_settings(conf);
		conf_free(conf);
		return code;
	}
	return run(conf);
}
