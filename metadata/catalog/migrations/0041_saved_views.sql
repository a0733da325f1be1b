-- The views of an object that people have saved, outside of the model's versions: columns, filter and order name fields by
-- their ids, `names` has the names that these had then. A private one is its owner's alone.
CREATE TABLE fieldstone.saved_view (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    object_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('TABLE', 'KANBAN')),
    name text NOT NULL,
    content jsonb NOT NULL,
    is_shared boolean NOT NULL,
    owner_id uuid NOT NULL,
    owner_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saved_view_workspace ON fieldstone.saved_view (workspace_id, owner_id);

-- The preferences of a key or a user, and under the id of the workspace those of all.
CREATE TABLE fieldstone.preference (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    owner_id uuid NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (workspace_id, owner_id)
);
