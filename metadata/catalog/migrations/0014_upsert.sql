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

-- Sets values inside a JSON document, as [{"path": ["a", "b"], "value": 1}]. A missing or null value on the way becomes an
-- object; on any other that is neither an object nor a list, and on a step in a list that is no number, it fails.
CREATE FUNCTION fieldstone.set_paths(document jsonb, changes jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    change jsonb;
    path text[];
    place jsonb;
    result jsonb := CASE WHEN pg_catalog.jsonb_typeof(document) = 'null' THEN '{}' ELSE COALESCE(document, '{}') END;
BEGIN
    FOR change IN SELECT value FROM pg_catalog.jsonb_array_elements(changes) LOOP
        path := ARRAY(SELECT pg_catalog.jsonb_array_elements_text(change -> 'path'));
        FOR step IN 0 .. pg_catalog.cardinality(path) - 1 LOOP
            place := result #> path[1:step];
            IF place IS NULL OR pg_catalog.jsonb_typeof(place) = 'null' THEN
                result := pg_catalog.jsonb_set(result, path[1:step], '{}');
                place := result #> path[1:step];
            END IF;
            IF place IS NULL OR NOT (pg_catalog.jsonb_typeof(place) = 'object'
                OR pg_catalog.jsonb_typeof(place) = 'array' AND path[step + 1] ~ '^-?[0-9]{1,9}$') THEN
                RAISE EXCEPTION 'a value on the path % has no member %', path, path[step + 1]
                    USING ERRCODE = 'invalid_parameter_value';
            END IF;
        END LOOP;
        result := pg_catalog.jsonb_set(result, path, change -> 'value');
    END LOOP;
    RETURN result;
END
$$;

-- Removes values inside a JSON document, as [["a", "b"]]; a path that leads nowhere removes nothing.
CREATE FUNCTION fieldstone.delete_paths(document jsonb, paths jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    given jsonb;
    path text[];
    kind text;
    result jsonb := document;
BEGIN
    FOR given IN SELECT value FROM pg_catalog.jsonb_array_elements(paths) LOOP
        path := ARRAY(SELECT pg_catalog.jsonb_array_elements_text(given));
        kind := pg_catalog.jsonb_typeof(result #> path[1:pg_catalog.cardinality(path) - 1]);
        IF kind = 'object' OR kind = 'array' AND path[pg_catalog.cardinality(path)] ~ '^-?[0-9]{1,9}$' THEN
            result := result #- path;
        END IF;
    END LOOP;
    RETURN result;
END
$$;
