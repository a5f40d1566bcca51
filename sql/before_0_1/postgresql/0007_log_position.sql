-- The log's position is that of its newest event, or the floor. A row that every transaction updates would slow
-- all writers down while a long snapshot is open (a backup): its old versions cannot be removed until then.
ALTER TABLE log_head DROP COLUMN position;
