/* The colours that follow from one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "accent.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
color_is_six_hexadecimal_digits(void **state)
{
	static const char *const bad[] = { "", "#", "#fff", "0f6657", "red",
	    "#0f665", "#0f66577", "#0f665g", "#0f6657;", " #0f6657",
	    "##f6657", "#0f6657}body{", "rgb(0,0,0)" };
	size_t i;

	(void)state;
	assert_true(accent_is_color("#0f6657"));
	assert_true(accent_is_color("#ABCDEF"));
	for (i = 0; i < COUNT(bad); i++)
		assert_false(accent_is_color(bad[i]));
}

static void
contrast_is_that_of_wcag(void **state)
{
	(void)state;
	assert_true(accent_contrast("#000000", "#ffffff") > 20.9);
	assert_true(accent_contrast("#ffffff", "#000000") < 21.1);
	assert_true(accent_contrast("#777777", "#777777") == 1);
	/* As WebAIM's checker has it: 4.48, 4.54, 5.25. */
	assert_true(accent_contrast("#777777", "#ffffff") < 4.53);
	assert_true(accent_contrast("#777777", "#ffffff") > 4.43);
	assert_true(accent_contrast("#767676", "#ffffff") < 4.6);
	assert_true(accent_contrast("#ff0000", "#000000") < 5.3);
	assert_true(accent_contrast("#ff0000", "#000000") > 5.2);
}

/* The n-th colour that a name is set to. */
static const char *
value(struct arena *a, const char *sheet, const char *name, int n)
{
	const char *at = sheet;

	for (; n >= 0; n--) {
		at = strstr(at, arena_printf(a, "--%s: #", name));
		assert_non_null(at);
		at += strlen(name) + 4;
	}
	return arena_copy(a, at, 7);
}

static void
check_scheme(struct arena *a, const char *sheet, int n, const char *ground)
{
	const char *on = value(a, sheet, "on-accent", n);

	assert_true(accent_contrast(value(a, sheet, "link", n), ground) >=
	    4.55);
	assert_true(accent_contrast(value(a, sheet, "accent", n), on) >=
	    4.55);
	assert_true(accent_contrast(value(a, sheet, "accent-deep", n), on) >=
	    4.55);
}

/* Of any colour at all: 512 of them, evenly spread. */
static void
every_color_is_made_legible(void **state)
{
	struct arena *a = arena_new();
	unsigned int r, g, b;
	char color[8];
	char *sheet;

	(void)state;
	for (r = 0; r < 8; r++)
		for (g = 0; g < 8; g++)
			for (b = 0; b < 8; b++) {
				(void)snprintf(color, sizeof(color),
				    "#%02x%02x%02x", r * 36, g * 36, b * 36);
				sheet = accent_sheet(a, color);
				check_scheme(a, sheet, 0, "#f6f5f1");
				check_scheme(a, sheet, 0, "#ffffff");
				check_scheme(a, sheet, 1, "#1f201e");
				check_scheme(a, sheet, 1, "#151614");
				arena_wipe(a);
			}
	arena_free(a);
}

static void
color_that_is_legible_stays(void **state)
{
	struct arena *a = arena_new();
	char *sheet = accent_sheet(a, "#0f6657");

	(void)state;
	assert_string_equal(value(a, sheet, "accent", 0), "#0f6657");
	assert_string_equal(value(a, sheet, "link", 0), "#0f6657");
	assert_string_equal(value(a, sheet, "on-accent", 0), "#ffffff");
	assert_string_equal(value(a, sheet, "on-accent", 1), "#000000");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(color_is_six_hexadecimal_digits),
		cmocka_unit_test(contrast_is_that_of_wcag),
		cmocka_unit_test(every_color_is_made_legible),
		cmocka_unit_test(color_that_is_legible_stays),
	};

	return cmocka_run_group_tests_name("accent", tests, NULL, NULL);
}
