"""How PostgreSQL finds the duplicates of a record among 100,000 people: by the indexes of the criteria."""

from collections.abc import AsyncIterator, Iterator

import pytest

from fieldstone.metadata.changes import UpdateField
from tests.apis import WORKSPACE_ID, Apis, open_apis
from tests.databases import Databases
from tests.engine.large_people import large_template
from tests.engine.plans import explain, last_step, read_buffers

pytestmark = pytest.mark.long

FIND = "query ($ids: [UUID!], $data: [PersonInput!]) { personDuplicates(ids: $ids, data: $data) { totalCount } }"
PAGE = FIND.replace("totalCount", "edges { node { email } } pageInfo { hasNextPage }")


@pytest.fixture
def large_dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(large_template(databases)) as dsn:
        yield dsn


@pytest.fixture
async def large(large_dsn: str) -> AsyncIterator[tuple[Apis, str]]:
    async with open_apis(large_dsn) as apis:
        yield apis, large_dsn


async def test_duplicates_are_found_by_indexes(large: tuple[Apis, str]) -> None:
    apis, dsn = large
    people = await apis.data("{ people(first: 1, filter: { lastName: { is: NOT_NULL } }) { edges { node { id } } } }")
    ids = [people["people"]["edges"][0]["node"]["id"]]
    data = [{"firstName": "FIRST 1", "lastName": "Last 7919"}, {"email": "Nobody@x.example"}]
    for text in (FIND, PAGE):
        for given in ({"ids": ids}, {"data": data}):
            step, _ = await last_step(apis, text, **given)
            assert read_buffers(explain(dsn, step, "force_generic_plan")) < 1_500, (text, given)
    # No index is on the phone number: without one in the given record, it costs nothing but its price.
    phone = (await apis.snapshot()).by_singular["person"].by_name["phone"]
    await apis.writer.change(WORKSPACE_ID, lambda _: [UpdateField(field_id=phone.id, is_active=False)], actor="test")
    answer = await apis.send(PAGE, {"ids": ids}, tells_cost=True)
    assert b'"cost":65' in bytes(answer.body)
