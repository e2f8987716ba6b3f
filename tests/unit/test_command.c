/* Command lines of gatelodgectl: what is taken for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "helper.h"

#define WORDS_MAX	(COMMAND_ARGS_MAX + 8)

static struct command command;
static char line[4096];

/* The words of a line with one blank between them. */
static enum command_kind
read_line(const char *words)
{
	char *argv[WORDS_MAX] = { (char []){ "gatelodgectl" } }, *rest;
	int argc = 1;

	(void)snprintf(line, sizeof(line), "%s", words);
	for (rest = line; rest != NULL && words[0] != '\0' &&
	    argc + 1 < WORDS_MAX; argc++)
		argv[argc] = strsep(&rest, " ");
	argv[argc] = NULL;
	return command_read(&command, argc, argv);
}

static void
must_run(const char *words, enum verb_id id)
{
	if (read_line(words) != COMMAND_RUN)
		fail_msg("%s: %s", words, command.fault);
	assert_int_equal(command.verb->id, id);
}

static void
verbs_are_found_by_both_words(void **state)
{
	(void)state;
	must_run("user list", VERB_user_list);
	assert_int_equal(command.args, 0);
	assert_int_equal(command.options, OPT_NONE);
	assert_null(command.conf_path);
	must_run("session list a@b", VERB_session_list);
	assert_int_equal(command.args, 1);
	assert_string_equal(command.arg[0], "a@b");
	must_run("user invite a@b", VERB_user_invite);
	must_run("user export a@b", VERB_user_export);
	must_run("user reset-link a@b", VERB_user_reset_link);
	must_run("db check", VERB_db_check);
	must_run("config check", VERB_config_check);
	must_run("import file", VERB_import);
	assert_int_equal(command.args, 1);
	assert_string_equal(command.arg[0], "file");
	must_run("--strict import --dry-run -", VERB_import);
	assert_int_equal(command.options, OPT_STRICT | OPT_DRY_RUN);
}

static void
options_stand_anywhere(void **state)
{
	static const char *const lines[] = {
		"--json --yes user delete a@b", "user --yes delete a@b --json",
		"user delete --json --yes a@b", "user delete --json a@b --yes",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(lines); i++) {
		must_run(lines[i], VERB_user_delete);
		assert_int_equal(command.options, OPT_JSON | OPT_YES);
		assert_int_equal(command.args, 1);
		assert_string_equal(command.arg[0], "a@b");
	}
}

static void
settings_are_named_in_many_ways(void **state)
{
	static const char *const lines[] = {
		"-c file user list", "-cfile user list",
		"--config file user list", "--config=file user list",
		"user list --config file", "user --config=file list",
		"user -c file list",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(lines); i++) {
		must_run(lines[i], VERB_user_list);
		assert_string_equal(command.conf_path, "file");
	}
	assert_int_equal(read_line("user list --config"), COMMAND_WRONG);
	assert_int_equal(read_line("-c"), COMMAND_WRONG);
}

static void
value_comes_after_its_option(void **state)
{
	static const char *const lines[] = {
		"user invite --language fr a@b", "user invite a@b --language=fr",
		"--language fr user invite a@b",
		"user --language=de invite a@b --language fr",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(lines); i++) {
		must_run(lines[i], VERB_user_invite);
		assert_int_equal(command.options, OPT_LANGUAGE);
		assert_string_equal(command.value[OPT_AT_LANGUAGE], "fr");
		assert_int_equal(command.args, 1);
	}
	must_run("user invite a@b --mail", VERB_user_invite);
	assert_int_equal(command.options, OPT_MAIL);
	assert_null(command.value[OPT_AT_LANGUAGE]);
}

/* One dash after the verb is a group to leave, also -c and -h. */
static void
dashes_after_the_verb_are_arguments(void **state)
{
	(void)state;
	must_run("user groups a@b -c +h -h -V", VERB_user_groups);
	assert_int_equal(command.args, 5);
	assert_string_equal(command.arg[1], "-c");
	assert_null(command.conf_path);
	must_run("user show -- --json@b", VERB_user_show);
	assert_string_equal(command.arg[0], "--json@b");
	assert_int_equal(command.options, OPT_NONE);
	must_run("user show --json -- --", VERB_user_show);
	assert_string_equal(command.arg[0], "--");
	assert_int_equal(command.options, OPT_JSON);
}

static void
wrong_lines_are_told_apart(void **state)
{
	static const struct {
		const char	*words, *says;
	} wrong[] = {
		{ "", "an object and a verb" }, { "user", "a verb" },
		{ "user fly", "user has no such verb" },
		{ "fly list", "no such object" },
		{ "list user", "no such object" },
		{ "-x user list", "no such option" },
		{ "user list --secret", "no such option" },
		{ "user list --jso", "no such option" },
		{ "user list --json=1", "no such option" },
		{ "user invite a@b --language", "--language needs a value" },
		{ "user invite a@b --languages secret", "no such option" },
		{ "user list --language secret", "has no option --language" },
		{ "user list --yes", "user list has no option --yes" },
		{ "config show --json", "has no option --json" },
		{ "user list secret", "user list (no argument)" },
		{ "user add", "user add EMAIL" },
		{ "user add a@b secret", "user add EMAIL" },
		{ "session end a@b secret", "session end [EMAIL]" },
		{ "user groups", "user groups EMAIL [GROUP...]" },
		{ "import", "usage: gatelodgectl import FILE" },
		{ "import a secret", "usage: gatelodgectl import FILE" },
		{ "import a --yes", "import has no option --yes" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(wrong); i++) {
		assert_int_equal(read_line(wrong[i].words), COMMAND_WRONG);
		if (strstr(command.fault, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].words, command.fault);
		assert_null(strstr(command.fault, "secret"));
	}
}

static void
arguments_have_a_bound(void **state)
{
	char words[2048] = "user groups a@b";
	size_t i;

	(void)state;
	for (i = 1; i < COMMAND_ARGS_MAX; i++)
		(void)strncat(words, " +g", 8);
	must_run(words, VERB_user_groups);
	assert_int_equal(command.args, COMMAND_ARGS_MAX);
	(void)strncat(words, " +g", 8);
	assert_int_equal(read_line(words), COMMAND_WRONG);
}

static void
help_and_version_come_first(void **state)
{
	(void)state;
	assert_int_equal(read_line("-h"), COMMAND_HELP);
	assert_int_equal(read_line("user --help"), COMMAND_HELP);
	assert_int_equal(read_line("user add a b c --help"), COMMAND_HELP);
	assert_int_equal(read_line("-V user add"), COMMAND_VERSION);
	assert_int_equal(read_line("--version"), COMMAND_VERSION);
	assert_int_equal(read_line("user add -- --help"), COMMAND_RUN);
}

static void
help_shows_each_verb_and_option(void **state)
{
	static const char *const shown[] = {
#define SHOWN(function, object, verb, arguments, options, about)	\
		"\n  " object " " verb, "\n      " about "\n",
		VERBS(SHOWN)
#undef SHOWN
	};
	static const struct {
		const char	*name, *value, *about;
	} option[] = {
#define SHOWN(id, name, value, about) { name, value, about },
		OPTIONS(SHOWN)
#undef SHOWN
	};
	char *text = NULL;
	size_t len = 0, i;
	FILE *f;

	(void)state;
	assert_non_null(f = open_memstream(&text, &len));
	command_help(f);
	assert_int_equal(fclose(f), 0);
	for (i = 0; i < HELPER_COUNT(shown); i++)
		if (strstr(text, shown[i]) == NULL)
			fail_msg("not shown: %s", shown[i]);
	for (i = 0; i < HELPER_COUNT(option); i++) {
		(void)snprintf(line, sizeof(line), "\n  --%s%s%s\n      %s\n",
		    option[i].name, option[i].value != NULL ? " " : "",
		    option[i].value != NULL ? option[i].value : "",
		    option[i].about);
		if (strstr(text, line) == NULL)
			fail_msg("not shown: %s", line);
	}
	assert_non_null(strstr(text, "\n  user invite EMAIL [--json] [--mail]"
	    " [--language TAG]\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_are_found_by_both_words),
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(settings_are_named_in_many_ways),
		cmocka_unit_test(value_comes_after_its_option),
		cmocka_unit_test(dashes_after_the_verb_are_arguments),
		cmocka_unit_test(wrong_lines_are_told_apart),
		cmocka_unit_test(arguments_have_a_bound),
		cmocka_unit_test(help_and_version_come_first),
		cmocka_unit_test(help_shows_each_verb_and_option),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
