-- Scheduled notifications to a room belong to the room.

ALTER TABLE scheduled ADD COLUMN room_id text;      -- NULL: to users or to everyone
UPDATE scheduled
SET room_id = substr(publication, 21, instr(substr(publication, 21), '"') - 1)
WHERE substr(publication, 1, 20) = '{"audiences":["room:';
DELETE FROM scheduled
WHERE room_id IS NOT NULL AND room_id NOT IN (SELECT id FROM room);
CREATE INDEX scheduled_by_room ON scheduled (room_id, deliver_at, id) WHERE room_id IS NOT NULL;
