-- Accounts, their sessions and their pending password resets.
-- Times are milliseconds since 1970 in UTC; ids are made by the program.
--
-- "keyed": one tree holds a table's rows in the order of their primary key.
-- For SQLite the build writes WITHOUT ROWID there; PostgreSQL has no such
-- words, and to it this is a comment.

CREATE TABLE schema_migrations (
	version BIGINT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	applied_at BIGINT NOT NULL
);

-- email is what was given, email_key the form in which addresses compare.
CREATE TABLE users (
	id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 22),
	email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
	email_key TEXT NOT NULL UNIQUE CHECK (length(email_key) >= 3),
	password_hash TEXT NOT NULL CHECK (password_hash LIKE '$%'),
	created_at BIGINT NOT NULL
); -- keyed

-- A token's hash stands in a row of its own and is never empty: whoever
-- brings no token can match nobody.
CREATE TABLE sessions (
	token_hash TEXT NOT NULL PRIMARY KEY CHECK (length(token_hash) = 43),
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
); -- keyed

CREATE INDEX sessions_by_user ON sessions (user_id);

-- One pending reset for each account: the next one takes its place.
CREATE TABLE resets (
	user_id TEXT NOT NULL PRIMARY KEY
	    REFERENCES users (id) ON DELETE CASCADE,
	token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 43),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
); -- keyed
