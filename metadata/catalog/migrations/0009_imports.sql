-- What a table of another schema, or one of its columns, has been imported as: an object, or a field. A column's name is
-- '' where the table itself is meant. Rows outlive what they name, which a rollback may bring back.
CREATE TABLE fieldstone.imported (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    database_name text NOT NULL,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (workspace_id, database_name, schema_name, table_name, column_name)
);
