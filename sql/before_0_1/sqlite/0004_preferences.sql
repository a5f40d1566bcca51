-- Categories, preferences, limits, digests, merging, and expiry.

CREATE TABLE category (
    name      text    PRIMARY KEY,
    in_app    integer NOT NULL,            -- 1: in list, counts and stream, unless the user hides it
    push      integer NOT NULL,
    may_mute  integer NOT NULL,            -- 0: users cannot mute it
    priority  text,                        -- of notifications that have none
    limits    text    NOT NULL             -- JSON
) STRICT, WITHOUT ROWID;

-- Increases with each change of the categories: a process may cache them until it changes.
ALTER TABLE log_head ADD COLUMN definitions integer NOT NULL DEFAULT 0;

-- Rate limit buckets. A bucket without a row is full.
CREATE TABLE bucket (
    key      text    PRIMARY KEY,
    full_at  integer NOT NULL             -- in microseconds, because some fill fast
) STRICT, WITHOUT ROWID;
CREATE INDEX bucket_by_time ON bucket (full_at);

CREATE TABLE preference (
    user_id   text    NOT NULL,
    category  text    NOT NULL,
    in_app    integer,                     -- NULL: the category's default
    push      integer,
    muted     integer NOT NULL,
    PRIMARY KEY (user_id, category)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_setting (
    user_id         text    PRIMARY KEY,
    quiet_from      text,                  -- HH:MM
    quiet_to        text,
    time_zone       text,                  -- IANA
    digest_minutes  integer NOT NULL       -- 0: no digest
) STRICT, WITHOUT ROWID;

-- Low-priority notifications that wait for the user's next digest.
CREATE TABLE bundled (
    user_id      text    NOT NULL,
    id           text    NOT NULL,
    due_at       integer NOT NULL,
    publication  text    NOT NULL,         -- JSON
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bundled_by_time ON bundled (due_at, user_id);

-- Notifications into which later ones with the same key merge.
CREATE TABLE merged (
    audience         text    NOT NULL,
    category         text    NOT NULL,
    group_key        text    NOT NULL,
    notification_id  text    NOT NULL,
    actors           text    NOT NULL,     -- JSON: the latest three
    actors_number    integer NOT NULL,
    shown_at         integer NOT NULL,     -- time of the last event
    is_pending       integer NOT NULL,     -- 1: has changed since, and needs an event
    PRIMARY KEY (audience, category, group_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX merged_by_notification ON merged (notification_id);
CREATE INDEX merged_pending ON merged (shown_at) WHERE is_pending = 1;

-- The senders of each merged notification. Each row with the same key has its own senders.
CREATE TABLE merged_actor (
    audience         text NOT NULL,
    notification_id  text NOT NULL,
    actor_id         text NOT NULL,
    PRIMARY KEY (audience, notification_id, actor_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE notification ADD COLUMN created_at integer NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN expires_at integer;
UPDATE notification
SET created_at = CAST(strftime('%s', json_extract(body, '$.created_at')) AS integer) * 1000;
CREATE INDEX notification_by_expiry ON notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX notification_by_age ON notification (created_at);

-- The positions of a notification and of its removal. Users who joined in between never had it.
ALTER TABLE removed ADD COLUMN position integer NOT NULL DEFAULT 0;
ALTER TABLE removed ADD COLUMN removed_position integer NOT NULL DEFAULT 0;
