"""engine/server/fast_path/proxied_protocol.py: a balancer tells the address of a client, and nobody else does."""

import json
import socket
import struct
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.engine.server.fast_path.talking import PEOPLE, Serve, Serving, Talk
from tests.waiting import until_true

HERE = "127.0.0.1"
TRANSPORT = Subprotocol("graphql-transport-ws")


def line(address: str) -> bytes:
    return f"PROXY TCP4 {address} 10.0.0.1 4711 443\r\n".encode()


def binary(address: str, command: int = 0x21) -> bytes:
    addresses = ip_address(address).packed + ip_address("10.0.0.1").packed + struct.pack("!HH", 4711, 443)
    return b"\r\n\r\n\x00\r\nQUIT\n" + struct.pack("!BBH", command, 0x11, len(addresses)) + addresses


async def key_for(client: httpx.AsyncClient, network: str) -> str:
    """Return a key that may be used from a network."""
    text = 'mutation ($n: [String!]) { createApiKey(input: { name: "bound", networks: $n }) { token } }'
    answer = await client.post("/metadata", json={"query": text, "variables": {"n": [network]}})
    token: str = answer.json()["data"]["createApiKey"]["token"]
    return token


async def talk_as(serving: Serving, header: bytes, token: str) -> Talk:
    """Return a connection that begins with a header."""
    talk: Talk = await serving.talk()
    talk.token = token
    talk.send(header)
    return talk


@pytest.mark.parametrize("header", [line, binary], ids=["version 1", "version 2"])
async def test_the_address_in_the_header_counts_on_every_path(serve: Serve, header: Any) -> None:
    async with serve(proxy_protocol=HERE) as serving:
        token = await key_for(serving.client, "203.0.113.0/24")
        talk = await talk_as(serving, header("203.0.113.7"), token)
        before = await serving.warm()
        await talk.warm_up(PEOPLE, n="Ada")
        assert await serving.warm() > before
        elsewhere = await talk_as(serving, header("198.51.100.7"), token)
        for _ in range(3):
            assert (await elsewhere.ask(PEOPLE, n="Ada")).status == 403


async def test_a_balancer_that_speaks_for_itself_has_its_own_address(serve: Serve) -> None:
    async with serve(proxy_protocol=HERE) as serving:
        for network, status in ((f"{HERE}/32", 200), ("203.0.113.0/24", 403)):
            token = await key_for(serving.client, network)
            for header in (binary("203.0.113.7", command=0x20), b"PROXY UNKNOWN\r\n"):
                talk = await talk_as(serving, header, token)
                assert (await talk.ask(PEOPLE, n="Ada")).status == status


async def test_a_header_may_come_byte_by_byte_and_the_request_behind_it_in_the_same_piece(serve: Serve) -> None:
    async with serve(proxy_protocol=HERE) as serving:
        token = await key_for(serving.client, "203.0.113.0/24")
        talk = await serving.talk()
        talk.token = token
        *first, last = [bytes([byte]) for byte in binary("203.0.113.7")]
        for byte in first:
            talk.send(byte)
            await talk.writer.drain()
        talk.send(last, talk.request(PEOPLE, n="Ada"), talk.request(PEOPLE, n="Grace"))
        assert [(await talk.receive()).status for _ in range(2)] == [200, 200]


async def test_a_connection_without_a_header_is_refused_where_it_is_asked_for(serve: Serve) -> None:
    async with serve(proxy_protocol=HERE) as serving:
        talk = await serving.talk()
        answered = await talk.ask(PEOPLE, n="Ada")
        assert answered.status == 400
        assert answered.body.startswith(b"Connections from this address begin with a header of the PROXY protocol")
        assert await talk.is_closed()


async def test_a_header_from_elsewhere_is_no_request(serve: Serve) -> None:
    async with serve(proxy_protocol="10.0.0.0/8") as serving:
        for header in (line, binary):
            talk = await talk_as(serving, header("203.0.113.7"), "fs_x")
            assert (await talk.receive()).status == 400
            assert await talk.is_closed()
        talk = await serving.talk()
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


@pytest.mark.parametrize("part", [b"", b"PROXY TCP4 203.0.113.7 ", binary("203.0.113.7")[:20]])
async def test_a_header_that_does_not_come_ends_the_connection_in_time(serve: Serve, part: bytes) -> None:
    async with serve(proxy_protocol=HERE, head_timeout=0.2) as serving:
        talk = await talk_as(serving, part, "fs_x")
        assert await talk.is_closed()
        assert serving.app.connections.stats().ended["silent"] == 1


async def test_connections_are_counted_for_the_client_and_not_for_the_balancer(serve: Serve) -> None:
    async with serve(proxy_protocol=HERE, max_connections_each=2) as serving:
        token = await key_for(serving.client, "203.0.113.0/24")
        talks = [await talk_as(serving, line(f"203.0.113.{number}"), token) for number in range(1, 5)]
        for talk in talks:
            assert (await talk.ask(PEOPLE, n="Ada")).status == 200
        for number in range(2):
            talk = await talk_as(serving, line("203.0.113.1"), token)
            assert (await talk.ask(PEOPLE, n="Ada")).status == 200, number
        ended = serving.app.connections.stats().ended
        assert dict(ended) == {"idle beyond most connections of an address": 1}
        assert await talks[0].is_closed()


async def test_a_web_socket_has_the_address_of_the_header(serve: Serve) -> None:
    async with serve(proxy_protocol=HERE) as serving:
        (port,) = {server.sockets[0].getsockname()[1] for server in serving.server.servers}
        token = await key_for(serving.client, "203.0.113.0/24")
        for address, expected in (("203.0.113.7", "connection_ack"), ("198.51.100.7", None)):
            way = socket.create_connection((HERE, port))
            way.sendall(line(address))
            async with connect(f"ws://{HERE}/graphql", sock=way, subprotocols=[TRANSPORT]) as ws:
                opening = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
                await ws.send(json.dumps(opening))
                if expected is None:
                    with pytest.raises(websockets.ConnectionClosed) as closed:
                        await ws.recv()
                    assert closed.value.rcvd is not None
                    assert closed.value.rcvd.code == 4403
                else:
                    assert json.loads(await ws.recv())["type"] == expected

        async def are_gone() -> bool:
            return bool(serving.app.connections.stats().open == 0)

        await until_true(are_gone)
