#include "handlers.h"

#include <string.h>

#include "dossier.h"
#include "mailbox.h"
#include "reply.h"

void
handle_welcome(struct call *c)
{
	reply_outcome(c, OUT_WELCOME);
}

void
handle_register(struct call *c)
{
	enum outcome outcome;

	outcome = auth_register(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_PASSWORD], &c->caller);
	reply_about(c, outcome, "password");
	if (outcome == OUT_USER_CREATED)
		reply_member(c, "email", c->field[FIELD_EMAIL]);
}

void
handle_confirm_user(struct call *c)
{
	enum outcome outcome;
	const char *email;

	outcome = mailbox_confirm(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_TOKEN], &c->caller, &email);
	reply_outcome(c, outcome);
	if (reply_status(outcome) < 400)
		reply_member(c, "email", email);
}

void
handle_login(struct call *c)
{
	const char *typed = c->typed[FIELD_PASSWORD];
	struct grant session;
	enum outcome outcome;

	if (strcmp(typed, c->field[FIELD_PASSWORD]) != 0 &&
	    strlen(typed) <= PASSWD_PHRASE_MAX)
		c->caller.typed = typed;
	outcome = auth_login(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_PASSWORD], &c->caller, &session);
	reply_outcome(c, outcome);
	if (outcome == OUT_LOGGED_IN) {
		reply_member(c, "email", c->field[FIELD_EMAIL]);
		reply_session_cookie(c, &session);
	}
}

void
handle_logout(struct call *c)
{
	enum outcome outcome;

	outcome = auth_logout(c->auth, c->arena, &c->session);
	reply_outcome(c, outcome);
	if (outcome == OUT_LOGGED_OUT) {
		reply_location(c, "/");
		reply_clear_cookie(c);
		/* A page that answers this greets nobody. */
		c->session = (struct session){ .user_id = NULL };
	}
}

void
handle_sessions(struct call *c)
{
	struct json_member member;
	struct session *list;
	enum outcome outcome;
	size_t n;

	outcome = auth_sessions(c->auth, c->arena, &c->session, &list, &n);
	reply_outcome(c, outcome);
	if (outcome != OUT_SESSIONS)
		return;
	member = dossier_sessions(c->arena, list, n, c->session.token_hash);
	reply_json(c, &member);
}

void
handle_end_session(struct call *c)
{
	enum outcome outcome;
	bool current = false;

	outcome = auth_session_end(c->auth, c->arena, &c->session, c->object,
	    &current);
	reply_outcome(c, outcome);
	if (outcome == OUT_SESSION_ENDED && current)
		reply_clear_cookie(c);
}

void
handle_end_others(struct call *c)
{
	reply_outcome(c, auth_sessions_end_others(c->auth, c->arena,
	    &c->session));
}

void
handle_confirm(struct call *c)
{
	reply_outcome(c, auth_confirm(c->auth, c->arena, &c->session,
	    c->field[FIELD_PASSWORD]));
}

void
handle_change_password(struct call *c)
{
	reply_about(c, auth_change_password(c->auth, c->arena, &c->session,
	    c->field[FIELD_CURRENT_PASSWORD], c->field[FIELD_NEW_PASSWORD]),
	    "new_password");
}

void
handle_change_email(struct call *c)
{
	reply_about(c, mailbox_address_begin(c->auth, c->arena,
	    &c->session, c->field[FIELD_EMAIL], &c->caller), "email");
}

/* A form that asks for the password itself is never too late. */
void
handle_email_form(struct call *c)
{
	enum outcome outcome;

	outcome = auth_confirm(c->auth, c->arena, &c->session,
	    c->field[FIELD_PASSWORD]);
	if (outcome == OUT_CONFIRMED)
		handle_change_email(c);
	else
		reply_outcome(c, outcome);
}

void
handle_confirm_email(struct call *c)
{
	enum outcome outcome;
	const char *email;

	outcome = mailbox_address_finish(c->auth, c->arena,
	    c->field[FIELD_EMAIL], c->field[FIELD_TOKEN], &c->caller, &email);
	reply_outcome(c, outcome);
	if (outcome == OUT_ADDRESS_CHANGED)
		reply_member(c, "email", email);
}

void
handle_undo_email(struct call *c)
{
	reply_outcome(c, mailbox_undo(c->auth, c->arena,
	    c->field[FIELD_TOKEN]));
}

void
handle_report(struct call *c)
{
	reply_outcome(c, mailbox_report(c->auth, c->arena,
	    c->field[FIELD_TOKEN]));
}

void
handle_language(struct call *c)
{
	reply_about(c, auth_language(c->auth, c->arena, &c->session,
	    c->field[FIELD_LANGUAGE]), "language");
}

void
handle_delete_account(struct call *c)
{
	enum outcome outcome;

	outcome = auth_delete(c->auth, c->arena, &c->session,
	    c->field[FIELD_PASSWORD]);
	reply_outcome(c, outcome);
	if (outcome == OUT_ACCOUNT_DELETED)
		reply_clear_cookie(c);
}

void
handle_export(struct call *c)
{
	struct json_member member[DOSSIER_MEMBERS];
	struct holdings *held;
	enum outcome outcome;
	size_t i;

	held = arena_alloc(c->arena, sizeof(*held));
	outcome = auth_export(c->auth, c->arena, &c->session, held);
	reply_outcome(c, outcome);
	if (outcome != OUT_EXPORT)
		return;
	dossier_members(c->arena, held, c->session.token_hash, member);
	for (i = 0; i < DOSSIER_MEMBERS; i++)
		reply_json(c, &member[i]);
}

void
handle_profile(struct call *c)
{
	reply_outcome(c, OUT_PROFILE);
	reply_member(c, "email", c->session.email);
}

void
handle_reset_begin(struct call *c)
{
	struct grant reset;
	enum outcome outcome;

	outcome = mailbox_reset_begin(c->auth, c->arena,
	    c->field[FIELD_EMAIL], &c->caller, &reset);
	reply_outcome(c, outcome);
	if (outcome == OUT_RESET_STARTED) {
		reply_member(c, "email", c->field[FIELD_EMAIL]);
		reply_member(c, "reset_token", reset.token);
	}
}

void
handle_reset_finish(struct call *c)
{
	enum outcome outcome;

	outcome = mailbox_reset_finish(c->auth, c->arena, c->field[FIELD_EMAIL],
	    c->field[FIELD_RESET_TOKEN], c->field[FIELD_NEW_PASSWORD],
	    &c->caller);
	reply_about(c, outcome, "new_password");
	if (outcome == OUT_PASSWORD_UPDATED &&
	    c->field[FIELD_EMAIL] != NULL)
		reply_member(c, "email", c->field[FIELD_EMAIL]);
}
