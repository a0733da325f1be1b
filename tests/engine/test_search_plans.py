"""How PostgreSQL searches 100,000 people by the index for it: it looks at the hits alone, and never reads the table."""

import asyncio
from collections.abc import Iterator

import pytest

from fieldstone.metadata.changes import CreateIndex
from tests.apis import WORKSPACE_ID, Apis, open_apis, workspace_template
from tests.databases import Databases
from tests.engine.large_people import fill_people
from tests.engine.plans import explain, last_step, read_buffers, scans

pytestmark = pytest.mark.long

TEXT = """query ($q: String!) { search(query: $q, objects: ["person"], first: 20) {
  edges { node { rank record { ... on Person { email } } } } pageInfo { hasNextPage } } }"""


@pytest.fixture(scope="module")
def large_dsn(databases: Databases) -> Iterator[str]:
    template = databases.template("searched people", _make, base=workspace_template(databases))
    with databases.clone(template) as dsn:
        yield dsn


def _make(dsn: str) -> None:
    async def index() -> None:
        async with open_apis(dsn) as apis:
            person = (await apis.snapshot()).by_singular["person"]
            ids = tuple(person.by_name[name].id for name in ("firstName", "lastName", "email"))
            change = CreateIndex(object_id=person.id, field_ids=ids, method="search")
            await apis.writer.change(WORKSPACE_ID, lambda _: [change], actor="test")

    asyncio.run(index())
    fill_people(dsn)


@pytest.mark.parametrize(
    ("query", "hits", "most"),
    [
        ("First 699", 20, 12_000),
        ("last 6699", 20, 12_000),
        ("c4ca4238a0b9", 1, 6_000),
        ("nobody here", 0, 6_000),
    ],
)
async def test_a_search_reads_the_index(large: Apis, large_dsn: str, query: str, hits: int, most: int) -> None:
    step, data = await last_step(large, TEXT, q=query)
    assert len(data["search"]["edges"]) == hits
    found = explain(large_dsn, step, "force_generic_plan")
    assert "Seq Scan" not in scans(found), found
    assert read_buffers(found) < most, (query, read_buffers(found))
