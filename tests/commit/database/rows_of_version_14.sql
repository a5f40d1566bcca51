-- A row of each table of version 14, the last one whose tables had no prefix.
INSERT INTO log_head (only_row, epoch, floor, definitions) VALUES (1, 'k3f9x2', 5, 6);
INSERT INTO event (position, audience, kind, category, body, content_position, created_at)
    VALUES (7, 'user:ann', 'notify', 'like', '{}', 8, 9);
INSERT INTO content (position, first_position, notification_id, body) VALUES (8, 7, 'n', '{"a":1}');
INSERT INTO idempotency (owner, key, digest, answer, created_at) VALUES ('ann', 'k', 'd', '{}', 1);
INSERT INTO keyring (name, value) VALUES ('tickets', 'v');
INSERT INTO notification (id, audience, position, category, body, content_position, created_at, expires_at)
    VALUES ('n', 'user:ann', 7, 'like', '{}', 8, 10, 11);
INSERT INTO receipt (user_id, notification_id, seen_at, read_at, archived_at, marked)
    VALUES ('ann', 'n', 1, 2, 3, 4);
INSERT INTO span (user_id, audience, category, up_to, seen_at, read_at, archived_at, seen_marked, read_marked,
    archived_marked) VALUES ('ann', 'all', 'like', 1, 2, 3, 4, 5, 6, 7);
INSERT INTO tally (audience, category, live) VALUES ('all', 'like', 12);
INSERT INTO settled (user_id, audience, category, count, seen, read, archived, earlier)
    VALUES ('ann', 'all', 'like', 5, 4, 3, 2, 1);
INSERT INTO removed (audience, id, category, removed_at, position, removed_position, purged_user, is_purged)
    VALUES ('all', 'r', 'like', 1, 2, 3, 'bob', 0);
INSERT INTO merged (audience, category, group_key, notification_id, actors, actors_number, shown_at, is_pending)
    VALUES ('user:ann', 'like', 'g', 'n', '[]', 4, 5, 1);
INSERT INTO merged_actor (audience, notification_id, actor_id) VALUES ('user:ann', 'n', 'bob');
INSERT INTO bundled (user_id, id, due_at, publication, begun_at) VALUES ('ann', 'b', 2, '{}', 1);
INSERT INTO scheduled (id, owner, deliver_at, width, publication, room_id) VALUES ('s', 'ann', 1, 2, '{}', 'r');
INSERT INTO bucket (key, full_at, taken_at) VALUES ('k', 2, 1);
INSERT INTO category (name, in_app, push, may_mute, priority, limits) VALUES ('like', 1, 0, 1, 'low', '{}');
INSERT INTO preference (user_id, category, in_app, push, muted) VALUES ('ann', 'like', 1, 0, 1);
INSERT INTO user_setting (user_id, quiet_from, quiet_to, time_zone, digest_minutes)
    VALUES ('ann', '22:00', '07:00', 'Europe/Paris', 60);
INSERT INTO room (id, kind, title, pair, last_seq, members_count, created_at, created_by, withdrawn_position)
    VALUES ('r', 'gone', 'Tea', '["ann","bob"]', 1, 2, 3, 'ann', 4);
INSERT INTO room (id, kind, last_seq, members_count, created_at, created_by) VALUES ('q', 'public', 0, 0, 0, 'a');
INSERT INTO member (room_id, user_id, role, last_read_seq, joined_position, by_choice)
    VALUES ('r', 'ann', 'owner', 1, 2, 0);
INSERT INTO mute (room_id, user_id) VALUES ('r', 'eve');
INSERT INTO ban (room_id, user_id, banned_by, banned_at) VALUES ('r', 'eve', 'ann', 1);
INSERT INTO blocked (user_id, blocked_id, blocked_at) VALUES ('ann', 'eve', 1);
INSERT INTO message (room_id, seq, id, sender_id, client_id, position, body, created_at, edited_at, deleted_at,
    copies) VALUES ('r', 1, 'm', 'ann', 'c', 2, '{}', 3, 4, 5, '[6]');
INSERT INTO account (user_id, name, username, avatar, password_hash, password_at, scope, created_at)
    VALUES ('u', 'ann', 'Ann', 'a.png', 'h', 1, 's', 2);
INSERT INTO session (family, user_id, digest, begun_at, expires_at) VALUES ('f', 'u', 'd', 1, 2);
INSERT INTO revocation (user_id, not_before) VALUES ('ann', 9);
