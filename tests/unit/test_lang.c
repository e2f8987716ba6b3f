/* Catalogues: what is taken, what is said, and in which language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "json.h"
#include "lang.h"
#include "stage.h"

#define FR	"fr"
#define EN	"en"
#define GERMAN	"{\"language\":\"Deutsch\",\"mail.hello\":\"Guten Tag,\"}"

static char dir[HELPER_PATH_MAX];
static struct shelf *shelf;
static struct lang *lang;

static int
set_up(void **state)
{
	(void)stage_arena(state);
	helper_dir(dir);
	if (mkdir(ARENA_JOIN(arena, dir, "/lang"), 0755) != 0)
		return -1;
	shelf = NULL;
	lang = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	lang_close(lang);
	shelf_close(shelf);
	helper_dir_remove(dir);
	return stage_clear(state);
}

static void
put(const char *tag, const char *text)
{
	const char *path = ARENA_JOIN(arena, dir, "/lang/", tag, ".json");

	helper_write(path, text, strlen(text));
	assert_int_equal(chmod(path, 0644), 0);
}

static void
open_all(void)
{
	lang_close(lang);
	shelf_close(shelf);
	told[0] = '\0';
	shelf = shelf_open(dir, NULL, complain);
	if (shelf == NULL)
		fail_msg("%s", told);
	lang = lang_open(shelf, complain);
}

static void
must_open(void)
{
	open_all();
	if (lang == NULL)
		fail_msg("%s", told);
	assert_string_equal(told, "");
}

static void
says(const char *tag, const char *key, const char *want)
{
	const char *text = lang_text(lang, tag, key);

	if (text == NULL)
		fail_msg("%s: no %s", tag, key);
	assert_string_equal(text, want);
}

static void
refused(const char *text, const char *want)
{
	put("de", text);
	open_all();
	assert_null(lang);
	assert_string_equal(told, ARENA_JOIN(arena, dir, "/lang/de.json",
	    want, "\n"));
}

/* What is taken. */

static void
shipped_catalogues_are_taken(void **state)
{
	(void)state;
	must_open();
	assert_string_equal(lang_at(lang, 0), EN);
	assert_string_equal(lang_at(lang, 1), FR);
	assert_null(lang_at(lang, 2));
	says(EN, "mail.hello", "Hello,");
	says(FR, "mail.hello", "Bonjour,");
	assert_null(lang_text(lang, EN, "mail"));
	assert_null(lang_text(lang, EN, "mail.reset"));
	assert_null(lang_text(lang, EN, "mail.hello.you"));
	assert_null(lang_text(lang, EN, ""));
}

static void
operator_overrides_single_keys(void **state)
{
	(void)state;
	put("fr", "{ \"mail.hello\": \"Salut,\", \"own.a\": \"{{a}}\" }");
	must_open();
	says(FR, "mail.hello", "Salut,");
	says(FR, "own.a", "{{a}}");
	says(FR, "mail.network", "R\xc3\xa9seau\xc2\xa0: {{network}}");
	says(EN, "mail.hello", "Hello,");
	assert_null(lang_text(lang, EN, "own.a"));
}

static void
what_a_language_lacks_is_said_in_english(void **state)
{
	(void)state;
	put("de", GERMAN);
	put("en", "{\"mail.hello\":\"Hi,\",\"mail.time\":\"At {{time}}\"}");
	must_open();
	says("de", "mail.hello", "Guten Tag,");
	says("de", "mail.network", "Network: {{network}}");
	/* The English one that counts. */
	says("de", "mail.time", "At {{time}}");
	says(FR, "mail.time", "Heure\xc2\xa0: {{time}}");
	says(EN, "mail.hello", "Hi,");
	says("it", "mail.hello", "Hi,");
}

static void
catalogue_is_filled_through_a_template(void **state)
{
	struct value *context = value_object(arena);
	const char *error;

	(void)state;
	put("fr", "{\"mail.time\":\"\xc3\x80 {{time}}\\u00a0!\"}");
	must_open();
	value_text(arena, context, "time", "midi");
	value_put(arena, context, "t", lang_catalogue(lang, FR));
	assert_string_equal(shelf_render(shelf, arena, "mail/part/where.txt",
	    context, &error), "Ce que nous en savons\xc2\xa0:\n\n"
	    "\xc3\x80 midi\xc2\xa0!\n");
}

static void
catalogues_outlive_the_shelf(void **state)
{
	(void)state;
	put("de", GERMAN);
	must_open();
	shelf_close(shelf);
	shelf = NULL;
	says("de", "mail.hello", "Guten Tag,");
}

static void
what_is_no_catalogue_is_refused(void **state)
{
	static const char none[] = "is no JSON, or not one object of texts, "
	    "or has a name twice";
	static const char *const texts[] = { "", "[]", "\"a\"", "{", "{}x",
	    "{\"a\":1}", "{\"a\":null}", "{\"a\":[\"b\"]}", "{\"a\":{}}",
	    "{\"a\":\"b\",}", "{\"a\" \"b\"}", "{a:\"b\"}",
	    "{\"a\":\"b\" \"c\":\"d\"}", "{\"a\":\"\\u0000\"}",
	    "{\"a\":\"\\ud800\"}", "{\"a\":\"\t\"}" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(texts); i++)
		refused(texts[i], ARENA_JOIN(arena, ":1: ", none));
	refused("{\n\"a\": \"b\",\n\"a\": \"c\"\n}",
	    ARENA_JOIN(arena, ":3: ", none));
	refused("{\n\"a\": \"b\",\n\"\\u0061\": \"c\"\n}",
	    ARENA_JOIN(arena, ":3: ", none));
	refused("{\n\n\"a\": \"b\"\n,,}", ARENA_JOIN(arena, ":4: ", none));
}

static void
keys_are_dotted_names(void **state)
{
	static const char longer[] =
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
	    "gggggggggghhhhhhhhh";
	static const char *const keys[] = { "", ".", "a.", ".a", "a..b",
	    "a b", "a/b", "\xc3\xa9", "a.b.c.d.e.f.g.h.i", "{{a}}",
	    longer };
	const char *longest;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(keys); i++)
		refused(ARENA_JOIN(arena, "{\"", keys[i], "\":\"x\"}"),
		    ARENA_JOIN(arena, ": \"", keys[i],
		    "\" cannot be a key"));
	put("de", "{\"language\":\"Deutsch\"}");
	longest = ARENA_JOIN(arena, "own.", longer + strlen("own.") + 1);
	put("fr", ARENA_JOIN(arena, "{\"own.b.c.d.e.f.g.h\":\"deep\",\"",
	    longest, "\":\"long\"}"));
	must_open();
	says(FR, "own.b.c.d.e.f.g.h", "deep");
	says(FR, longest, "long");
}

/* A slip would leave our words in place, and nobody would know why. */
static void
key_that_nothing_asks_for_is_refused(void **state)
{
	(void)state;
	refused("{\"page.login.titel\":\"Anmelden\"}",
	    ": no key is called page.login.titel; one of your own begins with "
	    "own.");
	refused("{\"page.nothing\":\"x\"}",
	    ": no key is called page.nothing; one of your own begins with own.");
	put("de", "{\"language\":\"Deutsch\"}");
	put("en", "{\"owner\":\"x\"}");
	open_all();
	assert_null(lang);
	put("en", "{\"own.hint\":\"x\",\"page.login.title\":\"Come in\"}");
	must_open();
	says("de", "own.hint", "x");
	says(EN, "page.login.title", "Come in");
}

static void
language_that_is_new_says_what_it_is_called(void **state)
{
	static const char what[] =
	    ": has no language, by which people choose it";

	(void)state;
	refused("{}", what);
	refused("{\"language\":\"\"}", what);
	refused("{\"mail.hello\":\"Guten Tag,\"}", what);
	put("de", "{\"language\":\"Deutsch\"}");
	put("fr", "{}");
	put("en", "{}");
	must_open();
	says("de", "language", "Deutsch");
	put("fr-CA", "{}");
	open_all();
	assert_null(lang);
}

static void
text_must_be_a_phrase(void **state)
{
	(void)state;
	refused("{\"a.b\":\"\\n{{#open}}\"}",
	    ": a.b:2: a section is not closed");
	refused("{\"a.b\":\"{{>mail/part/foot.txt}}\"}",
	    ": a.b:1: a phrase holds another file");
}

static void
key_is_a_text_or_the_beginning_of_others(void **state)
{
	static const char what[] = " is a text, and the beginning of a key";

	(void)state;
	refused("{\"own.a\":\"x\",\"own.a.b\":\"y\"}", ARENA_JOIN(arena, ": own.a.b",
	    what));
	refused("{\"own.a.b\":\"x\",\"own.a\":\"y\"}", ARENA_JOIN(arena, ": own.a",
	    what));
	refused("{\"own.b\":\"x\",\"own.b.c.d\":\"y\"}", ARENA_JOIN(arena,
	    ": own.b.c.d", what));
	refused("{\"mail\":\"x\"}", ARENA_JOIN(arena, ": mail", what));
	refused("{\"mail.hello.you\":\"x\"}", ARENA_JOIN(arena,
	    ": mail.hello.you", what));
}

static void
every_fault_is_told_once(void **state)
{
	static const char none[] = "/lang/de.json:1: is no JSON, or not one "
	    "object of texts, or has a name twice\n";

	(void)state;
	put("en", "{\"a\":\"{{\",\"own.b\":\"}}\",\"c d\":\"\"}");
	put("de", "[]");
	open_all();
	assert_null(lang);
	assert_string_equal(told, ARENA_JOIN(arena,
	    dir, none, dir, "/lang/en.json: a:1: a tag is not closed\n",
	    dir, "/lang/en.json: \"c d\" cannot be a key\n"));
}

static char *
many_texts(size_t n, const char *more)
{
	char *text = arena_alloc(arena, n * 64 + 64);
	size_t used = 1, i;

	text[0] = '{';
	for (i = 0; i < n; i++)
		used += (size_t)sprintf(text + used, "\"own.k%zu%s\":\"x\",", i,
		    more);
	memcpy(text + used - 1, "}", 2);
	return text;
}

static void
texts_have_a_largest_number(void **state)
{
	int64_t begun = clock_steady_ms();

	(void)state;
	put("fr", many_texts(JSON_TEXTS_MAX, ""));
	must_open();
	says(FR, "own.k2047", "x");
	put("fr", many_texts(JSON_TEXTS_MAX, ".a.b.c.d.e.f"));
	must_open();
	says(FR, "own.k2047.a.b.c.d.e.f", "x");
	refused(many_texts(JSON_TEXTS_MAX + 1, ""),
	    ":1: has too many texts");
	assert_true(clock_steady_ms() - begun < 5000);
}

/* In which language. */

struct choice {
	const char	*header;
	const char	*want;
};

static void
all_choose(const struct choice *c, size_t n)
{
	const char *tag;
	size_t i;

	for (i = 0; i < n; i++) {
		tag = lang_choose(lang, NULL, c[i].header);
		if (strcmp(tag, c[i].want) != 0)
			fail_msg("\"%s\" gives %s, not %s", c[i].header, tag,
			    c[i].want);
	}
}

static void
browser_is_given_what_it_asks_for(void **state)
{
	static const struct choice choices[] = {
		{ NULL, EN }, { "", EN }, { "en", EN }, { "fr", FR },
		{ "FR", FR }, { "de", EN }, { "de, fr", FR },
		{ "en, fr", EN }, { "fr, en", FR },
		{ "en;q=0.8, fr;q=0.9", FR }, { "en;q=0.9,fr;q=0.8", EN },
		{ "fr;q=0.5, en;q=0.5", FR }, { "en;q=0.1,fr;q=0.123", FR },
		{ "en;q=0.5, fr", FR }, { "en;q=1.000, fr", EN },
		{ "fr;q=0.001", FR }, { "fr ; q=0.7 , en ;\tQ=0.6", FR },
		{ ",, fr,", FR }, { "de;q=1, fr;q=0.1", FR },
	};

	(void)state;
	must_open();
	all_choose(choices, HELPER_COUNT(choices));
}

/* RFC 4647, 3.4. */
static void
subtags_fall_off_from_the_end(void **state)
{
	static const struct choice choices[] = {
		{ "fr-CH", FR }, { "fr-Latn-CH-1996", FR },
		{ "fr-x-private", FR }, { "fr-a", FR }, { "fr-", FR },
		{ "fra", EN }, { "f", EN }, { "fr_CH", EN }, { "x-fr", EN },
		{ "-fr", EN }, { "-", EN }, { "--", EN }, { "pt", EN },
		{ "pt-BR", "pt-BR" }, { "PT-br-x-y", "pt-BR" },
		{ "pt-PT", EN }, { "pt-BRA", EN },
		{ "fr-CH, pt-BR;q=0.9", FR },
	};

	(void)state;
	put("pt-BR", "{\"language\":\"Portugu\\u00eas\"}");
	must_open();
	all_choose(choices, HELPER_COUNT(choices));
}

static void
weight_of_nothing_refuses(void **state)
{
	static const struct choice choices[] = {
		{ "fr;q=0", EN }, { "fr;q=0.000", EN },
		{ "fr-CH, fr;q=0", EN }, { "en;q=0", EN },
		{ "fr;q=0, *", EN }, { "en;q=0, *", FR },
		{ "en;q=0, fr", FR }, { "*;q=0", EN }, { "*;q=0, fr", FR },
	};

	(void)state;
	must_open();
	all_choose(choices, HELPER_COUNT(choices));
}

static void
star_is_whatever_is_not_named(void **state)
{
	static const struct choice choices[] = {
		{ "*", EN }, { "fr;q=0.5, *;q=0.9", EN },
		{ "fr, *;q=0.5", FR }, { "*, fr;q=0.5", EN },
		{ "en;q=0.2, *;q=0.9", FR }, { "de, *;q=0.5", EN },
		{ "en;q=0.2, fr;q=0.5, *;q=0.9", FR },
		{ "en-GB;q=0.2, *", FR }, { "*-CH", EN },
	};

	(void)state;
	must_open();
	all_choose(choices, HELPER_COUNT(choices));
}

static void
what_is_no_wish_is_passed_over(void **state)
{
	static const struct choice choices[] = {
		{ "fr;q=2", EN }, { "fr;q=1.001", EN }, { "fr;q=-1", EN },
		{ "fr;q=", EN }, { "fr;q", EN }, { "fr;", EN },
		{ "fr;q=0.1234", EN }, { "fr;q=.5", EN }, { "fr;q=0,5", EN },
		{ "fr;q=0x1", EN }, { "fr;q=1e0", EN }, { "fr;x=1", EN },
		{ "fr;q=1;q=0", EN }, { "fr;level=1;q=1", EN },
		{ "fr;q=9999999999999999999", EN }, { "fr q=1", EN },
		{ ";q=1", EN }, { "\x01\xff", EN }, { "fr\xff", EN },
		{ "%66r", EN }, { "\"fr\"", EN }, { "fr;q=0.5.5", EN },
		{ "fr;q=bad, fr-FR;q=0.3", FR }, { "fr;q=1.", FR },
		{ "fr;q=0., en;q=0.1", EN },
	};

	(void)state;
	must_open();
	all_choose(choices, HELPER_COUNT(choices));
}

static void
long_headers_take_no_time(void **state)
{
	int64_t begun;
	int i;

	(void)state;
	must_open();
	begun = clock_steady_ms();
	for (i = 0; i < 100; i++) {
		assert_string_equal(lang_choose(lang, NULL,
		    repeated("fr-a-", 200)), EN);
		assert_string_equal(lang_choose(lang, repeated("a-", 500),
		    repeated("*,", 500)), EN);
		assert_string_equal(lang_choose(lang, NULL, ARENA_JOIN(arena,
		    repeated("de,", 31), "fr")), FR);
		assert_string_equal(lang_choose(lang, NULL, ARENA_JOIN(arena,
		    repeated("de,", 32), "fr")), EN);
		arena_wipe(arena);
	}
	assert_true(clock_steady_ms() - begun < 2000);
}

static void
account_comes_before_the_browser(void **state)
{
	(void)state;
	must_open();
	assert_string_equal(lang_choose(lang, FR, "en"), FR);
	assert_string_equal(lang_choose(lang, "fr-CA", NULL), FR);
	assert_string_equal(lang_choose(lang, EN, "fr"), EN);
	assert_string_equal(lang_choose(lang, "de", "fr"), FR);
	assert_string_equal(lang_choose(lang, "", "fr"), FR);
	assert_string_equal(lang_choose(lang, "*", "fr"), FR);
	assert_string_equal(lang_choose(lang, "\xff", NULL), EN);
	assert_true(lang_has(lang, "FR"));
	assert_false(lang_has(lang, "fr-CH"));
	assert_false(lang_has(lang, ""));
	assert_ptr_equal(lang_catalogue(lang, "xx"),
	    lang_catalogue(lang, EN));
	assert_ptr_equal(lang_catalogue(lang, "Fr"),
	    lang_catalogue(lang, FR));
	assert_ptr_not_equal(lang_catalogue(lang, FR),
	    lang_catalogue(lang, EN));
}

#define LANG(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LANG(shipped_catalogues_are_taken),
		LANG(operator_overrides_single_keys),
		LANG(what_a_language_lacks_is_said_in_english),
		LANG(catalogue_is_filled_through_a_template),
		LANG(catalogues_outlive_the_shelf),
		LANG(what_is_no_catalogue_is_refused),
		LANG(keys_are_dotted_names),
		LANG(key_that_nothing_asks_for_is_refused),
		LANG(language_that_is_new_says_what_it_is_called),
		LANG(text_must_be_a_phrase),
		LANG(key_is_a_text_or_the_beginning_of_others),
		LANG(every_fault_is_told_once),
		LANG(texts_have_a_largest_number),
		LANG(browser_is_given_what_it_asks_for),
		LANG(subtags_fall_off_from_the_end),
		LANG(weight_of_nothing_refuses),
		LANG(star_is_whatever_is_not_named),
		LANG(what_is_no_wish_is_passed_over),
		LANG(long_headers_take_no_time),
		LANG(account_comes_before_the_browser),
	};

	return cmocka_run_group_tests_name("lang", tests, NULL, NULL);
}
