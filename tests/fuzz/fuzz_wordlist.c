/*
 * The list of refused passwords: any bytes as the file, and any as the text
 * that it is made from.  Then the same bytes as a password to be judged.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "../unit/helper.h"
#include "strength.h"
#include "unicode.h"
#include "wordlist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define PASSWORD_MAX	511

static char dir[HELPER_PATH_MAX];
static char text[HELPER_PATH_MAX * 2], list[HELPER_PATH_MAX * 2];

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
clean_up(void)
{
	helper_dir_remove(dir);
}

static void
set_up(void)
{
	helper_dir(dir);
	(void)snprintf(text, sizeof(text), "%s/text", dir);
	(void)snprintf(list, sizeof(list), "%s/list", dir);
	must(atexit(clean_up) == 0);
}

/* What was opened gives an answer to everything. */
static void
open_bytes(struct arena *a, const uint8_t *data, size_t len)
{
	const char *fault;
	struct wordlist *w;

	helper_write(list, data, len);
	must(chmod(list, 0600) == 0);
	w = wordlist_open(list, &fault);
	must((w == NULL) == (fault != NULL));
	if (w == NULL)
		return;
	must(wordlist_look(w, a, "") != WORDLIST_FAULT);
	must(wordlist_look(w, a, "password") != WORDLIST_FAULT);
	wordlist_close(w);
}

/* Each line is found, as it is told. */
static void
look_up(struct arena *a, const struct wordlist *w, const char *line)
{
	const char *password = unicode_nfc(a, line);

	if (password != NULL && password[0] != '\0' &&
	    strlen(password) <= PASSWORD_MAX &&
	    line[strlen(line) - 1] != '\r')
		must(wordlist_look(w, a, password) == WORDLIST_IN);
}

static void
compile_bytes(struct arena *a, const uint8_t *data, size_t len)
{
	struct wordlist_tally tally;
	const char *bad, *fault, *line, *end;
	struct wordlist *w;
	char *lines;

	helper_write(text, data, len);
	must(wordlist_compile(text, list, &tally, &bad, &fault));
	w = wordlist_open(list, &fault);
	must(w != NULL);
	lines = arena_copy(a, data, len);
	if (strlen(lines) == len)
		for (line = lines; line[0] != '\0'; line = end) {
			end = line + strcspn(line, "\n");
			look_up(a, w, arena_copy(a, line,
			    (size_t)(end - line)));
			end += end[0] == '\n';
		}
	wordlist_close(w);
}

static void
judge(struct arena *a, const uint8_t *data, size_t len)
{
	const char *words[] = { "example", NULL };
	const char *phrase = arena_copy(a, data, len);
	enum strength_kind kind;
	double bits;

	if (!unicode_valid(phrase, strlen(phrase)) ||
	    strlen(phrase) > PASSWORD_MAX)
		return;
	bits = strength_of(a, phrase, words, PASSWORD_MAX, &kind);
	must(bits >= 0 && bits <= PASSWORD_MAX * 8);
	must((int)kind >= 0 && kind < STRENGTH_KINDS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a;

	if (dir[0] == '\0')
		set_up();
	a = arena_new();
	open_bytes(a, data, len);
	compile_bytes(a, data, len);
	judge(a, data, len);
	arena_free(a);
	return 0;
}
