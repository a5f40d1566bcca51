-- due
-- Who: the scheduler, several times a second. Returns the kinds of work that are due. A pending merge is
-- due if its last frame is older than :told_before, or in the future because the clock was set back.
-- Indexes: scheduled_by_time, notification_by_expiry, merged_pending, bundled_by_time.
SELECT 'scheduled' WHERE EXISTS (
    SELECT 1 FROM scheduled s WHERE s.deliver_at <= :now
)
UNION ALL
SELECT 'expired' WHERE EXISTS (
    SELECT 1 FROM notification n WHERE n.expires_at <= :now
)
UNION ALL
SELECT 'untold' WHERE EXISTS (
    SELECT 1 FROM merged m WHERE m.is_pending = 1 AND (m.shown_at <= :told_before OR m.shown_at > :now)
)
UNION ALL
SELECT 'bundled' WHERE EXISTS (
    SELECT 1 FROM bundled b WHERE b.due_at <= :now
)
