"""Pages by texts, filters on them and searches are right before and after an older workspace gets its indexes."""

from typing import Any

import pytest

from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.changes.kinds.renew_texts import RenewWords
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.model import Status
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.sql.ddl import text_search
from tests.apis import SCHEMA, WORKSPACE_ID, Apis, open_apis
from tests.engine.records import create
from tests.older_texts import make_older

pytestmark = pytest.mark.long

NAMES = ["Zo\u00eb", "adam", "Ödön", "Adam", "zeta", "Oz"]
ASK = """query ($city: StringFilter) {
  people(orderBy: { city: ASC }) { edges { node { city } } }
  found: people(filter: { email: { startsWith: "ZOE" } }) { edges { node { city } } }
  same: people(filter: { city: { eq: "Adam" } }) { totalCount }
  contained: people(filter: { email: { contains: "ADA" }, city: $city }) { totalCount } }"""
RIGHT = {
    "people": ["Adam", "adam", "Ödön", "Oz", "zeta", "Zo\u00eb"], "found": ["Zo\u00eb"], "same": 1, "contained": 2
}  # fmt: skip


async def asked(apis: Apis) -> dict[str, Any]:
    data = await apis.data(ASK)
    return {
        key: value["totalCount"] if "totalCount" in value else [edge["node"]["city"] for edge in value["edges"]]
        for key, value in data.items()
    }


async def found(apis: Apis, query: str) -> list[str]:
    """The people that a search finds."""
    text = 'query ($q: String!) { search(query: $q, objects: ["person"]) { edges { node { record { ... on Person'
    data = await apis.data(f"{text} {{ email }} }} }} }} }} }}", q=query)
    return [edge["node"]["record"]["email"] for edge in data["search"]["edges"]]


async def definition(apis: Apis, name: str) -> str:
    async with apis.database.session() as connection:
        row = await (await connection.execute("SELECT pg_get_indexdef(%s::regclass)", [name])).fetchone()
    assert row is not None
    return str(row[0])


async def test_pages_are_right_all_the_time(workspace_dsn: str) -> None:
    make_older(workspace_dsn)
    async with open_apis(workspace_dsn, big_table=0) as apis:
        create = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
        await apis.data(create, data=[{"email": f"{name}@{n}.example", "city": name} for n, name in enumerate(NAMES)])
        trigram = (await Catalog.migrate(apis.database)).trigram
        builder = Builder(apis.database, apis.writer, trigram=trigram)
        texts = set()
        for settled in (0, 8, 0):
            assert await asked(apis) == RIGHT
            texts.add(apis.database.log.texts[-1])
            assert await builder.build_all() == settled
        assert await asked(apis) == RIGHT
        # The last plan is made with the new indexes.
        assert len(texts) == 2


async def test_the_indexes_of_searches_are_built_again_of_the_present_words(
    apis: Apis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A builder of an older version builds them of its own words, whenever it finds one that waits."""
    person = (await apis.snapshot()).by_singular["person"]
    made = await apis.change(
        "mutation ($of: UUID!, $fields: [UUID!]!) { createIndex("
        'input: { objectMetadataId: $of, fieldMetadataIds: $fields, method: "search" }) { name } }',
        of=str(person.id),
        fields=[str(person.by_name["firstName"].id)],
    )
    name = f'{SCHEMA}."{made["createIndex"]["name"]}"'
    await create(apis, "person", email="ada@b.example", firstName="\u201cAda\u201d")
    trigram = (await Catalog.migrate(apis.database)).trigram
    builder = Builder(apis.database, apis.writer, trigram=trigram)
    assert await builder.build_all() == 0
    for _ in range(2):
        (index,) = [one for one in (await apis.snapshot()).indexes.values() if one.method == "search"]
        await apis.writer.change(WORKSPACE_ID, lambda _: [RenewWords(index_id=index.id)], actor="test")  # noqa: B023
        # While the index is BUILDING, the same fields are searched.
        assert [await found(apis, query) for query in ("ada", "example")] == [["ada@b.example"], []]
        with monkeypatch.context() as older:
            older.setattr(text_search, "WORDS", "fieldstone.search_words_1")
            assert await Builder(apis.database, apis.writer, trigram=trigram).build_all() == 1
        assert "search_words_1" in await definition(apis, name)
        assert await builder.build_all() == 1
        assert "search_words_2" in await definition(apis, name)
        snapshot = await apis.snapshot()
        assert [one.status for one in snapshot.indexes.values() if one.method == "search"] == [Status.READY]
        async with apis.database.session() as connection:
            assert await find_drift(connection, snapshot, trigram=trigram) == []
        assert await builder.build_all() == 0
