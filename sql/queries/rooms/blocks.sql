-- insert_blocks rows
-- Who: PUT /blocks/{user}. Existing blocks do not change.
INSERT INTO lumen_block (user_id, blocked_id, blocked_at)
SELECT r.user_id, r.blocked_id, r.blocked_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, blocked_id text, blocked_at bigint)
WHERE true
ON CONFLICT (user_id, blocked_id) DO NOTHING

-- delete_blocks
-- Who: DELETE /blocks/{user}. Index: the primary key.
DELETE FROM lumen_block
WHERE (user_id, blocked_id) IN (
    SELECT r.user_id, r.blocked_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, blocked_id text)
)
RETURNING user_id, blocked_id

-- list_blocks
-- Who: GET /blocks. One page, by user id. Index: the primary key.
SELECT b.blocked_id, b.blocked_at
FROM lumen_block b
WHERE b.user_id = :user_id AND b.blocked_id > :after
ORDER BY b.blocked_id
LIMIT :limit

-- get_block
-- Who: GET /blocks/{user}. Index: the primary key.
SELECT b.blocked_id, b.blocked_at
FROM lumen_block b
WHERE b.user_id = :user_id AND b.blocked_id = :blocked_id

-- blocked_senders
-- Who: POST /messages, before it creates a room. Index: the primary key.
SELECT r.n
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, sender_id text, to_id text)
JOIN lumen_block b ON b.user_id = r.to_id AND b.blocked_id = r.sender_id
