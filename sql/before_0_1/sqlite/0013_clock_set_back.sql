-- Times at which something began: a clock that was set back since shows, because they lie ahead.

ALTER TABLE bucket ADD COLUMN taken_at integer NOT NULL DEFAULT 0;     -- in microseconds: the last tokens

ALTER TABLE bundled ADD COLUMN begun_at integer NOT NULL DEFAULT 0;
CREATE INDEX bundled_by_begin ON bundled (begun_at);
