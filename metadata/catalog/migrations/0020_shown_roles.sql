-- The rights of a role as the API shows them, with the present names of objects, fields and roles. The rows of roles that
-- are there are those that each workspace begins with.
ALTER TABLE fieldstone.role ADD COLUMN shown jsonb;
UPDATE fieldstone.role SET shown = json_build_object('parents', '[]'::json, 'claims', '[]'::json, 'limits', '{}'::json,
    'settings', settings, 'grants', json_build_array(
        (SELECT jsonb_object_agg(one ->> 'action', '{}'::json) FROM json_array_elements(grants) AS one)
            || '{"object": "*", "aggregates": true}'));
ALTER TABLE fieldstone.role ALTER COLUMN shown SET NOT NULL;

CREATE VIEW fieldstone.role_shown AS
    SELECT id, workspace_id, name, label, description,
        ARRAY(SELECT jsonb_array_elements_text(shown -> 'parents')) AS parents,
        shown -> 'claims' AS claims, shown -> 'limits' AS limits,
        ARRAY(SELECT jsonb_array_elements_text(shown -> 'settings')) AS settings,
        shown -> 'grants' AS grants, is_system, created_at, updated_at
    FROM fieldstone.role;

-- A key as the API shows it, with the present name of its role.
CREATE VIEW fieldstone.api_key_shown AS
    SELECT api_key.id, api_key.workspace_id, api_key.name, role.name AS role, api_key.claims, api_key.created_at,
        api_key.created_by_key, api_key.expires_at, api_key.revoked_at
    FROM fieldstone.api_key LEFT JOIN fieldstone.role ON role.id = api_key.role_id;

CREATE OR REPLACE VIEW fieldstone.webhook_shown AS
    SELECT webhook.id, webhook.workspace_id, webhook.target_url, webhook.description,
        ARRAY(
            SELECT coalesce(object.name_singular, '*') || '.' || coalesce(operation.action, '*')
            FROM fieldstone.webhook_operation AS operation
                LEFT JOIN fieldstone.object ON object.id = operation.object_id
            WHERE operation.webhook_id = webhook.id ORDER BY operation.place
        ) AS operations,
        webhook.is_active, webhook.failing_since, webhook.disabled_at, webhook.disabled_reason,
        webhook.created_at, webhook.updated_at, role.name AS role, webhook.claims
    FROM fieldstone.webhook LEFT JOIN fieldstone.role ON role.id = webhook.role_id;
