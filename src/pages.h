/*
 * pages.h - the doors for people: what they show, one function a page
 *
 * A show_... draws its page, whatever the outcome: at first, and again with
 * what was typed and what was wrong.  What acts is a function of handlers.h;
 * few doors need another, a handle_... of this file.
 */
#ifndef PAGES_H
#define PAGES_H

#include "call.h"

void	handle_page(struct call *);
void	handle_arrival(struct call *);
void	handle_download(struct call *);
void	handle_change_password_page(struct call *);
void	handle_style(struct call *);
void	handle_accent(struct call *);
void	handle_script(struct call *);
void	handle_logo(struct call *);

void	show_home(struct call *);
void	show_login(struct call *);
void	show_arrival(struct call *);
void	show_logout(struct call *);
void	show_register(struct call *);
void	show_reset(struct call *);
void	show_new_password(struct call *);
void	show_confirm_user(struct call *);
void	show_email(struct call *);
void	show_address(struct call *);
void	show_undo(struct call *);
void	show_report(struct call *);
void	show_account(struct call *);
void	show_password(struct call *);
void	show_language(struct call *);
void	show_confirm(struct call *);
void	show_export(struct call *);
void	show_delete(struct call *);

#endif
