-- groups
-- Who: publish with a group key. The existing rows, and whether the user has read or archived them.
-- Indexes: the primary keys of merged, notification and receipt.
SELECT
    r.user_id, m.category, m.group_key, m.notification_id, m.actors, m.actors_number, m.shown_at, n.position,
    CASE WHEN c.read_at IS NOT NULL OR c.archived_at IS NOT NULL THEN 1 ELSE 0 END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, category text, group_key text)
JOIN merged m
    ON m.audience = 'user:' || r.user_id AND m.category = r.category AND m.group_key = r.group_key
JOIN notification n ON n.id = m.notification_id AND n.audience = m.audience
LEFT JOIN receipt c ON c.user_id = r.user_id AND c.notification_id = m.notification_id

-- keep_actors
-- Who: publish with a group key. Returns the actors that are new to the row.
INSERT INTO merged_actor (audience, notification_id, actor_id)
SELECT r.audience, r.notification_id, r.actor_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, notification_id text, actor_id text)
WHERE true
ON CONFLICT (audience, notification_id, actor_id) DO NOTHING
RETURNING audience, notification_id

-- keep_groups rows
-- Who: publish with a group key, and the delayed frames of merges. A removed row is replaced by another.
INSERT INTO merged (
    audience, category, group_key, notification_id, actors, actors_number, shown_at, is_pending
)
SELECT
    r.audience, r.category, r.group_key, r.notification_id, r.actors, r.actors_number, r.shown_at,
    r.is_pending
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, category text, group_key text, notification_id text, actors text,
         actors_number bigint, shown_at bigint, is_pending bigint)
WHERE true
ON CONFLICT (audience, category, group_key) DO UPDATE SET
    notification_id = excluded.notification_id,
    actors = excluded.actors,
    actors_number = excluded.actors_number,
    shown_at = excluded.shown_at,
    is_pending = excluded.is_pending

-- change_notifications
-- Who: publish with a group key, and the delayed frames of merges. Index: the primary key.
UPDATE notification
SET position = r.position, body = r.body, created_at = r.created_at, expires_at = r.expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, position bigint, body text, created_at bigint, expires_at bigint)
WHERE notification.id = r.id AND notification.audience = r.audience

-- untold_groups
-- Who: the delayed frames of merges. Indexes: merged_pending, the primary key of notification.
SELECT
    m.audience, m.category, m.group_key, m.notification_id, m.actors, m.actors_number, n.position,
    n.created_at, n.expires_at, n.body
FROM merged m
JOIN notification n ON n.id = m.notification_id AND n.audience = m.audience
WHERE m.is_pending = 1 AND (m.shown_at <= :before OR m.shown_at > :now)
ORDER BY m.shown_at, m.audience, m.category, m.group_key
LIMIT :limit

-- forget_groups
-- Who: removal. The next notification with the same key starts a new row. Index: merged_by_notification.
DELETE FROM merged
WHERE (notification_id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)

-- forget_actors
-- Who: forget. The actors of forgettable notifications. Index: the primary key.
DELETE FROM merged_actor
WHERE (audience, notification_id, actor_id) IN (
    SELECT k.audience, k.notification_id, k.actor_id
    FROM ({forgettable}) r
    JOIN merged_actor k ON k.audience = r.audience AND k.notification_id = r.id
    LIMIT :limit
)
RETURNING actor_id
