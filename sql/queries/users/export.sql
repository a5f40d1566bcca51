-- export_presence
-- Who: GET /users/{user}/export. Index: the primary key.
SELECT p.last_seen_at
FROM lumen_presence p
WHERE p.user_id = :user_id

-- export_audiences
-- Who: the same. Where the user's notifications are.
SELECT a.audience, a.since
FROM ({addressed}) a
ORDER BY a.audience

-- export_notifications
-- Who: the same. The next ones to one audience of the user, oldest first, with how the user has marked them. Also
-- those of hidden categories; not those that the user has deleted from their list. Index: the primary key.
SELECT
    a.position, a.key, a.id, a.audience, {body_of} AS body,
    {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at,
    CASE WHEN {deleted} THEN 1 ELSE 0 END AS is_deleted
FROM (
    SELECT CAST(:user_id AS text) AS user_id, n.audience, n.position, n.id AS key, {id_of} AS id
    FROM lumen_notification n
    WHERE n.audience = :audience AND n.position > :since
        AND (n.position, n.id) > (:after_position, :after_key)
    ORDER BY n.position, n.id
    LIMIT :limit
) a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.position AND n.id = a.key
{marks_of_id}
ORDER BY a.position, a.key

-- export_messages
-- Who: the same. One page of all messages, with the bodies of the user's own: nothing finds them by their sender.
-- Index: the primary key.
SELECT s.room_id, s.seq, CASE WHEN s.sender_id = :user_id THEN s.body END AS body
FROM lumen_message s
WHERE (s.room_id, s.seq) > (:after_room_id, :after_seq)
ORDER BY s.room_id, s.seq
LIMIT :limit

-- export_rooms
-- Who: the same. Index: lumen_member_by_user.
SELECT m.room_id, o.kind, o.title, o.pair, m.role, m.last_read_seq, m.is_silent, o.created_by
FROM lumen_member m
JOIN lumen_room o ON o.id = m.room_id
WHERE m.user_id = :user_id AND m.room_id > :after_room_id AND o.kind <> 'deleting'
ORDER BY m.room_id
LIMIT :limit

-- export_bans
-- Who: the same. Index: lumen_ban_by_user.
SELECT b.room_id, b.banned_at
FROM lumen_ban b
WHERE b.user_id = :user_id AND b.room_id > :after_room_id
ORDER BY b.room_id
LIMIT :limit

-- export_blocks
-- Who: the same. Index: the primary key.
SELECT b.blocked_id, b.blocked_at
FROM lumen_block b
WHERE b.user_id = :user_id AND b.blocked_id > :after_blocked_id
ORDER BY b.blocked_id
LIMIT :limit

-- export_sessions
-- Who: the same. Index: lumen_session_by_user.
SELECT s.family, s.begun_at, s.expires_at
FROM lumen_session s
WHERE s.user_id = :user_id AND s.family > :after_family
ORDER BY s.family
LIMIT :limit

-- export_connections
-- Who: the same. The open streams, where they are stored. Index: lumen_connection_by_user.
SELECT c.id, c.instance, c.device, c.connected_at
FROM lumen_connection c
WHERE c.user_id = :user_id AND (c.id, c.instance) > (:after_id, :after_instance)
ORDER BY c.id, c.instance
LIMIT :limit

-- export_digest_items
-- Who: the same. What waits for the user's next digest. Index: the primary key.
SELECT d.id, d.due_at, d.publication, t.text
FROM lumen_digest_item d
LEFT JOIN lumen_shared_text t ON t.id = d.text_id
WHERE d.user_id = :user_id AND d.id > :after_id
ORDER BY d.id
LIMIT :limit
