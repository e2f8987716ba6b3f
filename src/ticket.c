#include "ticket.h"

#include <string.h>

#include "statements.h"

#define ARGS(...)	(const struct db_value[]){ __VA_ARGS__ }
#define COLUMNS_MAX	STATEMENT_COLUMNS_MAX

static enum db_status
add(struct db_conn *c, struct arena *a, const struct ticket *t)
{
	enum db_status status = DB_OK;

	if (strcmp(t->kind, TICKET_RESET) == 0)
		status = db_run(c, a, TICKETS_OF_ADDRESS_END,
		    ARGS(DB_TEXT(t->email_key), DB_TEXT(t->kind)), NULL);
	return status != DB_OK ? status : db_run(c, a, TICKET_ADD,
	    ARGS(DB_TEXT(t->token_hash), DB_TEXT(t->kind),
	    DB_TEXT(t->email), DB_TEXT(t->email_key), DB_TEXT(t->user_id),
	    DB_TEXT(t->password_hash), DB_TEXT(t->language),
	    DB_TEXT(t->code_hash), DB_NUMBER(t->created_at),
	    DB_NUMBER(t->expires_at)), NULL);
}

enum db_status
ticket_post(struct db_conn *c, struct arena *a, const struct posting *p)
{
	enum db_status status = DB_OK;

	if (p->ticket.token_hash != NULL)
		status = add(c, a, &p->ticket);
	if (status == DB_OK && p->mail.kind != NULL)
		status = outbox_add(c, a, &p->mail);
	return status;
}

enum db_status
ticket_take(struct db_conn *c, struct arena *a, const char *kind,
    const char *token_hash, int64_t now, struct ticket *out)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	status = db_run(c, a, TICKET_TAKE, ARGS(DB_TEXT(token_hash),
	    DB_TEXT(kind), DB_NUMBER(now)), row);
	if (status == DB_OK)
		*out = (struct ticket){ .token_hash = token_hash,
		    .kind = kind, .user_id = row[0].text,
		    .email = row[1].text, .email_key = row[2].text,
		    .password_hash = row[3].text, .language = row[4].text,
		    .code_hash = "", .created_at = row[5].number };
	return status;
}

enum db_status
ticket_by_code(struct db_conn *c, struct arena *a, const struct ticket *code,
    const char **token_hash)
{
	struct db_value row[COLUMNS_MAX];
	enum db_status status;

	*token_hash = NULL;
	status = db_run(c, a, TICKET_BY_CODE, ARGS(DB_TEXT(code->email_key),
	    DB_TEXT(code->kind), DB_TEXT(code->code_hash),
	    DB_NUMBER(code->created_at)), row);
	if (status == DB_OK)
		*token_hash = row[0].text;
	return status != DB_NONE ? status : db_run(c, a, TICKETS_MISSED,
	    ARGS(DB_NUMBER(TICKET_TRIES), DB_TEXT(code->email_key),
	    DB_TEXT(code->kind)), NULL);
}
