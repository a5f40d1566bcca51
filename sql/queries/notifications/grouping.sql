-- load_groups
-- Who: coalesce. The groups that exist, and whether the user has read or archived them.
-- Indexes: lumen_notification_by_id; the primary keys of lumen_notification_group, lumen_receipt and lumen_span.
SELECT
    a.user_id, m.category, m.group_key, m.notification_id, m.actors, m.actors_count, m.announced_at,
    n.position, n.text_id,
    CASE WHEN {read_at} IS NOT NULL OR {archived_at} IS NOT NULL THEN 1 ELSE 0 END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(user_id text, audience text, category text, group_key text)
JOIN lumen_notification_group m
    ON m.audience = a.audience AND m.category = a.category AND m.group_key = a.group_key
JOIN lumen_notification n ON n.id = m.notification_id AND n.audience = m.audience AND n.is_listed IS NULL
{marks_of}

-- add_group_actors
-- Who: coalesce. Returns for each actor how many of their publications the group has, 1 if they are new to it, and
-- the text that the earlier one shared.
INSERT INTO lumen_notification_group_actor (
    audience, notification_id, actor_id, publication_id, publisher, publication, text_id
)
SELECT r.audience, r.notification_id, r.actor_id, r.publication_id, r.publisher, r.publication, r.text_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, notification_id text, actor_id text, publication_id text, publisher text,
         publication text, text_id text)
WHERE true
ON CONFLICT (audience, notification_id, actor_id) DO UPDATE SET
    publication_id = excluded.publication_id,
    publisher = excluded.publisher,
    publication = excluded.publication,
    text_id = excluded.text_id,
    earlier_text_id = lumen_notification_group_actor.text_id,
    merged = lumen_notification_group_actor.merged + 1
RETURNING audience, notification_id, merged, earlier_text_id

-- set_group_actors
-- Who: edit_notifications. Index: the primary key.
UPDATE lumen_notification_group_actor
SET
    publication_id = r.publication_id, publisher = r.publisher, publication = r.publication,
    text_id = r.text_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, notification_id text, actor_id text, publication_id text, publisher text,
         publication text, text_id text)
WHERE lumen_notification_group_actor.audience = r.audience
    AND lumen_notification_group_actor.notification_id = r.notification_id
    AND lumen_notification_group_actor.actor_id = r.actor_id

-- upsert_groups rows
-- Who: write. A group whose notification was removed is replaced by a new one.
INSERT INTO lumen_notification_group (
    audience, category, group_key, notification_id, actors, actors_count, announced_at, is_pending
)
SELECT
    r.audience, r.category, r.group_key, r.notification_id, r.actors, r.actors_count, r.announced_at,
    r.is_pending
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, category text, group_key text, notification_id text, actors text,
         actors_count bigint, announced_at bigint, is_pending bigint)
WHERE true
ON CONFLICT (audience, category, group_key) DO UPDATE SET
    notification_id = excluded.notification_id,
    actors = excluded.actors,
    actors_count = excluded.actors_count,
    announced_at = excluded.announced_at,
    is_pending = excluded.is_pending

-- update_notifications
-- Who: write, for groups. Index: lumen_notification_by_id.
UPDATE lumen_notification
SET
    position = r.position, body = r.body, text_id = r.text_id, created_at = r.created_at,
    expires_at = r.expires_at, delivery = r.delivery
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, position bigint, body text, text_id text, created_at bigint,
         expires_at bigint, delivery text)
WHERE lumen_notification.id = r.id AND lumen_notification.audience = r.audience
    AND lumen_notification.is_listed IS NULL

-- load_pending_groups
-- Who: flush_groups. Also those announced in the future, by a clock that was set back since. Indexes:
-- lumen_notification_group_pending, lumen_notification_by_id.
SELECT
    m.audience, m.category, m.group_key, m.notification_id, m.actors, m.actors_count, n.position,
    n.created_at, n.expires_at, n.body, n.publisher, n.text_id, n.delivery
FROM lumen_notification_group m
JOIN lumen_notification n ON n.id = m.notification_id AND n.audience = m.audience AND n.is_listed IS NULL
WHERE m.is_pending = 1 AND (m.announced_at <= :before OR m.announced_at > :now)
ORDER BY m.announced_at, m.audience, m.category, m.group_key
LIMIT :limit

-- delete_groups
-- Who: whatever removes notifications. The next one with the same key starts a new group. Index:
-- lumen_notification_group_by_notification.
DELETE FROM lumen_notification_group
WHERE (notification_id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)

-- purge_group_actors
-- Who: purge_receipts. The actors of removed groups. Index: the primary key.
DELETE FROM lumen_notification_group_actor
WHERE (audience, notification_id, actor_id) IN (
    SELECT k.audience, k.notification_id, k.actor_id
    FROM ({purgeable}) r
    JOIN lumen_notification_group_actor k ON k.audience = r.audience AND k.notification_id = r.id
    LIMIT :limit
)
RETURNING text_id
