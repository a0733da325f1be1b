-- name: documents_versions
SELECT id, documents_version FROM fieldstone.workspace WHERE id = ANY(%(ids)s::uuid[]);

-- name: trusted_document
-- By its id, which has one text whichever clients have it, or by the hash of its text.
SELECT text FROM fieldstone.trusted_document
WHERE workspace_id = %(workspace_id)s::uuid AND (document_id = %(id)s::text OR hash = decode(%(hash)s::text, 'hex'))
ORDER BY document_id = %(id)s::text DESC NULLS LAST LIMIT 1;

-- name: persisted_query
UPDATE fieldstone.persisted_query SET read_at = now()
WHERE workspace_id = %(workspace_id)s::uuid AND hash = decode(%(hash)s::text, 'hex') RETURNING text;

-- name: keep_persisted_query
-- The statement deletes those that no longer fit beside the new one, the least recently read ones first.
WITH kept AS (
    INSERT INTO fieldstone.persisted_query (workspace_id, hash, text, bytes)
    VALUES (%(workspace_id)s::uuid, decode(%(hash)s::text, 'hex'), %(text)s::text, octet_length(%(text)s::text))
    ON CONFLICT (workspace_id, hash) DO UPDATE SET read_at = now()
),
ranked AS (
    SELECT hash, row_number() OVER newest AS place, sum(bytes) OVER newest AS bytes
    FROM fieldstone.persisted_query
    WHERE workspace_id = %(workspace_id)s::uuid AND hash <> decode(%(hash)s::text, 'hex')
    WINDOW newest AS (ORDER BY read_at DESC, hash)
)
DELETE FROM fieldstone.persisted_query AS old USING ranked
WHERE old.workspace_id = %(workspace_id)s::uuid AND old.hash = ranked.hash
AND (ranked.place >= %(most)s::int OR ranked.bytes + octet_length(%(text)s::text) > %(most_bytes)s::int);
