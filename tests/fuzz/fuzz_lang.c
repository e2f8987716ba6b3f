/* What a browser says of its languages: the answer is one that there is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "lang.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static struct lang *
catalogues(void)
{
	static struct lang *lang;
	struct shelf *shelf;

	if (lang != NULL)
		return lang;
	shelf = shelf_open(NULL, NULL, NULL);
	must(shelf != NULL);
	lang = lang_open(shelf, NULL);
	must(lang != NULL);
	shelf_close(shelf);
	return lang;
}

/* The header up to a NUL, then what an account says. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct lang *lang = catalogues();
	struct arena *a = arena_new();
	const char *header = arena_copy(a, data, len), *account, *tag;

	account = strlen(header) < len ? header + strlen(header) + 1 : NULL;
	tag = lang_choose(lang, account, header);
	must(lang_has(lang, tag));
	if (account != NULL && lang_has(lang, account))
		must(lang_catalogue(lang, tag) ==
		    lang_catalogue(lang, account));
	must(lang_text(lang, tag, "mail.hello") != NULL);
	(void)lang_text(lang, tag, header);
	arena_free(a);
	return 0;
}
