"""Claims: one process has a delivery, until its time is up; and the records kept of deliveries that have ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.webhooks.claims import PATIENCE, Claimed, ClaimQuota, Claims, Result
from fieldstone.engine.webhooks.retention import Backlog, Keep, keep_measured, revive, trim
from fieldstone.engine.webhooks.sending.sender import Outcome
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from fieldstone.metadata.ids import new_id
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import WORKSPACE_ID
from tests.waiting import until


@pytest.fixture
async def database(workspace_dsn: str) -> AsyncIterator[Database]:
    """A database with a workspace, where nobody sends."""
    opened = Database.connect(workspace_dsn, settings=PoolSettings(connections=8))
    await opened.open()
    await Catalog.migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
def claims(database: Database) -> Claims:
    """One process's claims."""
    return Claims(database, first_pause=1.0, disable_after=3_600)


async def run(database: Database, sql: str, **values: Any) -> list[Any]:
    """The rows of a statement, committed."""
    async with database.session() as connection:
        cursor = await connection.execute(sql.encode(), values)
        return await cursor.fetchall() if cursor.description else []


async def add_workspace(database: Database) -> UUID:
    """Another workspace, without a model."""
    id_ = new_id()
    await run(
        database,
        QUERIES["insert_workspace"].decode(),
        id=id_,
        name=str(id_),
        schema_name=f"schema_{id_.hex}",
        is_distributed=False,
    )
    return id_


async def add_webhook(database: Database, workspace_id: UUID = WORKSPACE_ID) -> UUID:
    """A new webhook."""
    id_ = new_id()
    await run(
        database,
        "INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position)"
        " VALUES (%(id)s, %(workspace)s, 'http://x.invalid/', 's', 0)",
        id=id_,
        workspace=workspace_id,
    )
    return id_


async def add_delivery(
    database: Database, webhook_id: UUID, position: int, record_id: UUID | None = None, payload: str = "{}"
) -> UUID:
    """A new delivery, due at once."""
    id_ = new_id()
    await run(
        database,
        "INSERT INTO fieldstone.webhook_delivery (id, workspace_id, webhook_id, position, event, record_id, payload)"
        " SELECT %(id)s, workspace_id, id, %(position)s, 'person.created', %(record)s, %(payload)s"
        " FROM fieldstone.webhook WHERE id = %(webhook)s",
        id=id_,
        webhook=webhook_id,
        position=position,
        record=record_id or new_id(),
        payload=payload,
    )
    return id_


def room(
    *,
    total: int = 100,
    each: int = 100,
    failing: int = 100,
    lease: float = 60,
    sent: Sequence[Claimed] = (),
) -> ClaimQuota:
    return ClaimQuota(sent=sent, each=each, total=total, failing=failing, lease=lease)


def being_sent(
    webhook_id: UUID, count: int, *, workspace_id: UUID = WORKSPACE_ID, is_failing: bool = False
) -> list[Claimed]:
    """Deliveries of a webhook that are being sent."""
    return [
        Claimed(
            id=new_id(),
            claim=new_id(),
            webhook_id=webhook_id,
            workspace_id=workspace_id,
            event="person.created",
            payload="{}",
            attempts=1,
            target=WebhookTarget(url="http://x.invalid/", secret="s"),  # noqa: S106 - of this test alone
            is_failing=is_failing,
        )
        for _ in range(count)
    ]


def failed(
    claimed: Claimed, *, status: str = "PENDING", pause: float | None = 0.0, asked: float | None = None
) -> Result:
    return Result(
        claimed=claimed, status=status, pause=pause, asked=asked, outcome=Outcome(error="HTTP 500", duration_ms=1)
    )


def taken(claimed: Claimed) -> Result:
    return Result(claimed=claimed, status="DELIVERED", outcome=Outcome(status=200, duration_ms=1))


async def test_no_delivery_is_claimed_twice(database: Database, claims: Claims) -> None:
    webhook_id = await add_webhook(database)
    made = {await add_delivery(database, webhook_id, position) for position in range(1, 61)}
    others = [Claims(database, first_pause=1.0, disable_after=3_600) for _ in range(6)]
    found: list[UUID] = []

    async def take_all(one: Claims) -> None:
        while claimed := await one.claim(room(total=3)):
            found.extend(delivery.id for delivery in claimed)

    await asyncio.gather(*map(take_all, others))
    # The process that found the rest locked has gone: it comes back.
    await take_all(claims)
    assert sorted(found) == sorted(made)


async def test_a_claim_that_is_not_settled_is_taken_over(database: Database, claims: Claims) -> None:
    await add_delivery(database, await add_webhook(database), 1)
    (first,) = await claims.claim(room(lease=0))
    (second,) = await claims.claim(room())
    assert (first.id, first.attempts, second.attempts) == (second.id, 1, 2)
    assert first.claim != second.claim
    # A process that was too late has no say any more.
    await claims.record([taken(first)])
    assert await run(database, "SELECT status FROM fieldstone.webhook_delivery") == [("PENDING",)]
    await claims.record([taken(second)])
    assert await run(database, "SELECT status FROM fieldstone.webhook_delivery") == [("DELIVERED",)]


async def test_what_is_given_back_was_not_tried(database: Database, claims: Claims) -> None:
    await add_delivery(database, await add_webhook(database), 1)
    await claims.release(await claims.claim(room()))
    (again,) = await claims.claim(room())
    assert again.attempts == 1


async def test_the_next_event_of_a_record_waits_for_the_one_before(database: Database, claims: Claims) -> None:
    one, other = await add_webhook(database), await add_webhook(database)
    record = new_id()
    first = await add_delivery(database, one, 1, record)
    second = await add_delivery(database, one, 2, record)
    elsewhere = await add_delivery(database, other, 2, record)
    third = await add_delivery(database, one, 3)
    claimed = await claims.claim(room())
    assert {delivery.id for delivery in claimed} == {first, third, elsewhere}
    assert await claims.claim(room()) == []
    (held,) = (delivery for delivery in claimed if delivery.id == first)
    await claims.record([failed(held, pause=3_600.0)])
    assert await claims.claim(room()) == [], "it waits for the delivery that is tried again later"
    await run(database, "UPDATE fieldstone.webhook_delivery SET due_at = now() WHERE id = %(id)s", id=first)
    (held,) = await claims.claim(room())
    await claims.record([failed(held, status="FAILED", pause=None)])
    assert [delivery.id for delivery in await claims.claim(room())] == [second]


async def test_what_waits_for_an_earlier_one_is_due_when_that_has_ended(database: Database, claims: Claims) -> None:
    webhook_id, record = await add_webhook(database), new_id()
    made = [await add_delivery(database, webhook_id, position, record) for position in (1, 2, 3)]
    await run(database, "UPDATE fieldstone.webhook_delivery SET due_at = NULL WHERE position > 1")
    (first,) = await claims.claim(room())
    await claims.record([failed(first)])
    (first,) = await claims.claim(room())
    assert first.id == made[0]
    await claims.record([taken(first)])
    (second,) = await claims.claim(room())
    assert second.id == made[1]
    await claims.record([failed(second, status="FAILED", pause=None)])
    (third,) = await claims.claim(room())
    assert third.id == made[2]
    assert await revive(database) == 0


async def test_what_waits_for_nothing_is_found(database: Database, claims: Claims) -> None:
    webhook_id, record = await add_webhook(database), new_id()
    first, _ = [await add_delivery(database, webhook_id, position, record) for position in (1, 2)]
    await run(database, "UPDATE fieldstone.webhook_delivery SET due_at = NULL")
    assert await claims.claim(room()) == []
    assert await revive(database) == 1
    (only,) = await claims.claim(room())
    assert only.id == first


async def test_places_go_to_those_who_have_the_fewest(database: Database, claims: Claims) -> None:
    one, other, third = [await add_webhook(database) for _ in range(3)]
    for position in range(1, 11):
        for webhook_id in (one, other, third):
            await add_delivery(database, webhook_id, position)
    sent = [*being_sent(one, 3), *being_sent(other, 4)]
    claimed = await claims.claim(room(total=6, each=4, sent=sent))
    counted = [sum(delivery.webhook_id == id_ for delivery in claimed) for id_ in (one, other, third)]
    assert counted == [1, 0, 4]


async def test_a_workspace_that_is_alone_has_all_places(database: Database, claims: Claims) -> None:
    one, other = await add_webhook(database), await add_webhook(database, await add_workspace(database))
    await run(database, "UPDATE fieldstone.webhook SET is_active = false WHERE id = %(id)s", id=other)
    for position in range(1, 11):
        await add_delivery(database, one, position)
    assert len(await claims.claim(room(total=8))) == 8


async def test_of_several_workspaces_none_has_more_places_than_it_leaves_free(
    database: Database, claims: Claims
) -> None:
    other_workspace = await add_workspace(database)
    hooks = [await add_webhook(database) for _ in range(3)]
    other = await add_webhook(database, other_workspace)
    for position in range(1, 11):
        for webhook_id in hooks:
            await add_delivery(database, webhook_id, position)
    first = await claims.claim(room(total=8))
    assert len(first) == 4
    assert await claims.claim(room(total=4, sent=first)) == []
    # One that comes finds places at once, and then as many as the first had left it.
    for position in range(1, 11):
        await add_delivery(database, other, position)
    second = await claims.claim(room(total=4, sent=first))
    assert [delivery.workspace_id for delivery in second] == [other_workspace] * 2
    # The workspaces with the fewest come first.
    third = await claims.claim(room(total=6, sent=first[:2]))
    assert sorted(delivery.workspace_id == other_workspace for delivery in third) == [False, True, True, True]


async def test_of_the_places_of_those_that_fail_no_workspace_takes_the_last(database: Database, claims: Claims) -> None:
    other_workspace = await add_workspace(database)
    hooks = [await add_webhook(database) for _ in range(6)]
    other = await add_webhook(database, other_workspace)
    for webhook_id in hooks:
        await add_delivery(database, webhook_id, 1)
    await run(database, "UPDATE fieldstone.webhook SET failures = 1")
    first = await claims.claim(room(failing=4))
    assert len(first) == 2
    await add_delivery(database, other, 1)
    (second,) = await claims.claim(room(total=98, failing=2, sent=first))
    assert second.webhook_id == other


async def test_one_that_fails_is_tried_once_at_a_time_and_then_rests(database: Database, claims: Claims) -> None:
    webhook_id = await add_webhook(database)
    for position in range(1, 11):
        await add_delivery(database, webhook_id, position)
    (first,) = await claims.claim(room(total=1))
    assert not first.is_failing
    await claims.record([failed(first)])
    for _ in range(PATIENCE - 1):
        (only,) = await claims.claim(room())
        assert only.is_failing
        await claims.record([failed(only)])
    assert await claims.claim(room()) == []
    ((failures, rests),) = await run(
        database, "SELECT failures, rests_until > now() - interval '1 minute' FROM fieldstone.webhook"
    )
    assert (failures, rests) == (PATIENCE, True)
    await run(database, "UPDATE fieldstone.webhook SET rests_until = NULL")
    (only,) = await claims.claim(room())
    await claims.record([taken(only)])
    assert len(await claims.claim(room())) == 9
    assert await run(database, "SELECT failures, failing_since, rests_until FROM fieldstone.webhook") == [
        (0, None, None)
    ]


@pytest.mark.parametrize(
    ("last_failed", "is_disabled"),
    [
        pytest.param("1 hour", True, id="attempts went on"),
        pytest.param("3 hours", False, id="nothing was tried in between"),
    ],
)
async def test_only_a_failure_that_goes_on_disables(
    database: Database,
    claims: Claims,
    last_failed: str,
    is_disabled: bool,
) -> None:
    webhook_id = await add_webhook(database)
    await add_delivery(database, webhook_id, 1)
    (only,) = await claims.claim(room())
    assert await claims.record([failed(only)]) == {}
    await run(
        database,
        "UPDATE fieldstone.webhook SET failing_since = now() - interval '5 hours',"
        " failed_at = now() - %(last_failed)s::interval",
        last_failed=last_failed,
    )
    (only,) = await claims.claim(room())
    assert list(await claims.record([failed(only)])) == [webhook_id] * is_disabled
    assert await run(
        database,
        "SELECT is_active, disabled_at IS NULL, failing_since > now() - interval '1 hour' FROM fieldstone.webhook",
    ) == [(not is_disabled, not is_disabled, not is_disabled)]


async def test_those_that_fail_have_places_of_their_own(database: Database, claims: Claims) -> None:
    for number in range(6):
        webhook_id = await add_webhook(database)
        await add_delivery(database, webhook_id, 1)
        if number < 4:
            await run(database, "UPDATE fieldstone.webhook SET failures = 1 WHERE id = %(id)s", id=webhook_id)
    claimed = await claims.claim(room(failing=2))
    assert sorted(delivery.is_failing for delivery in claimed) == [False, False, True, True]


@pytest.mark.parametrize(("payload_bytes", "each"), [(1, [1] * 5), (20_000, [2, 2, 1]), (10**6, [5])])
async def test_a_claim_has_so_many_bytes_and_one_delivery_at_least(
    workspace_dsn: str, database: Database, payload_bytes: int, each: list[int]
) -> None:
    """The answer of a claim is read whole, however large: its deliveries are claimed already."""
    webhook_id = await add_webhook(database)
    for position in range(1, 6):
        await add_delivery(database, webhook_id, position, payload="x" * 17_000)
    small = Database.connect(workspace_dsn, settings=PoolSettings(connections=1, response_limit=10_000))
    claims = Claims(small, first_pause=1.0, disable_after=3_600)
    found = [len(await claims.claim(replace(room(), payload_bytes=payload_bytes))) for _ in each]
    assert found == each
    await small.close()


async def test_what_a_target_asks_for_is_not_cut_short(database: Database, claims: Claims) -> None:
    await add_delivery(database, await add_webhook(database), 1)
    (only,) = await claims.claim(room())
    await claims.record([failed(only, asked=7_200.0, pause=7_200.0)])
    assert await run(database, "SELECT rests_until > now() + interval '7100 seconds' FROM fieldstone.webhook") == [
        (True,)
    ]


async def test_what_has_ended_is_kept_for_a_while(database: Database, claims: Claims) -> None:
    webhook_id = await add_webhook(database)
    for position in range(1, 7):
        await add_delivery(database, webhook_id, position)
    claimed = sorted(await claims.claim(room(total=5)), key=lambda delivery: delivery.id)
    gone_up = [failed(delivery, status="FAILED", pause=None) for delivery in claimed[:2]]
    await claims.record([*gone_up, *map(taken, claimed[2:])])
    await run(
        database,
        "UPDATE fieldstone.webhook_delivery SET finished_at = now() - interval '2 hours' WHERE id = ANY (%(ids)s)",
        ids=[claimed[0].id, claimed[2].id],
    )
    assert await trim(database, Keep(delivered=timedelta(hours=1), failed=timedelta(hours=3))) == 1
    assert await trim(database, Keep(delivered=timedelta(hours=3), failed=timedelta(hours=1))) == 1
    rows = await run(database, "SELECT status, count(*)::int FROM fieldstone.webhook_delivery GROUP BY 1 ORDER BY 1")
    assert rows == [("DELIVERED", 2), ("FAILED", 1), ("PENDING", 1)]


async def test_what_waits_is_measured(database: Database) -> None:
    webhook_id = await add_webhook(database)
    await add_delivery(database, webhook_id, 1)
    backlog = Backlog()
    measuring = asyncio.create_task(keep_measured(database, backlog))
    await until(lambda: backlog.pending == 1 and backlog.lag > 0)
    measuring.cancel()
    await asyncio.wait([measuring])
