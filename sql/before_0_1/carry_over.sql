-- The rows of a database made before 0.1 go to the tables of 0.1, which are empty; then its own tables go.

INSERT INTO lumen_log_head (only_row, epoch, floor, categories_version)
SELECT only_row, epoch, floor, definitions
FROM log_head;

INSERT INTO lumen_event (position, audience, kind, category, body, content_position, created_at)
SELECT position, audience, kind, category, body, content_position, created_at
FROM event;

INSERT INTO lumen_content (position, first_position, notification_id, body)
SELECT position, first_position, notification_id, body
FROM content;

INSERT INTO lumen_idempotency_key (owner, key, digest, answer, created_at)
SELECT owner, key, digest, answer, created_at
FROM idempotency;

INSERT INTO lumen_server_key (name, value)
SELECT name, value
FROM keyring;

INSERT INTO lumen_notification (
    id, audience, position, category, body, content_position, created_at, expires_at
)
SELECT id, audience, position, category, body, content_position, created_at, expires_at
FROM notification;

INSERT INTO lumen_receipt (user_id, notification_id, seen_at, read_at, archived_at, marked)
SELECT user_id, notification_id, seen_at, read_at, archived_at, marked
FROM receipt;

INSERT INTO lumen_span (
    user_id, audience, category, up_to, seen_at, read_at, archived_at, seen_marked, read_marked,
    archived_marked
)
SELECT
    user_id, audience, category, up_to, seen_at, read_at, archived_at, seen_marked, read_marked,
    archived_marked
FROM span;

INSERT INTO lumen_active_total (audience, category, total)
SELECT audience, category, live
FROM tally;

INSERT INTO lumen_read_count (user_id, audience, category, seen, read, archived, read_or_archived, earlier)
SELECT user_id, audience, category, seen, read, archived, count, earlier
FROM settled;

INSERT INTO lumen_removed_notification (
    audience, id, category, removed_at, position, removed_position, purged_user, is_purged
)
SELECT audience, id, category, removed_at, position, removed_position, purged_user, is_purged
FROM removed;

INSERT INTO lumen_notification_group (
    audience, category, group_key, notification_id, actors, actors_count, announced_at, is_pending
)
SELECT audience, category, group_key, notification_id, actors, actors_number, shown_at, is_pending
FROM merged;

INSERT INTO lumen_notification_group_actor (audience, notification_id, actor_id)
SELECT audience, notification_id, actor_id
FROM merged_actor;

INSERT INTO lumen_digest_item (user_id, id, begun_at, due_at, publication)
SELECT user_id, id, begun_at, due_at, publication
FROM bundled;

INSERT INTO lumen_scheduled_notification (id, owner, room_id, deliver_at, rows_count, publication)
SELECT id, owner, room_id, deliver_at, width, publication
FROM scheduled;

INSERT INTO lumen_rate_limit (key, full_at, taken_at)
SELECT key, full_at, taken_at
FROM bucket;

INSERT INTO lumen_category (name, in_app, push, may_mute, priority, limits)
SELECT name, in_app, push, may_mute, priority, limits
FROM category;

INSERT INTO lumen_preference (user_id, category, in_app, push, muted)
SELECT user_id, category, in_app, push, muted
FROM preference;

INSERT INTO lumen_user_setting (user_id, quiet_from, quiet_to, time_zone, digest_minutes)
SELECT user_id, quiet_from, quiet_to, time_zone, digest_minutes
FROM user_setting;

INSERT INTO lumen_room (
    id, kind, title, pair, last_seq, members_count, withdrawn_position, created_at, created_by
)
SELECT
    id, CASE kind WHEN 'gone' THEN 'deleting' ELSE kind END, title, pair, last_seq, members_count,
    withdrawn_position, created_at, created_by
FROM room;

INSERT INTO lumen_member (room_id, user_id, role, by_choice, last_read_seq, joined_position)
SELECT room_id, user_id, role, by_choice, last_read_seq, joined_position
FROM member;

INSERT INTO lumen_mute (room_id, user_id)
SELECT room_id, user_id
FROM mute;

INSERT INTO lumen_ban (room_id, user_id, banned_by, banned_at)
SELECT room_id, user_id, banned_by, banned_at
FROM ban;

INSERT INTO lumen_block (user_id, blocked_id, blocked_at)
SELECT user_id, blocked_id, blocked_at
FROM blocked;

INSERT INTO lumen_message (
    room_id, seq, id, sender_id, client_id, position, copies, body, created_at, edited_at, deleted_at
)
SELECT room_id, seq, id, sender_id, client_id, position, copies, body, created_at, edited_at, deleted_at
FROM message;

INSERT INTO lumen_account (user_id, name, username, avatar, password_hash, password_at, scope, created_at)
SELECT user_id, name, username, avatar, password_hash, password_at, scope, created_at
FROM account;

INSERT INTO lumen_session (family, user_id, digest, begun_at, expires_at)
SELECT family, user_id, digest, begun_at, expires_at
FROM session;

INSERT INTO lumen_revocation (user_id, not_before)
SELECT user_id, not_before
FROM revocation;

DROP TABLE log_head;
DROP TABLE event;
DROP TABLE content;
DROP TABLE idempotency;
DROP TABLE keyring;
DROP TABLE notification;
DROP TABLE receipt;
DROP TABLE span;
DROP TABLE tally;
DROP TABLE settled;
DROP TABLE removed;
DROP TABLE merged;
DROP TABLE merged_actor;
DROP TABLE bundled;
DROP TABLE scheduled;
DROP TABLE bucket;
DROP TABLE category;
DROP TABLE preference;
DROP TABLE user_setting;
DROP TABLE room;
DROP TABLE member;
DROP TABLE mute;
DROP TABLE ban;
DROP TABLE blocked;
DROP TABLE message;
DROP TABLE account;
DROP TABLE session;
DROP TABLE revocation;
DROP TABLE migration;
