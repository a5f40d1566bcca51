-- insert_scheduled rows
-- Who: enqueue_scheduled.
INSERT INTO lumen_scheduled_notification (id, owner, room_id, deliver_at, rows_count, publication)
SELECT r.id, r.owner, r.room_id, r.deliver_at, r.rows_count, r.publication
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, owner text, room_id text, deliver_at bigint, rows_count bigint, publication text)

-- take_due_scheduled
-- Who: publish_due. The first that are due and together make :rows_limit rows, at least one.
-- Index: lumen_scheduled_notification_by_time.
DELETE FROM lumen_scheduled_notification
WHERE id IN (
    SELECT d.id
    FROM (
        SELECT s.id, sum(s.rows_count) OVER (ORDER BY s.deliver_at, s.id) - s.rows_count AS ahead
        FROM (
            SELECT q.id, q.deliver_at, q.rows_count
            FROM lumen_scheduled_notification q
            WHERE q.deliver_at <= :now
            ORDER BY q.deliver_at, q.id
            LIMIT :rows_limit
        ) s
    ) d
    WHERE d.ahead < :rows_limit
)
RETURNING deliver_at, id, publication

-- list_scheduled
-- Who: GET /notifications/scheduled. One page, soonest first; :owner is NULL for everybody's.
-- Indexes: lumen_scheduled_notification_by_owner, lumen_scheduled_notification_by_time.
SELECT s.id, s.deliver_at, s.publication
FROM lumen_scheduled_notification s
WHERE (CAST(:owner AS text) IS NULL OR s.owner = :owner)
    AND (s.deliver_at > :after_at OR (s.deliver_at = :after_at AND s.id > :after_id))
ORDER BY s.deliver_at, s.id
LIMIT :limit

-- cancel_scheduled
-- Who: DELETE /notifications/{id}/schedule; :owner is NULL to cancel anybody's.
DELETE FROM lumen_scheduled_notification
WHERE id = :id AND (CAST(:owner AS text) IS NULL OR owner = :owner)
RETURNING id

-- list_scheduled_in_room
-- Who: GET /rooms/{id}/scheduled. One page, soonest first. Index: lumen_scheduled_notification_by_room.
SELECT s.id, s.deliver_at, s.publication
FROM lumen_scheduled_notification s
WHERE s.room_id = :room_id
    AND (s.deliver_at > :after_at OR (s.deliver_at = :after_at AND s.id > :after_id))
ORDER BY s.deliver_at, s.id
LIMIT :limit

-- cancel_scheduled_in_rooms
-- Who: DELETE /rooms/{id}/scheduled/{notification_id}. Index: the primary key.
DELETE FROM lumen_scheduled_notification
WHERE (id, room_id) IN (
    SELECT r.id, r.room_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, room_id text)
)
RETURNING id

-- purge_scheduled
-- Who: the deletion of a room. Index: lumen_scheduled_notification_by_room.
DELETE FROM lumen_scheduled_notification
WHERE id IN (
    SELECT s.id
    FROM lumen_room o
    JOIN lumen_scheduled_notification s ON s.room_id = o.id
    WHERE o.id = :room_id AND o.kind = 'deleting'
    LIMIT :limit
)
RETURNING id
