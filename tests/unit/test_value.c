/* The tree that templates are filled from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "value.h"

static struct arena *arena;
static struct value *root;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	root = value_object(arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
says(const char *path, const char *text)
{
	const struct value *v = value_find(root, path);

	assert_non_null(v);
	assert_string_equal(value_string(v), text);
}

static void
members_are_found_by_their_path(void **state)
{
	struct value *child;

	(void)state;
	value_text(arena, root, "a", "one");
	child = value_child(arena, root, "b");
	value_text(arena, child, "a", "two");
	value_text(arena, value_child(arena, child, "c"), "d-e_F9", "three");
	says("a", "one");
	says("b.a", "two");
	says("b.c.d-e_F9", "three");
	assert_int_equal(value_kind(value_find(root, "b.c")), VALUE_OBJECT);
}

static void
child_is_made_once(void **state)
{
	struct value *child = value_child(arena, root, "a");

	(void)state;
	value_text(arena, child, "b", "one");
	assert_ptr_equal(value_child(arena, root, "a"), child);
	assert_ptr_not_equal(value_child(arena, root, "b"), child);
	says("a.b", "one");
	value_text(arena, root, "a", "two");
	assert_ptr_not_equal(value_child(arena, root, "a"), child);
	assert_null(value_find(root, "a.b"));
}

static void
what_is_not_there_is_null(void **state)
{
	static const char *const paths[] = { "", ".", "x", "a.", "a.b", "ab",
	    ".a", "b.", "b.x", "b..c", "b.c.d" };
	struct value *child;
	size_t i;

	(void)state;
	value_text(arena, root, "a", "one");
	child = value_child(arena, root, "b");
	value_text(arena, child, "c", "two");
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (value_find(root, paths[i]) != NULL)
			fail_msg("\"%s\" is there", paths[i]);
	assert_null(value_member(root, (struct slice){ "abc", 2 }));
	assert_non_null(value_member(root, (struct slice){ "abc", 1 }));
}

static void
last_of_a_name_counts(void **state)
{
	(void)state;
	value_text(arena, root, "a", "one");
	value_text(arena, root, "b", "other");
	value_text(arena, root, "a", "two");
	says("a", "two");
	says("b", "other");
}

static void
text_that_is_null_is_nothing(void **state)
{
	struct value *list;

	(void)state;
	value_text(arena, root, "a", NULL);
	value_phrase(arena, root, "b", NULL);
	list = value_list(arena, root, "c");
	value_item_text(arena, list, NULL);
	assert_null(value_find(root, "a"));
	assert_null(value_find(root, "b"));
	assert_null(value_first(list));
}

static void
items_keep_their_order(void **state)
{
	struct value *list = value_list(arena, root, "list");
	const struct value *item;

	(void)state;
	value_text(arena, value_item(arena, list), "n", "1");
	value_item_text(arena, list, "2");
	value_text(arena, value_item(arena, list), "n", "3");
	item = value_first(value_find(root, "list"));
	assert_string_equal(value_string(value_find(item, "n")), "1");
	item = value_next(item);
	assert_int_equal(value_kind(item), VALUE_TEXT);
	assert_string_equal(value_string(item), "2");
	assert_null(value_find(item, "n"));
	item = value_next(item);
	assert_string_equal(value_string(value_find(item, "n")), "3");
	assert_null(value_next(item));
	assert_null(value_first(root));
	assert_null(value_find(root, "list.n"));
}

static void
true_is_what_holds_something(void **state)
{
	static const char *const no[] = { "false", "empty", "blank", "mute" };
	static const char *const yes[] = { "true", "object", "text", "phrase",
	    "list" };
	size_t i;

	(void)state;
	value_flag(arena, root, "true", true);
	value_flag(arena, root, "false", false);
	value_child(arena, root, "object");
	value_list(arena, root, "empty");
	value_item(arena, value_list(arena, root, "list"));
	value_text(arena, root, "text", "0");
	value_text(arena, root, "blank", "");
	value_phrase(arena, root, "phrase", "{{text}}");
	value_phrase(arena, root, "mute", "");
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (value_is_true(value_find(root, no[i])))
			fail_msg("%s is true", no[i]);
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!value_is_true(value_find(root, yes[i])))
			fail_msg("%s is false", yes[i]);
	assert_string_equal(value_string(value_find(root, "true")), "");
	assert_string_equal(value_string(value_find(root, "phrase")),
	    "{{text}}");
	assert_int_equal(value_kind(value_find(root, "phrase")),
	    VALUE_PHRASE);
}

/* As a catalogue is, by many at a time. */
static void
tree_may_be_part_of_another(void **state)
{
	struct arena *own = arena_new();
	struct value *here = value_object(own), *there = value_object(own);

	(void)state;
	value_text(arena, root, "hello", "bonjour");
	value_put(own, here, "t", root);
	value_put(own, there, "words", root);
	assert_string_equal(value_string(value_find(here, "t.hello")),
	    "bonjour");
	assert_ptr_equal(value_find(there, "words"), root);
	assert_ptr_equal(value_find(here, "t"), root);
	arena_free(own);
	says("hello", "bonjour");
}

/* More than there are buckets, so that some share one. */
static void
many_members_are_each_found(void **state)
{
	enum { MANY = 200 };
	char name[MANY][8];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "m%d", i);
		value_text(arena, root, name[i], name[i]);
	}
	for (i = 0; i < MANY; i++)
		says(name[i], name[i]);
	assert_null(value_find(root, "m200"));
	assert_null(value_find(root, "m"));
	assert_null(value_member(root, (struct slice){ "m", 0 }));
}

#define TREE(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(members_are_found_by_their_path),
		TREE(many_members_are_each_found),
		TREE(child_is_made_once),
		TREE(what_is_not_there_is_null),
		TREE(last_of_a_name_counts),
		TREE(text_that_is_null_is_nothing),
		TREE(items_keep_their_order),
		TREE(true_is_what_holds_something),
		TREE(tree_may_be_part_of_another),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
