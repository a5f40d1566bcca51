-- categories
-- Who: GET /categories and /preferences; each process, after a change. Returns all definitions, which are
-- few.
SELECT c.name, c.in_app, c.push, c.may_mute, c.priority, c.limits, c.push_content
FROM lumen_category c
ORDER BY c.name

-- define_categories rows
-- Who: PUT /categories/{name}.
INSERT INTO lumen_category (name, in_app, push, may_mute, priority, limits, push_content)
SELECT r.name, r.in_app, r.push, r.may_mute, r.priority, r.limits, r.push_content
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(
        name text, in_app bigint, push bigint, may_mute bigint, priority text, limits text, push_content text
    )
WHERE true
ON CONFLICT (name) DO UPDATE SET
    in_app = excluded.in_app,
    push = excluded.push,
    may_mute = excluded.may_mute,
    priority = excluded.priority,
    limits = excluded.limits,
    push_content = excluded.push_content

-- raise_categories_version
-- Who: PUT and DELETE /categories/{name}. Every transaction reads the number when it locks the head. It is the
-- time, so that a database that was restored does not come to a number that stood for other categories.
UPDATE lumen_log_head
SET categories_version = CASE WHEN :now > categories_version THEN :now ELSE categories_version + 1 END

-- delete_categories
-- Who: DELETE /categories/{name}.
DELETE FROM lumen_category
WHERE name IN (SELECT r.name FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(name text))

-- preferences
-- Who: GET and PATCH /preferences. Many users at once. One row for each category for which the user has a
-- preference; one row without a category if there is none. Indexes: the primary keys.
SELECT
    u.user_id, s.quiet_from, s.quiet_to, s.time_zone, s.digest_minutes, s.is_hidden,
    p.category, p.in_app, p.push, p.muted
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
LEFT JOIN lumen_user_setting s ON s.user_id = u.user_id
LEFT JOIN lumen_preference p ON p.user_id = u.user_id
ORDER BY u.user_id, p.category

-- write_choices rows
-- Who: PATCH /preferences.
INSERT INTO lumen_preference (user_id, category, in_app, push, muted)
SELECT r.user_id, r.category, r.in_app, r.push, r.muted
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, category text, in_app bigint, push bigint, muted bigint)
WHERE true
ON CONFLICT (user_id, category) DO UPDATE SET
    in_app = excluded.in_app,
    push = excluded.push,
    muted = excluded.muted

-- delete_choices
-- Who: PATCH /preferences, for categories without any choice left.
DELETE FROM lumen_preference
WHERE (user_id, category) IN (
    SELECT r.user_id, r.category
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, category text)
)

-- write_user_settings rows
-- Who: PATCH /preferences.
INSERT INTO lumen_user_setting (user_id, quiet_from, quiet_to, time_zone, digest_minutes, is_hidden)
SELECT r.user_id, r.quiet_from, r.quiet_to, r.time_zone, r.digest_minutes, r.is_hidden
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, quiet_from text, quiet_to text, time_zone text, digest_minutes bigint, is_hidden bigint)
WHERE true
ON CONFLICT (user_id) DO UPDATE SET
    quiet_from = excluded.quiet_from,
    quiet_to = excluded.quiet_to,
    time_zone = excluded.time_zone,
    digest_minutes = excluded.digest_minutes,
    is_hidden = excluded.is_hidden

-- silent_rooms
-- Who: GET and PATCH /preferences. Many users at once. Index: lumen_member_silent.
SELECT m.user_id, m.room_id
FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
JOIN lumen_member m ON m.user_id = u.user_id AND m.is_silent = 1
JOIN lumen_room o ON o.id = m.room_id AND o.kind <> 'deleting'

-- rooms_of_members
-- Who: PATCH /preferences, before rooms become silent. The rooms that their users are members of. Indexes: the
-- primary keys.
SELECT m.user_id, m.room_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, room_id text)
JOIN lumen_member m ON m.room_id = r.room_id AND m.user_id = r.user_id
JOIN lumen_room o ON o.id = m.room_id AND o.kind <> 'deleting'

-- set_silent_rooms
-- Who: PATCH /preferences. Index: the primary key.
UPDATE lumen_member
SET is_silent = r.is_silent
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, room_id text, is_silent bigint)
WHERE lumen_member.room_id = r.room_id AND lumen_member.user_id = r.user_id
