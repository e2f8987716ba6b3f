/* Every word said to the database: fast, in order, and of no one dialect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"
#include "statements.h"

static const struct {
	const char	*name, *args, *row, *sql;
} words[] = {
#define ROW(id, args_, row_, sql_) { #id, (args_), (row_), (sql_) },
	STATEMENTS(ROW)
#undef ROW
};

static struct bed bed;
static sqlite3 *db;

static int
set_up(void **state)
{
	(void)state;
	helper_bed(&bed, NULL);
	db = helper_sqlite(bed.store);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)sqlite3_close(db);
	helper_bed_close(&bed);
	return 0;
}

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	return stmt;
}

/* What the planner would do, a step in each row. */
static sqlite3_stmt *
explain(const char *sql)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
	return prepare(text);
}

/* What the planner would do that grows with the number of rows, or NULL. */
static const char *
slow_step(const char *sql)
{
	static char slow[256];
	sqlite3_stmt *stmt = explain(sql);
	const char *detail;

	slow[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		detail = (const char *)sqlite3_column_text(stmt, 3);
		if (strstr(detail, "SCAN") != NULL ||
		    strstr(detail, "TEMP B-TREE") != NULL ||
		    strstr(detail, "AUTOMATIC") != NULL)
			(void)snprintf(slow, sizeof(slow), "%s", detail);
	}
	(void)sqlite3_finalize(stmt);
	return slow[0] != '\0' ? slow : NULL;
}

static void
no_statement_scans_a_table(void **state)
{
	const char *slow;
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(words); i++)
		if ((slow = slow_step(words[i].sql)) != NULL)
			fail_msg("%s: %s", words[i].name, slow);
}

/* However many wait: it is asked every few seconds. */
static void
mails_whose_time_is_over_are_found_by_it(void **state)
{
	sqlite3_stmt *stmt = explain(words[MAILS_EXPIRE].sql);
	bool found = false;

	(void)state;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		found = found || strstr((const char *)sqlite3_column_text(
		    stmt, 3), "(state=? AND expires_at<?)") != NULL;
	(void)sqlite3_finalize(stmt);
	assert_true(found);
}

/* The question above is able to find something. */
static void
scans_are_found(void **state)
{
	(void)state;
	assert_non_null(slow_step("SELECT id FROM users WHERE email = $1"));
	assert_non_null(slow_step("DELETE FROM sessions WHERE ends_at <"
	    " $1"));
	assert_non_null(slow_step("SELECT u.id FROM users u JOIN tickets r"
	    " ON r.created_at = u.created_at WHERE u.id = $1"));
	assert_null(slow_step("SELECT email FROM users WHERE id = $1"));
}

/* A foreign key whose child has no index is looked for by a scan. */
static void
every_foreign_key_has_an_index(void **state)
{
	static const char *const sql[] = {
		"SELECT 1 FROM sessions WHERE user_id = $1",
		"SELECT 1 FROM tickets WHERE user_id = $1",
		"SELECT 1 FROM devices WHERE user_id = $1",
		"SELECT 1 FROM user_groups WHERE user_id = $1",
	};
	size_t i;

	(void)state;
	assert_int_equal(helper_number(bed.store, "SELECT count(*) FROM"
	    " sqlite_schema s, pragma_foreign_key_list(s.name) f"
	    " WHERE s.type = 'table'"), HELPER_COUNT(sql));
	for (i = 0; i < HELPER_COUNT(sql); i++)
		assert_null(slow_step(sql[i]));
}

static void
parameters_stand_in_order(void **state)
{
	sqlite3_stmt *stmt;
	char expected[32];
	size_t i, n;

	(void)state;
	for (i = 0; i < HELPER_COUNT(words); i++) {
		stmt = prepare(words[i].sql);
		n = (size_t)sqlite3_bind_parameter_count(stmt);
		assert_int_equal(n, strlen(words[i].args));
		for (; n > 0; n--) {
			(void)snprintf(expected, sizeof(expected), "$%zu", n);
			assert_string_equal(sqlite3_bind_parameter_name(stmt,
			    (int)n), expected);
		}
		(void)sqlite3_finalize(stmt);
	}
}

/* A column's letter is the type that its table declares. */
static void
columns_are_of_their_letter(void **state)
{
	sqlite3_stmt *stmt;
	const char *type;
	size_t i, n;

	(void)state;
	for (i = 0; i < HELPER_COUNT(words); i++) {
		stmt = prepare(words[i].sql);
		n = (size_t)sqlite3_column_count(stmt);
		assert_int_equal(n, strlen(words[i].row));
		assert_int_equal(strspn(words[i].row, "tn"), n);
		assert_int_equal(strspn(words[i].args, "tn"),
		    strlen(words[i].args));
		while (n-- > 0) {
			type = sqlite3_column_decltype(stmt, (int)n);
			if (type != NULL)
				assert_string_equal(type, words[i].row[n] ==
				    't' ? "TEXT" : "BIGINT");
		}
		(void)sqlite3_finalize(stmt);
	}
}

/* Only the word itself: "rowid" is not in "narrowid". */
static bool
says(const char *sql, const char *word)
{
	size_t len = strlen(word), i;

	for (i = 0; sql[i] != '\0'; i++)
		if (strncasecmp(sql + i, word, len) == 0 &&
		    (i == 0 || !isalnum((unsigned char)sql[i - 1])) &&
		    !isalnum((unsigned char)sql[i + len]))
			return true;
	return false;
}

/* What one engine knows and another does not. */
static const char *const dialect[] = {
	"REPLACE", "OR IGNORE", "INSERT OR", "UPDATE OR",
	"rowid", "AUTOINCREMENT", "WITHOUT ROWID", "STRICT", "GLOB",
	"IFNULL", "datetime", "strftime", "julianday", "unixepoch", "random",
	"randomblob", "hex", "last_insert_rowid", "changes", "PRAGMA",
	"ATTACH", "VACUUM", "COLLATE", "BLOB", "INTEGER", "INT", "REAL",
	"NUMERIC", "VARCHAR", "BOOLEAN", "SERIAL", "TIMESTAMP", "now",
	"CURRENT_TIMESTAMP", "TRIGGER", "INDEXED BY", "printf",
};

/* PostgreSQL knows no LIMIT but that of a SELECT. */
static bool
has_limit_of_its_own(const char *sql)
{
	int depth = 0;

	if (!says(sql, "LIMIT") || strncmp(sql, "SELECT", 6) == 0)
		return false;
	for (; *sql != '\0'; sql++) {
		depth += (*sql == '(') - (*sql == ')');
		if (depth == 0 && strncasecmp(sql, " LIMIT ", 7) == 0)
			return true;
	}
	return false;
}

static void
limits_of_their_own_are_found(void **state)
{
	(void)state;
	assert_true(has_limit_of_its_own("DELETE FROM a WHERE b IN (SELECT"
	    " b FROM a) LIMIT 5"));
	assert_false(has_limit_of_its_own("DELETE FROM a WHERE b IN (SELECT"
	    " b FROM a LIMIT 5)"));
}

static void
is_portable(const char *name, const char *sql)
{
	size_t i;

	for (i = 0; i < HELPER_COUNT(dialect); i++)
		if (says(sql, dialect[i]))
			fail_msg("%s says %s", name, dialect[i]);
	if (has_limit_of_its_own(sql))
		fail_msg("%s limits what is no SELECT", name);
	if (strpbrk(sql, "?@`[\"") != NULL)
		fail_msg("%s has quotes or marks of one engine", name);
}

static void
statements_are_of_no_dialect(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HELPER_COUNT(words); i++)
		is_portable(words[i].name, words[i].sql);
}

#define KEYED	"\n) WITHOUT ROWID;"

/*
 * Comments are for people; and one is for the build, which puts two words of
 * SQLite in its place.
 */
static char *
as_written(const char *sql)
{
	char *copy = strdup(sql), *to = copy;

	assert_non_null(copy);
	while (*sql != '\0') {
		if (strncmp(sql, "--", 2) == 0)
			sql += strcspn(sql, "\n");
		else if (strncmp(sql, KEYED, strlen(KEYED)) == 0)
			sql += strlen(KEYED);
		else
			*to++ = *sql++;
	}
	*to = '\0';
	return copy;
}

static void
schema_is_of_no_dialect(void **state)
{
	const struct db_schema *schema = store_schema();
	char *sql;
	size_t i;

	(void)state;
	assert_true(schema->migrations >= 1);
	for (i = 0; i < schema->migrations; i++) {
		assert_int_equal(schema->migration[i].version, (int)i + 1);
		sql = as_written(schema->migration[i].sql);
		is_portable(schema->migration[i].name, sql);
		free(sql);
	}
}

/* A check goes down one tree for each table that it asks. */
static void
rows_are_kept_by_their_primary_key(void **state)
{
	(void)state;
	assert_int_equal(helper_number(bed.store, "SELECT count(*) FROM"
	    " pragma_table_list WHERE wr = 1 AND name IN ('users',"
	    " 'sessions', 'tickets', 'user_groups')"), 4);
}

static void
columns_are_text_or_bigint_and_never_null(void **state)
{
	(void)state;
	assert_true(helper_number(bed.store, "SELECT count(*) FROM"
	    " sqlite_schema s, pragma_table_info(s.name) c"
	    " WHERE s.type = 'table'") >= 16);
	assert_int_equal(helper_number(bed.store, "SELECT count(*) FROM"
	    " sqlite_schema s, pragma_table_info(s.name) c"
	    " WHERE s.type = 'table' AND (c.type NOT IN ('TEXT', 'BIGINT')"
	    " OR c.\"notnull\" = 0)"
	    /* A ticket may be nobody's; no token is looked up there. */
	    " AND NOT (s.name = 'tickets' AND c.name = 'user_id')"), 0);
}

static void
store_knows_the_same_statements(void **state)
{
	const struct db_schema *schema = store_schema();
	size_t i;

	(void)state;
	assert_int_equal(schema->statements, HELPER_COUNT(words));
	for (i = 0; i < HELPER_COUNT(words); i++)
		assert_string_equal(schema->statement[i].sql, words[i].sql);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_statement_scans_a_table),
		cmocka_unit_test(mails_whose_time_is_over_are_found_by_it),
		cmocka_unit_test(scans_are_found),
		cmocka_unit_test(every_foreign_key_has_an_index),
		cmocka_unit_test(parameters_stand_in_order),
		cmocka_unit_test(columns_are_of_their_letter),
		cmocka_unit_test(limits_of_their_own_are_found),
		cmocka_unit_test(statements_are_of_no_dialect),
		cmocka_unit_test(schema_is_of_no_dialect),
		cmocka_unit_test(rows_are_kept_by_their_primary_key),
		cmocka_unit_test(columns_are_text_or_bigint_and_never_null),
		cmocka_unit_test(store_knows_the_same_statements),
	};

	return cmocka_run_group_tests_name("statements", tests, set_up,
	    tear_down);
}
