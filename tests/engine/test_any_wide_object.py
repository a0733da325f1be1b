"""Any query of an object with 300 fields gives the oracle's answer."""

import asyncio
import random
from collections.abc import Iterator
from uuid import uuid5

import psycopg
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.metadata.changes import Change, CreateField, CreateObject, NewRelation
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Snapshot
from tests.apis import WORKSPACE_ID, Served, open_apis, serve, workspace_template
from tests.databases import Databases
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.reference_values import agree
from tests.specimens import OPTIONS, awkward_row, specimen_fields

pytestmark = pytest.mark.long

FIELDS = 300
RECORDS = 25


def _changes(snapshot: Snapshot) -> Iterator[Change]:
    made = CreateObject(name_singular="wide", name_plural="wides", label_singular="Wide", label_plural="Wides")
    yield made
    company = snapshot.by_singular["company"].id
    relation = NewRelation(target_object_id=company, target_field_label="Wides", target_field_name="wides")
    yield CreateField(object_id=made.id, name="firm", label="Firm", type=FieldType.RELATION, relation=relation)
    kinds = list(specimen_fields())
    for number in range(FIELDS):
        type_, variant = kinds[number % len(kinds)]
        has_options = FIELD_TYPES[type_].has_options and not FIELD_TYPES[type_].fixed_options
        yield CreateField(
            object_id=made.id,
            name=f"f{number}",
            label=f"F{number}",
            type=type_,
            options=[{"value": value, "label": value, "position": place} for place, value in enumerate(OPTIONS)]
            if has_options
            else None,
            settings={"dataType": variant} if variant else None,
        )


async def _make(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        await apis.writer.change(WORKSPACE_ID, _changes, actor="test")
        snapshot = await apis.snapshot()
    chance = random.Random(300)  # noqa: S311 - the same each time
    names = {"company": 5, "wide": RECORDS}
    ids = {
        name: [str(uuid5(WORKSPACE_ID, f"{name} {number}")) for number in range(many)] for name, many in names.items()
    }
    with psycopg.connect(dsn) as connection:
        for name, own in ids.items():
            object_ = snapshot.by_singular[name]
            for number, id_ in enumerate(own):
                row = awkward_row(snapshot, object_, number, id_, ids, chance)
                columns = sql.SQL(",").join(map(sql.Identifier, row))
                places = sql.SQL(",").join(sql.Placeholder() * len(row))
                table = sql.Identifier(object_.table.schema, object_.table.name)
                text = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, columns, places)
                connection.execute(text, list(row.values()))


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[tuple[Served, Reference]]:
    template = databases.template("wide", lambda dsn: asyncio.run(_make(dsn)), base=workspace_template(databases))
    with databases.clone(template) as dsn:
        for served in serve(dsn):
            snapshot = served.snapshot()
            yield served, Reference(snapshot, load_rows(dsn, snapshot))


@given(data=st.data())
@examples(25)
def test_any_query(bench: tuple[Served, Reference], data: st.DataObject) -> None:
    served, reference = bench
    ids = sorted(id_ for rows in reference.rows.values() for id_ in rows)
    root = data.draw(
        st.sampled_from(["wides", "wide", "widesAggregate", "widesGroupBy", "wideDuplicates", "companies"])
    )
    operation = data.draw(queries(reference.schema, ids, roots=root))
    for lift in (True, False):
        text, variables = operation.write(lift=lift)
        note(f"{text}\n{variables}")
        expected = reference.ask(text, variables)
        actual = served.ask(text, variables)
        assert agree(actual.get("data"), expected.get("data")), f"{actual}\n{expected}"
        assert served.ask_warm(text, variables) in (actual, None)
