-- The statements of mutations with an Idempotency-Key.

-- name: claim
-- A plain INSERT waits for another transaction with the key, and fails if that one is committed.
INSERT INTO fieldstone.idempotency (workspace_id, api_key_id, key, operation, body)
VALUES (%(workspace_id)s::uuid, %(api_key_id)s::uuid, %(key)s::text, %(operation)s::integer,
    decode(%(body)s::text, 'hex'));

-- name: keep_answer
UPDATE fieldstone.idempotency SET answer = convert_to(%(answer)s::text, 'UTF8')
WHERE workspace_id = %(workspace_id)s::uuid AND api_key_id = %(api_key_id)s::uuid AND key = %(key)s::text
    AND operation = %(operation)s::integer;

-- name: kept_answer
SELECT convert_from(answer, 'UTF8'), body = decode(%(body)s::text, 'hex')
FROM fieldstone.idempotency
WHERE workspace_id = %(workspace_id)s::uuid AND api_key_id = %(api_key_id)s::uuid AND key = %(key)s::text
    AND operation = %(operation)s::integer AND at > now() - interval '24 hours';

-- name: drop_expired
DELETE FROM fieldstone.idempotency
WHERE workspace_id = %(workspace_id)s::uuid AND api_key_id = %(api_key_id)s::uuid AND key = %(key)s::text
    AND operation = %(operation)s::integer AND at <= now() - interval '24 hours';

-- name: sweep
WITH old AS (
    SELECT workspace_id, api_key_id, key, operation FROM fieldstone.idempotency
    WHERE at <= now() - interval '24 hours' ORDER BY at LIMIT %(limit)s::integer FOR UPDATE SKIP LOCKED
)
DELETE FROM fieldstone.idempotency AS i USING old
WHERE i.workspace_id = old.workspace_id AND i.api_key_id = old.api_key_id AND i.key = old.key
    AND i.operation = old.operation
RETURNING 1;
