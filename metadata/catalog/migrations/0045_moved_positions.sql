-- The positions of events that came with a move are found by those of the log, and go with them.
CREATE INDEX moved_event_position ON fieldstone.moved_event (position);

-- Deletions are remembered for a week: a process that has not looked for so long compares everything.
ALTER TABLE fieldstone.deleted_workspace ADD COLUMN at timestamptz NOT NULL DEFAULT now();
ALTER TABLE fieldstone.deleted_key ADD COLUMN at timestamptz NOT NULL DEFAULT now();
CREATE INDEX deleted_workspace_at ON fieldstone.deleted_workspace (at);
CREATE INDEX deleted_key_at ON fieldstone.deleted_key (at);

-- Each deletion forgets some of the oldest, since the login that serves may not write to these tables.
CREATE FUNCTION fieldstone.forget_deletions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM fieldstone.deleted_key WHERE id = ANY (ARRAY(
        SELECT id FROM fieldstone.deleted_key WHERE at < now() - interval '7 days' ORDER BY at LIMIT 1000
        FOR UPDATE SKIP LOCKED
    ));
    DELETE FROM fieldstone.deleted_workspace WHERE id = ANY (ARRAY(
        SELECT id FROM fieldstone.deleted_workspace WHERE at < now() - interval '7 days' ORDER BY at LIMIT 1000
        FOR UPDATE SKIP LOCKED
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER forget_deletions AFTER DELETE ON fieldstone.api_key
    FOR EACH STATEMENT EXECUTE FUNCTION fieldstone.forget_deletions();
CREATE TRIGGER forget_deletions AFTER DELETE ON fieldstone.workspace
    FOR EACH STATEMENT EXECUTE FUNCTION fieldstone.forget_deletions();
