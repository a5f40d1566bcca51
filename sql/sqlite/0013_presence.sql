-- The open streams of all instances, and who is online. Times are those of the database's clock.

-- Instances that have open streams.
CREATE TABLE lumen_instance (
    id           text    PRIMARY KEY,
    lease_until  integer NOT NULL                    -- after it, another instance ends its connections
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_instance_by_lease ON lumen_instance (lease_until);

CREATE TABLE lumen_connection (
    instance      text    NOT NULL,
    id            text    NOT NULL,
    user_id       text    NOT NULL,
    device        text,
    connected_at  integer NOT NULL,                  -- by the clock of the instance
    ended_at      integer,
    kept_until    integer,                           -- until then an ended one keeps its user online
    PRIMARY KEY (instance, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_connection_by_user ON lumen_connection (user_id, id);
CREATE INDEX lumen_connection_ended ON lumen_connection (kept_until) WHERE kept_until IS NOT NULL;

CREATE TABLE lumen_presence (
    user_id       text    PRIMARY KEY,
    is_online     integer NOT NULL,
    last_seen_at  integer                            -- when the last stream ended; NULL: never
) STRICT, WITHOUT ROWID;
CREATE INDEX lumen_presence_online ON lumen_presence (user_id) WHERE is_online = 1;

ALTER TABLE lumen_user_setting ADD COLUMN is_hidden integer NOT NULL DEFAULT 0;   -- 1: appears offline
