/* The files that come with the program, and those put in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shelf.h"
#include "stage.h"
#include "template.h"
#include "text.h"

#define KNOWN	"mail/reset.txt"

static char dir[HELPER_PATH_MAX];

static void
make_dir(const char *name)
{
	const char *path = ARENA_JOIN(arena, dir, "/", name);

	if (mkdir(path, 0755) != 0)
		fail_msg("mkdir %s", path);
}

static int
set_up(void **state)
{
	(void)stage_arena(state);
	helper_dir(dir);
	make_dir("mail");
	make_dir("mail/part");
	make_dir("lang");
	return 0;
}

static int
tear_down(void **state)
{
	helper_dir_remove(dir);
	return stage_clear(state);
}

static const char *
put(const char *name, const char *bytes, size_t len)
{
	const char *path = ARENA_JOIN(arena, dir, "/", name);

	helper_write(path, bytes, len);
	assert_int_equal(chmod(path, 0644), 0);
	return path;
}

static void
put_text(const char *name, const char *text)
{
	(void)put(name, text, strlen(text));
}

static struct shelf *
must_open(const char *where)
{
	struct shelf *s;

	told[0] = '\0';
	s = shelf_open(where, NULL, complain);
	if (s == NULL)
		fail_msg("%s", told);
	assert_string_equal(told, "");
	return s;
}

/* Exactly one complaint, of that file. */
static void
must_not_open(const char *name, const char *reason)
{
	const char *want = ARENA_JOIN(arena, dir, "/", name, reason, "\n");

	told[0] = '\0';
	assert_null(shelf_open(dir, NULL, complain));
	assert_string_equal(told, want);
}

static void
says(const struct shelf *s, const char *name, const char *text)
{
	const struct shelf_file *file = shelf_find(s, name);

	if (file == NULL) {
		fail_msg("%s is missing", name);
		return;
	}
	assert_string_equal(file->name, name);
	assert_string_equal(file->text, text);
	assert_int_equal(file->len, strlen(text));
}

/* What the tree holds, byte by byte. */
static void
files_of_the_tree_are_built_in(void **state)
{
	struct shelf *s = must_open(NULL);
	const char *tree = getenv("srcdir"), *below;
	const struct shelf_file *file;
	char *source;
	size_t i, len;

	(void)state;
	for (i = 0; (file = shelf_at(s, i)) != NULL; i++) {
		below = text_begins(file->name, "lang/") ||
		    text_begins(file->name, "assets/") ? "" : "templates/";
		source = helper_file(ARENA_JOIN(arena,
		    tree != NULL ? tree : "..", "/conf/", below, file->name),
		    &len);
		assert_int_equal(file->len, len);
		assert_memory_equal(file->text, source, len + 1);
		assert_string_equal(shelf_builtin(file->name), source);
		assert_string_equal(file->path, file->name);
		assert_false(file->own);
		free(source);
	}
	assert_true(i > 10);
	shelf_close(s);
}

static void
files_stand_in_the_order_of_their_names(void **state)
{
	struct shelf *s = must_open("");
	const struct shelf_file *file, *last = shelf_at(s, 0);
	size_t i;

	(void)state;
	for (i = 1; (file = shelf_at(s, i)) != NULL; i++) {
		assert_true(strcmp(last->name, file->name) < 0);
		assert_ptr_equal(shelf_find(s, file->name), file);
		last = file;
	}
	assert_null(shelf_at(s, i + 1));
	shelf_close(s);
}

static void
unknown_names_are_not_found(void **state)
{
	static const char *const names[] = { "", "mail", "mail/", "reset.txt",
	    "mail/reset", "mail/reset.txt ", "MAIL/RESET.TXT",
	    "templates/mail/reset.txt", "../shelf.c", "/etc/passwd",
	    "mail/../mail/reset.txt" };
	struct shelf *s = must_open(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(names); i++) {
		assert_null(shelf_find(s, names[i]));
		assert_null(shelf_builtin(names[i]));
	}
	shelf_close(s);
}

/* FIPS 180-4's own example. */
static void
etag_is_the_digest_of_the_text(void **state)
{
	struct shelf *s;

	(void)state;
	put_text(KNOWN, "abc");
	s = must_open(dir);
	assert_string_equal(shelf_find(s, KNOWN)->etag, "ba7816bf8f01cfea"
	    "414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_not_equal(shelf_find(s, "mail/part/foot.txt")->etag,
	    shelf_find(s, "mail/part/where.txt")->etag);
	shelf_close(s);
}

static void
file_of_an_operator_takes_the_place_of_ours(void **state)
{
	const char *ours = shelf_builtin(KNOWN);
	struct shelf *s;
	size_t before = 0, after = 0;

	(void)state;
	s = must_open(NULL);
	while (shelf_at(s, before) != NULL)
		before++;
	shelf_close(s);
	put_text(KNOWN, "Mine, {{site}}\xc2\xa0!\n");
	put_text("mail/part/foot.txt", "");
	s = must_open(dir);
	says(s, KNOWN, "Mine, {{site}}\xc2\xa0!\n");
	says(s, "mail/part/foot.txt", "");
	assert_true(shelf_find(s, KNOWN)->own);
	assert_string_equal(shelf_find(s, KNOWN)->path,
	    ARENA_JOIN(arena, dir, "/" KNOWN));
	assert_false(shelf_find(s, "mail/part/where.txt")->own);
	assert_string_equal(shelf_builtin(KNOWN), ours);
	while (shelf_at(s, after) != NULL)
		after++;
	assert_int_equal(before, after);
	shelf_close(s);
}

/* What is open does not see what becomes of the file. */
/* The one of the directory is nobody's then. */
static void
logo_of_its_own_takes_the_place_of_both(void **state)
{
	const struct shelf_file *file;
	const char *logo;
	struct shelf *s;

	(void)state;
	make_dir("assets");
	put_text("assets/logo.svg", "<svg>1</svg>");
	logo = put(".own.svg", "<svg>2</svg>", 12);
	s = shelf_open(dir, logo, complain);
	assert_non_null(s);
	file = shelf_find(s, "assets/logo.svg");
	assert_string_equal(file->text, "<svg>2</svg>");
	assert_string_equal(file->path, logo);
	assert_int_equal(strlen(file->etag), SHELF_ETAG_LEN);
	shelf_close(s);
	s = shelf_open(NULL, logo, complain);
	assert_string_equal(shelf_find(s, "assets/logo.svg")->text,
	    "<svg>2</svg>");
	shelf_close(s);
	told[0] = '\0';
	assert_null(shelf_open(NULL, put(".own.svg", "\0", 1), complain));
	assert_string_equal(told, ARENA_JOIN(arena, logo,
	    ": has a NUL in it\n"));
	told[0] = '\0';
	assert_null(shelf_open(NULL, put(".own.svg", "<p>", 3), complain));
	assert_string_equal(told, ARENA_JOIN(arena, logo,
	    ": is no SVG image\n"));
}

static void
shelf_does_not_change(void **state)
{
	struct shelf *s;

	(void)state;
	put_text(KNOWN, "before");
	s = must_open(dir);
	put_text(KNOWN, "after");
	says(s, KNOWN, "before");
	assert_int_equal(unlink(ARENA_JOIN(arena, dir, "/" KNOWN)), 0);
	says(s, KNOWN, "before");
	shelf_close(s);
}

static void
empty_directory_changes_nothing(void **state)
{
	struct shelf *s = must_open(dir);

	(void)state;
	says(s, KNOWN, shelf_builtin(KNOWN));
	shelf_close(s);
}

static void
hidden_files_and_copies_are_passed_over(void **state)
{
	struct shelf *s;

	(void)state;
	put_text(".git", "x");
	put_text("mail/reset.txt~", "x");
	put_text("mail/.reset.txt.swp", "\xff");
	s = must_open(dir);
	says(s, KNOWN, shelf_builtin(KNOWN));
	shelf_close(s);
}

static void
unknown_files_are_refused(void **state)
{
	static const char longest[] =
	    "lang/de-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r.json";
	static const char *const names[] = { "reset.txt", "mail/rest.txt",
	    "README", "lang/README", "lang/en.txt", "lang/x", "en.json",
	    "mail/en.json", "lang/e.json", "lang/engl.json", "lang/EN.json",
	    "lang/en_US.json", "lang/en-.json", "lang/e1.json",
	    "lang/en-a23456789.json", longest, "lang/de .json", "lang/json", "lang/-.json" };
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(names); i++) {
		put_text(names[i], "{}");
		must_not_open(names[i], ": is nothing that gatelodge asks "
		    "for");
		assert_int_equal(unlink(ARENA_JOIN(arena, dir, "/",
		    names[i])), 0);
	}
	make_dir("attic");
	must_not_open("attic", ": is nothing that gatelodge asks for");
}

static void
languages_may_be_added(void **state)
{
	struct shelf *s;

	(void)state;
	put_text("lang/de.json", "{}");
	put_text("lang/pt-BR.json", "{}");
	put_text("lang/haw.json", "not looked at here");
	s = must_open(dir);
	says(s, "lang/de.json", "{}");
	says(s, "lang/pt-BR.json", "{}");
	says(s, "lang/haw.json", "not looked at here");
	assert_null(shelf_builtin("lang/de.json"));
	shelf_close(s);
}

static void
languages_have_a_largest_number(void **state)
{
	char name[] = "lang/aa.json";
	int i;

	(void)state;
	for (i = 0; i < 64; i++) {
		name[5] = (char)('a' + i / 16);
		name[6] = (char)('a' + i % 16);
		put_text(name, "{}");
	}
	shelf_close(must_open(dir));
	put_text("lang/zz.json", "{}");
	assert_null(shelf_open(dir, NULL, complain));
	assert_non_null(strstr(told, "is one language too many"));
}

static void
directory_has_a_largest_number_of_files(void **state)
{
	int i;

	(void)state;
	for (i = 0; i <= 1000; i++)
		put_text(arena_printf(arena, "mail/.%d", i), "");
	must_not_open("mail", ": holds too many files");
}

static void
file_that_is_no_text_is_refused(void **state)
{
	(void)state;
	(void)put(KNOWN, "a\0b", 3);
	must_not_open(KNOWN, ": has a NUL in it");
	(void)put(KNOWN, "end\0", 4);
	must_not_open(KNOWN, ": has a NUL in it");
	put_text(KNOWN, "caf\xe9");
	must_not_open(KNOWN, ": is not UTF-8");
	put_text(KNOWN, "\xed\xa0\x80");
	must_not_open(KNOWN, ": is not UTF-8");
	put_text(KNOWN, "\xef\xbb\xbfSubject");
	must_not_open(KNOWN, ": begins with a byte order mark");
	put_text(KNOWN, "\xff\xfeS");
	must_not_open(KNOWN, ": is not UTF-8");
}

static void
file_has_a_largest_size(void **state)
{
	char *bytes = malloc(SHELF_FILE_MAX + 1);
	struct shelf *s;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', SHELF_FILE_MAX + 1);
	(void)put(KNOWN, bytes, SHELF_FILE_MAX);
	s = must_open(dir);
	assert_int_equal(shelf_find(s, KNOWN)->len, SHELF_FILE_MAX);
	shelf_close(s);
	(void)put(KNOWN, bytes, SHELF_FILE_MAX + 1);
	must_not_open(KNOWN, ": is longer than 256 KiB");
	free(bytes);
}

static void
only_regular_files_are_read(void **state)
{
	const char *path = ARENA_JOIN(arena, dir, "/" KNOWN);
	struct shelf *s;

	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	must_not_open(KNOWN, ": is no file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	must_not_open(KNOWN, ": is no file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	must_not_open(KNOWN, ": is no file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	must_not_open(KNOWN, ": No such file or directory");
	assert_int_equal(unlink(path), 0);
	/* A link to a file is a file, as where settings are mounted. */
	put_text(".real", "linked");
	assert_int_equal(symlink("../.real", path), 0);
	s = must_open(dir);
	says(s, KNOWN, "linked");
	shelf_close(s);
}

static void
file_that_anybody_may_write_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(put(KNOWN, "x", 1), 0666), 0);
	must_not_open(KNOWN, ": anybody may write it: chmod o-w");
}

static void
malformed_template_is_refused(void **state)
{
	(void)state;
	put_text(KNOWN, "fine\n{{#open}}\n");
	must_not_open(KNOWN, ":2: a section is not closed");
	put_text(KNOWN, "{{>mail/part/foot.txt}}{{>mail/hand.txt}}");
	must_not_open(KNOWN, ": asks for the file mail/hand.txt, and there "
	    "is none");
	/* A catalogue is no template. */
	put_text(KNOWN, "fine");
	put_text("lang/fr.json", "{\"a\":\"{{\"}");
	shelf_close(must_open(dir));
}

static void
every_fault_is_told(void **state)
{
	(void)state;
	put_text(KNOWN, "\xff");
	put_text("mail/part/foot.txt", "{{");
	put_text("strange", "");
	assert_null(shelf_open(dir, NULL, complain));
	assert_non_null(strstr(told, "/mail/reset.txt: is not UTF-8\n"));
	assert_non_null(strstr(told,
	    "/mail/part/foot.txt:1: a tag is not closed\n"));
	assert_non_null(strstr(told,
	    "/strange: is nothing that gatelodge asks for\n"));
}

static void
directory_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_null(shelf_open("/nowhere/at/all", NULL, complain));
	assert_string_equal(told,
	    "/nowhere/at/all: No such file or directory\n");
	told[0] = '\0';
	put_text(KNOWN, "x");
	assert_null(shelf_open(ARENA_JOIN(arena, dir, "/" KNOWN), NULL,
	    complain));
	assert_non_null(strstr(told, "reset.txt: Not a directory\n"));
}

static void
file_is_rendered_with_what_stands_on_the_shelf(void **state)
{
	struct value *context = value_object(arena);
	const char *error;
	struct shelf *s;

	(void)state;
	put_text(KNOWN, "{{site}}\n {{>mail/part/foot.txt}}");
	put_text("mail/part/foot.txt", "<{{site}}>\n");
	value_text(arena, context, "site", "a & b");
	s = must_open(dir);
	assert_string_equal(shelf_render(s, arena, KNOWN, context, &error),
	    "a & b\n <a & b>\n");
	assert_null(error);
	assert_null(shelf_render(s, arena, "mail/none.txt", context,
	    &error));
	assert_string_equal(error, "mail/none.txt: there is no such file");
	shelf_close(s);
	shelf_close(NULL);
}

/* Whatever it is filled with: each request for it would be a fault. */
static void
templates_that_form_a_circle_are_refused(void **state)
{
	char deep[TEMPLATE_DEPTH_MAX * 12 + 64] = "";
	int k;

	(void)state;
	put_text(KNOWN, "x\n\n{{#a}}{{>" KNOWN "}}{{/a}}\n");
	must_not_open(KNOWN, ":3: nested too deep");
	put_text(KNOWN, "x\n\n{{>mail/part/foot.txt}}\n");
	put_text("mail/part/foot.txt", "{{>mail/part/where.txt}}\n");
	put_text("mail/part/where.txt", "{{>mail/part/foot.txt}}\n");
	assert_null(shelf_open(dir, NULL, complain));
	put_text("mail/part/where.txt", "x\n");
	shelf_close(must_open(dir));
	/* As deep as may be, and one more. */
	for (k = 0; k < TEMPLATE_DEPTH_MAX - 2; k++)
		(void)strcat(deep, "{{#a}}");
	(void)strcat(deep, "{{>mail/part/foot.txt}}");
	for (k = 0; k < TEMPLATE_DEPTH_MAX - 2; k++)
		(void)strcat(deep, "{{/a}}");
	put_text(KNOWN, ARENA_JOIN(arena, "x\n\n", deep));
	shelf_close(must_open(dir));
	put_text(KNOWN, ARENA_JOIN(arena, "x\n\n{{#a}}", deep, "{{/a}}"));
	told[0] = '\0';
	assert_null(shelf_open(dir, NULL, complain));
	assert_non_null(strstr(told, ": nested too deep\n"));
}

#define DIR(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIR(files_of_the_tree_are_built_in),
		DIR(files_stand_in_the_order_of_their_names),
		DIR(unknown_names_are_not_found),
		DIR(etag_is_the_digest_of_the_text),
		DIR(file_of_an_operator_takes_the_place_of_ours),
		DIR(logo_of_its_own_takes_the_place_of_both),
		DIR(shelf_does_not_change),
		DIR(empty_directory_changes_nothing),
		DIR(hidden_files_and_copies_are_passed_over),
		DIR(unknown_files_are_refused),
		DIR(languages_may_be_added),
		DIR(languages_have_a_largest_number),
		DIR(directory_has_a_largest_number_of_files),
		DIR(file_that_is_no_text_is_refused),
		DIR(file_has_a_largest_size),
		DIR(only_regular_files_are_read),
		DIR(file_that_anybody_may_write_is_refused),
		DIR(malformed_template_is_refused),
		DIR(every_fault_is_told),
		DIR(directory_that_is_not_there_is_refused),
		DIR(file_is_rendered_with_what_stands_on_the_shelf),
		DIR(templates_that_form_a_circle_are_refused),
	};

	return cmocka_run_group_tests_name("shelf", tests, NULL, NULL);
}
