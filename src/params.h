/*
 * params.h - what is read of what the web server says, one row each
 *
 * PARAM(id, CGI name, public name, repeat)
 *
 * repeat: what a second one of the same name does.  A web server may pass a
 * header line that came twice as two parameters, or as one that is joined.
 *     REFUSE the request; JOIN with "; " as cookies are, up to a number of
 *     lines; LIST with ", " (RFC 9110, 5.3), up to that number too; KEEP the
 *     first.
 * Nothing else that a client can send is looked at.
 */
#ifndef PARAMS_H
#define PARAMS_H

#define PARAMS(PARAM)							\
PARAM(PARAM_METHOD, "REQUEST_METHOD", "method", REFUSE)			\
PARAM(PARAM_URI, "REQUEST_URI", "request target", REFUSE)		\
PARAM(PARAM_SCRIPT_NAME, "SCRIPT_NAME", "request target", REFUSE)	\
PARAM(PARAM_PATH_INFO, "PATH_INFO", "request target", REFUSE)		\
PARAM(PARAM_QUERY, "QUERY_STRING", "query", REFUSE)			\
PARAM(PARAM_TYPE, "CONTENT_TYPE", "Content-Type", REFUSE)		\
PARAM(PARAM_LENGTH, "CONTENT_LENGTH", "Content-Length", REFUSE)		\
PARAM(PARAM_CLIENT, "REMOTE_ADDR", "client address", REFUSE)		\
PARAM(PARAM_HTTPS, "HTTPS", "scheme", REFUSE)				\
PARAM(PARAM_SCHEME, "REQUEST_SCHEME", "scheme", REFUSE)			\
PARAM(PARAM_ORIGIN, "HTTP_ORIGIN", "Origin", REFUSE)			\
PARAM(PARAM_FETCH_SITE, "HTTP_SEC_FETCH_SITE", "Sec-Fetch-Site", REFUSE) \
PARAM(PARAM_FETCH_MODE, "HTTP_SEC_FETCH_MODE", "Sec-Fetch-Mode", KEEP)	\
PARAM(PARAM_USER_AGENT, "HTTP_USER_AGENT", "User-Agent", KEEP)		\
PARAM(PARAM_COOKIE, "HTTP_COOKIE", "Cookie", JOIN)			\
PARAM(PARAM_ACCEPT, "HTTP_ACCEPT", "Accept", LIST)			\
PARAM(PARAM_LANGUAGE, "HTTP_ACCEPT_LANGUAGE", "Accept-Language", KEEP)	\
PARAM(PARAM_NONE_MATCH, "HTTP_IF_NONE_MATCH", "If-None-Match", KEEP)	\
PARAM(PARAM_REQUEST_ID, "HTTP_X_REQUEST_ID", "X-Request-Id", KEEP)

enum param {
#define PARAM_ID(id, name, public, repeat) id,
	PARAMS(PARAM_ID)
#undef PARAM_ID
	PARAM_COUNT
};

#endif
