-- Attempts to log in and to register, counted by all instances together.

CREATE TABLE lumen_attempt_window (
    key       text    PRIMARY KEY,                   -- a hash of what is limited: a username, an address, or both
    ends_at   bigint  NOT NULL,
    attempts  bigint  NOT NULL
);
CREATE INDEX lumen_attempt_window_by_end ON lumen_attempt_window (ends_at);
