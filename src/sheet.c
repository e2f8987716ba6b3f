#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heap.h"
#include "log.h"
#include "text.h"
#include "unicode.h"

/* A table is as wide as what is in so many rows. */
#define ROWS	256

struct sheet {
	struct arena	*arena;
	bool		 json;
	bool		 table;
	bool		 headed;
	size_t		 cells;
	size_t		 rows;
	const char	*name[SHEET_CELLS_MAX];
	const char	*cell[ROWS][SHEET_CELLS_MAX];
};

struct sheet *
sheet_new(bool json)
{
	struct sheet *s;

	s = heap_zeroed(1, sizeof(*s));
	s->arena = arena_new();
	s->json = json;
	s->table = !json && isatty(STDOUT_FILENO);
	return s;
}

static size_t
width_of(const struct sheet *s, size_t column)
{
	size_t row, width = unicode_length(s->name[column]), other;

	for (row = 0; row < s->rows; row++) {
		other = unicode_length(s->cell[row][column]);
		width = other > width ? other : width;
	}
	return width;
}

/* printf would count bytes. */
static void
print_cell(const char *text, size_t width, bool last)
{
	size_t n = unicode_length(text);

	(void)fputs(text, stdout);
	for (; !last && n < width + 2; n++)
		(void)putchar(' ');
	if (last)
		(void)putchar('\n');
}

static void
print_table(struct sheet *s)
{
	size_t width[SHEET_CELLS_MAX], row, i;

	for (i = 0; i < s->cells; i++)
		width[i] = width_of(s, i);
	for (i = 0; i < s->cells && !s->headed; i++)
		print_cell(s->name[i], width[i], i + 1 == s->cells);
	s->headed = true;
	for (row = 0; row < s->rows; row++)
		for (i = 0; i < s->cells; i++)
			print_cell(s->cell[row][i], width[i],
			    i + 1 == s->cells);
}

static void
print_tabs(const struct sheet *s)
{
	size_t row, i;

	for (row = 0; row < s->rows; row++)
		for (i = 0; i < s->cells; i++)
			(void)printf("%s%c", s->cell[row][i],
			    i + 1 == s->cells ? '\n' : '\t');
}

static void
print_rows(struct sheet *s)
{
	if (s->rows > 0 && s->table)
		print_table(s);
	else if (s->rows > 0)
		print_tabs(s);
	s->rows = 0;
	arena_wipe(s->arena);
}

/* Whoever could write to the store must not command the reader's terminal. */
static const char *
text_of(struct arena *a, const struct json_member *cell)
{
	char *text;

	if (cell->kind != JSON_TEXT)
		return arena_printf(a, "%d", cell->number);
	text = arena_strdup(a, cell->text);
	text_tame(text);
	return text;
}

void
sheet_object(struct sheet *s, const struct json_member *cell, size_t n)
{
	print_rows(s);
	(void)fputs(json_object(s->arena, cell, n), stdout);
	arena_wipe(s->arena);
}

void
sheet_row(struct sheet *s, const struct json_member *cell, size_t n)
{
	size_t i;

	if (n > SHEET_CELLS_MAX)
		log_abort("a row of too many cells");
	if (s->json) {
		sheet_object(s, cell, n);
		return;
	}
	if (s->rows == ROWS)
		print_rows(s);
	s->cells = n;
	for (i = 0; i < n; i++) {
		s->name[i] = cell[i].name;
		s->cell[s->rows][i] = text_of(s->arena, &cell[i]);
	}
	s->rows++;
}

bool
sheet_flush(struct sheet *s)
{
	print_rows(s);
	return fflush(stdout) == 0 && !ferror(stdout);
}

void
sheet_end(struct sheet *s)
{
	print_rows(s);
	arena_free(s->arena);
	free(s);
}
