-- Ends a statement that lost a race as PostgreSQL ends a transaction that must be tried again. An upsert calls it when a
-- row was neither updated nor inserted: another transaction has taken the key since the statement began.
CREATE FUNCTION fieldstone.retry() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'another transaction took a key of this upsert meanwhile' USING ERRCODE = 'serialization_failure';
END
$$;

-- The answers of mutations that were sent with an Idempotency-Key. The row is the claim of the key: it is inserted at the
-- beginning of the mutation's own transaction, so a second request with the key waits for the first one's end. `body` is
-- the SHA-256 of the operation as it was sent, `operation` its index in a batch.
CREATE TABLE fieldstone.idempotency (
    workspace_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    key text NOT NULL,
    operation integer NOT NULL,
    body bytea NOT NULL,
    answer bytea,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, api_key_id, key, operation)
);
CREATE INDEX idempotency_at ON fieldstone.idempotency (at);
