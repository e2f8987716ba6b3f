/*
 * address.h - e-mail addresses, as they compare and as mail is sent to them
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "arena.h"

#define ADDRESS_MAX	254	/* RFC 5321, 4.5.3.1.3, less the brackets */

/*
 * The form in which a mail is sent to an address: the local part as it was
 * given, the domain as DNS compares it, ASCII all of it.  NULL if it is no
 * address, as below.
 */
char		*address_for_mail(struct arena *, const char *email);

/*
 * The form in which addresses are compared: the local part in lower case,
 * the domain as DNS compares it.  NULL if it is no address by the rule of
 * the WHATWG (html.spec.whatwg.org, "valid e-mail address") after the domain
 * has been mapped to ASCII.
 */
char		*address_key(struct arena *, const char *email);

#endif
