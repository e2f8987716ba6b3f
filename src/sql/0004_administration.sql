-- What an administrator says of accounts.

-- The moment from which an account is closed; 0 for one that is open.
ALTER TABLE users ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;

-- Names mean what the site's pages take them for.
CREATE TABLE user_groups (
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
	PRIMARY KEY (user_id, name)
); -- keyed
