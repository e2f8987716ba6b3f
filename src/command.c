#include "command.h"

#include <stdarg.h>
#include <string.h>

#include "text.h"

static const struct verb verbs[] = {
#define ROW(function, object_, name_, arguments_, options_, about_)	\
	[VERB_ ## function] = { .id = VERB_ ## function,		\
	    .object = (object_), .name = (name_),			\
	    .arguments = (arguments_), .options = (options_),		\
	    .about = (about_) },
	VERBS(ROW)
#undef ROW
};

static const struct {
	unsigned int	 bit;
	const char	*name;
	const char	*value;
	const char	*about;
} options[OPT_PLACES] = {
#define ROW(id, name_, value_, about_)					\
	[OPT_AT_ ## id] = { .bit = OPT_ ## id, .name = (name_),		\
	    .value = (value_), .about = (about_) },
	OPTIONS(ROW)
#undef ROW
};

#define VERB_COUNT	(sizeof(verbs) / sizeof(verbs[0]))

/* What is left of the words, and what has been seen. */
struct line {
	struct command	*command;
	char		**word;
	enum command_kind kind;
	const char	*object;
	const char	*verb;
	bool		 plain;		/* after "--" */
};

static bool wrong(struct line *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static bool
wrong(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(l->command->fault, COMMAND_FAULT_MAX, fmt, ap);
	va_end(ap);
	l->kind = COMMAND_WRONG;
	return false;
}

static bool
read_path(struct line *l, const char *path)
{
	if (path == NULL && (path = *l->word) != NULL)
		l->word++;
	if (path == NULL)
		return wrong(l, "the option for the settings needs a file");
	l->command->conf_path = path;
	return true;
}

static bool
ask_for(struct line *l, enum command_kind kind)
{
	l->kind = kind;
	return false;
}

/* rest is what follows the name: "" or "=" and a value. */
static bool
read_option(struct line *l, enum option_place place, const char *rest)
{
	struct command *c = l->command;

	c->options |= options[place].bit;
	if (options[place].value == NULL)
		return true;
	c->value[place] = rest[0] == '=' ? rest + 1 : *l->word;
	if (c->value[place] == NULL)
		return wrong(l, "the option --%s needs a value",
		    options[place].name);
	l->word += rest[0] != '=';
	return true;
}

/* name has no dashes.  A name that is none may be anything: not repeated. */
static bool
read_long(struct line *l, const char *name)
{
	enum option_place i;
	size_t len;

	if (strcmp(name, "config") == 0)
		return read_path(l, NULL);
	if (text_begins(name, "config="))
		return read_path(l, name + strlen("config="));
	if (strcmp(name, "help") == 0)
		return ask_for(l, COMMAND_HELP);
	if (strcmp(name, "version") == 0)
		return ask_for(l, COMMAND_VERSION);
	for (i = 0; i < OPT_PLACES; i++) {
		len = strlen(options[i].name);
		if (text_begins(name, options[i].name) &&
		    (name[len] == '\0' || (name[len] == '=' &&
		    options[i].value != NULL)))
			return read_option(l, i, name + len);
	}
	return wrong(l, "there is no such option; what begins with two "
	    "dashes and is none comes after --");
}

/* Before the object alone: after the verb "-c" is a group that is left. */
static bool
read_short(struct line *l, const char *word)
{
	switch (word[1]) {
	case 'c':
		return read_path(l, word[2] != '\0' ? word + 2 : NULL);
	case 'h':
		return ask_for(l, COMMAND_HELP);
	case 'V':
		return ask_for(l, COMMAND_VERSION);
	default:
		return wrong(l, "there is no such option");
	}
}

/* The verb of an object that has only one, without a name; else NULL. */
static const char *
lone_verb(const char *object)
{
	size_t i;

	for (i = 0; i < VERB_COUNT; i++)
		if (strcmp(verbs[i].object, object) == 0)
			return verbs[i].name[0] == '\0' ? verbs[i].name :
			    NULL;
	return NULL;
}

static bool
read_plain(struct line *l, const char *word)
{
	struct command *c = l->command;

	if (l->object == NULL) {
		l->object = word;
		l->verb = lone_verb(word);
	} else if (l->verb == NULL)
		l->verb = word;
	else if (c->args == COMMAND_ARGS_MAX)
		return wrong(l, "more than %d arguments", COMMAND_ARGS_MAX);
	else
		c->arg[c->args++] = word;
	return true;
}

static bool
read_word(struct line *l, const char *word)
{
	if (l->plain)
		return read_plain(l, word);
	if (strcmp(word, "--") == 0)
		return l->plain = true;
	if (text_begins(word, "--"))
		return read_long(l, word + 2);
	if (word[0] == '-' && word[1] != '\0' && l->verb == NULL)
		return read_short(l, word);
	return read_plain(l, word);
}

static const char *
gap_before(const struct verb *v)
{
	return v->name[0] != '\0' ? " " : "";
}

static bool
find_verb(struct line *l)
{
	bool known = false;
	size_t i;

	if (l->object == NULL || l->verb == NULL)
		return wrong(l, "an object and a verb are needed");
	for (i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i].object, l->object) != 0)
			continue;
		known = true;
		if (strcmp(verbs[i].name, l->verb) == 0) {
			l->command->verb = &verbs[i];
			return true;
		}
	}
	return known ? wrong(l, "%s has no such verb", l->object) :
	    wrong(l, "there is no such object");
}

static bool
takes_options(struct line *l)
{
	const struct command *c = l->command;
	size_t i;

	for (i = 0; i < OPT_PLACES; i++)
		if ((c->options & ~c->verb->options & options[i].bit) != 0)
			return wrong(l, "%s%s%s has no option --%s",
			    c->verb->object, gap_before(c->verb),
			    c->verb->name, options[i].name);
	return true;
}

static bool
takes_arguments(struct line *l)
{
	const struct verb *v = l->command->verb;
	struct slice rest = { v->arguments, strlen(v->arguments) }, part;
	size_t least = 0, most = 0;

	while (rest.len > 0 && text_next_part(&rest, ' ', &part)) {
		least += part.ptr[0] != '[';
		most++;
		if (memchr(part.ptr, '.', part.len) != NULL)
			most = COMMAND_ARGS_MAX;
	}
	if (l->command->args >= least && l->command->args <= most)
		return true;
	return wrong(l, "usage: gatelodgectl %s%s%s %s", v->object,
	    gap_before(v), v->name,
	    v->arguments[0] != '\0' ? v->arguments : "(no argument)");
}

enum command_kind
command_read(struct command *c, int argc, char **argv)
{
	struct line l = { .command = c, .word = argv + (argc > 0),
	    .kind = COMMAND_RUN };
	const char *word;

	*c = (struct command){ .verb = NULL };
	while ((word = *l.word) != NULL) {
		l.word++;
		if (!read_word(&l, word))
			return l.kind;
	}
	if (find_verb(&l) && takes_options(&l) && takes_arguments(&l))
		return COMMAND_RUN;
	return l.kind;
}

static void
help_option(FILE *f, size_t i)
{
	(void)fprintf(f, "--%s%s%s", options[i].name,
	    options[i].value != NULL ? " " : "",
	    options[i].value != NULL ? options[i].value : "");
}

static void
help_verb(FILE *f, const struct verb *v)
{
	size_t i;

	(void)fprintf(f, "  %s%s%s", v->object, gap_before(v), v->name);
	if (v->arguments[0] != '\0')
		(void)fprintf(f, " %s", v->arguments);
	for (i = 0; i < OPT_PLACES; i++)
		if ((v->options & options[i].bit) != 0) {
			(void)fputs(" [", f);
			help_option(f, i);
			(void)fputc(']', f);
		}
	(void)fprintf(f, "\n      %s\n", v->about);
}

void
command_help(FILE *f)
{
	size_t i;

	(void)fputs("usage: gatelodgectl [-c FILE] OBJECT VERB [ARGUMENT...]"
	    "\n\n", f);
	for (i = 0; i < VERB_COUNT; i++)
		help_verb(f, &verbs[i]);
	(void)fputs("\n  -c, --config FILE\n      read settings from FILE\n"
	    "  -V, --version\n      print the version and exit\n"
	    "  -h, --help\n      print this and exit\n", f);
	for (i = 0; i < OPT_PLACES; i++) {
		(void)fputs("  ", f);
		help_option(f, i);
		(void)fprintf(f, "\n      %s\n", options[i].about);
	}
}
