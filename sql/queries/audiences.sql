-- fragment addressed
-- The audiences that each user of :users belongs to: the one place that knows.
    SELECT u.user_id, 'user:' || u.user_id AS audience
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT u.user_id, 'all'
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
