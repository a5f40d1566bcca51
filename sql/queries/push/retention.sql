-- fragment old_pushes
-- The oldest pushes that were done before a time, and for which nobody waits. Indexes: lumen_push_done,
-- lumen_push_waiting_by_push.
        SELECT p.id
        FROM lumen_push p
        WHERE p.done_at < :before
            AND NOT EXISTS (SELECT 1 FROM lumen_push_waiting w WHERE w.push_id = p.id)
        ORDER BY p.done_at
        LIMIT :limit

-- trim_push_reports
-- Who: retention. Indexes: those of the fragment, the primary key.
DELETE FROM lumen_push_report
WHERE (push_id, page) IN (
    SELECT r.push_id, r.page
    FROM ({old_pushes}) o
    JOIN lumen_push_report r ON r.push_id = o.id
    LIMIT :pages_limit
)
RETURNING push_id

-- trim_pushes
-- Who: retention, after their reports. Indexes: those of the fragment, the primary keys.
DELETE FROM lumen_push
WHERE id IN (
    SELECT o.id
    FROM ({old_pushes}) o
    WHERE NOT EXISTS (SELECT 1 FROM lumen_push_report r WHERE r.push_id = o.id)
)
RETURNING id

-- trim_unpushed
-- Who: retention, for what was due before a time and never begun, for a day at least. Index:
-- lumen_push_due.
DELETE FROM lumen_push
WHERE id IN (
    SELECT p.id
    FROM lumen_push p
    WHERE p.done_at IS NULL AND p.due_at < :before AND p.done_user = ''
    ORDER BY p.due_at
    LIMIT :limit
)
RETURNING id

-- trim_dead_letters
-- Who: retention. Index: lumen_push_dead_letter_by_age.
DELETE FROM lumen_push_dead_letter
WHERE id IN (
    SELECT d.id
    FROM lumen_push_dead_letter d
    WHERE d.created_at < :before
    ORDER BY d.created_at
    LIMIT :limit
)
RETURNING id
