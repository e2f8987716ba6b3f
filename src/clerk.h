/*
 * clerk.h - what an errand of gatelodgectl stands on: command, settings,
 * store, output
 *
 * An errand gives back an exit code of sysexits.h, and has complained of
 * anything but EX_OK.
 */
#ifndef CLERK_H
#define CLERK_H

#include <stdbool.h>

#include "arena.h"
#include "auth.h"
#include "command.h"
#include "conf.h"
#include "sheet.h"
#include "store.h"

#define CLERK_DOOR_MAX	32

struct clerk {
	const struct command *command;
	const char	*conf_path;
	struct arena	*arena;
	struct sheet	*sheet;
	struct auth	 auth;		/* its conf from the start */
	struct db	*db;		/* from clerk_open on */
	char		 door[CLERK_DOOR_MAX];	/* what is done, on record */
};

/*
 * Of one that has command and settings.  arena and sheet are the caller's to
 * free.
 */
void	 clerk_begin(struct clerk *);

/* "gatelodgectl: what" on standard error, control characters as "?". */
void	 clerk_complain(const char *what);
/* The same, and the code. */
int	 clerk_fail(int code, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
bool	 clerk_asked(const struct clerk *, enum command_option);

/*
 * Files of the store are its owner's: root becomes that user, for good, and
 * anybody else is refused.  Where there is no store yet, or a file of root's
 * in another's directory, the owner of its directory is meant.
 */
int	 clerk_become_owner(struct clerk *);
/*
 * Opens the store as that user.  make: as the service does, else it must be
 * there and of this release.  Starts threads.
 */
int	 clerk_open(struct clerk *, bool make);
void	 clerk_close(struct clerk *);

/* EX_OK without a complaint for STORE_OK. */
int	 clerk_status(enum store_status);
/* The same for what the law says; good is what was hoped for. */
int	 clerk_outcome(enum outcome, enum outcome good);

/* An argument as addresses compare; NULL: it is none. */
const char *clerk_email_key(struct clerk *, size_t at);
/* A password, as it is hashed. */
int	 clerk_password(struct clerk *, const char **out);
/* Is it meant?  Asks, unless the command says so. */
int	 clerk_confirm(struct clerk *, const char *question);
/* A row: the address of the account, and what was done. */
int	 clerk_done(struct clerk *, const char *done);

#endif
