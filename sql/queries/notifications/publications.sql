-- published_rows
-- Who: retract, edit_notifications. The rows of a notification, a page by audience; bodies only on request, and
-- those of groups. Indexes: lumen_notification_by_id, lumen_content_by_notification, the primary keys.
SELECT
    n.audience, n.category, n.position, n.content_position, n.text_id, a.publisher, n.expires_at,
    CASE WHEN g.notification_id IS NULL THEN 0 ELSE 1 END AS is_group,
    CASE WHEN :has_bodies = 1 OR g.notification_id IS NOT NULL THEN {body_of} END AS body
FROM (
    SELECT o.audience, o.position, o.id, o.id AS key, o.publisher
    FROM lumen_notification o
    WHERE o.id = :id AND o.audience > :after AND o.is_listed IS NULL
    UNION ALL
    SELECT 'user:' || u.value, c.position, c.notification_id, '', c.publisher
    FROM lumen_content c
    {each_user}
    WHERE c.notification_id = :id AND c.users IS NOT NULL AND 'user:' || u.value > :after
) a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.position AND n.id = a.key
LEFT JOIN lumen_notification_group g
    ON g.audience = n.audience AND g.category = n.category AND g.notification_id = a.id
ORDER BY n.audience
LIMIT :limit

-- count_parts
-- Who: retract. How many parts each group has, and how many of them are of a publisher and a sender; NULL for
-- any. Index: the primary key.
SELECT
    r.audience, count(*),
    CAST(sum(CASE
        WHEN (CAST(:publisher AS text) IS NULL OR k.publisher = :publisher)
            AND (CAST(:sender AS text) IS NULL OR k.actor_id = :sender) THEN 1
        ELSE 0 END) AS bigint) AS leaving
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
JOIN lumen_notification_group_actor k ON k.audience = r.audience AND k.notification_id = r.id
GROUP BY r.audience

-- delete_parts
-- Who: retract. Index: the primary key.
DELETE FROM lumen_notification_group_actor
WHERE (audience, notification_id) IN (
    SELECT r.audience, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
) AND (CAST(:publisher AS text) IS NULL OR publisher = :publisher)
    AND (CAST(:sender AS text) IS NULL OR actor_id = :sender)
RETURNING text_id

-- latest_group_parts
-- Who: retract, edit_notifications. The newest parts of each group. Index: the primary key.
SELECT p.audience, p.actor_id, p.publication_id, p.publisher, p.publication, p.text_id
FROM (
    SELECT
        k.audience, k.actor_id, k.publication_id, k.publisher, k.publication, k.text_id,
        row_number() OVER (
            PARTITION BY k.audience ORDER BY coalesce(k.publication_id, '') DESC, k.actor_id
        ) AS number
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
    JOIN lumen_notification_group_actor k ON k.audience = r.audience AND k.notification_id = r.id
) p
WHERE p.number <= :limit
ORDER BY p.audience, p.number

-- set_group_shown
-- Who: retract, edit_notifications. Index: the primary key.
UPDATE lumen_notification_group
SET actors = r.actors, actors_count = r.actors_count
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, notification_id text, category text, actors text, actors_count bigint)
WHERE lumen_notification_group.audience = r.audience
    AND lumen_notification_group.category = r.category
    AND lumen_notification_group.notification_id = r.notification_id

-- scheduled_publication
-- Who: retract, edit_notifications. Index: the primary key.
SELECT s.owner, s.publication
FROM lumen_scheduled_notification s
WHERE s.id = :id

-- delete_scheduled
-- Who: retract. Index: the primary key.
DELETE FROM lumen_scheduled_notification
WHERE id = :id

-- set_scheduled_publication
-- Who: edit_notifications. Index: the primary key.
UPDATE lumen_scheduled_notification
SET publication = :publication
WHERE id = :id

-- digest_publication
-- Who: retract, edit_notifications. What the items with an id say, all of them the same, and the first and the
-- last of their users; a row for each text that they share. Index: lumen_digest_item_by_id.
SELECT min(d.user_id), max(d.user_id), min(d.publication), d.text_id, count(*)
FROM lumen_digest_item d
WHERE d.id = :id
GROUP BY d.text_id

-- delete_digest_items
-- Who: retract. Index: lumen_digest_item_by_id.
DELETE FROM lumen_digest_item
WHERE id = :id
RETURNING text_id

-- set_digest_publication
-- Who: edit_notifications. Index: lumen_digest_item_by_id.
UPDATE lumen_digest_item
SET publication = :publication, text_id = :text_id
WHERE id = :id

-- write_edits
-- Who: edit_notifications, retract. A body of NULL stays: it is shared. Index: the primary key.
UPDATE lumen_notification
SET
    body = coalesce(r.body, lumen_notification.body),
    content_position = CASE WHEN r.body IS NULL THEN lumen_notification.content_position END,
    text_id = r.text_id,
    expires_at = r.expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, position bigint, body text, text_id text, expires_at bigint)
WHERE lumen_notification.audience = r.audience AND lumen_notification.position = r.position
    AND lumen_notification.id IN (r.id, '')

-- take_copies
-- Who: whatever withdraws or rewrites texts. Index: the primary key.
DELETE FROM lumen_notification_copy
WHERE (notification_id, audience) IN (
    SELECT r.id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text)
)
RETURNING notification_id, position

-- add_copies rows
-- Who: write, for groups that are announced again, and edits.
INSERT INTO lumen_notification_copy (notification_id, audience, position)
SELECT r.notification_id, r.audience, r.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(notification_id text, audience text, position bigint)
WHERE true
ON CONFLICT (notification_id, audience, position) DO NOTHING

-- trim_copies
-- Who: retention, in the transaction that trims events. Index: lumen_notification_copy_by_position.
DELETE FROM lumen_notification_copy
WHERE position <= :up_to
