-- open_log
-- Who: the first start on a new database. Later starts change nothing.
INSERT INTO log_head (only_row, epoch, floor)
VALUES (1, :epoch, 0)
ON CONFLICT (only_row) DO NOTHING

-- fragment newest_position
-- The position of the newest event; the floor if there is none. Index: the primary key.
    SELECT coalesce((SELECT max(n.position) FROM event n), (SELECT l.floor FROM log_head l))

-- log_head
-- Who: every start; GET /readyz; streams that open with a cursor, to check whether it can be served.
SELECT h.epoch, ({newest_position}), h.floor
FROM log_head h

-- lock_log
-- Who: every write transaction on PostgreSQL, first. From here to COMMIT this transaction is the only writer, so
-- positions, counts and commits have one order. The lock belongs to the table, and no row is written, so that
-- an old snapshot slows nobody down. SQLite holds its lock already (BEGIN IMMEDIATE).
SELECT pg_advisory_xact_lock(1819635054, CAST(CAST(CAST('log_head' AS regclass) AS oid) AS integer))

-- lock_log sqlite
SELECT 1

-- log_end
-- Who: every write transaction, once it is the only writer. Not together with `lock_log`: a statement that
-- has waited does not see what was committed meanwhile.
SELECT ({newest_position}), h.definitions
FROM log_head h

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

-- event_prefixes
-- Who: whatever rewrites events. The first characters of their bodies. Index: the primary key.
SELECT e.position, e.kind, substr(e.body, 1, :characters) AS prefix
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
JOIN event e ON e.position = r.position

-- rewrite_events
-- Who: the same. Index: the primary key.
UPDATE event
SET body = r.body
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, body text)
WHERE event.position = r.position

-- events_at
-- Who: the tail, after events were rewritten. Index: the primary key.
SELECT e.position, e.audience, e.kind, e.category, e.body, e.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
JOIN event e ON e.position = r.position
