-- name: valid_keys
SELECT id FROM fieldstone.api_key
WHERE id = ANY (%(keys)s::uuid[]) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
