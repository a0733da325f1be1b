"""The soak: its verdicts, and the client that sends again only operations that may be sent again."""

import json
from dataclasses import replace

import pytest

from benchmarks.soak.__main__ import Findings, describe, judge
from benchmarks.soak.memory import Sample, slope
from benchmarks.soak.retry import RetryingClient, Tally
from benchmarks.soak.sockets import Subscriber
from tests.engine.webhooks.target import Received, Reply, target_server

SECONDS = 600.0


def samples(*, growth: float) -> list[Sample]:
    """Samples of a server whose caches fill in the first half, and that grows by so many MiB a minute then."""
    filling = [Sample(at=float(at), memory=80 + at / 30) for at in range(300)]
    return filling + [Sample(at=float(at), memory=90 + (at - 300) / 60 * growth) for at in range(300, 600)]


def findings(*, growth: float = 0.0) -> Findings:
    tally = Tally()
    tally.answered.update(read=7)
    one = Subscriber("http://x.invalid", "key", tally)
    one.heard.update(["a", "b"])
    return Findings(tally=tally, samples=samples(growth=growth), created=["a", "b"], subscribers=[one], kills=2)


def test_the_slope_is_that_of_the_line_through_the_samples() -> None:
    assert slope([Sample(at=0, memory=1), Sample(at=30, memory=2), Sample(at=60, memory=3)]) == pytest.approx(2)
    with pytest.raises(ValueError, match="two samples"):
        slope([Sample(at=0, memory=1)])


def test_what_is_well_has_no_verdict() -> None:
    found = findings(growth=0.4)
    assert judge(found, [], SECONDS) == []
    assert "+0.40 a minute in the second half" in describe(found, SECONDS)


def test_each_fault_has_its_verdict() -> None:
    grown, failed, lost, spared = (findings(growth=0.6 * (number == 0)) for number in range(4))
    failed.tally.fail("read", "a reason")
    lost.created.append("c")
    lost.subscribers[0].heard.update(["b"])
    spared.kills = 1
    big = findings()
    big.samples[7] = replace(big.samples[7], memory=301)
    verdicts = [judge(found, [], SECONDS) for found in (grown, failed, lost, spared, big)]
    expected = [
        "the server's memory grew by 0.60 MiB a minute, more than 0.5",
        "1 operations failed, the first: read: a reason",
        "subscriber 0 has not heard of 1 companies, and of 1 more than once",
        "PostgreSQL was killed 1 times only",
        "the server had 301 MiB, more than 300",
    ]
    assert verdicts == [[sentence] for sentence in expected]
    assert judge(findings(), ["a line"], SECONDS) == ["the log has 1 errors, the first: a line"]


def test_a_short_run_says_nothing_of_the_slope() -> None:
    assert judge(findings(growth=0.6), [], 60.0) == []


def error(code: str, status: int) -> Reply:
    body = json.dumps({"errors": [{"message": "x", "extensions": {"code": code}}]})
    return Reply(status=status, headers={"retry-after": "0"}, body=body.encode())


AWAY = error("SERVICE_UNAVAILABLE", 503)
DATA = Reply(body=b'{"data": {"a": 1}}')


@pytest.mark.parametrize(
    ("replies", "expected", "failures", "retries"),
    [
        pytest.param([DATA], {"a": 1}, 0, 0, id="an answer"),
        pytest.param([AWAY, AWAY, DATA], {"a": 1}, 0, 2, id="it was away"),
        pytest.param([Reply(reset=True), DATA], {"a": 1}, 0, 1, id="the connection broke"),
        pytest.param([AWAY, error("CONFLICT", 409)], {}, 0, 1, id="the first was kept, its answer lost"),
        pytest.param([error("CONFLICT", 409)], None, 1, 0, id="a conflict at once"),
        pytest.param([error("INTERNAL_SERVER_ERROR", 500)], None, 1, 0, id="a fault"),
    ],
)
async def test_a_client_sends_again_what_may_be_sent_again(
    replies: list[Reply], expected: object, failures: int, retries: int
) -> None:
    left = list(replies)

    async def behave(_: Received) -> Reply:
        return left.pop(0)

    tally = Tally()
    async with target_server(behave) as target:
        client = RetryingClient(f"http://127.0.0.1:{target.port}", "key", tally)
        assert await client.send("read", "{ a }", is_done="CONFLICT") == expected
        await client.close()
    assert (left, len(tally.failures), tally.retries) == ([], failures, retries)
