-- trimmable_events
-- Who: retention. The position up to which one step may trim: events older than :before, and events beyond
-- the newest :kept that are older than :late_before. NULL if there are none. Index: the primary key.
SELECT max(e.position)
FROM log_head h
JOIN event e ON e.position > h.floor AND e.position <= h.floor + :step
WHERE e.created_at < :before OR (e.position <= h.position - :kept AND e.created_at < :late_before)

-- raise_floor
-- Who: retention, in the transaction that trims events. A cursor below the floor gets `reset`.
UPDATE log_head
SET floor = :up_to
WHERE floor < :up_to

-- trim_events
-- Who: retention. Index: the primary key.
DELETE FROM event
WHERE position <= :up_to

-- trim_keys
-- Who: retention. Index: idempotency_by_age.
DELETE FROM idempotency
WHERE (owner, key) IN (
    SELECT i.owner, i.key
    FROM idempotency i
    WHERE i.created_at < :before
    ORDER BY i.created_at
    LIMIT :limit
)
RETURNING created_at

-- expired_before
-- Who: expiry. Earliest expiry first. Index: notification_by_expiry.
SELECT n.id, n.audience
FROM notification n
WHERE n.expires_at < :before
ORDER BY n.expires_at
LIMIT :limit

-- archived_between
-- Who: retention. Notifications to one user that the user archived in this period, earliest first.
-- Archiving does not remove notifications to a room or to everyone. Index: receipt_by_archiving.
SELECT n.id, n.audience, c.archived_at
FROM receipt c
JOIN notification n ON n.id = c.notification_id AND n.audience = 'user:' || c.user_id
WHERE c.archived_at >= :since AND c.archived_at < :before
ORDER BY c.archived_at
LIMIT :limit

-- still_archived
-- Who: removal. Those that the user has not unarchived in the meantime. Index: the primary key.
SELECT r.id, r.audience
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text, audience text)
JOIN receipt c ON c.user_id = r.user_id AND c.notification_id = r.id
WHERE c.archived_at < :before

-- created_before
-- Who: retention, through expiry. Oldest first. Index: notification_by_age.
SELECT n.id, n.audience
FROM notification n
WHERE n.created_at < :before
ORDER BY n.created_at
LIMIT :limit

-- audience_numbers
-- Who: retention, to find audiences with too many notifications. One page of the number per audience.
-- Index: the primary key.
SELECT t.audience, CAST(sum(t.live) AS bigint) AS live
FROM tally t
WHERE t.audience > :after
GROUP BY t.audience
ORDER BY t.audience
LIMIT :limit

-- audience_number
-- Who: retention. The current number of notifications of one audience. Index: the primary key.
SELECT CAST(coalesce(sum(t.live), 0) AS bigint) AS live
FROM tally t
WHERE t.audience = :audience

-- oldest_notifications
-- Who: retention, for an audience with too many notifications. Index: notification_by_audience.
SELECT n.id
FROM notification n
WHERE n.audience = :audience
ORDER BY n.position
LIMIT :limit

-- remove_notifications
-- Who: removal. Those that still exist. Index: the primary key.
DELETE FROM notification
WHERE (id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)
RETURNING id, audience, category, position

-- keep_removed rows
-- Who: removal.
INSERT INTO removed (audience, id, category, removed_at, position, removed_position)
SELECT r.audience, r.id, r.category, r.removed_at, r.position, r.removed_position
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, id text, category text, removed_at bigint, position bigint, removed_position bigint)

-- settled_of
-- Who: removal of notifications to a room or to everyone, for the counts of each user. The order of the
-- joins makes each pair one look-up. Index: the primary key of receipt.
SELECT c.user_id, c.notification_id
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(id text)
CROSS JOIN receipt c
WHERE c.user_id = u.user_id AND c.notification_id = i.id
    AND (c.read_at IS NOT NULL OR c.archived_at IS NOT NULL)

-- fragment forgettable
-- The earliest removed notifications, removed before a time, which one step looks at. Index:
-- removed_by_age.
        SELECT o.audience, o.id, o.category, o.removed_at, o.position, o.removed_position
        FROM removed o
        WHERE o.removed_at < :before
        ORDER BY o.removed_at, o.audience, o.id
        LIMIT :rows_limit

-- removed_receipts
-- Who: forget. Receipts of forgettable notifications. counts is 1 if the user's settled count includes the
-- notification because of this receipt, and not because the user joined the room later. Indexes:
-- receipt_by_notification, the primary key of member.
SELECT
    c.user_id, c.notification_id, r.audience, r.category,
    CASE
        WHEN c.read_at IS NULL AND c.archived_at IS NULL THEN 0
        WHEN r.audience NOT LIKE 'room:%' THEN 1
        WHEN m.joined_position < r.position THEN 1
        ELSE 0 END AS counts
FROM ({forgettable}) r
JOIN receipt c ON c.notification_id = r.id
    AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
LEFT JOIN member m ON r.audience LIKE 'room:%' AND m.room_id = substr(r.audience, 6)
    AND m.user_id = c.user_id
LIMIT :limit

-- forget_receipts
-- Who: forget. Index: the primary key.
DELETE FROM receipt
WHERE (user_id, notification_id) IN (
    SELECT r.user_id, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text)
)
RETURNING user_id, notification_id, read_at, archived_at

-- removed_before_joining
-- Who: forget, after the receipts. Members who joined the room after the notification and before its
-- removal: the tally at that moment, which became their settled count, included it. Index:
-- member_by_joining.
SELECT r.audience, r.id, r.category, m.user_id, m.joined_position
FROM ({forgettable}) r
JOIN member m ON m.room_id = substr(r.audience, 6)
    AND m.joined_position >= r.position AND m.joined_position < r.removed_position
WHERE r.audience LIKE 'room:%'
ORDER BY r.removed_at, r.audience, r.id, m.joined_position
LIMIT :limit

-- pass_joined
-- Who: forget. The settled counts of members who joined before a position no longer include the
-- notification.
UPDATE removed
SET position = r.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, id text, position bigint)
WHERE removed.audience = r.audience AND removed.id = r.id

-- forget_removed
-- Who: forget, last. Forgettable notifications that no user's settled count includes any more. Indexes: the
-- same.
DELETE FROM removed
WHERE (audience, id) IN (
    SELECT r.audience, r.id
    FROM ({forgettable}) r
    WHERE NOT EXISTS (
        SELECT 1
        FROM receipt c
        WHERE c.notification_id = r.id
            AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
    ) AND NOT EXISTS (
        SELECT 1
        FROM member m
        WHERE m.room_id = substr(r.audience, 6) AND r.audience LIKE 'room:%'
            AND m.joined_position >= r.position AND m.joined_position < r.removed_position
    ) AND NOT EXISTS (
        SELECT 1
        FROM merged_actor k
        WHERE k.audience = r.audience AND k.notification_id = r.id
    )
)
RETURNING id
