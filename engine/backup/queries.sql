-- name: export_snapshot
SELECT pg_export_snapshot(), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    current_setting('server_version'), current_setting('server_version_num')::int / 10000;

-- name: statements_without_limit
SET LOCAL statement_timeout = 0;

-- name: forget_settings
-- The statements of pg_restore change settings of the session, which a pooler would hand on.
RESET ALL;

-- name: tables
-- The tables of these schemas with the columns that hold values; a partition belongs to its table.
SELECT n.nspname, c.relname, ARRAY(
    SELECT a.attname::text FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY n.nspname, c.relname;

-- name: layout
-- A digest of the tables' files and columns: it moves with each change that an older snapshot would read wrongly.
SELECT md5(coalesce(string_agg(
    concat_ws(':', c.oid, c.relfilenode, a.attnum, a.attname, a.atttypid, a.attisdropped), ',' ORDER BY c.oid, a.attnum
), ''))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition;

-- name: sequences
SELECT schemaname, sequencename, coalesce(last_value, start_value)
FROM pg_sequences WHERE schemaname = ANY (%(schemas)s) ORDER BY 1, 2;

-- name: advance_sequence
SELECT setval(%(sequence)s::regclass, greatest(%(value)s::bigint, coalesce(pg_sequence_last_value(%(sequence)s::regclass), 1)));

-- name: workspaces
-- Each workspace with the number of its tables, indexes and TOAST tables.
SELECT w.id, w.name, w.schema_name, w.version, (
    SELECT count(*) * 2 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = w.schema_name AND c.relkind IN ('r', 'p', 'm') AND c.reltoastrelid <> 0
) + (
    SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = w.schema_name
)
FROM fieldstone.workspace AS w WHERE %(name)s::text IS NULL OR w.name = %(name)s::text ORDER BY w.name;

-- name: lock_room
-- The locks that all processes together can hold, and the processes: PostgreSQL counts its own, too.
SELECT current_setting('max_locks_per_transaction')::bigint * places, places FROM (
    SELECT current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint
        + current_setting('max_worker_processes')::bigint + current_setting('max_wal_senders')::bigint
        + coalesce(current_setting('autovacuum_worker_slots', true), current_setting('autovacuum_max_workers'))::bigint
) AS processes (places);

-- name: locked_by_backup
-- The tables, whose reader locks their indexes, too.
SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'i', 'I');

-- name: taken_schemas
SELECT nspname::text FROM pg_namespace WHERE nspname = ANY (%(schemas)s) ORDER BY 1;

-- name: references
-- The tables of the catalog that refer to another one by a key that is checked at once.
SELECT DISTINCT c.relname::text, t.relname::text
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_class AS t ON t.oid = k.confrelid
WHERE k.contype = 'f' AND NOT k.condeferrable AND k.connamespace = 'fieldstone'::regnamespace AND c.oid <> t.oid;

-- name: log_head
SELECT position FROM fieldstone.log_head;

-- name: next_head
-- The microseconds since 1970: a log gives fewer positions than that, so none that a client has seen is given again.
SELECT greatest(%(head)s::bigint + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

-- name: move_head
UPDATE fieldstone.log_head SET position = position + %(offset)s::bigint;

-- name: move_consumers
UPDATE fieldstone.log_consumer SET position = position + %(offset)s::bigint;

-- name: move_webhooks
UPDATE fieldstone.webhook SET start_position = start_position + %(offset)s::bigint;

-- name: move_pauses
UPDATE fieldstone.webhook SET resumed_position = resumed_position + %(offset)s::bigint WHERE resumed_position IS NOT NULL;

-- name: move_deliveries
UPDATE fieldstone.webhook_delivery SET position = position + %(offset)s::bigint;

-- name: lie_together
-- The tables are made again on the server that the backup is restored to, whatever node they lay on.
UPDATE fieldstone.workspace SET is_distributed = false WHERE id = ANY (%(workspace_ids)s) AND is_distributed;

-- name: undistribute
-- The statements that give the tables of a schema the defaults and the foreign keys of tables that are not distributed.
SELECT format('ALTER TABLE %%s ALTER COLUMN %%I SET DEFAULT %%s', adrelid::regclass, attname,
    replace(pg_get_expr(adbin, adrelid), 'fieldstone.moment()', 'now()'))
FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum JOIN pg_class AS owner ON owner.oid = adrelid
WHERE owner.relnamespace = quote_ident(%(schema)s)::regnamespace AND EXISTS (
    SELECT FROM pg_depend WHERE classid = 'pg_attrdef'::regclass AND objid = pg_attrdef.oid
        AND refclassid = 'pg_proc'::regclass AND refobjid = 'fieldstone.moment'::regproc
)
UNION ALL
SELECT format('ALTER TABLE %%s ALTER CONSTRAINT %%I DEFERRABLE INITIALLY IMMEDIATE', conrelid::regclass, conname)
FROM pg_constraint WHERE connamespace = quote_ident(%(schema)s)::regnamespace AND contype = 'f' AND condeferred;

-- name: move_moved_events
-- Of workspaces that have come from another cell.
UPDATE fieldstone.moved_event SET position = position + %(offset)s::bigint;

-- name: move_log_epochs
UPDATE fieldstone.log_epoch SET start = start + %(offset)s::bigint;

-- name: begin_webhooks
-- Webhooks of a workspace that comes to another log begin at its end.
UPDATE fieldstone.webhook SET start_position = (SELECT position FROM fieldstone.log_head)
WHERE workspace_id = %(workspace_id)s;

-- name: name_workspace
-- Before the row is inserted, as another workspace may have the name that it had.
UPDATE pg_temp.restored_workspace SET name = %(name)s, schema_name = %(schema)s WHERE id = %(workspace_id)s;

-- name: find_workspace
SELECT id, name FROM fieldstone.workspace WHERE id = %(workspace_id)s OR name = %(name)s ORDER BY id = %(workspace_id)s DESC;

-- name: open_gates
UPDATE fieldstone.workspace SET presence = 'COMING' WHERE presence = 'GONE' RETURNING id;

-- name: close_gates
UPDATE fieldstone.workspace SET presence = 'GONE' WHERE id = ANY (%(ids)s);
