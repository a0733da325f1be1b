CREATE TABLE fieldstone.workspace (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    schema_name text NOT NULL UNIQUE,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- seq is the order of creation, which the snapshot keeps.
CREATE TABLE fieldstone.object (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    name_singular text NOT NULL,
    name_plural text NOT NULL,
    label_singular text NOT NULL,
    label_plural text NOT NULL,
    description text,
    icon text,
    table_name text NOT NULL,
    is_custom boolean NOT NULL,
    is_system boolean NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name_singular),
    UNIQUE (workspace_id, name_plural),
    UNIQUE (workspace_id, table_name)
);

CREATE TABLE fieldstone.relation (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    source_object_id uuid NOT NULL REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    source_field_id uuid NOT NULL UNIQUE,
    target_object_id uuid NOT NULL REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    target_field_id uuid NOT NULL UNIQUE,
    on_delete text NOT NULL CHECK (on_delete IN ('SET_NULL', 'CASCADE', 'RESTRICT')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX relation_workspace ON fieldstone.relation (workspace_id);
CREATE INDEX relation_source_object ON fieldstone.relation (source_object_id);
CREATE INDEX relation_target_object ON fieldstone.relation (target_object_id);

CREATE TABLE fieldstone.field (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    object_id uuid NOT NULL REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    name text NOT NULL,
    type text NOT NULL,
    label text NOT NULL,
    description text,
    icon text,
    column_name text NOT NULL,
    is_nullable boolean NOT NULL,
    is_unique boolean NOT NULL,
    is_active boolean NOT NULL,
    is_custom boolean NOT NULL,
    is_system boolean NOT NULL,
    default_value jsonb,
    options jsonb,
    settings jsonb,
    relation_id uuid REFERENCES fieldstone.relation (id) ON DELETE CASCADE,
    access text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (object_id, name)
);
CREATE INDEX field_workspace ON fieldstone.field (workspace_id, seq);
CREATE INDEX field_relation_id ON fieldstone.field (relation_id) WHERE relation_id IS NOT NULL;

ALTER TABLE fieldstone.relation
    ADD FOREIGN KEY (source_field_id) REFERENCES fieldstone.field (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (target_field_id) REFERENCES fieldstone.field (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

-- A relation as each of its ends sees it.
CREATE VIEW fieldstone.field_relation AS
    SELECT source_field_id AS field_id, workspace_id, 'MANY_TO_ONE' AS type, target_object_id, target_field_id
    FROM fieldstone.relation
    UNION ALL
    SELECT target_field_id, workspace_id, 'ONE_TO_MANY', source_object_id, source_field_id
    FROM fieldstone.relation;

CREATE TABLE fieldstone.index (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    object_id uuid NOT NULL REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    name text NOT NULL,
    field_ids jsonb NOT NULL,
    is_unique boolean NOT NULL,
    method text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);
CREATE INDEX index_object ON fieldstone.index (object_id);

-- Physical names that must not be used again: of a table where object_id is NULL, else of a column.
CREATE TABLE fieldstone.retired_name (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    object_id uuid REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    name text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (workspace_id, object_id, name)
);

-- One row for each version of a workspace's model: what made it.
CREATE TABLE fieldstone.model_change (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    change jsonb NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE fieldstone.api_key (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    name text NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    role text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_key_workspace ON fieldstone.api_key (workspace_id);

-- Written by each write of a record in its own statement; emptied by the sequencer, in the order of seq.
CREATE TABLE fieldstone.event_staging (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL,
    object_id uuid NOT NULL,
    record_id uuid NOT NULL,
    action text NOT NULL,
    before jsonb,
    after jsonb,
    actor text,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
