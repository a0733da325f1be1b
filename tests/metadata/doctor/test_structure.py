"""metadata/catalog/structure.sql: it has the constraints and indexes that the migrations leave."""

import psycopg

from fieldstone.metadata.doctor.catalog import read_structure

_CONSTRAINTS = """
    SELECT format('ALTER TABLE fieldstone.%I ADD CONSTRAINT %I %s;', relname, conname, pg_get_constraintdef(con.oid))
    FROM pg_constraint AS con JOIN pg_class AS c ON c.oid = conrelid
    WHERE relnamespace = 'fieldstone'::regnamespace AND contype IN ('p', 'u', 'c', 'f') AND NOT relispartition
    ORDER BY array_position('{p,u,c,f}'::"char"[], contype), relname, conname
"""
_INDEXES = """
    SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') || ';'
    FROM pg_index JOIN pg_class AS c ON c.oid = indrelid JOIN pg_class AS index ON index.oid = indexrelid
    WHERE c.relnamespace = 'fieldstone'::regnamespace AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY c.relname, index.relname
"""


def test_the_structure_is_that_of_the_migrations(model_dsn: str) -> None:
    with psycopg.connect(model_dsn, options="-c search_path=pg_catalog") as connection:
        lines = [row[0] for query in (_CONSTRAINTS, _INDEXES) for row in connection.execute(query)]
    assert read_structure().splitlines() == lines
