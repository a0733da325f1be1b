"""Imports over sockets: slow clients, clients that go, large files, limits and ends."""

import asyncio
import gc
import resource
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.request.answer import Answer, refusal
from fieldstone.engine.server.cli.garbage import SERVING
from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import key_of_role
from tests.engine.rest.transfers import chunk, head
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve, Serving
from tests.waiting import until

pytestmark = pytest.mark.long

__all__ = ["serve"]


def rows(first: int, last: int) -> str:
    return "".join(f"{number}@x\n" for number in range(first, last))


async def count(serving: Serving) -> int:
    answer = await serving.client.get("/rest/people?limit=0")
    found: int = answer.json()["totalCount"]
    return found


async def wait_for(serving: Serving, records: int) -> None:
    async with asyncio.timeout(60):
        while await count(serving) != records:
            await asyncio.sleep(0.02)


@pytest.fixture
def collections_of_servers() -> Iterator[None]:
    """Collections of garbage that are as frequent as those of a server: the tests' own are rarer."""
    rare = gc.get_threshold()
    gc.set_threshold(*SERVING)
    yield
    gc.set_threshold(*rare)


async def test_records_are_written_while_the_file_comes(serve: Serve) -> None:
    async with serve(creates=False, pool_size=2) as serving:
        talk = await serving.talk()
        talk.send(head(talk, "Transfer-Encoding: chunked\r\n"), chunk("email\n" + rows(0, 1_200)))
        # The last batch waits for more rows.
        await wait_for(serving, 1_000)
        talk.send(chunk(rows(1_200, 1_300)), b"0\r\n\r\n")
        answered = await talk.receive()
        assert (answered.status, answered.json["data"]["importPeople"]["created"]) == (200, 1_300)
        # The connection is one for further requests.
        assert (await talk.ask("{ people(limit: 0) { totalCount } }")).json["data"]["people"]["totalCount"] == 1_300


@pytest.mark.long
async def test_a_client_that_goes_leaves_whole_batches(serve: Serve) -> None:
    async with serve(creates=False, pool_size=2) as serving:
        talk = await serving.talk()
        talk.send(head(talk, "Transfer-Encoding: chunked\r\n"), chunk("email\n" + rows(0, 1_100) + "11"))
        await wait_for(serving, 1_000)
        talk.writer.transport.abort()
        await until(lambda: serving.app._rest._imports._slots.in_progress == 0)
        assert await count(serving) == 1_000
        again = await serving.client.post("/rest/people.csv?on_conflict=email", content="email\n" + rows(0, 1_500))
        report = again.json()["data"]["importPeople"]
        assert (report["created"], report["updated"]) == (500, 1_000)


@pytest.mark.long
async def test_a_file_that_comes_too_slowly(serve: Serve) -> None:
    async with serve(creates=False, body_timeout=0.3) as serving:
        talk = await serving.talk()
        talk.send(head(talk, "Transfer-Encoding: chunked\r\n"), chunk("email\n" + rows(0, 600)))
        answered = await talk.receive()
        assert answered.status == 408
        assert answered.json["messages" if "messages" in answered.json else "message"].startswith("The file comes too")
        assert answered.json["data"]["importPeople"]["created"] == 500
        assert answered.header(b"connection") == b"close"
        assert await talk.is_closed()


async def test_a_file_that_is_too_large(serve: Serve) -> None:
    async with serve(creates=False, max_import_bytes=10_000, max_body_bytes=1_000) as serving:
        text = "email\n" + rows(0, 5_000)
        refused = await serving.client.post("/rest/people.csv", content=text)
        assert (refused.status_code, "FIELDSTONE_MAX_IMPORT_BYTES" in refused.json()["message"]) == (413, True)
        # It is larger than a body may be.
        text = "email\n" + rows(0, 1_000)
        assert len(text) > 5_000
        assert (await serving.client.post("/rest/people.csv", content=text)).status_code == 200
        talk = await serving.talk()
        text = "mail\n" + rows(0, 900)
        talk.send(head(talk, f"Content-Length: {len(text)}\r\n"), text.encode())
        # The rest of a refused file is read, so that the client sees the refusal.
        assert (await talk.receive()).status == 400
        assert (await talk.ask("{ __typename }")).status == 200


@pytest.mark.long
async def test_a_large_file_takes_no_more_memory(serve: Serve, collections_of_servers: None) -> None:
    async with serve(creates=False, pool_size=2, max_buffered_bytes=1 << 20) as serving:
        city = "x" * 20_000

        async def lines(records: int, name: str) -> AsyncIterator[bytes]:
            yield b"email,city\n"
            for number in range(records):
                yield f"{name}{number}@x,{city}\n".encode()

        talk = await serving.talk()

        async def send(records: int, name: str) -> None:
            talk.send(head(talk, "Transfer-Encoding: chunked\r\n"))
            async for line in lines(records, name):
                talk.send(chunk(line.decode()))
                await talk.writer.drain()
            talk.send(b"0\r\n\r\n")
            answered = await talk.receive()
            assert answered.json["data"]["importPeople"]["created"] == records

        await send(100, "a")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # 40 MB, beyond the bytes that all clients together may have waiting.
        await send(2_000, "b")
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


async def test_imports_in_progress_are_few(serve: Serve) -> None:
    async with serve(creates=False) as serving:
        talks = [await serving.talk() for _ in range(2)]
        for talk in talks:
            talk.send(head(talk, "Transfer-Encoding: chunked\r\n"), chunk("email\n"))
        await until(lambda: serving.app._rest._imports._slots.in_progress == 2)
        refused = await serving.client.post("/rest/people.csv", content="email\n")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["message"] == "Too many imports are in progress: 2 of a key, and 4 of a workspace."
        for talk in talks:
            talk.send(b"0\r\n\r\n")
            assert (await talk.receive()).json["data"]["importPeople"]["read"] == 0
        assert (await serving.client.post("/rest/people.csv", content="email\n")).status_code == 200


@pytest.mark.parametrize("way", ["key", "server"])
async def test_an_import_that_cannot_go_on(serve: Serve, way: str) -> None:
    async with serve(creates=False, pool_size=2) as serving:
        services = await serving.app.runtime.ready()
        workspace = services.foundation.default.workspace.id
        made = await services.keys.create(workspace, "other")
        talk = await serving.talk()
        talk.token = made.token
        talk.send(head(talk, "Transfer-Encoding: chunked\r\n"), chunk("email\n" + rows(0, 1_100)))
        await wait_for(serving, 1_000)
        if way == "key":
            await services.keys.revoke(workspace, made.key.id)
            await services.watch.look()
        else:
            serving.app.end_streams()
        talk.send(chunk(rows(1_100, 1_600)), b"0\r\n\r\n")
        answered = await talk.receive()
        assert (answered.status, answered.json["data"]["importPeople"]["created"]) == (503, 1_000)
        assert await count(serving) == 1_000


@pytest.mark.long
async def test_each_batch_counts_for_a_role_with_a_rate_of_its_own(start_app: StartApp) -> None:
    async with start_app(rate_limit=100, rate_window_ms=1_000) as (_, client):
        grants = [{"object": "person", "read": {"fields": {"allBut": []}}, "create": {"fields": {"allBut": []}}}]
        headers = await key_of_role(client, grants=grants, limits={"rateLimit": 2})
        await asyncio.sleep(1.1)
        began = time.monotonic()
        answer = await ask(client, "POST", "people.csv", content="email\n" + rows(0, 2_300), headers=headers)
        # Five batches of 500 at most take more than one window, to whose end the import waits.
        assert answer["data"]["importPeople"]["created"] == 2_300
        assert time.monotonic() - began > 1


async def test_a_lost_answer_is_asked_for_again(start_app: StartApp) -> None:
    """A batch that was committed while its connection was lost is written once."""
    async with start_app(pool_size=1) as (app, client):
        services = await app.runtime.ready()
        execute = services.core.execute
        lost: list[Answer] = []

        async def lose(principal, request, *, allow_mutation):  # type: ignore[no-untyped-def]  # as `execute`
            answer = await execute(principal, request, allow_mutation=allow_mutation)
            if request.sent_key is not None and not lost:
                lost.append(answer)
                return refusal([ServiceUnavailable("x")])
            return answer

        services.core.execute = lose  # type: ignore[method-assign]  # the answer is lost
        answer = await ask(client, "POST", "people.csv", content="email\n" + rows(0, 10))
        assert (answer["data"]["importPeople"]["created"], answer["data"]["importPeople"]["failed"]) == (10, 0)
        assert len(lost) == 1


async def test_visitors_take_no_slots_of_keys(start_app: StartApp) -> None:
    async with start_app(anonymous_role="editor") as (app, client):
        app._rest._imports._slots._visitors._workspace = 0
        async with httpx.AsyncClient(transport=client._transport, base_url=client.base_url) as visitor:
            simple = await visitor.post("/rest/people.csv", content="email\na@x\n")
            assert (simple.status_code, "another site" in simple.json()["message"]) == (403, True)
            headers = {"x-requested-with": "fetch"}
            taken = await visitor.post("/rest/people.csv", content="email\na@x\n", headers=headers)
            assert taken.status_code == 429
        assert (await client.post("/rest/people.csv", content="email\na@x\n")).status_code == 200
