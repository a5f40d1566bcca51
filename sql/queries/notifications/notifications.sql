-- insert_notifications rows
-- Who: write.
INSERT INTO lumen_notification (
    id, audience, position, category, body, content_position, created_at, expires_at, publisher, delivery
)
SELECT
    r.id, r.audience, r.position, r.category, r.body, r.content_position, r.created_at, r.expires_at,
    r.publisher, r.delivery
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    id text, audience text, position bigint, category text, body text, content_position bigint,
    created_at bigint, expires_at bigint, publisher text, delivery text)

-- insert_lists rows
-- Who: write, for those to several users, first: what they share.
INSERT INTO lumen_content (
    position, first_position, notification_id, body, users, kept, created_at, publisher, delivery
)
SELECT
    r.position, r.first_position, r.notification_id, r.body, r.users, r.kept, r.created_at, r.publisher,
    r.delivery
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    position bigint, first_position bigint, notification_id text, body text, users text, kept bigint,
    created_at bigint, publisher text, delivery text)

-- fragment each_user postgresql
-- Joins the lists (c) of a statement with their users: their ids as u.value.
    CROSS JOIN LATERAL jsonb_array_elements_text(CAST(c.users AS jsonb)) AS u(value)

-- fragment each_user sqlite
    CROSS JOIN json_each(c.users) u

-- insert_listed_notifications
-- Who: the same, after `insert_lists`: a row for each user. Index: the primary key of lumen_content.
INSERT INTO lumen_notification (
    audience, position, id, category, body, content_position, expires_at, is_listed
)
SELECT 'user:' || u.value, c.position, '', r.category, '', c.position, r.expires_at, 1
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, category text, expires_at bigint)
JOIN lumen_content c ON c.position = r.position
{each_user}

-- count_listed_notifications
-- Who: the same. One more for each user. PostgreSQL takes half the time if it need not look for conflicts.
WITH list AS MATERIALIZED (
    SELECT 'user:' || u.value AS audience, r.category, count(*) AS number
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, category text)
    JOIN lumen_content c ON c.position = r.position
    {each_user}
    GROUP BY 1, 2
),
known AS (
    UPDATE lumen_active_total
    SET total = lumen_active_total.total + l.number
    FROM list l
    WHERE lumen_active_total.audience = l.audience AND lumen_active_total.category = l.category
    RETURNING lumen_active_total.audience, lumen_active_total.category
)
INSERT INTO lumen_active_total (audience, category, total)
SELECT l.audience, l.category, l.number
FROM list l
WHERE (l.audience, l.category) NOT IN (SELECT k.audience, k.category FROM known k)

-- count_listed_notifications sqlite
INSERT INTO lumen_active_total (audience, category, total)
SELECT 'user:' || u.value, r.category, 1
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, category text)
JOIN lumen_content c ON c.position = r.position
{each_user}
WHERE true
ON CONFLICT (audience, category) DO UPDATE SET total = lumen_active_total.total + 1

-- fragment id_of
-- The id of a notification (n). Index: the primary key of lumen_content.
    CASE
        WHEN n.is_listed = 1 THEN (SELECT f.notification_id FROM lumen_content f WHERE f.position = n.position)
        ELSE n.id
        END

-- fragment notification
-- Notifications with their ids: a row of a list has none. key: in the primary key, in place of the id.
    (
        SELECT
            n.audience, n.position, n.id AS key, {id_of} AS id, n.category, n.body, n.content_position,
            n.expires_at, n.text_id, n.is_listed
        FROM lumen_notification n
    )

-- fragment place_of
-- The position of the notification to an audience with an id (a: id, audience). That of a list is found by
-- the list. Indexes: lumen_notification_by_id; lumen_content_by_notification and the primary key.
    (
        SELECT min(y.position)
        FROM (
            SELECT o.position
            FROM lumen_notification o
            WHERE o.id = a.id AND o.audience = a.audience AND o.is_listed IS NULL
            UNION ALL
            SELECT (
                SELECT o.position
                FROM lumen_notification o
                WHERE o.audience = a.audience AND o.position = f.position AND o.is_listed = 1
            )
            FROM lumen_content f
            WHERE f.notification_id = a.id AND f.users IS NOT NULL
        ) y
    )

-- insert_sharing_notifications rows
-- Who: write, for those that share a text.
INSERT INTO lumen_notification (
    id, audience, position, category, body, text_id, created_at, expires_at, publisher, delivery
)
SELECT
    r.id, r.audience, r.position, r.category, r.body, r.text_id, r.created_at, r.expires_at, r.publisher,
    r.delivery
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    id text, audience text, position bigint, category text, body text, text_id text, created_at bigint,
    expires_at bigint, publisher text, delivery text)

-- fragment body_of
-- The body of a notification (n), with what it shares. Indexes: the primary keys.
    CASE
        WHEN n.text_id IS NOT NULL THEN (
            SELECT replace(n.body, '"text_id":"' || t.id || '"', t.text)
            FROM lumen_shared_text t
            WHERE t.id = n.text_id
        )
        ELSE coalesce((SELECT o.body FROM lumen_content o WHERE o.position = n.content_position), n.body)
        END

-- add_to_active_totals
-- Who: write; whatever removes notifications. A row for each category and number, with the audiences whose totals
-- change by it; an audience has one number per category.
WITH list AS MATERIALIZED (
    SELECT r.category, r.total, r.audiences
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(category text, total bigint, audiences jsonb)
)
INSERT INTO lumen_active_total (audience, category, total)
SELECT a.value, l.category, l.total
FROM list l
{each_audience}
WHERE true
ON CONFLICT (audience, category) DO UPDATE SET total = lumen_active_total.total + excluded.total

-- fragment is_of_id
-- Whether a notification (n) at the place of an id has it. A digest has several at a position.
    (n.is_listed = 1 OR n.id = a.id)

-- load_idempotent_answers
-- Who: answer_repeats. Index: the primary key.
SELECT i.owner, i.key, i.digest, i.answer
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(owner text, key text)
JOIN lumen_idempotency_key i ON i.owner = r.owner AND i.key = r.key

-- insert_idempotent_answers rows
-- Who: answer_requests.
INSERT INTO lumen_idempotency_key (owner, key, digest, answer, created_at)
SELECT r.owner, r.key, r.digest, r.answer, r.created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(owner text, key text, digest text, answer text, created_at bigint)

-- fragment hidden
-- Whether notifications of a category are hidden from a user in the application: by the user's choice (p),
-- else by the category's default (k). In a category that may not be muted the user has no choice.
    CASE WHEN k.may_mute = 0 THEN k.in_app ELSE coalesce(p.in_app, k.in_app, 1) END = 0

-- fragment listed
-- Which notifications (n) a list shows, by the user's marks (c, s), preference (p) and the category (k).
-- Filters are 1, 0 or NULL for "either".
    NOT ({hidden}) AND NOT ({deleted})
    AND (CAST(:category AS text) IS NULL OR n.category = :category)
    AND (CAST(:is_unread AS integer) IS NULL
         OR :is_unread = CASE WHEN {read_at} IS NULL THEN 1 ELSE 0 END)
    AND (CAST(:is_archived AS integer) IS NULL
         OR :is_archived = CASE WHEN {archived_at} IS NULL THEN 0 ELSE 1 END)

-- fragment before_cursor
    n.position <= :before AND (n.position < :before OR n.id < :before_id AND n.is_listed IS NULL)

-- list_notifications
-- Who: GET /notifications. Examines the next :window notifications of all audiences together, newest first,
-- and returns all of them, without a body where the list does not show them. The cost does not depend on how
-- many there are: of each audience, only index entries down to down_to are read, the highest position at
-- which some audience has :depth and its share of :window above. down_to is NULL if there are no more. Index:
-- the primary key, from the top.
SELECT
    a.id, a.position, CASE WHEN {listed} THEN {body_of} END,
    {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at, a.down_to
FROM (
    SELECT a.user_id, a.audience, {id_of} AS id, n.id AS key, n.position, d.down_to
    FROM (
        SELECT max(t.position) AS down_to
        FROM (
            SELECT (
                SELECT n.position
                FROM lumen_notification n
                WHERE n.audience = a.audience AND n.position > a.since AND {before_cursor}
                ORDER BY n.position DESC, n.id DESC
                LIMIT 1 OFFSET :depth + :window / (SELECT count(*) FROM ({addressed}) g)
            ) AS position
            FROM ({addressed}) a
        ) t
    ) d
    CROSS JOIN ({addressed}) a
    CROSS JOIN lumen_notification n
    WHERE n.audience = a.audience AND {before_cursor}
        AND n.position >= CASE WHEN d.down_to > a.since THEN d.down_to ELSE a.since + 1 END
    ORDER BY n.position DESC, n.id DESC
    LIMIT :window
) a
CROSS JOIN lumen_notification n
{marks_of_id}
LEFT JOIN lumen_preference p ON p.user_id = a.user_id AND p.category = n.category
LEFT JOIN lumen_category k ON k.name = n.category
WHERE n.audience = a.audience AND n.position = a.position AND n.id = a.key
ORDER BY a.position DESC, a.key DESC

-- categories_of_audiences
-- Who: check_recipients. The categories that each audience has, of those in the rows, and :limit more at
-- most. Index: the primary key of lumen_active_total.
SELECT r.audience, t.category
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, category text)
JOIN lumen_active_total t ON t.audience = r.audience AND (
    t.category = r.category
    OR t.category IN (
        SELECT y.category
        FROM lumen_active_total y
        WHERE y.audience = r.audience
        ORDER BY y.category
        LIMIT :limit
    )
)

-- get_notification
-- Who: GET and PUT /notifications/{id}. Indexes: those of `place_of`, the primary key.
WITH keys AS MATERIALIZED (
    SELECT a.user_id, a.audience, a.since, a.id, {place_of} AS place
    FROM (SELECT g.user_id, g.audience, g.since, CAST(:id AS text) AS id FROM ({addressed}) g) a
)
SELECT
    a.id, n.position, {body_of} AS body,
    {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at
FROM keys a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}
    AND a.place > a.since
{marks_of_id}
WHERE NOT ({deleted})

-- set_notification_bodies
-- Who: edits of messages, for mentions. Index: lumen_notification_by_id.
UPDATE lumen_notification
SET body = r.body, content_position = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text, body text)
WHERE lumen_notification.id = r.id AND lumen_notification.audience = r.audience
    AND lumen_notification.is_listed IS NULL

-- trim_idempotency_keys
-- Who: retention. Index: lumen_idempotency_key_by_age.
DELETE FROM lumen_idempotency_key
WHERE (owner, key) IN (
    SELECT i.owner, i.key
    FROM lumen_idempotency_key i
    WHERE i.created_at < :before
    ORDER BY i.created_at
    LIMIT :limit
)
RETURNING created_at
