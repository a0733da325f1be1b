-- All events in the order of their positions, which have no gaps. Only the sequencer writes it: what it moves here has
-- been committed, in an order that is right for every record. `changed` holds the physical names of the columns whose
-- value an update changed. The partitions are made and dropped by the sequencer as the log grows and ages.
CREATE TABLE fieldstone.event_log (
    position bigint PRIMARY KEY,
    workspace_id uuid NOT NULL,
    object_id uuid NOT NULL,
    record_id uuid NOT NULL,
    action text NOT NULL,
    changed text[] NOT NULL,
    before jsonb,
    after jsonb,
    actor text,
    at timestamptz NOT NULL
) PARTITION BY RANGE (position);
CREATE INDEX event_log_object ON fieldstone.event_log (object_id, action, position);

-- Who reads the log and remembers how far: what lies behind `position` is kept for them.
CREATE TABLE fieldstone.log_consumer (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Rows stay for milliseconds and the table is scanned at each tick, so its dead rows must go soon.
ALTER TABLE fieldstone.event_staging SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000
);
