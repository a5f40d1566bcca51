-- What groups and digests of several users show of one publication is stored once. Rows of earlier versions have
-- a text of their own.

CREATE TABLE lumen_shared_text (
    id    text    PRIMARY KEY,
    uses  integer NOT NULL,                          -- how many rows and events have its id
    text  text    NOT NULL                           -- JSON: members of an object, without its braces
) STRICT;

-- The text that stands in the body in place of its id; NULL if the row has its own.
ALTER TABLE lumen_notification ADD COLUMN text_id text;
ALTER TABLE lumen_notification_group_actor ADD COLUMN text_id text;
ALTER TABLE lumen_digest_item ADD COLUMN text_id text;

-- Whether an actor is new to a group, and what their earlier publication shared: the statement that writes the row
-- returns both.
ALTER TABLE lumen_notification_group_actor ADD COLUMN merged integer NOT NULL DEFAULT 1;   -- publications
ALTER TABLE lumen_notification_group_actor ADD COLUMN earlier_text_id text;
