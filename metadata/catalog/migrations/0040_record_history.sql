-- The events that have left the log, in the partitions that they had there: these are moved as they are, so that no event is
-- written twice. `event_history` is both together; `event_before` has the image that an update found, in the columns of the
-- log, where readers of the log find the one that it left.
CREATE TABLE fieldstone.record_history (
    position bigint PRIMARY KEY,
    workspace_id uuid NOT NULL,
    object_id uuid NOT NULL,
    record_id uuid NOT NULL,
    action text NOT NULL,
    changed text[] NOT NULL,
    before jsonb,
    after jsonb,
    actor text,
    at timestamptz NOT NULL,
    actor_kind text,
    actor_id uuid
) PARTITION BY RANGE (position);
CREATE INDEX record_history_record ON fieldstone.record_history (record_id, position);

CREATE VIEW fieldstone.event_history AS
    SELECT position, workspace_id, object_id, record_id, action, changed, before, after, actor, at, actor_kind, actor_id
    FROM fieldstone.event_log
    UNION ALL
    SELECT position, workspace_id, object_id, record_id, action, changed, before, after, actor, at, actor_kind, actor_id
    FROM fieldstone.record_history;

CREATE VIEW fieldstone.event_before AS
    SELECT position, object_id, action, changed, before, NULL::jsonb AS after
    FROM fieldstone.event_history WHERE action = 'updated';

-- Positions count the events of all workspaces: a cursor hides them under a key of the database.
CREATE TABLE fieldstone.cursor_key (key bytea NOT NULL);
INSERT INTO fieldstone.cursor_key VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
