-- The application's categories, and the choices of users.

CREATE TABLE lumen_category (
    name      text    PRIMARY KEY,
    in_app    bigint  NOT NULL,                      -- 1: in list, counts and stream, unless the user hides it
    push      bigint  NOT NULL,
    may_mute  bigint  NOT NULL,                      -- 0: users cannot mute it
    priority  text,                                  -- of notifications that have none
    limits    text    NOT NULL                       -- JSON
);

CREATE TABLE lumen_preference (
    user_id   text    NOT NULL,
    category  text    NOT NULL,
    in_app    bigint,                                -- NULL: the category's default
    push      bigint,
    muted     bigint  NOT NULL,
    PRIMARY KEY (user_id, category)
);

CREATE TABLE lumen_user_setting (
    user_id         text    PRIMARY KEY,
    quiet_from      text,                            -- HH:MM
    quiet_to        text,
    time_zone       text,                            -- IANA
    digest_minutes  bigint  NOT NULL                 -- 0: no digest
);
