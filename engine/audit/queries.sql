-- name: note_failures
-- A credential that was a key or a session of a workspace once, or a token that its issuer has signed for a user of one, is
-- a failure of that workspace. Beyond `most` rows the others are one.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(failures)s::jsonb) AS given (hash text, address text, workspace_id uuid,
        user_id uuid, user_name text, count int)
),
found AS (
    SELECT owner.workspace_id, owner.kind, owner.id, owner.name, given.address, sum(given.count)::int AS count
    FROM given LEFT JOIN LATERAL (
        SELECT workspace_id, 'API_KEY' AS kind, id, name FROM fieldstone.api_key
        WHERE token_hash = decode(given.hash, 'hex')
        UNION ALL
        SELECT workspace_id, 'API_KEY', id, name FROM fieldstone.api_key WHERE old_token_hash = decode(given.hash, 'hex')
        UNION ALL
        SELECT workspace_id, CASE WHEN key_id IS NULL THEN 'USER' ELSE 'API_KEY' END, coalesce(key_id, user_id), name
        FROM fieldstone.session WHERE token_hash = decode(given.hash, 'hex')
        UNION ALL
        -- The workspace may have been deleted since.
        SELECT id, 'USER', given.user_id, given.user_name FROM fieldstone.workspace WHERE id = given.workspace_id
        LIMIT 1
    ) AS owner ON true
    GROUP BY owner.workspace_id, owner.kind, owner.id, owner.name, given.address
),
placed AS (
    SELECT found.*, row_number() OVER (ORDER BY id IS NULL, count DESC, address) AS place FROM found
)
INSERT INTO fieldstone.audit_log (id, workspace_id, action, actor_kind, actor_id, actor_name, address, subject_id,
    subject_name, count, details)
SELECT gen_random_uuid(), workspace_id, 'SIGN_IN_FAILED', coalesce(kind, 'UNKNOWN'), id, name, address, id, name, count, '{}'::jsonb
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
-- The audit log of a workspace that has been deleted since went with it.
WHERE EXISTS (SELECT FROM fieldstone.workspace WHERE id = given.workspace_id)
RETURNING 1;

-- name: gone
-- The workspaces of some acts and users, and of failed sign-ins by the hash of a key or a session, that are in another
-- database, to which they have moved or where they have always been.
SELECT given, NULL::text FROM unnest(%(ids)s::uuid[]) AS given
WHERE NOT EXISTS (SELECT FROM fieldstone.workspace WHERE id = given AND presence <> 'GONE')
UNION ALL
SELECT workspace.id, encode(key.token_hash, 'hex')
FROM fieldstone.api_key AS key JOIN fieldstone.workspace ON workspace.id = key.workspace_id
WHERE workspace.presence = 'GONE'
    AND key.token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
UNION ALL
SELECT workspace.id, encode(key.old_token_hash, 'hex')
FROM fieldstone.api_key AS key JOIN fieldstone.workspace ON workspace.id = key.workspace_id
WHERE workspace.presence = 'GONE'
    AND key.old_token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given))
UNION ALL
SELECT workspace.id, encode(session.token_hash, 'hex')
FROM fieldstone.session JOIN fieldstone.workspace ON workspace.id = session.workspace_id
WHERE workspace.presence = 'GONE'
    AND session.token_hash = ANY (ARRAY(SELECT decode(given, 'hex') FROM unnest(%(hashes)s::text[]) AS given));

-- name: trim_audit_log
DELETE FROM fieldstone.audit_log WHERE id IN (
    SELECT id FROM fieldstone.audit_log WHERE created_at < now() - %(days)s::int * interval '1 day'
    ORDER BY created_at LIMIT %(portion)s::int
);
