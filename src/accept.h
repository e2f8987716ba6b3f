/*
 * accept.h - what a client likes to be answered with
 */
#ifndef ACCEPT_H
#define ACCEPT_H

#define ACCEPT_FULL	1000

/*
 * How much a media type, in lower case, is wanted by an Accept header (RFC
 * 9110, 12.5.1): 0, not at all, up to ACCEPT_FULL, in thousandths.  What names
 * the type counts more than what names it among others.  Without a header
 * everything is wanted alike.  Parameters but q do not count.
 */
int	accept_quality(const char *header, const char *type);

#endif
