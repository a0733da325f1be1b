"""Records that a role does not read make no difference: not to its answers, nor to its statements."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.apis import serve
from tests.databases import Databases
from tests.engine.access.read_bench import QUERIES, Bench, text_of
from tests.specimens import specimen_template


@pytest.fixture
def bench(databases: Databases) -> Iterator[tuple[Bench, str]]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn), dsn


_MORE = sql.SQL(
    "INSERT INTO {table} SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*"
    " FROM {table} AS r WHERE NOT id = ANY(%s::uuid[])"
)
_CHANGE = sql.SQL("UPDATE {table} SET {cells} WHERE NOT id = ANY(%s::uuid[])")


def change_unread(bench: Bench, dsn: str) -> int:
    """Change the records that the role does not read, and make more of them; return how many there are."""
    changed = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for name, object_ in bench.snapshot.by_singular.items():
            readable = [*bench.role.claims[name], *bench.role.claims[f"{name}More"]]
            table = sql.Identifier(object_.table.schema, object_.table.name)
            keys = [field.parts[0].column.name for field in object_.foreign_keys.values()]
            cells: list[sql.Composable] = [sql.SQL("{} = NULL").format(sql.Identifier(key)) for key in keys]
            cells.append(sql.SQL('"deletedAt" = CASE WHEN "deletedAt" IS NULL THEN now() END, position = position + 9'))
            if name != "person":  # Their addresses are unique.
                connection.execute(_MORE.format(table=table), (readable,))
            update = _CHANGE.format(table=table, cells=sql.SQL(",").join(cells))
            changed += connection.execute(update, (readable,)).rowcount
    return changed


def answers(bench: Bench) -> dict[str, tuple[Any, list[str]]]:
    log = bench.served.apis.database.log
    found = {}
    for name in QUERIES:
        log.steps.clear()
        text = QUERIES[name].replace("UNREAD opportunity", bench.unknown).replace("UNREAD person", bench.unknown)
        found[name] = (bench.ask(text), log.texts)
    return found


def test_records_that_are_not_read_make_no_difference(bench: tuple[Bench, str]) -> None:
    opened, dsn = bench
    before = answers(opened)
    assert any(text_of(opened, name) != QUERIES[name] for name in QUERIES)
    assert change_unread(opened, dsn) > 10
    after = answers(opened)
    assert {name for name in QUERIES if before[name] != after[name]} == set()
