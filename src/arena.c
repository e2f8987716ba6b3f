#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "log.h"

/* One call with a short body fits in the first block. */
#define BLOCK_BYTES	((size_t)8192)
/*
 * Far above what comes of a body of 16 KiB and parameters of 32 KiB, as long
 * as nothing is copied once for each part of it.
 */
#define ARENA_LIMIT	((size_t)4 << 20)
#define ALIGNMENT	alignof(max_align_t)

struct block {
	struct block	*next;
	size_t		 used;
	size_t		 size;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block	*first;		/* kept over a wipe */
	struct block	*last;
	size_t		 total;
};

static struct block *
block_new(size_t size)
{
	struct block *b;

	b = heap_zeroed(1, sizeof(*b) + size);
	b->size = size;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a;

	a = heap_zeroed(1, sizeof(*a));
	a->first = a->last = block_new(BLOCK_BYTES);
	return a;
}

static void
block_wipe(struct block *b)
{
	explicit_bzero(b->bytes, b->used);
	b->used = 0;
}

void
arena_wipe(struct arena *a)
{
	struct block *b, *next;

	block_wipe(a->first);
	for (b = a->first->next; b != NULL; b = next) {
		next = b->next;
		block_wipe(b);
		free(b);
	}
	a->first->next = NULL;
	a->last = a->first;
	a->total = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_wipe(a);
	free(a->first);
	free(a);
}

static void
arena_grow(struct arena *a, size_t size)
{
	a->last->next = block_new(size > BLOCK_BYTES ? size : BLOCK_BYTES);
	a->last = a->last->next;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > ARENA_LIMIT || a->total > ARENA_LIMIT - size)
		log_abort("a call wants more memory than any may have");
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > a->last->size - a->last->used)
		arena_grow(a, size);
	p = a->last->bytes + a->last->used;
	a->last->used += size;
	a->total += size;
	return p;
}

char *
arena_copy(struct arena *a, const void *bytes, size_t len)
{
	char *copy;

	copy = arena_alloc(a, len + 1);
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

static char *print_in_place(struct arena *, const char *, va_list, size_t *)
    __attribute__((format(printf, 2, 0)));

/* Tried in the room that the last block has, which mostly is enough. */
static char *
print_in_place(struct arena *a, const char *fmt, va_list ap, size_t *len)
{
	struct block *b = a->last;
	size_t room = b->size - b->used;
	int n;

	n = vsnprintf((char *)b->bytes + b->used, room, fmt, ap);
	if (n < 0)
		log_abort("a format cannot be printed");
	*len = (size_t)n;
	if (*len + ALIGNMENT <= room)
		return arena_alloc(a, *len + 1);
	explicit_bzero(b->bytes + b->used, room);
	return NULL;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	size_t len;
	char *s;

	va_start(ap, fmt);
	s = print_in_place(a, fmt, ap, &len);
	va_end(ap);
	if (s != NULL)
		return s;
	s = arena_alloc(a, len + 1);
	va_start(ap, fmt);
	(void)vsnprintf(s, len + 1, fmt, ap);
	va_end(ap);
	return s;
}

char *
arena_join(struct arena *a, const char *const *part, size_t n)
{
	size_t i, len = 0;
	char *s, *to;

	for (i = 0; i < n; i++)
		len += strlen(part[i]);
	s = to = arena_alloc(a, len + 1);
	for (i = 0; i < n; i++) {
		len = strlen(part[i]);
		memcpy(to, part[i], len);
		to += len;
	}
	return s;
}
