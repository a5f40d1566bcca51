-- trimmable_events
-- Who: retention. The position up to which one step may trim: events older than :before, and events beyond
-- the newest :kept that are older than :late_before. NULL if there are none. Index: the primary key.
SELECT max(e.position)
FROM log_head h
JOIN event e ON e.position > h.floor AND e.position <= h.floor + :step
WHERE e.created_at < :before OR (e.position <= ({newest_position}) - :kept AND e.created_at < :late_before)

-- archived_between
-- Who: retention. Notifications to one user that the user archived in this period, earliest first.
-- Archiving does not remove notifications to a room or to everyone. Index: receipt_by_archiving.
SELECT n.id, n.audience, c.archived_at
FROM receipt c
JOIN notification n ON n.id = c.notification_id AND n.audience = 'user:' || c.user_id
WHERE c.archived_at >= :since AND c.archived_at < :before
ORDER BY c.archived_at
LIMIT :limit

-- audience_numbers
-- Who: retention, to find audiences with too many notifications. One page of the number per audience.
-- Index: the primary key.
SELECT t.audience, CAST(sum(t.live) AS bigint) AS live
FROM tally t
WHERE t.audience > :after
GROUP BY t.audience
ORDER BY t.audience
LIMIT :limit
