"""The events that a webhook begins and ends with: those written before a pause, in it, and before the creation."""

import asyncio
from typing import Any

import psycopg
import pytest

from fieldstone.engine.webhooks import service
from fieldstone.sql.statement import Row, Statement
from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import TargetServer
from tests.engine.webhooks.unread_events import unread
from tests.waiting import until, until_true

UPDATE = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
DISABLE = "UPDATE fieldstone.webhook SET is_active = false, disabled_at = now(), disabled_reason = 'x'"
"""As `judge_webhooks` does it."""


async def activate(sending: Sending, webhook_id: str, *, is_active: bool) -> None:
    """Pause a webhook, or end its pause."""
    await sending.data(UPDATE, id=webhook_id, input={"isActive": is_active})


async def stop(sending: Sending, dsn: str, webhook_id: str, *, is_disabled: bool) -> None:
    """Pause a webhook, or disable it as the server does."""
    if not is_disabled:
        await activate(sending, webhook_id, is_active=False)
        return
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(DISABLE)


@pytest.mark.parametrize("is_disabled", [False, True], ids=["paused", "disabled"])
async def test_events_of_before_a_pause_become_deliveries_in_it(
    workspace_dsn: str, sending: Sending, target: TargetServer, *, is_disabled: bool
) -> None:
    """They were lost: whether the webhook is active was asked when the events were read from the log."""
    webhook = await sending.webhook(target.url, "person.created")
    async with unread(workspace_dsn, sending):
        before = await sending.person("a@example.com")
        await stop(sending, workspace_dsn, webhook["id"], is_disabled=is_disabled)

    async def is_made() -> bool:
        return [one["recordId"] for one in await sending.deliveries()] == [before]

    await until_true(is_made)
    await sending.person("b@example.com")
    await activate(sending, webhook["id"], is_active=True)
    after = await sending.person("c@example.com")
    events = await target.until_taken(2)
    assert [event["recordId"] for event in events] == [before, after]
    assert len(await sending.deliveries()) == 2


@pytest.mark.parametrize("is_disabled", [False, True], ids=["paused", "disabled"])
async def test_events_of_a_pause_are_none_to_a_webhook_however_late_they_are_read(
    workspace_dsn: str, sending: Sending, target: TargetServer, *, is_disabled: bool
) -> None:
    """They were delivered where the webhook was active again by the time that they were read from the log."""
    webhook = await sending.webhook(target.url, "person.created")
    async with unread(workspace_dsn, sending):
        before = await sending.person("a@example.com")
        await stop(sending, workspace_dsn, webhook["id"], is_disabled=is_disabled)
        await sending.person("b@example.com")
        await activate(sending, webhook["id"], is_active=True)
        after = await sending.person("c@example.com")
    events = await target.until_taken(2)
    assert {event["recordId"] for event in events} == {before, after}
    assert len(await sending.deliveries()) == 2


async def test_a_webhook_begins_behind_the_events_of_before_its_creation(
    workspace_dsn: str, sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were not in the log yet were delivered."""
    database = sending.services.foundation.database
    read, looked = database.read, asyncio.Event()

    async def note(statement: Statement, *arguments: Any, **options: Any) -> list[Row]:
        rows = await read(statement, *arguments, **options)
        if "FROM fieldstone.event_staging WHERE seq <=" in statement.text:
            looked.set()
        return rows

    monkeypatch.setattr(database, "read", note)
    monkeypatch.setattr(service, "_PATIENCE", 30.0)
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        await other.execute("SELECT FROM fieldstone.log_head FOR UPDATE")
        await sending.person("a@example.com")
        making = asyncio.create_task(sending.webhook(target.url, "person.created"))
        await until(lambda: looked.is_set() or making.done())
        await other.rollback()
    await making
    after = await sending.person("b@example.com")
    (event,) = await target.until_taken(1)
    assert event["recordId"] == after
