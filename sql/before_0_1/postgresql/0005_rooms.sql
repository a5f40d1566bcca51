-- Rooms, their members, and messages.

CREATE TABLE room (
    id             text    PRIMARY KEY,
    kind           text    NOT NULL,       -- public, private, direct; gone: being deleted
    title          text,
    pair           text    UNIQUE,         -- JSON: the two users of a direct room, ascending
    last_seq       bigint  NOT NULL,       -- of the newest message; 0 if none
    members_count  bigint  NOT NULL,
    created_at     bigint  NOT NULL,
    created_by     text    NOT NULL
);
CREATE INDEX room_public ON room (created_at, id) WHERE kind = 'public';
CREATE INDEX room_gone ON room (id) WHERE kind = 'gone';

CREATE TABLE member (
    room_id          text    NOT NULL,
    user_id          text    NOT NULL,
    role             text    NOT NULL,     -- owner, moderator, member, muted
    last_read_seq    bigint  NOT NULL,
    joined_position  bigint  NOT NULL,     -- of the event of joining
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id, room_id);
CREATE INDEX member_owner ON member (room_id) WHERE role = 'owner';
CREATE INDEX member_by_joining ON member (room_id, joined_position);

CREATE TABLE ban (
    room_id    text    NOT NULL,
    user_id    text    NOT NULL,
    banned_by  text    NOT NULL,
    banned_at  bigint  NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE blocked (
    user_id     text    NOT NULL,          -- the user who blocks
    blocked_id  text    NOT NULL,
    blocked_at  bigint  NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);

CREATE TABLE message (
    room_id     text    NOT NULL,
    seq         bigint  NOT NULL,          -- from 1, without gaps in its room
    id          text    NOT NULL UNIQUE,
    sender_id   text    NOT NULL,
    client_id   text,                      -- the sender's own id, for safe retries
    position    bigint  NOT NULL,          -- of the event that announced it
    body        text    NOT NULL,          -- JSON, as frames and history show it
    created_at  bigint  NOT NULL,
    edited_at   bigint ,
    deleted_at  bigint ,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX message_by_client_id ON message (room_id, sender_id, client_id) WHERE client_id IS NOT NULL;
