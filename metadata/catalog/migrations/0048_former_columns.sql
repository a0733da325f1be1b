-- The names that the column of a field had before options went: the images of older events have them as keys.
ALTER TABLE fieldstone.field ADD COLUMN former_columns text[] NOT NULL DEFAULT '{}';
