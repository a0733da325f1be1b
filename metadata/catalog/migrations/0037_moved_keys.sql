-- The transaction that last changed a key. A process that looks for changes every now and then need not look up each key
-- in use each second; a use of a key is no change of it.
ALTER TABLE fieldstone.api_key ADD COLUMN moved_in xid8;
CREATE INDEX api_key_moved ON fieldstone.api_key (moved_in) WHERE moved_in IS NOT NULL;

CREATE TRIGGER note_move BEFORE UPDATE OF workspace_id, name, token_hash, expires_at, revoked_at, root_key, networks,
        old_token_hash, old_token_until, role_id, claims ON fieldstone.api_key
    FOR EACH ROW EXECUTE FUNCTION fieldstone.note_move();
