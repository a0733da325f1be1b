"""A role's answers are byte for byte those that an unrestricted key gets of a clone without all that it cannot read."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, GraphQLSchema
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.metadata.model import Object, Snapshot
from tests.apis import PRINCIPAL, serve
from tests.databases import Databases
from tests.eager_schema import eager_schema
from tests.engine.access.bench import Bench, ask, ask_role
from tests.engine.access.clone import Clone, without_hidden_parts
from tests.operation_writer import to_json
from tests.operations import Values, examples, queries
from tests.reference_roles import RoleReference
from tests.reference_values import Rows
from tests.role_strategies import DrawnRole, roles
from tests.specimens import TEXTS, specimen_template

pytestmark = pytest.mark.long

OPERATIONS = 5
"""Operations of each role: its clone is made once for them."""


@pytest.fixture(scope="module")
def benches(databases: Databases) -> Iterator[tuple[Bench, Bench, Clone]]:
    template = specimen_template(databases)
    with databases.clone(template) as one, databases.clone(template) as other:
        for first in serve(one, relay=True):
            for second in serve(other, relay=True):
                yield Bench(first, one), Bench(second, other), Clone(other, first.snapshot())


@given(data=st.data())
@examples(20)
def test_any_operation_of_any_role(benches: tuple[Bench, Bench, Clone], data: st.DataObject) -> None:
    with _drawn(benches, data) as both:
        for _ in range(OPERATIONS):
            both.agree(*_draw(data, both.one, both.view, both.schema))


@given(data=st.data())
@examples(10)
def test_any_pages_of_any_role(benches: tuple[Bench, Bench, Clone], data: st.DataObject) -> None:
    with _drawn(benches, data) as both:
        for _ in range(OPERATIONS):
            seen = data.draw(st.sampled_from([*both.view.readable.values()]))
            given_ = data.draw(_pages(both.schema, seen, both.one.ids))
            found = both.agree(*_write_page(seen, {**given_, "first": 60}))["data"]
            cursors = [edge["cursor"] for edge in found[seen.name_plural]["edges"]]
            for end, size in (("after", "first"), ("before", "last")) if cursors else ():
                cursor, number = data.draw(st.sampled_from(cursors)), data.draw(st.sampled_from([1, 2, 50]))
                both.agree(*_write_page(seen, {**given_, end: cursor, size: number}))


@dataclass(frozen=True, kw_only=True)
class _Both:
    """A role over the database, and a key without restrictions over the clone."""

    one: Bench
    other: Bench
    drawn: DrawnRole
    snapshot: Snapshot
    view: Snapshot
    model: Snapshot
    schema: GraphQLSchema

    def agree(self, text: str, variables: Any) -> Any:
        """Return the answer, which must be the same to the byte."""
        note(f"{text}\n{variables}")
        told = ask_role(self.one, self.drawn, self.snapshot, text, variables)
        expected = ask(self.other, self.model, PRINCIPAL, text, variables)
        note(f"{told.body!r}\n{expected.body!r}")
        assert (told.status, told.body) == (expected.status, expected.body)
        return loads(told.body)


@contextmanager
def _drawn(benches: tuple[Bench, Bench, Clone], data: st.DataObject) -> Iterator[_Both]:
    """Draw a role, with the clone made for it."""
    one, other, clone = benches
    drawn = data.draw(roles(one.snapshot, one.schema, one.ids))
    snapshot = replace(one.snapshot, roles={role.id: role for role in (*drawn.parents, drawn.role)})
    view = view_of(snapshot, drawn.role.id)
    assume(view is not snapshot and view.readable and not any(map(_half_shows_deletion, view.objects.values())))
    world = _as_rows(view, RoleReference(snapshot, one.rows, drawn.role, drawn.claims).world())
    note(str(drawn))
    with clone.holding(one.rows, world):
        yield _Both(
            one=one,
            other=other,
            drawn=drawn,
            snapshot=snapshot,
            view=view,
            model=without_hidden_parts(one.snapshot, view),
            schema=eager_schema(view),
        )


@st.composite
def _pages(draw: st.DrawFn, schema: GraphQLSchema, seen: Object, ids: Sequence[str]) -> dict[str, Any]:
    """The order and the filter of a page."""
    values = Values(draw, ids)
    order, filter_ = (schema.type_map[f"{seen.type_name}{kind}Input"] for kind in ("OrderBy", "Filter"))
    assert isinstance(order, GraphQLInputObjectType)
    assert isinstance(filter_, GraphQLInputObjectType)
    keys = [values.order(order) for _ in range(draw(st.integers(1, 3)))]
    given_ = {"orderBy": keys, "filter": values.filter(filter_) if values.chance(25) else {}}
    page: dict[str, Any] = loads(dumps(to_json(given_)))
    return page


def _write_page(seen: Object, given_: Mapping[str, Any]) -> tuple[str, Any]:
    types = {
        "orderBy": f"[{seen.type_name}OrderByInput!]",
        "filter": f"{seen.type_name}FilterInput",
        "first": "Int",
        "last": "Int",
        "after": "String",
        "before": "String",
    }
    declared = " ".join(f"${name}: {types[name]}" for name in given_)
    passed = " ".join(f"{name}: ${name}" for name in given_)
    page = "{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    return f"query ({declared}) {{ {seen.name_plural}({passed}) {page} }}", given_


def _half_shows_deletion(seen: Object) -> bool:
    """Whether a role reads deleted records, and of some only the time of their deletion, which no clone could have."""
    marked = seen.active.get("deletedAt")
    return marked is not None and marked.id in seen.guarded and bool(seen.rights.restore or seen.rights.destroy)


def _as_rows(view: Snapshot, world: Rows) -> Rows:
    """The world as rows: where the mark of deleted records is hidden, nobody asks for such records."""
    found: dict[UUID, Any] = {}
    for id_, rows in world.items():
        marked = view.objects[id_].active["deletedAt"]
        is_shown = view.objects[id_].reads(marked)
        found[id_] = {key: row for key, row in rows.items() if is_shown or row[marked.column] is None}
    return found


def _draw(data: st.DataObject, bench: Bench, view: Snapshot, schema: GraphQLSchema) -> tuple[str, Any]:
    """A query of the role's schema, a search, nodes, or a query of the whole schema, with names that are hidden."""
    kinds = ["query", "query", "node"]
    searched = [name for name, seen in view.readable.items() if not any(map(_is_text, seen.guarded.values()))]
    if searched and schema.query_type and "search" in schema.query_type.fields:
        kinds.append("search")
    if all(seen.rights.aggregates and seen.rights.read for seen in view.by_singular.values()):
        kinds.append("hidden")
    match data.draw(st.sampled_from(kinds)):
        case "node":
            ids = data.draw(st.lists(st.sampled_from(_node_ids(bench)), min_size=1, max_size=6))
            return "query ($i: [ID!]!) { nodes(nodeIds: $i) { __typename nodeId } }", {"i": ids}
        case "search":
            names = data.draw(st.lists(st.sampled_from(searched), min_size=1, unique=True))
            given_ = dumps(data.draw(st.sampled_from([text for text in TEXTS if text.isprintable()])))
            hit = "cursor node { object rank snippet record { __typename } }"
            text = f"search(query: {given_} objects: {dumps(names)} first: 7)"
            return f"{{ {text} {{ edges {{ {hit} }} pageInfo {{ hasNextPage }} }} }}", {}
        case kind:
            written = data.draw(queries(bench.schema if kind == "hidden" else schema, bench.ids)).write(lift=True)
            # A role without a right to all records has no root for duplicates, as for mutations.
            assume(kind == "query" or "Duplicates" not in written[0])
            return written[0], written[1]


def _is_text(field: Any) -> bool:
    return field.type in {FieldType.TEXT, FieldType.FULL_NAME, FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS}


def _node_ids(bench: Bench) -> list[str]:
    return [
        urlsafe_b64encode(object_.id.bytes + UUID(id_).bytes).decode().rstrip("=")
        for object_ in bench.snapshot.objects.values()
        for id_ in bench.rows[object_.id]
    ]
