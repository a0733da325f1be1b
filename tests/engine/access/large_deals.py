"""100,000 opportunities with owners, and 20,000 rows of the teams of 10,000 companies, for tests of rules' plans."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes import Change, CreateField, CreateIndex, CreateObject, NewRelation
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.apis import WORKSPACE_ID, open_apis, pin_ids, workspace_template
from tests.databases import Databases
from tests.engine.many_rows import insert_many

MINE: Any = {
    "or": [
        {"ownerId": {"eq": "$principal.userId"}},
        {"company": {"accountTeam": {"some": {"userId": {"eq": "$principal.userId"}}}}},
    ]
}
"""The rule: the opportunities of one's own, and those of the companies whose team one is in."""

# The person 1 owns half of the opportunities, 2 is in the teams of half of the companies, 3 has 250 opportunities and
# two teams, 4 has nothing.
_ROWS = """
INSERT INTO {schema}.company (id, "createdBySource", "createdByName", position, name)
SELECT md5('company ' || n)::uuid, 'IMPORT', 'test', n, 'Company ' || n FROM generate_series(1, 10000) AS n;
INSERT INTO {schema}.person (id, "createdBySource", "createdByName", position, email)
SELECT md5('person ' || n)::uuid, 'IMPORT', 'test', n, n || '@example.com' FROM generate_series(1, 1000) AS n;
INSERT INTO {schema}.opportunity (id, "createdAt", "createdBySource", "createdByName", position, name, amount, stage,
    "companyId", "ownerId")
SELECT md5('opportunity ' || n)::uuid, '2024-01-01Z'::timestamptz + n * 7919 % 100000 * interval '1 minute', 'IMPORT',
    'test', n, 'Deal ' || n, n % 990, (ARRAY['NEW','MEETING','CUSTOMER'])[1 + n % 3],
    md5('company ' || 1 + n % 10000)::uuid,
    md5('person ' || CASE WHEN n % 2 = 0 THEN 1 WHEN n % 400 = 1 THEN 3 ELSE 5 + n % 990 END)::uuid
FROM generate_series(1, 100000) AS n;
INSERT INTO {schema}."teamMember" (id, "createdBySource", "createdByName", position, "companyId", "userId")
SELECT md5('member ' || n)::uuid, 'IMPORT', 'test', n,
    md5('company ' || CASE WHEN n <= 5000 THEN n WHEN n <= 5002 THEN n + 4000 ELSE 1 + n * 7919 % 10000 END)::uuid,
    md5('person ' || CASE WHEN n <= 5000 THEN 2 WHEN n <= 5002 THEN 3 ELSE 5 + n % 990 END)::uuid
FROM generate_series(1, 20000) AS n
"""

OWNING, TEAMED, FEW, NOBODY = 1, 2, 3, 4
"""The numbers of the persons."""


def deals_template(databases: Databases) -> str:
    """The template of the workspace with these records."""
    return databases.template("deals", lambda dsn: asyncio.run(_fill(dsn)), base=workspace_template(databases))


def _changes(snapshot: Snapshot) -> Iterator[Change]:
    opportunity, company, person = (snapshot.by_singular[name].id for name in ("opportunity", "company", "person"))
    team = CreateObject(
        name_singular="teamMember", name_plural="teamMembers", label_singular="Member", label_plural="Members"
    )
    yield team
    yield _relation(opportunity, "owner", person, "deals")
    yield _relation(team.id, "company", company, "accountTeam")
    yield _relation(team.id, "user", person, "memberships")
    yield CreateIndex(object_id=opportunity, field_ids=(snapshot.by_singular["opportunity"].by_name["createdAt"].id,))


def _relation(source: UUID, name: str, target: UUID, inverse: str) -> CreateField:
    end = NewRelation(target_object_id=target, target_field_label=inverse, target_field_name=inverse)
    return CreateField(object_id=source, name=name, label=name, type=FieldType.RELATION, relation=end)


async def _fill(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        snapshot = await apis.snapshot()
        known = [*snapshot.objects, *(field.id for one in snapshot.objects.values() for field in one.fields)]
        changes = pin_ids(_changes(snapshot), salt="deals", known=known)
        await apis.writer.change(WORKSPACE_ID, lambda _: changes, actor="test")
    insert_many(dsn, _ROWS)
