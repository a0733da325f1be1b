"""A workspace moved between two servers while clients write, read and subscribe: nothing fails, is lost or doubled."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.hold import held_model
from fieldstone.engine.cells.moves.unfinished import list_unfinished
from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.subscriptions.subscription import Subscription
from fieldstone.engine.positions import EPOCH, positions_of
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cells.moving import cancel, drop_all_left, move
from fieldstone.metadata.workspaces.api_keys import hash_token
from tests.cells.clusters import (
    cell_services,
    client_of,
    make_workspace,
    open_app,
    open_first,
    place_of,
    send,
    settings_with,
)
from tests.engine.webhooks.target import target_server
from tests.waiting import until

pytestmark = pytest.mark.long

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id name } }"
COUNT = "{ companies { totalCount } }"
ADD = (
    'mutation ($object: UUID!) { createField(input: { objectMetadataId: $object, name: "note", label: "Note",'
    " type: TEXT }) { id } }"
)


class Writers:
    """Clients that create companies with numbered names until they are told to stop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._going = True
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self.longest = 0.0

    async def write(self, writer: int) -> None:
        number = 0
        loop = asyncio.get_running_loop()
        while self._going:
            name, begun = f"{writer}-{number}", loop.time()
            number += 1
            response = await self._client.post("/graphql", json={"query": CREATE, "variables": {"name": name}})
            self.longest = max(self.longest, loop.time() - begun)
            if response.status_code == 200 and "errors" not in response.json():
                self.acknowledged.append(name)
            else:
                self.failed.append(response.text)
            await asyncio.sleep(0.01)

    async def read(self) -> None:
        while self._going:
            response = await self._client.post("/graphql", json={"query": COUNT})
            if response.status_code != 200 or "errors" in response.json():
                self.failed.append(response.text)
            await asyncio.sleep(0.02)

    def stop(self) -> None:
        self._going = False


async def all_names(client: httpx.AsyncClient) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = (
            await send(
                client,
                "query ($after: String) { companies(first: 200, after: $after) { edges { node { name } }"
                " pageInfo { hasNextPage endCursor } } }",
                after=after,
            )
        )["data"]["companies"]
        found += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.alone
async def test_a_move_under_load_loses_nothing(cells: dict[str, str]) -> None:
    settings, lines = settings_with(cells), list[str]()
    async with open_app(cells) as app:
        _, token = await make_workspace(app, "home", "first")
        _, other = await make_workspace(app, "east", "second")
        async with client_of(app, token) as client, client_of(app, other) as elsewhere:
            writers, others = Writers(client), Writers(elsewhere)
            async with asyncio.TaskGroup() as tasks:
                for number in range(3):
                    tasks.create_task(writers.write(number))
                tasks.create_task(writers.read())
                tasks.create_task(others.write(0))
                await asyncio.sleep(0.5)
                await move(settings, "first", "east", lines.append)
                before = len(writers.acknowledged)
                await asyncio.sleep(0.5)
                writers.stop()
                others.stop()
            assert writers.failed == []
            assert others.failed == []
            assert len(writers.acknowledged) > before > 0
            assert sorted(await all_names(client)) == sorted(writers.acknowledged)
        assert await place_of(settings, "first") == ["east"]
        held = next(line for line in lines if line.startswith("the writes were held"))
        assert int(held.split()[-2]) < 2_000, held
        await events_are_whole(app, len(writers.acknowledged))
    assert [one.name for one in await drop_all_left(settings, after=timedelta(minutes=-1))] == ["first"]


async def events_are_whole(app: Fieldstone, count: int) -> None:
    """Wait until the target's log has one event for each record of the workspace."""
    database = cell_services(app, "east").foundation.database
    query = (
        "SELECT count(*), count(DISTINCT record_id) FROM fieldstone.event_log JOIN fieldstone.workspace"
        " ON workspace.id = workspace_id WHERE workspace.name = 'first'"
    )
    async with asyncio.timeout(60):
        while True:
            async with database.session() as connection:
                found = await (await connection.execute(query.encode())).fetchone()
            if found == (count, count):
                return
            await asyncio.sleep(0.1)


class Stopped(Exception):
    """A move ends where a test wants it to."""


def stop_at(beginning: str) -> Callable[[str], None]:
    """Return a report that ends the move at the line with this beginning, or with this end."""

    def report(line: str) -> None:
        if line.startswith(beginning) or line.endswith(beginning):
            raise Stopped

    return report


async def test_a_move_that_is_stopped_at_each_step_goes_on(cells: dict[str, str]) -> None:
    settings, steps = (
        settings_with(cells),
        ("the tables are", "the records are", "events are copied", "the writes were"),
    )
    async with open_app(cells) as app:
        databases = {cell: cell_services(app, cell).foundation.database for cell in ("home", "east")}
        _, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            for step in steps:
                await send(client, CREATE, name=step)
                with pytest.raises(Stopped):
                    await move(settings, "first", "east", stop_at(step))
                if step == steps[0]:
                    (unfinished,) = await list_unfinished(databases["home"], databases)
                    moving = unfinished.move
            # As if the process had ended between the commit of the source and that of the target. A server that is
            # just ending the move has to be through.
            async with held_model(databases["home"], moving, patience=30):
                for cell, statement in (
                    ("east", "UPDATE fieldstone.workspace SET presence = 'COMING' WHERE name = 'first'"),
                    ("home", "UPDATE fieldstone.placement SET cell = 'home', epoch = 0 WHERE name = 'first'"),
                    ("home", "UPDATE fieldstone.workspace_move SET step = 'SWITCH'"),
                ):
                    async with databases[cell].session() as connection:
                        await connection.execute(statement.encode())
            with pytest.raises(MoveRefused, match="has left the workspace already"):
                await cancel(settings, "first")
            # A server brings the switch to its end.
            async with asyncio.timeout(30):
                while await place_of(settings, "first") != ["east"]:
                    await asyncio.sleep(0.1)
            with pytest.raises(Stopped):
                await move(settings, "first", "east", stop_at("the cell east has"))
            await send(client, CREATE, name="there")
            await move(settings, "first", "east", lambda _: None)
            assert sorted(await all_names(client)) == sorted([*steps, "there"])
            # It goes back, over its old tables.
            await move(settings, "first", "home", lambda _: None)
            assert sorted(await all_names(client)) == sorted([*steps, "there"])
            assert await place_of(settings, "first") == ["home"]


async def test_a_move_is_cancelled_up_to_the_switch(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with open_first(cells) as (_, client):
        with pytest.raises(Stopped):
            await move(settings, "first", "east", stop_at("events are copied"))
        await cancel(settings, "first")
        with pytest.raises(MoveRefused, match="is not being moved"):
            await cancel(settings, "first")
        await send(client, CREATE, name="Acme")
        model = await client.post(
            "/metadata",
            json={
                "query": 'mutation { createObject(input: { nameSingular: "car", namePlural: "cars",'
                ' labelSingular: "Car", labelPlural: "Cars" }) { id } }'
            },
        )
        assert "errors" not in model.json(), model.text
        assert await place_of(settings, "first") == ["home"]
        with pytest.raises(MoveRefused, match="stays in its cell"):
            await move(settings, "default", "east", lambda _: None)


async def test_a_key_that_rested_over_a_move_is_known_when_its_old_cell_has_dropped_the_rest(
    cells: dict[str, str],
) -> None:
    """A process that had served the workspace before its move refused its keys from then on, with 401."""
    settings = settings_with(cells)
    async with open_app(cells) as app:
        _, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            await send(client, CREATE, name="before")
            await move(settings, "first", "east", lambda _: None)
            await drop_all_left(settings, after=timedelta())
            keys = cell_services(app, "home").foundation.keys
            await until(lambda: not keys.knows(hash_token(token)))
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1


async def test_what_is_made_behind_a_move_is_numbered_behind_what_came(cells: dict[str, str]) -> None:
    """A new field stood before all others of its object, and an import was undone from its oldest batch on."""
    settings = settings_with(cells)
    async with open_app(cells) as app:
        await make_workspace(app, "home", "before")
        model, token = await make_workspace(app, "home", "first")
        company = next(one for one in model.objects.values() if one.name_singular == "company")
        numbers = "SELECT max(seq), (array_agg(name ORDER BY seq DESC))[1] FROM fieldstone.field WHERE object_id = %s"
        with psycopg.connect(cells["home"]) as home:
            last, _ = home.execute(numbers, [company.id]).fetchone() or (0, "")
        await move(settings, "first", "east", lambda _: None)
        async with client_of(app, token) as client:
            made = await client.post("/metadata", json={"query": ADD, "variables": {"object": str(company.id)}})
            assert "errors" not in made.json(), made.text
        with psycopg.connect(cells["east"]) as east:
            number, name = east.execute(numbers, [company.id]).fetchone() or (0, "")
        assert name == "note"
        assert number > last


class Sink:
    """The queue of a subscriber, which keeps all that comes."""

    has_room = True

    def __init__(self) -> None:
        self.positions: list[str] = []
        self.names: list[str] = []
        self.errors: list[ApiError] = []

    def offer(self, _position: str, payload: str) -> bool:
        told = json.loads(payload)
        self.positions.append(told["extensions"]["position"])
        (event,) = told["data"].values()
        self.names.append(event.get("record", event)["name"])
        return True

    def announce(self, _take: object) -> None:
        raise AssertionError("an event subscription has no answers")

    def fail(self, errors: list[ApiError]) -> None:
        self.errors = errors


COMPANIES = "subscription ($after: String) { companyCreated(after: $after) { name } }"
TAIL = "subscription ($after: String) { events(after: $after) { record } }"


async def subscribe(app: Fieldstone, cell: str, token: str, query: str, after: str | None = None) -> Sink:
    """Subscribe to new companies in a cell, after a position if one is given."""
    services, sink = cell_services(app, cell), Sink()
    variables = {} if after is None else {"after": after}
    principal = await services.foundation.keys.authenticate(token)
    assert principal is not None
    opened = await services.core.open(
        principal, GraphQLRequest(query=query, operation_name=None, variables=variables), allow_mutation=False
    )
    assert isinstance(opened, Subscription), opened
    await services.events.hub.subscribe(opened, sink)
    return sink


@pytest.mark.parametrize("query", [COMPANIES, TAIL], ids=["one object", "all objects"])
async def test_a_cursor_from_before_a_move_goes_on_behind_it(cells: dict[str, str], query: str) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        model, token = await make_workspace(app, "home", "first")
        _, other = await make_workspace(app, "east", "second")
        async with client_of(app, token) as client, client_of(app, other) as elsewhere:
            # The other log is ahead: the same numbers mean other events there.
            for number in range(9):
                await send(elsewhere, CREATE, name=str(number))
            before = await subscribe(app, "home", token, query)
            for number in range(4):
                await send(client, CREATE, name=str(number))
            await until(lambda: len(before.names) == 4)
            assert before.names == ["0", "1", "2", "3"]
            ended: list[UUID] = []
            cell_services(app, "home").watch.moved.connect(ended.append)
            with psycopg.connect(cells["home"], autocommit=True) as home:
                home.execute("UPDATE fieldstone.index SET server_major = 14")
            await move(settings, "first", "east", lambda _: None)
            with psycopg.connect(cells["east"], autocommit=True) as east:
                older = "SELECT count(*) FROM fieldstone.index WHERE server_major = 14"
                assert east.execute(older).fetchone() == (0,), "the target has made the indexes"
            # The connections of subscribers are told to come back.
            await until(lambda: ended == [model.workspace.id])
            await send(client, CREATE, name="4")
            resumed = await subscribe(app, "east", token, query, before.positions[1])
            await until(lambda: len(resumed.names) >= 3)
            assert resumed.names == ["2", "3", "4"]
            numbers = [int(one) for one in (*before.positions, *resumed.positions)]
            assert numbers == sorted(numbers)
            assert numbers[-1] > EPOCH
            with pytest.raises(ApiError, match="no position of an event of this workspace"):
                await subscribe(app, "east", token, query, str(int(before.positions[-1]) + 1_000))
            # And over a second move, whichever epoch the position is of.
            await move(settings, "first", "home", lambda _: None)
            await send(client, CREATE, name="5")
            # A sealed one of before goes on as well: its key has moved along.
            sealed = replace(positions_of(model), sealed=True).write(int(before.positions[1]))
            for position, names in (
                (before.positions[1], ["2", "3", "4", "5"]),
                (sealed, ["2", "3", "4", "5"]),
                (resumed.positions[0], ["3", "4", "5"]),
                (resumed.positions[-1], ["5"]),
            ):
                again = await subscribe(app, "home", token, query, position)
                await until(lambda again=again, names=names: len(again.names) >= len(names))  # type: ignore[misc]
                assert again.names == names


@pytest.mark.alone
async def test_webhooks_get_each_event_of_a_moving_workspace_once(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with target_server() as target, open_first(cells, webhook_allow="127.0.0.1/32") as (_, client):
        made = await client.post(
            "/metadata",
            json={
                "query": "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }",
                "variables": {"input": {"targetUrl": target.url, "operations": ["company.created"]}},
            },
        )
        assert "errors" not in made.json(), made.text
        writers = Writers(client)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writers.write(0))
            await asyncio.sleep(0.3)
            await move(settings, "first", "east", lambda _: None)
            await asyncio.sleep(0.3)
            writers.stop()
        assert writers.failed == []
        await target.until_taken(len(writers.acknowledged))
        # One that comes twice would come by then, too.
        await send(client, CREATE, name="last")
        await target.until_taken(len(writers.acknowledged) + 1)
        names = [event["record"]["name"] for event in target.taken]
        assert sorted(names) == sorted([*writers.acknowledged, "last"])
        positions = [int(event["position"]) for event in target.taken if event["record"]["name"] != "last"]
        assert len(set(positions)) == len(positions)
