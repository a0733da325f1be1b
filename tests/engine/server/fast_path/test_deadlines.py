"""The header X-Fieldstone-Timeout: the time after which a client no longer waits for its answer."""

from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.sql.concurrency.deadlines import DEADLINE
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve, locked, until_waiting
from tests.waiting import until

CREATE = 'mutation { createCompany(data: {name: "Acme"}) { id } }'
PROBLEM = {"Accept": "application/json, application/problem+json"}
COUNT = "{ companies { totalCount } }"


async def ask(client: httpx.AsyncClient, query: str, milliseconds: str, **more: str) -> tuple[int, Any]:
    headers = {"X-Fieldstone-Timeout": milliseconds, "Accept": "application/graphql-response+json", **more}
    answer = await client.post("/graphql", json={"query": query}, headers=headers)
    return answer.status_code, answer.json()


def code_of(body: Any) -> str:
    return str(body["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("sent", ["", "0", "-1", "1.5", "1 s", "soon", "9" * 30, "86400001"])
async def test_it_is_a_whole_number_of_milliseconds(client: httpx.AsyncClient, sent: str) -> None:
    status, body = await ask(client, "{ __typename }", sent)
    assert (status, code_of(body)) == (400, "BAD_USER_INPUT")
    assert body["errors"][0]["extensions"]["field"] == "X-Fieldstone-Timeout"
    rest = await client.get("/rest/people", headers={"X-Fieldstone-Timeout": sent} | PROBLEM)
    assert (rest.status_code, rest.json()["code"]) == (400, "BAD_USER_INPUT")


async def test_in_time_it_changes_nothing(client: httpx.AsyncClient) -> None:
    assert (await ask(client, CREATE, "60000"))[0] == 200
    status, body = await ask(client, COUNT, "60000")
    assert (status, body["data"]["companies"]["totalCount"]) == (200, 1)
    assert (await client.get("/rest/companies", headers={"X-Fieldstone-Timeout": "60000"})).status_code == 200
    # A deadline ends with its request.
    assert DEADLINE.get() is None


async def test_a_statement_ends_at_the_clients_time(client: httpx.AsyncClient, app_database: str) -> None:
    await ask(client, COUNT, "60000")
    async with await psycopg.AsyncConnection.connect(app_database) as lock:
        await lock.execute("LOCK TABLE workspace_default.company IN ACCESS EXCLUSIVE MODE")
        for query in (COUNT, CREATE):
            status, body = await ask(client, query, "60")
            assert (status, code_of(body)) == (200, "TIMEOUT"), body
        rest = await client.get("/rest/companies", headers={"X-Fieldstone-Timeout": "60"} | PROBLEM)
        assert (rest.status_code, rest.json()["code"]) == (504, "TIMEOUT")
    async with await psycopg.AsyncConnection.connect(app_database) as lock:
        await lock.execute("LOCK TABLE fieldstone.idempotency")
        status, body = await ask(client, CREATE, "60", **{"Idempotency-Key": "k"})
        assert (status, code_of(body)) == (200, "TIMEOUT"), body
    # The write was undone.
    assert (await ask(client, COUNT, "60000"))[1]["data"]["companies"]["totalCount"] == 0


@pytest.mark.long
async def test_the_servers_own_limit_stays(start_app: StartApp, app_database: str) -> None:
    async with start_app(statement_timeout=1) as (_, client):
        await ask(client, COUNT, "60000")
        async with await psycopg.AsyncConnection.connect(app_database) as lock:
            await lock.execute("LOCK TABLE workspace_default.company IN ACCESS EXCLUSIVE MODE")
            status, body = await ask(client, COUNT, "86400000")
            assert (status, code_of(body)) == (200, "TIMEOUT")


@pytest.mark.parametrize("settings", [{"pool_size": 1}, {"max_concurrent_per_key": 1}], ids=["connection", "slot"])
async def test_it_bounds_the_wait_for_a_turn(serve: Serve, app_database: str, settings: dict[str, int]) -> None:
    async with serve(**settings) as serving:
        running, other = await serving.talk(), await serving.talk()
        await running.warm_up(PEOPLE, n="Ada")
        database = (await serving.app.runtime.ready()).foundation.database
        async with locked(app_database) as lock:
            running.send(running.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            answer = await other.ask(PEOPLE, more="X-Fieldstone-Timeout: 80\r\n", n="Ada")
            assert code_of(answer.json) == "TIMEOUT"
            await until_waiting(app_database)
            await lock.commit()
        assert (await running.receive()).status == 200
        # Nothing of it is left behind.
        await until(lambda: database.stats().in_use == 0)
        assert (await serving.app.runtime.ready()).core.slots.in_progress == 0
        # A head that is known leads nowhere else.
        assert (await other.ask(PEOPLE, more="X-Fieldstone-Timeout: 8000\r\n", n="Ada")).status == 200
