-- The position of the newest event, in one row. Who moves events into the log locks it by the statement that moves them:
-- lock and position are one, and whoever gets the lock sees the position that the last one has left, however old the
-- snapshot of its statement is.
CREATE TABLE fieldstone.log_head (
    is_head boolean PRIMARY KEY DEFAULT true CHECK (is_head),
    position bigint NOT NULL
);
INSERT INTO fieldstone.log_head (position) SELECT coalesce(max(position), 0) FROM fieldstone.event_log;
