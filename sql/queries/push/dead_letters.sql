-- fragment dead_letter_columns
    l.id, l.push_id, l.notification_id, l.user_id, l.device_id, l.provider, l.reason, l.created_at

-- list_dead_letters
-- Who: GET /push/dead-letters. One page, newest first. Index: the primary key.
SELECT {dead_letter_columns}
FROM lumen_push_dead_letter l
WHERE l.id < :before
ORDER BY l.id DESC
LIMIT :limit

-- known_dead_letters
-- Who: POST /push/dead-letters/{id}/retry. Those that exist, and whether the row of their push does. Indexes:
-- the primary keys.
SELECT CASE WHEN p.id IS NULL THEN 0 ELSE 1 END, {dead_letter_columns}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_push_dead_letter l ON l.id = r.id
LEFT JOIN lumen_push p ON p.id = l.push_id

-- retry_dead_letters
-- Who: the same. Indexes: the primary keys.
INSERT INTO lumen_push_waiting (
    user_id, push_id, notification_id, device_id, category, reason, attempts, due_at
)
SELECT
    l.user_id, l.push_id, CASE WHEN p.targets IS NULL THEN '' ELSE l.notification_id END, l.device_id,
    coalesce(p.category, ''), 'retry', 0, CAST(:now AS bigint)
FROM (
    SELECT q.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS q(id text)
) r
JOIN lumen_push_dead_letter l ON l.id = r.id
JOIN lumen_push p ON p.id = l.push_id
WHERE true
ON CONFLICT (user_id, push_id, notification_id, device_id) DO UPDATE SET due_at = excluded.due_at

-- delete_dead_letters
-- Who: the same. Index: the primary key.
DELETE FROM lumen_push_dead_letter
WHERE id IN (
    SELECT r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
)

-- delete_surplus_dead_letters
-- Who: add_dead_letters. Of each user all but the newest :kept. Index: lumen_push_dead_letter_by_user.
DELETE FROM lumen_push_dead_letter
WHERE id IN (
    SELECT l.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
    JOIN lumen_push_dead_letter l ON l.user_id = r.user_id
    WHERE l.id <= (
        SELECT o.id
        FROM lumen_push_dead_letter o
        WHERE o.user_id = r.user_id
        ORDER BY o.id DESC
        LIMIT 1 OFFSET CAST(:kept AS bigint)
    )
)
