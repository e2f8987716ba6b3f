#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "errands.h"
#include "import.h"

/* An import under way, as the writer's thread sees it. */
struct arrival {
	struct clerk	*clerk;
	struct import	*import;
	struct store_entry *entry;
	const char	*fault;		/* of the file */
	enum store_status status;	/* of the store */
	bool		 read;		/* to its end */
};

static bool
refused(const struct clerk *c, const struct import *im)
{
	return clerk_asked(c, OPT_STRICT) && import_tally(im)->refused > 0;
}

static enum store_status
place_in_store(struct arena *a, struct user *u, void *arg)
{
	struct arrival *w = arg;

	return w->status = store_user_enter(w->entry, a, u);
}

static bool
enter_all(struct store_entry *entry, void *arg)
{
	struct arrival *w = arg;

	w->entry = entry;
	w->read = import_read(w->import, place_in_store, w, &w->fault);
	return w->read && !refused(w->clerk, w->import);
}

/* As if it were placed; where there is no store, every address is free. */
static enum store_status
place_nowhere(struct arena *a, struct user *u, void *arg)
{
	struct arrival *w = arg;
	struct user found;

	if (w->clerk->db == NULL)
		return STORE_OK;
	w->status = store_user_by_email(w->clerk->auth.store, a,
	    u->email_key, &found);
	return w->status == STORE_OK ? STORE_TAKEN :
	    w->status == STORE_GONE ? STORE_OK : w->status;
}

/* Rows that were refused first: what the numbers count is above them. */
static void
show_refusals(struct clerk *c, struct import *im)
{
	struct import_refusal r;

	while (import_refusal(im, c->arena, &r)) {
		SHEET_ROW(c->sheet, { "row", .kind = JSON_NUMBER,
		    .number = r.row < INT_MAX ? (int)r.row : INT_MAX },
		    { "email", .text = r.email },
		    { "refused", .text = r.why });
		arena_wipe(c->arena);
	}
	sheet_end(c->sheet);
	c->sheet = sheet_new(clerk_asked(c, OPT_JSON));
}

static void
count(struct clerk *c, const char *name, int64_t n)
{
	SHEET_ROW(c->sheet, { "name", .text = name },
	    { "number", .kind = JSON_NUMBER,
	    .number = n < INT_MAX ? (int)n : INT_MAX });
}

static void
show_numbers(struct clerk *c, const struct import_tally *t, bool done)
{
	size_t i;

	for (i = 0; i < SCHEME_COUNT; i++)
		if (t->scheme[i] > 0)
			count(c, scheme_name((enum scheme)i), t->scheme[i]);
	count(c, "rows", t->rows);
	count(c, "refused", t->refused);
	count(c, "accepted", t->accepted);
	count(c, "imported", done ? t->accepted : 0);
}

/*
 * What is told of it in the end; status is the store's last word: unless it is
 * STORE_OK nothing has been written.
 */
static int
judge(struct clerk *c, const struct arrival *w, const char *path,
    enum store_status status)
{
	bool no = refused(c, w->import);

	if (w->fault != NULL)
		return clerk_fail(EX_DATAERR, "%s %s; nothing was imported",
		    path, w->fault);
	/* The store was told to undo what had been refused. */
	if (status != STORE_OK && !(no && status == STORE_GONE))
		return clerk_status(status);
	show_refusals(c, w->import);
	show_numbers(c, import_tally(w->import),
	    !no && !clerk_asked(c, OPT_DRY_RUN));
	return no ? clerk_fail(EX_DATAERR, "nothing was imported, because "
	    "rows were refused") : EX_OK;
}

static int
only_look(struct clerk *c, struct import *im, const char *path)
{
	struct arrival w = { .clerk = c, .import = im };

	w.read = import_read(im, place_nowhere, &w, &w.fault);
	return judge(c, &w, path, w.read ? STORE_OK : w.status);
}

static int
bring_over(struct clerk *c, struct import *im, const char *path)
{
	struct arrival w = { .clerk = c, .import = im };

	return judge(c, &w, path, store_users_enter(c->auth.store, enter_all,
	    &w, law_entry(&c->auth, c->arena, EVENT_USER_IMPORTED, NULL,
	    NULL)));
}

static struct import *
open_import(int fd, const char *path, int *code)
{
	struct import *im;
	const char *fault;

	if ((im = import_open(fd, &fault)) == NULL)
		*code = clerk_fail(EX_DATAERR, "%s %s", path, fault);
	return im;
}

/* Whether a store that is not there would be made for nothing. */
static int
try_strict(struct clerk *c, int fd, const char *path)
{
	struct arrival w = { .clerk = c };
	int code = EX_OK;

	if ((w.import = open_import(fd, path, &code)) == NULL)
		return code;
	w.read = import_read(w.import, place_nowhere, &w, &w.fault);
	if (!w.read || refused(c, w.import))
		code = judge(c, &w, path, STORE_GONE);
	import_close(w.import);
	return code;
}

static int
import_from(struct clerk *c, int fd, const char *path)
{
	bool there = access(c->auth.conf->store, F_OK) == 0;
	bool dry = clerk_asked(c, OPT_DRY_RUN);
	struct import *im;
	int code = EX_OK;

	if (!there && !dry && clerk_asked(c, OPT_STRICT) &&
	    (code = try_strict(c, fd, path)) != EX_OK)
		return code;
	if ((im = open_import(fd, path, &code)) == NULL)
		return code;
	if (there || !dry)
		code = clerk_open(c, !there);
	if (code == EX_OK)
		code = dry ? only_look(c, im, path) : bring_over(c, im, path);
	import_close(im);
	return code;
}

/* What its writer has not put into it yet is beside it. */
static int
refuse_half(struct clerk *c, const char *path)
{
	static const char *const endings[] = { "-wal", "-journal" };
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (stat(ARENA_JOIN(c->arena, path, endings[i]), &st) == 0 &&
		    st.st_size > 0)
			return clerk_fail(EX_DATAERR, "%s has a %s file "
			    "beside it: end the program that uses it first",
			    path, endings[i]);
	return EX_OK;
}

/*
 * The file is opened by whoever started this, who alone may be allowed to,
 * and read by the owner of the store.
 */
int
errand_import(struct clerk *c)
{
	const char *path = c->command->arg[0];
	int code, fd;

	if ((code = refuse_half(c, path)) != EX_OK)
		return code;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return clerk_fail(EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	if ((code = clerk_become_owner(c)) == EX_OK)
		code = import_from(c, fd, path);
	(void)close(fd);
	return code;
}
