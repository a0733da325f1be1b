"""Moves of workspaces whose events have not all become deliveries: none is lost, and none is waited for in vain."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves import switch
from fieldstone.engine.cells.moves.replication import echo
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.webhooks import fan_out
from fieldstone.engine.webhooks.apart import Apart
from tests.cells.clusters import open_first, place_of, send, settings_with
from tests.cells.stopped_moves import execute, fetch
from tests.engine.webhooks.target import target_server
from tests.waiting import until, until_true

pytestmark = pytest.mark.long

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id name } }"
RESTS = "SELECT count(*) FROM fieldstone.webhook WHERE rests_until = 'infinity'"
UNREAD = "UPDATE fieldstone.log_consumer SET position = 0"
HOOK = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"


async def make_hook(client: httpx.AsyncClient, url: str) -> None:
    """Make a webhook of new companies."""
    hook = {"targetUrl": url, "operations": ["company.created"]}
    made = await client.post("/metadata", json={"query": HOOK, "variables": {"input": hook}})
    assert "errors" not in made.json(), made.text


async def _is_resting(home: psycopg.AsyncConnection[Any], moving: asyncio.Task[None]) -> bool:
    """Whether the move has come to the webhooks of the source, or to its end."""
    (count,) = await (await home.execute(RESTS)).fetchone() or (0,)
    return moving.done() or count > 0


async def test_events_that_are_not_deliveries_yet_become_some_where_the_workspace_moves_to(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def note(_: Apart, names: Iterable[str]) -> None:
        begun.extend(names)

    async with target_server() as target, open_first(cells, webhook_allow="127.0.0.1/32") as (_, client):
        await make_hook(client, target.url)
        monkeypatch.setattr(fan_out, "_SHARE", 0)
        with monkeypatch.context() as patched:
            patched.setattr(Apart, "go_on", note)
            await send(client, CREATE, name="before")
            await until(lambda: bool(begun))
            moving = asyncio.create_task(move(settings_with(cells), "first", "east", lambda _: None))
            async with await psycopg.AsyncConnection.connect(cells["home"], autocommit=True) as home:
                await until_true(lambda: _is_resting(home, moving))
        await moving
        await send(client, CREATE, name="after")
        events = await target.until_taken(2)
        assert {event["record"]["name"] for event in events} == {"before", "after"}


async def test_a_workspace_without_webhooks_moves_whether_or_not_a_server_reads_events_for_any(
    cells: dict[str, str],
) -> None:
    """The move waited for deliveries that nobody was to make, and was refused."""
    async with open_first(cells) as (_, client):
        await send(client, CREATE, name="before")
    await execute(cells["home"], UNREAD)
    lines: list[str] = []
    await move(settings_with(cells), "first", "east", lines.append)
    assert not [line for line in lines if line.startswith("the writes go on")]


async def test_a_move_that_waits_for_deliveries_in_vain_says_so(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal named locked tables."""
    async with target_server() as target, open_first(cells, webhook_allow="127.0.0.1/32") as (_, client):
        await make_hook(client, target.url)
        await send(client, CREATE, name="before")
        await target.until_taken(1)
    await execute(cells["home"], UNREAD)
    monkeypatch.setattr(switch, "_TRIES", 2)
    with pytest.raises(MoveRefused) as refused:
        await move(settings_with(cells), "first", "east", lambda _: None)
    assert str(refused.value) == (
        "events have not become deliveries of webhooks yet, for which a server of the cell home has to run:"
        " start the move again later"
    )
    assert await place_of(settings_with(cells), "first") == ["home"]


async def test_a_switch_that_opens_its_gate_again_has_the_target_send_nothing(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target sent the deliveries that waited for another attempt, and so did the source."""
    async with target_server() as target, open_first(cells, webhook_allow="127.0.0.1/32") as (_, client):
        await make_hook(client, target.url)
        rests: list[Any] = []

        async def note(*given: Any) -> bool:
            is_first = not rests
            rests.append(await fetch(cells["east"], RESTS))
            return await echo(*given) and not is_first

        monkeypatch.setattr(switch, "echo", note)
        await move(settings_with(cells), "first", "east", lambda _: None)
        # Before the rest is carried for the first time, and for the second time.
        assert rests == [(1,), (1,)]
        await send(client, CREATE, name="after")
        await target.until_taken(1)
