-- name: find_credentials
SELECT encode(credential.hash, 'hex'), placement.workspace_id, placement.cell
FROM fieldstone.placed_credential AS credential JOIN fieldstone.placement USING (workspace_id)
WHERE credential.hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given));

-- name: find_placement
SELECT cell FROM fieldstone.placement WHERE workspace_id = %(workspace_id)s::uuid;

-- name: note_placement
-- A name that another workspace has stays with that one.
INSERT INTO fieldstone.placement (workspace_id, name, cell, epoch)
SELECT %(workspace_id)s::uuid, CASE WHEN NOT EXISTS (
    SELECT FROM fieldstone.placement AS other WHERE other.name = %(name)s::text AND other.workspace_id <> %(workspace_id)s::uuid
) THEN %(name)s::text END, %(cell)s::text, %(epoch)s::bigint
ON CONFLICT (workspace_id) DO UPDATE SET cell = excluded.cell, epoch = excluded.epoch
WHERE placement.epoch < excluded.epoch;

-- name: note_credential
-- Some of those that were noted long ago go, as most sessions have ended by then.
WITH old AS (
    DELETE FROM fieldstone.placed_credential WHERE hash = ANY (ARRAY(
        SELECT hash FROM fieldstone.placed_credential WHERE noted_at < now() - interval '30 days'
        ORDER BY noted_at LIMIT 100 FOR UPDATE SKIP LOCKED
    ))
)
INSERT INTO fieldstone.placed_credential (hash, workspace_id)
SELECT decode(%(hash)s::text, 'hex'), workspace_id FROM fieldstone.placement WHERE workspace_id = %(workspace_id)s::uuid
ON CONFLICT DO NOTHING;

-- name: search_credentials
-- In a cell: the workspaces whose keys or sessions have these hashes, with their names and epochs.
SELECT encode(credential.hash, 'hex'), workspace.id, workspace.name, workspace.epoch FROM (
    SELECT token_hash AS hash, workspace_id FROM fieldstone.api_key
    WHERE token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
    UNION ALL SELECT old_token_hash, workspace_id FROM fieldstone.api_key
    WHERE old_token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
    UNION ALL SELECT token_hash, workspace_id FROM fieldstone.session
    WHERE token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
) AS credential JOIN fieldstone.workspace ON workspace.id = credential.workspace_id AND workspace.presence = 'HERE';

-- name: search_workspace
-- In a cell: whether it has this workspace.
SELECT name, epoch FROM fieldstone.workspace WHERE presence = 'HERE' AND id = %(workspace_id)s::uuid;

-- name: search_name
-- In a cell: the workspace of this name.
SELECT id, epoch FROM fieldstone.workspace WHERE presence = 'HERE' AND name = %(name)s::text;

-- name: search_several
-- In a cell: those of some workspaces that it has, and those of some names.
SELECT id, name, epoch FROM fieldstone.workspace
WHERE presence = 'HERE' AND (id = ANY (%(ids)s::uuid[]) OR name = ANY (%(names)s::text[])) ORDER BY name;

-- name: search_restored
-- In a cell: a workspace that it has.
SELECT schema_name, epoch FROM fieldstone.workspace WHERE presence = 'HERE' AND id = %(workspace_id)s;

-- name: which_database
-- In a cell: the microsecond in which its server has started, and its number there, which no other database shares with it. Any
-- role may ask for these, unlike the identifier of the server, which its copies have, too.
SELECT pg_postmaster_start_time(), (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: list_workspaces
-- In a cell: its workspaces.
SELECT name, id, epoch FROM fieldstone.workspace WHERE presence = 'HERE' ORDER BY name;

-- name: weigh_workspaces
-- In a cell: its workspaces, with the bytes of their tables and their load in the last hour, in seconds each minute. The bytes
-- are asked of each file.
SELECT workspace.name, workspace.id, workspace.epoch, coalesce(size.bytes, 0)::bigint, coalesce(load.seconds, 0)::float8
FROM fieldstone.workspace
LEFT JOIN (
    SELECT relnamespace::regnamespace::text AS schema_name, sum(pg_total_relation_size(oid)) AS bytes
    FROM pg_class WHERE relkind IN ('r', 'm') GROUP BY relnamespace
) AS size ON size.schema_name = quote_ident(workspace.schema_name)
LEFT JOIN (
    SELECT workspace_id, sum(seconds) / 60 AS seconds
    FROM fieldstone.workspace_load WHERE minute > now() - interval '1 hour' GROUP BY workspace_id
) AS load ON load.workspace_id = workspace.id
WHERE workspace.presence = 'HERE' ORDER BY workspace.name;

-- name: register
-- In the home: the workspaces of a cell that the directory does not know. The names come first to the home.
INSERT INTO fieldstone.placement (workspace_id, name, cell, epoch)
SELECT given.id, CASE WHEN given.name <> %(unnamed)s::text AND NOT EXISTS (
    SELECT FROM fieldstone.placement AS other WHERE other.name = given.name
) THEN given.name END, %(cell)s::text, given.epoch
FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(epochs)s::bigint[]) AS given (id, name, epoch)
ON CONFLICT (workspace_id) DO UPDATE SET cell = excluded.cell, epoch = excluded.epoch
WHERE placement.epoch < excluded.epoch;

-- name: find_unmoved
-- In the home: the workspace of this name in the directory, unless it is being moved.
SELECT workspace_id, cell FROM fieldstone.placement AS placed WHERE name = %(name)s::text AND NOT EXISTS (
    SELECT FROM fieldstone.workspace_move AS move WHERE move.workspace_id = placed.workspace_id AND done_at IS NULL
);

-- name: remove_placement
DELETE FROM fieldstone.placement WHERE workspace_id = %(workspace_id)s::uuid;

-- name: note_load
WITH old AS (DELETE FROM fieldstone.workspace_load WHERE minute < now() - interval '1 day')
INSERT INTO fieldstone.workspace_load (workspace_id, minute, seconds)
SELECT given.id, date_trunc('minute', now()), given.seconds
FROM unnest(%(ids)s::uuid[], %(seconds)s::float8[]) AS given (id, seconds) ORDER BY given.id
ON CONFLICT (minute, workspace_id) DO UPDATE SET seconds = workspace_load.seconds + excluded.seconds;
