-- An index on a big table is built after the change that makes it: BUILDING, then READY or FAILED.
ALTER TABLE fieldstone.index
    ADD COLUMN is_partial boolean NOT NULL DEFAULT false,
    ADD COLUMN status text NOT NULL DEFAULT 'READY' CHECK (status IN ('READY', 'BUILDING', 'FAILED'));
CREATE INDEX index_building ON fieldstone.index (seq) WHERE status = 'BUILDING';

-- What the API knows a version of the model by.
ALTER TABLE fieldstone.model_change ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
