-- Mutes that last, and membership that users have not chosen.

-- Users who have left a room while they were muted.
CREATE TABLE mute (
    room_id  text NOT NULL,
    user_id  text NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- 0: others have added the user, who has not sent anything since.
ALTER TABLE member ADD COLUMN by_choice integer NOT NULL DEFAULT 1;
