-- name: saved_views
-- The views that a principal may see, or the one with an id, as a JSON list.
SELECT coalesce(json_agg(json_build_object(
    'id', id, 'objectId', object_id, 'kind', kind, 'name', name, 'content', content, 'isShared', is_shared,
    'ownerId', owner_id, 'ownerName', owner_name,
    'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'updatedAt', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
) ORDER BY id), '[]')::text
FROM fieldstone.saved_view
WHERE workspace_id = %(workspace_id)s::uuid AND (is_shared OR owner_id = %(owner_id)s::uuid)
    AND (%(id)s::uuid IS NULL OR id = %(id)s::uuid);

-- name: count_views
-- The owner's views of the objects that it reads, and the shared ones of all objects that are there.
SELECT count(*) FILTER (WHERE owner_id = %(owner_id)s AND object_id = ANY (%(readable)s)),
    count(*) FILTER (WHERE is_shared AND object_id = ANY (%(active)s))
FROM fieldstone.saved_view
WHERE workspace_id = %(workspace_id)s;

-- name: insert_view
INSERT INTO fieldstone.saved_view (id, workspace_id, object_id, kind, name, content, is_shared, owner_id, owner_name)
VALUES (%(id)s, %(workspace_id)s, %(object_id)s, %(kind)s, %(name)s, %(content)s, %(is_shared)s, %(owner_id)s,
    %(owner_name)s);

-- name: update_view
UPDATE fieldstone.saved_view SET kind = %(kind)s, name = %(name)s, content = %(content)s, is_shared = %(is_shared)s,
    updated_at = now()
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_view
DELETE FROM fieldstone.saved_view WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: preference
SELECT content FROM fieldstone.preference
WHERE workspace_id = %(workspace_id)s::uuid AND owner_id = %(owner_id)s::uuid;

-- name: set_preference
INSERT INTO fieldstone.preference (workspace_id, owner_id, content) VALUES (%(workspace_id)s, %(owner_id)s, %(content)s)
ON CONFLICT (workspace_id, owner_id) DO UPDATE SET content = excluded.content;
