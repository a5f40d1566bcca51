-- Rooms, their members, and messages.

CREATE TABLE lumen_room (
    id                  text    PRIMARY KEY,
    kind                text    NOT NULL,            -- public, private, direct, or deleting
    title               text,
    pair                text    UNIQUE,              -- JSON: the two users of a direct room, ascending
    last_seq            bigint  NOT NULL,            -- of the newest message; 0 if none
    members_count       bigint  NOT NULL,
    withdrawn_position  bigint  NOT NULL DEFAULT 0,  -- of a room being deleted: its events up to it are withdrawn
    created_at          bigint  NOT NULL,
    created_by          text    NOT NULL
);
CREATE INDEX lumen_room_public ON lumen_room (created_at, id) WHERE kind = 'public';
CREATE INDEX lumen_room_deleting ON lumen_room (id) WHERE kind = 'deleting';

CREATE TABLE lumen_member (
    room_id          text    NOT NULL,
    user_id          text    NOT NULL,
    role             text    NOT NULL,               -- owner, moderator, member, muted
    by_choice        bigint  NOT NULL DEFAULT 1,     -- 0: others have added the user, who has not sent anything
    last_read_seq    bigint  NOT NULL,
    joined_position  bigint  NOT NULL,               -- of the event of joining
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX lumen_member_by_user ON lumen_member (user_id, room_id);
CREATE INDEX lumen_member_owner ON lumen_member (room_id) WHERE role = 'owner';
CREATE INDEX lumen_member_by_joining ON lumen_member (room_id, joined_position);

-- Users who have left a room while they were muted.
CREATE TABLE lumen_mute (
    room_id  text NOT NULL,
    user_id  text NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE lumen_ban (
    room_id    text    NOT NULL,
    user_id    text    NOT NULL,
    banned_by  text    NOT NULL,
    banned_at  bigint  NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE lumen_block (
    user_id     text    NOT NULL,                    -- the user who blocks
    blocked_id  text    NOT NULL,
    blocked_at  bigint  NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);

CREATE TABLE lumen_message (
    room_id     text    NOT NULL,
    seq         bigint  NOT NULL,                    -- from 1, without gaps in its room
    id          text    NOT NULL UNIQUE,
    sender_id   text    NOT NULL,
    client_id   text,                                -- the sender's own id, for safe retries
    position    bigint  NOT NULL,                    -- of the event that announced it
    copies      text,                                -- JSON: the positions of further events with its text
    body        text    NOT NULL,                    -- JSON, as frames and history show it
    created_at  bigint  NOT NULL,
    edited_at   bigint,
    deleted_at  bigint,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX lumen_message_by_client_id ON lumen_message (room_id, sender_id, client_id)
    WHERE client_id IS NOT NULL;
