-- Keys that are gone: with their workspace, or by hand.
CREATE TABLE fieldstone.deleted_key (
    id uuid PRIMARY KEY,
    moved_in xid8 NOT NULL
);
CREATE INDEX deleted_key_moved ON fieldstone.deleted_key (moved_in);

CREATE FUNCTION fieldstone.note_deleted_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fieldstone.deleted_key (id, moved_in) VALUES (OLD.id, pg_catalog.pg_current_xact_id())
    ON CONFLICT (id) DO UPDATE SET moved_in = excluded.moved_in;
    RETURN NULL;
END $$;
CREATE TRIGGER note_deletion AFTER DELETE ON fieldstone.api_key
    FOR EACH ROW EXECUTE FUNCTION fieldstone.note_deleted_key();
