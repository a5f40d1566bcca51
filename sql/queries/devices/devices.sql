-- fragment device_columns
-- SQLite 3.40 takes `p256dh IS NOT NULL` for true in a RETURNING.
id, provider, kind, name, locale, length(p256dh) > 0, created_at, registered_at, last_used_at, failures,
failure, dropped_at

-- list_devices
-- Who: GET /devices. One page, newest first. Index: lumen_device_by_user.
SELECT {device_columns}
FROM lumen_device
WHERE user_id = :user_id AND id < :before
ORDER BY id DESC
LIMIT :limit

-- refused_registrations
-- Who: POST /devices. The numbers of those whose session has ended, or whose token was revoked, since it was
-- checked. Indexes: the primary keys.
SELECT r.n
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(n bigint, user_id text, session text, issued_at bigint)
WHERE (r.session IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM lumen_session s WHERE s.family = r.session AND s.user_id = r.user_id
    ))
    OR EXISTS (
        SELECT 1 FROM lumen_revocation v WHERE v.user_id = r.user_id AND v.not_before > r.issued_at
    )

-- register_devices
-- Who: POST /devices. The token of a device that another user has registered becomes a new device: nothing of the old one
-- stays. Index: the unique token_hash.
INSERT INTO lumen_device (
    id, user_id, provider, token, token_hash, kind, name, locale, p256dh, auth, session, created_at,
    registered_at
)
SELECT
    r.id, r.user_id, r.provider, r.token, r.token_hash, r.kind, r.name, r.locale, r.p256dh, r.auth, r.session,
    r.now, r.now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    id text, user_id text, provider text, token text, token_hash text, kind text, name text, locale text,
    p256dh text, auth text, session text, now bigint
)
WHERE 1 = 1
ON CONFLICT (token_hash) DO UPDATE SET
    id = CASE WHEN lumen_device.user_id = excluded.user_id THEN lumen_device.id ELSE excluded.id END,
    created_at = CASE
        WHEN lumen_device.user_id = excluded.user_id THEN lumen_device.created_at ELSE excluded.created_at
        END,
    last_used_at = CASE WHEN lumen_device.user_id = excluded.user_id THEN lumen_device.last_used_at END,
    shown = CASE WHEN lumen_device.user_id = excluded.user_id THEN lumen_device.shown ELSE '[]' END,
    badge = CASE WHEN lumen_device.user_id = excluded.user_id THEN lumen_device.badge ELSE 0 END,
    user_id = excluded.user_id,
    kind = excluded.kind,
    name = excluded.name,
    locale = excluded.locale,
    p256dh = excluded.p256dh,
    auth = excluded.auth,
    session = excluded.session,
    registered_at = excluded.registered_at,
    failures = 0,
    failure = NULL,
    dropped_at = NULL
RETURNING token_hash, {device_columns}

-- delete_surplus_devices
-- Who: POST /devices. Keeps of each user those registered last; dropped ones go first. Index:
-- lumen_device_by_user.
DELETE FROM lumen_device
WHERE id IN (
    SELECT g.id
    FROM (
        SELECT d.id, r.kept, row_number() OVER (
            PARTITION BY d.user_id
            ORDER BY d.dropped_at IS NOT NULL, d.registered_at DESC, d.id DESC
        ) AS place
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, kept bigint)
        JOIN lumen_device d ON d.user_id = r.user_id
    ) g
    WHERE g.place > g.kept
)

-- delete_devices
-- Who: DELETE /devices/{id}. Only the user's own. Index: the primary key.
DELETE FROM lumen_device
WHERE (id, user_id) IN (
    SELECT r.id, r.user_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, user_id text)
)
RETURNING id

-- delete_devices_by_token
-- Who: DELETE /devices. Only the user's own. Index: the unique token_hash.
DELETE FROM lumen_device
WHERE (token_hash, user_id) IN (
    SELECT r.token_hash, r.user_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(token_hash text, user_id text)
)
RETURNING token_hash

-- delete_devices_of_sessions
-- Who: log-out, and a refresh with a used token. Index: lumen_device_by_session.
DELETE FROM lumen_device
WHERE session IN (
    SELECT r.family
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(family text)
)

-- delete_devices_of_users
-- Who: log-out everywhere, and a change of the password. Index: lumen_device_by_user.
DELETE FROM lumen_device
WHERE user_id IN (
    SELECT r.user_id
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS r(user_id text)
)

-- trim_devices
-- Who: retention. Those dropped before :before, and those whose session has expired. Indexes:
-- lumen_device_dropped, lumen_session_by_expiry, lumen_device_by_session.
DELETE FROM lumen_device
WHERE id IN (
    SELECT g.id
    FROM (
        SELECT d.id
        FROM lumen_device d
        WHERE d.dropped_at < :before
        UNION
        SELECT d.id
        FROM lumen_session s
        JOIN lumen_device d ON d.session = s.family
        WHERE s.expires_at <= :now
    ) g
    LIMIT :limit
)
RETURNING id
