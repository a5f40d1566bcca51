-- Log-outs everywhere: from when on the tokens of a user count.

CREATE TABLE revocation (
    user_id     text    PRIMARY KEY,
    not_before  integer NOT NULL
) STRICT, WITHOUT ROWID;
