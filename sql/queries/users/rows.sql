-- delete_receipts_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_receipt
WHERE (user_id, notification_id) IN (
    SELECT s.user_id, s.notification_id
    FROM lumen_receipt s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_spans_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_span
WHERE (user_id, audience, category, up_to) IN (
    SELECT s.user_id, s.audience, s.category, s.up_to
    FROM lumen_span s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_read_counts_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_read_count
WHERE (user_id, audience, category) IN (
    SELECT s.user_id, s.audience, s.category
    FROM lumen_read_count s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_totals_of_audience
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_active_total
WHERE (audience, category) IN (
    SELECT s.audience, s.category
    FROM lumen_active_total s
    WHERE s.audience = :audience
    LIMIT :limit
)
RETURNING audience

-- delete_tombstones_of_audience
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_removed_notification
WHERE (audience, id) IN (
    SELECT s.audience, s.id
    FROM lumen_removed_notification s
    WHERE s.audience = :audience
    LIMIT :limit
)
RETURNING audience

-- delete_groups_of_audience
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_notification_group
WHERE (audience, category, group_key) IN (
    SELECT s.audience, s.category, s.group_key
    FROM lumen_notification_group s
    WHERE s.audience = :audience
    LIMIT :limit
)
RETURNING audience

-- delete_group_actors_of_audience
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_notification_group_actor
WHERE (audience, notification_id, actor_id) IN (
    SELECT s.audience, s.notification_id, s.actor_id
    FROM lumen_notification_group_actor s
    WHERE s.audience = :audience
    LIMIT :limit
)
RETURNING text_id

-- delete_digest_items_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_digest_item
WHERE (user_id, id) IN (
    SELECT s.user_id, s.id
    FROM lumen_digest_item s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING text_id

-- delete_scheduled_of_owner
-- Who: purge_users. One step of the user's rows. Index: lumen_scheduled_notification_by_owner.
DELETE FROM lumen_scheduled_notification
WHERE id IN (
    SELECT s.id
    FROM lumen_scheduled_notification s
    WHERE s.owner = :user_id
    LIMIT :limit
)
RETURNING id

-- delete_keys_of_owner
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_idempotency_key
WHERE (owner, key) IN (
    SELECT s.owner, s.key
    FROM lumen_idempotency_key s
    WHERE s.owner = :user_id
    LIMIT :limit
)
RETURNING owner

-- delete_preferences_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_preference
WHERE (user_id, category) IN (
    SELECT s.user_id, s.category
    FROM lumen_preference s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_settings_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_user_setting
WHERE user_id IN (
    SELECT s.user_id
    FROM lumen_user_setting s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_blocks_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_block
WHERE (user_id, blocked_id) IN (
    SELECT s.user_id, s.blocked_id
    FROM lumen_block s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_blocks_against_user
-- Who: purge_users. One step of the user's rows. Index: lumen_block_by_blocked.
DELETE FROM lumen_block
WHERE (user_id, blocked_id) IN (
    SELECT s.user_id, s.blocked_id
    FROM lumen_block s
    WHERE s.blocked_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_bans_of_user
-- Who: purge_users. One step of the user's rows. Index: lumen_ban_by_user.
DELETE FROM lumen_ban
WHERE (room_id, user_id) IN (
    SELECT s.room_id, s.user_id
    FROM lumen_ban s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING room_id

-- delete_mutes_of_user
-- Who: purge_users. One step of the user's rows. Index: lumen_mute_by_user.
DELETE FROM lumen_mute
WHERE (room_id, user_id) IN (
    SELECT s.room_id, s.user_id
    FROM lumen_mute s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING room_id

-- delete_waiting_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_push_waiting
WHERE (user_id, push_id, notification_id, device_id) IN (
    SELECT s.user_id, s.push_id, s.notification_id, s.device_id
    FROM lumen_push_waiting s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_push_rates_of_user
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_push_rate
WHERE (user_id, category) IN (
    SELECT s.user_id, s.category
    FROM lumen_push_rate s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING user_id

-- delete_dead_letters_of_user
-- Who: purge_users. One step of the user's rows. Index: lumen_push_dead_letter_by_user.
DELETE FROM lumen_push_dead_letter
WHERE id IN (
    SELECT s.id
    FROM lumen_push_dead_letter s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING id

-- delete_devices_of_user
-- Who: purge_users. One step of the user's rows. Index: lumen_device_by_user.
DELETE FROM lumen_device
WHERE id IN (
    SELECT s.id
    FROM lumen_device s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING id

-- delete_sessions_of_user
-- Who: purge_users. One step of the user's rows. Index: lumen_session_by_user.
DELETE FROM lumen_session
WHERE family IN (
    SELECT s.family
    FROM lumen_session s
    WHERE s.user_id = :user_id
    LIMIT :limit
)
RETURNING family

-- delete_removed_recipients_of_audience
-- Who: purge_users. One step of the user's rows. Index: the primary key.
DELETE FROM lumen_removed_recipient
WHERE (audience, position) IN (
    SELECT s.audience, s.position
    FROM lumen_removed_recipient s
    WHERE s.audience = :audience
    LIMIT :limit
)
RETURNING audience

-- delete_rate_limits_of_user
-- Who: purge_users. Buckets of the user as a sender and as a recipient. The table has few rows: full buckets
-- have none.
DELETE FROM lumen_rate_limit
WHERE key = :sender
    OR substr(key, length(key) - length(:audience)) = ':' || CAST(:audience AS text)
RETURNING key

-- delete_presence_of_user
-- Who: purge_users. Once the user's streams have ended. Index: the primary key.
DELETE FROM lumen_presence
WHERE user_id = :user_id
RETURNING user_id

-- has_connections
-- Who: purge_users. Whether a stream of the user is open, or has just ended. Index: lumen_connection_by_user.
SELECT 1
FROM lumen_connection c
WHERE c.user_id = :user_id
LIMIT 1

-- rooms_of_user
-- Who: purge_users. The next rooms that the user is in. Index: lumen_member_by_user.
SELECT m.room_id, o.kind, m.joined_position, o.members_count
FROM lumen_member m
JOIN lumen_room o ON o.id = m.room_id
WHERE m.user_id = :user_id
ORDER BY m.room_id
LIMIT :limit
