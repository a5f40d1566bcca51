-- trimmable_events
-- Who: retention. Up to which position one step may trim: events older than :before, and those beyond
-- the newest :kept that are older than :late_before. NULL for none. Index: the primary key.
SELECT max(e.position)
FROM log_head h
JOIN event e ON e.position > h.floor AND e.position <= h.floor + :step
WHERE e.created_at < :before OR (e.position <= h.position - :kept AND e.created_at < :late_before)

-- raise_floor
-- Who: trim_events, in the transaction that trims: a cursor below the floor gets `reset`.
UPDATE log_head
SET floor = :up_to
WHERE floor < :up_to

-- trim_events
-- Who: retention. Index: the primary key.
DELETE FROM event
WHERE position <= :up_to

-- trim_keys
-- Who: retention. Index: idempotency_by_age.
DELETE FROM idempotency
WHERE (owner, key) IN (
    SELECT i.owner, i.key
    FROM idempotency i
    WHERE i.created_at < :before
    ORDER BY i.created_at
    LIMIT :limit
)
RETURNING created_at

-- archived_between
-- Who: retention. Notifications to one user that he archived before a time, the first first; those for all
-- are not his to remove. Index: receipt_by_archiving.
SELECT n.id, n.audience, c.archived_at
FROM receipt c
JOIN notification n ON n.id = c.notification_id AND n.audience = 'user:' || c.user_id
WHERE c.archived_at >= :since AND c.archived_at < :before
ORDER BY c.archived_at
LIMIT :limit

-- audience_numbers
-- Who: retention, for those that have too many. A page of how many each audience has. Index: the primary
-- key.
SELECT t.audience, CAST(sum(t.live) AS bigint) AS live
FROM tally t
WHERE t.audience > :after
GROUP BY t.audience
ORDER BY t.audience
LIMIT :limit
