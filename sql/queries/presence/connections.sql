-- write_connections rows
-- Who: each instance, for the streams that have opened; and for all of its streams after its lease ran out.
INSERT INTO lumen_connection (instance, id, user_id, device, connected_at)
SELECT r.instance, r.id, r.user_id, r.device, r.connected_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(instance text, id text, user_id text, device text, connected_at bigint)
WHERE true
ON CONFLICT (instance, id) DO UPDATE SET ended_at = NULL, kept_until = NULL

-- end_connections
-- Who: each instance, for its streams that have ended. Index: the primary key.
UPDATE lumen_connection
SET ended_at = {now_ms}, kept_until = {now_ms} + r.kept_ms
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, kept_ms bigint)
WHERE lumen_connection.instance = :instance AND lumen_connection.id = r.id

-- end_connections_of_instance
-- Who: an instance that writes all of its streams anew; another one, for an instance whose lease ran out. In
-- steps. Index: the primary key.
UPDATE lumen_connection
SET ended_at = {now_ms}, kept_until = {now_ms} + CAST(:kept_ms AS bigint)
WHERE instance = :instance AND id IN (
    SELECT c.id
    FROM lumen_connection c
    WHERE c.instance = :instance AND c.kept_until IS NULL
    LIMIT :limit
)
RETURNING id

-- delete_ended_connections
-- Who: each instance, for users whose presence it has locked. Index: lumen_connection_by_user.
DELETE FROM lumen_connection
WHERE (instance, id) IN (
    SELECT c.instance, c.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
    JOIN lumen_connection c ON c.user_id = r.user_id
    WHERE c.kept_until <= :now
)

-- delete_ended_connections postgresql
DELETE FROM lumen_connection
WHERE (instance, id) IN (
    SELECT c.instance, c.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
    JOIN lumen_connection c ON c.user_id = r.user_id
    WHERE c.kept_until <= :now
    FOR UPDATE OF c SKIP LOCKED
)

-- delete_connections_without_presence
-- Who: each instance, for users who were never online: presence is off. Index: lumen_connection_ended.
DELETE FROM lumen_connection
WHERE (instance, id) IN (
    SELECT c.instance, c.id
    FROM lumen_connection c
    WHERE c.kept_until <= :now
        AND NOT EXISTS (SELECT 1 FROM lumen_presence p WHERE p.user_id = c.user_id)
    LIMIT :limit
)
RETURNING id

-- delete_connections_without_presence postgresql
DELETE FROM lumen_connection
WHERE (instance, id) IN (
    SELECT c.instance, c.id
    FROM lumen_connection c
    WHERE c.kept_until <= :now
        AND NOT EXISTS (SELECT 1 FROM lumen_presence p WHERE p.user_id = c.user_id)
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
RETURNING id

-- connections_of_user
-- Who: GET /connections, for streams of other instances. One page, by id. Index: lumen_connection_by_user.
SELECT c.id, c.device, c.connected_at, c.instance
FROM lumen_connection c
WHERE c.user_id = :user_id AND c.id > :after AND c.instance <> :instance AND c.kept_until IS NULL
ORDER BY c.id
LIMIT :limit

-- user_of_connection
-- Who: DELETE /admin/streams/{id}, for a stream of another instance. Indexes: the primary keys.
SELECT c.user_id
FROM lumen_instance i
JOIN lumen_connection c ON c.instance = i.id AND c.id = :id
WHERE c.kept_until IS NULL

-- excess_connections
-- Who: each instance, for users whose streams have opened: all but their newest ones, on any instance.
-- Index: lumen_connection_by_user.
SELECT x.user_id, x.id
FROM (
    SELECT c.user_id, c.id, row_number() OVER (PARTITION BY c.user_id ORDER BY c.id DESC) AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
    JOIN lumen_connection c ON c.user_id = r.user_id
    JOIN lumen_instance i ON i.id = c.instance
    WHERE c.kept_until IS NULL AND i.lease_until >= {now_ms}
) x
WHERE x.place > :most
ORDER BY x.id
LIMIT :limit
