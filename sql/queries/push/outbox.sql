-- Nothing here runs while no user has a device: see `log_end`. What joins a row that waits changes it only if the
-- row is due later, since the clock was set back.

-- enqueue_pushes
-- Who: the stages of a publish. Those to one user only if that user has a device, or if nothing else knows of
-- them. Index: lumen_device_by_user.
INSERT INTO lumen_push (
    id, kind, audience, notification_id, first_position, last_position, targets, sender_id, category, priority,
    policy, device_kinds, body, publisher, expires_at, created_at, due_at, is_large, coalesce_key
)
SELECT
    r.id, 'notification', r.audience, r.notification_id, r.first_position, r.last_position, r.targets,
    r.sender_id, r.category, r.priority, r.policy, r.device_kinds, r.body, r.publisher, r.expires_at,
    r.created_at, r.due_at, r.is_large, r.coalesce_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    id text, audience text, user_id text, notification_id text, first_position bigint, last_position bigint,
    targets text, sender_id text, category text, priority text, policy text, device_kinds text, body text,
    publisher text, expires_at bigint, created_at bigint, due_at bigint, is_large bigint, coalesce_key text)
WHERE r.user_id IS NULL OR r.policy = 'only' OR EXISTS (
    SELECT 1 FROM lumen_device d WHERE d.user_id = r.user_id AND d.dropped_at IS NULL
)
ON CONFLICT (coalesce_key) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < lumen_push.due_at

-- only_pushes
-- Who: edit_notifications, retract. What of a notification is in the outbox alone, and was not taken back. Index:
-- lumen_push_by_notification.
SELECT p.id, p.audience, p.targets, p.publisher, p.body, p.expires_at
FROM lumen_push p
WHERE p.notification_id = :id AND p.policy = 'only' AND p.body IS NOT NULL
ORDER BY p.id

-- set_only_pushes
-- Who: edit_notifications, retract. Index: the primary key.
UPDATE lumen_push
SET body = r.body, expires_at = r.expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, body text, expires_at bigint)
WHERE lumen_push.id = r.id

-- enqueue_messages
-- Who: send_messages. A row for each room.
INSERT INTO lumen_push (
    id, kind, audience, room_id, first_seq, priority, policy, created_at, due_at, coalesce_key
)
SELECT
    r.id, 'messages', r.audience, r.room_id, r.first_seq, 'normal', 'offline', CAST(:now AS bigint),
    CAST(:due_at AS bigint), r.coalesce_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, room_id text, first_seq bigint, coalesce_key text)
WHERE true
ON CONFLICT (coalesce_key) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < lumen_push.due_at

-- enqueue_withdrawals_of_users
-- Who: whatever users read, archive, delete or lose. Index: lumen_device_showing.
INSERT INTO lumen_push (id, kind, audience, priority, policy, created_at, due_at, is_large, coalesce_key)
SELECT
    r.id, 'withdrawal', r.audience, 'normal', 'offline', CAST(:now AS bigint), CAST(:due_at AS bigint), 0,
    r.coalesce_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text, user_id text, coalesce_key text)
WHERE EXISTS (
    SELECT 1
    FROM lumen_device d
    WHERE d.user_id = r.user_id AND d.dropped_at IS NULL AND (d.shown <> '[]' OR d.badge > 0)
)
ON CONFLICT (coalesce_key) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < lumen_push.due_at

-- enqueue_withdrawals_of_changes
-- Who: the push worker, for users whose devices show something new: those with an event since a position, those
-- with a removal from the audience of what is shown, and those who have read all of a room. Indexes:
-- lumen_event_by_audience, the primary keys of lumen_member and lumen_room.
INSERT INTO lumen_push (id, kind, audience, priority, policy, created_at, due_at, is_large, coalesce_key)
SELECT
    r.id, 'withdrawal', r.audience, 'normal', 'offline', CAST(:now AS bigint), CAST(:due_at AS bigint), 0,
    r.coalesce_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, user_id text, shared text, room_id text, coalesce_key text)
WHERE EXISTS (
    SELECT 1 FROM lumen_event e WHERE e.audience = r.audience AND e.position > CAST(:since AS bigint)
) OR EXISTS (
    SELECT 1
    FROM lumen_event e
    WHERE e.audience = r.shared AND e.position > CAST(:since AS bigint)
        AND e.kind IN ('expire', 'message_deleted')
) OR EXISTS (
    SELECT 1
    FROM lumen_member m
    JOIN lumen_room o ON o.id = m.room_id
    WHERE m.room_id = r.room_id AND m.user_id = r.user_id AND m.last_read_seq >= o.last_seq
)
ON CONFLICT (coalesce_key) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < lumen_push.due_at

-- enqueue_withdrawals
-- Who: whatever takes something back from rooms and from everyone. Index: lumen_device_showing.
INSERT INTO lumen_push (
    id, kind, audience, notification_id, priority, policy, created_at, due_at, coalesce_key
)
SELECT
    r.id, 'withdrawal', r.audience, r.notification_id, 'normal', 'offline', CAST(:now AS bigint),
    CAST(:due_at AS bigint), r.coalesce_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, audience text, notification_id text, coalesce_key text)
WHERE EXISTS (
    SELECT 1 FROM lumen_device d WHERE d.dropped_at IS NULL AND (d.shown <> '[]' OR d.badge > 0)
)
ON CONFLICT (coalesce_key) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < lumen_push.due_at
