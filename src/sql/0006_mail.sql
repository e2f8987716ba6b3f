-- What is to be sent by mail, a row each, and what has become of it.
--
-- recipient: the address as a mail is sent to it; '' is nobody, and the
-- courier drops the row: who asks for a mail to an address that has no
-- account must not see that less was done.
-- content: a JSON object, what the template of its kind is filled with; ''
-- once the mail has ended, for a token may stand there.
-- taken_until: a courier has the mail in hand until then; 0: none has.
CREATE TABLE mails (
	id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 22),
	kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
	recipient TEXT NOT NULL CHECK (length(recipient) <= 254),
	language TEXT NOT NULL CHECK (length(language) <= 35),
	content TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	taken_until BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	attempts BIGINT NOT NULL CHECK (attempts >= 0),
	state TEXT NOT NULL
	    CHECK (state IN ('waiting', 'sent', 'dropped', 'dead')),
	reason TEXT NOT NULL CHECK (length(reason) <= 200),
	CHECK ((state = 'waiting') = (ended_at = 0)),
	CHECK (state = 'waiting' OR content = '')
); -- keyed

CREATE INDEX mails_by_due ON mails (state, due_at, id);
CREATE INDEX mails_by_end ON mails (ended_at);
