"""The tickets that statements run in: the order in which callers get them."""

import asyncio
from uuid import UUID

import pytest

from fieldstone.engine.events.delivery.tickets import Tickets

A, B, C = (UUID(int=number) for number in range(3))


class Callers:
    """The callers that hold a ticket, each by its name, until they are told to go."""

    def __init__(self, tickets: Tickets) -> None:
        self.tickets = tickets
        self.holding: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.leaving: dict[str, asyncio.Event] = {}

    async def come(self, name: str, workspace_id: UUID, *, slow: bool = False) -> None:
        self.leaving[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, workspace_id, slow))
        await asyncio.sleep(0)

    async def _hold(self, name: str, workspace_id: UUID, slow: bool) -> None:
        async with self.tickets.hold(workspace_id, slow=slow):
            self.holding.append(name)
            try:
                await self.leaving[name].wait()
            finally:
                self.holding.remove(name)

    async def go(self, name: str) -> None:
        self.leaving[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await asyncio.sleep(0)


async def test_a_workspace_leaves_a_ticket_to_the_others() -> None:
    callers = Callers(Tickets(4))
    for number in range(6):
        await callers.come(f"a{number}", A)
    assert callers.holding == ["a0", "a1", "a2"]
    await callers.come("b", B)
    assert callers.holding[-1] == "b"
    await callers.come("c", C)
    await callers.go("a0")
    # It has none yet, so it comes before callers that have waited for longer.
    assert callers.holding == ["a1", "a2", "b", "c"]
    await callers.go("b")
    assert callers.holding == ["a1", "a2", "c", "a3"]


async def test_workspaces_take_turns() -> None:
    callers = Callers(Tickets(2))
    for name in ("a0", "a1", "a2"):
        await callers.come(name, A)
    await callers.come("b0", B)
    for name, workspace_id in (("c0", C), ("b1", B), ("c1", C)):
        await callers.come(name, workspace_id)
    order = []
    for _ in range(7):
        name = callers.holding[0]
        order.append(name)
        await callers.go(name)
    assert order[:2] == ["a0", "b0"]
    assert sorted(name[0] for name in order[2:5]) == ["a", "b", "c"]
    assert callers.holding == []


async def test_slow_statements_have_one_ticket_a_workspace_and_half_in_all() -> None:
    callers = Callers(Tickets(4))
    for name, workspace_id in (("a0", A), ("a1", A), ("b0", B), ("c0", C)):
        await callers.come(name, workspace_id, slow=True)
    assert callers.holding == ["a0", "b0"]
    await callers.come("a fast", A)
    await callers.come("c fast", C)
    assert callers.holding == ["a0", "b0", "a fast", "c fast"]
    await callers.go("b0")
    assert callers.holding[-1] == "c0"
    await callers.go("a0")
    assert callers.holding[-1] == "a1"


@pytest.mark.parametrize("is_served", [False, True], ids=["while it waits", "in the moment in which it is served"])
async def test_whoever_gives_up_waiting_takes_no_ticket_along(is_served: bool) -> None:
    callers = Callers(Tickets(2))
    for name in ("a0", "a1", "a2"):
        await callers.come(name, A)
    if is_served:
        callers.leaving["a0"].set()
        await asyncio.sleep(0)
    await callers.cancel("a1")
    if not is_served:
        await callers.go("a0")
    assert callers.holding == ["a2"]
    await callers.go("a2")
    for name in ("b0", "c0"):
        await callers.come(name, {"b": B, "c": C}[name[0]])
    assert callers.holding == ["b0", "c0"]


async def test_a_waiter_that_was_cancelled_in_the_moment_of_its_turn_is_passed_over() -> None:
    callers = Callers(Tickets(2))
    for name in ("a0", "a1", "a2"):
        await callers.come(name, A)
    # Both happen in one turn of the loop: the ticket is handed on before the cancelled task has run.
    callers.leaving["a0"].set()
    callers.tasks["a1"].cancel()
    ended = await asyncio.gather(callers.tasks["a0"], callers.tasks["a1"], return_exceptions=True)
    assert ended[0] is None
    assert isinstance(ended[1], asyncio.CancelledError)
    await asyncio.sleep(0)
    assert callers.holding == ["a2"]
    await callers.go("a2")
    for name in ("b0", "c0"):
        await callers.come(name, {"b": B, "c": C}[name[0]])
    assert callers.holding == ["b0", "c0"]
