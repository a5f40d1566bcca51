-- What publishers do to their notifications after they were published.

ALTER TABLE lumen_notification ADD COLUMN publisher text;   -- the user whose token published it; NULL: unknown
ALTER TABLE lumen_notification ADD COLUMN delivery text;    -- JSON: `push` and `devices`; NULL: neither is given

-- What each actor of a group has published last; NULL in rows of earlier versions.
ALTER TABLE lumen_notification_group_actor ADD COLUMN publication_id text;
ALTER TABLE lumen_notification_group_actor ADD COLUMN publisher text;
ALTER TABLE lumen_notification_group_actor ADD COLUMN publication text;   -- JSON

CREATE INDEX lumen_digest_item_by_id ON lumen_digest_item (id);

-- The positions of events with the text of a notification, besides that of the notification.
CREATE TABLE lumen_notification_copy (
    notification_id  text    NOT NULL,
    audience         text    NOT NULL,
    position         bigint  NOT NULL,
    PRIMARY KEY (notification_id, audience, position)
);
CREATE INDEX lumen_notification_copy_by_position ON lumen_notification_copy (position);

INSERT INTO lumen_notification_copy (notification_id, audience, position)
SELECT n.id, n.audience, f.position
FROM (
    SELECT CAST(e.body AS jsonb) -> 'data' ->> 'id' AS id, e.audience, e.position
    FROM lumen_event e
    WHERE e.kind IN ('update', 'notification_edited') AND e.content_position IS NULL
    UNION
    SELECT CAST(e.body AS jsonb) ->> 'id', e.audience, e.position
    FROM lumen_event e
    WHERE e.kind = 'notification' AND e.content_position IS NULL
    UNION
    SELECT i.value ->> 'id', e.audience, e.position
    FROM lumen_event e
    CROSS JOIN jsonb_array_elements(CAST(e.body AS jsonb) -> 'data' -> 'items') AS i(value)
    WHERE e.kind = 'bundle'
) f
JOIN lumen_notification n ON n.id = f.id AND n.audience = f.audience AND n.position <> f.position;
