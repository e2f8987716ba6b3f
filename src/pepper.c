#include "pepper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap.h"

#define MARK		"$hmac$"
#define NAME_LEN	8
#define SEAL_LEN	PEPPER_MAC_LEN

struct key {
	size_t		 len;
	unsigned char	 bytes[PEPPER_KEY_MAX];
	char		 name[NAME_LEN + 1];
};

struct pepper {
	size_t		 n;
	struct key	 key[PEPPER_KEYS_MAX];
};

static void
mac_by(const unsigned char *key, size_t len, const char *text, char *out)
{
	unsigned char mac[DIGEST_SHA256_BYTES];

	digest_hmac(key, len, text, strlen(text), mac);
	text_base64url(mac, sizeof(mac), out);
	explicit_bzero(mac, sizeof(mac));
}

static void
mac_of(const struct key *k, const char *text, char *out)
{
	mac_by(k->bytes, k->len, text, out);
}

/* Says which key it is, and nothing of it. */
static void
name_key(struct key *k)
{
	char mac[SEAL_LEN + 1];

	mac_of(k, "gatelodge names this key", mac);
	memcpy(k->name, mac, NAME_LEN);
}

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no file";
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "may be used by others than its owner";
	if (st->st_size < PEPPER_KEY_MIN)
		return "is shorter than 32 bytes";
	if (st->st_size > PEPPER_KEY_MAX)
		return "is longer than 1024 bytes";
	return NULL;
}

static const char *
read_key(int fd, struct key *k)
{
	const char *fault;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if ((fault = fault_of(&st)) != NULL)
		return fault;
	len = read(fd, k->bytes, sizeof(k->bytes));
	if (len != st.st_size)
		return len < 0 ? strerror(errno) : "changes while it is read";
	k->len = (size_t)len;
	name_key(k);
	return NULL;
}

static const char *
open_key(const char *path, struct key *k)
{
	const char *fault;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	fault = read_key(fd, k);
	(void)close(fd);
	return fault;
}

struct pepper *
pepper_open(const char *const *file, size_t n, size_t *bad,
    const char **fault)
{
	struct pepper *p;

	p = heap_zeroed(1, sizeof(*p));
	for (*bad = 0; *bad < n; ++*bad) {
		*fault = *bad == PEPPER_KEYS_MAX ? "is one too many" :
		    open_key(file[*bad], &p->key[*bad]);
		if (*fault != NULL) {
			pepper_close(p);
			return NULL;
		}
	}
	p->n = n;
	return p;
}

void
pepper_close(struct pepper *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, sizeof(*p));
	free(p);
}

static bool
is_sealed(const char *stored)
{
	return text_begins(stored, MARK) &&
	    strnlen(stored, strlen(MARK) + NAME_LEN + 1) ==
	    strlen(MARK) + NAME_LEN + 1;
}

const char *
pepper_setting(const char *stored)
{
	return is_sealed(stored) ? stored + strlen(MARK) + NAME_LEN : stored;
}

/* NULL: it is not here. */
static const struct key *
key_of(const struct pepper *p, const char *stored)
{
	size_t i;

	for (i = 0; p != NULL && i < p->n; i++)
		if (strncmp(stored + strlen(MARK), p->key[i].name,
		    NAME_LEN) == 0)
			return &p->key[i];
	return NULL;
}

static bool
copy(const char *hash, char *out, size_t size)
{
	size_t len = strlen(hash);

	if (len >= size)
		return false;
	memcpy(out, hash, len + 1);
	return true;
}

static bool
seal_with(const struct key *k, const char *hash, char *out, size_t size)
{
	const char *last = strrchr(hash, '$');
	char mac[SEAL_LEN + 1];
	size_t setting;

	if (last == NULL)
		return false;
	setting = (size_t)(last + 1 - hash);
	if (strlen(MARK) + NAME_LEN + setting + SEAL_LEN >= size)
		return false;
	mac_of(k, hash, mac);
	memcpy(out, MARK, strlen(MARK));
	out += strlen(MARK);
	memcpy(out, k->name, NAME_LEN);
	out += NAME_LEN;
	memcpy(out, hash, setting);
	memcpy(out + setting, mac, sizeof(mac));
	return true;
}

bool
pepper_seal(const struct pepper *p, const char *hash, char *out, size_t size)
{
	return p != NULL ? seal_with(&p->key[0], hash, out, size) :
	    copy(hash, out, size);
}

bool
pepper_seal_like(const struct pepper *p, const char *stored,
    const char *hash, char *out, size_t size)
{
	const struct key *k;

	if (!is_sealed(stored))
		return copy(hash, out, size);
	k = key_of(p, stored);
	return k != NULL && seal_with(k, hash, out, size);
}

bool
pepper_is_current(const struct pepper *p, const char *stored)
{
	return p == NULL ? !is_sealed(stored) : is_sealed(stored) &&
	    key_of(p, stored) == &p->key[0];
}

/* By a key that is made of the first one and seals nothing. */
void
pepper_mac(const struct pepper *p, const char *text, char *out)
{
	static const char purpose[] = "gatelodge keys what is short";
	unsigned char own[DIGEST_SHA256_BYTES];

	digest_hmac(p->key[0].bytes, p->key[0].len, purpose, strlen(purpose),
	    own);
	mac_by(own, sizeof(own), text, out);
	explicit_bzero(own, sizeof(own));
}
