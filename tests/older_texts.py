"""A workspace as a version before the order of texts left it: indexes of the texts themselves, none for labels.

Its keys have indexes without deletedAt.
"""

import psycopg
from psycopg import sql

SCHEMA = "workspace_default"


def make_older(dsn: str) -> None:
    """Bring the workspace's indexes back to the older form, with one more that somebody made on a person's city."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            "DELETE FROM fieldstone.index WHERE name LIKE '%\\_sort' OR name LIKE '%\\_fold'"
            " RETURNING id, workspace_id, object_id, name, field_ids::text, method"
        ).fetchall()
        for id_, workspace, object_, name, fields, method in rows:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(SCHEMA, name)))
            if method == "trigram":
                table, column, _ = name.split("_")
                older = f"{table}_{column}_trgm"
                connection.execute(
                    sql.SQL("CREATE INDEX {} ON {} USING gin ({} fieldstone_ext.gin_trgm_ops)"
                        " WITH (gin_pending_list_limit = 64)").format(
                        sql.Identifier(older), sql.Identifier(SCHEMA, table), sql.Identifier(column)
                    )
                )  # fmt: skip
                _insert(connection, (id_, workspace, object_, older, fields, method))
        connection.execute(
            sql.SQL("CREATE INDEX person_city_idx ON {} (city)").format(sql.Identifier(SCHEMA, "person"))
        )
        keys = connection.execute(
            "DELETE FROM fieldstone.index WHERE name LIKE '%Id\\_deletedAt\\_idx'"
            " RETURNING id, workspace_id, object_id, name, jsonb_build_array(field_ids->0)::text, method"
        ).fetchall()
        for id_, workspace, object_, name, fields, method in keys:
            table, column, *_ = name.split("_")
            bare = f"{table}_{column}_idx"
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(SCHEMA, name)))
            connection.execute(
                sql.SQL("CREATE INDEX {} ON {} ({})").format(
                    sql.Identifier(bare), sql.Identifier(SCHEMA, table), sql.Identifier(column)
                )
            )
            _insert(connection, (id_, workspace, object_, bare, fields, method))
        city = connection.execute(
            "SELECT gen_random_uuid(), field.workspace_id, object_id, 'person_city_idx',"
            " '[\"' || field.id || '\"]', 'btree' FROM fieldstone.field JOIN fieldstone.object ON object.id = object_id"
            " WHERE field.name = 'city' AND table_name = 'person'"
        ).fetchone()
        assert city is not None
        _insert(connection, city)
        connection.execute("UPDATE fieldstone.workspace SET text_order = 0")


def _insert(connection: psycopg.Connection, row: tuple[object, ...]) -> None:
    connection.execute(
        "INSERT INTO fieldstone.index"
        " (id, workspace_id, object_id, name, field_ids, is_unique, is_partial, method, status)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, false, false, %s, 'READY')",
        row,
    )


def physical_indexes(dsn: str) -> set[str]:
    """The valid indexes of the workspace."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT relname::text FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid"
            " WHERE relnamespace = %s::regnamespace AND indisvalid",
            [SCHEMA],
        ).fetchall()
    return {name for (name,) in rows}
