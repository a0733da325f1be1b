"""Renewed subscriptions: a change of the model ends those alone that it makes invalid, however busy the server is."""

import asyncio
import threading

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.engine.work_thread import MOST_WAITING
from fieldstone.sql.concurrency.deadlines import under_deadline
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.conftest import StartApp
from tests.engine.events.desk import Desk, Listener
from tests.engine.events.subscriptions.listening import CREATED, emails
from tests.waiting import until

pytestmark = pytest.mark.long

FRAGMENTS = 300
"""Documents that the work thread compiles, for longer than an operation of a client may wait."""
CREATE_FIELD = """
mutation ($id: UUID!) {
  createField(input: { objectMetadataId: $id, name: "nick", label: "Nick", type: TEXT }) { id }
}"""


async def _subscribe(services: Services, number: int) -> Listener:
    text = f"subscription {{ personCreated {{ ...P }} }} fragment P on Person {{ a{number}: id company {{ id name }} }}"
    listener = Listener()
    asked = GraphQLRequest(query=text, operation_name=None, variables={})
    listener.member = await services.events.hub.subscribe(await services.core.subscribe(PRINCIPAL, asked), listener)
    return listener


async def _create_field(services: Services) -> None:
    person = (await services.core.source.get(WORKSPACE_ID)).named("person")
    assert person is not None
    request = GraphQLRequest(query=CREATE_FIELD, operation_name=None, variables={"id": str(person.id)})
    answer = await services.metadata.execute(PRINCIPAL, request, allow_mutation=True)
    assert b'"errors"' not in answer.body, answer.body


@pytest.mark.long
async def test_many_renewals_end_no_subscription_and_crowd_out_no_client(start_app: StartApp) -> None:
    """They would wait for the work thread for longer than an operation of a client may."""
    async with start_app(max_queue_ms=400) as running:
        services = running.services
        listeners = [await _subscribe(services, number) for number in range(FRAGMENTS)]
        await _create_field(services)
        hub = services.events.hub
        assert any(group.is_retired for group in hub.registry)
        asked = GraphQLRequest(
            query="{ people { totalCount ...P } } fragment P on PersonConnection { __typename }",
            operation_name=None,
            variables={},
        )
        answer = await services.core.execute(PRINCIPAL, asked, allow_mutation=False)
        assert b'"errors"' not in answer.body, answer.body
        await until(lambda: not any(group.is_retired for group in hub.registry))
        assert [one.errors for one in listeners if one.errors is not None] == []
        assert hub.members == FRAGMENTS


async def test_a_subscription_outlives_a_change_while_the_work_thread_takes_nothing(start_app: StartApp) -> None:
    async with start_app() as running:
        services, work = running.services, running.services.foundation.work
        listener = await _subscribe(services, 1)
        gate = threading.Event()
        waiting = [asyncio.create_task(work.run(WORKSPACE_ID, gate.wait)) for _ in range(MOST_WAITING + 1)]
        try:
            refused = work.counters.refused
            await _create_field(services)
            await until(lambda: work.counters.refused > refused)
        finally:
            gate.set()
            await asyncio.gather(*waiting)
        await running.create("a@example.com")
        await listener.until(1)
        assert listener.errors is None


async def test_the_deadline_of_the_request_that_changes_the_model_is_not_that_of_subscriptions(desk: Desk) -> None:
    listener = await desk.subscribe(CREATED, listener=Listener(size=1))
    for number in range(3):
        await desk.person(f"{number}@example.com")
    await listener.until(1)
    with under_deadline(0):
        desk.events.hub.renew(WORKSPACE_ID)
        await asyncio.sleep(0.1)
    listener.size = 3
    desk.events.hub.notice_room()
    await listener.until(3)
    assert emails(listener) == [f"{number}@example.com" for number in range(3)]
