/* Mustache, by the cases of its specification and by what would break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "template.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
/* A hundredfold of what it takes, for a busy machine. */
#define SOON_MS		2000

struct file {
	const char	*name;
	const char	*text;
};

struct sample {
	const char	*template;
	const char	*want;		/* or what the error says */
};

static struct arena *arena;
static struct value *context;
static const char *error;
static const char *unread;	/* why a file that was asked for is none */

/* The file under test comes first. */
static struct file shelf[] = {
	{ "", NULL },
	{ "bare", "in here" },
	{ "greet", "<{{tree}}>" },
	{ "inner", "[{{>bare}}]" },
	{ "two", "up\ndown\n" },
	{ "three", "|\n{{{lines}}}\n|\n" },
	{ "branch", "({{label}}{{#kids}}{{>branch}}{{/kids}})" },
	{ "loop", "{{>loop}}" },
	{ "twin", "{{>twin}}{{>twin}}" },
	{ "steps", "{{#rooms}}\n{{number}}\n{{/rooms}}\nend\n" },
	{ "nest", "1\n  {{>two}}\n2\n" },
	{ "mixed", "{{tree}} a\nb {{tree}}\n{{#yes}}c\n{{/yes}} d\n" },
	{ "inline", "1 {{>two}}2\n" },
	{ "broken", "fine\n{{#open}}\n" },
	{ "dir/with-dots.html", "dotted" },
};

/* Read when they are asked for. */
static struct template *templates[COUNT(shelf)];

static const struct template *
find(const void *where, const char *name)
{
	struct template **t = templates;
	const struct file *file;

	(void)where;
	for (file = shelf; strcmp(file->name, name) != 0; t++)
		if (++file == shelf + COUNT(shelf))
			return NULL;
	if (*t == NULL)
		*t = template_read(arena, file->name, file->text, NULL, NULL,
		    &unread);
	return *t;
}

static const struct template_files files = { find, NULL };

static void
build_rooms(void)
{
	struct value *rooms = value_list(arena, context, "rooms"), *room;

	room = value_item(arena, rooms);
	value_text(arena, room, "number", "11");
	value_text(arena, value_child(arena, room, "guest"), "name", "Bo");
	room = value_item(arena, rooms);
	value_text(arena, room, "number", "12");
	value_text(arena, room, "tree", "fir");
}

static void
build_trees(void)
{
	struct value *kids, *kid, *house;

	value_text(arena, context, "label", "1");
	kids = value_list(arena, context, "kids");
	kid = value_item(arena, kids);
	value_text(arena, kid, "label", "2");
	kids = value_list(arena, kid, "kids");
	kid = value_item(arena, kids);
	value_text(arena, kid, "label", "3");
	value_list(arena, kid, "kids");
	house = value_child(arena, context, "house");
	value_text(arena, house, "tree", "yew");
	value_text(arena, house, "odd", "<\"&'>");
	value_list(arena, house, "cellars");
	value_text(arena, value_child(arena,
	    value_child(arena, house, "door"), "lock"), "key", "brass");
}

static int
set_up(void **state)
{
	struct value *words;

	(void)state;
	arena = arena_new();
	context = value_object(arena);
	value_text(arena, context, "tree", "oak");
	value_text(arena, context, "odd", "<b> & \"it's\"");
	value_text(arena, context, "blank", "");
	value_text(arena, context, "lines", "x\ny");
	value_flag(arena, context, "yes", true);
	value_flag(arena, context, "no", false);
	value_list(arena, context, "empty");
	words = value_list(arena, context, "words");
	value_item_text(arena, words, "a");
	value_item_text(arena, words, "<b>");
	build_rooms();
	build_trees();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *
render(const char *name, const char *template)
{
	const char *text;
	size_t i;

	shelf[0] = (struct file){ name, template };
	unread = NULL;
	text = template_render(arena, &files, name, context, &error);
	assert_true((text == NULL) == (error != NULL));
	if (unread != NULL)
		error = unread;
	for (i = 0; i < COUNT(shelf); i++) {
		template_free(templates[i]);
		templates[i] = NULL;
	}
	return text;
}

static void
gives(const char *name, const char *template, const char *want)
{
	const char *text = render(name, template);

	if (text == NULL)
		fail_msg("%s: %s", template, error);
	if (strcmp(text, want) != 0)
		fail_msg("%s gives \"%s\", not \"%s\"", template, text, want);
}

static void
all_give(const struct sample *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		gives("x.html", s[i].template, s[i].want);
}

static void
refused(const char *template, const char *want)
{
	if (render("x.html", template) != NULL)
		fail_msg("\"%.70s\" is taken", template);
	if (strcmp(error, want) != 0)
		fail_msg("\"%.70s\": \"%s\", not \"%s\"", template, error, want);
}

static void
all_refused(const struct sample *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		refused(s[i].template, s[i].want);
}

/* Interpolation. */

static void
names_give_their_texts(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "Words { alone } }}\n", "Words { alone } }}\n" },
		{ "An {{tree}}!\n", "An oak!\n" },
		{ "{{tree}}{{tree}}", "oakoak" },
		{ "{{Tree}}{{tre}}{{trees}}", "" },
		{ "({{nothing}}) ({{{nothing}}}) ({{&nothing}})",
		    "() () ()" },
		{ "({{blank}})", "()" },
		{ "{ {{tree}} }", "{ oak }" },
		{ "{{tree}}}", "oak}" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
texts_are_escaped_unless_asked_for_raw(void **state)
{
	static const struct sample samples[] = {
		{ "{{odd}}", "&lt;b&gt; &amp; &quot;it&#39;s&quot;" },
		{ "{{{odd}}}", "<b> & \"it's\"" },
		{ "{{&odd}}", "<b> & \"it's\"" },
		{ "& < > \" ' {{house.odd}}",
		    "& < > \" ' &lt;&quot;&amp;&#39;&gt;" },
		{ "{{{house.odd}}}{{&house.odd}}", "<\"&'><\"&'>" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
what_is_no_text_gives_nothing(void **state)
{
	(void)state;
	gives("x.html", "({{yes}}{{no}}{{rooms}}{{house}}{{.}})", "()");
}

static void
dotted_names_lead_inwards(void **state)
{
	static const struct sample samples[] = {
		{ "{{house.tree}} {{{house.tree}}} {{&house.tree}}",
		    "yew yew yew" },
		{ "{{house.door.lock.key}}", "brass" },
		{ "({{house.door.key}})", "()" },
		{ "({{house.tree.key}})", "()" },
		{ "({{nothing.tree}})", "()" },
		/* The first part decides where, and there is no way back. */
		{ "{{#house}}({{door.tree}}){{/house}}", "()" },
		{ "{{#house}}{{door.lock.key}}{{/house}}", "brass" },
		{ "{{#house.door}}{{house.tree}}{{/house.door}}", "yew" },
		{ "{{#rooms}}[{{guest.name}}]{{/rooms}}", "[Bo][]" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
dot_is_the_item_itself(void **state)
{
	static const struct sample samples[] = {
		{ "{{#words}}({{.}}){{/words}}", "(a)(&lt;b&gt;)" },
		{ "{{#words}}({{{.}}}){{/words}}", "(a)(<b>)" },
		{ "{{#words}}({{&.}}){{/words}}", "(a)(<b>)" },
		{ "{{#tree}}an {{.}}{{/tree}}", "an oak" },
		{ "{{#words}}{{tree}}{{.}} {{/words}}",
		    "oaka oak&lt;b&gt; " },
		{ "{{#house.door}}{{#.}}{{lock.key}}{{/.}}{{/house.door}}",
		    "brass" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
blanks_round_a_value_stay(void **state)
{
	static const struct sample samples[] = {
		{ "- {{tree}} -", "- oak -" },
		{ "- {{{tree}}} - {{&tree}} -", "- oak - oak -" },
		{ "  {{tree}}\n", "  oak\n" },
		{ "  {{{tree}}}\n\t{{&tree}} \n", "  oak\n\toak \n" },
		{ "-{{  tree }}-{{\ttree\n}}-{{\r\ntree}}-", "-oak-oak-oak-" },
		{ "-{{{  tree  }}}-{{& tree }}-{{ &tree}}-{{\n&\ntree}}-",
		    "-oak-oak-" },
	};

	(void)state;
	all_give(samples, COUNT(samples) - 1);
	gives("x.html", "-{{{  tree  }}}-{{& tree }}-{{&\ntree}}-",
	    "-oak-oak-oak-");
	refused(samples[COUNT(samples) - 1].template,
	    "x.html:1: a tag without a name, or with none that may be");
}

/* Sections. */

static void
section_shows_what_is_true(void **state)
{
	static const struct sample samples[] = {
		{ "({{#yes}}shown{{/yes}})", "(shown)" },
		{ "({{#no}}hidden{{/no}})", "()" },
		{ "({{#nothing}}hidden{{/nothing}})", "()" },
		{ "({{#blank}}hidden{{/blank}})", "()" },
		{ "({{#empty}}hidden{{/empty}})", "()" },
		{ "({{#tree}}shown{{/tree}})", "(shown)" },
		{ "({{#house}}{{tree}}{{/house}})", "(yew)" },
		{ "({{#yes}}{{tree}}{{/yes}})", "(oak)" },
		{ "{{#yes}}1{{/yes}} {{no}}{{#yes}}2{{/yes}}", "1 2" },
		{ "{{#yes}}A{{#yes}}B{{/yes}}C{{/yes}}", "ABC" },
		{ "{{#yes}}A{{#no}}B{{/no}}C{{/yes}}", "AC" },
		{ "{{#no}}A{{#yes}}B{{/yes}}C{{/no}}", "" },
		{ "({{#house.tree}}shown{{/house.tree}})", "(shown)" },
		{ "({{#house.cellars}}hidden{{/house.cellars}})", "()" },
		{ "({{#house.door.bell}}hidden{{/house.door.bell}})", "()" },
		{ "({{# yes }}shown{{/\tyes\n}})", "(shown)" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
section_of_a_list_comes_for_each_item(void **state)
{
	static const struct sample samples[] = {
		{ "{{#rooms}}<{{number}}>{{/rooms}}", "<11><12>" },
		{ "{{#rooms}}{{number}}={{tree}} {{/rooms}}",
		    "11=oak 12=fir " },
		{ "{{#rooms}}{{#guest}}{{name}} in {{number}}{{/guest}}"
		    "{{^guest}}, {{number}} is free{{/guest}}{{/rooms}}",
		    "Bo in 11, 12 is free" },
		{ "{{#rooms}}{{#words}}{{number}}{{{.}}} {{/words}}{{/rooms}}",
		    "11a 11<b> 12a 12<b> " },
		{ "{{#rooms}}{{#rooms}}{{number}} {{/rooms}}{{/rooms}}",
		    "11 12 11 12 " },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
inverted_section_shows_what_is_not(void **state)
{
	static const struct sample samples[] = {
		{ "({{^no}}shown{{/no}})", "(shown)" },
		{ "({{^yes}}hidden{{/yes}})", "()" },
		{ "({{^nothing}}shown{{/nothing}})", "(shown)" },
		{ "({{^blank}}shown{{/blank}})", "(shown)" },
		{ "({{^empty}}shown{{/empty}})", "(shown)" },
		{ "({{^rooms}}hidden{{/rooms}})", "()" },
		{ "({{^house}}hidden{{/house}})", "()" },
		{ "({{^tree}}hidden{{/tree}})", "()" },
		{ "({{^empty}}{{tree}}{{/empty}})", "(oak)" },
		{ "{{^no}}1{{/no}} {{^no}}2{{/no}}", "1 2" },
		{ "{{^no}}A{{^no}}B{{/no}}C{{/no}}", "ABC" },
		{ "{{^no}}A{{^yes}}B{{/yes}}C{{/no}}", "AC" },
		{ "{{#yes}}y{{/yes}}{{^yes}}n{{/yes}}", "y" },
		{ "({{^house.cellars}}shown{{/house.cellars}})", "(shown)" },
		{ "({{^house.tree}}hidden{{/house.tree}})", "()" },
		{ "({{^nothing.at.all}}shown{{/nothing.at.all}})",
		    "(shown)" },
		{ "({{^ no }}shown{{/ no }})", "(shown)" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

/* Lines. */

static void
blanks_within_and_round_a_section_stay(void **state)
{
	static const struct sample samples[] = {
		{ " - {{#yes}}\t-\t{{/yes}} - \n", " - \t-\t - \n" },
		{ " - {{#yes}} {{! remark }}\n {{/yes}} - \n",
		    " -  \n  - \n" },
		{ " {{#yes}}YES{{/yes}}\n {{#yes}}GOOD{{/yes}}\n",
		    " YES\n GOOD\n" },
		{ " {{^no}}NO{{/no}}\n {{^no}}WAY{{/no}}\n", " NO\n WAY\n" },
		{ "{{#yes}}\n{{/yes}} x\n", " x\n" },
		{ "{{#yes}}{{/yes}}\n", "\n" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
lines_of_tags_alone_leave_no_trace(void **state)
{
	static const struct sample samples[] = {
		{ "top\n{{#yes}}\nmid\n{{/yes}}\nend\n", "top\nmid\nend\n" },
		{ "top\n  {{#yes}}\nmid\n\t{{/yes}} \nend", "top\nmid\nend" },
		{ "top\n{{^no}}\nmid\n{{/no}}\nend", "top\nmid\nend" },
		{ "|\r\n{{#yes}}\r\n{{/yes}}\r\n|", "|\r\n|" },
		{ "|\r\n{{^no}}\r\n{{/no}}\r\n|", "|\r\n|" },
		{ "  {{#yes}}\n#{{/yes}}\n/", "#\n/" },
		{ "#{{#yes}}\n/\n  {{/yes}}", "#\n/\n" },
		{ "  {{^no}}\n^{{/no}}\n/", "^\n/" },
		{ "^{{^no}}\n/\n  {{/no}}", "^\n/\n" },
		{ "{{#rooms}}\n- {{number}}\n{{/rooms}}\n", "- 11\n- 12\n" },
		{ "a\n\n{{#yes}}\n\nb\n{{/yes}}\n\nc", "a\n\n\nb\n\nc" },
		/* A carriage return alone ends no line. */
		{ "{{#yes}}\rx{{/yes}}", "\rx" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
remarks_are_not_seen(void **state)
{
	static const struct sample samples[] = {
		{ "12{{! not this }}34", "1234" },
		{ "12{{!\n not\n this\n}}34\n", "1234\n" },
		{ "a\n{{! alone }}\nb\n", "a\nb\n" },
		{ "a\n  {{! alone }}  \nb\n", "a\nb\n" },
		{ "|\r\n{{! alone }}\r\n|", "|\r\n|" },
		{ "  {{! first }}\n!", "!" },
		{ "!\n  {{! last }}", "!\n" },
		{ "a\n{{!\nmany\nlines\n}}\nb\n", "a\nb\n" },
		{ "a\n  {{!\n  many\n  }}\nb\n", "a\nb\n" },
		{ "  12 {{! 34 }}\n", "  12 \n" },
		{ "1 {{! not this }} 2", "1  2" },
		{ "({{! tree }}{{!tree}}{{!}}{{!#}}{{!= x }})", "()" },
		{ "{{! {{tree }}x", "x" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

/* Partials. */

static void
partials_stand_in_their_place(void **state)
{
	static const struct sample samples[] = {
		{ "\"{{>bare}}\"", "\"in here\"" },
		{ "{{>greet}}", "<oak>" },
		{ "{{#house}}{{>greet}}{{/house}}", "<yew>" },
		{ "{{>inner}}", "[in here]" },
		{ "{{>branch}}", "(1(2(3)))" },
		{ "| {{>bare}} |", "| in here |" },
		{ "|{{> bare }}|{{>\tbare\n}}|", "|in here|in here|" },
		{ "{{>dir/with-dots.html}}", "dotted" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
partial_alone_gives_its_lines_its_indentation(void **state)
{
	static const struct sample samples[] = {
		{ "a\n  {{>two}}\nb\n", "a\n  up\n  down\nb\n" },
		{ "  {{>bare}}  {{>bare}}\n", "  in here  in here\n" },
		{ "|\r\n{{>bare}}\r\n|", "|\r\nin here|" },
		{ "  {{>bare}}\n>", "  in here>" },
		{ ">\n  {{>bare}}", ">\n  in here" },
		/* The lines of a value are its own. */
		{ "\\\n {{>three}}\n/\n", "\\\n |\n x\ny\n |\n/\n" },
		{ "\t{{>steps}}\n", "\t11\n\t12\n\tend\n" },
		{ " {{>nest}}\n", " 1\n   up\n   down\n 2\n" },
		{ "  {{>mixed}}\n", "  oak a\n  b oak\n  c\n   d\n" },
		{ "  {{>inline}}\n", "  1 up\ndown\n2\n" },
		{ "x {{>two}}\n", "x up\ndown\n\n" },
	};

	(void)state;
	all_give(samples, COUNT(samples));
}

static void
partial_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	refused("a\n\n{{>absent.txt}}", "x.html:3: there is no file "
	    "absent.txt");
	refused("{{>broken}}", "broken:2: a section is not closed");
	gives("x.html", "{{#no}}{{>absent}}{{/no}}", "");
	assert_null(template_render(arena, &files, "none.txt", context,
	    &error));
	assert_string_equal(error, "none.txt: there is no such file");
}

/* What is safe depends on the file. */

static void
in_a_text_a_value_stays_on_its_line(void **state)
{
	(void)state;
	value_text(arena, context, "evil",
	    "Mozilla\r\nBcc: x\x1b[1m\x7f\xc2\x85\ty");
	gives("x.txt", "{{odd}}", "<b> & \"it's\"");
	gives("x.txt", "A: {{evil}}\nB\n",
	    "A: Mozilla??Bcc: x?[1m???" "?y\nB\n");
	gives("x.txt", "{{{lines}}} {{&lines}}", "x\ny x\ny");
	gives(".txt", "{{tree}}{{odd}}", "oak&lt;b&gt; &amp; &quot;it&#39;s"
	    "&quot;");
	gives("x", "{{house.odd}}", "&lt;&quot;&amp;&#39;&gt;");
	gives("x.txt.svg", "{{house.odd}}", "&lt;&quot;&amp;&#39;&gt;");
	/* What is written before it is not touched. */
	gives("x.txt", "a\tb\n{{tree}}\t{{lines}}\n", "a\tb\noak\tx?y\n");
}

static void
outermost_file_decides_what_is_safe(void **state)
{
	(void)state;
	shelf[1].text = "{{odd}}";
	gives("x.txt", "{{>bare}}", "<b> & \"it's\"");
	gives("x.html", "{{>bare}}", "&lt;b&gt; &amp; &quot;it&#39;s&quot;");
	shelf[1].text = "in here";
}

static void
value_is_never_a_template(void **state)
{
	(void)state;
	value_text(arena, context, "sly", "{{tree}}{{#yes}}{{>bare}}{{");
	gives("x.txt", "({{sly}}{{{sly}}}{{#sly}}{{&.}}{{/sly}})",
	    "({{tree}}{{#yes}}{{>bare}}{{{{tree}}{{#yes}}{{>bare}}{{"
	    "{{tree}}{{#yes}}{{>bare}}{{)");
	value_phrase(arena, context, "phrase", "<{{sly}}>");
	gives("x.txt", "{{phrase}}", "<{{tree}}{{#yes}}{{>bare}}{{>");
}

/* Phrases. */

static struct value *
catalogue(void)
{
	struct value *t = value_child(arena, context, "t");

	value_phrase(arena, t, "hello", "L'\"{{tree}}\" & {{odd}}");
	value_phrase(arena, t, "plain", "<Words>\n& 'more'");
	value_phrase(arena, t, "forced", "{{{odd}}}{{&odd}}");
	value_phrase(arena, t, "some", "{{#rooms}}{{number}},{{/rooms}}"
	    "{{^empty}}none{{/empty}}");
	value_phrase(arena, t, "again", "{{t.hello}}");
	value_phrase(arena, t, "self", "{{t.self}}");
	value_phrase(arena, t, "wrong", "a\n{{#tree}}");
	value_phrase(arena, t, "file", "{{>bare}}");
	value_phrase(arena, t, "blank", "");
	value_phrase(arena, t, "lines", "({{lines}})");
	return t;
}

static void
phrase_is_filled_and_then_made_safe(void **state)
{
	(void)state;
	catalogue();
	gives("x.txt", "{{t.hello}}", "L'\"oak\" & <b> & \"it's\"");
	gives("x.html", "{{t.hello}}", "L&#39;&quot;oak&quot; &amp; "
	    "&lt;b&gt; &amp; &quot;it&#39;s&quot;");
	gives("x.html", "{{{t.hello}}}", "L'\"oak\" & <b> & \"it's\"");
	gives("x.html", "{{t.plain}}", "&lt;Words&gt;\n&amp; &#39;more&#39;");
	gives("x.txt", "{{t.plain}}", "<Words>\n& 'more'");
	gives("x.html", "{{t.some}}", "11,12,none");
	gives("x.html", "({{t.blank}})", "()");
	gives("x.txt", "{{t.lines}}", "(x?y)");
}

/* Braces in a phrase do not undo what the tag around it asks for. */
static void
phrase_cannot_be_raw_by_itself(void **state)
{
	(void)state;
	catalogue();
	gives("x.html", "{{t.forced}}", "&lt;b&gt; &amp; &quot;it&#39;s&quot;"
	    "&lt;b&gt; &amp; &quot;it&#39;s&quot;");
}

static void
phrase_sees_the_context_that_it_is_used_in(void **state)
{
	(void)state;
	value_phrase(arena, catalogue(), "tall", "a {{tree}}");
	gives("x.html", "{{t.tall}}{{#house}}, {{t.tall}}{{/house}}",
	    "a oak, a yew");
	gives("x.html", "{{#t}}{{tall}}{{/t}}", "a oak");
	gives("x.html", "{{#t.tall}}<{{.}}>{{/t.tall}}", "<a oak>");
	gives("x.html", "{{#t.blank}}x{{/t.blank}}{{^t.blank}}y{{/t.blank}}",
	    "y");
}

static void
phrase_takes_no_indentation(void **state)
{
	(void)state;
	value_phrase(arena, catalogue(), "two", "a\nb");
	shelf[1].text = "{{t.two}}\n";
	gives("x.txt", "  {{>bare}}\n", "  a\nb\n");
	shelf[1].text = "in here";
}

static void
phrases_hold_neither_phrases_nor_files(void **state)
{
	(void)state;
	catalogue();
	refused("{{t.again}}", "t.again:1: a phrase within a phrase");
	refused("{{t.self}}", "t.self:1: a phrase within a phrase");
	refused("{{t.file}}", "t.file:1: a phrase holds another file");
	refused("\n{{t.wrong}}", "t.wrong:2: a section is not closed");
}

/* What is no template. */

static void
malformed_templates_are_told_with_their_line(void **state)
{
	static const char name[] =
	    "x.html:1: a tag without a name, or with none that may be";
	static const struct sample samples[] = {
		{ "{{", "x.html:1: a tag is not closed" },
		{ "\n\n  {{tree", "x.html:3: a tag is not closed" },
		{ "{{tree}", "x.html:1: a tag is not closed" },
		{ "{{{tree}}", "x.html:1: a tag is not closed" },
		{ "{{!", "x.html:1: a tag is not closed" },
		{ "{{tree}}\n{{! a\nb }\n", "x.html:2: a tag is not closed" },
		{ "{{}}", name }, { "{{ }}", name }, { "{{{}}}", name },
		{ "{{&}}", name }, { "{{#}}", name }, { "{{/}}", name },
		{ "{{>}}", name }, { "{{..}}", name }, { "{{.a}}", name },
		{ "{{a.}}", name }, { "{{a..b}}", name }, { "{{a b}}", name },
		{ "{{a/b}}", name }, { "{{$a}}", name }, { "{{<a}}", name },
		{ "{{*a}}", name }, { "{{\"a\"}}", name }, { "{{a\x01}}", name },
		{ "{{\xc3\xa9}}", name }, { "{{>a b}}", name },
		{ "{{>*a}}", name }, { "{{{{a}}}}", name },
		{ "{{=<% %>=}}", "x.html:1: delimiters cannot be changed" },
		{ "\n{{= }}", "x.html:2: delimiters cannot be changed" },
		{ "{{/yes}}", "x.html:1: {{/yes}} closes nothing" },
		{ "{{#yes}}\n\n{{/yes}}{{/no}}",
		    "x.html:3: {{/no}} closes nothing" },
		{ "a\n{{#yes}}\n{{/no}}", "x.html:3: {{/no}} where {{/yes}} "
		    "is missing, opened in line 2" },
		{ "{{#yes}}{{^no}}\n{{/yes}}{{/no}}", "x.html:2: {{/yes}} "
		    "where {{/no}} is missing, opened in line 1" },
		{ "\n{{#yes}}\n\n", "x.html:2: a section is not closed" },
		{ "{{^a}}\n{{#b}}\n{{/b}}", "x.html:1: a section is not "
		    "closed" },
		{ "{{#no}}\n{{\n}}{{/no}}", "x.html:2: a tag without a name, "
		    "or with none that may be" },
	};

	(void)state;
	all_refused(samples, COUNT(samples));
}

static char *
repeated(const char *part, size_t n)
{
	size_t len = strlen(part), i;
	char *text = arena_alloc(arena, len * n + 1);

	for (i = 0; i < n; i++)
		memcpy(text + i * len, part, len);
	return text;
}

static void
names_have_a_longest_length(void **state)
{
	const char *name = repeated("n", TEMPLATE_NAME_MAX);

	(void)state;
	value_text(arena, context, name, "found");
	gives("x.html", arena_printf(arena, "{{%s}}", name), "found");
	refused(arena_printf(arena, "{{%sn}}", name),
	    "x.html:1: a tag without a name, or with none that may be");
	refused(arena_printf(arena, "{{>%s}}", name),
	    arena_printf(arena, "x.html:1: there is no file %s", name));
	refused(arena_printf(arena, "{{>%sn}}", name),
	    "x.html:1: a tag without a name, or with none that may be");
	refused(arena_printf(arena, "{{a%s}}", repeated(".a", 40)),
	    "x.html:1: a tag without a name, or with none that may be");
}

static const char *
nested(const char *before, const char *after, size_t n)
{
	return ARENA_JOIN(arena, repeated(before, n), "x",
	    repeated(after, n));
}

static void
depth_has_an_end(void **state)
{
	(void)state;
	gives("x.html", nested("{{#yes}}", "{{/yes}}", TEMPLATE_DEPTH_MAX),
	    "x");
	gives("x.html", nested("{{#house}}", "{{/house}}",
	    TEMPLATE_DEPTH_MAX), "x");
	refused(nested("{{#yes}}", "{{/yes}}", TEMPLATE_DEPTH_MAX + 1),
	    "x.html:1: sections are nested too deep");
	refused(nested("{{#yes}}", "{{/yes}}", TEMPLATE_TAGS_MAX),
	    "x.html:1: too many tags");
	refused("{{>loop}}.", "loop:1: nested too deep");
	refused("{{#house}}{{>loop}}{{/house}}", "loop:1: nested too deep");
	refused(ARENA_JOIN(arena, repeated("{{#house}}", 16), "{{>bare}}",
	    repeated("{{/house}}", 16)), "x.html:1: nested too deep");
	catalogue();
	refused(ARENA_JOIN(arena, repeated("{{#yes}}", 16), "{{t.hello}}",
	    repeated("{{/yes}}", 16)), "x.html:1: nested too deep");
	/* What is over does not count. */
	gives("x.txt", repeated("{{>bare}}{{t.plain}}{{#yes}}{{/yes}}", 99),
	    repeated("in here<Words>\n& 'more'", 99));
}

static void
output_has_a_longest_length(void **state)
{
	const char *most = repeated("y", TEMPLATE_OUTPUT_MAX);

	(void)state;
	gives("x.html", most, most);
	arena_wipe(arena);
	context = value_object(arena);
	refused(repeated("y", TEMPLATE_OUTPUT_MAX + 1),
	    "x.html:1: more comes of it than may be");
	value_text(arena, context, "half",
	    repeated("<", TEMPLATE_OUTPUT_MAX / 8));
	refused("{{half}}\n{{half}}\n{{half}}",
	    "x.html:2: more comes of it than may be");
	gives("x.txt", repeated("{{half}}", 8),
	    repeated("<", TEMPLATE_OUTPUT_MAX));
}

static void
tags_have_a_largest_number(void **state)
{
	(void)state;
	gives("x.html", repeated("{{no}}", TEMPLATE_TAGS_MAX), "");
	refused(repeated("{{no}}", TEMPLATE_TAGS_MAX + 1),
	    "x.html:1: too many tags");
	shelf[1].text = repeated("{{no}}", TEMPLATE_TAGS_MAX + 1);
	refused("{{>bare}}", "bare:1: too many tags");
	shelf[1].text = "in here";
	value_phrase(arena, context, "half",
	    repeated("{{no}}", TEMPLATE_TAGS_MAX / 2));
	value_phrase(arena, context, "more",
	    repeated("{{no}}", TEMPLATE_TAGS_MAX / 2 + 1));
	gives("x.html", "{{half}}{{half}}{{half}}", "");
	refused("{{half}}\n{{more}}",
	    "x.html:2: too many tags in phrases");
}

/* Loops in loops, with nothing to show for it. */
static void
work_has_an_end(void **state)
{
	struct value *many = value_list(arena, context, "many");
	int64_t begun = clock_steady_ms();
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		(void)value_item(arena, many);
	gives("x.html", "{{#many}}{{/many}}", "");
	refused("{{#many}}{{#many}}{{/many}}{{/many}}",
	    "x.html:1: goes on for too long");
	refused(nested("{{#many}}", "{{/many}}", TEMPLATE_DEPTH_MAX),
	    "x.html:1: goes on for too long");
	refused("{{#many}}{{#many}}{{nothing.at.all}}{{/many}}{{/many}}",
	    "x.html:1: goes on for too long");
	value_phrase(arena, context, "phrase", "{{nothing}}");
	refused("{{#many}}{{#many}}{{phrase}}{{/many}}{{/many}}",
	    "x.html:1: goes on for too long");
	refused("{{#many}}{{#many}}{{>branch}}{{/many}}{{/many}}",
	    "branch:1: goes on for too long");
	/* As a tree of files that each name two. */
	refused("{{>twin}}", "twin:1: nested too deep");
	assert_true(clock_steady_ms() - begun < SOON_MS);
}

/* Text that is gone through for each item, or is indented ever deeper. */
static void
long_text_has_an_end(void **state)
{
	struct value *many = value_list(arena, context, "many");
	int64_t begun = clock_steady_ms();
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		(void)value_item(arena, many);
	shelf[1].text = ARENA_JOIN(arena, "{{!", repeated("\n", 200000),
	    "}}");
	gives("x.html", "{{#many}}{{>bare}}{{>bare}}{{/many}}", "");
	shelf[1].text = "in here";
	refused(ARENA_JOIN(arena, "{{#many}}\n", repeated(" ", 1000),
	    "{{>two}}\n{{/many}}\n"),
	    "two:1: more comes of it than may be");
	assert_true(clock_steady_ms() - begun < SOON_MS);
}

static void
every_piece_of_a_template_is_answered(void **state)
{
	static const char all[] = "a\r\n  {{#rooms}}\n{{ number }}{{! x }}\n"
	    "{{{tree}}}{{&odd}}{{^guest}} {{>two}}\n{{/guest}}\n{{/rooms}}"
	    "\n  {{>three}}\n{{t.hello}}{{#words}}{{.}}{{/words}}\n";
	size_t from, to;

	(void)state;
	catalogue();
	for (from = 0; from < sizeof(all); from++)
		for (to = from; to < sizeof(all); to++) {
			(void)render("x.html", arena_copy(arena, all + from,
			    to - from));
			arena_wipe(arena);
			context = value_object(arena);
			(void)catalogue();
			build_rooms();
		}
	assert_non_null(render("x.html", all));
}

/* Reading without filling. */

static char seen[256];

static void
note(void *where, char sign, struct slice name)
{
	char *to = where;

	(void)snprintf(to + strlen(to), sizeof(seen) - strlen(to), "%c%.*s|",
	    sign, (int)name.len, name.ptr);
}

static void
reading_shows_each_tag(void **state)
{
	struct template *t;

	(void)state;
	seen[0] = '\0';
	t = template_read(arena, "x", "{{a.b}}{{{c}}}{{&d}}{{#e}}\n"
	    "{{^ f }}{{>g/h.txt}}{{!i}}{{.}}{{/f}}{{/e}}", note, seen,
	    &error);
	assert_non_null(t);
	template_free(t);
	assert_null(error);
	assert_string_equal(seen,
	    " a.b|{c|&d|#e|^f|>g/h.txt|!| .|/f|/e|");
}

static void
reading_tells_what_is_wrong(void **state)
{
	struct template *t;

	(void)state;
	assert_null(template_read(arena, "x", "\n{{#a}}", NULL, NULL,
	    &error));
	assert_string_equal(error, "x:2: a section is not closed");
	t = template_read(arena, "x", "{{>a}}", NULL, NULL, &error);
	assert_non_null(t);
	template_free(t);
	assert_false(template_is_phrase(arena, "x", "{{>a}}", &error));
	assert_string_equal(error, "x:1: a phrase holds another file");
	assert_false(template_is_phrase(arena, "x", repeated("{{a}}",
	    TEMPLATE_TAGS_MAX + 1), &error));
	assert_string_equal(error, "x:1: too many tags");
	assert_true(template_is_phrase(arena, "x", "{{#a}}b{{/a}}", &error));
	assert_null(error);
}

#define FILLED(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILLED(names_give_their_texts),
		FILLED(texts_are_escaped_unless_asked_for_raw),
		FILLED(what_is_no_text_gives_nothing),
		FILLED(dotted_names_lead_inwards),
		FILLED(dot_is_the_item_itself),
		FILLED(blanks_round_a_value_stay),
		FILLED(section_shows_what_is_true),
		FILLED(section_of_a_list_comes_for_each_item),
		FILLED(inverted_section_shows_what_is_not),
		FILLED(blanks_within_and_round_a_section_stay),
		FILLED(lines_of_tags_alone_leave_no_trace),
		FILLED(remarks_are_not_seen),
		FILLED(partials_stand_in_their_place),
		FILLED(partial_alone_gives_its_lines_its_indentation),
		FILLED(partial_that_is_not_there_is_an_error),
		FILLED(in_a_text_a_value_stays_on_its_line),
		FILLED(outermost_file_decides_what_is_safe),
		FILLED(value_is_never_a_template),
		FILLED(phrase_is_filled_and_then_made_safe),
		FILLED(phrase_cannot_be_raw_by_itself),
		FILLED(phrase_sees_the_context_that_it_is_used_in),
		FILLED(phrase_takes_no_indentation),
		FILLED(phrases_hold_neither_phrases_nor_files),
		FILLED(malformed_templates_are_told_with_their_line),
		FILLED(names_have_a_longest_length),
		FILLED(depth_has_an_end),
		FILLED(output_has_a_longest_length),
		FILLED(tags_have_a_largest_number),
		FILLED(work_has_an_end),
		FILLED(long_text_has_an_end),
		FILLED(every_piece_of_a_template_is_answered),
		FILLED(reading_shows_each_tag),
		FILLED(reading_tells_what_is_wrong),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
