/*
 * command.h - a command line of gatelodgectl, read by the tables of verbs.h
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "verbs.h"

#define COMMAND_ARGS_MAX	128
#define COMMAND_FAULT_MAX	256

enum command_kind {
	COMMAND_RUN,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_WRONG,
};

struct verb {
	enum verb_id	 id;
	const char	*object;
	const char	*name;
	const char	*arguments;
	unsigned int	 options;	/* that it takes */
	const char	*about;
};

struct command {
	const struct verb *verb;
	const char	*conf_path;	/* NULL: none was given */
	unsigned int	 options;	/* enum command_option, added up */
	const char	*value[OPT_PLACES];	/* NULL: it has none */
	const char	*arg[COMMAND_ARGS_MAX];
	size_t		 args;
	/* What is wrong; never an argument, which may be a password. */
	char		 fault[COMMAND_FAULT_MAX];
};

/* The strings of argv are kept, not copied. */
enum command_kind command_read(struct command *, int argc, char **argv);
/* One line for each verb and each option. */
void	 command_help(FILE *);

#endif
