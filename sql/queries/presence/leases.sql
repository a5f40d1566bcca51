-- fragment now_ms postgresql
-- The database's clock, in milliseconds; the same throughout a statement, so that an index can serve it.
    CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)

-- fragment now_ms sqlite
    CAST((julianday('now') - 2440587.5) * 86400000 AS integer)

-- fragment moment_ms postgresql
-- The same at this very moment: in the order in which transactions get a row.
    CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)

-- fragment moment_ms sqlite
    CAST((julianday('now') - 2440587.5) * 86400000 AS integer)

-- open_lease
-- Who: an instance whose first stream opens, or whose lease ran out.
INSERT INTO lumen_instance (id, lease_until)
VALUES (:instance, {now_ms} + CAST(:lease_ms AS bigint))
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until

-- renew_lease
-- Who: each instance with open streams, several times within a lease. One row, whatever the number of its
-- streams. No row is returned if the lease ran out: its connections may have been ended meanwhile.
UPDATE lumen_instance
SET lease_until = {now_ms} + CAST(:lease_ms AS bigint)
WHERE id = :instance AND lease_until >= {now_ms}
RETURNING lease_until

-- close_lease
-- Who: an instance that has no streams any more; another one, once it has ended the connections of an
-- instance whose lease ran out.
DELETE FROM lumen_instance WHERE id = :instance

-- expired_instance
-- Who: each instance, when a lease has run out. An instance that another one works on is skipped. Index:
-- lumen_instance_by_lease.
SELECT i.id
FROM lumen_instance i
WHERE i.lease_until < :now AND i.id <> :instance
ORDER BY i.lease_until
LIMIT 1

-- expired_instance postgresql
SELECT i.id
FROM lumen_instance i
WHERE i.lease_until < :now AND i.id <> :instance
ORDER BY i.lease_until
LIMIT 1
FOR UPDATE SKIP LOCKED

-- presence_due
-- Who: each instance, every second: whether ended connections are due, and whether a lease ran out. Indexes:
-- lumen_connection_ended, lumen_instance_by_lease.
SELECT
    {now_ms},
    EXISTS (SELECT 1 FROM lumen_connection c WHERE c.kept_until <= {now_ms}),
    EXISTS (SELECT 1 FROM lumen_instance i WHERE i.lease_until < {now_ms} AND i.id <> :instance)
