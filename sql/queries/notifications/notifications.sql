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

-- insert_notifications_to_lists
-- Who: write, for those to several users: a row for each list of audiences with contiguous positions.
WITH list AS MATERIALIZED (
    SELECT
        r.id, r.first_position, r.position, r.category, r.created_at, r.expires_at, r.publisher, r.delivery,
        r.audiences
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id text, first_position bigint, position bigint, category text, created_at bigint, expires_at bigint,
        publisher text, delivery text, audiences jsonb)
)
INSERT INTO lumen_notification (
    id, audience, position, category, body, content_position, created_at, expires_at, publisher, delivery
)
SELECT
    l.id, a.value, l.first_position + a.key, l.category, '', l.position, l.created_at, l.expires_at,
    l.publisher, l.delivery
FROM list l
{each_audience}

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
    n.position <= :before AND (n.position < :before OR n.id < :before_id)

-- list_notifications
-- Who: GET /notifications. Examines the next :window notifications of all audiences together, newest first,
-- and returns all of them, without a body where the list does not show them. The cost does not depend on how
-- many there are: of each audience, only index entries down to down_to are read, the highest position at
-- which some audience has :depth and its share of :window above. down_to is NULL if there are no more. Index:
-- lumen_notification_by_audience, from the top.
SELECT
    a.id, a.position, CASE WHEN {listed} THEN {body_of} END,
    {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at, a.down_to
FROM (
    SELECT a.user_id, a.audience, n.id, n.position, d.down_to
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
{marks_of}
LEFT JOIN lumen_preference p ON p.user_id = a.user_id AND p.category = n.category
LEFT JOIN lumen_category k ON k.name = n.category
WHERE n.id = a.id AND n.audience = a.audience
ORDER BY a.position DESC, a.id DESC

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
-- Who: GET and PUT /notifications/{id}. Index: the primary key.
SELECT
    n.id, n.position, {body_of} AS body,
    {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at
FROM ({addressed}) a
JOIN lumen_notification n ON n.id = :id AND n.audience = a.audience AND n.position > a.since
{marks_of}
WHERE NOT ({deleted})

-- set_notification_bodies
-- Who: edits of messages, for mentions. Index: the primary key.
UPDATE lumen_notification
SET body = r.body, content_position = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, audience text, body text)
WHERE lumen_notification.id = r.id AND lumen_notification.audience = r.audience

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
