/*
 * gatelodgectl - the administrator's program beside gatelodge
 */
#include <stdio.h>
#include <sysexits.h>

#include "command.h"
#include "errands.h"
#include "passwd.h"
#include "program.h"

static int (*const errands[])(struct clerk *) = {
#define ROW(function, object, verb, arguments, options, about)		\
	[VERB_ ## function] = errand_ ## function,
	VERBS(ROW)
#undef ROW
};

static const struct program program = { .name = "gatelodgectl" };

static int
run_with(struct clerk *c)
{
	int code;

	if (!passwd_self_test())
		return clerk_fail(EX_SOFTWARE, "libxcrypt gives wrong "
		    "password hashes");
	clerk_begin(c);
	code = errands[c->command->verb->id](c);
	clerk_close(c);
	sheet_end(c->sheet);
	arena_free(c->arena);
	return code != EX_OK ? code : program_said();
}

static int
run(const struct command *command)
{
	struct clerk c = { .command = command,
	    .conf_path = command->conf_path != NULL ? command->conf_path :
	    program_conf_path() };
	struct conf *conf;
	int code;

	if ((conf = conf_load(c.conf_path, clerk_complain)) == NULL)
		return EX_CONFIG;
	c.auth.conf = conf;
	code = run_with(&c);
	conf_free(conf);
	return code;
}

int
main(int argc, char **argv)
{
	static struct command command;

	program_begin(&program);
	switch (command_read(&command, argc, argv)) {
	case COMMAND_RUN:
		return run(&command);
	case COMMAND_HELP:
		command_help(stdout);
		return program_said();
	case COMMAND_VERSION:
		(void)printf("gatelodgectl %s\n", PACKAGE_VERSION);
		return program_said();
	case COMMAND_WRONG:
		break;
	}
	clerk_complain(command.fault);
	(void)fputs("gatelodgectl --help lists what it can be told\n", stderr);
	return EX_USAGE;
}
