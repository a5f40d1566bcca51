-- Push: the devices of users, and what is to be pushed to them.

CREATE TABLE lumen_device (
    id             text    PRIMARY KEY,
    user_id        text    NOT NULL,
    provider       text    NOT NULL,                 -- fcm, apns, webpush, webhook, or a name of the application's
    token          text    NOT NULL,                 -- by which the provider knows it; of Web Push the endpoint
    token_hash     text    NOT NULL UNIQUE,          -- SHA-256: see devices.token_hash
    kind           text,                             -- mobile, desktop, tablet
    name           text,
    locale         text,                             -- BCP 47
    p256dh         text,                             -- public key of the device, for end-to-end encryption
    auth           text,                             -- and its secret, both base64url (RFC 8291)
    session        text,                             -- the log-in that registered it: lumen_session.family
    created_at     bigint  NOT NULL,
    registered_at  bigint  NOT NULL,                 -- the last time
    last_used_at   bigint,                           -- when the provider took the last push
    failures       bigint  NOT NULL DEFAULT 0,       -- refusals in a row; one for a page of pushes
    failure        text,                             -- why it refused the last one
    dropped_at     bigint,                           -- since then nothing is pushed to it
    shown          text    NOT NULL DEFAULT '[]',    -- JSON: the collapse keys of what it shows, oldest first
    badge          bigint  NOT NULL DEFAULT 0        -- the unread count that the last push to it carried
);
CREATE INDEX lumen_device_by_user ON lumen_device (user_id, id);
CREATE INDEX lumen_device_showing ON lumen_device (user_id) WHERE shown <> '[]' OR badge > 0;
CREATE INDEX lumen_device_by_session ON lumen_device (session) WHERE session IS NOT NULL;
CREATE INDEX lumen_device_dropped ON lumen_device (dropped_at) WHERE dropped_at IS NOT NULL;

-- What is to be pushed: one row for each publication, for the new messages of a room, or for what was read or
-- removed. Rows stay after they are done, until retention: see lumen_push_report.
CREATE TABLE lumen_push (
    id               text    PRIMARY KEY,            -- UUIDv7
    kind             text    NOT NULL,               -- notification, messages, withdrawal
    audience         text,                           -- user:ID, room:ID or all; NULL: those of `targets`, else the
                                                     -- users to whose notifications `notification_id` belongs
    notification_id  text,                           -- NULL: several, see `targets`
    first_position   bigint,                         -- of a list of users: their notifications are from this
    last_position    bigint,                         -- position to this one; later ones have a row of their own
    targets          text,                           -- JSON: [user, notification id] each, of groups and digests
    room_id          text,                           -- of kind messages
    first_seq        bigint,                         -- and the first of the messages
    sender_id        text,                           -- NULL: that of the notification
    category         text,
    priority         text    NOT NULL,
    policy           text    NOT NULL,               -- offline, always, only
    device_kinds     text,                           -- JSON: mobile, desktop, tablet; NULL: all
    body             text,                           -- JSON: the notification of policy `only`, which is nowhere else
    publisher        text,
    expires_at       bigint,
    created_at       bigint  NOT NULL,
    due_at           bigint  NOT NULL,               -- when its users are decided about
    is_large         bigint  NOT NULL DEFAULT 1,     -- 0: to a few users, who are in `audience` or `targets`
    coalesce_key     text UNIQUE,                    -- while it waits, later ones with this key add nothing
    done_user        text    NOT NULL DEFAULT '',    -- the users up to this one are done
    done_at          bigint                          -- when all of them were
);
CREATE INDEX lumen_push_due ON lumen_push (due_at, id) WHERE done_at IS NULL;
CREATE INDEX lumen_push_by_size ON lumen_push (is_large, due_at, id) WHERE done_at IS NULL;
CREATE INDEX lumen_push_urgent ON lumen_push (due_at, id) WHERE done_at IS NULL AND priority = 'urgent';
CREATE INDEX lumen_push_by_notification ON lumen_push (notification_id) WHERE notification_id IS NOT NULL;
CREATE INDEX lumen_push_done ON lumen_push (done_at) WHERE done_at IS NOT NULL;

-- Pushes that wait for one user: quiet hours, a bundle, the limit of the hour, a provider that failed.
CREATE TABLE lumen_push_waiting (
    user_id          text    NOT NULL,
    push_id          text    NOT NULL,
    notification_id  text    NOT NULL DEFAULT '',    -- of a push with several; else empty
    device_id        text    NOT NULL DEFAULT '',    -- of a push that is tried again; else empty: all devices
    category         text    NOT NULL DEFAULT '',    -- empty: none, such as of messages
    reason           text    NOT NULL,               -- quiet, bundle, limit, retry
    collapse_key     text,                           -- of a push that is tried again, which keeps it
    attempts         bigint  NOT NULL DEFAULT 0,
    tried_at         bigint,                          -- when it was tried first
    due_at           bigint  NOT NULL,
    PRIMARY KEY (user_id, push_id, notification_id, device_id)
);
CREATE INDEX lumen_push_waiting_due ON lumen_push_waiting (due_at, user_id) WHERE reason <> 'retry';
CREATE INDEX lumen_push_waiting_retry ON lumen_push_waiting (due_at, user_id) WHERE reason = 'retry';
CREATE INDEX lumen_push_waiting_by_push ON lumen_push_waiting (push_id);
CREATE INDEX lumen_push_waiting_bundle ON lumen_push_waiting (user_id, category, due_at)
    WHERE device_id = '' AND reason IN ('bundle', 'limit');

-- When a user was pushed to within the last hour, for the limit of the hour.
CREATE TABLE lumen_push_rate (
    user_id    text    NOT NULL,
    category   text    NOT NULL,                     -- empty: none, such as of messages
    pushed_at  text    NOT NULL,                     -- JSON: milliseconds, oldest first
    last_at    bigint  NOT NULL,                     -- the newest of them
    PRIMARY KEY (user_id, category)
);
CREATE INDEX lumen_push_rate_by_time ON lumen_push_rate (last_at);

-- What became of a push: a row for each page of users that was decided about, and for each notification.
CREATE TABLE lumen_push_report (
    push_id          text    NOT NULL,
    page             bigint  NOT NULL,
    notification_id  text    NOT NULL,
    created_at       bigint  NOT NULL,
    outcomes         text    NOT NULL,               -- JSON: [user, device id or null, outcome] each
    PRIMARY KEY (push_id, page)
);
CREATE INDEX lumen_push_report_by_notification ON lumen_push_report (notification_id, push_id, page);

-- Pushes that were given up.
CREATE TABLE lumen_push_dead_letter (
    id               text    PRIMARY KEY,            -- UUIDv7
    push_id          text    NOT NULL,
    notification_id  text    NOT NULL,
    user_id          text    NOT NULL,
    device_id        text    NOT NULL,
    provider         text    NOT NULL,
    reason           text    NOT NULL,
    created_at       bigint  NOT NULL
);
CREATE INDEX lumen_push_dead_letter_by_age ON lumen_push_dead_letter (created_at);
CREATE INDEX lumen_push_dead_letter_by_user ON lumen_push_dead_letter (user_id, id);

-- How much of the content the pushes of a category show: full, title or none; NULL: as the server is set.
ALTER TABLE lumen_category ADD COLUMN push_content text;

-- Rooms of which a user gets no push.
ALTER TABLE lumen_member ADD COLUMN is_silent bigint NOT NULL DEFAULT 0;
CREATE INDEX lumen_member_silent ON lumen_member (user_id, room_id) WHERE is_silent = 1;
