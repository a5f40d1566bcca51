-- expired_before
-- Who: expire. Those that expire first come first. Index: lumen_notification_by_expiry.
SELECT {id_of}, n.audience
FROM lumen_notification n
WHERE n.expires_at < :before
ORDER BY n.expires_at
LIMIT :limit

-- still_archived
-- Who: remove. Those that the user has not unarchived in between. Indexes: the primary keys.
WITH keys AS MATERIALIZED (
    SELECT a.user_id, a.audience, a.id, {place_of} AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(user_id text, audience text, id text)
)
SELECT a.id, n.audience
FROM keys a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}
{marks_of_id}
WHERE {archived_at} < :before

-- created_before
-- Who: expire, for retention. The oldest first, and those of the oldest list. Indexes:
-- lumen_notification_by_age, lumen_content_by_age, the primary key.
SELECT g.id, g.audience
FROM (
    SELECT y.id, y.audience, y.created_at
    FROM (
        SELECT n.id, n.audience, n.created_at
        FROM lumen_notification n
        WHERE n.created_at < :before
        ORDER BY n.created_at
        LIMIT :limit
    ) y
    UNION ALL
    SELECT c.notification_id, n.audience, c.created_at
    FROM (
        SELECT f.position, f.notification_id, f.users, f.created_at
        FROM lumen_content f
        WHERE f.created_at < :before AND f.kept > 0
        ORDER BY f.created_at
        LIMIT 1
    ) c
    {each_user}
    CROSS JOIN lumen_notification n
    WHERE n.audience = 'user:' || u.value AND n.position = c.position
) g
ORDER BY g.created_at
LIMIT :limit

-- active_total
-- Who: remove_oldest. How many notifications an audience has now. Index: the primary key.
SELECT CAST(coalesce(sum(t.total), 0) AS bigint) AS total
FROM lumen_active_total t
WHERE t.audience = :audience

-- oldest_notifications
-- Who: remove_oldest. Index: the primary key.
SELECT {id_of}
FROM lumen_notification n
WHERE n.audience = :audience
ORDER BY n.position
LIMIT :limit

-- notifications_after
-- Who: delete_own. The next ones to one user up to a position. Index: the primary key.
SELECT {id_of}, n.position, n.category
FROM lumen_notification n
WHERE n.audience = :audience AND n.position <= :up_to
    AND n.position >= :after AND (n.position > :after OR n.id > :after_id)
ORDER BY n.position, n.id
LIMIT :limit

-- delete_notifications
-- Who: whatever removes notifications. Returns those that still existed. Index: the primary key.
DELETE FROM lumen_notification
WHERE (audience, position, id) IN (
    WITH keys AS MATERIALIZED (
        SELECT a.audience, a.id, {place_of} AS place
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(id text, audience text)
    )
    SELECT n.audience, n.position, n.id
    FROM keys a
    CROSS JOIN lumen_notification n
    WHERE n.audience = a.audience AND n.position = a.place AND {is_of_id}
)
RETURNING
    CASE
        WHEN is_listed = 1 THEN (
            SELECT c.notification_id
            FROM lumen_content c
            WHERE c.position = lumen_notification.position
        )
        ELSE id
        END,
    audience, category, position, content_position, text_id, is_listed

-- subtract_from_lists
-- Who: whatever removes notifications. How many notifications of a list exist. Index: the primary key.
UPDATE lumen_content
SET kept = lumen_content.kept - r.number
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint, number bigint)
WHERE lumen_content.position = r.position

-- add_removed_recipients rows
-- Who: the same. Those of lists, of which the event stays in the log.
INSERT INTO lumen_removed_recipient (audience, position)
SELECT r.audience, r.position
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, position bigint)

-- withdraw_removed_recipients
-- Who: whatever withdraws texts, after the removal. Index: the primary key.
UPDATE lumen_removed_recipient
SET is_withdrawn = 1
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, position bigint)
WHERE lumen_removed_recipient.audience = r.audience AND lumen_removed_recipient.position = r.position

-- empty_withdrawn_lists
-- Who: the same. The text of lists that was withdrawn from all of their users. Indexes: the primary key,
-- lumen_removed_recipient_by_position.
UPDATE lumen_content
SET body = '{}'
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position bigint)
WHERE lumen_content.position = r.position AND lumen_content.kept = 0 AND NOT EXISTS (
    SELECT 1
    FROM lumen_removed_recipient o
    WHERE o.position = lumen_content.position AND o.is_withdrawn = 0
)

-- add_tombstones rows
-- Who: whatever removes notifications.
INSERT INTO lumen_removed_notification (
    audience, id, category, removed_at, position, removed_position, is_purged
)
SELECT r.audience, r.id, r.category, r.removed_at, r.position, r.removed_position, r.is_purged
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(audience text, id text, category text, removed_at bigint, position bigint, removed_position bigint,
         is_purged bigint)

-- marks_of_rows
-- Who: whatever removes or moves notifications to one user each, before it does. How each was marked.
-- Indexes: the primary keys.
WITH keys AS MATERIALIZED (
    SELECT a.user_id, a.audience, a.id, {place_of} AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(user_id text, audience text, id text)
)
SELECT
    a.user_id, a.id, n.audience, n.category,
    CASE WHEN {seen_at} IS NULL THEN 0 ELSE 1 END AS seen,
    CASE WHEN {read_at} IS NULL THEN 0 ELSE 1 END AS read,
    CASE WHEN {archived_at} IS NULL THEN 0 ELSE 1 END AS archived
FROM keys a
JOIN lumen_notification n ON n.audience = a.audience AND n.position = a.place AND {is_of_id}
{marks_of_id}

-- delete_empty_totals
-- Who: whatever removes notifications. Not while counts of users still include removed ones. Indexes: the
-- primary keys.
DELETE FROM lumen_active_total
WHERE (audience, category) IN (
    SELECT r.audience, r.category
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, category text)
) AND total = 0 AND NOT EXISTS (
    SELECT 1
    FROM lumen_removed_notification o
    WHERE o.audience = lumen_active_total.audience AND o.category = lumen_active_total.category
        AND o.is_purged = 0
)

-- receipts_of_removed
-- Who: delivery of a removal from a room or everyone, for each connected user's counts. The joins are in this
-- order, so that each pair is one look-up. Indexes: lumen_removed_notification_by_id, the primary keys of
-- lumen_receipt and lumen_span.
SELECT a.user_id, n.id
FROM (
    SELECT u.user_id, o.id, o.audience
    FROM jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(id text)
    CROSS JOIN lumen_removed_notification o
    CROSS JOIN jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    WHERE o.id = i.id AND o.audience NOT LIKE 'user:%'
) a
JOIN lumen_removed_notification n ON n.audience = a.audience AND n.id = a.id
{marks_of}
WHERE {read_at} IS NOT NULL OR {archived_at} IS NOT NULL

-- tombstones_to_count
-- Who: purge_receipts. The oldest tombstones from before a time that users' counts include. Index:
-- lumen_removed_notification_by_age.
SELECT o.audience, o.category, o.purged_user, o.id
FROM lumen_removed_notification o
WHERE o.removed_at < :before AND o.is_purged = 0
ORDER BY o.removed_at, o.audience, o.id
LIMIT :limit

-- counts_of_tombstones
-- Who: purge_receipts. By how much some tombstones of one audience and category raise users' counts; at most
-- :limit users, ascending. A user who joined the room after a removal is not concerned. Indexes:
-- lumen_read_count_by_audience; the primary keys of lumen_removed_notification, lumen_member, lumen_receipt
-- and lumen_span.
SELECT
    a.user_id, a.audience, n.category, {sums}
FROM (
    SELECT f.user_id, f.audience, coalesce(m.joined_position, 0) AS since
    FROM (
        SELECT o.user_id, o.audience
        FROM lumen_read_count o
        WHERE o.audience = :audience AND o.category = :category AND o.user_id > :after
        ORDER BY o.user_id
        LIMIT :limit
    ) f
    LEFT JOIN lumen_member m
        ON m.user_id = f.user_id AND m.room_id = substr(f.audience, 6) AND f.audience LIKE 'room:%'
) a
CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(id text)
LEFT JOIN lumen_removed_notification n
    ON n.audience = a.audience AND n.id = i.id AND n.removed_position > a.since
{marks_of}
GROUP BY a.user_id, a.audience, n.category
ORDER BY a.user_id

-- advance_tombstones
-- Who: purge_receipts. The counts of users up to :user_id no longer include them. Index: the primary key.
UPDATE lumen_removed_notification
SET purged_user = CASE WHEN CAST(:is_purged AS integer) = 1 THEN '' ELSE CAST(:user_id AS text) END,
    is_purged = CAST(:is_purged AS integer)
WHERE (audience, id) IN (
    SELECT r.audience, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(audience text, id text)
)

-- fragment purgeable
-- The oldest tombstones from before a time that no user's counts include any more: what one step of
-- purge_receipts works on. Index: lumen_removed_notification_by_age.
        SELECT o.audience, o.id, o.category
        FROM lumen_removed_notification o
        WHERE o.removed_at < :before AND o.is_purged = 1
        ORDER BY o.removed_at, o.audience, o.id
        LIMIT :rows_limit

-- purge_receipts
-- Who: purge_receipts. Index: lumen_receipt_by_notification.
DELETE FROM lumen_receipt
WHERE (user_id, notification_id) IN (
    SELECT c.user_id, c.notification_id
    FROM ({purgeable}) r
    JOIN lumen_receipt c ON c.notification_id = r.id
        AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
    LIMIT :limit
)
RETURNING user_id

-- delete_receipts
-- Who: coalesce, for groups that become unread again. Index: the primary key.
DELETE FROM lumen_receipt
WHERE (user_id, notification_id) IN (
    SELECT r.user_id, r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, id text)
)

-- delete_tombstones
-- Who: purge_receipts, last. Tombstones that no user's counts include any more, and that have no receipts or
-- group actors left. Indexes: those of the queries above.
DELETE FROM lumen_removed_notification
WHERE (audience, id) IN (
    SELECT r.audience, r.id
    FROM ({purgeable}) r
    WHERE NOT EXISTS (
        SELECT 1
        FROM lumen_receipt c
        WHERE c.notification_id = r.id
            AND (r.audience NOT LIKE 'user:%' OR r.audience = 'user:' || c.user_id)
    ) AND NOT EXISTS (
        SELECT 1
        FROM lumen_notification_group_actor k
        WHERE k.audience = r.audience AND k.notification_id = r.id
    )
)
RETURNING id
