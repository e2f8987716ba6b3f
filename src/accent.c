#include "accent.h"

#include <stddef.h>
#include <string.h>

#include "text.h"

/* Of each scheme the ground on which less is legible. */
#define LIGHT_GROUND	"#f6f5f1"
#define DARK_GROUND	"#1f201e"
#define STEPS		50
/* In the dark more than that is needed to look like a colour. */
#define DARK_CONTRAST	7.0

struct rgb {
	double		 part[3];	/* from 0 to 1 */
};

static const struct rgb black = { { 0, 0, 0 } }, white = { { 1, 1, 1 } };

bool
accent_is_color(const char *s)
{
	size_t i;

	for (i = 1; i < 7 && s[0] == '#'; i++)
		if (text_hex_digit(s[i]) < 0)
			return false;
	return i == 7 && s[7] == '\0';
}

static struct rgb
read_color(const char *s)
{
	struct rgb c;
	size_t i;

	for (i = 0; i < 3; i++)
		c.part[i] = (text_hex_digit(s[2 * i + 1]) * 16 +
		    text_hex_digit(s[2 * i + 2])) / 255.0;
	return c;
}

static char *
write_color(struct arena *a, const struct rgb *c)
{
	return arena_printf(a, "#%02x%02x%02x",
	    (unsigned int)(c->part[0] * 255 + 0.5),
	    (unsigned int)(c->part[1] * 255 + 0.5),
	    (unsigned int)(c->part[2] * 255 + 0.5));
}

/* The curve of sRGB by a polynomial that is right to half a hundredth. */
static double
linear(double part)
{
	return part * (part * (part * 0.305306011 + 0.682171111) +
	    0.012522878);
}

static double
luminance(const struct rgb *c)
{
	return 0.2126 * linear(c->part[0]) + 0.7152 * linear(c->part[1]) +
	    0.0722 * linear(c->part[2]);
}

static double
contrast(const struct rgb *a, const struct rgb *b)
{
	double one = luminance(a) + 0.05, other = luminance(b) + 0.05;

	return one > other ? one / other : other / one;
}

double
accent_contrast(const char *a, const char *b)
{
	struct rgb one = read_color(a), other = read_color(b);

	return contrast(&one, &other);
}

static struct rgb
mix(const struct rgb *from, const struct rgb *to, double share)
{
	struct rgb c;
	size_t i;

	for (i = 0; i < 3; i++)
		c.part[i] = from->part[i] + (to->part[i] - from->part[i]) *
		    share;
	return c;
}

/* As little of the other colour as makes it legible on the ground. */
static struct rgb
legible(const struct rgb *c, const char *on, const struct rgb *towards,
    double least)
{
	struct rgb ground = read_color(on), found = *c;
	int step;

	for (step = 1; step <= STEPS &&
	    contrast(&found, &ground) < least; step++)
		found = mix(c, towards, (double)step / STEPS);
	return found;
}

/* As bright as it can be: white alone would take its colour away. */
static struct rgb
brightest(const struct rgb *c)
{
	double most = c->part[0];
	struct rgb full;
	size_t i;

	for (i = 1; i < 3; i++)
		if (c->part[i] > most)
			most = c->part[i];
	if (most <= 0)
		return white;
	for (i = 0; i < 3; i++)
		full.part[i] = c->part[i] / most;
	return mix(&full, &white, 0.3);
}

static char *
scheme(struct arena *a, const struct rgb *accent, const struct rgb *link)
{
	bool is_bright = contrast(accent, &black) > contrast(accent, &white);
	const struct rgb *on = is_bright ? &black : &white;
	struct rgb deep = mix(accent, is_bright ? &white : &black, 0.2);

	return ARENA_JOIN(a, ":root {\n\t--accent: ", write_color(a, accent),
	    ";\n\t--accent-deep: ", write_color(a, &deep),
	    ";\n\t--on-accent: ", write_color(a, on),
	    ";\n\t--link: ", write_color(a, link), ";\n}\n");
}

char *
accent_sheet(struct arena *a, const char *color)
{
	struct rgb given = read_color(color), bright, light, dark;

	light = legible(&given, LIGHT_GROUND, &black, ACCENT_CONTRAST);
	bright = brightest(&given);
	dark = legible(&given, DARK_GROUND, &bright, DARK_CONTRAST);
	dark = legible(&dark, DARK_GROUND, &white, DARK_CONTRAST);
	return ARENA_JOIN(a, scheme(a, &given, &light),
	    "@media (prefers-color-scheme: dark) {\n",
	    scheme(a, &dark, &dark), "}\n");
}
