-- The role as which a trusted document is held against changes of the model; a role that is gone is told as such.
ALTER TABLE fieldstone.trusted_document ADD COLUMN role_id uuid;
