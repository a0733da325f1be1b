"""engine/webhooks/sending/look_ups.py: names that nobody answers for take no thread of other workspaces or works."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from threading import Event
from uuid import UUID

import pytest

from fieldstone.engine.webhooks.sending import look_ups
from fieldstone.engine.webhooks.sending.look_ups import UnknownHost
from fieldstone.engine.webhooks.sending.sender import Sender
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets, read_networks
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from fieldstone.sql.concurrency.tasks import end_tasks
from tests.engine.webhooks.target import TargetServer
from tests.waiting import until

ONE, OTHER = UUID(int=1), UUID(int=2)


class SlowNames:
    """A name server that answers for names below `slow.example` when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = Event()

    def look_up(self, host: str, _port: int) -> Sequence[str]:
        """Return the address of this machine, for a slow name later."""
        self.asked.append(host)
        if host.endswith("slow.example"):
            self.answers.wait(60)
        return ["127.0.0.1"]


@pytest.fixture
async def names() -> AsyncIterator[SlowNames]:
    """A name server, whose threads end with the test."""
    slow = SlowNames()
    yield slow
    slow.answers.set()


@pytest.fixture
async def targets(names: SlowNames) -> AsyncIterator[Targets]:
    """A guard that asks this name server."""
    guard = Targets(read_networks("127.0.0.0/8"), look_up=names.look_up)
    yield guard
    guard.close()


async def test_the_names_of_new_targets_take_no_thread_of_deliveries(names: SlowNames, targets: Targets) -> None:
    asking = [asyncio.create_task(targets.check(f"https://h{number}.slow.example/")) for number in range(40)]
    await until(lambda: bool(names.asked))
    assert await targets.resolve("receiver.example", 443) == ["127.0.0.1"]
    await end_tasks(*asking)


async def test_a_workspace_has_a_quarter_of_the_threads(
    names: SlowNames, targets: Targets, target: TargetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = [asyncio.create_task(targets.resolve(f"h{number}.slow.example", 443, ONE)) for number in range(40)]
    await until(lambda: len(names.asked) == 8)
    assert await targets.resolve("receiver.example", 443, OTHER) == ["127.0.0.1"]
    monkeypatch.setattr(look_ups, "_PATIENCE", 0.05)
    with pytest.raises(UnknownHost, match="too many look-ups, 8 of other hosts of the workspace's webhooks"):
        await targets.resolve("receiver.example", 443, ONE)
    # The bound is that of the workspace whose delivery it is.
    url, sender = f"http://receiver.example:{target.port}/", Sender(targets)
    outcomes = [
        await sender.send(
            WebhookTarget(url=url, secret="-", workspace_id=workspace_id),  # noqa: S106 - of this test alone
            delivery_id=UUID(int=3),
            event="person.created",
            body=b"{}",
        )
        for workspace_id in (ONE, OTHER)
    ]
    assert [outcome.status for outcome in outcomes] == [None, 200]
    assert "too many look-ups" in (outcomes[0].error or "")
    names.answers.set()
    monkeypatch.undo()
    assert await targets.resolve("again.example", 443, ONE) == ["127.0.0.1"]
    await end_tasks(*asking)
    await sender.close()
