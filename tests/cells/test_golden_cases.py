"""The golden cases in a cell other than the home: each operation has the answer that it has on one database."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.apis import WORKSPACE_ID, as_json
from tests.cells.clusters import cell_services, client_of, open_app, url_of
from tests.databases import Databases
from tests.specimens import golden_template

pytestmark = pytest.mark.long

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


class Kept:
    """The records of a workspace as they are at the beginning, which come back after each mutation."""

    def __init__(self, connection: "psycopg.Connection[Any]", schema: str) -> None:
        self._connection = connection
        rows = connection.execute(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_class AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
            " AND NOT a.attisdropped AND a.attgenerated = '' WHERE c.relkind = 'r'"
            " AND c.relnamespace = to_regnamespace(quote_ident(%s)) GROUP BY 1",
            [schema],
        ).fetchall()
        self._tables = [(sql.Identifier(schema, name), sql.Identifier(name), columns) for name, columns in rows]
        connection.execute("CREATE SCHEMA kept")
        connection.execute("SET search_path = kept")
        for table, kept, _ in self._tables:
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, table))
        # Neither triggers nor foreign keys: a table is brought back alone.
        connection.execute("SET session_replication_role = replica")
        self._versions = self._find_versions()

    def restore(self) -> None:
        """Bring back the records of the tables that were written."""
        found = self._find_versions()
        for (table, kept, columns), before, now in zip(self._tables, self._versions, found, strict=True):
            if now != before:
                listed = sql.SQL(", ").join(map(sql.Identifier, columns))
                self._connection.execute(sql.SQL("DELETE FROM {}").format(table))
                self._connection.execute(
                    sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(table, listed, listed, kept)
                )
        self._versions = self._find_versions()

    def _find_versions(self) -> list[tuple[Any, ...]]:
        """The number of each table's records, and the last transaction that wrote one which is there."""
        counted = (
            sql.SQL("SELECT {}, count(*), max(xmin::text::bigint) FROM {}").format(at, table)
            for at, (table, _, _) in enumerate(self._tables)
        )
        return self._connection.execute(sql.SQL(" UNION ALL ").join(counted) + sql.SQL(" ORDER BY 1")).fetchall()


@contextmanager
def keeping(dsn: str, schema: str) -> Iterator[Kept]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield Kept(connection, schema)


async def test_each_operation_is_answered_as_on_one_database(golden_dsn: str, empty_database: str) -> None:
    different = []
    async with open_app({"home": url_of(empty_database), "east": url_of(golden_dsn)}, startup_timeout=60.0) as app:
        foundation = cell_services(app, "east").foundation
        schema = (await foundation.current.get(WORKSPACE_ID)).workspace.schema
        made = await foundation.keys.create(WORKSPACE_ID, "tester")
        with keeping(golden_dsn, schema) as kept:
            async with client_of(app, made.token) as client:
                for path in sorted(GOLDEN.glob("*.graphql")):
                    text = path.read_text(encoding="utf-8")
                    given = path.with_suffix(".variables.json")
                    variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
                    response = await client.post("/graphql", json={"query": text, "variables": variables})
                    if as_json(response.json()) + "\n" != path.with_suffix(".json").read_text(encoding="utf-8"):
                        different.append(path.stem)
                    if text.startswith("mutation"):
                        kept.restore()
    assert different == []
