-- An audience is one text: user:ID, room:ID or all (lumen_notify/model/audience.py). SQL makes it by
-- 'user:' || id or 'room:' || id, and takes the id from it by substr(audience, 6), because both begin with five
-- characters.

-- fragment addressed
-- The audiences of each user in :users, and the position since which the user belongs to each. Older events
-- and notifications are not addressed to the user. This is the only place that knows. Index:
-- lumen_member_by_user.
    SELECT u.user_id, 'user:' || u.user_id AS audience, 0 AS since
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT u.user_id, 'all', 0
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT m.user_id, 'room:' || m.room_id, m.joined_position
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_member m ON m.user_id = u.user_id

-- fragment silenced
-- The categories that each user in :users neither counts nor receives on a stream: the user has muted or
-- hidden them, or the category hides them by default. Some categories cannot be muted. Indexes: the primary
-- keys of lumen_preference and lumen_category.
    SELECT p.user_id, p.category
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_preference p ON p.user_id = u.user_id
    LEFT JOIN lumen_category k ON k.name = p.category
    WHERE CASE
        WHEN coalesce(k.may_mute, 1) = 0 THEN k.in_app = 0
        ELSE p.muted = 1 OR coalesce(p.in_app, k.in_app, 1) = 0
        END
    UNION ALL
    SELECT u.user_id, k.name
    FROM lumen_category k
    CROSS JOIN jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    WHERE k.in_app = 0
        AND NOT EXISTS (SELECT 1 FROM lumen_preference p WHERE p.user_id = u.user_id AND p.category = k.name)
