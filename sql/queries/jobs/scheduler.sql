-- due
-- Who: the scheduler, several times a second. The kinds of work that are due. A pending group is due if it
-- was announced at or before :announced_before, or in the future, by a clock that was set back since; a
-- digest, if it began after :ahead. Indexes: lumen_scheduled_notification_by_time,
-- lumen_notification_by_expiry, lumen_notification_group_pending, lumen_digest_item_by_time,
-- lumen_digest_item_by_begin.
SELECT 'scheduled' WHERE EXISTS (
    SELECT 1 FROM lumen_scheduled_notification s WHERE s.deliver_at <= :now
)
UNION ALL
SELECT 'expired' WHERE EXISTS (
    SELECT 1 FROM lumen_notification n WHERE n.expires_at <= :now
)
UNION ALL
SELECT 'groups' WHERE EXISTS (
    SELECT 1
    FROM lumen_notification_group m
    WHERE m.is_pending = 1 AND (m.announced_at <= :announced_before OR m.announced_at > :now)
)
UNION ALL
SELECT 'digests' WHERE EXISTS (
    SELECT 1 FROM lumen_digest_item b WHERE b.due_at <= :now
)
UNION ALL
SELECT 'digests' WHERE EXISTS (
    SELECT 1 FROM lumen_digest_item b WHERE b.begun_at > :ahead
)
UNION ALL
SELECT 'deletions' WHERE EXISTS (
    SELECT 1 FROM lumen_deletion d WHERE d.due_at <= :now
)

-- try_job_lock
-- Who: each instance, once a second. One of them gets the lock, and has it as long as its session lasts. The
-- number says what the lock is for.
SELECT pg_try_advisory_lock(CAST(:number AS integer), CAST(CAST(CAST('lumen_log_head' AS regclass) AS oid) AS integer))

-- try_job_lock sqlite
SELECT 1 WHERE :number > 0

-- keep_job_lock
-- Who: the instance that has the lock, once a second, so that the server does not end its session.
SELECT 1
