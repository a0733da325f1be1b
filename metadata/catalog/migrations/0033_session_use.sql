-- A session ends early when it is not used for `idle_seconds`; 0 is never. Its last use is noted to the minute.
ALTER TABLE fieldstone.session
    ADD COLUMN idle_seconds integer NOT NULL DEFAULT 0 CHECK (idle_seconds >= 0),
    ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX session_of_user ON fieldstone.session (user_id);

-- The first characters of a key's token, by which people tell keys apart; NULL for one that is older than this column.
ALTER TABLE fieldstone.api_key ADD COLUMN prefix text;

-- A code that begins one session of a key, once.
CREATE TABLE fieldstone.sign_in_code (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    key_id uuid NOT NULL REFERENCES fieldstone.api_key (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_code_key ON fieldstone.sign_in_code (key_id);
CREATE INDEX sign_in_code_workspace ON fieldstone.sign_in_code (workspace_id);

CREATE OR REPLACE VIEW fieldstone.session_shown AS
    SELECT session.id, session.workspace_id, session.name,
        CASE WHEN session.key_id IS NULL THEN 'USER' ELSE 'API_KEY' END AS kind,
        coalesce(session.key_id, session.user_id) AS subject_id,
        CASE WHEN session.key_id IS NULL THEN session.role ELSE role.name END AS role,
        session.address, session.created_at, session.expires_at, session.revoked_at, session.last_used_at,
        CASE WHEN session.idle_seconds > 0
            THEN session.last_used_at + make_interval(secs => session.idle_seconds) END AS idle_at
    FROM fieldstone.session
        LEFT JOIN fieldstone.api_key ON api_key.id = session.key_id
        LEFT JOIN fieldstone.role ON role.id = api_key.role_id;

CREATE OR REPLACE VIEW fieldstone.api_key_shown AS
    SELECT api_key.id, api_key.workspace_id, api_key.name, role.name AS role, api_key.claims, api_key.created_at,
        api_key.created_by_key, api_key.expires_at, api_key.revoked_at, api_key.last_used_at, api_key.networks,
        api_key.prefix
    FROM fieldstone.api_key LEFT JOIN fieldstone.role ON role.id = api_key.role_id;
