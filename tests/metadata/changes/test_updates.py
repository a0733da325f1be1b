"""Changes of existing definitions: the model, the tables and the records after each."""

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import Change, DeleteField, DeleteIndex, DeleteObject, UpdateObject
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import OnDelete, Snapshot
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, columns_of, new_field, new_object, new_relation, person
from tests.metadata.online_ddl.building import builder_of, change_as_big
from tests.metadata.updates import change, column, field_of, insert, options, update
from tests.waiting import until_found


async def test_an_object_is_renamed_and_its_table_stays(desk: Desk) -> None:
    before = await desk.default()
    after = await change(
        desk,
        lambda snapshot: [
            UpdateObject(
                object_id=person(snapshot).id, name_singular="contact", name_plural="contacts", description=None
            )
        ],
    )
    contact = after.by_singular["contact"]
    assert (contact.table.name, contact.name_plural, contact.description) == ("person", "contacts", None)
    assert "person" not in after.by_singular
    assert after.by_singular["company"] is before.by_singular["company"]


async def test_names_that_were_given_up_are_free_and_no_table_is_used_twice(desk: Desk) -> None:
    await change(desk, lambda snapshot: [
        UpdateObject(object_id=person(snapshot).id, name_singular="contact", name_plural="contacts")
    ])  # fmt: skip
    after = await change(desk, lambda _: [new_object("person", "people")])
    assert after.by_singular["person"].table.name == "person2"


async def test_a_field_is_renamed_and_its_columns_stay(desk: Desk, model_dsn: str) -> None:
    await change(desk, lambda snapshot: [new_field(person(snapshot), "pay", FieldType.CURRENCY)])
    after = await change(desk, update("person", "pay", name="salary", label="Salary", icon="coins"))
    salary = person(after).by_name["salary"]
    assert [part.column.name for part in salary.parts] == ["payAmountMicros", "payCurrencyCode"]
    assert (salary.label, salary.icon) == ("Salary", "coins")
    after = await change(desk, lambda snapshot: [new_field(person(snapshot), "pay", FieldType.CURRENCY)])
    assert person(after).by_name["pay"].parts[0].column.name == "pay2AmountMicros"
    assert "payAmountMicros" in columns_of(model_dsn, "workspace_default", "person")


async def test_a_relation_is_renamed_at_either_end(desk: Desk) -> None:
    await change(desk, update("person", "company", name="employer"))
    after = await change(desk, update("company", "people", name="staff"))
    assert person(after).by_name["employer"].parts[0].column.name == "companyId"
    assert "staff" in after.by_singular["company"].by_name


async def test_a_change_that_changes_nothing_makes_no_version(desk: Desk) -> None:
    before = await desk.default()
    assert await desk.change(update("person", "city", label="City", name="city")) is before


async def test_a_required_field_that_is_deactivated_stands_in_no_ones_way(desk: Desk, model_dsn: str) -> None:
    after = await change(desk, update("person", "email", is_active=False))
    assert "email" not in person(after).by_name
    insert(model_dsn, "person DEFAULT VALUES")
    after = await change(desk, update("person", "email", is_active=True, backfill="nobody@example.com"))
    assert not person(after).by_name["email"].is_nullable
    assert column(model_dsn, "person", "email") == ["nobody@example.com"]


async def test_an_object_is_deactivated_and_activated(desk: Desk) -> None:
    object_ = person(await desk.default())
    after = await change(desk, lambda _: [UpdateObject(object_id=object_.id, is_active=False)])
    assert "person" not in after.by_singular
    after = await change(desk, lambda _: [UpdateObject(object_id=object_.id, is_active=True)])
    assert after.by_singular["person"] == object_


@pytest.mark.parametrize(
    ("type_", "settings", "value", "kept"),
    [
        (FieldType.TEXT, None, "none", "none"),
        (FieldType.NUMBER, {"dataType": "int"}, 7, 7),
        (FieldType.RAW_JSON, None, {"a": [1]}, {"a": [1]}),
        (FieldType.BOOLEAN, None, False, False),
    ],
)
async def test_a_field_becomes_required_with_a_value_for_all(
    type_: FieldType, settings: Any, value: Any, kept: Any, desk: Desk, model_dsn: str
) -> None:
    await change(desk, lambda snapshot: [new_field(person(snapshot), "extra", type_, settings=settings)])
    insert(model_dsn, "person (email) VALUES ('a'), ('b')")
    after = await change(desk, update("person", "extra", is_nullable=False, backfill=value))
    assert not person(after).by_name["extra"].is_nullable
    assert column(model_dsn, "person", "extra") == [kept, kept]
    after = await change(desk, update("person", "extra", is_nullable=True))
    assert person(after).by_name["extra"].parts[0].column.nullable


@pytest.mark.parametrize("is_big", [False, True], ids=["at once", "after the commit"])
async def test_a_composite_becomes_required_and_keeps_the_sub_fields_that_records_have(
    is_big: bool, desk: Desk, model_dsn: str
) -> None:
    await change(desk, lambda snapshot: [new_field(person(snapshot), "seat", FieldType.ADDRESS)])
    insert(
        model_dsn,
        "person (email, \"seatAddressStreet1\", \"seatAddressCity\") VALUES ('a', NULL, 'Berlin'), ('b', 'Way', NULL)",
    )
    given = {"addressStreet1": "?", "addressCity": "Ulm", "addressState": "BW"}
    require = update("person", "seat", is_nullable=False, backfill=given)
    if is_big:
        await change_as_big(desk, require)
        await builder_of(desk).build_all()
    else:
        await change(desk, require)
    assert not person(await desk.default()).by_name["seat"].can_be_null
    seats = [
        column(model_dsn, "person", name) for name in ("seatAddressStreet1", "seatAddressCity", "seatAddressState")
    ]
    assert seats == [["?", "Way"], ["Berlin", None], ["BW", None]]


async def test_no_record_comes_in_without_a_value_behind_those_that_got_one(desk: Desk, model_dsn: str) -> None:
    """The change was tried again for each, on Citus until the tries were used up, as it has more round trips."""
    insert(model_dsn, "person (email) VALUES ('a@b.example')")
    workspace, tries = (await desk.default()).workspace, []

    async with (
        await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as writer,
        await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as reader,
    ):

        async def require(transaction: ModelTransaction) -> asyncio.Task[Any]:
            tries.append(transaction)
            await transaction.apply_all(
                update("person", "phone", is_nullable=False, backfill="none")(transaction.snapshot)
            )
            late = "INSERT INTO workspace_default.person (email) VALUES ('late@b.example')"
            writing = asyncio.create_task(writer.execute(late))
            await until_found(reader, "SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted")
            await reader.execute("SELECT FROM workspace_default.person")
            return writing

        writing = await desk.writer.run(workspace.id, require, actor="test")
        with pytest.raises(psycopg.errors.NotNullViolation):
            await writing
    assert len(tries) == 1
    assert column(model_dsn, "person", "phone") == ["none"]


async def test_a_list_of_options_becomes_required_with_some_of_them_for_all(desk: Desk, model_dsn: str) -> None:
    await change(
        desk, lambda snapshot: [new_field(person(snapshot), "tags", FieldType.MULTI_SELECT, options=options("A", "B"))]
    )
    insert(model_dsn, "person (email) VALUES ('a')")
    with pytest.raises(InvalidChange, match="must be a list of some of the options, each once: A, B"):
        await change(desk, update("person", "tags", is_nullable=False, backfill=["C"]))
    after = await change(desk, update("person", "tags", is_nullable=False, backfill=["B", "A"]))
    assert not person(after).by_name["tags"].is_nullable
    assert column(model_dsn, "person", "tags") == [["B", "A"]]


async def test_a_default_is_given_changed_and_taken_away(desk: Desk, model_dsn: str) -> None:
    for default, in_database in (("a", "'a'::text"), ("b", "'b'::text"), (None, None)):
        after = await change(desk, update("person", "city", default=default))
        assert person(after).by_name["city"].default == default
        assert columns_of(model_dsn, "workspace_default", "person")["city"][2] == in_database


async def test_a_field_becomes_unique_among_live_records_and_not(desk: Desk, model_dsn: str) -> None:
    insert(
        model_dsn, "person (email, phone, \"deletedAt\") VALUES ('a', '1', NULL), ('b', '1', now()), ('c', NULL, NULL)"
    )
    after = await change(desk, update("person", "phone", is_unique=True))
    assert after.constraints["person_phone_key"].is_unique
    with pytest.raises(psycopg.errors.UniqueViolation):
        insert(model_dsn, "person (email, phone) VALUES ('d', '1')")
    after = await change(desk, update("person", "phone", is_unique=False))
    assert "person_phone_key" not in after.constraints
    insert(model_dsn, "person (email, phone) VALUES ('d', '1')")


async def test_options_are_added_reordered_renamed_and_removed(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "opportunity (stage) VALUES ('NEW'), ('MEETING'), (NULL)")
    wanted = options("MEETING", "FIRST", "PROPOSAL", "CUSTOMER", "SCREENING", "LOST")
    after = await change(desk, update("opportunity", "stage", options=wanted, option_mapping={"NEW": "FIRST"}))
    assert field_of(after, "opportunity", "stage").parts[0].options == tuple(one["value"] for one in wanted)
    stage = field_of(after, "opportunity", "stage").column
    assert column(model_dsn, "opportunity", stage) == ["FIRST", "MEETING", None]
    after = await change(
        desk, update("opportunity", "stage", options=options("FIRST"), option_mapping={"MEETING": None})
    )
    assert column(model_dsn, "opportunity", field_of(after, "opportunity", "stage").column) == ["FIRST", None, None]


async def test_what_a_relation_does_on_delete_is_changed(desk: Desk) -> None:
    after = await change(desk, update("person", "company", settings={"onDelete": "CASCADE"}))
    field = field_of(after, "person", "company")
    assert field.relation_id is not None
    assert after.relations[field.relation_id].on_delete is OnDelete.CASCADE
    usual = await change(desk, update("person", "company", settings={"onDelete": None}))
    assert field_of(usual, "person", "company").settings == {"onDelete": "SET_NULL"}
    await change(desk, update("person", "company", settings={"onDelete": "CASCADE"}))
    after = await change(desk, update("person", "company", is_nullable=False))
    assert not field_of(after, "person", "company").is_nullable


async def test_a_deleted_field_takes_its_columns_and_indexes_along_and_its_name_is_retired(
    desk: Desk, model_dsn: str
) -> None:
    await change(desk, lambda snapshot: [new_field(person(snapshot), "badge", is_unique=True)])
    badge = field_of(await desk.default(), "person", "badge")
    after = await change(desk, lambda _: [DeleteField(field_id=badge.id)])
    assert "badge" not in columns_of(model_dsn, "workspace_default", "person")
    assert person(after).retired_columns == {"badge"}
    assert "person_badge_key" not in after.constraints
    after = await change(desk, lambda snapshot: [new_field(person(snapshot), "badge", is_unique=True)])
    assert person(after).by_name["badge"].column == "badge2"


@pytest.mark.parametrize("end", ["boss", "reports"])
async def test_a_deleted_relation_goes_at_both_ends(end: str, desk: Desk) -> None:
    await change(desk, lambda snapshot: [new_relation(person(snapshot), "boss", person(snapshot), "Reports")])
    found = field_of(await desk.default(), "person", end)
    after = await change(desk, lambda _: [DeleteField(field_id=found.id)])
    assert {"boss", "reports"}.isdisjoint(person(after).by_name)
    assert person(after).retired_columns == {"bossId"}
    assert found.relation_id not in after.relations


async def test_a_deleted_object_takes_every_relation_along_and_its_table_is_retired(desk: Desk) -> None:
    await change(desk, lambda _: [new_object("project")])
    project = (await desk.default()).by_singular["project"]

    def relate(snapshot: Snapshot) -> Iterable[Change]:
        yield new_relation(person(snapshot), "project", project, "Members")
        yield new_relation(project, "lead", person(snapshot), "Leads")
        yield new_relation(project, "parent", project, "Parts")

    await change(desk, relate)
    after = await change(desk, lambda _: [DeleteObject(object_id=project.id)])
    assert {"project", "leads"}.isdisjoint(person(after).by_name)
    assert after.retired_tables == {"project"}
    after = await change(desk, lambda _: [new_object("project")])
    assert after.by_singular["project"].table.name == "project2"


async def test_an_index_made_on_demand_is_deleted(desk: Desk) -> None:
    index = (await desk.default()).constraints["person_email_fold"]
    after = await change(desk, lambda _: [DeleteIndex(index_id=index.id)])
    assert index.name not in after.constraints
