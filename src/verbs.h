/*
 * verbs.h - what gatelodgectl can be told, one row each
 *
 * VERB(function, object, verb, arguments, options, sentence)
 *
 * function: an errand_... of errands.h.
 * verb: "" where the object says what is done, and has no other verb.
 * arguments: a word for each; in brackets what may be left out, with dots
 *     after it what may come as often as one likes.
 *
 * OPTION(id, name, value, sentence)
 *
 * value: a word for what comes after it, NULL for nothing.
 *
 * Options have long names alone and stand anywhere.  The help, the completion
 * of the shell and gatelodgectl(8) say what these tables say.
 */
#ifndef VERBS_H
#define VERBS_H

#define OPTIONS(OPTION)							\
OPTION(JSON, "json", NULL, "print one JSON object a line")		\
OPTION(YES, "yes", NULL, "do not ask whether it is meant")		\
OPTION(DRY_RUN, "dry-run", NULL,					\
    "only look, and say what would be done")				\
OPTION(PASSWORD_STDIN, "password-stdin", NULL,				\
    "take the password from the first line of standard input")		\
OPTION(ALL, "all", NULL, "for every account")				\
OPTION(STRICT, "strict", NULL, "do nothing at all if a row is refused")	\
OPTION(MAIL, "mail", NULL,						\
    "send it to the account's address, and do not print it")		\
OPTION(LANGUAGE, "language", "TAG", "the language of the account")

#define VERBS(VERB)							\
VERB(user_add, "user", "add", "EMAIL", OPT_JSON | OPT_PASSWORD_STDIN,	\
    "make an account that can be used at once")				\
VERB(user_list, "user", "list", "", OPT_JSON,				\
    "list the accounts by address")					\
VERB(user_show, "user", "show", "EMAIL", OPT_JSON,			\
    "show an account")							\
VERB(user_export, "user", "export", "EMAIL", OPT_JSON,			\
    "print all that is held on a person")				\
VERB(user_disable, "user", "disable", "EMAIL", OPT_JSON,		\
    "close an account and end its sessions")				\
VERB(user_enable, "user", "enable", "EMAIL", OPT_JSON,			\
    "open a disabled account again")					\
VERB(user_delete, "user", "delete", "EMAIL",				\
    OPT_JSON | OPT_YES | OPT_DRY_RUN,					\
    "take an account away with all that is its own")			\
VERB(user_password, "user", "password", "EMAIL",			\
    OPT_JSON | OPT_PASSWORD_STDIN,					\
    "set a password and end the sessions of the account")		\
VERB(user_address, "user", "address", "EMAIL ADDRESS", OPT_JSON,	\
    "give an account another address")					\
VERB(user_unlock, "user", "unlock", "EMAIL", OPT_JSON,			\
    "forget the wrong passwords that were tried for an account")	\
VERB(user_groups, "user", "groups", "EMAIL [GROUP...]", OPT_JSON,	\
    "show or change the groups of an account")				\
VERB(user_invite, "user", "invite", "EMAIL",				\
    OPT_JSON | OPT_MAIL | OPT_LANGUAGE,					\
    "make an account whose password its owner sets")			\
VERB(user_reset_link, "user", "reset-link", "EMAIL",			\
    OPT_JSON | OPT_MAIL,						\
    "make a link that sets a new password")				\
VERB(import, "import", "", "FILE",					\
    OPT_JSON | OPT_DRY_RUN | OPT_STRICT,				\
    "bring over the accounts of another system")			\
VERB(session_list, "session", "list", "EMAIL", OPT_JSON,		\
    "list the live sessions of an account")				\
VERB(session_end, "session", "end", "[EMAIL]", OPT_JSON | OPT_ALL,	\
    "end the sessions of an account")					\
VERB(audit_list, "audit", "list", "[EMAIL]", OPT_JSON,			\
    "list what has happened, the newest last")				\
VERB(audit_tail, "audit", "tail", "", OPT_JSON,				\
    "show what happens from now on")					\
VERB(audit_verify, "audit", "verify", "[HEAD...]", OPT_JSON,		\
    "prove that the audit trail is as it was written")			\
VERB(mail_queue, "mail", "queue", "", OPT_JSON,				\
    "list the mails that wait, and those that were given up")		\
VERB(mail_retry, "mail", "retry", "[ID]", OPT_JSON,			\
    "have mails that wait tried at once")				\
VERB(mail_test, "mail", "test", "ADDRESS", OPT_JSON,			\
    "write a mail that tells that mails arrive")			\
VERB(db_check, "db", "check", "", OPT_JSON,				\
    "look for damage in the store")					\
VERB(db_migrate, "db", "migrate", "", OPT_JSON | OPT_DRY_RUN,		\
    "make the store or bring it up to date")				\
VERB(db_backup, "db", "backup", "FILE", OPT_JSON,			\
    "copy the store while it is in use")				\
VERB(db_restore, "db", "restore", "FILE", OPT_JSON | OPT_DRY_RUN,	\
    "put a copy in the place of the store")				\
VERB(db_stats, "db", "stats", "", OPT_JSON,				\
    "count what is in the store")					\
VERB(passwords_compile, "passwords", "compile", "LIST [FILE]",		\
    OPT_JSON, "make a file of refused passwords from a text")		\
VERB(config_check, "config", "check", "", OPT_NONE,			\
    "check the settings")						\
VERB(config_show, "config", "show", "", OPT_NONE,			\
    "print the settings that are in effect")

enum option_place {
#define OPTION_PLACE(id, name, value, about) OPT_AT_ ## id,
	OPTIONS(OPTION_PLACE)
#undef OPTION_PLACE
	OPT_PLACES
};

enum command_option {
	OPT_NONE = 0,
#define OPTION_BIT(id, name, value, about) OPT_ ## id = 1 << OPT_AT_ ## id,
	OPTIONS(OPTION_BIT)
#undef OPTION_BIT
};

enum verb_id {
#define VERB_ID(function, object, verb, arguments, options, about)	\
	VERB_ ## function,
	VERBS(VERB_ID)
#undef VERB_ID
};

#endif
