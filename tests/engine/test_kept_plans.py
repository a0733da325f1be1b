"""PostgreSQL keeps the plan of a statement whose parameters are ids: it does not plan it for each execution."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import create

NESTED = "mutation ($d: CompanyInput!) { createCompany(data: $d) { id people { edges { node { id } } } } }"
UPSERT = """mutation ($d: PersonInput!) { upsertPerson(data: $d, onConflict: { fields: [email] }) {
  created record { id opportunities { totalCount } } } }"""
DUPLICATES = "query ($ids: [UUID!]) { personDuplicates(ids: $ids) { totalCount edges { node { email } } } }"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (NESTED, {"d": {"name": "Acme", "people": {"create": [{"email": "a@x"}, {"email": "b@x"}]}}}),
        (UPSERT, {"d": {"email": "q@x", "city": "Bonn"}}),
        (DUPLICATES, {"ids": "PERSON"}),
        (
            "mutation ($id: UUID!) { updatePerson(id: $id, data: {}) { opportunities { totalCount } } }",
            {"id": "PERSON"},
        ),
    ],
    ids=["nested", "upsert", "duplicates", "update"],
)
async def test_the_plan_is_kept(apis: Apis, text: str, variables: dict[str, Any]) -> None:
    person = await create(apis, "person", email="p@x")
    given = {name: person if value == "PERSON" else value for name, value in variables.items()}
    apis.database.log.steps.clear()
    await apis.data(text, **given)
    statement, parameters = apis.database.log.steps[-1]
    values = ",".join(["NULL" if one is None else f"'{one.decode()}'" for one in parameters])
    async with apis.database.session() as connection:
        await connection.execute("PREPARE kept AS " + statement.text)
        for _ in range(8):
            # It is planned and not executed: the ids of a create are among its parameters.
            await connection.execute(f"EXPLAIN EXECUTE kept({values})")
        cursor = await connection.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'kept'"
        )
        assert await cursor.fetchone() == (3, 5)
        await connection.execute("DEALLOCATE kept")
