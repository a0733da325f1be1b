-- As migrations 51 and 14 have them, but for the steps that are a place in a list: they are those that PostgreSQL's #> takes
-- for one, by which paths are read, such as `+1` and `01`.
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
                OR pg_catalog.jsonb_typeof(place) = 'array' AND path[step + 1] ~ '^[ \t\n\v\f\r]*[-+]?0*[0-9]{1,9}$') THEN
                RAISE EXCEPTION 'a value on the path % has no member %', path, path[step + 1] USING ERRCODE = '22S01';
            END IF;
        END LOOP;
        result := pg_catalog.jsonb_set(result, path, change -> 'value');
    END LOOP;
    RETURN result;
END
$$;

CREATE OR REPLACE FUNCTION fieldstone.delete_paths(document jsonb, paths jsonb) RETURNS jsonb
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
        IF kind = 'object' OR kind = 'array' AND path[pg_catalog.cardinality(path)] ~ '^[ \t\n\v\f\r]*[-+]?0*[0-9]{1,9}$' THEN
            result := result #- path;
        END IF;
    END LOOP;
    RETURN result;
END
$$;
