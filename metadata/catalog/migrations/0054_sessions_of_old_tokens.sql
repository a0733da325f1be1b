-- Whether a session of a key was begun by a token that the key had before its last rotation.
ALTER TABLE fieldstone.session ADD COLUMN by_old_token boolean NOT NULL DEFAULT false;
UPDATE fieldstone.session SET by_old_token = true FROM fieldstone.api_key
WHERE api_key.id = session.key_id AND session.expires_at <= api_key.old_token_until;
