"""Writes that connect to a record while a merge has it deleted: the merge has moved all that points to it before."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.apis import SCHEMA, Apis, open_apis
from tests.waiting import until_found

WAITING = (
    "SELECT 1 FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock' HAVING count(*) = %s"
)
WRITES = {
    "a create": 'createPerson(data: { email: "b@x", companyId: $lost }) { id }',
    "a create of several": """createPeople(data: [{ email: "b@x", companyId: $kept }
        { email: "c@x", companyId: $lost }]) { id }""",
    "a nested create": 'createPerson(data: { company: { connect: $lost }, email: "b@x" }) { id }',
    "an update": "updatePerson(id: $mover, data: { companyId: $lost }) { id }",
    "an update of each": "updatePeople(updates: [{ id: $mover, data: { companyId: $lost } }]) { id }",
    "an upsert": 'upsertPerson(data: { email: "new@x", companyId: $lost }) { created }',
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a_write_finds_no_record_that_a_merge_has_deleted_meanwhile(
    apis: Apis, workspace_dsn: str, write: str
) -> None:
    kept, lost = [
        one["id"] for one in (await _data(apis, 'createCompanies(data: [{ name: "a" }, { name: "b" }]) { id }'))
    ]
    await _data(apis, 'createPerson(data: { email: "a@x", companyId: $lost }) { id }', lost=lost)
    mover = (await _data(apis, 'createPerson(data: { email: "mover@x" }) { id }'))["id"]
    merge = "mergeCompanies(ids: [$kept, $lost], conflictPriorityIndex: 0) { people { totalCount } }"
    async with (
        open_apis(workspace_dsn) as elsewhere,
        await psycopg.AsyncConnection.connect(workspace_dsn) as other,
        await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as watching,
    ):
        # The merge waits for this lock after it has locked both companies.
        await other.execute(f"SELECT 1 FROM {SCHEMA}.person WHERE email = 'a@x' FOR UPDATE".encode())  # noqa: S608
        merging = asyncio.ensure_future(_ask(apis, merge, kept=kept, lost=lost))
        await until_found(watching, WAITING, (1,))
        writing = asyncio.ensure_future(_ask(elsewhere, write, kept=kept, lost=lost, mover=mover))
        await until_found(watching, WAITING, (2,))
        await other.rollback()
        merged, written = await merging, await writing
    assert merged["data"] == {"mergeCompanies": {"people": {"totalCount": 1}}}
    (error,) = written["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND", error
    assert await _data(
        apis, "people(filter: { companyId: { eq: $lost } }) { totalCount }", is_read=True, lost=lost
    ) == {"totalCount": 0}


async def _ask(apis: Apis, text: str, *, is_read: bool = False, **ids: str) -> Any:
    named = ", ".join(f"${name}: UUID!" for name in ids if f"${name}" in text)
    return await apis.ask(f"{'query' if is_read else 'mutation'} {f'({named})' if named else ''} {{ {text} }}", **ids)


async def _data(apis: Apis, text: str, *, is_read: bool = False, **ids: str) -> Any:
    (answer,) = (await _ask(apis, text, is_read=is_read, **ids))["data"].values()
    return answer
