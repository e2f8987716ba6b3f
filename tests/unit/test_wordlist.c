/* The file of refused passwords: made, asked, and refused when not whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "wordlist.h"

#define HEADER		24	/* bytes, as wordlist.h says */
#define ENTRY		8
#define MANY		100000

static char dir[HELPER_PATH_MAX];
static char text[HELPER_PATH_MAX * 2], list[HELPER_PATH_MAX * 2];
static struct arena *arena;
static struct wordlist_tally tally;

static int
set_up(void **state)
{
	(void)state;
	helper_dir(dir);
	(void)snprintf(text, sizeof(text), "%s/text", dir);
	(void)snprintf(list, sizeof(list), "%s/list", dir);
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	helper_dir_remove(dir);
	return 0;
}

static void
compile(const char *lines, size_t len)
{
	const char *bad, *fault;

	helper_write(text, lines, len);
	if (!wordlist_compile(text, list, &tally, &bad, &fault))
		fail_msg("%s: %s", bad, fault);
}

static struct wordlist *
must_open(void)
{
	const char *fault;
	struct wordlist *w;

	w = wordlist_open(list, &fault);
	if (w == NULL)
		fail_msg("%s", fault);
	assert_null(fault);
	return w;
}

static void
must_not_open(const char *path, const char *why)
{
	const char *fault = NULL;

	assert_null(wordlist_open(path, &fault));
	assert_non_null(fault);
	if (strstr(fault, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", fault, why);
}

static enum wordlist_answer
look(const char *password)
{
	struct wordlist *w = must_open();
	enum wordlist_answer answer;

	answer = wordlist_look(w, arena, password);
	wordlist_close(w);
	return answer;
}

#define COMPILE(lines)	compile(lines, sizeof(lines) - 1)

static void
what_is_listed_is_found_and_nothing_else(void **state)
{
	static const char *const in[] = { "first", "second one", "last",
	    " ", "carriage", "# no comment" };
	static const char *const out[] = { "", "firs", "first ", " first",
	    "firstsecond one", "second", "las", "carriage\r", "\n" };
	size_t i;

	(void)state;
	COMPILE("first\nsecond one\n\n \ncarriage\r\n# no comment\nlast");
	assert_int_equal(tally.entries, HELPER_COUNT(in));
	assert_int_equal(tally.unfit, 1);
	assert_int_equal(tally.doubles, 0);
	for (i = 0; i < HELPER_COUNT(in); i++)
		if (look(in[i]) != WORDLIST_IN)
			fail_msg("%s is listed", in[i]);
	for (i = 0; i < HELPER_COUNT(out); i++)
		if (look(out[i]) != WORDLIST_NOT_IN)
			fail_msg("%s is not listed", out[i]);
}

/* As the policy compares: NFC, and case does not count. */
static void
spellings_of_one_password_are_one_entry(void **state)
{
	(void)state;
	COMPILE("caf\xc3\xa9\ncafe\xcc\x81\nCAF\xc3\x89\nStra\xc3\x9f" "e\n");
	assert_int_equal(tally.entries, 2);
	assert_int_equal(tally.doubles, 2);
	assert_int_equal(look("caf\xc3\xa9"), WORDLIST_IN);
	assert_int_equal(look("Caf\xc3\x89"), WORDLIST_IN);
	assert_int_equal(look("STRASSE"), WORDLIST_IN);
	assert_int_equal(look("cafe"), WORDLIST_NOT_IN);
}

static void
lines_that_are_no_password_are_counted(void **state)
{
	char *lines = arena_alloc(arena, 20000);
	size_t used;

	(void)state;
	used = (size_t)sprintf(lines, "good\nlatin\xe9\n\xcd\xb8\n%0511d\n"
	    "%0512d\n%015000d\n", 7, 7, 7);
	memcpy(lines + used, "n\0l\n", 4);
	compile(lines, used + 4);
	assert_int_equal(tally.entries, 2);
	assert_int_equal(tally.unfit, 5);
	assert_int_equal(look("good"), WORDLIST_IN);
	assert_int_equal(look("n"), WORDLIST_NOT_IN);
	assert_int_equal(look(arena_printf(arena, "%0511d", 7)), WORDLIST_IN);
}

static void
empty_list_holds_nothing(void **state)
{
	(void)state;
	COMPILE("");
	assert_int_equal(tally.entries, 0);
	assert_int_equal(look("x"), WORDLIST_NOT_IN);
	assert_int_equal(look(""), WORDLIST_NOT_IN);
}

static void
hundred_thousand_entries_are_all_found(void **state)
{
	char *lines = calloc(MANY, 16);
	struct wordlist *w;
	size_t i, used = 0;
	struct stat st;

	(void)state;
	assert_non_null(lines);
	for (i = 0; i < MANY; i++)
		used += (size_t)sprintf(lines + used, "entry-%zu\n", i);
	compile(lines, used);
	free(lines);
	assert_int_equal(tally.entries, MANY);
	assert_int_equal(stat(list, &st), 0);
	assert_int_equal(st.st_size, HEADER + MANY * ENTRY);
	w = must_open();
	for (i = 0; i < MANY; i++) {
		if (wordlist_look(w, arena, arena_printf(arena, "ENTRY-%zu",
		    i)) != WORDLIST_IN)
			fail_msg("entry %zu is lost", i);
		if (wordlist_look(w, arena, arena_printf(arena, "entry_%zu",
		    i)) != WORDLIST_NOT_IN)
			fail_msg("entry_%zu is none", i);
		arena_wipe(arena);
	}
	wordlist_close(w);
}

/* Also where the cut is between two entries. */
static void
any_other_length_is_refused(void **state)
{
	size_t len, cut;
	char *whole;

	(void)state;
	COMPILE("one\ntwo\nthree\n");
	whole = helper_file(list, &len);
	assert_int_equal(len, HEADER + 3 * ENTRY);
	for (cut = 0; cut < len; cut++) {
		helper_write(list, whole, cut);
		must_not_open(list, cut < HEADER ? "is no compiled list" :
		    "is cut off");
	}
	helper_write(list, whole, len + 1);	/* with the NUL */
	must_not_open(list, "longer than it says");
	helper_write(list, whole, len);
	assert_int_equal(look("two"), WORDLIST_IN);
	free(whole);
}

static void
what_is_no_list_is_refused(void **state)
{
	/* So many entries that their bytes are as many as none. */
	static const char huge[] = "gatelodge list 1\x20\0\0\0\0\0\0\0";

	(void)state;
	helper_write(list, "", 0);
	must_not_open(list, "is no compiled list");
	helper_write(list, "password\n123456\nqwerty\nletmein\n", 32);
	must_not_open(list, "is no compiled list");
	helper_write(list, "gatelodge list 2\0\0\0\0\0\0\0\0", 24);
	must_not_open(list, "is no compiled list");
	helper_write(list, huge, HEADER);
	must_not_open(list, "is cut off");
	must_not_open(dir, "is no file");
	must_not_open("/dev/zero", "is no file");
	(void)unlink(list);
	must_not_open(list, "No such file");
}

static void
list_that_anybody_may_write_is_refused(void **state)
{
	struct stat st;

	(void)state;
	COMPILE("one\n");
	assert_int_equal(stat(list, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(chmod(list, 0666), 0);
	must_not_open(list, "anybody may write it");
}

/* An entry that is no entry: the answer may be wrong, but there is one. */
static void
garbage_within_is_answered(void **state)
{
	char bytes[HEADER + 64 * ENTRY];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(bytes, "gatelodge list 1\0\0\0\0\0\0\0\x40", HEADER);
	helper_write(list, bytes, sizeof(bytes));
	assert_int_equal(look("password"), WORDLIST_NOT_IN);
}

static void
list_that_shrinks_in_use_is_a_fault(void **state)
{
	struct wordlist *w;

	(void)state;
	COMPILE("one\ntwo\nthree\n");
	w = must_open();
	assert_int_equal(truncate(list, HEADER), 0);
	assert_int_equal(wordlist_look(w, arena, "one"), WORDLIST_FAULT);
	assert_int_equal(wordlist_look(w, arena, "four"), WORDLIST_FAULT);
	wordlist_close(w);
}

static size_t
files(void)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	assert_non_null(d = opendir(dir));
	while ((entry = readdir(d)) != NULL)
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* Who has the old one open keeps it; nothing is left beside the new one. */
static void
new_list_takes_the_place_of_the_old(void **state)
{
	struct wordlist *old;

	(void)state;
	COMPILE("one\n");
	old = must_open();
	COMPILE("two\n");
	assert_int_equal(wordlist_look(old, arena, "one"), WORDLIST_IN);
	assert_int_equal(wordlist_look(old, arena, "two"), WORDLIST_NOT_IN);
	assert_int_equal(look("one"), WORDLIST_NOT_IN);
	assert_int_equal(look("two"), WORDLIST_IN);
	wordlist_close(old);
	assert_int_equal(files(), 2);
}

static void
failed_compilation_changes_nothing(void **state)
{
	const char *bad, *fault = NULL;
	char nowhere[HELPER_PATH_MAX * 3];

	(void)state;
	COMPILE("one\n");
	(void)snprintf(nowhere, sizeof(nowhere), "%s/not/there", dir);
	assert_false(wordlist_compile(nowhere, list, &tally, &bad, &fault));
	assert_string_equal(fault, "No such file or directory");
	assert_ptr_equal(bad, nowhere);
	assert_false(wordlist_compile(dir, list, &tally, &bad, &fault));
	assert_string_equal(fault, "Is a directory");
	assert_ptr_equal(bad, dir);
	assert_false(wordlist_compile(text, nowhere, &tally, &bad, &fault));
	assert_string_equal(fault, "No such file or directory");
	assert_ptr_equal(bad, nowhere);
	assert_false(wordlist_compile(text, dir, &tally, &bad, &fault));
	assert_ptr_equal(bad, dir);
	assert_int_equal(look("one"), WORDLIST_IN);
	assert_int_equal(files(), 2);
}

#define LIST(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIST(what_is_listed_is_found_and_nothing_else),
		LIST(spellings_of_one_password_are_one_entry),
		LIST(lines_that_are_no_password_are_counted),
		LIST(empty_list_holds_nothing),
		LIST(hundred_thousand_entries_are_all_found),
		LIST(any_other_length_is_refused),
		LIST(what_is_no_list_is_refused),
		LIST(list_that_anybody_may_write_is_refused),
		LIST(garbage_within_is_answered),
		LIST(list_that_shrinks_in_use_is_a_fault),
		LIST(new_list_takes_the_place_of_the_old),
		LIST(failed_compilation_changes_nothing),
	};

	return cmocka_run_group_tests_name("wordlist", tests, NULL, NULL);
}
