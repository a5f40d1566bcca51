-- fragment addressed
-- The audiences that each user of :users belongs to, and since which position: older events are not for them.
-- No other query knows this. Index: member_by_user.
    SELECT u.user_id, 'user:' || u.user_id AS audience, 0 AS since
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT u.user_id, 'all', 0
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT m.user_id, 'room:' || m.room_id, m.joined_position
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN member m ON m.user_id = u.user_id

-- fragment silenced
-- The categories that are not in the counts and streams of each user of :users: the user has muted them, or
-- they are not shown in the application, by the user's choice or else by the category's. Some cannot be
-- muted. Indexes: the primary keys of preference and category.
    SELECT p.user_id, p.category
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN preference p ON p.user_id = u.user_id
    LEFT JOIN category k ON k.name = p.category
    WHERE CASE
        WHEN coalesce(k.may_mute, 1) = 0 THEN k.in_app = 0
        ELSE p.muted = 1 OR coalesce(p.in_app, k.in_app, 1) = 0
        END
    UNION ALL
    SELECT u.user_id, k.name
    FROM category k
    CROSS JOIN jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    WHERE k.in_app = 0
        AND NOT EXISTS (SELECT 1 FROM preference p WHERE p.user_id = u.user_id AND p.category = k.name)
