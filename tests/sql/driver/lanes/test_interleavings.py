"""Any sequence of reads, leaving clients and ended backends: each read has the outcome that it has alone."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.sql.driver import pace
from fieldstone.sql.driver.lanes import lane
from fieldstone.sql.driver.lanes import lanes as lanes_module
from fieldstone.sql.errors import DatabaseError, ResponseTooLarge, ValueOutOfRange
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Row, Statement
from tests.sql.driver.lanes.asking import INTEGER, OVER, REPEAT, Outcome, Read, lanes, watch_messages
from tests.sql.driving import ECHO, observing

pytestmark = pytest.mark.long

_LIMIT = 1_000

READS: dict[tuple[Statement, bytes], list[Row] | type[DatabaseError]] = {
    (ECHO, b""): [(b"",)],
    (ECHO, b"a"): [(b"a",)],
    (INTEGER, b"-7"): [(b"-7",)],
    (INTEGER, b"99999999999"): ValueOutOfRange,
    (INTEGER, b"seven"): ValueOutOfRange,
    (REPEAT, b"1000"): [(b"x" * _LIMIT,)],
    (REPEAT, b"1001"): ResponseTooLarge,
    # Longer than libpq's buffer, so that an answer comes in several pieces.
    (REPEAT, b"300000"): ResponseTooLarge,
}
"""Reads, each with its result or its error."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A read begins, for one of several shares."""

    read: tuple[Statement, bytes]
    share: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller of one of the last reads leaves."""

    back: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The event loop has some turns."""

    number: int


@dataclass(frozen=True, slots=True)
class End:
    """All backends are ended."""


_ASKS = st.builds(Ask, st.sampled_from(sorted(READS, key=repr)), st.integers(1, 3))
_STEPS = st.lists(
    st.one_of(
        _ASKS, _ASKS, _ASKS, st.builds(Turn, st.integers(1, 6)), st.builds(Leave, st.integers(1, 5)), st.just(End())
    ),
    min_size=5,
    max_size=60,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=_STEPS, number=st.integers(1, 3))
def test_each_read_has_the_outcome_that_it_has_alone(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, steps: list[Ask | Leave | Turn | End], number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pace, "SHORT", 10**9)
        patch.setattr(pace, "LONGEST", 10**9)
        patch.setattr(lane, "SLOW", 3600.0)
        patch.setattr(lanes_module, "_PATIENCE", 0.01)
        asyncio.run(_check(empty_database, watch_messages(patch), steps, number))


async def _check(dsn: str, messages: list[int], steps: list[Ask | Leave | Turn | End], number: int) -> None:
    asked: list[tuple[Ask, Read]] = []
    left: set[int] = set()
    async with (
        lanes(dsn, messages, lanes=number, connections=3, response_limit=_LIMIT) as asking,
        observing(dsn) as observer,
    ):
        for step in steps:
            match step:
                case Ask():
                    asked.append((step, asking.ask(*step.read, share=step.share)))
                case Leave():
                    if step.back <= len(asked) and not asked[-step.back][1].outcome.done():
                        asked[-step.back][1].run.cancel()
                        left.add(len(asked) - step.back)
                case Turn():
                    for _ in range(step.number):
                        await asyncio.sleep(0)
                case End():
                    await observer.terminate()
        for place, (ask, read) in enumerate(asked):
            if place not in left:
                await _compare(asking.database, ask, await read.outcome)
        assert not any(asked[place][1].outcome.done() for place in left)
        assert asking.database._lanes.waiting == asking.database.stats().waiting == 0


async def _compare(database: Database, ask: Ask, outcome: Outcome) -> None:
    """Compare an outcome with that of the read alone; one that starts over takes the ordinary path."""
    if outcome == OVER:
        try:
            outcome = await database.read(ask.read[0], (ask.read[1],), share=None)
        except DatabaseError as error:
            outcome = error
    expected = READS[ask.read]
    if isinstance(expected, list):
        assert outcome == expected
    else:
        assert type(outcome) is expected
