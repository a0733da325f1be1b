-- The roles of a workspace. The JSON is written and read by metadata/roles/encoding.py: ids outlive a rename, and a rule
-- is a text in which `@ID` stands for the name of a field. `version` is that of the workspace's model which last moved
-- the role.
CREATE TABLE fieldstone.role (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    name text NOT NULL,
    label text NOT NULL,
    description text,
    parents json NOT NULL DEFAULT '[]',
    grants json NOT NULL,
    claims json NOT NULL DEFAULT '[]',
    limits json NOT NULL DEFAULT '{"page":null,"cost":null,"rate":null}',
    settings json NOT NULL DEFAULT '[]',
    is_system boolean NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

INSERT INTO fieldstone.role (id, workspace_id, name, label, description, grants, settings, is_system)
SELECT gen_random_uuid(), workspace.id, initial.name, initial.label, initial.description,
    (SELECT json_agg(json_build_object('object', NULL, 'action', action, 'aggregates', true,
        'ways', json_build_array(json_build_object('fields', json_build_object('allBut', '[]'::json)))))
    FROM unnest(initial.actions) AS action),
    to_json(initial.settings), true
FROM fieldstone.workspace CROSS JOIN (VALUES
    ('admin', 'Admin', 'May do everything.', ARRAY['read', 'create', 'update', 'delete', 'restore', 'destroy'],
        ARRAY['API_KEYS', 'AUDIT', 'DATA_MODEL', 'DOCUMENTS', 'EXPLAIN', 'HISTORY', 'IMPERSONATE', 'METRICS', 'ROLES',
            'WEBHOOKS']),
    ('editor', 'Editor', 'Reads and writes all records; destroys none.',
        ARRAY['read', 'create', 'update', 'delete', 'restore'], ARRAY[]::text[]),
    ('viewer', 'Viewer', 'Reads all records.', ARRAY['read'], ARRAY[]::text[])
) AS initial (name, label, description, actions, settings);

-- A key had the role `admin`, the only one. The role of a revoked key may be deleted. `claims` are the values that the
-- rules of its role may name.
ALTER TABLE fieldstone.api_key
    ADD COLUMN role_id uuid REFERENCES fieldstone.role (id),
    ADD COLUMN claims jsonb NOT NULL DEFAULT '{}';
UPDATE fieldstone.api_key SET role_id = role.id
FROM fieldstone.role WHERE role.workspace_id = api_key.workspace_id AND role.name = 'admin';
ALTER TABLE fieldstone.api_key
    DROP COLUMN role,
    ADD CHECK (role_id IS NOT NULL OR revoked_at IS NOT NULL OR expires_at IS NOT NULL);
CREATE INDEX api_key_role ON fieldstone.api_key (role_id);

ALTER TABLE fieldstone.webhook
    ADD COLUMN role_id uuid REFERENCES fieldstone.role (id),
    ADD COLUMN claims jsonb NOT NULL DEFAULT '{}';
UPDATE fieldstone.webhook SET role_id = role.id
FROM fieldstone.role WHERE role.workspace_id = webhook.workspace_id AND role.name = 'admin';
CREATE INDEX webhook_role ON fieldstone.webhook (role_id);
