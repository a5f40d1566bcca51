-- The application's categories, and the choices of users.

CREATE TABLE lumen_category (
    name      text    PRIMARY KEY,
    in_app    integer NOT NULL,                      -- 1: in list, counts and stream, unless the user hides it
    push      integer NOT NULL,
    may_mute  integer NOT NULL,                      -- 0: users cannot mute it
    priority  text,                                  -- of notifications that have none
    limits    text    NOT NULL                       -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE lumen_preference (
    user_id   text    NOT NULL,
    category  text    NOT NULL,
    in_app    integer,                               -- NULL: the category's default
    push      integer,
    muted     integer NOT NULL,
    PRIMARY KEY (user_id, category)
) STRICT, WITHOUT ROWID;

CREATE TABLE lumen_user_setting (
    user_id         text    PRIMARY KEY,
    quiet_from      text,                            -- HH:MM
    quiet_to        text,
    time_zone       text,                            -- IANA
    digest_minutes  integer NOT NULL                 -- 0: no digest
) STRICT, WITHOUT ROWID;
