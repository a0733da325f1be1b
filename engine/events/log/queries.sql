-- name: move_events
-- The head is locked and read at its newest version, and all else is seen as of the statement's beginning. Rows that
-- another process has moved since then still look staged here, but cannot be deleted a second time. At any moment a
-- visible event has all earlier ones of its record beside it.
-- Whether events are staged is asked of the index: the table is full of rows that were moved since the last vacuum.
WITH head AS MATERIALIZED (
    SELECT position FROM fieldstone.log_head WHERE (SELECT min(seq) FROM fieldstone.event_staging) IS NOT NULL
    FOR UPDATE SKIP LOCKED
),
top AS MATERIALIZED (
    SELECT greatest(position, (SELECT max(position) FROM fieldstone.event_log)) AS position FROM head
),
moved AS (
    DELETE FROM fieldstone.event_staging WHERE seq = ANY (ARRAY(
        SELECT seq FROM fieldstone.event_staging ORDER BY seq
        LIMIT coalesce((SELECT greatest(0, least(%(batch)s::bigint, %(covered)s::bigint - position)) FROM top), 0)
    ))
    RETURNING *
),
logged AS (
    INSERT INTO fieldstone.event_log
        (position, workspace_id, object_id, record_id, action, changed, before, after, actor_kind, actor_id, actor, at)
    SELECT top.position + row_number() OVER (ORDER BY m.seq), m.workspace_id, m.object_id, m.record_id, m.action,
        CASE WHEN m.action = 'updated' THEN ARRAY(
            -- The concatenation reads a large value once, which each `->` would read again. 1.5 and 1.50 are equal as
            -- jsonb, and differ in the answers: numbers are compared as texts, and documents by their bytes.
            SELECT a.key FROM (SELECT m.before || '{}' AS image OFFSET 0) AS b CROSS JOIN jsonb_each(m.after) AS a
            WHERE CASE jsonb_typeof(a.value) WHEN 'number' THEN a.value::text IS DISTINCT FROM (b.image -> a.key)::text
                WHEN 'array' THEN ROW(a.value)::record *<> ROW(b.image -> a.key)::record
                WHEN 'object' THEN ROW(a.value)::record *<> ROW(b.image -> a.key)::record
                ELSE a.value IS DISTINCT FROM b.image -> a.key END ORDER BY a.key
        ) ELSE '{}' END, m.before, m.after, author.kind, author.id::uuid,
        CASE WHEN author.kind IS NULL THEN m.actor
            ELSE substr(m.actor, length(author.kind) + length(author.id) + 3) END, m.at
    FROM moved AS m CROSS JOIN top CROSS JOIN LATERAL (
        -- A process from before the kind and the id leaves the name alone.
        SELECT CASE WHEN strpos(m.actor, E'\x1f') > 0 THEN split_part(m.actor, E'\x1f', 1) END AS kind,
            CASE WHEN strpos(m.actor, E'\x1f') > 0 THEN split_part(m.actor, E'\x1f', 2) END AS id
    ) AS author
    ORDER BY m.seq
    RETURNING position, at
),
noted AS (
    UPDATE fieldstone.log_head SET position = newest.position
    FROM (SELECT max(position) AS position FROM logged) AS newest WHERE newest.position IS NOT NULL
)
SELECT coalesce(max(position), (SELECT position FROM top), (SELECT position FROM fieldstone.log_head)), count(*),
    extract(epoch FROM clock_timestamp() - min(at)),
    NOT EXISTS (SELECT FROM top) AND (SELECT min(seq) FROM fieldstone.event_staging) IS NOT NULL
FROM logged;

-- name: log_bounds
SELECT (SELECT min(position) FROM fieldstone.event_log), (SELECT max(position) FROM fieldstone.event_log);

-- name: read_events
SELECT position, workspace_id, object_id, record_id, action, to_jsonb(changed), before, after, actor,
    to_jsonb(at AT TIME ZONE 'UTC') #>> '{}', actor_kind, actor_id
FROM fieldstone.event_log WHERE position > %(after)s::bigint ORDER BY position LIMIT %(limit)s::bigint;

-- name: count_events
WITH news AS MATERIALIZED (
    SELECT position, workspace_id, object_id, action, changed, ARRAY(
        SELECT json_build_array(asked.name, left(image.value, %(longest)s::integer))::text
        FROM jsonb_array_elements_text(%(columns)s::jsonb -> object_id::text) AS asked(name)
        CROSS JOIN LATERAL (VALUES (before ->> asked.name), (after ->> asked.name)) AS image(value)
        WHERE image.value IS NOT NULL
    ) AS told
    FROM fieldstone.event_log WHERE position > %(after)s::bigint ORDER BY position LIMIT %(limit)s::bigint
)
SELECT news.object_id, news.action, max(news.position),
    to_jsonb(array_agg(DISTINCT name) FILTER (WHERE name IS NOT NULL)), (
        SELECT jsonb_object_agg(seen.name, seen.values) FROM (
            SELECT pair::json ->> 0 AS name, jsonb_agg(DISTINCT pair::json ->> 1) AS values
            FROM news AS one CROSS JOIN LATERAL unnest(one.told) AS pair
            WHERE one.object_id = news.object_id AND one.action = news.action GROUP BY 1
        ) AS seen
    ), news.workspace_id
FROM news LEFT JOIN LATERAL unnest(news.changed) AS name ON true
GROUP BY news.workspace_id, news.object_id, news.action;

-- name: register_consumer
INSERT INTO fieldstone.log_consumer (name, position)
VALUES (%(name)s::text, (SELECT coalesce(max(position), 0) FROM fieldstone.event_log))
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING position;

-- name: list_partitions
SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'fieldstone.event_log'::regclass;

-- name: time_since
SELECT now() - at FROM fieldstone.event_log WHERE position >= %(start)s ORDER BY position LIMIT 1;

-- name: indexed_partitions
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'fieldstone'::regnamespace AND c.relkind = 'i'
    AND c.relname LIKE 'event\_log\_%%\_record';

-- name: list_history
SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'fieldstone.record_history'::regclass;

-- name: is_aged_history
-- Both bounds keep PostgreSQL from looking at the other partitions. One without events is past any retention.
SELECT coalesce((
    SELECT at < now() - %(window)s::interval FROM fieldstone.record_history
    WHERE position >= %(start)s AND position < %(end)s ORDER BY position DESC LIMIT 1
), true);

-- name: needed_positions
SELECT coalesce(max(position), 0), (SELECT min(position) FROM fieldstone.log_consumer)
FROM fieldstone.event_log;

-- name: is_aged
SELECT at < now() - %(window)s::interval FROM fieldstone.event_log WHERE position = %(position)s;

-- name: log_holders
-- Who has kept the event log's head (without a `consumer`) or a consumer of it, or a table that events are moved between, for so
-- many seconds.
SELECT DISTINCT holder.pid::text, holder.application_name, coalesce(host(holder.client_addr), 'a local socket'),
    holder.state, to_char(holder.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM pg_locks AS held JOIN pg_stat_activity AS holder USING (pid)
WHERE held.granted AND held.pid <> pg_backend_pid()
    AND holder.xact_start < clock_timestamp() - make_interval(secs => %(seconds)s::float8)
    AND (
        (held.locktype = 'transactionid' AND held.transactionid = ANY (ARRAY(
            SELECT xmax FROM fieldstone.log_head WHERE %(consumer)s::text = ''
            UNION ALL SELECT xmax FROM fieldstone.log_consumer WHERE name = %(consumer)s::text
        )))
        OR (
            held.locktype = 'relation' AND held.mode LIKE ANY (ARRAY['Share%%Lock', '%%ExclusiveLock'])
            AND held.mode NOT IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock')
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.relation IN ('fieldstone.event_staging'::regclass, 'fieldstone.event_log'::regclass)
        )
    );

-- name: find_position
-- The bounds of the log that a workspace had in an epoch, and the position here of an event there, or of the last before it.
SELECT epoch.first, epoch.last, coalesce((
    SELECT moved.position FROM fieldstone.moved_event AS moved
    WHERE moved.workspace_id = epoch.workspace_id AND moved.epoch = epoch.epoch AND moved.earlier <= %(position)s::bigint
    ORDER BY moved.earlier DESC LIMIT 1
), epoch.start)
FROM fieldstone.log_epoch AS epoch
WHERE epoch.workspace_id = %(workspace_id)s::uuid AND epoch.epoch = %(epoch)s::bigint;

-- name: forget_positions
-- Some of the oldest positions of events that have left the log since they came from another cell.
DELETE FROM fieldstone.moved_event WHERE (workspace_id, epoch, earlier) IN (
    SELECT workspace_id, epoch, earlier FROM fieldstone.moved_event
    WHERE position < (SELECT min(position) FROM fieldstone.event_log) ORDER BY position LIMIT %(limit)s::bigint
)
RETURNING 1;
