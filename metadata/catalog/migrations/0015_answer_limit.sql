-- Counts the bytes of a part of an answer, and ends the statement as soon as those of one level have more than the limit.
-- The parts of a level are no parts of each other, so no answer within the limit is refused. The counts are settings of
-- the transaction, which a read is alone in.
CREATE FUNCTION fieldstone.within_limit(part text, level integer, most bigint) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    counter CONSTANT text := 'fieldstone.bytes_' OPERATOR(pg_catalog.||) level::text;
    counted CONSTANT bigint :=
        COALESCE(NULLIF(pg_catalog.current_setting(counter, true), ''), '0')::bigint
            OPERATOR(pg_catalog.+) pg_catalog.octet_length(part);
BEGIN
    IF counted OPERATOR(pg_catalog.>) most THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FS001', MESSAGE = pg_catalog.format('the answer has more than %s bytes', most);
    END IF;
    PERFORM pg_catalog.set_config(counter, counted::text, true);
    RETURN part;
END $$;
