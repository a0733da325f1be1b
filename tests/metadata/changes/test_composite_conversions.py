"""A plain field that becomes a composite, and the other way round: the first column's value, the lost parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.metadata.changes import CreateIndex
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, columns_of, new_field, person, whole_state
from tests.metadata.updates import change, field_of, update

Row = tuple[Any, ...]
"""The values of a field's columns, in their order."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A field of one type that becomes one of another.

    Attributes:
        kept: values, and their converted forms.
        lost: values with a part that would be lost, their shown text, and their converted forms where allowed.
    """

    source: T
    target: T
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    kept: Sequence[tuple[Row, Row]]
    lost: Sequence[tuple[Row, str, Row]] = ()


INT, FLOAT = {"settings": {"dataType": "int"}}, {"settings": {"dataType": "float"}}
BIGINT = {"settings": {"dataType": "bigint"}}
MOST = 9_223_372_036_854
"""The largest whole number whose millionths a bigint holds."""
EURO = {"default": {"currencyCode": "EUR"}}
NONE = (None,)

CASES = [
    Case(source=T.TEXT, target=T.EMAILS, kept=[(("a@b",), ("a@b", None)), (NONE, (None, None))]),
    Case(
        source=T.EMAILS, target=T.TEXT,
        kept=[(("a@b", None), ("a@b",)), (("a@b", []), ("a@b",)), ((None, None), NONE)],
        lost=[(("a@b", ["c@d"]), 'a@b ["c@d"]', ("a@b",)), ((None, ["c@d"]), '["c@d"]', NONE)],
    ),
    Case(source=T.TEXT, target=T.PHONES, kept=[(("1",), ("1", None, None, None))]),
    Case(
        source=T.PHONES, target=T.TEXT, kept=[(("1", None, "", []), ("1",))],
        lost=[(("1", "DE", None, None), "1 DE", ("1",)), (("1", None, "+49", None), "1 +49", ("1",))],
    ),
    Case(source=T.TEXT, target=T.LINKS, kept=[(("a.example",), ("a.example", None, None))]),
    Case(
        source=T.LINKS, target=T.TEXT, kept=[(("a.example", "", None), ("a.example",))],
        lost=[(("a.example", "A", None), "a.example A", ("a.example",))],
    ),
    Case(source=T.TEXT, target=T.RICH_TEXT, kept=[(("# A",), ("# A", None))]),
    Case(
        source=T.RICH_TEXT, target=T.TEXT, kept=[(("# A", None), ("# A",))],
        lost=[(("# A", "{}"), "# A {}", ("# A",))],
    ),
    Case(
        source=T.NUMBER, target=T.CURRENCY, after=EURO,
        kept=[(("12.50",), (12_500_000, "EUR")), (("-0.000001",), (-1, "EUR")), (NONE, (None, "EUR"))],
        lost=[(("0.0000005",), "0.0000005", (1, "EUR")), (("1e13",), "10000000000000", (None, "EUR"))],
    ),
    Case(source=T.NUMBER, target=T.CURRENCY, before=INT, kept=[((7,), (7_000_000, None))]),
    Case(
        source=T.NUMBER, target=T.CURRENCY, before=FLOAT,
        kept=[((0.1,), (100_000, None))], lost=[((1e-9,), "1e-09", (0, None))],
    ),
    # The column of a bigint has the type of that of millionths.
    Case(
        source=T.NUMBER, target=T.CURRENCY, before=BIGINT,
        kept=[((7,), (7_000_000, None)), ((0,), (0, None)), (NONE, (None, None)), ((-MOST,), (-MOST * 10**6, None))],
        lost=[((MOST + 1,), str(MOST + 1), (None, None)), ((-(2**63),), str(-(2**63)), (None, None))],
    ),
    Case(
        source=T.CURRENCY, target=T.NUMBER, after=BIGINT,
        kept=[((5_000_000, None), (5,)), ((0, ""), (0,)), ((None, None), NONE), ((MOST * 10**6, None), (MOST,))],
        lost=[((2**63 - 1, None), str(2**63 - 1), (MOST + 1,)), ((1, None), "1", (0,))],
    ),
    Case(source=T.NUMERIC, target=T.CURRENCY, kept=[(("12.5",), (12_500_000, None))]),
    Case(
        source=T.CURRENCY, target=T.NUMERIC,
        kept=[((12_500_000, None), ("12.5",)), ((1, ""), ("0.000001",)), ((None, None), NONE)],
        lost=[((5_000_000, "EUR"), "5000000 EUR", ("5",)), ((None, "EUR"), "EUR", NONE)],
    ),
    Case(
        source=T.CURRENCY, target=T.NUMBER, after=INT, kept=[((5_000_000, None), ("5",))],
        lost=[((5_500_000, None), "5500000", ("6",)), ((10**16, None), "10000000000000000", NONE)],
    ),
]  # fmt: skip


def named(case: Case) -> str:
    variant = (case.before | case.after).get("settings", {}).get("dataType", "")
    return f"{case.source.value} to {case.target.value} {variant}".strip()


def fill(dsn: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, ("email", *columns)))
    query = sql.SQL("INSERT INTO workspace_default.person ({}) VALUES ({})").format(
        names, sql.SQL(", ").join(sql.Placeholder() * (len(columns) + 1))
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        for place, row in enumerate(rows):
            values = (Jsonb(value) if isinstance(value, list) else value for value in row)
            connection.execute(query, [str(place), *values])


def read(dsn: str, columns: Sequence[str]) -> list[Row]:
    query = sql.SQL("SELECT {} FROM workspace_default.person ORDER BY email::integer").format(
        sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with psycopg.connect(dsn) as connection:
        return shown(connection.execute(query).fetchall())


def shown(rows: Sequence[Row]) -> list[Row]:
    """Values as they can be compared: a part of a composite that is no number is a text."""
    return [tuple(value if isinstance(value, int | None) else str(value) for value in row) for row in rows]


def columns(snapshot: Any) -> list[str]:
    return [part.column.name for part in field_of(snapshot, "person", "thing").parts]


def numbers(rows: Sequence[Row], kind: T) -> list[Row]:
    """The values of a plain number, however many digits it is written with."""
    if kind not in {T.NUMBER, T.NUMERIC}:
        return list(rows)
    return [tuple(None if value is None else float(value) for value in row) for row in rows]


@pytest.mark.parametrize("case", [pytest.param(case, id=named(case)) for case in CASES])
async def test_the_first_column_has_the_value_and_what_would_be_lost_is_counted(
    case: Case, desk: Desk, model_dsn: str
) -> None:
    made = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", case.source, **case.before)])
    fill(model_dsn, columns(made), [old for old, _ in case.kept] + [old for old, _, _ in case.lost])
    convert = update("person", "thing", type=case.target, **case.after)
    if case.lost:
        before = whole_state(model_dsn)
        with pytest.raises(InvalidChange, match=f"{len(case.lost)} records of person .* cannot hold as") as caught:
            await desk.change(convert)
        assert caught.value.field == "type"
        assert [text for _, text, _ in case.lost if f'"{text}" (1 records)' not in caught.value.message] == []
        assert whole_state(model_dsn) == before
    after = await change(
        desk, update("person", "thing", type=case.target, allow_data_loss=bool(case.lost), **case.after)
    )
    wanted = [new for _, new in case.kept] + [new for _, _, new in case.lost]
    found = read(model_dsn, columns(after))
    assert numbers(found, case.target) == numbers(shown(wanted), case.target)


async def test_the_way_there_and_back_uses_no_name_twice(desk: Desk, model_dsn: str) -> None:
    made = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", default="a@b")])
    fill(model_dsn, ["thing"], [("c@d",)])
    there = await change(desk, update("person", "thing", type=T.EMAILS))
    assert field_of(there, "person", "thing").default == {"primaryEmail": "a@b"}
    assert columns(there) == ["thing2PrimaryEmail", "thing2AdditionalEmails"]
    assert columns_of(model_dsn, "workspace_default", "person")["thing2PrimaryEmail"] == ("text", True, "'a@b'::text")

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, made.version)

    await desk.writer.run(made.workspace.id, back, actor="test")
    found = await desk.default()
    object_ = field_of(found, "person", "thing")
    assert (object_.type, object_.default, columns(found)) == (T.TEXT, "a@b", ["thing3"])
    assert read(model_dsn, columns(found)) == [("c@d",)]
    again = await change(desk, update("person", "thing", type=T.EMAILS))
    assert columns(again) == ["thing4PrimaryEmail", "thing4AdditionalEmails"]


async def test_no_record_is_looked_at_where_none_can_lose(desk: Desk) -> None:
    made = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", is_nullable=False)])
    careful = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, largest_rewrite=-1)
    await careful.change(made.workspace.id, update("person", "thing", type=T.LINKS), actor="test")
    with pytest.raises(InvalidChange, match="FIELDSTONE_MAX_REWRITE_BYTES"):
        await careful.change(made.workspace.id, update("person", "thing", type=T.TEXT), actor="test")


@pytest.mark.parametrize(("target", "is_unique"), [(T.EMAILS, True), (T.PHONES, False)])
async def test_what_is_unique_stays_so_where_one_column_is(
    target: T, is_unique: bool, desk: Desk, model_dsn: str
) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), "thing", is_unique=True)])
    if not is_unique:
        with pytest.raises(InvalidChange, match="while the unique index person_thing_key is on its columns"):
            await desk.change(update("person", "thing", type=target))
        await change(desk, update("person", "thing", is_unique=False))
    after = await change(desk, update("person", "thing", type=target))
    fill(model_dsn, columns(after)[:1], [("a",)])
    assert ("person_thing_key" in after.constraints) is is_unique
    if not is_unique:
        after = await change(desk, update("person", "thing", is_unique=True))
    (name,) = (index.name for index in after.indexes.values() if index.is_unique and "person_thing" in index.name)
    with psycopg.connect(model_dsn) as connection:
        names = [str(part.column.name) for part in field_of(after, "person", "thing").unique_parts]
        indexed = connection.execute(
            "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
            " AND attnum = ANY (indkey) WHERE indexrelid = to_regclass(%s)",
            [f"workspace_default.{name}"],
        ).fetchone()
    assert indexed == (names,)


async def test_indexes_on_the_one_column_go_and_come_back(desk: Desk) -> None:
    first = await desk.change(lambda snapshot: [new_field(person(snapshot), "thing")])
    field_id = field_of(first, "person", "thing").id
    made = await desk.change(
        lambda snapshot: [
            CreateIndex(object_id=person(snapshot).id, field_ids=(field_id,), method=method)
            for method in ("btree", "trigram")
        ]
    )
    after = await change(desk, update("person", "thing", type=T.LINKS))
    assert len(made.indexes) - len(after.indexes) == 2

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, made.version)

    await desk.writer.run(made.workspace.id, back, actor="test")
    assert (await desk.default()).indexes.keys() == made.indexes.keys()
