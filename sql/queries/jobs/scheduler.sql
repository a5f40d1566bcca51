-- due
-- Who: the scheduler, several times a second. The kinds of work that are due. A pending group is due if it was
-- announced at or before :announced_before, or in the future, by a clock that was set back since; a digest, if
-- it began after :ahead. Indexes: scheduled_by_time, notification_by_expiry, merged_pending, bundled_by_time,
-- bundled_by_begin.
SELECT 'scheduled' WHERE EXISTS (
    SELECT 1 FROM scheduled s WHERE s.deliver_at <= :now
)
UNION ALL
SELECT 'expired' WHERE EXISTS (
    SELECT 1 FROM notification n WHERE n.expires_at <= :now
)
UNION ALL
SELECT 'groups' WHERE EXISTS (
    SELECT 1 FROM merged m WHERE m.is_pending = 1 AND (m.shown_at <= :announced_before OR m.shown_at > :now)
)
UNION ALL
SELECT 'digests' WHERE EXISTS (
    SELECT 1 FROM bundled b WHERE b.due_at <= :now
)
UNION ALL
SELECT 'digests' WHERE EXISTS (
    SELECT 1 FROM bundled b WHERE b.begun_at > :ahead
)
