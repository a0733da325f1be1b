"""Routes: a request that comes again finds its operation without a look at the plans, and keeps it from going."""

import pytest

from fieldstone.engine.request.plan_cache import ROLES_EACH
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.changes import UpdateField
from tests.apis import PRINCIPAL, WORKSPACE_ID, Apis

pytestmark = pytest.mark.long

PEOPLE = "query ($v: String) { people(filter: {email: {eq: $v}}) { edges { node { email } } } }"
NEVER = "00000000-0000-0000-0000-000000000000"


def request_of(text: str) -> GraphQLRequest:
    return GraphQLRequest(text, None, {"v": "a"})


def find(apis: Apis, request: GraphQLRequest, **variables: object) -> Ready:
    ready = apis.core.ready.find(PRINCIPAL, request, variables)
    assert ready is not None
    return ready


async def test_only_a_request_that_comes_again_keeps_its_route(apis: Apis) -> None:
    counters = apis.core.compiler.plans.counters
    await apis.data(PEOPLE, v="a")
    once, again = request_of(PEOPLE), request_of(PEOPLE).apart()
    assert find(apis, once, v="a").route is not find(apis, once, v="b").route
    first, second = find(apis, again, v="a"), find(apis, again, v="b")
    assert (first.route, first.run) == (second.route, second.run)
    assert (first.parameters, second.parameters) == ([b"a"], [b"b"])
    assert second.request.variables == {"v": "b"}
    # Each of them is a hit; another shape has another plan, which is not made here.
    assert (counters.misses, counters.hits) == (1, 4)
    assert apis.core.ready.find(PRINCIPAL, again, {"v": None}) is None
    await apis.data(PEOPLE, v=None)
    assert find(apis, again, v=None).run is not first.run
    assert find(apis, again, v="c").run is first.run


async def test_a_change_of_the_model_ends_a_route(apis: Apis) -> None:
    await apis.data(PEOPLE, v="a")
    again = request_of(PEOPLE).apart()
    before = find(apis, again, v="a")
    email = (await apis.snapshot()).by_singular["person"].by_name["email"]
    await apis.writer.change(
        WORKSPACE_ID, lambda _: [UpdateField(field_id=email.id, description="changed")], actor="test"
    )
    assert apis.core.ready.find(PRINCIPAL, again, {"v": "a"}) is None
    await apis.data(PEOPLE, v="a")
    after = find(apis, again, v="a")
    assert after.route.seen.view is await apis.snapshot()
    assert before.route.seen.view is not after.route.seen.view


async def test_an_operation_with_a_route_counts_as_used(apis: Apis) -> None:
    plans = apis.core.compiler.plans
    await apis.data(PEOPLE, v="a")
    again = request_of(PEOPLE).apart()
    route = find(apis, again, v="a").route
    limit = apis.core.compiler.limits.cached_documents
    for number in range(limit):
        for _ in range(2):
            await apis.data(f'{{ person(id: "{NEVER}") {{ a{number}: id }} }}')
    # It is the oldest one, and others have gone in its place.
    assert len(plans) == limit <= ROLES_EACH * limit
    assert find(apis, again, v="a").route.operation is route.operation
    plans.forget(WORKSPACE_ID)
    assert apis.core.ready.find(PRINCIPAL, again, {"v": "a"}) is None
