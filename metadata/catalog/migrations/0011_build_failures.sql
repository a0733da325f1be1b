-- Why a field or an index is FAILED, for people to read.
ALTER TABLE fieldstone.field ADD COLUMN failure text;
ALTER TABLE fieldstone.index ADD COLUMN failure text;
