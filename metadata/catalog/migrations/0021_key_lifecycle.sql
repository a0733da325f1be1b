-- The networks from which a key may be used, any where the list is empty; its last use, to the minute; and the token before
-- the last rotation, which is valid until `old_token_until`.
ALTER TABLE fieldstone.api_key
    ADD COLUMN networks text[] NOT NULL DEFAULT '{}',
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN old_token_hash bytea UNIQUE CHECK (length(old_token_hash) = 32),
    ADD COLUMN old_token_until timestamptz;

CREATE OR REPLACE VIEW fieldstone.api_key_shown AS
    SELECT api_key.id, api_key.workspace_id, api_key.name, role.name AS role, api_key.claims, api_key.created_at,
        api_key.created_by_key, api_key.expires_at, api_key.revoked_at, api_key.last_used_at, api_key.networks
    FROM fieldstone.api_key LEFT JOIN fieldstone.role ON role.id = api_key.role_id;
