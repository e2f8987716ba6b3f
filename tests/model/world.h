/*
 * world.h - what ought to be: a small model of the service
 *
 * Accounts, sessions, tickets, browsers and counts of failures, and what each
 * door makes of them.  It is written from gatelodge-http(7), shares no code
 * with the program, and knows neither tables nor hashes: where the two
 * differ, one of them does not do what the manual says.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_LEN	43
#define TOKEN_MAX	(TOKEN_LEN + 1)
#define PEOPLE		3
#define STRANGERS	16	/* addresses of nobody at the beginning */
#define ACCOUNTS	6	/* so many, of the first so many addresses */
#define ADDRESSES	(PEOPLE + STRANGERS)
#define VARIANTS	3	/* ways to write one address */
#define PASSWORDS	7
#define CLIENTS		4
#define MANY		96	/* of each in one sequence */
#define BODY_MAX	8192

#define SECOND		INT64_C(1000)
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)

/* In the place of an index. */
enum { ABSENT = -1, EMPTY = -2, NOT_TEXT = -3 };

#define CODE_MAX	10	/* "1234 5678" */
#define CODE_TRIES	3

/* The last is standard where mail can be sent, which the others cannot. */
enum m_profile { COMPAT, STANDARD, MAILED, M_PROFILES };
#define LAWS		2	/* compat's and standard's */

/* The doors in any order, then what happens beside them. */
enum deed {
	WELCOME, REGISTER, LOGIN, LOGOUT, LIST, CONFIRM, END_OTHERS, END_ONE,
	PROFILE, DELETE_ACCOUNT, CHANGE, EXPORT, RESET_ASK, RESET_USE,
	CONFIRM_USER, MOVE_ASK, MOVE_USE, UNDO, REPORT, SPEAK,
	DOORS,
	WAIT = DOORS,		/* so many milliseconds, or fewer than none */
	EDGE,			/* until something ends, or just not */
	SWEEP,			/* what has expired is cleared away */
	RESET_LINK, DISABLE, ENABLE,	/* the administrator's */
	DEEDS
};

struct m_count {
	int64_t	 failures, since, blocked;
};

struct m_account {
	bool		 exists, disabled;
	int		 address, variant;	/* as it was given */
	int		 password;	/* ABSENT: none opens it */
	int		 former;
	const char	*language;
	int64_t		 created;
	struct m_count	 self;
};

struct m_session {
	char		 secret[TOKEN_MAX], id[TOKEN_MAX];
	int		 person, client;
	bool		 agent;		/* the login said what it was */
	bool		 ended;
	int64_t		 created, seen, expires, ends, proved;
};

enum m_kind { OF_RESET, OF_REGISTRATION, OF_MOVE, OF_UNDO, OF_REPORT, M_KINDS };

struct m_ticket {
	enum m_kind	 kind;
	char		 token[TOKEN_MAX];	/* "": nobody was told it */
	char		 code[CODE_MAX];	/* "": it has none */
	int		 tries;
	int		 person;		/* ABSENT: nobody's */
	int		 address, variant;	/* that it is about */
	int		 password;		/* of a registration */
	bool		 spent;
	int64_t		 since, expires;
};

/* What is written to a mailbox. */
struct m_mail {
	const char	*kind, *link;
	bool		 token;		/* the link ends with it */
	bool		 code;
};

struct m_browser {
	bool		 known[ACCOUNTS];
	int64_t		 since[ACCOUNTS];
	struct m_count	 count[ACCOUNTS][ACCOUNTS];	/* at its addresses */
	int64_t		 until;
};

/* A value that a browser's cookie had; only the last one means it. */
struct m_device {
	char		 token[TOKEN_MAX];
	int		 browser;
	bool		 former;
};

struct m_world {
	enum m_profile	 profile;
	int64_t		 now;
	int64_t		 idle, lifetime;
	int		 limit;		/* sessions of an account */
	struct m_account account[ACCOUNTS];
	struct m_count	 address[ADDRESSES], host[CLIENTS], network[CLIENTS];
	struct m_count	 mailbox[ADDRESSES], reset[ADDRESSES];
	struct m_count	 asker[CLIENTS], askers[CLIENTS];
	struct m_count	 guesser[CLIENTS], guessers[CLIENTS];
	struct m_session session[MANY];
	struct m_ticket	 ticket[MANY];
	struct m_browser browser[MANY];
	struct m_device	 device[MANY];
	int		 sessions, tickets, browsers, devices;
};

/* What a request says, with nothing left to look up. */
struct m_request {
	enum deed	 deed;
	int		 address, variant;	/* or ABSENT */
	int		 password, new_password; /* or ABSENT, EMPTY */
	const char	*cookie[2];		/* NULL: none */
	const char	*device;
	const char	*language;	/* NULL: not said */
	const char	*token;		/* a ticket's, or {id}; NULL: none */
	bool		 token_null;	/* the null of JSON */
	int		 client;
	bool		 agent, present, head;
};

enum m_cookie { COOKIE_LEFT, COOKIE_GIVEN, COOKIE_CLEARED };

struct m_answer {
	int		 status;
	char		 body[BODY_MAX];
	enum m_cookie	 cookie;
	int64_t		 retry;		/* Retry-After; 0: none */
	/* Whose secrets the answer brings, or NULL. */
	struct m_session *session;
	struct m_device	*device;
	struct m_ticket	*reset;
	/* The mail that is written: NULL for none. */
	const struct m_mail *mail;
	struct m_ticket	*ticket;	/* that it carries, or NULL */
	const char	*recipient;	/* "": nobody gets it */
};

struct m_client {
	const char	*address, *network;
	int		 host_of, network_of;	/* whose count it shares */
};

struct m_password {
	const char	*text;
	int		 same;		/* the one it is in NFC */
	bool		 short_;	/* for the profile standard */
};

/* The name of a door is "METHOD path", as routes.c has it. */
extern const char *const m_doors[DOORS];
extern const struct m_password m_passwords[PASSWORDS];
/* What a ticket's kind is called. */
extern const char *const m_kinds[M_KINDS];

const struct m_client *m_client(enum m_profile, int client);
/* A few of them, in turn; the same address in other words. */
const char *m_address(int address, int variant);

void	 world_begin(struct m_world *, enum m_profile, int64_t now);
/* The administrator's "user add". */
void	 world_add_account(struct m_world *, int person, int password);
/* Lets the request happen, and says what its answer has to be. */
void	 world_ask(struct m_world *, const struct m_request *,
	    struct m_answer *);
/* The same for what comes from no door; NULL: nothing comes of it. */
struct m_ticket *world_reset_link(struct m_world *, int address);
void	 world_disable(struct m_world *, int address, bool disabled);
void	 world_sweep(struct m_world *);
/* The moments at which something ends; at most max. */
size_t	 world_edges(const struct m_world *, int64_t *out, size_t max);
/* No two sessions begin in the same millisecond: which is the older? */
void	 world_tick(struct m_world *);

bool	 m_session_lives(const struct m_world *, const struct m_session *);
bool	 m_ticket_lives(const struct m_world *, const struct m_ticket *);
/* Who has the address now; ABSENT: nobody. */
int	 m_account_at(const struct m_world *, int address);
bool	 m_takes_ticket(enum deed);
/* The field that a ticket's token is sent in. */
const char *m_token_field(enum deed);
bool	 m_browser_known(const struct m_world *, const struct m_browser *,
	    int person);
/* The list of GET /sessions, without the braces around it. */
void	 m_list(const struct m_world *, const struct m_session *mine,
	    char *out);
/* The live ones of a person, the newest first; returns how many. */
int	 m_sessions_of(const struct m_world *, int person, const
	    struct m_session **out);

#endif
