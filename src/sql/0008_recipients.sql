-- Mails by the address that they go to, in the form in which addresses
-- compare: recipient is ASCII, and its domain stands there in lower case.

CREATE INDEX mails_by_recipient ON mails (lower(recipient), created_at);
