-- The database logins that read a workspace's records with SQL, each with the role whose rights it has. Its
-- views are in a schema that it shares with all that have the same role and spelling of names.
CREATE TABLE fieldstone.sql_role (
    name text PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace ON DELETE CASCADE,
    role_id uuid NOT NULL,
    schema_name text NOT NULL,
    snake_case boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sql_role_of_workspace ON fieldstone.sql_role (workspace_id);
