-- The transaction that last moved a workspace's model. A process reads the workspaces moved since its last look by the
-- index, however many there are; it compares with the oldest transaction that ran then, so that none is missed.
ALTER TABLE fieldstone.workspace ADD COLUMN moved_in xid8;
CREATE INDEX workspace_moved ON fieldstone.workspace (moved_in);

CREATE TABLE fieldstone.deleted_workspace (
    id uuid PRIMARY KEY,
    moved_in xid8 NOT NULL
);
CREATE INDEX deleted_workspace_moved ON fieldstone.deleted_workspace (moved_in);

-- Triggers, since a process of an older release moves models too.
CREATE FUNCTION fieldstone.note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.moved_in := pg_catalog.pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER note_move BEFORE UPDATE OF version ON fieldstone.workspace
    FOR EACH ROW EXECUTE FUNCTION fieldstone.note_move();

CREATE FUNCTION fieldstone.note_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fieldstone.deleted_workspace (id, moved_in) VALUES (OLD.id, pg_catalog.pg_current_xact_id())
    ON CONFLICT (id) DO UPDATE SET moved_in = excluded.moved_in;
    RETURN NULL;
END $$;
CREATE TRIGGER note_deletion AFTER DELETE ON fieldstone.workspace
    FOR EACH ROW EXECUTE FUNCTION fieldstone.note_deletion();
