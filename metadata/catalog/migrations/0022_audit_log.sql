-- The acts that concern the security of a workspace, each with its author; rows are only added, and removed by age. A
-- failed sign-in that belongs to no workspace has none. `count` is the number of equal acts that a row stands for.
-- `details` names inputs and never has their values.
CREATE TABLE fieldstone.audit_log (
    id uuid PRIMARY KEY,
    workspace_id uuid REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_name text,
    address text,
    subject_id uuid,
    subject_name text,
    count integer NOT NULL DEFAULT 1,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_workspace ON fieldstone.audit_log (workspace_id, created_at);
CREATE INDEX audit_log_created_at ON fieldstone.audit_log (created_at);
