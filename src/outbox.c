#include "outbox.h"

#include "digest.h"
#include "statements.h"

#define ARGS(...)	(const struct db_value[]){ __VA_ARGS__ }

enum db_status
outbox_add(struct db_conn *c, struct arena *a, const struct mail *m)
{
	char id[DIGEST_ID_LEN + 1];

	digest_id(id);
	return db_run(c, a, MAIL_ADD, ARGS(DB_TEXT(id), DB_TEXT(m->kind),
	    DB_TEXT(m->recipient), DB_TEXT(m->language), DB_TEXT(m->content),
	    DB_NUMBER(m->created_at), DB_NUMBER(m->expires_at)), NULL);
}
