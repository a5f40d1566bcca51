-- publishers
-- Who: GET /notifications/{id}/deliveries. Who has published a notification; NULL if it is not known. No row: it
-- does not exist. Indexes: lumen_push_by_notification, lumen_notification_by_id, lumen_content_by_notification.
SELECT p.publisher FROM lumen_push p WHERE p.notification_id = :id
UNION
SELECT n.publisher FROM lumen_notification n WHERE n.id = :id AND n.is_listed IS NULL
UNION
SELECT c.publisher FROM lumen_content c WHERE c.notification_id = :id AND c.users IS NOT NULL AND c.kept > 0
UNION
SELECT s.owner FROM lumen_scheduled_notification s WHERE s.id = :id

-- push_status
-- Who: the same. Whether pushes are still to be decided about, whether some wait for single users, and whether
-- there are any. Indexes: lumen_push_by_notification, lumen_push_due, lumen_push_waiting_by_push,
-- lumen_push_report_by_notification, the primary keys.
SELECT
    CASE WHEN EXISTS (SELECT 1 FROM lumen_push p WHERE p.notification_id = :id AND p.done_at IS NULL)
        OR EXISTS (SELECT 1 FROM lumen_push p WHERE p.done_at IS NULL AND p.targets LIKE :in_targets)
        OR EXISTS (SELECT 1 FROM lumen_scheduled_notification s WHERE s.id = :id)
        THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (
        SELECT 1
        FROM (
            SELECT p.id FROM lumen_push p WHERE p.notification_id = :id
            UNION
            SELECT r.push_id FROM lumen_push_report r WHERE r.notification_id = :id
        ) f
        JOIN lumen_push_waiting w ON w.push_id = f.id AND w.notification_id IN ('', :id)
    ) THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (SELECT 1 FROM lumen_push p WHERE p.notification_id = :id)
        OR EXISTS (SELECT 1 FROM lumen_push_report r WHERE r.notification_id = :id)
        THEN 1 ELSE 0 END

-- push_report
-- Who: the same. The next rows, in the order of the pushes and their pages. Index:
-- lumen_push_report_by_notification.
SELECT r.push_id, r.page, r.created_at, r.outcomes
FROM lumen_push_report r
WHERE r.notification_id = :id
    AND (r.push_id > :push_id OR (r.push_id = :push_id AND r.page >= :page))
ORDER BY r.push_id, r.page
LIMIT :limit
