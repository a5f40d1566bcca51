-- push_facts
-- Who: the push worker, for each page: what decides whether a user gets a push, in one snapshot. number: of the
-- row. A notification that does not exist, or not for this user, has no position. That of a mention has the id of
-- its message, and the room and the sender; a silent room does not silence it. Indexes: the primary keys, that of
-- message.id, those of the fragments, lumen_push_waiting_bundle.
WITH keys AS MATERIALIZED (
    SELECT a.number, a.user_id, a.id, a.audience, a.room_id, a.sender_id, a.category, {place_of} AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(
        number bigint, user_id text, id text, audience text, room_id text, sender_id text, category text)
)
SELECT
    a.number, n.position, n.category, n.expires_at, n.content_position,
    CASE WHEN {read_at} IS NOT NULL OR {seen_at} IS NOT NULL OR {archived_at} IS NOT NULL OR {deleted}
        THEN 1 ELSE 0 END AS is_read,
    CASE WHEN EXISTS (
        SELECT 1
        FROM lumen_block b
        WHERE b.user_id = a.user_id AND b.blocked_id = coalesce(a.sender_id, {sender_of})
    ) THEN 1 ELSE 0 END AS is_blocked,
    t.room_id AS mentioned_in, m.joined_position, CASE WHEN t.id IS NULL THEN m.is_silent END AS is_silent,
    m.last_read_seq,
    p.push, p.muted, k.push, k.may_mute, k.push_content,
    g.quiet_from, g.quiet_to, g.time_zone,
    q.pushed_at,
    (
        SELECT min(w.due_at)
        FROM lumen_push_waiting w
        WHERE w.user_id = a.user_id AND w.category = coalesce(n.category, a.category, '')
            AND w.device_id = '' AND w.reason IN ('bundle', 'limit') AND w.due_at > :now
    ) AS bundle_due_at
FROM keys a
LEFT JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}
{marks_of_id}
LEFT JOIN lumen_message t ON t.id = a.id
LEFT JOIN lumen_member m ON m.room_id = coalesce(a.room_id, t.room_id) AND m.user_id = a.user_id
LEFT JOIN lumen_preference p ON p.user_id = a.user_id AND p.category = coalesce(n.category, a.category)
LEFT JOIN lumen_category k ON k.name = coalesce(n.category, a.category)
LEFT JOIN lumen_user_setting g ON g.user_id = a.user_id
LEFT JOIN lumen_push_rate q ON q.user_id = a.user_id AND q.category = coalesce(n.category, a.category, '')

-- fragment sender_of postgresql
-- The sender of a notification (n). Indexes: those of `body_of`.
    (CAST(nullif({body_of}, '') AS json) -> 'sender' ->> 'id')

-- fragment sender_of sqlite
-- The sender of a notification (n). Indexes: those of `body_of`.
    json_extract(nullif({body_of}, ''), '$.sender.id')

-- push_position
-- Who: the push worker, before it looks what decides. Index: the primary key of lumen_event.
SELECT ({newest_position})

-- push_bodies
-- Who: the push worker, for what it pushes. Indexes: those of `place_of`, the primary key.
WITH keys AS MATERIALIZED (
    SELECT a.id, a.audience, {place_of} AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(id text, audience text)
)
SELECT a.id, n.audience, {body_of} AS body
FROM keys a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}

-- push_rooms
-- Who: the push worker, for pushes of rooms. Index: the primary key.
SELECT o.id, o.kind, o.title, o.last_seq
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_room o ON o.id = r.id AND o.kind <> 'deleting'

-- push_messages
-- Who: the push worker, for new messages of a room: the newest ones. Index: the primary key.
SELECT t.seq, t.sender_id, t.id, t.body
FROM lumen_message t
WHERE t.room_id = :room_id AND t.seq >= :first_seq AND t.deleted_at IS NULL
ORDER BY t.seq DESC
LIMIT :limit

-- push_senders
-- Who: the same, for messages before those: the newest one of each sender, and how many they are. Index: the primary key.
SELECT t.seq, t.sender_id, t.id, t.body, s.number
FROM (
    SELECT max(q.seq) AS seq, count(*) AS number
    FROM (
        SELECT x.seq, x.sender_id
        FROM lumen_message x
        WHERE x.room_id = :room_id AND x.seq >= :first_seq AND x.seq < :before AND x.deleted_at IS NULL
        ORDER BY x.seq DESC
        LIMIT :most
    ) q
    GROUP BY q.sender_id
    ORDER BY max(q.seq) DESC
    LIMIT :limit
) s
JOIN lumen_message t ON t.room_id = :room_id AND t.seq = s.seq
ORDER BY t.seq DESC

-- push_blocks
-- Who: the same. Which users have blocked which senders. Index: the primary key.
SELECT b.user_id, b.blocked_id
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
CROSS JOIN jsonb_to_recordset(CAST(:senders AS jsonb)) AS s(user_id text)
JOIN lumen_block b ON b.user_id = u.user_id AND b.blocked_id = s.user_id

-- push_mentions
-- Who: the same. The notifications of users whom messages mention, and whether they want pushes of them. Indexes: the
-- primary keys.
SELECT n.id, n.audience, p.push, p.muted, k.push, k.may_mute
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_notification n ON n.id = r.id AND n.is_listed IS NULL
LEFT JOIN lumen_preference p ON p.user_id = substr(n.audience, 6) AND p.category = n.category
LEFT JOIN lumen_category k ON k.name = n.category

-- unread_of_users
-- Who: the push worker, for withdrawals: which of what devices show is still unread and unseen: notifications, rooms by
-- their collapse key (`room:ID`), and those of policy `only`, which nobody can read, as long as they were not taken back. Indexes: the primary keys, those of
-- the fragments, lumen_push_by_notification.
SELECT a.user_id, a.id
FROM ({addressed_ids}) a
CROSS JOIN lumen_notification n
{marks_of_id}
WHERE n.audience = a.audience AND n.position = a.place AND {is_of_id} AND a.place > a.since
    AND {read_at} IS NULL AND {seen_at} IS NULL AND {archived_at} IS NULL AND NOT ({deleted})
UNION ALL
SELECT r.user_id, r.id
FROM jsonb_to_recordset(CAST(:ids AS jsonb)) AS r(user_id text, id text)
JOIN lumen_member m ON m.room_id = substr(r.id, 6) AND m.user_id = r.user_id
WHERE r.id LIKE 'room:%' AND EXISTS (
    SELECT 1
    FROM lumen_message t
    WHERE t.room_id = m.room_id AND t.seq > m.last_read_seq AND t.deleted_at IS NULL
        AND t.sender_id <> m.user_id
)
UNION ALL
SELECT r.user_id, r.id
FROM jsonb_to_recordset(CAST(:ids AS jsonb)) AS r(user_id text, id text)
JOIN lumen_push p ON p.notification_id = r.id AND p.policy = 'only' AND p.body IS NOT NULL
