-- send_contexts
-- Who: send_messages. The facts that permit each message of a batch, and the earlier message with the same
-- client_id. A room that does not exist has no row. Indexes: the primary keys, lumen_message_by_client_id.
SELECT
    r.n, o.kind, o.last_seq, m.role,
    CASE WHEN o.kind = 'direct' THEN EXISTS (
        SELECT 1
        FROM lumen_member x
        JOIN lumen_block b ON b.user_id = x.user_id AND b.blocked_id = r.sender_id
        WHERE x.room_id = o.id
    ) END AS is_blocked,
    k.id, k.seq, k.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(n bigint, room_id text, sender_id text, client_id text)
JOIN lumen_room o ON o.id = r.room_id
LEFT JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.sender_id
LEFT JOIN lumen_message k
    ON k.room_id = r.room_id AND k.sender_id = r.sender_id AND k.client_id = r.client_id

-- replied_messages
-- Who: send_messages, for replies. By id or by seq; the other one is NULL. Indexes: both of message.
SELECT r.n, t.id, t.seq
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, id text, seq bigint)
JOIN lumen_message t ON t.id = r.id AND t.room_id = r.room_id
UNION ALL
SELECT r.n, t.id, t.seq
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, id text, seq bigint)
JOIN lumen_message t ON t.room_id = r.room_id AND t.seq = r.seq

-- mentioned_members
-- Who: send_messages, for mentions. One row for each mentioned member, with whether they have blocked the
-- sender. Indexes: the primary keys.
SELECT
    r.n, r.user_id,
    EXISTS (
        SELECT 1 FROM lumen_block b WHERE b.user_id = r.user_id AND b.blocked_id = r.sender_id
    ) AS is_blocked
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(n bigint, room_id text, sender_id text, user_id text)
JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.user_id

-- insert_messages rows
-- Who: send_messages.
INSERT INTO lumen_message (room_id, seq, id, sender_id, client_id, position, body, copies, created_at)
SELECT r.room_id, r.seq, r.id, r.sender_id, r.client_id, r.position, r.body, r.copies, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    room_id text, seq bigint, id text, sender_id text, client_id text, position bigint, body text,
    copies text, created_at bigint)

-- raise_last_seqs
-- Who: send_messages. One row per room of the batch. Index: the primary key.
UPDATE lumen_room
SET last_seq = r.last_seq, active_at = CAST(:now AS bigint)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, last_seq bigint)
WHERE lumen_room.id = r.room_id

-- raise_read_marks
-- Who: send_messages, for the senders; whatever marks rooms as read. One row per room and user. Index: the
-- primary key.
UPDATE lumen_member
SET last_read_seq = r.seq, by_choice = CASE WHEN r.has_sent = 1 THEN 1 ELSE lumen_member.by_choice END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text, seq bigint, has_sent bigint)
WHERE lumen_member.room_id = r.room_id AND lumen_member.user_id = r.user_id
    AND lumen_member.last_read_seq < r.seq

-- list_messages
-- Who: GET /rooms/{id}/messages. The newest :older messages below a seq and the next :newer from it on, in
-- one snapshot. A room without messages has one row with seq NULL. Index: the primary key of lumen_message.
SELECT o.kind, m.role, g.seq, g.body
FROM lumen_room o
LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
LEFT JOIN (
    SELECT b.seq, b.body
    FROM (
        SELECT t.seq, t.body
        FROM lumen_message t
        WHERE t.room_id = :room_id AND t.seq < :seq
        ORDER BY t.seq DESC
        LIMIT :older
    ) b
    UNION ALL
    SELECT a.seq, a.body
    FROM (
        SELECT t.seq, t.body
        FROM lumen_message t
        WHERE t.room_id = :room_id AND t.seq >= :seq
        ORDER BY t.seq
        LIMIT :newer
    ) a
) g ON m.role IS NOT NULL
WHERE o.id = :room_id
ORDER BY g.seq

-- get_message
-- Who: GET /rooms/{id}/messages/{message_id}. Index: message.id.
SELECT o.kind, m.role, t.seq, t.body
FROM lumen_room o
LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
LEFT JOIN lumen_message t ON t.id = :id AND t.room_id = o.id AND m.role IS NOT NULL
WHERE o.id = :room_id

-- read_marks
-- Who: POST /rooms/{id}/read. A room that does not exist has no row. Indexes: the primary keys.
SELECT r.n, o.kind, m.role, o.last_seq, m.last_read_seq
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, user_id text)
JOIN lumen_room o ON o.id = r.room_id
LEFT JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.user_id

-- unread_rooms
-- Who: POST /rooms/read. The first :limit rooms of each user with messages that they have not read. Indexes:
-- lumen_member_by_user, the primary key of lumen_room.
SELECT w.user_id, w.room_id, w.last_seq, w.last_read_seq
FROM (
    SELECT
        m.user_id, m.room_id, o.last_seq, m.last_read_seq,
        row_number() OVER (PARTITION BY m.user_id ORDER BY m.room_id) AS number
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_member m ON m.user_id = u.user_id
    JOIN lumen_room o ON o.id = m.room_id AND o.kind <> 'deleting'
    WHERE o.last_seq > m.last_read_seq
) w
WHERE w.number <= :limit
ORDER BY w.user_id, w.room_id

-- ids_of_messages
-- Who: POST /rooms/{id}/read, POST /rooms/read, for their events. Ranges of seqs: after one, up to another.
-- Index: the primary key.
SELECT r.n, t.seq, t.id
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(n bigint, room_id text, above_seq bigint, up_to bigint)
JOIN lumen_message t ON t.room_id = r.room_id AND t.seq > r.above_seq AND t.seq <= r.up_to

-- list_read_marks
-- Who: GET /rooms/{id}/reads. One page, by user id. An empty page has one row with user_id NULL. Index: the
-- primary key of lumen_member.
SELECT o.kind, m.role, g.user_id, g.last_read_seq
FROM lumen_room o
LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
LEFT JOIN (
    SELECT x.user_id, x.last_read_seq
    FROM lumen_member x
    WHERE x.room_id = :room_id AND x.user_id > :after
    ORDER BY x.user_id
    LIMIT :limit
) g ON m.role IS NOT NULL
WHERE o.id = :room_id
ORDER BY g.user_id

-- message_contexts
-- Who: edits and deletions of messages. A room that does not exist has no row. A message that is deleted or
-- not in the room has seq NULL. Indexes: the primary keys, that of message.id.
SELECT
    r.n, o.kind, m.role,
    CASE WHEN o.kind = 'direct' THEN EXISTS (
        SELECT 1
        FROM lumen_member x
        JOIN lumen_block b ON b.user_id = x.user_id AND b.blocked_id = r.user_id
        WHERE x.room_id = o.id
    ) END AS is_blocked,
    t.seq, t.sender_id, t.body, t.position, t.copies
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, user_id text, id text)
JOIN lumen_room o ON o.id = r.room_id
LEFT JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.user_id
LEFT JOIN lumen_message t ON t.id = r.id AND t.room_id = r.room_id AND t.deleted_at IS NULL

-- change_messages
-- Who: edits and deletions of messages. An edited_at of NULL leaves it unchanged. Index: the primary key.
UPDATE lumen_message
SET
    body = r.body,
    copies = r.copies,
    edited_at = coalesce(r.edited_at, lumen_message.edited_at),
    deleted_at = r.deleted_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(room_id text, seq bigint, body text, copies text, edited_at bigint, deleted_at bigint)
WHERE lumen_message.room_id = r.room_id AND lumen_message.seq = r.seq

-- mentions_of_messages
-- Who: edits and deletions of messages. The notifications of their mentions, and whether each user is still a
-- member and has not blocked the sender. Indexes: that of message.id, the primary keys.
SELECT
    n.id, n.audience, n.position, {body_of} AS body,
    CASE WHEN m.user_id IS NULL OR b.user_id IS NOT NULL THEN 0 ELSE 1 END AS may_see
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_message t ON t.id = r.id
JOIN lumen_notification n ON n.id = t.id AND n.is_listed IS NULL
LEFT JOIN lumen_member m ON m.room_id = t.room_id AND m.user_id = substr(n.audience, 6)
LEFT JOIN lumen_block b ON b.user_id = m.user_id AND b.blocked_id = t.sender_id
ORDER BY n.id, n.audience

-- room_access
-- Who: POST /rooms/{id}/typing; the lists of members, bans and what is scheduled. Indexes: the primary keys.
SELECT
    o.kind, m.role,
    CASE WHEN o.kind = 'direct' THEN EXISTS (
        SELECT 1
        FROM lumen_member x
        JOIN lumen_block b ON b.user_id = x.user_id AND b.blocked_id = :user_id
        WHERE x.room_id = o.id
    ) END AS is_blocked
FROM lumen_room o
LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
WHERE o.id = :room_id AND o.kind <> 'deleting'

-- newest_of_messages
-- Who: the library's broadcast_read_status. seq is NULL if the room has none of these messages. Indexes:
-- the primary keys, that of message.id.
SELECT o.kind, m.role, (
    SELECT max(t.seq)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
    JOIN lumen_message t ON t.id = r.id AND t.room_id = o.id
) AS seq
FROM lumen_room o
LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
WHERE o.id = :room_id
