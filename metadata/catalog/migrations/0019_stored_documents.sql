-- The documents that an operator has imported for a client: an id means one text in a workspace, for all clients.
CREATE TABLE fieldstone.trusted_document (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    client text NOT NULL,
    document_id text NOT NULL,
    operation_name text,
    hash bytea NOT NULL,
    text text NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, client, document_id)
);
CREATE INDEX trusted_document_id ON fieldstone.trusted_document (workspace_id, document_id);
CREATE INDEX trusted_document_hash ON fieldstone.trusted_document (workspace_id, hash);

-- Moves with each import and removal, so that the processes drop the documents that they have read.
ALTER TABLE fieldstone.workspace ADD COLUMN documents_version bigint NOT NULL DEFAULT 0;

-- The documents that clients have stored themselves, by the SHA-256 of their text; the least recently read ones go.
CREATE TABLE fieldstone.persisted_query (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    hash bytea NOT NULL,
    text text NOT NULL,
    bytes integer NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, hash)
);
