-- fragment room_columns
    o.id, o.kind, o.title, o.pair, o.created_at, o.created_by, o.members_count, o.last_seq, o.active_at

-- list_all_rooms
-- Who: GET /admin/rooms. One page, by id, from a prefix on. Index: the primary key.
SELECT {room_columns}
FROM lumen_room o
WHERE o.id > :after AND o.id >= :prefix AND o.kind <> 'deleting'
ORDER BY o.id
LIMIT :limit

-- get_any_room
-- Who: GET /admin/rooms/{id}. Index: the primary key.
SELECT {room_columns}
FROM lumen_room o
WHERE o.id = :room_id AND o.kind <> 'deleting'

-- messages_of_any_room
-- Who: GET /admin/rooms/{id}/messages. One page, newest first. Index: the primary key.
SELECT t.seq, t.body
FROM lumen_message t
WHERE t.room_id = :room_id AND t.seq < :before
ORDER BY t.seq DESC
LIMIT :limit
