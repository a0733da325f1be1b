"""Any query gives what the oracle gives: graphql-core over rows in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.apis import Served, serve
from tests.databases import Databases
from tests.operation_writer import Operation
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.reference_values import agree
from tests.specimens import specimen_template


class Bench:
    """The engine and the oracle over the same records."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        snapshot = served.snapshot()
        self.reference = Reference(snapshot, load_rows(dsn, snapshot))
        self.ids = sorted(id_ for rows in self.reference.rows.values() for id_ in rows)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


def refusals(answer: Any) -> list[Any]:
    """The errors' paths and codes."""
    return [(error["path"], error.get("code") or error["extensions"]["code"]) for error in answer.get("errors", ())]


@given(data=st.data())
@examples(300)
def test_any_query(bench: Bench, data: st.DataObject) -> None:
    check(bench, data.draw(queries(bench.reference.schema, bench.ids)), has_refusals=False)


@given(data=st.data())
@examples(200)
def test_any_query_with_refused_pages(bench: Bench, data: st.DataObject) -> None:
    check(bench, data.draw(queries(bench.reference.schema, bench.ids, refused=15)), has_refusals=True)


@given(data=st.data())
@examples(150)
def test_any_groups(bench: Bench, data: st.DataObject) -> None:
    check(bench, data.draw(queries(bench.reference.schema, bench.ids, roots="GroupBy")), has_refusals=False)


def check(bench: Bench, operation: Operation, *, has_refusals: bool) -> None:
    """Hold the engine's answer to an operation, twice, with its variables and without, against the oracle's."""
    text, variables = operation.write(lift=True)
    plain, _ = operation.write(lift=False)
    expected = bench.reference.ask(text, variables)
    for document, values in ((text, variables), (plain, {})):
        log = bench.served.apis.database.log
        log.steps.clear()
        note(f"{document}\n{values}")
        actual = bench.served.ask(document, values)
        assert agree(actual.get("data"), expected.get("data")), f"{actual}\n{expected}"
        assert refusals(actual) == refusals(expected), f"{actual}\n{expected}"
        assert len(log) <= 1
        assert bench.served.ask(document, values) == actual
        warm = bench.served.ask_warm(document, values)
        # A constant is not for the warm path, nor is what has a refused argument, if only where nobody gets to.
        assert warm == actual or (warm is None and (has_refusals or "errors" in actual or not log))
