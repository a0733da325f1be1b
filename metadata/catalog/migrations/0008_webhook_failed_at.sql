-- When the last attempt failed, if none has succeeded since: tells a failure that goes on from two that are far apart.
ALTER TABLE fieldstone.webhook ADD COLUMN failed_at timestamptz;
