/* The memory of a call: given zeroed, aligned, and wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"

static const char zero[100000];

static void
memory_is_zeroed_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 7, 16, 100, 8000, 9000, 100000 };
	struct arena *a = arena_new();
	size_t i, n = sizeof(sizes) / sizeof(sizes[0]);
	char *p[7];

	(void)state;
	for (i = 0; i < n; i++) {
		p[i] = arena_alloc(a, sizes[i]);
		assert_memory_equal(p[i], zero, sizes[i]);
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (i = 0; i < n; i++) {
		assert_int_equal(p[i][0], i + 1);
		assert_int_equal(p[i][sizes[i] - 1], i + 1);
	}
	arena_free(a);
}

static void
memory_is_aligned(void **state)
{
	struct arena *a = arena_new();
	size_t size;

	(void)state;
	for (size = 0; size < 300; size++)
		assert_int_equal((uintptr_t)arena_alloc(a, size) %
		    _Alignof(max_align_t), 0);
	arena_free(a);
}

static void
size_of_zero_is_allowed(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_non_null(arena_alloc(a, 0));
	arena_free(a);
}

/* The first block is kept, so its memory may still be looked at. */
static void
wipe_overwrites_what_was_used(void **state)
{
	struct arena *a = arena_new();
	char *secret, *again;

	(void)state;
	secret = arena_strdup(a, "correct horse");
	arena_wipe(a);
	assert_memory_equal(secret, zero, sizeof("correct horse"));
	again = arena_alloc(a, 64);
	assert_ptr_equal(again, secret);
	assert_memory_equal(again, zero, 64);
	arena_free(a);
}

static void
wiped_arena_gives_as_much_again(void **state)
{
	struct arena *a = arena_new();
	char *p;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		p = arena_alloc(a, sizeof(zero));
		assert_memory_equal(p, zero, sizeof(zero));
		memset(p, 'x', sizeof(zero));
		arena_wipe(a);
	}
	arena_free(a);
}

static void
free_of_nothing(void **state)
{
	(void)state;
	arena_free(NULL);
}

static void
copies_end_with_nul(void **state)
{
	struct arena *a = arena_new();
	char *s;

	(void)state;
	s = arena_copy(a, "a\0bc", 3);
	assert_memory_equal(s, "a\0b\0", 4);
	s = arena_copy(a, NULL, 0);
	assert_string_equal(s, "");
	s = arena_strdup(a, "");
	assert_string_equal(s, "");
	s = arena_strdup(a, "abc");
	assert_string_equal(s, "abc");
	arena_free(a);
}

static void
printf_has_room_for_any_length(void **state)
{
	struct arena *a = arena_new();
	char long_text[20001], *s;

	(void)state;
	assert_string_equal(arena_printf(a, "%s-%d", "x", 5), "x-5");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	s = arena_printf(a, "%s!", long_text);
	assert_int_equal(strlen(s), sizeof(long_text));
	assert_int_equal(s[sizeof(long_text) - 1], '!');
	arena_free(a);
}

/* Does taking size bytes, times over, end the process with SIGABRT? */
static bool
aborts(size_t size, int times)
{
	static const struct rlimit no_core = { 0, 0 };
	struct arena *a;
	int status;
	pid_t pid;

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &no_core);
		a = arena_new();
		while (times-- > 0)
			(void)arena_alloc(a, size);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
growth_has_an_end(void **state)
{
	(void)state;
	assert_false(aborts((size_t)1 << 20, 3));
	assert_true(aborts((size_t)1 << 20, 5));
	assert_true(aborts(((size_t)4 << 20) + 1, 1));
	assert_true(aborts(SIZE_MAX, 1));
	assert_true(aborts(SIZE_MAX - 8, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_apart),
		cmocka_unit_test(memory_is_aligned),
		cmocka_unit_test(size_of_zero_is_allowed),
		cmocka_unit_test(wipe_overwrites_what_was_used),
		cmocka_unit_test(wiped_arena_gives_as_much_again),
		cmocka_unit_test(free_of_nothing),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(printf_has_room_for_any_length),
		cmocka_unit_test(growth_has_an_end),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
