-- Accounts, where the application has none of its own.

CREATE TABLE account (
    user_id        text    PRIMARY KEY,
    name           text    NOT NULL UNIQUE,   -- what one logs in with, in lower case
    username       text    NOT NULL,          -- what is shown
    avatar         text,
    password_hash  text    NOT NULL,          -- argon2id
    scope          text    NOT NULL,
    created_at     bigint  NOT NULL
);

CREATE TABLE refresh_token (
    digest      text    PRIMARY KEY,          -- SHA-256
    user_id     text    NOT NULL,
    family      text    NOT NULL,             -- one log-in: a token that is used twice ends all of it
    issued_at   bigint  NOT NULL,
    expires_at  bigint  NOT NULL,
    used_at     bigint 
);
CREATE INDEX refresh_token_by_user ON refresh_token (user_id);
CREATE INDEX refresh_token_by_family ON refresh_token (family);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);
