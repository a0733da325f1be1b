"""The answers of one socket's operations while its client does not read, and while some take long."""

import asyncio
from typing import Any

import psycopg
import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.streams.send_queue import QueueLimits
from fieldstone.engine.server.streams.websocket.answer_window import AT_ONCE
from fieldstone.engine.server.streams.websocket.socket import SocketLimits
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL
from tests.engine.events.conftest import StartApp
from tests.engine.server.streams.sockets import Socket, connected
from tests.waiting import until

pytestmark = pytest.mark.long

LONG = 100_000
"""Characters of a person's text, which an answer has twenty times: it has 2 MB."""
OPERATIONS = 50
FILL = "mutation ($text: String) { updatePeople(filter: { id: { is: NOT_NULL } }, data: { jobTitle: $text }) { id } }"
ALIASES = " ".join(f"a{number}: jobTitle" for number in range(20))
WRITE = f'mutation ($id: UUID!) {{ updatePerson(id: $id, data: {{ city: "Rome" }}) {{ {ALIASES} }} }}'
COUNT = '{ people(filter: { city: { eq: "Rome" } }) { totalCount } }'


async def _answers(socket: Socket, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = await socket.receive()
        if message["type"] == "complete":
            continue
        found.append(message)
    return found


async def test_a_client_that_does_not_read_keeps_few_answers_in_memory(start_app: StartApp) -> None:
    limits = SocketLimits(slow=60, queue=QueueLimits())
    async with start_app(limits) as running, connected(running.app) as socket:
        await running.create(*(f"{number}@example.com" for number in range(OPERATIONS)))
        await socket.initialise(running.key)
        await socket.subscribe("fill", FILL, text="x" * LONG)
        people = (await _answers(socket, 1))[0]["payload"]["data"]["updatePeople"]
        socket.reads.clear()
        for number, person in enumerate(people):
            await socket.subscribe(str(number), WRITE, id=person["id"])
        total = limits.queue.total
        await until(lambda: total.taken > LONG)
        await asyncio.sleep(1)
        count = GraphQLRequest(query=COUNT, operation_name=None, variables={})
        executed = loads((await running.services.core.execute(PRINCIPAL, count, allow_mutation=False)).body)
        # One is being sent and one in the queue, and a few wait for room: more than those at once if they take long.
        few = executed["data"]["people"]["totalCount"]
        assert few <= OPERATIONS / 2
        await until(lambda: total.taken >= (few - 1) * 20 * LONG)
        socket.reads.set()
        answers = await _answers(socket, OPERATIONS)
        assert {one["id"] for one in answers} == {str(number) for number in range(OPERATIONS)}
        assert {one["type"] for one in answers} == {"next"}
        await until(lambda: total.taken == 0)


async def test_operations_that_take_long_do_not_hold_up_the_others(start_app: StartApp, workspace_dsn: str) -> None:
    async with start_app() as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
            await other.execute("LOCK TABLE workspace_default.opportunity")
            for number in range(AT_ONCE + 1):
                await socket.subscribe(f"stuck {number}", "{ opportunities { totalCount } }")
            await socket.subscribe("quick", "{ people { totalCount } }")
            assert [one["id"] for one in await _answers(socket, 1)] == ["quick"]
        answers = await _answers(socket, AT_ONCE + 1)
        assert {one["id"] for one in answers} == {f"stuck {number}" for number in range(AT_ONCE + 1)}
