/*
 * wordlist.h - a file of passwords that nobody may choose, of any size
 *
 * Whoever runs the service makes it from a text, one password a line, with
 * wordlist_compile.  It holds 16 bytes "gatelodge list 1", the number of
 * entries as 8 bytes, most significant first, and the entries, each 8 bytes,
 * in ascending order, each once: the first bytes of the SHA-256 of the
 * password in NFC with its case folded.  So case does not count; everything
 * else does.  That somebody's password is taken for a listed one happens once
 * in 2^64 / entries tries.
 *
 * The file is asked by pread(2), not mapped: a file that somebody cuts off
 * while it is in use gives a fault, and no SIGBUS.  A new one takes the place
 * of the old by rename(2), as wordlist_compile does it; whoever has the old
 * one open keeps it whole.
 */
#ifndef WORDLIST_H
#define WORDLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/* Any number of threads may ask the same one. */
struct wordlist;

enum wordlist_answer {
	WORDLIST_NOT_IN,
	WORDLIST_IN,
	WORDLIST_FAULT,		/* the file cannot be read any more */
};

/* What became of the lines of a text. */
struct wordlist_tally {
	uint64_t	 entries;
	uint64_t	 doubles;	/* the same, or but for case */
	uint64_t	 unfit;		/* empty, or never a password: not
					   UTF-8, unassigned, over 511 bytes */
};

/*
 * NULL where there is no such file, or no whole one; *fault then says in
 * words what is wrong with it, to come after its name.
 */
struct wordlist	*wordlist_open(const char *path, const char **fault);
void		 wordlist_close(struct wordlist *);
/* password is in NFC. */
enum wordlist_answer
		 wordlist_look(const struct wordlist *, struct arena *,
		    const char *password);
/*
 * Makes the file out from the text in.  It is written beside its place, and
 * is on the disk before it gets there; readable by everybody, since it says
 * nothing that the text's origin does not.  Takes 16 bytes of memory a line.
 * False leaves what was there; *fault says what is wrong with *bad, which is
 * one of the two.
 */
bool		 wordlist_compile(const char *in, const char *out,
		    struct wordlist_tally *, const char **bad,
		    const char **fault);

#endif
