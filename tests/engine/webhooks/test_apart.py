"""engine/webhooks/apart.py: the events of a workspace do not wait for those of another one that take long."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from fieldstone.engine.webhooks import apart as apart_
from fieldstone.engine.webhooks import fan_out
from fieldstone.engine.webhooks.apart import CONSUMER, Apart, name_of
from fieldstone.engine.webhooks.deliveries import Move, ShownEvent
from fieldstone.engine.webhooks.payloads.payloads import NewEvent
from fieldstone.sql.errors import ResponseTooLarge
from tests.apis import WORKSPACE_ID
from tests.engine.metadata_api.roles import UPDATE
from tests.engine.webhooks.conftest import Sending, Start
from tests.engine.webhooks.slow_rules import BUYERS, locked, make_role
from tests.engine.webhooks.target import Received, Reply, TargetServer
from tests.engine.webhooks.unread_events import unread
from tests.waiting import until, until_true

pytestmark = pytest.mark.long


async def consumers(sending: Sending) -> list[str]:
    """The names of the consumers of the log."""
    async with sending.services.foundation.database.session() as connection:
        cursor = await connection.execute("SELECT name FROM fieldstone.log_consumer ORDER BY name")
        return [name for (name,) in await cursor.fetchall()]


async def test_events_of_a_rule_that_is_answered_late_hold_no_other_workspace_up(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Each of them may take five times the time of a statement, one after the other."""
    async with start_sending(statement_timeout=1) as sending:
        other = await sending.beside()
        await other.webhook(target.url, "person.created")
        await make_role(sending, BUYERS)
        await sending.webhook(f"{target.url}/rep", "person.created", role="rep")
        async with locked(workspace_dsn, "opportunity"):
            await sending.people("a@example.com", "b@example.com")
            await until_true(lambda: _is_apart(sending))
            await other.person("c@example.com")
            await target.until_taken(1)
            assert "cannot be sent" not in caplog.text


async def test_slow_workspaces_hold_the_others_up_once_however_many_they_are(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Each batch waited for each of them, again whenever they had caught up."""
    caplog.set_level("INFO", logger=fan_out.__name__)
    names = ("slow1", "slow2", "slow3")
    async with start_sending(statement_timeout=1) as sending:
        slow = [await sending.beside(name) for name in names]
        for one in slow:
            await make_role(one, BUYERS)
            await one.webhook(f"{target.url}/rep", "person.created", role="rep")
        await sending.webhook(target.url, "person.created")
        apart = sending.services.webhooks.fan_out._apart

        async def write_during_locks(name: str) -> None:
            count = len(target.taken)
            async with locked(workspace_dsn, "opportunity", *names):
                async with unread(workspace_dsn, sending):
                    for one in (*slow, sending):
                        await one.person(f"{name}@example.com", city="Berlin")
                await target.until_taken(count + 1)
                assert len(target.received) == count + 1
                await until(lambda: all(apart.is_slow(one.principal.workspace_id) for one in slow))
            await target.until_taken(count + 4)

        async def are_joined() -> bool:
            await sending.person(f"{len(target.taken)}@example.com")
            await target.until_taken(len(target.taken) + 1)
            return await consumers(sending) == [CONSUMER]

        await write_during_locks("a")
        await until_true(are_joined)
        await write_during_locks("b")
    long = [one for one in caplog.messages if one.endswith("it takes long")]
    assert sum(str(one.principal.workspace_id) in line for one in slow for line in long) == 1


async def begun(sending: Sending) -> Move:
    """A look ahead of the own consumer of the workspace, as a process begins it now."""
    database, name = sending.services.foundation.database, name_of(WORKSPACE_ID)
    ((after, since, *_),) = await database.read(*apart_._BEGIN.bind(name=CONSUMER, apart=name, batch=5), share=None)
    assert after is not None
    assert since is not None
    return Move(consumer=name, after=int(after), since=since.decode(), upto=int(after))


async def _is_apart(sending: Sending) -> bool:
    return await consumers(sending) == [CONSUMER, name_of(WORKSPACE_ID)]


async def _is_all_passed(sending: Sending) -> bool:
    """Whether the common consumer is at the end of the log."""
    async with sending.services.foundation.database.session() as connection:
        cursor = await connection.execute(
            "SELECT position >= (SELECT max(position) FROM fieldstone.event_log) FROM fieldstone.log_consumer"
            " WHERE name = %s AND NOT EXISTS (SELECT FROM fieldstone.event_staging)",
            [CONSUMER],
        )
        return await cursor.fetchone() == (True,)


async def test_a_payload_that_cannot_be_built_again_holds_no_other_workspace_up(
    start_sending: Start, workspace_dsn: str, target: TargetServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(received: Received) -> Reply:
        return Reply(status=503 if received.path.endswith("/rep") else 200)

    target.behave = refuse
    async with start_sending(statement_timeout=2) as sending:
        other = await sending.beside()
        await other.webhook(target.url, "person.created")
        role = await make_role(sending, {"city": {"eq": "Berlin"}})
        await sending.webhook(f"{target.url}/rep", "person.created", role="rep")
        await sending.person("a@example.com", city="Berlin")
        await target.until_received(1)
        grants = [{"object": "person", "read": {"rule": BUYERS}}, {"object": "opportunity", "read": {}}]
        async with locked(workspace_dsn, "opportunity"):
            await sending.data(UPDATE, id=role, input={"grants": grants})
            await until(lambda: "waits: canceling statement" in caplog.text)
            await other.person("b@example.com")
            await target.until_taken(1)
            assert [one["status"] for one in await sending.deliveries()] == ["PENDING"]


async def test_a_workspace_with_many_deliveries_catches_up_beside_the_others(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def note(_: Apart, names: Iterable[str]) -> None:
        begun.extend(names)

    monkeypatch.setattr(fan_out, "_SHARE", 5)
    other = await sending.beside()
    await other.webhook(f"{target.url}/other", "person.created")
    for number in range(2):
        await sending.webhook(f"{target.url}/{number}", "person.created")
    with monkeypatch.context() as patched:
        patched.setattr(Apart, "go_on", note)
        made = await sending.people(*(f"{number}@example.com" for number in range(10)))
        await until(lambda: name_of(WORKSPACE_ID) in begun)
        made.append(await sending.person("last@example.com"))
        beyond = await other.person("a@example.com")
        (event,) = await target.until_taken(1)
        assert event["recordId"] == beyond
        assert await _is_apart(sending)
    await target.until_taken(1 + 2 * 11)
    assert sorted((one.path, one.event["recordId"]) for one in target.received) == sorted(
        [("/hook/other", beyond), *((f"/hook/{number}", id_) for number in range(2) for id_ in made)]
    )
    await other.person("b@example.com")
    await target.until_taken(2 + 2 * 11)

    async def is_joined() -> bool:
        return await consumers(sending) == [CONSUMER]

    await until_true(is_joined)
    await sending.person("together@example.com")
    await target.until_taken(2 + 2 * 12)
    assert len({one.headers["x-fieldstone-delivery"] for one in target.received}) == len(target.received)


async def test_a_webhook_with_few_events_does_not_wait_for_the_many_of_another_one(
    sending: Sending, workspace_dsn: str, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited until 60,000 events of the other webhook had become deliveries, which took 44 seconds."""
    monkeypatch.setattr(fan_out, "_SHARE", 5)
    monkeypatch.setattr(sending.services.webhooks.fan_out._apart, "_batch", 5)
    await sending.webhook(f"{target.url}/many", "person.created")
    quiet = await sending.webhook(f"{target.url}/few", "company.*")
    async with unread(workspace_dsn, sending):
        await sending.people(*(f"{number}@example.com" for number in range(40)))
        create = 'mutation { createCompany(data: { name: "a" }) { id } }'
        id_ = (await sending.data(create, metadata=False))["createCompany"]["id"]
        for name in "bc":
            update = "mutation ($id: UUID!, $name: String!) { updateCompany(id: $id, data: { name: $name }) { id } }"
            await sending.data(update, metadata=False, id=id_, name=name)
    await target.until_taken(43)
    made = sorted(await sending.deliveries(), key=lambda one: str(one["id"]))
    assert [one["webhookId"] for one in made[:3]] == [quiet["id"]] * 3
    assert len({(one["webhookId"], one["position"]) for one in made}) == len(made) == 43
    taken = [one.event["event"] for one in target.received if one.path == "/hook/few"]
    assert taken == ["company.created", "company.updated", "company.updated"]
    assert len(target.received) == 43


async def test_an_event_behind_those_of_a_look_ahead_does_not_wait_for_a_delivery_that_has_ended(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for the earlier event of its record, already delivered, until the deliveries were looked over."""
    monkeypatch.setattr(fan_out, "_SHARE", 5)
    await sending.webhook(f"{target.url}/many", "person.created")
    await sending.webhook(f"{target.url}/few", "company.*")
    apart = sending.services.webhooks.fan_out._apart
    monkeypatch.setattr(apart, "_batch", 5)
    with monkeypatch.context() as patched:
        patched.setattr(Apart, "go_on", lambda *_: None)
        await sending.people(*(f"{number}@example.com" for number in range(10)))
        await until_true(lambda: _is_apart(sending))
        create = 'mutation { createCompany(data: { name: "a" }) { id } }'
        id_ = (await sending.data(create, metadata=False))["createCompany"]["id"]

        async def is_found() -> bool:
            await apart._look_ahead(await begun(sending), 100_000, None)
            return [one["status"] for one in await sending.deliveries()] == ["DELIVERED"]

        earlier = await begun(sending)
        await until_true(is_found)
        update = "mutation ($id: UUID!) { updateCompany(id: $id, data: { name: 1 }) { id } }"
        await sending.data(update.replace("1", '"b"'), metadata=False, id=id_)
        await until_true(lambda: _is_all_passed(sending))
        # Another process that had begun before does not see that delivery, and would have the new one wait for it.
        written = await begun(sending)
        assert written == replace(earlier, since=written.since)
        await apart._look_ahead(earlier, 100_000, None)
        assert (len(await sending.deliveries()), await begun(sending)) == (1, written)
    await sending.person("last@example.com")
    await target.until_taken(13)
    taken = [one.event["event"] for one in target.received if one.path == "/hook/few"]
    assert taken == ["company.created", "company.updated"]


async def test_a_look_ahead_whose_records_are_too_large_or_late_takes_fewer_or_writes_nothing(
    sending: Sending, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quiet webhook waited for the loud one at each look; a late look wrote the consumer for nothing."""
    monkeypatch.setattr(fan_out, "_SHARE", 5)
    await sending.webhook(f"{target.url}/many", "person.created")
    await sending.webhook(f"{target.url}/few", "company.created")
    apart, show = sending.services.webhooks.fan_out._apart, apart_.show_workspace
    monkeypatch.setattr(apart, "_batch", 5)

    async def show_one(records: object, current: object, workspace_id: object, events: Sequence[NewEvent]) -> object:
        if len(events) > 1:
            raise ResponseTooLarge("the records are too large")
        return await show(records, current, workspace_id, events)  # type: ignore[arg-type]

    async def show_late(*_: object) -> list[ShownEvent] | None:
        return None

    monkeypatch.setattr(Apart, "go_on", lambda *_: None)
    await sending.people(*(f"{number}@example.com" for number in range(10)))
    await until_true(lambda: _is_apart(sending))
    for name in "abc":
        create = "mutation ($name: String!) { createCompany(data: { name: $name }) { id } }"
        await sending.data(create, metadata=False, name=name)
    await until_true(lambda: _is_all_passed(sending))
    with monkeypatch.context() as patched:
        patched.setattr(apart, "_show", show_late)
        before = await begun(sending)
        await apart._look_ahead(before, 100_000, 0.1)
        assert await begun(sending) == before
    monkeypatch.setattr(apart_, "show_workspace", show_one)

    async def are_found() -> bool:
        await apart._look_ahead(await begun(sending), 100_000, None)
        return len(await sending.deliveries()) == 3

    await until_true(are_found)
