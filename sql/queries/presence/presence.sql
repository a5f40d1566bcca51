-- mark_online
-- Who: each instance, for the users of streams that have opened. Returns those who were offline, and the
-- time. Rows are locked in the order of their users. Index: the primary key.
INSERT INTO lumen_presence (user_id, is_online)
SELECT r.user_id, 1
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
WHERE true
ORDER BY r.user_id
ON CONFLICT (user_id) DO UPDATE SET is_online = 1 WHERE lumen_presence.is_online = 0
RETURNING user_id, {moment_ms}

-- due_users
-- Who: each instance, before `mark_offline`: users with ended connections that no longer keep them online.
-- Those that another instance works on are skipped. Indexes: lumen_connection_ended, the primary key.
SELECT p.user_id
FROM lumen_presence p
WHERE p.user_id IN (
    SELECT c.user_id
    FROM lumen_connection c
    WHERE c.kept_until <= :now
    ORDER BY c.kept_until
    LIMIT :limit
)

-- due_users postgresql
SELECT p.user_id
FROM lumen_presence p
WHERE p.user_id IN (
    SELECT c.user_id
    FROM lumen_connection c
    WHERE c.kept_until <= :now
    ORDER BY c.kept_until
    LIMIT :limit
)
FOR UPDATE SKIP LOCKED

-- mark_offline
-- Who: each instance, for the users of `due_users` who have no stream any more. Indexes: the primary key,
-- lumen_connection_by_user.
UPDATE lumen_presence
SET is_online = 0,
    last_seen_at = (SELECT max(c.ended_at) FROM lumen_connection c WHERE c.user_id = lumen_presence.user_id)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
WHERE lumen_presence.user_id = r.user_id AND lumen_presence.is_online = 1
    AND NOT EXISTS (
        SELECT 1
        FROM lumen_connection c
        WHERE c.user_id = lumen_presence.user_id AND (c.kept_until IS NULL OR c.kept_until > :now)
    )
RETURNING lumen_presence.user_id, {moment_ms}, last_seen_at

-- presence_rooms
-- Who: each instance, to announce that users came online or went offline: the smallest of their rooms, and
-- whether they appear offline. Rooms that they have joined or written in come first, so that others, who may
-- add them to any number of rooms, cannot use up the places. Indexes: lumen_member_by_user, the primary keys.
SELECT x.user_id, x.room_id, x.is_hidden
FROM (
    SELECT u.user_id, m.room_id, coalesce(s.is_hidden, 0) AS is_hidden,
        row_number() OVER (PARTITION BY u.user_id ORDER BY m.by_choice DESC, r.members_count, m.room_id) AS place
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_member m ON m.user_id = u.user_id
    JOIN lumen_room r ON r.id = m.room_id
    LEFT JOIN lumen_user_setting s ON s.user_id = u.user_id
    WHERE r.kind <> 'deleting' AND r.members_count > 1 AND r.members_count <= :most_members
) x
WHERE x.place <= :most_rooms
ORDER BY x.user_id, x.place

-- presence_blocks
-- Who: the same. The users who must not learn of it, because they are blocked. Index: the primary key of
-- lumen_block.
SELECT x.user_id, x.blocked_id
FROM (
    SELECT b.user_id, b.blocked_id,
        row_number() OVER (PARTITION BY b.user_id ORDER BY b.blocked_id) AS place
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_block b ON b.user_id = u.user_id
) x
WHERE x.place <= :most

-- presence_of_user
-- Who: PATCH /preferences, when a user chooses to appear offline, or no longer. Index: the primary key.
SELECT p.is_online, p.last_seen_at, {moment_ms}
FROM lumen_presence p
WHERE p.user_id = :user_id

-- room_presence
-- Who: GET /rooms/{id}/presence. One page, by user id. A user who appears offline, or who has blocked the
-- reader, is hidden from others. Indexes: the primary keys.
SELECT m.user_id, p.last_seen_at,
    CASE WHEN m.user_id <> :reader AND (s.is_hidden = 1 OR b.user_id IS NOT NULL) THEN 1 ELSE 0 END
FROM lumen_member m
LEFT JOIN lumen_presence p ON p.user_id = m.user_id
LEFT JOIN lumen_user_setting s ON s.user_id = m.user_id
LEFT JOIN lumen_block b ON b.user_id = m.user_id AND b.blocked_id = :reader
WHERE m.room_id = :room_id AND m.user_id > :after
ORDER BY m.user_id
LIMIT :limit

-- online_devices
-- Who: the same, where several instances share the database. The devices of open streams; one row without a
-- device if no stream names one. Indexes: the primary key, lumen_connection_by_user.
SELECT DISTINCT p.user_id, c.device
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
JOIN lumen_presence p ON p.user_id = u.user_id
LEFT JOIN lumen_connection c ON c.user_id = p.user_id AND c.kept_until IS NULL
WHERE p.is_online = 1
ORDER BY p.user_id, c.device

-- open_streams
-- Who: the push worker, where several instances share the database. The devices of open streams, whose instance
-- is alive; NULL for a stream that names none. Indexes: lumen_connection_by_user, the primary key of
-- lumen_instance.
SELECT DISTINCT c.user_id, c.device
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
CROSS JOIN lumen_connection c
JOIN lumen_instance i ON i.id = c.instance
WHERE c.user_id = u.user_id AND c.kept_until IS NULL AND i.lease_until >= {now_ms}

-- write_last_seen rows
-- Who: a service of one process, for users who have gone offline.
INSERT INTO lumen_presence (user_id, is_online, last_seen_at)
SELECT r.user_id, r.is_online, r.last_seen_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, is_online bigint, last_seen_at bigint)
WHERE true
ON CONFLICT (user_id) DO UPDATE SET last_seen_at = excluded.last_seen_at

-- count_online
-- Who: GET /metrics, once in a lease. Index: lumen_presence_online.
SELECT count(*) FROM lumen_presence p WHERE p.is_online = 1
