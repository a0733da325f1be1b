"""Request ids, and the other lines of heads that are of one request alone, on the fast path and beside it."""

import json
import re
from itertools import count

import httpx
import pytest

from fieldstone.engine.server.fast_path.passing_lines import PassingLines, set_apart
from fieldstone.engine.server.log import flush_log
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Answered, Serve

MADE = re.compile(rb"[0-9a-f]{32}")


async def test_each_answer_has_the_id_that_was_given_or_a_new_one(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serve(log_level="info", log_format="json") as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        given = [(await talk.ask(PEOPLE, more=f"X-Request-Id: call-{n}\r\n", n="Ada")) for n in range(4)]
        assert [one.header(b"x-request-id") for one in given] == [b"call-%d" % n for n in range(4)]
        before = await serving.warm()
        assert (await talk.ask(PEOPLE, more="X-Request-Id: call-4\r\n", n="Ada")).header(b"x-request-id") == b"call-4"
        made = [(await talk.ask(PEOPLE, n="Ada")).header(b"x-request-id") or b"" for _ in range(3)]
        assert await serving.warm() == before + 4
        assert all(map(MADE.fullmatch, made))
        assert len(set(made)) == 3
        flush_log()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logged = [line["request_id"] for line in lines if line["event"] == "request" and line["path"] == "/graphql"]
    wanted = [*(f"call-{n}" for n in range(5)), *(one.decode() for one in made)]
    assert logged[-len(wanted) :] == wanted


@pytest.mark.parametrize("given", ["a b", "x" * 129, 'a"b', "", "é"])
async def test_an_id_that_cannot_stand_in_a_line_of_the_log_is_replaced(serve: Serve, given: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for _ in range(5):
            answer = await talk.ask(PEOPLE, more=f"X-Request-Id: {given}\r\n", n="Ada")
            assert answer.status == 200
            assert MADE.fullmatch(answer.header(b"x-request-id") or b"")


async def test_a_trace_in_the_head_does_not_lead_off_the_fast_path(serve: Serve) -> None:
    numbers = count(1)
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")

        async def ask_traced() -> None:
            number = next(numbers)
            more = f"traceparent: 00-{number:032x}-{number:016x}-01\r\nTraceState: a={number}\r\n"
            assert (await talk.ask(PEOPLE, more=more, n="Ada")).json["data"]["people"]["totalCount"] == 1

        await ask_traced()
        before = await serving.warm()
        for _ in range(3):
            await ask_traced()
        assert await serving.warm() == before + 3


async def test_a_read_of_rest_has_its_id_too(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()

        async def read(number: int) -> bytes | None:
            head = f"GET /rest/people?limit={number} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n"
            talk.send(f"{head}X-Request-Id: r{number}\r\n\r\n".encode())
            answer: Answered = await talk.receive()
            assert answer.status == 200
            return answer.header(b"x-request-id")

        for number in range(1, 5):
            assert await read(number) == b"r%d" % number
        before = await serving.warm()
        for _ in range(3):
            assert await read(4) == b"r4"
        assert await serving.warm() == before + 3


async def test_errors_of_ours_name_the_request(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()

        async def fail(*_given: object, **_options: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(services.core, "execute", fail)
        monkeypatch.setattr(services.rest, "execute", fail)
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"X-Request-Id": "mine"})
        assert answer.status_code == 500
        assert answer.headers["X-Request-Id"] == "mine"
        assert answer.json()["errors"][0]["extensions"]["requestId"] == "mine"
        problem = await client.get(
            "/rest/people", headers={"X-Request-Id": "mine", "Accept": "application/problem+json"}
        )
        assert problem.json()["requestId"] == problem.headers["X-Request-Id"] == "mine"


async def test_every_address_answers_with_an_id(client: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/readyz", "/nowhere", "/graphql/stream", "/rest/nothing"):
        assert MADE.fullmatch((await client.get(path)).headers["X-Request-Id"].encode()), path


@pytest.mark.parametrize(
    ("head", "apart"),
    [
        (b"\r\nA: 1\r\n\r\n", None),
        (b"\r\nX-Request-ID: 1\r\nA: 1\r\n\r\n", (b"\r\nA: 1\r\n\r\n", PassingLines(request_id=b"1"))),
        (b"\r\nA: 1\r\ntraceparent:\t1 2 \r\n\r\n", (b"\r\nA: 1\r\n\r\n", PassingLines(traceparent=b"1 2"))),
        (b"\r\nx-request-id: 1\r\nx-request-id: 2\r\n\r\n", None),
        (b"\r\nA: traceparent: 1\r\n\r\n", None),
        (b"\r\nx-request-id: \xff\r\n\r\n", None),
        (b"\r\nx-request-id : 1\r\n\r\n", None),
    ],
)
def test_only_whole_lines_are_set_apart(head: bytes, apart: tuple[bytes, PassingLines] | None) -> None:
    assert set_apart(head) == apart
