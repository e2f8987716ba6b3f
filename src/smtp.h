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

/* RFC 5321, 4.5.3.2.6: how long the answer to the whole mail is waited for. */
#define SMTP_ANSWER_MS	600000L

struct smtp;

/* conf must outlive it.  NULL, and *fault: the password cannot be read. */
struct smtp	*smtp_open(const struct conf *, const char **fault);
void		 smtp_close(struct smtp *);
/*
 * Takes at most three times mail_timeout, and SMTP_ANSWER_MS once the server
 * has the whole mail.  While SIGTERM or SIGINT is pending it does without the
 * latter: then a mail may be given up that the server takes.
 */
void		 smtp_send(struct smtp *, const struct parcel *,
		    struct post_result *);
/* Nothing is to be sent for now: ends the connection. */
void		 smtp_rest(struct smtp *);
/* "libcurl 7.88.1" */
const char	*smtp_version(void);

#endif
