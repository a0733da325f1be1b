"""Any query gives the oracle's answer: graphql-core over rows in memory."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, parse
from hypothesis import given, note
from hypothesis import strategies as st

from tests.apis import Served, serve
from tests.databases import Databases
from tests.eager_schema import eager_schema
from tests.operation_writer import Operation
from tests.operations import examples, queries
from tests.reference import Reference, load_rows, node_id
from tests.reference_values import agree
from tests.specimens import specimen_template

pytestmark = pytest.mark.long


class Bench:
    """The engine and the oracle over the same records."""

    def __init__(self, served: Served, dsn: str, *, relay: bool = False) -> None:
        self.served = served
        snapshot = served.snapshot()
        schema = eager_schema(snapshot, relay=relay)
        self.reference = Reference(snapshot, load_rows(dsn, snapshot), schema=schema)
        self.ids = sorted(id_ for rows in self.reference.rows.values() for id_ in rows)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


@pytest.fixture(scope="module")
def relay_bench(databases: Databases) -> Iterator[Bench]:
    """The same where records are nodes."""
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn, relay=True):
            yield Bench(served, dsn, relay=True)


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


@given(data=st.data())
@examples(100)
def test_any_duplicates(bench: Bench, data: st.DataObject) -> None:
    check(bench, data.draw(queries(bench.reference.schema, bench.ids, roots="Duplicates")), has_refusals=False)


@given(data=st.data())
@examples(100)
def test_any_nodes(relay_bench: Bench, data: st.DataObject) -> None:
    reference = relay_bench.reference
    objects = reference.snapshot.objects
    nodes = [node_id(objects[id_], row) for id_, rows in reference.rows.items() for row in rows.values()]
    drawn = queries(reference.schema, relay_bench.ids, roots=("node", "nodes"), nodes=nodes)
    check(relay_bench, data.draw(drawn), has_refusals=False)


@given(data=st.data())
@examples(100)
def test_shapes_of_one_text_take_turns(bench: Bench, data: st.DataObject) -> None:
    """Other values, and absent variables, under one text: each request has the answer of its own."""
    operation = data.draw(queries(bench.reference.schema, bench.ids))
    text, first = operation.write(lift=True)
    _, other = operation.write(lift=True, take_other=True)
    turns = [first, other, *(draw_turn(data, text, [first, other], keep=False) for _ in range(3))]
    expected = [bench.reference.ask(text, turn) for turn in turns]
    for place in data.draw(st.lists(st.integers(0, len(turns) - 1), min_size=8, max_size=8)):
        note(f"{text}\n{turns[place]}")
        actual = bench.served.ask(text, turns[place])
        assert agree(actual.get("data"), expected[place].get("data")), f"{actual}\n{expected[place]}"
        assert refusals(actual) == refusals(expected[place]), f"{actual}\n{expected[place]}"
        assert bench.served.ask_warm(text, turns[place]) in (actual, None)


@given(data=st.data())
@examples(60)
def test_nulls_take_turns(bench: Bench, data: st.DataObject) -> None:
    """A null variable is answered, or refused as the user's mistake, as under a text that was never planned."""
    operation = data.draw(queries(bench.reference.schema, bench.ids))
    text, first = operation.write(lift=True)
    turns = [first, *(draw_turn(data, text, [first], keep=True) for _ in range(3))]
    for place in [*range(len(turns)), *data.draw(st.permutations(range(len(turns))))]:
        note(f"{text}\n{turns[place]}")
        actual = bench.served.ask(text, turns[place])
        # A comment makes another document of it.
        assert actual == bench.served.ask(f"{text} # {place}", turns[place])
        assert bench.served.ask_warm(text, turns[place]) in (actual, None)
        assert {error["extensions"]["code"] for error in actual.get("errors", ())} <= {"BAD_USER_INPUT"}


def draw_turn(data: st.DataObject, text: str, known: list[dict[str, Any]], *, keep: bool) -> dict[str, Any]:
    """Variables of which some are null, where they are kept, or absent."""
    turn = dict(data.draw(st.sampled_from(known)))
    names = nullable_variables(text)
    for name in data.draw(st.lists(st.sampled_from(names), unique=True)) if names else ():
        turn.pop(name, None)
        if keep:
            turn[name] = None
    return turn


def nullable_variables(text: str) -> list[str]:
    """The names of the variables of an operation that may be absent or null; those of a unique key may be neither."""
    needed = {name for key in re.findall(r"where: \{[^}]*\}", text) for name in re.findall(r"\$(\w+)", key)}
    (operation,) = (one for one in parse(text).definitions if isinstance(one, OperationDefinitionNode))
    return [
        one.variable.name.value
        for one in operation.variable_definitions or ()
        if not isinstance(one.type, NonNullTypeNode) and one.variable.name.value not in needed
    ]


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
        # A constant is not for the warm path, nor is a refused argument, even on a field that is never reached.
        assert warm == actual or (warm is None and (has_refusals or "errors" in actual or not log))
