-- A publication to a list of users is one event, one row with its body and its users, and for each of them a
-- narrow row, which is both a place in the user's list and the address of the event.

ALTER TABLE lumen_content ADD COLUMN users text;             -- JSON: the ids of the users of a list; else NULL
ALTER TABLE lumen_content ADD COLUMN kept integer;           -- how many rows of the list exist
ALTER TABLE lumen_content ADD COLUMN created_at integer;     -- of the notification to a list, as the next two
ALTER TABLE lumen_content ADD COLUMN publisher text;
ALTER TABLE lumen_content ADD COLUMN delivery text;
CREATE INDEX lumen_content_by_notification ON lumen_content (notification_id) WHERE users IS NOT NULL;
CREATE INDEX lumen_content_by_age ON lumen_content (created_at) WHERE kept > 0;

DROP INDEX lumen_notification_by_audience;
DROP INDEX lumen_notification_by_expiry;
DROP INDEX lumen_notification_by_age;
ALTER TABLE lumen_notification RENAME TO lumen_notification_before;

CREATE TABLE lumen_notification (
    audience          text    NOT NULL,              -- user:ID, room:ID or all
    position          integer NOT NULL,              -- of the event that announced it
    id                text    NOT NULL,              -- empty: lumen_content has it
    category          text    NOT NULL,
    body              text    NOT NULL,              -- JSON, as frames and lists show it
    content_position  integer,                       -- of its body in lumen_content; NULL if the row has it
    created_at        integer,                       -- NULL: lumen_content has this and the next but one
    expires_at        integer,
    publisher         text,                          -- the user whose token published it; NULL: unknown
    delivery          text,                          -- JSON: `push` and `devices`; NULL: neither is given
    text_id           text,                          -- of the text that stands in the body in place of its id
    is_listed         integer,                       -- 1: of a list, found by lumen_content; else NULL
    PRIMARY KEY (audience, position, id)
) STRICT, WITHOUT ROWID;

INSERT INTO lumen_notification (
    audience, position, id, category, body, content_position, created_at, expires_at, publisher, delivery,
    text_id
)
SELECT
    audience, position, id, category, body, content_position, created_at, expires_at, publisher, delivery,
    text_id
FROM lumen_notification_before;

DROP TABLE lumen_notification_before;

CREATE UNIQUE INDEX lumen_notification_by_id ON lumen_notification (id, audience) WHERE is_listed IS NULL;
CREATE INDEX lumen_notification_by_expiry ON lumen_notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX lumen_notification_by_age ON lumen_notification (created_at) WHERE created_at IS NOT NULL;

-- Users of lists whose notification was removed while the event is in the log.
CREATE TABLE lumen_removed_recipient (
    audience      text    NOT NULL,
    position      integer NOT NULL,
    is_withdrawn  integer NOT NULL DEFAULT 0,           -- 1: its text was withdrawn, so that no replay shows it
    PRIMARY KEY (audience, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_removed_recipient_by_position ON lumen_removed_recipient (position);
