-- Mails whose time is over end also where no courier looks at them.

CREATE INDEX mails_by_expiry ON mails (state, expires_at);
