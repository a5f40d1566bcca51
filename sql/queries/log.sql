-- open_log
-- Who: the first start on a new database. Later starts change nothing.
INSERT INTO lumen_log_head (only_row, epoch, floor)
VALUES (1, :epoch, 0)
ON CONFLICT (only_row) DO NOTHING

-- fragment newest_position
-- The position of the newest event; the floor if there is none. Index: the primary key.
    SELECT coalesce((SELECT max(n.position) FROM lumen_event n), (SELECT l.floor FROM lumen_log_head l))

-- log_head
-- Who: every start; GET /readyz; streams with a cursor ahead of this instance; the tail, once the log does
-- not continue where it was.
SELECT h.epoch, ({newest_position}), h.floor, e.audience, e.created_at
FROM lumen_log_head h
LEFT JOIN lumen_event e ON e.position = ({newest_position})

-- lock_log
-- Who: every write transaction on PostgreSQL, first. From here to COMMIT this transaction is the only writer,
-- so positions, counts and commits have one order. The lock belongs to the table, and no row is written, so
-- that an old snapshot slows nobody down. SQLite holds its lock already (BEGIN IMMEDIATE).
SELECT pg_advisory_xact_lock(1819635054, CAST(CAST(CAST('lumen_log_head' AS regclass) AS oid) AS integer))

-- lock_log sqlite
SELECT 1

-- log_end
-- Who: every write transaction, once it is the only writer. Not together with `lock_log`: a statement that
-- has waited does not see what was committed meanwhile. Indexes: the primary key, lumen_device_by_user.
SELECT
    ({newest_position}), h.categories_version, EXISTS (SELECT 1 FROM lumen_device d WHERE d.user_id > ''),
    e.audience, e.created_at
FROM lumen_log_head h
LEFT JOIN lumen_event e ON e.position = ({newest_position})

-- append_events rows
-- Who: every write transaction that appended events.
INSERT INTO lumen_event (position, audience, kind, category, body, content_position, created_at)
SELECT r.position, r.audience, r.kind, r.category, r.body, r.content_position, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(position bigint, audience text, kind text, category text, body text, content_position bigint,
         created_at bigint)

-- fragment each_audience postgresql
-- Joins the lists (l) of a statement with their audiences: their text as a.value, their number from 0 as a.key.
    CROSS JOIN LATERAL (
        SELECT t.value, t.ordinality - 1 AS key
        FROM jsonb_array_elements_text(l.audiences) WITH ORDINALITY AS t
    ) a

-- fragment each_audience sqlite
    CROSS JOIN json_each(l.audiences) a

-- append_events_to_lists
-- Who: the same, for events with a shared body: a row for each list of audiences with contiguous positions.
WITH list AS MATERIALIZED (
    SELECT r.first_position, r.position, r.kind, r.category, r.created_at, r.audiences
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(first_position bigint, position bigint, kind text, category text, created_at bigint,
             audiences jsonb)
)
INSERT INTO lumen_event (position, audience, kind, category, body, content_position, created_at)
SELECT l.first_position + a.key, a.value, l.kind, l.category, '', l.position, l.created_at
FROM list l
{each_audience}

-- insert_contents rows
-- Who: every write transaction that appended events with a shared body.
INSERT INTO lumen_content (position, first_position, notification_id, body)
SELECT r.position, r.first_position, r.notification_id, r.body
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(position bigint, first_position bigint, notification_id text, body text)

-- fragment events_of_page
-- The events of a page, with their bodies. A body that several of them share comes with the first one only.
SELECT
    p.position, p.audience, p.kind, p.category, p.created_at, p.content_position,
    CASE
        WHEN p.content_position IS NULL THEN p.body
        WHEN p.content_position = p.content_before THEN NULL
        ELSE (SELECT c.body FROM lumen_content c WHERE c.position = p.content_position)
        END AS body
FROM (
    SELECT
        g.position, g.audience, g.kind, g.category, g.body, g.content_position, g.created_at,
        lag(g.content_position) OVER (ORDER BY g.position) AS content_before
    FROM page g
) p
ORDER BY p.position

-- fragment withdrawn_users sqlite
-- The users of a list (of an event o) for whom its text was withdrawn, as JSON. Index:
-- lumen_removed_recipient_by_position.
    (
        SELECT json_group_array(substr(w.audience, 6))
        FROM lumen_removed_recipient w
        WHERE w.position = o.position AND w.is_withdrawn = 1
    )

-- fragment withdrawn_users postgresql
    (
        SELECT CAST(jsonb_agg(substr(w.audience, 6)) AS text)
        FROM lumen_removed_recipient w
        WHERE w.position = o.position AND w.is_withdrawn = 1
    )

-- fragment users_of_list
-- To whom an event (o) goes that is for a list, as JSON, and those of them for whom its text was withdrawn.
    CASE o.audience
        WHEN 'list' THEN (SELECT c.users FROM lumen_content c WHERE c.position = o.position)
        END AS users,
    CASE o.audience WHEN 'list' THEN {withdrawn_users} END AS withdrawn

-- events_from
-- Who: the tail, every second and to fill a gap. The event at a position and those that follow, and the log's
-- state in the same snapshot; one row without an event if there is none. Index: the primary key.
WITH page AS (
    SELECT position, audience, kind, category, body, content_position, created_at
    FROM lumen_event
    WHERE position >= :first
    ORDER BY position
    LIMIT :limit
)
SELECT
    h.epoch, h.floor, o.position, o.audience, o.kind, o.category, o.created_at, o.content_position, o.body,
    {users_of_list}
FROM lumen_log_head h
LEFT JOIN (
{events_of_page}
) o ON true
ORDER BY o.position

-- log_at
-- Who: a client whose cursor is older than the events in memory. The log's state, and which events are at two
-- positions, in one snapshot. Index: the primary key.
SELECT h.epoch, h.floor, e.position, e.audience, e.created_at
FROM lumen_log_head h
LEFT JOIN lumen_event e ON e.position IN (:first, :second)

-- fragment places_of_spans
-- The positions of the events of some audiences, each between two positions. Those of lists are where the
-- user's notifications are, or were. Indexes: lumen_event_by_audience, the primary keys of
-- lumen_notification and lumen_removed_recipient.
    SELECT e.position
    FROM jsonb_to_recordset(CAST(:spans AS jsonb)) AS r(audience text, after_position bigint, up_to bigint)
    JOIN lumen_event e ON e.audience = r.audience
        AND e.position > r.after_position AND e.position <= r.up_to
    UNION ALL
    SELECT n.position
    FROM jsonb_to_recordset(CAST(:spans AS jsonb)) AS r(audience text, after_position bigint, up_to bigint)
    JOIN lumen_notification n ON n.audience = r.audience
        AND n.position > r.after_position AND n.position <= r.up_to AND n.is_listed = 1
    WHERE r.audience LIKE 'user:%'
    UNION ALL
    SELECT o.position
    FROM jsonb_to_recordset(CAST(:spans AS jsonb)) AS r(audience text, after_position bigint, up_to bigint)
    JOIN lumen_removed_recipient o ON o.audience = r.audience
        AND o.position > r.after_position AND o.position <= r.up_to AND o.is_withdrawn = 0
    WHERE r.audience LIKE 'user:%'

-- events_for_audiences
-- Who: a client whose cursor is older than the events in memory. The next events of some audiences, each
-- between two positions: at most :limit, and no more once they have :max_characters together. Indexes:
-- those of the fragment, the primary key.
WITH place AS (
    SELECT g.position
    FROM ({places_of_spans}) g
    ORDER BY g.position
    LIMIT :limit
),
sized AS (
    SELECT
        p.position,
        sum(length(e.body) + coalesce(
            (SELECT length(c.body) FROM lumen_content c WHERE c.position = e.content_position), 0
        )) OVER (ORDER BY p.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS characters_before
    FROM place p
    JOIN lumen_event e ON e.position = p.position
),
page AS (
    SELECT e.position, e.audience, e.kind, e.category, e.body, e.content_position, e.created_at
    FROM sized z
    JOIN lumen_event e ON e.position = z.position
    WHERE coalesce(z.characters_before, 0) < :max_characters
)
{events_of_page}

-- count_for_audiences
-- Who: a client whose cursor is older than the events in memory, if LUMEN_MAX_REPLAY_EVENTS is set. How many
-- events `events_for_audiences` has, at most :limit. Index: lumen_event_by_audience.
SELECT count(*)
FROM (
    SELECT g.position
    FROM ({places_of_spans}) g
    LIMIT :limit
) found

-- departures
-- Who: a client whose cursor is older than the events in memory. The events of a user who has left rooms, of
-- which they get earlier events. Index: lumen_event_departure.
SELECT position, audience, kind, category, created_at, content_position, body
FROM lumen_event
WHERE kind = 'left' AND audience = :audience AND position > :after AND position <= :up_to
ORDER BY position
LIMIT :limit

-- open_key
-- Who: every start. The first one decides the value for all instances.
INSERT INTO lumen_server_key (name, value)
VALUES (:name, :value)
ON CONFLICT (name) DO NOTHING

-- write_probe
-- Who: GET /readyz, if nothing was committed lately, to see whether a write passes. SQLite would write
-- nothing if the value were the same.
INSERT INTO lumen_server_key (name, value)
VALUES ('probe', :value)
ON CONFLICT (name) DO UPDATE
SET value = EXCLUDED.value

-- key
-- Who: every start.
SELECT value
FROM lumen_server_key
WHERE name = :name

-- raise_floor
-- Who: retention, in the transaction that trims events. A cursor below the floor gets `reset`.
UPDATE lumen_log_head
SET floor = :up_to
WHERE floor < :up_to

-- contents_of_events
-- Who: retention, before it trims events. The bodies whose last event is trimmed. Index: the primary key.
SELECT c.position
FROM lumen_log_head h
JOIN lumen_content c ON c.position > h.floor AND c.position <= :up_to

-- delete_unused_contents
-- Who: whatever deletes events or notifications with a shared body. Indexes: the primary keys.
DELETE FROM lumen_content
WHERE position IN (
    SELECT c.position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
    JOIN lumen_content c ON c.position = r.position
    WHERE coalesce(c.kept, 0) = 0 AND NOT EXISTS (
        SELECT 1
        FROM lumen_event e
        WHERE e.position >= c.first_position AND e.position <= c.position AND e.content_position = c.position
    ) AND NOT EXISTS (
        SELECT 1
        FROM lumen_notification n
        WHERE n.id = c.notification_id AND n.is_listed IS NULL AND n.content_position = c.position
    )
)

-- lists_at
-- Who: whatever withdraws texts. Which of the events at some positions are for a list. Index: the primary key.
SELECT DISTINCT e.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
JOIN lumen_event e ON e.position = r.position AND e.audience = 'list'

-- trim_removed_recipients
-- Who: retention, in the transaction that trims events. Index: lumen_removed_recipient_by_position.
DELETE FROM lumen_removed_recipient
WHERE position <= :up_to

-- trim_events
-- Who: retention. The event at the floor stays. Index: the primary key.
DELETE FROM lumen_event
WHERE position < :up_to

-- empty_event
-- Who: retention. Removes the content of the event at the floor, which nobody reads any more.
UPDATE lumen_event
SET category = NULL, body = '{}', content_position = NULL
WHERE position = :position

-- event_prefixes
-- Who: whatever rewrites events. The first characters of their bodies (of updates, digests and those that share
-- texts all), without those that are trimmed. Index: the primary key.
SELECT
    e.position, e.kind,
    CASE
        WHEN e.kind IN ('update', 'bundle') OR substr(e.body, 1, 11) = '{"shared":[' THEN e.body
        ELSE substr(e.body, 1, :characters)
        END AS prefix,
    e.content_position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
JOIN lumen_event e ON e.position = r.position AND e.position > (SELECT h.floor FROM lumen_log_head h)

-- events_of_content
-- Who: whatever rewrites a shared body. Index: the primary key.
SELECT e.position
FROM lumen_content c
JOIN lumen_event e ON e.position >= c.first_position AND e.position <= c.position
    AND e.content_position = c.position AND e.position > (SELECT h.floor FROM lumen_log_head h)
WHERE c.position = :position

-- rewrite_content
-- Who: the same. Index: the primary key.
UPDATE lumen_content
SET body = :body
WHERE position = :position

-- rewrite_events
-- Who: the same. Index: the primary key.
UPDATE lumen_event
SET body = r.body, content_position = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, body text)
WHERE lumen_event.position = r.position

-- events_at
-- Who: the tail, after events were rewritten. Index: the primary key.
WITH page AS (
    SELECT e.position, e.audience, e.kind, e.category, e.body, e.content_position, e.created_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
    JOIN lumen_event e ON e.position = r.position AND e.position > (SELECT h.floor FROM lumen_log_head h)
)
SELECT
    o.position, o.audience, o.kind, o.category, o.created_at, o.content_position, o.body,
    {users_of_list}
FROM (
{events_of_page}
) o
ORDER BY o.position
