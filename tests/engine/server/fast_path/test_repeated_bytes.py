"""The bytes of repeated requests: in pieces, together, by themselves, and behind a request that waits."""

import asyncio
import itertools
import random
import re

import pytest

from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.engine.server.fast_path.warm_request import WarmRequest
from tests.engine.server.fast_path.talking import PEOPLE, Serve, locked, until_waiting
from tests.waiting import until


async def test_the_bytes_of_a_known_request_are_a_body_where_a_body_is_due(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        known = talk.request(PEOPLE, n="Ada")
        head = talk.request("")[: -len(b'{"query": "", "variables": {}}')]
        outer = head.replace(b"Content-Length: 30", b"Content-Length: %d" % len(known))
        assert outer != head
        before = await serving.warm()
        talk.send(outer)
        await talk.writer.drain()
        # So that the known bytes arrive by themselves.
        await until(lambda: any(one._is_receiving for one in serving.server.server_state.connections))
        talk.send(known)
        refused = await talk.receive()
        assert refused.status == 400
        assert "is not JSON" in refused.json["errors"][0]["message"]
        assert await serving.warm() == before
        assert (await talk.ask(PEOPLE, n="Grace")).json["data"]["people"]["totalCount"] == 1


async def test_requests_in_one_piece_and_in_many_are_answered_in_their_order(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        names = ["Ada", "Bob", "Eve", "Ada", "Bob"]
        wanted = [name == "Ada" for name in names]
        requests = [talk.request(PEOPLE, n=name) for name in names]

        async def received() -> list[bool]:
            return [bool((await talk.receive()).json["data"]["people"]["totalCount"]) for _ in names]

        talk.send(*requests)
        assert await received() == wanted
        for one in requests:
            talk.send(one[:40])
            await asyncio.sleep(0)
            talk.send(one[40:])
        assert await received() == wanted
        talk.send(requests[0], requests[1][:100])
        await asyncio.sleep(0)
        talk.send(requests[1][100:], *requests[2:])
        assert await received() == wanted
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


@pytest.mark.long
async def test_any_requests_cut_anywhere_are_answered_like_one_by_one(serve: Serve) -> None:
    chance = random.Random(4)  # noqa: S311 - the same each time
    async with serve() as serving:
        talk = await serving.talk()
        head = talk.request("")[: -len(b'{"query": "", "variables": {}}')]
        chunked = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
        kinds = [
            *(talk.request(PEOPLE, n=name) for name in ("Ada", "Bob", "x" * 3_000)),
            talk.request("{ people { totalCount } }"),
            talk.request("{ nothing }"),
            talk.request("{ objects { totalCount } }", path="/metadata"),
            head + b"x" * 30,
            chunked + b"3\r\nabc\r\n0\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        expected: list[tuple[int, bytes]] = []
        for kind in kinds * 4:
            talk.send(kind)
            answered = await talk.receive()
            expected.append((answered.status, answered.body))
        expected = expected[-len(kinds) :]
        before = await serving.warm()
        for _ in range(60):
            chosen = [chance.randrange(len(kinds)) for _ in range(chance.randint(1, 8))]
            sent = b"".join(kinds[one] for one in chosen)
            ends = [len(b"".join(kinds[one] for one in chosen[:place])) for place in range(1, len(chosen))]
            cuts = {
                *(chance.randrange(len(sent)) for _ in range(chance.randint(0, 6))),
                *(end for end in ends if chance.random() < 0.5),
            }
            places = [0, *sorted(cuts), len(sent)]
            for start, end in itertools.pairwise(places):
                talk.send(sent[start:end])
                for _ in range(chance.choice((0, 1, 20))):
                    await asyncio.sleep(0)
            for one in chosen:
                answered = await talk.receive()
                assert (answered.status, answered.body) == expected[one], (chosen, places)
        assert await serving.warm() > before


async def test_a_body_that_comes_by_itself_is_waited_for_a_moment(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        known = talk.request(PEOPLE, n="Ada")
        end = known.index(b"\r\n\r\n") + 4
        serving.patience.seconds = 60
        for cut in (end, end + 10):
            before = await serving.warm()
            talk.send(known[:cut])
            await until(lambda: protocol._part != b"")
            talk.send(known[cut:])
            assert (await talk.receive()).json["data"]["people"]["totalCount"] == 1
            assert await serving.warm() == before + 1
        # In three pieces, or when it takes too long, it is for the ordinary path.
        talk.send(known[:end])
        await until(lambda: protocol._part != b"")
        talk.send(known[end : end + 5])
        await until(lambda: protocol._is_receiving)
        talk.send(known[end + 5 :])
        assert (await talk.receive()).status == 200
        talk.send(known[:end])
        await until(lambda: protocol._part != b"")
        protocol._wait_no_longer()
        assert protocol._is_receiving
        talk.send(known[end:])
        assert (await talk.receive()).status == 200
        assert await serving.warm() == before + 1


async def test_what_arrives_meanwhile_waits_and_is_answered_after(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            filler = talk.request(PEOPLE, n="x" * 200_000)
            talk.send(talk.request(PEOPLE, n="Bob"), filler)
        counts = [(await talk.receive()).json["data"]["people"]["totalCount"] for _ in range(3)]
        assert counts == [1, 0, 0]
        assert await serving.warm() > before


async def test_a_request_that_starts_over_is_read_no_faster_than_others(serve: Serve, app_database: str) -> None:
    """uvicorn stops reading for a long body, and must not be overruled for bytes that arrived behind it."""
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        async with locked(app_database):
            protocol.data_received(talk.request(PEOPLE, n="Ada"))
            protocol.data_received(talk.request(PEOPLE, n="x" * 70_000))
            request = protocol._request
            assert isinstance(request, WarmRequest)
            request.cancel()
            request.give_up()
            assert protocol.flow.read_paused
            assert not protocol.transport.is_reading()
        counts = [(await talk.receive()).json["data"]["people"]["totalCount"] for _ in range(2)]
        assert counts == [1, 0]
        # Nor is it kept when it is over.
        assert protocol._given == b""
