"""Values that a change writes into records are checked against unique indexes first, by the change and its preview."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import CreateIndex
from fieldstone.metadata.changes.plan import BIG_TABLE
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.writer.dry_run import preview
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, person, whole_state
from tests.metadata.updates import column, field_of, insert, options, update


def together(snapshot: Snapshot, names: Sequence[str]) -> CreateIndex:
    object_ = person(snapshot)
    return CreateIndex(
        object_id=object_.id, field_ids=tuple(object_.by_name[name].id for name in names), is_unique=True
    )


CHANGES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an option for another": (
        {"options": options("B", "C"), "option_mapping": {"A": "B"}},
        "optionMapping",
        'city with stage is unique, and several records of person would share a value: "x B" (2 records)',
    ),
    "a text that becomes an option": (
        {"type": FieldType.SELECT, "options": options("B", "C"), "option_mapping": {"A": "B"}},
        "optionMapping",
        '"x B" (2 records)',
    ),
    "a value for none": ({"is_nullable": False, "backfill": "B"}, "backfillValue", '"x B" (3 records)'),
}


@pytest.mark.parametrize("big", [False, True], ids=["small", "big"])
@pytest.mark.parametrize(("values", "argument", "says"), CHANGES.values(), ids=CHANGES)
async def test_values_that_records_would_share_are_refused(
    values: dict[str, Any], argument: str, says: str, big: bool, desk: Desk, model_dsn: str
) -> None:
    is_text = "type" in values
    kind: dict[str, Any] = {} if is_text else {"type_": FieldType.SELECT, "options": options("A", "B", "C")}
    await desk.change(lambda now: [new_field(person(now), "stage", **kind)])
    model = await desk.change(lambda now: [together(now, ["city", "stage"])])
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.person (email, city, stage) VALUES"
            " ('1', 'x', 'A'), ('2', 'x', 'B'), ('3', 'x', NULL), ('4', 'x', NULL), ('5', 'y', 'B')"
        )
    before = whole_state(model_dsn)
    size = 0 if big else BIG_TABLE
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=size)

    async def look(transaction: ModelTransaction) -> None:
        (change,) = update("person", "stage", **values)(transaction.snapshot)
        await preview(transaction, [lambda _: change])

    async def make(transaction: ModelTransaction) -> None:
        for change in update("person", "stage", **values)(transaction.snapshot):
            await transaction.apply(change)

    for body in (look, make):
        with pytest.raises(InvalidChange) as caught:
            await writer.run(model.workspace.id, body, actor="test")
        assert (caught.value.field, says in caught.value.message) == (argument, True), caught.value.message
    assert whole_state(model_dsn) == before

    # Once they would not, it is done.
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE workspace_default.person SET city = email")
    await desk.writer.run(model.workspace.id, make, actor="test")
    now = column(model_dsn, "person", field_of(await desk.default(), "person", "stage").column)
    assert now == (["A", "B", "B", "B", "B"] if "backfill" in values else ["B", "B", "B", None, None])


async def test_what_comes_to_be_shared_while_it_is_filled_ends_it(desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda now: [new_field(person(now), "stage")])
    model = await desk.change(lambda now: [together(now, ["city", "stage"])])
    insert(model_dsn, "person (email, city, stage) VALUES ('1', 'x', NULL)")
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=0)
    await writer.change(model.workspace.id, update("person", "stage", is_nullable=False, backfill="B"), actor="test")
    insert(model_dsn, "person (email, city, stage) VALUES ('2', 'x', 'B')")
    assert await Builder(desk.database, desk.writer, trigram=desk.catalog.trigram).build_all() == 1
    stage = field_of(await desk.default(), "person", "stage")
    assert (stage.status, stage.is_nullable, column(model_dsn, "person", "stage")) == (Status.FAILED, True, ["B", None])


async def test_lists_that_records_would_share_are_refused(desk: Desk, model_dsn: str) -> None:
    every = options("A", "B", "C", "D")
    await desk.change(lambda now: [new_field(person(now), "tags", FieldType.MULTI_SELECT, options=every)])
    await desk.change(lambda now: [together(now, ["city", "tags"])])
    insert(model_dsn, "person (email, city, tags) VALUES ('1', 'x', '{A,B}'), ('2', 'x', '{C,B}'), ('3', 'x', '{D}')")
    away = update("person", "tags", options=options("B", "D"), option_mapping={"A": "B", "C": None})
    with pytest.raises(InvalidChange, match=r'would share a value: "x \{B\}" \(2 records\)'):
        await desk.change(away)
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE workspace_default.person SET city = email")
    after = await desk.change(away)
    assert column(model_dsn, "person", field_of(after, "person", "tags").column) == [["B"], ["B"], ["D"]]


async def test_many_options_of_lists_that_stay_distinct_are_replaced_at_once(desk: Desk, model_dsn: str) -> None:
    gone = [f"A{place}" for place in range(20)]
    every = options("B", *gone)
    await desk.change(lambda now: [new_field(person(now), "tags", FieldType.MULTI_SELECT, options=every)])
    await desk.change(lambda now: [together(now, ["email", "tags"])])
    insert(model_dsn, "person (email, tags) VALUES ('1', '{A0,A7,A19}'), ('2', '{A1,B}'), ('3', NULL)")
    mapping = {**dict.fromkeys(gone, "B"), "A7": None}
    after = await desk.change(update("person", "tags", options=options("B"), option_mapping=mapping))
    assert column(model_dsn, "person", field_of(after, "person", "tags").column) == [["B"], ["B"], None]
