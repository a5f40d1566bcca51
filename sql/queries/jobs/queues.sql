-- queue_lengths
-- Who: the metrics, every few seconds, on the instance that does the jobs. Rows that wait, at most :most of each
-- kind, and when the oldest scheduled notification was due. Indexes: lumen_scheduled_notification_by_time,
-- lumen_digest_item_by_time, lumen_notification_group_pending, lumen_push_dead_letter_by_age.
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM lumen_scheduled_notification LIMIT :most) s) AS scheduled,
    (SELECT min(n.deliver_at) FROM lumen_scheduled_notification n) AS next_at,
    (SELECT count(*) FROM (SELECT 1 FROM lumen_digest_item LIMIT :most) d) AS digest_items,
    (SELECT count(*) FROM (SELECT 1 FROM lumen_notification_group WHERE is_pending = 1 LIMIT :most) g) AS pending_groups,
    (SELECT count(*) FROM (SELECT 1 FROM lumen_push_dead_letter LIMIT :most) l) AS dead_letters

-- database_bytes
-- Who: the metrics, once a minute, on the instance that does the jobs. The size of the database.
SELECT pg_database_size(current_database())

-- database_bytes sqlite
SELECT p.page_count * s.page_size FROM pragma_page_count() p, pragma_page_size() s
