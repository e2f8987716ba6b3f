/*
 * secret.h - what only the terminal or a pipe may say
 *
 * Arguments and the environment of a process can be seen by others, so a
 * password never comes from there.  Called while there is one thread alone:
 * a signal has to reach the one that waits for the terminal.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>

#include "arena.h"

/*
 * The first line of standard input, or what is typed twice at the terminal
 * without being shown, as it came.  NULL: complain has been told why not.
 */
char	*secret_read(struct arena *, bool from_stdin,
	    void (*complain)(const char *));
/* Is there a terminal to type at?  Else complain is told what to do. */
bool	 secret_terminal(const char *otherwise,
	    void (*complain)(const char *));
/* Asks the terminal; anything but y or yes is a no, and so is no terminal. */
bool	 secret_confirm(struct arena *, const char *question);

#endif
