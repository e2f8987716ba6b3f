/*
 * knobs.h - every setting of gatelodge.conf, one row each
 *
 * TEXT(key, default, when, check, sentence)
 * LIST(key, when, check, sentence)
 * SWITCH(key, default, when, sentence)
 * NUMBER(key, default, min, max, when, sentence)
 *
 * when: LIVE takes effect at a reload, START only at the next start.
 * check: a value_is_... of conf.c.  The sentences are those of
 * gatelodge.conf(5).
 */
#ifndef KNOBS_H
#define KNOBS_H

#define KNOBS(TEXT, LIST, SWITCH, NUMBER)				\
TEXT(profile, "standard", START, profile,				\
    "standard, or compat: the plain, open interface that older clients " \
    "expect, for loopback only")					\
TEXT(base_url, "http://localhost:5000", LIVE, origin,			\
    "scheme, host and port under which people reach the service")	\
TEXT(base_path, "", LIVE, path,						\
    "prefix of every path, such as /auth; empty for none")		\
LIST(origins, LIVE, origin,						\
    "further origins whose pages may send requests that act")		\
TEXT(socket, GATELODGE_RUNDIR "/gatelodge.sock", START, socket,		\
    "path of a unix socket, or HOST:PORT on loopback")			\
TEXT(socket_group, "", START, text,					\
    "group that owns the unix socket, so that the web server may "	\
    "connect; empty for the process's own")				\
TEXT(store, GATELODGE_STATEDIR "/gatelodge.db", START, file,		\
    "path of the SQLite database")					\
NUMBER(hash_cost, 0, 0, 9, LIVE,					\
    "cost of new password hashes; 0 for the profile's own")		\
NUMBER(hash_slots, 0, 0, 64, START,					\
    "passwords hashed at the same time; 0 for the number of cores")	\
NUMBER(password_bits, 0, 0, 64, LIVE,					\
    "how hard to guess a new password must be; 0 for the profile's "	\
    "own")								\
TEXT(password_list, "", LIVE, file_or_none,				\
    "path of a list of passwords that nobody may choose; empty for "	\
    "none")								\
LIST(pepper, LIVE, file,						\
    "files of keys that seal password hashes; the first seals, the "	\
    "others open what they have sealed before")				\
TEXT(registration, "open", LIVE, registration,				\
    "who may make an account: open, anybody; invite, whoever has been "	\
    "invited with gatelodgectl; closed, nobody but the operator")	\
SWITCH(compat_remote, false, START,					\
    "compat only: serve callers that are not on loopback as well")	\
TEXT(cookie_domain, "", LIVE, domain,					\
    "domain whose hosts all get the session cookie; empty for this "	\
    "host alone")							\
NUMBER(session_lifetime, 604800, 60, 2592000, LIVE,			\
    "seconds after which a session ends")				\
NUMBER(session_idle, 0, 0, 2592000, LIVE,				\
    "seconds without a sign of the person after which a session ends; "	\
    "0 for the profile's own")						\
NUMBER(session_limit, 10, 1, 100, LIVE,					\
    "sessions of an account at the same time; the oldest goes")		\
TEXT(session_touch, "person", LIVE, touch,				\
    "what begins the idle time anew: person, a page that is opened or "	\
    "a request that acts; any, every request")				\
TEXT(lockout, "disable", LIVE, lockout,					\
    "what 100 wrong passwords in a row do: disable, the password "	\
    "waits for a reset; slow, each further try waits an hour")		\
NUMBER(audit_days, 365, 0, 3650, LIVE,					\
    "days after which a row of the audit trail is removed; 0 for never") \
TEXT(site_name, "", LIVE, phrase,					\
    "what the site is called in mails and on pages; empty for the "	\
    "host of base_url")							\
TEXT(site_contact, "", LIVE, contact,					\
    "address or page of those who run the site, a link at the foot of "	\
    "pages; empty for none")						\
TEXT(site_color, "#0f6657", LIVE, color,				\
    "colour of buttons and links on pages, as #rrggbb")			\
TEXT(site_logo, "", LIVE, logo,						\
    "path of an SVG file that stands in the place of our logo; empty "	\
    "for ours")								\
TEXT(templates, "", LIVE, file_or_none,					\
    "path of a directory with templates and catalogues that stand in "	\
    "the place of ours; empty for none")				\
TEXT(smtp_url, "", LIVE, smtp_url,					\
    "mail server that takes our mails, as smtp://HOST:PORT or "		\
    "smtps://HOST:PORT; empty for none")				\
TEXT(smtp_tls, "auto", LIVE, smtp_tls,					\
    "where TLS and a good certificate must be: auto, unless smtp_url is " \
    "on loopback; always, there too")					\
TEXT(smtp_ca, "", LIVE, file_or_none,					\
    "path of the certificates that the mail server's must come from; "	\
    "empty for those of the system")					\
TEXT(smtp_user, "", LIVE, phrase,					\
    "name to log in to the mail server with; empty for no login")	\
TEXT(smtp_password_file, "", LIVE, file_or_none,			\
    "path of a file whose first line is the password that goes with "	\
    "smtp_user")							\
TEXT(sendmail, "", LIVE, file_or_none,					\
    "path of a program that takes our mails as sendmail does; empty "	\
    "for none")								\
TEXT(mail_dir, "", LIVE, file_or_none,					\
    "path of a directory where each of our mails becomes a file; empty " \
    "for none")								\
TEXT(mail_from, "", LIVE, address_or_none,				\
    "address that our mails come from; empty for noreply at the host "	\
    "of base_url")							\
TEXT(mail_from_name, "", LIVE, phrase,					\
    "name beside that address; empty for none")				\
NUMBER(mail_timeout, 60, 1, 600, LIVE,					\
    "seconds that handing over one mail may take")			\
TEXT(log, "events", LIVE, log,						\
    "events, or requests: also those that only read and succeed")

/*
 * The profiles, one row each.
 *
 * PROFILE(name, open, cookie, domain_cookie, device_cookie,
 *     domain_device_cookie, cookie_secure, password_min, cost_default,
 *     cost_min, idle_default, password_context, bits_default, bits_min)
 *
 * The columns are the members of struct profile in conf.h.
 */
#define PROFILES(PROFILE)						\
PROFILE(standard, false, "__Host-session_id", "__Secure-session_id",	\
    "__Host-device_id", "__Secure-device_id", true, 15, 7, 5, 86400,	\
    true, 35, 30)							\
PROFILE(compat, true, "session_id", "session_id", "", "",		\
    false, 1, 5, 1, 2592000, false, 0, 0)

#endif
