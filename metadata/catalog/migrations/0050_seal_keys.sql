-- Positions count the events of all workspaces, so a client is told them under a key of its workspace, which moves along with
-- it. The key of the database in `cursor_key` is read by processes of the release before alone.
ALTER TABLE fieldstone.workspace ADD COLUMN seal_key bytea NOT NULL
    DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
