"""A plan that differs where an index exists is made again when the index has been built, and when it goes."""

import psycopg

from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.changes import Change, CreateIndex, DeleteIndex
from fieldstone.metadata.online_ddl.builder import Builder
from tests.apis import WORKSPACE_ID, Apis, open_apis

BY_PATTERN = """query ($v: String) { people(filter: {city: {contains: $v}}, orderBy: {createdAt: ASC}) {
    edges { node { city } } } }"""
COMPANIES = "query ($v: String) { companies(filter: {name: {contains: $v}}, orderBy: {createdAt: ASC}) { totalCount } }"


async def ask(apis: Apis, text: str = BY_PATTERN) -> tuple[str, int]:
    """The statement that an operation is, and how many plans have been made by now."""
    await apis.data(text, v="x")
    return apis.database.log.steps[-1][0].text, apis.core.compiler.plans.counters.misses


async def change(apis: Apis, change: Change) -> None:
    await apis.writer.change(WORKSPACE_ID, lambda _: [change], actor="test")


async def test_an_index_counts_from_when_it_is_ready(workspace_dsn: str) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO workspace_default.person (email) VALUES ('a')")
    async with open_apis(workspace_dsn, big_table=0) as apis, open_apis(workspace_dsn) as other:
        plain, made = await ask(apis)
        assert (await ask(other), await ask(apis)) == ((plain, made), (plain, made))
        _, made = await ask(apis, COMPANIES)
        person = (await apis.snapshot()).by_singular["person"]
        index = CreateIndex(object_id=person.id, field_ids=(person.by_name["city"].id,), method="trigram")
        await change(apis, index)
        assert await ask(apis) == (plain, made + 1)

        trigram = (await Catalog.migrate(apis.database)).trigram
        assert await Builder(apis.database, apis.writer, trigram=trigram).build_all() == 1
        sampled, count = await ask(apis)
        assert (sampled == plain, count) == (False, made + 2)
        assert await ask(apis) == (sampled, made + 2)
        # Another process loads the index with the model's version, and makes the same of it.
        await other.current.refresh(WORKSPACE_ID)
        assert await ask(other) == (sampled, 2)
        assert await other.snapshot() == await apis.snapshot()

        await change(apis, DeleteIndex(index_id=index.id))
        assert await ask(apis) == (plain, made + 3)
        # The indexes of another object do not matter.
        assert (await ask(apis, COMPANIES))[1] == made + 3
