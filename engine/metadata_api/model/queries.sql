-- Statements about the tables of objects. Parameters are psycopg's: %(name)s.

-- name: table_sizes
-- The planner's own figures, which no table is read for: rows and pages of the last ANALYZE, and the part of the rows
-- without a value in the column that marks deleted records.
SELECT coalesce(json_agg(json_build_array(
        kind.reltuples, kind.relpages, pg_relation_size(kind.oid), pg_total_relation_size(kind.oid), shape.null_frac)
    ORDER BY asked.place), '[]')::text
FROM unnest(%(tables)s::text[], %(columns)s::text[]) WITH ORDINALITY AS asked (name, marks, place)
LEFT JOIN pg_class AS kind ON kind.oid = to_regclass(asked.name)
LEFT JOIN pg_namespace AS place ON place.oid = kind.relnamespace
LEFT JOIN pg_stats AS shape
    ON shape.schemaname = place.nspname AND shape.tablename = kind.relname AND shape.attname = asked.marks;

-- name: distributed_table_sizes
-- The same figures of the tables on a node of Citus, whose names begin as those here: the node of each is asked. Without
-- an answer a table counts as one that was never looked through, and its count fails with the node's error.
SELECT coalesce(json_agg(CASE WHEN told.success THEN told.result::json ELSE '[null, null, null, null, null]' END
    ORDER BY asked.place), '[]')::text
FROM unnest(%(tables)s::text[], %(columns)s::text[]) WITH ORDINALITY AS asked (name, marks, place)
CROSS JOIN LATERAL run_command_on_shards(asked.name, format($command$
    SELECT json_build_array(
        kind.reltuples, kind.relpages, pg_relation_size(kind.oid), pg_total_relation_size(kind.oid), shape.null_frac)
    FROM pg_class AS kind JOIN pg_namespace AS place ON place.oid = kind.relnamespace
    LEFT JOIN pg_stats AS shape
        ON shape.schemaname = place.nspname AND shape.tablename = kind.relname AND shape.attname = %%L
    WHERE kind.oid = to_regclass('%%%%s')
$command$, asked.marks)) AS told;

-- name: builds
-- The indexes that are being built, with the progress that PostgreSQL tells.
SELECT coalesce(json_agg(json_build_array(made.relname, running.phase,
    CASE WHEN running.blocks_total > 0 THEN running.blocks_done ELSE running.tuples_done END,
    CASE WHEN running.blocks_total > 0 THEN running.blocks_total ELSE running.tuples_total END)), '[]')::text
FROM pg_stat_progress_create_index AS running
JOIN pg_class AS made ON made.oid = running.index_relid
JOIN pg_namespace AS place ON place.oid = made.relnamespace
WHERE running.datname = current_database() AND place.nspname = %(schema)s;
