"""Failures of the database that pass: a record is read later, and is never sent as null."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from tests.engine.metadata_api.roles import CREATE, UPDATE
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.target import Received, Reply, TargetServer, take
from tests.waiting import until

BUYERS = {"or": [{"opportunities": {"some": {"name": {"eq": "ships"}}}}, {"city": {"eq": "Berlin"}}]}
"""A rule that reads the opportunities."""


@asynccontextmanager
async def locked(dsn: str, table: str) -> AsyncIterator[None]:
    """Keep all statements that read a table from an end, but for that of their time."""
    async with await psycopg.AsyncConnection.connect(dsn) as other:
        await other.execute(f"LOCK TABLE workspace_default.{table}".encode())
        yield
        await other.rollback()


async def make_role(sending: Sending, rule: Any) -> str:
    """A role that reads the people of a rule."""
    grants = [{"object": "person", "read": {"rule": rule}}, {"object": "opportunity", "read": {}}]
    made = await sending.data(CREATE, input={"name": "rep", "label": "Rep", "grants": grants})
    return str(made["createRole"]["id"])


async def test_an_event_whose_rule_cannot_be_answered_in_time_is_read_again(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_sending(statement_timeout=1) as sending:
        await make_role(sending, BUYERS)
        await sending.webhook(target.url, "person.created", role="rep")
        async with locked(workspace_dsn, "opportunity"):
            await sending.person("a@example.com", city="Berlin")
            await until(lambda: "events wait to be sent to webhooks" in caplog.text)
            assert target.received == []
        (event,) = await target.until_taken(1)
        assert event["record"]["city"] == "Berlin"


async def test_a_payload_that_cannot_be_built_again_now_is_built_later(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_: Received) -> Reply:
        return Reply(status=503)

    target.behave = refuse
    async with start_sending(statement_timeout=1) as sending:
        role = await make_role(sending, {"city": {"eq": "Berlin"}})
        await sending.webhook(target.url, "person.created", role="rep")
        await sending.person("a@example.com", city="Berlin")
        await target.until_received(1)
        grants = [{"object": "person", "read": {"rule": BUYERS}}, {"object": "opportunity", "read": {}}]
        async with locked(workspace_dsn, "opportunity"):
            await sending.data(UPDATE, id=role, input={"grants": grants})
            await until(lambda: "webhooks wait: canceling statement" in caplog.text)
            target.behave = take
        (event,) = await target.until_taken(1)
        assert event["record"]["city"] == "Berlin"
        assert [one["status"] for one in await sending.deliveries()] != ["FAILED"]


async def test_a_rule_that_is_never_answered_in_time_keeps_the_event_from_nobody_else(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_sending(statement_timeout=1) as sending:
        await make_role(sending, BUYERS)
        await sending.webhook(f"{target.url}/rep", "person.created", role="rep")
        await sending.webhook(f"{target.url}/whole", "person.created")
        async with locked(workspace_dsn, "opportunity"):
            await sending.person("a@example.com", city="Berlin")
            await target.until_taken(1)
        assert {one.path for one in target.received} == {"/hook/whole"}
        assert "the record of event 1 cannot be sent" in caplog.text
