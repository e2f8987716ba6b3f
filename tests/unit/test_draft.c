/* What a mail says, and that each template says something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>

#include "draft.h"
#include "stage.h"

static const char fault[] =
    "the template has no subject with an empty line after it";
static char dir[HELPER_PATH_MAX];
static struct shelf *shelf;
static struct lang *lang;

static int
set_up(void **state)
{
	(void)stage_arena(state);
	helper_dir(dir);
	helper_must(mkdir(ARENA_JOIN(arena, dir, "/mail"), 0755) == 0 &&
	    mkdir(ARENA_JOIN(arena, dir, "/lang"), 0755) == 0, "mkdir");
	told[0] = '\0';
	return 0;
}

static int
tear_down(void **state)
{
	lang_close(lang);
	shelf_close(shelf);
	lang = NULL;
	shelf = NULL;
	helper_dir_remove(dir);
	return stage_clear(state);
}

/* Then opens what the directory holds by now. */
static const char *
put(const char *name, const char *text)
{
	const char *path = ARENA_JOIN(arena, dir, "/", name);

	helper_write(path, text, strlen(text));
	assert_int_equal(chmod(path, 0644), 0);
	lang_close(lang);
	shelf_close(shelf);
	shelf = shelf_open(dir, NULL, complain);
	assert_non_null(shelf);
	lang = lang_open(shelf, complain);
	assert_non_null(lang);
	return path;
}

static const char *
write_from(const char *text, struct draft *out)
{
	struct value *root = value_object(arena);

	(void)put("mail/test.txt", text);
	value_text(arena, root, "site", "Here");
	return draft_write(shelf, arena, "test", root, out);
}

static void
first_line_is_the_subject(void **state)
{
	struct draft d;

	(void)state;
	assert_null(write_from("{{! Mine. }}\nAt {{site}}\n\nWords\n\nMore",
	    &d));
	assert_string_equal(d.subject, "At Here");
	assert_string_equal(d.body, "Words\n\nMore");
	assert_null(write_from("S\n\n", &d));
	assert_string_equal(d.body, "");
}

static void
without_a_subject_there_is_no_mail(void **state)
{
	static const char *const none[] = { "", "S", "S\n", "S\nWords\n",
	    "\n\nWords\n", "{{nothing}}\n\nWords\n", "\nS\n\nWords\n" };
	struct draft d;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(none); i++)
		assert_string_equal(write_from(none[i], &d), fault);
}

static void
b8_kind_is_no_path(void **state)
{
	static const char *const kinds[] = { "", "part/foot", "../page/top",
	    "Test", "test.txt", "te\nst" };
	struct value *root = value_object(arena);
	struct draft d;
	size_t i;

	(void)state;
	(void)put("mail/test.txt", "S\n\nWords\n");
	for (i = 0; i < HELPER_COUNT(kinds); i++)
		assert_string_equal(draft_write(shelf, arena, kinds[i], root,
		    &d), "there is no such kind of mail");
	assert_string_equal(draft_write(shelf, arena, "nothing", root, &d),
	    "mail/nothing.txt: there is no such file");
}

static void
ours_can_all_be_written(void **state)
{
	(void)state;
	(void)put("lang/de.json", "{\"language\":\"Deutsch\"}");
	assert_true(draft_judge(shelf, lang, complain));
	assert_string_equal(told, "");
}

static void
judge_names_each_that_cannot_be_written(void **state)
{
	const char *one, *other;

	(void)state;
	one = put("mail/test.txt", "{{site}}\nWords\n");
	other = put("mail/reset.txt", "Words\n");
	(void)put("mail/new_device.txt",
	    "{{browser}}\n\n{{network}}, {{hours}}\n");
	assert_false(draft_judge(shelf, lang, complain));
	assert_string_equal(told, ARENA_JOIN(arena, other, ": ", fault, "\n",
	    one, ": ", fault, "\n"));
}

static void
judge_looks_at_every_language(void **state)
{
	(void)state;
	(void)put("lang/fr.json", "{\"mail.test.subject\":\"\"}");
	assert_false(draft_judge(shelf, lang, complain));
	assert_string_equal(told, ARENA_JOIN(arena, "mail/test.txt: in fr, ",
	    fault, "\n"));
}

#define DRAFT(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DRAFT(first_line_is_the_subject),
		DRAFT(without_a_subject_there_is_no_mail),
		DRAFT(b8_kind_is_no_path),
		DRAFT(ours_can_all_be_written),
		DRAFT(judge_names_each_that_cannot_be_written),
		DRAFT(judge_looks_at_every_language),
	};

	return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
