/*
 * The judge of FastCGI streams: it settles once, a whole request has only
 * unsettled beginnings, and a reader as plain as libfcgi finds its way
 * through whatever is called whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

#define PREFIXES	80

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned char params[FRAMES_PARAMS_MAX];

static void
must(int holds)
{
	if (!holds)
		abort();
}

/* In memory of its own, so that reading too far is seen. */
static enum frames_verdict
judge(const uint8_t *data, size_t len)
{
	struct frames_view view;
	enum frames_verdict v;
	unsigned char *copy;

	copy = malloc(len + 1);
	must(copy != NULL);
	memcpy(copy + 1, data, len);
	v = frames_judge(copy + 1, len, &view);
	must(v != FRAMES_MORE || len < FRAMES_PEEK_BYTES);
	must(v == FRAMES_MORE || v == FRAMES_HOSTILE || view.request_id != 0);
	free(copy);
	return v;
}

static size_t
pair_length(size_t *at, size_t len)
{
	size_t n;

	must(*at < len);
	n = params[(*at)++];
	if (n < 0x80)
		return n;
	must(len - *at >= 3);
	n = (n & 0x7f) << 24 | (size_t)params[*at] << 16 |
	    (size_t)params[*at + 1] << 8 | params[*at + 2];
	*at += 3;
	return n;
}

static void
walk_pairs(size_t len)
{
	size_t at, name, value;
	int count = 0;

	for (at = 0; at < len; at += name + value) {
		name = pair_length(&at, len);
		value = pair_length(&at, len);
		must(name >= 1 && name <= FRAMES_NAME_MAX);
		must(value <= FRAMES_VALUE_MAX);
		must(name + value <= len - at);
		must(memchr(params + at, '\0', name + value) == NULL);
		must(memchr(params + at, '=', name) == NULL);
		must(++count <= FRAMES_PARAM_COUNT_MAX);
	}
}

/* Records of one type up to an empty one; their content goes to out. */
static size_t
walk_records(const uint8_t **p, const uint8_t *end, int type,
    unsigned char *out)
{
	const uint8_t *h;
	size_t content, total = 0;

	do {
		h = *p;
		must(end - h >= 8 && h[0] == 1 && h[1] == type);
		content = (size_t)h[4] << 8 | h[5];
		must(content > 0 || h[6] == 0);
		must((size_t)(end - h) >= 8 + content + h[6]);
		if (out != NULL && content > 0)
			memcpy(out + total, h + 8, content);
		total += content;
		*p = h + 8 + content + h[6];
	} while (content > 0);
	return total;
}

static void
walk(const uint8_t *data, size_t len)
{
	const uint8_t *p = data + 16, *end = data + len;

	must(len >= 32 && data[1] == 1 && data[6] == 0 && data[9] == 1);
	walk_pairs(walk_records(&p, end, 4, params));
	must(walk_records(&p, end, 5, NULL) <= FRAMES_BODY_MAX);
	must(p == end);
}

/* What holds for the beginning of data that has n bytes, and not all. */
static void
check_prefix(const uint8_t *data, size_t n, enum frames_verdict all)
{
	enum frames_verdict v = judge(data, n);

	if (v == FRAMES_WHOLE)
		must(all == FRAMES_HOSTILE);
	else if (v != FRAMES_MORE)
		must(v == all && all != FRAMES_WHOLE);
}

/* In two pieces as in one; and what is whole to the judge is whole here. */
static void
check_skip(const uint8_t *data, size_t len, enum frames_verdict judged)
{
	struct frames_skip once = { .have = 0 }, twice = { .have = 0 };
	size_t half = len > 0 ? data[len - 1] % len : 0;
	enum frames_verdict v = frames_skip(&once, data, len), w;

	must(judged != FRAMES_WHOLE || v == FRAMES_WHOLE);
	must(v == FRAMES_MORE || v == FRAMES_WHOLE || v == FRAMES_HOSTILE ||
	    v == FRAMES_ABORTED);
	w = frames_skip(&twice, data, half);
	if (w == FRAMES_HOSTILE || w == FRAMES_ABORTED)
		must(v == w);
	else if (half < len)
		must(frames_skip(&twice, data + half, len - half) == v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum frames_verdict all = judge(data, len);
	size_t n, step = len / PREFIXES + 1;

	check_skip(data, len, all);
	if (all == FRAMES_WHOLE) {
		walk(data, len);
		check_prefix(data, len - 1, all);
	}
	for (n = 0; n < len; n += step)
		check_prefix(data, n, all);
	return 0;
}
