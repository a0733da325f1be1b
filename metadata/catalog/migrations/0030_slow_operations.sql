-- Operations that took longer than FIELDSTONE_SLOW_OPERATION, one row for equal ones: by document, role and the shape of
-- the variables. A workspace keeps a bounded number of rows. `variables` has types and sizes, `plan` PostgreSQL's generic
-- plan: neither has a value.
CREATE TABLE fieldstone.slow_operation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    digest text NOT NULL,
    api text NOT NULL,
    type text NOT NULL,
    name text,
    roots text NOT NULL,
    hash text NOT NULL,
    role text,
    variables jsonb NOT NULL,
    count bigint NOT NULL,
    total_ms double precision NOT NULL,
    max_ms double precision NOT NULL,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    plan jsonb,
    UNIQUE (workspace_id, digest)
);
CREATE INDEX slow_operation_last_at ON fieldstone.slow_operation (workspace_id, last_at);
