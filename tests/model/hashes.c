/*
 * Password hashes that are real, each computed once: new ones get one of a
 * few salts, and what has been hashed before is remembered.  Otherwise nine
 * tenths of a run would be spent in libxcrypt, which is not what it tests.
 * The linker finds these two before the library's, whose other functions do
 * the work.
 */
#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define SALTS		3
#define SALT_MAX	64
#define KNOWN_MAX	256

struct known {
	char		*phrase;
	char		 setting[CRYPT_OUTPUT_SIZE];
	char		 hash[CRYPT_OUTPUT_SIZE];
};

static struct known known[KNOWN_MAX];
static size_t knowns;

static const char *
recall(const char *phrase, const char *setting)
{
	size_t i;

	for (i = 0; i < knowns; i++)
		if (strcmp(known[i].phrase, phrase) == 0 &&
		    strcmp(known[i].setting, setting) == 0)
			return known[i].hash;
	return NULL;
}

static void
remember(const char *phrase, const char *setting, const char *hash)
{
	struct known *k = &known[knowns];

	if (knowns == KNOWN_MAX || hash == NULL)
		return;
	k->phrase = heap_strdup(phrase);
	(void)snprintf(k->setting, sizeof(k->setting), "%s", setting);
	(void)snprintf(k->hash, sizeof(k->hash), "%s", hash);
	knowns++;
}

char *
crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	const char *hash = recall(phrase, setting);
	struct crypt_data *d = data;

	(void)size;
	if (hash != NULL) {
		(void)snprintf(d->output, sizeof(d->output), "%s", hash);
		return d->output;
	}
	hash = crypt_r(phrase, setting, d);
	remember(phrase, setting, hash);
	return d->output;
}

char *
crypt_gensalt_rn(const char *prefix, unsigned long cost, const char *bytes,
    int n, char *out, int size)
{
	static unsigned int turn;
	char salt[SALT_MAX], *setting;

	(void)bytes;
	memset(salt, 'a' + (int)(turn++ % SALTS), sizeof(salt));
	setting = crypt_gensalt_ra(prefix, cost, salt, n < SALT_MAX ? n :
	    SALT_MAX);
	if (setting == NULL)
		return NULL;
	(void)snprintf(out, (size_t)size, "%s", setting);
	free(setting);
	return out;
}
