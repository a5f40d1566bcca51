-- take_pushes
-- Who: the push worker, before it reads what a push is about: what happens from now on has a row of its own. Index:
-- the primary key.
UPDATE lumen_push
SET coalesce_key = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
WHERE lumen_push.id = r.id

-- advance_pushes
-- Who: advance_pushes. Returns those that were where the worker has found them: no other instance has gone on from
-- there. Index: the primary key.
UPDATE lumen_push
SET done_user = CASE WHEN r.is_done = 1 THEN '' ELSE r.done_user END,
    done_at = CASE WHEN r.is_done = 1 THEN CAST(:now AS bigint) END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, from_user text, done_user text, is_done bigint)
WHERE lumen_push.id = r.id AND lumen_push.done_user = r.from_user AND lumen_push.done_at IS NULL
RETURNING lumen_push.id

-- delete_waited
-- Who: the same. Returns those that no other instance has decided about. Index: the primary key.
DELETE FROM lumen_push_waiting
WHERE (user_id, push_id, notification_id, device_id, due_at) IN (
    SELECT r.user_id, r.push_id, r.notification_id, r.device_id, r.due_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(user_id text, push_id text, notification_id text, device_id text, due_at bigint)
)
RETURNING user_id, push_id, notification_id, device_id

-- insert_waiting rows
-- Who: the same.
INSERT INTO lumen_push_waiting (
    user_id, push_id, notification_id, device_id, category, reason, collapse_key, attempts, tried_at, due_at
)
SELECT
    r.user_id, r.push_id, r.notification_id, r.device_id, r.category, r.reason, r.collapse_key, r.attempts,
    r.tried_at, r.due_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    user_id text, push_id text, notification_id text, device_id text, category text, reason text,
    collapse_key text, attempts bigint, tried_at bigint, due_at bigint)
WHERE true
ON CONFLICT (user_id, push_id, notification_id, device_id) DO UPDATE SET due_at = excluded.due_at

-- shown_by_devices
-- Who: the same. Index: the primary key.
SELECT d.id, d.shown
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_device d ON d.id = r.id

-- write_device_results
-- Who: the same. A device that has another owner since, or was registered again since, is as it is. Index: the
-- primary key.
UPDATE lumen_device
SET
    last_used_at = CASE WHEN r.is_sent = 1 THEN CAST(:now AS bigint) ELSE lumen_device.last_used_at END,
    failures = CASE
        WHEN r.is_sent = 1 THEN 0
        WHEN r.failure IS NULL THEN lumen_device.failures
        ELSE lumen_device.failures + 1
        END,
    failure = CASE WHEN r.is_sent = 1 THEN NULL ELSE coalesce(r.failure, lumen_device.failure) END,
    dropped_at = CASE
        WHEN r.is_gone = 1 OR lumen_device.failures + 1 >= r.max_failures THEN CAST(:now AS bigint)
        ELSE lumen_device.dropped_at
        END,
    shown = r.shown,
    badge = coalesce(r.badge, lumen_device.badge)
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(
        id text, user_id text, registered_at bigint, is_sent bigint, is_gone bigint, failure text,
        max_failures bigint, shown text, badge bigint)
WHERE lumen_device.id = r.id AND lumen_device.user_id = r.user_id
    AND lumen_device.registered_at = r.registered_at

-- pushed_at
-- Who: the same. Index: the primary key.
SELECT q.user_id, q.category, q.pushed_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, category text)
JOIN lumen_push_rate q ON q.user_id = r.user_id AND q.category = r.category

-- write_pushed_at rows
-- Who: the same.
INSERT INTO lumen_push_rate (user_id, category, pushed_at, last_at)
SELECT r.user_id, r.category, r.pushed_at, r.last_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, category text, pushed_at text, last_at bigint)
WHERE true
ON CONFLICT (user_id, category) DO UPDATE SET pushed_at = excluded.pushed_at, last_at = excluded.last_at

-- delete_old_rates
-- Who: the same. Index: lumen_push_rate_by_time.
DELETE FROM lumen_push_rate
WHERE (user_id, category) IN (
    SELECT q.user_id, q.category
    FROM lumen_push_rate q
    WHERE q.last_at <= :before
    ORDER BY q.last_at
    LIMIT :limit
)

-- insert_report
-- Who: the same. number: of the row among those of its push. Index: the primary key.
INSERT INTO lumen_push_report (push_id, page, notification_id, created_at, outcomes)
SELECT
    r.push_id,
    r.number + (SELECT coalesce(max(o.page), 0) FROM lumen_push_report o WHERE o.push_id = r.push_id),
    r.notification_id, CAST(:now AS bigint), r.outcomes
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(push_id text, number bigint, notification_id text, outcomes text)

-- insert_dead_letters rows
-- Who: the same.
INSERT INTO lumen_push_dead_letter (
    id, push_id, notification_id, user_id, device_id, provider, reason, created_at
)
SELECT r.id, r.push_id, r.notification_id, r.user_id, r.device_id, r.provider, r.reason, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    id text, push_id text, notification_id text, user_id text, device_id text, provider text, reason text,
    created_at bigint)
