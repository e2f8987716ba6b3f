#include "clerk.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "address.h"
#include "program.h"
#include "secret.h"
#include "text.h"
#include "unicode.h"

#define COMPLAINT_MAX	8192	/* two paths and what is wrong with them */

void
clerk_complain(const char *what)
{
	(void)clerk_fail(EX_OK, "%s", what);
}

int
clerk_fail(int code, const char *fmt, ...)
{
	char text[COMPLAINT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_tame(text);
	program_complain(text);
	return code;
}

void
clerk_begin(struct clerk *c)
{
	const struct verb *verb = c->command->verb;

	c->arena = arena_new();
	c->sheet = sheet_new(clerk_asked(c, OPT_JSON));
	(void)snprintf(c->door, sizeof(c->door), "%s%s%s", verb->object,
	    verb->name[0] != '\0' ? " " : "", verb->name);
	c->auth.scene = (struct entry){ .writer = "gatelodgectl",
	    .door = c->door };
}

bool
clerk_asked(const struct clerk *c, enum command_option option)
{
	return (c->command->options & option) != 0;
}

/* The store. */

static int
become(const struct stat *st)
{
	if (setgroups(0, NULL) == 0 && setgid(st->st_gid) == 0 &&
	    setuid(st->st_uid) == 0)
		return EX_OK;
	return clerk_fail(EX_OSERR, "cannot become the owner of the "
	    "store: %s", strerror(errno));
}

/*
 * Whoever owns the directory can put a link into it that leads to anybody's
 * file, and root would work on that as its owner, or on a file of root's own.
 * So the owner of the link counts, or where that is root the directory's.
 */
static bool
is_lured(struct arena *a, const char *store, struct stat *out)
{
	struct stat st;

	if ((lstat(store, &st) != 0 || st.st_uid == 0) &&
	    stat(dirname(arena_strdup(a, store)), &st) != 0)
		return false;
	if (st.st_uid == 0)
		return false;
	*out = st;
	return true;
}

int
clerk_become_owner(struct clerk *c)
{
	const char *store = c->auth.conf->store;
	bool there, found;
	struct stat st;

	there = stat(store, &st) == 0;
	found = there || stat(dirname(arena_strdup(c->arena, store)),
	    &st) == 0;
	if (geteuid() == 0 && is_lured(c->arena, store, &st))
		return become(&st);
	if (!found)
		return clerk_fail(EX_CANTCREAT, "%s: %s", store,
		    strerror(errno));
	if (geteuid() == 0 && st.st_uid != 0)
		return become(&st);
	if (there && geteuid() != 0 && geteuid() != st.st_uid)
		return clerk_fail(EX_NOPERM, DB_ANOTHERS, store);
	return EX_OK;
}

int
clerk_open(struct clerk *c, bool make)
{
	const char *store = c->auth.conf->store;
	enum db_refusal why;
	int code;

	if ((code = clerk_become_owner(c)) != EX_OK)
		return code;
	c->db = make ? store_open(store, &why, clerk_complain) :
	    store_open_as_it_is(store, &why, clerk_complain);
	if (c->db == NULL && why == DB_TOO_OLD)
		return clerk_fail(EX_DATAERR, "gatelodgectl db migrate "
		    "does that, and so does a start of gatelodge");
	if (c->db == NULL)
		return why == DB_CANNOT_OPEN ? EX_CANTCREAT : EX_DATAERR;
	c->auth.store = store_desk(c->db, false);
	c->auth.passwd = passwd_open();
	return EX_OK;
}

void
clerk_close(struct clerk *c)
{
	if (c->db == NULL)
		return;
	passwd_close(c->auth.passwd);
	store_leave(c->auth.store);
	store_shut(c->db);
	c->db = NULL;
}

/* Answers. */

int
clerk_status(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return EX_OK;
	case STORE_GONE:
		return clerk_fail(EX_NOINPUT, "there is no such account");
	case STORE_TAKEN:
		return clerk_fail(EX_DATAERR, "the address has an account "
		    "already");
	case STORE_FULL:
		return clerk_fail(EX_DATAERR, "an account is in at most "
		    "%d groups", STORE_GROUPS_MAX);
	case STORE_BUSY:
		return clerk_fail(EX_TEMPFAIL, "the store is busy, try "
		    "again");
	case STORE_FAULT:
		break;
	}
	return clerk_fail(EX_IOERR, "the store has failed");
}

static const char *const sentences[] = {
#define ROW(id, status, sentence, code, event, retry) [id] = (sentence),
	OUTCOMES(ROW)
#undef ROW
};

int
clerk_outcome(enum outcome outcome, enum outcome good)
{
	if (outcome == good)
		return EX_OK;
	switch (outcome) {
	case OUT_EMAIL_TAKEN:
		return clerk_status(STORE_TAKEN);
	case OUT_OWN_ADDRESS:
		return clerk_fail(EX_DATAERR, "the account has this address "
		    "already");
	case OUT_UNKNOWN_ADDRESS:
		return clerk_status(STORE_GONE);
	case OUT_UNKNOWN_LANGUAGE:
		return clerk_fail(EX_DATAERR, "there is no catalogue of that "
		    "language");
	case OUT_NO_MAIL:
		return clerk_fail(EX_CONFIG, "no such mail goes out: the "
		    "profile is compat, or none of smtp_url, sendmail and "
		    "mail_dir is set");
	case OUT_STORE_BUSY:
		return clerk_status(STORE_BUSY);
	case OUT_FAULT:
		return clerk_status(STORE_FAULT);
	default:		/* what the policy says of passwords */
		return clerk_fail(EX_DATAERR, "the password%s",
		    sentences[outcome]);
	}
}

/* Values. */

const char *
clerk_email_key(struct clerk *c, size_t at)
{
	const char *email = c->command->arg[at], *key = NULL;

	if (strlen(email) <= ADDRESS_MAX &&
	    unicode_valid(email, strlen(email)))
		key = address_key(c->arena, email);
	if (key == NULL)
		clerk_complain("this is no e-mail address");
	return key;
}

int
clerk_password(struct clerk *c, const char **out)
{
	bool piped = clerk_asked(c, OPT_PASSWORD_STDIN);
	const char *typed;

	if (!piped && !secret_terminal("there is no terminal to type a "
	    "password at: use --password-stdin", clerk_complain))
		return EX_USAGE;
	typed = secret_read(c->arena, piped, clerk_complain);
	if (typed == NULL)
		return EX_DATAERR;
	*out = unicode_valid(typed, strlen(typed)) ?
	    unicode_nfc(c->arena, typed) : NULL;
	if (*out != NULL && strlen(*out) <= PASSWD_PHRASE_MAX)
		return EX_OK;
	return clerk_fail(EX_DATAERR, "the password is too long, or has "
	    "characters that none may have");
}

int
clerk_confirm(struct clerk *c, const char *question)
{
	if (clerk_asked(c, OPT_YES) || clerk_asked(c, OPT_DRY_RUN))
		return EX_OK;
	if (!secret_terminal("there is no terminal to ask at: use --yes",
	    clerk_complain))
		return EX_USAGE;
	return secret_confirm(c->arena, question) ? EX_OK :
	    clerk_fail(EX_USAGE, "nothing was done");
}

int
clerk_done(struct clerk *c, const char *done)
{
	SHEET_ROW(c->sheet, { "email", .text = c->command->arg[0] },
	    { "done", .text = done });
	return EX_OK;
}
