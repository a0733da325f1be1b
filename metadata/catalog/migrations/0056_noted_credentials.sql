-- When a credential was noted in the directory: old ones are deleted, and one that is still used is found in its cell again.
ALTER TABLE fieldstone.placed_credential ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX placed_credential_noted ON fieldstone.placed_credential (noted_at);
