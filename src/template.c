#include "template.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define ROOM_FIRST	4096	/* bytes of output; doubled as it grows */

/*
 * A text is read once, into a row of nodes in which a section knows where it
 * ends.  So whatever a loop does costs no more than the nodes it goes through,
 * and those are counted.
 */
enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_PARTIAL };

struct node {
	enum node_kind	 kind;
	bool		 begins_line;	/* of a text: indentation before it */
	bool		 ends_line;	/* and after its last newline too */
	bool		 raw;
	bool		 inverted;
	unsigned int	 line;
	size_t		 end;		/* the node after a section */
	struct slice	 text;		/* or the name */
	struct slice	 indent;	/* of a partial that stands alone */
};

struct template {
	const char	*name;		/* of the file, or of the phrase */
	const char	*text;
	bool		 phrase;
	struct template	*next;		/* that this rendering has read */
	size_t		 n;
	struct node	 node[];
};

struct job {
	struct arena	*arena;
	const char	*error;
	const struct template_files *files;
	struct template	*phrases;	/* that were read */
	size_t		 tags;		/* of them */
	size_t		 steps;
	int		 depth;
	const struct value *frame[TEMPLATE_DEPTH_MAX + 1];
	size_t		 frames;
	char		*out;
	size_t		 len;
	size_t		 room;
};

/* Tells what is wrong, unless something was before. */
static bool
tell(struct arena *a, const char **error, const char *file,
    unsigned int line, const char *what)
{
	if (*error == NULL)
		*error = arena_printf(a, "%s:%u: %s", file, line, what);
	return false;
}

/* Reading. */

/* A tag, as it stands in the text. */
struct tag {
	char		 sign;		/* ' ' where there is none */
	struct slice	 name;
	const char	*begin;
	const char	*end;		/* after its braces */
	bool		 alone;		/* on its line, which goes with it */
	struct slice	 indent;	/* before it, if it is alone */
};

struct reader {
	struct arena	*arena;		/* of the error */
	const char	**error;
	template_see	*see;
	void		*seer;
	struct template	*template;
	const char	*at;
	unsigned int	 line;		/* of at */
	bool		 begins_line;	/* at does */
	struct {
		size_t		 node;
		unsigned int	 line;
		struct slice	 name;
	}		 open[TEMPLATE_DEPTH_MAX];
	size_t		 depth;
};

static bool
bad(struct reader *r, const char *what)
{
	return tell(r->arena, r->error, r->template->name, r->line, what);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice
trim(const char *from, const char *to)
{
	while (from < to && (is_blank(*from) || *from == '\n' ||
	    *from == '\r'))
		from++;
	while (from < to && (is_blank(to[-1]) || to[-1] == '\n' ||
	    to[-1] == '\r'))
		to--;
	return (struct slice){ from, (size_t)(to - from) };
}

static bool
is_name(struct slice name, const char *besides)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!text_is_alnum(name.ptr[i]) &&
		    strchr(besides, name.ptr[i]) == NULL)
			return false;
	return name.len > 0 && name.len <= TEMPLATE_NAME_MAX;
}

static bool
is_path(struct slice path)
{
	struct slice part;

	if (path.len == 1 && path.ptr[0] == '.')
		return true;
	if (path.len > TEMPLATE_NAME_MAX)
		return false;
	while (text_next_part(&path, '.', &part))
		if (!is_name(part, "_-"))
			return false;
	return true;
}

static bool
same(struct slice a, struct slice b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* From its braces on; t->begin is set. */
static bool
read_tag(struct reader *r, struct tag *t)
{
	const char *inside = t->begin + 2, *close = "}}", *end;

	t->sign = ' ';
	if (*inside != '\0' && strchr("{&#^/>!", *inside) != NULL)
		t->sign = *inside++;
	if (t->sign == ' ' && *inside == '=')
		return bad(r, "delimiters cannot be changed");
	if (t->sign == '{')
		close = "}}}";
	end = strstr(inside, close);
	if (end == NULL)
		return bad(r, "a tag is not closed");
	t->name = trim(inside, end);
	t->end = end + strlen(close);
	if (t->sign == '!')
		t->name.len = 0;
	else if (t->sign == '>' && r->template->phrase)
		return bad(r, "a phrase holds another file");
	else if (t->sign == '>' ? !is_name(t->name, "_-./") :
	    !is_path(t->name))
		return bad(r, "a tag without a name, or with none that may be");
	return true;
}

/*
 * Is there nothing else on its lines?  Then t->begin and t->end take in what
 * goes with it.
 */
static void
judge_line(const struct reader *r, struct tag *t)
{
	const char *left = t->begin, *right = t->end;

	if (strchr("#^/>!", t->sign) == NULL)
		return;
	while (left > r->at && is_blank(left[-1]))
		left--;
	if (left > r->at ? left[-1] != '\n' : !r->begins_line)
		return;
	while (is_blank(*right))
		right++;
	if (right[0] == '\r' && right[1] == '\n')
		right++;
	if (*right != '\n' && *right != '\0')
		return;
	t->alone = true;
	t->indent = (struct slice){ left, (size_t)(t->begin - left) };
	t->begin = left;
	t->end = *right == '\n' ? right + 1 : right;
}

static struct node *
add_node(struct reader *r, enum node_kind kind, struct slice text)
{
	struct node *n = &r->template->node[r->template->n++];

	n->kind = kind;
	n->line = r->line;
	n->text = text;
	return n;
}

/* What stands before a tag, or before the end. */
static void
read_text(struct reader *r, const char *to, bool goes_on)
{
	struct slice text = { r->at, (size_t)(to - r->at) };
	struct node *n;

	if (text.len > 0 || (goes_on && r->begins_line)) {
		n = add_node(r, NODE_TEXT, text);
		n->begins_line = r->begins_line;
		n->ends_line = goes_on;
	}
	r->at = to;
}

static bool
read_open(struct reader *r, const struct tag *t)
{
	struct node *n;

	if (r->depth == TEMPLATE_DEPTH_MAX)
		return bad(r, "sections are nested too deep");
	r->open[r->depth].node = r->template->n;
	r->open[r->depth].line = r->line;
	r->open[r->depth++].name = t->name;
	n = add_node(r, NODE_SECTION, t->name);
	n->inverted = t->sign == '^';
	return true;
}

static bool
read_close(struct reader *r, const struct tag *t)
{
	struct arena *a = r->arena;
	struct slice open;

	if (r->depth == 0)
		return bad(r, arena_printf(a, "{{/%.*s}} closes nothing",
		    (int)t->name.len, t->name.ptr));
	open = r->open[--r->depth].name;
	r->template->node[r->open[r->depth].node].end = r->template->n;
	if (!same(open, t->name))
		return bad(r, arena_printf(a, "{{/%.*s}} where {{/%.*s}} is "
		    "missing, opened in line %u", (int)t->name.len,
		    t->name.ptr, (int)open.len, open.ptr,
		    r->open[r->depth].line));
	return true;
}

static bool
take_tag(struct reader *r, const struct tag *t)
{
	if (r->see != NULL)
		r->see(r->seer, t->sign, t->name);
	switch (t->sign) {
	case '!':
		return true;
	case '#':
	case '^':
		return read_open(r, t);
	case '/':
		return read_close(r, t);
	case '>':
		add_node(r, NODE_PARTIAL, t->name)->indent = t->indent;
		return true;
	default:
		add_node(r, NODE_VALUE, t->name)->raw = t->sign != ' ';
		return true;
	}
}

static unsigned int
newlines(const char *from, const char *to)
{
	unsigned int n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

static bool
find_tag(const struct reader *r, struct tag *t)
{
	*t = (struct tag){ .begin = strstr(r->at, "{{") };
	return t->begin != NULL;
}

static bool
read_nodes(struct reader *r)
{
	struct tag t;

	while (find_tag(r, &t)) {
		r->line += newlines(r->at, t.begin);
		if (!read_tag(r, &t))
			return false;
		judge_line(r, &t);
		read_text(r, t.begin, !t.alone);
		if (!take_tag(r, &t))
			return false;
		r->line += newlines(r->at, t.end);
		r->at = t.end;
		r->begins_line = t.alone;
	}
	read_text(r, r->at + strlen(r->at), false);
	if (r->depth == 0)
		return true;
	r->line = r->open[r->depth - 1].line;
	return bad(r, "a section is not closed");
}

/* As many as there can be. */
static size_t
tags_in(const char *text)
{
	size_t n = 0;

	for (; (text = strstr(text, "{{")) != NULL; text += 2)
		n++;
	return n;
}

/* A tag, and a text before it; the text at the end. */
static size_t
size_of(size_t tags)
{
	return sizeof(struct template) + (2 * tags + 1) * sizeof(struct node);
}

/* Into the reader's template, which has size_of bytes, all of them 0. */
static bool
read_into(struct reader *r, const char *name, const char *text, bool phrase)
{
	r->template->name = name;
	r->template->text = r->at = text;
	r->template->phrase = phrase;
	r->line = 1;
	r->begins_line = true;
	return read_nodes(r);
}

struct template *
template_read(struct arena *a, const char *name, const char *text,
    template_see *see, void *seer, const char **error)
{
	struct reader r = { .arena = a, .error = error, .see = see,
	    .seer = seer };
	size_t tags = tags_in(text);

	*error = NULL;
	if (tags > TEMPLATE_TAGS_MAX) {
		(void)tell(a, error, name, 1, "too many tags");
		return NULL;
	}
	r.template = heap_zeroed(1, size_of(tags));
	if (read_into(&r, name, text, false))
		return r.template;
	template_free(r.template);
	return NULL;
}

void
template_free(struct template *t)
{
	free(t);
}

static struct template *
read_phrase(struct arena *a, const char *name, const char *text, size_t tags,
    const char **error)
{
	struct reader r = { .arena = a, .error = error };

	r.template = arena_alloc(a, size_of(tags));
	return read_into(&r, name, text, true) ? r.template : NULL;
}

bool
template_is_phrase(struct arena *a, const char *name, const char *text,
    const char **error)
{
	size_t tags = tags_in(text);

	*error = NULL;
	return (tags <= TEMPLATE_TAGS_MAX || tell(a, error, name, 1,
	    "too many tags")) && read_phrase(a, name, text, tags, error) !=
	    NULL;
}

/* Writing. */

/* How a value is made safe for where it stands. */
enum guard { GUARD_NONE, GUARD_LINE, GUARD_HTML };

/* What every line of a partial begins with, and what the ones around it. */
struct indent {
	struct slice	 own;
	const struct indent *outer;
};

/* A template that is being gone through. */
struct play {
	struct job	*job;
	const struct template *template;
	const struct indent *indent;
	enum guard	 guard;
};

static bool	play(const struct play *, size_t from, size_t to);

static bool
fault(const struct play *p, const struct node *n, const char *what)
{
	return tell(p->job->arena, &p->job->error, p->template->name, n->line,
	    what);
}

static bool
put(struct job *j, const char *bytes, size_t len)
{
	char *more;

	if (len > TEMPLATE_OUTPUT_MAX - j->len)
		return false;
	if (len >= j->room - j->len) {
		while (len >= j->room - j->len)
			j->room *= 2;
		more = arena_alloc(j->arena, j->room);
		memcpy(more, j->out, j->len);
		j->out = more;
	}
	memcpy(j->out + j->len, bytes, len);
	j->len += len;
	return true;
}

static const bool is_markup[UCHAR_MAX + 1] = {
	['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true,
	['\''] = true,
};

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return "&#39;";
	}
}

static bool
put_html(struct job *j, struct slice text)
{
	const char *end = text.ptr + text.len, *p = text.ptr, *run, *as;

	for (;;) {
		for (run = p; p < end && !is_markup[(unsigned char)*p]; p++)
			continue;
		if (!put(j, run, (size_t)(p - run)))
			return false;
		if (p == end)
			return true;
		as = entity(*p++);
		if (!put(j, as, strlen(as)))
			return false;
	}
}

static bool
put_line(struct job *j, struct slice text)
{
	size_t begin = j->len;

	if (!put(j, text.ptr, text.len))
		return false;
	j->out[j->len] = '\0';
	text_tame(j->out + begin);
	return true;
}

static bool
put_guarded(struct job *j, struct slice text, enum guard guard)
{
	switch (guard) {
	case GUARD_HTML:
		return put_html(j, text);
	case GUARD_LINE:
		return put_line(j, text);
	case GUARD_NONE:
		break;
	}
	return put(j, text.ptr, text.len);
}

/* What a phrase says itself may go over several lines. */
static bool
put_words(struct job *j, struct slice text, enum guard guard)
{
	return put_guarded(j, text, guard == GUARD_LINE ? GUARD_NONE : guard);
}

static bool
put_indent(struct job *j, const struct indent *in)
{
	return in == NULL || (put_indent(j, in->outer) &&
	    put(j, in->own.ptr, in->own.len));
}

/* The words of a file are as they are; those of a phrase are a value's. */
static bool
play_text(const struct play *p, const struct node *n)
{
	const char *end = n->text.ptr + n->text.len, *from, *to;
	struct job *j = p->job;

	if (p->template->phrase)
		return put_words(j, n->text, p->guard);
	if (p->indent == NULL)
		return put(j, n->text.ptr, n->text.len);
	if (n->begins_line && !put_indent(j, p->indent))
		return false;
	for (from = n->text.ptr; from < end; from = to) {
		to = memchr(from, '\n', (size_t)(end - from));
		to = to != NULL ? to + 1 : end;
		if (!put(j, from, (size_t)(to - from)))
			return false;
		if (to[-1] == '\n' && (to < end || n->ends_line) &&
		    !put_indent(j, p->indent))
			return false;
	}
	return true;
}

/* A dotted name: the nearest that has its first part has all of it. */
static const struct value *
look_up(const struct job *j, struct slice path)
{
	const struct value *v = NULL;
	struct slice part;
	size_t i = j->frames;

	if (path.ptr[0] == '.')
		return j->frame[i - 1];
	(void)text_next_part(&path, '.', &part);
	while (v == NULL && i-- > 0)
		v = value_member(j->frame[i], part);
	while (v != NULL && text_next_part(&path, '.', &part))
		v = value_member(v, part);
	return v;
}

/* Whatever nests comes through here. */
static bool
play_template(struct job *j, const struct template *t,
    const struct indent *indent, enum guard guard)
{
	struct play p = { j, t, indent, guard };

	return t != NULL && play(&p, 0, t->n);
}

static bool
deeper(const struct play *p, const struct node *n)
{
	if (p->job->depth++ < TEMPLATE_DEPTH_MAX)
		return true;
	return fault(p, n, "nested too deep");
}

/* Each is read once, however often it is played. */
static const struct template *
phrase_of(const struct play *p, const struct node *n, const char *text)
{
	struct job *j = p->job;
	struct template *t;
	size_t tags;

	for (t = j->phrases; t != NULL; t = t->next)
		if (t->text == text)
			return t;
	tags = tags_in(text);
	if (tags > TEMPLATE_TAGS_MAX - j->tags) {
		(void)fault(p, n, "too many tags in phrases");
		return NULL;
	}
	j->tags += tags;
	t = read_phrase(j->arena, arena_copy(j->arena, n->text.ptr,
	    n->text.len), text, tags, &j->error);
	if (t == NULL)
		return NULL;
	t->next = j->phrases;
	return j->phrases = t;
}

/* Most have no tag: there is nothing to read. */
static bool
play_phrase(const struct play *p, const struct node *n, const char *text,
    enum guard guard)
{
	bool good;

	if (p->template->phrase)
		return fault(p, n, "a phrase within a phrase");
	if (strstr(text, "{{") == NULL)
		return put_words(p->job, (struct slice){ text, strlen(text) },
		    guard);
	good = deeper(p, n) && play_template(p->job, phrase_of(p, n, text),
	    NULL, guard);
	p->job->depth--;
	return good;
}

/* Within a phrase, the tag around it says what is safe. */
static bool
play_value(const struct play *p, const struct node *n)
{
	const struct value *v = look_up(p->job, n->text);
	enum guard guard = p->guard;
	const char *text;

	if (v == NULL)
		return true;
	if (n->raw && !p->template->phrase)
		guard = GUARD_NONE;
	text = value_string(v);
	if (value_kind(v) == VALUE_PHRASE)
		return play_phrase(p, n, text, guard);
	return put_guarded(p->job, (struct slice){ text, strlen(text) },
	    guard);
}

/* Beneath deeper, so that there is room for the frame. */
static bool
play_with(const struct play *p, size_t section, const struct value *v)
{
	bool good;

	p->job->frame[p->job->frames++] = v;
	good = play(p, section + 1, p->template->node[section].end);
	p->job->frames--;
	return good;
}

static bool
count_step(const struct play *p, const struct node *n)
{
	return p->job->steps++ < TEMPLATE_STEPS_MAX ||
	    fault(p, n, "goes on for too long");
}

static bool
play_items(const struct play *p, size_t section, const struct value *list)
{
	const struct value *item;

	for (item = value_first(list); item != NULL; item = value_next(item))
		if (!count_step(p, &p->template->node[section]) ||
		    !play_with(p, section, item))
			return false;
	return true;
}

static bool
play_section(const struct play *p, size_t section)
{
	const struct node *n = &p->template->node[section];
	const struct value *v = look_up(p->job, n->text);
	bool good;

	if ((v != NULL && value_is_true(v)) == n->inverted)
		return true;
	good = deeper(p, n);
	if (!good)
		;
	else if (n->inverted || value_kind(v) == VALUE_FLAG)
		good = play(p, section + 1, n->end);
	else if (value_kind(v) == VALUE_LIST)
		good = play_items(p, section, v);
	else
		good = play_with(p, section, v);
	p->job->depth--;
	return good;
}

static const struct template *
partial_of(const struct play *p, const struct node *n)
{
	const struct template_files *files = p->job->files;
	char name[TEMPLATE_NAME_MAX + 1] = "";
	const struct template *t;

	memcpy(name, n->text.ptr, n->text.len);
	t = files->find(files->where, name);
	if (t == NULL)
		(void)fault(p, n, arena_printf(p->job->arena,
		    "there is no file %s", name));
	return t;
}

static bool
play_partial(const struct play *p, const struct node *n)
{
	struct indent indent = { n->indent, p->indent };
	const struct template *t = partial_of(p, n);
	bool good;

	if (t == NULL)
		return false;
	good = deeper(p, n) && play_template(p->job, t,
	    n->indent.ptr != NULL ? &indent : NULL, p->guard);
	p->job->depth--;
	return good;
}

static bool
play_node(const struct play *p, size_t i)
{
	const struct node *n = &p->template->node[i];

	switch (n->kind) {
	case NODE_TEXT:
		return play_text(p, n);
	case NODE_VALUE:
		return play_value(p, n);
	case NODE_SECTION:
		return play_section(p, i);
	case NODE_PARTIAL:
		break;
	}
	return play_partial(p, n);
}

static bool
play(const struct play *p, size_t from, size_t to)
{
	const struct node *n;
	size_t i;

	for (i = from; i < to;
	    i = n->kind == NODE_SECTION ? n->end : i + 1) {
		n = &p->template->node[i];
		if (!count_step(p, n))
			return false;
		/* What fails without a word has no room. */
		if (!play_node(p, i))
			return fault(p, n, "more comes of it than may be");
	}
	return true;
}

/* Without a context: every way that there is. */

static bool	nests(const struct play *, size_t from, size_t to);

static bool
nests_node(const struct play *p, size_t i)
{
	const struct node *n = &p->template->node[i];
	struct play within = *p;
	bool good = true;

	if (n->kind == NODE_SECTION) {
		good = deeper(p, n) && nests(p, i + 1, n->end);
		p->job->depth--;
	} else if (n->kind == NODE_PARTIAL) {
		if ((within.template = partial_of(p, n)) == NULL)
			return false;
		good = deeper(p, n) && nests(&within, 0, within.template->n);
		p->job->depth--;
	}
	return good;
}

static bool
nests(const struct play *p, size_t from, size_t to)
{
	const struct node *n;
	size_t i;

	for (i = from; i < to;
	    i = n->kind == NODE_SECTION ? n->end : i + 1) {
		n = &p->template->node[i];
		if (!count_step(p, n) || !nests_node(p, i))
			return false;
	}
	return true;
}

bool
template_nests(struct arena *a, const struct template_files *files,
    const char *name, const char **error)
{
	struct job j = { .arena = a, .files = files };
	struct play p = { .job = &j };
	bool good;

	p.template = files->find(files->where, name);
	good = p.template != NULL && nests(&p, 0, p.template->n);
	*error = j.error;
	return good;
}

static enum guard
guard_of(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".txt") == 0 ?
	    GUARD_LINE : GUARD_HTML;
}

const char *
template_render(struct arena *a, const struct template_files *files,
    const char *name, const struct value *context, const char **error)
{
	struct job j = { .arena = a, .files = files, .room = ROOM_FIRST };
	const struct template *t = files->find(files->where, name);

	j.frame[j.frames++] = context;
	j.out = arena_alloc(a, j.room);
	if (t == NULL)
		j.error = arena_printf(a, "%s: there is no such file", name);
	else
		(void)play_template(&j, t, NULL, guard_of(name));
	*error = j.error;
	return j.error == NULL ? j.out : NULL;
}
