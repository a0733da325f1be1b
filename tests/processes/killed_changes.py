"""The changes of the model that are interrupted at each of their steps, and the workspace that they are made in."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import psycopg

from fieldstone.metadata.changes import (
    Change,
    CreateIndex,
    DeleteField,
    NewRelation,
    RetryBuild,
    SettleField,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import RelationType, Snapshot
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import desk_at, fill_model, new_field, new_object, new_relation, person
from tests.metadata.updates import options
from tests.metadata.writer.undone import CHANGES, Build, fill, on, project

_BIG_TABLE = -1
"""Every table is big: each step that reads all records is done after the commit."""

RECORDS: Final = (
    "INSERT INTO workspace_default.project (id, name, stage, code)"
    " SELECT gen_random_uuid(), 'project ' || number, (ARRAY['NEW', 'OLD'])[number % 2 + 1], 'code ' || number"
    " FROM generate_series(1, 20) AS number"
)

Body = Callable[[ModelTransaction], Awaitable[object]]


def _several(snapshot: Snapshot) -> Iterable[Change]:
    """As one: steps that make tables, columns and indexes, that change the records, and that take a column away."""
    object_, there = new_object("batch"), project(snapshot).by_name
    yield object_
    yield new_field(object_.id, "one", is_unique=True)
    yield UpdateField(field_id=there["name"].id, is_nullable=False, backfill="none", default="none")
    yield UpdateField(
        field_id=there["stage"].id, options=options("FIRST", "OLD"), option_mapping={"NEW": "FIRST"}, default="OLD"
    )
    yield DeleteField(field_id=there["budget"].id)


def _fields(snapshot: Snapshot) -> Iterable[Change]:
    """Those whose columns are several, are bound to options, or are computed."""
    yield new_field(project(snapshot), "place", FieldType.ADDRESS)
    yield new_field(project(snapshot), "tags", FieldType.MULTI_SELECT, options=options("ONE", "TWO"))
    yield new_field(project(snapshot), "words", FieldType.TS_VECTOR, settings={"fields": ["name"]})


def _relation(kind: RelationType) -> Build:
    return lambda snapshot: [new_relation(project(snapshot), "near", person(snapshot), "Far", kind=kind)]


def _morph(snapshot: Snapshot) -> Iterable[Change]:
    targets = (person(snapshot), snapshot.by_singular["company"])
    near = tuple(NewRelation(target_object_id=one.id, target_field_label="Far") for one in targets)
    yield new_field(project(snapshot), "near", FieldType.MORPH_RELATION, morph=near)


def _index(*names: str, **more: bool | str) -> Build:
    return lambda snapshot: [
        CreateIndex(
            object_id=project(snapshot).id,
            field_ids=tuple(project(snapshot).by_name[name].id for name in names),
            **more,  # type: ignore[arg-type]  # each is of its own type
        )
    ]


def _again(snapshot: Snapshot) -> Iterable[Change]:
    yield RetryBuild(id=project(snapshot).by_name["motto"].id)


def _leaving(snapshot: Snapshot) -> Iterable[Change]:
    """The change with the most work after the commit, where the table is big: values, an index, a key and a promise."""
    yield from on("name", is_nullable=False, backfill="none", default="none")(snapshot)
    yield from _relation(RelationType.MANY_TO_ONE)(snapshot)
    yield from _again(snapshot)


MADE: Final[dict[str, Build]] = {
    **CHANGES,
    **{f"new relation, {kind.value}": _relation(kind) for kind in RelationType},
    "new morph relation": _morph,
    "new fields of special types": _fields,
    "new index in trigrams": _index("name", method="trigram"),
    "object described": lambda snapshot: [
        UpdateObject(object_id=project(snapshot).id, label_singular="Plan", label_plural="Plans", icon="map")
    ],
    "criteria for duplicates": lambda snapshot: [
        UpdateObject(object_id=project(snapshot).id, duplicate_criteria=[["name"]])
    ],
    "object in another place": lambda snapshot: [UpdateObject(object_id=project(snapshot).id, position=2.5)],
    "field in another place": on("code", position=2.5),
    "field described": on("code", description="The number on the folder"),
    "unique": on("name", is_unique=True),
    "required": on("stage", is_nullable=False),
    "required, with a value for the others": on("name", is_nullable=False, backfill="none", default="none"),
    "another type": on("stage", type=FieldType.TEXT),
    "another type that loses values": on("name", type=FieldType.NUMBER, allow_data_loss=True),
    "another try to build": _again,
    "several changes as one": _several,
}
"""The changes of each kind, each for the workspace as it is filled."""


def _apply(build: Build) -> Body:
    """Return the coroutine that makes these changes in a transaction."""

    async def body(transaction: ModelTransaction) -> None:
        for change in build(transaction.snapshot):
            await transaction.apply(change)

    return body


async def _roll_back(transaction: ModelTransaction) -> None:
    await roll_back(transaction, transaction.snapshot.version - 1)


BODIES: Final[dict[str, Body]] = {**{name: _apply(build) for name, build in MADE.items()}, "rollback": _roll_back}

KILLED: Final = BODIES["several changes as one"]
"""The change made in a process that is killed."""


def fill_killed(dsn: str) -> None:
    """Make the workspace in an empty database."""

    async def change() -> None:
        async with desk_at(dsn) as desk:
            await desk.change(fill)
            big = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=_BIG_TABLE)
            await desk.change(lambda snapshot: [new_field(project(snapshot), "motto", default="none")])
            require = on("motto", is_nullable=False, backfill="none")
            motto = project(await big.change((await desk.default()).workspace.id, require, actor="test")).by_name[
                "motto"
            ]
            await desk.change(lambda _: [SettleField(field_id=motto.id, failure="a record was in the way")])
            # This change is rolled back.
            await desk.change(lambda snapshot: [new_object("obsolete"), new_field(project(snapshot), "late")])

    fill_model(dsn)
    asyncio.run(change())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(RECORDS)


def leave_builds(dsn: str) -> None:
    """Make the changes in that workspace that leave something to be built."""

    async def change() -> None:
        async with desk_at(dsn) as desk:
            writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=_BIG_TABLE)
            await writer.change((await desk.default()).workspace.id, _leaving, actor="test")

    asyncio.run(change())
