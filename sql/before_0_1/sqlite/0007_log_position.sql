-- The log's position is that of its newest event, or the floor.
ALTER TABLE log_head DROP COLUMN position;
