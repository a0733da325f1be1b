"""metadata/doctor/drift.py: changes of the tables by hand are named, and each repair repairs its drift."""

from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import Change, CreateIndex, DeleteIndex, NewRelation
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.citus_cluster import ON_CITUS
from tests.metadata.desk import Desk, new_field, new_object, person


async def drifts(desk: Desk) -> list[Drift]:
    async with desk.database.session() as connection:
        return await find_drift(connection, await desk.default(), trigram=desk.catalog.trigram)


def run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for one in statement.split(";"):  # as psql sends them
            connection.execute(one.encode())


async def test_a_new_workspace_has_no_drift(desk: Desk) -> None:
    assert await drifts(desk) == []


REFUSED_BY_CITUS = (
    ("ALTER TABLE company RENAME CONSTRAINT company_pkey TO odd", "The index company_pkey of company is not there."),
    (
        'ALTER TABLE person ALTER CONSTRAINT "person_companyId_fkey" DEFERRABLE INITIALLY DEFERRED',
        "The foreign key person_companyId_fkey of person.company is not as the model says.",
    ),
)
"""Changes of a distributed table that nobody can make there."""


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("ALTER TABLE person DROP COLUMN phone", "The column person.phone of person.phone is not there."),
        ("ALTER TABLE person ALTER email DROP NOT NULL", "person.email must refuse NULL, and lets it in."),
        ("ALTER TABLE person ALTER city SET NOT NULL", "person.city refuses NULL, and must let it in."),
        (
            'DROP INDEX "person_companyId_deletedAt_idx"',
            "The index person_companyId_deletedAt_idx of person is not there.",
        ),
        ("CREATE TABLE stray (id int)", "The table stray belongs to no object."),
        ("ALTER TABLE person ADD more text", "The column person.more belongs to no field of person."),
        (
            "ALTER TABLE person ALTER city TYPE varchar(3)",
            "The column person.city of person.city is not of the type text.",
        ),
        ("ALTER TABLE person ALTER position SET DEFAULT 3", "person.position has another default value."),
        (
            'ALTER TABLE person DROP CONSTRAINT "person_companyId_fkey"',
            "The foreign key person_companyId_fkey of person.company is not there.",
        ),
        (
            (
                'ALTER TABLE person DROP CONSTRAINT "person_companyId_fkey";'
                ' ALTER TABLE person ADD CONSTRAINT "person_companyId_fkey"'
                ' FOREIGN KEY ("companyId") REFERENCES company ON DELETE CASCADE'
            ),
            "The foreign key person_companyId_fkey of person.company is not as the model says.",
        ),
        ("ALTER TABLE person ADD CONSTRAINT young CHECK (city <> 'x')", "The constraint young of the table person"),
        (
            """DROP INDEX "person_companyId_deletedAt_idx";
            CREATE INDEX "person_companyId_deletedAt_idx" ON person (city)""",
            "The index person_companyId_deletedAt_idx of person is not as the model says.",
        ),
        ("ALTER TABLE activity DROP CONSTRAINT activity_pkey", "The index activity_pkey of activity is not there."),
        (
            (
                "ALTER TABLE activity DROP CONSTRAINT activity_pkey;"
                " ALTER TABLE activity ADD CONSTRAINT activity_pkey PRIMARY KEY (id, position)"
            ),
            "The index activity_pkey of activity is not as the model says.",
        ),
        (
            'ALTER TABLE company ALTER "annualRevenue" TYPE numeric(10, 2)',
            "The column company.annualRevenue of company.annualRevenue is not of the type numeric.",
        ),
        (
            'ALTER TABLE person ALTER "createdAt" TYPE timestamptz(0)',
            "The column person.createdAt of person.createdAt is not of the type timestamptz.",
        ),
        ('ALTER TABLE person ALTER city TYPE text COLLATE "C"', "person.city is not of the type text."),
        (
            (
                'ALTER TABLE person DROP CONSTRAINT "person_companyId_fkey";'
                ' ALTER TABLE person ADD CONSTRAINT "person_companyId_fkey"'
                ' FOREIGN KEY ("companyId") REFERENCES company ON DELETE CASCADE DEFERRABLE'
            ),
            "The foreign key person_companyId_fkey of person.company is not as the model says.",
        ),
        (
            (
                'ALTER TABLE person DROP CONSTRAINT "person_companyId_fkey";'
                ' ALTER TABLE person ADD CONSTRAINT "person_companyId_fkey"'
                ' FOREIGN KEY ("companyId") REFERENCES company DEFERRABLE NOT VALID'
            ),
            "The foreign key person_companyId_fkey of person.company is not as the model says.",
        ),
        *(() if ON_CITUS else REFUSED_BY_CITUS),
    ],
)
async def test_what_differs_is_named_and_repaired(statement: str, finding: str, desk: Desk, model_dsn: str) -> None:
    run(model_dsn, f"SET search_path = workspace_default; {statement}")
    (drift,) = await drifts(desk)
    assert finding in drift.finding
    assert drift.repair is not None
    run(model_dsn, drift.repair)
    assert await drifts(desk) == []


async def test_a_foreign_key_whose_triggers_are_disabled_is_made_again(desk: Desk, model_dsn: str) -> None:
    disable = "ALTER TABLE workspace_default.opportunity DISABLE TRIGGER ALL"
    if ON_CITUS:
        with pytest.raises(psycopg.errors.InternalError, match="triggers are not supported on distributed tables"):
            run(model_dsn, disable)
        return
    run(model_dsn, disable)
    run(
        model_dsn,
        'INSERT INTO workspace_default.opportunity (id, "companyId") VALUES (gen_random_uuid(), gen_random_uuid())',
    )
    found = await drifts(desk)
    assert all("is not as the model says" in one.finding for one in found)
    (repair,) = {one.repair for one in found if "company" in one.finding}
    assert repair is not None
    # Rows that came meanwhile without their targets are named by PostgreSQL.
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        run(model_dsn, repair)
    run(model_dsn, "DELETE FROM workspace_default.opportunity")
    for one in found:
        run(model_dsn, one.repair or "")
    assert await drifts(desk) == []


async def count_statements(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> int:
    count = 0
    async with desk.database.session() as connection:
        execute = connection.execute

        def counted(*args: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*args, **more)

        monkeypatch.setattr(connection, "execute", counted)
        assert await find_drift(connection, await desk.default(), trigram=desk.catalog.trigram) == []
    return count


async def test_no_statement_is_of_one_object_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    few = await count_statements(desk, monkeypatch)
    await desk.change(lambda _: [new_object(f"thing{number}") for number in range(20)])
    assert await count_statements(desk, monkeypatch) == few
    await desk.change(lambda _: [new_object(f"more{number}") for number in range(40)])
    # Steps that take many locks are done for some objects at a time.
    assert few < await count_statements(desk, monkeypatch) < 2 * few


async def test_a_table_is_made_again_with_all_that_belongs_to_it(desk: Desk, model_dsn: str) -> None:
    run(model_dsn, "DROP TABLE workspace_default.person CASCADE")
    found = await drifts(desk)
    assert [drift.finding for drift in found if drift.table == "person"] == [
        "The table person of the object person is not there: its records are gone."
    ]
    # The keys that lead to it come once it is there.
    while found:
        for drift in found:
            assert drift.repair is not None
            run(model_dsn, drift.repair)
        before, found = found, await drifts(desk)
        assert [drift.finding for drift in found] != [drift.finding for drift in before]


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        pytest.param(
            "ALTER TABLE company RENAME name TO nombre",
            [
                (
                    "The column company.name of company.name is not there; nombre, which belongs to no field, may be it"
                    " under another name: look whether its values are the lost ones before you run the repair."
                ),
                "The column company.nombre belongs to no field of company; it may be name under another name.",
            ],
            id="column",
        ),
        pytest.param(
            "ALTER TABLE company RENAME TO firma",
            [
                (
                    "The table company of the object company is not there; firma, which belongs to no object, may be it"
                    " under another name: look whether its values are the lost ones before you run the repair."
                ),
                "The table firma belongs to no object; it may be company under another name.",
            ],
            id="table",
        ),
        pytest.param(
            "ALTER TABLE company RENAME TO firma; CREATE TABLE copied AS TABLE firma",
            [
                (
                    "The table company of the object company is not there; firma, which belongs to no object, may be it"
                    " under another name: look whether its values are the lost ones before you run the repair."
                ),
                "The table copied belongs to no object.",
                "The table firma belongs to no object; it may be company under another name.",
            ],
            id="table beside a copy",
        ),
    ],
)
async def test_a_repair_of_another_name_keeps_the_records(
    desk: Desk, model_dsn: str, statement: str, findings: list[str]
) -> None:
    """The repairs made an empty column or table, and dropped the one with the values."""
    run(model_dsn, "INSERT INTO workspace_default.company (id, name) VALUES (gen_random_uuid(), 'Ada')")
    run(model_dsn, f"SET search_path = workspace_default; {statement}")
    found = await drifts(desk)
    # The indexes on it are not listed: with the name back they are right, and their repairs would build for nothing.
    assert [drift.finding for drift in found] == findings
    for drift in found:
        run(model_dsn, drift.repair or "")
    assert await drifts(desk) == []
    with psycopg.connect(model_dsn) as connection:
        assert connection.execute("SELECT name FROM workspace_default.company").fetchall() == [("Ada",)]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "ALTER TABLE person RENAME city TO town; ALTER TABLE person ADD more text",
            "person.city is not there; town or more, which belongs to no field, may be it under another name.",
        ),
        (
            'ALTER TABLE person RENAME city TO town; ALTER TABLE person DROP "jobTitle"',
            "The column person.town belongs to no field of person; it may be jobTitle or city under another name.",
        ),
        (
            "CREATE TABLE one AS TABLE person; CREATE TABLE other AS TABLE person; DROP TABLE person CASCADE",
            "is not there; one or other, which belongs to no object, may be it under another name.",
        ),
        (
            "ALTER TABLE person DROP city; ALTER TABLE person ADD more text NOT NULL DEFAULT 'x'",
            "person.city is not there; more, which belongs to no field, may be it under another name.",
        ),
        (
            "CREATE TABLE one AS TABLE company; DROP TABLE project",
            "The table one belongs to no object; it may be project under another name.",
        ),
    ],
)
async def test_nothing_is_renamed_made_or_dropped_where_it_may_be_another(
    desk: Desk, model_dsn: str, statement: str, finding: str
) -> None:
    await desk.change(lambda _: [new_object("project")])
    run(model_dsn, f"SET search_path = workspace_default; {statement}")
    found = [drift for drift in await drifts(desk) if "another name" in drift.finding]
    assert finding in " ".join(drift.finding for drift in found)
    assert {drift.repair for drift in found} == {None}


async def test_a_required_column_comes_back_empty_first(desk: Desk, model_dsn: str) -> None:
    run(model_dsn, "INSERT INTO workspace_default.person (id, email) VALUES (gen_random_uuid(), 'x')")
    run(model_dsn, "ALTER TABLE workspace_default.person DROP COLUMN email")
    column, *_ = await drifts(desk)
    assert "is not there; it must refuse NULL" in column.finding
    assert column.repair is not None
    run(model_dsn, column.repair)
    assert "must refuse NULL, and lets it in" in (await drifts(desk))[0].finding


async def test_the_constraint_of_a_morph_relation_is_named_and_repaired(desk: Desk, model_dsn: str) -> None:
    def build(base: Snapshot) -> Iterable[Change]:
        targets = (person(base), base.by_singular["company"])
        morph = tuple(NewRelation(target_object_id=one.id, target_field_label="Owned") for one in targets)
        yield new_field(base.by_singular["activity"], "owner", FieldType.MORPH_RELATION, morph=morph)

    await desk.change(build)
    assert await drifts(desk) == []
    run(model_dsn, "ALTER TABLE workspace_default.activity DROP CONSTRAINT activity_owner_morph")
    (drift,) = await drifts(desk)
    assert "The constraint activity_owner_morph of activity is not there" in drift.finding
    assert drift.repair is not None
    run(model_dsn, drift.repair)
    assert await drifts(desk) == []


async def test_an_index_that_somebody_made_on_a_key_alone_is_no_drift(desk: Desk) -> None:
    def build(base: Snapshot) -> Iterable[Change]:
        company = person(base).by_name["company"]
        yield CreateIndex(object_id=person(base).id, field_ids=(company.id,), is_recreated=True)

    after = await desk.change(build)
    assert await drifts(desk) == []
    await desk.change(lambda _: [DeleteIndex(index_id=after.constraints["person_companyId_idx"].id)])
    assert await drifts(desk) == []
