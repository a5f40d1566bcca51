-- load_attempt_windows
-- Who: a log-in and a registration. Index: the primary key.
SELECT w.key, w.ends_at, w.attempts
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text)
JOIN lumen_attempt_window w ON w.key = r.key

-- upsert_attempt_windows rows
-- Who: the same.
INSERT INTO lumen_attempt_window (key, ends_at, attempts)
SELECT r.key, r.ends_at, r.attempts
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, ends_at bigint, attempts bigint)
WHERE true
ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at, attempts = excluded.attempts

-- delete_attempt_windows
-- Who: a log-in whose password was right. Index: the primary key.
DELETE FROM lumen_attempt_window
WHERE key IN (
    SELECT r.key
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text)
)

-- finished_attempt_windows
-- Who: retention. Index: lumen_attempt_window_by_end.
SELECT w.key
FROM lumen_attempt_window w
WHERE w.ends_at <= :now
LIMIT :limit

-- trim_attempt_windows
-- Who: retention. Index: lumen_attempt_window_by_end.
DELETE FROM lumen_attempt_window
WHERE key IN (
    SELECT w.key
    FROM lumen_attempt_window w
    WHERE w.ends_at <= :now
    ORDER BY w.ends_at
    LIMIT :limit
)
RETURNING key
