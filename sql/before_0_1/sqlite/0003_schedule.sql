-- Scheduled notifications.

CREATE TABLE scheduled (
    id           text    PRIMARY KEY,
    owner        text    NOT NULL,         -- the user who may see and cancel it
    deliver_at   integer NOT NULL,
    width        integer NOT NULL,         -- the number of rows it becomes
    publication  text    NOT NULL          -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_by_time ON scheduled (deliver_at, id);
CREATE INDEX scheduled_by_owner ON scheduled (owner, deliver_at, id);
