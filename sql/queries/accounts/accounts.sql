-- insert_accounts
-- Who: register. If several rows have the same username, the first one wins; a taken one returns no row.
INSERT INTO lumen_account (user_id, username, display_name, avatar, password_hash, password_at, scope, created_at)
SELECT r.user_id, r.username, r.display_name, r.avatar, r.password_hash, r.now, r.scope, r.now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    user_id text, username text, display_name text, avatar text, password_hash text, scope text, now bigint
)
WHERE 1 = 1
ON CONFLICT (username) DO NOTHING
RETURNING user_id

-- account_by_username
-- Who: log-in. Index: the unique username.
SELECT a.user_id, a.username, a.display_name, a.avatar, a.scope, a.created_at, a.password_hash, a.password_at
FROM lumen_account a
WHERE a.username = :username

-- account_by_id
-- Who: the routes of the caller's own account. Index: the primary key.
SELECT a.user_id, a.username, a.display_name, a.avatar, a.scope, a.created_at, a.password_hash, a.password_at
FROM lumen_account a
WHERE a.user_id = :user_id

-- accounts_by_id
-- Who: refresh, for the claims of the new tokens. Index: the primary key.
SELECT a.user_id, a.username, a.display_name, a.avatar, a.scope, a.created_at
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS r(user_id text)
JOIN lumen_account a ON a.user_id = r.user_id

-- change_profiles
-- Who: PATCH /auth/me. A NULL display_name leaves it unchanged; the avatar changes only if sets_avatar is 1.
UPDATE lumen_account
SET display_name = coalesce(r.new_display_name, lumen_account.display_name),
    avatar = CASE WHEN r.sets_avatar = 1 THEN r.new_avatar ELSE lumen_account.avatar END
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, new_display_name text, sets_avatar bigint, new_avatar text)
WHERE lumen_account.user_id = r.id
RETURNING user_id, username, display_name, avatar, scope, created_at

-- change_passwords
-- Who: POST /auth/password. Changes the password only if it is still the one that was verified.
UPDATE lumen_account
SET password_hash = r.new_hash, password_at = r.new_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(id text, seen_at bigint, new_hash text, new_at bigint)
WHERE lumen_account.user_id = r.id AND lumen_account.password_at = r.seen_at
RETURNING user_id

-- set_scope
-- Who: the command line. Index: the primary key.
UPDATE lumen_account
SET scope = :scope
WHERE user_id = :user_id

-- update_password_hashes
-- Who: a log-in whose hash has outdated parameters. The password and password_at do not change.
UPDATE lumen_account
SET password_hash = r.password_hash
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, password_at bigint, password_hash text)
WHERE lumen_account.user_id = r.user_id AND lumen_account.password_at = r.password_at

-- open_sessions
-- Who: log-in, after the password was verified. Opens a session only if the password is still the same.
INSERT INTO lumen_session (family, user_id, digest, begun_at, expires_at)
SELECT r.family, a.user_id, r.digest, r.now, r.expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    family text, user_id text, digest text, password_at bigint, now bigint, expires_at bigint
)
JOIN lumen_account a ON a.user_id = r.user_id AND a.password_at = r.password_at
RETURNING family

-- rotate_sessions
-- Who: refresh. Only if the refresh token is the current one and has not expired.
UPDATE lumen_session
SET digest = r.new_digest, expires_at = r.new_expires_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(its_family text, old_digest text, new_digest text, new_expires_at bigint)
WHERE lumen_session.family = r.its_family AND lumen_session.digest = r.old_digest
    AND lumen_session.expires_at > :now
RETURNING family, user_id

-- end_sessions
-- Who: log-out, and a refresh with a used token. Index: the primary key.
DELETE FROM lumen_session
WHERE family IN (
    SELECT r.family
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(family text)
)
RETURNING family, user_id, expires_at

-- end_sessions_of_users
-- Who: log-out everywhere, and a change of the password. Index: lumen_session_by_user.
DELETE FROM lumen_session
WHERE user_id IN (
    SELECT r.user_id
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS r(user_id text)
)
RETURNING user_id

-- trim_sessions
-- Who: retention, once the devices of the sessions are gone. Indexes: lumen_session_by_expiry,
-- lumen_device_by_session.
DELETE FROM lumen_session
WHERE family IN (
    SELECT s.family
    FROM lumen_session s
    WHERE s.expires_at <= :now AND NOT EXISTS (SELECT 1 FROM lumen_device d WHERE d.session = s.family)
    ORDER BY s.expires_at
    LIMIT :limit
)
RETURNING family

-- revoke_tokens
-- Who: log-out everywhere, and a change of the password.
INSERT INTO lumen_revocation (user_id, not_before)
SELECT r.user_id, r.not_before
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, not_before bigint)
WHERE 1 = 1
ON CONFLICT (user_id) DO UPDATE
SET not_before = CASE
    WHEN excluded.not_before > lumen_revocation.not_before THEN excluded.not_before
    ELSE lumen_revocation.not_before
    END

-- revocations
-- Who: the start of a server.
SELECT v.user_id, v.not_before
FROM lumen_revocation v

-- revocations_since
-- Who: each instance, once a second. Index: lumen_revocation_by_time.
SELECT v.user_id, v.not_before
FROM lumen_revocation v
WHERE v.not_before >= :since

-- revocations_of_users
-- Who: log-in, so that its token counts from the user's last revocation on. Index: the primary key.
SELECT v.user_id, v.not_before
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS r(user_id text)
JOIN lumen_revocation v ON v.user_id = r.user_id
