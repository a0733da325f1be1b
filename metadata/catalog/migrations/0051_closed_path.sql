-- As migration 14 has it, but for the SQLSTATE of a path that cannot be followed: the one of before is that of an unknown
-- time zone, too. A process of the release before takes the new one for that of a value out of range.
CREATE OR REPLACE FUNCTION fieldstone.set_paths(document jsonb, changes jsonb) RETURNS jsonb
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
                RAISE EXCEPTION 'a value on the path % has no member %', path, path[step + 1] USING ERRCODE = '22S01';
            END IF;
        END LOOP;
        result := pg_catalog.jsonb_set(result, path, change -> 'value');
    END LOOP;
    RETURN result;
END
$$;
