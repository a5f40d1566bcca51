-- lock_migrations
-- Who: migrate. Two processes that start at once take turns, however long the first one takes.
SELECT pg_advisory_xact_lock(5497126503478)
FROM set_config('lock_timeout', '0', true)

-- lock_migrations sqlite
SELECT 1

-- create_migrations
-- Who: migrate.
CREATE TABLE IF NOT EXISTS migration (
    version  integer PRIMARY KEY,
    name     text NOT NULL
)

-- migrations_done
-- Who: migrate.
SELECT version
FROM migration

-- migration_done
-- Who: migrate.
INSERT INTO migration (version, name)
VALUES (:version, :name)
