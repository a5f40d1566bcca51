-- fragment audit_columns
    a.id, a.at, a.actor, a.action, a.target, a.details

-- insert_audit rows
-- Who: whatever an administrator does.
INSERT INTO lumen_audit (id, at, actor, action, target, details)
SELECT r.id, r.at, r.actor, r.action, r.target, r.details
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, at bigint, actor text, action text, target text, details text)

-- audit_log
-- Who: GET /admin/audit. One page, newest first. Index: the primary key.
SELECT {audit_columns}
FROM lumen_audit a
WHERE a.id < :before
ORDER BY a.id DESC
LIMIT :limit

-- audit_of_target
-- Who: the same, by target. Index: lumen_audit_by_target.
SELECT {audit_columns}
FROM lumen_audit a
WHERE a.target = :target AND a.id < :before
ORDER BY a.id DESC
LIMIT :limit

-- audit_of_actor
-- Who: the same, by actor. Index: lumen_audit_by_actor.
SELECT {audit_columns}
FROM lumen_audit a
WHERE a.actor = :actor AND a.id < :before
ORDER BY a.id DESC
LIMIT :limit

-- audit_of_action
-- Who: the same, by action. Index: lumen_audit_by_action.
SELECT {audit_columns}
FROM lumen_audit a
WHERE a.action = :action AND a.id < :before
ORDER BY a.id DESC
LIMIT :limit

-- trim_audit
-- Who: retention. The oldest rows from before a time. Index: lumen_audit_by_age.
DELETE FROM lumen_audit
WHERE id IN (
    SELECT a.id
    FROM lumen_audit a
    WHERE a.at < :before
    ORDER BY a.at
    LIMIT :limit
)
RETURNING id
