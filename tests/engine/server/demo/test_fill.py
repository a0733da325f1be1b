"""The sample data: always the same, with awkward values in it, and inserted once."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fieldstone.engine.server.demo.fill import fill_demo
from fieldstone.engine.server.demo.sample import TOTAL, SampleRecord, sample_records
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.errors import InvalidChange
from tests.databases import Databases
from tests.engine.server.prepared import migrate


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        yield dsn


@asynccontextmanager
async def foundation_of(dsn: str) -> AsyncIterator[Foundation]:
    settings = load_settings(database_url=dsn, log_level="error")
    async with open_foundation(settings) as foundation:
        yield foundation


def records_of(name: str) -> list[SampleRecord]:
    return [record for kind, record in sample_records() if kind == name]


@pytest.mark.long
def test_the_sample_never_changes() -> None:
    # Golden answers are made from it: a change here changes them all.
    digest = hashlib.sha256()
    for name, record in sample_records():
        digest.update(f"{name} {sorted(record.items())}\n".encode())
    assert digest.hexdigest() == "a4cf7990a5bd791df5d57d19756d8dd4b3a82832dc435e42a13f4fb7c984f284"


@pytest.mark.long
def test_it_has_the_documented_numbers_and_distinct_ids() -> None:
    assert Counter(name for name, _ in sample_records()) == {
        "company": 300,
        "person": 2_000,
        "activity": 4_000,
        "opportunity": 2_500,
    }
    assert len({record["id"] for _, record in sample_records()}) == TOTAL
    assert len({record["email"] for record in records_of("person")}) == 2_000


@pytest.mark.parametrize(
    ("name", "nullable", "tied"),
    [
        ("company", ["website", "employees", "annualRevenue"], ["name", "employees", "createdAt"]),
        ("person", ["firstName", "lastName", "phone", "jobTitle", "city", "company"], ["lastName", "createdAt"]),
        ("activity", ["body", "type", "dueAt", "completedAt", "person", "company"], ["title", "createdAt"]),
        ("opportunity", ["amount", "closeDate", "stage", "company", "person"], ["amount", "closeDate", "createdAt"]),
    ],
)
def test_it_has_nulls_ties_and_text_beyond_ascii(name: str, nullable: list[str], tied: list[str]) -> None:
    records = records_of(name)
    for field in nullable:
        nulls = sum(record[field] is None for record in records)
        assert 0 < nulls < len(records), field
    for field in tied:
        assert max(Counter(record[field] for record in records if record[field] is not None).values()) > 1, field
    assert any(isinstance(value, str) and not value.isascii() for record in records for value in record.values())


@pytest.mark.long
async def test_it_is_inserted_once_and_into_an_empty_workspace_alone(database: str) -> None:
    async with foundation_of(database) as foundation:
        steps: list[tuple[int, int]] = []
        async with foundation.database.session() as connection:
            assert await fill_demo(connection, foundation.default, lambda done, total: steps.append((done, total)))
            assert not await fill_demo(connection, foundation.default, lambda done, total: steps.append((done, total)))
        assert (steps[0], steps[-1]) == ((0, TOTAL), (TOTAL, TOTAL))
        assert steps == sorted(set(steps))


@pytest.mark.long
async def test_a_failure_on_the_way_leaves_nothing(database: str) -> None:
    class Enough(Exception):
        pass

    def stop_halfway(done: int, _total: int) -> None:
        if done > TOTAL / 2:
            raise Enough

    async with foundation_of(database) as foundation:
        with pytest.raises(Enough):
            async with foundation.database.session() as connection:
                await fill_demo(connection, foundation.default, stop_halfway)
        async with foundation.database.session() as connection:
            assert await fill_demo(connection, foundation.default, lambda _done, _total: None)


async def test_a_workspace_without_an_object_that_it_needs_is_refused(database: str) -> None:
    async with foundation_of(database) as foundation:
        whole = foundation.default
        lacking = replace(
            whole, objects={id_: object_ for id_, object_ in whole.objects.items() if object_.name_singular != "person"}
        )
        async with foundation.database.session() as connection:
            with pytest.raises(InvalidChange, match="needs the object 'person', which workspace 'default' lacks"):
                await fill_demo(connection, lacking, lambda _done, _total: None)
