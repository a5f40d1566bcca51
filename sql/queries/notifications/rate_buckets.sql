-- buckets
-- Who: limits of publish. The buckets that are not full. Index: the primary key.
SELECT b.key, b.full_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text)
JOIN bucket b ON b.key = r.key

-- write_buckets rows
-- Who: limits of publish.
INSERT INTO bucket (key, full_at)
SELECT r.key, r.full_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, full_at bigint)
WHERE true
ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at

-- drop_full_buckets
-- Who: limits of publish, so that unused rows do not stay. Index: bucket_by_time.
DELETE FROM bucket
WHERE key IN (
    SELECT b.key
    FROM bucket b
    WHERE b.full_at <= :now
    ORDER BY b.full_at
    LIMIT :limit
)
