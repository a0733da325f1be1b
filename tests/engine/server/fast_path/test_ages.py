"""Connections that end with an answer, when they are old or their worker is to end."""

from dataclasses import replace

import pytest

from fieldstone.engine.server.fast_path import http_protocol
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from tests.engine.server.fast_path.talking import PEOPLE, Serve, Serving, Talk
from tests.waiting import until_true


async def ends_after(talk: Talk, query: str) -> bool:
    """Ask once; return whether the answer, which is whole, was the connection's last."""
    answer = await talk.ask(query, n="Ada")
    assert answer.json["data"]["people"]["totalCount"] == 1
    is_last = answer.header(b"connection") == b"close"
    if is_last:
        assert await talk.is_closed()
    return is_last


@pytest.mark.long
async def test_an_old_connection_ends_with_an_answer_of_either_path(serve: Serve) -> None:
    async with serve(connection_age=1) as serving:
        for query in (PEOPLE, "# not repeated\n" + PEOPLE):
            talk = await serving.talk()

            async def asked(talk: Talk = talk, query: str = query) -> bool:
                return await ends_after(talk, query)

            await until_true(asked)


@pytest.mark.long
async def test_a_connection_ends_after_many_requests(serve: Serve) -> None:
    async with serve(connection_age=3_600) as serving:
        serving.app.connections.limits = replace(serving.app.connections.limits, requests=8)
        talk = await serving.talk()
        answers = 0

        async def asked() -> bool:
            nonlocal answers
            answers += 1
            return await ends_after(talk, PEOPLE)

        await until_true(asked)
        assert answers > 8


async def test_without_others_beside_it_a_server_keeps_connections(serve: Serve) -> None:
    async with serve() as serving:
        assert serving.app.connections.limits.age == float("inf")


async def test_a_server_that_ends_answers_requests_that_are_on_their_way(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that a slow test is no late client.
    monkeypatch.setattr(http_protocol, "_LAST_MOMENT", 300.0)
    async with serve() as serving:
        warm, cold = await serving.talk(), await serving.talk()
        await warm.warm_up(PEOPLE, n="Ada")
        assert (await cold.ask(PEOPLE, n="Ada")).status == 200
        for connection in _protocols(serving):
            connection.shutdown()
        assert await ends_after(warm, PEOPLE)
        assert await ends_after(cold, "# not repeated\n" + PEOPLE)


async def test_a_server_that_ends_closes_connections_that_stay_idle(serve: Serve) -> None:
    async with serve() as serving:
        asked, silent = await serving.talk(), await serving.talk()
        assert (await asked.ask(PEOPLE, n="Ada")).status == 200
        await until_true(lambda: _are(serving, 2))
        for connection in _protocols(serving):
            connection.shutdown()
        assert await asked.is_closed()
        assert await silent.is_closed()


async def _are(serving: Serving, count: int) -> bool:
    return len(_protocols(serving)) == count


async def test_a_worker_that_is_to_end_answers_each_client_once_more(serve: Serve) -> None:
    async with serve() as serving:
        warm, cold = await serving.talk(), await serving.talk()
        await warm.warm_up(PEOPLE, n="Ada")
        assert (await cold.ask(PEOPLE, n="Ada")).status == 200
        for connection in _protocols(serving):
            connection.retire()
        before = await serving.warm()
        assert await ends_after(warm, PEOPLE)
        assert await serving.warm() == before + 1
        assert await ends_after(cold, "query Cold" + PEOPLE.removeprefix("query"))


def _protocols(serving: Serving) -> list[FieldstoneProtocol]:
    return [one for one in serving.server.server_state.connections if isinstance(one, FieldstoneProtocol)]
