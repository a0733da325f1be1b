-- The kind and the id of an author beside the name; NULL in rows from before. A write leaves all three in one text,
-- `KIND U+001F ID U+001F NAME`, which the sequencer takes apart: its statement has one parameter for them.
ALTER TABLE fieldstone.model_change ADD COLUMN actor_kind text, ADD COLUMN actor_id uuid;
ALTER TABLE fieldstone.event_log ADD COLUMN actor_kind text, ADD COLUMN actor_id uuid;
