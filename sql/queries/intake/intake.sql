-- taken_in
-- Who: take_in. Which of some messages were taken in before. Index: the primary key.
SELECT i.source, i.id, i.digest
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(source text, id text)
JOIN lumen_intake i ON i.source = r.source AND i.id = r.id

-- insert_taken_in rows
-- Who: take_in.
INSERT INTO lumen_intake (source, id, digest, taken_at)
SELECT r.source, r.id, r.digest, r.taken_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(source text, id text, digest text, taken_at bigint)

-- trim_intake
-- Who: trim_intake. Index: lumen_intake_by_age.
DELETE FROM lumen_intake
WHERE (source, id) IN (
    SELECT i.source, i.id
    FROM lumen_intake i
    WHERE i.source = :source AND i.taken_at < :before
    ORDER BY i.taken_at
    LIMIT :limit
)
RETURNING id
