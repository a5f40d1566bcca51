-- Marks of spans: one row, however many notifications it marks.

-- How a user has marked the notifications of an audience and a category up to a position, down to the next
-- lower row. A receipt counts instead if it was written by a later mark.
CREATE TABLE span (
    user_id          text NOT NULL,
    audience         text NOT NULL,
    category         text NOT NULL,
    up_to            integer NOT NULL,
    seen_at          integer,
    read_at          integer,
    archived_at      integer,
    seen_marked      integer NOT NULL,  -- the position of the last mark as seen or read
    read_marked      integer NOT NULL,  -- the position of the last mark as read or unread
    archived_marked  integer NOT NULL,  -- the position of the last mark as archived or unarchived
    PRIMARY KEY (user_id, audience, category, up_to)
) STRICT, WITHOUT ROWID;
CREATE INDEX span_by_archiving ON span (archived_at) WHERE archived_at IS NOT NULL;

-- The position of the mark that wrote the receipt; 0 for marks of earlier versions.
ALTER TABLE receipt ADD COLUMN marked integer NOT NULL DEFAULT 0;

-- How many of the notifications that `count` is about were seen, read and archived. earlier: how many are
-- older than the user's membership of the room; they count as all three.
ALTER TABLE settled ADD COLUMN seen integer NOT NULL DEFAULT 0;
ALTER TABLE settled ADD COLUMN read integer NOT NULL DEFAULT 0;
ALTER TABLE settled ADD COLUMN archived integer NOT NULL DEFAULT 0;
ALTER TABLE settled ADD COLUMN earlier integer NOT NULL DEFAULT 0;
CREATE INDEX settled_by_audience ON settled (audience, category, user_id);

-- The counts of users up to this one do not include the notification any more; is_purged: nobody's does.
ALTER TABLE removed ADD COLUMN purged_user text NOT NULL DEFAULT '';
ALTER TABLE removed ADD COLUMN is_purged integer NOT NULL DEFAULT 0;
CREATE INDEX removed_by_id ON removed (id);

INSERT INTO settled (user_id, audience, category, count, seen, read, archived, earlier)
SELECT g.user_id, g.audience, g.category, 0, sum(g.seen), sum(g.read), sum(g.archived), sum(g.earlier)
FROM (
    SELECT
        c.user_id, n.audience, n.category,
        CASE WHEN c.seen_at IS NULL THEN 0 ELSE 1 END AS seen,
        CASE WHEN c.read_at IS NULL THEN 0 ELSE 1 END AS read,
        CASE WHEN c.archived_at IS NULL THEN 0 ELSE 1 END AS archived,
        0 AS earlier
    FROM (
        SELECT n.id, n.audience, n.category, n.position FROM notification n
        UNION ALL
        SELECT r.id, r.audience, r.category, r.position FROM removed r
    ) n
    JOIN receipt c ON c.notification_id = n.id
    LEFT JOIN member m ON m.user_id = c.user_id AND m.room_id = substr(n.audience, 6)
    WHERE n.audience = 'all' OR n.audience = 'user:' || c.user_id
        OR (n.audience LIKE 'room:%' AND n.position > m.joined_position)
    UNION ALL
    SELECT m.user_id, n.audience, n.category, 1, 1, 1, 1
    FROM member m
    JOIN notification n ON n.audience = 'room:' || m.room_id AND n.position <= m.joined_position
    UNION ALL
    SELECT m.user_id, r.audience, r.category, 1, 1, 1, 1
    FROM member m
    JOIN removed r ON r.audience = 'room:' || m.room_id
        AND r.position <= m.joined_position AND r.removed_position > m.joined_position
) g
WHERE true
GROUP BY g.user_id, g.audience, g.category
ON CONFLICT (user_id, audience, category) DO UPDATE SET
    seen = excluded.seen, read = excluded.read, archived = excluded.archived, earlier = excluded.earlier;

DELETE FROM tally
WHERE live = 0 AND NOT EXISTS (
    SELECT 1 FROM removed r WHERE r.audience = tally.audience AND r.category = tally.category
);
DELETE FROM settled WHERE count = 0 AND seen = 0 AND read = 0 AND archived = 0 AND earlier = 0;
