-- lock_migrations
-- Who: migrate. Two processes that start at once take turns, however long the first one takes.
SELECT pg_advisory_xact_lock(5497126503478)
FROM set_config('lock_timeout', '0', true)

-- lock_migrations sqlite
SELECT 1

-- columns_of_table
-- Who: migrate. The columns of a table that this role may read; none if it does not exist.
SELECT a.attname
FROM pg_attribute a
WHERE a.attrelid = CAST(to_regclass(CAST(:table AS text)) AS oid) AND a.attnum > 0 AND NOT a.attisdropped
    AND has_table_privilege(a.attrelid, 'SELECT')

-- columns_of_table sqlite
SELECT i.name
FROM pragma_table_info(:table) i

-- create_migrations
-- Who: migrate. Not if the table is there: PostgreSQL would ask for the right to create tables all the same.
CREATE TABLE IF NOT EXISTS lumen_migration (
    version  integer PRIMARY KEY,
    name     text NOT NULL
)

-- migrations_done
-- Who: migrate.
SELECT version
FROM lumen_migration

-- migration_done
-- Who: migrate.
INSERT INTO lumen_migration (version, name)
VALUES (:version, :name)

-- lock_older_log
-- Who: migrate, for a database made before 0.1: the lock that its writers take. See lock_log.
SELECT pg_advisory_xact_lock(1819635054, CAST(CAST(to_regclass('log_head') AS oid) AS integer))

-- lock_older_log sqlite
SELECT 1
