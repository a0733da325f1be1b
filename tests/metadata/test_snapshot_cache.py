"""metadata/snapshot_cache.py"""

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from uuid import UUID

import pytest

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.executor import Database
from tests.metadata.counted import Counted
from tests.metadata.desk import Desk, new_object


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


def newer(snapshot: Snapshot, by: int = 1) -> Snapshot:
    return replace(snapshot, version=snapshot.version + by)


async def test_those_who_ask_at_once_share_one_load(database: Database, model: Snapshot) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    first, *others = await asyncio.gather(*(current.get(model.workspace.id) for _ in range(20)))
    assert first == model
    assert all(other is first for other in others)
    assert await current.get(model.workspace.id) is first
    assert (counted.loads, counted.checks) == (1, 0)


async def test_those_who_refresh_at_once_share_what_began_after_they_asked(database: Database, model: Snapshot) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    loaded = await current.get(model.workspace.id)
    refreshed = await asyncio.gather(*(current.refresh(model.workspace.id) for _ in range(20)))
    assert all(snapshot is loaded for snapshot in refreshed)
    # The first caller has the check that it began; all callers that came during it share a second.
    assert (counted.loads, counted.checks) == (1, 2)


async def test_a_refresh_sees_what_another_process_did(desk: Desk, database: Database, model: Snapshot) -> None:
    current = CurrentSnapshots(database)
    old = await current.get(model.workspace.id)
    after = await desk.change(lambda _: [new_object("project")])
    assert await current.get(model.workspace.id) is old
    assert await current.refresh(model.workspace.id) == after
    assert current.peek(model.workspace.id) == after


async def test_a_load_that_is_cancelled_leaves_the_next_to_load(database: Database, model: Snapshot) -> None:
    current = CurrentSnapshots(database)
    first = asyncio.create_task(current.get(model.workspace.id))
    second = asyncio.create_task(current.get(model.workspace.id))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == model
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_an_older_snapshot_never_takes_a_newer_ones_place(desk: Desk, model: Snapshot) -> None:
    later = newer(model)
    assert desk.current.publish(later)
    assert not desk.current.publish(model)
    assert not desk.current.publish(newer(model))
    assert desk.current.publish(later)
    assert desk.current.peek(model.workspace.id) is later


async def test_listeners_hear_of_each_swap(database: Database, model: Snapshot) -> None:
    heard: list[tuple[Snapshot | None, Snapshot]] = []
    current = CurrentSnapshots(database)
    current.swapped.connect(lambda before, after: heard.append((before, after)))
    loaded = await current.get(model.workspace.id)
    later = newer(loaded)
    current.publish(later)
    current.publish(loaded)
    assert heard == [(None, loaded), (loaded, later)]


async def test_the_least_recently_used_goes(desk: Desk, database: Database, model: Snapshot) -> None:
    others = [await desk.workspaces.create(name, actor="test", standard=False) for name in ("one", "two")]
    counted = Counted(database)
    room = model.weight + 2 * others[0].weight - 1
    current = CurrentSnapshots(counted, most_bytes=room)
    forgotten: list[UUID] = []
    current.forgotten.connect(forgotten.append)
    ids = [snapshot.workspace.id for snapshot in (model, *others)]
    await current.get(ids[0])
    await current.get(ids[1])
    await current.get(ids[0])
    await current.get(ids[2])
    assert [current.peek(id_) is not None for id_ in ids] == [True, False, True]
    assert forgotten == [ids[1]]
    assert current.bytes == sum(one.weight for one in current.loaded()) <= room
    assert counted.loads == 3
    assert await current.get(ids[1]) == others[0]
    assert (current.counters.loads, current.counters.evictions) == (4, 2)
    current.forget(ids[1])
    assert forgotten == [ids[1], ids[0], ids[1]]
    assert current.bytes == others[1].weight


async def test_the_views_of_roles_count(desk: Desk, database: Database, model: Snapshot) -> None:
    others = [await desk.workspaces.create(name, actor="test", standard=False) for name in ("one", "two")]
    current = CurrentSnapshots(database, most_bytes=model.weight + 2 * others[0].weight)
    first = await current.get(model.workspace.id)
    await current.get(others[0].workspace.id)
    assert len(current.loaded()) == 2
    view_of(first, "admin")
    assert first.view_weight == 0
    viewer = next(role for role in first.roles.values() if role.name == "viewer")
    view_of(first, viewer.id)
    weight = first.view_weight
    assert weight > 0
    view_of(first, viewer.name)
    assert first.view_weight == weight, "one view, by the role's id and its name"
    await current.get(others[1].workspace.id)
    assert [current.peek(one.workspace.id) is not None for one in (first, *others)] == [False, True, True]


async def test_a_new_snapshot_does_not_count_the_views_of_all_others(
    database: Database, model: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = 0

    def count(snapshot: Snapshot) -> int:
        nonlocal counted
        counted += 1
        return 0

    monkeypatch.setattr(Snapshot, "view_weight", property(count))
    current = CurrentSnapshots(database, most_bytes=500 * model.weight)
    for number in range(1_000):
        workspace = replace(model.workspace, id=UUID(int=number))
        current.publish(replace(model, workspace=workspace))
    assert len(current.versions()) == 500
    assert current.counters.evictions == 500
    # Some seventeen for each, where all of them would be five hundred.
    assert counted < 20_000


async def test_what_is_needed_stays_and_so_does_the_newest(desk: Desk, database: Database, model: Snapshot) -> None:
    other = await desk.workspaces.create("one", actor="test", standard=False)
    current = CurrentSnapshots(database, most_bytes=1)
    needed = {model.workspace.id}
    current.keep_while(needed.__contains__)
    await current.get(model.workspace.id)
    await current.get(other.workspace.id)
    assert len(current.loaded()) == 2
    needed.clear()
    later = newer(other)
    current.publish(later)
    assert current.loaded() == (later,)
    assert current.bytes == later.weight


async def test_the_weight_is_what_a_snapshot_takes(desk: Desk, database: Database, model: Snapshot) -> None:
    await desk.change(lambda _: [new_object(f"thing{number}") for number in range(20)])
    current = CurrentSnapshots(database)
    await current.get(model.workspace.id)  # some parts are made once, whatever is loaded
    current.forget(model.workspace.id)
    tracemalloc.start()
    try:
        loaded = await current.get(model.workspace.id)
        for object_ in loaded.by_singular.values():
            assert len(object_.by_name) == len(object_.by_id)
            assert object_.key.name == "id"
            assert object_.foreign_keys.keys() <= {f"{name}Id" for name in object_.by_name}
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.6 < loaded.weight / taken < 1.7


async def test_a_doubted_snapshot_is_compared_once(desk: Desk, database: Database, model: Snapshot) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    await current.get(model.workspace.id)
    await desk.change(lambda _: [new_object("project")])
    current.doubt(model.workspace.id)
    assert "project" in (await current.get(model.workspace.id)).by_singular
    await current.get(model.workspace.id)
    assert counted.checks == 1


async def test_an_unknown_workspace(database: Database, desk: Desk) -> None:
    with pytest.raises(UnknownObject, match="there is no workspace"):
        await desk.current.get(new_id())


async def test_a_writer_swaps_before_it_returns(desk: Desk, database: Database, model: Snapshot) -> None:
    current = CurrentSnapshots(database)
    writer = ModelWriter(database, current, trigram=None)
    after = await writer.change(model.workspace.id, lambda _: [new_object("project")], actor="test")
    assert current.peek(model.workspace.id) is after
