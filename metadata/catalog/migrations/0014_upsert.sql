-- Ends a statement that lost a race as PostgreSQL ends a transaction that must be tried again. An upsert calls it when a
-- row was neither updated nor inserted: another transaction has taken the key since the statement began.
CREATE FUNCTION fieldstone.retry() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'another transaction took a key of this upsert meanwhile' USING ERRCODE = 'serialization_failure';
END
$$;
