-- open_log
-- Who: the first start on a new database. Later starts change nothing.
INSERT INTO log_head (only_row, epoch, position, floor)
VALUES (1, :epoch, 0, 0)
ON CONFLICT (only_row) DO NOTHING

-- log_head
-- Who: every start; GET /readyz; streams that open with a cursor, to check whether it can be served.
SELECT epoch, position, floor
FROM log_head

-- lock_head
-- Who: every write transaction, first. From here to COMMIT this transaction is the only writer, so
-- positions, counts and commits have one order. SQLite holds the lock already (BEGIN IMMEDIATE).
SELECT position, definitions
FROM log_head
FOR UPDATE

-- lock_head sqlite
SELECT position, definitions
FROM log_head

-- advance_head
-- Who: every write transaction that appended events, last.
UPDATE log_head
SET position = :position

-- append_events rows
-- Who: every write transaction that appended events.
INSERT INTO event (position, audience, kind, category, body, created_at)
SELECT r.position, r.audience, r.kind, r.category, r.body, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(position bigint, audience text, kind text, category text, body text, created_at bigint)

-- events_after
-- Who: the tail, every second and to fill a gap. Index: the primary key.
SELECT position, audience, kind, category, body, created_at
FROM event
WHERE position > :after
ORDER BY position
LIMIT :limit

-- events_for_audiences
-- Who: a client whose cursor is older than the events in memory. Index: event_by_audience.
SELECT e.position, e.audience, e.kind, e.category, e.body, e.created_at
FROM jsonb_to_recordset(CAST(:audiences AS jsonb)) AS r(audience text)
JOIN event e ON e.audience = r.audience
WHERE e.position > :after AND e.position <= :up_to
ORDER BY e.position
LIMIT :limit

-- open_key
-- Who: every start. The first one decides the value for all instances.
INSERT INTO keyring (name, value)
VALUES (:name, :value)
ON CONFLICT (name) DO NOTHING

-- key
-- Who: every start.
SELECT value
FROM keyring
WHERE name = :name

-- raise_floor
-- Who: retention, in the transaction that trims events. A cursor below the floor gets `reset`.
UPDATE log_head
SET floor = :up_to
WHERE floor < :up_to

-- trim_events
-- Who: retention. Index: the primary key.
DELETE FROM event
WHERE position <= :up_to
