"""The numbers of processes over time."""

from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.process_samples.sampler import Sampler, trim_samples
from fieldstone.engine.process_samples.series import Sample, build_series, quantile
from tests.engine.rest.exports.exporting import key_of_role
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until_true

METRICS = "query ($range: Int!, $step: Int!) { metrics(range: $range, step: $step) { start end step times series } }"
PROCESSES = "{ processes { id version worker startedAt seenAt isRunning } }"


async def ask(client: httpx.AsyncClient, query: str, headers: Any = None, **variables: Any) -> Any:
    answer = await client.post("/metadata", json={"query": query, "variables": variables}, headers=headers)
    return answer.json()


@pytest.mark.long
async def test_series_of_two_processes(start_app: StartApp) -> None:
    async with start_app() as (app, client), start_app() as (other, _):
        for one in (app, other):
            for _ in range(3):
                async with client_of(one) as asking:
                    asked = await asking.post("/graphql", json={"query": "{ __typename }"}, headers=client.headers)
                    assert asked.status_code == 200
        database = (await app.runtime.ready()).foundation.database
        # Other counts than the apps' own, whose samples come every ten seconds.
        numbers = {"requests": 0, "errors": 0, "buckets": [0, 0], "bounds": [0.1], "seconds": 0.0, "poolLimit": 8}
        sampler = Sampler(database, lambda: numbers)
        await sampler.note()
        numbers |= {"requests": 600, "errors": 60, "buckets": [600, 0], "seconds": 6.0}
        found: dict[str, Any] = {}

        async def are_all_in_one_step() -> bool:
            # A minute may end between the samples of two processes: each has its next one soon.
            await sampler.note()
            found.update((await ask(client, METRICS, range=600, step=60))["data"]["metrics"])
            return max(value or 0 for value in found["series"]["processes"]) == 3

        await until_true(are_all_in_one_step)
        assert len(found["times"]) == 10
        assert found["end"] - found["start"] == 600
        series = found["series"]
        assert {len(values) for values in series.values()} == {10}
        # The minute may end between the two samples.
        assert sum(value or 0 for value in series["requests"]) >= 10
        assert max(value or 0 for value in series["p50"]) > 0
        processes = (await ask(client, PROCESSES))["data"]["processes"]
        assert len(processes) == 3
        assert all(one["isRunning"] for one in processes)


async def test_a_process_that_has_ended_is_told_of(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        async with start_app():
            pass
        assert [one["isRunning"] for one in (await ask(client, PROCESSES))["data"]["processes"]].count(True) == 1
        assert app.runtime.services is not None


@pytest.mark.parametrize(("length", "step", "field"), [(9, 10, "range"), (86_401, 600, "range"), (3_600, 9, "step")])
async def test_ranges_that_are_refused(client: httpx.AsyncClient, length: int, step: int, field: str) -> None:
    (error,) = (await ask(client, METRICS, range=length, step=step))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)
    (error,) = (await ask(client, METRICS, range=86_400, step=10))["errors"]
    assert error["extensions"]["field"] == "step"


async def test_the_setting_is_needed(client: httpx.AsyncClient) -> None:
    headers = await key_of_role(client, parents=["viewer"])
    for query in (PROCESSES, "{ metrics { step } }"):
        (error,) = (await ask(client, query, headers))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "METRICS" in error["message"]
    assert (await ask(client, "{ metrics { step } }"))["data"] == {"metrics": {"step": 60}}


async def test_old_samples_go(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, _):
        database = (await app.runtime.ready()).foundation.database
        sampler = Sampler(database, lambda: {"requests": 1})
        await sampler.note()
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            old = "UPDATE fieldstone.{} SET {} = {} - interval '25 hours' WHERE {} = %s"
            await connection.execute(old.format("process_sample", "at", "at", "process_id").encode(), [sampler.id])
            await connection.execute(old.format("process", "seen_at", "seen_at", "id").encode(), [sampler.id])
            assert await trim_samples(database) == 1
            left = await connection.execute("SELECT count(*) FROM fieldstone.process WHERE id = %s", [sampler.id])
            assert await left.fetchone() == (0,)


def test_counts_are_differences() -> None:
    def sample(requests: int, *, is_new: bool = False) -> Sample:
        return Sample({"requests": requests, "poolInUse": 2, "eventLag": requests / 10}, is_new)

    samples = {
        "old": {-1: sample(100), 0: sample(120), 2: sample(180)},
        "new": {1: sample(40, is_new=True), 2: sample(50)},
        "unheard": {1: sample(7_000), 2: sample(7_010)},
    }
    series = build_series(samples, 4, 10)
    assert series["requests"] == [2.0, 4.0, 8.0, None]
    assert series["poolInUse"] == [2.0, 4.0, 6.0, None]
    assert series["eventLag"] == [12.0, 700.0, 701.0, None]
    assert series["processes"] == [1, 2, 3, None]


def test_quantiles() -> None:
    bounds = [0.1, 0.2, 0.4]
    assert quantile(bounds, [0, 10, 10, 0], 0.5) == 200
    assert quantile(bounds, [0, 10, 10, 0], 0.75) == pytest.approx(300)
    assert quantile(bounds, [0, 0, 0, 5], 0.5) == 400
    assert quantile(bounds, [0, 0, 0, 0], 0.5) is None
