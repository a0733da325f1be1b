"""metadata/writer/rollback.py: the values of fields whose type comes back, and required fields that come back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.metadata.changes import DeleteField, DeleteObject, UpdateField
from fieldstone.metadata.changes.kinds.fields.conversion import conversions_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.rollback import preview_rollback, roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person
from tests.metadata.updates import change, column, field_of, insert, options, update
from tests.metadata.writer.undone import Build, shown

UUID_TEXT = "01a20e80-3251-7887-b10d-8e8de708b828"
HIGH_LOW = {"options": options("HIGH", "LOW")}
TRUTH = {"options": options("TRUE", "False")}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A field of one type that becomes one of another, and comes back.

    Attributes:
        back: the values that come back, where they are others.
        lost: how the rollback says so.
    """

    source: T
    target: T
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    values: Sequence[Any]
    back: Sequence[Any] = ()
    lost: str | None = None


ZEROS = "numbers come back without the last zeros of their fractions"
EURO = {"default": {"currencyCode": "EUR"}}
CASES = [
    Case(source=T.TEXT, target=T.RAW_JSON, values=["a", "", '{"a": 1}', "null", None]),
    Case(source=T.NUMBER, target=T.RAW_JSON, before={"default": 5}, values=["12.5", "1e30", None]),
    Case(source=T.NUMBER, target=T.RAW_JSON, before={"settings": {"dataType": "float"}}, values=[0.1, 1e300, None]),
    Case(source=T.NUMBER, target=T.RAW_JSON, before={"settings": {"dataType": "bigint"}}, values=[2**63 - 1, None]),
    Case(source=T.NUMERIC, target=T.RAW_JSON, values=["12.5", None]),
    Case(source=T.BOOLEAN, target=T.RAW_JSON, values=[True, False, None]),
    Case(source=T.DATE, target=T.RAW_JSON, values=["2020-01-31", "0001-01-01", None]),
    Case(source=T.DATE_TIME, target=T.RAW_JSON, values=["2020-01-31 01:02:03.000004+00", None]),
    Case(source=T.UUID, target=T.RAW_JSON, values=[UUID_TEXT, None]),
    Case(source=T.RATING, target=T.RAW_JSON, values=["RATING_1", None]),
    Case(source=T.SELECT, target=T.RAW_JSON, before=HIGH_LOW, values=["HIGH", None]),
    Case(source=T.MULTI_SELECT, target=T.RAW_JSON, before=HIGH_LOW, values=[["LOW", "HIGH"], [], None]),
    Case(source=T.ARRAY, target=T.RAW_JSON, values=[["a", 'b"{[\\\n'], ["NULL", "", "a, b"], [], None]),
    *(
        Case(source=source, target=target, after=after, values=["1.00", "0.0", None], lost=ZEROS)
        for source in (T.NUMBER, T.NUMERIC)
        for target, after in (
            (T.CURRENCY, EURO),
            (T.BOOLEAN, {}),
            (T.POSITION, {}),
            *((T.NUMBER, {"settings": {"dataType": size}}) for size in ("int", "bigint", "float")),
        )
    ),
    Case(source=T.NUMERIC, target=T.NUMBER, values=["1.00", None]),
    Case(
        source=T.SELECT, target=T.SELECT, before=HIGH_LOW, values=["HIGH", None],
        after={"options": options("TOP", "LOW"), "option_mapping": {"HIGH": "TOP"}},
    ),
    Case(source=T.NUMBER, target=T.CURRENCY, before={"settings": {"dataType": "float"}}, values=[12.5, None]),
    Case(source=T.SELECT, target=T.BOOLEAN, before=TRUTH, values=["TRUE", "False", None]),
    Case(
        source=T.RAW_JSON, target=T.TEXT, values=[Jsonb("a"), Jsonb([1]), None], back=["a", "[1]", None],
        lost="values that were no texts come back as texts of JSON",
    ),
    Case(
        source=T.ARRAY, target=T.TEXT, values=[["a"], [], None], back=[["a"], None, None],
        lost="empty lists come back as null",
    ),
    Case(
        source=T.MULTI_SELECT, target=T.SELECT, before=HIGH_LOW, values=[["LOW"], []], back=[["LOW"], None],
        lost="empty lists come back as null",
    ),
    Case(
        source=T.TEXT, target=T.NUMBER, values=["12.50", "1e3"], back=["12.50", "1000"],
        lost="texts come back as NUMBER values are written",
    ),
]  # fmt: skip


def named(case: Case) -> str:
    sizes = (values.get("settings", {}).get("dataType", "") for values in (case.before, case.after))
    return " ".join(filter(None, (case.source.value, "to", case.target.value, *sizes)))


def fill(dsn: str, name: str, values: Sequence[Any]) -> None:
    query = sql.SQL("INSERT INTO workspace_default.person (email, {}) VALUES (%s, %s)").format(sql.Identifier(name))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for place, value in enumerate(values):
            connection.execute(query, [str(place), value])


def read(dsn: str, name: str) -> list[Any]:
    query = sql.SQL("SELECT to_jsonb({}) FROM workspace_default.person ORDER BY email::integer").format(
        sql.Identifier(name)
    )
    with psycopg.connect(dsn) as connection:
        return [value for (value,) in connection.execute(query)]


async def undo(desk: Desk, version: int) -> list[JsonValue]:
    """Bring the model back, and return the losses that the dry run tells of."""

    async def body(transaction: ModelTransaction) -> list[JsonValue]:
        found = await preview_rollback(transaction, version)
        await roll_back(transaction, version)
        return list(found.plan["lost"])

    return await desk.writer.run((await desk.default()).workspace.id, body, actor="test")


@pytest.mark.parametrize("case", [pytest.param(case, id=named(case)) for case in CASES])
async def test_the_type_comes_back_with_the_values(case: Case, desk: Desk, model_dsn: str) -> None:
    before = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", case.source, **case.before)])
    fill(model_dsn, "thing", case.values)
    values = read(model_dsn, "thing")
    await change(desk, update("person", "thing", type=case.target, **case.after))
    lost = await undo(desk, before.version)
    after = await desk.default()
    assert shown(after) == shown(before)
    assert read(model_dsn, field_of(after, "person", "thing").column) == (list(case.back) or values)
    assert [(one["kind"], one["name"]) for one in lost] == ([("STAYS_LOST", "person.thing")] if case.lost else [])
    assert all(one["message"].endswith(f": {case.lost}") for one in lost)


@pytest.mark.long
@pytest.mark.parametrize("source", [kind for kind in T if conversions_of(kind)])
async def test_each_possible_type_is_given_and_taken_back(source: T, desk: Desk) -> None:
    chosen = {T.SELECT: HIGH_LOW, T.MULTI_SELECT: HIGH_LOW}
    sizes: list[dict[str, Any]] = [{"settings": {"dataType": size}} for size in ("int", "float", "bigint")]
    pairs = [
        (before, target, after)
        for before in (chosen.get(source, {}), *(sizes if source is T.NUMBER else []))
        for target in conversions_of(source, before.get("settings", {}).get("dataType"))
        for after in (chosen.get(target, {}), *(sizes if target is T.NUMBER else []))
    ]
    before = await desk.change(
        lambda snapshot: [
            new_field(person(snapshot), f"thing{number}", source, **values)
            for number, (values, _, _) in enumerate(pairs)
        ]
    )
    await desk.change(
        lambda snapshot: [
            UpdateField(field_id=field_of(snapshot, "person", f"thing{number}").id, type=target, **after)
            for number, (_, target, after) in enumerate(pairs)
        ]
    )
    await undo(desk, before.version)
    assert shown(await desk.default()) == shown(before)


@pytest.mark.parametrize(
    ("case", "value"),
    [
        (Case(source=T.SELECT, target=T.BOOLEAN, before={"options": options("TRUE", "True")}, values=[]), True),
        (Case(source=T.SELECT, target=T.DATE, before=HIGH_LOW, values=[]), "2020-01-31"),
        (Case(source=T.NUMBER, target=T.RAW_JSON, values=[]), Jsonb("x")),
        (Case(source=T.ARRAY, target=T.RAW_JSON, values=[]), Jsonb(["a", 1])),
        (Case(source=T.ARRAY, target=T.RAW_JSON, values=[]), Jsonb([["a"], ["b"]])),
        (Case(source=T.MULTI_SELECT, target=T.RAW_JSON, before=HIGH_LOW, values=[]), Jsonb(["HIGH", "MID"])),
        (Case(source=T.MULTI_SELECT, target=T.RAW_JSON, before=HIGH_LOW, values=[]), Jsonb({"a": 1})),
    ],
)
async def test_a_value_that_was_written_since_then_is_not_lost(
    case: Case, value: Any, desk: Desk, model_dsn: str
) -> None:
    before = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", case.source, **case.before)])
    after = await change(desk, update("person", "thing", type=case.target))
    fill(model_dsn, field_of(after, "person", "thing").column, [value])
    with pytest.raises(InvalidChange, match=f"thing cannot become a {case.source.value} field: 1 records of person"):
        await undo(desk, before.version)
    assert await desk.default() is after


async def test_a_currency_of_which_nobody_else_knows_is_not_lost(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", T.NUMBER)])
    after = await change(desk, update("person", "thing", type=T.CURRENCY, **EURO))
    fill(model_dsn, field_of(after, "person", "thing").parts[1].column.name, ["EUR", "USD"])
    with pytest.raises(InvalidChange, match=r"1 records of person .* \"USD\" \(1 records\)"):
        await undo(desk, before.version)


async def test_an_inverse_of_before_they_said_so_gives_the_type_again(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", T.NUMBER)])
    await change(desk, update("person", "thing", type=T.RAW_JSON))
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE fieldstone.model_change SET change = change #- '{0,inverse,0,isRestored}' WHERE version = %s",
            [before.version + 1],
        )
    await undo(desk, before.version)
    assert shown(await desk.default()) == shown(before)


async def test_a_name_that_became_a_currency_comes_back_with_its_object(desk: Desk) -> None:
    await desk.change(lambda _: [new_object("coin")])
    await change(desk, update("coin", "name", type=T.NUMBER))
    before = await change(desk, update("coin", "name", type=T.CURRENCY, **EURO))
    await desk.change(lambda snapshot: [DeleteObject(object_id=field_of(snapshot, "coin", "name").object_id)])
    await undo(desk, before.version)
    assert shown(await desk.default()) == shown(before)


def crates(_snapshot: Snapshot) -> Any:
    crate, box = new_object("crate"), new_object("box", "boxes")
    yield from (crate, box)
    yield new_field(crate.id, "weight", T.NUMBER, is_nullable=False)
    yield new_field(crate.id, "price", T.CURRENCY, is_nullable=False, default={"amountMicros": 5})
    yield new_field(crate.id, "note")


async def related(desk: Desk) -> Snapshot:
    """The two objects, a box of which needs a crate."""
    await desk.change(crates)
    return await desk.change(
        lambda snapshot: [
            new_relation(
                snapshot.by_singular["box"], "crate", snapshot.by_singular["crate"], "Boxes",
                is_nullable=False, settings={"onDelete": "CASCADE"},
            )
        ]
    )  # fmt: skip


def deletion(object_: str, name: str) -> Build:
    return lambda snapshot: [DeleteField(field_id=field_of(snapshot, object_, name).id)]


def required(snapshot: Snapshot) -> dict[str, bool]:
    return {
        f"{object_}.{name}": not field_of(snapshot, object_, name).is_nullable
        for object_, name in (("crate", "weight"), ("crate", "price"), ("crate", "note"), ("box", "crate"))
    }


NONE_HAS_ONE = "comes back without its values, and optional: the records that are there have none"


async def test_a_required_field_comes_back_optional_where_records_are(desk: Desk, model_dsn: str) -> None:
    before = await related(desk)
    insert(model_dsn, f"crate (id, weight) VALUES ('{UUID_TEXT}', 1)")
    insert(model_dsn, f"box (\"crateId\") VALUES ('{UUID_TEXT}')")
    for object_, name in (("crate", "weight"), ("crate", "price"), ("box", "crate")):
        await desk.change(deletion(object_, name))
    lost = await undo(desk, before.version)
    after = await desk.default()
    assert required(after) == {"crate.weight": False, "crate.price": True, "crate.note": False, "box.crate": False}
    assert {one["message"] for one in lost} == {
        f"crate.weight {NONE_HAS_ONE}",
        "crate.price comes back without its values",
        f"box.crate {NONE_HAS_ONE}",
    }
    assert column(model_dsn, "crate", field_of(after, "crate", "weight").column) == [None]


async def test_a_required_relation_comes_back_optional_with_its_other_end(desk: Desk, model_dsn: str) -> None:
    before = await related(desk)
    insert(model_dsn, f"crate (id, weight) VALUES ('{UUID_TEXT}', 1)")
    insert(model_dsn, f"box (\"crateId\") VALUES ('{UUID_TEXT}')")
    await desk.change(lambda snapshot: [DeleteObject(object_id=snapshot.by_singular["crate"].id)])
    lost = await undo(desk, before.version)
    assert required(await desk.default()) == {**required(before), "box.crate": False}
    assert {one["message"] for one in lost} == {
        "crate comes back without its records",
        f"box.crate {NONE_HAS_ONE}",
    }


async def test_a_field_that_was_required_before_it_was_optional_comes_back_optional(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(crates)
    insert(model_dsn, "crate (weight) VALUES (1)")
    await desk.change(update("crate", "weight", is_nullable=True))
    await desk.change(deletion("crate", "weight"))
    (lost,) = await undo(desk, before.version)
    assert lost["message"] == f"crate.weight {NONE_HAS_ONE}"
    assert field_of(await desk.default(), "crate", "weight").is_nullable


async def test_a_required_field_of_an_object_that_comes_back_is_required(desk: Desk, model_dsn: str) -> None:
    before = await desk.change(crates)
    gone = before.by_singular["crate"].id
    await desk.change(lambda _: [DeleteObject(object_id=gone)])
    await undo(desk, before.version)
    again = await desk.default()
    insert(model_dsn, f"{again.by_singular['crate'].table.name} (weight) VALUES (1)")
    # Undone are the rollback, which deletes the object with its record, and then the deletion.
    await desk.change(lambda snapshot: [UpdateField(field_id=field_of(snapshot, "crate", "note").id, label="Notes")])
    lost = await undo(desk, before.version)
    assert [(one["kind"], one["message"]) for one in lost] == [
        ("DELETED", "crate goes, with 1 records"),
        ("COMES_BACK_EMPTY", "crate comes back without its records"),
    ]
    assert shown(await desk.default()) == shown(before)


async def test_values_since_a_rollback_go_with_another_one(desk: Desk, model_dsn: str) -> None:
    before = await related(desk)
    insert(model_dsn, f"crate (id, weight) VALUES ('{UUID_TEXT}', 1)")
    for object_, name in (("crate", "note"), ("box", "crate")):
        await desk.change(deletion(object_, name))
    await undo(desk, before.version)
    again = await desk.default()
    note, crate = (field_of(again, *path).column for path in (("crate", "note"), ("box", "crate")))
    insert(model_dsn, f"crate (weight, \"{note}\") VALUES (2, 'x')")
    insert(model_dsn, f"box (\"{crate}\") VALUES ('{UUID_TEXT}')")
    lost = await undo(desk, before.version)
    assert {(one["kind"], one["message"]) for one in lost} == {
        ("DELETED", "crate.note goes, with 1 values"),
        ("COMES_BACK_EMPTY", "crate.note comes back without its values"),
        ("DELETED", "box.crate goes, with 1 values"),
        ("COMES_BACK_EMPTY", f"box.crate {NONE_HAS_ONE}"),
    }
    assert column(model_dsn, "crate", field_of(await desk.default(), "crate", "note").column) == [None, None]
