-- Whether a session of a key was begun by a token that the key had before its last rotation. Of those that began before this
-- migration only the ones that a rotation shortened are known: they end with the old token, and the look-up compares the two.
ALTER TABLE fieldstone.session ADD COLUMN by_old_token boolean NOT NULL DEFAULT false;
