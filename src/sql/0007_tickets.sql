-- Tickets: what a mail carries, a token and for some a code, which lets
-- whoever has the mailbox do one thing once.
--
-- kind: registration, the account that the address gets; reset, a new
-- password; address, the account's next address; undo, its former address
-- again; report, what was done with the account was not its owner.
-- user_id: NULL for a registration, and for what was asked with an address
-- that has no account: a row that opens nothing, so that the same is written.
-- email is the address that the ticket is about; password_hash and language
-- are a registration's.  code_hash is '' where there is no code, and once too
-- many wrong ones were tried.
CREATE TABLE tickets (
	token_hash TEXT NOT NULL PRIMARY KEY CHECK (length(token_hash) = 43),
	kind TEXT NOT NULL CHECK
	    (kind IN ('registration', 'reset', 'address', 'undo', 'report')),
	user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
	email TEXT NOT NULL CHECK (length(email) <= 254),
	email_key TEXT NOT NULL CHECK (length(email_key) <= 254),
	password_hash TEXT NOT NULL,
	language TEXT NOT NULL CHECK (length(language) <= 35),
	code_hash TEXT NOT NULL CHECK (length(code_hash) IN (0, 43)),
	tries BIGINT NOT NULL CHECK (tries >= 0),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CHECK ((kind = 'registration') = (password_hash LIKE '$%'))
); -- keyed

CREATE INDEX tickets_by_address ON tickets (email_key, kind);
CREATE INDEX tickets_by_user ON tickets (user_id, kind);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);

INSERT INTO tickets (token_hash, kind, user_id, email, email_key,
    password_hash, language, code_hash, tries, created_at, expires_at)
    SELECT r.token_hash, 'reset', r.user_id, u.email, u.email_key,
    '', '', '', 0, r.created_at, r.expires_at
    FROM resets r JOIN users u ON u.id = r.user_id;
DROP TABLE resets;

-- In which language an account is written to; '' for the site's.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT ''
    CHECK (length(language) <= 35);
