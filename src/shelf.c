#include "shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "heap.h"
#include "log.h"
#include "template.h"
#include "text.h"
#include "unicode.h"

#define LANGUAGES_MAX	64	/* that an operator adds */
#define MADE_MAX	1	/* by shelf_add */
#define ENTRIES_MAX	1000	/* of an operator's directory */
#define LOGO		"assets/logo.svg"
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

struct builtin {
	const char	*name;
	const unsigned char *bytes;	/* a NUL after them */
	size_t		 len;
};

static const struct builtin builtins[] = {
#include "shelf.inc"
};

#define BUILTINS	(sizeof(builtins) / sizeof(builtins[0]))

#define FILES_MAX	(BUILTINS + LANGUAGES_MAX)

struct shelf {
	size_t		 n;
	struct shelf_file file[FILES_MAX + MADE_MAX];
};

/* The way through an operator's directory. */
struct visit {
	struct shelf	*shelf;
	struct arena	*arena;		/* of names */
	void		(*complain)(const char *);
	size_t		 entries;
	size_t		 faults;
};

static const char *
text_of(const struct builtin *b)
{
	return (const char *)b->bytes;
}

static int
compare_files(const void *a, const void *b)
{
	const struct shelf_file *one = a, *other = b;

	return strcmp(one->name, other->name);
}

const struct shelf_file *
shelf_find(const struct shelf *s, const char *name)
{
	struct shelf_file wanted = { .name = name };

	return bsearch(&wanted, s->file, s->n, sizeof(wanted),
	    compare_files);
}

const struct shelf_file *
shelf_at(const struct shelf *s, size_t i)
{
	return i < s->n ? &s->file[i] : NULL;
}

const char *
shelf_builtin(const char *name)
{
	size_t i;

	for (i = 0; i < BUILTINS; i++)
		if (strcmp(builtins[i].name, name) == 0)
			return text_of(&builtins[i]);
	return NULL;
}

static const struct template *
find_template(const void *where, const char *name)
{
	const struct shelf_file *file = shelf_find(where, name);

	return file != NULL ? file->template : NULL;
}

const char *
shelf_render(const struct shelf *s, struct arena *a, const char *name,
    const struct value *context, const char **error)
{
	struct template_files files = { find_template, s };

	return template_render(a, &files, name, context, error);
}

/* What an operator's directory may hold. */

/* "lang/pt-BR.json" */
static bool
is_catalogue(const char *name)
{
	struct slice tag = { name + 5, strlen(name) - 10 }, part;
	size_t i;
	bool first = true;

	if (strlen(name) < 10 || !text_begins(name, "lang/") ||
	    strcmp(tag.ptr + tag.len, ".json") != 0 ||
	    tag.len > SHELF_TAG_MAX)
		return false;
	for (; text_next_part(&tag, '-', &part); first = false) {
		if (part.len == 0 || part.len > 8 ||
		    (first && (part.len < 2 || part.len > 3)))
			return false;
		for (i = 0; i < part.len; i++)
			if (!text_is_alnum(part.ptr[i]) || (first &&
			    (part.ptr[i] < 'a' || part.ptr[i] > 'z')))
				return false;
	}
	return true;
}

static bool
is_template(const char *name)
{
	return !text_begins(name, "lang/") && !text_begins(name, "assets/");
}

static bool
is_directory(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < BUILTINS; i++)
		if (text_begins(builtins[i].name, name) &&
		    builtins[i].name[len] == '/')
			return true;
	return false;
}

static void
complain(struct visit *v, const char *path, const char *reason)
{
	struct arena *a = arena_new();

	v->faults++;
	v->complain(ARENA_JOIN(a, path, ": ", reason));
	arena_free(a);
}

/* All of it, or as much as shows that it is too much. */
static const char *
read_all(int fd, char *bytes, size_t *len)
{
	ssize_t n;

	for (*len = 0; *len <= SHELF_FILE_MAX; *len += (size_t)n) {
		n = read(fd, bytes + *len, SHELF_FILE_MAX + 1 - *len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return strerror(errno);
		else if (n == 0)
			break;
	}
	bytes[*len] = '\0';
	return *len > SHELF_FILE_MAX ? "is longer than 256 KiB" : NULL;
}

static const char *
fault_of_file(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is no file";
	if ((st.st_mode & S_IWOTH) != 0)
		return "anybody may write it: chmod o-w";
	return NULL;
}

static const char *
fault_of_text(const char *text, size_t len)
{
	if (strlen(text) != len)
		return "has a NUL in it";
	if (!unicode_valid(text, len))
		return "is not UTF-8";
	if (text_begins(text, BYTE_ORDER_MARK))
		return "begins with a byte order mark";
	return NULL;
}

/* To be freed; NULL after a complaint. */
static char *
read_file(struct visit *v, const char *path)
{
	char *bytes = heap_zeroed(1, SHELF_FILE_MAX + 2), *text = NULL;
	const char *fault;
	size_t len = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	fault = fault_of_file(fd);
	if (fault == NULL)
		fault = read_all(fd, bytes, &len);
	if (fault == NULL)
		fault = fault_of_text(bytes, len);
	if (fault == NULL)
		text = heap_strdup(bytes);
	else
		complain(v, path, fault);
	if (fd >= 0)
		(void)close(fd);
	free(bytes);
	return text;
}

struct partials {
	struct visit	*visit;
	struct arena	*arena;
	const char	*path;
};

static void
see_partial(void *where, char sign, struct slice name)
{
	struct partials *p = where;
	char file[TEMPLATE_NAME_MAX + 1] = "";

	if (sign != '>')
		return;
	memcpy(file, name.ptr, name.len);
	if (shelf_builtin(file) == NULL)
		complain(p->visit, p->path, ARENA_JOIN(p->arena,
		    "asks for the file ", file, ", and there is none"));
}

static void
read_template(struct visit *v, struct shelf_file *file)
{
	struct partials partials = { v, v->arena, file->path };
	const char *error;

	file->template = template_read(v->arena, file->path, file->text,
	    see_partial, &partials, &error);
	if (file->template == NULL) {
		v->faults++;
		v->complain(error);
	}
	arena_wipe(v->arena);
}

/* Where a file of ours stands, or a place for one that is not ours. */
static struct shelf_file *
place_for(struct shelf *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->file[i].name, name) == 0)
			return &s->file[i];
	if (s->n == FILES_MAX)
		return NULL;
	return &s->file[s->n++];
}

static void
forget(struct shelf_file *file)
{
	template_free(file->template);
	free((char *)file->etag);
	if (!file->own)
		return;
	free((char *)file->name);
	free((char *)file->path);
	free((char *)file->text);
}

static void
take_file(struct visit *v, const char *path, const char *name)
{
	struct shelf_file *place;
	char *text;

	if (shelf_builtin(name) == NULL && !is_catalogue(name)) {
		complain(v, path, "is nothing that gatelodge asks for");
		return;
	}
	if ((text = read_file(v, path)) == NULL)
		return;
	if (strcmp(name, LOGO) == 0 && strstr(text, "<svg") == NULL)
		complain(v, path, "is no SVG image");
	place = place_for(v->shelf, name);
	if (place == NULL) {
		complain(v, path, "is one language too many");
		free(text);
		return;
	}
	forget(place);
	*place = (struct shelf_file){ .name = heap_strdup(name),
	    .path = heap_strdup(path), .text = text, .len = strlen(text),
	    .own = true };
}

static void	visit_directory(struct visit *, const char *, const char *);

static void
visit_entry(struct visit *v, const char *dir, const char *below,
    const char *entry)
{
	const char *path = ARENA_JOIN(v->arena, dir, "/", entry);
	const char *name = ARENA_JOIN(v->arena, below, entry);

	if (entry[0] == '.' || entry[strlen(entry) - 1] == '~')
		return;
	if (is_directory(name))
		visit_directory(v, path, ARENA_JOIN(v->arena, name, "/"));
	else
		take_file(v, path, name);
}

static void
visit_directory(struct visit *v, const char *dir, const char *below)
{
	const struct dirent *entry;
	DIR *d;

	if ((d = opendir(dir)) == NULL) {
		complain(v, dir, strerror(errno));
		return;
	}
	while ((entry = readdir(d)) != NULL && v->entries++ < ENTRIES_MAX)
		visit_entry(v, dir, below, entry->d_name);
	/* Once, however many directories are left like this. */
	if (entry != NULL && v->entries == ENTRIES_MAX + 1)
		complain(v, dir, "holds too many files");
	(void)closedir(d);
}

static char *
etag_of(const char *text, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SHA256_BYTES];
	char *etag = heap_zeroed(1, SHELF_ETAG_LEN + 1);
	size_t i;

	digest_sha256(text, len, sum);
	for (i = 0; i < sizeof(sum); i++) {
		etag[2 * i] = digits[sum[i] >> 4];
		etag[2 * i + 1] = digits[sum[i] & 15];
	}
	return etag;
}

static void
sort(struct shelf *s)
{
	qsort(s->file, s->n, sizeof(s->file[0]), compare_files);
}

/* All have been read, and each asks for files that there are. */
static void
judge_nesting(struct visit *v)
{
	struct template_files files = { find_template, v->shelf };
	const struct shelf_file *file;
	const char *error;
	size_t i;

	for (i = 0; (file = shelf_at(v->shelf, i)) != NULL; i++)
		if (is_template(file->name) && !template_nests(v->arena,
		    &files, file->name, &error)) {
			v->faults++;
			v->complain(error);
		}
}

static void
finish(struct visit *v)
{
	struct shelf *s = v->shelf;
	struct shelf_file *file;

	sort(s);
	for (file = s->file; file < s->file + s->n; file++) {
		file->etag = etag_of(file->text, file->len);
		if (is_template(file->name))
			read_template(v, file);
	}
	if (v->faults == 0)
		judge_nesting(v);
}

void
shelf_add(struct shelf *s, const char *name, const char *text)
{
	if (s->n == FILES_MAX + MADE_MAX)
		log_abort("the shelf is full");
	s->file[s->n++] = (struct shelf_file){ .name = heap_strdup(name),
	    .path = heap_strdup(name), .text = heap_strdup(text),
	    .len = strlen(text), .etag = etag_of(text, strlen(text)),
	    .own = true };
	sort(s);
}

void
shelf_close(struct shelf *s)
{
	struct shelf_file *file;

	if (s == NULL)
		return;
	for (file = s->file; file < s->file + s->n; file++)
		forget(file);
	free(s);
}

struct shelf *
shelf_open(const char *dir, const char *logo,
    void (*complain_to)(const char *))
{
	struct shelf *s = heap_zeroed(1, sizeof(*s));
	struct visit v = { .shelf = s, .complain = complain_to,
	    .arena = arena_new() };

	for (s->n = 0; s->n < BUILTINS; s->n++) {
		s->file[s->n].name = s->file[s->n].path =
		    builtins[s->n].name;
		s->file[s->n].text = text_of(&builtins[s->n]);
		s->file[s->n].len = builtins[s->n].len;
	}
	if (dir != NULL && dir[0] != '\0')
		visit_directory(&v, dir, "");
	if (logo != NULL && logo[0] != '\0')
		take_file(&v, logo, LOGO);
	finish(&v);
	arena_free(v.arena);
	if (v.faults == 0)
		return s;
	shelf_close(s);
	return NULL;
}
