/*
 * post.h - hands a mail over in the way that the settings say
 *
 * smtp_url: see smtp.h.
 * sendmail: PROGRAM -i -f FROM -- TO, without a shell, the mail on standard
 *     input; what it prints goes nowhere.
 * mail_dir: a file TIME-ID.eml, renamed into place when it is whole and on the
 *     disk.  A mail that comes twice takes its own place.
 */
#ifndef POST_H
#define POST_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "parcel.h"

struct post;

/* conf must outlive it.  NULL, and complain has been told: it cannot be. */
struct post	*post_open(const struct conf *,
		    void (*complain)(const char *message));
/*
 * Can we open what is opened for each mail alone?  False: complain has been
 * told as "setting path: reason".
 */
bool		 post_judge(const struct conf *,
		    void (*complain)(const char *message));
void		 post_close(struct post *);
/*
 * A mail is handed over, and what became of it is known, in less than that.
 */
int64_t		 post_longest_ms(const struct conf *);
/* See smtp.h for SIGTERM.  SIGPIPE must be ignored. */
void		 post_send(struct post *, const struct parcel *,
		    struct post_result *);
/* Nothing is to be sent for now. */
void		 post_rest(struct post *);

#endif
