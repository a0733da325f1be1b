"""A workspace that moves while its own consumer of the log is behind that of all others: no event is lost."""

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.webhooks import fan_out
from fieldstone.engine.webhooks.apart import Apart
from tests.cells.clusters import client_of, make_workspace, open_app, send, settings_with
from tests.engine.webhooks.target import target_server
from tests.waiting import until, until_true

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id name } }"
RESTS = "SELECT count(*) FROM fieldstone.webhook WHERE rests_until = 'infinity'"
HOOK = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"


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

    async with target_server() as target, open_app(cells, webhook_allow="127.0.0.1/32") as app:
        _, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            hook = {"targetUrl": target.url, "operations": ["company.created"]}
            made = await client.post("/metadata", json={"query": HOOK, "variables": {"input": hook}})
            assert "errors" not in made.json(), made.text
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
