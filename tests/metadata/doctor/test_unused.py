"""metadata/doctor/unused.py: indexes without a use are named if PostgreSQL has counted long enough, and no others."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from fieldstone.metadata.changes import CreateIndex, DeleteIndex
from fieldstone.metadata.doctor import unused
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.doctor.unused import LONG, UnusedIndex, find_unused
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.apis import open_apis
from tests.metadata.desk import Desk, desk_at, new_field, new_object
from tests.waiting import until_true

WRITES = 500
OF_PEOPLE = {
    "person_email_fold": "person.email",
    "person_jobTitle_fold": "person.jobTitle",
    "person_email_sort": "person.email",
    "person_firstName_sort": "person.firstName",
    "person_lastName_sort": "person.lastName",
}
_PEOPLE = (
    'INSERT INTO workspace_default.person ("firstName", "lastName", email, "jobTitle")'
    " SELECT 'f' || n, 'l' || n, 'e' || n, 'j' || n FROM generate_series(1, %s) AS n"
)
_COUNTED = "SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'person'"


@pytest.fixture(autouse=True)
def _is_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for which PostgreSQL has counted is enough, however short."""
    monkeypatch.setattr(unused, "LONG", timedelta(0))
    monkeypatch.setattr(unused, "MANY_WRITES", WRITES)


async def write(dsn: str, statement: str, total: int) -> None:
    """Run a statement once with WRITES, and wait until PostgreSQL has counted all writes."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), [WRITES] if "%s" in statement else None)

        async def are_counted() -> bool:
            return connection.execute(_COUNTED.encode()).fetchone() == (total,)

        connection.execute("SELECT pg_stat_force_next_flush()")
        await until_true(are_counted)


async def find(desk: Desk, snapshot: Snapshot | None = None) -> list[UnusedIndex]:
    async with desk.database.session() as connection:
        return await find_unused(connection, snapshot or await desk.default())


async def names(desk: Desk) -> set[str]:
    return {one.index.name for one in await find(desk)}


async def test_those_of_the_standard_people_are_named(desk: Desk, model_dsn: str) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    found = await find(desk)
    assert {one.index.name: ", ".join(one.fields) for one in found} == OF_PEOPLE
    assert {one.writes for one in found} == {WRITES}
    sizes = [one.size for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 0


async def test_each_can_be_given_up_and_taken_back(desk: Desk, model_dsn: str) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    gone = [one.index for one in await find(desk)]
    await desk.change(lambda _: [DeleteIndex(index_id=index.id) for index in gone])
    assert await find(desk) == []
    again = [CreateIndex(object_id=index.object_id, field_ids=index.field_ids, method=index.method) for index in gone]
    snapshot = await desk.change(lambda _: again)
    async with desk.database.session() as connection:
        assert await find_drift(connection, snapshot, trigram=desk.catalog.trigram) == []
    assert await names(desk) == set(OF_PEOPLE)


async def test_an_index_that_a_statement_has_used_is_not_named(workspace_dsn: str) -> None:
    await write(workspace_dsn, _PEOPLE, WRITES)
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("ANALYZE workspace_default.person")
    # PostgreSQL counts the statements of a connection when it ends, or some seconds behind them.
    async with open_apis(workspace_dsn) as apis:
        await apis.data("{ people(first: 1, orderBy: [{ lastName: AscNullsLast }]) { edges { node { id } } } }")
        await apis.data('{ people(first: 9, filter: { jobTitle: { like: "%j499%" } }) { edges { node { id } } } }')
    left = OF_PEOPLE.keys() - {"person_lastName_sort", "person_jobTitle_fold"}
    async with desk_at(workspace_dsn) as desk:

        async def are_counted() -> bool:
            return await names(desk) == left

        await until_true(are_counted)


async def test_neither_keys_nor_unique_indexes_are_named(desk: Desk, model_dsn: str) -> None:
    ticket = new_object("ticket", "tickets")
    place = new_field(ticket.id, "place")
    home = new_field(ticket.id, "home", FieldType.EMAILS)
    owner = new_field(ticket.id, "owner", FieldType.FULL_NAME)
    fields = (ticket.name_field_id, place.id)
    unique = CreateIndex(object_id=ticket.id, field_ids=fields, is_unique=True)
    live = CreateIndex(object_id=ticket.id, field_ids=fields, is_partial=True)
    sub = CreateIndex(object_id=ticket.id, field_ids=(home.id,), sub_field="primaryEmail", method="trigram")
    await desk.change(lambda _: [ticket, place, home, owner, unique, live, sub])
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.ticket (name, place) SELECT n, n FROM generate_series(1, 500) AS n"
        )
        connection.execute("SELECT pg_stat_force_next_flush()")
        wanted = {
            (("ticket.name", "ticket.place"), None),
            (("ticket.home.primaryEmail",), None),
            (("ticket.home.primaryEmail",), home.id),
            (("ticket.name",), ticket.name_field_id),
            (("ticket.owner.firstName",), owner.id),
            (("ticket.owner.lastName",), owner.id),
        }

        async def are_counted() -> bool:
            found = await find(desk)
            assert unique.id not in {one.index.id for one in found}
            return {(one.fields, one.label_of) for one in found} == wanted

        await until_true(are_counted)
        # Both labels of the owner would go together, and one of them is in use.
        connection.execute("SET enable_seqscan = off; SET enable_sort = off")
        name = 'workspace_default."ticket_ownerFirstName_sort"'
        (key,) = connection.execute("SELECT pg_get_indexdef(%s::regclass, 1, false)", [name]).fetchone() or ("",)
        ordered = 'SELECT id FROM workspace_default.ticket ORDER BY {} COLLATE "C", id LIMIT 1'
        connection.execute(sql.SQL(ordered).format(sql.SQL(key)))
    wanted -= {(("ticket.owner.firstName",), owner.id), (("ticket.owner.lastName",), owner.id)}
    await until_true(are_counted)


async def test_few_writes_are_no_reason(desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    monkeypatch.setattr(unused, "MANY_WRITES", WRITES + 1)
    assert await find(desk) == []
    await write(model_dsn, "UPDATE workspace_default.person SET phone = 'p' WHERE email = 'e7'", WRITES + 1)
    # PostgreSQL had no free room beside the row: the update has written all indexes.
    assert await names(desk) == set(OF_PEOPLE)


async def test_nothing_is_said_before_postgresql_has_counted_for_long(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    monkeypatch.setattr(unused, "LONG", LONG)
    assert await find(desk) == []


async def test_a_younger_index_and_a_reset_begin_the_time_again(desk: Desk, model_dsn: str) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    before = {one.index.name: one.since for one in await find(desk)}
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.index SET updated_at = now() WHERE name = 'person_email_fold'")
        later = {one.index.name: one.since for one in await find(desk)}
        assert [name for name in later if later[name] > before[name]] == ["person_email_fold"]
        connection.execute("SELECT pg_stat_reset()")
    assert await find(desk) == []
    await write(model_dsn, _PEOPLE.replace("'e'", "'again'"), WRITES)
    reset = {one.index.name: one.since for one in await find(desk)}
    assert reset.keys() == OF_PEOPLE.keys()
    assert min(reset.values()) > max(later.values())


async def test_the_nodes_of_a_distributed_workspace_count_the_uses(desk: Desk, model_dsn: str) -> None:
    await write(model_dsn, _PEOPLE, WRITES)
    snapshot = await desk.default()
    assert await find(desk, replace(snapshot, workspace=replace(snapshot.workspace, is_distributed=True))) == []
