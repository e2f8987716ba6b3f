#include "conf.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accent.h"
#include "draft.h"
#include "heap.h"
#include "letter.h"
#include "log.h"
#include "text.h"
#include "unicode.h"

#define MESSAGE_MAX	512
#define FILE_MAX	((size_t)1 << 20)
#define PHRASE_MAX	200

/* A struct conf and what it stands on. */
struct holder {
	struct conf	 conf;		/* first: a conf is its holder */
	struct arena	*arena;
	unsigned int	 readers;	/* guarded by current_lock */
};

#define ROW(name_, open_, cookie_, domain_cookie_, device_, domain_device_, \
    secure_, min_, cost_, cost_min_, idle_, context_, bits_, bits_min_)	\
    { .name = #name_, .open = (open_), .cookie = (cookie_),		\
    .domain_cookie = (domain_cookie_), .device_cookie = (device_),	\
    .domain_device_cookie = (domain_device_), .cookie_secure = (secure_), \
    .password_min = (min_), .cost_default = (cost_),			\
    .cost_min = (cost_min_), .idle_default = (idle_),			\
    .password_context = (context_), .bits_default = (bits_),		\
    .bits_min = (bits_min_) },
static const struct profile profiles[] = { PROFILES(ROW) };
#undef ROW

/* libconfuse parses with globals of its own, so these may be global too. */
static void (*complain_to)(const char *);
static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct holder *current;

static const struct profile *
profile_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

/* What a text value may be: NULL when it is fine, else what it must be. */

static const char *
value_is_text(const char *s)
{
	(void)s;
	return NULL;
}

static const char *
value_is_profile(const char *s)
{
	return profile_named(s) != NULL ? NULL :
	    "must be \"standard\" or \"compat\"";
}

static const char *
value_is_touch(const char *s)
{
	return strcmp(s, "person") == 0 || strcmp(s, "any") == 0 ? NULL :
	    "must be \"person\" or \"any\"";
}

static const char *
value_is_lockout(const char *s)
{
	return strcmp(s, "disable") == 0 || strcmp(s, "slow") == 0 ? NULL :
	    "must be \"disable\" or \"slow\"";
}

static const char *
value_is_registration(const char *s)
{
	return strcmp(s, "open") == 0 || strcmp(s, "invite") == 0 ||
	    strcmp(s, "closed") == 0 ? NULL :
	    "must be \"open\", \"invite\" or \"closed\"";
}

static const char *
value_is_origin(const char *s)
{
	struct origin o;

	return net_origin(s, &o) ? NULL :
	    "must be http:// or https://, a host and maybe a port";
}

static const char *
value_is_path(const char *s)
{
	size_t len = strlen(s);

	if (len == 0)
		return NULL;
	return s[0] == '/' && s[len - 1] != '/' && len < 200 &&
	    strstr(s, "//") == NULL && strstr(s, "/.") == NULL &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/") == len ? NULL :
	    "must be empty, or begin with a slash, end without one and hold "
	    "letters, digits and -._~ only, no part beginning with a dot";
}

static const char *
value_is_file(const char *s)
{
	return s[0] == '/' ? NULL : "must be an absolute path";
}

static const char *
value_is_file_or_none(const char *s)
{
	return s[0] == '\0' || s[0] == '/' ? NULL :
	    "must be an absolute path, or empty";
}

static const char *
value_is_logo(const char *s)
{
	size_t len = strlen(s);

	return s[0] == '\0' || (s[0] == '/' && len > 4 &&
	    strcmp(s + len - 4, ".svg") == 0) ? NULL :
	    "must be an absolute path that ends in .svg, or empty";
}

static const char *
value_is_socket(const char *s)
{
	char host[NET_HOST_MAX];
	const char *port;

	return s[0] == '/' || net_loopback_socket(s, host, &port) ? NULL :
	    "must be an absolute path, or an address of loopback and a port";
}

const char *
conf_link(const struct conf *c, struct arena *a, const char *path)
{
	size_t len = strlen(c->base_url);

	if (len > 0 && c->base_url[len - 1] == '/')
		len--;
	return arena_printf(a, "%.*s%s%s", (int)len, c->base_url,
	    c->base_path, path);
}

const char *
conf_socket_fault(const char *s)
{
	return value_is_socket(s);
}

static const char *
value_is_domain(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
	    strlen(s) && s[0] != '.' && strlen(s) < NET_HOST_MAX ? NULL :
	    "must be a host name in lower case, without a leading dot";
}

static const char *
value_is_phrase(const char *s)
{
	size_t i, len = strlen(s);

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			break;
	return i == len && len <= PHRASE_MAX && unicode_valid(s, len) ?
	    NULL : "must be UTF-8 of at most 200 bytes, without control "
	    "characters";
}

/* Of the characters of RFC 3986, 2. */
static bool
is_page(const char *s)
{
	size_t scheme = text_begins(s, "https://") ? strlen("https://") :
	    text_begins(s, "http://") ? strlen("http://") : 0;

	return scheme > 0 && text_is_alnum(s[scheme]) &&
	    strlen(s) <= PHRASE_MAX && strspn(s, "0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "-._~:/?#[]@!$&'()*+,;=%") == strlen(s);
}

/* In the address of a link a "?" and the like would begin another part. */
static const char *
value_is_contact(const char *s)
{
	bool mailbox = letter_is_address(s) && strpbrk(s, "?&#%/") == NULL;

	return s[0] == '\0' || mailbox || is_page(s) ? NULL :
	    "must be an e-mail address in ASCII, the address of a page, or "
	    "empty";
}

static const char *
value_is_color(const char *s)
{
	return accent_is_color(s) ? NULL :
	    "must be # and six hexadecimal digits";
}

static const char *
value_is_address_or_none(const char *s)
{
	return s[0] == '\0' || letter_is_address(s) ? NULL :
	    "must be an e-mail address in ASCII, or empty";
}

/* The origin of a web server with other letters in front. */
static bool
smtp_server(const char *s, struct origin *out)
{
	char url[NET_HOST_MAX * 2];

	if (!text_begins(s, "smtp://") && !text_begins(s, "smtps://"))
		return false;
	if (snprintf(url, sizeof(url), "http%s", s + strlen("smtp")) >=
	    (int)sizeof(url))
		return false;
	return url[strlen(url) - 1] != '/' && net_origin(url, out);
}

static const char *
value_is_smtp_url(const char *s)
{
	struct origin o;

	return s[0] == '\0' || smtp_server(s, &o) ? NULL :
	    "must be smtp:// or smtps://, a host and maybe a port, or empty";
}

static const char *
value_is_smtp_tls(const char *s)
{
	return strcmp(s, "auto") == 0 || strcmp(s, "always") == 0 ? NULL :
	    "must be \"auto\" or \"always\"";
}

static const char *
value_is_log(const char *s)
{
	return strcmp(s, "events") == 0 || strcmp(s, "requests") == 0 ?
	    NULL : "must be \"events\" or \"requests\"";
}

/* One row of KNOBS as the checks need it. */
struct knob {
	const char	*key;
	const char	*(*check)(const char *);	/* texts and lists */
	long		 min, max;			/* numbers */
	bool		 list;
};

#define KNOB_TEXT(key_, standard, when, check_, about)			\
	{ .key = #key_, .check = value_is_ ## check_ },
#define KNOB_LIST(key_, when, check_, about)				\
	{ .key = #key_, .check = value_is_ ## check_, .list = true },
#define KNOB_SWITCH(key_, standard, when, about)			\
	{ .key = #key_ },
#define KNOB_NUMBER(key_, standard, min_, max_, when, about)		\
	{ .key = #key_, .min = (min_), .max = (max_) },
static const struct knob knobs[] = {
	KNOBS(KNOB_TEXT, KNOB_LIST, KNOB_SWITCH, KNOB_NUMBER)
};

#define KNOB_COUNT	(sizeof(knobs) / sizeof(knobs[0]))

/* In the file that is being read. */
static struct {
	bool		 set;
	unsigned int	 items;		/* of a list that is being read */
} seen[KNOB_COUNT];

static size_t
knob_of(const cfg_opt_t *opt)
{
	size_t i;

	for (i = 0; strcmp(knobs[i].key, opt->name) != 0; i++)
		continue;
	return i;
}

static void on_error(cfg_t *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char what[MESSAGE_MAX], message[MESSAGE_MAX * 2];

	(void)vsnprintf(what, sizeof(what), fmt, ap);
	if (cfg->line > 0)
		(void)snprintf(message, sizeof(message), "%s:%d: %s",
		    cfg->filename, cfg->line, what);
	else
		(void)snprintf(message, sizeof(message), "%s: %s",
		    cfg->filename, what);
	complain_to(message);
}

/* libConfuse would take hexadecimal digits, and nothing at all for 0. */
static int
parse_number(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct knob *k = &knobs[knob_of(opt)];
	unsigned long n;

	if (text_number(value, (unsigned long)k->max, &n) &&
	    n >= (unsigned long)k->min) {
		*(long *)result = (long)n;
		return 0;
	}
	cfg_error(cfg, "%s must be a number from %ld to %ld", k->key, k->min,
	    k->max);
	return -1;
}

static int
check_text(cfg_t *cfg, cfg_opt_t *opt, const struct knob *k)
{
	const char *fault;

	fault = k->check(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1));
	if (fault == NULL)
		return 0;
	cfg_error(cfg, "%s %s", k->key, fault);
	return -1;
}

/*
 * libconfuse lets the last of two assignments win; here one is too many.  A
 * list is looked at after each item and once more at its end.
 */
static bool
is_second(cfg_opt_t *opt, size_t k)
{
	unsigned int items = cfg_opt_size(opt);

	if (knobs[k].list && !seen[k].set) {
		seen[k].set = items == seen[k].items;
		seen[k].items = items;
		return false;
	}
	return seen[k].set;
}

static int
check_option(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t i = knob_of(opt);
	const struct knob *k = &knobs[i];

	if (is_second(opt, i)) {
		cfg_error(cfg, "%s is set twice", k->key);
		return -1;
	}
	seen[i].set = seen[i].set || !k->list;
	return k->check != NULL ? check_text(cfg, opt, k) : 0;
}

#define OPT_TEXT(key, standard, when, check, about)			\
	CFG_STR(#key, standard, CFGF_NONE),
#define OPT_LIST(key, when, check, about)				\
	CFG_STR_LIST(#key, "{}", CFGF_NONE),
#define OPT_SWITCH(key, standard, when, about)				\
	CFG_BOOL(#key, (standard) ? cfg_true : cfg_false, CFGF_NONE),
#define OPT_NUMBER(key, standard, min, max, when, about)		\
	CFG_INT_CB(#key, standard, CFGF_NONE, parse_number),

static cfg_t *
new_cfg(const char *path)
{
	cfg_opt_t options[] = {
		KNOBS(OPT_TEXT, OPT_LIST, OPT_SWITCH, OPT_NUMBER)
		CFG_END()
	};
	cfg_t *cfg;
	size_t i;

	cfg = cfg_init(options, CFGF_NONE);
	if (cfg == NULL)
		log_abort("no memory");
	cfg->filename = heap_strdup(path);
	(void)cfg_set_error_function(cfg, on_error);
	for (i = 0; i < KNOB_COUNT; i++)
		(void)cfg_set_validate_func(cfg, knobs[i].key, check_option);
	memset(seen, 0, sizeof(seen));
	return cfg;
}

/* Who may write the settings may open the house. */
static FILE *
open_file(cfg_t *cfg)
{
	struct stat st;
	FILE *f;

	f = fopen(cfg->filename, "re");
	if (f == NULL || fstat(fileno(f), &st) != 0) {
		cfg_error(cfg, "%s", strerror(errno));
	} else if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0) {
		cfg_error(cfg, "anybody may write it: chmod o-w");
	} else if (S_ISDIR(st.st_mode)) {
		cfg_error(cfg, "is a directory");
	} else {
		return f;
	}
	if (f != NULL)
		(void)fclose(f);
	return NULL;
}

/* The brace that ends a variable which begins at s; NULL: none does. */
static char *
variable_end(char *s)
{
	return text_begins(s, "${") ? strchr(s, '}') : NULL;
}

/* The character after a quoted string that begins at s. */
static char *
skip_quoted(char *s)
{
	char quote = *s++, *end;

	for (; *s != '\0' && *s != quote; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (quote == '"' && (end = variable_end(s)) != NULL)
			s = end;
	return *s != '\0' ? s + 1 : s;
}

static char *
blank(char *s, const char *stop)
{
	for (; s < stop; s++)
		*s = *s == '\n' ? '\n' : ' ';
	return s;
}

/* Inside a word two slashes are two slashes. */
static bool
begins_word(const char *text, const char *s)
{
	return s == text || strchr(" \t\r\n={},+()\"'", s[-1]) != NULL;
}

/* NULL: it has no end, or libConfuse would cut the word that it begins in. */
static char *
blank_block(const char *text, char *s)
{
	char *end = strstr(s + 2, "*/");

	return end != NULL && begins_word(text, s) ? blank(s, end + 2) : NULL;
}

static char *
blank_next(const char *text, char *s)
{
	if (*s == '"' || *s == '\'')
		return skip_quoted(s);
	if (*s == '#' || (text_begins(s, "//") && begins_word(text, s)))
		return blank(s, s + strcspn(s, "\n"));
	if (text_begins(s, "/*"))
		return blank_block(text, s);
	return variable_end(s) != NULL ? variable_end(s) : s + 1;
}

static int
line_of(const char *text, const char *s)
{
	int line = 1;

	for (; text < s; text++)
		line += *text == '\n';
	return line;
}

/*
 * libConfuse 3.3 counts a line with a comment as three, so that its messages
 * would name a wrong line in any file that explains itself.
 */
static bool
blank_comments(cfg_t *cfg, char *text)
{
	char *s, *next;

	for (s = text; *s != '\0'; s = next) {
		next = blank_next(text, s);
		if (next == NULL) {
			cfg->line = line_of(text, s);
			cfg_error(cfg, "a comment without an end, or within "
			    "a word: put the word in quotes");
			return false;
		}
	}
	return true;
}

/* A default stands after the first colon, or there is none. */
static bool
has_value(const char *name)
{
	const char *colon = strchr(name, ':');

	return (colon != NULL && colon[1] == '-') || getenv(name) != NULL;
}

static bool
variable_is_set(cfg_t *cfg, const char *text, const char *s, const char *end)
{
	size_t len = (size_t)(end - s) - strlen("${");
	char *name = heap_zeroed(1, len + 1);
	bool good;

	memcpy(name, s + strlen("${"), len);
	good = has_value(name);
	if (!good) {
		cfg->line = line_of(text, s);
		cfg_error(cfg, "${%s} is not set; ${%s:-text} would be text "
		    "then", name, name);
	}
	free(name);
	return good;
}

/*
 * libConfuse puts nothing in the place of a variable that is not set, and does
 * not tell.  In single quotes there are none, nor after a backslash in double
 * ones.  The comments are gone.
 */
static bool
variables_are_set(cfg_t *cfg, char *text)
{
	bool quoted = false;
	char *s, *end;

	for (s = text; *s != '\0'; s++) {
		if (*s == '\'' && !quoted) {
			s = skip_quoted(s) - 1;
		} else if (*s == '\\' && quoted && s[1] != '\0') {
			s++;
		} else if (*s == '"') {
			quoted = !quoted;
		} else if ((end = variable_end(s)) != NULL) {
			if (!variable_is_set(cfg, text, s, end))
				return false;
			s = end;
		}
	}
	return true;
}

/* FILE_MAX for a file that cannot be read to its end or is as long. */
static size_t
read_file(FILE *f, char *to)
{
	size_t len;

	len = fread(to, 1, FILE_MAX, f);
	to[len < FILE_MAX ? len : FILE_MAX - 1] = '\0';
	return ferror(f) ? FILE_MAX : len;
}

static bool
parse_text(cfg_t *cfg, char *text, size_t len)
{
	bool good;
	FILE *f;

	if (len >= FILE_MAX || strlen(text) != len) {
		cfg_error(cfg, "is too long, no text, or cannot be read");
		return false;
	}
	if (!blank_comments(cfg, text) || !variables_are_set(cfg, text))
		return false;
	if (len == 0)
		return true;
	if ((f = fmemopen(text, len, "r")) == NULL)
		log_abort("no memory");
	good = cfg_parse_fp(cfg, f) == CFG_SUCCESS;
	(void)fclose(f);
	return good;
}

static bool
parse(cfg_t *cfg)
{
	char *text;
	bool good;
	FILE *f;

	f = open_file(cfg);
	if (f == NULL)
		return false;
	text = heap_zeroed(1, FILE_MAX);
	good = parse_text(cfg, text, read_file(f, text));
	free(text);
	(void)fclose(f);
	cfg->line = 0;		/* what follows belongs to no line */
	return good;
}

static struct conf_list
copy_list(struct arena *a, cfg_t *cfg, const char *key)
{
	struct conf_list list;
	unsigned int i;

	list.n = cfg_size(cfg, key);
	list.item = arena_alloc(a, (list.n + 1) * sizeof(*list.item));
	for (i = 0; i < list.n; i++)
		list.item[i] = arena_strdup(a, cfg_getnstr(cfg, key, i));
	return list;
}

#define GET_TEXT(key, standard, when, check, about)			\
	c->key = arena_strdup(a, cfg_getstr(cfg, #key));
#define GET_LIST(key, when, check, about)				\
	c->key = copy_list(a, cfg, #key);
#define GET_SWITCH(key, standard, when, about)				\
	c->key = cfg_getbool(cfg, #key) == cfg_true;
#define GET_NUMBER(key, standard, min, max, when, about)		\
	c->key = (int)cfg_getint(cfg, #key);

/* A number's last part is one too; the names of the Internet's are none. */
static bool
is_name(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	return strspn(last, "0123456789") != strlen(last);
}

static void
work_out_mail(struct conf *c, struct arena *a)
{
	struct origin server;
	char *address;

	c->mail = c->smtp_url[0] != '\0' || c->sendmail[0] != '\0' ||
	    c->mail_dir[0] != '\0';
	c->smtp_plain = strcmp(c->smtp_tls, "auto") == 0 &&
	    smtp_server(c->smtp_url, &server) &&
	    net_loopback_name(server.host);
	c->site = c->site_name[0] != '\0' ? c->site_name : c->base.host;
	address = arena_printf(a, "noreply@%s", c->base.host);
	if (c->mail && c->mail_from[0] == '\0' && is_name(c->base.host) &&
	    letter_is_address(address))
		c->mail_from = address;
}

static void
work_out(struct conf *c, struct arena *a)
{
	size_t i;

	c->rules = profile_named(c->profile);
	if (c->rules == NULL)
		log_abort("a profile that its check has let pass");
	if (c->hash_cost == 0)
		c->hash_cost = c->rules->cost_default;
	c->hashing.cost = c->hash_cost;
	if (c->session_idle == 0)
		c->session_idle = c->rules->idle_default;
	c->lockout_slow = strcmp(c->lockout, "slow") == 0;
	c->device_cookie = c->cookie_domain[0] != '\0' ?
	    c->rules->domain_device_cookie : c->rules->device_cookie;
	c->touch_any = strcmp(c->session_touch, "any") == 0;
	if (c->password_bits == 0)
		c->password_bits = c->rules->bits_default;
	c->cookie = c->cookie_domain[0] != '\0' ? c->rules->domain_cookie :
	    c->rules->cookie;
	(void)net_origin(c->base_url, &c->base);
	c->allowed = arena_alloc(a, (c->origins.n + 1) * sizeof(*c->allowed));
	for (i = 0; i < c->origins.n; i++)
		(void)net_origin(c->origins.item[i], &c->allowed[i]);
	c->log_reads = strcmp(c->log, "requests") == 0;
	work_out_mail(c, a);
}

static struct holder *
new_holder(cfg_t *cfg)
{
	struct holder *h;
	struct arena *a;
	struct conf *c;

	h = heap_zeroed(1, sizeof(*h));
	h->arena = a = arena_new();
	h->readers = 1;
	c = &h->conf;
	KNOBS(GET_TEXT, GET_LIST, GET_SWITCH, GET_NUMBER)
	work_out(c, a);
	return h;
}

static bool
at_least(cfg_t *cfg, const struct conf *c, const char *key, int value,
    int least)
{
	if (value < least)
		cfg_error(cfg, "%s must be at least %d in the profile %s",
		    key, least, c->profile);
	return value >= least;
}

/* Anybody on its way may write a page that comes by plain http. */
static bool
is_private(cfg_t *cfg, const struct conf *c, const char *key,
    const struct origin *o)
{
	if (c->rules->open || o->https || net_loopback_name(o->host))
		return true;
	cfg_error(cfg, "%s must be https in the profile %s", key, c->profile);
	return false;
}

static bool
are_private(cfg_t *cfg, const struct conf *c)
{
	size_t i;

	if (!is_private(cfg, c, "base_url", &c->base))
		return false;
	for (i = 0; i < c->origins.n; i++)
		if (!is_private(cfg, c, "origins", &c->allowed[i]))
			return false;
	return true;
}

/*
 * RFC 6265, 5.1.3 and 5.3, step 5: browsers drop a cookie with any other
 * domain, or with one that is under a registry; of these only the top-level
 * ones are known without a list of all.
 */
static bool
covers(const char *domain, const char *host)
{
	size_t above = strlen(domain), len = strlen(host);

	if (strcmp(domain, host) == 0)
		return true;
	return is_name(host) && strchr(domain, '.') != NULL && len > above &&
	    host[len - above - 1] == '.' &&
	    strcmp(host + len - above, domain) == 0;
}

static bool
agrees_on_cookies(cfg_t *cfg, const struct conf *c)
{
	if (c->cookie_domain[0] == '\0' ||
	    covers(c->cookie_domain, c->base.host))
		return true;
	cfg_error(cfg, "cookie_domain must be the host of base_url or a "
	    "domain above it, below the top-level one");
	return false;
}

/* Rules over more than one setting; knobs only tighten a profile. */
static bool
agrees(cfg_t *cfg, const struct conf *c)
{
	if (!at_least(cfg, c, "hash_cost", c->hash_cost,
	    c->rules->cost_min) || !at_least(cfg, c, "password_bits",
	    c->password_bits, c->rules->bits_min))
		return false;
	if (!are_private(cfg, c))
		return false;
	if (!c->rules->open && c->compat_remote) {
		cfg_error(cfg, "compat_remote belongs to the profile compat");
		return false;
	}
	return true;
}

static bool
agrees_on_mail(cfg_t *cfg, const struct conf *c)
{
	int ways = (c->smtp_url[0] != '\0') + (c->sendmail[0] != '\0') +
	    (c->mail_dir[0] != '\0');
	const char *fault = NULL;

	if (ways > 1)
		fault = "one of smtp_url, sendmail and mail_dir may be set";
	else if (ways == 1 && c->mail_from[0] == '\0')
		fault = "mail_from must be set: the host of base_url is no "
		    "name";
	else if ((c->smtp_user[0] != '\0') !=
	    (c->smtp_password_file[0] != '\0'))
		fault = "smtp_user and smtp_password_file go together";
	if (fault != NULL)
		cfg_error(cfg, "%s", fault);
	return fault == NULL;
}

static bool
open_list(cfg_t *cfg, struct conf *c)
{
	const char *fault;

	if (c->password_list[0] == '\0')
		return true;
	c->refused = wordlist_open(c->password_list, &fault);
	if (c->refused == NULL)
		cfg_error(cfg, "password_list %s: %s", c->password_list,
		    fault);
	return c->refused != NULL;
}

static bool
open_keys(cfg_t *cfg, struct conf *c)
{
	const char *fault;
	size_t bad;

	if (c->pepper.n == 0)
		return true;
	c->keys = pepper_open(c->pepper.item, c->pepper.n, &bad, &fault);
	if (c->keys == NULL)
		cfg_error(cfg, "pepper %s: %s", c->pepper.item[bad], fault);
	c->hashing.pepper = c->keys;
	return c->keys != NULL;
}

/* The shelf does not know which setting has named what it is to read. */
static bool
can_open(cfg_t *cfg, const char *key, const char *path, int flags)
{
	int fd;

	if (path[0] == '\0')
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	if (fd < 0) {
		cfg_error(cfg, "%s %s: %s", key, path, strerror(errno));
		return false;
	}
	(void)close(fd);
	return true;
}

static bool
has_files(cfg_t *cfg, const struct conf *c)
{
	return can_open(cfg, "templates", c->templates, O_DIRECTORY) &&
	    can_open(cfg, "site_logo", c->site_logo, 0);
}

static bool
open_words(struct conf *c)
{
	struct arena *a;

	c->shelf = shelf_open(c->templates, c->site_logo, complain_to);
	if (c->shelf == NULL)
		return false;
	a = arena_new();
	shelf_add(c->shelf, "assets/accent.css",
	    accent_sheet(a, c->site_color));
	arena_free(a);
	c->lang = lang_open(c->shelf, complain_to);
	return c->lang != NULL && draft_judge(c->shelf, c->lang, complain_to);
}

struct conf *
conf_load(const char *path, void (*complain)(const char *message))
{
	struct holder *h;
	cfg_t *cfg;

	complain_to = complain;
	cfg = new_cfg(path);
	h = parse(cfg) ? new_holder(cfg) : NULL;
	if (h != NULL && !(agrees(cfg, &h->conf) &&
	    agrees_on_cookies(cfg, &h->conf) &&
	    agrees_on_mail(cfg, &h->conf) &&
	    open_list(cfg, &h->conf) && open_keys(cfg, &h->conf) &&
	    has_files(cfg, &h->conf) && open_words(&h->conf))) {
		conf_free(&h->conf);
		h = NULL;
	}
	(void)cfg_free(cfg);
	return h != NULL ? &h->conf : NULL;
}

void
conf_free(struct conf *c)
{
	struct holder *h = (struct holder *)c;

	if (h == NULL)
		return;
	wordlist_close(c->refused);
	pepper_close(c->keys);
	lang_close(c->lang);
	shelf_close(c->shelf);
	arena_free(h->arena);
	free(h);
}

static void
dump_quoted(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s == '$')
			(void)fputc('\\', f);
		(void)fputc(*s, f);
	}
	(void)fputc('"', f);
}

static void
dump_text(FILE *f, const char *key, const char *value)
{
	(void)fprintf(f, "%s = ", key);
	dump_quoted(f, value);
	(void)fputc('\n', f);
}

static void
dump_list(FILE *f, const char *key, const struct conf_list *list)
{
	size_t i;

	(void)fprintf(f, "%s = {", key);
	for (i = 0; i < list->n; i++) {
		(void)fputs(i > 0 ? ", " : "", f);
		dump_quoted(f, list->item[i]);
	}
	(void)fprintf(f, "}\n");
}

#define DUMP_TEXT(key, standard, when, check, about)			\
	dump_text(f, #key, c->key);
#define DUMP_LIST(key, when, check, about)				\
	dump_list(f, #key, &c->key);
#define DUMP_SWITCH(key, standard, when, about)				\
	(void)fprintf(f, "%s = %s\n", #key, c->key ? "true" : "false");
#define DUMP_NUMBER(key, standard, min, max, when, about)		\
	(void)fprintf(f, "%s = %d\n", #key, c->key);

void
conf_dump(const struct conf *c, FILE *f)
{
	KNOBS(DUMP_TEXT, DUMP_LIST, DUMP_SWITCH, DUMP_NUMBER)
}

enum when { LIVE, START };

#define DIFF_TEXT(key, standard, when, check, about)			\
	if ((when) == START && strcmp(a->key, b->key) != 0) \
		return #key;
#define DIFF_LIST(key, when, check, about)				\
	_Static_assert((when) == LIVE, "nobody compares lists");
#define DIFF_SWITCH(key, standard, when, about)				\
	if ((when) == START && a->key != b->key)			\
		return #key;
#define DIFF_NUMBER(key, standard, min, max, when, about)		\
	DIFF_SWITCH(key, standard, when, about)

const char *
conf_restart_key(const struct conf *a, const struct conf *b)
{
	KNOBS(DIFF_TEXT, DIFF_LIST, DIFF_SWITCH, DIFF_NUMBER)
	return NULL;
}

static void
let_go(struct holder *h)
{
	if (h != NULL && --h->readers == 0)
		conf_free(&h->conf);
}

void
conf_publish(struct conf *c)
{
	(void)pthread_mutex_lock(&current_lock);
	let_go(current);
	current = (struct holder *)c;
	(void)pthread_mutex_unlock(&current_lock);
}

const struct conf *
conf_acquire(void)
{
	struct holder *h;

	(void)pthread_mutex_lock(&current_lock);
	h = current;
	h->readers++;
	(void)pthread_mutex_unlock(&current_lock);
	return &h->conf;
}

void
conf_release(const struct conf *c)
{
	(void)pthread_mutex_lock(&current_lock);
	let_go((struct holder *)c);
	(void)pthread_mutex_unlock(&current_lock);
}

const char *
conf_version(void)
{
	static char version[64];

	(void)snprintf(version, sizeof(version), "libConfuse %s",
	    confuse_version);
	return version;
}
