"""Slots: operations in progress of a key and of a workspace, and the turns of those that wait."""

import asyncio
from collections.abc import Hashable
from dataclasses import replace
from uuid import uuid4

import pytest

from fieldstone.engine.access import slots as module
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import PRINCIPAL


def key(workspace: Principal | None = None) -> Principal:
    workspace_id = uuid4() if workspace is None else workspace.workspace_id
    return replace(PRINCIPAL, rate_key=uuid4(), workspace_id=workspace_id)


async def enter(slots: Slots, principal: Principal, order: list[str], name: str) -> None:
    async with slots.held(principal):
        order.append(name)
        await asyncio.sleep(0)


async def test_a_key_waits_for_its_own_operations_and_for_no_others() -> None:
    slots = Slots(each=2, workspace=0)
    one = key()
    assert [slots.try_enter(one) for _ in range(3)] == [True, True, False]
    assert slots.try_enter(key(one))
    assert slots.try_enter(key())
    slots.leave(one)
    assert slots.try_enter(one)


async def test_the_keys_of_a_workspace_share_its_slots_by_turns() -> None:
    slots = Slots(each=0, workspace=1)
    noisy, elsewhere = key(), key()
    quiet = key(noisy)
    assert slots.try_enter(noisy)
    order: list[str] = []
    tasks = [asyncio.create_task(enter(slots, noisy, order, f"noisy {n}")) for n in range(5)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(enter(slots, quiet, order, "quiet")))
    await asyncio.sleep(0)
    assert (slots.in_progress, slots.waiting) == (1, 6)
    assert slots.try_enter(elsewhere)
    slots.leave(noisy)
    await asyncio.gather(*tasks)
    assert order == ["noisy 0", "quiet", "noisy 1", "noisy 2", "noisy 3", "noisy 4"]
    slots.leave(elsewhere)
    assert (slots.in_progress, slots.waiting, slots.counters.waited) == (0, 0, 6)
    assert not slots._of_keys
    assert not slots._of_workspaces
    assert not slots._queues


async def test_the_last_slots_of_a_workspace_are_for_keys_without_any() -> None:
    """Two keys whose operations stood still had all slots, and a third one was refused."""
    slots = Slots(each=16, workspace=32)
    first = key()
    second, third, fourth, fifth = (key(first) for _ in range(4))
    assert [sum(slots.try_enter(one) for _ in range(40)) for one in (first, second)] == [16, 14]
    assert [slots.try_enter(one) for one in (third, third, fourth, fifth)] == [True, False, True, False]
    order: list[str] = []
    tasks = [asyncio.create_task(enter(slots, second, order, "second"))]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(enter(slots, fifth, order, "fifth")))
    await asyncio.sleep(0)
    slots.leave(third)
    await asyncio.sleep(0.01)
    # The slot that came free is one of the last: the second key goes on when it has fewer itself.
    assert order == ["fifth"]
    slots.leave(first)
    slots.leave(first)
    await asyncio.gather(*tasks)
    assert order == ["fifth", "second"]


@pytest.mark.parametrize("each", [2, 4, 7, 8, 32])
async def test_two_keys_whose_operations_stand_still_leave_a_slot_for_a_third(each: int) -> None:
    slots = Slots(each=each, workspace=2 * each)
    first = key()
    second, third = key(first), key(first)
    for one in (first, second):
        while slots.try_enter(one):
            pass
    assert slots.in_progress < 2 * each
    assert slots.try_enter(third)


@pytest.mark.parametrize(("each", "workspace"), [(0, 1), (1, 1), (0, 2), (32, 2), (15, 15)])
async def test_a_key_that_may_have_all_few_slots_of_a_workspace_has_them(each: int, workspace: int) -> None:
    slots = Slots(each=each, workspace=workspace)
    one = key()
    assert [slots.try_enter(one) for _ in range(workspace + 1)] == [True] * workspace + [False]


async def test_one_that_leaves_the_queue_gives_its_turn_to_the_next() -> None:
    slots = Slots(each=1)
    one = key()
    assert slots.try_enter(one)
    order: list[str] = []
    tasks = [asyncio.create_task(enter(slots, one, order, str(n))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    slots.leave(one)
    # Its slot comes in the moment in which it is cancelled.
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["2"]
    assert (slots.in_progress, slots.waiting) == (0, 0)
    assert not slots._queues


async def test_the_wait_is_bounded_in_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    slots = Slots(each=1)
    one = key()
    assert slots.try_enter(one)
    waiting = [asyncio.create_task(enter(slots, one, [], "")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitExceeded, match="in progress or wait"):
        await enter(slots, one, [], "")
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, RateLimitExceeded) for error in found)
    assert (slots.in_progress, slots.waiting, slots.counters.refused) == (1, 0, 3)


async def test_without_limits_nothing_waits() -> None:
    slots = Slots()
    assert all(slots.try_enter(PRINCIPAL) for _ in range(1_000))


class Estimates(Database):
    """Counts the estimates of a wait for a connection."""

    estimates = 0

    def is_late(self, share: Hashable, ahead: int, patience: float, *, is_first: bool) -> bool:
        self.estimates += 1
        return super().is_late(share, ahead, patience, is_first=is_first)


async def test_a_wait_is_estimated_only_while_something_waits() -> None:
    database = Estimates("", PoolSettings())
    slots = Slots(each=1, patience=0.1, database=database)
    one = key()
    for _ in range(3):
        slots.require_room(one)
        assert slots.try_enter(one)
        slots.leave(one)
    assert database.estimates == 0
    assert slots.try_enter(one)
    turn = slots.queue(one, print, print)
    slots.require_room(key())
    assert database.estimates == 1
    slots.withdraw(turn)
    slots.require_room(one)
    assert database.estimates == 1
