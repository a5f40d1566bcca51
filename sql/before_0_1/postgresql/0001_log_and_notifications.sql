-- The log, notifications, and unread counts.

CREATE TABLE log_head (
    only_row  smallint PRIMARY KEY CHECK (only_row = 1),
    epoch     text    NOT NULL,            -- new with every new database
    position  bigint  NOT NULL,            -- of the newest event; 0 if none
    floor     bigint  NOT NULL             -- events up to this position are trimmed
);

CREATE TABLE event (
    position    bigint  PRIMARY KEY,
    audience    text    NOT NULL,
    kind        text    NOT NULL,
    category    text,
    body        text    NOT NULL,          -- JSON
    created_at  bigint  NOT NULL
);
CREATE INDEX event_by_audience ON event (audience, position);

CREATE TABLE notification (
    id          text    NOT NULL,
    audience    text    NOT NULL,
    position    bigint  NOT NULL,          -- of the event that announced it
    category    text    NOT NULL,
    body        text    NOT NULL,          -- JSON, as frames and lists show it
    PRIMARY KEY (id, audience)
);
CREATE INDEX notification_by_audience ON notification (audience, position);

CREATE TABLE receipt (
    user_id          text NOT NULL,
    notification_id  text NOT NULL,
    seen_at          bigint ,
    read_at          bigint ,
    archived_at      bigint ,
    PRIMARY KEY (user_id, notification_id)
);

CREATE TABLE tally (
    audience  text    NOT NULL,
    category  text    NOT NULL,
    live      bigint  NOT NULL,
    PRIMARY KEY (audience, category)
);

CREATE TABLE settled (
    user_id   text    NOT NULL,
    audience  text    NOT NULL,
    category  text    NOT NULL,
    count     bigint  NOT NULL,            -- the part of the tally that this user has read or archived
    PRIMARY KEY (user_id, audience, category)
);

CREATE TABLE idempotency (
    owner       text    NOT NULL,
    key         text    NOT NULL,
    digest      text    NOT NULL,          -- of the request, to detect a key that is reused for another one
    answer      text    NOT NULL,          -- JSON
    created_at  bigint  NOT NULL,
    PRIMARY KEY (owner, key)
);

CREATE TABLE keyring (
    name   text PRIMARY KEY,
    value  text NOT NULL
);
