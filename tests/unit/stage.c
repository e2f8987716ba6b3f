#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

struct arena *arena;
struct bed bed;
struct auth *desk;
struct store *store;
int64_t now;
char told[STAGE_TOLD_MAX];

int64_t
stage_now(void)
{
	return __atomic_load_n(&now, __ATOMIC_RELAXED);
}

int
stage_arena(void **state)
{
	(void)state;
	arena = arena_new();
	told[0] = '\0';
	return 0;
}

int
stage_bed(void **state)
{
	helper_bed(&bed, NULL);
	desk = bed.desk;
	store = desk->store;
	return stage_arena(state);
}

int
stage_clock(void **state)
{
	now = INT64_C(1700000000000);
	(void)stage_bed(state);
	clock_replace(stage_now);
	return 0;
}

int
stage_clear(void **state)
{
	(void)state;
	clock_replace(NULL);
	arena_free(arena);
	if (desk != NULL)
		helper_bed_close(&bed);
	desk = NULL;
	return 0;
}

int64_t
count(const char *sql)
{
	return helper_number(bed.store, sql);
}

const char *
text_by(const char *sql)
{
	char *found = helper_text(bed.store, sql);
	const char *copy = arena_strdup(arena, found != NULL ? found : "");

	free(found);
	return copy;
}

const char *
mailed(const char *kind, const char *member)
{
	return text_by(arena_printf(arena, "SELECT json_extract(content, '$.%s')"
	    " FROM mails WHERE kind = '%s' ORDER BY created_at DESC LIMIT 1",
	    member, kind));
}

const char *
link_token(const char *kind)
{
	const char *token = strchr(mailed(kind, "link"), '=');

	return token != NULL ? token + 1 : "";
}

char *
repeated(const char *part, size_t n)
{
	size_t len = strlen(part), i;
	char *whole = arena_alloc(arena, len * n + 1);

	for (i = 0; i < n; i++)
		memcpy(whole + i * len, part, len);
	return whole;
}

void
complain(const char *message)
{
	size_t used = strlen(told);

	(void)snprintf(told + used, sizeof(told) - used, "%s\n", message);
}
