-- fragment push_columns
    p.id, p.kind, p.audience, p.notification_id, p.first_position, p.last_position, p.targets, p.room_id,
    p.first_seq, p.sender_id, p.category, p.priority, p.policy, p.device_kinds, p.body, p.expires_at, p.created_at,
    p.coalesce_key, p.done_user

-- fragment push_device
    d.user_id, d.id, d.provider, d.token, d.kind, d.locale, d.p256dh, d.auth, d.registered_at,
    d.shown, d.badge

-- due_pushes
-- Who: the push worker, several times a second. Urgent ones first; those to a few users and those to many are found
-- apart, so that none hide the others. Indexes: lumen_push_urgent, lumen_push_by_size, the primary keys.
SELECT {push_columns}, o.members_count
FROM (
    SELECT u.id
    FROM (
        SELECT q.id
        FROM lumen_push q
        WHERE q.done_at IS NULL AND q.priority = 'urgent' AND q.due_at <= :now
        ORDER BY q.due_at, q.id
        LIMIT :limit
    ) u
    UNION
    SELECT s.id
    FROM (
        SELECT q.id
        FROM lumen_push q
        WHERE q.done_at IS NULL AND q.is_large = 0 AND q.due_at <= :now
        ORDER BY q.due_at, q.id
        LIMIT :limit
    ) s
    UNION
    SELECT l.id
    FROM (
        SELECT q.id
        FROM lumen_push q
        WHERE q.done_at IS NULL AND q.is_large = 1 AND q.due_at <= :now
        ORDER BY q.due_at, q.id
        LIMIT :limit
    ) l
) f
JOIN lumen_push p ON p.id = f.id
LEFT JOIN lumen_room o ON substr(p.audience, 1, 5) = 'room:' AND o.id = substr(p.audience, 6)
ORDER BY CASE p.priority WHEN 'urgent' THEN 0 ELSE 1 END, p.due_at, p.id

-- push_devices_of_all
-- Who: the push worker, a page of a push to everyone. Only devices that show what :shown names, or a bundle that may
-- have it, unless it is NULL. Index: lumen_device_by_user.
SELECT {push_device}
FROM lumen_device d
WHERE d.user_id > :after AND d.dropped_at IS NULL
    AND (CAST(:shown AS text) IS NULL OR d.shown LIKE :shown OR d.shown LIKE '%"bundle:%')
ORDER BY d.user_id, d.id
LIMIT :limit

-- push_devices_of_room
-- Who: the same, to the members of a room. Indexes: the primary key of lumen_member, lumen_device_by_user.
SELECT {push_device}
FROM lumen_member m
CROSS JOIN lumen_device d
WHERE m.room_id = :room_id AND m.user_id > :after AND d.user_id = m.user_id AND d.dropped_at IS NULL
    AND (CAST(:shown AS text) IS NULL OR d.shown LIKE :shown OR d.shown LIKE '%"bundle:%')
ORDER BY m.user_id, d.id
LIMIT :limit

-- push_devices_of_rooms
-- Who: the same, to the members of several rooms, one room after another. Indexes: the primary key of lumen_member,
-- lumen_device_by_user.
SELECT r.number, {push_device}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(number bigint, room_id text, after text)
CROSS JOIN lumen_member m
CROSS JOIN lumen_device d
WHERE m.room_id = r.room_id AND m.user_id > r.after AND d.user_id = m.user_id AND d.dropped_at IS NULL
ORDER BY r.number, m.user_id, d.id
LIMIT :limit

-- push_devices_of_list
-- Who: the same, to users who have a notification of their own. Indexes: lumen_notification_by_id, the
-- primary keys of lumen_content and lumen_notification, lumen_device_by_user.
SELECT {push_device}
FROM (
    SELECT substr(n.audience, 6) AS user_id
    FROM lumen_notification n
    WHERE n.id = :notification_id AND n.is_listed IS NULL AND substr(n.audience, 1, 5) = 'user:'
        AND n.position >= :first_position AND n.position <= :last_position
    UNION ALL
    SELECT u.value
    FROM lumen_content c
    {each_user}
    CROSS JOIN lumen_notification n
    WHERE c.position = :last_position AND c.notification_id = :notification_id AND c.users IS NOT NULL
        AND u.value > :after AND n.audience = 'user:' || u.value AND n.position = c.position
) a
CROSS JOIN lumen_device d
WHERE d.user_id = a.user_id AND d.user_id > :after AND d.dropped_at IS NULL
ORDER BY d.user_id, d.id
LIMIT :limit

-- push_devices_of_users
-- Who: the same, to users by name. Index: lumen_device_by_user.
SELECT {push_device}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text)
CROSS JOIN lumen_device d
WHERE d.user_id = r.user_id AND d.dropped_at IS NULL
ORDER BY d.user_id, d.id

-- fragment waiting_columns
    w.user_id, w.push_id, w.notification_id, w.device_id, w.reason, w.collapse_key, w.attempts, w.tried_at,
    w.due_at

-- fragment of_waiting
    x.user_id, x.push_id, x.notification_id, x.device_id, x.reason, x.collapse_key, x.attempts, x.tried_at,
    x.due_at

-- waiting_pushes
-- Who: the push worker, several times a second. Those of a user that are due at the same time are together.
-- Indexes: lumen_push_waiting_due, the primary key of lumen_push.
SELECT {waiting_columns}, {push_columns}
FROM (
    SELECT {of_waiting}
    FROM lumen_push_waiting x
    WHERE x.due_at <= :now AND x.reason <> 'retry'
    ORDER BY x.due_at, x.user_id
    LIMIT :limit
) w
LEFT JOIN lumen_push p ON p.id = w.push_id
ORDER BY w.due_at, w.user_id, w.push_id, w.notification_id, w.device_id

-- pushes_to_retry
-- Who: the same, for what a provider has not taken. Indexes: lumen_push_waiting_retry, the primary key of
-- lumen_push.
SELECT {waiting_columns}, {push_columns}
FROM (
    SELECT {of_waiting}
    FROM lumen_push_waiting x
    WHERE x.due_at <= :now AND x.reason = 'retry'
    ORDER BY x.due_at, x.user_id
    LIMIT :limit
) w
LEFT JOIN lumen_push p ON p.id = w.push_id
ORDER BY w.due_at, w.user_id, w.push_id, w.notification_id, w.device_id
