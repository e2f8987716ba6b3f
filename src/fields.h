/*
 * fields.h - every value that a body may carry, one row each
 *
 * FIELD(id, name on the wire, most bytes, check)
 *
 * check: a checked_... of gates.c, which gives the value in the form that
 * the law uses.  The bytes are counted in that form.
 */
#ifndef FIELDS_H
#define FIELDS_H

#define FIELDS(FIELD)							\
FIELD(FIELD_EMAIL, "email", 254, email)					\
FIELD(FIELD_PASSWORD, "password", 511, password)			\
FIELD(FIELD_CURRENT_PASSWORD, "current_password", 511, password)	\
FIELD(FIELD_NEW_PASSWORD, "new_password", 511, password)		\
FIELD(FIELD_RESET_TOKEN, "reset_token", 128, text)			\
FIELD(FIELD_TOKEN, "token", 128, text)					\
FIELD(FIELD_LANGUAGE, "language", 35, text)

enum field {
#define FIELD_ID(id, wire, longest, check) id,
	FIELDS(FIELD_ID)
#undef FIELD_ID
	FIELD_COUNT
};

#endif
