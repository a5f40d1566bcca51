-- What operation needs: what administrators did, how far intake from queues has come, and users who are being deleted.

-- What administrators did: rows are only added, and retention alone deletes them.
CREATE TABLE lumen_audit (
    id       text    PRIMARY KEY,                    -- UUIDv7
    at       integer NOT NULL,                       -- by the clock of the instance
    actor    text    NOT NULL,                       -- the user of the token; `command line` for that
    action   text    NOT NULL,                       -- such as streams.ended
    target   text,                                   -- such as user:ID, room:ID, notification:ID
    details  text    NOT NULL DEFAULT '{}'           -- JSON, without content of messages and notifications
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_audit_by_target ON lumen_audit (target, id) WHERE target IS NOT NULL;
CREATE INDEX lumen_audit_by_actor ON lumen_audit (actor, id);
CREATE INDEX lumen_audit_by_action ON lumen_audit (action, id);
CREATE INDEX lumen_audit_by_age ON lumen_audit (at);

-- The messages that intake has taken from a queue. Written in the transaction of what they say, so that a message
-- that comes once more is known. Intake trims them (commit/intake).
CREATE TABLE lumen_intake (
    source     text    NOT NULL,                     -- broker, topic and partition; or `key:` and the topic
    id         text    NOT NULL,                     -- the broker's own, with its time; or the application's key
    digest     text,                                 -- of the message, for a key
    taken_at   integer NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_intake_by_age ON lumen_intake (source, taken_at);

-- Users who are being deleted, in small transactions: a restart goes on from here.
CREATE TABLE lumen_deletion (
    user_id     text    PRIMARY KEY,
    alias       text    NOT NULL,                    -- the id that stands in its place in what others keep
    messages    text    NOT NULL,                    -- what becomes of the user's messages: keep, delete
    step        text    NOT NULL,                    -- the step under way, see commit/users
    after       text    NOT NULL DEFAULT '',         -- JSON: the key of the last row that the step has looked at
    started_at  integer NOT NULL,
    due_at      integer NOT NULL                      -- when the step may go on; 0: at once
) STRICT, WITHOUT ROWID;

-- Who has blocked, banned or muted a user.
CREATE INDEX lumen_block_by_blocked ON lumen_block (blocked_id);
CREATE INDEX lumen_ban_by_user ON lumen_ban (user_id);
CREATE INDEX lumen_mute_by_user ON lumen_mute (user_id);
