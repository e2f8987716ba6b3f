/*
 * conf.h - the settings, the only door to libconfuse
 *
 * A struct conf never changes once it is loaded, so every thread may read
 * it.  A reload makes another one; the old one goes when the last call that
 * acquired it gives it back.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "arena.h"
#include "knobs.h"
#include "lang.h"
#include "net.h"
#include "passwd.h"
#include "shelf.h"
#include "wordlist.h"

struct profile {
	const char	*name;
	bool		 open;		/* answers tell, tokens go out */
	const char	*cookie;	/* the session cookie's name */
	const char	*domain_cookie;	/* the same with a cookie_domain */
	/* Of a token by which a browser is known again; "" for none. */
	const char	*device_cookie;
	const char	*domain_device_cookie;
	bool		 cookie_secure;	/* also without HTTPS */
	size_t		 password_min;	/* code points */
	int		 cost_default;
	int		 cost_min;
	int		 idle_default;	/* seconds */
	bool		 password_context; /* site and address count */
	int		 bits_default;
	int		 bits_min;
};

struct conf_list {
	size_t		 n;
	const char	**item;
};

#define CONF_TEXT(key, standard, when, check, about)	const char *key;
#define CONF_LIST(key, when, check, about)		struct conf_list key;
#define CONF_SWITCH(key, standard, when, about)		bool key;
#define CONF_NUMBER(key, standard, min, max, when, about) int key;

struct conf {
	KNOBS(CONF_TEXT, CONF_LIST, CONF_SWITCH, CONF_NUMBER)

	/* Worked out from them. */
	const struct profile *rules;
	const char	*cookie;	/* the session cookie's name */
	const char	*device_cookie;
	bool		 lockout_slow;
	struct origin	 base;
	struct origin	*allowed;	/* origins.n of them */
	bool		 log_reads;
	bool		 mail;		/* there is a way to send it */
	bool		 smtp_plain;	/* to loopback, TLS or not */
	const char	*site;		/* site_name or base.host */
	bool		 touch_any;	/* every request, not only a person's */
	struct wordlist	*refused;	/* password_list, or NULL */
	struct pepper	*keys;		/* of pepper, or NULL */
	struct passwd_rules hashing;
	struct shelf	*shelf;		/* templates, and what goes with them */
	struct lang	*lang;
};

#undef CONF_TEXT
#undef CONF_LIST
#undef CONF_SWITCH
#undef CONF_NUMBER

/*
 * Reads a file, and opens what it names.  NULL if one of them
 * cannot be read or one setting is wrong: each fault has been told to
 * complain as "file:line: what".  Called by one thread at a time.
 */
struct conf	*conf_load(const char *path,
		    void (*complain)(const char *message));
void		 conf_free(struct conf *);
/* The effective settings in the file's own syntax. */
void		 conf_dump(const struct conf *, FILE *);
/*
 * The address of a page: base_url and base_path before a path that begins with
 * a slash, and nothing that anybody has sent.
 */
const char	*conf_link(const struct conf *, struct arena *,
		    const char *path);
/* NULL if it may be the socket's setting, else what that must be. */
const char	*conf_socket_fault(const char *);
/* The key of a setting that differs and needs a new start, or NULL. */
const char	*conf_restart_key(const struct conf *, const struct conf *);

/* Makes it the one that counts, and lets go of the one before; NULL ends. */
void		 conf_publish(struct conf *);
/* The one that counts, kept until it is given back. */
const struct conf *conf_acquire(void);
void		 conf_release(const struct conf *);
const char	*conf_version(void);

#endif
