-- What has happened, a row each, and how nobody changes that unseen.

-- The key of all that follows, made by the program; its only row is 1.
CREATE TABLE audit_keys (
	id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	secret TEXT NOT NULL CHECK (length(secret) = 43)
); -- keyed

-- Each writer's rows are a chain: the number and the mac of its last row, and
-- of the last one that was removed for its age.
CREATE TABLE audit_chains (
	writer TEXT NOT NULL PRIMARY KEY CHECK (length(writer) >= 1),
	seq BIGINT NOT NULL CHECK (seq >= 0),
	mac TEXT NOT NULL,
	cut_seq BIGINT NOT NULL CHECK (cut_seq >= 0),
	cut_mac TEXT NOT NULL,
	seal TEXT NOT NULL
); -- keyed

-- account is no id and no address, but what the key makes of one.  There is
-- no reference to users: a row outlives the account.
CREATE TABLE audit_events (
	writer TEXT NOT NULL,
	seq BIGINT NOT NULL CHECK (seq >= 1),
	at BIGINT NOT NULL,
	event TEXT NOT NULL,
	result TEXT NOT NULL,
	account TEXT NOT NULL CHECK (length(account) IN (0, 43)),
	network TEXT NOT NULL,
	door TEXT NOT NULL,
	request TEXT NOT NULL,
	mac TEXT NOT NULL CHECK (length(mac) = 43),
	PRIMARY KEY (writer, seq)
); -- keyed

CREATE INDEX audit_by_account ON audit_events (account, at, writer, seq);
