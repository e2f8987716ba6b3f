#include "accept.h"

#include <string.h>

#include "text.h"

/* "0.5" in thousandths; what is no number (RFC 9110, 12.4.2) asks for all. */
static int
thousandths(struct slice number)
{
	int q = 0, unit;
	size_t i = 2;

	if (number.len == 0 || number.ptr[0] != '0')
		return ACCEPT_FULL;
	for (unit = 100; unit > 0; unit /= 10, i++)
		if (i < number.len && number.ptr[i] >= '0' &&
		    number.ptr[i] <= '9')
			q += unit * (number.ptr[i] - '0');
	return q;
}

static int
weight(struct slice params)
{
	struct slice part;

	while (text_next_part(&params, ';', &part)) {
		part = text_trim(part);
		if (part.len >= 2 && text_lower(part.ptr[0]) == 'q' &&
		    part.ptr[1] == '=')
			return thousandths((struct slice){ part.ptr + 2,
			    part.len - 2 });
	}
	return ACCEPT_FULL;
}

/* How exactly a range names the type; 0: it does not. */
static int
precision(struct slice range, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	if (text_slice_equal_nocase(range, type))
		return 3;
	if (text_slice_equal_nocase(range, "*/*"))
		return 1;
	if (range.len != major + 1 || range.ptr[major] != '*')
		return 0;
	for (major--; major > 0; major--)
		if (text_lower(range.ptr[major - 1]) != type[major - 1])
			return 0;
	return 2;
}

int
accept_quality(const char *header, const char *type)
{
	struct slice rest = { header, strlen(header) }, range, name;
	int best = 0, here, q = 0;

	if (header[0] == '\0')
		return ACCEPT_FULL;
	while (text_next_part(&rest, ',', &range)) {
		(void)text_next_part(&range, ';', &name);
		here = precision(text_trim(name), type);
		if (here == 0 || here < best)
			continue;
		if (here > best || weight(range) > q)
			q = weight(range);
		best = here;
	}
	return q;
}
