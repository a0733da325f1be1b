"""The share of the processor for compiling: it binds beside other workspaces alone, and keys take turns in it."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fieldstone.engine.access.compile_share import BURST, MOST_DEBT, MOST_WAITING, SHARE, CompileShare
from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.errors import Overloaded, Timeout
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import under_deadline
from tests.apis import PRINCIPAL
from tests.clock import Clock
from tests.waiting import until

WORKSPACE = UUID(int=7)
LONG = 60.0
DOCUMENT = 1 / 128
"""Seconds of the processor that a document takes."""


def key(workspace: UUID = WORKSPACE) -> Principal:
    return replace(PRINCIPAL, rate_key=uuid4(), workspace_id=workspace)


class Process:
    """A process whose clocks stand still, and the documents that it has compiled.

    Attributes:
        waited: those of them that had to wait.
    """

    def __init__(self, *, patience: float = LONG) -> None:
        self.clock = Clock(100.0)
        self.processor = Clock(0.0)
        self.is_shared = True
        self.shedding = LoadShedding()
        self.share = CompileShare(
            is_shared=lambda: self.is_shared,
            patience=patience,
            shedding=self.shedding,
            clock=self.clock,
            processor=self.processor,
        )
        self.compiled: list[str] = []
        self.waited: list[str] = []

    async def compile(
        self, principal: Principal, name: str, seconds: float = DOCUMENT, *, is_next: bool = False
    ) -> None:
        def work() -> None:
            self.processor.now += seconds
            self.compiled.append(name)

        async with self.share.turn(principal, is_next=is_next) as turn:
            if turn.has_waited:
                self.waited.append(name)
            turn.run(work)

    def compiling(self, principal: Principal, name: str, *, is_next: bool = False) -> "asyncio.Task[None]":
        return asyncio.create_task(self.compile(principal, name, is_next=is_next))

    async def spend(self, principal: Principal, seconds: float = BURST + DOCUMENT) -> None:
        """Use up the burst of a workspace, and a document more."""
        await self.compile(principal, "spent", seconds)
        self.compiled.clear()


async def test_a_burst_passes_and_a_document_behind_it_waits_until_the_share_has_paid() -> None:
    process, one = Process(), key()
    for number in range(round(BURST / DOCUMENT)):
        await process.compile(one, str(number))
    await process.compile(one, "the last")
    assert not process.waited
    late = process.compiling(one, "late")
    await asyncio.sleep(3 * DOCUMENT / SHARE)
    assert "late" not in process.compiled
    process.clock.now += DOCUMENT / SHARE
    await late
    assert process.waited == ["late"]
    process.clock.now += DOCUMENT / SHARE
    await process.compile(one, "later")
    assert process.waited == ["late"]


async def test_within_a_burst_documents_of_a_workspace_wait_for_none_of_its_others() -> None:
    process, one = Process(), key()
    async with process.share.turn(one) as first, process.share.turn(one) as second:
        assert (first.has_waited, second.has_waited) == (False, False)
        await process.compile(one, "third")
    assert not process.waited


async def test_others_do_not_wait_for_a_workspace_that_has_spent_its_share() -> None:
    process = Process()
    await process.spend(key())
    await process.compile(key(uuid4()), "neighbour")
    assert (process.compiled, process.waited) == (["neighbour"], [])


async def test_a_workspace_alone_never_waits_and_owes_nothing_when_others_come() -> None:
    process, one = Process(), key()
    process.is_shared = False
    for number in range(round(10 * BURST / DOCUMENT)):
        await process.compile(one, str(number))
    process.is_shared = True
    await process.compile(one, "beside others")
    assert not process.waited
    late = process.compiling(one, "late")
    await asyncio.sleep(0)
    assert "late" not in process.compiled
    process.is_shared = False
    await late


async def test_keys_take_turns_and_an_operation_that_was_begun_goes_before_the_others_of_its_key() -> None:
    process, noisy, quiet = Process(), key(), key()
    await process.spend(noisy)
    many = [process.compiling(noisy, f"noisy {number}") for number in range(4)]
    await asyncio.sleep(0)
    many += [process.compiling(quiet, "quiet"), process.compiling(noisy, "plan", is_next=True)]
    await asyncio.sleep(0)
    assert not process.compiled
    for number in range(len(many)):
        process.clock.now += DOCUMENT / SHARE
        await until(lambda: len(process.compiled) > number)  # noqa: B023 - awaited at once
        assert len(process.compiled) == number + 1, "each pays before the next one begins"
    await asyncio.gather(*many)
    assert process.compiled == ["plan", "quiet", *[f"noisy {number}" for number in range(4)]]


async def test_a_document_that_waits_too_long_is_refused_uncompiled_with_its_remedy() -> None:
    process, one = Process(patience=0.01), key()
    await process.spend(one)
    with pytest.raises(Overloaded, match="send values as variables") as refused:
        await process.compile(one, "late")
    assert (refused.value.code, refused.value.status) == ("OVERLOADED", 503)
    assert not process.compiled
    assert process.shedding.count == 1
    assert not process.share._accounts[one.workspace_id.int].waiting
    process.clock.now += LONG
    await process.compile(one, "later")
    assert not process.waited


async def test_a_wait_ends_with_the_clients_time() -> None:
    process, one = Process(), key()
    await process.spend(one)
    with under_deadline(10), pytest.raises(Timeout):
        await process.compile(one, "late")
    assert not process.compiled
    assert process.shedding.count == 0


async def test_a_document_that_is_given_up_leaves_its_turn_to_the_next_one() -> None:
    process, one = Process(), key()
    await process.spend(one)
    given_up, waiting, behind = (process.compiling(one, name) for name in ("given up", "waiting", "behind"))
    await asyncio.sleep(0)
    waiting.cancel()
    process.clock.now += LONG
    account = process.share._accounts[one.workspace_id.int]
    while not account.is_busy:
        await asyncio.sleep(0)
    given_up.cancel()  # in the moment in which it may go on
    await behind
    assert process.compiled == ["behind"]
    assert not account.waiting
    assert not account.is_busy


async def test_a_document_that_is_given_up_in_the_turn_in_which_it_may_go_on_holds_up_nobody() -> None:
    process, one = Process(), key()
    await process.spend(one)
    given_up, behind = (process.compiling(one, name) for name in ("given up", "behind"))
    await asyncio.sleep(0)
    account = process.share._accounts[one.workspace_id.int]
    assert account.timer is not None
    account.timer.cancel()
    process.clock.now += LONG
    given_up.cancel()
    process.share._look(account)
    await behind
    assert process.compiled == ["behind"]
    assert not account.is_busy


async def test_no_more_than_so_many_documents_of_a_workspace_wait() -> None:
    process, one = Process(), key()
    await process.spend(one)
    waiting = [process.compiling(key(), str(number)) for number in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await process.compile(one, "one too many")
    process.is_shared = False
    await asyncio.gather(*waiting)
    assert len(process.compiled) == MOST_WAITING


async def test_a_workspace_waits_for_no_more_than_the_largest_debt() -> None:
    process, one = Process(), key()
    await process.spend(one, LONG)
    process.clock.now += MOST_DEBT / SHARE
    await process.compile(one, "late")
    assert not process.waited


async def test_a_call_in_another_thread_is_counted_and_so_is_one_that_fails() -> None:
    process, one = Process(patience=0.01), key()

    def fail() -> None:
        process.processor.now += BURST + DOCUMENT
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - raised here
        await asyncio.to_thread(process.share.measure, one.workspace_id, fail)
    with pytest.raises(Overloaded):
        await process.compile(one, "late")


async def test_documents_beyond_the_burst_are_compiled_one_at_a_time() -> None:
    process, one = Process(), key()
    await process.spend(one)
    is_over = asyncio.Event()

    async def take_the_work_thread() -> None:
        async with process.share.turn(one) as turn:
            assert turn.has_waited
            await is_over.wait()

    long = asyncio.create_task(take_the_work_thread())
    await asyncio.sleep(0)
    process.clock.now += LONG
    await until(lambda: process.share._accounts[one.workspace_id.int].is_busy)
    behind = process.compiling(one, "behind")
    await asyncio.sleep(0)
    await process.compile(key(uuid4()), "neighbour")
    assert process.compiled == ["neighbour"]
    is_over.set()
    await asyncio.gather(long, behind)
    assert process.waited == ["behind"]


async def test_workspaces_that_have_paid_are_forgotten() -> None:
    process = Process()
    for _ in range(5_000):
        await process.compile(key(uuid4()), "new")
        process.clock.now += DOCUMENT / SHARE
    assert len(process.share._accounts) <= 1_024
