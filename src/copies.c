#include "copies.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "store.h"

#define PIECE_BYTES	65536
#define MODE_ALONE	0600

/* A name is on the disk when its directory is. */
static bool
sync_directory(struct arena *a, const char *path)
{
	bool good;
	int fd;

	fd = open(dirname(arena_strdup(a, path)), O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* Read and write as the store lets; for its owner where there is none. */
static mode_t
mode_like(const char *store)
{
	struct stat st;

	return stat(store, &st) == 0 ? st.st_mode & 0666 : MODE_ALONE;
}

/* A new empty file beside path, under another name. */
static int
make_beside(struct arena *a, const char *path, const char *store,
    char **name)
{
	int fd;

	*name = ARENA_JOIN(a, path, ".XXXXXX");
	fd = mkstemp(*name);
	if (fd >= 0)
		(void)fchmod(fd, mode_like(store));
	return fd;
}

static void
discard(struct arena *a, const char *name)
{
	int kept = errno;

	(void)unlink(name);
	(void)unlink(ARENA_JOIN(a, name, "-wal"));
	(void)unlink(ARENA_JOIN(a, name, "-shm"));
	(void)unlink(ARENA_JOIN(a, name, "-journal"));
	errno = kept;
}

/* Not every file system can rename and refuse to replace, or link. */
static bool
name_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno != EEXIST && link(from, to) == 0 && unlink(from) == 0;
}

enum copies_result
copies_make(struct arena *a, struct db *db, const char *store,
    const char *to, void (*tell)(const char *))
{
	enum copies_result result = COPIES_CANNOT;
	char *name;
	int fd;

	if (access(to, F_OK) == 0)
		return COPIES_EXISTS;
	if ((fd = make_beside(a, to, store, &name)) < 0)
		return COPIES_CANNOT;
	errno = EIO;	/* where the log knows better */
	if (db_copy(db, name))
		result = db_judge(name, store_schema(), tell) ? COPIES_DONE :
		    COPIES_BAD;
	if (result == COPIES_DONE && (fsync(fd) != 0 || !name_new(name, to)))
		result = errno == EEXIST ? COPIES_EXISTS : COPIES_CANNOT;
	(void)close(fd);
	if (result == COPIES_DONE)
		return sync_directory(a, to) ? COPIES_DONE : COPIES_CANNOT;
	discard(a, name);
	return result;
}

/* A disk that is nearly full takes a part and says why at the next one. */
static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n = 0;

	for (; len > 0; bytes += n, len -= (size_t)n)
		if ((n = write(fd, bytes, len)) < 0)
			return false;
	return true;
}

static bool
pour(struct arena *a, int from, int to)
{
	char *piece = arena_alloc(a, PIECE_BYTES);
	ssize_t n;

	while ((n = read(from, piece, PIECE_BYTES)) > 0)
		if (!write_all(to, piece, (size_t)n))
			return false;
	return n == 0;
}

/* A whole and closed store in name; whoever is told no has nothing there. */
static enum copies_result
bring(struct arena *a, int from, const char *store,
    const struct entry *record, char **name, void (*tell)(const char *))
{
	enum copies_result result = COPIES_CANNOT;
	int fd;

	if ((fd = make_beside(a, store, store, name)) < 0)
		return COPIES_CANNOT;
	if (pour(a, from, fd)) {
		errno = EIO;
		result = !db_judge(*name, store_schema(), tell) ?
		    COPIES_BAD : store_close_copy(*name, a, record) ==
		    STORE_OK && fsync(fd) == 0 ? COPIES_DONE : COPIES_CANNOT;
	}
	(void)close(fd);
	if (result != COPIES_DONE)
		discard(a, *name);
	return result;
}

static enum db_status
work_nothing(struct db_conn *c, void *arg)
{
	(void)c;
	(void)arg;
	return DB_OK;
}

/* A second name for what is at path with that ending, if anything is. */
static bool
keep(struct arena *a, const char *path, const char *other, const char *ending)
{
	return link(ARENA_JOIN(a, path, ending),
	    ARENA_JOIN(a, other, ending)) == 0 || errno == ENOENT;
}

static bool
take_away(struct arena *a, const char *store, const char *ending)
{
	return unlink(ARENA_JOIN(a, store, ending)) == 0 || errno == ENOENT;
}

/*
 * The -wal or -journal of the store that goes would be taken for the new
 * one's, so it has to go first.  Where the old store can be opened what it
 * holds is put into the one file before that: whoever is killed in between has
 * lost nothing.
 */
static bool
exchange(struct arena *a, const char *name, const char *store,
    const char **kept)
{
	*kept = NULL;
	if (access(store, F_OK) == 0) {
		(void)db_edit(store, store_schema(), false,
		    work_nothing, NULL);
		*kept = arena_printf(a, "%s.replaced-%lld", store,
		    (long long)clock_ms());
		if (!keep(a, store, *kept, "-wal") ||
		    !keep(a, store, *kept, "-journal") ||
		    !keep(a, store, *kept, ""))
			return false;
	}
	if (!take_away(a, store, "-wal") || !take_away(a, store, "-shm") ||
	    !take_away(a, store, "-journal"))
		return false;
	return rename(name, store) == 0 && sync_directory(a, store);
}

/*
 * The lock is asked for before the copy is read, to refuse at once, and held
 * only for the exchange: who starts meanwhile need not wait for the reading.
 */
enum copies_result
copies_put_back(struct arena *a, int fd, const char *store,
    const struct entry *record, bool dry, const char **kept,
    void (*tell)(const char *))
{
	enum copies_result result;
	char *name;
	int lock;

	*kept = NULL;
	if ((lock = db_seize(store)) < 0)
		return COPIES_IN_USE;
	(void)close(lock);
	result = bring(a, fd, store, record, &name, tell);
	if (result != COPIES_DONE)
		return result;
	if (dry)
		lock = -1;
	else if ((lock = db_seize(store)) < 0)
		result = COPIES_IN_USE;
	else if (!exchange(a, name, store, kept))
		result = COPIES_CANNOT;
	if (dry || result != COPIES_DONE)
		discard(a, name);
	if (lock >= 0)
		(void)close(lock);
	return result;
}
