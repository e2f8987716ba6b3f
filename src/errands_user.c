#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "dossier.h"
#include "errands.h"
#include "heap.h"
#include "mailbox.h"
#include "text.h"

#define GROUP_MAX	64

/* "2026-11-21T22:25:17.042Z", or "-" for never. */
static const char *
moment(struct clerk *c, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	if (ms == 0)
		return "-";
	clock_text(ms, text);
	return arena_strdup(c->arena, text);
}

static const char *
state_of(const struct user *u)
{
	if (u->disabled_at != 0)
		return "disabled";
	return strcmp(u->password_hash, PASSWD_NONE) == 0 ? "invited" :
	    "enabled";
}

/* The address is looked at before a password is typed. */
int
errand_user_add(struct clerk *c)
{
	const char *store = c->auth.conf->store, *password = NULL;
	int code;

	if (clerk_email_key(c, 0) == NULL)
		return EX_DATAERR;
	if ((code = clerk_password(c, &password)) != EX_OK ||
	    (code = clerk_open(c, access(store, F_OK) != 0)) != EX_OK)
		return code;
	code = clerk_outcome(auth_user_add(&c->auth, c->arena,
	    c->command->arg[0], password), OUT_USER_CREATED);
	return code == EX_OK ? clerk_done(c, "added") : code;
}

int
errand_user_password(struct clerk *c)
{
	const char *password = NULL;
	int code;

	if (clerk_email_key(c, 0) == NULL)
		return EX_DATAERR;
	if ((code = clerk_password(c, &password)) != EX_OK ||
	    (code = clerk_open(c, false)) != EX_OK)
		return code;
	code = clerk_outcome(auth_user_password(&c->auth, c->arena,
	    c->command->arg[0], password), OUT_PASSWORD_UPDATED);
	return code == EX_OK ? clerk_done(c, "password set") : code;
}

int
errand_user_list(struct clerk *c)
{
	char *after = heap_strdup("");
	struct user page[STORE_PAGE];
	size_t i, n = STORE_PAGE;
	int code;

	code = clerk_open(c, false);
	while (code == EX_OK && n == STORE_PAGE) {
		code = clerk_status(store_users_after(c->auth.store,
		    c->arena, after, page, &n));
		for (i = 0; code == EX_OK && i < n; i++)
			SHEET_ROW(c->sheet,
			    { "email", .text = page[i].email },
			    { "state", .text = state_of(&page[i]) },
			    { "created", .text =
			    moment(c, page[i].created_at) });
		if (n > 0) {
			free(after);
			after = heap_strdup(page[n - 1].email_key);
		}
		arena_wipe(c->arena);
	}
	free(after);
	return code;
}

/* Opens the store and finds the account of the first argument. */
static int
find(struct clerk *c, struct user *u)
{
	const char *key = clerk_email_key(c, 0);
	int code;

	if (key == NULL)
		return EX_DATAERR;
	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	return clerk_status(store_user_details(c->auth.store, c->arena,
	    key, u));
}

/* Into names; a comma stands in no name. */
static int
join_groups(struct clerk *c, const char *user_id, const char **names)
{
	const char *part[2 * STORE_GROUPS_MAX], *group[STORE_GROUPS_MAX];
	size_t i, n;
	int code;

	code = clerk_status(store_groups(c->auth.store, c->arena, user_id,
	    group, &n));
	for (i = 0; i < n; i++) {
		part[2 * i] = i > 0 ? "," : "";
		part[2 * i + 1] = group[i];
	}
	*names = arena_join(c->arena, part, 2 * n);
	return code;
}

int
errand_user_show(struct clerk *c)
{
	const char *groups;
	struct user u;
	int code;

	if ((code = find(c, &u)) != EX_OK ||
	    (code = join_groups(c, u.id, &groups)) != EX_OK)
		return code;
	SHEET_ROW(c->sheet, { "email", .text = u.email },
	    { "state", .text = state_of(&u) },
	    { "created", .text = moment(c, u.created_at) },
	    { "disabled", .text = moment(c, u.disabled_at) },
	    { "groups", .text = groups }, { "id", .text = u.id },
	    { "language", .text = auth_language_tag(&u) });
	return EX_OK;
}

/* As the person would get it from GET /profile/export. */
int
errand_user_export(struct clerk *c)
{
	struct json_member member[DOSSIER_MEMBERS];
	struct session nobodys = { .token_hash = "" };
	struct holdings *held;
	struct user u;
	int code;

	if ((code = find(c, &u)) != EX_OK)
		return code;
	nobodys.user_id = u.id;
	held = arena_alloc(c->arena, sizeof(*held));
	if ((code = clerk_outcome(auth_export(&c->auth, c->arena, &nobodys,
	    held), OUT_EXPORT)) != EX_OK)
		return code;
	dossier_members(c->arena, held, "", member);
	sheet_object(c->sheet, member, DOSSIER_MEMBERS);
	return code;
}

int
errand_user_disable(struct clerk *c)
{
	struct user u;
	int code;

	if ((code = find(c, &u)) != EX_OK)
		return code;
	code = clerk_status(store_user_disable(c->auth.store, c->arena,
	    u.email_key, clock_ms(),
	    law_entry(&c->auth, c->arena, EVENT_USER_DISABLED, u.id, NULL)));
	return code == EX_OK ? clerk_done(c, "disabled") : code;
}

int
errand_user_enable(struct clerk *c)
{
	struct user u;
	int code;

	if ((code = find(c, &u)) != EX_OK)
		return code;
	code = clerk_status(store_user_enable(c->auth.store, c->arena,
	    u.email_key,
	    law_entry(&c->auth, c->arena, EVENT_USER_ENABLED, u.id, NULL)));
	return code == EX_OK ? clerk_done(c, "enabled") : code;
}

/* The question comes first: the store is not kept open while it waits. */
int
errand_user_delete(struct clerk *c)
{
	struct user u;
	int code;

	if (clerk_email_key(c, 0) == NULL)
		return EX_DATAERR;
	code = clerk_confirm(c, ARENA_JOIN(c->arena, "Delete ",
	    c->command->arg[0], " and all that is its own?"));
	if (code != EX_OK || (code = find(c, &u)) != EX_OK)
		return code;
	if (clerk_asked(c, OPT_DRY_RUN))
		return clerk_done(c, "would be deleted");
	code = clerk_status(store_user_delete(c->auth.store, c->arena,
	    u.email_key, notice_owner(&c->auth, c->arena, EVENT_USER_REMOVED,
	    NOTICE_ACCOUNT_DELETED, &u)));
	return code == EX_OK ? clerk_done(c, "deleted") : code;
}

int
errand_user_address(struct clerk *c)
{
	struct user u;
	int code;

	if (clerk_email_key(c, 1) == NULL)
		return EX_DATAERR;
	if ((code = find(c, &u)) == EX_OK)
		code = clerk_outcome(mailbox_address_set(&c->auth, c->arena,
		    &u, c->command->arg[1]), OUT_ADDRESS_CHANGED);
	if (code == EX_OK)
		SHEET_ROW(c->sheet, { "email", .text = c->command->arg[1] },
		    { "former", .text = u.email },
		    { "done", .text = "address changed" });
	return code;
}

int
errand_user_unlock(struct clerk *c)
{
	struct user u;
	int code;

	if ((code = find(c, &u)) == EX_OK)
		code = clerk_outcome(auth_user_unlock(&c->auth, c->arena,
		    &u), OUT_CONFIRMED);
	return code == EX_OK ? clerk_done(c, "unlocked") : code;
}

/* Groups. */

static bool
is_group(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= GROUP_MAX && strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len &&
	    text_is_alnum(name[0]);
}

static bool
is_change(const char *word)
{
	return word[0] == '+' || word[0] == '-';
}

/* All with a sign before them, or all without one. */
static bool
read_groups(const struct command *command, struct membership *m)
{
	const char *word;
	size_t i;

	for (i = 1; i < command->args; i++) {
		word = command->arg[i];
		if (is_change(word) != is_change(command->arg[1]))
			return false;
		m[i - 1] = (struct membership){
		    .group = word + is_change(word), .ends = word[0] == '-' };
		if (!is_group(m[i - 1].group))
			return false;
	}
	return true;
}

static int
show_groups(struct clerk *c, const struct user *u)
{
	const char *group[STORE_GROUPS_MAX];
	size_t i, n;
	int code;

	code = clerk_status(store_groups(c->auth.store, c->arena, u->id,
	    group, &n));
	for (i = 0; code == EX_OK && i < n; i++)
		SHEET_ROW(c->sheet, { "group", .text = group[i] });
	return code;
}

int
errand_user_groups(struct clerk *c)
{
	const struct command *command = c->command;
	struct membership m[COMMAND_ARGS_MAX];
	struct user u;
	int code;

	if (!read_groups(command, m))
		return clerk_fail(EX_USAGE, "groups are +NAME and -NAME, "
		    "or NAME alone: a to z, 0 to 9, and after the first "
		    "character - _ . too, at most %d", GROUP_MAX);
	if ((code = find(c, &u)) == EX_OK && command->args > 1)
		code = clerk_status(store_groups_change(c->auth.store,
		    c->arena, u.email_key, !is_change(command->arg[1]), m,
		    command->args - 1, law_entry(&c->auth, c->arena,
		    EVENT_GROUPS_CHANGED, u.id, NULL)));
	return code == EX_OK ? show_groups(c, &u) : code;
}

/* What was mailed is shown to nobody but its reader. */
static int
show_reset(struct clerk *c, enum outcome outcome, const struct grant *grant)
{
	if (outcome == OUT_RESET_MAILED)
		return clerk_done(c, "mailed");
	if (outcome == OUT_RESET_STARTED)
		SHEET_ROW(c->sheet, { "reset_token", .text = grant->token },
		    { "seconds", .kind = JSON_NUMBER,
		    .number = (int)grant->seconds },
		    { "link", .text = notice_link(&c->auth, c->arena,
		    NOTICE_RESET, grant->token) });
	return clerk_outcome(outcome, OUT_RESET_STARTED);
}

int
errand_user_invite(struct clerk *c)
{
	const char *store = c->auth.conf->store;
	const struct invitation invitation = { .email = c->command->arg[0],
	    .language = c->command->value[OPT_AT_LANGUAGE],
	    .mailed = clerk_asked(c, OPT_MAIL) };
	struct grant grant = { .token = NULL };
	int code;

	if (clerk_email_key(c, 0) == NULL)
		return EX_DATAERR;
	if ((code = clerk_open(c, access(store, F_OK) != 0)) != EX_OK)
		return code;
	return show_reset(c, auth_invite(&c->auth, c->arena, &invitation,
	    &grant), &grant);
}

int
errand_user_reset_link(struct clerk *c)
{
	struct grant grant = { .token = NULL };
	struct user u;
	int code;

	if ((code = find(c, &u)) != EX_OK)
		return code;
	if (u.disabled_at != 0)
		return clerk_fail(EX_DATAERR, "the account is disabled");
	return show_reset(c, clerk_asked(c, OPT_MAIL) ?
	    mailbox_reset_send(&c->auth, c->arena, u.email, NOTICE_RESET) :
	    mailbox_reset_make(&c->auth, c->arena, u.email,
	    MAILBOX_RESET_SECONDS, &grant), &grant);
}

/* Sessions. */

int
errand_session_list(struct clerk *c)
{
	struct session *list;
	struct user u;
	size_t i, n = 0;
	int code;

	if ((code = find(c, &u)) == EX_OK)
		code = clerk_status(store_sessions_of(c->auth.store,
		    c->arena, u.id, clock_ms(), &list, &n));
	for (i = 0; i < n; i++)
		SHEET_ROW(c->sheet,
		    { "began", .text = moment(c, list[i].created_at) },
		    { "last_seen", .text = moment(c, list[i].last_seen_at) },
		    { "ends", .text = moment(c, list[i].expires_at) },
		    { "network", .text = list[i].network },
		    { "user_agent", .text = list[i].user_agent });
	return code;
}

static int
end_every(struct clerk *c)
{
	int code;

	if ((code = clerk_open(c, false)) != EX_OK)
		return code;
	code = clerk_status(store_sessions_end_every(c->auth.store, c->arena,
	    law_entry(&c->auth, c->arena, EVENT_SESSIONS_ENDED, NULL,
	    NULL)));
	if (code == EX_OK)
		SHEET_ROW(c->sheet, { "done", .text = "all sessions ended" });
	return code;
}

int
errand_session_end(struct clerk *c)
{
	struct user u;
	int code;

	if ((c->command->args == 1) == clerk_asked(c, OPT_ALL))
		return clerk_fail(EX_USAGE, "session end takes an address "
		    "or --all");
	if (clerk_asked(c, OPT_ALL))
		return end_every(c);
	if ((code = find(c, &u)) != EX_OK)
		return code;
	code = clerk_status(store_sessions_end(c->auth.store, c->arena, u.id,
	    notice_owner(&c->auth, c->arena, EVENT_SESSIONS_ENDED,
	    NOTICE_SESSIONS_ENDED, &u)));
	return code == EX_OK ? clerk_done(c, "sessions ended") : code;
}
