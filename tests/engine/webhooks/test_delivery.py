"""Events reach their targets: the payload, the receivers, and the order."""

import asyncio
import hmac
import logging
from hashlib import sha256

import pytest

from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.metrics.counts import Requests, Sockets
from fieldstone.engine.server.metrics.metrics import Metrics
from fieldstone.engine.webhooks.retention import revive
from fieldstone.engine.webhooks.sending.sender import sign
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN
from tests.apis import WORKSPACE_ID
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.signatures import check_signature
from tests.engine.webhooks.target import Received, Reply, TargetServer, take, target_server
from tests.waiting import until

SECRET = "known to both"  # noqa: S105 - of this test alone


async def test_an_event_is_sent_as_documented(sending: Sending, target: TargetServer) -> None:
    webhook = await sending.webhook(target.url, "person.created", secret=SECRET)
    person = await sending.person("a@example.com", firstName="Ada")
    (event,) = await target.until_taken(1)
    (request,) = target.received
    await until_recorded(sending)
    (delivery,) = await sending.deliveries()
    record = event["record"]
    assert list(event) == [
        *("id", "event", "workspaceId", "position", "occurredAt", "object", "recordId", "record", "updatedFields"),
    ]
    assert event | {"occurredAt": "", "record": {}} == {
        "id": delivery["id"],
        "event": "person.created",
        "workspaceId": str(WORKSPACE_ID),
        "position": int(delivery["position"]),
        "occurredAt": "",
        "object": "person",
        "recordId": person,
        "record": {},
        "updatedFields": [],
    }
    selection = " ".join(name for name in record if name != "createdBy")
    read = await sending.data(
        f'{{ person(id: "{person}") {{ {selection} createdBy {{ source workspaceMemberId name context }} }} }}',
        metadata=False,
    )
    assert record == read["person"]
    assert event["occurredAt"] >= record["createdAt"]
    assert (request.path, request.headers["content-type"]) == ("/hook", "application/json")
    assert request.headers["host"] == f"127.0.0.1:{target.port}"
    assert request.headers["x-fieldstone-event"] == "person.created"
    assert request.headers["x-fieldstone-delivery"] == event["id"]
    assert request.headers["user-agent"].startswith("Fieldstone/")
    check_signature(request, SECRET)
    assert webhook["secret"] == SECRET
    assert delivery | {"finishedAt": "", "durationMs": 0} == {
        "id": event["id"],
        "webhookId": webhook["id"],
        "event": "person.created",
        "recordId": person,
        "position": str(event["position"]),
        "status": "DELIVERED",
        "attempts": 1,
        "nextAttemptAt": None,
        "finishedAt": "",
        "responseStatus": 200,
        "responseBody": "thanks",
        "error": None,
        "durationMs": 0,
    }


def test_the_signature_is_over_time_and_body() -> None:
    assert sign("key", b"{}", 1700000000) == (
        "t=1700000000,v1=" + hmac.new(b"key", b"1700000000.{}", sha256).hexdigest()
    )


async def test_every_action_has_its_event(sending: Sending, target: TargetServer) -> None:
    await sending.webhook(target.url, "person.*")
    company = await sending.data('mutation { createCompany(data: { name: "C" }) { id } }', metadata=False)
    company_id = company["createCompany"]["id"]
    person = await sending.person("a@example.com", firstName="Ada")
    await sending.update(person, firstName="Grace", companyId=company_id)
    for verb in ("delete", "restore", "destroy"):
        await sending.data(f'mutation {{ {verb}Person(id: "{person}") {{ id }} }}', metadata=False)
    events = await target.until_taken(5)
    assert [event["event"] for event in events] == [
        f"person.{action}" for action in ("created", "updated", "deleted", "restored", "destroyed")
    ]
    assert [event["updatedFields"] for event in events] == [[], ["firstName", "companyId"], [], [], []]
    assert [event["record"]["firstName"] for event in events] == ["Ada", *["Grace"] * 4]
    assert [event["record"]["companyId"] for event in events] == [None, *[company_id] * 4]
    assert [event["record"]["deletedAt"] is None for event in events] == [True, True, False, True, True]
    assert [event["recordId"] for event in events] == [person] * 5
    positions = [event["position"] for event in events]
    assert positions == sorted(positions)


async def test_a_webhook_is_told_of_what_it_waits_for(sending: Sending) -> None:
    waiting = {
        ("person.created",): ["person.created"],
        ("person.created", "company.updated"): ["person.created", "company.updated"],
        ("*.created",): ["company.created", "person.created"],
        ("company.*",): ["company.created", "company.updated"],
        ("*.*", "person.created"): ["company.created", "person.created", "company.updated"],
        ("person.destroyed",): [],
    }
    async with target_server() as target:
        for number, operations in enumerate(waiting):
            await sending.webhook(f"{target.url}/{number}", *operations)
        company = await sending.data('mutation { createCompany(data: { name: "C" }) { id } }', metadata=False)
        await sending.person("a@example.com")
        company_id = company["createCompany"]["id"]
        await sending.data(
            f'mutation {{ updateCompany(id: "{company_id}", data: {{ name: "D" }}) {{ id }} }}', metadata=False
        )
        await target.until_taken(sum(map(len, waiting.values())))
        await until_recorded(sending)
        got = [
            [one.event["event"] for one in target.received if one.path == f"/hook/{number}"]
            for number in range(len(waiting))
        ]
        assert [sorted(events) for events in got] == [sorted(events) for events in waiting.values()]


async def until_recorded(sending: Sending) -> None:
    """Return when the whole log has been read for webhooks and nothing is left to be sent."""
    database = sending.services.foundation.database
    async with asyncio.timeout(30):
        while True:
            async with database.session() as connection:
                cursor = await connection.execute(
                    "SELECT (SELECT count(*) FROM fieldstone.event_staging)"
                    " + (SELECT max(position) FROM fieldstone.event_log)"
                    " - (SELECT min(position) FROM fieldstone.log_consumer)"
                    " + (SELECT count(*) FROM fieldstone.webhook_delivery WHERE status = 'PENDING')"
                )
                if await cursor.fetchone() == (0,):
                    return
            await asyncio.sleep(0.01)


async def test_nothing_leaks_into_another_workspace(sending: Sending, target: TargetServer) -> None:
    foundation = sending.services.foundation
    other = await foundation.workspaces.create("other", actor="test")
    stranger = Principal(
        subject_id=new_id(), rate_key=new_id(), name="stranger", workspace_id=other.workspace.id, role=ADMIN
    )
    there = Sending(services=sending.services, principal=stranger)
    here_webhook = await sending.webhook(f"{target.url}/here", "*.*")
    await there.webhook(f"{target.url}/there", "*.*")
    here_id, there_id = await sending.person("here@example.com"), await there.person("there@example.com")
    await target.until_taken(2)
    await until_recorded(sending)
    assert {one.path: one.event["recordId"] for one in target.received} == {
        "/hook/here": here_id,
        "/hook/there": there_id,
    }
    assert len(target.received) == 2
    assert [one["recordId"] for one in await there.deliveries()] == [there_id]
    error = await there.error("mutation ($id: UUID!) { deleteWebhook(id: $id) { id } }", id=here_webhook["id"])
    assert error["extensions"]["code"] == "NOT_FOUND"
    (delivery,) = await sending.deliveries()
    error = await there.error("mutation ($id: UUID!) { redeliver(id: $id) { id } }", id=delivery["id"])
    assert error["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.long
async def test_the_events_of_a_record_come_in_order(sending: Sending, target: TargetServer) -> None:
    """Whatever fails in between; while those of other records need not wait."""
    refused: set[int] = set()

    async def refuse_each_once(request: Received) -> Reply:
        position = request.event["position"]
        if position % 3 == 0 and position not in refused:
            refused.add(position)
            return Reply(status=503)
        return Reply()

    target.behave = refuse_each_once
    await sending.webhook(target.url, "person.*")
    people = await sending.people(*[f"{number}@example.com" for number in range(6)])
    for number in range(5):
        for person in people:
            await sending.update(person, city=str(number))
    events = await target.until_taken(36)
    await until_recorded(sending)
    assert len(events) == 36
    for person in people:
        own = [event["position"] for event in events if event["recordId"] == person]
        assert own == sorted(own)
        assert [event["record"]["city"] for event in events if event["recordId"] == person] == [None, *"01234"]
    assert refused
    attempts = {int(one["position"]): one["attempts"] for one in await sending.deliveries()}
    assert attempts == {position: 2 if position in refused else 1 for position in attempts}


@pytest.mark.long
async def test_a_record_that_is_written_all_the_time_is_sent_in_order(sending: Sending, target: TargetServer) -> None:
    """Events come while earlier ones are being sent, and none of them is forgotten."""

    async def hesitate(_: Received) -> Reply:
        await asyncio.sleep(0.003)
        return Reply()

    target.behave = hesitate
    await sending.webhook(target.url, "person.updated")
    person = await sending.person("a@example.com")
    for number in range(150):
        await sending.update(person, city=str(number))
    events = await target.until_taken(150)
    await until_recorded(sending)
    assert [event["record"]["city"] for event in events] == [str(number) for number in range(150)]
    assert target.busiest == 1
    assert await revive(sending.services.foundation.database) == 0


@pytest.mark.long
async def test_a_bulk_write_is_sent_in_full(sending: Sending, target: TargetServer) -> None:
    await sending.webhook(target.url, "person.created")
    people = await sending.people(*[f"{number}@example.com" for number in range(600)])
    events = await target.until_taken(600)
    assert sorted(event["recordId"] for event in events) == sorted(people)
    assert target.busiest <= 8


async def test_a_webhook_is_told_only_of_what_happens_after_it(sending: Sending, target: TargetServer) -> None:
    await sending.person("before@example.com")
    await until_logged(sending, 1)
    await sending.webhook(target.url)
    await sending.person("after@example.com")
    (event,) = await target.until_taken(1)
    await until_recorded(sending)
    assert event["record"]["email"] == "after@example.com"
    assert len(target.received) == 1


async def until_logged(sending: Sending, count: int) -> None:
    """Return when the log has so many events."""
    async with asyncio.timeout(30):
        while (await sending.services.events.log.bounds()).last < count:
            await asyncio.sleep(0.005)


async def test_an_object_that_is_renamed_goes_on_under_its_new_name(sending: Sending, target: TargetServer) -> None:
    made = await sending.data(
        'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "P"'
        ' labelPlural: "Ps" }) { id } }'
    )
    webhook = await sending.webhook(target.url, "project.created")
    await sending.data(
        'mutation ($id: UUID!) { updateObject(id: $id, input: { nameSingular: "task" namePlural: "tasks" }) { id } }',
        id=made["createObject"]["id"],
    )
    assert (await sending.shown(webhook["id"]))["operations"] == ["task.created"]
    await sending.data('mutation { createTask(data: { name: "T" }) { id } }', metadata=False)
    (event,) = await target.until_taken(1)
    assert (event["event"], event["object"], event["record"]["name"]) == ("task.created", "task", "T")
    await sending.data("mutation ($id: UUID!) { deleteObject(id: $id) { id } }", id=made["createObject"]["id"])
    assert (await sending.shown(webhook["id"]))["operations"] == []


async def test_what_waits_at_a_stop_is_sent_after_the_next_start(start_sending: Start) -> None:
    async def refuse(_: Received) -> Reply:
        return Reply(status=500)

    async with target_server(refuse) as target:
        async with start_sending() as sending:
            await sending.webhook(target.url, "person.created")
            people = await sending.people("a@example.com", "b@example.com")
            await target.until_received(3)
        target.behave = take
        async with start_sending():
            events = await target.until_taken(2)
            assert sorted(event["recordId"] for event in events) == sorted(people)


@pytest.mark.long
async def test_processes_share_the_work(start_sending: Start, target: TargetServer) -> None:
    async with start_sending() as one, start_sending() as other:
        await one.webhook(target.url, "person.*")
        people = await one.people(*[f"{number}@example.com" for number in range(100)])
        people += await other.people(*[f"{number}@example.org" for number in range(100)])
        for person in people[::20]:
            await one.update(person, city="A")
            await other.update(person, city="B")
        await target.until_taken(220)
        await until_recorded(one)
        positions = [event["position"] for event in target.taken]
        assert len(positions) == len(set(positions)) == 220, "a delivery was made twice"
        for person in people[::20]:
            assert [event["record"]["city"] for event in target.taken if event["recordId"] == person] == [
                None,
                "A",
                "B",
            ]
        assert {one["attempts"] for one in await one.deliveries({"attempts": {"gt": 1}})} == set()
        counted = [app.services.webhooks.dispatcher.counters.delivered for app in (one, other)]
        assert sum(counted) == 220


async def test_the_log_is_kept_for_webhooks(sending: Sending, target: TargetServer) -> None:
    await sending.webhook(target.url)
    await sending.person("a@example.com")
    await target.until_taken(1)
    await until_recorded(sending)
    async with sending.services.foundation.database.session() as connection:
        cursor = await connection.execute("SELECT name, position FROM fieldstone.log_consumer")
        assert await cursor.fetchall() == [("webhooks", 1)]


async def test_the_log_does_not_tell_secrets(
    sending: Sending, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = iter([500])

    async def refuse_once(_: Received) -> Reply:
        return Reply(status=next(refusals, 200))

    target.behave = refuse_once
    with caplog.at_level(logging.DEBUG):
        webhook = await sending.webhook(target.url + "?token=t0ken", "person.created")
        await sending.person("a@example.com")
        await target.until_taken(1)
        await until_recorded(sending)
    assert "attempt 1 of delivery" in caplog.text
    assert "HTTP 500" in caplog.text
    assert webhook["secret"] not in caplog.text
    assert "t0ken" not in caplog.text


async def test_the_metrics_tell(sending: Sending, target: TargetServer) -> None:
    await sending.webhook(target.url)
    await sending.person("a@example.com")
    await target.until_taken(1)
    counters = sending.services.webhooks.dispatcher.counters
    await until(lambda: counters.delivered == 1)
    read_services, read_connections = lambda: {"": sending.services}, Connections(ConnectionLimits()).stats
    shown = Metrics(Requests(), Sockets(), read_services, read_connections).render().decode()
    told = [f'fieldstone_webhook_deliveries_total{{outcome="{one}"}}' for one in ("delivered", "retried", "failed")]
    assert [f"{name} {value}" in shown for name, value in zip(told, ("1.0", "0.0", "0.0"), strict=True)] == [True] * 3
