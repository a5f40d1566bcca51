-- Notifications, how users have marked them, and the numbers that unread counts are made of.

CREATE TABLE lumen_notification (
    id                text    NOT NULL,
    audience          text    NOT NULL,              -- user:ID, room:ID or all
    position          bigint  NOT NULL,              -- of the event that announced it
    category          text    NOT NULL,
    body              text    NOT NULL,              -- JSON, as frames and lists show it
    content_position  bigint,                        -- of its body in lumen_content; NULL if the row has it
    created_at        bigint  NOT NULL,
    expires_at        bigint,
    PRIMARY KEY (id, audience)
);
CREATE INDEX lumen_notification_by_audience ON lumen_notification (audience, position);
CREATE INDEX lumen_notification_by_expiry ON lumen_notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX lumen_notification_by_age ON lumen_notification (created_at);

-- How a user has marked one notification, by its id.
CREATE TABLE lumen_receipt (
    user_id          text    NOT NULL,
    notification_id  text    NOT NULL,
    seen_at          bigint,
    read_at          bigint,
    archived_at      bigint,
    marked           bigint  NOT NULL DEFAULT 0,     -- the position of the mark that wrote the receipt
    PRIMARY KEY (user_id, notification_id)
);
CREATE INDEX lumen_receipt_by_notification ON lumen_receipt (notification_id);
CREATE INDEX lumen_receipt_by_archiving ON lumen_receipt (archived_at) WHERE archived_at IS NOT NULL;

-- How a user has marked the notifications of an audience and a category up to a position, down to the next
-- lower row: one row, however many notifications it marks. A receipt counts instead if it was written by a
-- later mark.
CREATE TABLE lumen_span (
    user_id          text    NOT NULL,
    audience         text    NOT NULL,
    category         text    NOT NULL,
    up_to            bigint  NOT NULL,
    seen_at          bigint,
    read_at          bigint,
    archived_at      bigint,
    seen_marked      bigint  NOT NULL,               -- the position of the last mark as seen or read
    read_marked      bigint  NOT NULL,               -- the position of the last mark as read or unread
    archived_marked  bigint  NOT NULL,               -- the position of the last mark as archived or unarchived
    PRIMARY KEY (user_id, audience, category, up_to)
);
CREATE INDEX lumen_span_by_archiving ON lumen_span (archived_at) WHERE archived_at IS NOT NULL;

-- How many notifications an audience has now.
CREATE TABLE lumen_active_total (
    audience  text    NOT NULL,
    category  text    NOT NULL,
    total     bigint  NOT NULL,
    PRIMARY KEY (audience, category)
);

-- How many of these a user has seen, read and archived.
CREATE TABLE lumen_read_count (
    user_id           text    NOT NULL,
    audience          text    NOT NULL,
    category          text    NOT NULL,
    seen              bigint  NOT NULL DEFAULT 0,
    read              bigint  NOT NULL DEFAULT 0,
    archived          bigint  NOT NULL DEFAULT 0,
    read_or_archived  bigint  NOT NULL DEFAULT 0,    -- what does not count as unread
    earlier           bigint  NOT NULL DEFAULT 0,    -- older than the user's membership of the room: in all above
    PRIMARY KEY (user_id, audience, category)
);
CREATE INDEX lumen_read_count_by_audience ON lumen_read_count (audience, category, user_id);

-- Removed notifications. Their receipts are deleted later: see unread_counts.
CREATE TABLE lumen_removed_notification (
    audience          text    NOT NULL,
    id                text    NOT NULL,
    category          text    NOT NULL,
    removed_at        bigint  NOT NULL,
    position          bigint  NOT NULL,              -- of the notification
    removed_position  bigint  NOT NULL,              -- of its removal: who joined in between never had it
    purged_user       text    NOT NULL DEFAULT '',   -- the counts of users up to this one do not include it
    is_purged         bigint  NOT NULL DEFAULT 0,    -- 1: nobody's do
    PRIMARY KEY (audience, id)
);
CREATE INDEX lumen_removed_notification_by_id ON lumen_removed_notification (id);
CREATE INDEX lumen_removed_notification_by_age ON lumen_removed_notification (removed_at);

-- Notifications into which later ones with the same key merge.
CREATE TABLE lumen_notification_group (
    audience         text    NOT NULL,
    category         text    NOT NULL,
    group_key        text    NOT NULL,
    notification_id  text    NOT NULL,
    actors           text    NOT NULL,               -- JSON: the latest three
    actors_count     bigint  NOT NULL,
    announced_at     bigint  NOT NULL,               -- the time of the last event
    is_pending       bigint  NOT NULL,               -- 1: has changed since, and needs an event
    PRIMARY KEY (audience, category, group_key)
);
CREATE INDEX lumen_notification_group_by_notification ON lumen_notification_group (notification_id);
CREATE INDEX lumen_notification_group_pending ON lumen_notification_group (announced_at) WHERE is_pending = 1;

-- The senders of each group.
CREATE TABLE lumen_notification_group_actor (
    audience         text NOT NULL,
    notification_id  text NOT NULL,
    actor_id         text NOT NULL,
    PRIMARY KEY (audience, notification_id, actor_id)
);

-- Low-priority notifications that wait for the user's next digest.
CREATE TABLE lumen_digest_item (
    user_id      text    NOT NULL,
    id           text    NOT NULL,
    begun_at     bigint  NOT NULL,                   -- lies ahead if the clock was set back since
    due_at       bigint  NOT NULL,
    publication  text    NOT NULL,                   -- JSON
    PRIMARY KEY (user_id, id)
);
CREATE INDEX lumen_digest_item_by_time ON lumen_digest_item (due_at, user_id);
CREATE INDEX lumen_digest_item_by_begin ON lumen_digest_item (begun_at);

CREATE TABLE lumen_scheduled_notification (
    id           text    PRIMARY KEY,
    owner        text    NOT NULL,                   -- the user who may see and cancel it
    room_id      text,                               -- NULL: to users or to everyone
    deliver_at   bigint  NOT NULL,
    rows_count   bigint  NOT NULL,                   -- how many rows it becomes
    publication  text    NOT NULL                    -- JSON
);
CREATE INDEX lumen_scheduled_notification_by_time ON lumen_scheduled_notification (deliver_at, id);
CREATE INDEX lumen_scheduled_notification_by_owner ON lumen_scheduled_notification (owner, deliver_at, id);
CREATE INDEX lumen_scheduled_notification_by_room ON lumen_scheduled_notification (room_id, deliver_at, id)
    WHERE room_id IS NOT NULL;

-- Token buckets. One without a row is full.
CREATE TABLE lumen_rate_limit (
    key       text    PRIMARY KEY,
    full_at   bigint  NOT NULL,                      -- in microseconds, because some fill fast
    taken_at  bigint  NOT NULL                       -- in microseconds: the last tokens
);
CREATE INDEX lumen_rate_limit_by_time ON lumen_rate_limit (full_at);
