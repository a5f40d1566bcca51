-- Built-in accounts.

CREATE TABLE account (
    user_id        text    PRIMARY KEY,
    name           text    NOT NULL UNIQUE,   -- the login name, in lower case
    username       text    NOT NULL,          -- the display name
    avatar         text,
    password_hash  text    NOT NULL,          -- argon2id
    password_at    integer NOT NULL,          -- increases with every change of the password
    scope          text    NOT NULL,
    created_at     integer NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per log-in; a refresh updates the row.
CREATE TABLE session (
    family      text    PRIMARY KEY,          -- SHA-256 of the common prefix of its refresh tokens
    user_id     text    NOT NULL,
    digest      text    NOT NULL,             -- SHA-256 of the current refresh token
    begun_at    integer NOT NULL,
    expires_at  integer NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at);
