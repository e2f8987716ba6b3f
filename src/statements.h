/*
 * statements.h - every word said to the database, one row each
 *
 * STATEMENT(id, arguments, row, SQL)
 *
 * A letter for each argument and each column: t text, n number.  Parameters
 * are $1, $2, ... in the order of their first appearance, TEXT or BIGINT;
 * the SQL is the same for every engine.
 */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define STATEMENTS(STATEMENT)						\
STATEMENT(USER_ADD, "ttttnt", "t",					\
    "INSERT INTO users"							\
    " (id, email, email_key, password_hash, created_at, language)"	\
    " VALUES ($1, $2, $3, $4, $5, $6)"					\
    " ON CONFLICT (email_key) DO NOTHING"				\
    " RETURNING id")							\
STATEMENT(USER_BY_EMAIL, "t", "tttnt",					\
    "SELECT id, email, password_hash, disabled_at, language FROM users"	\
    " WHERE email_key = $1")						\
STATEMENT(USER_BY_ID, "t", "tttnt",					\
    "SELECT email, email_key, password_hash, created_at, language"	\
    " FROM users WHERE id = $1")					\
STATEMENT(USER_SET_EMAIL, "ttt", "t",					\
    "UPDATE users SET email = $1, email_key = $2 WHERE id = $3"		\
    " AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = $2"	\
    " AND o.id <> $3) RETURNING id")					\
STATEMENT(USER_DELETE_OWN, "ttt", "t",					\
    "DELETE FROM users WHERE id = $1 AND password_hash = $2"		\
    " AND id IN (SELECT user_id FROM sessions WHERE token_hash = $3)"	\
    " RETURNING email_key")						\
STATEMENT(USER_DETAILS, "t", "ttnntt",					\
    "SELECT id, email, created_at, disabled_at, password_hash, language" \
    " FROM users WHERE email_key = $1")					\
STATEMENT(USERS_AFTER, "t", "ttnnt",					\
    "SELECT email_key, email, created_at, disabled_at, password_hash"	\
    " FROM users WHERE email_key > $1 ORDER BY email_key")		\
STATEMENT(USERS_COUNT, "", "nn",					\
    "SELECT count(*), coalesce(sum(CASE WHEN disabled_at > 0"		\
    " THEN 1 ELSE 0 END), 0) FROM users WHERE email_key > ''")		\
STATEMENT(USER_REHASH, "ttt", "",					\
    "UPDATE users SET password_hash = $1"				\
    " WHERE id = $2 AND password_hash = $3")				\
STATEMENT(USER_SET_PASSWORD, "tt", "t",					\
    "UPDATE users SET password_hash = $1 WHERE id = $2 RETURNING id")	\
STATEMENT(USER_CHANGE_PASSWORD, "ttt", "t",				\
    "UPDATE users SET password_hash = $1"				\
    " WHERE id = $2 AND password_hash = $3 RETURNING id")		\
STATEMENT(USER_SET_LANGUAGE, "tt", "t",					\
    "UPDATE users SET language = $1 WHERE id = $2 RETURNING id")	\
STATEMENT(USER_SET_DISABLED, "nt", "t",					\
    "UPDATE users SET disabled_at = $1 WHERE email_key = $2"		\
    " RETURNING id")							\
STATEMENT(USER_CLOSE, "nt", "",						\
    "UPDATE users SET disabled_at = $1 WHERE id = $2")			\
STATEMENT(USER_DELETE, "t", "t",					\
    "DELETE FROM users WHERE email_key = $1 RETURNING email_key")	\
STATEMENT(GROUPS_OF, "t", "t",						\
    "SELECT name FROM user_groups WHERE user_id = $1 ORDER BY name")	\
STATEMENT(GROUP_JOIN, "tt", "",						\
    "INSERT INTO user_groups (user_id, name) VALUES ($1, $2)"		\
    " ON CONFLICT (user_id, name) DO NOTHING")				\
STATEMENT(GROUP_LEAVE, "tt", "",					\
    "DELETE FROM user_groups WHERE user_id = $1 AND name = $2")		\
STATEMENT(GROUPS_LEAVE, "t", "",					\
    "DELETE FROM user_groups WHERE user_id = $1")			\
STATEMENT(SESSION_ADD, "tnnntttt", "t",					\
    "INSERT INTO sessions"						\
    " (token_hash, user_id, created_at, expires_at, ends_at,"		\
    " last_seen_at, proved_at, network, user_agent)"			\
    " SELECT $1, id, $2, $3, $4, $2, $2, $5, $6 FROM users"		\
    " WHERE id = $7 AND password_hash = $8 AND disabled_at = 0"		\
    " RETURNING user_id")						\
STATEMENT(SESSIONS_CROWD, "ttnnn", "",					\
    "DELETE FROM sessions WHERE token_hash IN"				\
    " (SELECT token_hash FROM sessions WHERE user_id = $1"		\
    " AND token_hash <> $2 AND expires_at > $3"				\
    " ORDER BY created_at DESC LIMIT $4 OFFSET $5)")			\
STATEMENT(SESSION_BY_TOKEN, "tn", "ttnnnnt",				\
    "SELECT s.user_id, u.email, s.created_at, s.ends_at,"		\
    " s.last_seen_at, s.proved_at, u.language"				\
    " FROM sessions s JOIN users u ON u.id = s.user_id"			\
    " WHERE s.token_hash = $1 AND s.expires_at > $2")			\
STATEMENT(SESSIONS_OF_USER, "tn", "tnnntt",				\
    "SELECT token_hash, created_at, expires_at, last_seen_at,"		\
    " network, user_agent FROM sessions"				\
    " WHERE user_id = $1 AND expires_at > $2"				\
    " ORDER BY created_at DESC")					\
STATEMENT(SESSION_SEEN, "nntn", "",					\
    "UPDATE sessions SET last_seen_at = $1, expires_at = $2"		\
    " WHERE token_hash = $3 AND expires_at > $1"			\
    " AND last_seen_at <= $4")						\
STATEMENT(SESSION_PROVED, "nttt", "t",					\
    "UPDATE sessions SET proved_at = $1 WHERE token_hash = $2"		\
    " AND user_id IN (SELECT id FROM users"				\
    " WHERE id = $3 AND password_hash = $4) RETURNING user_id")		\
STATEMENT(SESSIONS_SWEEP, "nn", "t",					\
    "DELETE FROM sessions WHERE token_hash IN"				\
    " (SELECT token_hash FROM sessions"					\
    " WHERE expires_at <= $1 LIMIT $2) RETURNING user_id")		\
STATEMENT(SESSION_END, "t", "t",					\
    "DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id")	\
STATEMENT(SESSION_LIVES, "tt", "t",					\
    "SELECT user_id FROM sessions WHERE token_hash = $1"		\
    " AND user_id = $2")						\
STATEMENT(SESSIONS_END_ALL, "t", "",					\
    "DELETE FROM sessions WHERE user_id = $1")				\
STATEMENT(SESSIONS_END_OTHERS, "tt", "",				\
    "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")	\
STATEMENT(DEVICE_KNOWN, "ttn", "tn",					\
    "SELECT d.user_id, d.created_at"					\
    " FROM devices d JOIN users u ON u.id = d.user_id"			\
    " WHERE d.token_hash = $1 AND u.email_key = $2"			\
    " AND d.expires_at > $3")						\
STATEMENT(DEVICE_TURN, "tntn", "",					\
    "UPDATE devices SET token_hash = $1, expires_at = $2"		\
    " WHERE token_hash = $3 AND expires_at > $4")			\
STATEMENT(DEVICE_ADD, "ttnn", "",					\
    "INSERT INTO devices (token_hash, user_id, created_at, expires_at)"	\
    " VALUES ($1, $2, $3, $4)"						\
    " ON CONFLICT (token_hash, user_id) DO NOTHING")			\
STATEMENT(DEVICES_CROWD, "ttnn", "",					\
    "DELETE FROM devices WHERE user_id = $1 AND token_hash IN"		\
    " (SELECT token_hash FROM devices WHERE user_id = $1"		\
    " AND token_hash <> $2 ORDER BY created_at DESC"			\
    " LIMIT $3 OFFSET $4)")						\
STATEMENT(DEVICES_OF_USER, "tn", "nn",					\
    "SELECT created_at, expires_at FROM devices"			\
    " WHERE user_id = $1 AND expires_at > $2"				\
    " ORDER BY created_at DESC")					\
STATEMENT(DEVICES_DROP, "t", "",					\
    "DELETE FROM devices WHERE user_id = $1")				\
STATEMENT(DEVICES_DROP_EVERY, "", "",					\
    "DELETE FROM devices WHERE token_hash > ''")			\
STATEMENT(DEVICES_SWEEP, "nn", "t",					\
    "DELETE FROM devices WHERE token_hash IN"				\
    " (SELECT token_hash FROM devices"					\
    " WHERE expires_at <= $1 LIMIT $2) AND expires_at <= $1"		\
    " RETURNING user_id")						\
STATEMENT(LIMIT_LOOK, "t", "nnn",					\
    "SELECT failures, updated_at, blocked_until FROM limits"		\
    " WHERE key = $1")							\
STATEMENT(LIMIT_SET, "tnnnn", "",					\
    "INSERT INTO limits"						\
    " (key, failures, updated_at, blocked_until, expires_at)"		\
    " VALUES ($1, $2, $3, $4, $5)"					\
    " ON CONFLICT (key) DO UPDATE SET failures = excluded.failures,"	\
    " updated_at = excluded.updated_at,"				\
    " blocked_until = excluded.blocked_until,"				\
    " expires_at = excluded.expires_at")				\
STATEMENT(LIMIT_CLEAR, "t", "",						\
    "DELETE FROM limits WHERE key = $1")				\
STATEMENT(LIMITS_SWEEP, "nn", "t",					\
    "DELETE FROM limits WHERE key IN"					\
    " (SELECT key FROM limits WHERE expires_at <= $1 LIMIT $2)"		\
    " RETURNING key")							\
STATEMENT(SESSIONS_END_EVERY, "", "",					\
    "DELETE FROM sessions WHERE token_hash > ''")			\
STATEMENT(SESSIONS_COUNT, "n", "nn",					\
    "SELECT count(*), coalesce(sum(CASE WHEN expires_at > $1"		\
    " THEN 1 ELSE 0 END), 0) FROM sessions WHERE token_hash > ''")	\
STATEMENT(TICKET_ADD, "ttttttttnn", "",					\
    "INSERT INTO tickets (token_hash, kind, email, email_key, user_id,"	\
    " password_hash, language, code_hash, tries, created_at, expires_at)" \
    " VALUES ($1, $2, $3, $4, (SELECT id FROM users WHERE id = $5"	\
    " AND disabled_at = 0 AND ($2 <> 'reset' OR email_key = $4)),"	\
    " $6, $7, $8, 0, $9, $10)")						\
STATEMENT(TICKET_PENDING, "ttn", "tttt",				\
    "SELECT coalesce(user_id, ''), email, email_key, language FROM tickets" \
    " WHERE token_hash = $1 AND kind = $2 AND expires_at > $3")		\
STATEMENT(TICKET_TAKE, "ttn", "tttttn",					\
    "DELETE FROM tickets WHERE token_hash = $1 AND kind = $2"		\
    " AND expires_at > $3 RETURNING coalesce(user_id, ''), email,"	\
    " email_key, password_hash, language, created_at")			\
STATEMENT(TICKET_BY_CODE, "tttn", "t",					\
    "SELECT token_hash FROM tickets WHERE email_key = $1 AND kind = $2"	\
    " AND code_hash = $3 AND expires_at > $4")				\
STATEMENT(TICKETS_MISSED, "ntt", "",					\
    "UPDATE tickets SET tries = tries + 1, code_hash ="			\
    " CASE WHEN tries + 1 >= $1 THEN '' ELSE code_hash END"		\
    " WHERE email_key = $2 AND kind = $3 AND code_hash <> ''")		\
STATEMENT(TICKETS_OF_ADDRESS_END, "tt", "",				\
    "DELETE FROM tickets WHERE email_key = $1 AND kind = $2")		\
STATEMENT(TICKETS_OF_USER_END, "t", "",					\
    "DELETE FROM tickets"						\
    " WHERE user_id = $1 AND kind IN ('reset', 'address')")		\
STATEMENT(TICKETS_OF_USER_DROP, "t", "",				\
    "DELETE FROM tickets WHERE user_id = $1")				\
STATEMENT(TICKETS_OF_USER_END_KIND, "tt", "",				\
    "DELETE FROM tickets WHERE user_id = $1 AND kind = $2")		\
STATEMENT(TICKETS_END_KIND, "t", "",					\
    "DELETE FROM tickets WHERE token_hash > '' AND kind = $1")		\
STATEMENT(TICKETS_OF_USER_END_ALL, "tn", "",				\
    "DELETE FROM tickets WHERE user_id = $1"				\
    " AND (kind <> 'undo' OR created_at > $2)")				\
STATEMENT(TICKETS_OF_ADDRESS, "ttn", "n",				\
    "SELECT count(*) FROM tickets WHERE email_key = $1 AND kind = $2"	\
    " AND expires_at > $3")						\
STATEMENT(TICKETS_SWEEP, "nn", "t",					\
    "DELETE FROM tickets WHERE token_hash IN"				\
    " (SELECT token_hash FROM tickets"					\
    " WHERE expires_at <= $1 LIMIT $2) RETURNING token_hash")		\
STATEMENT(TICKETS_END_EVERY, "", "",					\
    "DELETE FROM tickets WHERE token_hash > ''")			\
STATEMENT(RESETS_COUNT, "n", "nn",					\
    "SELECT count(*), coalesce(sum(CASE WHEN expires_at > $1"		\
    " THEN 1 ELSE 0 END), 0) FROM tickets"				\
    " WHERE token_hash > '' AND kind = 'reset' AND user_id <> ''")	\
STATEMENT(AUDIT_KEY, "n", "t",						\
    "SELECT secret FROM audit_keys WHERE id = $1")			\
STATEMENT(AUDIT_KEY_ADD, "nt", "",					\
    "INSERT INTO audit_keys (id, secret) VALUES ($1, $2)"		\
    " ON CONFLICT (id) DO NOTHING")					\
STATEMENT(AUDIT_CHAIN, "t", "tntntt",					\
    "SELECT writer, seq, mac, cut_seq, cut_mac, seal"			\
    " FROM audit_chains WHERE writer = $1")				\
STATEMENT(AUDIT_CHAIN_AFTER, "t", "tntntt",				\
    "SELECT writer, seq, mac, cut_seq, cut_mac, seal"			\
    " FROM audit_chains WHERE writer > $1 ORDER BY writer")		\
STATEMENT(AUDIT_CHAIN_ADD, "tntntt", "",				\
    "INSERT INTO audit_chains (writer, seq, mac, cut_seq, cut_mac, seal)" \
    " VALUES ($1, $2, $3, $4, $5, $6)"					\
    " ON CONFLICT (writer) DO NOTHING")					\
STATEMENT(AUDIT_CHAIN_TAKE, "t", "tntntt",				\
    "UPDATE audit_chains SET seq = seq WHERE writer = $1"		\
    " RETURNING writer, seq, mac, cut_seq, cut_mac, seal")		\
STATEMENT(AUDIT_CHAIN_SET, "ntnttt", "",				\
    "UPDATE audit_chains SET seq = $1, mac = $2, cut_seq = $3,"		\
    " cut_mac = $4, seal = $5 WHERE writer = $6")			\
STATEMENT(AUDIT_ADD, "tnnttttttt", "",					\
    "INSERT INTO audit_events (writer, seq, at, event, result, account," \
    " network, door, request, mac)"					\
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")		\
STATEMENT(AUDIT_AFTER, "tn", "tnnttttttt",				\
    "SELECT writer, seq, at, event, result, account, network, door,"	\
    " request, mac FROM audit_events"					\
    " WHERE writer = $1 AND seq > $2 ORDER BY seq")			\
STATEMENT(AUDIT_OF_ACCOUNT, "tntn", "tnnttttttt",			\
    "SELECT writer, seq, at, event, result, account, network, door,"	\
    " request, mac FROM audit_events"					\
    " WHERE account = $1 AND (at, writer, seq) > ($2, $3, $4)"		\
    " ORDER BY at, writer, seq")					\
STATEMENT(AUDIT_OF_ACCOUNT_LAST, "tn", "tnnttttttt",			\
    "SELECT writer, seq, at, event, result, account, network, door,"	\
    " request, mac FROM audit_events"					\
    " WHERE account = $1 AND at >= $2 ORDER BY at DESC")		\
STATEMENT(AUDIT_OF_ACCOUNT_WHEN, "tt", "n",				\
    "SELECT coalesce(max(at), 0) FROM audit_events"			\
    " WHERE account = $1 AND event = $2")				\
STATEMENT(AUDIT_WALK, "t", "tnnttttttttntntt",				\
    "SELECT coalesce(e.writer, ''), coalesce(e.seq, 0),"		\
    " coalesce(e.at, 0), coalesce(e.event, ''), coalesce(e.result, '')," \
    " coalesce(e.account, ''), coalesce(e.network, ''),"		\
    " coalesce(e.door, ''), coalesce(e.request, ''),"			\
    " coalesce(e.mac, ''), c.writer, c.seq, c.mac, c.cut_seq, c.cut_mac," \
    " c.seal FROM audit_chains c LEFT JOIN audit_events e"		\
    " ON e.writer = c.writer WHERE c.writer = $1 ORDER BY e.seq")	\
STATEMENT(AUDIT_WRITER_AFTER, "t", "t",					\
    "SELECT writer FROM audit_events WHERE writer > $1 ORDER BY writer") \
STATEMENT(AUDIT_CUT, "tn", "",						\
    "DELETE FROM audit_events WHERE writer = $1 AND seq <= $2")		\
STATEMENT(MAIL_ADD, "tttttnn", "",					\
    "INSERT INTO mails (id, kind, recipient, language, content,"	\
    " created_at, due_at, expires_at, taken_until, ended_at, attempts,"	\
    " state, reason)"							\
    " VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 0, 0, 0, 'waiting', '')")	\
STATEMENT(MAIL_DUE, "n", "t",						\
    "SELECT id FROM mails WHERE state = 'waiting' AND due_at <= $1"	\
    " ORDER BY due_at, id")						\
STATEMENT(MAIL_CLAIM, "nn", "tttttnnn",					\
    "UPDATE mails SET attempts = attempts + 1, due_at = $1,"		\
    " taken_until = $1 WHERE id IN"					\
    " (SELECT id FROM mails WHERE state = 'waiting' AND due_at <= $2"	\
    " ORDER BY due_at, id LIMIT 1)"					\
    " AND state = 'waiting' AND due_at <= $2"				\
    " RETURNING id, kind, recipient, language, content, created_at,"	\
    " expires_at, attempts")						\
STATEMENT(MAIL_END, "tntt", "t",					\
    "UPDATE mails SET state = $1, ended_at = $2, reason = $3,"		\
    " taken_until = 0, content = ''"					\
    " WHERE id = $4 AND state = 'waiting' RETURNING id")		\
STATEMENT(MAIL_FAIL, "nttn", "t",					\
    "UPDATE mails SET due_at = $1, reason = $2, taken_until = 0"	\
    " WHERE id = $3 AND attempts = $4 AND state = 'waiting'"		\
    " RETURNING id")							\
STATEMENT(MAILS_AFTER, "tnt", "tttnnnnntt",				\
    "SELECT id, kind, recipient, created_at, due_at, expires_at,"	\
    " ended_at, attempts, state, reason FROM mails"			\
    " WHERE state = $1 AND (due_at, id) > ($2, $3)"			\
    " ORDER BY due_at, id")						\
STATEMENT(MAILS_TO, "tn", "ttn",					\
    "SELECT kind, state, created_at FROM mails"				\
    " WHERE lower(recipient) = $1 AND created_at >= $2"			\
    " ORDER BY created_at DESC")					\
STATEMENT(MAILS_TO_REMOVE, "t", "",					\
    "DELETE FROM mails WHERE lower(recipient) = $1")			\
STATEMENT(MAILS_DROP, "nt", "",						\
    "UPDATE mails SET state = 'dropped', ended_at = $1, reason = $2,"	\
    " taken_until = 0, content = '' WHERE state = 'waiting'")		\
STATEMENT(MAILS_WAITING, "", "nn",					\
    "SELECT count(*), coalesce(min(created_at), 0) FROM mails"		\
    " WHERE state = 'waiting'")						\
STATEMENT(MAIL_RETRY, "nt", "t",					\
    "UPDATE mails SET due_at = $1 WHERE id = $2"			\
    " AND state = 'waiting' AND taken_until <= $1 RETURNING id")	\
STATEMENT(MAILS_RETRY, "n", "t",					\
    "UPDATE mails SET due_at = $1 WHERE state = 'waiting'"		\
    " AND due_at > $1 AND taken_until <= $1 RETURNING id")		\
STATEMENT(MAILS_EXPIRE, "nn", "t",					\
    "UPDATE mails SET state = 'dead', ended_at = $1,"			\
    " reason = 'its time is over', taken_until = 0, content = ''"	\
    " WHERE id IN (SELECT id FROM mails WHERE state = 'waiting'"	\
    " AND expires_at <= $1 AND taken_until <= $1 LIMIT $2)"		\
    " AND state = 'waiting' RETURNING id")				\
STATEMENT(MAILS_SWEEP, "nn", "t",					\
    "DELETE FROM mails WHERE id IN"					\
    " (SELECT id FROM mails WHERE ended_at > 0 AND ended_at <= $1"	\
    " LIMIT $2) RETURNING id")

/* What a statement is called by; a row has at most so many columns. */
enum statement {
#define STATEMENT_ID(id, args, row, sql) id,
	STATEMENTS(STATEMENT_ID)
#undef STATEMENT_ID
};

#define STATEMENT_COLUMNS_MAX	16

/*
 * The one question that is put to another program's database: number, address
 * and hash of its users.
 */
#define FOREIGN_TABLE	"users"
#define FOREIGN_USERS							\
	"SELECT id, email, hashed_password FROM " FOREIGN_TABLE

#endif
