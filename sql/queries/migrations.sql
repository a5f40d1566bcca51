-- lock_migrations
-- Who: migrate. Two processes that start at once take turns.
SELECT pg_advisory_xact_lock(5497126503478)

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
