/*
 * gatelodge-courier - sends the mails that gatelodge has written
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "clock.h"
#include "conf.h"
#include "delivery.h"
#include "log.h"
#include "program.h"
#include "smtp.h"
#include "store.h"

#define TICK_MS		1000
#define PAUSE_MOST_MS	30000
#define SWEEP_MS	600000

static struct {
	const char	*conf_path;
	bool		 once;
	bool		 test;
} options;

/* Why the store does not open, told once and not each second. */
static char refusal[1024];

static const char usage_text[] =
    "usage: gatelodge-courier [-c FILE] [-1 | -t | -V | -h]\n"
    "  -c, --config FILE    read settings from FILE\n"
    "  -1, --once           send what is due and exit\n"
    "  -t, --test           check the settings and exit\n"
    "  -V, --version        print the version and exit\n"
    "  -h, --help           print this and exit\n";

static void
print_version(void)
{
	(void)printf("gatelodge-courier %s\n%s\n", PACKAGE_VERSION,
	    smtp_version());
}

static void
take_option(int letter)
{
	if (letter == 'c')
		options.conf_path = optarg;
	options.once = options.once || letter == '1';
	options.test = options.test || letter == 't';
}

static const struct option longs[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "once", no_argument, NULL, '1' },
	{ "test", no_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct program program = {
	.name = "gatelodge-courier",
	.usage = usage_text,
	.letters = "c:1tVh",
	.longs = longs,
	.print_version = print_version,
	.take = take_option,
	.signals = { SIGHUP, SIGINT, SIGTERM },
};

/* Settings, and what is made by them. */

static void
let_go(struct delivery *d)
{
	post_close(d->post);
	conf_free(d->conf);
}

static bool
load(struct delivery *d, void (*tell)(const char *))
{
	memset(d, 0, sizeof(*d));
	d->conf = conf_load(options.conf_path, tell);
	if (d->conf != NULL && (d->post = post_open(d->conf, tell)) != NULL)
		return true;
	let_go(d);
	return false;
}

/* What is refused leaves everything as it was. */
static void
reload(struct delivery *d)
{
	struct delivery new;
	const char *key;

	if (!load(&new, program_complain_in_log))
		return;
	if ((key = conf_restart_key(d->conf, new.conf)) != NULL) {
		LOG("config.refused", LOG_TEXT("key", key),
		    LOG_TEXT("reason", "needs a new start"));
		let_go(&new);
		return;
	}
	memcpy(new.unmarked, d->unmarked, sizeof(new.unmarked));
	let_go(d);
	*d = new;
	LOG("config.reloaded", LOG_TEXT("file", options.conf_path));
}

/*
 * The signal that ends us, or 0; *asked: meanwhile the settings were asked for
 * anew, and may be others.
 */
static int
wait_signal(struct delivery *d, int64_t ms, bool *asked)
{
	int number = program_wait(ms);

	*asked = number == SIGHUP;
	if (number != SIGHUP)
		return number;
	reload(d);
	return 0;
}

/* Sending. */

struct round {
	struct delivery	*delivery;
	struct db	*db;
	struct store	*store;
	int64_t		 pause_ms;	/* while nobody takes mails */
	int64_t		 pause_until;
	int64_t		 sweep_at;
};

/* The same; who has mended what nobody took mails by need not wait longer. */
static int
wait_in_round(struct round *r, int64_t ms)
{
	bool asked;
	int number = wait_signal(r->delivery, ms, &asked);

	if (asked)
		r->pause_ms = r->pause_until = 0;
	return number;
}

/* All that is due, unless a signal comes: *number. */
static enum delivery_status
send_due(struct round *r, int *number)
{
	struct arena *a = arena_new();
	enum delivery_status status;

	do {
		status = delivery_one(r->delivery, r->store, a);
		arena_wipe(a);
		*number = status == DELIVERY_DONE ?
		    wait_in_round(r, 0) : 0;
	} while (status == DELIVERY_DONE && *number == 0);
	arena_free(a);
	if (status != DELIVERY_DONE)
		post_rest(r->delivery->post);
	return status;
}

/* A server that is down is not asked for each mail anew. */
static void
pause_or_not(struct round *r, enum delivery_status status)
{
	if (status != DELIVERY_DOWN) {
		r->pause_ms = 0;
		return;
	}
	r->pause_ms = r->pause_ms == 0 ? TICK_MS : r->pause_ms * 2;
	if (r->pause_ms > PAUSE_MOST_MS)
		r->pause_ms = PAUSE_MOST_MS;
	r->pause_until = clock_steady_ms() + r->pause_ms;
}

static void
sweep_if_due(struct round *r)
{
	if (clock_steady_ms() < r->sweep_at)
		return;
	r->sweep_at = clock_steady_ms() + SWEEP_MS;
	store_mail_sweep(r->db, clock_ms());
}

static void
send_until_stopped(struct round *r)
{
	int number = 0;

	while (number == 0) {
		if (clock_steady_ms() >= r->pause_until)
			pause_or_not(r, send_due(r, &number));
		sweep_if_due(r);
		if (number == 0)
			number = wait_in_round(r, TICK_MS);
	}
	LOG("stopping", LOG_NUMBER("signal", number));
}

static int
send_with(struct delivery *d, struct db *db)
{
	struct round r = { .delivery = d, .db = db };
	enum delivery_status status = DELIVERY_NONE;
	int number;

	r.store = store_desk(db, false);
	if (options.once) {
		status = send_due(&r, &number);
		sweep_if_due(&r);
	} else
		send_until_stopped(&r);
	store_leave(r.store);
	return status == DELIVERY_DOWN || status == DELIVERY_BUSY ?
	    EX_TEMPFAIL : EX_OK;
}

/* The store. */

static void
note_refusal(const char *message)
{
	if (strncmp(message, refusal, sizeof(refusal) - 1) == 0)
		return;
	(void)snprintf(refusal, sizeof(refusal), "%s", message);
	LOG("store.waiting", LOG_TEXT("reason", message));
}

/*
 * gatelodge makes the store and brings it up to date: until then there is
 * nothing to send.  NULL: *code, or *number has come.
 */
static struct db *
open_store(struct delivery *d, int *code, int *number)
{
	enum db_refusal why;
	struct db *db;
	bool asked;

	*number = 0;
	do {
		db = store_open_as_it_is(d->conf->store, &why, options.once ?
		    program_complain : note_refusal);
		if (db != NULL)
			return db;
		*code = why == DB_CANNOT_OPEN || why == DB_TOO_OLD ?
		    EX_TEMPFAIL : EX_DATAERR;
		if (options.once || *code != EX_TEMPFAIL)
			return NULL;
		*number = wait_signal(d, TICK_MS, &asked);
	} while (*number == 0);
	*code = EX_OK;
	return NULL;
}

static const char *
way_of(const struct conf *c)
{
	if (c->smtp_url[0] != '\0')
		return c->smtp_url;
	return c->sendmail[0] != '\0' ? c->sendmail : c->mail_dir;
}

static int
run(struct delivery *d)
{
	struct db *db;
	int code, number;

	if (!options.once)
		LOG("started", LOG_TEXT("version", PACKAGE_VERSION),
		    LOG_TEXT("mail", way_of(d->conf)));
	db = open_store(d, &code, &number);
	if (db != NULL) {
		code = send_with(d, db);
		store_shut(db);
	}
	if (!options.once)
		LOG("stopped", LOG_TEXT("version", PACKAGE_VERSION));
	return code;
}

/* -t: beside the settings, what is opened only when a mail is sent. */
static int
test(const struct delivery *d)
{
	if (!post_judge(d->conf, program_complain))
		return EX_CONFIG;
	(void)fprintf(stderr, "gatelodge-courier: %s is ok\n",
	    options.conf_path);
	return program_said();
}

int
main(int argc, char **argv)
{
	struct delivery d;
	int code;

	program_begin(&program);
	options.conf_path = program_conf_path();
	program_options(argc, argv);
	program_hold_signals();
	if (!load(&d, program_complain))
		return EX_CONFIG;
	code = options.test ? test(&d) : run(&d);
	let_go(&d);
	return code;
}
