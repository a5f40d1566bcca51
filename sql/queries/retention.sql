-- trimmable_events
-- Who: retention. Up to which position one step may trim: events older than :before, and those beyond
-- the newest :kept that are older than :late_before. NULL for none. Index: the primary key.
SELECT max(e.position)
FROM log_head h
JOIN event e ON e.position > h.floor AND e.position <= h.floor + :step
WHERE e.created_at < :before OR (e.position <= h.position - :kept AND e.created_at < :late_before)

-- raise_floor
-- Who: trim_events, in the transaction that trims: a cursor below the floor gets `reset`.
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

-- archived_before
-- Who: retention. Notifications to one user that he archived before a time; those for all are not his
-- to remove. Index: receipt_by_archiving.
SELECT n.id, n.audience
FROM receipt c
JOIN notification n ON n.id = c.notification_id AND n.audience = 'user:' || c.user_id
WHERE c.archived_at < :before
LIMIT :limit

-- remove_notifications
-- Who: remove. Those that are still there. Index: the primary key.
DELETE FROM notification
WHERE (id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)
RETURNING id, audience, category, position

-- keep_removed
-- Who: remove.
INSERT INTO removed (audience, id, category, removed_at, position, removed_position)
SELECT r.audience, r.id, r.category, r.removed_at, r.position, r.removed_position
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, id text, category text, removed_at bigint, position bigint, removed_position bigint)

-- settled_of
-- Who: who tells a room or all that something is gone, and each user his numbers. The joins are in this
-- order, so that each pair is one look-up. Index: the primary key of receipt.
SELECT c.user_id, c.notification_id
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(id text)
CROSS JOIN receipt c
WHERE c.user_id = u.user_id AND c.notification_id = i.id
    AND (c.read_at IS NOT NULL OR c.archived_at IS NOT NULL)

-- removed_receipts
-- Who: forget. Receipts of the notifications that were removed first, and before a time. Indexes:
-- removed_by_age, receipt_by_notification.
SELECT c.user_id, c.notification_id, r.audience, r.category
FROM (
    SELECT o.audience, o.id, o.category
    FROM removed o
    WHERE o.removed_at < :before
    ORDER BY o.removed_at, o.audience, o.id
    LIMIT :rows_limit
) r
JOIN receipt c ON c.notification_id = r.id
    AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
LIMIT :limit

-- forget_receipts
-- Who: forget. Index: the primary key.
DELETE FROM receipt
WHERE (user_id, notification_id) IN (
    SELECT r.user_id, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text)
)
RETURNING user_id, notification_id, read_at, archived_at

-- forget_removed
-- Who: forget, after the receipts. Of the same notifications those that have none left. Indexes: as there.
DELETE FROM removed
WHERE (audience, id) IN (
    SELECT r.audience, r.id
    FROM (
        SELECT o.audience, o.id
        FROM removed o
        WHERE o.removed_at < :before
        ORDER BY o.removed_at, o.audience, o.id
        LIMIT :rows_limit
    ) r
    WHERE NOT EXISTS (
        SELECT 1
        FROM receipt c
        WHERE c.notification_id = r.id
            AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
    )
)
RETURNING id
