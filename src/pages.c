#include "pages.h"

#include <string.h>

#include "agent.h"
#include "dossier.h"
#include "handlers.h"
#include "mailbox.h"
#include "page.h"
#include "reply.h"

void
handle_page(struct call *c)
{
	reply_outcome(c, OUT_PAGE);
}

/* Who may make an account, and whether that can be done without a mail. */
static void
put_registration(struct call *c)
{
	const char *who = c->conf->registration;
	bool open = strcmp(who, "open") == 0;
	bool can = c->conf->rules->open || c->conf->mail;

	value_flag(c->arena, page_values(c), "open", open && can);
	value_flag(c->arena, page_values(c), "no_mail", open && !can);
	value_flag(c->arena, page_values(c), "invited",
	    strcmp(who, "invite") == 0);
}

void
show_home(struct call *c)
{
	put_registration(c);
	page_show(c, "home");
}

void
show_login(struct call *c)
{
	put_registration(c);
	page_input(c, FIELD_EMAIL, "username");
	page_input(c, FIELD_PASSWORD, "current-password");
	page_show(c, "login");
}

/*
 * Whoever logs in comes by here: where no cookie comes along, the browser
 * keeps none, and sending it on would lead it back to the login for ever.
 */
void
handle_arrival(struct call *c)
{
	reply_outcome(c, c->session.user_id != NULL ? OUT_PROFILE :
	    OUT_NO_COOKIE);
}

void
show_arrival(struct call *c)
{
	page_show(c, "no_cookie");
}

void
show_logout(struct call *c)
{
	page_show(c, "logout");
}

void
show_register(struct call *c)
{
	put_registration(c);
	page_input(c, FIELD_EMAIL, "username");
	page_input(c, FIELD_PASSWORD, "new-password");
	page_show(c, "register");
}

/* A token that the answer gives out, as compat does; else NULL. */
static const char *
token_given(const struct call *c)
{
	size_t i;

	for (i = 0; i < c->reply.members; i++)
		if (strcmp(c->reply.member[i].name, "reset_token") == 0)
			return c->reply.member[i].text;
	return NULL;
}

/*
 * Password managers want to know whose it is, whom a link does not ask.  That
 * it will not do is said before a password is thought of.
 */
static void
draw_new_password(struct call *c, const char *token)
{
	const char *account = token == NULL ? NULL :
	    mailbox_reset_email(c->auth, c->arena, token);

	if (token != NULL && account == NULL && c->reply.outcome == OUT_PAGE)
		reply_outcome(c, OUT_BAD_RESET_TOKEN);
	value_text(c->arena, page_values(c), "account", account);
	page_input(c, FIELD_EMAIL, "username");
	page_input_value(c, FIELD_RESET_TOKEN, "one-time-code", token);
	page_input(c, FIELD_NEW_PASSWORD, "new-password");
	page_show(c, "new_password");
}

/*
 * The link of a mail leads here with its token, and without to the start; no
 * form is shown that nothing but a mail could answer.
 */
void
show_reset(struct call *c)
{
	const char *token = token_given(c);

	if (token == NULL)
		token = c->typed[FIELD_RESET_TOKEN];
	if (token != NULL) {
		draw_new_password(c, token);
		return;
	}
	if (c->conf->rules->open || c->conf->mail)
		page_input(c, FIELD_EMAIL, "username");
	page_show(c, "reset");
}

void
show_new_password(struct call *c)
{
	draw_new_password(c, c->typed[FIELD_RESET_TOKEN]);
}

/* A link has the token; a code is typed, beside its address. */
static void
draw_ticket(struct call *c, const char *page)
{
	page_input(c, FIELD_EMAIL, "username");
	page_input(c, FIELD_TOKEN, "one-time-code");
	page_show(c, page);
}

void
show_confirm_user(struct call *c)
{
	draw_ticket(c, "confirm_user");
}

void
show_email(struct call *c)
{
	if (notice_possible(c->conf)) {
		page_input(c, FIELD_EMAIL, "email");
		page_input(c, FIELD_PASSWORD, "current-password");
	}
	page_show(c, "email");
}

void
show_address(struct call *c)
{
	draw_ticket(c, "address");
}

/* These tickets have no code: nothing can be done but by the link. */
static void
draw_recovery(struct call *c, const char *page)
{
	struct arena *a = c->arena;
	struct value *root = page_values(c);

	page_linked(c, FIELD_TOKEN);
	value_text(a, root, "door", ARENA_JOIN(a, "/", page));
	page_phrase(c, root, "what", ARENA_JOIN(a, "page.", page, ".what"));
	page_phrase(c, root, "button", ARENA_JOIN(a, "page.", page,
	    ".button"));
	page_show(c, page);
}

void
show_undo(struct call *c)
{
	draw_recovery(c, "undo");
}

void
show_report(struct call *c)
{
	draw_recovery(c, "report");
}

/* "2026-11-30 08:15": of UTC, as the template says. */
static const char *
short_time(struct call *c, const char *time)
{
	char *text = arena_copy(c->arena, time, strlen("2026-11-30T08:15"));

	text[strlen("2026-11-30")] = ' ';
	return text;
}

static void
put_time(struct call *c, struct value *object, const char *name, int64_t ms)
{
	struct value *time = value_child(c->arena, object, name);
	const char *full = dossier_time(c->arena, ms);

	value_text(c->arena, time, "full", full);
	value_text(c->arena, time, "short", short_time(c, full));
}

static void
put_session(struct call *c, struct value *list, const struct session *s)
{
	struct value *item = value_item(c->arena, list);

	value_text(c->arena, item, "id", auth_session_id(c->arena, s));
	value_flag(c->arena, item, "current",
	    strcmp(s->token_hash, c->session.token_hash) == 0);
	value_text(c->arena, item, "browser", agent_browser(s->user_agent));
	value_text(c->arena, item, "system", agent_system(s->user_agent));
	value_text(c->arena, item, "user_agent", s->user_agent);
	value_text(c->arena, item, "network", s->network);
	put_time(c, item, "created", s->created_at);
	put_time(c, item, "seen", s->last_seen_at);
}

static void
put_sessions(struct call *c, const struct account *account)
{
	struct value *list = value_list(c->arena, page_values(c), "sessions");
	size_t i;

	for (i = 0; i < account->sessions; i++)
		put_session(c, list, &account->session[i]);
	value_flag(c->arena, page_values(c), "others", i > 1);
}

static void
put_groups(struct call *c, const struct account *account)
{
	struct value *list = value_list(c->arena, page_values(c), "groups");
	size_t i;

	for (i = 0; i < account->groups; i++)
		value_item_text(c->arena, list, account->group[i]);
}

/* What cannot be read is said in place of the page. */
void
show_account(struct call *c)
{
	struct account account;
	enum outcome outcome;

	outcome = auth_account(c->auth, c->arena, &c->session, &account);
	if (outcome != OUT_PROFILE) {
		reply_outcome(c, outcome);
		return;
	}
	put_time(c, page_values(c), "created", account.user.created_at);
	put_sessions(c, &account);
	put_groups(c, &account);
	if (lang_has(c->conf->lang, c->session.language))
		page_phrase(c, page_values(c), "language", "language");
	page_show(c, "account");
}

void
show_password(struct call *c)
{
	page_input(c, FIELD_CURRENT_PASSWORD, "current-password");
	page_input(c, FIELD_NEW_PASSWORD, "new-password");
	page_show(c, "password");
}

static struct value *
put_language(struct call *c, struct value *list, const char *tag, bool chosen)
{
	struct value *item = value_item(c->arena, list);

	value_text(c->arena, item, "tag", tag);
	value_flag(c->arena, item, "chosen", chosen);
	return item;
}

void
show_language(struct call *c)
{
	struct value *list = value_list(c->arena, page_values(c),
	    "languages"), *item;
	const char *own = c->session.language, *tag;
	size_t i;

	item = put_language(c, list, AUTH_LANGUAGE_AUTO, own[0] == '\0');
	page_phrase(c, item, "name", "page.language.auto");
	for (i = 0; (tag = lang_at(c->conf->lang, i)) != NULL; i++) {
		item = put_language(c, list, tag, strcmp(tag, own) == 0);
		value_text(c->arena, item, "lang", tag);
		value_text(c->arena, item, "name", lang_text(c->conf->lang,
		    tag, "language"));
	}
	page_show(c, "language");
}

void
show_confirm(struct call *c)
{
	page_input(c, FIELD_PASSWORD, "current-password");
	page_show(c, "confirm");
}

void
handle_download(struct call *c)
{
	handle_export(c);
	c->reply.download = "account.json";
}

void
show_export(struct call *c)
{
	page_show(c, "export");
}

void
show_delete(struct call *c)
{
	page_input(c, FIELD_PASSWORD, "current-password");
	page_show(c, "delete");
}

/* https://w3c.github.io/webappsec-change-password-url/ */
void
handle_change_password_page(struct call *c)
{
	reply_outcome(c, OUT_ELSEWHERE);
	reply_location(c, "/account/password");
}

/* Only what is asked for by its digest can stay as it is. */
static bool
is_versioned(struct call *c, const char *etag)
{
	const char *query = call_text(c, PARAM_QUERY);

	return text_begins(query, "v=") && strlen(query) >= 2 + 16 &&
	    text_begins(etag, query + 2);
}

static void
give_asset(struct call *c, const char *name, const char *type)
{
	const struct shelf_file *file = shelf_find(c->conf->shelf, name);

	reply_text(c, type, file->text, file->etag,
	    is_versioned(c, file->etag));
}

void
handle_style(struct call *c)
{
	give_asset(c, "assets/style.css", "text/css");
}

void
handle_accent(struct call *c)
{
	give_asset(c, "assets/accent.css", "text/css");
}

void
handle_script(struct call *c)
{
	give_asset(c, "assets/page.js", "text/javascript");
}

void
handle_logo(struct call *c)
{
	give_asset(c, "assets/logo.svg", "image/svg+xml");
}
