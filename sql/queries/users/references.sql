-- scan_scheduled
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.id, CASE WHEN s.publication LIKE :named ESCAPE '!' THEN s.publication END AS publication
FROM lumen_scheduled_notification s
WHERE s.id > CAST(:after_id AS text)
ORDER BY s.id
LIMIT :limit

-- write_scheduled
-- Who: purge_users. Index: the primary key.
UPDATE lumen_scheduled_notification
SET publication = r.publication, rows_count = r.rows_count
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, publication text, rows_count bigint)
WHERE lumen_scheduled_notification.id = r.id

-- delete_needless_scheduled
-- Who: purge_users. Those that go to nobody any more. Index: the primary key.
DELETE FROM lumen_scheduled_notification
WHERE id IN (SELECT r.id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text))

-- scan_digest_items
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.user_id, s.id, CASE WHEN s.publication LIKE :named ESCAPE '!' THEN s.publication END AS publication
FROM lumen_digest_item s
WHERE (s.user_id, s.id) > (:after_user_id, :after_id)
ORDER BY s.user_id, s.id
LIMIT :limit

-- write_digest_items
-- Who: purge_users. Index: the primary key.
UPDATE lumen_digest_item
SET publication = r.publication
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text, publication text)
WHERE lumen_digest_item.user_id = r.user_id AND lumen_digest_item.id = r.id

-- scan_group_actors
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.audience,
    s.notification_id,
    s.actor_id,
    s.actor_id AS own_actor_id,
    s.publisher,
    CASE WHEN s.publication LIKE :named ESCAPE '!' THEN s.publication END AS publication
FROM lumen_notification_group_actor s
WHERE (s.audience, s.notification_id, s.actor_id) > (:after_audience, :after_notification_id, :after_actor_id)
ORDER BY s.audience, s.notification_id, s.actor_id
LIMIT :limit

-- write_group_actors
-- Who: purge_users. Index: the primary key.
UPDATE lumen_notification_group_actor
SET
    actor_id = r.new_actor_id,
    publisher = r.publisher,
    publication = coalesce(r.publication, lumen_notification_group_actor.publication)
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, notification_id text, actor_id text, new_actor_id text, publisher text, publication text)
WHERE lumen_notification_group_actor.audience = r.audience
    AND lumen_notification_group_actor.notification_id = r.notification_id
    AND lumen_notification_group_actor.actor_id = r.actor_id

-- scan_groups
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.audience, s.category, s.group_key, s.group_key AS own_group_key, CASE WHEN s.actors LIKE :named ESCAPE '!' THEN s.actors END AS actors
FROM lumen_notification_group s
WHERE (s.audience, s.category, s.group_key) > (:after_audience, :after_category, :after_group_key)
ORDER BY s.audience, s.category, s.group_key
LIMIT :limit

-- write_groups
-- Who: purge_users. Index: the primary key.
UPDATE lumen_notification_group
SET group_key = r.new_group_key, actors = coalesce(r.actors, lumen_notification_group.actors)
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, category text, group_key text, new_group_key text, actors text)
WHERE lumen_notification_group.audience = r.audience AND lumen_notification_group.category = r.category
    AND lumen_notification_group.group_key = r.group_key

-- scan_texts
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.id, CASE WHEN s.text LIKE :named ESCAPE '!' THEN s.text END AS text
FROM lumen_shared_text s
WHERE s.id > CAST(:after_id AS text)
ORDER BY s.id
LIMIT :limit

-- write_texts
-- Who: purge_users. Index: the primary key.
UPDATE lumen_shared_text
SET text = r.text
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, text text)
WHERE lumen_shared_text.id = r.id

-- scan_contents
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.position,
    CASE
        WHEN s.body LIKE :named ESCAPE '!' OR s.users LIKE :named ESCAPE '!' OR s.publisher = :user_id THEN s.body
        END AS body,
    CASE WHEN s.users LIKE :named ESCAPE '!' THEN s.users END AS users,
    s.publisher
FROM lumen_content s
WHERE s.position > CAST(:after_position AS bigint)
ORDER BY s.position
LIMIT :limit

-- write_contents
-- Who: purge_users. The bodies are rewritten by `rewrite_content`. Index: the primary key.
UPDATE lumen_content
SET users = coalesce(r.users, lumen_content.users), publisher = coalesce(r.publisher, lumen_content.publisher)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, users text, publisher text)
WHERE lumen_content.position = r.position

-- scan_notifications
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.audience,
    s.position,
    s.id,
    CASE WHEN s.body LIKE :named ESCAPE '!' THEN s.body END AS body,
    CASE WHEN s.publisher = :user_id THEN s.publisher END AS publisher
FROM lumen_notification s
WHERE (s.audience, s.position, s.id) > (:after_audience, :after_position, :after_id)
ORDER BY s.audience, s.position, s.id
LIMIT :limit

-- write_notifications
-- Who: purge_users. Index: the primary key.
UPDATE lumen_notification
SET
    body = coalesce(r.body, lumen_notification.body),
    publisher = coalesce(r.publisher, lumen_notification.publisher)
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, position bigint, id text, body text, publisher text)
WHERE lumen_notification.audience = r.audience AND lumen_notification.position = r.position
    AND lumen_notification.id = r.id

-- scan_messages
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.room_id,
    s.seq,
    s.id,
    s.sender_id,
    s.position,
    s.copies,
    s.deleted_at,
    CASE WHEN s.sender_id = :user_id OR s.body LIKE :named ESCAPE '!' THEN s.body END AS body
FROM lumen_message s
WHERE (s.room_id, s.seq) > (:after_room_id, :after_seq)
ORDER BY s.room_id, s.seq
LIMIT :limit

-- write_messages
-- Who: purge_users. Index: the primary key.
UPDATE lumen_message
SET sender_id = r.sender_id, body = r.body,
    client_id = CASE WHEN lumen_message.sender_id = r.sender_id THEN lumen_message.client_id END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, seq bigint, sender_id text, body text)
WHERE lumen_message.room_id = r.room_id AND lumen_message.seq = r.seq

-- scan_rooms
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.id, s.created_by, CASE WHEN s.pair LIKE :named ESCAPE '!' THEN s.pair END AS pair
FROM lumen_room s
WHERE s.id > CAST(:after_id AS text)
ORDER BY s.id
LIMIT :limit

-- write_rooms
-- Who: purge_users. Index: the primary key.
UPDATE lumen_room
SET created_by = r.created_by, pair = r.pair
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, created_by text, pair text)
WHERE lumen_room.id = r.id

-- scan_bans
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.room_id, s.user_id, s.banned_by
FROM lumen_ban s
WHERE (s.room_id, s.user_id) > (:after_room_id, :after_user_id)
ORDER BY s.room_id, s.user_id
LIMIT :limit

-- write_bans
-- Who: purge_users. Index: the primary key.
UPDATE lumen_ban
SET banned_by = r.banned_by
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text, banned_by text)
WHERE lumen_ban.room_id = r.room_id AND lumen_ban.user_id = r.user_id

-- scan_pushes
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.id,
    s.audience,
    CASE WHEN s.targets LIKE :named ESCAPE '!' THEN s.targets END AS targets,
    s.sender_id,
    s.publisher,
    CASE WHEN s.body LIKE :named ESCAPE '!' THEN s.body END AS body,
    s.done_user,
    s.done_at
FROM lumen_push s
WHERE s.id > CAST(:after_id AS text)
ORDER BY s.id
LIMIT :limit

-- write_pushes
-- Who: purge_users. Index: the primary key.
UPDATE lumen_push
SET targets = coalesce(r.targets, lumen_push.targets), sender_id = r.sender_id, publisher = r.publisher,
    body = coalesce(r.body, lumen_push.body), done_user = r.done_user
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, targets text, sender_id text, publisher text, body text, done_user text)
WHERE lumen_push.id = r.id

-- delete_needless_pushes
-- Who: purge_users. Those to the user alone. Index: the primary key.
DELETE FROM lumen_push
WHERE id IN (SELECT r.id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text))

-- scan_push_reports
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT s.push_id, s.page, CASE WHEN s.outcomes LIKE :named ESCAPE '!' THEN s.outcomes END AS outcomes
FROM lumen_push_report s
WHERE (s.push_id, s.page) > (:after_push_id, :after_page)
ORDER BY s.push_id, s.page
LIMIT :limit

-- write_push_reports
-- Who: purge_users. Index: the primary key.
UPDATE lumen_push_report
SET outcomes = r.outcomes
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(push_id text, page bigint, outcomes text)
WHERE lumen_push_report.push_id = r.push_id AND lumen_push_report.page = r.page

-- scan_events
-- Who: purge_users. One step of the table. Index: the primary key.
SELECT
    s.position,
    s.audience,
    s.kind,
    s.created_at,
    s.content_position,
    CASE
        WHEN s.audience = :audience OR s.body LIKE :named ESCAPE '!'
            OR substr(s.body, 1, 11) = '{"shared":[' THEN s.body
        END AS body
FROM lumen_event s
WHERE s.position > CAST(:after_position AS bigint)
ORDER BY s.position
LIMIT :limit

-- replace_events
-- Who: the same. Index: the primary key.
UPDATE lumen_event
SET audience = r.audience, kind = r.kind, category = NULL, body = r.body, content_position = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, audience text, kind text, body text)
WHERE lumen_event.position = r.position

-- delete_copies_at
-- Who: the same. Index: lumen_notification_copy_by_position.
DELETE FROM lumen_notification_copy
WHERE (notification_id, audience, position) IN (
    SELECT c.notification_id, c.audience, c.position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
    JOIN lumen_notification_copy c ON c.position = r.position AND c.audience = :audience
)

-- texts_with
-- Who: the same: which of some shared texts have been given the alias. Index: the primary key.
SELECT t.id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_shared_text t ON t.id = r.id
WHERE t.text LIKE :named ESCAPE '!'
