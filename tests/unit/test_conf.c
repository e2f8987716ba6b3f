/* Which settings are taken, which are refused and where, and reloading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "stage.h"
#include "text.h"

static char dir[HELPER_PATH_MAX], path[HELPER_PATH_MAX * 2];

static int
set_up(void **state)
{
	(void)state;
	helper_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/gatelodge.conf", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	helper_dir_remove(dir);
	return 0;
}

static struct conf *
load_file(void)
{
	told[0] = '\0';
	return conf_load(path, complain);
}

static struct conf *
load(const char *text)
{
	helper_write(path, text, strlen(text));
	assert_int_equal(chmod(path, 0600), 0);
	return load_file();
}

static struct conf *
must_load(const char *text)
{
	struct conf *c;

	c = load(text);
	if (c == NULL || told[0] != '\0')
		fail_msg("\"%s\" was refused: %s", text, told);
	return c;
}

static void
must_take(const char *text)
{
	conf_free(must_load(text));
}

/* Refused with one message: the file, the line, and this in it. */
static void
must_refuse(const char *text, int line, const char *said)
{
	char where[sizeof(path) + 16];
	struct conf *c;

	c = load(text);
	if (c != NULL) {
		conf_free(c);
		fail_msg("\"%s\" was taken", text);
	}
	if (line > 0)
		(void)snprintf(where, sizeof(where), "%s:%d: ", path, line);
	else
		(void)snprintf(where, sizeof(where), "%s: ", path);
	if (!text_begins(told, where) || strstr(told, said) == NULL)
		fail_msg("\"%s\" was refused with: %s", text, told);
}

/* Values. */

static void
empty_file_gives_the_defaults(void **state)
{
	struct conf *c = must_load("");

	(void)state;
	assert_string_equal(c->profile, "standard");
	assert_string_equal(c->base_url, "http://localhost:5000");
	assert_string_equal(c->base_path, "");
	assert_int_equal(c->origins.n, 0);
	assert_string_equal(c->socket, GATELODGE_RUNDIR "/gatelodge.sock");
	assert_string_equal(c->socket_group, "");
	assert_string_equal(c->store, GATELODGE_STATEDIR "/gatelodge.db");
	assert_int_equal(c->hash_cost, 7);
	assert_int_equal(c->password_bits, 35);
	assert_string_equal(c->password_list, "");
	assert_null(c->refused);
	assert_int_equal(c->hash_slots, 0);
	assert_false(c->compat_remote);
	assert_string_equal(c->cookie_domain, "");
	assert_int_equal(c->session_lifetime, 604800);
	assert_string_equal(c->log, "events");
	assert_false(c->log_reads);
	assert_false(c->base.https);
	assert_string_equal(c->base.host, "localhost");
	assert_int_equal(c->base.port, 5000);
	conf_free(c);
}

static const char everything[] =
    "# every setting, none with its default\n"
    "profile = \"compat\"\n"
    "base_url = \"https://Login.example.com:8443\"\n"
    "base_path = \"/auth/v1\"\n"
    "origins = {\"https://a.example\", \"http://b.example:81\"}\n"
    "socket = \"127.0.0.1:9000\"\n"
    "socket_group = \"www-data\"\n"
    "store = \"/srv/store.db\"\n"
    "hash_cost = 6\n"
    "hash_slots = 3\n"
    "compat_remote = true\n"
    "cookie_domain = \"example.com\"\n"
    "session_lifetime = 3600\n"
    "log = \"requests\"\n";

static void
every_setting_is_read(void **state)
{
	struct conf *c = must_load(everything);

	(void)state;
	assert_string_equal(c->profile, "compat");
	assert_string_equal(c->base_url, "https://Login.example.com:8443");
	assert_true(c->base.https);
	assert_string_equal(c->base.host, "login.example.com");
	assert_int_equal(c->base.port, 8443);
	assert_string_equal(c->base_path, "/auth/v1");
	assert_int_equal(c->origins.n, 2);
	assert_string_equal(c->origins.item[1], "http://b.example:81");
	assert_string_equal(c->allowed[0].host, "a.example");
	assert_int_equal(c->allowed[0].port, 443);
	assert_int_equal(c->allowed[1].port, 81);
	assert_string_equal(c->socket, "127.0.0.1:9000");
	assert_string_equal(c->socket_group, "www-data");
	assert_string_equal(c->store, "/srv/store.db");
	assert_int_equal(c->hash_cost, 6);
	assert_int_equal(c->hash_slots, 3);
	assert_true(c->compat_remote);
	assert_string_equal(c->cookie_domain, "example.com");
	assert_int_equal(c->session_lifetime, 3600);
	assert_true(c->log_reads);
	conf_free(c);
}

static void
numbers_end_at_their_limits(void **state)
{
	(void)state;
	must_take("profile = compat\nhash_cost = 1");
	must_take("profile = compat\nhash_cost = 9");
	must_take("hash_cost = 0");
	must_refuse("hash_cost = -1", 1, "hash_cost must be a number from 0 "
	    "to 9");
	must_refuse("\nhash_cost = 10", 2, "hash_cost");
	must_take("password_bits = 0");
	must_take("password_bits = 30");
	must_take("password_bits = 64");
	must_take("profile = compat\npassword_bits = 1");
	must_refuse("password_bits = 65", 1, "from 0 to 64");
	must_take("hash_slots = 0");
	must_take("hash_slots = 64");
	must_refuse("hash_slots = -1", 1, "hash_slots");
	must_refuse("hash_slots = 65", 1, "from 0 to 64");
	must_take("session_lifetime = 60");
	must_take("session_lifetime = 2592000");
	must_refuse("session_lifetime = 59", 1, "session_lifetime");
	must_refuse("session_lifetime = 0", 1, "session_lifetime");
	must_refuse("session_lifetime = 2592001", 1, "from 60 to 2592000");
	must_refuse("session_lifetime = 4295571296", 1, "session_lifetime");
	must_refuse("session_lifetime = -4294362496", 1, "session_lifetime");
}

static void
zeros_before_a_number_mean_nothing(void **state)
{
	struct conf *c;

	(void)state;
	c = must_load("mail_timeout = 010\naudit_days = 00\n"
	    "session_limit = 08\n");
	assert_int_equal(c->mail_timeout, 10);
	assert_int_equal(c->audit_days, 0);
	assert_int_equal(c->session_limit, 8);
	conf_free(c);
}

static void
wrong_types_are_refused(void **state)
{
	static const char *const rows[] = {
		"hash_cost = \"five\"", "hash_cost = 5x", "hash_cost = 5.5",
		"hash_cost = {5}", "hash_cost =", "hash_cost = \"\"",
		"hash_cost = 0x7", "hash_cost = \" 7\"",
		"hash_cost", "hash_cost = 99999999999999999999999",
		"hash_slots = many", "session_lifetime = 7d",
		"session_lifetime = true",
		"compat_remote = 2", "compat_remote = maybe",
		"compat_remote = \"\"", "compat_remote = 1.0",
		"origins = \"https://a.example\"}",
		"origins = {\"https://a.example\"",
		"profile = {\"compat\"}", "profile {", "profile = \"compat",
		"log += \"events\"", "= 5", "}", "{",
	};
	char first[sizeof(path) + 4];
	struct conf *c;
	size_t i;

	(void)state;
	(void)snprintf(first, sizeof(first), "%s:", path);
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		c = load(rows[i]);
		conf_free(c);
		if (c != NULL)
			fail_msg("\"%s\" was taken", rows[i]);
		if (!text_begins(told, first))
			fail_msg("\"%s\" was refused with: %s", rows[i],
			    told);
	}
}

static void
texts_are_checked(void **state)
{
	static const struct {
		const char	*key, *value;
	} rows[] = {
		{ "profile", "" }, { "profile", "Compat" },
		{ "profile", "open" }, { "log", "" }, { "log", "all" },
		{ "base_url", "" }, { "base_url", "localhost:5000" },
		{ "base_url", "ftp://a" }, { "base_url", "https://a/b" },
		{ "base_path", "/" }, { "base_path", "auth" },
		{ "base_path", "/auth/" }, { "base_path", "/a//b" },
		{ "base_path", "/a b" }, { "base_path", "/a?b" },
		{ "base_path", "/a%2fb" }, { "base_path", "/a\\nb" },
		{ "base_path", "/\\\"" }, { "base_path", "/a/../b" },
		{ "base_path", "/./a" }, { "base_path", "/.." },
		{ "base_url", "http://." }, { "base_url", "http://a..b" },
		{ "socket", "" }, { "socket", "gatelodge.sock" },
		{ "socket", "0.0.0.0:9000" }, { "socket", "example.com:80" },
		{ "socket", "127.0.0.1:0" }, { "socket", "127.0.0.1:" },
		{ "store", "" }, { "store", "store.db" },
		{ "store", ":memory:" }, { "store", "file:/x" },
		{ "cookie_domain", ".example.com" },
		{ "site_contact", "javascript:alert(1)" },
		{ "site_contact", "https://" },
		{ "site_contact", "https://a.example/two words" },
		{ "site_contact", "help@" },
		{ "site_contact", "a?cc=b@example.org" },
		{ "site_logo", "logo.svg" },
		{ "site_logo", "/logo.png" },
		{ "site_logo", ".svg" },
		{ "cookie_domain", "Example.com" },
		{ "cookie_domain", "a; Secure" },
		{ "cookie_domain", "a\\r\\nX: y" },
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text), "\n%s = \"%s\"\n",
		    rows[i].key, rows[i].value);
		must_refuse(text, 2, rows[i].key);
	}
	must_refuse("origins = {\"https://a\", \"null\"}", 1, "origins");
	must_refuse("origins = {\"https://a\",\n\"*\"}", 2, "origins");
	must_take("base_path = \"/a.b-c_d~e/F9\"");
	must_take("socket = \"[::1]:9000\"");
	must_take("origins = {}");
}

/* An administrator's file has more comments than settings. */
static void
comments_are_lines_too(void **state)
{
	(void)state;
	must_refuse("# one\nlog = \"x\"\n", 2, "log");
	must_refuse("# one\n# two\n\nlog = \"x\"\n", 4, "log");
	must_refuse("log = \"events\"\n\t# one\nlogs = 1\n", 3, "logs");
	must_refuse("log = \"events\" # one\nlogs = 1\n", 2, "logs");
	must_refuse("/* one\ntwo */ log = \"x\"\n", 2, "log");
	must_refuse("/*/ one\n*/log = \"x\"// y\n", 2, "log");
	must_refuse("log = // one\nx\n", 2, "log");
}

static void
comments_begin_no_sooner_than_words_end(void **state)
{
	struct conf *c;

	(void)state;
	c = load("store = /srv/a//b.db\nbase_url = https://x.example//y\n");
	assert_null(c);
	c = load("store = /srv/a//b.db\nbase_url = http://x.example\n"
	    "log=\"requests\"//one\n//base_path = \"/x\"\n"
	    "profile = compat#2\nsocket = '/x/#y/*z*/'/**/\n");
	assert_non_null(c);
	assert_string_equal(c->store, "/srv/a//b.db");
	assert_string_equal(c->base_url, "http://x.example");
	assert_string_equal(c->log, "requests");
	assert_string_equal(c->base_path, "");
	assert_string_equal(c->profile, "compat");
	assert_string_equal(c->socket, "/x/#y/*z*/");
	conf_free(c);
	/* The rest of the file would be read as a comment, or half a word. */
	must_refuse("store = /srv/a\nstore = /b/*c\nlog = requests\n", 2,
	    "comment");
	must_refuse("store = /srv/a/*b*/\n", 1, "comment");
	must_refuse("log = requests\n/* b\n", 2, "comment");
	must_refuse("log = requests /*/\n", 1, "comment");
}

static void
unknown_settings_are_refused(void **state)
{
	(void)state;
	must_refuse("\n\nhash_costs = 5\n", 3, "hash_costs");
	must_refuse("Profile = \"compat\"", 1, "Profile");
	must_refuse("include(\"/etc/passwd\")", 1, "include");
	must_refuse("profile = \"compat\"\nmail_dirs = \"/x\"", 2, "mail_dirs");
	must_refuse("session_lifetime = 60 x = 5", 1, "x");
}

/* The reader would let the last one win, and hide the other. */
static void
settings_given_twice_are_refused(void **state)
{
	static const char *const rows[] = {
		"profile = \"compat\"\n", "base_url = \"https://a\"\n",
		"base_path = \"/a\"\n", "origins = {\"https://a\"}\n",
		"socket = \"/x\"\n", "socket_group = \"x\"\n",
		"store = \"/x\"\n", "hash_cost = 7\n", "hash_slots = 1\n",
		"compat_remote = false\n",
		"cookie_domain = \"localhost\"\n",
		"session_lifetime = 60\n", "log = \"events\"\n",
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", rows[i], rows[i]);
		must_take(rows[i]);
		must_refuse(text, 2, "twice");
	}
}

static void
file_before_does_not_count_as_once(void **state)
{
	(void)state;
	must_take("log = \"events\"");
	must_take("log = \"events\"");
}

/* Files. */

static void
file_that_cannot_be_read_is_named(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_null(load_file());
	assert_true(text_begins(told, path));
	assert_non_null(strstr(told, "No such file"));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_null(load_file());
	assert_int_equal(rmdir(path), 0);
	assert_true(text_begins(told, path));
	assert_non_null(strstr(told, "directory"));
}

static void
file_that_anybody_may_write_is_refused(void **state)
{
	struct conf *c;

	(void)state;
	must_take("log = \"events\"");
	assert_int_equal(chmod(path, 0602), 0);
	assert_null(load_file());
	assert_true(text_begins(told, path));
	assert_non_null(strstr(told, "chmod o-w"));
	assert_int_equal(chmod(path, 0644), 0);
	assert_non_null(c = load_file());
	conf_free(c);
}

static void
bytes_of_any_kind_are_no_settings(void **state)
{
	char bytes[512];
	struct conf *c;
	size_t i, j;

	(void)state;
	for (i = 1; i < 256; i += 3) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = (char)(i * (j + 1));
		helper_write(path, bytes, sizeof(bytes));
		assert_int_equal(chmod(path, 0600), 0);
		c = load_file();
		conf_free(c);
		if (c == NULL)
			assert_true(text_begins(told, path));
	}
}

/* Profiles. */

static void
profile_decides_cookie_and_cost(void **state)
{
	struct conf *c;

	(void)state;
	c = must_load("profile = \"standard\"");
	assert_false(c->rules->open);
	assert_true(c->rules->cookie_secure);
	assert_int_equal(c->rules->password_min, 15);
	assert_int_equal(c->hash_cost, 7);
	assert_int_equal(c->password_bits, 35);
	assert_string_equal(c->password_list, "");
	assert_null(c->refused);
	assert_string_equal(c->cookie, "__Host-session_id");
	conf_free(c);
	c = must_load("base_url = \"https://example.com\"\n"
	    "cookie_domain = \"example.com\"");
	assert_string_equal(c->cookie, "__Secure-session_id");
	conf_free(c);
	c = must_load("profile = \"compat\"");
	assert_true(c->rules->open);
	assert_false(c->rules->cookie_secure);
	assert_int_equal(c->rules->password_min, 1);
	assert_int_equal(c->hash_cost, 5);
	assert_string_equal(c->cookie, "session_id");
	conf_free(c);
	c = must_load("profile = \"compat\"\nbase_url = \"http://c.a.b\"\n"
	    "cookie_domain = \"a.b\"");
	assert_string_equal(c->cookie, "session_id");
	conf_free(c);
}

static void
no_knob_loosens_standard(void **state)
{
	(void)state;
	must_refuse("hash_cost = 4", 0, "hash_cost must be at least 5");
	must_refuse("hash_cost = 1", 0, "hash_cost");
	must_take("hash_cost = 5");
	must_refuse("password_bits = 29", 0, "password_bits must be at least "
	    "30");
	must_refuse("compat_remote = true", 0, "compat_remote");
	must_refuse("base_url = \"http://example.com\"", 0, "base_url must be "
	    "https in the profile standard");
	must_take("base_url = \"https://example.com\"");
	must_take("base_url = \"http://127.0.0.1:8080\"");
	must_refuse("origins = {\"https://a\", \"http://b.example\"}", 0,
	    "origins must be https in the profile standard");
	must_take("origins = {\"https://a\", \"http://[::1]:8080\"}");
	must_take("profile = \"compat\"\norigins = {\"http://b.example\"}");
	must_take("profile = \"compat\"\nbase_url = \"http://example.com\"");
	must_take("profile = \"compat\"\ncompat_remote = true");
}

static void
cookie_domain_must_cover_the_host(void **state)
{
	static const struct {
		const char	*host, *domain;
		bool		 good;
	} rows[] = {
		{ "auth.example.org", "auth.example.org", true },
		{ "Auth.Example.org", "example.org", true },
		{ "a.b.example.org:8443", "example.org", true },
		{ "127.0.0.1", "127.0.0.1", true },
		{ "auth.example.org", "other.net", false },
		{ "auth.example.org", "th.example.org", false },
		{ "auth.example.org", "x.auth.example.org", false },
		{ "auth.example.org", "xauth.example.org", false },
		{ "example.org", "e.org", false },
		{ "127.0.0.1", "0.0.1", false },
		{ "auth.example.org", "org", false },
		{ "localhost", "localhost", true },
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text), "base_url = \"https://%s\"\n"
		    "cookie_domain = \"%s\"\n", rows[i].host,
		    rows[i].domain);
		if (rows[i].good)
			must_take(text);
		else
			must_refuse(text, 0, "cookie_domain must be the host "
			    "of base_url or a domain above it, below the "
			    "top-level one");
	}
}

/* The reader would put nothing there: another file is a good path too. */
static void
variables_that_are_not_set_are_refused(void **state)
{
	static const char said[] =
	    "${GATELODGE_NONE} is not set; ${GATELODGE_NONE:-text} would be";

	(void)state;
	must_refuse("\nstore = \"${GATELODGE_NONE}/x.db\"", 2, said);
	must_refuse("origins = {\"https://a\",\n\"https://${GATELODGE_NONE}\"}",
	    2, said);
	must_refuse("store = '/x'\nsocket = ${GATELODGE_NONE}", 2, said);
	must_refuse("site_name = \"it's ${GATELODGE_NONE}\"", 1, said);
	must_refuse("store = \"/${GATELODGE_NONE:x}\"", 1,
	    "${GATELODGE_NONE:x} is not set");
	must_refuse("site_name = \"\\\\${GATELODGE_NONE}\"", 1, said);
}

static void
variables_are_not_everywhere(void **state)
{
	struct conf *c;

	(void)state;
	assert_int_equal(setenv("GATELODGE_SOME", "a \"b", 1), 0);
	assert_int_equal(setenv("GATELODGE_EMPTY", "", 1), 0);
	c = must_load("# ${GATELODGE_NONE}\nstore = '/${GATELODGE_NONE}'\n"
	    "site_name = \"${GATELODGE_SOME}${GATELODGE_EMPTY:-c}\"\n"
	    "mail_from_name = \"\\${GATELODGE_NONE}\"\n"
	    "socket = \"/${GATELODGE_NONE:-it's \"d\" #}\"\n");
	assert_string_equal(c->store, "/${GATELODGE_NONE}");
	assert_string_equal(c->site_name, "a \"b");
	assert_string_equal(c->mail_from_name, "${GATELODGE_NONE}");
	assert_string_equal(c->socket, "/it's \"d\" #");
	conf_free(c);
}

static void
templates_that_are_not_there_are_named(void **state)
{
	char line[HELPER_PATH_MAX * 3];

	(void)state;
	must_refuse("templates = \"/nonexistent\"", 0,
	    "templates /nonexistent: No such file or directory");
	(void)snprintf(line, sizeof(line), "templates = \"%s\"", path);
	must_refuse(line, 0, ": Not a directory");
}

/* Who names a list wants it: without it nobody serves. */
static void
list_that_cannot_be_used_is_refused(void **state)
{
	char line[HELPER_PATH_MAX * 3], list[HELPER_PATH_MAX * 2];
	struct conf *c;

	(void)state;
	(void)snprintf(list, sizeof(list), "%s/list", dir);
	(void)snprintf(line, sizeof(line), "password_list = \"%s\"", list);
	must_refuse(line, 0, "list: No such file");
	helper_write(list, "password\n", 9);
	must_refuse(line, 0, "list: is no compiled list of passwords");
	helper_write(list, "gatelodge list 1\0\0\0\0\0\0\0\1", 24);
	must_refuse(line, 0, "list: is cut off");
	helper_write(list, "gatelodge list 1\0\0\0\0\0\0\0\0", 24);
	c = must_load(line);
	assert_string_equal(c->password_list, list);
	assert_non_null(c->refused);
	conf_free(c);
	must_refuse("password_list = \"list\"", 1, "absolute path, or empty");
}

/* The same of keys; none is no reason to hash without a seal. */
static void
b18_pepper_that_cannot_be_used_is_refused(void **state)
{
	char line[HELPER_PATH_MAX * 3], key[HELPER_PATH_MAX * 2];
	struct conf *c;

	(void)state;
	(void)snprintf(key, sizeof(key), "%s/key", dir);
	(void)snprintf(line, sizeof(line), "pepper = {\"%s\"}", key);
	must_refuse(line, 0, "key: No such file");
	helper_write(key, "0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(chmod(key, 0644), 0);
	must_refuse(line, 0, "key: may be used by others");
	assert_int_equal(chmod(key, 0600), 0);
	c = must_load(line);
	assert_non_null(c->hashing.pepper);
	assert_int_equal(c->hashing.cost, c->hash_cost);
	conf_free(c);
	c = must_load("pepper = {}");
	assert_null(c->hashing.pepper);
	conf_free(c);
	must_refuse("pepper = {\"key\"}", 1, "absolute path");
}

/* What is printed reads back. */

static char *
dump(const struct conf *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	assert_non_null(f = open_memstream(&text, &len));
	conf_dump(c, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
reads_back(const char *text)
{
	struct conf *c = must_load(text);
	char *first, *second;

	first = dump(c);
	conf_free(c);
	c = must_load(first);
	second = dump(c);
	conf_free(c);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void
dump_reads_back(void **state)
{
	struct conf *c;
	char *text;

	(void)state;
	reads_back("");
	reads_back(everything);
	c = must_load(everything);
	text = dump(c);
	assert_non_null(strstr(text, "origins = {\"https://a.example\", "
	    "\"http://b.example:81\"}\n"));
	assert_non_null(strstr(text, "compat_remote = true\n"));
	free(text);
	conf_free(c);
}

static void
dump_of_odd_texts_reads_back(void **state)
{
	struct conf *a, *b;
	char *text;

	(void)state;
	a = must_load("store = '/s/a\"b\\c${HOME}'\n");
	assert_string_equal(a->store, "/s/a\"b\\c${HOME}");
	text = dump(a);
	b = load(text);
	free(text);
	if (b != NULL)
		assert_string_equal(b->store, a->store);
	conf_free(a);
	conf_free(b);
	assert_non_null(b);
}

/* Reloading. */

static void
keys_that_need_a_new_start(void **state)
{
	static const struct {
		const char	*text, *key;
	} rows[] = {
		{ "profile = \"compat\"\nhash_cost = 7", "profile" },
		{ "socket = \"/x\"", "socket" },
		{ "socket_group = \"x\"", "socket_group" },
		{ "store = \"/x\"", "store" },
		{ "hash_slots = 3", "hash_slots" },
		{ "base_url = \"https://a\"", NULL },
		{ "base_path = \"/a\"", NULL },
		{ "origins = {\"https://a\"}", NULL },
		{ "hash_cost = 8", NULL },
		{ "cookie_domain = \"localhost\"", NULL },
		{ "session_lifetime = 60", NULL },
		{ "log = \"requests\"", NULL },
		{ "", NULL },
	};
	struct conf *old = must_load(""), *new;
	const char *key;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		new = must_load(rows[i].text);
		key = conf_restart_key(old, new);
		if (rows[i].key == NULL)
			assert_null(key);
		else
			assert_string_equal(key, rows[i].key);
		conf_free(new);
	}
	conf_free(old);
}

static void
compat_remote_needs_a_new_start(void **state)
{
	struct conf *a, *b;

	(void)state;
	a = must_load("profile = \"compat\"");
	b = must_load("profile = \"compat\"\ncompat_remote = true");
	assert_string_equal(conf_restart_key(a, b), "compat_remote");
	assert_string_equal(conf_restart_key(b, a), "compat_remote");
	conf_free(a);
	conf_free(b);
}

static void
acquired_settings_outlive_a_reload(void **state)
{
	const struct conf *held, *newest;

	(void)state;
	conf_publish(must_load("session_lifetime = 60"));
	held = conf_acquire();
	conf_publish(must_load("session_lifetime = 61"));
	newest = conf_acquire();
	assert_int_equal(held->session_lifetime, 60);
	assert_string_equal(held->log, "events");
	assert_int_equal(newest->session_lifetime, 61);
	conf_release(held);
	conf_publish(NULL);
	assert_int_equal(newest->session_lifetime, 61);
	conf_release(newest);
}

#define READERS	4
#define RELOADS	200

static struct conf *reload[RELOADS];
static int stopped, torn;

static void
read_or_reload(size_t index, void *arg)
{
	const struct conf *c;
	int i;

	(void)arg;
	for (i = 0; index == 0 && i < RELOADS; i++)
		conf_publish(reload[i]);
	if (index == 0)
		__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&stopped, __ATOMIC_RELAXED) == 0) {
		c = conf_acquire();
		if (c->base_path[0] != '/' ||
		    (int)strlen(c->base_path) != c->session_lifetime - 60)
			(void)__atomic_add_fetch(&torn, 1, __ATOMIC_RELAXED);
		conf_release(c);
	}
}

/* Path and lifetime of one file are always seen together. */
static void
threads_read_whole_settings_during_reloads(void **state)
{
	char text[256];
	int i;

	(void)state;
	for (i = 0; i < RELOADS; i++) {
		(void)snprintf(text, sizeof(text), "base_path = \"/%0*d\"\n"
		    "session_lifetime = %d\n", 1 + i % 90, 1, 62 + i % 90);
		reload[i] = must_load(text);
	}
	conf_publish(must_load("base_path = \"/1\"\n"
	    "session_lifetime = 62"));
	helper_threads(READERS + 1, read_or_reload, NULL);
	conf_publish(NULL);
	assert_int_equal(torn, 0);
}

/* Mail. */

#define REMOTE		"base_url = \"https://auth.example.org\"\n"

static void
one_way_to_send_and_no_more(void **state)
{
	struct conf *c;

	(void)state;
	c = load("");
	assert_false(c->mail);
	assert_string_equal(c->mail_from, "");
	conf_free(c);
	c = load(REMOTE "mail_dir = \"/var/mail\"");
	assert_true(c->mail);
	assert_string_equal(c->mail_from, "noreply@auth.example.org");
	assert_string_equal(c->site, "auth.example.org");
	conf_free(c);
	c = load(REMOTE "sendmail = \"/usr/sbin/sendmail\"\n"
	    "mail_from = \"a@b.example\"\nsite_name = \"Käse\"");
	assert_true(c->mail);
	assert_string_equal(c->mail_from, "a@b.example");
	assert_string_equal(c->site, "Käse");
	conf_free(c);
	must_refuse("mail_dir = \"/a\"\nsendmail = \"/b\"", 0,
	    "one of smtp_url, sendmail and mail_dir");
	must_refuse("mail_dir = \"/a\"\nsmtp_url = \"smtp://b\"", 0,
	    "one of");
	must_refuse("smtp_url = \"smtp://b\"\nsendmail = \"/b\"", 0,
	    "one of");
}

static void
sender_is_asked_for_where_the_host_is_no_name(void **state)
{
	static const char *const hosts[] = { "https://192.0.2.1",
	    "https://[2001:db8::1]:8443", "http://127.0.0.1:5000" };
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(hosts); i++) {
		(void)snprintf(text, sizeof(text), "base_url = \"%s\"\n",
		    hosts[i]);
		must_take(text);
		(void)snprintf(text, sizeof(text), "base_url = \"%s\"\n"
		    "mail_dir = \"/a\"", hosts[i]);
		must_refuse(text, 0, "mail_from must be set");
		(void)snprintf(text, sizeof(text), "base_url = \"%s\"\n"
		    "mail_dir = \"/a\"\nmail_from = \"a@b\"", hosts[i]);
		must_take(text);
	}
}

static void
smtp_in_clear_is_for_loopback_alone(void **state)
{
	static const struct {
		const char	*url;
		bool		 plain;
	} rows[] = {
		{ "smtp://localhost", true }, { "smtp://127.0.0.1:25", true },
		{ "smtp://[::1]:2525", true }, { "smtps://localhost", true },
		{ "smtp://mail.example.org", false },
		{ "smtp://192.0.2.1:587", false },
		{ "smtps://mail.example.org", false },
		{ "smtp://localhost.example.org", false },
		{ "smtp://127.0.0.1.example.org", false },
	};
	char text[512];
	struct conf *c;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text), "smtp_url = \"%s\"",
		    rows[i].url);
		c = load(text);
		assert_non_null(c);
		assert_true(c->smtp_plain == rows[i].plain);
		conf_free(c);
		(void)snprintf(text, sizeof(text), "smtp_url = \"%s\"\n"
		    "smtp_tls = \"always\"", rows[i].url);
		c = load(text);
		assert_false(c->smtp_plain);
		conf_free(c);
	}
}

static void
mail_settings_are_judged(void **state)
{
	static const char *const bad[] = {
		"smtp_url = \"mail.example.org\"",
		"smtp_url = \"http://mail.example.org\"",
		"smtp_url = \"smtp://\"", "smtp_url = \"smtp://a/b\"",
		"smtp_url = \"smtp://a/\"", "smtp_url = \"smtp://u:p@a\"",
		"smtp_url = \"smtp://a b\"", "smtp_url = \"smtpx://a\"",
		"smtp_tls = \"never\"", "mail_dir = \"mail\"",
		"sendmail = \"sendmail -t\"", "mail_from = \"a\"",
		"mail_from = \"a@b>\"", "mail_from = \"A <a@b>\"",
		"mail_from_name = \"a\nb\"", "site_name = \"a\x01\"",
		"site_name = \"\xff\"", "mail_timeout = 0",
		"smtp_user = \"a\"", "smtp_password_file = \"/a\"",
		"smtp_ca = \"a\"", "templates = \"a\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(bad); i++)
		if (load(bad[i]) != NULL)
			fail_msg("taken: %s", bad[i]);
	must_take("smtp_user = \"a\"\nsmtp_password_file = \"/a\"");
}

static void
link_is_made_of_settings(void **state)
{
	struct arena *a = arena_new();
	struct conf *c;

	(void)state;
	c = load("profile = \"compat\"\nbase_url = \"http://a.example/\"\n"
	    "base_path = \"/auth\"\n");
	assert_non_null(c);
	assert_string_equal(conf_link(c, a, "/reset?token=x"),
	    "http://a.example/auth/reset?token=x");
	conf_free(c);
	c = load("base_url = \"https://a.example:8443\"\n");
	assert_non_null(c);
	assert_string_equal(conf_link(c, a, "/"), "https://a.example:8443/");
	conf_free(c);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_file_gives_the_defaults),
		cmocka_unit_test(every_setting_is_read),
		cmocka_unit_test(numbers_end_at_their_limits),
		cmocka_unit_test(zeros_before_a_number_mean_nothing),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(texts_are_checked),
		cmocka_unit_test(comments_are_lines_too),
		cmocka_unit_test(comments_begin_no_sooner_than_words_end),
		cmocka_unit_test(unknown_settings_are_refused),
		cmocka_unit_test(settings_given_twice_are_refused),
		cmocka_unit_test(file_before_does_not_count_as_once),
		cmocka_unit_test(file_that_cannot_be_read_is_named),
		cmocka_unit_test(file_that_anybody_may_write_is_refused),
		cmocka_unit_test(bytes_of_any_kind_are_no_settings),
		cmocka_unit_test(profile_decides_cookie_and_cost),
		cmocka_unit_test(no_knob_loosens_standard),
		cmocka_unit_test(templates_that_are_not_there_are_named),
		cmocka_unit_test(variables_that_are_not_set_are_refused),
		cmocka_unit_test(variables_are_not_everywhere),
		cmocka_unit_test(cookie_domain_must_cover_the_host),
		cmocka_unit_test(b18_pepper_that_cannot_be_used_is_refused),
		cmocka_unit_test(list_that_cannot_be_used_is_refused),
		cmocka_unit_test(dump_reads_back),
		cmocka_unit_test(dump_of_odd_texts_reads_back),
		cmocka_unit_test(keys_that_need_a_new_start),
		cmocka_unit_test(compat_remote_needs_a_new_start),
		cmocka_unit_test(acquired_settings_outlive_a_reload),
		cmocka_unit_test(threads_read_whole_settings_during_reloads),
		cmocka_unit_test(one_way_to_send_and_no_more),
		cmocka_unit_test(sender_is_asked_for_where_the_host_is_no_name),
		cmocka_unit_test(smtp_in_clear_is_for_loopback_alone),
		cmocka_unit_test(mail_settings_are_judged),
		cmocka_unit_test(link_is_made_of_settings),
	};

	return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
