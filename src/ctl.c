/*
 * gatelodgectl - the administrator's program beside gatelodge
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "command.h"
#include "errands.h"
#include "passwd.h"

static int (*const errands[])(struct clerk *) = {
#define ROW(function, object, verb, arguments, options, about)		\
	[VERB_ ## function] = errand_ ## function,
	VERBS(ROW)
#undef ROW
};

static const char *
conf_path_of(const struct command *command)
{
	const char *path = getenv("GATELODGE_CONF");

	if (command->conf_path != NULL)
		return command->conf_path;
	return path != NULL ? path : GATELODGE_SYSCONFDIR "/gatelodge.conf";
}

/* What was asked for was said, or it was not. */
static int
said(bool printed, int code)
{
	if (printed || code != EX_OK)
		return code;
	clerk_complain(strerror(errno));
	return EX_IOERR;
}

/* As the service does: passwords and tokens pass through here as well. */
static void
settle_process(void)
{
	const struct rlimit none = { 0, 0 };

	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef M_PERTURB
	(void)mallopt(M_PERTURB, 0xff);
#endif
}

static int
run_with(struct clerk *c)
{
	int code;

	if (!passwd_self_test())
		return clerk_fail(EX_SOFTWARE, "libxcrypt gives wrong "
		    "password hashes");
	c->arena = arena_new();
	c->sheet = sheet_new(clerk_asked(c, OPT_JSON));
	code = errands[c->command->verb->id](c);
	clerk_close(c);
	code = said(sheet_end(c->sheet), code);
	arena_free(c->arena);
	return code;
}

static int
run(const struct command *command)
{
	struct clerk c = { .command = command,
	    .conf_path = conf_path_of(command) };
	struct conf *conf;
	int code;

	settle_process();
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

	switch (command_read(&command, argc, argv)) {
	case COMMAND_RUN:
		return run(&command);
	case COMMAND_HELP:
		command_help(stdout);
		return said(fflush(stdout) == 0 && !ferror(stdout), EX_OK);
	case COMMAND_VERSION:
		(void)printf("gatelodgectl %s\n", PACKAGE_VERSION);
		return said(fflush(stdout) == 0 && !ferror(stdout), EX_OK);
	case COMMAND_WRONG:
		break;
	}
	clerk_complain(command.fault);
	(void)fputs("gatelodgectl --help lists what it can be told\n", stderr);
	return EX_USAGE;
}
