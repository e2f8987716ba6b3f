/*
 * cgi.h - one request as plain CGI (RFC 3875)
 */
#ifndef CGI_H
#define CGI_H

#include <stdbool.h>

#include "auth.h"
#include "conf.h"

/* Was this process started by a web server to answer one request? */
bool	cgi_is_asked(void);
/* Answers it on standard output.  False: the answer could not be written. */
bool	cgi_serve(const struct conf *, struct auth *);

#endif
