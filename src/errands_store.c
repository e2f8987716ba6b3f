#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "copies.h"
#include "errands.h"
#include "wordlist.h"

#define KIB		1024
#define SECOND_MS	1000

static int
schema_version(void)
{
	return (int)store_schema()->migrations;
}

static int
say(struct clerk *c, const char *path, const char *done)
{
	SHEET_ROW(c->sheet, { "file", .text = path }, { "done", .text = done },
	    { "schema", .kind = JSON_NUMBER, .number = schema_version() });
	return EX_OK;
}

int
errand_db_check(struct clerk *c)
{
	const char *store = c->auth.conf->store;
	int code;

	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	if (!db_judge(store, store_schema(), clerk_complain))
		return clerk_fail(EX_DATAERR, "%s is damaged", store);
	return say(c, store, "sound");
}

/* Is there anything to do?  The store is opened as it is to see. */
static int
look_at_schema(struct clerk *c)
{
	const char *store = c->auth.conf->store;
	enum db_refusal why;
	int code;

	if ((code = clerk_become_owner(c)) != EX_OK)
		return code;
	if (access(store, F_OK) != 0)
		return say(c, store, "would be made");
	c->db = store_open_as_it_is(store, &why, clerk_complain);
	if (c->db == NULL && why == DB_TOO_OLD)
		return say(c, store, "would be brought up to date");
	store_shut(c->db);
	c->db = NULL;
	if (why == DB_OPENED)
		return say(c, store, "up to date");
	return why == DB_CANNOT_OPEN ? EX_CANTCREAT : EX_DATAERR;
}

int
errand_db_migrate(struct clerk *c)
{
	int code;

	if (clerk_asked(c, OPT_DRY_RUN))
		return look_at_schema(c);
	code = clerk_open(c, true);
	return code == EX_OK ? say(c, c->auth.conf->store, "up to date") :
	    code;
}

/* Copies. */

static int
copies_code(enum copies_result result, const char *path)
{
	switch (result) {
	case COPIES_DONE:
		return EX_OK;
	case COPIES_EXISTS:
		return clerk_fail(EX_CANTCREAT, "%s is there already",
		    path);
	case COPIES_IN_USE:
		return clerk_fail(EX_UNAVAILABLE, "%s is in use: stop "
		    "gatelodge and gatelodge-courier first", path);
	case COPIES_BAD:
		return clerk_fail(EX_DATAERR, "%s is refused", path);
	case COPIES_CANNOT:
		break;
	}
	return clerk_fail(EX_CANTCREAT, "%s: %s%s", path, strerror(errno),
	    errno == EACCES ? ", to the owner of the store" : "");
}

int
errand_db_backup(struct clerk *c)
{
	const char *to = c->command->arg[0];
	int code;

	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	code = copies_code(copies_make(c->arena, c->db,
	    c->auth.conf->store, to, clerk_complain), to);
	return code == EX_OK ? say(c, to, "copied") : code;
}

static bool
holds_something(struct clerk *c, const char *path, const char *ending)
{
	struct stat st;

	return stat(ARENA_JOIN(c->arena, path, ending), &st) == 0 &&
	    st.st_size > 0;
}

/*
 * A file with a -wal or a -journal after it is half of a store.  A pipe may
 * never open.
 */
static int
open_copy(struct clerk *c, const char *path, int *fd)
{
	struct stat st;

	if (holds_something(c, path, "-wal") ||
	    holds_something(c, path, "-journal"))
		return clerk_fail(EX_DATAERR, "%s has a -wal or -journal "
		    "file beside it: this is a store in use, or part of one, "
		    "and no copy", path);
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return EX_OK;
	return clerk_fail(EX_NOINPUT, "%s: %s", path,
	    *fd < 0 ? strerror(errno) : "is no file");
}

/* The file that a link leads to keeps its -wal elsewhere. */
static int
refuse_link(const char *store)
{
	struct stat st;

	if (lstat(store, &st) != 0 || !S_ISLNK(st.st_mode))
		return EX_OK;
	return clerk_fail(EX_CANTCREAT, "%s is a symbolic link: name the "
	    "file itself in the settings", store);
}

/* Whoever is root reads the copy before the owner of the store is meant. */
int
errand_db_restore(struct clerk *c)
{
	const char *path = c->command->arg[0], *store = c->auth.conf->store,
	    *kept;
	enum copies_result result;
	int code, fd = -1;

	if ((code = open_copy(c, path, &fd)) != EX_OK ||
	    (code = clerk_become_owner(c)) != EX_OK ||
	    (code = refuse_link(store)) != EX_OK)
		return code;
	result = copies_put_back(c->arena, fd, store, law_entry(&c->auth,
	    c->arena, EVENT_STORE_RESTORED, NULL, NULL),
	    clerk_asked(c, OPT_DRY_RUN), &kept, clerk_complain);
	(void)close(fd);
	if (result != COPIES_DONE)
		return copies_code(result, result == COPIES_BAD ? path :
		    store);
	SHEET_ROW(c->sheet, { "file", .text = store }, { "done", .text =
	    clerk_asked(c, OPT_DRY_RUN) ? "would be replaced" : "replaced" },
	    { "kept", .text = kept != NULL ? kept : "-" });
	return EX_OK;
}

/* Numbers. */

static void
number(struct clerk *c, const char *name, int64_t value)
{
	SHEET_ROW(c->sheet, { "name", .text = name },
	    { "number", .kind = JSON_NUMBER,
	    .number = value < INT_MAX ? (int)value : INT_MAX });
}

static int64_t
kib_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (st.st_size + KIB - 1) / KIB : 0;
}

static int
count_mails(struct clerk *c)
{
	int64_t waiting, oldest, age = 0;
	int code;

	if ((code = clerk_status(store_mail_oldest(c->auth.store, c->arena,
	    &waiting, &oldest))) != EX_OK)
		return code;
	if (waiting > 0 && oldest < clock_ms())
		age = (clock_ms() - oldest) / SECOND_MS;
	number(c, "mails_waiting", waiting);
	number(c, "mail_oldest_s", age);
	return EX_OK;
}

int
errand_db_stats(struct clerk *c)
{
	const char *store = c->auth.conf->store;
	struct store_counts n;
	int code;

	if ((code = clerk_open(c, false)) != EX_OK ||
	    (code = clerk_status(store_count(c->auth.store, c->arena,
	    clock_ms(), &n))) != EX_OK)
		return code;
	number(c, "schema", schema_version());
	number(c, "users", n.users);
	number(c, "users_disabled", n.disabled);
	number(c, "sessions", n.sessions);
	number(c, "sessions_live", n.live_sessions);
	number(c, "resets", n.resets);
	number(c, "resets_live", n.live_resets);
	if ((code = count_mails(c)) != EX_OK)
		return code;
	number(c, "store_kib", kib_of(store));
	number(c, "wal_kib", kib_of(ARENA_JOIN(c->arena, store, "-wal")));
	return EX_OK;
}

/* Settings.  Whoever comes here has had them read, and they are good. */

int
errand_config_check(struct clerk *c)
{
	(void)printf("%s is ok\n", c->conf_path);
	return EX_OK;
}

int
errand_config_show(struct clerk *c)
{
	conf_dump(c->auth.conf, stdout);
	return EX_OK;
}

/* Passwords that nobody may choose. */

static int
whole(uint64_t n)
{
	return n < INT_MAX ? (int)n : INT_MAX;
}

int
errand_passwords_compile(struct clerk *c)
{
	const struct command *command = c->command;
	const char *in = command->arg[0], *fault;
	const char *out = command->args > 1 ? command->arg[1] :
	    ARENA_JOIN(c->arena, in, ".compiled");
	struct wordlist_tally tally;

	if (!wordlist_compile(in, out, &tally, &fault))
		return clerk_fail(EX_DATAERR, "%s: %s", in, fault);
	SHEET_ROW(c->sheet, { "file", .text = out },
	    { "entries", .kind = JSON_NUMBER, .number = whole(tally.entries) },
	    { "doubles", .kind = JSON_NUMBER, .number = whole(tally.doubles) },
	    { "unfit", .kind = JSON_NUMBER, .number = whole(tally.unfit) });
	return EX_OK;
}
