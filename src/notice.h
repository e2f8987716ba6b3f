/*
 * notice.h - every mail that is written, one row each
 *
 * NOTICE(id, kind, ticket, page, life, code)
 *
 * kind: its template is mail/KIND.txt.
 * ticket: what is made beside it; see ticket.h; NULL for nothing.
 * page: the path of the link; where that ends with "=", the ticket's token
 *     follows.
 * life: minutes that the ticket and the mail are good for.
 * code: whether a code that can be typed does what the ticket does.
 *
 * To an address that is taken goes a mail that has no word of its ticket: that
 * is made because one is made for an address that is free.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include "law.h"

#define NOTICE_INVITATION_MINUTES	(24 * 60)

#define NOTICES(NOTICE)							\
NOTICE(NOTICE_REGISTRATION, "registration", TICKET_REGISTRATION,	\
    "/confirm?token=", 60, true)					\
NOTICE(NOTICE_REGISTRATION_TAKEN, "registration_taken",			\
    TICKET_REGISTRATION, "/reset", 60, true)				\
NOTICE(NOTICE_RESET, "reset", TICKET_RESET, "/reset?token=", 60, true)	\
NOTICE(NOTICE_INVITATION, "invitation", TICKET_RESET, "/reset?token=",	\
    NOTICE_INVITATION_MINUTES, true)					\
NOTICE(NOTICE_ADDRESS_CHANGE, "address_change", TICKET_ADDRESS,		\
    "/address?token=", 60, true)					\
NOTICE(NOTICE_ADDRESS_TAKEN, "address_taken", TICKET_ADDRESS,		\
    "/reset", 60, true)							\
NOTICE(NOTICE_ADDRESS_CHANGED, "address_changed", TICKET_UNDO,		\
    "/undo?token=", 72 * 60, false)					\
NOTICE(NOTICE_ADDRESS_UNDONE, "address_undone", NULL, "/", 72 * 60,	\
    false)								\
NOTICE(NOTICE_ADDRESS_SET, "address_set", NULL, "/", 72 * 60, false)	\
NOTICE(NOTICE_PASSWORD_CHANGED, "password_changed", TICKET_REPORT,	\
    "/report?token=", 72 * 60, false)					\
NOTICE(NOTICE_NEW_DEVICE, "new_device", TICKET_REPORT,			\
    "/report?token=", 72 * 60, false)					\
NOTICE(NOTICE_SESSIONS_ENDED, "sessions_ended", NULL, "/login",		\
    72 * 60, false)							\
NOTICE(NOTICE_ACCOUNT_DELETED, "account_deleted", NULL, "/", 72 * 60,	\
    false)

enum notice {
#define NOTICE_ID(id, kind, ticket, page, life, code) id,
	NOTICES(NOTICE_ID)
#undef NOTICE_ID
};

/* In compat, and where no way to send mail is configured, there are none. */
bool		 notice_possible(const struct conf *);
/*
 * The same record, which posts the notice as well; where none is possible, the
 * record as it is.  about: whose ticket it is, "" for nobody's; the address
 * that it is for; a registration's hash; the language.  to: the address that
 * the mail goes to; NULL for nobody, who costs as much.
 */
const struct entry *notice_post(const struct auth *, struct arena *,
		    const struct entry *record, enum notice,
		    const struct user *about, const char *to);
/* The record of an event whose account's owner is told of it. */
const struct entry *notice_owner(const struct auth *, struct arena *,
		    enum event, enum notice, const struct user *);

/* The link that its mail has with this token. */
const char	*notice_link(const struct auth *, struct arena *,
		    enum notice, const char *token);

/*
 * What a code is stored as, whatever spaces and hyphens stand in it; NULL for
 * whatever no code of ours looks like.  Anybody can try all codes on a digest,
 * so where there is a pepper it is one that takes its key.
 */
const char	*notice_code_hash(const struct conf *, struct arena *,
		    const char *kind, const char *email_key,
		    const char *code);

#endif
