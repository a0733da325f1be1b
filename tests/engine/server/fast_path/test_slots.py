"""A noisy tenant beside a quiet one: its operations wait for slots, on the fast path too."""

import asyncio
from dataclasses import replace

import pytest

from fieldstone.engine.access.slots import MOST_WAITING
from fieldstone.engine.request.ready import ReadyOperations
from fieldstone.sql.concurrency.deadlines import Overdue
from tests.apis import PRINCIPAL
from tests.engine.server.fast_path.talking import PEOPLE, Serve, Serving, Talk, locked, until_waiting
from tests.waiting import until

NOISY = 40


async def talks(serving: Serving, number: int) -> list[Talk]:
    found = [await serving.talk() for _ in range(number)]
    await found[0].warm_up(PEOPLE, n="Ada")
    return found


async def quiet_talk(serving: Serving) -> Talk:
    services = await serving.app.runtime.ready()
    other = await services.foundation.workspaces.create("quiet", actor="test")
    talk = await serving.talk()
    talk.token = (await services.keys.create(other.workspace.id, "quiet")).token
    await talk.warm_up(PEOPLE, n="Ada")
    return talk


async def test_a_quiet_tenant_does_not_stand_behind_a_noisy_one(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_concurrent_per_workspace=2, max_queue_ms=0) as serving:
        noisy = await talks(serving, NOISY)
        slots = (await serving.app.runtime.ready()).core.slots
        async with locked(app_database) as lock:
            quiet = await quiet_talk(serving)
            for talk in noisy:
                talk.send(talk.request(PEOPLE, n="Ada"))
            await until(lambda: (slots.waiting, slots.in_progress) == (NOISY - 2, 2))
            # As many of the connections wait for the lock as the tenant has slots.
            await until_waiting(app_database, 2)
            for _ in range(3):
                assert (await quiet.ask(PEOPLE, n="Ada")).json["data"]["people"]["totalCount"] == 0
            page = (await serving.client.get("/metrics")).text
            assert f"fieldstone_operations_waiting {float(NOISY - 2)}" in page
            await lock.commit()
        answers = [await talk.receive() for talk in noisy]
        assert {answer.json["data"]["people"]["totalCount"] for answer in answers} == {1}
        assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_an_answer_waits_for_few_requests_of_the_noisy_tenant(serve: Serve) -> None:
    async with serve(pool_size=4, max_concurrent_per_workspace=2, max_queue_ms=0) as serving:
        noisy, quiet = await talks(serving, NOISY), await quiet_talk(serving)
        answered = 0

        async def ask(talk: Talk) -> None:
            nonlocal answered
            while not is_over:
                assert (await talk.ask(PEOPLE, n="Ada")).status == 200
                answered += 1

        is_over = False
        warm = await serving.warm()
        asking = [asyncio.create_task(ask(talk)) for talk in noisy]
        await until(lambda: answered > NOISY)
        between = []
        for _ in range(50):
            before = answered
            await quiet.ask(PEOPLE, n="Ada")
            between.append(answered - before)
        is_over = True
        await asyncio.gather(*asking)
        # Those that waited are answered on the fast path, too, except where a connection has to prepare a statement.
        assert await serving.warm() - warm > answered // 2
        between.sort()
        # Without slots it is behind a turn of all connections.
        assert between[25] <= NOISY // 4, between


async def test_a_client_that_leaves_gives_up_its_place(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_concurrent_per_key=1) as serving:
        noisy = await talks(serving, 3)
        slots = (await serving.app.runtime.ready()).core.slots
        async with locked(app_database):
            for talk in noisy:
                talk.send(talk.request(PEOPLE, n="Ada"))
            await until(lambda: slots.waiting == 2)
            noisy[1].writer.close()
            await until(lambda: slots.waiting == 1)
            # The one that has the slot leaves, and the next one gets it.
            noisy[0].writer.close()
            await until(lambda: slots.waiting == 0)
            assert slots.in_progress == 1
        assert (await noisy[2].receive()).status == 200
        assert slots.in_progress == 0


async def test_a_fault_of_the_warm_path_leaves_the_slot(
    serve: Serve, app_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ordinary path answers; each such request kept its key's slot for ever, and its client had no answer."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async with serve(pool_size=4, max_concurrent_per_key=1) as serving:
        holder, talk = await talks(serving, 2)
        slots = (await serving.app.runtime.ready()).core.slots
        async with locked(app_database):
            holder.send(holder.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until(lambda: slots.waiting == 1)
            monkeypatch.setattr(ReadyOperations, "find", fail)
        assert [(await one.receive()).status for one in (holder, talk)] == [200, 200]
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200
        assert (slots.in_progress, slots.waiting) == (0, 0)


async def test_a_key_that_is_revoked_while_it_waits_is_refused(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_concurrent_per_workspace=1) as serving:
        holder, talk = await serving.talk(), await serving.talk()
        services = await serving.app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "short")
        talk.token = made.token
        await holder.warm_up(PEOPLE, n="Ada")
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            holder.send(holder.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until(lambda: services.core.slots.waiting == 1)
            await services.keys.revoke(workspace_id, made.key.id)
        assert (await holder.receive()).status == 200
        assert (await talk.receive()).status == 401
        assert services.core.slots.in_progress == 0


async def test_one_that_waits_for_too_long_is_refused_and_waits_no_second_time(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_concurrent_per_workspace=1) as serving:
        holder, talk = await talks(serving, 2)
        slots = (await serving.app.runtime.ready()).core.slots
        slots._overdue = Overdue(0.1)
        async with locked(app_database):
            holder.send(holder.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            refused = await talk.ask(PEOPLE, n="Ada")
            assert (refused.status, refused.header(b"retry-after")) == (429, b"1")
            assert refused.json["errors"][0]["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"
            assert (slots.counters.waited, slots.counters.refused, slots.waiting) == (1, 1, 0)
        assert (await holder.receive()).status == 200
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


async def test_too_many_that_wait_are_refused(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_concurrent_per_workspace=1) as serving:
        noisy = await talks(serving, 4)
        services = await serving.app.runtime.ready()
        async with locked(app_database):
            noisy[0].send(noisy[0].request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            other = replace(PRINCIPAL, workspace_id=services.foundation.default.workspace.id)
            turns = [services.core.slots.queue(other, print, print) for _ in range(MOST_WAITING)]
            refused = await noisy[1].ask(PEOPLE, n="Ada")
            assert refused.status == 429
            assert refused.header(b"retry-after") == b"1"
            assert refused.json["errors"][0]["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"
            for turn in turns:
                services.core.slots.withdraw(turn)
        assert (await noisy[0].receive()).status == 200
