#include "program.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "log.h"

static const struct program *self;

void
program_begin(const struct program *program)
{
	const struct rlimit none = { 0, 0 };

	self = program;
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef M_PERTURB
	(void)mallopt(M_PERTURB, 0xff);
#endif
}

__attribute__((noreturn)) static void
misunderstand(void)
{
	(void)fputs(self->usage, stderr);
	exit(EX_USAGE);
}

static void
take(int letter)
{
	switch (letter) {
	case 'V':
		self->print_version();
		exit(program_said());
	case 'h':
		(void)fputs(self->usage, stdout);
		exit(program_said());
	case '?':
		misunderstand();
	default:
		self->take(letter);
	}
}

void
program_options(int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, self->letters, self->longs,
	    NULL)) != -1)
		take(letter);
	if (optind != argc)
		misunderstand();
}

const char *
program_conf_path(void)
{
	const char *path = getenv("GATELODGE_CONF");

	return path != NULL ? path : GATELODGE_SYSCONFDIR "/gatelodge.conf";
}

void
program_complain(const char *what)
{
	(void)fprintf(stderr, "%s: %s\n", self->name, what);
}

void
program_complain_in_log(const char *what)
{
	LOG("config.refused", LOG_TEXT("reason", what));
}

int
program_said(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	program_complain(strerror(errno));
	return EX_IOERR;
}

static sigset_t
our_signals(void)
{
	sigset_t set;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < PROGRAM_SIGNALS_MAX && self->signals[i] != 0; i++)
		(void)sigaddset(&set, self->signals[i]);
	return set;
}

void
program_hold_signals(void)
{
	sigset_t set = our_signals();

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void
program_free_signals(void)
{
	sigset_t set = our_signals();

	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int
program_wait(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };
	sigset_t set = our_signals();
	int number;

	number = sigtimedwait(&set, NULL, &time);
	return number > 0 ? number : 0;
}
