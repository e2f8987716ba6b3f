/*
 * sheet.h - rows on standard output, for people or for programs
 *
 * To a terminal a table with a head, to anything else fields with a tab
 * between them, control characters as question marks in both; or one JSON
 * object a line.  The cells of a row have the same
 * names in each row; they are needed only during the call.
 */
#ifndef SHEET_H
#define SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

#define SHEET_CELLS_MAX	9

struct sheet;

/* json: else by what standard output is. */
struct sheet	*sheet_new(bool json);
void		 sheet_row(struct sheet *, const struct json_member *cell,
		    size_t n);
/* One JSON object, whatever the sheet is; its cells may be tables. */
void		 sheet_object(struct sheet *, const struct json_member *cell,
		    size_t n);
/* Prints what there is, for whoever waits for it.  False, with errno. */
bool		 sheet_flush(struct sheet *);
/* Prints what is left; another sheet may follow. */
void		 sheet_end(struct sheet *);

/* SHEET_ROW(s, { "email", .text = email }, { "sessions", .number = n }) */
#define SHEET_ROW(s, ...)						\
	sheet_row((s), (const struct json_member[]){ __VA_ARGS__ },	\
	    sizeof((const struct json_member[]){ __VA_ARGS__ }) /	\
	    sizeof(struct json_member))

#endif
