"""metadata/workspaces/registry.py and metadata/workspaces/standard_model.py"""

import asyncio
from uuid import UUID

import psycopg
import pytest

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot, relation_end
from fieldstone.metadata.workspaces.registry import WorkspaceNames
from tests.metadata.desk import Desk, columns_of, new_object, whole_state

SYSTEM = ["id", "createdAt", "updatedAt", "deletedAt", "createdBy", "position"]
WITH_NAME = ["id", "name", *SYSTEM[1:]]

STANDARD = {
    ("company", "companies"): [
        *WITH_NAME,
        *("website", "employees", "annualRevenue", "people", "opportunities", "activities"),
    ],
    ("person", "people"): [
        *SYSTEM,
        *("firstName", "lastName", "email", "phone", "jobTitle", "city", "company", "opportunities", "activities"),
    ],
    ("opportunity", "opportunities"): [*WITH_NAME, "amount", "closeDate", "stage", "company", "person"],
    ("activity", "activities"): [*SYSTEM, "title", "body", "type", "dueAt", "completedAt", "person", "company"],
}


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


async def test_the_standard_objects_are_those_of_the_contract(model: Snapshot) -> None:
    made = {(object_.name_singular, object_.name_plural): list(object_.by_name) for object_ in model.objects.values()}
    assert made == STANDARD
    assert not any(object_.is_custom or object_.is_system for object_ in model.objects.values())
    assert not any(field.is_custom for object_ in model.objects.values() for field in object_.fields)
    assert model.version == 1


async def test_the_standard_fields_have_the_types_of_the_contract(model: Snapshot) -> None:
    company, person = model.by_singular["company"].by_name, model.by_singular["person"].by_name
    opportunity, activity = model.by_singular["opportunity"].by_name, model.by_singular["activity"].by_name
    assert (company["employees"].type, company["employees"].settings) == (FieldType.NUMBER, {"dataType": "int"})
    assert (company["annualRevenue"].type, company["annualRevenue"].settings) == (FieldType.NUMBER, {})
    assert (person["email"].is_nullable, person["email"].is_unique) == (False, True)
    assert opportunity["amount"].type is FieldType.NUMBER
    assert opportunity["closeDate"].type is FieldType.DATE
    assert [option.value for option in opportunity["stage"].options] == [
        *("NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")
    ]
    assert [option.value for option in activity["type"].options] == ["CALL", "EMAIL", "MEETING", "NOTE", "TASK"]
    assert activity["dueAt"].type is activity["completedAt"].type is FieldType.DATE_TIME


async def test_the_standard_relations_lead_both_ways(model: Snapshot) -> None:
    ends = {
        (object_.name_singular, field.name): (end.target.name_singular, end.target_field.name, end.to_one)
        for object_ in model.objects.values()
        for field in object_.fields
        if (end := relation_end(model, field))
    }
    to_one = {
        ("person", "company"): ("company", "people"),
        ("opportunity", "company"): ("company", "opportunities"),
        ("opportunity", "person"): ("person", "opportunities"),
        ("activity", "person"): ("person", "activities"),
        ("activity", "company"): ("company", "activities"),
    }
    assert ends == {source: (*target, True) for source, target in to_one.items()} | {
        target: (*source, False) for source, target in to_one.items()
    }


async def test_every_part_has_its_column(model: Snapshot, model_dsn: str) -> None:
    for object_ in model.objects.values():
        columns = columns_of(model_dsn, object_.table.schema, object_.table.name)
        assert {name: (type_, nullable) for name, (type_, nullable, _) in columns.items()} == {
            part.column.name: (
                part.column.type.value.replace("timestamptz", "timestamp with time zone"),
                part.column.nullable,
            )
            for field in object_.fields
            for part in field.parts
        }


async def test_a_workspace_is_found_and_listed(desk: Desk, model: Snapshot) -> None:
    made = await desk.workspaces.create("big-client", actor="test")
    assert made.workspace.schema == "workspace_big_client"
    assert await desk.workspaces.find("big-client") == made.workspace
    assert await desk.workspaces.list() == (made.workspace, model.workspace)
    assert await desk.reload(made.workspace.id) == made
    with pytest.raises(UnknownObject, match='there is no workspace "nobody"'):
        await desk.workspaces.find("nobody")


async def test_workspaces_do_not_share_names(desk: Desk, model: Snapshot) -> None:
    other = await desk.workspaces.create("other", actor="test")
    after = await desk.writer.change(other.workspace.id, lambda _: [new_object("project")], actor="test")
    assert "project" in after.by_singular
    assert await desk.reload(model.workspace.id) == model


@pytest.mark.parametrize("name", ["", "Big", "1st", "a b", "a_b", "x" * 41, "ä", "-a", "a\n"])
async def test_a_name_that_breaks_the_rule_is_refused(desk: Desk, model_dsn: str, name: str) -> None:
    before = whole_state(model_dsn)
    with pytest.raises(InvalidChange, match="lower-case letters") as caught:
        await desk.workspaces.create(name, actor="test")
    assert caught.value.field == "name"
    assert whole_state(model_dsn) == before


async def test_a_name_that_is_taken_is_refused(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)
    with pytest.raises(NameTaken, match='there is a workspace "default" already'):
        await desk.workspaces.create("default", actor="test")
    assert whole_state(model_dsn) == before


async def test_names_that_would_share_a_schema_get_one_each(desk: Desk) -> None:
    names = ["a-b", "a-b-2"]
    made = await asyncio.gather(*(desk.workspaces.create(name, actor="test", standard=False) for name in names))
    third = await desk.workspaces.create("a-b-3", actor="test", standard=False)
    assert {snapshot.workspace.schema for snapshot in (*made, third)} == {
        *("workspace_a_b", "workspace_a_b_2", "workspace_a_b_3")
    }


async def test_of_two_who_create_the_same_one_wins(desk: Desk) -> None:
    results = await asyncio.gather(
        *(desk.workspaces.create("twice", actor="test", standard=False) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["NameTaken", "Snapshot"]


async def test_a_name_or_an_id_is_looked_up_by_indexes(desk: Desk, model_dsn: str) -> None:
    first, second = UUID(int=0xA1), UUID(int=0xB2)
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO fieldstone.workspace (id, name, schema_name)"
            " SELECT gen_random_uuid(), 'w' || n, 'w' || n FROM generate_series(1, 3000) AS n"
        )
        connection.execute(
            "INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (%s, 'one', 'one'), (%s, %s, 'two')",
            [first, second, str(first)],
        )
        connection.execute("ANALYZE fieldstone.workspace")
        for name in ("w7", str(first)):
            query = b"EXPLAIN " + QUERIES["workspace_id_by_name"]
            plan = "\n".join(line for (line,) in connection.execute(query, {"name": name}))
            assert "Seq Scan on workspace" not in plan, plan
    names = WorkspaceNames(desk.database)
    assert await names.find("one") == first
    # A name that has the form of another workspace's id is not found by.
    assert await names.find(str(first)) == first
    assert await names.find(str(second)) == second
    assert await names.find("w7") is not None
    for unknown in ("", "w0", str(UUID(int=1)), str(first).upper(), "{" + str(first) + "}"):
        assert await names.find(unknown) is None
