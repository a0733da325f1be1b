-- name: note_slow_operations
-- Equal operations that other processes or earlier turns have noted are one row. Beyond `most` rows of a workspace those
-- seen the longest ago go.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(entries)s::jsonb) AS given (workspace_id uuid, digest text, api text, type text,
        name text, roots text, hash text, role text, variables jsonb, count bigint, total_ms float8, max_ms float8,
        plan jsonb)
    WHERE EXISTS (SELECT FROM fieldstone.workspace WHERE workspace.id = given.workspace_id)
),
noted AS (
    INSERT INTO fieldstone.slow_operation AS known (workspace_id, digest, api, type, name, roots, hash, role, variables,
        count, total_ms, max_ms, plan)
    SELECT workspace_id, digest, api, type, name, roots, hash, role, variables, count, total_ms, max_ms, plan
    FROM given ORDER BY workspace_id, digest
    ON CONFLICT (workspace_id, digest) DO UPDATE SET count = known.count + excluded.count,
        total_ms = known.total_ms + excluded.total_ms, max_ms = greatest(known.max_ms, excluded.max_ms),
        last_at = excluded.last_at, plan = coalesce(excluded.plan, known.plan)
    RETURNING id, workspace_id
),
placed AS (
    SELECT known.id, row_number() OVER (PARTITION BY known.workspace_id ORDER BY known.last_at DESC, known.id) AS place
    FROM fieldstone.slow_operation AS known
    WHERE known.workspace_id IN (SELECT workspace_id FROM noted) AND known.id NOT IN (SELECT id FROM noted)
)
DELETE FROM fieldstone.slow_operation
WHERE id IN (SELECT id FROM placed WHERE place > %(most)s::int);
