-- When a room's newest message was sent, else when it was created: the order of a user's rooms, without a look at
-- the messages.
ALTER TABLE lumen_room ADD COLUMN active_at bigint NOT NULL DEFAULT 0;
UPDATE lumen_room SET active_at = coalesce((
    SELECT m.created_at
    FROM lumen_message m
    WHERE m.room_id = lumen_room.id AND m.seq = lumen_room.last_seq
), created_at);
