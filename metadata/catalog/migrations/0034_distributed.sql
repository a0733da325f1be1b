-- Whether a workspace's schema is distributed by Citus: its tables lie on one node, which the coordinator leads to.
ALTER TABLE fieldstone.workspace ADD COLUMN is_distributed boolean NOT NULL DEFAULT false;

-- The time of the transaction as a default of distributed tables. Citus 14 writes an INSERT .. SELECT wrongly whose
-- defaults are STABLE, as now() is, and inserts nothing where the SELECT joins; a VOLATILE function it leaves alone.
CREATE FUNCTION fieldstone.moment() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
AS 'SELECT pg_catalog.now()';
