-- push_backlog
-- Who: the metrics. The rows of the outbox and those that wait for a user, at most :most each, and when the
-- oldest of the former was due. Indexes: lumen_push_due, lumen_push_waiting_due.
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM lumen_push WHERE done_at IS NULL LIMIT :most) d) AS due,
    (SELECT min(due_at) FROM lumen_push WHERE done_at IS NULL) AS oldest_due_at,
    (SELECT count(*) FROM (SELECT 1 FROM lumen_push_waiting LIMIT :most) w) AS waiting
