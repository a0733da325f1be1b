"""Repeated requests at their limits: keys, rates, times and connections."""

from hashlib import sha256

import pytest

from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.metadata.workspaces.trusted_documents import NewDocument, import_documents, remove_documents
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.driver import connection_pool
from tests.engine.server.fast_path.talking import PEOPLE, Serve, locked, until_waiting
from tests.waiting import until, until_true


async def test_a_revoked_key_is_refused_at_once(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        foundation = (await serving.app.runtime.ready()).foundation
        workspace = foundation.default.workspace.id
        made = await foundation.keys.create(workspace, "short")
        talk.token = made.token
        await talk.warm_up(PEOPLE, n="Ada")
        assert await serving.warm() > 0
        await foundation.keys.revoke(workspace, made.key.id)
        assert (await talk.ask(PEOPLE, n="Ada")).status == 401


async def test_each_request_counts_once_against_the_limit(serve: Serve) -> None:
    async with serve(rate_limit=10) as serving:
        talk = await serving.talk()
        # Two were taken by the records that were made.
        left = [int((await talk.ask(PEOPLE, n="Ada")).header(b"x-ratelimit-remaining") or -1) for _ in range(5)]
        assert left == [7, 6, 5, 4, 3]
        assert await serving.warm() > 0
        # The next one starts over: its statement is not prepared there.
        ((connection),) = (await serving.app.runtime.ready()).foundation.database._pool._all
        connection.retire()
        answered = await talk.ask(PEOPLE, n="Ada")
        assert answered.header(b"x-ratelimit-remaining") == b"2"
        assert [(await talk.ask(PEOPLE, n="Ada")).status for _ in range(3)] == [200, 200, 429]


@pytest.mark.long
async def test_a_statement_that_takes_too_long_is_ended_once(serve: Serve, app_database: str) -> None:
    async with serve(statement_timeout=1) as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        async with locked(app_database):
            warm = await talk.ask(PEOPLE, n="Ada")
            other = PEOPLE.replace("totalCount", "n: totalCount")
            cold = await talk.ask(other, n="Ada")
        assert (warm.status, warm.json) == (cold.status, cold.json)
        assert warm.json["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert await serving.warm() == before + 1
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


async def test_a_client_that_leaves_ends_its_statement(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk, other = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            # The second one waits for the only connection, and leaves without having had it.
            other.send(other.request(PEOPLE, n="Ada"))
            database = (await serving.app.runtime.ready()).foundation.database
            await until(lambda: database.stats().waiting == 1)
            other.writer.close()
            await until(lambda: database.stats().waiting == 0)
            talk.writer.close()
            await until_waiting(app_database, 0)
        third = await serving.talk()
        assert (await third.ask(PEOPLE, n="Ada")).status == 200
        page = (await serving.client.get("/metrics")).text
        assert 'fieldstone_requests_total{endpoint="/graphql",status="499"} 2.0' in page


async def test_a_lost_connection_is_not_seen_by_the_client(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as connection:
            talk.send(talk.request(PEOPLE, n="Ada"))
            (pid,) = await until_waiting(app_database)
            await connection.execute("SELECT pg_terminate_backend(%s::int, 5000)", [pid])
        assert (await talk.receive()).json["data"]["people"]["totalCount"] == 1


async def test_more_clients_than_connections_are_all_answered(serve: Serve) -> None:
    async with serve() as serving:
        talks = [await serving.talk() for _ in range(20)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        for _ in range(5):
            for talk in talks:
                talk.send(talk.request(PEOPLE, n="Ada"))
            answers = [await talk.receive() for talk in talks]
            assert {answer.body for answer in answers} == {answers[0].body}
        assert await serving.warm() == before + 100


@pytest.mark.long
async def test_without_a_connection_in_time_it_is_503(
    serve: Serve, app_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Before the pool is there: its first wait arms a timer with the time that it then has.
    monkeypatch.setattr(connection_pool, "Overdue", lambda _seconds: Overdue(1.0))
    async with serve() as serving:
        talk, other = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            refused = await other.ask(PEOPLE, n="Ada")
            cold = await other.ask("{ people { totalCount } }")
        for answer in (refused, cold):
            assert (answer.status, answer.header(b"retry-after")) == (503, b"1")
            assert answer.json["errors"][0]["extensions"]["code"] == "OVERLOADED"
            assert "busy" in answer.json["errors"][0]["message"]
        assert (await talk.receive()).status == 200
        page = (await serving.client.get("/metrics")).text
        # The server's own statements are among them.
        assert float(page.split("\nfieldstone_pool_refused_total ")[1].split("\n")[0]) >= 2


async def test_the_server_ends_when_what_is_under_way_is_answered(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk, idle = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        await idle.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            serving.server.should_exit = True
            assert await idle.is_closed()
        answered = await talk.receive()
        assert answered.json["data"]["people"]["totalCount"] == 1
        assert answered.header(b"connection") == b"close"
        assert await talk.is_closed()


async def test_a_connection_is_kept_while_it_is_used_and_closed_when_idle(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        protocol.look(protocol.loop.time())
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200
        protocol.timeout_keep_alive = 0
        protocol.look(protocol.loop.time())
        assert await talk.is_closed()


async def test_trusted_documents_and_persisted_queries_are_on_the_fast_path(serve: Serve) -> None:
    hashed = sha256(PEOPLE.encode()).hexdigest()
    given = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hashed}}, "variables": {"n": "Ada"}}
    async with serve() as serving:
        talk = await serving.talk()
        assert (await talk.post(given | {"query": PEOPLE})).json["data"]["people"]["totalCount"] == 1
        for body in (given, given | {"query": PEOPLE}):
            for _ in range(4):
                assert (await talk.post(body)).json["data"]["people"]["totalCount"] == 1
            before = await serving.warm()
            assert (await talk.post(body)).json["data"]["people"]["totalCount"] == 1
            assert await serving.warm() == before + 1


@pytest.mark.long
async def test_in_trusted_mode_the_fast_path_refuses_and_forgets(serve: Serve) -> None:
    async with serve() as serving:
        foundation = (await serving.app.runtime.ready()).foundation
        workspace_id = foundation.default.workspace.id
        async with foundation.database.session() as connection, connection.transaction():
            documents = {"people": NewDocument(text=PEOPLE, operation_name=None)}
            await import_documents(connection, workspace_id=workspace_id, client="web", documents=documents)
        async with serve(documents="trusted", creates=False) as trusting:
            talk = await trusting.talk()
            for body in ({"documentId": "people"}, {"query": PEOPLE}):
                asked = body | {"variables": {"n": "Ada"}}
                for _ in range(4):
                    assert (await talk.post(asked)).json["data"]["people"]["totalCount"] == 1
                before = await trusting.warm()
                assert (await talk.post(asked)).status == 200
                assert await trusting.warm() == before + 1
            assert (await talk.post({"query": PEOPLE + " "})).status == 403
            async with foundation.database.session() as connection, connection.transaction():
                await remove_documents(connection, workspace_id=workspace_id, client="web")

            async def is_refused() -> bool:
                return bool((await talk.post({"query": PEOPLE, "variables": {"n": "Ada"}})).status == 403)

            await until_true(is_refused)
            unknown = await talk.post({"documentId": "people", "variables": {"n": "Ada"}})
            assert unknown.json["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
