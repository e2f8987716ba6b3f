#include "steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const people[PEOPLE] = { "ann", "ann+x", "bob" };

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
	struct value v;

	v.source = (enum source)choose(state, rows);
	v.person = in_hundred(state, 80) ? person :
	    somebody_else(state, person);
	v.n = in_hundred(state, 60) ? 0 : (unsigned int)below(state, 12);
	return v;
}

static const struct chance cookies[] = {
	{ 70, FROM_LIVE_SESSION }, { 10, FROM_SESSION }, { 4, FROM_ID },
	{ 3, FROM_LIVE_RESET }, { 1, FROM_LIVE_DEVICE }, { 2, FROM_STORE },
	{ 1, FROM_STORED_RESET }, { 3, FROM_WORD }, { 2, FROM_NOTHING },
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
	{ 60, FROM_LIVE_RESET }, { 18, FROM_RESET }, { 6, FROM_LIVE_SESSION },
	{ 2, FROM_ID }, { 4, FROM_STORED_RESET }, { 4, FROM_WORD },
	{ 2, FROM_NULL }, { 2, FROM_NOTHING }, { 2, FROM_NOWHERE },
};
static const struct chance ids[] = {
	{ 70, FROM_ID }, { 8, FROM_LIVE_SESSION }, { 5, FROM_SESSION },
	{ 5, FROM_STORE }, { 4, FROM_LIVE_RESET }, { 6, FROM_WORD },
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
		{ 1, WELCOME }, { 9, REGISTER }, { 21, LOGIN }, { 4, LOGOUT },
		{ 4, LIST }, { 4, CONFIRM }, { 3, END_OTHERS },
		{ 6, END_ONE }, { 8, PROFILE }, { 4, DELETE_ACCOUNT },
		{ 7, CHANGE }, { 4, EXPORT }, { 6, RESET_ASK },
		{ 7, RESET_USE }, { 3, WAIT }, { 5, EDGE }, { 1, SWEEP },
		{ 1, RESET_LINK }, { 1, DISABLE }, { 1, ENABLE },
	},
	[STANDARD] = {
		{ 1, WELCOME }, { 1, REGISTER }, { 30, LOGIN }, { 3, LOGOUT },
		{ 4, LIST }, { 9, CONFIRM }, { 3, END_OTHERS },
		{ 5, END_ONE }, { 5, PROFILE }, { 3, DELETE_ACCOUNT },
		{ 6, CHANGE }, { 4, EXPORT }, { 1, RESET_ASK },
		{ 6, RESET_USE }, { 3, WAIT }, { 7, EDGE }, { 1, SWEEP },
		{ 6, RESET_LINK }, { 1, DISABLE }, { 1, ENABLE },
	},
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
	return deed == LOGIN || deed == REGISTER || deed == RESET_USE ?
	    login_cookies : cookies;
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
fill(uint64_t *state, enum deed deed, int person, struct step *s)
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
	s->token = value_by(state, deed == END_ONE ? ids : resets, person);
	s->client = in_hundred(state, 60) ? 0 : below(state, CLIENTS);
	s->agent = in_hundred(state, 50);
	s->json = in_hundred(state, 40);
	s->present = may_be_opened(deed) && in_hundred(state, 40);
	s->head = deed < DOORS && in_hundred(state, 5) &&
	    strncmp(m_doors[deed], "GET ", 4) == 0;
	s->ms = deed == WAIT ? some_time(state) : below(state, 3) - 1;
	s->n = (unsigned int)below(state, 64);
	s->stray = in_hundred(state, 15);
}

/* Many wrong passwords from one place: for one address, or for many. */
static size_t
guesses(uint64_t *state, int person, struct step *out)
{
	bool one = in_hundred(state, 50);
	size_t i, n = 3 + (size_t)below(state, one ? 5 : 18);
	struct step s;

	fill(state, LOGIN, person, &s);
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
	fill(state, LOGIN, person, s);
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
			fill(state, REGISTER, person, &out[n]);
			out[n++].password.word = FIXED;
		}
		if (in_hundred(state, 70))
			fill(state, LOGIN, person, &out[n++]);
	}
	return n;
}

size_t
steps_make(uint64_t seed, enum m_profile *profile, struct step *out)
{
	uint64_t state = seed;
	size_t n, most, more;
	int person = below(&state, PEOPLE);
	enum deed deed;

	*profile = in_hundred(&state, 60) ? COMPAT : STANDARD;
	n = beginning(&state, *profile, out);
	most = n + 8 + (size_t)below(&state, 4);
	while (n < most) {
		if (in_hundred(&state, 35))
			person = below(&state, PEOPLE);
		deed = (enum deed)choose(&state, deeds[*profile]);
		if (*profile == STANDARD && most + 20 <= STEPS_MAX &&
		    in_hundred(&state, 8)) {
			more = in_hundred(&state, 70) ?
			    guesses(&state, person, &out[n]) :
			    shared_browser(&state, person, &out[n]);
			n += more;
			most += more;
			continue;
		}
		fill(&state, deed, person, &out[n++]);
		if ((deed == RESET_ASK || deed == RESET_LINK) && n < most &&
		    in_hundred(&state, 40))
			fill(&state, RESET_USE, person, &out[n++]);
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

	for (i = 0; i < PEOPLE && s == NULL; i++) {
		of.person = (v->person + i) % PEOPLE;
		s = pick_session(w, &of, live);
	}
	return s;
}

static const struct m_reset *
pick_reset(const struct m_world *w, const struct value *v, bool live)
{
	const struct m_reset *list[MANY], *r;
	int i, n = 0;

	for (i = w->resets - 1; i >= 0; i--) {
		r = &w->reset[i];
		if (r->person == v->person && (!live || m_reset_lives(w, r)))
			list[n++] = r;
	}
	return n > 0 ? list[v->n % (unsigned int)n] : NULL;
}

static const struct m_reset *
reset_of(const struct m_world *w, const struct value *v)
{
	bool live = v->source != FROM_RESET;
	const struct m_reset *r = NULL;
	struct value of = *v;
	int i;

	for (i = 0; i < PEOPLE && r == NULL; i++) {
		of.person = (v->person + i) % PEOPLE;
		r = pick_reset(w, &of, live);
	}
	return r;
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
	const struct m_reset *r = reset_of(w, v);
	const struct m_device *d = pick_device(w, v,
	    v->source == FROM_LIVE_DEVICE);

	switch (v->source) {
	case FROM_LIVE_SESSION:
	case FROM_SESSION:
	case FROM_STORE:
		return s != NULL ? s->secret : NULL;
	case FROM_ID:
		return s != NULL ? s->id : NULL;
	case FROM_LIVE_RESET:
	case FROM_RESET:
	case FROM_STORED_RESET:
		return r != NULL ? r->token : NULL;
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

/* Who has nothing of that kind sends a word. */
static const char *
text_of(const struct m_world *w, const struct value *v, char *out)
{
	const char *named = name_of(w, v);

	out[0] = '\0';
	if (v->source == FROM_NOWHERE)
		return NULL;
	if ((v->source == FROM_STORE || v->source == FROM_STORED_RESET) &&
	    named != NULL)
		(void)digest_token_hash(named, out);
	else if (v->source != FROM_NOTHING)
		(void)snprintf(out, TOKEN_MAX, "%s", named != NULL ? named :
		    odd_words[v->n % COUNT(odd_words)]);
	return out;
}

static int
password_of(const struct m_world *w, int person, const struct phrase *p)
{
	const struct m_account *a, *other;

	if (person < 0 || person >= PEOPLE)
		person = 0;
	a = &w->account[person];
	other = &w->account[(person + 1) % PEOPLE];
	switch (p->word) {
	case RIGHT:
		return a->password;
	case FORMER:
		return a->former;
	case OTHERS:
		return other->password;
	case FIXED:
		return p->n;
	case NONE:
		return ABSENT;
	case NO_TEXT:
		break;
	}
	return EMPTY;
}

/* Whom the step is about; ABSENT is about nobody. */
static int
person_of(const struct m_world *w, const struct step *s)
{
	const struct m_session *session = session_of(w, &s->cookie[0]);
	const struct m_reset *reset = reset_of(w, &s->token);
	bool exists = s->deed != REGISTER;
	int i, person = s->address;

	if (s->stray || person < 0 || person >= PEOPLE)
		return person;
	if (s->deed == RESET_USE)
		return reset != NULL ? reset->person : person;
	if (s->deed != LOGIN && s->deed != REGISTER && s->deed != RESET_ASK &&
	    s->deed < DOORS)
		return session != NULL ? session->person : person;
	for (i = 0; i < PEOPLE; i++)
		if (w->account[(person + i) % PEOPLE].exists == exists)
			return (person + i) % PEOPLE;
	return person;
}

void
steps_resolve(const struct m_world *w, const struct step *s,
    struct m_texts *texts, struct m_request *out)
{
	memset(out, 0, sizeof(*out));
	out->deed = s->deed;
	out->address = person_of(w, s);
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
	if (w->profile == STANDARD)
		out->device = text_of(w, &s->device, texts->text[2]);
	out->token = text_of(w, &s->token, texts->text[3]);
	out->token_null = s->token.source == FROM_NULL && s->json &&
	    s->deed == RESET_USE;
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
	static char text[32];
	int i;

	for (i = 0; i < w->sessions; i++)
		if (named == w->session[i].secret ||
		    named == w->session[i].id)
			(void)snprintf(text, sizeof(text), "%d of %s", i + 1,
			    people[w->session[i].person]);
	for (i = 0; i < w->resets; i++)
		if (named == w->reset[i].token)
			(void)snprintf(text, sizeof(text), "%d of %s", i + 1,
			    people[w->reset[i].person]);
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
		[FROM_LIVE_RESET] = "reset", [FROM_RESET] = "reset",
		[FROM_STORED_RESET] = "stored hash of reset",
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
	    s->deed == RESET_ASK || s->deed == RESET_USE;
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
	if (s->deed == RESET_USE)
		describe_value(f, w, "reset_token", &s->token, r->token);
	if (s->deed == END_ONE)
		describe_value(f, w, "id", &s->token, r->token);
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
		    people[r->address]);
}
