#include "heap.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

void *
heap_zeroed(size_t n, size_t size)
{
	void *p;

	p = calloc(n, size);
	if (p == NULL)
		log_abort("no memory");
	return p;
}

char *
heap_strdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(heap_zeroed(1, size), s, size);
}
