#include "steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SCENE_MAX	22	/* the longest */

static const char *const people[ACCOUNTS] = { "ann", "ann+x", "bob", "the 4th",
    "the 5th", "the 6th" };

/* What programs have taken for a token before (CVE-2019-16109 and kin). */
static const char *const odd_words[] = {
	"null", "None", "undefined", "0", "true",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"4oymiquy7qobjgx36tejs35zeqt24qpemsnzgtfeswm",
	"-------------------------------------------",
	"' OR 1=1 --", "%", "*",
};

/* Chance: splitmix64. */

uint64_t
steps_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int
below(uint64_t *state, int n)
{
	return (int)(steps_random(state) % (uint64_t)n);
}

static bool
in_hundred(uint64_t *state, int percent)
{
	return below(state, 100) < percent;
}

/* The first row whose percentage is not used up. */
struct chance {
	int		 percent;
	int		 what;
};

static int
choose(uint64_t *state, const struct chance *row)
{
	int left = below(state, 100);

	for (; left >= row->percent; row++)
		left -= row->percent;
	return row->what;
}

static int
somebody_else(uint64_t *state, int person)
{
	return (person + 1 + below(state, PEOPLE - 1)) % PEOPLE;
}

static struct value
value_by(uint64_t *state, const struct chance *rows, int person)
{
	struct value v = { .kind = OF_RESET };

	v.source = (enum source)choose(state, rows);
	v.person = in_hundred(state, 80) ? person :
	    somebody_else(state, person);
	v.n = in_hundred(state, 60) ? 0 : (unsigned int)below(state, 12);
	return v;
}

static const struct chance cookies[] = {
	{ 70, FROM_LIVE_SESSION }, { 10, FROM_SESSION }, { 4, FROM_ID },
	{ 3, FROM_LIVE_TICKET }, { 1, FROM_LIVE_DEVICE }, { 2, FROM_STORE },
	{ 1, FROM_STORED_TICKET }, { 3, FROM_WORD }, { 2, FROM_NOTHING },
	{ 4, FROM_NOWHERE },
};
static const struct chance login_cookies[] = {
	{ 60, FROM_NOWHERE }, { 30, FROM_LIVE_SESSION }, { 5, FROM_SESSION },
	{ 3, FROM_ID }, { 2, FROM_WORD },
};
static const struct chance devices[] = {
	{ 45, FROM_NOWHERE }, { 40, FROM_LIVE_DEVICE }, { 9, FROM_DEVICE },
	{ 2, FROM_LIVE_SESSION }, { 2, FROM_WORD }, { 2, FROM_NOTHING },
};
static const struct chance resets[] = {
	{ 60, FROM_LIVE_TICKET }, { 18, FROM_TICKET }, { 6, FROM_LIVE_SESSION },
	{ 2, FROM_ID }, { 4, FROM_STORED_TICKET }, { 4, FROM_WORD },
	{ 2, FROM_NULL }, { 2, FROM_NOTHING }, { 2, FROM_NOWHERE },
};
static const struct chance tickets[] = {
	{ 44, FROM_LIVE_TICKET }, { 11, FROM_TICKET }, { 9, FROM_OTHER_KIND },
	{ 15, FROM_CODE }, { 4, FROM_WRONG_CODE }, { 4, FROM_ANY_CODE },
	{ 3, FROM_LIVE_SESSION }, { 1, FROM_ID }, { 2, FROM_STORED_TICKET },
	{ 3, FROM_WORD }, { 1, FROM_NULL }, { 1, FROM_NOTHING },
	{ 2, FROM_NOWHERE },
};
static const struct chance ids[] = {
	{ 70, FROM_ID }, { 8, FROM_LIVE_SESSION }, { 5, FROM_SESSION },
	{ 5, FROM_STORE }, { 4, FROM_LIVE_TICKET }, { 6, FROM_WORD },
	{ 2, FROM_NOTHING },
};
static const struct chance words[] = {
	{ 76, RIGHT }, { 8, FORMER }, { 6, OTHERS }, { 8, FIXED }, { 1, NONE },
	{ 1, NO_TEXT },
};
static const struct chance wrong_words[] = {
	{ 50, FIXED }, { 25, FORMER }, { 25, OTHERS },
};
static const struct chance new_words[] = {
	{ 96, FIXED }, { 2, NONE }, { 2, NO_TEXT },
};
static const struct chance deeds[M_PROFILES][DEEDS] = {
	[COMPAT] = {
		{ 1, WELCOME }, { 8, REGISTER }, { 17, LOGIN }, { 4, LOGOUT },
		{ 4, LIST }, { 4, CONFIRM }, { 3, END_OTHERS },
		{ 6, END_ONE }, { 6, PROFILE }, { 4, DELETE_ACCOUNT },
		{ 7, CHANGE }, { 4, EXPORT }, { 6, RESET_ASK },
		{ 7, RESET_USE }, { 3, WAIT }, { 5, EDGE }, { 1, SWEEP },
		{ 1, RESET_LINK }, { 1, DISABLE }, { 1, ENABLE },
		{ 1, CONFIRM_USER }, { 1, MOVE_ASK }, { 1, MOVE_USE },
		{ 1, UNDO }, { 1, REPORT }, { 2, SPEAK },
	},
	[STANDARD] = {
		{ 1, WELCOME }, { 1, REGISTER }, { 25, LOGIN }, { 3, LOGOUT },
		{ 4, LIST }, { 7, CONFIRM }, { 3, END_OTHERS },
		{ 5, END_ONE }, { 5, PROFILE }, { 3, DELETE_ACCOUNT },
		{ 6, CHANGE }, { 4, EXPORT }, { 1, RESET_ASK },
		{ 6, RESET_USE }, { 3, WAIT }, { 7, EDGE }, { 1, SWEEP },
		{ 6, RESET_LINK }, { 1, DISABLE }, { 1, ENABLE },
		{ 1, CONFIRM_USER }, { 1, MOVE_ASK }, { 1, MOVE_USE },
		{ 1, UNDO }, { 1, REPORT }, { 2, SPEAK },
	},
	[MAILED] = {
		{ 9, REGISTER }, { 15, LOGIN }, { 1, LOGOUT }, { 1, LIST },
		{ 3, CONFIRM }, { 1, END_OTHERS }, { 3, PROFILE },
		{ 3, DELETE_ACCOUNT }, { 5, CHANGE }, { 1, EXPORT },
		{ 8, RESET_ASK }, { 6, RESET_USE }, { 6, CONFIRM_USER },
		{ 10, MOVE_ASK }, { 6, MOVE_USE }, { 5, UNDO },
		{ 5, REPORT }, { 3, WAIT }, { 3, EDGE }, { 1, SWEEP },
		{ 1, RESET_LINK }, { 2, DISABLE }, { 1, ENABLE },
		{ 1, SPEAK },
	},
};

static const char *const languages[] = {
	"fr", "en", "auto", "tlh", "fr-CH", "", NULL,
};

static struct phrase
phrase_by(uint64_t *state, const struct chance *rows)
{
	struct phrase p;

	p.word = (enum word)choose(state, rows);
	p.n = below(state, PASSWORDS);
	return p;
}

static int64_t
some_time(uint64_t *state)
{
	static const int64_t times[] = {
		1, SECOND, 59 * SECOND, MINUTE, 5 * MINUTE, 59 * MINUTE, HOUR,
		6 * HOUR, DAY, 7 * DAY, 366 * DAY, -SECOND, -MINUTE,
		-5 * MINUTE,
	};

	return times[below(state, (int)COUNT(times))];
}

static const struct chance *
cookies_for(enum deed deed)
{
	return deed == LOGIN || deed == REGISTER || m_takes_ticket(deed) ?
	    login_cookies : cookies;
}

static enum m_kind
kind_for(enum deed deed)
{
	switch (deed) {
	case CONFIRM_USER:
		return OF_REGISTRATION;
	case MOVE_USE:
		return OF_MOVE;
	case UNDO:
		return OF_UNDO;
	case REPORT:
		return OF_REPORT;
	default:
		return OF_RESET;
	}
}

static void
fill_token(uint64_t *state, enum m_profile profile, struct step *s,
    int person)
{
	const struct chance *rows = resets;

	if (s->deed == END_ONE)
		rows = ids;
	else if (m_takes_ticket(s->deed) &&
	    (profile == MAILED || s->deed != RESET_USE))
		rows = tickets;
	s->token = value_by(state, rows, person);
	s->token.kind = kind_for(s->deed);
}

/* What is asked for an address that may be anybody's, or nobody's. */
static void
fill_wish(uint64_t *state, struct step *s)
{
	s->address = below(state, ACCOUNTS);
	s->stray = in_hundred(state, 30);
}

static void
fill_cookies(uint64_t *state, struct step *s, int person)
{
	s->cookie[0] = value_by(state, cookies_for(s->deed), person);
	if (in_hundred(state, 3))
		s->cookie[1] = value_by(state, cookies, person);
	s->device = value_by(state, devices, person);
	s->misnamed = in_hundred(state, 2);
}

/* The two whose answers tell the time of the last sign are not one. */
static bool
may_be_opened(enum deed deed)
{
	return deed == PROFILE;
}

static void
fill(uint64_t *state, enum m_profile profile, enum deed deed, int person,
    struct step *s)
{
	memset(s, 0, sizeof(*s));
	s->deed = deed;
	s->address = person;
	s->variant = in_hundred(state, 60) ? 0 : below(state, VARIANTS);
	if (deed < DOORS && in_hundred(state, 2))
		s->address = ABSENT;
	else if (deed == LOGIN && in_hundred(state, 6))
		s->address = PEOPLE + below(state, STRANGERS);
	s->password = phrase_by(state, deed == REGISTER ? new_words : words);
	s->new_password = phrase_by(state, new_words);
	fill_cookies(state, s, person);
	fill_token(state, profile, s, person);
	s->client = in_hundred(state, 60) ? 0 : below(state, CLIENTS);
	s->agent = in_hundred(state, 50);
	s->json = in_hundred(state, 40);
	s->present = may_be_opened(deed) && in_hundred(state, 40);
	s->head = deed < DOORS && in_hundred(state, 5) &&
	    strncmp(m_doors[deed], "GET ", 4) == 0;
	s->ms = deed == WAIT ? some_time(state) : below(state, 3) - 1;
	s->n = (unsigned int)below(state, 64);
	s->stray = in_hundred(state, 15);
	if (profile == MAILED && s->address != ABSENT &&
	    (deed == REGISTER || deed == MOVE_ASK))
		fill_wish(state, s);
	/* A link says all; beside a code there is an address. */
	if ((deed == CONFIRM_USER || deed == MOVE_USE) &&
	    s->token.source != FROM_CODE && in_hundred(state, 40))
		s->address = ABSENT;
}

/* Many wrong passwords from one place: for one address, or for many. */
static size_t
guesses(uint64_t *state, int person, struct step *out)
{
	bool one = in_hundred(state, 50);
	size_t i, n = 3 + (size_t)below(state, one ? 5 : 18);
	struct step s;

	fill(state, STANDARD, LOGIN, person, &s);
	s.stray = false;
	s.cookie[0].source = s.cookie[1].source = FROM_NOWHERE;
	s.device.source = one && in_hundred(state, 50) ? FROM_LIVE_DEVICE :
	    FROM_NOWHERE;
	for (i = 0; i < n; i++) {
		s.password = phrase_by(state, wrong_words);
		if (!one)
			s.address = PEOPLE + below(state, STRANGERS);
		out[i] = s;
	}
	return n;
}

static void
fill_login(uint64_t *state, int person, enum word word, bool known,
    struct step *s)
{
	fill(state, STANDARD, LOGIN, person, s);
	s->address = s->device.person = person;
	s->stray = s->misnamed = false;
	s->cookie[0].source = s->cookie[1].source = FROM_NOWHERE;
	s->device.source = known ? FROM_LIVE_DEVICE : FROM_NOWHERE;
	s->device.n = 0;
	s->password.word = word;
	s->client = 0;
}

/*
 * Somebody has a browser that the victim has used too, and an account: what
 * they guess there is counted, however often they log in in between (B34).
 */
static size_t
shared_browser(uint64_t *state, int victim, struct step *out)
{
	int guesser = somebody_else(state, victim), i;
	size_t n = 0;

	fill_login(state, victim, RIGHT, false, &out[n++]);
	fill_login(state, guesser, RIGHT, true, &out[n]);
	out[n++].device.person = victim;
	for (i = 0; i < 9; i++) {
		fill_login(state, victim, OTHERS, true, &out[n++]);
		if (in_hundred(state, 20))
			fill_login(state, guesser, RIGHT, true, &out[n++]);
	}
	return n;
}

/* People mostly have an account and a session before they do the rest. */
static size_t
beginning(uint64_t *state, enum m_profile profile, struct step *out)
{
	int first = below(state, PEOPLE), person;
	size_t n = 0;
	int i;

	for (i = 0; i < 2; i++) {
		person = (first + i) % PEOPLE;
		if (profile == COMPAT && in_hundred(state, 85)) {
			fill(state, profile, REGISTER, person, &out[n]);
			out[n++].password.word = FIXED;
		}
		if (in_hundred(state, 70))
			fill(state, profile, LOGIN, person, &out[n++]);
	}
	return n;
}

/* What follows of it, by a mail; DEEDS: nothing. */
static enum deed
sequel(uint64_t *state, enum m_profile profile, enum deed deed)
{
	static const struct {
		enum deed	 deed, sequel;
		int		 percent;
	} rows[] = {
		{ RESET_ASK, RESET_USE, 40 }, { RESET_LINK, RESET_USE, 40 },
		{ REGISTER, CONFIRM_USER, 70 }, { MOVE_ASK, MOVE_USE, 70 },
		{ MOVE_USE, UNDO, 50 }, { CHANGE, REPORT, 30 },
		{ RESET_USE, REPORT, 20 }, { LOGIN, REPORT, 10 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		if (rows[i].deed == deed && (profile == MAILED ||
		    rows[i].sequel == RESET_USE))
			return in_hundred(state, rows[i].percent) ?
			    rows[i].sequel : DEEDS;
	return DEEDS;
}

/* A mail is asked for, and its code guessed, before it is shown. */
static size_t
code_guesses(uint64_t *state, int person, struct step *out)
{
	static const enum deed asked[] = { REGISTER, MOVE_ASK, RESET_ASK };
	static const enum deed used[] = { CONFIRM_USER, MOVE_USE, RESET_USE };
	int which = below(state, 3), wrong = 1 + below(state, 4);
	enum source right = in_hundred(state, 70) ? FROM_CODE :
	    FROM_LIVE_TICKET;
	size_t n = 0;

	fill(state, MAILED, asked[which], person, &out[n++]);
	for (; wrong >= 0; wrong--) {
		fill(state, MAILED, used[which], person, &out[n]);
		out[n].address = person;
		out[n].stray = false;
		out[n].token.source = wrong > 0 ? FROM_WRONG_CODE : right;
		out[n++].token.n = 0;
	}
	return n;
}

/* Nothing in it is beside the point. */
static void
fill_plain(uint64_t *state, enum deed deed, int person, int address,
    struct step *s)
{
	fill(state, MAILED, deed, person, s);
	s->misnamed = false;
	s->stray = deed == REGISTER || deed == MOVE_ASK || deed == RESET_ASK;
	s->address = address;
	s->password = (struct phrase){ FIXED, below(state, PASSWORDS - 1) };
	s->new_password = s->password;
	s->cookie[0] = (struct value){ FROM_LIVE_SESSION, person, 0, OF_RESET };
	s->cookie[1].source = FROM_NOWHERE;
	s->token.source = in_hundred(state, 50) ? FROM_LIVE_TICKET :
	    FROM_CODE;
	s->token.person = deed == MOVE_USE || deed == UNDO ? person : address;
	s->token.n = 0;
}

/* What is asked for an address that is somebody's, or for one of nobody. */
static size_t
decoy(uint64_t *state, int person, struct step *out)
{
	int other = 1 - person, nobody = PEOPLE + below(state, 3);
	size_t n = 0;

	switch (below(state, 3)) {
	case 0:
		fill_plain(state, REGISTER, person, other, &out[n++]);
		fill_plain(state, CONFIRM_USER, person, other, &out[n]);
		out[n++].token.source = FROM_CODE;
		break;
	case 1:
		fill_login(state, person, RIGHT, false, &out[n++]);
		fill_plain(state, MOVE_ASK, person, other, &out[n++]);
		fill_plain(state, MOVE_USE, person, other, &out[n]);
		out[n++].token.source = FROM_CODE;
		break;
	default:
		fill_plain(state, RESET_ASK, person, nobody, &out[n++]);
		fill_plain(state, RESET_USE, person, nobody, &out[n++]);
		break;
	}
	return n;
}

/* Between asking and coming, or going and returning, somebody takes it. */
static size_t
overtaken(uint64_t *state, int person, struct step *out)
{
	bool returns = in_hundred(state, 50);
	int next = PEOPLE + below(state, 3), lost = returns ? person : next;
	size_t n = 0;

	fill_login(state, person, RIGHT, false, &out[n++]);
	fill_plain(state, MOVE_ASK, person, next, &out[n++]);
	if (returns)
		fill_plain(state, MOVE_USE, person, next, &out[n++]);
	fill_plain(state, REGISTER, person, lost, &out[n++]);
	fill_plain(state, CONFIRM_USER, person, lost, &out[n++]);
	fill_plain(state, returns ? UNDO : MOVE_USE, person, next, &out[n]);
	if (returns)
		out[n].token.source = FROM_LIVE_TICKET;
	return n + 1;
}

/* From one place, of one address or of many, until not even the right does. */
static size_t
code_flood(uint64_t *state, int person, struct step *out)
{
	bool one = in_hundred(state, 50);
	size_t n = 0, wrong = 20;

	fill_plain(state, REGISTER, person, person, &out[n++]);
	while (n <= wrong + 1) {
		fill_plain(state, CONFIRM_USER, person, person, &out[n]);
		out[n].token.source = n <= wrong ? FROM_WRONG_CODE :
		    FROM_CODE;
		out[n].stray = false;
		out[n].client = 0;
		if (!one && n <= wrong)
			out[n].address = PEOPLE + below(state, STRANGERS);
		n++;
	}
	return n;
}

static size_t
mailed_scene(uint64_t *state, int person, struct step *out)
{
	switch (below(state, 8)) {
	case 0:
	case 1:
		return decoy(state, person % 2, out);
	case 2:
	case 3:
		return overtaken(state, person % 2, out);
	case 4:
		return code_flood(state, person, out);
	default:
		return code_guesses(state, person, out);
	}
}

/* A few calls that belong together; 0: none. */
static size_t
scene(uint64_t *state, enum m_profile profile, int person, struct step *out)
{
	if (profile == COMPAT || !in_hundred(state, profile == MAILED ? 12 :
	    8))
		return 0;
	if (profile == MAILED && in_hundred(state, 85))
		return mailed_scene(state, person, out);
	return in_hundred(state, 70) ? guesses(state, person, out) :
	    shared_browser(state, person, out);
}

static enum m_profile
some_profile(uint64_t *state)
{
	static const struct chance profiles[] = {
		{ 55, COMPAT }, { 30, STANDARD }, { 15, MAILED },
	};

	return (enum m_profile)choose(state, profiles);
}

size_t
steps_make(uint64_t seed, enum m_profile *profile, struct step *out)
{
	uint64_t state = seed;
	size_t n, most, more;
	int person = below(&state, PEOPLE);
	enum deed deed;

	*profile = some_profile(&state);
	n = beginning(&state, *profile, out);
	most = n + 8 + (size_t)below(&state, *profile == MAILED ? 10 : 4);
	while (n < most) {
		if (in_hundred(&state, 35))
			person = below(&state, PEOPLE);
		more = most + SCENE_MAX > STEPS_MAX ? 0 :
		    scene(&state, *profile, person, &out[n]);
		n += more;
		most += more;
		if (more > 0)
			continue;
		deed = (enum deed)choose(&state, deeds[*profile]);
		do {
			fill(&state, *profile, deed, person, &out[n++]);
			deed = sequel(&state, *profile, deed);
		} while (deed != DEEDS && n < most);
	}
	return n;
}

/* What a step names, in this world. */

static const struct m_session *
pick_session(const struct m_world *w, const struct value *v, bool live)
{
	const struct m_session *list[MANY];
	int i, n = 0;

	if (live) {
		n = m_sessions_of(w, v->person, list);
	} else {
		for (i = w->sessions - 1; i >= 0; i--)
			if (w->session[i].person == v->person)
				list[n++] = &w->session[i];
	}
	return n > 0 ? list[v->n % (unsigned int)n] : NULL;
}

/* Who has none takes somebody else's. */
static const struct m_session *
session_of(const struct m_world *w, const struct value *v)
{
	bool live = v->source != FROM_SESSION;
	const struct m_session *s = NULL;
	struct value of = *v;
	int i;

	for (i = 0; i < ACCOUNTS && s == NULL; i++) {
		of.person = (v->person + i) % ACCOUNTS;
		s = pick_session(w, &of, live);
	}
	return s;
}

static bool
names_ticket(const struct m_world *w, const struct value *v,
    const struct m_ticket *t)
{
	switch (v->source) {
	case FROM_TICKET:
		return t->kind == v->kind && t->token[0] != '\0';
	case FROM_OTHER_KIND:
		return t->kind != v->kind && t->token[0] != '\0' &&
		    m_ticket_lives(w, t);
	case FROM_CODE:
	case FROM_WRONG_CODE:
		return t->kind == v->kind && t->code[0] != '\0' &&
		    m_ticket_lives(w, t);
	case FROM_ANY_CODE:
		return t->code[0] != '\0';
	default:
		return t->kind == v->kind && t->token[0] != '\0' &&
		    m_ticket_lives(w, t);
	}
}

/* What is nobody's is counted to the address that it is about. */
static const struct m_ticket *
pick_ticket(const struct m_world *w, const struct value *v)
{
	const struct m_ticket *list[MANY], *t;
	int i, n = 0;

	for (i = w->tickets - 1; i >= 0; i--) {
		t = &w->ticket[i];
		if (v->person == (t->person != ABSENT ? t->person :
		    t->address) && names_ticket(w, v, t))
			list[n++] = t;
	}
	return n > 0 ? list[v->n % (unsigned int)n] : NULL;
}

static const struct m_ticket *
ticket_of(const struct m_world *w, const struct value *v)
{
	const struct m_ticket *t = NULL;
	struct value of = *v;
	int i;

	for (i = 0; i < ACCOUNTS && t == NULL; i++) {
		of.person = (v->person + i) % ACCOUNTS;
		t = pick_ticket(w, &of);
	}
	return t;
}

static const struct m_device *
pick_device(const struct m_world *w, const struct value *v, bool live)
{
	const struct m_device *list[MANY], *d;
	int i, n = 0;

	for (i = w->devices - 1; i >= 0; i--) {
		d = &w->device[i];
		if (!live || (!d->former && m_browser_known(w,
		    &w->browser[d->browser], v->person)))
			list[n++] = d;
	}
	return n > 0 ? list[v->n % (unsigned int)n] : NULL;
}

static const char *
name_of(const struct m_world *w, const struct value *v)
{
	const struct m_session *s = session_of(w, v);
	const struct m_ticket *t = ticket_of(w, v);
	const struct m_device *d = pick_device(w, v,
	    v->source == FROM_LIVE_DEVICE);

	switch (v->source) {
	case FROM_LIVE_SESSION:
	case FROM_SESSION:
	case FROM_STORE:
		return s != NULL ? s->secret : NULL;
	case FROM_ID:
		return s != NULL ? s->id : NULL;
	case FROM_LIVE_TICKET:
	case FROM_TICKET:
	case FROM_OTHER_KIND:
	case FROM_STORED_TICKET:
		return t != NULL ? t->token : NULL;
	case FROM_CODE:
	case FROM_ANY_CODE:
	case FROM_WRONG_CODE:
		return t != NULL ? t->code : NULL;
	case FROM_LIVE_DEVICE:
	case FROM_DEVICE:
		return d != NULL ? d->token : NULL;
	case FROM_NOWHERE:
	case FROM_NOTHING:
	case FROM_WORD:
	case FROM_NULL:
		break;
	}
	return NULL;
}

static bool
is_code(enum source source)
{
	return source == FROM_CODE || source == FROM_ANY_CODE ||
	    source == FROM_WRONG_CODE;
}

/* As it stands in the mail, or as people type it. */
static void
type_code(const struct value *v, const char *code, char *out)
{
	static const char *const glue[] = { " ", "", "-" };

	(void)snprintf(out, TOKEN_MAX, "%.4s%s%s", code, glue[v->n % 3],
	    code + 5);
	if (v->source == FROM_WRONG_CODE)
		out[0] = out[0] == '7' ? '8' : '7';
}

/* Who has nothing of that kind sends a word. */
static const char *
text_of(const struct m_world *w, const struct value *v, char *out)
{
	const char *named = name_of(w, v);

	out[0] = '\0';
	if (v->source == FROM_NOWHERE)
		return NULL;
	if ((v->source == FROM_STORE || v->source == FROM_STORED_TICKET) &&
	    named != NULL)
		(void)digest_token_hash(named, out);
	else if (is_code(v->source) && named != NULL)
		type_code(v, named, out);
	else if (v->source != FROM_NOTHING)
		(void)snprintf(out, TOKEN_MAX, "%s", named != NULL ? named :
		    odd_words[v->n % COUNT(odd_words)]);
	return out;
}

/* Of the address's account; of one that went, the password that it had. */
static int
password_of(const struct m_world *w, int address, const struct phrase *p)
{
	int person = m_account_at(w, address);
	const struct m_account *a, *other;

	if (person == ABSENT)
		person = address >= 0 && address < ACCOUNTS ? address : 0;
	a = &w->account[person];
	other = &w->account[(person + 1) % PEOPLE];
	switch (p->word) {
	case RIGHT:
		return a->password != ABSENT ? a->password : a->former;
	case FORMER:
		return a->former;
	case OTHERS:
		return other->password != ABSENT ? other->password :
		    other->former;
	case FIXED:
		return p->n;
	case NONE:
		return ABSENT;
	case NO_TEXT:
		break;
	}
	return EMPTY;
}

/* The first from there that is free. */
static int
free_address(const struct m_world *w, int from)
{
	int i, n = w->profile == MAILED ? ACCOUNTS : PEOPLE;

	for (i = 0; i < n; i++)
		if (m_account_at(w, (from + i) % n) == ABSENT)
			return (from + i) % n;
	return from;
}

static int
account_address(const struct m_world *w, int from)
{
	int i, n = w->profile == MAILED ? ACCOUNTS : PEOPLE;

	for (i = 0; i < n; i++)
		if (w->account[(from + i) % n].exists)
			return w->account[(from + i) % n].address;
	return from;
}

/* What the step is about; ABSENT is about nobody. */
static int
address_of(const struct m_world *w, const struct step *s)
{
	const struct m_session *session = session_of(w, &s->cookie[0]);
	const struct m_ticket *ticket = ticket_of(w, &s->token);

	if (s->stray || s->address < 0 || s->address >= ACCOUNTS)
		return s->address;
	if (m_takes_ticket(s->deed))
		return ticket != NULL ? ticket->address : s->address;
	if (s->deed == REGISTER || s->deed == MOVE_ASK)
		return free_address(w, s->address);
	if (s->deed != LOGIN && s->deed != RESET_ASK && s->deed < DOORS)
		return session != NULL ?
		    w->account[session->person].address : s->address;
	return account_address(w, s->address);
}

void
steps_resolve(const struct m_world *w, const struct step *s,
    struct m_texts *texts, struct m_request *out)
{
	memset(out, 0, sizeof(*out));
	out->deed = s->deed;
	out->address = address_of(w, s);
	out->variant = s->variant;
	out->password = password_of(w, out->address, &s->password);
	out->new_password = password_of(w, out->address, &s->new_password);
	if (!s->misnamed) {
		out->cookie[0] = text_of(w, &s->cookie[0], texts->text[0]);
		out->cookie[1] = text_of(w, &s->cookie[1], texts->text[1]);
	}
	if (out->cookie[0] == NULL) {
		out->cookie[0] = out->cookie[1];
		out->cookie[1] = NULL;
	}
	if (w->profile != COMPAT)
		out->device = text_of(w, &s->device, texts->text[2]);
	out->language = languages[s->n % COUNT(languages)];
	out->token = text_of(w, &s->token, texts->text[3]);
	out->token_null = s->token.source == FROM_NULL && s->json &&
	    m_takes_ticket(s->deed);
	out->client = s->client;
	out->agent = s->agent;
	out->present = s->present;
	out->head = s->head;
}

/* In words. */

/* "2 of ann": secrets are numbered as they came to be. */
static const char *
whose(const struct m_world *w, const char *named)
{
	static char text[64];
	int i;

	for (i = 0; i < w->sessions; i++)
		if (named == w->session[i].secret ||
		    named == w->session[i].id)
			(void)snprintf(text, sizeof(text), "%d of %s", i + 1,
			    people[w->session[i].person]);
	for (i = 0; i < w->tickets; i++)
		if (named == w->ticket[i].token || named == w->ticket[i].code)
			(void)snprintf(text, sizeof(text), "%d, %s, for %s",
			    i + 1, m_kinds[w->ticket[i].kind],
			    m_address(w->ticket[i].address, 0));
	for (i = 0; i < w->devices; i++)
		if (named == w->device[i].token)
			(void)snprintf(text, sizeof(text), "%d", i + 1);
	return text;
}

static void
describe_value(FILE *f, const struct m_world *w, const char *name,
    const struct value *v, const char *text)
{
	static const char *const sources[] = {
		[FROM_LIVE_SESSION] = "session", [FROM_SESSION] = "session",
		[FROM_ID] = "id of session",
		[FROM_STORE] = "stored hash of session",
		[FROM_LIVE_TICKET] = "ticket", [FROM_TICKET] = "ticket",
		[FROM_OTHER_KIND] = "ticket", [FROM_CODE] = "code of ticket",
		[FROM_ANY_CODE] = "code of ticket",
		[FROM_WRONG_CODE] = "wrong code for ticket",
		[FROM_STORED_TICKET] = "stored hash of ticket",
		[FROM_LIVE_DEVICE] = "device", [FROM_DEVICE] = "device",
	};
	const char *named = name_of(w, v);

	if (text == NULL)
		return;
	if (named == NULL)
		(void)fprintf(f, " %s=\"%s\"", name, text);
	else
		(void)fprintf(f, " %s=(%s %s)", name, sources[v->source],
		    whose(w, named));
}

static void
describe_password(FILE *f, const char *name, int password)
{
	if (password == EMPTY)
		(void)fprintf(f, " %s=\"\"", name);
	else if (password != ABSENT)
		(void)fprintf(f, " %s=\"%s\"", name,
		    m_passwords[password].text);
}

static void
describe_cookies(FILE *f, const struct m_world *w, const struct step *s,
    const struct m_request *r)
{
	if (s->misnamed)
		(void)fprintf(f, " cookie of the other profile's name");
	else if (r->cookie[1] != NULL || s->cookie[1].source == FROM_NOWHERE)
		describe_value(f, w, "cookie", &s->cookie[0], r->cookie[0]);
	if (!s->misnamed && s->cookie[1].source != FROM_NOWHERE)
		describe_value(f, w, "cookie", &s->cookie[1],
		    r->cookie[1] != NULL ? r->cookie[1] : r->cookie[0]);
	describe_value(f, w, "device", &s->device, r->device);
}

static void
describe_call(FILE *f, const struct m_world *w, const struct step *s,
    const struct m_request *r)
{
	bool email = s->deed == REGISTER || s->deed == LOGIN ||
	    s->deed == RESET_ASK || s->deed == MOVE_ASK ||
	    m_takes_ticket(s->deed);
	bool password = s->deed == REGISTER || s->deed == LOGIN ||
	    s->deed == CONFIRM || s->deed == DELETE_ACCOUNT ||
	    s->deed == CHANGE;

	(void)fprintf(f, "%s%s", r->head ? "HEAD for " : "",
	    m_doors[s->deed]);
	if (email && r->address != ABSENT)
		(void)fprintf(f, " email=%s", m_address(r->address,
		    r->variant));
	if (password)
		describe_password(f, s->deed == CHANGE ? "current_password" :
		    "password", r->password);
	if (s->deed == CHANGE || s->deed == RESET_USE)
		describe_password(f, "new_password", r->new_password);
	if (m_takes_ticket(s->deed))
		describe_value(f, w, m_token_field(s->deed), &s->token,
		    r->token);
	if (s->deed == END_ONE)
		describe_value(f, w, "id", &s->token, r->token);
	if (s->deed == SPEAK && r->language != NULL)
		(void)fprintf(f, " language=%s", r->language);
	describe_cookies(f, w, s, r);
	(void)fprintf(f, " from %s%s%s", m_client(w->profile,
	    r->client)->address, s->json ? ", JSON" : "",
	    r->present ? ", opened as a page" : "");
}

void
steps_describe(FILE *f, const struct m_world *w, const struct step *s,
    const struct m_request *r)
{
	static const char *const beside[DEEDS] = {
		[WAIT] = "wait", [EDGE] = "wait for an end",
		[SWEEP] = "sweep", [RESET_LINK] = "reset link for",
		[DISABLE] = "disable", [ENABLE] = "enable",
	};

	if (s->deed < DOORS)
		describe_call(f, w, s, r);
	else if (s->deed == WAIT || s->deed == EDGE)
		(void)fprintf(f, "%s: %" PRId64 " ms", beside[s->deed],
		    s->ms);
	else if (s->deed == SWEEP)
		(void)fprintf(f, "%s", beside[s->deed]);
	else
		(void)fprintf(f, "%s %s", beside[s->deed],
		    m_address(r->address, 0));
}
