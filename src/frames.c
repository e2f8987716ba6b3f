#include "frames.h"

#include <string.h>

#define BEGIN_BYTES	8
#define ROLE_RESPONDER	1
#define FLAG_KEEP	1

enum record_type {
	RECORD_BEGIN = 1,
	RECORD_ABORT = 2,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
};

enum stage {
	STAGE_BEGIN,
	STAGE_PARAMS,
	STAGE_STDIN,
	STAGE_END,
};

enum pair_part {
	PART_NAME_LENGTH,
	PART_VALUE_LENGTH,
	PART_NAME,
	PART_VALUE,
};

/* Name-value pairs run over the ends of records as if there were none. */
struct pair_reader {
	const unsigned char	*p;
	const unsigned char	*end;
	enum pair_part	 part;
	unsigned int	 length_left;	/* bytes of a length still to come */
	size_t		 length;
	size_t		 value_len;
	size_t		 left;		/* bytes of the name or value */
	unsigned int	 count;
};

struct record {
	unsigned int	 type;
	unsigned int	 id;
	size_t		 content;	/* what it announces */
	size_t		 padding;
	size_t		 here;		/* content that has arrived */
};

struct judge {
	const unsigned char	*p;
	const unsigned char	*end;
	enum stage	 stage;
	size_t		 params;
	size_t		 overhead;
	struct pair_reader pair;
	struct frames_view *view;
};

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum frames_verdict
begin_value(struct pair_reader *r)
{
	r->left = r->value_len;
	r->part = r->left > 0 ? PART_VALUE : PART_NAME_LENGTH;
	return FRAMES_MORE;
}

static enum frames_verdict
take_length(struct pair_reader *r)
{
	if (r->part == PART_VALUE_LENGTH) {
		if (r->length > FRAMES_VALUE_MAX)
			return FRAMES_PARAMS_TOO_LARGE;
		r->value_len = r->length;
		r->part = PART_NAME;
		return FRAMES_MORE;
	}
	if (r->length == 0)
		return FRAMES_HOSTILE;
	if (r->length > FRAMES_NAME_MAX ||
	    ++r->count > FRAMES_PARAM_COUNT_MAX)
		return FRAMES_PARAMS_TOO_LARGE;
	r->left = r->length;
	r->part = PART_VALUE_LENGTH;
	return FRAMES_MORE;
}

/*
 * One byte, or four with the top bit set.  An honest server may hand on a
 * header that is too long for us, but never one of 16 MiB: so the first byte
 * of a long form holds nothing else, and no sum of lengths can overflow.
 */
static enum frames_verdict
read_length(struct pair_reader *r)
{
	unsigned char byte = *r->p++;

	if (r->length_left > 0) {
		r->length = r->length << 8 | byte;
		if (--r->length_left > 0)
			return FRAMES_MORE;
	} else if (byte >= 0x80) {
		r->length = 0;
		r->length_left = 3;
		return byte == 0x80 ? FRAMES_MORE : FRAMES_HOSTILE;
	} else {
		r->length = byte;
	}
	return take_length(r);
}

/* libfcgi joins name and value with '=' and hands out C strings. */
static enum frames_verdict
read_name(struct pair_reader *r)
{
	size_t i, n;

	n = smaller(r->left, (size_t)(r->end - r->p));
	for (i = 0; i < n; i++)
		if (r->p[i] < ' ' || r->p[i] == '=' || r->p[i] == 0x7f)
			return FRAMES_HOSTILE;
	r->p += n;
	r->left -= n;
	return r->left > 0 ? FRAMES_MORE : begin_value(r);
}

static enum frames_verdict
read_value(struct pair_reader *r)
{
	size_t n;

	n = smaller(r->left, (size_t)(r->end - r->p));
	if (memchr(r->p, '\0', n) != NULL)
		return FRAMES_HOSTILE;
	r->p += n;
	r->left -= n;
	if (r->left == 0)
		r->part = PART_NAME_LENGTH;
	return FRAMES_MORE;
}

static enum frames_verdict
read_part(struct pair_reader *r)
{
	switch (r->part) {
	case PART_NAME_LENGTH:
	case PART_VALUE_LENGTH:
		return read_length(r);
	case PART_NAME:
		return read_name(r);
	case PART_VALUE:
		return read_value(r);
	}
	return FRAMES_HOSTILE;
}

static enum frames_verdict
read_pairs(struct pair_reader *r, const unsigned char *bytes, size_t len)
{
	enum frames_verdict v = FRAMES_MORE;

	r->p = bytes;
	r->end = bytes + len;
	while (v == FRAMES_MORE && r->p < r->end)
		v = read_part(r);
	return v;
}

static bool
between_pairs(const struct pair_reader *r)
{
	return r->part == PART_NAME_LENGTH && r->length_left == 0;
}

/*
 * libfcgi forgets the padding of BEGIN_REQUEST and of the record that ends a
 * stream, and would take it for the next header.  It does not know an abort.
 */
static enum frames_verdict
judge_begin(struct judge *j, const struct record *rec)
{
	if (rec->type != RECORD_BEGIN || rec->id == 0 ||
	    rec->content != BEGIN_BYTES || rec->padding != 0)
		return FRAMES_HOSTILE;
	j->overhead += BEGIN_BYTES;
	j->view->request_id = rec->id;
	if (rec->here < BEGIN_BYTES)
		return FRAMES_MORE;
	j->view->keep = (j->p[2] & FLAG_KEEP) != 0;
	if (j->p[0] != 0 || j->p[1] != ROLE_RESPONDER)
		return FRAMES_UNKNOWN_ROLE;
	j->stage = STAGE_PARAMS;
	return FRAMES_MORE;
}

static enum frames_verdict
judge_params(struct judge *j, const struct record *rec)
{
	if (rec->content == 0) {
		j->stage = STAGE_STDIN;
		return between_pairs(&j->pair) ? FRAMES_MORE : FRAMES_HOSTILE;
	}
	j->params += rec->content;
	if (j->params > FRAMES_PARAMS_MAX)
		return FRAMES_PARAMS_TOO_LARGE;
	return read_pairs(&j->pair, j->p, rec->here);
}

static enum frames_verdict
judge_stdin(struct judge *j, const struct record *rec)
{
	if (rec->content == 0)
		j->stage = STAGE_END;
	j->view->body_len += rec->content;
	return j->view->body_len > FRAMES_BODY_MAX ? FRAMES_BODY_TOO_LARGE :
	    FRAMES_MORE;
}

static enum frames_verdict
judge_record(struct judge *j, const struct record *rec)
{
	if (j->stage == STAGE_BEGIN)
		return judge_begin(j, rec);
	if (rec->id != j->view->request_id)
		return FRAMES_HOSTILE;
	if (rec->type == RECORD_ABORT)
		return FRAMES_ABORTED;
	if (rec->content == 0 && rec->padding != 0)
		return FRAMES_HOSTILE;
	if (rec->type == RECORD_PARAMS && j->stage == STAGE_PARAMS)
		return judge_params(j, rec);
	if (rec->type == RECORD_STDIN && j->stage == STAGE_STDIN)
		return judge_stdin(j, rec);
	return FRAMES_HOSTILE;
}

/* False if it is not version 1. */
static bool
read_header(struct judge *j, struct record *rec)
{
	const unsigned char *h = j->p;

	rec->type = h[1];
	rec->id = (unsigned int)h[2] << 8 | h[3];
	rec->content = (size_t)h[4] << 8 | h[5];
	rec->padding = h[6];
	j->p += FRAMES_HEADER_BYTES;
	rec->here = smaller(rec->content, (size_t)(j->end - j->p));
	j->overhead += FRAMES_HEADER_BYTES + rec->padding;
	return h[0] == 1;
}

/*
 * Overhead is spent before it arrives, the header that must still follow
 * included: else a peer could fill FRAMES_PEEK_BYTES without an end.
 */
static bool
overspent(const struct judge *j)
{
	return j->stage != STAGE_END &&
	    j->overhead + FRAMES_HEADER_BYTES > FRAMES_OVERHEAD_MAX;
}

static enum frames_verdict
judge_next(struct judge *j)
{
	enum frames_verdict v;
	struct record rec;

	if (j->end - j->p < FRAMES_HEADER_BYTES) {
		j->p = j->end;
		return FRAMES_MORE;
	}
	if (!read_header(j, &rec))
		return FRAMES_HOSTILE;
	v = judge_record(j, &rec);
	if (v == FRAMES_MORE && overspent(j))
		return FRAMES_HOSTILE;
	j->p += smaller((size_t)(j->end - j->p), rec.content + rec.padding);
	return v;
}

enum frames_verdict
frames_judge(const unsigned char *bytes, size_t len, struct frames_view *out)
{
	struct judge j = { .p = bytes, .end = bytes + len, .view = out };
	enum frames_verdict v = FRAMES_MORE;

	*out = (struct frames_view){ .request_id = 0 };
	while (v == FRAMES_MORE && j.p < j.end && j.stage != STAGE_END)
		v = judge_next(&j);
	if (v != FRAMES_MORE || j.stage != STAGE_END)
		return v;
	return j.p == j.end ? FRAMES_WHOLE : FRAMES_HOSTILE;
}

/* What the header that has just been filled announces. */
static enum frames_verdict
begin_skipping(struct frames_skip *s)
{
	const unsigned char *h = s->header;
	size_t content = (size_t)h[4] << 8 | h[5];

	if (h[0] == 1 && h[1] == RECORD_ABORT)
		return FRAMES_ABORTED;
	if (h[0] != 1 || (h[1] != RECORD_BEGIN && h[1] != RECORD_PARAMS &&
	    h[1] != RECORD_STDIN))
		return FRAMES_HOSTILE;
	s->left = content + h[6];
	s->ended = h[1] == RECORD_STDIN && content == 0;
	return FRAMES_MORE;
}

static enum frames_verdict
skip_some(struct frames_skip *s, const unsigned char **p, size_t len)
{
	size_t n;

	if (s->have == FRAMES_HEADER_BYTES) {
		n = smaller(s->left, len);
		s->left -= n;
		*p += n;
		return FRAMES_MORE;
	}
	n = smaller(FRAMES_HEADER_BYTES - s->have, len);
	memcpy(s->header + s->have, *p, n);
	s->have += n;
	*p += n;
	return s->have == FRAMES_HEADER_BYTES ? begin_skipping(s) :
	    FRAMES_MORE;
}

enum frames_verdict
frames_skip(struct frames_skip *s, const unsigned char *bytes, size_t len)
{
	const unsigned char *p = bytes, *end = bytes + len;
	enum frames_verdict v = FRAMES_MORE;

	while (v == FRAMES_MORE && p < end) {
		if (s->ended && s->left == 0)
			return FRAMES_HOSTILE;
		v = skip_some(s, &p, (size_t)(end - p));
		if (s->left == 0 && !s->ended && s->have ==
		    FRAMES_HEADER_BYTES)
			s->have = 0;
	}
	return v == FRAMES_MORE && s->ended && s->left == 0 ? FRAMES_WHOLE :
	    v;
}
