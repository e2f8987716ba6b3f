/* Mails as they are sent: header, body, and what none may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "letter.h"
#include "stage.h"

#define ID		"abcdefghijklmnopqrst-_"
#define UMLAUTS_10	"äöüßäöüßäö"
#define UMLAUTS_50	UMLAUTS_10 UMLAUTS_10 UMLAUTS_10 UMLAUTS_10 UMLAUTS_10
#define UMLAUTS_250	UMLAUTS_50 UMLAUTS_50 UMLAUTS_50 UMLAUTS_50 UMLAUTS_50
#define X_50		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct letter
usual(void)
{
	return (struct letter){ .to = "bob@example.com",
	    .from = "noreply@example.org", .from_name = "", .subject = "Hello",
	    .body = "Dear Bob,\n\nyes.\n", .id = ID, .host = "example.org",
	    .date = INT64_C(1700000000123) };
}

static const char *
compose(const struct letter *l)
{
	const char *fault;
	const struct slice *s = letter_compose(arena, l, &fault);

	if (s == NULL) {
		fail_msg("%s", fault);
		return "";
	}
	assert_int_equal(strnlen(s->ptr, s->len), s->len);
	return arena_copy(arena, s->ptr, s->len);
}

static const char *
body_of(const char *mail)
{
	const char *end = strstr(mail, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void
must_refuse(const struct letter *l)
{
	const char *fault = NULL;

	assert_null(letter_compose(arena, l, &fault));
	assert_non_null(fault);
}

static void
usual_one_byte_for_byte(void **state)
{
	struct letter l = usual();

	(void)state;
	assert_string_equal(compose(&l),
	    "From: noreply@example.org\r\n"
	    "To: bob@example.com\r\n"
	    "Subject: Hello\r\n"
	    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "Message-ID: <" ID "@example.org>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Dear Bob,\r\n\r\nyes.\r\n");
	/* Line ends of either kind come out the same, and the last is made. */
	l.body = "Dear Bob,\r\n\r\nyes.";
	assert_string_equal(body_of(compose(&l)),
	    "Dear Bob,\r\n\r\nyes.\r\n");
}

static void
names_are_quoted_or_encoded(void **state)
{
	static const char *const names[][2] = {
		{ "Example", "\"Example\" <" },
		{ "A \"b\" \\c", "\"A \\\"b\\\" \\\\c\" <" },
		{ "a, b <c@d>", "\"a, b <c@d>\" <" },
		{ "Köln", "=?utf-8?q?K=C3=B6ln?= <" },
		{ "=?x", "=?utf-8?q?=3D=3Fx?= <" },
		{ " x", "=?utf-8?q?_x?= <" },
	};
	struct letter l = usual();
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(names); i++) {
		l.from_name = names[i][0];
		assert_string_equal(strtok(arena_strdup(arena, compose(&l)),
		    "\r"), ARENA_JOIN(arena, "From: ", names[i][1],
		    "noreply@example.org>"));
	}
	l.from_name = X_50 X_50;
	assert_non_null(strstr(compose(&l), "?=\r\n <noreply@example.org>"));
}

/* 76 columns where there is an encoded word, 78 elsewhere; all is ASCII. */
static void
lines_are_short(const char *mail)
{
	const char *end;
	size_t len;

	for (; *mail != '\0'; mail = end + 2) {
		end = strstr(mail, "\r\n");
		assert_non_null(end);
		len = (size_t)(end - mail);
		assert_true(len <= 78);
		assert_null(memchr(mail, '\n', len));
		if (len > 76)
			assert_null(strstr(arena_copy(arena, mail, len),
			    "=?utf-8?q?"));
		for (; mail < end; mail++)
			assert_true(*mail >= ' ' && *mail <= '~');
	}
}

/* What the words of a field say together. */
static const char *
decode(const char *s)
{
	char *out = arena_alloc(arena, 4096), *to = out;

	for (; *s != '\0'; s++) {
		if (strncmp(s, "=?utf-8?q?", 10) == 0) {
			s += 9;
			/* Each word is text by itself. */
			assert_true(((unsigned char)strtol(arena_copy(arena,
			    s[1] == '=' ? s + 2 : "41", 2), NULL, 16) &
			    0xc0) != 0x80);
		} else if (strncmp(s, "?=\r\n ", 5) == 0)
			s += 4;
		else if (strncmp(s, "?=\r\n", 4) == 0)
			break;
		else if (*s == '=') {
			*to++ = (char)strtol(arena_copy(arena, s + 1, 2),
			    NULL, 16);
			s += 2;
		} else
			*to++ = *s == '_' ? ' ' : *s;
	}
	return out;
}

static void
subject_is_folded_between_characters(void **state)
{
	char subject[512];
	struct letter l = usual();
	const char *mail;
	size_t i;

	(void)state;
	l.subject = subject;
	for (i = 0; i < 60; i++) {
		(void)snprintf(subject, sizeof(subject), "%.*s%s €𝄞 %s",
		    (int)i, X_50 X_50, UMLAUTS_50, "end _=?");
		mail = compose(&l);
		lines_are_short(mail);
		assert_string_equal(decode(strstr(mail, "Subject: ") + 9),
		    subject);
	}
}

static void
long_subject_is_encoded_though_ascii(void **state)
{
	struct letter l = usual();

	(void)state;
	l.subject = X_50 X_50;
	lines_are_short(compose(&l));
	assert_string_equal(decode(strstr(compose(&l), "Subject: ") + 9),
	    l.subject);
}

static void
body_is_quoted_printable_when_it_must_be(void **state)
{
	static const char *const bodies[][2] = {
		{ "plain\n", "plain\r\n" },
		{ "ä = b \n", "=C3=A4 =3D b=20\r\n" },
		{ "ä\n.\nFrom me\n", "=C3=A4\r\n=2E\r\n=46rom me\r\n" },
		{ "From me\n", "=46rom me\r\n" },
		{ "\tä\t\n", "\t=C3=A4=09\r\n" },
		{ X_50 X_50 "\n", X_50 "xxxxxxxxxxxxxxxxxxxxxxxxx=\r\n"
		    "xxxxxxxxxxxxxxxxxxxxxxxxx\r\n" },
		{ "", "" },
	};
	struct letter l = usual();
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		l.body = bodies[i][0];
		assert_string_equal(body_of(compose(&l)), bodies[i][1]);
	}
	l.body = UMLAUTS_50 UMLAUTS_50 "\n" UMLAUTS_50 "=" X_50 X_50;
	lines_are_short(compose(&l));
	assert_string_equal(strstr(compose(&l), "Content-Transfer-Encoding: "
	    "quoted-printable\r\n\r\n=C3=A4") != NULL ? "qp" : "7bit", "qp");
}

/* A link stays whole, whatever stands beside it. */
static void
body_stays_as_it_is_where_eight_bits_may(void **state)
{
	static const char *const bodies[][3] = {
		{ "ä = b\nhttps://x.example/?t=a\n",
		    "ä = b\r\nhttps://x.example/?t=a\r\n", "8bit\r\n" },
		{ "a = b\n", "a = b\r\n", "7bit\r\n" },
		{ X_50 X_50 "\n", X_50 X_50 "\r\n", "7bit\r\n" },
		{ "ä\nFrom me\n", "=C3=A4\r\n=46rom me\r\n",
		    "quoted-printable\r\n" },
	};
	struct letter l = usual();
	const char *encoding;
	size_t i;

	(void)state;
	l.eight_bit = true;
	for (i = 0; i < HELPER_COUNT(bodies); i++) {
		l.body = bodies[i][0];
		assert_string_equal(body_of(compose(&l)), bodies[i][1]);
		encoding = strstr(compose(&l), "Content-Transfer-Encoding: ");
		assert_non_null(encoding);
		assert_true(text_begins(encoding + strlen(
		    "Content-Transfer-Encoding: "), bodies[i][2]));
	}
	l.body = UMLAUTS_250 UMLAUTS_250;
	assert_non_null(strstr(compose(&l), ": quoted-printable\r\n"));
}

static void
control_characters_are_refused_everywhere(void **state)
{
	struct letter l;
	char bad[32];
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		if (c >= ' ' && c < 0x7f)
			continue;
		(void)snprintf(bad, sizeof(bad), "a%cb", c);
		l = usual();
		l.subject = bad;
		must_refuse(&l);
		l = usual();
		l.from_name = bad;
		must_refuse(&l);
		l = usual();
		l.id = bad;
		must_refuse(&l);
		l = usual();
		l.host = bad;
		must_refuse(&l);
		l = usual();
		l.body = bad;
		if (c != '\n' && c != '\t')
			must_refuse(&l);
		(void)snprintf(bad, sizeof(bad), "a%cb@example.org", c);
		l = usual();
		l.to = bad;
		must_refuse(&l);
		l = usual();
		l.from = bad;
		must_refuse(&l);
	}
	l = usual();
	l.subject = "a\xc2\x85" "b";
	must_refuse(&l);
}

static void
addresses(void **state)
{
	static const char *const good[] = { "a@b", "bob@example.com",
	    "b.o-b+x'/=?^_`{|}~!#$%&*@xn--kln-sna.example",
	    "a..b@example.org", ".a@example.org" };
	static const char *const bad[] = { "", "@", "a@", "@b", "a", "a@b@c",
	    "a b@c", "a@b c", "<a@b>", "a@b>", "a\"@b", "a,b@c", "a@b,c@d",
	    "a@b\r\nRCPT TO:<c@d>", "a@b\n", "a@-b", "a@b-", "a@b..c", "a@b.",
	    "a@.b", "ä@b", "a@ä", "a(b)@c", "a:b@c", "a;b@c", "a\\b@c",
	    "a[b@c", "a@[127.0.0.1]", "a@b_c", " a@b", "a@b " };
	char longest[300];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(good); i++)
		if (!letter_is_address(good[i]))
			fail_msg("refused: %s", good[i]);
	for (i = 0; i < HELPER_COUNT(bad); i++)
		if (letter_is_address(bad[i]) ||
		    letter_mailbox(arena, bad[i]) != NULL)
			fail_msg("taken: %s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + LETTER_ADDRESS_MAX - 2, "@b", 3);
	assert_true(letter_is_address(longest));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + LETTER_ADDRESS_MAX - 1, "@b", 3);
	assert_false(letter_is_address(longest));
}

static void
local_parts_are_quoted_where_smtp_wants_it(void **state)
{
	(void)state;
	assert_string_equal(letter_mailbox(arena, "a.b@c.d"), "a.b@c.d");
	assert_string_equal(letter_mailbox(arena, "a..b@c.d"),
	    "\"a..b\"@c.d");
	assert_string_equal(letter_mailbox(arena, ".a@c"), "\".a\"@c");
	assert_string_equal(letter_mailbox(arena, "a.@c"), "\"a.\"@c");
}

/* Of any length of line and mixture of characters. */
static void
bodies_of_many_shapes_stay_in_their_lines(void **state)
{
	static const char *const part[] = { "x", "ä", "€", "𝄞", "=", " ", ".",
	    "\n", "From ", "\t" };
	struct letter l = usual();
	unsigned int seed = 1;
	char body[2048];
	size_t i, n;

	(void)state;
	l.body = body;
	for (i = 0; i < 300; i++) {
		body[0] = '\0';
		for (n = 0; n < 400; n++) {
			seed = seed * 1103515245 + 12345;
			(void)strncat(body, part[seed / 65536 %
			    (i % 10 + 1)], 5);
		}
		if (strchr(body, '\t') == NULL)
			lines_are_short(compose(&l));
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_arena,		\
    stage_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(usual_one_byte_for_byte),
		TEST(names_are_quoted_or_encoded),
		TEST(subject_is_folded_between_characters),
		TEST(long_subject_is_encoded_though_ascii),
		TEST(body_is_quoted_printable_when_it_must_be),
		TEST(body_stays_as_it_is_where_eight_bits_may),
		TEST(control_characters_are_refused_everywhere),
		TEST(addresses),
		TEST(local_parts_are_quoted_where_smtp_wants_it),
		TEST(bodies_of_many_shapes_stay_in_their_lines),
	};

	return cmocka_run_group_tests_name("letter", tests, NULL, NULL);
}
