/* What the messages to people look like, each kind in each language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "helper.h"
#include "lang.h"
#include "shelf.h"
#include "text.h"
#include "unicode.h"

#define LINK	"https://auth.example.org/confirm?token=" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CODE	"1234 5678"
#define SITE	"auth.example.org"
#define TIME	"2026-11-30 14:05 UTC"
#define NETWORK	"192.0.2.0/24"
#define AGENT	"Firefox, Linux"
#define WIDTH	76		/* columns */

struct kind {
	const char	*name;
	const char	*lasts;		/* how long, or NULL */
	bool		 code;
	bool		 where;		/* tells of a network and a browser */
};

static const struct kind kinds[] = {
	{ "registration", " 30 minutes", true, true },
	{ "registration_taken", NULL, false, true },
	{ "address_taken", NULL, false, true },
	{ "reset", " 30 minutes", true, true },
	{ "invitation", " 72 ", true, false },
	{ "password_changed", NULL, false, true },
	{ "address_change", " 30 minutes", true, true },
	{ "address_changed", " 72 ", false, true },
	{ "address_undone", NULL, false, true },
	{ "address_set", NULL, false, false },
	{ "new_device", NULL, false, true },
	{ "sessions_ended", NULL, false, false },
	{ "account_deleted", NULL, false, true },
};

static struct arena *arena;
static struct shelf *shelf;
static struct lang *lang;

static void
complain(const char *message)
{
	fail_msg("%s", message);
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	shelf = shelf_open(NULL, NULL, complain);
	lang = lang_open(shelf, complain);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	lang_close(lang);
	shelf_close(shelf);
	arena_free(arena);
	return 0;
}

static const char *
render(const struct kind *kind, const char *tag, const char *network,
    const char *agent)
{
	struct value *context = value_object(arena);
	const char *error, *text;

	value_put(arena, context, "t", lang_catalogue(lang, tag));
	value_text(arena, context, "link", LINK);
	value_text(arena, context, "code", CODE);
	value_text(arena, context, "minutes", "30");
	value_text(arena, context, "hours", "72");
	value_text(arena, context, "site", SITE);
	value_text(arena, context, "time", TIME);
	value_text(arena, context, "network", network);
	value_text(arena, context, "browser", agent);
	text = shelf_render(shelf, arena, arena_printf(arena, "mail/%s.txt",
	    kind->name), context, &error);
	if (text == NULL)
		fail_msg("%s", error);
	return text;
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static size_t
lines(const char *text, const char *line)
{
	return count(ARENA_JOIN(arena, "\n", text), ARENA_JOIN(arena, "\n",
	    line, "\n"));
}

/* For every kind, in every language. */
static void
with_each(void (*check)(const struct kind *, const char *tag))
{
	const char *tag;
	size_t i, j;

	for (i = 0; (tag = lang_at(lang, i)) != NULL; i++)
		for (j = 0; j < HELPER_COUNT(kinds); j++)
			check(&kinds[j], tag);
	assert_true(i > 1);
}

static void
check_shape(const struct kind *kind, const char *tag)
{
	const char *text = render(kind, tag, NETWORK, AGENT), *p, *end;
	struct slice line;

	assert_int_equal(count(text, "\n\n\n"), 0);
	assert_true(strlen(text) > 200);
	for (p = text; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_non_null(end);
		line = (struct slice){ p, (size_t)(end - p) };
		assert_int_equal(text_trim(line).len, line.len);
		if (unicode_length(arena_copy(arena, p, line.len)) > WIDTH &&
		    !text_begins(p, LINK))
			fail_msg("%s, %s: too wide: %.*s", kind->name, tag,
			    (int)line.len, p);
	}
	assert_int_not_equal(text[strlen(text) - 2], '\n');
}

static void
lines_are_short_and_whole(void **state)
{
	(void)state;
	with_each(check_shape);
}

static void
check_subject(const struct kind *kind, const char *tag)
{
	const char *text = render(kind, tag, NETWORK, AGENT);
	const char *end = strchr(text, '\n');

	assert_true(end - text > (ptrdiff_t)strlen(SITE));
	assert_int_equal(count(arena_copy(arena, text, (size_t)(end - text)),
	    SITE), 1);
	assert_int_equal(end[1], '\n');
	assert_true(text_begins(end + 2, ARENA_JOIN(arena,
	    lang_text(lang, tag, "mail.hello"), "\n\n")));
}

static void
first_line_is_the_subject(void **state)
{
	(void)state;
	with_each(check_subject);
}

static void
check_link(const struct kind *kind, const char *tag)
{
	const char *text = render(kind, tag, NETWORK, AGENT);

	assert_int_equal(lines(text, LINK), 1);
	assert_int_equal(count(text, "://"), 1);
	assert_int_equal(count(text, "www."), 0);
	assert_int_equal(lines(text, CODE), kind->code ? 1 : 0);
	assert_int_equal(count(text, CODE), kind->code ? 1 : 0);
	if (kind->lasts != NULL && strstr(text, kind->lasts) == NULL)
		fail_msg("%s, %s: how long?", kind->name, tag);
}

static void
one_link_stands_alone_and_so_does_the_code(void **state)
{
	(void)state;
	with_each(check_link);
}

static void
check_where(const struct kind *kind, const char *tag)
{
	const char *text = render(kind, tag, NETWORK, AGENT);
	const char *less = render(kind, tag, NULL, NULL);
	size_t told = kind->where ? 1 : 0;

	assert_int_equal(count(text, TIME), 1);
	assert_int_equal(count(text, NETWORK), told);
	assert_int_equal(count(text, AGENT), told);
	assert_int_equal(count(less, TIME), 1);
	assert_int_equal(count(text, "\n") - count(less, "\n"), 2 * told);
	assert_int_equal(count(less, "\n\n\n"), 0);
}

static void
time_network_and_browser_are_told_where_known(void **state)
{
	(void)state;
	with_each(check_where);
}

/* Somebody else's words: they add no line of their own. */
static void
check_hostile(const struct kind *kind, const char *tag)
{
	const char *plain = render(kind, tag, NETWORK, AGENT);
	const char *text = render(kind, tag, "x\r\n\r\n" CODE "\r\n",
	    "{{link}}\n\n" CODE "\n{{{link}}}\x1b]0;\n");

	assert_int_equal(count(text, "\n"), count(plain, "\n"));
	assert_int_equal(lines(text, LINK), 1);
	assert_int_equal(count(text, LINK), 1);
	assert_int_equal(lines(text, CODE), kind->code ? 1 : 0);
	assert_int_equal(count(text, "\r"), 0);
	assert_int_equal(count(text, "\x1b"), 0);
}

static void
words_of_a_client_stay_on_their_line(void **state)
{
	(void)state;
	with_each(check_hostile);
}

static void
every_kind_differs_in_every_language(void **state)
{
	const char *text, *other;
	size_t i, j;

	(void)state;
	for (i = 0; i < HELPER_COUNT(kinds); i++) {
		text = render(&kinds[i], "en", NETWORK, AGENT);
		other = render(&kinds[i], "fr", NETWORK, AGENT);
		assert_string_not_equal(text, other);
		for (j = 0; j < i; j++)
			assert_string_not_equal(text, render(&kinds[j], "en",
			    NETWORK, AGENT));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_short_and_whole),
		cmocka_unit_test(first_line_is_the_subject),
		cmocka_unit_test(one_link_stands_alone_and_so_does_the_code),
		cmocka_unit_test(
		    time_network_and_browser_are_told_where_known),
		cmocka_unit_test(words_of_a_client_stay_on_their_line),
		cmocka_unit_test(every_kind_differs_in_every_language),
	};

	return cmocka_run_group_tests_name("mail_texts", tests, set_up,
	    tear_down);
}
