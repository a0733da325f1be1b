"""Targets that are slow, down for a while, answer at needless length, or ask to be left alone."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpcore
import pytest

from fieldstone.engine.webhooks.sending.sender import Sender
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets, read_networks
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.target import Received, Reply, TargetServer, take, target_server
from tests.ports import free_port
from tests.waiting import until, until_true

pytestmark = pytest.mark.long

CHANGE = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
REDELIVER = "mutation ($id: UUID!) { redeliver(id: $id) { id status attempts } }"


async def refuse(_: Received) -> Reply:
    return Reply(status=500, body=b"out of order")


async def delivered(sending: Sending, **filter: Any) -> list[Any]:  # noqa: A002 - as the API has it
    """The deliveries, as soon as none of them waits."""
    async with asyncio.timeout(30):
        while True:
            found = await sending.deliveries(filter)
            if found and all(one["status"] != "PENDING" for one in found):
                return found
            await asyncio.sleep(0.02)


async def is_failing(sending: Sending, webhook: Mapping[str, Any]) -> bool:
    return (await sending.shown(webhook["id"]))["failingSince"] is not None


async def test_a_slow_target_does_not_delay_others(start_sending: Start, target: TargetServer) -> None:
    released = asyncio.Event()

    async def wait(_: Received) -> Reply:
        await released.wait()
        return Reply()

    async with target_server(wait) as slow, start_sending(webhook_concurrency=12) as sending:
        await sending.webhook(slow.url, "person.created")
        await sending.webhook(target.url, "person.created")
        people = await sending.people(*[f"{number}@example.com" for number in range(100)])
        events = await target.until_taken(100)
        assert sorted(event["recordId"] for event in events) == sorted(people)
        assert slow.taken == []
        assert 0 < slow.busiest <= 8
        released.set()
        await slow.until_taken(100)


@pytest.mark.parametrize("change", ["isActive", "targetUrl"])
async def test_a_new_target_or_an_activation_ends_the_backoff_of_each_delivery(
    start_sending: Start, target: TargetServer, change: str
) -> None:
    """Only the rest of the webhook ended: its deliveries were sent when their own backoff had passed."""
    target.behave = refuse
    async with start_sending(webhook_retry_delay=3_000) as sending:
        webhook = await sending.webhook(target.url, "person.*")
        person = await sending.person("a@example.com")
        await sending.update(person, city="Bonn")
        async with asyncio.timeout(30):
            while not any(one["attempts"] and one["error"] for one in await sending.deliveries()):
                await asyncio.sleep(0.02)
        target.behave = take
        changed = {"isActive": True, "targetUrl": f"{target.url}/new"}[change]
        await sending.data(CHANGE, id=webhook["id"], input={change: changed})
        events = await target.until_taken(2)
        assert [event["event"] for event in events] == ["person.created", "person.updated"]


async def test_targets_that_fail_leave_places_for_others(start_sending: Start, target: TargetServer) -> None:
    """As many that hang as there are places: while they are failing they have half of them."""

    async def hang(_: Received) -> Reply:
        await asyncio.sleep(3_600)
        return Reply()

    async with target_server(hang) as dead, start_sending(webhook_concurrency=4, webhook_timeout=0.3) as sending:
        webhooks = [await sending.webhook(f"{dead.url}/{number}", "person.*") for number in range(6)]
        person = await sending.person("a@example.com")
        shown: list[Any] = []
        async with asyncio.timeout(30):
            while not (shown and all(one["failingSince"] for one in shown)):
                shown = [await sending.shown(webhook["id"]) for webhook in webhooks]
        await sending.webhook(target.url, "person.*")
        for number in range(10):
            await sending.update(person, city=str(number))
        await target.until_taken(10)
        assert dead.taken == []


async def test_an_answer_behind_another_one_answers_no_further_delivery(sending: Sending, target: TargetServer) -> None:
    """The second answer was taken for that of the next delivery on the connection, which the target refused."""
    webhook = await sending.webhook(target.url, "person.created")

    async def answer_twice(_: Received) -> Reply:
        return Reply(headers={"content-length": "2"}, body=b"okHTTP/1.1 200 Said\r\ncontent-length: 0\r\n\r\n")

    target.behave = answer_twice
    await sending.person("first@example.com")
    await delivered(sending)
    target.behave = refuse
    await sending.person("second@example.com")
    await target.until_received(2)
    await until_true(lambda: is_failing(sending, webhook))
    assert {one["status"]: one["responseStatus"] for one in await sending.deliveries()} == {
        "DELIVERED": 200,
        "PENDING": 500,
    }


class _Hidden:
    """A response's stream of another version of httpcore, whose connection has no name that is known."""

    def __init__(self, stream: Any) -> None:
        self.inner = stream

    def __aiter__(self) -> Any:
        return aiter(self.inner)

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.mark.parametrize("is_hidden", [False, True])
async def test_a_connection_is_kept_for_the_next_delivery_if_nothing_can_stand_behind_the_answer(
    target: TargetServer, monkeypatch: pytest.MonkeyPatch, is_hidden: bool
) -> None:
    """Without httpcore's connection at the place of today each delivery would have failed."""
    handle = httpcore.AsyncConnectionPool.handle_async_request

    async def hide(pool: httpcore.AsyncConnectionPool, request: httpcore.Request) -> httpcore.Response:
        response = await handle(pool, request)
        response.stream = _Hidden(response.stream)
        return response

    if is_hidden:
        monkeypatch.setattr(httpcore.AsyncConnectionPool, "handle_async_request", hide)
    sender = Sender(Targets(read_networks("127.0.0.0/8")), time_limit=5)
    place = WebhookTarget(url=target.url, secret="-")  # noqa: S106 - of this test alone
    try:
        for number in range(20):
            outcome = await sender.send(place, delivery_id=UUID(int=number), event="person.created", body=b"{}")
            assert (outcome.status, outcome.error) == (200, None)
    finally:
        await sender.close()
    assert target.connections == (20 if is_hidden else 1)


async def test_a_target_that_was_down_gets_everything_in_the_end(sending: Sending, target: TargetServer) -> None:
    async with target_server(port=free_port()) as gone:
        url, port = gone.url, gone.port
    webhook = await sending.webhook(url, "person.created")
    people = await sending.people(*[f"{number}@example.com" for number in range(20)])
    await until_true(lambda: is_failing(sending, webhook))
    (tried, *_) = await sending.deliveries({"attempts": {"gt": 0}})
    assert tried["error"] == f"no connection to 127.0.0.1, port {port}"
    assert (tried["status"], tried["responseStatus"]) == ("PENDING", None)
    async with target_server(port=port) as back:
        events = await back.until_taken(20)
        assert sorted(event["recordId"] for event in events) == sorted(people)
        await delivered(sending)
        assert (await sending.shown(webhook["id"]))["failingSince"] is None


@pytest.mark.parametrize(
    ("reply", "error", "status"),
    [
        (Reply(status=500, body=b"out of order"), "HTTP 500", 500),
        (Reply(status=404), "HTTP 404", 404),
        (Reply(reset=True), "", None),
        (Reply(status=204, headers={"content-length": "x"}), "", None),
        (Reply(status=302, headers={"location": "/elsewhere"}), "HTTP 302: redirects are not followed", 302),
    ],
    ids=["500", "404", "reset", "no HTTP", "redirect"],
)
async def test_what_fails_once_is_sent_again(
    sending: Sending,
    target: TargetServer,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    error: str,
    status: int | None,
) -> None:
    caplog.set_level(logging.INFO)
    gate = asyncio.Event()

    async def fail_once(_: Received) -> Reply:
        if len(target.received) == 1:
            return reply
        await gate.wait()
        return Reply()

    target.behave = fail_once
    webhook = await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    first, second = await target.until_received(2)
    (pending,) = await sending.deliveries()
    assert (pending["status"], pending["responseStatus"]) == ("PENDING", status)
    assert pending["error"].startswith(error)
    assert pending["error"]
    assert (await sending.shown(webhook["id"]))["failingSince"] is not None
    gate.set()
    (done,) = await delivered(sending)
    assert (done["status"], done["attempts"], done["error"], done["responseStatus"]) == ("DELIVERED", 2, None, 200)
    assert first.body == second.body
    assert [one.path for one in target.received] == ["/hook", "/hook"]
    told = f"webhook {webhook['id']}"
    assert f"{told}: attempt 1 of delivery {done['id']} failed" in caplog.text
    assert f"{told} takes events again" in caplog.text


async def test_an_attempt_that_takes_too_long_is_ended(start_sending: Start, target: TargetServer) -> None:
    async def hang_once(_: Received) -> Reply:
        if len(target.received) == 1:
            await asyncio.sleep(3_600)
        return Reply()

    target.behave = hang_once
    async with start_sending(webhook_timeout=0.3) as sending:
        await sending.webhook(target.url, "person.created")
        await sending.person("a@example.com")
        (done,) = await delivered(sending)
        assert done["status"] == "DELIVERED"
        assert done["attempts"] >= 2


async def test_an_answer_without_end_is_not_read_to_its_end(sending: Sending, target: TargetServer) -> None:
    async def talk(_: Received) -> Reply:
        return Reply(headers={"content-length": str(1 << 40)}, body="\u0000ö".encode() * 200_000)

    target.behave = talk
    await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    (done,) = await delivered(sending)
    assert (done["status"], done["responseStatus"]) == ("DELIVERED", 200)
    assert done["responseBody"] == "\N{REPLACEMENT CHARACTER}ö" * 500


async def test_a_pause_that_is_asked_for_with_a_success_is_none(sending: Sending, target: TargetServer) -> None:
    async def thank(_: Received) -> Reply:
        return Reply(headers={"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"})

    target.behave = thank
    await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    (done,) = await delivered(sending)
    assert (done["status"], done["attempts"], done["error"]) == ("DELIVERED", 1, None)


@pytest.mark.parametrize("value", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT"], ids=["seconds", "date"])
async def test_a_target_is_left_alone_for_as_long_as_it_asks(
    sending: Sending, target: TargetServer, value: str
) -> None:
    async def ask_for_patience(_: Received) -> Reply:
        return Reply(status=429, headers={"retry-after": value})

    target.behave = ask_for_patience
    await sending.webhook(target.url, "person.created")
    first = await sending.person("a@example.com")
    await target.until_received(1)
    async with asyncio.timeout(30):
        while (pending := (await sending.deliveries())[0])["error"] is None:
            await asyncio.sleep(0.01)
    wait = datetime.fromisoformat(pending["nextAttemptAt"]) - datetime.now().astimezone()
    assert 3_500 < wait.total_seconds() <= 86_400
    # The others have to wait too: it is the target that asked.
    second = await sending.person("b@example.com")
    async with asyncio.timeout(30):
        while len(await sending.deliveries()) < 2:
            await asyncio.sleep(0.01)
    assert [one.event["recordId"] for one in target.received] == [first]
    target.behave = take
    await sending.data(REDELIVER, id=pending["id"])
    events = await target.until_taken(2)
    assert sorted(event["recordId"] for event in events) == sorted([first, second])


async def test_what_is_given_up_is_kept_and_can_be_sent_again(start_sending: Start, target: TargetServer) -> None:
    refused = asyncio.Event()

    async def refuse_first(request: Received) -> Reply:
        return await take(request) if refused.is_set() or request.event["updatedFields"] else await refuse(request)

    target.behave = refuse_first
    async with start_sending(webhook_attempts=3) as sending:
        await sending.webhook(target.url, "person.*")
        person = await sending.person("a@example.com")
        await sending.update(person, city="X")
        given_up, later = await delivered(sending)
        assert (given_up["status"], given_up["attempts"]) == ("FAILED", 3)
        assert (given_up["error"], given_up["responseBody"]) == ("HTTP 500", "out of order")
        assert (given_up["nextAttemptAt"], given_up["responseStatus"]) == (None, 500)
        assert later["status"] == "DELIVERED", "a record's next event waits no longer than that"
        refused.set()
        answered = await sending.data(REDELIVER, id=given_up["id"])
        assert answered["redeliver"] == {"id": given_up["id"], "status": "PENDING", "attempts": 0}
        first, second = await delivered(sending)
        assert (first["status"], first["attempts"], second["status"]) == ("DELIVERED", 1, "DELIVERED")
        assert [event["id"] for event in target.taken] == [later["id"], given_up["id"]]
        # A delivery that was taken can be sent again as well.
        await sending.data(REDELIVER, id=later["id"])
        await target.until_taken(3)
        assert target.taken[2]["id"] == later["id"]


async def test_a_webhook_that_fails_for_too_long_is_disabled_with_a_notice(
    start_sending: Start, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    target.behave = refuse
    async with start_sending(webhook_disable_after=1) as sending:
        webhook = await sending.webhook(target.url, "person.created")
        first = await sending.person("a@example.com")
        async with asyncio.timeout(30):
            while (shown := await sending.shown(webhook["id"]))["isActive"]:
                await asyncio.sleep(0.02)
        assert shown["disabledAt"] >= shown["failingSince"]
        assert shown["disabledReason"] == (
            f"Each attempt since {shown['failingSince'][:19]}Z has failed, at last: HTTP 500"
        )
        await until(lambda: f"webhook {webhook['id']} is disabled. {shown['disabledReason']}" in caplog.text)
        assert sending.services.webhooks.dispatcher.counters.disabled == 1
        # It gets no event of now, and its waiting deliveries wait on.
        await sending.person("b@example.com")
        (waiting,) = await sending.deliveries()
        assert waiting["status"] == "PENDING"
        error = await sending.error(REDELIVER, id=waiting["id"])
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "isActive: true" in error["message"]
        target.behave = take
        await sending.data(
            "mutation ($id: UUID!) { updateWebhook(id: $id, input: { isActive: true }) { id isActive } }",
            id=webhook["id"],
        )
        (event,) = await target.until_taken(1)
        assert event["recordId"] == first
        shown = await sending.shown(webhook["id"])
        assert (shown["isActive"], shown["disabledAt"], shown["disabledReason"]) == (True, None, None)
        assert len(await sending.deliveries()) == 1
