-- What a change of a big table leaves to be done beside readers and writers: BUILDING, then READY or FAILED. `backfill`
-- holds the cells for the records that have none, while there may be such.
ALTER TABLE fieldstone.field
    ADD COLUMN status text NOT NULL DEFAULT 'READY' CHECK (status IN ('READY', 'BUILDING', 'FAILED')),
    ADD COLUMN backfill jsonb;
CREATE INDEX field_building ON fieldstone.field (seq) WHERE status <> 'READY';

-- BUILDING while any of its fields or indexes is, else FAILED where one of them is.
ALTER TABLE fieldstone.object
    ADD COLUMN status text NOT NULL DEFAULT 'READY' CHECK (status IN ('READY', 'BUILDING', 'FAILED'));
