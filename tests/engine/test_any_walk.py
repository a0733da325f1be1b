"""Any page behind or before any cursor has the oracle's records, or groups, whatever the filter and the order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type
from hypothesis import given, note
from hypothesis import strategies as st

from tests.apis import Served, serve
from tests.databases import Databases
from tests.distinct_operations import draw_distinct
from tests.eager_schema import eager_schema
from tests.group_operations import draw_group_arguments
from tests.operation_writer import Writer
from tests.operations import Selections, examples
from tests.reference import Reference, load_rows
from tests.reference_values import agree
from tests.specimens import specimen_template

pytestmark = pytest.mark.long


@dataclass(frozen=True, slots=True)
class Bench:
    """The engine and the oracle over the same records, and the ids of these."""

    served: Served
    reference: Reference
    ids: list[str]


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            snapshot = served.snapshot()
            reference = Reference(snapshot, load_rows(dsn, snapshot), schema=eager_schema(snapshot))
            yield Bench(served, reference, sorted(id_ for rows in reference.rows.values() for id_ in rows))


@dataclass(frozen=True, slots=True)
class Walked:
    """A connection with drawn arguments, of the root or of a record."""

    parent: str
    name: str
    given: str
    definitions: tuple[str, ...]
    variables: Mapping[str, Any]

    def ask(self, asked: Served | Reference, page: str, **variables: Any) -> dict[str, Any]:
        """A page of it; the document is the same for every cursor and size."""
        definitions = ", ".join(["$size: Int", "$cursor: String", *self.definitions])
        arguments = ", ".join([page, self.given] if self.given else [page])
        body = (
            f"{self.name}({arguments}) {{ totalCount edges {{ cursor node {{ id }} }}"
            " pageInfo { hasPreviousPage hasNextPage startCursor endCursor } }"
        )
        text = f"query ({definitions}) {{ {self.parent} {{ {body} }} }}" if self.parent else ""
        answer = asked.ask(text or f"query ({definitions}) {{ {body} }}", {**self.variables, **variables})
        assert "errors" not in answer, answer
        below = answer["data"]
        for name in [self.parent.partition("(")[0], self.name] if self.parent else [self.name]:
            below = below[name]
        return cast("dict[str, Any]", below)


def draw_walked(bench: Bench, draw: st.DrawFn) -> Walked:
    """A connection and its arguments, those of a page left out."""
    query = bench.reference.schema.query_type
    assert query is not None
    selections = Selections(draw, bench.reference.schema, bench.ids, 0)
    parent, of_type = "", query
    if selections.values.chance(30):
        objects = bench.reference.snapshot.by_singular
        object_ = objects[draw(st.sampled_from(["company", "person", "specimen"]))]
        live = [
            id_
            for id_, row in bench.reference.rows[object_.id].items()
            if bench.reference.filters.is_live(object_, row)
        ]
        parent = f'{object_.name_singular}(id: "{draw(st.sampled_from(sorted(live)))}")'
        named = get_named_type(query.fields[object_.name_singular].type)
        assert isinstance(named, GraphQLObjectType)
        of_type = named
    found: dict[str, GraphQLField] = {name: one for name, one in of_type.fields.items() if "distinctOn" in one.args}
    name = draw(st.sampled_from(sorted(found)))
    arguments = selections.arguments(found[name])
    if selections.values.chance(30):
        arguments |= draw_distinct(selections.values, found[name], refused=False)
    writer = Writer(lift=True)
    given_ = ", ".join(
        f"{key}: {writer.value(arguments[key])}" for key in ("filter", "orderBy", "distinctOn") if key in arguments
    )
    return Walked(parent, name, given_, tuple(writer.definitions), writer.variables)


@pytest.mark.long
@given(data=st.data())
@examples(120)
def test_any_page_at_any_cursor(bench: Bench, data: st.DataObject) -> None:
    walked = draw_walked(bench, cast("st.DrawFn", data.draw))
    note(str(walked))
    forward, backward = "first: $size, after: $cursor", "last: $size, before: $cursor"
    expected = [edge["node"]["id"] for edge in walked.ask(bench.reference, forward, size=200)["edges"]]
    page = walked.ask(bench.served, forward, size=200)
    assert [edge["node"]["id"] for edge in page["edges"]] == expected
    count = len(expected)
    assert page["totalCount"] == count
    for place in data.draw(st.lists(st.integers(0, count - 1), max_size=3)) if count else ():
        size = data.draw(st.sampled_from([1, 2, 5, 200]))
        cursor = page["edges"][place]["cursor"]
        behind = range(place + 1, min(place + 1 + size, count))
        before = range(max(0, place - size), place)
        for direction, places in ((forward, behind), (backward, before)):
            found = walked.ask(bench.served, direction, size=size, cursor=cursor)
            assert found["edges"] == [page["edges"][one] for one in places], (direction, size, place)
            assert found["totalCount"] == count
            shown = found["edges"]
            assert found["pageInfo"] == {
                "hasPreviousPage": bool(places) and places[0] > 0,
                "hasNextPage": bool(places) and places[-1] < count - 1,
                "startCursor": shown[0]["cursor"] if shown else None,
                "endCursor": shown[-1]["cursor"] if shown else None,
            }


@given(data=st.data())
@examples(60)
def test_any_page_of_groups(bench: Bench, data: st.DataObject) -> None:
    schema = bench.reference.schema
    assert schema.query_type is not None
    selections = Selections(cast("st.DrawFn", data.draw), schema, bench.ids, 0)
    name = data.draw(st.sampled_from([name for name in schema.query_type.fields if name.endswith("GroupBy")]))
    arguments, _ = draw_group_arguments(selections, schema.query_type.fields[name])
    writer = Writer(lift=True)
    given_ = ", ".join(f"{key}: {writer.value(value)}" for key, value in arguments.items())
    definitions = ", ".join(["$size: Int", "$cursor: String", *writer.definitions])
    text = f"query ({definitions}) {{ {name}(first: $size, after: $cursor, {given_}) "
    text += "{ groupByDimensionValues count cursor } }"
    note(f"{text} {writer.variables}")
    found = bench.served.ask(text, {**writer.variables, "size": 1000})
    answer = bench.reference.ask(text, {**writer.variables, "size": 1000})
    assert "errors" not in found, found
    groups = found["data"][name]
    assert agree(groups, answer["data"][name])
    for place in data.draw(st.lists(st.integers(0, len(groups) - 1), max_size=3)) if groups else ():
        size = data.draw(st.sampled_from([1, 2, 1000]))
        page = bench.served.ask(text, {**writer.variables, "size": size, "cursor": groups[place]["cursor"]})
        assert page == {"data": {name: groups[place + 1 : place + 1 + size]}}, (place, size)
