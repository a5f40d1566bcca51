-- What is to be published later.

CREATE TABLE scheduled (
    id           text    PRIMARY KEY,
    owner        text    NOT NULL,         -- who may see and cancel it
    deliver_at   bigint  NOT NULL,
    width        bigint  NOT NULL,         -- how many rows it will be
    publication  text    NOT NULL          -- JSON
);
CREATE INDEX scheduled_by_time ON scheduled (deliver_at, id);
CREATE INDEX scheduled_by_owner ON scheduled (owner, deliver_at, id);
