-- The signed-in sessions of people in browsers, found by the hash of a random id that a cookie carries. A session of an API
-- key has the rights that the key has; one of a user keeps those that the identity provider gave.
CREATE TABLE fieldstone.session (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    key_id uuid REFERENCES fieldstone.api_key (id) ON DELETE CASCADE,
    user_id uuid,
    issuer text,
    subject text,
    name text NOT NULL,
    role text,
    claims jsonb NOT NULL DEFAULT '{}',
    address text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK ((key_id IS NULL) = (user_id IS NOT NULL AND issuer IS NOT NULL AND subject IS NOT NULL AND role IS NOT NULL))
);
CREATE INDEX session_workspace ON fieldstone.session (workspace_id);
CREATE INDEX session_key ON fieldstone.session (key_id);

CREATE VIEW fieldstone.session_shown AS
    SELECT session.id, session.workspace_id, session.name,
        CASE WHEN session.key_id IS NULL THEN 'USER' ELSE 'API_KEY' END AS kind,
        coalesce(session.key_id, session.user_id) AS subject_id,
        CASE WHEN session.key_id IS NULL THEN session.role ELSE role.name END AS role,
        session.address, session.created_at, session.expires_at, session.revoked_at
    FROM fieldstone.session
        LEFT JOIN fieldstone.api_key ON api_key.id = session.key_id
        LEFT JOIN fieldstone.role ON role.id = api_key.role_id;
