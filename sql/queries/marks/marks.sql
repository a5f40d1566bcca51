-- fragment marks_of
-- How a user (a: user_id, audience) has marked a notification (n: id, category, position), as c and s: see
-- `seen_at`, `read_at` and `archived_at`. Indexes: the primary keys of lumen_receipt and lumen_span.
LEFT JOIN lumen_receipt c ON c.user_id = a.user_id AND c.notification_id = n.id
{span_of}

-- fragment marks_of_id
-- The same, if a has the id: a row of a list has none.
LEFT JOIN lumen_receipt c ON c.user_id = a.user_id AND c.notification_id = a.id
{span_of}

-- fragment span_of
LEFT JOIN lumen_span s ON s.user_id = a.user_id AND s.audience = a.audience AND s.category = n.category
    AND s.up_to = (
        SELECT min(w.up_to)
        FROM lumen_span w
        WHERE w.user_id = a.user_id AND w.audience = a.audience AND w.category = n.category
            AND w.up_to >= n.position
    )

-- fragment seen_at
-- The later one of the receipt and the span decides.
    CASE
        WHEN c.marked >= coalesce(s.seen_marked, 0) THEN c.seen_at
        WHEN s.seen_at IS NULL THEN NULL
        ELSE coalesce(c.seen_at, s.seen_at)
        END

-- fragment read_at
    CASE
        WHEN c.marked >= coalesce(s.read_marked, 0) THEN c.read_at
        WHEN s.read_at IS NULL THEN NULL
        ELSE coalesce(c.read_at, s.read_at)
        END

-- fragment archived_at
    CASE
        WHEN c.marked >= coalesce(s.archived_marked, 0) THEN c.archived_at
        WHEN s.archived_at IS NULL THEN NULL
        ELSE coalesce(c.archived_at, s.archived_at)
        END

-- fragment deleted
-- Whether the user has deleted it from their list: such a mark is later than any other (DELETED in
-- commit/marks/marks.py), and makes it seen, read and archived. Only the marks that were kept when it was
-- removed for everybody are later still (`keep_marks_of_removed`).
    CASE
        WHEN c.marked > 4611686018427387904 THEN 0
        WHEN c.marked = 4611686018427387904 OR s.archived_marked = 4611686018427387904 THEN 1
        ELSE 0
        END = 1

-- fragment sums
-- How many notifications count as seen, read, archived, and as read or archived. Those from before the user
-- joined the room, and those that the user has deleted, count as all of them, and as earlier.
    CAST(sum(CASE WHEN n.position <= a.since OR {seen_at} IS NOT NULL THEN 1 ELSE 0 END) AS bigint) AS seen,
    CAST(sum(CASE WHEN n.position <= a.since OR {read_at} IS NOT NULL THEN 1 ELSE 0 END) AS bigint) AS read,
    CAST(sum(CASE WHEN n.position <= a.since OR {archived_at} IS NOT NULL THEN 1 ELSE 0 END) AS bigint) AS archived,
    CAST(sum(CASE
        WHEN n.position <= a.since OR {read_at} IS NOT NULL OR {archived_at} IS NOT NULL THEN 1 ELSE 0
        END) AS bigint) AS read_or_archived,
    CAST(sum(CASE WHEN n.position <= a.since OR {deleted} THEN 1 ELSE 0 END) AS bigint) AS earlier

-- fragment addressed_ids
-- The ids of :ids, with each audience that its user belongs to, and the place of the notification there.
-- PostgreSQL looks for the places first, whatever it knows of the tables.
    WITH keys AS MATERIALIZED (
        SELECT a.user_id, a.audience, a.since, a.id, {place_of} AS place
        FROM (
            SELECT g.user_id, g.audience, g.since, i.id
            FROM ({addressed}) g
            CROSS JOIN jsonb_to_recordset(CAST(:ids AS jsonb)) AS i(user_id text, id text)
            WHERE i.user_id = g.user_id
        ) a
    )
    SELECT k.user_id, k.audience, k.since, k.id, k.place
    FROM keys k

-- fragment marked
-- The notifications that each mark of :marks changes by id (the rows of :ids), and how they were marked
-- before; at most one mark per user. Only notifications to audiences that the user belongs to. CROSS JOIN
-- keeps SQLite to this join order: otherwise it walks through all notifications first. Index: the primary
-- key.
    SELECT
        a.user_id, m.action, a.id, a.audience, n.category,
        {seen_at} AS seen_at, {read_at} AS read_at, {archived_at} AS archived_at
    FROM ({addressed_ids}) a
    CROSS JOIN lumen_notification n
    JOIN jsonb_to_recordset(CAST(:marks AS jsonb)) AS m(user_id text, action text)
        ON m.user_id = a.user_id
    {marks_of_id}
    WHERE n.audience = a.audience AND n.position = a.place AND {is_of_id} AND a.place > a.since
        AND NOT ({deleted})
        AND CASE m.action
            WHEN 'seen' THEN {seen_at} IS NULL
            WHEN 'read' THEN {read_at} IS NULL
            WHEN 'unread' THEN {read_at} IS NOT NULL
            WHEN 'archive' THEN {archived_at} IS NULL
            WHEN 'unarchive' THEN {archived_at} IS NOT NULL
            WHEN 'delete' THEN 1 = 1
            END

-- known_ids
-- Who: mark, for marks that changed fewer notifications than they have ids. Which ids are of the user's
-- notifications. Indexes: the primary key, lumen_member_by_user.
SELECT a.user_id, a.id
FROM ({addressed_ids}) a
CROSS JOIN lumen_notification n
{marks_of_id}
WHERE n.audience = a.audience AND n.position = a.place AND {is_of_id} AND a.place > a.since
    AND NOT ({deleted})

-- count_marks
-- Who: mark, before the receipts change. How many notifications change, and by how much the user's counts do.
SELECT
    k.user_id, k.audience, k.category, count(*) AS changed,
    CAST(sum(CASE
        WHEN k.action IN ('seen', 'read', 'delete') AND k.seen_at IS NULL THEN 1 ELSE 0
        END) AS bigint) AS seen,
    CAST(sum(CASE
        WHEN k.action IN ('read', 'delete') AND k.read_at IS NULL THEN 1
        WHEN k.action = 'unread' THEN -1
        ELSE 0 END) AS bigint) AS read,
    CAST(sum(CASE
        WHEN k.action IN ('archive', 'delete') AND k.archived_at IS NULL THEN 1
        WHEN k.action = 'unarchive' THEN -1
        ELSE 0 END) AS bigint) AS archived,
    CAST(sum(CASE
        WHEN k.action IN ('read', 'archive', 'delete') AND k.read_at IS NULL AND k.archived_at IS NULL THEN 1
        WHEN k.action = 'unread' AND k.archived_at IS NULL THEN -1
        WHEN k.action = 'unarchive' AND k.read_at IS NULL THEN -1
        ELSE 0 END) AS bigint) AS read_or_archived,
    CAST(sum(CASE k.action WHEN 'delete' THEN 1 ELSE 0 END) AS bigint) AS earlier
FROM ({marked}) k
GROUP BY k.user_id, k.audience, k.category

-- write_receipts
-- Who: mark. The same rows as in count_marks: this transaction is the only writer.
INSERT INTO lumen_receipt (user_id, notification_id, seen_at, read_at, archived_at, marked)
SELECT
    k.user_id, k.id,
    CASE
        WHEN k.action IN ('seen', 'read', 'delete') THEN coalesce(k.seen_at, CAST(:now AS bigint))
        ELSE k.seen_at
        END,
    CASE
        WHEN k.action IN ('read', 'delete') THEN coalesce(k.read_at, CAST(:now AS bigint))
        WHEN k.action = 'unread' THEN NULL
        ELSE k.read_at
        END,
    CASE
        WHEN k.action IN ('archive', 'delete') THEN coalesce(k.archived_at, CAST(:now AS bigint))
        WHEN k.action = 'unarchive' THEN NULL
        ELSE k.archived_at
        END,
    CAST(:marked AS bigint)
FROM ({marked}) k
WHERE true
ON CONFLICT (user_id, notification_id) DO UPDATE SET
    seen_at = excluded.seen_at,
    read_at = excluded.read_at,
    archived_at = excluded.archived_at,
    marked = excluded.marked

-- add_to_read_counts rows
-- Who: mark; coalesce; whatever removes notifications; purge_receipts. One row per user, audience and
-- category.
INSERT INTO lumen_read_count (user_id, audience, category, seen, read, archived, read_or_archived, earlier)
SELECT r.user_id, r.audience, r.category, r.seen, r.read, r.archived, r.read_or_archived, r.earlier
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, audience text, category text, seen bigint, read bigint, archived bigint,
         read_or_archived bigint, earlier bigint)
WHERE true
ON CONFLICT (user_id, audience, category) DO UPDATE SET
    seen = lumen_read_count.seen + excluded.seen,
    read = lumen_read_count.read + excluded.read,
    archived = lumen_read_count.archived + excluded.archived,
    read_or_archived = lumen_read_count.read_or_archived + excluded.read_or_archived,
    earlier = lumen_read_count.earlier + excluded.earlier

-- delete_empty_read_counts
-- Who: whatever lowers them. Index: the primary key.
DELETE FROM lumen_read_count
WHERE (user_id, audience, category) IN (
    SELECT r.user_id, r.audience, r.category
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, audience text, category text)
) AND read_or_archived = 0 AND seen = 0 AND read = 0 AND archived = 0 AND earlier = 0

-- fragment unread
-- The counts of each user in :users. kind: NULL, once for each user; `category` with its unread number;
-- `room` with its unread number (possibly 0) and the position at which the user joined; `silent` for a
-- silenced category. Unread is the active total minus the read-or-archived count. A removal lowers the first
-- at once and the second only when purge_receipts gets to it: until then the rows of
-- lumen_removed_notification correct for it. Indexes: the primary keys of lumen_active_total,
-- lumen_read_count, lumen_removed_notification, lumen_receipt, lumen_span and lumen_room;
-- lumen_member_by_user.
    SELECT u.user_id, NULL AS kind, NULL AS name, 0 AS unread, 0 AS since
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    UNION ALL
    SELECT p.user_id, 'category', p.category, CAST(sum(p.unread) AS bigint), 0
    FROM (
        SELECT a.user_id, t.category, t.total - coalesce(s.read_or_archived, 0) AS unread
        FROM ({addressed}) a
        JOIN lumen_active_total t ON t.audience = a.audience
        LEFT JOIN lumen_read_count s
            ON s.user_id = a.user_id AND s.audience = t.audience AND s.category = t.category
        UNION ALL
        SELECT a.user_id, n.category, 1
        FROM ({addressed}) a
        JOIN lumen_removed_notification n ON n.audience = a.audience AND n.removed_position > a.since
            AND n.is_purged = 0 AND n.purged_user < a.user_id
        {marks_of}
        WHERE n.position <= a.since OR {read_at} IS NOT NULL OR {archived_at} IS NOT NULL
    ) p
    GROUP BY p.user_id, p.category
    HAVING sum(p.unread) <> 0
    UNION ALL
    SELECT m.user_id, 'room', m.room_id, r.last_seq - m.last_read_seq, m.joined_position
    FROM jsonb_to_recordset(CAST(:users AS jsonb)) AS u(user_id text)
    JOIN lumen_member m ON m.user_id = u.user_id
    JOIN lumen_room r ON r.id = m.room_id
    UNION ALL
    SELECT q.user_id, 'silent', q.category, 0, 0
    FROM ({silenced}) q

-- unread_counts
-- Who: every event that states counts. The counts of many users, with what the transaction has written.
SELECT g.user_id, g.kind, g.name, g.unread, g.since
FROM (
{unread}
) g

-- counts_snapshot
-- Who: every new stream, GET /notifications/counts. The counts of many users, and the end of the log at which
-- they hold, in one snapshot. Indexes: those of the fragment, the primary key of lumen_event.
SELECT g.user_id, g.kind, g.name, g.unread, g.since, h.epoch, h.position, h.audience, h.created_at
FROM (
    SELECT l.epoch, p.position, e.audience, e.created_at
    FROM lumen_log_head l
    CROSS JOIN ({newest_position} AS position) p
    LEFT JOIN lumen_event e ON e.position = p.position
) h
CROSS JOIN (
{unread}
) g
