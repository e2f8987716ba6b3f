#include "chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "digest.h"
#include "text.h"

#define NUMBER_MAX	32

static const char *
number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%" PRId64, n);
}

/*
 * The length of each part before it, so that no two lists of parts look the
 * same.  The first says what it is for: no mac can pass for a seal.
 */
static void
mac_of(struct arena *a, const char *key, const char *const *part, size_t n,
    char *out)
{
	unsigned char sum[DIGEST_SHA256_BYTES];
	const char *text = "";
	size_t i;

	for (i = 0; i < n; i++)
		text = ARENA_JOIN(a, text, number(a,
		    (int64_t)strlen(part[i])), ":", part[i], ",");
	digest_hmac(key, strlen(key), text, strlen(text), sum);
	text_base64url(sum, sizeof(sum), out);
}

#define MAC_OF(a, key, out, ...)					\
	mac_of((a), (key), (const char *const []){ __VA_ARGS__ },	\
	    sizeof((const char *const []){ __VA_ARGS__ }) /		\
	    sizeof(const char *), (out))

void
chain_mac(const char *key, const char *before, const struct chain_row *r,
    char *out)
{
	struct arena *a = arena_new();

	MAC_OF(a, key, out, "row", before, r->writer, number(a, r->seq),
	    number(a, r->at), r->event, r->result, r->account, r->network,
	    r->door, r->request);
	arena_free(a);
}

void
chain_seal(const char *key, const struct chain *c, char *out)
{
	struct arena *a = arena_new();

	MAC_OF(a, key, out, "head", c->writer, number(a, c->seq), c->mac,
	    number(a, c->cut_seq), c->cut_mac);
	arena_free(a);
}

/* Neither is a secret to whoever can read the store, but it costs nothing. */
static bool
same_mac(const char *a, const char *b)
{
	return strlen(a) == CHAIN_MAC_LEN && strlen(b) == CHAIN_MAC_LEN &&
	    digest_equal(a, b, CHAIN_MAC_LEN);
}

bool
chain_sealed(const char *key, const struct chain *c)
{
	char seal[CHAIN_MAC_LEN + 1];

	chain_seal(key, c, seal);
	return same_mac(seal, c->seal);
}

void
chain_account(const char *key, const char *user_id, const char *email_key,
    char *out)
{
	struct arena *a = arena_new();

	if (user_id != NULL)
		MAC_OF(a, key, out, "account", user_id);
	else if (email_key != NULL)
		MAC_OF(a, key, out, "address", email_key);
	else
		out[0] = '\0';
	arena_free(a);
}

/* The proof. */

static void
note(char *mac, const char *what)
{
	(void)snprintf(mac, CHAIN_MAC_LEN + 1, "%s", what);
}

static void
find(struct chain_check *k, enum chain_fault fault, int64_t from, int64_t to)
{
	if (k->findings < CHAIN_FINDINGS_MAX)
		k->finding[k->findings] = (struct chain_finding){
		    .fault = fault, .from = from, .to = to };
	k->findings++;
}

void
chain_check_begin(struct chain_check *k, const char *key,
    const struct chain *head)
{
	memset(k, 0, sizeof(*k));
	k->key = key;
	k->head = *head;
	k->next = head->cut_seq + 1;
	note(k->said, head->cut_mac);
	note(k->made, head->cut_mac);
	if (!chain_sealed(key, head))
		find(k, CHAIN_HEAD, 0, 0);
}

/*
 * The row before may have had its mac changed, and nothing else: then what it
 * should be is what this one was bound to.  made is the mac of this row.
 */
static bool
follows(const struct chain_check *k, const struct chain_row *r, char *made)
{
	char other[CHAIN_MAC_LEN + 1];

	chain_mac(k->key, k->said, r, made);
	if (same_mac(made, r->mac))
		return true;
	chain_mac(k->key, k->made, r, other);
	if (!same_mac(other, r->mac))
		return false;
	note(made, other);
	return true;
}

void
chain_check_row(struct chain_check *k, const struct chain_row *r)
{
	char made[CHAIN_MAC_LEN + 1];

	k->rows++;
	if (r->seq < k->next || r->seq > k->head.seq) {
		find(k, CHAIN_ADDED, r->seq, r->seq);
		return;
	}
	note(made, r->mac);
	if (r->seq > k->next)
		find(k, CHAIN_MISSING, k->next, r->seq - 1);
	else if (!follows(k, r, made))
		find(k, CHAIN_CHANGED, r->seq, r->seq);
	note(k->said, r->mac);
	note(k->made, made);
	k->next = r->seq + 1;
}

void
chain_check_end(struct chain_check *k)
{
	if (k->next <= k->head.seq)
		find(k, CHAIN_MISSING, k->next, k->head.seq);
	else if (strcmp(k->said, k->head.mac) != 0 &&
	    strcmp(k->made, k->head.mac) != 0)
		find(k, CHAIN_HEAD, 0, 0);
}
