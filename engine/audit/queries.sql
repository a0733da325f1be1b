-- name: note_failures
-- A credential that was a key of a workspace once is a failure of that workspace. Beyond `most` rows the others are one.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(failures)s::jsonb) AS given (hash text, address text, count int)
),
found AS (
    SELECT key.workspace_id, key.id, key.name, given.address, sum(given.count)::int AS count
    FROM given LEFT JOIN LATERAL (
        SELECT workspace_id, id, name FROM fieldstone.api_key WHERE token_hash = decode(given.hash, 'hex')
        UNION ALL
        SELECT workspace_id, id, name FROM fieldstone.api_key WHERE old_token_hash = decode(given.hash, 'hex') LIMIT 1
    ) AS key ON true
    GROUP BY key.workspace_id, key.id, key.name, given.address
),
placed AS (
    SELECT found.*, row_number() OVER (ORDER BY id IS NULL, count DESC, address) AS place FROM found
)
INSERT INTO fieldstone.audit_log (id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id,
    subject_name, count, details)
SELECT gen_random_uuid(), workspace_id, 'SIGN_IN_FAILED', CASE WHEN id IS NULL THEN 'UNKNOWN' ELSE 'API_KEY' END,
    id, name, address, id, name, count, '{}'::jsonb
FROM placed WHERE place <= %(most)s::int
UNION ALL
SELECT gen_random_uuid(), NULL, 'SIGN_IN_FAILED', 'UNKNOWN', NULL, NULL, NULL, NULL, NULL,
    (coalesce(sum(count), 0) + %(others)s::int)::int, '{"others": true}'::jsonb
FROM placed WHERE place > %(most)s::int HAVING count(*) + %(others)s::int > 0
RETURNING 1;

-- name: note_acts
INSERT INTO fieldstone.audit_log (id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id,
    subject_name, count, details)
SELECT id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id, subject_name, count, details
FROM jsonb_to_recordset(%(entries)s::jsonb) AS given (id uuid, workspace_id uuid, action text, actor_kind text,
    actor_id uuid, actor_name text, address text, subject_id uuid, subject_name text, count int, details jsonb)
RETURNING 1;

-- name: gone
-- The workspaces of some acts, and of failed sign-ins by the hash of a key, that have moved to another database.
SELECT id, NULL::text FROM fieldstone.workspace WHERE presence = 'GONE' AND id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT workspace.id, encode(key.token_hash, 'hex')
FROM fieldstone.api_key AS key JOIN fieldstone.workspace ON workspace.id = key.workspace_id
WHERE workspace.presence = 'GONE'
    AND key.token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
UNION ALL
SELECT workspace.id, encode(key.old_token_hash, 'hex')
FROM fieldstone.api_key AS key JOIN fieldstone.workspace ON workspace.id = key.workspace_id
WHERE workspace.presence = 'GONE'
    AND key.old_token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given));

-- name: trim_audit_log
DELETE FROM fieldstone.audit_log WHERE id IN (
    SELECT id FROM fieldstone.audit_log WHERE created_at < now() - %(days)s::int * interval '1 day'
    ORDER BY created_at LIMIT %(portion)s::int
);
