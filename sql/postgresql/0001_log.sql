-- The log of events, and what belongs to the whole database.

CREATE TABLE lumen_log_head (
    only_row            bigint  PRIMARY KEY CHECK (only_row = 1),
    epoch               text    NOT NULL,            -- new with every new database
    floor               bigint  NOT NULL,            -- events up to this position are trimmed
    categories_version  bigint  NOT NULL DEFAULT 0   -- increases with each change of lumen_category
);

CREATE TABLE lumen_event (
    position          bigint  PRIMARY KEY,
    audience          text    NOT NULL,              -- user:ID, room:ID or all
    kind              text    NOT NULL,
    category          text,
    body              text    NOT NULL,              -- JSON
    content_position  bigint,                        -- of its body in lumen_content; NULL if the row has it
    created_at        bigint  NOT NULL
);
CREATE INDEX lumen_event_by_audience ON lumen_event (audience, position);

-- The body of a notification to several users: their events and notifications refer to it.
CREATE TABLE lumen_content (
    position         bigint  PRIMARY KEY,            -- of the last event with this body
    first_position   bigint  NOT NULL,               -- of the first event with it
    notification_id  text    NOT NULL,
    body             text    NOT NULL                -- JSON
);

-- Answers to requests with an Idempotency-Key.
CREATE TABLE lumen_idempotency_key (
    owner       text    NOT NULL,
    key         text    NOT NULL,
    digest      text    NOT NULL,                    -- of the request: detects a key reused for another one
    answer      text    NOT NULL,                    -- JSON
    created_at  bigint  NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX lumen_idempotency_key_by_age ON lumen_idempotency_key (created_at);

-- Values that all instances share, such as half of the key that signs tickets.
CREATE TABLE lumen_server_key (
    name   text PRIMARY KEY,
    value  text NOT NULL
);
