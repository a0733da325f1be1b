"""The field types: one entry each with the columns, scalars and operators that it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from metadata import operators, scalars
from metadata.operators import Operator
from metadata.scalars import Scalar


class FieldType(Enum):
    """A field's type, as the Metadata API spells it."""

    UUID = "UUID"
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    NUMERIC = "NUMERIC"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATE_TIME = "DATE_TIME"
    SELECT = "SELECT"
    RAW_JSON = "RAW_JSON"
    CURRENCY = "CURRENCY"
    ACTOR = "ACTOR"
    POSITION = "POSITION"
    RELATION = "RELATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubField:
    """One column of a field type; `name` is None where the field is just this column."""

    name: str | None = None
    description: str = ""
    scalar: Scalar
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTypeEntry:
    """What a field type stands for.

    Attributes:
        subfields: its columns; the first of a composite is the one that a required field demands.
        variants: for a type whose column depends on settings.dataType, the column for each (then `subfields` is that of
            the default, which stands under "").
        composite: the name of the GraphQL type of a composite, None where the field is one column.
        has_options: its values are those of `options`.
        can_be_unique: a unique index over its columns makes sense.
        can_default: it takes a defaultValue.
        functions: the default values that are computed for each record.
    """

    description: str
    subfields: tuple[SubField, ...] = ()
    variants: Mapping[str, SubField] | None = None
    composite: str | None = None
    has_options: bool = False
    can_be_unique: bool = False
    can_default: bool = True
    functions: tuple[str, ...] = ()


def _column(scalar: Scalar, filters: tuple[Operator, ...]) -> tuple[SubField, ...]:
    return (SubField(scalar=scalar, operators=filters),)


def _part(name: str, description: str, scalar: Scalar, filters: tuple[Operator, ...]) -> SubField:
    return SubField(name=name, description=description, scalar=scalar, operators=filters)


_NUMBERS = {
    "": SubField(scalar=scalars.DECIMAL, operators=operators.ORDERED),
    "decimal": SubField(scalar=scalars.DECIMAL, operators=operators.ORDERED),
    "int": SubField(scalar=scalars.INT, operators=operators.ORDERED),
    "bigint": SubField(scalar=scalars.BIG_INT, operators=operators.ORDERED),
    "float": SubField(scalar=scalars.DOUBLE, operators=operators.ORDERED),
}

FIELD_TYPES: Mapping[FieldType, FieldTypeEntry] = {
    FieldType.UUID: FieldTypeEntry(
        description="A UUID.",
        subfields=_column(scalars.UUID, operators.EQUALITY),
        can_be_unique=True,
        functions=("uuid",),
    ),
    FieldType.TEXT: FieldTypeEntry(
        description="Text of any length.",
        subfields=_column(scalars.STRING, operators.TEXT),
        can_be_unique=True,
    ),
    FieldType.NUMBER: FieldTypeEntry(
        description="A number; settings.dataType is int, bigint, float or decimal (the default).",
        subfields=(_NUMBERS[""],),
        variants=_NUMBERS,
        can_be_unique=True,
    ),
    FieldType.NUMERIC: FieldTypeEntry(
        description="A decimal number that is sent as a string and loses no digit.",
        subfields=_column(scalars.BIG_FLOAT, operators.ORDERED),
        can_be_unique=True,
    ),
    FieldType.BOOLEAN: FieldTypeEntry(
        description="True or false.", subfields=_column(scalars.BOOLEAN, operators.EQUALITY)
    ),
    FieldType.DATE: FieldTypeEntry(
        description="A date.",
        subfields=_column(scalars.DATE, operators.ORDERED),
        can_be_unique=True,
        functions=("now",),
    ),
    FieldType.DATE_TIME: FieldTypeEntry(
        description="A point in time, to the microsecond.",
        subfields=_column(scalars.DATE_TIME, operators.ORDERED),
        can_be_unique=True,
        functions=("now",),
    ),
    FieldType.SELECT: FieldTypeEntry(
        description="One of the field's options, ordered by their position.",
        subfields=_column(scalars.STRING, operators.TEXT),
        has_options=True,
    ),
    FieldType.RAW_JSON: FieldTypeEntry(
        description="Any JSON value.",
        subfields=_column(scalars.JSON, operators.DOCUMENT),
    ),
    FieldType.CURRENCY: FieldTypeEntry(
        description="An amount of money.",
        composite="CurrencyValue",
        subfields=(
            _part("amountMicros", "The amount in millionths of the currency.", scalars.BIG_INT, operators.ORDERED),
            _part("currencyCode", "The currency's ISO 4217 code.", scalars.STRING, operators.TEXT),
        ),
    ),
    FieldType.ACTOR: FieldTypeEntry(
        description="Who did something, and by what means.",
        composite="ActorValue",
        subfields=(
            _part("source", "By what means: API, IMPORT, MANUAL, SYSTEM ...", scalars.STRING, operators.TEXT),
            _part("workspaceMemberId", "The member, where it was one.", scalars.UUID, operators.EQUALITY),
            _part("name", "The name to show.", scalars.STRING, operators.TEXT),
            _part("context", "More, as the source has it.", scalars.JSON, operators.DOCUMENT),
        ),
    ),
    FieldType.POSITION: FieldTypeEntry(
        description="A place in a hand-made order.",
        subfields=_column(scalars.DOUBLE, operators.ORDERED),
    ),
    FieldType.RELATION: FieldTypeEntry(
        description="A link to records of another object, or of the same.",
        can_default=False,
    ),
}


def subfields_of(field_type: FieldType, data_type: str | None) -> tuple[SubField, ...]:
    """Return the columns of a field of this type; `data_type` is settings.dataType."""
    entry = FIELD_TYPES[field_type]
    if entry.variants is None:
        return entry.subfields
    return (entry.variants[data_type or ""],)
