#include "agent.h"

#include <stddef.h>
#include <string.h>

struct mark {
	const char	*word;		/* in the User-Agent */
	const char	*name;
};

/* Most name the browsers that they are like as well: the first row counts. */
static const struct mark browsers[] = {
	{ "Edg/", "Edge" }, { "EdgA/", "Edge" }, { "EdgiOS/", "Edge" },
	{ "OPR/", "Opera" }, { "Vivaldi/", "Vivaldi" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "FxiOS/", "Firefox" }, { "Firefox/", "Firefox" },
	{ "CriOS/", "Chrome" }, { "Chromium/", "Chromium" },
	{ "Chrome/", "Chrome" }, { "Safari/", "Safari" },
	{ "curl/", "curl" }, { "python-requests/", "python-requests" },
	{ "Wget/", "Wget" },
};

static const struct mark systems[] = {
	{ "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" },
	{ "Windows", "Windows" }, { "CrOS", "ChromeOS" },
	{ "Macintosh", "macOS" }, { "OpenBSD", "OpenBSD" },
	{ "FreeBSD", "FreeBSD" }, { "Linux", "Linux" },
};

static const char *
name_in(const struct mark *mark, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strstr(text, mark[i].word) != NULL)
			return mark[i].name;
	return "";
}

const char *
agent_browser(const char *user_agent)
{
	return name_in(browsers, sizeof(browsers) / sizeof(browsers[0]),
	    user_agent);
}

const char *
agent_system(const char *user_agent)
{
	return name_in(systems, sizeof(systems) / sizeof(systems[0]),
	    user_agent);
}
