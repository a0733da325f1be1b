"""A role's answers are byte for byte those that an unrestricted key gets of a clone without all that it cannot read."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLSchema
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object, Snapshot
from tests.apis import PRINCIPAL, serve
from tests.databases import Databases
from tests.eager_schema import eager_schema
from tests.engine.access.bench import Bench, ask, ask_role
from tests.engine.access.clone import Clone, without_hidden_parts
from tests.operations import examples, queries
from tests.reference_roles import RoleReference
from tests.reference_values import Rows
from tests.role_strategies import roles
from tests.specimens import TEXTS, specimen_template

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
    one, other, clone = benches
    drawn = data.draw(roles(one.snapshot, one.schema, one.ids))
    snapshot = replace(one.snapshot, roles={role.id: role for role in (*drawn.parents, drawn.role)})
    view = view_of(snapshot, drawn.role.id)
    assume(view is not snapshot and view.readable and not any(map(_half_shows_deletion, view.objects.values())))
    schema = eager_schema(view)
    model = without_hidden_parts(one.snapshot, view)
    world = _as_rows(view, RoleReference(snapshot, one.rows, drawn.role, drawn.claims).world())
    note(str(drawn))
    with clone.holding(one.rows, world):
        for _ in range(OPERATIONS):
            text, variables = _draw(data, one, view, schema)
            note(f"{text}\n{variables}")
            told = ask_role(one, drawn, snapshot, text, variables)
            expected = ask(other, model, PRINCIPAL, text, variables)
            note(f"{told.body!r}\n{expected.body!r}")
            assert (told.status, told.body) == (expected.status, expected.body)


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
