-- What a person is shown of their own sessions, and when these end.
--
-- ends_at is the end whatever happens.  expires_at comes sooner: it moves
-- when the person is seen, and never past ends_at.  proved_at is when the
-- password was last shown; network and user_agent are of the login.

ALTER TABLE sessions ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';

UPDATE sessions SET ends_at = expires_at, last_seen_at = created_at,
    proved_at = created_at;

-- The oldest of a person's goes first.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);

-- What has expired is swept away.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX resets_by_expiry ON resets (expires_at);
