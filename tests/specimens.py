"""A custom object with a field of every type, and records of all objects whose values are chosen to be awkward."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.metadata.changes import Change, CreateField, CreateObject, NewRelation
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object, Part, Snapshot
from fieldstone.sql.types import SqlType
from tests.apis import WORKSPACE_ID, open_apis, pin_ids, sample_template, workspace_template
from tests.databases import Databases

OPTIONS = ("ZULU", "ALPHA", "mike", "Bravo")
"""Options whose positions are not their order as text."""

TEXTS = (
    "", " ", "a", "A", "ab", "Ab", "AB", "aB%", "b", "%", "_", "\\", "\\\\", "100%", "a_b", "a\\b", "\\%", "'", '"',
    "O'Brien", '"quoted"', "$1", "é", "É", "e\u0301", "ß", "Ça", "日本", "😀", "a\nb", "\t", "null", "NULL", "{}",
    "{a,b}", "[1]", "Zoë", "zoë", "ZOE", "z" * 70, "\uff05", "Łódź", "Lodz", "ﬁn", "Ёлка", "\x01a", "é" * 210,
    "é" * 200 + "a",
)  # fmt: skip
INTS = (0, 1, -1, 2, 3, 3, 7, 2_147_483_647, -2_147_483_648)
BIGS = (0, 1, -1, 9_007_199_254_740_993, 9_223_372_036_854_775_807, -9_223_372_036_854_775_808)
DECIMALS = tuple(map(Decimal, ("0", "0.5", "12.50", "-12.5", "3", "1000000", "0.1", "99999999.99", "-0.000001")))
DOUBLES = (0.0, 0.5, -0.5, 1.0, 1.5, 1e100, -1e-7, 3.0, 0.1)
DATES = (date(2024, 2, 29), date(2024, 1, 1), date(2024, 1, 2), date(1, 1, 1), date(9999, 12, 31))
_NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = (
    _NEW_YEAR, _NEW_YEAR, _NEW_YEAR + timedelta(microseconds=1), _NEW_YEAR + timedelta(milliseconds=120),
    _NEW_YEAR - timedelta(seconds=1), _NEW_YEAR + timedelta(days=400), datetime(1, 1, 2, tzinfo=UTC),
)  # fmt: skip
UUIDS = tuple(uuid5(WORKSPACE_ID, f"value {number}") for number in range(4))
DOCUMENTS: tuple[Any, ...] = (
    {}, [], 1, "a", True, False, {"a": 1}, {"a": {"b": [1, 2]}}, [1, "a"], [[1]], {"a": None},
    {"é\"'": "%"}, Decimal("1.50"), {"is": "NULL"},
)  # fmt: skip

_SETTINGS = {FieldType.RICH_TEXT: {"keepAccents": True}}

_VALUES: dict[SqlType, Sequence[Any]] = {
    SqlType.TEXT: TEXTS,
    SqlType.INTEGER: INTS,
    SqlType.BIGINT: BIGS,
    SqlType.NUMERIC: DECIMALS,
    SqlType.DOUBLE: DOUBLES,
    SqlType.DATE: DATES,
    SqlType.TIMESTAMP: MOMENTS,
    SqlType.UUID: UUIDS,
    SqlType.BOOLEAN: (True, False),
    SqlType.JSONB: DOCUMENTS,
}


def values_of(part: Part) -> Sequence[Any]:
    """The values that a column's records have, as psycopg reads them."""
    if part.column.type is SqlType.TEXT_ARRAY:
        items = part.options or TEXTS
        return [[], [items[0]], [items[1]], [items[1], items[0]], [*items[1:4]], [items[0], items[1]]]
    return part.options or _VALUES[part.column.type]


def field_name(field_type: FieldType, variant: str = "") -> str:
    """The name of the specimen's field of a type."""
    return "a" + "".join(word.title() for word in field_type.value.split("_")) + variant.title()


def specimen_fields() -> Iterator[tuple[FieldType, str]]:
    """All types with their variants, but relations and fields that only PostgreSQL can compute."""
    for field_type, entry in FIELD_TYPES.items():
        if field_type not in RELATIONS | {FieldType.TS_VECTOR}:
            yield from ((field_type, variant) for variant in entry.variants or ("",))


def specimen_changes(snapshot: Snapshot) -> Iterator[Change]:
    """The object `specimen`, with a field of every type, a relation to `company`, and one to itself."""
    object_ = CreateObject(
        name_singular="specimen", name_plural="specimens", label_singular="Specimen", label_plural="Specimens"
    )
    yield object_
    for field_type, variant in specimen_fields():
        yield CreateField(
            object_id=object_.id,
            name=field_name(field_type, variant),
            label=field_name(field_type, variant),
            type=field_type,
            options=[{"value": value, "label": value, "position": position} for position, value in enumerate(OPTIONS)]
            if FIELD_TYPES[field_type].has_options and not FIELD_TYPES[field_type].fixed_options
            else None,
            settings={"dataType": variant} if variant else _SETTINGS.get(field_type),
        )
    for name, target, inverse in (
        (field_name(FieldType.RELATION), snapshot.by_singular["company"].id, "specimens"),
        ("parent", object_.id, "children"),
    ):
        relation = NewRelation(target_object_id=target, target_field_label=inverse, target_field_name=inverse)
        yield CreateField(object_id=object_.id, name=name, label=name, type=FieldType.RELATION, relation=relation)


def specimen_template(databases: Databases) -> str:
    """The template of the workspace with specimens and awkward records of all objects, many of them deleted."""
    base = workspace_template(databases)
    return databases.template("specimens", lambda dsn: asyncio.run(_fill_awkward(dsn)), base=base)


def golden_template(databases: Databases) -> str:
    """The template of the sample with the object `specimen` and no records of it."""
    base = sample_template(databases)
    return databases.template("golden", lambda dsn: asyncio.run(_make_golden(dsn)), base=base)


async def _make_golden(dsn: str) -> None:
    snapshot = await _add_specimen(dsn)
    async with open_apis(dsn) as apis:
        vector = CreateField(
            object_id=snapshot.by_singular["specimen"].id,
            name=field_name(FieldType.TS_VECTOR),
            label="Search vector",
            type=FieldType.TS_VECTOR,
            settings={"fields": ["name", field_name(FieldType.TEXT)]},
        )
        morph = CreateField(
            object_id=snapshot.by_singular["specimen"].id,
            name=field_name(FieldType.MORPH_RELATION),
            label="Owner",
            type=FieldType.MORPH_RELATION,
            morph=tuple(
                NewRelation(target_object_id=snapshot.by_singular[name].id, target_field_label="Owned specimens")
                for name in ("company", "person")
            ),
        )
        await apis.writer.change(WORKSPACE_ID, lambda _: [vector, morph], actor="test")


async def _add_specimen(dsn: str) -> Snapshot:
    async with open_apis(dsn) as apis:
        return await apis.writer.change(
            WORKSPACE_ID,
            # The other changes took the first of the numbers that ids are made of.
            lambda snapshot: pin_ids(specimen_changes(snapshot), salt="specimen", known=snapshot.objects),
            actor="test",
        )


async def _fill_awkward(dsn: str) -> None:
    snapshot = await _add_specimen(dsn)
    chance = random.Random(20)  # noqa: S311 - the same each time
    ids = {
        name: [str(uuid5(WORKSPACE_ID, f"{name} {number}")) for number in range(count)]
        for name, count in (("company", 17), ("person", 40), ("opportunity", 30), ("activity", 30), ("specimen", 60))
    }
    with psycopg.connect(dsn) as connection:
        for name, own in ids.items():
            object_ = snapshot.by_singular[name]
            for number, id_ in enumerate(own):
                row = awkward_row(snapshot, object_, number, id_, ids, chance)
                columns = sql.SQL(",").join(map(sql.Identifier, row))
                table = sql.Identifier(object_.table.schema, object_.table.name)
                places = sql.SQL(",").join(sql.Placeholder() * len(row))
                connection.execute(
                    sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, columns, places), list(row.values())
                )


def awkward_row(
    snapshot: Snapshot, object_: Object, number: int, id_: str, ids: dict[str, list[str]], chance: random.Random
) -> dict[str, Any]:
    """A row of a record, with values that are chosen to be awkward; `ids` are those of all records."""
    row: dict[str, Any] = {"id": id_}
    for field in object_.by_name.values():
        if field.name == "deletedAt":
            row["deletedAt"] = chance.choice(MOMENTS) if chance.random() < 0.2 else None
            continue
        if field.relation_id is not None and field.parts:
            target = snapshot.objects[snapshot.relations[field.relation_id].target_object_id].name_singular
            # The existing records: of the object itself, the records before this one.
            known = ids[target][:number] if target == object_.name_singular else ids[target]
            row[field.parts[0].column.name] = chance.choice(known) if known and chance.random() < 0.8 else None
            continue
        for part in field.parts if field.name != "id" else ():
            value = chance.choice(values_of(part))
            if part.column.nullable and chance.random() < 0.25:
                value = None
            if field.name == "email":
                value = f"{value}{number}@example.com"
            row[part.column.name] = (
                Jsonb(value, dumps) if part.column.type is SqlType.JSONB and value is not None else value
            )
    return row


def a_uuid(number: int) -> UUID:
    """A fixed id for a test's own record."""
    return uuid5(WORKSPACE_ID, f"record {number}")
