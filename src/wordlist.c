#include "wordlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "heap.h"
#include "log.h"
#include "unicode.h"

#define MAGIC		"gatelodge list 1"
#define MAGIC_BYTES	(sizeof(MAGIC) - 1)
#define COUNT_BYTES	8
#define HEADER_BYTES	(MAGIC_BYTES + COUNT_BYTES)
#define ENTRY_BYTES	8
#define PASSWORD_MAX	511
#define SUFFIX		".XXXXXX"	/* of mkostemp(3) */

struct wordlist {
	int		 fd;
	uint64_t	 count;
};

struct entry {
	unsigned char	 byte[ENTRY_BYTES];
};

/* The entries of a text while it is read. */
struct pile {
	struct entry	*entry;
	uint64_t	 room;
	uint64_t	 n;
};

static struct entry
entry_of(struct arena *a, const char *password)
{
	unsigned char digest[DIGEST_SHA256_BYTES];
	const char *folded = unicode_folded(a, password);
	struct entry e;

	digest_sha256(folded, strlen(folded), digest);
	memcpy(e.byte, digest, sizeof(e.byte));
	return e;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct entry));
}

/* Looking. */

static bool
read_at(int fd, uint64_t offset, void *to, size_t len)
{
	ssize_t n;

	while ((n = pread(fd, to, len, (off_t)offset)) < 0 && errno == EINTR)
		continue;
	return n >= 0 && (size_t)n == len;
}

static uint64_t
count_of(const unsigned char *header)
{
	uint64_t count = 0;
	size_t i;

	for (i = MAGIC_BYTES; i < HEADER_BYTES; i++)
		count = count << 8 | header[i];
	return count;
}

/* NULL: it is a list, and whole. */
static const char *
fault_of(int fd, uint64_t *count)
{
	unsigned char header[HEADER_BYTES];
	struct stat st;
	uint64_t size;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is no file";
	if ((st.st_mode & S_IWOTH) != 0)
		return "anybody may write it: chmod o-w";
	if (!read_at(fd, 0, header, sizeof(header)) ||
	    memcmp(header, MAGIC, MAGIC_BYTES) != 0)
		return "is no compiled list of passwords";
	*count = count_of(header);
	size = (uint64_t)st.st_size - HEADER_BYTES;
	if (size % ENTRY_BYTES != 0 || size / ENTRY_BYTES != *count)
		return "is cut off, or longer than it says";
	return NULL;
}

struct wordlist *
wordlist_open(const char *path, const char **fault)
{
	struct wordlist *w;
	uint64_t count = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*fault = fd < 0 ? strerror(errno) : fault_of(fd, &count);
	if (*fault != NULL) {
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	w = heap_zeroed(1, sizeof(*w));
	w->fd = fd;
	w->count = count;
	return w;
}

void
wordlist_close(struct wordlist *w)
{
	if (w == NULL)
		return;
	(void)close(w->fd);
	free(w);
}

enum wordlist_answer
wordlist_look(const struct wordlist *w, struct arena *a, const char *password)
{
	struct entry wanted = entry_of(a, password), found;
	uint64_t low = 0, high = w->count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (!read_at(w->fd, HEADER_BYTES + middle * ENTRY_BYTES,
		    &found, sizeof(found)))
			return WORDLIST_FAULT;
		order = compare(&wanted, &found);
		if (order == 0)
			return WORDLIST_IN;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return WORDLIST_NOT_IN;
}

/* Making. */

/* The form in which a password is judged, or NULL for what never is one. */
static const char *
password_of(struct arena *a, char *line, size_t len)
{
	const char *password;

	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	/* Sooner than in NFC, so that a line takes no more of an arena. */
	if (len == 0 || len > PASSWORD_MAX * 3 || strlen(line) != len)
		return NULL;
	password = unicode_nfc(a, line);
	return password != NULL && strlen(password) <= PASSWORD_MAX ?
	    password : NULL;
}

static void
add_line(struct pile *p, struct wordlist_tally *t, struct arena *a,
    char *line, size_t len)
{
	const char *password = password_of(a, line, len);

	if (password == NULL || p->n == p->room)
		t->unfit++;
	else
		p->entry[p->n++] = entry_of(a, password);
	arena_wipe(a);
}

/* With pile NULL they are counted; false where the file cannot be read. */
static bool
read_lines(FILE *f, struct pile *p, struct wordlist_tally *t, uint64_t *lines)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	rewind(f);
	for (*lines = 0; (len = getline(&line, &room, f)) >= 0; ++*lines)
		if (p != NULL)
			add_line(p, t, a, line, (size_t)len);
	free(line);
	arena_free(a);
	return feof(f) && !ferror(f);
}

static void
sort(struct pile *p, struct wordlist_tally *t)
{
	uint64_t i, n = 0;

	qsort(p->entry, p->n, sizeof(*p->entry), compare);
	for (i = 0; i < p->n; i++)
		if (n == 0 || compare(&p->entry[i], &p->entry[n - 1]) != 0)
			p->entry[n++] = p->entry[i];
	t->doubles = p->n - n;
	t->entries = p->n = n;
}

static const char *
read_text(const char *in, struct pile *p, struct wordlist_tally *t)
{
	const char *fault = NULL;
	uint64_t lines;
	FILE *f;

	memset(t, 0, sizeof(*t));
	if ((f = fopen(in, "re")) == NULL)
		return strerror(errno);
	if (!read_lines(f, NULL, NULL, &p->room))
		fault = strerror(errno);
	p->entry = heap_zeroed(p->room + 1, sizeof(*p->entry));
	if (fault == NULL && !read_lines(f, p, t, &lines))
		fault = strerror(errno);
	(void)fclose(f);
	if (fault == NULL)
		sort(p, t);
	return fault;
}

static bool
write_list(FILE *f, const struct pile *p)
{
	unsigned char count[COUNT_BYTES];
	size_t i;

	for (i = 0; i < sizeof(count); i++)
		count[i] = (unsigned char)(p->n >> 8 * (COUNT_BYTES - 1 - i));
	return fwrite(MAGIC, 1, MAGIC_BYTES, f) == MAGIC_BYTES &&
	    fwrite(count, 1, sizeof(count), f) == sizeof(count) &&
	    fwrite(p->entry, sizeof(*p->entry), p->n, f) == p->n &&
	    fflush(f) == 0 && fchmod(fileno(f), 0644) == 0 &&
	    fsync(fileno(f)) == 0;
}

/* A name is on the disk when its directory is. */
static bool
sync_directory(const char *path)
{
	char *directory = heap_strdup(path), *slash = strrchr(directory, '/');
	bool good;
	int fd;

	if (slash != NULL)
		slash[slash == directory ? 1 : 0] = '\0';
	fd = open(slash != NULL ? directory : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static const char *
write_beside(char *beside, const char *out, const struct pile *p)
{
	const char *fault = NULL;
	FILE *f;
	int fd;

	if ((fd = mkostemp(beside, O_CLOEXEC)) < 0)
		return strerror(errno);
	if ((f = fdopen(fd, "w")) == NULL)
		log_abort("no memory");
	if (!write_list(f, p))
		fault = strerror(errno);
	if (fclose(f) != 0 && fault == NULL)
		fault = strerror(errno);
	if (fault == NULL && rename(beside, out) != 0)
		fault = strerror(errno);
	if (fault != NULL)
		(void)unlink(beside);
	else if (!sync_directory(out))
		fault = strerror(errno);
	return fault;
}

bool
wordlist_compile(const char *in, const char *out, struct wordlist_tally *t,
    const char **bad, const char **fault)
{
	size_t size = strlen(out) + sizeof(SUFFIX);
	struct pile pile = { .entry = NULL };
	char *beside;

	*bad = in;
	*fault = read_text(in, &pile, t);
	if (*fault == NULL) {
		*bad = out;
		beside = heap_zeroed(1, size);
		(void)snprintf(beside, size, "%s" SUFFIX, out);
		*fault = write_beside(beside, out, &pile);
		free(beside);
	}
	free(pile.entry);
	return *fault == NULL;
}
