-- trimmable_events
-- Who: retention. The position up to which one step may trim: events older than :before, and events beyond
-- the newest :kept that are older than :late_before. NULL if there are none. Index: the primary key.
SELECT max(e.position)
FROM lumen_log_head h
JOIN lumen_event e ON e.position > h.floor AND e.position <= h.floor + :step
WHERE e.created_at < :before OR (e.position <= ({newest_position}) - :kept AND e.created_at < :late_before)

-- archived_between
-- Who: retention. Notifications to one user that the user archived in this period, earliest first.
-- Archiving does not remove notifications to a room or to everyone. Indexes: lumen_receipt_by_archiving,
-- lumen_span_by_archiving, the primary key, those of `place_of`.
SELECT g.id, g.audience, g.archived_at
FROM (
    SELECT a.id, n.audience, {archived_at} AS archived_at
    FROM (
        WITH keys AS MATERIALIZED (
            SELECT a.user_id, a.audience, a.id, {place_of} AS place
            FROM (
                SELECT o.user_id, 'user:' || o.user_id AS audience, o.notification_id AS id
                FROM lumen_receipt o
                WHERE o.archived_at >= :since AND o.archived_at < :before
            ) a
        )
        SELECT k.user_id, k.audience, k.id, k.place
        FROM keys k
    ) a
    JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}
    {marks_of_id}
    UNION
    SELECT n.id, n.audience, {archived_at} AS archived_at
    FROM (
        SELECT o.user_id, o.audience, o.category, o.up_to
        FROM lumen_span o
        WHERE o.archived_at >= :since AND o.archived_at < :before AND o.audience = 'user:' || o.user_id
    ) a
    JOIN {notification} n ON n.audience = a.audience AND n.category = a.category AND n.position <= a.up_to
    {marks_of}
) g
WHERE g.archived_at >= :since AND g.archived_at < :before
ORDER BY g.archived_at
LIMIT :limit

-- audience_numbers
-- Who: retention, to find audiences with too many notifications. One page of the number per audience.
-- Index: the primary key.
SELECT t.audience, CAST(sum(t.total) AS bigint) AS total
FROM lumen_active_total t
WHERE t.audience > :after
GROUP BY t.audience
ORDER BY t.audience
LIMIT :limit
