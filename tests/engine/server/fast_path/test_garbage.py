"""Requests that wait or are refused leave nothing to the collector of cyclic garbage, for which all others wait."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.engine.server.fast_path.overload import PATIENCE, overloaded, stand_still
from tests.engine.server.fast_path.talking import PEOPLE, Serve, locked
from tests.waiting import until

MANY = 20
_NOBODY = "00000000-0000-4000-8000-000000000000"


@contextmanager
def uncollected() -> Iterator[Callable[[], list[str]]]:
    """Yield a function that returns the types of the objects that only the collector frees, since the block began."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)

    def find() -> list[str]:
        gc.collect()
        found = [type(one).__qualname__ for one in gc.garbage]
        gc.garbage.clear()
        return found

    try:
        yield find
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def watchers() -> int:
    """Return how many requests are watched for the departure of their clients."""
    return sum("CancelOnDisconnect" in repr(task) for task in asyncio.all_tasks())


async def test_requests_that_wait_for_a_slot_leave_no_garbage(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=2, max_concurrent_per_key=1, max_queue_ms=0) as serving:
        slots = (await serving.app.runtime.ready()).core.slots
        talks = [await serving.talk() for _ in range(2 * MANY)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            for number, talk in enumerate(talks):
                # A head that is not remembered sends a request to the ordinary path.
                talk.send(talk.request(PEOPLE, more=f"X-Other: {number}\r\n" if number >= MANY else "", n="Ada"))
            await until(lambda: slots.waiting == 2 * MANY - 1)
            await until(lambda: watchers() == MANY)
            with uncollected() as find:
                await lock.commit()
                assert {(await talk.receive()).status for talk in talks} == {200}
                await until(lambda: not watchers())
                assert len(found := find()) < MANY, found


async def test_refused_requests_leave_no_garbage(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=2, max_queue_ms=PATIENCE) as serving:
        talks = [await serving.talk() for _ in range(4)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            await stand_still(serving, app_database, talks[:3])
            with uncollected() as find:
                for _ in range(MANY):
                    assert overloaded((await talks[3].ask(PEOPLE, n="Ada")).json) == "OVERLOADED"
                assert len(found := find()) < MANY, found
            await lock.commit()
        assert {(await talk.receive()).status for talk in talks[:3]} == {200}


_CREATE = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
_REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a taken key": (_CREATE, {"d": {"email": "Ada@example.com"}}, "CONFLICT"),
    "a taken key of several records": (
        "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }",
        {"d": [{"email": "z@example.com"}, {"email": "Ada@example.com"}]},
        "CONFLICT",
    ),
    "a taken key behind another write": (
        "mutation ($d: PersonInput!) { createCompany(data: {}) { id } createPerson(data: $d) { id } }",
        {"d": {"email": "Ada@example.com"}},
        "CONFLICT",
    ),
    "an update of no record": (
        f'mutation {{ updatePerson(id: "{_NOBODY}", data: {{city: "x"}}) {{ id }} }}',
        {},
        "NOT_FOUND",
    ),
    "a removal of no record": (f'mutation {{ destroyPerson(id: "{_NOBODY}") {{ id }} }}', {}, "NOT_FOUND"),
    "a link to no record": (_CREATE, {"d": {"email": "z@example.com", "companyId": _NOBODY}}, "NOT_FOUND"),
    "an invalid cursor": ('{ people(after: "nonsense") { totalCount } }', {}, "BAD_USER_INPUT"),
    "an invalid document": ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
    "no document": ("{", {}, "GRAPHQL_PARSE_FAILED"),
}


@pytest.mark.parametrize(("query", "variables", "code"), _REFUSED.values(), ids=_REFUSED)
async def test_errors_leave_no_garbage(serve: Serve, query: str, variables: dict[str, Any], code: str) -> None:
    """Each left up to 270 objects: the frames of its traceback, of which one had a variable that kept the error."""
    async with serve() as serving:
        talk = await serving.talk()

        async def ask(times: int) -> None:
            for _ in range(times):
                (error,) = (await talk.ask(query, **variables)).json["errors"]
                assert error["extensions"]["code"] == code, error

        # The first ones are compiled.
        await ask(3)
        with uncollected() as find:
            await ask(MANY)
            assert len(found := find()) < MANY, found


async def test_writes_with_an_idempotency_key_leave_no_garbage(serve: Serve) -> None:
    """The batches of an import are such writes: its rows waited for the collector."""
    async with serve() as serving:
        talk = await serving.talk()

        async def create(first: int, last: int) -> None:
            for number in range(first, last):
                given = {"d": {"email": f"{number}@example.com"}}
                talk.send(talk.request(_CREATE, more=f"Idempotency-Key: {number}\r\n", **given))
                assert (await talk.receive()).json["data"]["createPerson"]["id"]

        await create(0, 3)
        with uncollected() as find:
            await create(3, 3 + MANY)
            assert len(found := find()) < MANY, found
