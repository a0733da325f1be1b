"""The pace of operations while the event loop's turns are long: few begin in a turn, workspaces take turns."""

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

import pytest

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.errors import Overloaded
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import PRINCIPAL
from tests.waiting import until

pytestmark = pytest.mark.long

COSTLY = 0.06
"""Seconds of the processor that an operation takes: a turn of the loop with one is a long turn."""


def workspace() -> Principal:
    return replace(PRINCIPAL, rate_key=uuid4(), workspace_id=uuid4())


class Turns:
    """Counts the operations that begin in each turn of the loop."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.begun: list[str] = []
        self.of_turns: list[int] = []
        self._is_new = True

    async def operate(self, principal: Principal, name: str, seconds: float = COSTLY) -> None:
        async with self.slots.held(principal):
            if self._is_new:
                self._is_new = False
                self.of_turns.append(0)
                asyncio.get_running_loop().call_soon(self._end_turn)
            self.of_turns[-1] += 1
            self.begun.append(name)
            time.sleep(seconds)  # noqa: ASYNC251 - it takes the processor
            await asyncio.sleep(0)

    def _end_turn(self) -> None:
        self._is_new = True


async def keep_pace(slots: Slots, turns: Turns) -> None:
    """Have a turn so long that the pace is kept."""
    await turns.operate(workspace(), "first", seconds=0.2)
    await until(lambda: slots.pace.is_kept)


@pytest.mark.long
async def test_while_turns_are_long_few_operations_begin_in_each_and_workspaces_take_turns() -> None:
    slots = Slots()
    turns = Turns(slots)
    async with asyncio.timeout(30):
        await keep_pace(slots, turns)
        noisy, quiet = workspace(), workspace()
        many = [asyncio.create_task(turns.operate(noisy, "noisy")) for _ in range(40)]
        await until(lambda: turns.begun.count("noisy") > 4)
        before = len(turns.begun)
        await turns.operate(quiet, "quiet")
        assert turns.begun.index("quiet") < before + 10
        await asyncio.gather(*many)
        # From 8 on the number was halved by each long turn.
        assert turns.of_turns[-3:] == [1, 1, 1]
        await until(lambda: not slots.pace.is_kept)
    assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_an_operation_that_has_waited_too_long_is_refused_and_all_recovers() -> None:
    shedding = LoadShedding()
    slots = Slots(patience=0.2, shedding=shedding)
    turns = Turns(slots)
    one = workspace()
    async with asyncio.timeout(30):
        await keep_pace(slots, turns)
        ended = await asyncio.gather(*[turns.operate(one, "one") for _ in range(60)], return_exceptions=True)
        refused = [end for end in ended if isinstance(end, Overloaded)]
        assert len(refused) == shedding.count == 61 - len(turns.begun) > 0
        assert len(turns.begun) > 1
        await until(lambda: not slots.pace.is_kept)
        await turns.operate(one, "one", seconds=0)
    assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_without_a_pace_all_begin_at_once_and_nobody_looks_at_an_idle_loop() -> None:
    slots = Slots()
    turns = Turns(slots)
    one = workspace()
    await asyncio.gather(*[turns.operate(one, "one", seconds=0) for _ in range(300)])
    assert turns.of_turns == [300]
    await until(lambda: not slots.pace.is_kept and not slots.pace.is_free)


async def test_beside_another_workspace_few_operations_begin_in_turns_that_are_much_shorter() -> None:
    database = Database("", PoolSettings())
    slots = Slots(database=database)
    turns = Turns(slots)
    noisy = workspace()
    for one in noisy, workspace():
        database._pool.note_short(one.workspace_id)
    assert database.is_shared

    async def operate() -> None:
        await asyncio.gather(*[turns.operate(noisy, "noisy", seconds=0.002) for _ in range(40)])

    async with asyncio.timeout(30):
        while not slots.pace.is_kept:
            await operate()
        await operate()
        assert turns.of_turns[-3:] == [1, 1, 1]
        await until(lambda: not slots.pace.is_kept)
    assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_where_all_slots_are_taken_the_pace_ends() -> None:
    slots = Slots(each=1)
    turns = Turns(slots)
    one = workspace()
    async with asyncio.timeout(30):
        await keep_pace(slots, turns)
        async with slots.held(one):
            waiting = asyncio.create_task(turns.operate(one, "one", seconds=0))
            await until(lambda: not slots.pace.is_kept)
            assert slots.waiting == 1
        await waiting


async def test_the_only_operation_of_a_workspace_does_not_wait_for_a_pace_that_others_have_made_slow() -> None:
    slots = Slots()
    turns = Turns(slots)
    async with asyncio.timeout(30):
        await keep_pace(slots, turns)
        noisy, quiet = workspace(), workspace()
        many = [asyncio.create_task(turns.operate(noisy, "noisy")) for _ in range(20)]
        await until(lambda: turns.begun.count("noisy") > 2)
        assert slots.pace.is_kept
        assert slots.waiting
        begun = []
        for _ in range(3):
            waited = slots.counters.waited
            await turns.operate(quiet, "quiet")
            begun.append(slots.counters.waited == waited)
        assert begun == [True] * 3
        many += [asyncio.create_task(turns.operate(quiet, "quiet")) for _ in range(2)]
        await until(lambda: slots.counters.waited > waited)
        await asyncio.gather(*many)
    assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_a_busy_loop_refuses_no_transfer() -> None:
    """Transfers do not wait for their slots, so that a pace could only refuse them."""
    slots = TransferSlots("exports")
    with slots.held(workspace()):
        await asyncio.sleep(0)
        time.sleep(4 * COSTLY)  # noqa: ASYNC251 - it takes the processor
        await asyncio.sleep(COSTLY)
        for _ in range(20):
            with slots.held(workspace()):
                assert slots.in_progress == 2
