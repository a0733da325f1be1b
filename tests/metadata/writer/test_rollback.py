"""metadata/writer/rollback.py: every kind of change undone, and the model and tables as they were."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import (
    Change,
    DeleteField,
    DeleteObject,
    UpdateObject,
    apply,
)
from fieldstone.metadata.changes.history.inverse import invert
from fieldstone.metadata.changes.history.record import decode_change, encode_change
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.dry_run import Preview
from fieldstone.metadata.writer.rollback import preview_rollback, roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person, whole_state
from tests.metadata.updates import field_of, insert, options
from tests.metadata.writer.undone import CHANGES, Build, fill, on, project, shown


@pytest.mark.parametrize("build", [pytest.param(build, id=name) for name, build in CHANGES.items()])
async def test_what_was_changed_is_undone(build: Build, desk: Desk) -> None:
    before = await desk.change(fill)
    changed = await desk.change(build)
    assert shown(changed) != shown(before)

    async def look(transaction: ModelTransaction) -> Preview:
        return await preview_rollback(transaction, before.version)

    planned = await desk.writer.run(before.workspace.id, look, actor="test")
    assert await desk.default() is changed
    assert shown(planned.snapshot) == shown(before)

    async def body(transaction: ModelTransaction) -> None:
        await roll_back(transaction, before.version)

    await desk.writer.run(before.workspace.id, body, actor="test")
    after = await desk.default()
    assert shown(after) == shown(before)
    assert after.version == changed.version + 1
    assert await desk.reload(after.workspace.id) == after
    async with desk.database.session() as connection:
        assert await find_drift(connection, after, trigram=desk.catalog.trigram) == []


async def test_a_rollback_over_many_versions_and_a_rollback_of_it(desk: Desk) -> None:
    before = await desk.change(fill)
    for build in (CHANGES["field renamed"], CHANGES["options changed"], CHANGES["new relation"]):
        changed = await desk.change(build)
    for version, model in ((before.version, before), (changed.version, changed)):

        async def body(transaction: ModelTransaction, version: int = version) -> None:
            await roll_back(transaction, version)

        await desk.writer.run(before.workspace.id, body, actor="test")
        assert shown(await desk.default()) == shown(model)


def hidden_ends(*, is_nullable: bool) -> Build:
    """A relation that leads to an object which is hidden later, with the object that needs it."""

    def build(snapshot: Snapshot) -> Iterable[Change]:
        ship, port = new_object("ship"), new_object("port")
        yield from (ship, port)
        ends = [replace(person(snapshot), id=one.id) for one in (ship, port)]
        rule = {"onDelete": "RESTRICT"}
        yield new_relation(ends[0], "home", ends[1], "Ships", settings=rule, is_nullable=is_nullable)
        if not is_nullable:
            yield UpdateObject(object_id=ship.id, is_active=False)
        yield UpdateObject(object_id=port.id, is_active=False)

    return build


@pytest.mark.parametrize("is_nullable", [True, False], ids=["optional", "required"])
@pytest.mark.parametrize(
    "build",
    [
        lambda snapshot: [DeleteField(field_id=field_of(snapshot, "ship", "home").id)],
        lambda snapshot: [DeleteObject(object_id=field_of(snapshot, "ship", "home").object_id)],
        lambda snapshot: [DeleteObject(object_id=field_of(snapshot, "port", "ships").object_id)],
    ],
    ids=["field", "object", "hidden object"],
)
async def test_a_relation_to_a_hidden_object_comes_back(build: Build, is_nullable: bool, desk: Desk) -> None:
    first = await desk.default()
    before = await desk.change(hidden_ends(is_nullable=is_nullable))
    await desk.change(build)
    for version, model in ((before.version, before), (first.version, first)):

        async def body(transaction: ModelTransaction, version: int = version) -> None:
            await roll_back(transaction, version)

        await desk.writer.run(before.workspace.id, body, actor="test")
        assert shown(await desk.default()) == shown(model)


async def test_an_older_inverse_makes_something_again_too(desk: Desk) -> None:
    for name in ("relation deleted", "index of a key alone deleted"):
        snapshot = await desk.change(fill) if name == "relation deleted" else await desk.default()
        (change,) = CHANGES[name](snapshot)
        step, *_ = invert(snapshot, change, apply(snapshot, change).snapshot)
        written = loads(dumps(encode_change(step)))
        assert written.pop("isRecreated") is True
        assert decode_change(written) == step


async def test_what_records_stand_in_the_way_of_leaves_no_trace(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(fill)
    await desk.change(on("code", is_nullable=True))
    await desk.change(lambda snapshot: [new_field(project(snapshot), "later"), *on("budget", name="money")(snapshot)])
    insert(model_dsn, "project (name) VALUES ('without a code')")
    state, model = whole_state(model_dsn), await desk.default()
    # The later changes are undone first, and that would pass.
    with pytest.raises(InvalidChange, match="1 records of project") as caught:
        await desk.writer.run(
            model.workspace.id, lambda transaction: roll_back(transaction, before.version), actor="test"
        )
    assert caught.value.field == "isNullable"
    assert whole_state(model_dsn) == state
    assert await desk.default() is model


async def test_what_a_rollback_made_again_is_made_anew_by_another(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(fill)
    insert(model_dsn, "project (code) VALUES ('a')")
    await desk.change(CHANGES["object deleted"])

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, before.version)

    await desk.writer.run(before.workspace.id, back, actor="test")
    insert(model_dsn, "project2 (code) VALUES ('b')")
    await desk.change(on("code", is_nullable=True))
    model = await desk.default()

    async def look(transaction: ModelTransaction) -> Preview:
        return await preview_rollback(transaction, before.version)

    planned = await desk.writer.run(before.workspace.id, look, actor="test")
    assert {lock["table"] for lock in planned.plan["locks"]} >= {"project2", "person"}
    assert await desk.default() is model
    await desk.writer.run(before.workspace.id, back, actor="test")
    assert shown(await desk.default()) == shown(before)


def twice_converted(snapshot: Snapshot) -> Iterable[Change]:
    yield from on("size", type=FieldType.TEXT)(snapshot)
    yield from on("size", type=FieldType.ARRAY)(snapshot)


IN_THE_WAY: dict[str, tuple[Build, str, str | None]] = {
    "a value of the type before": (on("size", type=FieldType.TEXT), "(code, size2) VALUES ('a', '2')", None),
    "a value of none": (on("size", type=FieldType.TEXT), "(code, size2) VALUES ('a', 'x')", "1 records of project"),
    "a value of the type two before": (twice_converted, "(code, size3) VALUES ('a', '{2}')", None),
    "a value of none two before": (twice_converted, "(code, size3) VALUES ('a', '{x}')", "become a NUMBER field"),
    "a record without a value that comes back": (
        lambda snapshot: [DeleteField(field_id=field_of(snapshot, "project", "code").id)],
        "(name) VALUES ('a')",
        None,
    ),
    "a record with an option of which nobody knows": (
        on("stage", options=options("NEW", "OLD", "OLDER")), "(code, stage) VALUES ('a', 'OLDER')", "in use"
    ),
    "a record with an option under its second name": (
        lambda snapshot: [
            *on("stage", options=options("NEW", "OLDER"), option_mapping={"OLD": "OLDER"})(snapshot),
            *on("stage", options=options("NEW", "OLDEST"), option_mapping={"OLDER": "OLDEST"})(snapshot),
        ],
        "(code, stage3) VALUES ('a', 'OLDEST')",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("build", "row", "says"), IN_THE_WAY.values(), ids=IN_THE_WAY)
async def test_a_dry_run_refuses_what_the_rollback_does(
    build: Build, row: str, says: str | None, desk: Desk, model_dsn: str
) -> None:
    before = await desk.change(
        lambda _: [
            object_ := new_object("project"),
            new_field(object_.id, "size", FieldType.NUMBER),
            new_field(object_.id, "stage", FieldType.SELECT, options=options("NEW", "OLD")),
            new_field(object_.id, "code", is_nullable=False),
        ]
    )
    await desk.change(build)
    insert(model_dsn, f"project {row}")
    state, model = whole_state(model_dsn), await desk.default()
    refusals: list[str | None] = []
    for run in (preview_rollback, roll_back):

        async def body(transaction: ModelTransaction, run: Any = run) -> None:
            await run(transaction, before.version)

        try:
            await desk.writer.run(model.workspace.id, body, actor="test")
            refusals.append(None)
        except InvalidChange as error:
            refusals.append(error.message)
        if run is preview_rollback:
            assert whole_state(model_dsn) == state
            assert await desk.default() is model
    assert refusals[0] == refusals[1]
    assert (refusals[0] is None) if says is None else says in str(refusals[0])


@pytest.mark.parametrize("to", [-1, 0, 10_000])
async def test_an_unknown_version_is_refused(to: int, desk: Desk, model_dsn: str) -> None:
    model, state = await desk.default(), whole_state(model_dsn)
    with pytest.raises(InvalidChange, match="to must be a version from 1 to"):
        await desk.writer.run(model.workspace.id, lambda transaction: roll_back(transaction, to), actor="test")
    assert await desk.default() is model
    assert whole_state(model_dsn) == state


async def test_a_version_without_its_inverse_is_refused_and_leaves_no_trace(desk: Desk, model_dsn: str) -> None:
    before = await desk.default()
    old = await desk.change(lambda snapshot: [new_field(person(snapshot), "old")])
    await desk.change(lambda snapshot: [new_field(person(snapshot), "later")])
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE fieldstone.model_change SET change = (SELECT jsonb_agg(step - 'inverse')"
            " FROM jsonb_array_elements(change) AS step) WHERE version = %s",
            [old.version],
        )
    state, model = whole_state(model_dsn), await desk.default()
    with pytest.raises(InvalidChange, match=f"version {old.version} was made before inverses were kept"):
        await desk.writer.run(
            model.workspace.id, lambda transaction: roll_back(transaction, before.version), actor="test"
        )
    assert whole_state(model_dsn) == state
    assert await desk.default() is model


@pytest.mark.parametrize("build", [pytest.param(build, id=name) for name, build in CHANGES.items()])
async def test_changes_and_inverses_survive_being_written(build: Build, desk: Desk) -> None:
    snapshot = await desk.change(fill)
    for change in build(snapshot):
        assert decode_change(loads(dumps(encode_change(change)))) == change
        for step in invert(snapshot, change, apply(snapshot, change).snapshot):
            assert decode_change(loads(dumps(encode_change(step)))) == step
