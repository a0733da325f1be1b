"""A process that is behind loads the changed parts and keeps the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import (
    Change,
    CreateIndex,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    NewRelation,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot
from tests.metadata.desk import Desk, new_field, new_object, new_relation

Build = Callable[[Snapshot], list[Change]]


async def follow(desk: Desk, behind: Snapshot) -> Snapshot:
    async with desk.database.session() as connection:
        return await read_snapshot(connection, behind.workspace.id, behind)


def named(snapshot: Snapshot, name: str) -> Object:
    return snapshot.by_singular[name]


def field_id(snapshot: Snapshot, object_: str, field: str) -> Any:
    return named(snapshot, object_).by_name[field].id


@dataclass(frozen=True)
class Case:
    """A change, and the objects that are other instances after it in a process that has loaded it."""

    build: Build
    moved: frozenset[str]
    prepare: Build = lambda _: []


CASES = {
    "a new object": Case(lambda _: [new_object("project")], frozenset({"project"})),
    "a new field": Case(lambda model: [new_field(named(model, "person"), "nick")], frozenset({"person"})),
    "a new relation": Case(
        lambda model: [new_relation(named(model, "person"), "boss", named(model, "company"), "Bosses")],
        frozenset({"person", "company"}),
    ),
    "a relation to itself": Case(
        lambda model: [new_relation(named(model, "person"), "boss", named(model, "person"), "Team")],
        frozenset({"person"}),
    ),
    "an object is renamed": Case(
        lambda model: [UpdateObject(object_id=named(model, "person").id, name_singular="contact")],
        frozenset({"contact"}),
    ),
    "an object is switched off": Case(
        lambda model: [UpdateObject(object_id=named(model, "activity").id, is_active=False)], frozenset({"activity"})
    ),
    "a field is renamed": Case(
        lambda model: [UpdateField(field_id=field_id(model, "person", "city"), name="town")], frozenset({"person"})
    ),
    "a field is deleted": Case(
        lambda model: [DeleteField(field_id=field_id(model, "project", "name"))],
        frozenset({"project"}),
        lambda _: [new_object("project")],
    ),
    "a relation is deleted": Case(
        lambda model: [DeleteField(field_id=field_id(model, "person", "boss"))],
        frozenset({"person", "company"}),
        lambda model: [new_relation(named(model, "person"), "boss", named(model, "company"), "Bosses")],
    ),
    "an object is deleted with its relations": Case(
        lambda model: [DeleteObject(object_id=named(model, "project").id)],
        frozenset({"person"}),
        lambda model: [
            project := new_object("project"),
            new_field(
                named(model, "person"),
                "project",
                FieldType.RELATION,
                relation=NewRelation(target_object_id=project.id, target_field_label="Members"),
            ),
        ],
    ),
    # The object itself is as it was.
    "a new index": Case(
        lambda model: [
            CreateIndex(
                object_id=named(model, "person").id,
                field_ids=(field_id(model, "person", "city"), field_id(model, "person", "phone")),
            )
        ],
        frozenset(),
    ),
    "an index is deleted": Case(
        lambda model: [DeleteIndex(index_id=[*model.indexes][-1])],
        frozenset(),
        lambda model: [
            CreateIndex(
                object_id=named(model, "person").id,
                field_ids=(field_id(model, "person", "city"), field_id(model, "person", "phone")),
            )
        ],
    ),
    "several versions": Case(
        lambda model: [new_object("project"), new_field(named(model, "company"), "motto")],
        frozenset({"project", "company"}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_only_what_moved_is_another_instance(desk: Desk, case: Case) -> None:
    before = await desk.change(case.prepare) if case.prepare(await desk.default()) else await desk.default()
    for change in case.build(before):
        after = await desk.change(lambda _, change=change: [change])  # type: ignore[misc]  # a default argument
    loaded = await follow(desk, before)
    assert loaded == after == await desk.reload(after.workspace.id)
    assert list(loaded.objects) == list(after.objects)
    moved = {object_.name_singular for id_, object_ in loaded.objects.items() if before.objects.get(id_) is not object_}
    assert moved == case.moved


async def test_nothing_is_loaded_where_nothing_has_moved(desk: Desk) -> None:
    model = await desk.default()
    assert await follow(desk, model) is model


async def test_rows_that_no_version_tells_of_are_loaded(desk: Desk, model_dsn: str) -> None:
    before = await desk.default()
    after = await desk.change(lambda _: [new_object("project")])
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.object SET version = 0")
    assert await follow(desk, before) == after
