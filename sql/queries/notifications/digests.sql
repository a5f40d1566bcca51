-- digest_minutes
-- Who: enqueue_digests. Those of the users who want digests. Index: the primary key.
SELECT s.user_id, s.digest_minutes
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
JOIN lumen_user_setting s ON s.user_id = u.user_id
WHERE s.digest_minutes > 0

-- enqueue_digest_items
-- Who: enqueue_digests; publish_digests, for what did not fit into the event. All items of one user have one
-- due time: that of the items that already wait. Index: the primary key.
INSERT INTO lumen_digest_item (user_id, id, due_at, begun_at, publication, text_id)
SELECT
    r.user_id, r.id,
    coalesce((SELECT b.due_at FROM lumen_digest_item b WHERE b.user_id = r.user_id LIMIT 1), r.due_at),
    r.begun_at, r.publication, r.text_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, id text, due_at bigint, begun_at bigint, publication text, text_id text)

-- take_due_digest_items
-- Who: publish_digests. The items of the users who have one of the first :rows_limit due items, of each user
-- the first :user_limit. Those that began after :ahead are due, too: the clock was set back since. Indexes:
-- lumen_digest_item_by_time, lumen_digest_item_by_begin, the primary key.
DELETE FROM lumen_digest_item
WHERE (user_id, id) IN (
    SELECT t.user_id, t.id
    FROM (
        SELECT b.user_id, b.id, row_number() OVER (PARTITION BY b.user_id ORDER BY b.id) AS number
        FROM (
            SELECT DISTINCT d.user_id
            FROM (
                SELECT q.user_id
                FROM lumen_digest_item q
                WHERE q.due_at <= :now OR q.begun_at > :ahead
                ORDER BY q.due_at, q.user_id
                LIMIT :rows_limit
            ) d
        ) u
        JOIN lumen_digest_item b ON b.user_id = u.user_id
    ) t
    WHERE t.number <= :user_limit
)
RETURNING user_id, id, due_at, publication, text_id

-- reschedule_digests
-- Who: change_preferences, when a user changes how often digests come. What waits is due no later than with
-- the new interval.
UPDATE lumen_digest_item
SET due_at = r.due_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, due_at bigint)
WHERE lumen_digest_item.user_id = r.user_id AND lumen_digest_item.due_at > r.due_at
