"""100,000 opportunities and as many activities of the 100,000 people, some of which have many, for tests of plans."""

import asyncio

from fieldstone.metadata.changes import CreateIndex
from tests.apis import WORKSPACE_ID, open_apis
from tests.databases import Databases
from tests.engine.large_people import large_template
from tests.engine.many_rows import insert_many

# Of the people whose number is n, those with a small n have most. An amount of 5,000 is had once in a thousand times.
_OPPORTUNITIES = """
INSERT INTO {schema}.opportunity (id, "deletedAt", "createdBySource", "createdByName", position, name, amount, stage,
    "personId", "companyId")
SELECT md5('opportunity ' || n)::uuid, CASE WHEN n % 50 = 0 THEN now() END, 'IMPORT', 'test', n, 'Deal ' || n,
    CASE WHEN n % 1000 = 7 THEN 5000 WHEN n % 10 > 0 THEN n % 990 END, (ARRAY['NEW','MEETING','CUSTOMER'])[1 + n % 3],
    md5('person ' || 1 + floor(99999 * power((n::bigint * 7919 % 100000) / 100000.0, 1.5)))::uuid,
    md5('company ' || 1 + n % 1000)::uuid
FROM generate_series(1, 100000) AS n;
INSERT INTO {schema}.activity (id, "createdBySource", "createdByName", position, title, type, "dueAt", "personId")
SELECT md5('activity ' || n)::uuid, 'IMPORT', 'test', n, 'Call ' || n, 'CALL', '2024-01-01Z'::timestamptz
    + n * interval '1 minute', md5('person ' || 1 + n::bigint * 104729 % 100000)::uuid
FROM generate_series(1, 100000) AS n
"""


def opportunities_template(databases: Databases) -> str:
    """The template of the workspace with these records and indexes on the fields that filters name."""
    return databases.template("many opportunities", lambda dsn: asyncio.run(_fill(dsn)), base=large_template(databases))


async def _fill(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        snapshot = await apis.snapshot()
        indexes = [
            CreateIndex(object_id=object_.id, field_ids=(object_.by_name[field].id,))
            for name, field in (("opportunity", "amount"), ("activity", "dueAt"))
            for object_ in (snapshot.by_singular[name],)
        ]
        await apis.writer.change(WORKSPACE_ID, lambda _: indexes, actor="test")
    insert_many(dsn, _OPPORTUNITIES)
