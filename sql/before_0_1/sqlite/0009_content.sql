-- Bodies that several rows share.

-- The body of a notification to several users: their events and notifications refer to it.
CREATE TABLE content (
    position         integer PRIMARY KEY,  -- of the last event with this body
    first_position   integer NOT NULL,     -- of the first event with it
    notification_id  text    NOT NULL,
    body             text    NOT NULL      -- JSON
) STRICT;

-- The position of the row's body in content; NULL if it is in the row itself.
ALTER TABLE event ADD COLUMN content_position integer;
ALTER TABLE notification ADD COLUMN content_position integer;
