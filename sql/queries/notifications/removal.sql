-- expired_before
-- Who: expire. Those that expire first come first. Index: notification_by_expiry.
SELECT n.id, n.audience
FROM notification n
WHERE n.expires_at < :before
ORDER BY n.expires_at
LIMIT :limit

-- still_archived
-- Who: remove. Those that the user has not unarchived in between. Index: the primary key.
SELECT r.id, r.audience
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text, audience text)
JOIN receipt c ON c.user_id = r.user_id AND c.notification_id = r.id
WHERE c.archived_at < :before

-- created_before
-- Who: expire, for retention. The oldest first. Index: notification_by_age.
SELECT n.id, n.audience
FROM notification n
WHERE n.created_at < :before
ORDER BY n.created_at
LIMIT :limit

-- active_total
-- Who: remove_oldest. How many notifications an audience has now. Index: the primary key.
SELECT CAST(coalesce(sum(t.live), 0) AS bigint) AS live
FROM tally t
WHERE t.audience = :audience

-- oldest_notifications
-- Who: remove_oldest. Index: notification_by_audience.
SELECT n.id
FROM notification n
WHERE n.audience = :audience
ORDER BY n.position
LIMIT :limit

-- delete_notifications
-- Who: whatever removes notifications. Returns those that still existed. Index: the primary key.
DELETE FROM notification
WHERE (id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)
RETURNING id, audience, category, position, content_position

-- add_tombstones rows
-- Who: whatever removes notifications.
INSERT INTO removed (audience, id, category, removed_at, position, removed_position)
SELECT r.audience, r.id, r.category, r.removed_at, r.position, r.removed_position
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, id text, category text, removed_at bigint, position bigint, removed_position bigint)

-- receipts_of_removed
-- Who: delivery of a removal from a room or everyone, for each connected user's counts. The joins are in this
-- order, so that each pair is one look-up. Index: the primary key of receipt.
SELECT c.user_id, c.notification_id
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(id text)
CROSS JOIN receipt c
WHERE c.user_id = u.user_id AND c.notification_id = i.id
    AND (c.read_at IS NOT NULL OR c.archived_at IS NOT NULL)

-- fragment purgeable
-- The oldest tombstones from before a time: what one step of purge_receipts works on. Index: removed_by_age.
        SELECT o.audience, o.id, o.category, o.removed_at, o.position, o.removed_position
        FROM removed o
        WHERE o.removed_at < :before
        ORDER BY o.removed_at, o.audience, o.id
        LIMIT :rows_limit

-- purgeable_receipts
-- Who: purge_receipts. counts: 1 if the user's read-or-archived count includes the notification because of
-- this receipt, and not because the user joined the room after it was published. Indexes:
-- receipt_by_notification, the primary key of member.
SELECT
    c.user_id, c.notification_id, r.audience, r.category,
    CASE
        WHEN c.read_at IS NULL AND c.archived_at IS NULL THEN 0
        WHEN r.audience NOT LIKE 'room:%' THEN 1
        WHEN m.joined_position < r.position THEN 1
        ELSE 0 END AS counts
FROM ({purgeable}) r
JOIN receipt c ON c.notification_id = r.id
    AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
LEFT JOIN member m ON r.audience LIKE 'room:%' AND m.room_id = substr(r.audience, 6)
    AND m.user_id = c.user_id
LIMIT :limit

-- delete_receipts
-- Who: purge_receipts; coalesce, for groups that become unread again. Index: the primary key.
DELETE FROM receipt
WHERE (user_id, notification_id) IN (
    SELECT r.user_id, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text)
)
RETURNING user_id, notification_id, read_at, archived_at

-- purgeable_members
-- Who: purge_receipts, after the receipts. Members who joined the room between a notification's publication
-- and its removal: their read-or-archived count started as the room's active total, which included it. Index:
-- member_by_joining.
SELECT r.audience, r.id, r.category, m.user_id, m.joined_position
FROM ({purgeable}) r
JOIN member m ON m.room_id = substr(r.audience, 6)
    AND m.joined_position >= r.position AND m.joined_position < r.removed_position
WHERE r.audience LIKE 'room:%'
ORDER BY r.removed_at, r.audience, r.id, m.joined_position
LIMIT :limit

-- advance_tombstones
-- Who: purge_receipts. Members who joined before the new position are done: their counts no longer include it.
UPDATE removed
SET position = r.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, id text, position bigint)
WHERE removed.audience = r.audience AND removed.id = r.id

-- delete_tombstones
-- Who: purge_receipts, last. Tombstones of notifications that no user's count includes any more, and that have
-- no receipts or group actors left. Indexes: those of the queries above.
DELETE FROM removed
WHERE (audience, id) IN (
    SELECT r.audience, r.id
    FROM ({purgeable}) r
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
