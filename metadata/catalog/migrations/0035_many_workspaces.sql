-- The work that a change or an older release left is looked for every few seconds: that costs as much as there is of it,
-- and not as much as there are workspaces.
CREATE INDEX workspace_text_order ON fieldstone.workspace (text_order, id);
CREATE INDEX index_not_ready ON fieldstone.index (seq) WHERE status <> 'READY';
DROP INDEX fieldstone.index_building;
