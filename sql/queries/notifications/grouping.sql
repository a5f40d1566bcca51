-- load_groups
-- Who: coalesce. The groups that exist, and whether the user has read or archived them.
-- Indexes: the primary keys of merged, notification, receipt and span.
SELECT
    a.user_id, m.category, m.group_key, m.notification_id, m.actors, m.actors_number, m.shown_at, n.position,
    CASE WHEN {read_at} IS NOT NULL OR {archived_at} IS NOT NULL THEN 1 ELSE 0 END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(user_id text, audience text, category text, group_key text)
JOIN merged m ON m.audience = a.audience AND m.category = a.category AND m.group_key = a.group_key
JOIN notification n ON n.id = m.notification_id AND n.audience = m.audience
{marks_of}

-- add_group_actors
-- Who: coalesce. Returns a row for each actor who is new to the group.
INSERT INTO merged_actor (audience, notification_id, actor_id)
SELECT r.audience, r.notification_id, r.actor_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, notification_id text, actor_id text)
WHERE true
ON CONFLICT (audience, notification_id, actor_id) DO NOTHING
RETURNING audience, notification_id

-- upsert_groups rows
-- Who: write. A group whose notification was removed is replaced by a new one.
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

-- update_notifications
-- Who: write, for groups. Index: the primary key.
UPDATE notification
SET position = r.position, body = r.body, created_at = r.created_at, expires_at = r.expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, position bigint, body text, created_at bigint, expires_at bigint)
WHERE notification.id = r.id AND notification.audience = r.audience

-- load_pending_groups
-- Who: flush_groups. Also those announced in the future, by a clock that was set back since. Indexes:
-- merged_pending, the primary key of notification.
SELECT
    m.audience, m.category, m.group_key, m.notification_id, m.actors, m.actors_number, n.position,
    n.created_at, n.expires_at, n.body
FROM merged m
JOIN notification n ON n.id = m.notification_id AND n.audience = m.audience
WHERE m.is_pending = 1 AND (m.shown_at <= :before OR m.shown_at > :now)
ORDER BY m.shown_at, m.audience, m.category, m.group_key
LIMIT :limit

-- delete_groups
-- Who: whatever removes notifications. The next one with the same key starts a new group. Index:
-- merged_by_notification.
DELETE FROM merged
WHERE (notification_id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)

-- purge_group_actors
-- Who: purge_receipts. The actors of removed groups. Index: the primary key.
DELETE FROM merged_actor
WHERE (audience, notification_id, actor_id) IN (
    SELECT k.audience, k.notification_id, k.actor_id
    FROM ({purgeable}) r
    JOIN merged_actor k ON k.audience = r.audience AND k.notification_id = r.id
    LIMIT :limit
)
RETURNING actor_id
