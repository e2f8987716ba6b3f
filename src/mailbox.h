/*
 * mailbox.h - the law of what takes a mailbox: to register, to set a password
 * without the old one, to change the address, to take an account back
 *
 * Whoever asks is answered the same whether there is such an account or not,
 * after the same work: as much is written, and the courier drops what is for
 * nobody.  Whoever has the mailbox shows the ticket's token, or its code
 * beside the address; what does not fit is refused with one outcome, whatever
 * is wrong with it.
 *
 * OUT_TOO_OFTEN, of whatever takes a code: it was not looked at.
 * OUT_MAIL_TOO_OFTEN: see limiter.h.  OUT_NO_MAIL: no way to send mail is
 * configured.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "law.h"
#include "notice.h"

/*
 * OUT_CHECK_MAIL, OUT_MAIL_TOO_OFTEN, OUT_NO_MAIL, and what policy.h refuses.
 * There is no account until mailbox_confirm; to the owner of an address that
 * is taken goes a mail that says so.
 */
enum outcome	 mailbox_register(struct auth *, struct arena *,
		    const char *email, const char *password,
		    const struct caller *);
/*
 * OUT_USER_CREATED, OUT_USER_ASKED_TWICE, OUT_BAD_TICKET, OUT_TOO_OFTEN.
 * email: NULL where token is no code.  *who is the account's address.  Asked
 * for twice, it has no password: who opens a link knows the mailbox, and need
 * not be who typed the password that came with it.
 */
enum outcome	 mailbox_confirm(struct auth *, struct arena *,
		    const char *email, const char *token,
		    const struct caller *, const char **who);

/*
 * In compat OUT_RESET_STARTED, OUT_UNKNOWN_ADDRESS; else OUT_RESET_MAILED,
 * OUT_MAIL_TOO_OFTEN, OUT_NO_MAIL, and *out has no token.
 */
enum outcome	 mailbox_reset_begin(struct auth *, struct arena *,
		    const char *email, const struct caller *,
		    struct grant *out);
/*
 * An administrator's.  OUT_RESET_STARTED, OUT_UNKNOWN_ADDRESS, also for one
 * that is disabled.
 */
enum outcome	 mailbox_reset_make(struct auth *, struct arena *,
		    const char *email, int64_t seconds, struct grant *out);
#define MAILBOX_RESET_SECONDS	(60 * 60)
/*
 * The same by mail, as NOTICE_RESET or NOTICE_INVITATION says it: the token is
 * shown to nobody else.  OUT_RESET_MAILED, OUT_UNKNOWN_ADDRESS, OUT_NO_MAIL,
 * in compat too.
 */
enum outcome	 mailbox_reset_send(struct auth *, struct arena *,
		    const char *email, enum notice);
/*
 * OUT_PASSWORD_UPDATED, OUT_BAD_RESET_TOKEN, OUT_TOO_OFTEN, and what policy.h
 * refuses: OUT_PASSWORD_SHORT, OUT_PASSWORD_CONTEXT, OUT_PASSWORD_COMMON,
 * OUT_WEAK_WORDS, OUT_WEAK_REPEATS, OUT_WEAK_SEQUENCE, OUT_WEAK_KEYS,
 * OUT_WEAK_DATE, OUT_WEAK_PLAIN.  email: NULL where token is no code.
 */
enum outcome	 mailbox_reset_finish(struct auth *, struct arena *,
		    const char *email, const char *token,
		    const char *new_password, const struct caller *);
/* Whose password such a token sets, without using it up; NULL: it is none. */
const char	*mailbox_reset_email(struct auth *, struct arena *,
		    const char *token);

/*
 * OUT_ADDRESS_MAILED, OUT_OWN_ADDRESS, OUT_MAIL_TOO_OFTEN, OUT_NO_MAIL.  The
 * account keeps its address until mailbox_address_finish.
 */
enum outcome	 mailbox_address_begin(struct auth *, struct arena *,
		    const struct session *, const char *email,
		    const struct caller *);
/*
 * OUT_ADDRESS_CHANGED, OUT_BAD_TICKET, OUT_TOO_OFTEN; email and who are as
 * above.  Whoever has the former address is told, and can undo it.
 */
enum outcome	 mailbox_address_finish(struct auth *, struct arena *,
		    const char *email, const char *token,
		    const struct caller *, const char **who);
/*
 * What an administrator does for an owner who has lost the mailbox, so nothing
 * that was sent there works any more: the former address is told, and can undo
 * nothing; of another spelling nobody is told.
 * OUT_ADDRESS_CHANGED, OUT_OWN_ADDRESS, OUT_EMAIL_TAKEN.
 */
enum outcome	 mailbox_address_set(struct auth *, struct arena *,
		    const struct user *, const char *email);
/*
 * It was not the owner.  OUT_RECOVERED, OUT_BAD_TICKET.  Nobody is in the
 * account any more, no password opens it, and nothing else waits for a mailbox
 * of its, but what undoes a change of its address: the owner asks for a reset.
 */
enum outcome	 mailbox_report(struct auth *, struct arena *,
		    const char *token);
/*
 * The same, and the account has its former address again.  OUT_RECOVERED,
 * OUT_CLOSED, OUT_BAD_TICKET.  What undoes a later change ends too.  Where the
 * address has another account by now, this one is disabled.
 */
enum outcome	 mailbox_undo(struct auth *, struct arena *,
		    const char *token);

#endif
