"""Workspaces on the nodes of Citus: placed, distributed with their records, moved, and used meanwhile."""

import asyncio

import pytest

from fieldstone.engine.cells.balance import choose_moves
from fieldstone.engine.server.cli.placement.citus import NodesOfCitus, weigh
from fieldstone.engine.server.cli.placement.open import rebalance
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.workspaces.distribution import (
    Placement,
    distribute,
    list_placements,
    move,
    require_coordinator,
)
from fieldstone.metadata.workspaces.registry import Workspaces
from tests.apis import Apis
from tests.metadata.desk import Desk, open_desk

CREATE = "mutation C($data: PersonCreateInput!) { createPerson(data: $data) { id company { name } } }"
READ = "{ people(orderBy: [{ email: AscNullsFirst }]) { edges { node { email company { name } } } } }"


async def places(apis: Apis) -> dict[str, Placement]:
    async with apis.database.session() as connection:
        return {one.name: one for one in await list_placements(connection)}


async def other_node(apis: Apis, name: str) -> str:
    """The node on which a workspace is not."""
    async with apis.database.session() as connection:
        cursor = await connection.execute("SELECT nodename || ':' || nodeport FROM pg_dist_node WHERE groupid > 0")
        nodes = {node for (node,) in await cursor.fetchall()}
    (other,) = nodes - {(await places(apis))[name].place}
    return str(other)


async def test_the_coordinator_is_one(apis: Apis) -> None:
    await require_coordinator(apis.database)


async def test_a_workspace_moves_while_it_is_read_and_written(apis: Apis) -> None:
    node = await other_node(apis, "default")
    await apis.data(CREATE, data={"email": "first@a.example"})
    is_moved = asyncio.Event()
    written = 0

    async def write() -> None:
        nonlocal written
        while not is_moved.is_set():
            await apis.data(CREATE, data={"email": f"{written}@b.example"})
            written += 1

    writer = asyncio.create_task(write())
    workspace = (await apis.snapshot()).workspace
    await move(apis.database, workspace, node)
    is_moved.set()
    await writer
    assert (await places(apis))["default"].place == node
    answer = await apis.data("{ people { totalCount } }")
    assert answer["people"]["totalCount"] == written + 1


async def test_an_existing_workspace_is_distributed_with_its_records(apis: Apis) -> None:
    plain = Workspaces(apis.database, apis.current, trigram=None)
    made = await plain.create("plain", actor="test")
    async with apis.database.session() as connection:
        company = await connection.execute(
            "INSERT INTO workspace_plain.company (name) VALUES ('Acme') RETURNING id", prepare=False
        )
        (company_id,) = await company.fetchone() or ()
        await connection.execute(
            'INSERT INTO workspace_plain.person (email, "companyId") VALUES (%s, %s)', ["a@b.example", company_id]
        )
    await distribute(apis.database, made.workspace)
    assert (await places(apis))["plain"].place is not None
    with pytest.raises(InvalidChange, match="distributed already"):
        await distribute(apis.database, made.workspace)
    desk: Desk = await open_desk(apis.database)
    after = await desk.reload(made.workspace.id)
    assert after.workspace.is_distributed
    assert after.version == made.version + 1
    async with apis.database.session() as connection:
        rows = await connection.execute(
            "SELECT person.email, company.name FROM workspace_plain.person"
            ' JOIN workspace_plain.company ON company.id = person."companyId"'
        )
        assert await rows.fetchall() == [("a@b.example", "Acme")]


async def test_rebalancing_evens_the_nodes(apis: Apis, workspace_dsn: str) -> None:
    new = Workspaces(apis.database, apis.current, trigram=None, distributes=True)
    for name in ("one", "two", "three"):
        made = await new.create(name, actor="test")
        node = (await places(apis))["default"].place
        if (await places(apis))[name].place != node:
            await move(apis.database, made.workspace, node or "")
    settings = load_settings(database_url=workspace_dsn, distribute="citus", log_level="error")
    async with open_foundation(settings) as foundation:
        nodes = NodesOfCitus(foundation)
        assert await rebalance(nodes) > 0
        after = await nodes.list()
        assert await rebalance(nodes) == 0
    assert len({one.place for one in after}) == 2


def test_a_workspace_weighs_its_part_of_the_bytes_and_of_the_load() -> None:
    placed = [
        Placement(name="big", place="a:1", bytes=75, load=0),
        Placement(name="busy", place="a:1", bytes=25, load=30),
        Placement(name="quiet", place="b:1", bytes=0, load=10),
        Placement(name="here", place=None, bytes=1_000, load=1_000),
        Placement(name="leaves", place="drained:1", bytes=1_000, load=1_000),
    ]
    weights = weigh(placed, ["a:1", "b:1", "c:1"])
    assert weights == {"a:1": {"big": 0.75, "busy": 1.0}, "b:1": {"quiet": 0.25}, "c:1": {}}
    assert [move_[1:] for move_ in choose_moves(weights, most=5)] == [("a:1", "c:1")]
    assert weigh([Placement(name="new", place="a:1", bytes=0, load=0)], ["a:1"]) == {"a:1": {"new": 0.0}}


async def test_a_move_needs_a_node_and_a_distributed_workspace(apis: Apis) -> None:
    workspace = (await apis.snapshot()).workspace
    with pytest.raises(InvalidChange, match="there is no node 127"):
        await move(apis.database, workspace, "127.0.0.1:1")
    made = await Workspaces(apis.database, apis.current, trigram=None).create("plain", actor="test")
    with pytest.raises(InvalidChange, match="fieldstone workspace distribute plain"):
        await move(apis.database, made.workspace, "127.0.0.1:1")


async def test_the_errors_of_a_worker_name_their_fields(apis: Apis) -> None:
    await apis.data(CREATE, data={"email": "same@a.example"})
    error = await apis.error(CREATE, data={"email": "same@a.example"})
    assert error["extensions"]["code"] == "CONFLICT"
    assert error["extensions"]["field"] == "email"
    assert "_1" not in error["message"]
