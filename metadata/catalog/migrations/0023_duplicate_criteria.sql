-- The criteria by which records of an object are duplicates: a list of lists of ids of its fields; NULL is the usual ones.
ALTER TABLE fieldstone.object ADD COLUMN duplicate_criteria jsonb;
