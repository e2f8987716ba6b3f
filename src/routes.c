#include "routes.h"

#include <string.h>

#include "digest.h"
#include "handlers.h"
#include "pages.h"
#include "reply.h"
#include "text.h"

/* Paths are compared byte for byte: nothing is decoded or folded. */
static const struct route routes[] = {
	{ .method = METHOD_GET, .path = "/",
	    .name = "GET /", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .show = show_home,
	    .says = { OUT_LOGGED_OUT, OUT_ACCOUNT_DELETED },
	    .handler = handle_welcome },

	{ .method = METHOD_POST, .path = "/users",
	    .name = "POST /users", .who = WHO_ANYBODY, .cost = COST_HASH,
	    .fields = 2, .field = { FIELD_EMAIL, FIELD_PASSWORD },
	    .handler = handle_register },

	{ .method = METHOD_POST, .path = "/users/confirm",
	    .name = "POST /users/confirm", .who = WHO_ANYBODY,
	    .cost = COST_WRITE, .fields = 2, .optional = 1,
	    .field = { FIELD_TOKEN, FIELD_EMAIL },
	    .handler = handle_confirm_user },

	{ .method = METHOD_POST, .path = "/sessions",
	    .name = "POST /sessions", .who = WHO_ANYBODY, .cost = COST_HASH,
	    .fields = 2, .field = { FIELD_EMAIL, FIELD_PASSWORD },
	    .handler = handle_login },

	{ .method = METHOD_DELETE, .path = "/sessions",
	    .name = "DELETE /sessions", .who = WHO_SESSION,
	    .cost = COST_WRITE, .handler = handle_logout },

	{ .method = METHOD_GET, .path = "/sessions",
	    .name = "GET /sessions", .who = WHO_SESSION,
	    .cost = COST_QUICK, .handler = handle_sessions },

	{ .method = METHOD_POST, .path = "/sessions/confirm",
	    .name = "POST /sessions/confirm", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 1, .field = { FIELD_PASSWORD },
	    .handler = handle_confirm },

	{ .method = METHOD_DELETE, .path = "/sessions/others",
	    .name = "DELETE /sessions/others", .who = WHO_SESSION,
	    .cost = COST_WRITE, .handler = handle_end_others },

	{ .method = METHOD_DELETE, .path = "/sessions/{id}",
	    .name = "DELETE /sessions/{id}", .who = WHO_SESSION,
	    .cost = COST_WRITE, .handler = handle_end_session },

	{ .method = METHOD_GET, .path = "/profile",
	    .name = "GET /profile", .who = WHO_SESSION, .cost = COST_QUICK,
	    .show = show_account,
	    .handler = handle_profile },

	{ .method = METHOD_DELETE, .path = "/profile",
	    .name = "DELETE /profile", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 1, .field = { FIELD_PASSWORD },
	    .handler = handle_delete_account },

	{ .method = METHOD_PUT, .path = "/profile/password",
	    .name = "PUT /profile/password", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 2, .field = {
	    FIELD_CURRENT_PASSWORD, FIELD_NEW_PASSWORD },
	    .handler = handle_change_password },

	{ .method = METHOD_PUT, .path = "/profile/email",
	    .name = "PUT /profile/email", .who = WHO_PROVED,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_EMAIL },
	    .handler = handle_change_email },

	{ .method = METHOD_PUT, .path = "/profile/language",
	    .name = "PUT /profile/language", .who = WHO_SESSION,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_LANGUAGE },
	    .handler = handle_language },

	{ .method = METHOD_POST, .path = "/profile/email/confirm",
	    .name = "POST /profile/email/confirm", .who = WHO_ANYBODY,
	    .cost = COST_WRITE, .fields = 2, .optional = 1,
	    .field = { FIELD_TOKEN, FIELD_EMAIL },
	    .handler = handle_confirm_email },

	{ .method = METHOD_POST, .path = "/profile/email/undo",
	    .name = "POST /profile/email/undo", .who = WHO_ANYBODY,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_TOKEN },
	    .handler = handle_undo_email },

	{ .method = METHOD_POST, .path = "/report",
	    .name = "POST /report", .who = WHO_ANYBODY,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_TOKEN },
	    .show = show_report, .then = "/reset",
	    .handler = handle_report },

	{ .method = METHOD_GET, .path = "/profile/export",
	    .name = "GET /profile/export", .who = WHO_PROVED,
	    .cost = COST_QUICK, .handler = handle_export },

	{ .method = METHOD_POST, .path = "/reset_password",
	    .name = "POST /reset_password", .who = WHO_ANYBODY,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_EMAIL },
	    .handler = handle_reset_begin },

	{ .method = METHOD_PUT, .path = "/reset_password",
	    .name = "PUT /reset_password", .who = WHO_ANYBODY,
	    .cost = COST_HASH, .fields = 3, .field = { FIELD_EMAIL,
	    FIELD_RESET_TOKEN, FIELD_NEW_PASSWORD },
	    .handler = handle_reset_finish },

	/* For people. */

	{ .method = METHOD_GET, .path = "/login",
	    .name = "GET /login", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .onward = true, .show = show_login,
	    .says = { OUT_USER_CREATED, OUT_USER_ASKED_TWICE,
	    OUT_PASSWORD_UPDATED, OUT_ADDRESS_CHANGED, OUT_NO_SESSION },
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/login",
	    .name = "POST /login", .who = WHO_ANYBODY, .cost = COST_HASH,
	    .fields = 2, .field = { FIELD_EMAIL, FIELD_PASSWORD },
	    .page = true, .onward = true, .show = show_login,
	    .then = "/login/done", .handler = handle_login },

	{ .method = METHOD_GET, .path = "/login/done",
	    .name = "GET /login/done", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .onward = true,
	    .show = show_arrival, .then = "/account", .back = true,
	    .handler = handle_arrival },

	{ .method = METHOD_GET, .path = "/logout",
	    .name = "GET /logout", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .onward = true, .show = show_logout,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/logout",
	    .name = "POST /logout", .who = WHO_SESSION, .cost = COST_WRITE,
	    .page = true, .onward = true, .show = show_logout,
	    .then = "/", .back = true, .leaves = true,
	    .handler = handle_logout },

	{ .method = METHOD_GET, .path = "/register",
	    .name = "GET /register", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .onward = true, .show = show_register,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/register",
	    .name = "POST /register", .who = WHO_ANYBODY, .cost = COST_HASH,
	    .fields = 2, .field = { FIELD_EMAIL, FIELD_PASSWORD },
	    .page = true, .onward = true, .show = show_register,
	    .then = "/login", .mailed = "/confirm",
	    .handler = handle_register },

	{ .method = METHOD_GET, .path = "/confirm",
	    .name = "GET /confirm", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .onward = true, .show = show_confirm_user,
	    .says = { OUT_CHECK_MAIL }, .handler = handle_page },

	{ .method = METHOD_POST, .path = "/confirm",
	    .name = "POST /confirm", .who = WHO_ANYBODY, .cost = COST_WRITE,
	    .fields = 2, .optional = 1, .field = { FIELD_TOKEN, FIELD_EMAIL },
	    .page = true, .onward = true, .show = show_confirm_user,
	    .then = "/login", .handler = handle_confirm_user },

	{ .method = METHOD_GET, .path = "/reset",
	    .name = "GET /reset", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .onward = true, .show = show_reset,
	    .says = { OUT_RECOVERED, OUT_CLOSED }, .handler = handle_page },

	{ .method = METHOD_POST, .path = "/reset",
	    .name = "POST /reset", .who = WHO_ANYBODY, .cost = COST_WRITE,
	    .fields = 1, .field = { FIELD_EMAIL },
	    .page = true, .onward = true, .show = show_reset,
	    .mailed = "/reset/password", .handler = handle_reset_begin },

	{ .method = METHOD_GET, .path = "/reset/password",
	    .name = "GET /reset/password", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .onward = true,
	    .show = show_new_password, .says = { OUT_RESET_MAILED },
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/reset/password",
	    .name = "POST /reset/password", .who = WHO_ANYBODY,
	    .cost = COST_HASH, .fields = 3, .optional = 1, .field = {
	    FIELD_RESET_TOKEN, FIELD_NEW_PASSWORD, FIELD_EMAIL },
	    .page = true, .onward = true, .show = show_new_password,
	    .then = "/login", .handler = handle_reset_finish },

	{ .method = METHOD_GET, .path = "/account",
	    .name = "GET /account", .who = WHO_SESSION, .cost = COST_QUICK,
	    .page = true, .show = show_account,
	    .says = { OUT_ADDRESS_CHANGED, OUT_PASSWORD_CHANGED,
	    OUT_LANGUAGE_SET, OUT_SESSION_ENDED },
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/sessions/others",
	    .name = "POST /account/sessions/others", .who = WHO_SESSION,
	    .cost = COST_WRITE, .page = true, .show = show_account,
	    .then = "/account", .handler = handle_end_others },

	{ .method = METHOD_POST, .path = "/account/sessions/{id}",
	    .name = "POST /account/sessions/{id}", .who = WHO_SESSION,
	    .cost = COST_WRITE, .page = true, .show = show_account,
	    .then = "/account", .handler = handle_end_session },

	{ .method = METHOD_GET, .path = "/account/email",
	    .name = "GET /account/email", .who = WHO_SESSION,
	    .cost = COST_QUICK, .page = true, .show = show_email,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/email",
	    .name = "POST /account/email", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 2, .field = { FIELD_EMAIL,
	    FIELD_PASSWORD },
	    .page = true, .show = show_email, .mailed = "/address",
	    .handler = handle_email_form },

	{ .method = METHOD_GET, .path = "/address",
	    .name = "GET /address", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .show = show_address,
	    .says = { OUT_ADDRESS_MAILED }, .handler = handle_page },

	{ .method = METHOD_POST, .path = "/address",
	    .name = "POST /address", .who = WHO_ANYBODY, .cost = COST_WRITE,
	    .fields = 2, .optional = 1, .field = { FIELD_TOKEN, FIELD_EMAIL },
	    .page = true, .show = show_address, .then = "/account",
	    .handler = handle_confirm_email },

	{ .method = METHOD_GET, .path = "/undo",
	    .name = "GET /undo", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .show = show_undo, .handler = handle_page },

	{ .method = METHOD_POST, .path = "/undo",
	    .name = "POST /undo", .who = WHO_ANYBODY, .cost = COST_WRITE,
	    .fields = 1, .field = { FIELD_TOKEN }, .page = true,
	    .show = show_undo, .then = "/reset",
	    .handler = handle_undo_email },

	{ .method = METHOD_GET, .path = "/report",
	    .name = "GET /report", .who = WHO_ANYBODY, .cost = COST_QUICK,
	    .page = true, .show = show_report, .handler = handle_page },

	{ .method = METHOD_GET, .path = "/account/password",
	    .name = "GET /account/password", .who = WHO_SESSION,
	    .cost = COST_QUICK, .page = true, .show = show_password,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/password",
	    .name = "POST /account/password", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 2, .field = {
	    FIELD_CURRENT_PASSWORD, FIELD_NEW_PASSWORD },
	    .page = true, .show = show_password, .then = "/account",
	    .handler = handle_change_password },

	{ .method = METHOD_GET, .path = "/account/language",
	    .name = "GET /account/language", .who = WHO_SESSION,
	    .cost = COST_QUICK, .page = true, .show = show_language,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/language",
	    .name = "POST /account/language", .who = WHO_SESSION,
	    .cost = COST_WRITE, .fields = 1, .field = { FIELD_LANGUAGE },
	    .page = true, .show = show_language, .then = "/account",
	    .handler = handle_language },

	{ .method = METHOD_GET, .path = "/account/confirm",
	    .name = "GET /account/confirm", .who = WHO_SESSION,
	    .cost = COST_QUICK, .page = true, .onward = true,
	    .show = show_confirm, .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/confirm",
	    .name = "POST /account/confirm", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 1, .field = { FIELD_PASSWORD },
	    .page = true, .onward = true, .show = show_confirm,
	    .then = "/account", .back = true, .handler = handle_confirm },

	{ .method = METHOD_GET, .path = "/account/export",
	    .name = "GET /account/export", .who = WHO_PROVED,
	    .cost = COST_QUICK, .page = true, .show = show_export,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/export",
	    .name = "POST /account/export", .who = WHO_PROVED,
	    .cost = COST_WRITE, .page = true, .show = show_export,
	    .handler = handle_download },

	{ .method = METHOD_GET, .path = "/account/delete",
	    .name = "GET /account/delete", .who = WHO_SESSION,
	    .cost = COST_QUICK, .page = true, .show = show_delete,
	    .handler = handle_page },

	{ .method = METHOD_POST, .path = "/account/delete",
	    .name = "POST /account/delete", .who = WHO_SESSION,
	    .cost = COST_HASH, .fields = 1, .field = { FIELD_PASSWORD },
	    .page = true, .show = show_delete, .then = "/",
	    .handler = handle_delete_account },

	{ .method = METHOD_GET, .path = "/.well-known/change-password",
	    .name = "GET /.well-known/change-password", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true,
	    .handler = handle_change_password_page },

	{ .method = METHOD_GET, .path = "/assets/style.css",
	    .name = "GET /assets/style.css", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .handler = handle_style },

	{ .method = METHOD_GET, .path = "/assets/accent.css",
	    .name = "GET /assets/accent.css", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .handler = handle_accent },

	{ .method = METHOD_GET, .path = "/assets/page.js",
	    .name = "GET /assets/page.js", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .handler = handle_script },

	{ .method = METHOD_GET, .path = "/assets/logo.svg",
	    .name = "GET /assets/logo.svg", .who = WHO_ANYBODY,
	    .cost = COST_QUICK, .page = true, .handler = handle_logo },
};

#define ROUTES	(sizeof(routes) / sizeof(routes[0]))

static const char *const methods[] = {
	[METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD",
	[METHOD_POST] = "POST", [METHOD_PUT] = "PUT",
	[METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
	[METHOD_OPTIONS] = "OPTIONS",
};

enum method
route_method(const char *name)
{
	enum method m;

	for (m = 0; m < METHOD_OTHER; m++)
		if (strcmp(methods[m], name) == 0)
			break;
	return m;
}

static bool
fits(const char *pattern, const char *path, const char **object)
{
	size_t len = strcspn(pattern, "{");

	*object = NULL;
	if (pattern[len] == '\0')
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, len) != 0 ||
	    strlen(path + len) != DIGEST_TOKEN_LEN ||
	    !text_is_base64url(path + len, DIGEST_TOKEN_LEN))
		return false;
	*object = path + len;
	return true;
}

const struct route *
route_find(enum method m, const char *path, const char **object)
{
	size_t i;

	if (m == METHOD_HEAD)
		m = METHOD_GET;
	for (i = 0; i < ROUTES; i++)
		if (routes[i].method == m &&
		    fits(routes[i].path, path, object))
			return &routes[i];
	return NULL;
}

const char *
route_says(const char *path, const char *code)
{
	const char *object;
	const struct route *r = route_find(METHOD_GET, path, &object);
	size_t i;

	for (i = 0; r != NULL && i < ROUTE_SAYS_MAX; i++)
		if (r->says[i] != OUT_WELCOME &&
		    strcmp(reply_code(r->says[i]), code) == 0)
			return reply_code(r->says[i]);
	return NULL;
}

bool
route_allow(const char *path, char *out)
{
	const char *object;
	enum method m;
	bool known;

	known = false;
	out[0] = '\0';
	for (m = 0; m < METHOD_OPTIONS; m++) {
		if (route_find(m, path, &object) == NULL)
			continue;
		known = true;
		(void)strncat(out, methods[m], ROUTE_ALLOW_MAX - 1);
		(void)strncat(out, ", ", ROUTE_ALLOW_MAX - 1);
	}
	(void)strncat(out, "OPTIONS", ROUTE_ALLOW_MAX - 1);
	return known;
}

const struct route *
route_all(size_t *n)
{
	*n = ROUTES;
	return routes;
}
