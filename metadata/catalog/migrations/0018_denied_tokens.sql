-- Tokens of identity providers that are refused although they are valid: one by its id, or those that a subject was given
-- up to a moment. A row goes when the tokens that it refuses have expired.
CREATE TABLE fieldstone.denied_token (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    issuer text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ID', 'SUBJECT')),
    value text NOT NULL,
    denied_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (workspace_id, issuer, kind, value)
);

-- One row. Each process compares its version once a second, and reads the list again where it is another.
CREATE TABLE fieldstone.denied_token_version (version bigint NOT NULL);
INSERT INTO fieldstone.denied_token_version (version) VALUES (1);
