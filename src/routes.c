#include "routes.h"

#include <string.h>

#include "digest.h"
#include "handlers.h"
#include "text.h"

/* Paths are compared byte for byte: nothing is decoded or folded. */
static const struct route routes[] = {
	{ .method = METHOD_GET, .path = "/",
	    .name = "GET /", .who = WHO_ANYBODY, .cost = COST_QUICK,
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
