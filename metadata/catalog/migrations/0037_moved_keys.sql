-- The transaction that last changed a key. A process that looks for changes every now and then need not look up each key
-- in use each second; a use of a key is no change of it.
ALTER TABLE fieldstone.api_key ADD COLUMN moved_in xid8;
CREATE INDEX api_key_moved ON fieldstone.api_key (moved_in) WHERE moved_in IS NOT NULL;

CREATE TRIGGER note_move BEFORE UPDATE OF workspace_id, name, token_hash, expires_at, revoked_at, root_key, networks,
        old_token_hash, old_token_until, role_id, claims ON fieldstone.api_key
    FOR EACH ROW EXECUTE FUNCTION fieldstone.note_move();

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
