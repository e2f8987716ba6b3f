#include "letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unicode.h"

#define LINE_BEST	78	/* RFC 5322, 2.1.1 */
#define LINE_MOST	998	/* the same */
#define LINE_CODED	76	/* RFC 2045, 6.7, and RFC 2047, 2 */
#define WORD_BEGIN	"=?utf-8?q?"
#define WORD_END	"?="
#define WORD_MOST	75	/* RFC 2047, 2 */
#define LABEL_MAX	63
#define BUFFER_FIRST	((size_t)4096)

/* Addresses. */

static bool
is_atom_character(char c)
{
	return text_is_alnum(c) || (c != '\0' &&
	    strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

static bool
is_local_part(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!is_atom_character(s.ptr[i]) && s.ptr[i] != '.')
			return false;
	return s.len >= 1;
}

static bool
is_label(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!text_is_alnum(s.ptr[i]) && s.ptr[i] != '-')
			return false;
	return s.len >= 1 && s.len <= LABEL_MAX && s.ptr[0] != '-' &&
	    s.ptr[s.len - 1] != '-';
}

static bool
is_host_name(struct slice rest)
{
	struct slice part;

	while (text_next_part(&rest, '.', &part))
		if (!is_label(part))
			return false;
	return true;
}

bool
letter_is_address(const char *s)
{
	size_t len = strnlen(s, LETTER_ADDRESS_MAX + 1);
	struct slice rest = { s, len }, local;

	return len <= LETTER_ADDRESS_MAX &&
	    text_next_part(&rest, '@', &local) && is_local_part(local) &&
	    rest.ptr != NULL && is_host_name(rest);
}

/* Words with one dot between them (RFC 5322, 3.2.3, dot-atom). */
static bool
is_dot_atom(struct slice rest)
{
	struct slice part;

	while (text_next_part(&rest, '.', &part))
		if (part.len == 0)
			return false;
	return true;
}

char *
letter_mailbox(struct arena *a, const char *address)
{
	struct slice local;

	if (!letter_is_address(address))
		return NULL;
	local.ptr = address;
	local.len = strcspn(address, "@");
	if (is_dot_atom(local))
		return arena_strdup(a, address);
	return arena_printf(a, "\"%.*s\"%s", (int)local.len, address,
	    address + local.len);
}

/* Bytes that grow. */

struct buffer {
	struct arena	*arena;
	char		*ptr;
	size_t		 len;
	size_t		 size;
	size_t		 column;	/* since the last CRLF */
};

static void
add(struct buffer *b, const char *s, size_t len)
{
	char *bigger;

	if (len > b->size - b->len) {
		b->size = b->size * 2 + len + BUFFER_FIRST;
		bigger = arena_alloc(b->arena, b->size);
		memcpy(bigger, b->ptr != NULL ? b->ptr : "", b->len);
		b->ptr = bigger;
	}
	memcpy(b->ptr + b->len, s, len);
	b->len += len;
	b->column += len;
}

static void
add_text(struct buffer *b, const char *s)
{
	add(b, s, strlen(s));
}

static void
end_line(struct buffer *b)
{
	add(b, "\r\n", 2);
	b->column = 0;
}

static void add_header(struct buffer *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add_header(struct buffer *b, const char *fmt, ...)
{
	char line[LINE_BEST * 8];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	add_text(b, line);
	end_line(b);
}

/* How many bytes a character of well-formed UTF-8 has. */
static size_t
character_len(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static void
add_escaped(struct buffer *b, const char *s, size_t len)
{
	char escape[4];

	for (; len > 0; s++, len--) {
		(void)snprintf(escape, sizeof(escape), "=%02X",
		    (unsigned int)(unsigned char)*s);
		add(b, escape, 3);
	}
}

/* The header. */

static bool
is_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

/* What the Q encoding leaves as it is in any field (RFC 2047, 5). */
static size_t
coded_len(const char *s)
{
	return text_is_alnum(*s) || *s == ' ' ? 1 : 3 * character_len(s);
}

static void
add_coded(struct buffer *b, const char *s)
{
	if (*s == ' ')
		add(b, "_", 1);
	else if (text_is_alnum(*s))
		add(b, s, 1);
	else
		add_escaped(b, s, character_len(s));
}

/* Words on lines of their own; none ends within a character. */
static void
add_words(struct buffer *b, const char *s)
{
	const size_t frame = strlen(WORD_BEGIN) + strlen(WORD_END);
	size_t used = frame;

	add_text(b, WORD_BEGIN);
	for (; *s != '\0'; s += character_len(s)) {
		if (b->column + coded_len(s) + strlen(WORD_END) > LINE_CODED ||
		    used + coded_len(s) > WORD_MOST) {
			add_text(b, WORD_END);
			end_line(b);
			add_text(b, " " WORD_BEGIN);
			used = frame;
		}
		used += coded_len(s);
		add_coded(b, s);
	}
	add_text(b, WORD_END);
}

/* Nothing to encode, to fold, or to be taken for an encoded word. */
static bool
stands_as_it_is(const struct buffer *b, const char *s, size_t more)
{
	size_t len = strlen(s);

	return is_printable(s) && strstr(s, "=?") == NULL &&
	    (len == 0 || (s[0] != ' ' && s[len - 1] != ' ')) &&
	    b->column + len + more <= LINE_BEST;
}

static void
add_subject(struct buffer *b, const char *subject)
{
	add_text(b, "Subject: ");
	if (stands_as_it_is(b, subject, 0))
		add_text(b, subject);
	else
		add_words(b, subject);
	end_line(b);
}

static void
add_quoted(struct buffer *b, const char *s)
{
	add(b, "\"", 1);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			add(b, "\\", 1);
		add(b, s, 1);
	}
	add(b, "\"", 1);
}

/* Of a quoted name each character may take two. */
static void
add_from(struct buffer *b, const char *name, const char *mailbox)
{
	add_text(b, "From: ");
	if (name[0] != '\0') {
		if (stands_as_it_is(b, name, strlen(name) + 2))
			add_quoted(b, name);
		else
			add_words(b, name);
		if (b->column + strlen(mailbox) + 3 > LINE_CODED)
			end_line(b);
		add_text(b, " <");
		add_text(b, mailbox);
		add_text(b, ">");
	} else
		add_text(b, mailbox);
	end_line(b);
}

/* RFC 5322, 3.3; the words are English in any locale. */
static void
add_date(struct buffer *b, int64_t ms)
{
	static const char *const day[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	static const char *const month[] = { "Jan", "Feb", "Mar", "Apr",
	    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;

	memset(&t, 0, sizeof(t));
	(void)gmtime_r(&seconds, &t);
	add_header(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000",
	    day[t.tm_wday], t.tm_mday, month[t.tm_mon], t.tm_year + 1900,
	    t.tm_hour, t.tm_min, t.tm_sec);
}

/* The body. */

static const char *
line_end(const char *s)
{
	s += strcspn(s, "\n");
	return s;
}

/* Without the CR before its LF. */
static struct slice
line_at(const char *s)
{
	struct slice line = { s, (size_t)(line_end(s) - s) };

	if (line.len > 0 && s[line.len] == '\n' && s[line.len - 1] == '\r')
		line.len--;
	return line;
}

static const char *
next_line(const char *s)
{
	s = line_end(s);
	return *s == '\n' ? s + 1 : s;
}

/* A line that begins with "From " gets a ">" where mail lies in one file. */
static bool
is_plain(const char *body, size_t longest, unsigned char greatest)
{
	struct slice line;
	size_t i;

	for (; *body != '\0'; body = next_line(body)) {
		line = line_at(body);
		if (line.len > longest || text_begins(body, "From "))
			return false;
		for (i = 0; i < line.len; i++)
			if ((unsigned char)line.ptr[i] > greatest)
				return false;
	}
	return true;
}

static void
add_plain(struct buffer *b, const char *body)
{
	struct slice line;

	for (; *body != '\0'; body = next_line(body)) {
		line = line_at(body);
		add(b, line.ptr, line.len);
		end_line(b);
	}
}

/* A dot alone ends a mail, and blanks at the end of a line get lost. */
static bool
goes_as_it_is(struct slice line, size_t i)
{
	char c = line.ptr[i];

	if (c == ' ' || c == '\t')
		return i + 1 < line.len;
	if (i == 0 && (c == '.' || (line.len > 4 &&
	    memcmp(line.ptr, "From ", 5) == 0)))
		return false;
	return c > ' ' && c <= '~' && c != '=';
}

/* The "=" that goes on in the next line needs a place as well. */
static void
add_quoted_line(struct buffer *b, struct slice line)
{
	bool as_it_is;
	size_t i, len, coded;

	for (i = 0; i < line.len; i += len) {
		as_it_is = goes_as_it_is(line, i);
		len = character_len(line.ptr + i);
		coded = as_it_is ? 1 : 3 * len;
		if (b->column + coded > LINE_CODED - 1) {
			add(b, "=", 1);
			end_line(b);
		}
		if (as_it_is)
			add(b, line.ptr + i, 1);
		else
			add_escaped(b, line.ptr + i, len);
	}
	end_line(b);
}

static void
add_body(struct buffer *b, const char *body, bool eight_bit)
{
	size_t longest = eight_bit ? LINE_MOST : LINE_BEST;
	bool ascii = is_plain(body, longest, 0x7f);
	bool plain = ascii || (eight_bit && is_plain(body, longest, 0xff));

	add_header(b, "Content-Transfer-Encoding: %s", ascii ? "7bit" :
	    plain ? "8bit" : "quoted-printable");
	end_line(b);
	if (plain)
		add_plain(b, body);
	else
		for (; *body != '\0'; body = next_line(body))
			add_quoted_line(b, line_at(body));
}

/* What no mail may hold. */

/* Those of ASCII, and U+0080 to U+009F. */
static bool
is_control(const char *s)
{
	unsigned char c = (unsigned char)s[0];

	return c < ' ' || c == 0x7f ||
	    (c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

static bool
is_value(const char *s)
{
	if (strlen(s) > LETTER_VALUE_MAX || !unicode_valid(s, strlen(s)))
		return false;
	for (; *s != '\0'; s++)
		if (is_control(s))
			return false;
	return true;
}

static bool
is_body(const char *s)
{
	if (!unicode_valid(s, strlen(s)))
		return false;
	for (; *s != '\0'; s++)
		if (is_control(s) && *s != '\n' && *s != '\t' &&
		    !(s[0] == '\r' && s[1] == '\n'))
			return false;
	return true;
}

static bool
is_host(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len <= LETTER_ADDRESS_MAX &&
	    (is_host_name((struct slice){ s, len }) || (s[0] == '[' &&
	    s[len - 1] == ']' && strspn(s + 1, "0123456789abcdef:.") ==
	    len - 2));
}

static const char *
fault_of(const struct letter *l)
{
	if (!letter_is_address(l->to))
		return "the recipient is no address";
	if (!letter_is_address(l->from))
		return "the sender is no address";
	if (!is_value(l->from_name))
		return "the sender's name cannot stand in a mail";
	if (l->subject[0] == '\0' || !is_value(l->subject))
		return "the subject is empty or cannot stand in a mail";
	if (!is_body(l->body))
		return "the text cannot stand in a mail";
	if (l->id[0] == '\0' || !text_is_base64url(l->id, strlen(l->id)) ||
	    strlen(l->id) > LINE_BEST || !is_host(l->host))
		return "the message's id cannot stand in a mail";
	return NULL;
}

const struct slice *
letter_compose(struct arena *a, const struct letter *l, const char **fault)
{
	struct buffer b = { .arena = a };
	struct slice *out;

	if ((*fault = fault_of(l)) != NULL)
		return NULL;
	add_from(&b, l->from_name, letter_mailbox(a, l->from));
	add_header(&b, "To: %s", letter_mailbox(a, l->to));
	add_subject(&b, l->subject);
	add_date(&b, l->date);
	add_header(&b, "Message-ID: <%s@%s>", l->id, l->host);
	add_header(&b, "Auto-Submitted: auto-generated");
	add_header(&b, "MIME-Version: 1.0");
	add_header(&b, "Content-Type: text/plain; charset=utf-8");
	add_body(&b, l->body, l->eight_bit);
	out = arena_alloc(a, sizeof(*out));
	*out = (struct slice){ .ptr = b.ptr, .len = b.len };
	return out;
}
