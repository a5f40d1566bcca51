-- try_lock_migrations
-- Who: migrate. Whether this transaction may migrate: two processes that start at once take turns. A migration
-- waits for the locks of tables however long it takes.
SELECT pg_try_advisory_xact_lock(5497126503478)
FROM set_config('lock_timeout', '0', true)

-- try_lock_migrations sqlite
SELECT 1

-- columns_of_table
-- Who: migrate. The columns of a table, and whether this role may read them; none if it does not exist.
SELECT a.attname, has_table_privilege(a.attrelid, 'SELECT')
FROM pg_attribute a
WHERE a.attrelid = CAST(to_regclass(CAST(:table AS text)) AS oid) AND a.attnum > 0 AND NOT a.attisdropped

-- columns_of_table sqlite
SELECT i.name, 1
FROM pragma_table_info(:table) i

-- create_migrations
-- Who: migrate. Not if the table is there: PostgreSQL would ask for the right to create tables all the same.
CREATE TABLE IF NOT EXISTS lumen_migration (
    version  integer PRIMARY KEY,
    name     text NOT NULL
)

-- migrations_done
-- Who: migrate.
SELECT version, name
FROM lumen_migration

-- migration_done
-- Who: migrate.
INSERT INTO lumen_migration (version, name)
VALUES (:version, :name)

-- tables_without_privileges
-- Who: migrate, first. Our tables that this role may not use.
SELECT CAST(c.relname AS text)
FROM pg_class o
JOIN pg_class c ON c.relnamespace = o.relnamespace AND c.relkind = 'r'
WHERE o.oid = CAST(to_regclass('lumen_migration') AS oid) AND starts_with(CAST(c.relname AS text), 'lumen_')
    AND NOT (
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
    )
ORDER BY c.relname

-- tables_without_privileges sqlite
SELECT 1
WHERE 1 = 0

-- lock_older_log
-- Who: migrate, for a database made before 0.1: the lock that its writers take. See lock_log.
SELECT pg_advisory_xact_lock(1819635054, CAST(CAST(to_regclass('log_head') AS oid) AS integer))

-- lock_older_log sqlite
SELECT 1

-- database_state
-- Who: lumen-notify check. The database's clock, and its version.
SELECT {now_ms}, CAST(current_setting('server_version_num') AS integer)

-- database_state sqlite
SELECT {now_ms}, 0
