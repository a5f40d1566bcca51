-- The log, notifications, and unread counts.

CREATE TABLE log_head (
    only_row  integer PRIMARY KEY CHECK (only_row = 1),
    epoch     text    NOT NULL,            -- new with every new database
    position  integer NOT NULL,            -- of the newest event; 0 if none
    floor     integer NOT NULL             -- events up to this position are trimmed
) STRICT;

CREATE TABLE event (
    position    integer PRIMARY KEY,
    audience    text    NOT NULL,
    kind        text    NOT NULL,
    category    text,
    body        text    NOT NULL,          -- JSON
    created_at  integer NOT NULL
) STRICT;
CREATE INDEX event_by_audience ON event (audience, position);

CREATE TABLE notification (
    id          text    NOT NULL,
    audience    text    NOT NULL,
    position    integer NOT NULL,          -- of the event that announced it
    category    text    NOT NULL,
    body        text    NOT NULL,          -- JSON, as frames and lists show it
    PRIMARY KEY (id, audience)
) STRICT, WITHOUT ROWID;
CREATE INDEX notification_by_audience ON notification (audience, position);

CREATE TABLE receipt (
    user_id          text NOT NULL,
    notification_id  text NOT NULL,
    seen_at          integer,
    read_at          integer,
    archived_at      integer,
    PRIMARY KEY (user_id, notification_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
    audience  text    NOT NULL,
    category  text    NOT NULL,
    live      integer NOT NULL,
    PRIMARY KEY (audience, category)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled (
    user_id   text    NOT NULL,
    audience  text    NOT NULL,
    category  text    NOT NULL,
    count     integer NOT NULL,            -- the part of the tally that this user has read or archived
    PRIMARY KEY (user_id, audience, category)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    owner       text    NOT NULL,
    key         text    NOT NULL,
    digest      text    NOT NULL,          -- of the request, to detect a key that is reused for another one
    answer      text    NOT NULL,          -- JSON
    created_at  integer NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE keyring (
    name   text PRIMARY KEY,
    value  text NOT NULL
) STRICT, WITHOUT ROWID;
