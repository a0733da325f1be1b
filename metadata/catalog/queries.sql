-- name: wait_for_lock
-- One of sql/locks.py, held to the end of the transaction.
SELECT pg_advisory_xact_lock(%(space)s, %(lock)s);

-- name: catalog_migrations
SELECT version, name, checksum FROM fieldstone.migration ORDER BY version;

-- name: catalog_exists
-- By the rows of PostgreSQL's catalog: to_regclass keeps in mind for a transaction what it has not found before.
SELECT EXISTS (
    SELECT FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = 'fieldstone' AND relname = 'migration'
);

-- name: create_catalog
CREATE SCHEMA IF NOT EXISTS fieldstone;
CREATE TABLE fieldstone.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: record_migration
INSERT INTO fieldstone.migration (version, name, checksum) VALUES (%(version)s, %(name)s, %(checksum)s);

-- name: extensions
SELECT e.extname, n.nspname
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = ANY (%(names)s)
ORDER BY e.extname;

-- name: available_extensions
SELECT name FROM pg_available_extensions WHERE name = ANY (%(names)s) AND installed_version IS NULL;

-- name: begin_read
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: begin_model_read
-- The tables are locked before the snapshot is taken, by the first query: a snapshot reads a table that a migration has
-- rewritten after it as empty.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
LOCK TABLE fieldstone.workspace, fieldstone.object, fieldstone.field, fieldstone.relation, fieldstone.index,
    fieldstone.retired_name, fieldstone.role IN ACCESS SHARE MODE;

-- name: model_version
-- The version, and the schemas with the views of the workspace's SQL roles. A restored database may have their rows
-- without the logins, which belong to the server: no change of the model fails by that.
SELECT version, (
    SELECT coalesce(json_agg(json_build_array(name, role_id, snake_case, claims, logins) ORDER BY name), '[]')
    FROM (
        SELECT schema_name AS name, role_id, snake_case, claims, coalesce(array_agg(name ORDER BY name)
            FILTER (WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = name)), '{}') AS logins
        FROM fieldstone.sql_role
        WHERE workspace_id = %(workspace_id)s AND EXISTS (SELECT FROM pg_namespace WHERE nspname = schema_name)
        GROUP BY schema_name, role_id, snake_case, claims
    ) AS schema
) FROM fieldstone.workspace WHERE id = %(workspace_id)s;

-- name: current_version
SELECT version FROM fieldstone.workspace WHERE id = %(workspace_id)s::uuid;

-- name: workspace_by_id
SELECT id, name, schema_name, is_distributed, epoch, seal_key, version FROM fieldstone.workspace WHERE id = %(workspace_id)s AND presence = 'HERE';

-- name: workspace_by_name
SELECT id, name, schema_name, is_distributed, epoch, seal_key FROM fieldstone.workspace WHERE name = %(name)s AND presence = 'HERE';

-- name: workspace_id_by_name
-- A name may have the form of an id: the id comes first. The home knows the workspaces of all cells. Each part is a look-up
-- by an index; an OR of both would read 100,000 workspaces for each request that names one.
WITH given AS (
    SELECT CASE WHEN %(name)s::text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN %(name)s::text::uuid END AS id
)
SELECT id FROM (
    SELECT id, false AS is_by_name FROM fieldstone.workspace WHERE id = (SELECT id FROM given) AND presence = 'HERE'
    UNION ALL SELECT workspace_id, false FROM fieldstone.placement WHERE workspace_id = (SELECT id FROM given)
    UNION ALL SELECT id, true FROM fieldstone.workspace WHERE name = %(name)s::text AND presence = 'HERE'
    UNION ALL SELECT workspace_id, true FROM fieldstone.placement WHERE name = %(name)s::text
) AS workspace
ORDER BY is_by_name LIMIT 1;

-- name: workspaces
SELECT id, name, schema_name, is_distributed, epoch, seal_key FROM fieldstone.workspace WHERE presence = 'HERE' ORDER BY name;

-- name: load_objects
SELECT id, name_singular, name_plural, label_singular, label_plural, description, icon, table_name,
    is_custom, is_system, is_active, duplicate_criteria::text, position
FROM fieldstone.object WHERE workspace_id = %(workspace_id)s AND version > %(after)s ORDER BY seq;

-- name: load_object_ids
SELECT id FROM fieldstone.object WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: load_fields
SELECT id, object_id, name, type, label, description, icon, column_name, is_nullable, is_unique, is_active,
    is_custom, is_system, default_value::text, options::text, settings::text, relation_id, access, status,
    backfill::text, failure, position, former_columns
FROM fieldstone.field WHERE object_id = ANY (%(object_ids)s) ORDER BY seq;

-- name: load_relations
SELECT id, source_object_id, source_field_id, target_object_id, target_field_id, on_delete
FROM fieldstone.relation WHERE source_object_id = ANY (%(object_ids)s) OR target_object_id = ANY (%(object_ids)s);

-- name: load_indexes
SELECT id, object_id, name, field_ids::text, is_unique, is_partial, method, sub_field, text_order, status, failure
FROM fieldstone.index WHERE object_id = ANY (%(object_ids)s) ORDER BY seq;

-- name: load_retired_names
SELECT object_id, name FROM fieldstone.retired_name
WHERE workspace_id = %(workspace_id)s AND (object_id IS NULL OR object_id = ANY (%(object_ids)s));

-- name: load_roles
SELECT id, name, label, description, parents::text, grants::text, claims::text, limits::text, settings::text, is_system
FROM fieldstone.role WHERE workspace_id = %(workspace_id)s AND version > %(after)s ORDER BY seq;

-- name: load_role_ids
SELECT id FROM fieldstone.role WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: set_role_versions
UPDATE fieldstone.role SET version = %(version)s WHERE id = ANY (%(role_ids)s);

-- name: insert_role
INSERT INTO fieldstone.role (id, workspace_id, name, label, description, parents, grants, claims, limits, settings,
    shown, is_system)
VALUES (%(id)s, %(workspace_id)s, %(name)s, %(label)s, %(description)s, %(parents)s, %(grants)s, %(claims)s, %(limits)s,
    %(settings)s, %(shown)s, %(is_system)s);

-- name: update_role
UPDATE fieldstone.role SET name = %(name)s, label = %(label)s, description = %(description)s, parents = %(parents)s,
    grants = %(grants)s, claims = %(claims)s, limits = %(limits)s, settings = %(settings)s, shown = %(shown)s,
    updated_at = now()
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: show_role
UPDATE fieldstone.role SET shown = %(shown)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: release_role
-- Keys that are valid no more keep no role from being deleted.
UPDATE fieldstone.api_key SET role_id = NULL
WHERE workspace_id = %(workspace_id)s AND role_id = %(id)s AND (revoked_at IS NOT NULL OR expires_at <= now());

-- name: delete_role
DELETE FROM fieldstone.role WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: role_by_name
SELECT id FROM fieldstone.role WHERE workspace_id = %(workspace_id)s AND name = %(name)s;

-- name: role_names
SELECT name FROM fieldstone.role WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: role_holders
-- The valid keys, the webhooks and the SQL roles that have a role, a few of each.
(SELECT 'API key', name FROM fieldstone.api_key
WHERE workspace_id = %(workspace_id)s AND role_id = %(id)s AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > now())
ORDER BY id LIMIT %(most)s)
UNION ALL
(SELECT 'webhook', target_url FROM fieldstone.webhook
WHERE workspace_id = %(workspace_id)s AND role_id = %(id)s ORDER BY id LIMIT %(most)s)
UNION ALL
(SELECT 'SQL role', name FROM fieldstone.sql_role
WHERE workspace_id = %(workspace_id)s AND role_id = %(id)s ORDER BY name LIMIT %(most)s);

-- name: set_object_versions
UPDATE fieldstone.object SET version = %(version)s WHERE id = ANY (%(object_ids)s);

-- name: moved_versions
-- The workspaces whose version differs from the known one; NULL where the workspace is gone.
SELECT known.id, workspace.version
FROM unnest(%(ids)s::uuid[], %(versions)s::bigint[]) AS known (id, version)
LEFT JOIN fieldstone.workspace ON workspace.id = known.id AND workspace.presence = 'HERE'
WHERE workspace.version IS DISTINCT FROM known.version;

-- name: moved_since
-- The workspaces that transactions from `since` on have moved, those without a version to their end, and the keys; and the
-- oldest transaction that still runs, from which the next look goes on. It is the only row's where nothing has moved. A
-- restored database may hold the numbers of transactions that are yet to come here.
SELECT pg_snapshot_xmin(pg_current_snapshot()), moved.id, moved.version, moved.is_key
FROM (VALUES (pg_snapshot_xmax(pg_current_snapshot()))) AS look (ends) LEFT JOIN LATERAL (
    SELECT workspace.id, workspace.version, false AS is_key FROM fieldstone.workspace
    WHERE workspace.moved_in >= %(since)s::xid8 AND workspace.moved_in < look.ends
    UNION ALL
    SELECT deleted.id, NULL, false FROM fieldstone.deleted_workspace AS deleted
    WHERE deleted.moved_in >= %(since)s::xid8 AND deleted.moved_in < look.ends
        AND NOT EXISTS (SELECT FROM fieldstone.workspace WHERE workspace.id = deleted.id)
    UNION ALL
    SELECT api_key.id, NULL, true FROM fieldstone.api_key
    WHERE api_key.moved_in >= %(since)s::xid8 AND api_key.moved_in < look.ends
    UNION ALL
    SELECT deleted_key.id, NULL, true FROM fieldstone.deleted_key
    WHERE deleted_key.moved_in >= %(since)s::xid8 AND deleted_key.moved_in < look.ends
) AS moved ON true;

-- name: oldest_transaction
SELECT pg_snapshot_xmin(pg_current_snapshot());

-- name: lock_workspace
SELECT pg_advisory_xact_lock(hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0));

-- fragment: advisory_holders
pg_locks AS held JOIN pg_stat_activity AS holder USING (pid)
WHERE held.locktype = 'advisory' AND held.granted
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- fragment: number_of_lock
-- A lock of one number shows its two halves.
(held.classid::bigint << 32) | held.objid::bigint

-- name: turn_holder
-- The session that holds the lock of `lock_workspace`.
SELECT holder.pid::text, holder.application_name, coalesce(host(holder.client_addr), 'a local socket'), holder.state,
    to_char(holder.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM <<advisory_holders>>
    AND held.objsubid = 1 AND <<number_of_lock>> = hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0);

-- name: lock_holder
-- The session that holds a lock of two numbers, or of the one that is made of a word and a workspace's id.
SELECT holder.pid, coalesce(holder.usename::text, 'unknown'), holder.application_name
FROM <<advisory_holders>> AND held.pid <> pg_backend_pid()
    AND CASE held.objsubid WHEN 2 THEN held.classid::bigint = %(space)s AND held.objid::bigint = %(lock)s
        ELSE <<number_of_lock>> = hashtextextended(%(word)s, 0) END
LIMIT 1;

-- name: catalog_holder
-- The session with the oldest transaction of those that hold a lock of the catalog's tables, or the lock of its migrations,
-- in words as metadata/writer/holders.py has them.
SELECT concat('pid ', holder.pid, ' (', coalesce(holder.application_name, 'unknown'), ' from ',
    coalesce(host(holder.client_addr), 'a local socket'), ', ', coalesce(holder.state, 'unknown'), ') since ',
    coalesce(to_char(holder.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'unknown'))
FROM pg_locks AS held JOIN pg_stat_activity AS holder USING (pid)
WHERE held.granted AND held.pid <> pg_backend_pid()
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (held.relation IN (
            SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'fieldstone'
        ) OR held.locktype = 'advisory' AND held.objsubid = 2
            AND held.classid::bigint = %(space)s AND held.objid::bigint = %(lock)s)
ORDER BY holder.xact_start LIMIT 1;

-- name: begin_change
-- Statements behind the lock must see all changes that were committed while it was waited for. The rewrite of a big
-- table may take longer than a request's statement may.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = 0;

-- name: idle_without_limit
-- Between two statements of such a transaction, work in this process or on another database may take long.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: go_on
-- Ends the wait of the server for the next statement of a transaction.
SELECT;

-- name: wait_for_locks_at_most
SELECT set_config('lock_timeout', %(milliseconds)s, true);

-- name: detect_deadlocks_at_once
-- An autovacuum gives way only after deadlock_timeout, which few roles may lower.
SELECT set_config('deadlock_timeout', '20ms', true) WHERE has_parameter_privilege('deadlock_timeout', 'SET');

-- name: insert_workspace
-- Its indexes are in the order of sql/text_order.py from the beginning.
INSERT INTO fieldstone.workspace (id, name, schema_name, is_distributed, text_order)
VALUES (%(id)s, %(name)s, %(schema_name)s, %(is_distributed)s, 1) RETURNING seal_key;

-- name: prepare_two_phases
-- A table that Citus knows and that lies on the coordinator, without rows: a transaction that writes to it commits in two
-- phases. Otherwise a node commits, and lets go of its rows, before the coordinator does with the event.
DO $do$
BEGIN
    IF to_regclass('fieldstone_citus.two_phases') IS NULL THEN
        CREATE SCHEMA fieldstone_citus;
        CREATE TABLE fieldstone_citus.two_phases (id int PRIMARY KEY);
        PERFORM citus_add_local_table_to_metadata('fieldstone_citus.two_phases');
        GRANT USAGE ON SCHEMA fieldstone_citus TO PUBLIC;
        GRANT SELECT, DELETE ON fieldstone_citus.two_phases TO PUBLIC;
    END IF;
END $do$;

-- name: distribute_schema
SELECT citus_schema_distribute(quote_ident(%(schema)s)::regnamespace);

-- name: set_distributed
UPDATE fieldstone.workspace SET is_distributed = true WHERE id = %(workspace_id)s;

-- name: has_citus
SELECT to_regproc('pg_catalog.citus_schema_distribute') IS NOT NULL;

-- name: citus_role
SELECT citus_is_coordinator(), (SELECT count(*) FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary');

-- name: citus_nodes
SELECT nodename, nodeport FROM pg_dist_node WHERE shouldhaveshards AND noderole = 'primary' ORDER BY 1, 2;

-- name: cluster_nodes
SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary' AND isactive;

-- name: latest_placement
-- It grows with each table that is made or moved.
SELECT last_value FROM pg_catalog.pg_dist_placement_placementid_seq;

-- name: workspace_nodes
SELECT workspace.id, node.nodename, node.nodeport
FROM fieldstone.workspace
    JOIN pg_namespace AS schema ON schema.nspname = workspace.schema_name
    JOIN pg_dist_schema AS distributed ON distributed.schemaid = schema.oid
    CROSS JOIN LATERAL (
        SELECT placement.groupid
        FROM pg_dist_partition AS part JOIN pg_dist_shard AS shard USING (logicalrelid)
            JOIN pg_dist_placement AS placement USING (shardid)
        WHERE part.colocationid = distributed.colocationid LIMIT 1
    ) AS place
    JOIN pg_dist_node AS node ON node.groupid = place.groupid AND node.noderole = 'primary' AND node.groupid <> 0
WHERE workspace.id = ANY (%(ids)s::uuid[]);

-- name: move_schema
SELECT citus_schema_move(quote_ident(%(schema)s)::regnamespace, %(host)s, %(port)s::int);

-- name: placements
-- The bytes and the accesses are asked of the nodes, by one statement each.
WITH shard AS (
    SELECT part.logicalrelid, shard_of.shardid, node.nodeid, node.nodename, node.nodeport
    FROM pg_dist_partition AS part JOIN pg_dist_shard AS shard_of USING (logicalrelid)
        JOIN pg_dist_placement AS placement USING (shardid)
        JOIN pg_dist_node AS node ON node.groupid = placement.groupid AND node.noderole = 'primary'
), counted AS (
    SELECT answer.nodeid, (entry ->> 0)::bigint AS shardid, (entry ->> 1)::bigint AS bytes, (entry ->> 2)::bigint AS accesses
    FROM run_command_on_all_nodes($command$
        SELECT coalesce(json_agg(json_build_array(
            substring(relname FROM '_([0-9]+)$'), pg_total_relation_size(relid),
            seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del)), '[]')
        FROM pg_stat_user_tables WHERE relname ~ '_[0-9]{6,}$'
    $command$) AS answer, json_array_elements(answer.result::json) AS entry
    WHERE answer.success
)
SELECT workspace.name, min(shard.nodename || ':' || shard.nodeport),
    coalesce(sum(coalesce(counted.bytes, CASE WHEN shard.shardid IS NULL THEN pg_total_relation_size(class.oid) END)), 0)::bigint,
    coalesce(sum(coalesce(counted.accesses, CASE WHEN shard.shardid IS NULL THEN
        own.seq_tup_read + coalesce(own.idx_tup_fetch, 0) + own.n_tup_ins + own.n_tup_upd + own.n_tup_del END)), 0)::bigint
FROM fieldstone.workspace
    LEFT JOIN pg_namespace AS schema ON schema.nspname = workspace.schema_name
    LEFT JOIN pg_class AS class ON class.relnamespace = schema.oid AND class.relkind = 'r'
    LEFT JOIN shard ON shard.logicalrelid = class.oid
    LEFT JOIN counted USING (nodeid, shardid)
    LEFT JOIN pg_stat_user_tables AS own ON own.relid = class.oid
GROUP BY workspace.name ORDER BY workspace.name;

-- name: revoke_workspace_keys
UPDATE fieldstone.api_key SET revoked_at = coalesce(revoked_at, now()) WHERE workspace_id = %(workspace_id)s;

-- name: tables_to_drop
-- Tables without references from others come first: dropping them locks only them and the tables that they refer to.
SELECT class.relname, (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = class.oid
    AND conrelid <> class.oid) AS referrers
FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
WHERE schema.nspname = %(schema)s AND class.relkind IN ('r', 'p')
ORDER BY referrers, class.relname LIMIT %(limit)s;

-- name: count_tables
SELECT count(*), coalesce(sum(pg_total_relation_size(class.oid)), 0)::bigint
FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
WHERE schema.nspname = %(schema)s AND class.relkind IN ('r', 'p');

-- name: gone_workspaces
SELECT id FROM fieldstone.workspace WHERE presence = 'GONE' AND id = ANY (%(ids)s::uuid[]);

-- name: delete_workspace
DELETE FROM fieldstone.workspace WHERE id = %(workspace_id)s;

-- name: stray_schemas
-- One statement sees both sides of a workspace that others make or delete meanwhile.
SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %(prefix)s)
    AND NOT EXISTS (SELECT FROM fieldstone.workspace WHERE schema_name = nspname AND presence IN ('HERE', 'COMING'));

-- name: is_schema_taken
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %(schema)s);

-- name: set_version
UPDATE fieldstone.workspace SET version = %(version)s WHERE id = %(workspace_id)s;

-- name: record_change
INSERT INTO fieldstone.model_change (workspace_id, version, change, actor, actor_kind, actor_id)
VALUES (%(workspace_id)s, %(version)s, %(change)s::jsonb, %(actor)s, %(actor_kind)s, %(actor_id)s);

-- name: insert_object
INSERT INTO fieldstone.object (id, workspace_id, name_singular, name_plural, label_singular, label_plural, description,
    icon, table_name, is_custom, is_system, is_active, duplicate_criteria, position)
VALUES (%(id)s, %(workspace_id)s, %(name_singular)s, %(name_plural)s, %(label_singular)s, %(label_plural)s,
    %(description)s, %(icon)s, %(table_name)s, %(is_custom)s, %(is_system)s, %(is_active)s,
    %(duplicate_criteria)s::jsonb, %(position)s);

-- name: insert_field
INSERT INTO fieldstone.field (id, workspace_id, object_id, name, type, label, description, icon, column_name,
    is_nullable, is_unique, is_active, is_custom, is_system, default_value, options, settings, relation_id, access,
    status, backfill, position)
VALUES (%(id)s, %(workspace_id)s, %(object_id)s, %(name)s, %(type)s, %(label)s, %(description)s, %(icon)s,
    %(column_name)s, %(is_nullable)s, %(is_unique)s, %(is_active)s, %(is_custom)s, %(is_system)s,
    %(default_value)s::jsonb, %(options)s::jsonb, %(settings)s::jsonb, %(relation_id)s, %(access)s,
    %(status)s, %(backfill)s::jsonb, %(position)s);

-- name: insert_relation
INSERT INTO fieldstone.relation (id, workspace_id, source_object_id, source_field_id, target_object_id,
    target_field_id, on_delete)
VALUES (%(id)s, %(workspace_id)s, %(source_object_id)s, %(source_field_id)s, %(target_object_id)s,
    %(target_field_id)s, %(on_delete)s);

-- name: insert_index
INSERT INTO fieldstone.index (
    id, workspace_id, object_id, name, field_ids, is_unique, is_partial, method, sub_field, text_order, status)
VALUES (%(id)s, %(workspace_id)s, %(object_id)s, %(name)s, %(field_ids)s::jsonb, %(is_unique)s, %(is_partial)s,
    %(method)s, %(sub_field)s, %(text_order)s, %(status)s);

-- name: update_object
UPDATE fieldstone.object SET name_singular = %(name_singular)s, name_plural = %(name_plural)s,
    label_singular = %(label_singular)s, label_plural = %(label_plural)s, description = %(description)s,
    icon = %(icon)s, is_active = %(is_active)s, duplicate_criteria = %(duplicate_criteria)s::jsonb, position = %(position)s,
    updated_at = now()
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: update_field
UPDATE fieldstone.field SET name = %(name)s, type = %(type)s, label = %(label)s, description = %(description)s,
    icon = %(icon)s, column_name = %(column_name)s, is_nullable = %(is_nullable)s, is_unique = %(is_unique)s,
    is_active = %(is_active)s, default_value = %(default_value)s::jsonb, options = %(options)s::jsonb, settings = %(settings)s::jsonb,
    status = %(status)s, backfill = %(backfill)s::jsonb, failure = %(failure)s, position = %(position)s,
    former_columns = %(former_columns)s::text[], updated_at = now()
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: update_relation
UPDATE fieldstone.relation SET on_delete = %(on_delete)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_object
DELETE FROM fieldstone.object WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_field
DELETE FROM fieldstone.field WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_relation
DELETE FROM fieldstone.relation WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_index
DELETE FROM fieldstone.index WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: retire_name
INSERT INTO fieldstone.retired_name (workspace_id, object_id, name)
VALUES (%(workspace_id)s, %(object_id)s, %(name)s);

-- fragment: api_key_row
id, workspace_id, name, (SELECT role.name FROM fieldstone.role WHERE role.id = role_id), created_at, expires_at, revoked_at,
last_used_at, networks

-- name: insert_api_key
INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, prefix, role_id, claims, networks, expires_at,
    created_by_key, root_key)
VALUES (%(id)s, %(workspace_id)s, %(name)s, %(token_hash)s, %(prefix)s, %(role_id)s, %(claims)s, %(networks)s,
    %(expires_at)s, %(maker_id)s, %(root_id)s)
RETURNING <<api_key_row>>;

-- name: api_key_maker
-- A revocation of the maker waits until the new key is committed, and so finds it.
SELECT coalesce(root_key, id) FROM fieldstone.api_key
WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND revoked_at IS NULL FOR SHARE;

-- name: api_keys_by_hashes
-- The old token of a rotated key ends earlier than its key. The tenth column is whether a use of it has to be noted.
SELECT encode(token.hash, 'hex'), k.id, k.workspace_id, k.name, k.role_id,
    extract(epoch FROM least(k.expires_at, token.until)), coalesce(k.root_key, k.id), k.claims,
    array_to_string(k.networks, ','), k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute', k.prefix,
    token.until IS NOT NULL
FROM (
    SELECT id, token_hash AS hash, NULL AS until FROM fieldstone.api_key
    WHERE token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
    UNION ALL
    SELECT id, old_token_hash, old_token_until FROM fieldstone.api_key
    WHERE old_token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
        AND old_token_until > now()
) AS token JOIN fieldstone.api_key AS k ON k.id = token.id
WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());

-- name: api_keys
SELECT <<api_key_row>>
FROM fieldstone.api_key WHERE workspace_id = %(workspace_id)s ORDER BY id;

-- name: revoke_api_key
UPDATE fieldstone.api_key SET revoked_at = coalesce(revoked_at, now())
WHERE workspace_id = %(workspace_id)s AND id = %(id)s
RETURNING <<api_key_row>>;

-- name: api_key_binding
SELECT role_id, claims::text FROM fieldstone.api_key WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: api_key_end
SELECT CASE WHEN %(by_old_token)s THEN least(expires_at, old_token_until) ELSE expires_at END FROM fieldstone.api_key WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: rotate_api_key
-- The token before the last rotation ends at once; a key that is not valid any more stays as it is.
UPDATE fieldstone.api_key
SET token_hash = %(token_hash)s, prefix = %(prefix)s, old_token_hash = token_hash,
    old_token_until = now() + make_interval(secs => %(overlap)s)
WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > now())
RETURNING <<api_key_row>>;

-- name: note_key_uses
-- Another process may have noted a use meanwhile, and one that is about to write a key need not be waited for.
UPDATE fieldstone.api_key SET last_used_at = now()
WHERE id IN (
    SELECT id FROM fieldstone.api_key
    WHERE id = ANY (%(ids)s) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
    FOR NO KEY UPDATE SKIP LOCKED
);

-- name: revoke_made_keys
WITH RECURSIVE made AS (
    SELECT id FROM fieldstone.api_key WHERE workspace_id = %(workspace_id)s AND created_by_key = %(id)s
    UNION
    SELECT api_key.id FROM fieldstone.api_key JOIN made ON api_key.created_by_key = made.id
)
UPDATE fieldstone.api_key SET revoked_at = now() FROM made
WHERE api_key.id = made.id AND api_key.revoked_at IS NULL
RETURNING api_key.id;

-- name: revoke_keys_of_root
UPDATE fieldstone.api_key SET revoked_at = now()
WHERE workspace_id = %(workspace_id)s AND root_key = %(id)s AND revoked_at IS NULL
RETURNING id;

-- name: end_sessions_of_key
-- Whoever has signed in by a key's old token must sign in by the new one.
UPDATE fieldstone.session
SET expires_at = least(expires_at, now() + make_interval(secs => %(overlap)s)), by_old_token = true
WHERE key_id = %(id)s AND revoked_at IS NULL AND expires_at > now();

-- name: insert_sign_in_code
INSERT INTO fieldstone.sign_in_code (hash, workspace_id, key_id, expires_at)
VALUES (%(hash)s, %(workspace_id)s, %(key_id)s, now() + make_interval(secs => %(seconds)s));

-- name: take_sign_in_code
-- The hash of the token of the code's key: a code is worth nothing once it has been read, or has expired.
DELETE FROM fieldstone.sign_in_code AS code USING fieldstone.api_key AS k
WHERE code.hash = %(hash)s AND k.id = code.key_id
RETURNING CASE WHEN code.expires_at > now() THEN k.token_hash END;

-- name: drop_sign_in_codes
DELETE FROM fieldstone.sign_in_code WHERE expires_at < now();

-- name: sessions_by_hashes
-- A session ends with its key, and with a denial of its subject. Uses are noted to the minute, so an idle one ends up to a
-- minute late, and never early. A process of an older release marks no session of an old token, and has it end with that.
-- The last column is whether it still holds.
SELECT encode(s.token_hash, 'hex'), s.key_id IS NOT NULL, coalesce(k.id, s.user_id),
    coalesce(k.root_key, k.id, s.user_id), coalesce(k.name, s.name), s.workspace_id, coalesce(k.role_id::text, s.role),
    coalesce(k.claims, s.claims), array_to_string(coalesce(k.networks, '{}'), ','),
    extract(epoch FROM least(s.expires_at, k.expires_at)), s.id, k.prefix, s.issuer,
    s.by_old_token OR s.expires_at = k.old_token_until,
    s.revoked_at IS NULL AND s.expires_at > now()
    AND (s.idle_seconds = 0 OR s.last_used_at > now() - make_interval(secs => s.idle_seconds + 60))
    AND (k.id IS NULL OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
    AND NOT EXISTS (
        SELECT 1 FROM fieldstone.denied_token AS d
        WHERE d.workspace_id = s.workspace_id AND d.issuer = s.issuer AND d.kind = 'SUBJECT' AND d.value = s.subject
            AND d.denied_at >= s.created_at AND (d.expires_at IS NULL OR d.expires_at > now())
    )
FROM fieldstone.session AS s LEFT JOIN fieldstone.api_key AS k ON k.id = s.key_id
WHERE s.token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given));

-- name: insert_session
-- A session that a rotated key's old token begins ends with that token, and at once where the key has the token no more. A
-- rotation waits until the session is committed, and so finds it.
WITH given AS (
    SELECT CASE WHEN token_hash = %(key_hash)s THEN 'infinity' ELSE old_token_until END AS until
    FROM fieldstone.api_key
    WHERE id = %(key_id)s AND (token_hash = %(key_hash)s OR (old_token_hash = %(key_hash)s AND old_token_until > now()))
    FOR SHARE
)
INSERT INTO fieldstone.session (id, workspace_id, token_hash, key_id, user_id, issuer, subject, name, role, claims,
    address, expires_at, idle_seconds, by_old_token)
VALUES (%(id)s, %(workspace_id)s, %(token_hash)s, %(key_id)s, %(user_id)s, %(issuer)s, %(subject)s, %(name)s, %(role)s,
    %(claims)s, %(address)s,
    least(
        now() + make_interval(secs => %(seconds)s),
        CASE WHEN %(key_id)s::uuid IS NOT NULL THEN coalesce((SELECT until FROM given), now()) END
    ),
    %(idle_seconds)s, coalesce((SELECT until < 'infinity' FROM given), false))
RETURNING expires_at > now();

-- name: note_session_uses
UPDATE fieldstone.session SET last_used_at = now()
WHERE id IN (
    SELECT id FROM fieldstone.session
    WHERE id = ANY (%(ids)s) AND last_used_at < now() - interval '50 seconds' FOR NO KEY UPDATE SKIP LOCKED
);

-- name: drop_old_sessions
-- Those that ended a month ago are of no use in the list. A sign-in drops some of them, and waits for no other one.
DELETE FROM fieldstone.session WHERE id IN (
    SELECT id FROM fieldstone.session
    WHERE workspace_id = %(workspace_id)s AND least(expires_at, coalesce(revoked_at, expires_at)) < now() - interval '30 days'
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
);

-- name: end_surplus_sessions
-- The sessions of one key or user beyond a number, the least recently used first.
UPDATE fieldstone.session SET revoked_at = now()
WHERE id IN (
    SELECT id FROM fieldstone.session
    WHERE (key_id = %(subject_id)s OR user_id = %(subject_id)s) AND workspace_id = %(workspace_id)s
        AND revoked_at IS NULL AND expires_at > now()
    ORDER BY last_used_at DESC, id DESC OFFSET %(most)s
);

-- name: drop_surplus_sessions
-- The audit log has the others: a list that each sign-in makes longer would fill the database.
DELETE FROM fieldstone.session
WHERE id IN (
    SELECT id FROM fieldstone.session
    WHERE (key_id = %(subject_id)s OR user_id = %(subject_id)s) AND workspace_id = %(workspace_id)s
    ORDER BY revoked_at IS NULL DESC, id DESC OFFSET %(most)s
);

-- name: revoke_session
UPDATE fieldstone.session SET revoked_at = coalesce(revoked_at, now())
WHERE workspace_id = %(workspace_id)s AND id = %(id)s RETURNING id;

-- name: revoke_session_by_hash
UPDATE fieldstone.session SET revoked_at = now() WHERE token_hash = %(token_hash)s AND revoked_at IS NULL
RETURNING id, workspace_id, key_id IS NOT NULL, coalesce(key_id, user_id), name;

-- name: denied_tokens
-- Nothing but the version where it is the one that the caller knows.
SELECT v.version, d.workspace_id, d.issuer, d.kind, d.value, extract(epoch FROM d.denied_at)
FROM fieldstone.denied_token_version AS v
    LEFT JOIN fieldstone.denied_token AS d ON v.version <> %(known)s::bigint
        AND (d.expires_at IS NULL OR d.expires_at > now());

-- name: deny_token
INSERT INTO fieldstone.denied_token (workspace_id, issuer, kind, value, denied_at, expires_at)
VALUES (%(workspace_id)s, %(issuer)s, %(kind)s, %(value)s, clock_timestamp(), %(expires_at)s)
ON CONFLICT (workspace_id, issuer, kind, value)
DO UPDATE SET denied_at = EXCLUDED.denied_at, expires_at = EXCLUDED.expires_at
RETURNING denied_at;

-- name: allow_token
DELETE FROM fieldstone.denied_token
WHERE workspace_id = %(workspace_id)s AND issuer = %(issuer)s AND kind = %(kind)s AND value = %(value)s
    AND (expires_at IS NULL OR expires_at > now())
RETURNING issuer, kind, value, denied_at, expires_at;

-- name: denials
SELECT issuer, kind, value, denied_at, expires_at FROM fieldstone.denied_token
WHERE workspace_id = %(workspace_id)s AND (expires_at IS NULL OR expires_at > now())
    AND (%(issuer)s::text IS NULL OR issuer = %(issuer)s) AND (%(subject)s::text IS NULL OR (kind, value) = ('SUBJECT', %(subject)s))
ORDER BY denied_at DESC, issuer, value LIMIT %(most)s;

-- name: note_denied_tokens
-- The row's lock gives the changes of the list an order.
UPDATE fieldstone.denied_token_version SET version = version + 1;

-- name: drop_expired_denials
DELETE FROM fieldstone.denied_token WHERE workspace_id = %(workspace_id)s AND expires_at <= now();

-- name: physical_columns
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || CASE
        WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE ''
    END, a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p')
ORDER BY c.relname, a.attnum;

-- name: physical_indexes
SELECT c.relname, i.relname, x.indisvalid, pg_get_indexdef(i.oid), x.indisprimary
FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS c ON c.oid = x.indrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s ORDER BY i.relname;

-- name: physical_constraints
SELECT c.relname, k.conname, k.contype::text,
    ARRAY (
        SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS o (number, place)
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = o.number
        ORDER BY o.place
    ),
    t.relname, k.condeferrable, k.condeferred, k.convalidated AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgconstraint = k.oid AND tgenabled NOT IN ('O', 'A')
    ), k.confdeltype::text || k.confupdtype::text || k.confmatchtype::text
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_class AS t ON t.oid = k.confrelid
WHERE n.nspname = %(schema)s AND k.contype NOT IN ('p', 'n', 't')
ORDER BY c.relname, k.conname;

-- name: foreign_schema_owner
-- The owner of a schema, if this user has not its rights, and the due one.
SELECT pg_get_userbyid(nspowner)::text,
    (SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'fieldstone.workspace'::regclass)
FROM pg_namespace WHERE nspname = %(schema)s AND NOT pg_has_role(current_user, nspowner, 'USAGE');

-- name: table_states
-- The tables of a schema with all beside columns, constraints and indexes that loses or hides their rows; an owner is named
-- whose rights this user has not.
SELECT c.relname, c.relpersistence = 'u', c.relrowsecurity OR c.relforcerowsecurity,
    CASE WHEN NOT pg_has_role(current_user, c.relowner, 'USAGE') THEN pg_get_userbyid(c.relowner)::text END,
    (SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'fieldstone.workspace'::regclass),
    ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY tgname),
    ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled NOT IN ('O', 'A')),
    ARRAY(SELECT rulename::text FROM pg_rewrite WHERE ev_class = c.oid ORDER BY rulename)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') ORDER BY c.relname;

-- name: lacking_privileges
-- The privileges on the tables of a schema, and the use of the schema itself (no table), that this user or the one that
-- serves has not; true for this user's. A table of another owner is named as such.
SELECT login.name, login.name = current_user, part.name, part.lacking
FROM (SELECT DISTINCT unnest(ARRAY[current_user::text, %(serving)s::text]) AS name) AS login
JOIN pg_namespace AS n ON n.nspname = %(schema)s
CROSS JOIN LATERAL (
    SELECT NULL::text AS name, ARRAY['USAGE'] AS lacking WHERE NOT has_schema_privilege(login.name, n.oid, 'USAGE')
    UNION ALL
    SELECT c.relname::text, ARRAY(
        SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS one (privilege, place)
        WHERE NOT has_table_privilege(login.name, c.oid, privilege) ORDER BY place
    ) FROM pg_class AS c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
        AND (login.name <> current_user OR pg_has_role(current_user, c.relowner, 'USAGE'))
) AS part
WHERE part.lacking <> '{}' ORDER BY 1, 3 NULLS FIRST;

-- name: catalog_structure
-- The catalog's tables, without a name, and their constraints and indexes; false if PostgreSQL does not hold all rows
-- against one.
SELECT relname, part.name, bool_and(is_valid)
FROM (
    SELECT conrelid AS table_oid, conname AS name, convalidated AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgconstraint = con.oid AND tgenabled NOT IN ('O', 'A')
    ) AS is_valid FROM pg_constraint AS con
    UNION ALL
    SELECT indrelid, relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    UNION ALL
    SELECT oid, '', true FROM pg_class
) AS part JOIN pg_class AS c ON c.oid = table_oid JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE nspname = 'fieldstone' GROUP BY relname, part.name;

-- name: has_log_head
SELECT EXISTS (SELECT FROM fieldstone.log_head);

-- name: scratch_schema
SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema();

-- name: table_bytes
SELECT pg_relation_size(to_regclass(%(table)s));

-- name: is_indexed
SELECT EXISTS (
    SELECT FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
        JOIN pg_attribute AS key ON key.attrelid = indrelid AND key.attnum = indkey[0]
    WHERE indrelid = to_regclass(%(table)s) AND attname = %(column)s AND amname = %(method)s
        AND indisvalid AND indpred IS NULL
);

-- name: table_sizes
SELECT name, CASE WHEN name = ANY (%(weighed)s) THEN pg_relation_size(to_regclass(name)) END,
    count(attnum), count(attnum) FILTER (WHERE attisdropped)
FROM unnest(%(tables)s::text[]) AS name
    LEFT JOIN pg_attribute ON attrelid = to_regclass(name) AND attnum > 0
GROUP BY name;

-- name: postponed_indexes
SELECT index.workspace_id, index.id FROM fieldstone.index WHERE status = 'BUILDING' ORDER BY seq;

-- name: former_searches
-- The indexes for searches that are made of another function of words, as a program of an older version makes them.
SELECT index.workspace_id, index.id
FROM pg_proc AS former
    JOIN pg_depend ON refclassid = 'pg_proc'::regclass AND refobjid = former.oid AND classid = 'pg_class'::regclass
    JOIN pg_class AS made ON made.oid = objid
    JOIN pg_namespace AS schema ON schema.oid = made.relnamespace
    JOIN fieldstone.workspace ON workspace.schema_name = schema.nspname
    JOIN fieldstone.index ON index.workspace_id = workspace.id AND index.name = made.relname
WHERE former.pronamespace = 'fieldstone'::regnamespace AND former.proname LIKE 'search\_words\_%%'
    AND former.oid <> to_regprocedure(%(words)s) AND index.method = 'search' AND index.status = 'READY'
ORDER BY index.seq;

-- name: update_index
UPDATE fieldstone.index SET status = %(status)s, failure = %(failure)s, updated_at = now(),
    server_major = current_setting('server_version_num')::int / 10000
WHERE id = %(id)s;

-- name: unordered_workspaces
-- Some of the workspaces whose indexes are still to be brought into the order of texts: those after one of them.
SELECT id, text_order FROM fieldstone.workspace
WHERE text_order < %(text_order)s AND (text_order, id) > (%(after_order)s, %(after_id)s)
ORDER BY text_order, id LIMIT %(most)s;

-- name: set_text_order
UPDATE fieldstone.workspace SET text_order = %(text_order)s WHERE id = %(workspace_id)s;

-- name: indexes_made_here
-- Of workspaces that another server's backup or cell had: an index folds texts as the server does that made it.
UPDATE fieldstone.index SET server_major = current_setting('server_version_num')::int / 10000
WHERE workspace_id = ANY (%(workspace_ids)s);

-- name: aged_indexes
-- The indexes of a workspace that a server of another major version built, which may fold newer characters otherwise.
SELECT id, server_major FROM fieldstone.index
WHERE workspace_id = %(workspace_id)s AND text_order > 0
    AND server_major <> current_setting('server_version_num')::int / 10000;

-- name: postponed_fields
SELECT workspace_id, id FROM fieldstone.field WHERE status = 'BUILDING' ORDER BY seq;

-- name: count_builds
SELECT (SELECT count(*) FROM fieldstone.index WHERE status = 'BUILDING'),
    (SELECT count(*) FROM fieldstone.field WHERE status = 'BUILDING'),
    (SELECT count(*) FROM fieldstone.index WHERE status = 'FAILED'),
    (SELECT count(*) FROM fieldstone.field WHERE status = 'FAILED');

-- name: set_object_status
UPDATE fieldstone.object SET status = found.status
FROM (
    SELECT object.id,
        CASE WHEN bool_or(part.status = 'BUILDING') THEN 'BUILDING' WHEN bool_or(part.status = 'FAILED') THEN 'FAILED'
        ELSE 'READY' END AS status
    FROM fieldstone.object
        LEFT JOIN (
            SELECT object_id, status FROM fieldstone.field WHERE status <> 'READY'
            UNION ALL SELECT object_id, status FROM fieldstone.index WHERE status <> 'READY'
        ) AS part ON part.object_id = object.id
    WHERE object.id = ANY (%(object_ids)s) GROUP BY object.id
) AS found
WHERE object.id = found.id AND object.status <> found.status;

-- name: invalid_constraints
SELECT conname FROM pg_constraint
WHERE conrelid = to_regclass(%(table)s) AND NOT convalidated AND conname = ANY (%(names)s);

-- name: old_holders
-- The sessions that have held locks of these tables since before a change waited for them. Autovacuum gives way itself.
SELECT DISTINCT held.pid, activity.xact_start
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.locktype = 'relation' AND held.granted AND held.pid <> pg_backend_pid()
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.relation = ANY (SELECT to_regclass(name)::oid FROM unnest(%(tables)s::text[]) AS name)
    AND activity.backend_type = 'client backend' AND activity.application_name <> 'fieldstone build'
    AND activity.xact_start < clock_timestamp() - make_interval(secs => %(seconds)s);

-- name: build_alone
-- One builder at a time in a database, for as long as its connection lasts.
SELECT pg_try_advisory_lock(%(space)s, %(lock)s);

-- name: build_no_longer
SELECT pg_advisory_unlock(%(space)s, %(lock)s);

-- name: begin_build
-- A builder that is paused between two statements keeps the others from building for no longer than this.
SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '15min', false),
    set_config('idle_session_timeout', '120s', false), set_config('application_name', 'fieldstone build', false);

-- name: end_build
RESET statement_timeout; RESET lock_timeout; RESET idle_session_timeout; RESET application_name;

-- name: interrupt_builds
-- A build holds a lock that a change of its table waits for. The build is retried later.
-- Citus has a function of this name for a bigint, too.
SELECT pg_cancel_backend(pid::int) FROM pg_stat_activity
WHERE application_name = 'fieldstone build' AND datname = current_database() AND state = 'active'
    AND usename = current_user AND pid IN (
        SELECT pid FROM pg_locks
        WHERE locktype = 'relation' AND relation = ANY (SELECT to_regclass(name)::oid FROM unnest(%(tables)s::text[]) AS name)
    );

-- name: lock_when_free
-- While a session waits for this lock, all later ones wait behind it. So for some ten milliseconds the lock is only tried,
-- without a wait; the next statement waits for it where no try succeeded.
DO $do$
BEGIN
    FOR attempt IN 1..12 LOOP
        BEGIN
            EXECUTE 'LOCK TABLE ' || %(table)s || ' IN ACCESS EXCLUSIVE MODE NOWAIT';
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.0008);
        END;
    END LOOP;
END
$do$;

-- name: add_partition
-- Behind the lock of partitions: another process may have made one from the same position on meanwhile. It is attached after
-- its creation, as CREATE TABLE .. PARTITION OF would lock the log's readers out. By the check it becomes history without a
-- look at its rows.
DO $do$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'fieldstone.event_log'::regclass AND starts_with(relname, %(begin)s)
    ) THEN
        EXECUTE 'CREATE TABLE ' || %(table)s || ' (LIKE fieldstone.event_log INCLUDING ALL)';
        EXECUTE 'ALTER TABLE ' || %(table)s || ' ADD CONSTRAINT in_range CHECK (position >= ' || %(start)s
            || ' AND position < ' || %(end)s || ')';
        EXECUTE 'ALTER TABLE fieldstone.event_log ATTACH PARTITION ' || %(table)s
            || ' FOR VALUES FROM (' || %(start)s || ') TO (' || %(end)s || ')';
    END IF;
END
$do$;

-- name: keep_partition
-- The log's table is locked for as long as it takes to write three rows of PostgreSQL's catalog: `index_partition` has made the
-- index before, and the check by which no row has to be looked at.
DO $do$
BEGIN
    IF to_regclass(%(table)s) IS NOT NULL THEN
        EXECUTE 'ALTER TABLE fieldstone.event_log DETACH PARTITION ' || %(table)s;
        EXECUTE 'ALTER TABLE ' || %(table)s || ' RENAME TO ' || %(name)s;
        EXECUTE 'ALTER TABLE fieldstone.record_history ATTACH PARTITION ' || %(kept)s
            || ' FOR VALUES FROM (' || %(start)s || ') TO (' || %(end)s || ')';
    END IF;
END
$do$;

-- name: end_partition
-- The newest partition of the log ends behind its newest event, and its successor has the positions that are left. PostgreSQL
-- looks at the rows for the check, and not a second time when the partition is attached.
DO $do$
DECLARE
    following bigint;
    ended text;
    successor text;
BEGIN
    -- No event comes from here on.
    LOCK TABLE ONLY fieldstone.event_log IN ACCESS EXCLUSIVE MODE;
    IF to_regclass(%(table)s) IS NULL THEN
        RETURN;
    END IF;
    EXECUTE 'SELECT max(position) + 1 FROM ' || %(table)s INTO following;
    IF following IS NULL OR following >= %(end)s THEN
        RETURN;
    END IF;
    ended := concat(%(prefix)s, %(start)s, '_', following);
    successor := concat('fieldstone.', %(prefix)s, following, '_', %(end)s);
    EXECUTE 'ALTER TABLE fieldstone.event_log DETACH PARTITION ' || %(table)s;
    IF to_regclass(%(index)s) IS NOT NULL THEN
        EXECUTE 'ALTER INDEX ' || %(index)s || ' RENAME TO ' || ended || '_record';
    END IF;
    EXECUTE 'ALTER TABLE ' || %(table)s || ' RENAME TO ' || ended;
    ended := 'fieldstone.' || ended;
    EXECUTE 'ALTER TABLE ' || ended || ' DROP CONSTRAINT IF EXISTS in_range, ADD CONSTRAINT in_range CHECK (position >= '
        || %(start)s || ' AND position < ' || following || ')';
    EXECUTE 'ALTER TABLE fieldstone.event_log ATTACH PARTITION ' || ended
        || ' FOR VALUES FROM (' || %(start)s || ') TO (' || following || ')';
    EXECUTE 'CREATE TABLE ' || successor || ' (LIKE fieldstone.event_log INCLUDING ALL)';
    EXECUTE 'ALTER TABLE ' || successor || ' ADD CONSTRAINT in_range CHECK (position >= ' || following
        || ' AND position < ' || %(end)s || ')';
    EXECUTE 'ALTER TABLE fieldstone.event_log ATTACH PARTITION ' || successor
        || ' FOR VALUES FROM (' || following || ') TO (' || %(end)s || ')';
END
$do$;

-- name: index_partition
-- Of a partition that gets few events or none: the index costs no write of a busy log anything. A version before has made
-- partitions without the check.
DO $do$
BEGIN
    IF to_regclass(%(table)s) IS NOT NULL AND to_regclass(%(index)s) IS NULL THEN
        EXECUTE 'CREATE INDEX ' || %(name)s || ' ON ' || %(table)s || ' (record_id, position)';
        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(%(table)s) AND conname = 'in_range') THEN
            EXECUTE 'ALTER TABLE ' || %(table)s || ' ADD CONSTRAINT in_range CHECK (position >= ' || %(start)s
                || ' AND position < ' || %(end)s || ')';
        END IF;
    END IF;
END
$do$;

-- name: drop_partition
-- Another process may have dropped the partition meanwhile.
DO $do$
BEGIN
    EXECUTE 'DROP TABLE IF EXISTS ' || %(table)s;
END
$do$;

-- name: changes_after
SELECT version, change::text FROM fieldstone.model_change
WHERE workspace_id = %(workspace_id)s AND version > %(version)s ORDER BY version DESC;

-- name: count_webhooks
SELECT count(*) FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s;

-- name: insert_webhook
INSERT INTO fieldstone.webhook (id, workspace_id, target_url, description, secret, role_id, claims, start_position)
VALUES (%(id)s, %(workspace_id)s, %(target_url)s, %(description)s, %(secret)s, %(role_id)s, %(claims)s,
    (SELECT coalesce(max(position), 0) FROM fieldstone.event_log));

-- name: delete_webhook_operations
DELETE FROM fieldstone.webhook_operation WHERE webhook_id = %(webhook_id)s;

-- name: webhook_objects
SELECT DISTINCT webhook.role_id, operation.object_id
FROM fieldstone.webhook JOIN fieldstone.webhook_operation AS operation ON operation.webhook_id = webhook.id
WHERE webhook.id = %(webhook_id)s AND webhook.role_id IS NOT NULL AND operation.object_id IS NOT NULL;

-- name: insert_webhook_operation
INSERT INTO fieldstone.webhook_operation (webhook_id, place, object_id, action)
VALUES (%(webhook_id)s, %(place)s, %(object_id)s, %(action)s);

-- name: update_webhook
-- A NULL keeps the value. A new target, or an activation, ends the rest and the series of failures.
UPDATE fieldstone.webhook SET target_url = coalesce(%(target_url)s, target_url), secret = coalesce(%(secret)s, secret),
    description = CASE WHEN %(describe)s THEN %(description)s ELSE description END,
    is_active = coalesce(%(is_active)s, is_active), role_id = coalesce(%(role_id)s, role_id),
    claims = coalesce(%(claims)s::jsonb, claims), updated_at = now(),
    failures = CASE WHEN %(restart)s THEN 0 ELSE failures END,
    failing_since = CASE WHEN %(restart)s THEN NULL ELSE failing_since END,
    rests_until = CASE WHEN %(restart)s THEN NULL ELSE rests_until END,
    disabled_at = CASE WHEN %(is_active)s THEN NULL ELSE disabled_at END,
    disabled_reason = CASE WHEN %(is_active)s THEN NULL ELSE disabled_reason END,
    paused_at = CASE WHEN is_active AND NOT %(is_active)s THEN clock_timestamp() ELSE greatest(paused_at, disabled_at) END,
    resumed_at = CASE WHEN %(is_active)s AND NOT is_active THEN clock_timestamp() ELSE resumed_at END,
    resumed_position = CASE WHEN %(is_active)s AND NOT is_active THEN (SELECT coalesce(max(position), 0) FROM fieldstone.event_log)
        ELSE resumed_position END
WHERE workspace_id = %(workspace_id)s AND id = %(id)s RETURNING id;

-- name: delete_webhook
DELETE FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s AND id = %(id)s RETURNING id;

-- name: webhook_binding
SELECT role_id, claims::text FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delivery_binding
SELECT webhook.role_id, webhook.claims::text
FROM fieldstone.webhook_delivery AS delivery JOIN fieldstone.webhook ON webhook.id = delivery.webhook_id
WHERE delivery.workspace_id = %(workspace_id)s AND delivery.id = %(id)s;

-- name: webhook_target
SELECT target_url, secret FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: webhook_state
SELECT is_active FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delivery_webhook
SELECT webhook.id, webhook.is_active
FROM fieldstone.webhook_delivery AS delivery JOIN fieldstone.webhook ON webhook.id = delivery.webhook_id
WHERE delivery.workspace_id = %(workspace_id)s AND delivery.id = %(id)s;

-- name: redeliver
-- A delivery under way stays as it is, and one that waits for an earlier one of its record goes on waiting.
UPDATE fieldstone.webhook_delivery SET status = 'PENDING', due_at = now(), finished_at = NULL,
    attempts = CASE WHEN status = 'PENDING' THEN attempts ELSE 0 END
WHERE id = %(id)s AND claim IS NULL AND NOT (status = 'PENDING' AND due_at IS NULL);

-- name: redeliver_failed
-- Only the first delivery of a record is due; the others follow it.
WITH failed AS (
    SELECT id, record_id, position FROM fieldstone.webhook_delivery
    WHERE webhook_id = %(webhook_id)s AND status = 'FAILED' AND claim IS NULL
    ORDER BY position LIMIT %(limit)s FOR UPDATE
)
UPDATE fieldstone.webhook_delivery AS delivery SET status = 'PENDING', finished_at = NULL, attempts = 0,
    due_at = CASE WHEN NOT EXISTS (
        SELECT FROM failed AS earlier WHERE earlier.record_id = failed.record_id AND earlier.position < failed.position
    ) AND NOT EXISTS (
        SELECT FROM fieldstone.webhook_delivery AS earlier
        WHERE earlier.webhook_id = delivery.webhook_id AND earlier.record_id = failed.record_id
            AND earlier.status = 'PENDING' AND earlier.position < failed.position
    ) THEN now() END
FROM failed WHERE delivery.id = failed.id;

-- name: end_backoffs
-- A delivery under way stays as it is, and one that waits for an earlier one of its record goes on waiting.
UPDATE fieldstone.webhook_delivery SET due_at = now() WHERE id = ANY (ARRAY(
    SELECT id FROM fieldstone.webhook_delivery
    WHERE webhook_id = %(webhook_id)s AND status = 'PENDING' AND claim IS NULL AND due_at > now() FOR UPDATE SKIP LOCKED
));

-- name: end_webhook_rest
UPDATE fieldstone.webhook SET rests_until = NULL WHERE id = %(id)s AND rests_until IS NOT NULL;

-- name: source_tables
SELECT c.oid::bigint, c.relname, c.relkind::text, obj_description(c.oid, 'pg_class'), c.relhassubclass AND c.relkind = 'r'
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname;

-- name: has_workspaces
-- A login that may not look into the schema gets an answer too.
SELECT EXISTS (
    SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'fieldstone' AND c.relname = 'workspace'
);

-- name: database_name
SELECT current_database();

-- name: source_columns
-- A domain is the type that it is over; an array's element is its base.
WITH RECURSIVE type (id, over, is_array) AS (
    SELECT DISTINCT a.atttypid, a.atttypid, false FROM pg_attribute AS a WHERE a.attrelid = ANY (%(tables)s)
    UNION
    SELECT type.id,
        CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END,
        type.is_array OR (t.typtype <> 'd' AND t.typcategory = 'A')
    FROM type JOIN pg_type AS t ON t.oid = type.over
    WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
)
SELECT a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), base.typname, type.is_array,
    ARRAY (SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = base.oid ORDER BY e.enumsortorder),
    a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', a.attgenerated <> '',
    col_description(a.attrelid, a.attnum), a.attndims > 1,
    has_schema_privilege(c.relnamespace, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN type ON type.id = a.atttypid
    JOIN pg_type AS base ON base.oid = type.over
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY (%(tables)s) AND a.attnum > 0 AND NOT a.attisdropped
    AND base.typtype <> 'd' AND NOT (base.typcategory = 'A' AND base.typelem <> 0)
ORDER BY a.attrelid, a.attnum;

-- name: read_rows_whole
-- As pg_dump does: no policy leaves rows out without a word, and the texts of keys, of which ids are made, never differ.
SELECT set_config('row_security', 'off', true), set_config('timezone', 'UTC', true),
    set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
    set_config('extra_float_digits', '3', true), set_config('bytea_output', 'hex', true);

-- name: source_indexes
SELECT x.indrelid::bigint, i.relname, x.indisprimary, x.indisunique,
    x.indpred IS NULL AND x.indexprs IS NULL AND m.amname = 'btree' AND x.indnkeyatts = x.indnatts,
    ARRAY (
        SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.number
        ORDER BY k.place
    )
FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_am AS m ON m.oid = i.relam
WHERE x.indrelid = ANY (%(tables)s) AND x.indisvalid
ORDER BY x.indrelid, i.relname;

-- name: source_constraints
SELECT k.conrelid::bigint, k.conname, k.contype::text, k.confrelid::bigint, k.confdeltype::text,
    ARRAY (
        SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.number
        ORDER BY c.place
    ),
    ARRAY (
        SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS c (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = c.number
        ORDER BY c.place
    )
FROM pg_constraint AS k
WHERE k.conrelid = ANY (%(tables)s) AND k.contype IN ('f', 'c', 'x') AND k.conparentid = 0
ORDER BY k.conrelid, k.conname;

-- name: imported
SELECT table_name, column_name, id FROM fieldstone.imported
WHERE workspace_id = %(workspace_id)s AND database_name = %(database)s AND schema_name = %(schema)s;

-- name: remember_import
INSERT INTO fieldstone.imported (workspace_id, database_name, schema_name, table_name, column_name, id)
VALUES (%(workspace_id)s, %(database)s, %(schema)s, %(table)s, %(column)s, %(id)s)
ON CONFLICT (workspace_id, database_name, schema_name, table_name, column_name) DO UPDATE SET id = excluded.id;

-- name: physical_room
-- The columns that tables have used, those dropped included.
SELECT c.relname, c.relnatts::int, (SELECT count(*)::int FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attisdropped)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r' ORDER BY c.relname;

-- name: unused_indexes
-- The indexes of a workspace that no statement has used since PostgreSQL began to count, or since they are READY. A
-- database has a time only if its statistics were reset; those of the archiver began with the server's, or after its
-- last crash, which loses all of them. HOT updates write no index.
SELECT known.id, pg_relation_size(i.oid), used.writes, used.since
FROM fieldstone.index AS known JOIN pg_class AS i ON i.relname = known.name
    JOIN pg_namespace AS n ON n.oid = i.relnamespace AND n.nspname = %(schema)s
    JOIN pg_index AS x ON x.indexrelid = i.oid
    CROSS JOIN LATERAL (
        SELECT pg_stat_get_tuples_inserted(x.indrelid) + pg_stat_get_tuples_updated(x.indrelid)
            - pg_stat_get_tuples_hot_updated(x.indrelid) AS writes,
        greatest(known.updated_at, counted.stats_reset, (SELECT stats_reset FROM pg_stat_archiver)) AS since
        FROM pg_stat_database AS counted WHERE counted.datname = current_database()
    ) AS used
WHERE known.workspace_id = %(workspace_id)s AND pg_stat_get_numscans(i.oid) = 0
    AND used.writes >= %(many_writes)s AND used.since <= now() - %(long)s::interval;

-- name: rewrite_obstacles
-- The objects that would be dropped with a table, and cannot be made again from the model.
SELECT 'the trigger ' || t.tgname FROM pg_trigger AS t WHERE t.tgrelid = %(table)s::regclass AND NOT t.tgisinternal
UNION ALL
SELECT 'the policy ' || p.polname FROM pg_policy AS p WHERE p.polrelid = %(table)s::regclass
UNION ALL
SELECT DISTINCT 'the view ' || v.oid::regclass::text
FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class
WHERE d.refobjid = %(table)s::regclass AND d.classid = 'pg_rewrite'::regclass
UNION ALL
SELECT 'the publication ' || p.pubname
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = %(table)s::regclass;

-- name: table_grants
WITH granted AS (
    SELECT c.relowner, '' AS of_column, a.* FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
    WHERE c.oid = %(table)s::regclass
    UNION ALL
    SELECT c.relowner, format('(%%I) ', f.attname), a.*
    FROM pg_class AS c JOIN pg_attribute AS f ON f.attrelid = c.oid AND NOT f.attisdropped
        CROSS JOIN aclexplode(f.attacl) AS a
    WHERE c.oid = %(table)s::regclass
)
SELECT format('GRANT %%s %%sON TABLE %%s TO %%s%%s', privilege_type, of_column, %(table)s::text,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM granted WHERE grantee <> relowner;

-- name: storage_parameters
-- The storage parameters of a table, as statements: rows written after them follow them.
SELECT format('ALTER TABLE %%s SET (%%s)', %(table)s::text,
    string_agg(format('%%s%%I = %%L', prefix, option_name, option_value), ', '))
FROM (
    SELECT '' AS prefix, o.* FROM pg_class AS c CROSS JOIN pg_options_to_table(c.reloptions) AS o
    WHERE c.oid = %(table)s::regclass
    UNION ALL
    SELECT 'toast.', o.*
    FROM pg_class AS c JOIN pg_class AS t ON t.oid = c.reltoastrelid CROSS JOIN pg_options_to_table(t.reloptions) AS o
    WHERE c.oid = %(table)s::regclass
) AS given HAVING count(*) > 0
UNION ALL
SELECT format('ALTER TABLE %%s ALTER %%I SET %%s', %(table)s::text, a.attname, given.how)
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (
        SELECT 'STORAGE ' || CASE a.attstorage
            WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END AS how
        WHERE a.attstorage <> t.typstorage
        UNION ALL
        SELECT 'COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END WHERE a.attcompression <> ''
    ) AS given
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped;

-- name: table_settings
-- The other settings of a table made by hand, as statements.
SELECT format('ALTER TABLE %%s ALTER %%I SET STATISTICS %%s', %(table)s::text, a.attname, a.attstattarget)
FROM pg_attribute AS a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
UNION ALL
SELECT format('ALTER TABLE %%s ALTER %%I SET (%%I = %%L)', %(table)s::text, a.attname, o.option_name, o.option_value)
FROM pg_attribute AS a CROSS JOIN pg_options_to_table(a.attoptions) AS o
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext AS s WHERE s.stxrelid = %(table)s::regclass
UNION ALL
SELECT format('COMMENT ON %%s IS %%L', CASE
    WHEN d.objsubid > 0 THEN format('COLUMN %%s.%%I', %(table)s::text, a.attname) ELSE format('TABLE %%s', %(table)s::text)
    END, d.description)
FROM pg_description AS d LEFT JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
WHERE d.objoid = %(table)s::regclass AND d.classoid = 'pg_class'::regclass
UNION ALL
SELECT format('ALTER TABLE %%s %%s', %(table)s::text, given.how)
FROM pg_class AS c CROSS JOIN LATERAL (
    SELECT 'ENABLE ROW LEVEL SECURITY' AS how WHERE c.relrowsecurity
    UNION ALL SELECT 'FORCE ROW LEVEL SECURITY' WHERE c.relforcerowsecurity
    UNION ALL SELECT 'REPLICA IDENTITY ' || CASE c.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END
    WHERE c.relreplident IN ('f', 'n')
    UNION ALL
    SELECT format('REPLICA IDENTITY USING INDEX %%I', i.relname)
    FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND x.indisreplident
) AS given
WHERE c.oid = %(table)s::regclass;

-- name: not_null_names
-- The names of a table's NOT NULL constraints; before PostgreSQL 18 they have none.
SELECT a.attname, k.conname
FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.conrelid = %(table)s::regclass AND k.contype = 'n';

-- name: index_definitions
SELECT i.relname, pg_get_indexdef(i.oid)
FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
WHERE x.indrelid = %(table)s::regclass ORDER BY i.relname;

-- name: move_documents_version
UPDATE fieldstone.workspace SET documents_version = documents_version + 1 WHERE id = %(workspace_id)s;

-- name: taken_document_ids
SELECT taken.document_id, taken.client
FROM unnest(%(ids)s::text[], %(texts)s::text[]) AS given (id, text)
JOIN fieldstone.trusted_document AS taken ON taken.workspace_id = %(workspace_id)s AND taken.document_id = given.id
WHERE taken.client <> %(client)s AND taken.text <> given.text ORDER BY taken.document_id LIMIT 1;

-- name: remove_other_documents
DELETE FROM fieldstone.trusted_document
WHERE workspace_id = %(workspace_id)s AND client = %(client)s AND document_id <> ALL (%(ids)s::text[]) RETURNING 1;

-- name: import_documents
INSERT INTO fieldstone.trusted_document AS kept
(workspace_id, client, document_id, text, operation_name, hash, role_id)
SELECT
    %(workspace_id)s, %(client)s, given.id, given.text, given.name, sha256(convert_to(given.text, 'UTF8')),
    %(role_id)s
FROM unnest(%(ids)s::text[], %(texts)s::text[], %(names)s::text[]) AS given (id, text, name)
ON CONFLICT (workspace_id, client, document_id) DO UPDATE
SET text = excluded.text, operation_name = excluded.operation_name, hash = excluded.hash, created_at = now(),
role_id = excluded.role_id
WHERE kept.hash <> excluded.hash OR kept.role_id IS DISTINCT FROM excluded.role_id
RETURNING 1;

-- name: count_documents
SELECT count(*) FROM fieldstone.trusted_document WHERE workspace_id = %(workspace_id)s;

-- name: trusted_documents
SELECT client, document_id, operation_name, text, created_at, role_id FROM fieldstone.trusted_document
WHERE workspace_id = %(workspace_id)s AND (%(client)s::text IS NULL OR client = %(client)s)
ORDER BY client, document_id;

-- name: foreign_document
SELECT document_id FROM fieldstone.trusted_document
WHERE workspace_id = %(workspace_id)s AND client = %(client)s AND role_id IS DISTINCT FROM %(role_id)s
ORDER BY document_id LIMIT 1;

-- name: remove_documents
DELETE FROM fieldstone.trusted_document
WHERE workspace_id = %(workspace_id)s AND client = %(client)s
AND (%(ids)s::text[] IS NULL OR document_id = ANY (%(ids)s::text[])) RETURNING 1;

-- name: secret_keys
-- Those of workspaces that have moved to another database are no more read in this one.
SELECT DISTINCT split_part(secret, ':', 2) FROM fieldstone.webhook JOIN fieldstone.workspace ON workspace.id = workspace_id
WHERE secret LIKE %(sealed)s AND presence <> 'GONE';

-- name: secrets_to_rotate
SELECT webhook.id, secret FROM fieldstone.webhook JOIN fieldstone.workspace ON workspace.id = workspace_id
WHERE secret NOT LIKE %(current)s AND presence <> 'GONE' ORDER BY webhook.id LIMIT %(portion)s FOR UPDATE OF webhook;

-- name: replace_secrets
UPDATE fieldstone.webhook SET secret = given.secret
FROM unnest(%(ids)s::uuid[], %(secrets)s::text[]) AS given (id, secret) WHERE webhook.id = given.id;

-- name: note_audit
INSERT INTO fieldstone.audit_log (id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id,
    subject_name, count, details)
SELECT id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id, subject_name, count, details
FROM jsonb_to_recordset(%(entries)s::jsonb) AS given (id uuid, workspace_id uuid, action text, actor_kind text,
    actor_id uuid, actor_name text, address text, subject_id uuid, subject_name text, count int, details jsonb);

-- name: api_key_name
SELECT name FROM fieldstone.api_key WHERE id = %(id)s;

-- name: logins
SELECT current_user, pg_has_role(current_user, serving.oid, 'USAGE'), pg_has_role(serving.oid, current_user, 'MEMBER'),
    serving.rolsuper, (
        SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE (n.nspname = 'fieldstone' OR n.nspname IN (SELECT schema_name FROM fieldstone.workspace))
            AND c.relkind IN ('r', 'p') AND NOT pg_has_role(current_user, c.relowner, 'USAGE') LIMIT 1
    )
FROM pg_roles AS serving WHERE serving.rolname = %(serving)s;

-- name: schemas_without_grant
SELECT nspname FROM pg_namespace
WHERE (nspname IN ('fieldstone', 'fieldstone_ext') OR nspname IN (SELECT schema_name FROM fieldstone.workspace))
    AND pg_has_role(current_user, nspowner, 'USAGE') AND NOT has_schema_privilege(%(serving)s, oid, 'USAGE')
ORDER BY nspname;

-- name: has_default_grant
SELECT EXISTS (
    SELECT FROM pg_default_acl AS given, aclexplode(given.defaclacl) AS entry
    WHERE given.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND given.defaclnamespace = 0
        AND given.defaclobjtype = 'r' AND entry.privilege_type = 'DELETE'
        AND entry.grantee = (SELECT oid FROM pg_roles WHERE rolname = %(serving)s)
);

-- name: exceeds_grants
SELECT has_table_privilege(%(serving)s, 'fieldstone.audit_log', 'UPDATE, DELETE, TRUNCATE')
    OR EXISTS (
        SELECT FROM unnest(%(tables)s::text[]) AS name
        WHERE has_table_privilege(%(serving)s, 'fieldstone.' || quote_ident(name), 'INSERT, UPDATE, DELETE, TRUNCATE')
    );

-- name: sql_roles
SELECT name, role_id, schema_name, snake_case, claims, created_at FROM fieldstone.sql_role
WHERE workspace_id = %(workspace_id)s ORDER BY name;

-- name: insert_sql_role
INSERT INTO fieldstone.sql_role (name, workspace_id, role_id, schema_name, snake_case, claims)
VALUES (%(name)s, %(workspace_id)s, %(role_id)s, %(schema)s, %(snake_case)s, %(claims)s::jsonb);

-- name: delete_sql_role
DELETE FROM fieldstone.sql_role WHERE name = %(name)s;

-- name: lost_sql_roles
-- The SQL roles whose login or schema is not there.
SELECT name, EXISTS (SELECT FROM pg_roles WHERE rolname = name) FROM fieldstone.sql_role
WHERE workspace_id = %(workspace_id)s AND NOT (
    EXISTS (SELECT FROM pg_roles WHERE rolname = name)
    AND EXISTS (SELECT FROM pg_namespace WHERE nspname = schema_name)
) ORDER BY name;

-- name: login_facts
-- Whether a login of this name exists, whether this session may create logins, and whether it may do everything.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %(name)s), rolsuper OR rolcreaterole, rolsuper
FROM pg_roles WHERE rolname = current_user;

-- name: owns_objects
-- In any database of the server.
SELECT EXISTS (
    SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
        AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = %(name)s)
);

-- name: function_schemas
-- The schemas of the functions that indexes call: PostgreSQL looks at the indexes of a table when it plans a statement
-- over a view, with the rights of the statement's user. All functions there compute values, and read no table.
SELECT nspname::text FROM pg_namespace
WHERE (nspname = 'fieldstone' OR oid IN (SELECT extnamespace FROM pg_extension WHERE extname IN ('pg_trgm', 'unaccent')))
    AND NOT has_schema_privilege('public', oid, 'USAGE');

-- name: existing_schemas
SELECT nspname::text FROM pg_namespace;

-- name: some_views
SELECT class.relname FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
WHERE schema.nspname = %(schema)s AND class.relkind = 'v' ORDER BY class.relname LIMIT %(limit)s;

-- name: physical_views
-- Each view of a schema: its definition, its options, its comment, those of its columns, and the grantees that may read it.
SELECT class.relname, pg_get_viewdef(class.oid), coalesce(class.reloptions, '{}'),
    obj_description(class.oid, 'pg_class'), (
    SELECT coalesce(array_agg(col_description(class.oid, attnum) ORDER BY attnum), '{}')
    FROM pg_attribute WHERE attrelid = class.oid AND attnum > 0
), (
    SELECT coalesce(array_agg(pg_get_userbyid(granted.grantee)::text), '{}') FROM aclexplode(class.relacl) AS granted
    WHERE granted.privilege_type = 'SELECT' AND granted.grantee <> 0
)
FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
WHERE schema.nspname = %(schema)s AND class.relkind = 'v';

-- name: read_clock
SELECT extract(epoch FROM clock_timestamp());
