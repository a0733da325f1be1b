-- Jobs of tokens and of principals that act as another one. `token` has the facts of a verified token, by which its rights
-- are checked again without it; `acts_as` has the role and the values, as JSON text, which may hold a NUL as an escape.
ALTER TABLE fieldstone.import_job ADD COLUMN token text, ADD COLUMN acts_as text;
