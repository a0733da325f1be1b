"""metadata/drift.py: what was done to the tables by hand is named, and its repair repairs it."""

import psycopg
import pytest

from metadata.drift import Drift, find_drift
from tests.metadata.desk import Desk


async def drifts(desk: Desk) -> list[Drift]:
    async with desk.database.session() as connection:
        return await find_drift(connection, await desk.default(), trigram=desk.catalog.trigram)


def run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


async def test_a_new_workspace_has_no_drift(desk: Desk) -> None:
    assert await drifts(desk) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("ALTER TABLE person DROP COLUMN phone", "The column person.phone of person.phone is not there."),
        ("ALTER TABLE person ALTER email DROP NOT NULL", "person.email must refuse NULL, and lets it in."),
        ("ALTER TABLE person ALTER city SET NOT NULL", "person.city refuses NULL, and must let it in."),
        ('DROP INDEX "person_companyId_idx"', "The index person_companyId_idx of person is not there."),
        ("CREATE TABLE stray (id int)", "The table stray belongs to no object."),
    ],
)
async def test_what_differs_is_named_and_repaired(statement: str, finding: str, desk: Desk, model_dsn: str) -> None:
    run(model_dsn, f"SET search_path = workspace_default; {statement}")
    (drift,) = await drifts(desk)
    assert finding in drift.finding
    assert drift.repair is not None
    run(model_dsn, drift.repair)
    assert await drifts(desk) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "ALTER TABLE person ALTER city TYPE int USING 1",
            "The column person.city of person.city is not of the type text.",
        ),
        ("ALTER TABLE person ADD more text", "The column person.more belongs to no field of person."),
        ("DROP TABLE activity", "The table activity of the object activity is not there."),
    ],
)  # fmt: skip
async def test_what_people_must_decide_is_named(statement: str, finding: str, desk: Desk, model_dsn: str) -> None:
    run(model_dsn, f"SET search_path = workspace_default; {statement}")
    assert [(drift.finding, drift.repair) for drift in await drifts(desk)] == [(finding, None)]
