"""Pages by texts and filters on them are right before, while and after an older workspace gets its indexes."""

from typing import Any

from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.online_ddl.builder import Builder
from tests.apis import Apis, open_apis
from tests.older_texts import make_older

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
