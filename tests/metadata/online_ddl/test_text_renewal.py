"""An older workspace gets the indexes of the order of texts behind the commit, and loses the older ones then."""

from typing import LiteralString

import psycopg
import pytest

from fieldstone.metadata.changes import CreateIndex
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.online_ddl.builder import Builder
from tests.metadata.desk import Desk, person
from tests.metadata.online_ddl.building import builder_of, many, writer_of
from tests.older_texts import make_older, physical_indexes

OLDER = {
    "company_name_trgm",
    "opportunity_name_trgm",
    "person_email_trgm",
    "person_jobTitle_trgm",
    "person_city_idx",
    "person_companyId_idx",
    "opportunity_personId_idx",
}
NEWER = {
    "company_name_fold", "opportunity_name_fold", "person_email_fold", "person_jobTitle_fold", "person_city_sort",
    "company_name_sort", "opportunity_name_sort", "person_firstName_sort", "person_lastName_sort", "person_email_sort",
    "person_companyId_deletedAt_idx", "opportunity_personId_deletedAt_idx",
}  # fmt: skip


async def older_workspace(desk: Desk, dsn: str) -> None:
    many(dsn, phone="1")
    make_older(dsn)
    await desk.reload((await desk.default()).workspace.id)


async def findings(desk: Desk) -> list[str]:
    snapshot = await desk.reload((await desk.default()).workspace.id)
    async with desk.database.session() as connection:
        return [one.finding for one in await find_drift(connection, snapshot, trigram=desk.catalog.trigram)]


def is_ordered(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT bool_and(text_order = 1) FROM fieldstone.workspace").fetchone()
    return row == (True,)


async def test_a_new_workspace_needs_nothing(desk: Desk, model_dsn: str) -> None:
    assert is_ordered(model_dsn)
    assert await builder_of(desk).build_all() == 0


async def test_small_tables_are_renewed_at_once(desk: Desk, model_dsn: str) -> None:
    await older_workspace(desk, model_dsn)
    assert physical_indexes(model_dsn) >= OLDER
    assert physical_indexes(model_dsn).isdisjoint(NEWER)
    older = "The index person_city_idx of person is in an older order of texts, which no statement asks for;"
    assert f"{older} `fieldstone serve` replaces it." in await findings(desk)
    bare = "The index person_companyId_idx of person is on a key alone, so that counts of live records look at each"
    assert f"{bare} record; `fieldstone serve` replaces it." in await findings(desk)
    builder = builder_of(desk)
    assert await builder.build_all() == 1
    assert physical_indexes(model_dsn) >= NEWER
    assert physical_indexes(model_dsn).isdisjoint(OLDER)
    assert is_ordered(model_dsn)
    assert await findings(desk) == []
    assert await builder.build_all() == 0


async def test_big_tables_keep_the_older_indexes_until_the_new_ones_are_ready(desk: Desk, model_dsn: str) -> None:
    await older_workspace(desk, model_dsn)
    writer, _ = writer_of(desk)
    builder = Builder(desk.database, writer, trigram=desk.catalog.trigram)
    assert await builder.build_all() == 0
    snapshot = await desk.default()
    assert snapshot.constraints["person_city_sort"].status.value == "BUILDING"
    assert {"person_city_idx", "person_email_trgm"} <= physical_indexes(model_dsn)
    assert not is_ordered(model_dsn)
    # In one turn the builds, and the renewal behind them.
    assert await builder.build_all() == 8
    assert physical_indexes(model_dsn) >= NEWER
    assert physical_indexes(model_dsn).isdisjoint(OLDER)
    assert is_ordered(model_dsn)
    assert await findings(desk) == []


async def test_an_index_that_somebody_made_again_meanwhile_is_the_successor(desk: Desk, model_dsn: str) -> None:
    await older_workspace(desk, model_dsn)
    snapshot = await desk.default()
    index = snapshot.constraints["person_city_idx"]
    assert index.text_order == 0
    await builder_of(desk).build_all()
    after = await desk.default()
    assert index.id not in after.indexes
    phone = CreateIndex(object_id=person(after).id, field_ids=(person(after).by_name["phone"].id,))
    assert (await desk.change(lambda _: [phone])).indexes[phone.id].text_order == 1


async def test_the_doctor_offers_a_reindex_after_another_server_s_build(desk: Desk, model_dsn: str) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.index SET server_major = 14 WHERE name LIKE 'person%'")
        snapshot = await desk.default()
        async with desk.database.session() as session:
            found = await find_drift(session, snapshot, trigram=desk.catalog.trigram)
        names = ["person_email_fold", "person_email_sort", "person_firstName_sort", "person_jobTitle_fold",
            "person_lastName_sort"]  # fmt: skip
        assert sorted(one.finding.split()[2] for one in found) == names
        assert "of person was built by PostgreSQL 14: it may miss texts with characters" in found[0].finding
        for one in found:
            assert one.repair is not None
            assert one.repair.startswith('REINDEX INDEX "workspace_default"."person_')
            for statement in one.repair.split("; "):
                connection.execute(statement.encode())
    assert await findings(desk) == []


async def test_many_older_workspaces_are_renewed_some_at_a_time(desk: Desk, model_dsn: str) -> None:
    names = [f"older-{number:03}" for number in range(205)]
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(
                "INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (gen_random_uuid(), %s, %s)",
                [name, f"workspace_{name}"],
            )
        older = "SELECT count(*) FROM fieldstone.workspace WHERE text_order = 0"
        builder = builder_of(desk)
        settled = []
        while done := await builder.build_all():
            settled.append(done)
            left = connection.execute(older).fetchone()
            assert left == (205 - sum(settled),)
    assert settled == [100, 100, 5]


@pytest.mark.long
async def test_workspaces_that_fail_hold_up_none_behind_them(
    desk: Desk, model_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        for statement in _HUNDRED_WITHOUT_TABLES:
            connection.execute(statement)
        builder = builder_of(desk)
        assert [await builder.build_all() for _ in range(2)] == [0, 10]
        left = connection.execute("SELECT count(*) FROM fieldstone.workspace WHERE text_order = 0").fetchone()
    assert left == (100,)
    assert caplog.text.count("is not done yet, and is tried again") == 100


_HUNDRED_WITHOUT_TABLES: tuple[LiteralString, ...] = (
    """
    INSERT INTO fieldstone.workspace (id, name, schema_name, version)
    SELECT lpad(number::text, 32, '0')::uuid, 'older-' || number, 'workspace_older_' || number, 1
    FROM generate_series(1, 110) AS number
    """,
    """
    INSERT INTO fieldstone.object (id, workspace_id, name_singular, name_plural, label_singular, label_plural,
        table_name, is_custom, is_system, is_active, version)
    SELECT gen_random_uuid(), workspace.id, 'thing', 'things', 'Thing', 'Things', 'thing', true, false, true, 1
    FROM fieldstone.workspace WHERE name LIKE 'older-%' ORDER BY workspace.id LIMIT 100
    """,
    """
    INSERT INTO fieldstone.field (id, workspace_id, object_id, name, type, label, column_name, is_nullable,
        is_unique, is_active, is_custom, is_system, access)
    SELECT gen_random_uuid(), thing.workspace_id, thing.id, field.name, type, label, column_name, is_nullable,
        is_unique, field.is_active, field.is_custom, field.is_system, access
    FROM fieldstone.object AS thing, fieldstone.field JOIN fieldstone.object ON object.id = object_id
    WHERE thing.name_singular = 'thing' AND object.name_singular = 'company' AND relation_id IS NULL
    """,
    """
    INSERT INTO fieldstone.index (id, workspace_id, object_id, name, field_ids, is_unique, method)
    SELECT gen_random_uuid(), workspace_id, object_id, 'thing_name_idx', jsonb_build_array(id), false,
        'btree'
    FROM fieldstone.field
    WHERE name = 'name' AND object_id IN (SELECT id FROM fieldstone.object WHERE name_singular = 'thing')
    """,
)
