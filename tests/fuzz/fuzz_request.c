/*
 * A whole request: whatever it says, the answer has a status of the table,
 * is well formed, and hands out nothing to who brought nothing.
 *
 * An input is a line "METHOD TARGET", lines "NAME=value" as web servers pass
 * them, an empty line, and the body.  <S> stands for a live session, <R> for
 * a live reset token, which nobody can guess.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/helper.h"
#include "digest.h"
#include "json.h"
#include "reply.h"
#include "routes.h"
#include "text.h"

#define EMAIL		"bob@b"
#define PASSWORD	"x"
#define HOME		"http://localhost:5000"	/* base_url */
#define CREDENTIALS	"email=" EMAIL "&password=" PASSWORD
/* Registrations pile up: each so many inputs they are swept away. */
#define SWEEP		5000

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct bed bed;
/* Live, or "". */
static char session[DIGEST_TOKEN_LEN + 1], reset[DIGEST_TOKEN_LEN + 1];
/* What the store holds of the password.  "$y$" alone is also an address. */
static char *hash;

/* One input, taken apart. */
struct input {
	struct arena	*arena;
	struct request	 request;
	size_t		 params;
	bool		 has_session;	/* it says <S> in a Cookie */
	bool		 has_reset;	/* it says <R> in the body */
};

static void
clean_up(void)
{
	helper_bed_close(&bed);
	free(hash);
}

/* The token goes into live. */
static void
ask_for(char *live, const char *uri)
{
	struct answer *a;
	const char *token;

	a = helper_ask(&bed, &(const struct request){ .method = "POST",
	    .uri = uri, .type = HELPER_FORM, .body = CREDENTIALS });
	token = live == session ? helper_cookie(a, "session_id") :
	    helper_member(a, "reset_token");
	if (token == NULL || strlen(token) != DIGEST_TOKEN_LEN)
		abort();
	memcpy(live, token, DIGEST_TOKEN_LEN + 1);
}

static void
enroll(void)
{
	struct answer *a;

	(void)helper_sql(bed.store, "DELETE FROM users");
	a = helper_ask(&bed, &(const struct request){ .method = "POST",
	    .uri = "/users", .type = HELPER_FORM, .body = CREDENTIALS });
	helper_must(a->status == 200, a->body);
	free(hash);
	hash = helper_text(bed.store, "SELECT password_hash FROM users");
	helper_must(strlen(hash) > strlen(PASSWORD), "no hash");
	session[0] = reset[0] = '\0';
}

static void
make_tokens(void)
{
	static unsigned int inputs;

	if (inputs++ % SWEEP == 0)
		enroll();
	if (session[0] == '\0')
		ask_for(session, "/sessions");
	if (reset[0] == '\0')
		ask_for(reset, "/reset_password");
	free(helper_log(&bed));
	helper_forget(&bed);
}

/* A store in memory, where there is one: this is not about disks. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	helper_bed(&bed, "profile = \"compat\"\nhash_cost = 1\n"
	    "log = \"requests\"\n");
	return atexit(clean_up);
}

/* The bytes with the token in the place of its mark. */
static char *
put_token(struct arena *a, const char *bytes, size_t *len, const char *mark,
    const char *token, bool *found)
{
	const char *at = memmem(bytes, *len, mark, strlen(mark));
	size_t before = at != NULL ? (size_t)(at - bytes) : 0, after;
	char *whole;

	if (at == NULL)
		return arena_copy(a, bytes, *len);
	*found = true;
	after = *len - before - strlen(mark);
	whole = arena_alloc(a, before + strlen(token) + after + 1);
	memcpy(whole, bytes, before);
	memcpy(whole + before, token, strlen(token));
	memcpy(whole + before + strlen(token), at + strlen(mark), after);
	*len = before + strlen(token) + after;
	return whole;
}

static void
take_param(struct input *in, struct slice line)
{
	struct request *r = &in->request;
	char *param;

	if (in->params == HELPER_PARAMS_MAX)
		return;
	param = arena_copy(in->arena, line.ptr, line.len);
	if (text_begins(param, "HTTP_COOKIE="))
		param = put_token(in->arena, line.ptr, &line.len, "<S>",
		    session, &in->has_session);
	if (text_begins(param, "REMOTE_ADDR="))
		r->client = "";
	if (text_begins(param, "CONTENT_LENGTH="))
		r->length = "";
	r->param[in->params++] = param;
}

static void
take_body(struct input *in, struct slice rest)
{
	if (rest.ptr == NULL || rest.len == 0)
		return;
	in->request.body = put_token(in->arena, rest.ptr, &rest.len, "<R>",
	    reset, &in->has_reset);
	in->request.body_len = rest.len;
}

static void
take_apart(struct input *in, const uint8_t *data, size_t len)
{
	struct slice rest = { (const char *)data, len }, line, word;

	(void)text_next_part(&rest, '\n', &line);
	(void)text_next_part(&line, ' ', &word);
	in->request.method = arena_copy(in->arena, word.ptr, word.len);
	if (line.ptr != NULL)
		in->request.uri = arena_copy(in->arena, line.ptr, line.len);
	while (text_next_part(&rest, '\n', &line) && line.len > 0)
		take_param(in, line);
	take_body(in, rest);
}

static bool
is_a_status(int status)
{
	enum outcome o;

	for (o = OUT_WELCOME; o <= OUT_FAULT; o++)
		if (reply_status(o) == status)
			return true;
	return status == 303;
}

/* A list that we give may be longer than one that we take. */
static bool
is_object(struct answer *a)
{
	size_t len = strlen(a->body);
	struct pairs pairs;

	switch (json_read(a->arena, a->body, len, &pairs)) {
	case READ_OK:
		return pairs.n > 0;
	case READ_TOO_MANY:
		return a->call.reply.outcome == OUT_EXPORT &&
		    a->body[0] == '{' && a->body[len - 2] == '}';
	case READ_MALFORMED:
		break;
	}
	return false;
}

/* Nobody is sent to where nobody serves. */
static bool
is_home(const char *to)
{
	size_t i;

	if (text_begins(to, HOME))
		to += strlen(HOME);
	if (to[0] != '/' && to[0] != '?' && to[0] != '#' && to[0] != '\0')
		return false;
	for (i = 0; to[i] > ' ' && to[i] < 0x7f && to[i] != '\\'; i++)
		continue;
	return to[i] == '\0' && !text_begins(to, "//");
}

static bool
leads_home(struct answer *a)
{
	const char *to = helper_header(a, "Location");

	return to != NULL && a->body[0] == '\0' && is_home(to);
}

static bool
goes_home(struct answer *a)
{
	static const char refresh[] = "<meta http-equiv=\"refresh\" "
	    "content=\"0;url=";
	const char *to = strstr(a->body, "<meta http-equiv");

	if (to == NULL)
		return true;
	if (!text_begins(to, refresh))
		return false;
	to += strlen(refresh);
	return is_home(arena_copy(a->arena, to, strcspn(to, "\"")));
}

/* A whole page, in which nothing that was sent has become a tag. */
static bool
is_page(struct answer *a)
{
	size_t len = strlen(a->body);

	return text_begins(a->body, "<!DOCTYPE html>\n<html lang=\"") &&
	    strcmp(a->body + len - strlen("</html>\n"), "</html>\n") == 0 &&
	    strstr(a->body, "<fuzz") == NULL && goes_home(a);
}

static bool
is_body(struct answer *a)
{
	const char *type = helper_header(a, "Content-Type");

	if (a->status == 303)
		return leads_home(a);
	if (a->call.reply.outcome == OUT_FILE)
		return a->body[0] != '\0';
	return type != NULL && strcmp(type, "text/html; charset=utf-8") == 0 ?
	    is_page(a) : is_object(a);
}

/* helper_ask has looked at the header and at the length already. */
static void
check_form(struct answer *a)
{
	helper_must(is_a_status(a->status), "an unknown status");
	helper_must(a->status < 500, "a fault");
	helper_must(helper_header(a, "X-Request-Id") != NULL, "no id");
	if (a->status == 204 || a->status == 304 ||
	    a->call.method == METHOD_HEAD)
		return;
	helper_must(is_body(a), "neither an object nor a page");
}

static bool
needs_session(enum outcome o)
{
	return o == OUT_PROFILE || o == OUT_LOGGED_OUT || o == OUT_SESSIONS ||
	    o == OUT_SESSION_ENDED || o == OUT_NO_SUCH_SESSION ||
	    o == OUT_CONFIRMED || o == OUT_WRONG_PASSWORD ||
	    o == OUT_PASSWORD_CHANGED || o == OUT_EXPORT ||
	    o == OUT_ACCOUNT_DELETED;
}

static bool
has_acted(enum outcome o)
{
	return o == OUT_USER_CREATED || o == OUT_LOGGED_IN ||
	    o == OUT_LOGGED_OUT || o == OUT_RESET_STARTED ||
	    o == OUT_PASSWORD_UPDATED || o == OUT_SESSION_ENDED ||
	    o == OUT_CONFIRMED || o == OUT_PASSWORD_CHANGED ||
	    o == OUT_ACCOUNT_DELETED;
}

/* Not strstr: a fuzzer learns from it what it looks for. */
static bool
holds(const char *text, const char *token)
{
	size_t i;

	for (; *text != '\0'; text++) {
		for (i = 0; token[i] != '\0' && text[i] == token[i]; i++)
			continue;
		if (token[i] == '\0')
			return true;
	}
	return false;
}

static void
check_law(struct answer *a, const struct input *in)
{
	enum outcome o = a->call.reply.outcome;
	const char *site = a->call.param[PARAM_FETCH_SITE];

	if (needs_session(o))
		helper_must(in->has_session, "in without a session");
	if (o == OUT_PASSWORD_UPDATED)
		helper_must(in->has_reset, "reset without a token");
	if (has_acted(o) && site != NULL)
		helper_must(strcmp(site, "same-origin") == 0 ||
		    strcmp(site, "none") == 0, "acted for another site");
	helper_must((helper_header(a, "Set-Cookie") != NULL) ==
	    (o == OUT_LOGGED_IN || o == OUT_LOGGED_OUT ||
	    o == OUT_ACCOUNT_DELETED), "a cookie");
	helper_must(!holds(a->body, hash), "a hash");
}

static void
check_log(void)
{
	char *lines = helper_log(&bed);

	helper_must(helper_log_valid(lines), lines);
	helper_must(!holds(lines, session), "a session in the log");
	helper_must(!holds(lines, reset), "a token in the log");
	helper_must(!holds(lines, hash), "a hash in the log");
	free(lines);
}

/* What this input may have ended is made anew for the next. */
static void
note_end(const struct answer *a, const struct input *in)
{
	switch (a->call.reply.outcome) {
	case OUT_PASSWORD_UPDATED:
	case OUT_PASSWORD_CHANGED:
	case OUT_ACCOUNT_DELETED:
		enroll();
		break;
	case OUT_RESET_STARTED:
		reset[0] = '\0';
		break;
	case OUT_LOGGED_IN:	/* may have ended the oldest */
		session[0] = '\0';
		break;
	case OUT_LOGGED_OUT:
		if (in->has_session)
			session[0] = '\0';
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { .params = 0 };
	struct answer *a;

	make_tokens();
	in.arena = arena_new();
	take_apart(&in, data, len);
	a = helper_ask(&bed, &in.request);
	check_form(a);
	check_law(a, &in);
	check_log();
	note_end(a, &in);
	helper_forget(&bed);
	arena_free(in.arena);
	return 0;
}
