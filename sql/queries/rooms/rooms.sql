-- insert_rooms
-- Who: POST /rooms. Returns the ids that were free.
INSERT INTO lumen_room (id, kind, title, pair, last_seq, members_count, created_at, created_by, active_at)
SELECT r.id, r.kind, r.title, r.pair, 0, 0, r.created_at, r.created_by, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, kind text, title text, pair text, created_at bigint, created_by text)
WHERE true
ON CONFLICT (id) DO NOTHING
RETURNING id

-- first_members
-- Who: POST /rooms. Whether each user has blocked the creator, and in how many rooms they are: the creator by
-- their own choice, others because somebody has added them. Indexes: the primary key of lumen_block,
-- lumen_member_by_user.
SELECT
    r.n, r.user_id,
    CASE WHEN b.user_id IS NULL THEN 0 ELSE 1 END AS has_blocked,
    (
        SELECT count(*)
        FROM lumen_member q
        JOIN lumen_room p ON p.id = q.room_id AND p.kind <> 'direct'
        WHERE q.user_id = r.user_id
            AND q.by_choice = CASE WHEN r.user_id = r.creator THEN 1 ELSE 0 END
    ) AS rooms_count
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, user_id text, creator text)
LEFT JOIN lumen_block b ON b.user_id = r.user_id AND b.blocked_id = r.creator

-- direct_rooms
-- Who: everything that needs the direct room of two users. Index: the unique pair.
SELECT o.pair, o.id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(pair text)
JOIN lumen_room o ON o.pair = r.pair

-- room_contexts
-- Who: every change of a room or of its members, first. The room of each command, and the caller's role in
-- it. Indexes: the primary keys, lumen_member_owner.
SELECT
    r.n, o.kind, o.title, o.members_count, c.role,
    (SELECT count(*) FROM lumen_member w WHERE w.room_id = o.id AND w.role = 'owner') AS owners_count
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, caller text)
JOIN lumen_room o ON o.id = r.room_id AND o.kind <> 'deleting'
LEFT JOIN lumen_member c ON c.room_id = o.id AND c.user_id = r.caller

-- user_contexts
-- Who: every change of members. The affected users' roles in the room, and in how many rooms they are: by
-- their own choice if they are the caller, else because somebody has added them. Indexes: the primary keys,
-- lumen_member_by_user.
SELECT
    r.n, r.user_id, m.role, m.joined_position,
    CASE WHEN b.user_id IS NULL THEN 0 ELSE 1 END AS is_banned,
    CASE WHEN x.user_id IS NULL THEN 0 ELSE 1 END AS has_blocked,
    (
        SELECT count(*)
        FROM lumen_member q
        JOIN lumen_room p ON p.id = q.room_id AND p.kind <> 'direct'
        WHERE q.user_id = r.user_id
            AND q.by_choice = CASE WHEN r.user_id = r.caller THEN 1 ELSE 0 END
    ) AS rooms_count,
    CASE WHEN u.user_id IS NULL THEN 0 ELSE 1 END AS is_muted
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, room_id text, user_id text, caller text)
LEFT JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.user_id
LEFT JOIN lumen_ban b ON b.room_id = r.room_id AND b.user_id = r.user_id
LEFT JOIN lumen_block x ON x.user_id = r.user_id AND x.blocked_id = r.caller
LEFT JOIN lumen_mute u ON u.room_id = r.room_id AND u.user_id = r.user_id

-- successor_owners
-- Who: a change by which a room loses its last owner. The member who becomes owner: the longest-standing
-- moderator, else the longest-standing member. Not one who is muted, nor one whom others have added and who
-- has not sent anything since. Index: the primary key of lumen_member.
SELECT h.room_id, h.user_id
FROM (
    SELECT
        m.room_id, m.user_id,
        row_number() OVER (
            PARTITION BY m.room_id
            ORDER BY
                CASE m.role WHEN 'owner' THEN 0 WHEN 'moderator' THEN 1 ELSE 2 END,
                m.joined_position
        ) AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
    JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id <> r.user_id
    WHERE m.role <> 'muted' AND (m.by_choice = 1 OR m.role = 'owner')
) h
WHERE h.place = 1

-- insert_members
-- Who: everything that adds members. Earlier messages are not unread for them.
INSERT INTO lumen_member (room_id, user_id, role, last_read_seq, joined_position, by_choice)
SELECT r.room_id, r.user_id, r.role, o.last_seq, r.joined_position, r.by_choice
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(room_id text, user_id text, role text, joined_position bigint, by_choice bigint)
JOIN lumen_room o ON o.id = r.room_id

-- insert_read_counts_of_members
-- Who: the same. Earlier notifications to the room are not unread either. Index: the primary key of
-- lumen_active_total.
INSERT INTO lumen_read_count (user_id, audience, category, seen, read, archived, read_or_archived, earlier)
SELECT r.user_id, t.audience, t.category, t.total, t.total, t.total, t.total, t.total
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
JOIN lumen_active_total t ON t.audience = 'room:' || r.room_id
WHERE t.total <> 0
ON CONFLICT (user_id, audience, category) DO UPDATE SET
    seen = excluded.seen,
    read = excluded.read,
    archived = excluded.archived,
    read_or_archived = excluded.read_or_archived,
    earlier = excluded.earlier

-- delete_members
-- Who: everything that removes members.
DELETE FROM lumen_member
WHERE (room_id, user_id) IN (
    SELECT r.room_id, r.user_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
)

-- delete_read_counts_of_members
-- Who: the same. Index: the primary key.
DELETE FROM lumen_read_count
WHERE (user_id, audience) IN (
    SELECT r.user_id, 'room:' || r.room_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
)

-- delete_receipts_of_members
-- Who: the same. Receipts of notifications to the room: a user who joins again has neither read them nor
-- has them unread. Receipts of removed notifications stay: delivery of the removal may still need them, and
-- purge_receipts deletes them. Indexes: the primary keys.
DELETE FROM lumen_receipt
WHERE (user_id, notification_id) IN (
    SELECT c.user_id, c.notification_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
    JOIN lumen_receipt c ON c.user_id = r.user_id
    JOIN lumen_notification n
        ON n.id = c.notification_id AND n.audience = 'room:' || r.room_id AND n.is_listed IS NULL
)

-- set_roles
-- Who: a change of role, and the choice of a new owner.
UPDATE lumen_member
SET role = r.role
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text, role text)
WHERE lumen_member.room_id = r.room_id AND lumen_member.user_id = r.user_id

-- add_to_members_counts
-- Who: everything that adds or removes members. One row per room.
UPDATE lumen_room
SET members_count = lumen_room.members_count + r.number
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, number bigint)
WHERE lumen_room.id = r.room_id

-- insert_bans rows
-- Who: PUT /rooms/{id}/bans/{user}. Existing bans do not change.
INSERT INTO lumen_ban (room_id, user_id, banned_by, banned_at)
SELECT r.room_id, r.user_id, r.banned_by, r.banned_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(room_id text, user_id text, banned_by text, banned_at bigint)
WHERE true
ON CONFLICT (room_id, user_id) DO NOTHING

-- insert_mutes rows
-- Who: everything by which a muted member leaves a room.
INSERT INTO lumen_mute (room_id, user_id)
SELECT r.room_id, r.user_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
WHERE true
ON CONFLICT (room_id, user_id) DO NOTHING

-- delete_mutes
-- Who: everything by which users become members: from then on, their role says whether they are muted.
DELETE FROM lumen_mute
WHERE (room_id, user_id) IN (
    SELECT r.room_id, r.user_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
)

-- delete_bans
-- Who: DELETE /rooms/{id}/bans/{user}.
DELETE FROM lumen_ban
WHERE (room_id, user_id) IN (
    SELECT r.room_id, r.user_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, user_id text)
)

-- set_titles
-- Who: PATCH /rooms/{id}.
UPDATE lumen_room
SET title = r.title
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text, title text)
WHERE lumen_room.id = r.room_id

-- mark_rooms_deleted
-- Who: DELETE /rooms/{id}, and the last member's leaving. From here on, nobody finds the room.
UPDATE lumen_room
SET kind = 'deleting', pair = NULL
WHERE id IN (SELECT r.room_id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(room_id text))

-- fragment room_of_user
-- A room as the user :user_id sees it. Only members see messages.
    SELECT
        o.id, o.kind, o.title, o.created_at, o.created_by, o.members_count, o.last_seq, o.pair,
        m.role, m.last_read_seq, m.joined_position, m.is_silent, l.body AS last_message, o.active_at
    FROM lumen_room o
    LEFT JOIN lumen_member m ON m.room_id = o.id AND m.user_id = :user_id
    LEFT JOIN lumen_message l ON l.room_id = o.id AND l.seq = o.last_seq AND m.user_id IS NOT NULL

-- list_rooms
-- Who: GET /rooms. One page of the user's rooms, most recently active first. Looks up and sorts all rooms of
-- the user, but reads the messages of the page alone. Indexes: lumen_member_by_user, the primary keys.
SELECT
    s.id, s.kind, s.title, s.created_at, s.created_by, s.members_count, s.last_seq, s.pair,
    s.role, s.last_read_seq, s.joined_position, s.is_silent, l.body, s.active_at
FROM (
    SELECT
        o.id, o.kind, o.title, o.created_at, o.created_by, o.members_count, o.last_seq, o.pair,
        m.role, m.last_read_seq, m.joined_position, m.is_silent, o.active_at
    FROM lumen_member m
    JOIN lumen_room o ON o.id = m.room_id
    WHERE m.user_id = :user_id
        AND o.kind <> 'deleting'
        AND (o.active_at < :before_at OR (o.active_at = :before_at AND o.id < :before_id))
    ORDER BY o.active_at DESC, o.id DESC
    LIMIT :limit
) s
LEFT JOIN lumen_message l ON l.room_id = s.id AND l.seq = s.last_seq
ORDER BY s.active_at DESC, s.id DESC

-- list_public_rooms
-- Who: GET /rooms?public=true. One page of all public rooms, newest first. Index: lumen_room_public.
SELECT
    s.id, s.kind, s.title, s.created_at, s.created_by, s.members_count, s.last_seq, s.pair,
    s.role, s.last_read_seq, s.joined_position, s.is_silent, s.last_message, s.created_at
FROM ({room_of_user}) s
WHERE s.kind = 'public'
    AND (s.created_at < :before_at OR (s.created_at = :before_at AND s.id < :before_id))
ORDER BY s.created_at DESC, s.id DESC
LIMIT :limit

-- get_room
-- Who: GET /rooms/{id}, and the responses to changes. Index: the primary key.
SELECT
    s.id, s.kind, s.title, s.created_at, s.created_by, s.members_count, s.last_seq, s.pair,
    s.role, s.last_read_seq, s.joined_position, s.is_silent, s.last_message, s.active_at
FROM ({room_of_user}) s
WHERE s.id = :room_id AND s.kind <> 'deleting' AND (s.kind = 'public' OR s.role IS NOT NULL)

-- list_members
-- Who: GET /rooms/{id}/members. One page, by user id; names of users who have an account. Index: the primary keys.
SELECT m.user_id, m.role, m.last_read_seq, a.display_name, a.avatar
FROM lumen_member m
LEFT JOIN lumen_account a ON a.user_id = m.user_id
WHERE m.room_id = :room_id AND m.user_id > :after
ORDER BY m.user_id
LIMIT :limit

-- get_ban
-- Who: GET /rooms/{id}/bans/{user}. Index: the primary key.
SELECT b.user_id, b.banned_by, b.banned_at
FROM lumen_ban b
WHERE b.room_id = :room_id AND b.user_id = :user_id

-- list_bans
-- Who: GET /rooms/{id}/bans. One page, by user id. Index: the primary key.
SELECT b.user_id, b.banned_by, b.banned_at
FROM lumen_ban b
WHERE b.room_id = :room_id AND b.user_id > :after
ORDER BY b.user_id
LIMIT :limit

-- deleted_rooms
-- Who: retention. Rooms whose deletion is not finished. Index: lumen_room_deleting.
SELECT o.id
FROM lumen_room o
WHERE o.kind = 'deleting'
LIMIT :limit

-- members_of_deleted_room
-- Who: the deletion of a room. Index: the primary key.
SELECT m.user_id, m.joined_position
FROM lumen_room o
JOIN lumen_member m ON m.room_id = o.id
WHERE o.id = :room_id AND o.kind = 'deleting'
ORDER BY m.user_id
LIMIT :limit

-- events_of_deleted_room
-- Who: the deletion of a room, to withdraw their text. Index: lumen_event_by_audience.
SELECT e.position, e.kind
FROM lumen_room o
JOIN lumen_event e ON e.audience = :audience AND e.position > o.withdrawn_position
WHERE o.id = :room_id AND o.kind = 'deleting'
ORDER BY e.position
LIMIT :limit

-- set_withdrawn_position
-- Who: the same.
UPDATE lumen_room
SET withdrawn_position = :position
WHERE id = :room_id AND kind = 'deleting'

-- mentions_of_deleted_room
-- Who: the deletion of a room. Notifications of mentions in its first messages. Indexes: the primary keys.
SELECT n.id, n.audience
FROM (
    SELECT t.id
    FROM lumen_room o
    JOIN lumen_message t ON t.room_id = o.id
    WHERE o.id = :room_id AND o.kind = 'deleting'
    ORDER BY t.seq
    LIMIT :messages_limit
) t
JOIN lumen_notification n ON n.id = t.id AND n.is_listed IS NULL
LIMIT :limit

-- purge_messages
-- Who: the deletion of a room. Index: the primary key.
DELETE FROM lumen_message
WHERE (room_id, seq) IN (
    SELECT t.room_id, t.seq
    FROM lumen_room o
    JOIN lumen_message t ON t.room_id = o.id
    WHERE o.id = :room_id AND o.kind = 'deleting'
    ORDER BY t.seq
    LIMIT :limit
)
RETURNING seq, copies

-- purge_notifications
-- Who: the deletion of a room. The room has no members any more, so no counts change. Index:
-- the primary key.
DELETE FROM lumen_notification
WHERE (audience, position, id) IN (
    SELECT n.audience, n.position, n.id
    FROM lumen_room o
    JOIN lumen_notification n ON n.audience = :audience
    WHERE o.id = :room_id AND o.kind = 'deleting'
    ORDER BY n.position
    LIMIT :limit
)
RETURNING id

-- purge_room
-- Who: the deletion of a room, last.
DELETE FROM lumen_room
WHERE id = :room_id AND kind = 'deleting'
RETURNING id

-- purge_bans
-- Who: the deletion of a room.
DELETE FROM lumen_ban
WHERE room_id = :room_id

-- purge_mutes
-- Who: the deletion of a room.
DELETE FROM lumen_mute
WHERE room_id = :room_id

-- purge_active_totals
-- Who: the deletion of a room.
DELETE FROM lumen_active_total
WHERE audience = :audience

-- purge_tombstones
-- Who: the deletion of a room.
DELETE FROM lumen_removed_notification
WHERE audience = :audience
