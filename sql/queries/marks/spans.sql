-- fragment chosen
-- The audiences and categories that each span of :spans covers: everything up to a position, of one category
-- or of all. Spans of one user do not overlap.
    SELECT a.user_id, a.audience, a.since, p.category, p.up_to
    FROM ({addressed}) a
    JOIN jsonb_to_recordset(CAST(:spans AS jsonb)) AS p(user_id text, category text, up_to bigint)
        ON p.user_id = a.user_id

-- totals_of_spans
-- Who: mark, for spans. How many notifications there are, the user's counts, and the position of the newest
-- notification in the span. Indexes: the primary keys.
SELECT
    a.user_id, a.audience, t.category,
    (SELECT max(n.position) FROM lumen_notification n WHERE n.audience = a.audience AND n.position <= a.up_to),
    t.total, coalesce(o.seen, 0), coalesce(o.read, 0), coalesce(o.archived, 0), coalesce(o.read_or_archived, 0),
    coalesce(o.earlier, 0)
FROM ({chosen}) a
JOIN lumen_active_total t ON t.audience = a.audience AND t.total > 0
    AND (a.category IS NULL OR t.category = a.category)
LEFT JOIN lumen_read_count o ON o.user_id = a.user_id AND o.audience = t.audience AND o.category = t.category

-- removed_in_spans
-- Who: the same. What of these counts is about removed notifications. Index: the primary key of
-- lumen_removed_notification.
SELECT a.user_id, a.audience, n.category, count(*), {sums}
FROM ({chosen}) a
JOIN lumen_removed_notification n ON n.audience = a.audience AND n.removed_position > a.since
    AND n.is_purged = 0 AND n.purged_user < a.user_id
    AND (a.category IS NULL OR n.category = a.category)
{marks_of}
GROUP BY a.user_id, a.audience, n.category

-- later_than_spans
-- Who: the same, for spans that end before the newest notification. What of these counts is about later
-- notifications. Index: the primary key.
SELECT a.user_id, a.audience, n.category, count(*), {sums}
FROM ({chosen}) a
CROSS JOIN {notification} n
{marks_of}
WHERE n.audience = a.audience AND n.position > a.up_to AND n.position > a.since
    AND (a.category IS NULL OR n.category = a.category)
GROUP BY a.user_id, a.audience, n.category

-- keep_marks_of_removed
-- Who: mark, for spans, and whatever removes members: before spans change. Receipts keep how the user had
-- marked what is removed already. Index: the primary key of lumen_removed_notification.
INSERT INTO lumen_receipt (user_id, notification_id, seen_at, read_at, archived_at, marked)
SELECT
    a.user_id, n.id, {seen_at}, {read_at}, {archived_at},
    CASE WHEN {deleted} THEN 4611686018427387904 ELSE 4611686018427387905 END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS a(user_id text, audience text, category text)
JOIN lumen_removed_notification n ON n.audience = a.audience AND n.is_purged = 0 AND n.purged_user < a.user_id
    AND (a.category IS NULL OR n.category = a.category)
{marks_of}
WHERE true
ON CONFLICT (user_id, notification_id) DO UPDATE SET
    seen_at = excluded.seen_at,
    read_at = excluded.read_at,
    archived_at = excluded.archived_at,
    marked = excluded.marked

-- split_spans
-- Who: mark, for spans: a span ends at the position up to which it is marked. Index: the primary key.
INSERT INTO lumen_span (
    user_id, audience, category, up_to, seen_at, read_at, archived_at, seen_marked, read_marked, archived_marked
)
SELECT
    a.user_id, a.audience, a.category, a.up_to, s.seen_at, s.read_at, s.archived_at,
    coalesce(s.seen_marked, 0), coalesce(s.read_marked, 0), coalesce(s.archived_marked, 0)
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS a(user_id text, audience text, category text, up_to bigint, action text)
LEFT JOIN lumen_span s ON s.user_id = a.user_id AND s.audience = a.audience AND s.category = a.category
    AND s.up_to = (
        SELECT min(w.up_to)
        FROM lumen_span w
        WHERE w.user_id = a.user_id AND w.audience = a.audience AND w.category = a.category
            AND w.up_to >= a.up_to
    )
WHERE true
ON CONFLICT (user_id, audience, category, up_to) DO NOTHING

-- mark_spans
-- Who: mark, after split_spans. What was deleted stays so. Index: the primary key.
UPDATE lumen_span
SET
    seen_at = CASE
        WHEN r.action = 'delete' THEN CAST(:now AS bigint)
        WHEN r.action IN ('seen', 'read') THEN coalesce(lumen_span.seen_at, CAST(:now AS bigint))
        ELSE lumen_span.seen_at
        END,
    read_at = CASE r.action
        WHEN 'delete' THEN CAST(:now AS bigint)
        WHEN 'read' THEN coalesce(lumen_span.read_at, CAST(:now AS bigint))
        WHEN 'unread' THEN NULL
        ELSE lumen_span.read_at
        END,
    archived_at = CASE r.action
        WHEN 'delete' THEN CAST(:now AS bigint)
        WHEN 'archive' THEN coalesce(lumen_span.archived_at, CAST(:now AS bigint))
        WHEN 'unarchive' THEN NULL
        ELSE lumen_span.archived_at
        END,
    seen_marked = CASE
        WHEN r.action IN ('seen', 'read', 'delete') THEN CAST(:marked AS bigint)
        ELSE lumen_span.seen_marked
        END,
    read_marked = CASE
        WHEN r.action IN ('read', 'unread', 'delete') THEN CAST(:marked AS bigint)
        ELSE lumen_span.read_marked
        END,
    archived_marked = CASE
        WHEN r.action IN ('archive', 'unarchive', 'delete') THEN CAST(:marked AS bigint)
        ELSE lumen_span.archived_marked
        END
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, audience text, category text, up_to bigint, action text)
WHERE lumen_span.user_id = r.user_id AND lumen_span.audience = r.audience AND lumen_span.category = r.category
    AND lumen_span.up_to <= r.up_to
    AND (r.action = 'delete' OR lumen_span.archived_marked < 4611686018427387904)

-- delete_needless_spans
-- Who: mark, after mark_spans. Spans that end before the audience's oldest notification, and those that are
-- marked as the next one is. (What was removed has receipts.) Indexes: the primary keys.
DELETE FROM lumen_span
WHERE (user_id, audience, category, up_to) IN (
    SELECT s.user_id, s.audience, s.category, s.up_to
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, audience text, category text)
    JOIN lumen_span s ON s.user_id = r.user_id AND s.audience = r.audience AND s.category = r.category
    LEFT JOIN lumen_span w ON w.user_id = s.user_id AND w.audience = s.audience AND w.category = s.category
        AND w.up_to = (
            SELECT min(x.up_to)
            FROM lumen_span x
            WHERE x.user_id = s.user_id AND x.audience = s.audience AND x.category = s.category
                AND x.up_to > s.up_to
        )
    WHERE s.up_to < (SELECT min(n.position) FROM lumen_notification n WHERE n.audience = s.audience)
        OR (
            w.seen_marked = s.seen_marked AND w.read_marked = s.read_marked AND w.archived_marked = s.archived_marked
            AND coalesce(w.seen_at, -1) = coalesce(s.seen_at, -1)
            AND coalesce(w.read_at, -1) = coalesce(s.read_at, -1)
            AND coalesce(w.archived_at, -1) = coalesce(s.archived_at, -1)
        )
)

-- delete_spans_of_members
-- Who: whatever removes members. Index: the primary key.
DELETE FROM lumen_span
WHERE (user_id, audience) IN (
    SELECT r.user_id, r.audience
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(user_id text, audience text)
)

-- set_read_counts rows
-- Who: mark, for spans.
INSERT INTO lumen_read_count (user_id, audience, category, seen, read, archived, read_or_archived, earlier)
SELECT r.user_id, r.audience, r.category, r.seen, r.read, r.archived, r.read_or_archived, r.earlier
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(user_id text, audience text, category text, seen bigint, read bigint, archived bigint,
         read_or_archived bigint, earlier bigint)
WHERE true
ON CONFLICT (user_id, audience, category) DO UPDATE SET
    seen = excluded.seen,
    read = excluded.read,
    archived = excluded.archived,
    read_or_archived = excluded.read_or_archived,
    earlier = excluded.earlier
