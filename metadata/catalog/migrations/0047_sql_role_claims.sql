-- The principal's values that the rules of a SQL role's role may name. SQL roles share a schema if these are the same,
-- too.
ALTER TABLE fieldstone.sql_role ADD COLUMN claims jsonb NOT NULL DEFAULT '{}';
