/*
 * smtp.h - the only door to libcurl: hands mails to a mail server
 *
 * The server must speak TLS, by STARTTLS or from the start, and show a good
 * certificate, unless struct conf says smtp_plain; nothing is sent before.  A
 * connection is kept from one mail to the next.
 */
#ifndef SMTP_H
#define SMTP_H

#include "conf.h"
#include "parcel.h"

struct smtp;

/* conf must outlive it.  NULL, and *fault: the password cannot be read. */
struct smtp	*smtp_open(const struct conf *, const char **fault);
void		 smtp_close(struct smtp *);
/* Takes at most three times mail_timeout. */
void		 smtp_send(struct smtp *, const struct parcel *,
		    struct post_result *);
/* Nothing is to be sent for now: ends the connection. */
void		 smtp_rest(struct smtp *);
/* "libcurl 7.88.1" */
const char	*smtp_version(void);

#endif
