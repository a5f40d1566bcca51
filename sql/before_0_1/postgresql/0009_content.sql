-- Bodies that several rows share.

-- The body of a notification to several users: their events and notifications refer to it.
CREATE TABLE content (
    position         bigint  PRIMARY KEY,  -- of the last event with this body
    first_position   bigint  NOT NULL,     -- of the first event with it
    notification_id  text    NOT NULL,
    body             text    NOT NULL      -- JSON
);

-- The position of the row's body in content; NULL if it is in the row itself.
ALTER TABLE event ADD COLUMN content_position bigint;
ALTER TABLE notification ADD COLUMN content_position bigint;
