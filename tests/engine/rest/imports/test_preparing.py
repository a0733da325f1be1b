"""Batches that are prepared while the ones before them are written."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.request.answer import Answer, refusal
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import MutationPlan
from fieldstone.metadata.roles.principal import Principal
from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import add_field
from tests.engine.server.conftest import StartApp
from tests.waiting import until, until_found

_WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.person'::regclass"


def lines(records: int) -> str:
    return "email\n" + "".join(f"{number}@x\n" for number in range(records))


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> list[MutationPlan]:
    """The plans that were bound, once for each time."""
    plans: list[MutationPlan] = []
    bind = MutationPlan.bind

    def noted(self: MutationPlan, bindings: Bindings) -> Any:
        plans.append(self)
        return bind(self, bindings)

    monkeypatch.setattr(MutationPlan, "bind", noted)
    return plans


def note_prepared(core: GraphQLApi, then: Callable[[int], Awaitable[None]] | None = None) -> list[GraphQLRequest]:
    """The requests that an API has prepared; `then` is awaited behind each, with their number."""
    requests: list[GraphQLRequest] = []
    prepare = core.prepare

    async def noted(principal: Principal, request: GraphQLRequest) -> GraphQLRequest:
        requests.append(await prepare(principal, request))
        if then is not None:
            await then(len(requests))
        return requests[-1]

    core.prepare = noted  # type: ignore[method-assign]  # the plain one is called
    return requests


async def test_the_next_batch_is_prepared_while_one_is_written(
    start_app: StartApp, app_database: str, bound: list[MutationPlan]
) -> None:
    async with start_app(pool_size=2) as (app, client), await psycopg.AsyncConnection.connect(app_database) as gate:
        prepared = note_prepared((await app.runtime.ready()).core)
        await gate.execute("LOCK TABLE workspace_default.person")
        sending = asyncio.create_task(ask(client, "POST", "people.csv", content=lines(1_600)))
        await until_found(gate, _WAITING)
        await until(lambda: len(prepared) == 2)
        assert [len(request.variables["data"]) for request in prepared if request.prepared] == [500, 500]
        await gate.rollback()
        assert (await sending)["data"]["importPeople"]["created"] == 1_600
        # Each batch is bound once.
        assert len(prepared) == len(bound) == 4


async def test_a_batch_that_was_prepared_under_an_older_model(start_app: StartApp, bound: list[MutationPlan]) -> None:
    async with start_app(pool_size=2) as (app, client):

        async def change(batches: int) -> None:
            if batches == 2:
                await add_field(client, "person", "grade", "TEXT", isNullable=False, defaultValue="B")

        prepared = note_prepared((await app.runtime.ready()).core, change)
        answer = await ask(client, "POST", "people.csv", content=lines(1_000))
        assert answer["data"]["importPeople"]["created"] == 1_000
        # The second one was bound again.
        assert (len(prepared), len(bound)) == (2, 3)
        found = await ask(client, "GET", 'people?filter=grade[eq]:"B"&limit=0')
        assert found["totalCount"] == 1_000


@pytest.mark.long
async def test_a_batch_that_cannot_be_prepared_names_its_rows(client: Any, bound: list[MutationPlan]) -> None:
    answer = await ask(client, "POST", "people.csv", content=lines(600) + "x@x\n" * 2 + "\0@x\n")
    report = answer["data"]["importPeople"]
    assert (report["created"], [(error["row"], error["code"]) for error in report["errors"]]) == (
        601,
        [(602, "CONFLICT"), (603, "BAD_USER_INPUT")],
    )
    assert len(bound) > 2


@pytest.mark.long
async def test_another_attempt_makes_records_of_its_own(start_app: StartApp, bound: list[MutationPlan]) -> None:
    """An attempt whose answer was lost may be committed: the ids of its records are not given to others."""
    async with start_app(pool_size=1) as (app, client):
        core = (await app.runtime.ready()).core
        execute = core.execute
        attempts: list[GraphQLRequest] = []

        async def lose(principal: Principal, request: GraphQLRequest, *, allow_mutation: bool) -> Answer:
            attempts.append(request)
            if len(attempts) == 1:
                return refusal([ServiceUnavailable("x")])
            return await execute(principal, request, allow_mutation=allow_mutation)

        core.execute = lose  # type: ignore[method-assign]  # the first attempt is lost
        answer = await ask(client, "POST", "people.csv", content=lines(10))
        assert answer["data"]["importPeople"]["created"] == 10
        assert [attempt.prepared is None for attempt in attempts] == [False, True]
        assert attempts[0].sent_key == attempts[1].sent_key
        assert len(bound) == 2
