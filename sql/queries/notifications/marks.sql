-- fragment marked
-- The notifications that each mark of :marks changes. A mark selects ids (the rows of :ids), or everything up
-- to a position, optionally of one category; at most one mark per user. Only notifications to audiences that
-- the user belongs to. CROSS JOIN keeps SQLite to this join order: otherwise it walks through all notifications
-- first. Indexes: the primary key for ids, notification_by_audience.
    SELECT t.user_id, m.action, t.id, t.audience, t.category, c.read_at, c.archived_at
    FROM (
        SELECT a.user_id, a.audience, n.id, n.category
        FROM ({addressed}) a
        CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(user_id text, id text)
        CROSS JOIN notification n
        WHERE i.user_id = a.user_id AND n.id = i.id AND n.audience = a.audience AND n.position > a.since
        UNION ALL
        SELECT a.user_id, a.audience, n.id, n.category
        FROM ({addressed}) a
        CROSS JOIN jsonb_to_recordset(CAST(:spans AS jsonb))
            AS s(user_id text, category text, up_to bigint)
        CROSS JOIN notification n
        WHERE s.user_id = a.user_id
            AND n.audience = a.audience AND n.position > a.since AND n.position <= s.up_to
            AND (s.category IS NULL OR n.category = s.category)
    ) t
    JOIN jsonb_to_recordset(CAST(:marks AS jsonb)) AS m(user_id text, action text)
        ON m.user_id = t.user_id
    LEFT JOIN receipt c ON c.user_id = t.user_id AND c.notification_id = t.id
    WHERE CASE m.action
        WHEN 'seen' THEN c.seen_at IS NULL
        WHEN 'read' THEN c.read_at IS NULL
        WHEN 'unread' THEN c.read_at IS NOT NULL
        WHEN 'archive' THEN c.archived_at IS NULL
        WHEN 'unarchive' THEN c.archived_at IS NOT NULL
        END

-- known_ids
-- Who: mark, for marks that changed fewer notifications than they have ids. Which ids are of the user's
-- notifications. Indexes: the primary key, member_by_user.
SELECT i.user_id, i.id
FROM ({addressed}) a
CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(user_id text, id text)
CROSS JOIN notification n
WHERE i.user_id = a.user_id AND n.id = i.id AND n.audience = a.audience AND n.position > a.since

-- count_marks
-- Who: mark, before the receipts change. How many notifications change, and by how much the user's
-- read-or-archived count does.
SELECT
    k.user_id, k.audience, k.category, count(*) AS changed,
    CAST(sum(CASE
        WHEN k.action IN ('read', 'archive') AND k.read_at IS NULL AND k.archived_at IS NULL THEN 1
        WHEN k.action = 'unread' AND k.archived_at IS NULL THEN -1
        WHEN k.action = 'unarchive' AND k.read_at IS NULL THEN -1
        ELSE 0 END) AS bigint) AS settled
FROM ({marked}) k
GROUP BY k.user_id, k.audience, k.category

-- write_receipts
-- Who: mark. The same rows as in count_marks: this transaction is the only writer.
INSERT INTO receipt (user_id, notification_id, seen_at, read_at, archived_at)
SELECT
    k.user_id, k.id,
    CASE WHEN k.action IN ('seen', 'read') THEN CAST(:now AS bigint) END,
    CASE WHEN k.action = 'read' THEN CAST(:now AS bigint) END,
    CASE WHEN k.action = 'archive' THEN CAST(:now AS bigint) END
FROM ({marked}) k
WHERE k.action IN ('seen', 'read', 'archive')
ON CONFLICT (user_id, notification_id) DO UPDATE SET
    seen_at = coalesce(receipt.seen_at, excluded.seen_at),
    read_at = coalesce(receipt.read_at, excluded.read_at),
    archived_at = coalesce(receipt.archived_at, excluded.archived_at)

-- clear_receipts
-- Who: mark, for `unread` and `unarchive`.
UPDATE receipt
SET
    read_at = CASE WHEN k.action = 'unread' THEN NULL ELSE receipt.read_at END,
    archived_at = CASE WHEN k.action = 'unarchive' THEN NULL ELSE receipt.archived_at END
FROM ({marked}) k
WHERE k.action IN ('unread', 'unarchive')
    AND receipt.user_id = k.user_id AND receipt.notification_id = k.id

-- add_to_read_counts rows
-- Who: mark; coalesce; purge_receipts. Read-or-archived counts: one row per user, audience and category of the
-- batch.
INSERT INTO settled (user_id, audience, category, count)
SELECT r.user_id, r.audience, r.category, r.count
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, audience text, category text, count bigint)
WHERE true
ON CONFLICT (user_id, audience, category) DO UPDATE SET count = settled.count + excluded.count

-- unread_counts
-- Who: every new stream, every event that states counts, GET /notifications/unread. The counts of many users,
-- and the position at which they hold, in one snapshot. kind: NULL, once for each user; `category` with its
-- unread number; `room` with its unread number (possibly 0) and the position at which the user joined;
-- `silent` for a silenced category. Unread is the active total minus the read-or-archived count. A removal
-- lowers the first at once and the second only when purge_receipts gets to it: until then the rows of
-- `removed` correct for it. Indexes: the primary keys of tally, settled, removed, receipt and room;
-- member_by_user.
SELECT h.position, g.user_id, g.kind, g.name, g.unread, g.since
FROM ({newest_position} AS position) h
CROSS JOIN (
    SELECT u.user_id, NULL AS kind, NULL AS name, 0 AS unread, 0 AS since
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT p.user_id, 'category', p.category, CAST(sum(p.unread) AS bigint), 0
    FROM (
        SELECT a.user_id, t.category, t.live - coalesce(s.count, 0) AS unread
        FROM ({addressed}) a
        JOIN tally t ON t.audience = a.audience
        LEFT JOIN settled s
            ON s.user_id = a.user_id AND s.audience = t.audience AND s.category = t.category
        UNION ALL
        SELECT a.user_id, r.category, 1
        FROM ({addressed}) a
        JOIN removed r ON r.audience = a.audience AND r.removed_position > a.since
        LEFT JOIN receipt k ON k.user_id = a.user_id AND k.notification_id = r.id
        WHERE r.position <= a.since OR k.read_at IS NOT NULL OR k.archived_at IS NOT NULL
    ) p
    GROUP BY p.user_id, p.category
    HAVING sum(p.unread) <> 0
    UNION ALL
    SELECT m.user_id, 'room', m.room_id, r.last_seq - m.last_read_seq, m.joined_position
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN member m ON m.user_id = u.user_id
    JOIN room r ON r.id = m.room_id
    UNION ALL
    SELECT q.user_id, 'silent', q.category, 0, 0
    FROM ({silenced}) q
) g
