-- The key that a key was made by, none for one made on the command line; and the one at the beginning of that chain, whose
-- allowance of operations all of the chain share.
ALTER TABLE fieldstone.api_key
    ADD COLUMN created_by_key uuid REFERENCES fieldstone.api_key (id) ON DELETE SET NULL,
    ADD COLUMN root_key uuid;
CREATE INDEX api_key_created_by ON fieldstone.api_key (created_by_key);
