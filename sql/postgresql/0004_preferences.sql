-- What a notification centre does not send, when it waits, and how it merges.

CREATE TABLE category (
    name      text    PRIMARY KEY,
    in_app    bigint  NOT NULL,            -- 1: in list, counts and stream, unless the user says otherwise
    push      bigint  NOT NULL,
    may_mute  bigint  NOT NULL,            -- 0: nobody can silence it
    priority  text,                        -- of those that name none
    limits    text    NOT NULL             -- JSON
);

-- Goes up with each change of the categories: what a process remembers of them is good while it stays.
ALTER TABLE log_head ADD COLUMN definitions bigint NOT NULL DEFAULT 0;

-- How much each limit has left: all of it, where there is no row.
CREATE TABLE bucket (
    key      text    PRIMARY KEY,
    full_at  bigint  NOT NULL             -- in microseconds, because some fill fast
);
CREATE INDEX bucket_by_time ON bucket (full_at);

CREATE TABLE preference (
    user_id   text    NOT NULL,
    category  text    NOT NULL,
    in_app    bigint ,                     -- NULL: as the category has it
    push      bigint ,
    muted     bigint  NOT NULL,
    PRIMARY KEY (user_id, category)
);

CREATE TABLE user_setting (
    user_id         text    PRIMARY KEY,
    quiet_from      text,                  -- HH:MM
    quiet_to        text,
    time_zone       text,                  -- IANA
    digest_minutes  bigint  NOT NULL       -- 0: low priority is not bundled
);

-- Of low priority, and waiting for the user's next bundle.
CREATE TABLE bundled (
    user_id      text    NOT NULL,
    id           text    NOT NULL,
    due_at       bigint  NOT NULL,
    publication  text    NOT NULL,         -- JSON
    PRIMARY KEY (user_id, id)
);
CREATE INDEX bundled_by_time ON bundled (due_at, user_id);

-- Notifications that later ones with the same key are merged into.
CREATE TABLE merged (
    audience         text    NOT NULL,
    category         text    NOT NULL,
    group_key        text    NOT NULL,
    notification_id  text    NOT NULL,
    actors           text    NOT NULL,     -- JSON: the latest three
    actors_number    bigint  NOT NULL,
    shown_at         bigint  NOT NULL,     -- when an event last told of it
    is_pending       bigint  NOT NULL,     -- 1: it has changed since, and is to be told of
    PRIMARY KEY (audience, category, group_key)
);
CREATE INDEX merged_by_notification ON merged (notification_id);
CREATE INDEX merged_pending ON merged (shown_at) WHERE is_pending = 1;

-- All who have sent to a row: of another row with the same key, they are others.
CREATE TABLE merged_actor (
    audience         text NOT NULL,
    notification_id  text NOT NULL,
    actor_id         text NOT NULL,
    PRIMARY KEY (audience, notification_id, actor_id)
);

ALTER TABLE notification ADD COLUMN created_at bigint  NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN expires_at bigint ;
UPDATE notification
SET created_at = CAST(extract(epoch FROM CAST(CAST(body AS jsonb) ->> 'created_at' AS timestamptz)) * 1000 AS bigint);
CREATE INDEX notification_by_expiry ON notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX notification_by_age ON notification (created_at);

-- Where the log was when a notification came, and when it went: who joined in between never had it.
ALTER TABLE removed ADD COLUMN position bigint NOT NULL DEFAULT 0;
ALTER TABLE removed ADD COLUMN removed_position bigint NOT NULL DEFAULT 0;
