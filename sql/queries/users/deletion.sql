-- start_deletions
-- Who: DELETE /users/{user}. A deletion that is under way goes on as it is, and returns nothing.
INSERT INTO lumen_deletion (user_id, alias, messages, step, started_at, due_at)
SELECT r.user_id, r.alias, r.messages, r.step, r.now, 0
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, alias text, messages text, step text, now bigint)
WHERE true
ON CONFLICT (user_id) DO NOTHING
RETURNING user_id

-- fresh_sessions
-- Who: the same, for users who delete themselves. The log-ins that began at or after a time. Index: the primary
-- key.
SELECT s.user_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(family text, user_id text)
JOIN lumen_session s ON s.family = r.family AND s.user_id = r.user_id
WHERE s.begun_at >= :since

-- next_deletion
-- Who: purge_users. The oldest deletion that has something to do; that of one user on request. The table has few
-- rows.
SELECT d.user_id, d.alias, d.messages, d.step, d.after, d.started_at, d.due_at
FROM lumen_deletion d
WHERE d.user_id = :user_id OR (CAST(:user_id AS text) IS NULL AND d.due_at <= :now)
ORDER BY d.started_at, d.user_id
LIMIT 1

-- get_deletion
-- Who: GET /users/{user}/deletion. Index: the primary key.
SELECT d.user_id, d.alias, d.messages, d.step, d.after, d.started_at, d.due_at
FROM lumen_deletion d
WHERE d.user_id = :user_id

-- advance_deletion
-- Who: purge_users. Index: the primary key.
UPDATE lumen_deletion
SET step = :step, after = :after, due_at = :due_at
WHERE user_id = :user_id

-- finish_deletion
-- Who: purge_users, last. Index: the primary key.
DELETE FROM lumen_deletion
WHERE user_id = :user_id

-- delete_account
-- Who: DELETE /users/{user}. The username is free from then on. Index: the primary key.
DELETE FROM lumen_account
WHERE user_id = :user_id
