/*
 * program.h - what our programs have in common before and beside their work:
 * options, complaints, the signals that they wait for
 *
 * For main's thread alone, and nothing of it before program_begin.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <getopt.h>
#include <stdint.h>

#define PROGRAM_SIGNALS_MAX	4

struct program {
	const char	*name;		/* goes before each complaint */
	const char	*usage;		/* all that -h says */
	const char	*letters;	/* of options: getopt_long(3) */
	const struct option *longs;
	void		(*print_version)(void);
	/* Any option but -V and -h; its argument is in optarg. */
	void		(*take)(int letter);
	int		 signals[PROGRAM_SIGNALS_MAX];
};

/*
 * We are that program, which must stay.  What passes through this process
 * belongs in nobody's file, and not in memory that has been given back.
 */
void		 program_begin(const struct program *);
/* Ends the program after -V and -h, and where it is not understood. */
void		 program_options(int argc, char **argv);
/* The file of the settings, where no option names another. */
const char	*program_conf_path(void);

/* "NAME: what" on standard error. */
void		 program_complain(const char *what);
/* The same of settings, once there is a log. */
void		 program_complain_in_log(const char *what);
/*
 * EX_OK if all that went to standard output has been written, else EX_IOERR
 * after a complaint.
 */
int		 program_said(void);

/*
 * From here on they wait for program_wait, in threads begun later as well.
 * SIGPIPE is ignored: who has gone away ends his own connection alone.
 */
void		 program_hold_signals(void);
/* They end us as they come, as any program. */
void		 program_free_signals(void);
/* Which has come; 0 when none did in that time. */
int		 program_wait(int64_t ms);

#endif
