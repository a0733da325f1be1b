"""Writes on a node of Citus: each is a transaction block; the row of a single record is a statement of its own."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from fieldstone.metadata.changes import DeleteField
from fieldstone.metadata.field_types import FieldType
from fieldstone.sql.ddl.names import table_sql
from tests.apis import SCHEMA, WORKSPACE_ID, Apis, open_apis
from tests.databases import Databases
from tests.specimens import golden_template

GOLDEN = Path(__file__).parents[1] / "golden"
CREATE = "mutation C($data: PersonCreateInput!) { createPerson(data: $data) { id email createdAt } }"
WITH_COMPANY = "mutation C($data: PersonCreateInput!) { createPerson(data: $data) { email company { id } } }"


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


async def rows(apis: Apis, query: str) -> list[Any]:
    """The rows of a statement, committed."""
    async with apis.database.session() as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []


async def test_the_event_is_the_row_that_was_written(apis: Apis) -> None:
    made = await apis.data(CREATE, data={"email": "a@b.example", "firstName": "Ada"})
    assert [text.split(" ")[0] for text in apis.database.log.texts] == [
        "BEGIN",
        "DELETE",
        "INSERT",
        "WITH",
        "COMMIT",
    ]
    (event,) = await rows(apis, "SELECT record_id::text, action, after, actor FROM fieldstone.event_staging")
    (row,) = await rows(apis, f"SELECT to_jsonb(person.*) FROM {SCHEMA}.person")  # noqa: S608 - the test's own
    assert event == (made["createPerson"]["id"], "created", row[0], event[3])
    assert "tester" in event[3]


@pytest.mark.parametrize("is_computed", [True, False])
async def test_the_event_of_each_type_is_the_row(golden_dsn: str, is_computed: bool) -> None:
    """Created with a value of each type and defaults, where PostgreSQL computes a column and where it does not."""
    apart = equal = 0
    async with open_apis(golden_dsn) as apis:
        if not is_computed:
            words = [
                DeleteField(field_id=field.id)
                for object_ in (await apis.snapshot()).objects.values()
                for field in object_.fields
                if field.type is FieldType.TS_VECTOR
            ]
            await apis.writer.change(WORKSPACE_ID, lambda _: words, actor="test")
        objects = (await apis.snapshot()).objects
        for name in sorted(path.stem for path in GOLDEN.glob("type_*.graphql")):
            given = GOLDEN / f"{name}.variables.json"
            variables = json.loads(given.read_text()) if given.exists() else {}
            before = len(apis.database.log)
            await apis.send((GOLDEN / f"{name}.graphql").read_text(), variables)
            apart += any(text.startswith("INSERT") for text in apis.database.log.texts[before:])
            events = await rows(
                apis, "SELECT object_id, record_id, action, after FROM fieldstone.event_staging ORDER BY seq"
            )
            async with apis.database.session() as connection:
                for number, (object_id, record_id, action, after) in enumerate(events):
                    table, key = table_sql(objects[object_id].table), sql.Literal(record_id)
                    if action == "created" and record_id not in {later for _, later, *_ in events[number + 1 :]}:
                        row = sql.SQL("SELECT to_jsonb(t.*) FROM {} AS t WHERE id = {}").format(table, key)
                        assert await (await connection.execute(row)).fetchone() == (after,), name
                        equal += 1
                    await connection.execute(sql.SQL("DELETE FROM {} WHERE id = {}").format(table, key))
                await connection.execute("DELETE FROM fieldstone.event_staging")
    assert equal > 10
    assert (apart > 10) is not is_computed


async def test_the_answer_may_lie_beyond_the_row(apis: Apis) -> None:
    made = await apis.data(WITH_COMPANY, data={"email": "a@b.example"})
    assert made == {"createPerson": {"email": "a@b.example", "company": None}}
    assert await rows(apis, "SELECT count(*) FROM fieldstone.event_staging") == [(1,)]


async def test_neither_is_kept_without_the_other(apis: Apis) -> None:
    await rows(apis, "ALTER TABLE fieldstone.event_staging ADD CONSTRAINT none CHECK (false) NOT VALID")
    error = await apis.error(CREATE, data={"email": "a@b.example"})
    assert "do not fulfil the constraint 'none'" in error["message"]
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


async def test_a_bulk_write_is_one_statement_in_a_transaction_block(apis: Apis) -> None:
    await apis.data(CREATE, data={"email": "a@b.example"})
    before = len(apis.database.log)
    update = 'mutation { updatePeople(filter: { email: { eq: "a@b.example" } }, data: { city: "Paris" }) { city } }'
    assert await apis.data(update) == {"updatePeople": [{"city": "Paris"}]}
    assert [text.split()[0] for text in apis.database.log.texts[before:]] == ["BEGIN", "DELETE", "WITH", "COMMIT"]


CHANGES = {
    "updated": 'updatePerson(id: $id, data: { city: "Ulm" }) { city company { name } companies: company { id } }',
    "deleted": "deletePerson(id: $id) { id deletedAt }",
    "destroyed": "destroyPerson(id: $id) { id city }",
}


@pytest.mark.parametrize("action", CHANGES)
async def test_a_change_of_one_record_goes_whole_to_the_node(apis: Apis, action: str) -> None:
    await rows(apis, f"INSERT INTO {SCHEMA}.person (email, city) VALUES ('a@b.example', 'Bonn')")  # noqa: S608
    ((id_, old),) = await rows(apis, f"SELECT id, to_jsonb(person.*) FROM {SCHEMA}.person")  # noqa: S608
    answer = await apis.data(f"mutation ($id: UUID!) {{ {CHANGES[action]} }}", id=str(id_))
    new = [row for (row,) in await rows(apis, f"SELECT to_jsonb(person.*) FROM {SCHEMA}.person")]  # noqa: S608
    events = await rows(apis, "SELECT record_id, action, before, after, actor FROM fieldstone.event_staging")
    assert [event[:4] for event in events] == [(id_, action, old, new[0] if new else None)]
    assert "tester" in events[0][4]
    assert answer
    change = next(text for text in apis.database.log.texts if text.startswith("WITH"))
    count = len(set(re.findall(r"\$\d+", change)))
    async with apis.database.session() as connection:
        await connection.execute(f"PREPARE change AS {change}".encode(), prepare=False)
        plan = await connection.execute(f"EXPLAIN EXECUTE change({', '.join(['NULL'] * count)})".encode())
        lines = [line for (line,) in await plan.fetchall()]
        await connection.execute("DEALLOCATE change")
    assert sum("Task Count: 1" in line for line in lines) == 1
    assert not any("Distributed Subplan" in line for line in lines)


async def test_a_refused_change_leaves_no_event(apis: Apis) -> None:
    made = await apis.data(CREATE, data={"email": "a@b.example"})
    await rows(apis, "DELETE FROM fieldstone.event_staging")
    update = "mutation ($id: UUID!, $at: DateTime) { updatePerson(id: $id, data: {}, ifUpdatedAt: $at) { id } }"
    error = await apis.error(update, id=made["createPerson"]["id"], at="2020-01-01T00:00:00Z")
    assert error["extensions"]["code"] == "CONFLICT"
    error = await apis.error("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=str(WORKSPACE_ID))
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert await rows(apis, "SELECT count(*) FROM fieldstone.event_staging") == [(0,)]


async def test_of_updates_at_once_each_begins_where_another_ended(apis: Apis) -> None:
    made = await apis.data(CREATE, data={"email": "a@b.example"})
    update = "mutation ($id: UUID!, $city: String!) { updatePerson(id: $id, data: { city: $city }) { city } }"
    id_ = made["createPerson"]["id"]
    await asyncio.gather(*(apis.data(update, id=id_, city=str(number)) for number in range(100)))
    found = await rows(apis, "SELECT before ->> 'city', after ->> 'city' FROM fieldstone.event_staging ORDER BY seq")
    assert [before for before, _ in found[1:]] == [after for _, after in found[:-1]]


async def test_node_and_coordinator_commit_in_two_phases(apis: Apis) -> None:
    heard: list[str] = []
    async with apis.database.session() as connection:
        connection.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
        await connection.execute("SET LOCAL citus.log_remote_commands = on")
        await connection.execute("SET LOCAL client_min_messages = notice")
        await connection.execute("DELETE FROM fieldstone_citus.two_phases WHERE id = 0")
        await connection.execute("UPDATE workspace_default.person SET city = 'x'")
        await connection.commit()
    assert any("PREPARE TRANSACTION" in text for text in heard), heard
