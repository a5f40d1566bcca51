-- Accounts, where the application has none of its own.

CREATE TABLE account (
    user_id        text    PRIMARY KEY,
    name           text    NOT NULL UNIQUE,   -- what one logs in with, in lower case
    username       text    NOT NULL,          -- what is shown
    avatar         text,
    password_hash  text    NOT NULL,          -- argon2id
    password_at    integer NOT NULL,          -- of another one, later than of the one before
    scope          text    NOT NULL,
    created_at     integer NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per log-in, however often its refresh token is changed.
CREATE TABLE session (
    family      text    PRIMARY KEY,          -- SHA-256 of what all its refresh tokens begin with
    user_id     text    NOT NULL,
    digest      text    NOT NULL,             -- SHA-256 of the one that is good
    begun_at    integer NOT NULL,
    expires_at  integer NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at);
