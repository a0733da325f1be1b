"""The metrics of all workers in one text."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fieldstone.engine.server.cli.supervisor.board import Board, RestartReason
from fieldstone.engine.server.cli.workers import siblings
from fieldstone.engine.server.cli.workers.siblings import Siblings, join_metrics
from fieldstone.engine.server.metrics.metrics import render_restarts
from tests.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def metrics(value: int, *labels: str) -> bytes:
    registry = CollectorRegistry()
    Gauge("plain", "Has no label.", registry=registry).set(value)
    counter = Counter("labelled", "Has some.", ("name", "other"), registry=registry)
    for label in labels:
        counter.labels(label, "x").inc(value)
    return generate_latest(registry)


def test_each_value_has_the_label_of_its_worker_and_each_metric_stands_once() -> None:
    joined = join_metrics({"0": metrics(3, 'a"} {', "b c"), "7": metrics(4, "b c")}).decode()
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(joined)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert found == {
        ("plain", ("worker", "0")): 3,
        ("plain", ("worker", "7")): 4,
        ("labelled_total", ("name", 'a"} {'), ("other", "x"), ("worker", "0")): 3,
        ("labelled_total", ("name", "b c"), ("other", "x"), ("worker", "0")): 3,
        ("labelled_total", ("name", "b c"), ("other", "x"), ("worker", "7")): 4,
    }
    heads = [line for line in joined.splitlines() if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads)) > 1


async def test_any_worker_gathers_all_and_leaves_out_those_that_do_not_answer(folder: Path) -> None:
    asked: list[bool] = []

    def render(named: bool) -> bytes:
        asked.append(named)
        return metrics(5)

    one, other = (Siblings(folder, number, lambda: b"") for number in range(2))
    with socket.socket(socket.AF_UNIX) as hung, socket.socket(socket.AF_UNIX) as left:
        # One that stands still takes the connection and says nothing; one that was killed has left its socket.
        hung.bind(str(folder / "2"))
        hung.listen()
        left.bind(str(folder / "3"))
        async with one.answering(lambda _: metrics(4)), other.answering(render):
            async with asyncio.timeout(60):
                text = (await one.gather(lambda _: metrics(4), True)).decode()
    assert [line for line in text.splitlines() if line.startswith("plain")] == [
        'plain{worker="0"} 4.0',
        'plain{worker="1"} 5.0',
    ]
    assert asked == [True]


async def test_the_metrics_of_all_workers_together_stand_once_and_without_a_label(folder: Path) -> None:
    """A sum over the workers of a number that each of them shows would be too large."""
    board = Board.make()
    reasons: tuple[RestartReason, ...] = ("exited", "stood_still", "exited")
    for reason in reasons:
        board.count_restart(reason)
    one, other = (Siblings(folder, number, lambda: render_restarts(board.restarts())) for number in range(2))
    async with one.answering(lambda _: metrics(4)), other.answering(lambda _: metrics(5)):
        text = (await other.gather(lambda _: metrics(5), True)).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    found = [(sample.labels, sample.value) for sample in samples if sample.name == "fieldstone_worker_restarts_total"]
    # A counter that first appears with its first event has no increase.
    assert found == [({"reason": "exited"}, 2), ({"reason": "stood_still"}, 1), ({"reason": "reloaded"}, 0)]


async def test_the_sockets_do_not_age(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siblings, "_TOUCHES", 0.01)
    async with Siblings(folder, 0, lambda: b"").answering(lambda _: metrics(4)):
        places = (folder, folder / "0")
        for place in places:
            os.utime(place, (0, 0))
        await until(lambda: all(place.stat().st_mtime > 0 for place in places))


async def test_workers_outlive_the_folder_of_their_sockets(folder: Path) -> None:
    """A program that cleans /tmp may have removed it."""
    one, other = (Siblings(folder, number, lambda: b"") for number in range(2))
    async with one.answering(lambda _: metrics(4)):
        shutil.rmtree(folder)
        assert b'plain{worker="0"} 4.0' in await one.gather(lambda _: metrics(4), True)
        async with other.answering(lambda _: metrics(5)):
            assert os.stat(folder).st_mode & 0o777 == 0o700  # noqa: PTH116 - one look
            assert b'plain{worker="1"} 5.0' in await one.gather(lambda _: metrics(4), True)
