#include "limiter.h"

#include <string.h>

#include "digest.h"
#include "text.h"

enum class { CLASS_account, CLASS_device, CLASS_self, CLASS_host,
    CLASS_network, CLASS_mailbox, CLASS_reset, CLASS_asker, CLASS_askers,
    CLASS_guesser, CLASS_guessers, CLASSES };

/* The first letter of a bucket's key. */
static const char *const letters[CLASSES] = {
	[CLASS_account] = "a", [CLASS_device] = "d", [CLASS_self] = "s",
	[CLASS_host] = "h", [CLASS_network] = "n",
	[CLASS_mailbox] = "m", [CLASS_reset] = "r",
	[CLASS_asker] = "i", [CLASS_askers] = "j",
	[CLASS_guesser] = "k", [CLASS_guessers] = "l",
};

#define MS(seconds)	((int64_t)((seconds) * 1000))
#define ROW(profile_, class_, size_, leak_, first_, most_, stop_)	\
	{ .profile = #profile_, .class = CLASS_ ## class_,		\
	    .rule = { .size = (size_), .leak_ms = MS(leak_),		\
	    .first_ms = MS(first_), .most_ms = MS(most_),		\
	    .stop = (stop_) } },

static const struct {
	const char	*profile;
	enum class	 class;
	struct bucket_rule rule;
} rows[] = { LIMITS(ROW) };
#undef ROW

/* NULL: the profile does not limit this class. */
static const struct bucket_rule *
rule_of(const struct conf *conf, enum class class)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].class == class &&
		    strcmp(rows[i].profile, conf->profile) == 0)
			return &rows[i].rule;
	return NULL;
}

static void
add(const struct conf *conf, struct arena *a, enum class class,
    const char *what, struct limiter *out)
{
	const struct bucket_rule *rule = rule_of(conf, class);
	struct limit *l;

	if (rule == NULL)
		return;
	l = &out->item[out->n++];
	l->key = ARENA_JOIN(a, letters[class], what);
	l->rule = *rule;
	if (conf->lockout_slow)
		l->rule.stop = 0;
	/* Its success is nobody else's. */
	l->clears = class == CLASS_device || class == CLASS_self;
}

/* Of two texts; neither can run into the other. */
static const char *
digest_of(struct arena *a, const char *one, const char *two)
{
	unsigned char bytes[DIGEST_SHA256_BYTES];
	const char *text = ARENA_JOIN(a, one, "\n", two);
	char *out;

	out = arena_alloc(a, TEXT_BASE64URL_LEN(sizeof(bytes)) + 1);
	digest_sha256(text, strlen(text), bytes);
	text_base64url(bytes, sizeof(bytes), out);
	return out;
}

/* Those whose address nobody knows are counted together. */
static const char *
known(const char *place)
{
	return place[0] != '\0' ? place : "-";
}

void
limiter_add_device(const struct conf *conf, struct arena *a,
    const char *email_key, const char *device, struct limiter *out)
{
	add(conf, a, CLASS_device, digest_of(a, device, email_key), out);
}

void
limiter_of_login(const struct conf *conf, struct arena *a,
    const char *email_key, const char *device, const char *host,
    const char *network, struct limiter *out)
{
	out->n = 0;
	if (device != NULL) {
		limiter_add_device(conf, a, email_key, device, out);
		return;
	}
	add(conf, a, CLASS_account, digest_of(a, "", email_key), out);
	add(conf, a, CLASS_host, known(host), out);
	add(conf, a, CLASS_network, known(network), out);
}

void
limiter_of_mail(const struct conf *conf, struct arena *a, bool resets,
    const char *email_key, const char *host, const char *network,
    struct limiter *out)
{
	out->n = 0;
	add(conf, a, resets ? CLASS_reset : CLASS_mailbox,
	    digest_of(a, "", email_key), out);
	add(conf, a, CLASS_asker, known(host), out);
	add(conf, a, CLASS_askers, known(network), out);
}

void
limiter_of_code(const struct conf *conf, struct arena *a, const char *host,
    const char *network, struct limiter *out)
{
	out->n = 0;
	add(conf, a, CLASS_guesser, known(host), out);
	add(conf, a, CLASS_guessers, known(network), out);
}

void
limiter_of_self(const struct conf *conf, struct arena *a, const char *user_id,
    struct limiter *out)
{
	out->n = 0;
	add(conf, a, CLASS_self, user_id, out);
}

void
limiter_of_account(const struct conf *conf, struct arena *a,
    const char *email_key, const char *user_id, struct limiter *out)
{
	limiter_of_self(conf, a, user_id, out);
	add(conf, a, CLASS_account, digest_of(a, "", email_key), out);
}
