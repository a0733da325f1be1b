"""The field that a column of PostgreSQL becomes: its type, and how the values are carried over."""

import re
from collections.abc import Callable, Mapping

from fieldstone.metadata.changes.rules.names import derive_label
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, read_decimal
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_import.source import SourceColumn
from fieldstone.metadata.shown_text import fit
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.ddl.import_rows import Term
from fieldstone.sql.frozen import frozen

_KEPT_AS_TEXT = frozenset(
    {"inet", "cidr", "macaddr", "macaddr8", "interval", "time", "timetz", "xml", "bit", "varbit", "ltree", "name"}
    | {"int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "char"}
)
_NOW = re.compile(
    r"^(now\(\)|CURRENT_TIMESTAMP(\(\d\))?|CURRENT_DATE|LOCALTIMESTAMP|\('now'::text\)::date)$", re.IGNORECASE
)
_TEXT = re.compile(r"^'((?:[^']|'')*)'(::[\w\s\".(),\[\]]+)?$")
_NUMBER = re.compile(r"^\(?'?(-?\d+(\.\d+)?)'?\)?(::[\w\s(),]+)?$")


@frozen
class ColumnPlan:
    """A field for a column.

    Attributes:
        value: the expression that is written into the field for a row.
        default: the field's default value.
        notes: the differences from the column.
    """

    type: FieldType
    value: Term
    options: JsonValue = None
    settings: JsonValue = None
    default: JsonValue = None
    notes: tuple[str, ...] = ()


@frozen
class _Known:
    type: FieldType
    carry: Callable[[Term], Term] = lambda value: value
    settings: JsonValue = None
    note: str | None = None


def _number(kind: str | None, carry: Callable[[Term], Term] = lambda value: value) -> _Known:
    return _Known(type=FieldType.NUMBER, carry=carry, settings={"dataType": kind} if kind else None)


def _known(kind: FieldType, carry: Callable[[Term], Term] = lambda value: value, note: str | None = None) -> _Known:
    return _Known(type=kind, carry=carry, note=note)


# One row a type.
# fmt: off
_TYPES: Mapping[str, _Known] = {
    "uuid": _known(FieldType.UUID),
    **dict.fromkeys(("text", "varchar", "bpchar", "citext"), _known(FieldType.TEXT, import_rows.as_text)),
    **dict.fromkeys(_KEPT_AS_TEXT, _known(FieldType.TEXT, import_rows.as_text, "kept as text")),
    **dict.fromkeys(("int2", "int4"), _number("int")),
    **dict.fromkeys(("int8", "oid"), _number("bigint")),
    "numeric": _number(None, import_rows.as_number),
    "float4": _number("float", lambda value: import_rows.as_number(import_rows.as_same_float(value))),
    "float8": _number("float", import_rows.as_number),
    "money": _known(FieldType.NUMBER, lambda value: import_rows.cast(value, "numeric"),
        "a number without its currency"),
    "bool": _known(FieldType.BOOLEAN),
    "date": _known(FieldType.DATE, import_rows.as_date),
    "timestamptz": _known(FieldType.DATE_TIME, lambda value: import_rows.as_moment(value, has_zone=True)),
    "timestamp": _known(FieldType.DATE_TIME, lambda value: import_rows.as_moment(value, has_zone=False),
        "has no time zone, so that its times are taken as UTC"),
    "json": _known(FieldType.RAW_JSON, lambda value: import_rows.unless(
        import_rows.has_zero_character(value), import_rows.as_json(value))),
    "jsonb": _known(FieldType.RAW_JSON, import_rows.as_json),
    "hstore": _known(FieldType.RAW_JSON, import_rows.as_json, "kept as JSON"),
}
# fmt: on


def plan_column(column: SourceColumn) -> ColumnPlan | None:
    """Return the field for a column; None where there is no type for its values."""
    value = import_rows.column(column.name)
    if column.is_array:
        return _plan_array(column, value)
    if column.labels:
        return _plan_enum(column, value)
    known = _TYPES.get(column.base)
    if known is None:
        return None
    default, lost = _read_default(column, known.type)
    notes = [f"is of the type {column.type}: {known.note}"] if known.note else []
    return ColumnPlan(
        type=known.type,
        value=known.carry(value),
        settings=known.settings,
        default=default,
        notes=(*notes, *lost, *_generated(column)),
    )


def enum_names(labels: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the option for each label of an enum: a GraphQL enum value, each another."""
    names: list[tuple[str, str]] = []
    for label in labels:
        plain = re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", label, re.ASCII)
        wanted = label if plain else re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_") or "VALUE"
        if wanted[0].isdigit() or wanted.startswith("__") or wanted in {"true", "false", "null"}:
            wanted = f"V_{wanted.strip('_')}"
        name, number = wanted, 1
        while name in {known for _, known in names}:
            number += 1
            name = f"{wanted}_{number}"
        names.append((label, name))
    return names


def _plan_enum(column: SourceColumn, value: Term) -> ColumnPlan:
    names = enum_names(column.labels)
    text = _constant(column.default)
    default = dict(names).get(text) if text is not None else None
    notes = [f"the value {shown(label)} is the option {name}" for label, name in names if label != name]
    lost = [] if column.default is None or default is not None else [f"its default {column.default} is not taken over"]
    return ColumnPlan(
        type=FieldType.SELECT,
        value=import_rows.as_option(value, names),
        options=[
            {"value": name, "label": derive_label(label) if label == name else fit(label)} for label, name in names
        ],
        default=default,
        notes=(*notes, *lost, *_generated(column)),
    )


def _plan_array(column: SourceColumn, value: Term) -> ColumnPlan | None:
    known = _TYPES.get(column.base)
    if not column.labels and known is None:
        return None
    if not column.is_nested and (column.labels or (known is not None and known.type is FieldType.TEXT)):
        gaps = ("the NULLs in its lists are left out",) if column.has_gaps else ()
        plan = ColumnPlan(type=FieldType.ARRAY, value=import_rows.as_texts(value), notes=gaps)
    else:
        lists = " with lists in its lists" if column.is_nested else ""
        plan = ColumnPlan(
            type=FieldType.RAW_JSON,
            value=import_rows.as_json(value),
            notes=(f"is of the type {column.type}{lists}: kept as JSON",),
        )
    lost = () if column.default is None else (f"its default {column.default} is not taken over",)
    return ColumnPlan(type=plan.type, value=plan.value, notes=(*plan.notes, *lost, *_generated(column)))


def _generated(column: SourceColumn) -> tuple[str, ...]:
    return ("is computed there, and a plain value here",) if column.is_generated else ()


def _read_default(column: SourceColumn, kind: FieldType) -> tuple[JsonValue, list[str]]:
    """Return the field's default value for a column's, and a note where it has become none."""
    given = column.default
    if given is None or column.is_generated:
        return None, []
    found: JsonValue = None
    text = _constant(given)
    number = _NUMBER.match(given)
    if kind in {FieldType.DATE, FieldType.DATE_TIME} and _NOW.match(given):
        found = "now"
    elif kind is FieldType.UUID and given in {"gen_random_uuid()", "uuid_generate_v4()"}:
        found = "uuid"
    elif kind is FieldType.BOOLEAN and given in {"true", "false"}:
        found = given == "true"
    elif kind is FieldType.NUMBER and number:
        found = read_decimal(number[1]) if "." in number[1] else int(number[1])
    elif kind is FieldType.TEXT and text is not None:
        found = text
    return found, [] if found is not None else [f"its default {given} is not taken over"]


def _constant(default: str | None) -> str | None:
    found = _TEXT.match(default) if default is not None else None
    return found[1].replace("''", "'") if found else None
