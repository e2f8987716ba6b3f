-- Who has failed how often, and which browsers have logged in before.

-- A key is a letter for its kind, and a network or the digest of what was
-- tried: whether there is such an account plays no part.
CREATE TABLE limits (
	key TEXT NOT NULL PRIMARY KEY CHECK (length(key) >= 2),
	failures BIGINT NOT NULL CHECK (failures >= 0),
	updated_at BIGINT NOT NULL,
	blocked_until BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
); -- keyed

CREATE INDEX limits_by_expiry ON limits (expires_at);

-- A browser has one token for all the accounts that logged in with it.
CREATE TABLE devices (
	token_hash TEXT NOT NULL CHECK (length(token_hash) = 43),
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (token_hash, user_id)
); -- keyed

CREATE INDEX devices_by_user ON devices (user_id, created_at);
CREATE INDEX devices_by_expiry ON devices (expires_at);
