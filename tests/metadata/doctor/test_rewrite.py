"""metadata/doctor/rewrite.py: a table with hundreds of dropped columns rewritten, under everything that uses it."""

import re
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import Change, CreateField, CreateIndex, DeleteField, NewRelation
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.doctor.rewrite import find_room, locked_tables, rewrite_table
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.apis import Apis, open_apis, workspace_template
from tests.databases import Databases
from tests.metadata.desk import new_field, new_relation, person, whole_state

DROPPED = 300


def build(base: Snapshot) -> Iterable[Change]:
    """A field that is computed, relations of every kind, an index, and one that goes."""
    object_ = person(base)
    yield new_relation(object_, "boss", object_, "Reports")
    targets = (object_, base.by_singular["company"])
    owner = tuple(NewRelation(target_object_id=one.id, target_field_label="Owned people") for one in targets)
    yield new_field(object_, "owner", FieldType.MORPH_RELATION, morph=owner)
    yield new_field(object_, "words", FieldType.TS_VECTOR, settings={"fields": ["firstName", "city"]})
    yield new_field(object_, "budget", FieldType.CURRENCY, default={"amountMicros": 5})
    yield CreateIndex(object_id=object_.id, field_ids=(object_.by_name["city"].id, object_.by_name["phone"].id))
    gone = new_field(object_, "gone")
    yield gone
    yield DeleteField(field_id=gone.id)


@pytest.fixture
def used_dsn(databases: Databases, clone_database: Any) -> str:
    """A workspace whose table of people has lost hundreds of columns."""

    def fill(dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            names = [f"old{number}" for number in range(DROPPED)]
            for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
                steps = ", ".join(action.format(name) for name in names)
                connection.execute(f"ALTER TABLE workspace_default.person {steps}".encode())
            connection.execute("CREATE ROLE reader" if not _has_reader(connection) else "SELECT")
            connection.execute("GRANT SELECT ON workspace_default.person TO reader")
            connection.execute("CREATE INDEX by_hand ON workspace_default.person (lower(city))")

    return str(clone_database(databases.template("used table", fill, base=workspace_template(databases))))


def _has_reader(connection: psycopg.Connection[Any]) -> bool:
    return connection.execute("SELECT FROM pg_roles WHERE rolname = 'reader'").fetchone() is not None


def named(state: list[list[Any]]) -> set[Any]:
    """Constraints, indexes and schemas; before version 18 PostgreSQL makes up the names of its NOT NULLs itself."""
    return {row for part in state[-3:] for row in part if not re.search(r"\d+_\d+_\d+_not_null", str(row))}


SETTINGS = """
    ALTER TABLE workspace_default.person SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
    ALTER TABLE workspace_default.person SET (toast.autovacuum_enabled = false);
    ALTER TABLE workspace_default.person ALTER city SET STORAGE EXTERNAL, ALTER city SET STATISTICS 500,
        ALTER city SET (n_distinct = -0.5), ALTER city SET COMPRESSION pglz;
    ALTER TABLE workspace_default.person REPLICA IDENTITY USING INDEX person_pkey;
    CREATE STATISTICS workspace_default.by_hand_too (dependencies) ON city, phone FROM workspace_default.person;
    COMMENT ON TABLE workspace_default.person IS 'who''s who';
    COMMENT ON COLUMN workspace_default.person.city IS 'the "town"';
    GRANT UPDATE (city) ON workspace_default.person TO reader
"""

READ_SETTINGS = """
    SELECT c.reloptions, t.reloptions, c.relreplident, obj_description(c.oid, 'pg_class'),
        array_agg(row(a.attname, a.attstorage, a.attstattarget, a.attoptions, a.attcompression, a.attacl,
            col_description(c.oid, a.attnum))::text ORDER BY a.attname),
        (SELECT array_agg(pg_get_statisticsobjdef(s.oid)) FROM pg_statistic_ext AS s WHERE s.stxrelid = c.oid),
        (SELECT array_agg(i.indexrelid::regclass::text) FROM pg_index AS i
            WHERE i.indrelid = c.oid AND i.indisreplident)
    FROM pg_class AS c LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid = 'workspace_default.person'::regclass GROUP BY c.oid, t.reloptions
"""


def settings_of(dsn: str) -> Any:
    with psycopg.connect(dsn) as connection:
        return connection.execute(READ_SETTINGS).fetchone()


async def rewrite(apis: Apis, **more: Any) -> None:
    async def body(transaction: ModelTransaction) -> None:
        await rewrite_table(transaction, person(transaction.snapshot), **more)

    await apis.writer.run((await apis.snapshot()).workspace.id, body, actor="test")


async def used(apis: Apis) -> tuple[int, int]:
    async with apis.database.session() as connection:
        room = next(
            one for one in await find_room(connection, await apis.snapshot()) if one.object_.name_singular == "person"
        )
    return room.used, room.dropped


FIND = """query ($name: String) { people(filter: { city: { eq: $name } }, orderBy: { email: ASC }) { totalCount edges {
    node { id email city budget { amountMicros } company { name } boss { email } reports { totalCount }
    ownerPerson { email } activities { totalCount } } } } }"""


async def test_a_table_is_made_anew_while_it_is_used(used_dsn: str) -> None:
    # Another process, with statements that it prepared before, and a model that it loaded before.
    async with open_apis(used_dsn) as apis, open_apis(used_dsn) as other:
        await apis.writer.change((await apis.snapshot()).workspace.id, build, actor="test")
        acme = (await other.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
        create = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
        first = (await other.data(create, d={"email": "a@x", "city": "Rome", "companyId": acme}))["createPerson"]["id"]
        await other.data(create, d={"email": "b@x", "city": "Rome", "bossId": first, "ownerPersonId": first})
        await other.data("mutation ($d: ActivityInput!) { createActivity(data: $d) { id } }", d={"personId": first})
        found = await other.data(FIND, name="Rome")
        assert found["people"]["totalCount"] == 2
        columns, dropped = await used(apis)
        assert dropped == DROPPED + 1
        with psycopg.connect(used_dsn) as connection:
            connection.execute(SETTINGS)
        state, settings = whole_state(used_dsn), settings_of(used_dsn)

        await rewrite(apis)
        assert settings_of(used_dsn) == settings
        assert await used(apis) == (columns - dropped, 0)
        assert await other.data(FIND, name="Rome") == found
        await other.data(create, d={"email": "c@x", "city": "Rome", "companyId": acme})
        taken = await other.error(create, d={"email": "c@x"})
        assert taken["extensions"]["code"] == "CONFLICT"
        await other.data("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=first)
        snapshot = await apis.snapshot()
        async with apis.database.session() as connection:
            catalog = await read_snapshot(connection, snapshot.workspace.id)
            assert catalog == snapshot
            assert await find_drift(connection, snapshot, trigram=None) == []
        with psycopg.connect(used_dsn) as connection:
            events = connection.execute(
                "SELECT action, count(*) FROM fieldstone.event_staging GROUP BY 1 ORDER BY 1"
            ).fetchall()
            grants = connection.execute(
                "SELECT has_table_privilege('reader', 'workspace_default.person', 'SELECT')"
            ).fetchone()
        assert (grants, events[1]) == ((True,), ("destroyed", 1))
        # Constraints and indexes have their names, those made by hand too; columns but for their places.
        assert named(whole_state(used_dsn)) ^ named(state) == set()

        # Names that were used are used no more.
        field = CreateField(object_id=person(snapshot).id, name="gone", label="Gone", type=FieldType.TEXT)
        after = await apis.writer.change(snapshot.workspace.id, lambda _: [field], actor="test")
        assert person(after).by_name["gone"].column == "gone2"


async def test_what_cannot_be_made_anew_is_refused_and_leaves_no_trace(used_dsn: str) -> None:
    async with open_apis(used_dsn) as apis:
        assert [table.name for table in locked_tables(await apis.snapshot(), person(await apis.snapshot()))] == [
            "activity", "company", "opportunity", "person"
        ]  # fmt: skip
        for made, undone, says in (
            (
                "CREATE VIEW public.seen AS SELECT city FROM workspace_default.person",
                "DROP VIEW public.seen",
                "the view",
            ),
            (
                "CREATE POLICY p ON workspace_default.person USING (true)",
                "DROP POLICY p ON workspace_default.person",
                "the policy p",
            ),
            (
                "ALTER TABLE workspace_default.person ADD more int",
                "ALTER TABLE workspace_default.person DROP more",
                "belongs to no field",
            ),
        ):
            with psycopg.connect(used_dsn, autocommit=True) as connection:
                connection.execute(made.encode())
            before = whole_state(used_dsn)
            with pytest.raises(InvalidChange, match=says):
                await rewrite(apis)
            assert whole_state(used_dsn) == before
            with psycopg.connect(used_dsn, autocommit=True) as connection:
                connection.execute(undone.encode())
        await apis.data('mutation { createCompany(data: { name: "x" }) { id } }')
        with pytest.raises(InvalidChange, match="the table company refers to person, or is referred to"):
            await rewrite(apis, largest=0)
