-- The version of the workspace's model that last moved an object: its own values, fields, indexes or relations. A process
-- that is behind loads only what has moved since.
ALTER TABLE fieldstone.object ADD COLUMN version bigint NOT NULL DEFAULT 0;
CREATE INDEX object_version ON fieldstone.object (workspace_id, version);
