"""Made-up keys: an address is held to a number of them, and valid keys from the same address go on being served."""

import asyncio
import time
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from fieldstone.engine.identity.shared_look_ups import SharedLookUps
from fieldstone.engine.server.rate_limits.failed_tokens import MOST, WINDOW
from fieldstone.sql.errors import DatabaseUnavailable
from tests.engine.identity.browsers import READ, key_of
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.waiting import until

SOME = 30


def made_up(number: int) -> str:
    return f"fs_{number:043}"


@pytest.mark.long
async def test_an_address_has_no_statement_for_each_made_up_key(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app(trusted_proxies="127.0.0.1") as (app, client):
        services = await app.runtime.ready()
        database, workspace_id = services.foundation.database, services.foundation.default.workspace.id
        asked: list[Any] = []
        read = database.read

        async def counted(statement: Any, parameters: Any, **options: Any) -> Any:
            if b"token_hash" in statement.sql:
                asked.append(parameters)
            return await read(statement, parameters, **options)

        monkeypatch.setattr(database, "read", counted)
        now = time.time()
        monkeypatch.setattr(services.failed_tokens._windows, "_clock", lambda: now)

        async def send(token: str, address: str = "203.0.113.1") -> httpx.Response:
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
            return await client.post("/graphql", json=READ, headers=headers)

        assert (await send(key_of(client))).status_code == 200
        at_once = await asyncio.gather(*(send(made_up(0)) for _ in range(SOME)))
        assert {one.status_code for one in at_once} == {401}
        assert len(asked) < SOME / 2, "requests with one key share its look-up"
        failed = await asyncio.gather(*(send(made_up(number)) for number in range(1, MOST)))
        assert {one.status_code for one in failed} == {401}
        before = len(asked)
        made = [(await services.keys.create(workspace_id, f"new {n}")).token for n in range(2)]
        answers = await asyncio.gather(send(made[0]), *(send(made_up(MOST + n)) for n in range(SOME)), send(made[1]))
        assert [one.status_code for one in answers] == [200, *[429] * SOME, 200]
        assert "retry-after" not in answers[0].headers
        (error,) = answers[1].json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"
        assert error["extensions"]["resetAt"] > 0
        assert 1 <= int(answers[1].headers["retry-after"]) <= WINDOW
        assert len(asked) - before < SOME / 2
        assert (await send(key_of(client))).status_code == 200
        assert (await send(made_up(0), "203.0.113.2")).status_code == 401


async def test_the_fast_path_and_new_keys_go_on_behind_such_an_address(serve: Serve) -> None:
    async with serve() as serving:
        services = await serving.app.runtime.ready()
        for _ in range(MOST):
            services.failed_tokens.begin(ip_address("127.0.0.1"))
        talk, stranger = await serving.talk(), await serving.talk()
        before = await serving.warm()
        await talk.warm_up(PEOPLE, n="Ada")
        assert await serving.warm() > before
        stranger.token = made_up(0)
        assert (await stranger.ask(PEOPLE, n="Ada")).status == 429
        stranger.token = (await services.keys.create(services.foundation.default.workspace.id, "new")).token
        assert (await stranger.ask(PEOPLE, n="Ada")).status == 200


async def test_a_client_that_goes_takes_no_answer_from_those_that_share_its_statement() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    statements: list[set[bytes]] = []

    async def find_all(hashes: Collection[bytes]) -> Mapping[bytes, int]:
        statements.append(set(hashes))
        began.set()
        await go_on.wait()
        return {one: number for number, one in enumerate(sorted(hashes))}

    shared = SharedLookUps(find_all)
    first = asyncio.create_task(shared.find(b"a"))
    await began.wait()
    others = [asyncio.create_task(shared.find(one)) for one in (b"b", b"a", b"c")]
    await until(lambda: len(shared._asked) == len(others))
    first.cancel()
    go_on.set()
    assert await asyncio.gather(*others) == [1, 0, 2]
    assert statements == [{b"a"}, {b"a", b"b", b"c"}]


async def test_behind_made_up_keys_a_database_that_is_away_is_a_503(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        for _ in range(MOST):
            services.failed_tokens.begin(ip_address("127.0.0.1"))

        async def read(*_: Any, **_options: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(services.foundation.database, "read", read)
        client.headers["authorization"] = f"Bearer {made_up(1)}"
        assert (await client.post("/graphql", json=READ)).status_code == 503
