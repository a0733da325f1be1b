"""engine/broadcast"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from fieldstone.engine.broadcast import Broadcast, build_broadcast
from fieldstone.engine.broadcast.fan_out import MOST_WAITING
from fieldstone.engine.broadcast.message import (
    LONGEST_PAYLOAD,
    MOST_BYTES,
    Message,
    decode_message,
    encode_message,
    take_entries,
)
from fieldstone.engine.broadcast.postgres import PostgresMedium
from fieldstone.engine.broadcast.redis import RedisMedium
from fieldstone.engine.broadcast.transport import ChannelLost, Medium
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.ids import new_id
from fieldstone.sql.executor import Database
from fieldstone.sql.listen import APPLICATION_NAME, NOTIFY
from fieldstone.sql.pool_settings import PoolSettings
from tests.redis_server import RedisServer, running_redis
from tests.waiting import until

CHANNEL = "fieldstone_test"
SETTINGS = PoolSettings(connections=2)


@dataclass
class Ears:
    """The messages that one process has heard."""

    broadcast: Broadcast
    heard: list[str] = field(default_factory=list)
    gaps: int = 0

    def __post_init__(self) -> None:
        self.broadcast.heard["news"].connect(self.heard.append)
        self.broadcast.gap.connect(self._note_gap)

    def _note_gap(self) -> None:
        self.gaps += 1


@asynccontextmanager
async def started(medium: Medium | None, *, silence: float = 25.0) -> AsyncIterator[Ears]:
    ears = Ears(Broadcast(medium, CHANNEL, silence=silence))
    await ears.broadcast.start()
    try:
        yield ears
    finally:
        await ears.broadcast.close()


@asynccontextmanager
async def two(make: Callable[[], Medium]) -> AsyncIterator[tuple[Ears, Ears]]:
    """Two processes' broadcasts, both connected."""
    async with started(make()) as one, started(make()) as other:
        await until(lambda: one.gaps > 0 and other.gaps > 0)
        yield one, other


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    opened = Database.connect(empty_database, settings=SETTINGS)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def redis() -> Any:
    with running_redis() as server:
        yield server


@dataclass(frozen=True)
class Kind:
    """A medium and how its connections are lost."""

    make: Callable[[], Medium]
    interrupt: Callable[[], Awaitable[None]]


async def end_listeners(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [APPLICATION_NAME],
        )


async def restart(redis: RedisServer) -> None:
    await asyncio.to_thread(redis.stop)
    await asyncio.to_thread(redis.start)


@pytest.fixture(params=["postgres", "redis"])
def kind(request: pytest.FixtureRequest, database: Database, empty_database: str, redis: RedisServer) -> Kind:
    if request.param == "postgres":
        return Kind(lambda: PostgresMedium(database=database), lambda: end_listeners(empty_database))
    return Kind(lambda: RedisMedium(redis.url), lambda: restart(redis))


async def test_all_processes_hear_what_one_publishes_itself_included(kind: Kind) -> None:
    async with two(kind.make) as (one, other):
        one.broadcast.publish("news", "1")
        other.broadcast.publish("news", "2")
        one.broadcast.publish("nobody's", "3")
        await until(lambda: len(one.heard) == 2 and len(other.heard) == 2)
        assert sorted(one.heard) == sorted(other.heard) == ["1", "2"]


async def test_many_at_once_are_few_messages(kind: Kind) -> None:
    async with two(kind.make) as (one, other):
        numbers = [str(number) for number in range(MOST_WAITING - 1)]
        before = one.broadcast.counters.sent
        for number in numbers:
            one.broadcast.publish("news", number)
            one.broadcast.publish("news", number)
        await until(lambda: other.heard[-1:] == numbers[-1:])
        assert other.heard == numbers
        assert one.broadcast.counters.sent - before < 10
        # To itself each comes as often as it was published.
        assert len(one.heard) == 2 * len(numbers)


async def test_too_many_at_once_are_a_gap(kind: Kind) -> None:
    async with two(kind.make) as (one, other):
        gaps = other.gaps
        for number in range(MOST_WAITING + 10):
            one.broadcast.publish("news", str(number))
        await until(lambda: other.heard[-1:] == [str(MOST_WAITING + 9)])
        await until(lambda: other.gaps > gaps)
        assert len(other.heard) == 10


async def test_a_lost_connection_is_made_anew_and_the_gap_is_told(kind: Kind) -> None:
    async with two(kind.make) as (one, other):
        for number in range(3):
            gaps = one.gaps, other.gaps
            await kind.interrupt()
            await until(lambda gaps=gaps: one.gaps > gaps[0] and other.gaps > gaps[1])  # type: ignore[misc]  # a default argument
            one.broadcast.publish("news", str(number))
            await until(lambda number=number: str(number) in other.heard)  # type: ignore[misc]  # a default argument


async def test_starting_does_not_wait_for_a_medium_that_is_away() -> None:
    server = RedisServer()
    async with started(RedisMedium(server.url)) as one, started(RedisMedium(server.url)) as other:
        one.broadcast.publish("news", "early")
        await until(lambda: one.heard == ["early"] and one.broadcast.counters.failed > 0)
        assert not one.broadcast.is_connected
        assert (one.gaps, other.gaps) == (0, 0)
        await asyncio.to_thread(server.start)
        try:
            # A message that could not be sent is announced as a gap, beside that of the connection.
            await until(lambda: one.gaps > 0 and other.gaps > 0 and one.broadcast.counters.sent > 0)
            one.broadcast.publish("news", "late")
            await until(lambda: other.heard == ["late"])
        finally:
            server.stop()


async def test_a_callback_that_raises_harms_no_other(kind: Kind) -> None:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))

    def fail(_: str) -> None:
        raise LookupError

    async with started(kind.make()) as one, started(kind.make()) as other:
        other.broadcast.heard["alarm"].connect(fail)
        other.broadcast.heard["alarm"].connect(other.heard.append)
        await until(lambda: one.gaps > 0 and other.gaps > 0)
        one.broadcast.publish("alarm", "1")
        one.broadcast.publish("alarm", "2")
        await until(lambda: other.heard == ["1", "2"])
    assert [type(problem["exception"]) for problem in problems] == [LookupError, LookupError]


async def test_what_is_not_ours_on_the_channel_is_passed_over(database: Database) -> None:
    async with two(lambda: PostgresMedium(database=database)) as (one, other):
        for foreign in ("", "{", "[]", '["a"]', '["a",false,["b"]]', '{"a":1}', "\u2603"):
            await database.write(NOTIFY, [CHANNEL.encode(), foreign.encode()], share=None)
        one.broadcast.publish("news", "1")
        await until(lambda: other.heard == ["1"])


class DeafLink:
    """Hears nothing, as a connection does behind a pooler in transaction mode."""

    async def next(self) -> str:
        await asyncio.Event().wait()
        return ""

    async def close(self) -> None:
        return


@dataclass
class DeafMedium:
    """A medium of which nothing comes back."""

    opened: int = 0

    async def open(self, _channel: str, /) -> DeafLink:
        self.opened += 1
        return DeafLink()

    async def send(self, _channel: str, _message: str, /) -> None:
        return

    async def close(self) -> None:
        return


async def test_a_connection_on_which_not_even_our_own_come_back_is_given_up() -> None:
    medium = DeafMedium()
    async with started(medium, silence=0.02) as one:
        await until(lambda: medium.opened > 2 and one.gaps > 2)
        # In this process a hint needs no medium.
        one.broadcast.publish("news", "1")
        await until(lambda: one.heard == ["1"])


@dataclass
class StubbornMedium(DeafMedium):
    """Its `send` takes the first cancellation for an answer, as `asyncio.wait_for` of Python 3.11 may."""

    sending: int = 0

    async def send(self, _channel: str, _message: str, /) -> None:
        self.sending += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def test_closing_ends_what_swallows_a_cancellation() -> None:
    medium = StubbornMedium()
    async with started(medium):
        await until(lambda: medium.sending == 1)


async def test_a_connection_on_which_our_own_come_back_stays(kind: Kind) -> None:
    async with started(kind.make(), silence=0.5) as one:
        await until(lambda: one.gaps == 1)
        sent = one.broadcast.counters.sent
        await until(lambda: one.broadcast.counters.sent >= sent + 4)
        assert one.broadcast.counters.connections == 1


async def test_without_a_medium_hints_stay_in_the_process() -> None:
    async with started(None) as one:
        one.broadcast.publish("news", "1")
        await until(lambda: one.heard == ["1"])
        assert not one.broadcast.is_connected
        assert one.broadcast.counters.sent == 0


async def test_closing_leaves_nothing_behind(kind: Kind) -> None:
    def ours() -> list[str]:
        names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
        return [name for name in names if name.startswith(("Broadcast.", "RedisBackend."))]

    async with two(kind.make) as (one, _):
        one.broadcast.publish("news", "1")
        assert "Broadcast._listener" in ours()
    assert ours() == []
    one.broadcast.publish("news", "after the end")
    await asyncio.sleep(0)
    assert "after the end" not in one.heard


async def test_a_payload_is_short() -> None:
    with pytest.raises(ValueError, match="at most 200 characters"):
        Broadcast(None, CHANNEL).publish("news", "x" * (LONGEST_PAYLOAD + 1))


def test_a_message_is_what_it_was_and_fits() -> None:
    waiting = [("news", "\u2603" * LONGEST_PAYLOAD)] * 3 + [("news", str(number)) for number in range(1_000)]
    taken = take_entries(waiting)
    assert taken == tuple(waiting[: len(taken)])
    assert len(taken) > 3
    message = Message(sender="ab" * 8, entries=taken, has_gap=True)
    text = encode_message(message)
    assert len(text.encode()) <= MOST_BYTES
    assert decode_message(text) == message
    assert json.loads(text)[0] == message.sender


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, PostgresMedium),
        ({"prepare_statements": False}, type(None)),
        ({"prepare_statements": False, "listen_url": "host=direct"}, PostgresMedium),
        ({"broadcast_url": "redis://127.0.0.1:1/0"}, RedisMedium),
    ],
)
async def test_the_settings_choose_the_medium(
    database: Database, overrides: dict[str, Any], expected: type[Medium | None]
) -> None:
    built = build_broadcast(load_settings(database_url="host=pooler", **overrides), database, new_id())
    assert type(built._medium) is expected
    if isinstance(built._medium, PostgresMedium):
        assert built._medium.address == overrides.get("listen_url")


async def test_two_databases_have_two_channels(database: Database, redis: RedisServer) -> None:
    settings = load_settings(broadcast_url=redis.url)
    one, other = (Ears(build_broadcast(settings, database, new_id())) for _ in range(2))
    for ears in (one, other):
        await ears.broadcast.start()
    try:
        await until(lambda: one.gaps > 0 and other.gaps > 0)
        one.broadcast.publish("news", "ours")
        sent = one.broadcast.counters.sent
        await until(lambda: one.broadcast.counters.sent > sent)
        other.broadcast.publish("news", "theirs")
        await until(lambda: other.heard == ["theirs"] and one.heard == ["ours"])
    finally:
        for ears in (one, other):
            await ears.broadcast.close()


async def test_a_medium_that_cannot_be_reached_says_why(empty_database: str) -> None:
    database = Database.connect(empty_database, settings=SETTINGS)
    media: list[Medium] = [
        RedisMedium("redis://127.0.0.1:1/0"),
        PostgresMedium(database=database, address="host=127.0.0.1 port=1 dbname=d user=u"),
    ]
    for medium in media:
        with pytest.raises(ChannelLost, match="cannot"):
            await medium.open(CHANNEL)
        await medium.close()
