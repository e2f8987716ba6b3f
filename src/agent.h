/*
 * agent.h - which browser a User-Agent speaks of, for people to read
 */
#ifndef AGENT_H
#define AGENT_H

/*
 * What browser it seems to be, and on what: "Firefox" and "Linux"; "" where
 * nothing known is in it.  Anybody may claim anything there.
 */
const char	*agent_browser(const char *user_agent);
const char	*agent_system(const char *user_agent);

#endif
