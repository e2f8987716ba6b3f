/*
 * handlers.h - one function a door: ask the law, say the answer
 *
 * The gates have let the call in: every field of its route is there and
 * checked, and where the route asks for a session, it is alive.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "call.h"

void	handle_welcome(struct call *);
void	handle_register(struct call *);
void	handle_confirm_user(struct call *);
void	handle_login(struct call *);
void	handle_logout(struct call *);
void	handle_sessions(struct call *);
void	handle_end_session(struct call *);
void	handle_end_others(struct call *);
void	handle_confirm(struct call *);
void	handle_profile(struct call *);
void	handle_change_password(struct call *);
void	handle_change_email(struct call *);
void	handle_email_form(struct call *);
void	handle_confirm_email(struct call *);
void	handle_undo_email(struct call *);
void	handle_report(struct call *);
void	handle_language(struct call *);
void	handle_delete_account(struct call *);
void	handle_export(struct call *);
void	handle_reset_begin(struct call *);
void	handle_reset_finish(struct call *);

#endif
