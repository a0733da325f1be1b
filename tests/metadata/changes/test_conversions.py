"""Another type for a field: the fate of its values, its default, its column and its indexes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.metadata.changes import CreateIndex, UpdateField
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.dry_run import preview
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.changes.refusal import select
from tests.metadata.desk import Desk, columns_of, new_field, person, whole_state

NAME = "thing"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A field of one type that becomes one of another.

    Attributes:
        kept: values, and their converted forms.
        lost: values that the new type cannot hold as they are, and their converted forms where that is allowed.
    """

    source: FieldType
    target: FieldType
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    kept: Sequence[tuple[str | None, str | None]] = ()
    lost: Sequence[tuple[str, str | None]] = ()


INT, BIGINT, FLOAT, DECIMAL = ({"settings": {"dataType": name}} for name in ("int", "bigint", "float", "decimal"))
T = FieldType
OPTIONS = {"options": select("A", "B")}

# The values are texts that PostgreSQL reads and writes.
CASES = [
    Case(source=T.NUMBER, target=T.TEXT, kept=[("12.50", "12.50"), ("-3", "-3"), (None, None)]),
    Case(source=T.NUMBER, target=T.TEXT, before=INT, kept=[("12", "12")]),
    Case(source=T.NUMBER, target=T.TEXT, before=FLOAT, kept=[("0.1", "0.1"), ("1e100", "1e+100")]),
    Case(source=T.NUMBER, target=T.NUMERIC, kept=[("12.50", "12.50")]),
    Case(source=T.NUMBER, target=T.NUMBER, before=INT, after=BIGINT, kept=[("2147483647", "2147483647")]),
    Case(source=T.NUMBER, target=T.NUMBER, before=INT, after=FLOAT, kept=[("7", "7")]),
    Case(
        source=T.NUMBER,
        target=T.NUMBER,
        before=FLOAT,
        after=DECIMAL,
        kept=[("0.1234567890123456", "0.1234567890123456")],
    ),
    Case(
        source=T.NUMBER,
        target=T.NUMBER,
        before=BIGINT,
        after=INT,
        kept=[("-2147483648", "-2147483648")],
        lost=[("2147483648", None)],
    ),
    Case(
        source=T.NUMBER,
        target=T.NUMBER,
        before=BIGINT,
        after=FLOAT,
        kept=[("9007199254740992", "9.007199254740992e+15")],
        lost=[("9007199254740993", "9.007199254740992e+15")],
    ),
    Case(
        source=T.NUMBER,
        target=T.NUMBER,
        before=DECIMAL,
        after=INT,
        kept=[("12.0", "12")],
        lost=[("12.5", "13"), ("1e20", None)],
    ),
    Case(
        source=T.NUMERIC, target=T.NUMBER, after=FLOAT, kept=[("0.5", "0.5")], lost=[("1e400", None), ("1e-400", "0")]
    ),
    Case(source=T.NUMBER, target=T.BOOLEAN, before=INT, kept=[("1", "true"), ("0", "false")], lost=[("2", None)]),
    Case(source=T.NUMERIC, target=T.TEXT, kept=[("123456789012345678901234.5", "123456789012345678901234.5")]),
    Case(source=T.BOOLEAN, target=T.TEXT, kept=[("t", "true"), ("f", "false"), (None, None)]),
    Case(source=T.BOOLEAN, target=T.NUMBER, after=INT, kept=[("t", "1"), ("f", "0")]),
    Case(
        source=T.UUID,
        target=T.TEXT,
        kept=[("0191D2A4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e")],
    ),
    Case(
        source=T.DATE,
        target=T.DATE_TIME,
        kept=[("2024-02-29", "2024-02-29 00:00:00+00"), ("0001-01-01", "0001-01-01 00:00:00+00")],
    ),
    Case(source=T.DATE, target=T.TEXT, kept=[("2024-02-29", "2024-02-29"), (None, None)]),
    Case(
        source=T.DATE_TIME,
        target=T.DATE,
        kept=[("2024-02-29T00:00Z", "2024-02-29")],
        lost=[("2024-02-29T23:30-02", "2024-03-01")],
    ),
    Case(source=T.DATE_TIME, target=T.TEXT, kept=[("2024-02-29T10:00:00.25+02", "2024-02-29T08:00:00.25Z")]),
    Case(source=T.SELECT, target=T.TEXT, before=OPTIONS, kept=[("A", "A"), (None, None)]),
    Case(source=T.SELECT, target=T.MULTI_SELECT, before=OPTIONS, kept=[("B", "{B}"), (None, None)]),
    Case(
        source=T.SELECT,
        target=T.SELECT,
        before={"options": select("A", "B")},
        after={"label": "Same"},
        kept=[("A", "A")],
    ),
    Case(source=T.MULTI_SELECT, target=T.ARRAY, before=OPTIONS, kept=[("{B,A}", "{B,A}"), ("{}", "{}")]),
    Case(
        source=T.MULTI_SELECT,
        target=T.SELECT,
        before=OPTIONS,
        kept=[("{B}", "B"), ("{}", None)],
        lost=[("{B,A}", "B")],
    ),
    Case(
        source=T.TEXT, target=T.SELECT, after=OPTIONS, kept=[("A", "A"), (None, None)], lost=[("C", None), ("a", None)]
    ),
    Case(source=T.TEXT, target=T.MULTI_SELECT, after=OPTIONS, kept=[("A", "{A}"), (None, None)], lost=[("C", None)]),
    Case(source=T.TEXT, target=T.RATING, kept=[("RATING_3", "RATING_3")], lost=[("3", None)]),
    Case(source=T.RATING, target=T.SELECT, kept=[("RATING_3", "RATING_3")]),
    Case(source=T.TEXT, target=T.ARRAY, kept=[("a, b", '{"a, b"}'), ("", '{""}'), (None, None)]),
    Case(source=T.ARRAY, target=T.TEXT, kept=[("{a}", "a"), ("{}", None)], lost=[("{a,b}", "a, b")]),
    Case(
        source=T.ARRAY,
        target=T.MULTI_SELECT,
        after=OPTIONS,
        kept=[("{B,A}", "{B,A}")],
        lost=[("{B,C}", "{B}"), ("{B,B}", "{B}")],
    ),
    Case(source=T.TEXT, target=T.RAW_JSON, kept=[("a", '"a"'), ("1", '"1"')]),
    Case(source=T.RAW_JSON, target=T.TEXT, kept=[('"a"', "a"), ('{"a": 1}', '{"a": 1}')]),
    Case(source=T.DATE, target=T.RAW_JSON, kept=[("2024-02-29", '"2024-02-29"')]),
    Case(
        source=T.TEXT,
        target=T.NUMBER,
        kept=[("12.50", "12.50"), ("-.5", "-0.5"), ("1e3", "1000"), (None, None)],
        lost=[("", None), ("12,5", None), ("1 ", None), ("NaN", None), ("1e999999", None), ("\u0661", None)],
    ),
    Case(source=T.TEXT, target=T.NUMBER, after=INT, kept=[("12", "12")], lost=[("12.5", "13"), ("9999999999", None)]),
    Case(
        source=T.TEXT,
        target=T.DATE,
        kept=[("2024-02-29", "2024-02-29"), ("9999-12-31", "9999-12-31")],
        lost=[("2023-02-29", None), ("0000-01-01", None), ("2024-13-01", None), ("29.2.2024", None), ("now", None)],
    ),
    Case(
        source=T.TEXT,
        target=T.DATE_TIME,
        kept=[
            ("2024-02-29", "2024-02-29 00:00:00+00"),
            ("2024-02-29T10:00", "2024-02-29 10:00:00+00"),
            ("2024-02-29 10:00:00.5+02:00", "2024-02-29 08:00:00.5+00"),
            ("2024-02-29T10:00:00Z", "2024-02-29 10:00:00+00"),
            ("9999-12-31T23:30-00:15", "9999-12-31 23:45:00+00"),
            ("0001-01-01T01:00+01", "0001-01-01 00:00:00+00"),
        ],
        lost=[
            ("2023-02-29T10:00Z", None),
            ("2024-02-29T25:00Z", None),
            ("today", None),
            ("9999-12-31T23:30:00-01:00", None),
            ("0001-01-01T00:00:00+01:00", None),
        ],
    ),
    Case(
        source=T.TEXT,
        target=T.UUID,
        lost=[("0191d2a4", None)],
        kept=[("0191D2A4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e")],
    ),
    Case(source=T.TEXT, target=T.BOOLEAN, kept=[("True", "true"), ("false", "false")], lost=[("yes", None)]),
]


def named(case: Case) -> str:
    variants = "".join(f" {side['settings']['dataType']}" for side in (case.before, case.after) if "settings" in side)
    return f"{case.source.value} to {case.target.value}{variants}"


def column_of(snapshot: Snapshot) -> str:
    return person(snapshot).by_name[NAME].column


def fill(dsn: str, values: Sequence[str | None]) -> None:
    query = sql.SQL("INSERT INTO workspace_default.person (email, {}) VALUES (%s, %s)").format(sql.Identifier(NAME))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for place, value in enumerate(values):
            connection.execute(query, [str(place), value])


def values_in(dsn: str, column: str) -> list[str | None]:
    query = sql.SQL("SELECT {}::text FROM workspace_default.person ORDER BY email::integer")
    with psycopg.connect(dsn) as connection:
        connection.execute("SET timezone = 'UTC'")
        return [value for (value,) in connection.execute(query.format(sql.Identifier(column)))]


def conversion_of(snapshot: Snapshot, to: FieldType, **more: Any) -> UpdateField:
    return UpdateField(field_id=person(snapshot).by_name[NAME].id, type=to, **more)


@pytest.mark.parametrize("case", [pytest.param(case, id=named(case)) for case in CASES])
async def test_values_become_those_of_the_new_type(case: Case, desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, case.source, **case.before)])
    fill(model_dsn, [old for old, _ in case.kept])
    after = await desk.change(lambda snapshot: [conversion_of(snapshot, case.target, **case.after)])
    assert await desk.reload(after.workspace.id) == after
    converted = person(after).by_name[NAME]
    assert converted.type is case.target
    assert values_in(model_dsn, converted.column) == [new for _, new in case.kept]


@pytest.mark.parametrize("case", [pytest.param(case, id=named(case)) for case in CASES if case.lost])
async def test_values_that_would_lose_are_named_and_lost_only_where_that_is_allowed(
    case: Case, desk: Desk, model_dsn: str
) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, case.source, **case.before)])
    fill(model_dsn, [old for old, _ in (*case.kept, *case.lost)])
    before = whole_state(model_dsn)
    with pytest.raises(
        InvalidChange, match=rf"{len(case.lost)} records of person .* cannot hold as they are"
    ) as caught:
        await desk.change(lambda snapshot: [conversion_of(snapshot, case.target, **case.after)])
    assert caught.value.field == "type"
    assert whole_state(model_dsn) == before
    after = await desk.change(
        lambda snapshot: [conversion_of(snapshot, case.target, allow_data_loss=True, **case.after)]
    )
    assert values_in(model_dsn, column_of(after)) == [new for _, new in (*case.kept, *case.lost)]


async def test_the_old_name_of_the_column_is_never_used_again(desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, default="1")])
    first = await desk.change(lambda snapshot: [conversion_of(snapshot, T.NUMBER)])
    assert (column_of(first), person(first).by_name[NAME].default) == ("thing2", 1)
    columns = columns_of(model_dsn, "workspace_default", "person")
    assert columns["thing2"] == ("numeric", True, "'1'::numeric")
    assert NAME not in columns
    second = await desk.change(lambda snapshot: [conversion_of(snapshot, T.TEXT)])
    assert (column_of(second), person(second).by_name[NAME].default) == ("thing3", "1")
    assert {"thing", "thing2"} <= person(second).retired_columns
    assert await desk.reload(second.workspace.id) == second


RATINGS = select(*(f"RATING_{place}" for place in range(1, 6)))


@pytest.mark.parametrize(
    ("source", "target", "default", "converted"),
    [
        ((T.SELECT, OPTIONS), (T.MULTI_SELECT, {}), "A", ["A"]),
        ((T.TEXT, {}), (T.SELECT, OPTIONS), "A", "A"),
        ((T.TEXT, {}), (T.MULTI_SELECT, OPTIONS), "B", ["B"]),
        ((T.RATING, {}), (T.SELECT, {"options": RATINGS}), "RATING_2", "RATING_2"),
        ((T.MULTI_SELECT, OPTIONS), (T.SELECT, {}), ["A"], "A"),
        ((T.ARRAY, {}), (T.MULTI_SELECT, OPTIONS), ["A", "B"], ["A", "B"]),
        ((T.MULTI_SELECT, OPTIONS), (T.ARRAY, {}), ["A"], ["A"]),
        ((T.ARRAY, {}), (T.TEXT, {}), ["A"], "A"),
        ((T.RAW_JSON, {}), (T.TEXT, {}), ["A"], '["A"]'),
        ((T.BOOLEAN, {}), (T.NUMBER, INT), True, 1),
        ((T.BOOLEAN, {}), (T.TEXT, {}), True, "true"),
        ((T.NUMBER, {}), (T.BOOLEAN, {}), 0, False),
    ],
    ids=lambda value: value[0].value if isinstance(value, tuple) else None,
)
async def test_the_default_is_that_of_the_values(
    source: tuple[FieldType, dict[str, Any]],
    target: tuple[FieldType, dict[str, Any]],
    default: Any,
    converted: Any,
    desk: Desk,
    model_dsn: str,
) -> None:
    """A record that got the old default has the new one after the change, as a record of then has."""
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, source[0], default=default, **source[1])])
    write = "INSERT INTO workspace_default.person (email) VALUES (%s)"
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(write, ["0"])
        after = await desk.change(lambda snapshot: [conversion_of(snapshot, target[0], **target[1])])
        connection.execute(write, ["1"])
    assert (person(after).by_name[NAME].default, await desk.reload(after.workspace.id)) == (converted, after)
    old, new = values_in(model_dsn, column_of(after))
    assert (old is not None, old) == (True, new)


@pytest.mark.parametrize(
    ("source", "default", "target"),
    [(T.ARRAY, ["A", "B"], T.TEXT), (T.ARRAY, [], T.TEXT), (T.TEXT, "now", T.DATE), (T.NUMBER, 2, T.BOOLEAN)],
    ids=["several items", "no item", "a word that would be a function", "another number"],
)
async def test_a_default_that_the_new_type_has_no_value_for_is_to_be_given(
    source: FieldType, default: Any, target: FieldType, desk: Desk
) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, source, default=default)])
    with pytest.raises(InvalidChange, match=f"is none of a {target.value} field; give defaultValue"):
        await desk.change(lambda snapshot: [conversion_of(snapshot, target)])


async def test_a_mapping_gives_texts_their_options(desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME)])
    fill(model_dsn, ["A", "b", "c"])
    mapping = {"b": "B", "c": None}
    after = await desk.change(lambda snapshot: [conversion_of(snapshot, T.SELECT, **OPTIONS, option_mapping=mapping)])
    assert values_in(model_dsn, column_of(after)) == ["A", "B", None]


async def test_a_unique_index_is_kept_and_those_for_what_is_inside_a_text_go(desk: Desk, model_dsn: str) -> None:
    made = await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, is_unique=True)])
    field_id = person(made).by_name[NAME].id
    await desk.change(lambda _: [CreateIndex(object_id=person(made).id, field_ids=(field_id,), method="trigram")])
    fill(model_dsn, ["1", "2"])
    after = await desk.change(lambda snapshot: [conversion_of(snapshot, T.NUMBER)])
    assert {index.method for index in after.indexes.values() if field_id in index.field_ids} == {"btree"}
    with psycopg.connect(model_dsn) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO workspace_default.person (email, thing2) VALUES ('9', 2)")
    with pytest.raises(InvalidChange, match="a BOOLEAN field cannot be unique"):
        await desk.change(lambda snapshot: [conversion_of(snapshot, T.BOOLEAN)])


async def test_a_way_back_brings_the_type_its_options_and_its_indexes(desk: Desk, model_dsn: str) -> None:
    made = await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, T.NUMBER, **INT, default=5)])
    fill(model_dsn, ["1", "2"])
    await desk.change(lambda snapshot: [conversion_of(snapshot, T.TEXT, label="Text")])
    await desk.change(
        lambda snapshot: [
            CreateIndex(object_id=person(snapshot).id, field_ids=(person(made).by_name[NAME].id,), method="trigram")
        ]
    )
    indexed = await desk.default()
    options = select("A", "B")
    await desk.change(
        lambda snapshot: [
            conversion_of(snapshot, T.MULTI_SELECT, options=options, default=None, option_mapping={"1": "B", "2": "B"})
        ]
    )

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, indexed.version)

    await desk.writer.run(indexed.workspace.id, back, actor="test")
    snapshot = await desk.default()
    assert (person(snapshot).by_name[NAME].type, values_in(model_dsn, column_of(snapshot))) == (T.TEXT, ["B", "B"])
    assert {
        index.method for index in snapshot.indexes.values() if person(made).by_name[NAME].id in index.field_ids
    } == {"trigram"}


async def test_what_needs_no_look_at_the_records_is_done_at_any_size(desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME)])
    fill(model_dsn, ["A"])
    careful = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, largest_rewrite=0)

    async def look(transaction: ModelTransaction) -> None:
        await preview(transaction, [lambda snapshot: conversion_of(snapshot, T.NUMBER)])

    # A preview says the same as the change would.
    with pytest.raises(InvalidChange, match="FIELDSTONE_MAX_REWRITE_BYTES"):
        await careful.run((await desk.default()).workspace.id, look, actor="test")
    made = await desk.change(lambda snapshot: [conversion_of(snapshot, T.SELECT, **OPTIONS)])
    await careful.change(made.workspace.id, lambda snapshot: [conversion_of(snapshot, T.TEXT)], actor="test")


async def test_json_null_is_no_value(desk: Desk, model_dsn: str) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), NAME, T.RAW_JSON)])
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO workspace_default.person (email, thing) VALUES ('0', %s)", [Jsonb([1, "a"])])
    after = await desk.change(lambda snapshot: [conversion_of(snapshot, T.TEXT)])
    assert values_in(model_dsn, column_of(after)) == ['[1, "a"]']
