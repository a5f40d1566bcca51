-- load_rate_buckets
-- Who: apply_limits. Those that are not full. Index: the primary key.
SELECT b.key, b.full_at, b.taken_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text)
JOIN lumen_rate_limit b ON b.key = r.key

-- upsert_rate_buckets rows
-- Who: apply_limits.
INSERT INTO lumen_rate_limit (key, full_at, taken_at)
SELECT r.key, r.full_at, r.taken_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, full_at bigint, taken_at bigint)
WHERE true
ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at, taken_at = excluded.taken_at

-- delete_full_rate_buckets
-- Who: apply_limits, so that full buckets do not stay for long. Index: lumen_rate_limit_by_time.
DELETE FROM lumen_rate_limit
WHERE key IN (
    SELECT b.key
    FROM lumen_rate_limit b
    WHERE b.full_at <= :now
    ORDER BY b.full_at
    LIMIT :limit
)
