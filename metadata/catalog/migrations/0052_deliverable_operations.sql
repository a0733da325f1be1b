-- As migration 20 has it, but without the operations of objects that the webhook's role reads no more: none of their events
-- is delivered. They are kept, and shown again as soon as the role reads the object again. As in metadata/access/effective.py,
-- for each role by itself the grant for an object counts, even one of no ways, before the grant for all objects.
CREATE OR REPLACE VIEW fieldstone.webhook_shown AS
    SELECT webhook.id, webhook.workspace_id, webhook.target_url, webhook.description,
        ARRAY(
            SELECT coalesce(object.name_singular, '*') || '.' || coalesce(operation.action, '*')
            FROM fieldstone.webhook_operation AS operation
                LEFT JOIN fieldstone.object ON object.id = operation.object_id
            WHERE operation.webhook_id = webhook.id AND (operation.object_id IS NULL OR EXISTS (
                WITH RECURSIVE inherited AS (
                    SELECT webhook.role_id AS id
                    UNION
                    SELECT parent.id::uuid FROM inherited JOIN fieldstone.role USING (id)
                        CROSS JOIN LATERAL json_array_elements_text(role.parents) AS parent (id)
                )
                SELECT FROM inherited JOIN fieldstone.role USING (id) CROSS JOIN LATERAL (
                    SELECT given.value -> 'ways' AS ways FROM json_array_elements(role.grants) AS given
                    WHERE given.value ->> 'action' = 'read'
                        AND coalesce((given.value ->> 'object')::uuid, operation.object_id) = operation.object_id
                    ORDER BY given.value ->> 'object' NULLS LAST LIMIT 1
                ) AS granted
                WHERE json_array_length(granted.ways) > 0
            ))
            ORDER BY operation.place
        ) AS operations,
        webhook.is_active, webhook.failing_since, webhook.disabled_at, webhook.disabled_reason,
        webhook.created_at, webhook.updated_at, role.name AS role, webhook.claims
    FROM fieldstone.webhook LEFT JOIN fieldstone.role ON role.id = webhook.role_id;
