-- name: lock_catalog
-- Held to the end of the transaction; the number is Fieldstone's own.
SELECT pg_advisory_xact_lock(7305437174250336261);

-- name: catalog_migrations
SELECT version, name, checksum FROM fieldstone.migration ORDER BY version;

-- name: catalog_exists
SELECT to_regclass('fieldstone.migration') IS NOT NULL;

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
WHERE e.extname = ANY (%(names)s);

-- name: available_extensions
SELECT name FROM pg_available_extensions WHERE name = ANY (%(names)s) AND installed_version IS NULL;

-- name: begin_read
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: model_version
SELECT version FROM fieldstone.workspace WHERE id = %(workspace_id)s;

-- name: current_version
SELECT version FROM fieldstone.workspace WHERE id = $1::uuid;

-- name: workspace_by_id
SELECT id, name, schema_name, version FROM fieldstone.workspace WHERE id = %(workspace_id)s;

-- name: workspace_by_name
SELECT id, name, schema_name FROM fieldstone.workspace WHERE name = %(name)s;

-- name: workspaces
SELECT id, name, schema_name FROM fieldstone.workspace ORDER BY name;

-- name: load_objects
SELECT id, name_singular, name_plural, label_singular, label_plural, description, icon, table_name,
    is_custom, is_system, is_active
FROM fieldstone.object WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: load_fields
SELECT id, object_id, name, type, label, description, icon, column_name, is_nullable, is_unique, is_active,
    is_custom, is_system, default_value::text, options::text, settings::text, relation_id, access
FROM fieldstone.field WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: load_relations
SELECT id, source_object_id, source_field_id, target_object_id, target_field_id, on_delete
FROM fieldstone.relation WHERE workspace_id = %(workspace_id)s;

-- name: load_indexes
SELECT id, object_id, name, field_ids::text, is_unique, method
FROM fieldstone.index WHERE workspace_id = %(workspace_id)s ORDER BY seq;

-- name: load_retired_names
SELECT object_id, name FROM fieldstone.retired_name WHERE workspace_id = %(workspace_id)s;

-- name: lock_workspace
SELECT pg_advisory_xact_lock(hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0));

-- name: begin_change
-- What is read after the lock was waited for must be what is committed by then. Waiting for other changes, and
-- rewriting a big table, may take longer than a request's statement may.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = 0;

-- name: wait_for_locks_at_most
SELECT set_config('lock_timeout', %(milliseconds)s, true);

-- name: detect_deadlocks_at_once
-- An autovacuum gives way only after deadlock_timeout, which few roles may lower.
SELECT set_config('deadlock_timeout', '20ms', true) WHERE has_parameter_privilege('deadlock_timeout', 'SET');

-- name: insert_workspace
INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (%(id)s, %(name)s, %(schema_name)s);

-- name: taken_schemas
SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %(prefix)s);

-- name: set_version
UPDATE fieldstone.workspace SET version = %(version)s WHERE id = %(workspace_id)s;

-- name: record_change
INSERT INTO fieldstone.model_change (workspace_id, version, change, actor)
VALUES (%(workspace_id)s, %(version)s, %(change)s::jsonb, %(actor)s);

-- name: insert_object
INSERT INTO fieldstone.object (id, workspace_id, name_singular, name_plural, label_singular, label_plural, description,
    icon, table_name, is_custom, is_system, is_active)
VALUES (%(id)s, %(workspace_id)s, %(name_singular)s, %(name_plural)s, %(label_singular)s, %(label_plural)s,
    %(description)s, %(icon)s, %(table_name)s, %(is_custom)s, %(is_system)s, %(is_active)s);

-- name: insert_field
INSERT INTO fieldstone.field (id, workspace_id, object_id, name, type, label, description, icon, column_name,
    is_nullable, is_unique, is_active, is_custom, is_system, default_value, options, settings, relation_id, access)
VALUES (%(id)s, %(workspace_id)s, %(object_id)s, %(name)s, %(type)s, %(label)s, %(description)s, %(icon)s,
    %(column_name)s, %(is_nullable)s, %(is_unique)s, %(is_active)s, %(is_custom)s, %(is_system)s,
    %(default_value)s::jsonb, %(options)s::jsonb, %(settings)s::jsonb, %(relation_id)s, %(access)s);

-- name: insert_relation
INSERT INTO fieldstone.relation (id, workspace_id, source_object_id, source_field_id, target_object_id,
    target_field_id, on_delete)
VALUES (%(id)s, %(workspace_id)s, %(source_object_id)s, %(source_field_id)s, %(target_object_id)s,
    %(target_field_id)s, %(on_delete)s);

-- name: insert_index
INSERT INTO fieldstone.index (id, workspace_id, object_id, name, field_ids, is_unique, method)
VALUES (%(id)s, %(workspace_id)s, %(object_id)s, %(name)s, %(field_ids)s::jsonb, %(is_unique)s, %(method)s);

-- name: insert_api_key
INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, role, expires_at)
VALUES (%(id)s, %(workspace_id)s, %(name)s, %(token_hash)s, %(role)s, %(expires_at)s)
RETURNING id, workspace_id, name, role, created_at, expires_at, revoked_at;

-- name: api_key_by_hash
SELECT id, workspace_id, name, role, extract(epoch FROM expires_at) FROM fieldstone.api_key
WHERE token_hash = $1::bytea AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: api_keys
SELECT id, workspace_id, name, role, created_at, expires_at, revoked_at FROM fieldstone.api_key
WHERE workspace_id = %(workspace_id)s ORDER BY id;

-- name: revoke_api_key
UPDATE fieldstone.api_key SET revoked_at = coalesce(revoked_at, now())
WHERE workspace_id = %(workspace_id)s AND id = %(id)s
RETURNING id, workspace_id, name, role, created_at, expires_at, revoked_at;
