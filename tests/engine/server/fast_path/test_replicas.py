"""Reads on a real standby: which server answers, and that no read misses a write that it has to see."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.replicas.routing import ReplicaReads
from fieldstone.sql import embedded
from fieldstone.sql.replicas.replica import Replica
from tests.engine.server.fast_path.talking import Answered, Serve, Serving, Talk
from tests.replicas.standbys import Standby, run_sql, running_primary, running_standby
from tests.waiting import until, until_true

BY_NAME = "query ($n: String) { companies(filter: {name: {eq: $n}}) { totalCount } }"
CREATE = "mutation ($n: String) { createCompany(data: {name: $n}) { id } }"
FIELDS = """
mutation ($o: UUID!, $n: String!) {
  createField(input: {objectMetadataId: $o, name: $n, label: $n, type: TEXT}) { id }
}
"""


@pytest.fixture(scope="module")
def primary() -> Iterator[embedded.EmbeddedServer]:
    with running_primary() as server:
        yield server


@pytest.fixture(scope="module")
def standby(primary: embedded.EmbeddedServer) -> Iterator[Standby]:
    with running_standby(primary) as one:
        yield one


@asynccontextmanager
async def serving_both(serve: Serve, primary: embedded.EmbeddedServer, standby: Standby) -> Any:
    """Serve with a replica that is in use."""
    urls = {"database_url": primary.dsn, "replica_urls": (standby.dsn,), "pool_size": 4}
    async with serve(creates=False, **urls) as serving:
        (replica,) = await replicas_of(serving)
        talk = await serving.talk()
        await talk.warm_up(BY_NAME, n="nobody")
        await until_answering(talk, replica)
        yield serving, talk, replica


async def replicas_of(serving: Serving) -> Any:
    reads = (await serving.app.runtime.ready()).core.reads
    assert isinstance(reads, ReplicaReads)
    return reads.replicas


async def until_answering(talk: Talk, replica: Replica) -> None:
    """Return when the replica answers the key's reads."""
    async with asyncio.timeout(30):
        before = replica.counters.answered
        while replica.counters.answered == before:
            assert (await talk.ask(BY_NAME, n="nobody")).status == 200
            await asyncio.sleep(0.01)


async def count(talk: Talk, name: str, more: str = "") -> int:
    answered = await talk.ask(BY_NAME, more=more, n=name)
    assert answered.status == 200, answered.body
    number: int = answered.json["data"]["companies"]["totalCount"]
    return number


async def other_key(serving: Serving) -> Talk:
    services = await serving.app.runtime.ready()
    talk = await serving.talk()
    talk.token = (await services.keys.create(services.foundation.default.workspace.id, "other")).token
    await talk.warm_up(BY_NAME, n="nobody")
    return talk


def token_of(answered: Answered) -> str:
    assert answered.status == 200, answered.body
    assert "errors" not in answered.json, answered.body
    token = answered.header(b"x-fieldstone-token")
    assert token is not None
    return token.decode()


@pytest.mark.long
async def test_the_replica_answers_warm_reads(serve: Serve, primary: embedded.EmbeddedServer, standby: Standby) -> None:
    async with serving_both(serve, primary, standby) as (serving, talk, replica):
        warm, answered = await serving.warm(), replica.counters.answered
        while replica.counters.answered < answered + 20:
            assert await count(talk, "nobody") == 0
        assert await serving.warm() >= warm + 20
        page = (await serving.client.get("/metrics")).text
        assert "fieldstone_replicas_in_use 1.0" in page


@pytest.mark.parametrize("is_warm", [True, False])
async def test_no_read_of_a_session_misses_its_writes(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby, *, is_warm: bool
) -> None:
    more = "" if is_warm else "X-Fieldstone-Cost: 1\r\n"
    async with serving_both(serve, primary, standby) as (serving, talk, replica):
        other, name = await other_key(serving), str(uuid4())
        await talk.warm_up(CREATE, n="somebody")
        await until_answering(talk, replica)
        standby.pause()
        try:
            token = token_of(await talk.ask(CREATE, more=more, n=name))
            assert await count(talk, name, more) == 1
            # Another key has not heard of it, unless it says so.
            assert await count(other, name, more) == 0
            assert await count(other, name, f"X-Fieldstone-Token: {token}\r\n{more}") == 1
            assert await count(other, name, "X-Fieldstone-Consistency: strong\r\n") == 1
            assert await count(talk, name, "X-Fieldstone-Consistency: eventual\r\n") == 0
        finally:
            standby.resume()
        await until_answering(talk, replica)
        assert await count(talk, name, more) == 1
        assert await count(other, name, more) == 1


@pytest.mark.parametrize("path", ["/{id}", ""], ids=["the job", "the list of jobs"])
async def test_a_key_that_is_told_of_an_import_reads_its_records(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby, path: str
) -> None:
    """Another process may have run the import, which then knows the key's writes alone: here it is another key."""
    async with serving_both(serve, primary, standby) as (serving, talk, _):
        other, name = await other_key(serving), str(uuid4())
        standby.pause()
        try:
            sent = await serving.client.post(
                "/rest/imports?object=companies&format=csv&start=run",
                content=f"name\n{name}\n",
                headers={"authorization": f"Bearer {talk.token}", "content-type": "text/csv"},
            )
            assert sent.status_code == 201, sent.text
            id_ = sent.json()["data"]["import"]["id"]

            async def told_by(token: str, path: str) -> Any:
                return await serving.client.get(
                    f"/rest/imports{path.format(id=id_)}", headers={"authorization": f"Bearer {token}"}
                )

            async def is_done() -> bool:
                return "DONE" in (await told_by(talk.token, "/{id}")).text

            await until_true(is_done)
            assert await count(other, name) == 0
            told = await told_by(other.token, path)
            assert "DONE" in told.text
            assert "x-fieldstone-token" in told.headers
            assert await count(other, name) == 1
        finally:
            standby.resume()


async def test_a_read_waits_for_a_replica_that_is_near(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby
) -> None:
    async with serving_both(serve, primary, standby) as (_, talk, replica):
        name = str(uuid4())
        before = replica.counters.answered
        for number in range(1, 51):
            token_of(await talk.ask(CREATE, n=name))
            assert await count(talk, name) == number
        assert replica.counters.answered > before


async def test_the_model_of_a_read_is_on_its_replica(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby
) -> None:
    async with serving_both(serve, primary, standby) as (serving, talk, replica):
        other, name = await other_key(serving), f"field{uuid4().hex[:8]}"
        services = await serving.app.runtime.ready()
        snapshot = await services.foundation.current.get(services.foundation.default.workspace.id)
        company = str(snapshot.by_plural["companies"].id)
        standby.pause()
        try:
            token_of(await talk.ask(FIELDS, path="/metadata", o=company, n=name))
            found = await other.ask(f"{{ companies(first: 1) {{ edges {{ node {{ {name} }} }} }} }}")
            assert found.status == 200, found.body
            assert "errors" not in found.json, found.body
        finally:
            standby.resume()
        await until_answering(talk, replica)
        assert replica.counters.passed_on == 0


async def test_a_replica_that_ends_its_readers_costs_no_request(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby
) -> None:
    async with serving_both(serve, primary, standby) as (_, talk, replica):
        standby.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fieldstone'")
        for _ in range(20):
            assert await count(talk, "nobody") == 0
        await until_answering(talk, replica)


@pytest.mark.long
async def test_a_replica_that_stands_still_is_left(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby
) -> None:
    async with serving_both(serve, primary, standby) as (_, talk, replica):
        found = standby.run("SELECT pid FROM pg_stat_activity WHERE application_name = 'fieldstone'")
        pids = [int(str(pid)) for (pid,) in found]
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(60):
                for _ in range(20):
                    assert await count(talk, "nobody") == 0
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        await until_answering(talk, replica)


@pytest.mark.long
async def test_a_process_starts_without_its_replica(serve: Serve, primary: embedded.EmbeddedServer) -> None:
    with running_standby(primary) as gone:
        pass
    urls = {"database_url": primary.dsn, "replica_urls": (gone.dsn,)}
    async with serve(creates=False, **urls) as serving:
        talk = await serving.talk()
        await talk.warm_up(BY_NAME, n="nobody")
        (replica,) = await replicas_of(serving)
        assert replica.position is None
        assert "fieldstone_replicas_in_use 0.0" in (await serving.client.get("/metrics")).text


async def test_a_server_that_is_no_standby_is_not_used(serve: Serve, primary: embedded.EmbeddedServer) -> None:
    urls = {"database_url": primary.dsn, "replica_urls": (primary.dsn,)}
    async with serve(creates=False, **urls) as serving:
        (replica,) = await replicas_of(serving)
        await until(lambda: replica.reason == "it is no standby")
        talk = await serving.talk()
        await talk.warm_up(BY_NAME, n="nobody")
        assert replica.counters.answered == 0


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("X-Fieldstone-Token: 16/B374D848", "X-Fieldstone-Token"),
        ("X-Fieldstone-Consistency: weak", "X-Fieldstone-Consistency"),
    ],
)
async def test_a_header_that_cannot_be_read_is_refused(
    serve: Serve, primary: embedded.EmbeddedServer, standby: Standby, header: str, field: str
) -> None:
    async with serving_both(serve, primary, standby) as (_, talk, _replica):
        answered = await talk.ask(BY_NAME, more=f"{header}\r\n", n="nobody")
        assert answered.status == 400
        assert answered.json["errors"][0]["extensions"]["field"] == field


def test_the_primary_of_these_tests_has_a_standby(primary: embedded.EmbeddedServer, standby: Standby) -> None:
    assert standby.run("SELECT pg_is_in_recovery()") == [(True,)]
    assert run_sql(primary.dsn, "SELECT pg_is_in_recovery()") == [(False,)]
