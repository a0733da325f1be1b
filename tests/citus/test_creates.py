"""Creates on a node of Citus: the record and its event are two statements, and one transaction."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fieldstone.sql.errors import CheckViolation
from tests.apis import SCHEMA, Apis, open_apis, workspace_template
from tests.databases import Databases

CREATE = "mutation C($data: PersonCreateInput!) { createPerson(data: $data) { id email createdAt } }"
WITH_COMPANY = "mutation C($data: PersonCreateInput!) { createPerson(data: $data) { email company { id } } }"


@pytest.fixture
def workspace_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(workspace_template(databases))


@pytest.fixture
async def apis(workspace_dsn: str) -> AsyncIterator[Apis]:
    async with open_apis(workspace_dsn) as opened:
        yield opened


async def rows(apis: Apis, query: str) -> list[Any]:
    """The rows of a statement, committed."""
    async with apis.database.session() as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []


async def test_the_event_is_the_row_that_was_written(apis: Apis) -> None:
    made = await apis.data(CREATE, data={"email": "a@b.example", "firstName": "Ada"})
    assert [text.split(" ")[0] for text in apis.database.log.texts] == ["BEGIN", "INSERT", "INSERT", "SELECT", "COMMIT"]
    (event,) = await rows(apis, "SELECT record_id::text, action, after, actor FROM fieldstone.event_staging")
    (row,) = await rows(apis, f"SELECT to_jsonb(person.*) FROM {SCHEMA}.person")  # noqa: S608 - the test's own
    assert event == (made["createPerson"]["id"], "created", row[0], event[3])
    assert "tester" in event[3]


async def test_the_answer_may_lie_beyond_the_row(apis: Apis) -> None:
    made = await apis.data(WITH_COMPANY, data={"email": "a@b.example"})
    assert made == {"createPerson": {"email": "a@b.example", "company": None}}
    assert await rows(apis, "SELECT count(*) FROM fieldstone.event_staging") == [(1,)]


async def test_neither_is_kept_without_the_other(apis: Apis) -> None:
    await rows(apis, "ALTER TABLE fieldstone.event_staging ADD CONSTRAINT none CHECK (false) NOT VALID")
    with pytest.raises(CheckViolation):
        await apis.send(CREATE, {"data": {"email": "a@b.example"}})
    assert await rows(apis, f"SELECT count(*) FROM {SCHEMA}.person") == [(0,)]  # noqa: S608 - the test's own
    await rows(apis, "ALTER TABLE fieldstone.event_staging DROP CONSTRAINT none")
    await apis.data(CREATE, data={"email": "a@b.example"})
    error = await apis.error(CREATE, data={"email": "a@b.example"})
    assert error["extensions"]["field"] == "email"
    assert await rows(apis, "SELECT count(*) FROM fieldstone.event_staging") == [(1,)]


async def test_several_root_fields_are_one_transaction(apis: Apis) -> None:
    text = """mutation {
      one: createPerson(data: { email: "a@b.example" }) { id }
      two: createPerson(data: { email: "a@b.example" }) { id }
    }"""
    error = await apis.error(text)
    assert error["path"] == ["two"]
    assert await rows(apis, "SELECT count(*) FROM fieldstone.event_staging") == [(0,)]
