#include "policy.h"

#include <stdatomic.h>
#include <string.h>

#include "log.h"
#include "strength.h"
#include "text.h"
#include "unicode.h"
#include "wordlist.h"

#define WORDS_MAX	32
#define WORD_MIN	3	/* bytes: "de" and "co" are in everything */
#define REST_MIN	8	/* letters beside the words of the context */

/* Of the site and the address; ends with NULL. */
struct words {
	const char	*item[WORDS_MAX + 1];
	size_t		 n;
};

/* What a text looks like, whatever its case and accents. */
static const char *
look_of(struct arena *a, const char *text)
{
	return unicode_plain(a, unicode_folded(a, text));
}

static bool
is_letter(char c)
{
	return text_is_alnum(c) || (unsigned char)c >= 0x80;
}

static size_t
letters_at(const char *s)
{
	size_t len = 0;

	while (is_letter(s[len]))
		len++;
	return len;
}

static void
add_words(struct arena *a, struct words *w, const char *text)
{
	const char *s = look_of(a, text);
	size_t len;

	for (; *s != '\0'; s += len > 0 ? len : 1) {
		len = letters_at(s);
		if (len >= WORD_MIN && w->n < WORDS_MAX)
			w->item[w->n++] = arena_copy(a, s, len);
	}
}

static size_t
longest_word_at(const struct words *w, const char *s)
{
	size_t i, len, longest = 0;

	for (i = 0; i < w->n; i++) {
		len = strlen(w->item[i]);
		if (len > longest && text_begins(s, w->item[i]))
			longest = len;
	}
	return longest;
}

/* Code points of letters and digits; other signs are decoration. */
static size_t
letters_in(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += is_letter(s[i]) && ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* Nothing but the words, or these and less than they are beside them. */
static bool
is_context(struct arena *a, const struct words *w, const char *password)
{
	const char *s;
	size_t len, taken = 0, rest = 0;

	if (w->n == 0)
		return false;
	s = look_of(a, password);
	for (; *s != '\0'; s += len) {
		len = longest_word_at(w, s);
		taken += letters_in(s, len);
		if (len == 0) {
			len = 1;
			rest += letters_in(s, len);
		}
	}
	return taken > rest && rest < REST_MIN;
}

/* What keeps somebody from guessing it, said as what would help. */
static enum outcome
weakness(enum strength_kind kind)
{
	static const enum outcome outcomes[STRENGTH_KINDS] = {
		[STRENGTH_PLAIN] = OUT_WEAK_PLAIN,
		[STRENGTH_WORDS] = OUT_WEAK_WORDS,
		[STRENGTH_CONTEXT] = OUT_PASSWORD_CONTEXT,
		[STRENGTH_REPEATS] = OUT_WEAK_REPEATS,
		[STRENGTH_SEQUENCE] = OUT_WEAK_SEQUENCE,
		[STRENGTH_KEYS] = OUT_WEAK_KEYS,
		[STRENGTH_DATE] = OUT_WEAK_DATE,
	};

	return outcomes[kind];
}

static bool
strong_enough(const struct conf *conf, struct arena *a, struct words *w,
    const char *password, enum outcome *why)
{
	enum strength_kind kind;
	double bits;

	if (conf->password_bits == 0)
		return true;
	bits = strength_of(a, password, w->item, conf->password_bits, &kind);
	*why = weakness(kind);
	return bits >= conf->password_bits;
}

static void
tell_unreadable(const struct conf *conf)
{
	static atomic_llong next;

	if (log_is_due(&next))
		LOG("list.fault", LOG_TEXT("file", conf->password_list),
		    LOG_TEXT("reason", "is cut off, or cannot be read"));
}

static bool
unlisted(const struct conf *conf, struct arena *a, const char *password,
    enum outcome *why)
{
	enum wordlist_answer answer = WORDLIST_NOT_IN;

	if (conf->refused != NULL)
		answer = wordlist_look(conf->refused, a, password);
	if (answer == WORDLIST_FAULT)
		tell_unreadable(conf);
	*why = answer == WORDLIST_FAULT ? OUT_FAULT : OUT_PASSWORD_COMMON;
	return answer == WORDLIST_NOT_IN;
}

bool
policy_allows(const struct conf *conf, struct arena *a, size_t least,
    const char *email, const char *password, enum outcome *why)
{
	struct words words = { .n = 0 };

	if (conf->rules->password_context) {
		add_words(a, &words, conf->base.host);
		add_words(a, &words, email);
	}
	*why = OUT_PASSWORD_SHORT;
	if (unicode_length(password) < least)
		return false;
	*why = OUT_PASSWORD_CONTEXT;
	if (is_context(a, &words, password))
		return false;
	return unlisted(conf, a, password, why) &&
	    strong_enough(conf, a, &words, password, why);
}
