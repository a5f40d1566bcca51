-- Attempts to log in and to register, counted by all instances together.

CREATE TABLE lumen_attempt_window (
    key       text    PRIMARY KEY,                   -- a hash of what is limited: a username, an address, or both
    ends_at   integer NOT NULL,
    attempts  integer NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_attempt_window_by_end ON lumen_attempt_window (ends_at);
