"""The plans that a change of the model touches are made again in the background, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from fieldstone.engine.request.plan_renewal import MOST_OPERATIONS, PlanRenewal
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.changes import Change, CreateField, CreateRole, DeleteField, UpdateField
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.tasks import end_tasks
from tests.apis import PRINCIPAL, WORKSPACE_ID, Apis
from tests.waiting import until

BY_EMAIL = "query ($v: String) { people(filter: {email: {eq: $v}}) { edges { node { email } } } }"
COMPANIES = "{ companies { edges { node { name people { totalCount } } } } }"
ACTIVITIES = "{ activities { totalCount } }"


class Renewing:
    """The APIs with plans renewed in the background, one document for each turn that the test gives."""

    def __init__(self, apis: Apis) -> None:
        self.apis = apis
        self.turns = asyncio.Semaphore(0)
        self.waiting = 0
        self.renewal = PlanRenewal(apis.core.compiler, pause=self._pause)
        apis.current.swapped.connect(self.renewal.notice)

    async def _pause(self) -> None:
        self.waiting += 1
        await self.turns.acquire()
        self.waiting -= 1

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Hits, misses, drops and renewals."""
        counters = self.apis.core.compiler.plans.counters
        return counters.hits, counters.misses, counters.drops, counters.renewals

    async def change(self, *changes: Change) -> Snapshot:
        """Change the model, and wait until the first document's turn has come."""
        after = await self.apis.writer.change(WORKSPACE_ID, lambda _: changes, actor="test")
        await until(lambda: self.waiting == 1)
        return after

    async def renew(self, number: int) -> None:
        """Give turns until so many plans have been renewed in all."""
        while self.counts[3] < number:
            self.turns.release()
            await asyncio.sleep(0)


@pytest.fixture
async def renewing(apis: Apis) -> AsyncIterator[Renewing]:
    made = Renewing(apis)
    task = asyncio.create_task(made.renewal.run())
    yield made
    await end_tasks(task)


async def new_field(apis: Apis) -> CreateField:
    person = (await apis.snapshot()).by_singular["person"]
    return CreateField(object_id=person.id, name="nick", label="Nick", type=FieldType.TEXT)


async def changed_field(apis: Apis, description: str = "changed") -> UpdateField:
    email = (await apis.snapshot()).by_singular["person"].by_name["email"]
    return UpdateField(field_id=email.id, description=description)


async def test_what_is_touched_is_there_again(apis: Apis, renewing: Renewing) -> None:
    for text in (BY_EMAIL, COMPANIES, ACTIVITIES):
        await apis.data(text)
    await apis.data(BY_EMAIL, v="x")
    assert renewing.counts == (0, 4, 0, 0)
    await renewing.change(await changed_field(apis))
    await renewing.renew(3)
    assert renewing.counts == (0, 4, 3, 3)
    sent = len(apis.database.log)
    for text in (BY_EMAIL, COMPANIES, ACTIVITIES):
        assert await apis.data(text)
    await apis.data(BY_EMAIL, v="y")
    assert renewing.counts == (4, 4, 3, 3)
    assert len(apis.database.log) == sent + 4


async def test_a_plan_is_renewed_under_the_limits_of_its_role(apis: Apis, renewing: Renewing) -> None:
    role = CreateRole(name="clerk", label="Clerk", grants=[{"object": "person", "read": {}}], limits={"maxPage": 5})
    await apis.writer.change(WORKSPACE_ID, lambda _: (role,), actor="test")
    await apis.snapshot()
    request = GraphQLRequest(query=BY_EMAIL, operation_name=None, variables={"v": "x"})
    clerk = replace(PRINCIPAL, role="clerk")
    compiler = apis.core.compiler

    async def ask() -> None:
        assert b'"errors"' not in (await apis.core.execute(clerk, request, allow_mutation=False)).body

    await ask()
    field = await changed_field(apis)
    before = compiler.plans.counters.misses
    await renewing.change(field)
    await renewing.renew(1)
    await ask()
    assert compiler.plans.counters.misses == before


async def test_a_renewed_plan_asks_the_new_model(apis: Apis, renewing: Renewing) -> None:
    text = "{ people { edges { node { firstName } } } }"
    await apis.data('mutation { createPerson(data: {email: "x", firstName: "Ada"}) { id } }')
    await apis.data(text)
    added = await new_field(apis)
    await renewing.change(added)
    # The mutation alone: the model that the query reads is the same.
    await renewing.renew(1)
    assert renewing.counts == (0, 2, 1, 1)
    assert await apis.data(text) == {"people": {"edges": [{"node": {"firstName": "Ada"}}]}}
    assert await apis.data('mutation { createPerson(data: {email: "y", nick: "z"}) { nick } }') == {
        "createPerson": {"nick": "z"}
    }


async def test_what_is_valid_no_more_is_dropped(apis: Apis, renewing: Renewing) -> None:
    added = await new_field(apis)
    await apis.writer.change(WORKSPACE_ID, lambda _: [added], actor="test")
    text = "{ people { edges { node { nick } } } }"
    await apis.data(text)
    await renewing.change(DeleteField(field_id=added.id))
    renewing.turns.release()
    await until(lambda: len(apis.core.compiler.plans) == 0)
    assert renewing.counts[2:] == (1, 0)
    (error,) = (await apis.ask(text))["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_whoever_asks_first_does_it(apis: Apis, renewing: Renewing) -> None:
    await apis.data(COMPANIES)
    await renewing.change(await changed_field(apis))
    await apis.data(COMPANIES)
    assert renewing.counts == (0, 2, 1, 0)
    for _ in range(3):
        renewing.turns.release()
        await asyncio.sleep(0)
    await apis.data(COMPANIES)
    assert renewing.counts == (1, 2, 1, 0)


@pytest.mark.long
async def test_the_work_is_bounded_and_the_last_used_comes_first(apis: Apis, renewing: Renewing) -> None:
    texts = [f"{COMPANIES} # {number}" for number in range(MOST_OPERATIONS + 5)]
    for text in texts:
        await apis.data(text)
    await renewing.change(await changed_field(apis))
    await renewing.renew(MOST_OPERATIONS)
    for text in reversed(texts):
        await apis.data(text)
    misses = len(texts)
    assert renewing.counts == (MOST_OPERATIONS, misses + 5, misses, MOST_OPERATIONS)


async def test_a_newer_model_takes_over(apis: Apis, renewing: Renewing) -> None:
    for text in (COMPANIES, BY_EMAIL):
        await apis.data(text)
    await renewing.change(await changed_field(apis))
    later = await changed_field(apis, "again")
    newest = await apis.writer.change(WORKSPACE_ID, lambda _: [later], actor="test")
    await renewing.renew(2)
    assert renewing.counts == (0, 2, 2, 2)
    for text in (COMPANIES, BY_EMAIL):
        await apis.data(text)
    assert renewing.counts == (2, 2, 2, 2)
    assert newest is await apis.snapshot()


async def test_what_is_kept_of_a_workspace_goes_with_its_model(apis: Apis) -> None:
    await apis.data(COMPANIES)
    await apis.data("{ __schema { types { name } } }")
    schema = apis.core.compiler.schemas.get(await apis.snapshot())
    apis.current.forgotten.connect(apis.core.forget)
    apis.current.forget(WORKSPACE_ID)
    assert (len(apis.core.compiler.plans), apis.core.schema_answers.bytes) == (0, 0)
    assert apis.core.compiler.schemas.get(await apis.snapshot()) is not schema
