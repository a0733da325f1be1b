"""Failures of the database that pass: a record is read later, and is never sent as null."""

import psycopg
import pytest

from tests.engine.metadata_api.roles import UPDATE
from tests.engine.webhooks.conftest import Start
from tests.engine.webhooks.slow_rules import BUYERS, locked, make_role
from tests.engine.webhooks.target import Received, Reply, TargetServer, take
from tests.waiting import until, until_found

pytestmark = pytest.mark.long


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
            await until(lambda: "waits: canceling statement" in caplog.text)
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


async def test_a_full_disk_is_one_line_of_the_log_and_not_one_for_each_try(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Each half second had a line for each loop that tried."""
    async with (
        start_sending() as sending,
        await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as operator,
    ):
        await operator.execute(
            "CREATE SEQUENCE public.tries; CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN PERFORM nextval('public.tries'); RAISE disk_full USING MESSAGE = 'could not extend file'; END $$;"
            " CREATE TRIGGER refuse BEFORE UPDATE ON fieldstone.webhook_delivery EXECUTE FUNCTION public.refuse()"
        )
        await sending.webhook(target.url, "person.created")
        await sending.person("a@example.com", city="Berlin")
        await until_found(operator, "SELECT FROM public.tries WHERE last_value >= 5")
        assert caplog.text.count("webhooks wait: could not extend file") == 1
        await operator.execute("DROP TRIGGER refuse ON fieldstone.webhook_delivery")
        (event,) = await target.until_taken(1)
        assert event["record"]["city"] == "Berlin"
