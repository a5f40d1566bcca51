-- known_users
-- Who: GET /admin/users. One page, by user id, from a prefix on: users who have an account, have been online,
-- are in a room, have notifications of their own, or have a device. Indexes: the primary keys,
-- lumen_connection_by_user, lumen_member_by_user, lumen_device_by_user.
SELECT k.user_id, a.username, a.display_name, a.avatar
FROM (
    SELECT u.user_id
    FROM (
        SELECT x.user_id
        FROM (
            SELECT s.user_id
            FROM lumen_account s
            WHERE s.user_id > :after AND s.user_id >= :prefix
            ORDER BY s.user_id
            LIMIT :limit
        ) x
        UNION
        SELECT x.user_id
        FROM (
            SELECT s.user_id
            FROM lumen_presence s
            WHERE s.user_id > :after AND s.user_id >= :prefix
            ORDER BY s.user_id
            LIMIT :limit
        ) x
        UNION
        SELECT x.user_id
        FROM (
            SELECT DISTINCT s.user_id
            FROM lumen_connection s
            WHERE s.user_id > :after AND s.user_id >= :prefix
            ORDER BY s.user_id
            LIMIT :limit
        ) x
        UNION
        SELECT x.user_id
        FROM (
            SELECT DISTINCT s.user_id
            FROM lumen_member s
            WHERE s.user_id > :after AND s.user_id >= :prefix
            ORDER BY s.user_id
            LIMIT :limit
        ) x
        UNION
        SELECT x.user_id
        FROM (
            SELECT DISTINCT s.user_id
            FROM lumen_device s
            WHERE s.user_id > :after AND s.user_id >= :prefix
            ORDER BY s.user_id
            LIMIT :limit
        ) x
        UNION
        SELECT substr(x.audience, 6)
        FROM (
            SELECT DISTINCT s.audience
            FROM lumen_active_total s
            WHERE s.audience > 'user:' || :after AND s.audience >= 'user:' || :prefix
            ORDER BY s.audience
            LIMIT :limit
        ) x
    ) u
    ORDER BY u.user_id
    LIMIT :limit
) k
LEFT JOIN lumen_account a ON a.user_id = k.user_id
ORDER BY k.user_id

-- accounts_from_username
-- Who: GET /admin/users, for accounts whose username begins with a text. Index: the unique username.
SELECT a.user_id, a.username, a.display_name, a.avatar
FROM lumen_account a
WHERE a.username > :after AND a.username >= :prefix
ORDER BY a.username
LIMIT :limit

-- count_known_users
-- Who: POST /admin/notifications/preview. Counts at most :most of those who have an account, have been online,
-- or have notifications of their own. Indexes: the primary keys.
SELECT count(*)
FROM (
    SELECT u.user_id
    FROM (
        SELECT x.user_id
        FROM (SELECT s.user_id FROM lumen_account s LIMIT :most) x
        UNION
        SELECT x.user_id
        FROM (SELECT s.user_id FROM lumen_presence s LIMIT :most) x
        UNION
        SELECT substr(x.audience, 6)
        FROM (
            SELECT DISTINCT s.audience
            FROM lumen_active_total s
            WHERE s.audience > 'user:'
            ORDER BY s.audience
            LIMIT :most
        ) x
    ) u
    LIMIT :most
) c
