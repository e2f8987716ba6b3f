#include "import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "clock.h"
#include "heap.h"
#include "log.h"
#include "rows.h"
#include "seen.h"
#include "statements.h"
#include "unicode.h"

#define SHOWN_MAX	ADDRESS_MAX

struct import {
	enum rows_format format;
	FILE		*text;		/* one of these two */
	struct db_foreign *table;
	char		*line;		/* ROWS_LINE_MAX and one more */
	int64_t		 row;
	int64_t		 now;
	struct seen	*seen;
	struct arena	*arena;		/* of a row */
	FILE		*refused;	/* records of struct aside */
	struct import_tally tally;
};

/* What was refused, while it waits: why is a string of this program. */
struct aside {
	int64_t		 row;
	const char	*why;
	char		 email[SHOWN_MAX + 1];
};

/* Opening. */

void
import_close(struct import *im)
{
	if (im == NULL)
		return;
	if (im->text != NULL)
		(void)fclose(im->text);
	db_foreign_close(im->table);
	if (im->refused != NULL)
		(void)fclose(im->refused);
	seen_free(im->seen);
	arena_free(im->arena);
	if (im->line != NULL)
		explicit_bzero(im->line, ROWS_LINE_MAX + 1);
	free(im->line);
	free(im);
}

static const char *
open_text(struct import *im, int fd, const char *head, size_t len)
{
	int copy = dup(fd);

	im->text = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (im->text == NULL ||
	    fseek(im->text, (long)rows_mark(head, len), SEEK_SET) != 0)
		return strerror(errno);
	return NULL;
}

static const char *
open_as_it_is(struct import *im, int fd)
{
	char *head = arena_alloc(im->arena, ROWS_HEAD_BYTES);
	const char *fault = NULL;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return "is no file";
	if ((len = pread(fd, head, ROWS_HEAD_BYTES, 0)) < 0 ||
	    (im->refused = tmpfile()) == NULL)
		return strerror(errno);
	im->format = rows_format(head, (size_t)len);
	if (im->format == ROWS_UNKNOWN)
		return "is none of the formats that can be imported";
	if (im->format != ROWS_SQLITE)
		return open_text(im, fd, head, (size_t)len);
	im->table = db_foreign_open(fd, FOREIGN_TABLE, FOREIGN_USERS, &fault);
	return fault;
}

struct import *
import_open(int fd, const char **fault)
{
	struct import *im;

	im = heap_zeroed(1, sizeof(*im));
	im->arena = arena_new();
	im->seen = seen_new();
	im->line = heap_zeroed(1, ROWS_LINE_MAX + 1);
	im->now = clock_ms();
	if ((*fault = open_as_it_is(im, fd)) == NULL)
		return im;
	import_close(im);
	return NULL;
}

/* Rows. */

/* What comes after the longest line that may be is left out. */
static bool
next_line(struct import *im, struct slice *line)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(im->text)) != EOF && c != '\n')
		if (len <= ROWS_LINE_MAX)
			im->line[len++] = (char)c;
	*line = (struct slice){ im->line, len };
	im->row++;
	return c != EOF || len > 0;
}

enum next { NEXT_ROW, NEXT_REFUSED, NEXT_END, NEXT_FAULT };

static enum next
next_of_text(struct import *im, struct row *row, const char **why)
{
	struct slice line;

	do {
		if (!next_line(im, &line)) {
			*why = strerror(errno);
			return ferror(im->text) ? NEXT_FAULT : NEXT_END;
		}
		arena_wipe(im->arena);
		*why = rows_read(im->format, im->arena, line, row);
	} while (*why == rows_none);
	return *why == NULL ? NEXT_ROW : NEXT_REFUSED;
}

static enum next
next_of_table(struct import *im, struct row *row, const char **why)
{
	struct db_foreign_row found;

	arena_wipe(im->arena);
	switch (db_foreign_next(im->table, &found)) {
	case DB_OK:
		im->row = found.number;
		*row = (struct row){ .email = found.text[0],
		    .hash = rows_unquoted(found.text[1]) };
		return NEXT_ROW;
	case DB_NONE:
		return NEXT_END;
	case DB_BUSY:
	case DB_FAULT:
		break;
	}
	*why = "is damaged";
	return NEXT_FAULT;
}

/* NULL for what is too long, or has a NUL in it. */
static const char *
string_of(struct arena *a, struct slice s, size_t most)
{
	return s.len <= most && memchr(s.ptr, '\0', s.len) == NULL ?
	    arena_copy(a, s.ptr, s.len) : NULL;
}

/* NULL, with u and scheme: it is fit. */
static const char *
judge(struct import *im, const struct row *row, struct user *u,
    enum scheme *scheme)
{
	const char *why = NULL;

	u->email = string_of(im->arena, row->email, ADDRESS_MAX);
	if (u->email == NULL || !unicode_valid(u->email, strlen(u->email)) ||
	    (u->email_key = address_key(im->arena, u->email)) == NULL)
		return "this is no e-mail address";
	u->password_hash = string_of(im->arena, row->hash, SCHEME_HASH_MAX);
	if (u->password_hash == NULL)
		return "the hash is too long, or has a NUL in it";
	*scheme = scheme_of(u->password_hash, &why);
	if (why == NULL && !seen_first(im->seen, u->email_key))
		why = "the address came before in this file";
	return why;
}

/* Neither ASCII nor U+0080 to U+009F of what a terminal obeys. */
static bool
prints(struct slice text, size_t i)
{
	const unsigned char *c = (const unsigned char *)text.ptr + i;

	if (c[0] < 0x80)
		return c[0] > ' ' && c[0] != 0x7f;
	return !(c[0] == 0xc2 && i + 1 < text.len && c[1] < 0xa0) &&
	    !(c[0] < 0xa0 && i > 0 && c[-1] == 0xc2);
}

/* Of such characters, and of broken ones, a mark is left. */
static void
show(struct slice email, char *out)
{
	bool text = email.len <= SHOWN_MAX &&
	    unicode_valid(email.ptr, email.len);
	size_t i;

	/* What begins like a hash may be one. */
	if (email.len == 0 || email.ptr[0] == '$')
		email = (struct slice){ "-", 1 };
	for (i = 0; i < email.len && i < SHOWN_MAX; i++)
		out[i] = prints(email, i) && (text ||
		    (unsigned char)email.ptr[i] < 0x80) ? email.ptr[i] : '?';
	out[i] = '\0';
}

static bool
put_aside(struct import *im, const struct row *row, const char *why)
{
	struct aside aside = { .row = im->row, .why = why };

	im->tally.refused++;
	show(row->email, aside.email);
	return fwrite(&aside, sizeof(aside), 1, im->refused) == 1;
}

/* False: place wants no more. */
static bool
try_place(struct import *im, const struct row *row, import_place *place,
    void *arg, const char **why)
{
	struct user u = { .created_at = im->now };
	enum scheme scheme = SCHEME_REFUSED;

	if ((*why = judge(im, row, &u, &scheme)) != NULL)
		return true;
	switch (place(im->arena, &u, arg)) {
	case STORE_OK:
		im->tally.accepted++;
		im->tally.scheme[scheme]++;
		return true;
	case STORE_TAKEN:
		*why = "the address has an account already";
		return true;
	case STORE_GONE:
	case STORE_FULL:
	case STORE_BUSY:
	case STORE_FAULT:
		break;
	}
	return false;
}

static enum next
next_row(struct import *im, struct row *row, const char **why)
{
	return im->format == ROWS_SQLITE ? next_of_table(im, row, why) :
	    next_of_text(im, row, why);
}

bool
import_read(struct import *im, import_place *place, void *arg,
    const char **fault)
{
	const char *why = NULL;
	enum next next;
	struct row row;

	*fault = NULL;
	while ((next = next_row(im, &row, &why)) == NEXT_ROW ||
	    next == NEXT_REFUSED) {
		im->tally.rows++;
		if (next == NEXT_ROW &&
		    !try_place(im, &row, place, arg, &why))
			return false;
		if (why != NULL && !put_aside(im, &row, why)) {
			*fault = strerror(errno);
			return false;
		}
	}
	if (next == NEXT_FAULT)
		*fault = why;
	rewind(im->refused);
	return next == NEXT_END;
}

const struct import_tally *
import_tally(const struct import *im)
{
	return &im->tally;
}

bool
import_refusal(struct import *im, struct arena *a,
    struct import_refusal *out)
{
	struct aside aside;

	if (fread(&aside, sizeof(aside), 1, im->refused) != 1)
		return false;
	*out = (struct import_refusal){ .row = aside.row, .why = aside.why,
	    .email = arena_strdup(a, aside.email) };
	return true;
}
