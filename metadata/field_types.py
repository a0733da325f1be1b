"""The field types: one entry each with the columns, scalars and operators that it stands for."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from fieldstone.metadata import operators, scalars
from fieldstone.metadata.operators import Operator
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.frozen import frozen


class FieldType(Enum):
    """A field's type, as the Metadata API spells it."""

    # An enum's own hash is Python, which each field of a model that is loaded would call.
    __hash__ = object.__hash__

    UUID = "UUID"
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    NUMERIC = "NUMERIC"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATE_TIME = "DATE_TIME"
    SELECT = "SELECT"
    MULTI_SELECT = "MULTI_SELECT"
    RATING = "RATING"
    ARRAY = "ARRAY"
    RAW_JSON = "RAW_JSON"
    FULL_NAME = "FULL_NAME"
    EMAILS = "EMAILS"
    PHONES = "PHONES"
    LINKS = "LINKS"
    CURRENCY = "CURRENCY"
    ADDRESS = "ADDRESS"
    ACTOR = "ACTOR"
    RICH_TEXT = "RICH_TEXT"
    POSITION = "POSITION"
    TS_VECTOR = "TS_VECTOR"
    RELATION = "RELATION"
    MORPH_RELATION = "MORPH_RELATION"


@frozen
class SubField:
    """One column of a field type; `name` is None where the field is just this column.

    Attributes:
        identifies: whether it is in the key of a field that is unique.
    """

    name: str | None = None
    description: str = ""
    scalar: Scalar
    operators: tuple[Operator, ...]
    identifies: bool = True


@frozen
class FieldTypeEntry:
    """The entry of a field type.

    Attributes:
        subfields: its columns; the first of a composite is the one that a required field demands.
        variants: for a type whose column depends on settings.dataType, the column for each (then `subfields` is that of
            the default, which stands under "").
        composite: the name of the GraphQL type of a composite, None where the field is one column.
        has_options: its values are those of `options`.
        fixed_options: the values of the options that every field of the type has; none are given for it then.
        can_be_unique: a unique index over those of its columns that identify a value makes sense.
        can_default: it takes a defaultValue.
        functions: the default values that are computed for each record.
    """

    description: str
    subfields: tuple[SubField, ...] = ()
    variants: Mapping[str, SubField] | None = None
    composite: str | None = None
    has_options: bool = False
    fixed_options: tuple[str, ...] = ()
    can_be_unique: bool = False
    can_default: bool = True
    functions: tuple[str, ...] = ()


def _column(scalar: Scalar, filters: tuple[Operator, ...]) -> tuple[SubField, ...]:
    return (SubField(scalar=scalar, operators=filters),)


def _part(
    name: str, description: str, scalar: Scalar, filters: tuple[Operator, ...], *, identifies: bool = False
) -> SubField:
    return SubField(name=name, description=description, scalar=scalar, operators=filters, identifies=identifies)


def _text(name: str, description: str, *, identifies: bool = False) -> SubField:
    return _part(name, description, scalars.STRING, operators.TEXT, identifies=identifies)


def _document(name: str, description: str) -> SubField:
    return _part(name, description, scalars.JSON, operators.DOCUMENT)


def _entry(description: str, subfields: tuple[SubField, ...] = (), **more: Any) -> FieldTypeEntry:
    return FieldTypeEntry(description=description, subfields=subfields, **more)


_NUMBERS = {
    "": SubField(scalar=scalars.DECIMAL, operators=operators.ORDERED),
    "decimal": SubField(scalar=scalars.DECIMAL, operators=operators.ORDERED),
    "int": SubField(scalar=scalars.INT, operators=operators.ORDERED),
    "bigint": SubField(scalar=scalars.BIG_INT, operators=operators.ORDERED),
    "float": SubField(scalar=scalars.DOUBLE, operators=operators.ORDERED),
}

# One row a type, and one a column of a composite.
# fmt: off
FIELD_TYPES: Mapping[FieldType, FieldTypeEntry] = {
    FieldType.UUID: _entry("A UUID.", _column(scalars.UUID, operators.EQUALITY), can_be_unique=True,
        functions=("uuid",)),
    FieldType.TEXT: _entry("Text of any length.", _column(scalars.STRING, operators.TEXT), can_be_unique=True),
    FieldType.NUMBER: _entry("A number; settings.dataType is int, bigint, float or decimal (the default).",
        (_NUMBERS[""],), variants=_NUMBERS, can_be_unique=True),
    FieldType.NUMERIC: _entry("A decimal number that is sent as a string and loses no digit.",
        _column(scalars.BIG_FLOAT, operators.ORDERED), can_be_unique=True),
    FieldType.BOOLEAN: _entry("True or false.", _column(scalars.BOOLEAN, operators.EQUALITY)),
    FieldType.DATE: _entry("A date.", _column(scalars.DATE, operators.DATED), can_be_unique=True, functions=("now",)),
    FieldType.DATE_TIME: _entry("A point in time, to the microsecond.", _column(scalars.DATE_TIME, operators.DATED),
        can_be_unique=True, functions=("now",)),
    FieldType.SELECT: _entry("One of the field's options, ordered by their position.",
        _column(scalars.STRING, operators.TEXT), has_options=True),
    FieldType.MULTI_SELECT: _entry("Any number of the field's options, each once, ordered by their positions.",
        _column(scalars.STRING_LIST, operators.LIST), has_options=True),
    FieldType.RATING: _entry("A rating from one to five.", _column(scalars.STRING, operators.TEXT), has_options=True,
        fixed_options=tuple(f"RATING_{stars}" for stars in range(1, 6))),
    FieldType.ARRAY: _entry("A list of text.", _column(scalars.STRING_LIST, operators.LIST)),
    FieldType.RAW_JSON: _entry("Any JSON value.", _column(scalars.JSON, operators.DOCUMENT)),
    FieldType.FULL_NAME: _entry("A person's name.", composite="FullNameValue", can_be_unique=True, subfields=(
        _text("firstName", "The given name.", identifies=True),
        _text("lastName", "The family name.", identifies=True),
    )),
    FieldType.EMAILS: _entry("Email addresses, one of them the primary.",
        composite="EmailsValue", can_be_unique=True, subfields=(
        _text("primaryEmail", "The address to write to.", identifies=True),
        _document("additionalEmails", "Further addresses, a list of text."),
    )),
    FieldType.PHONES: _entry("Phone numbers, one of them the primary.",
        composite="PhonesValue", can_be_unique=True, subfields=(
        _text("primaryPhoneNumber", "The number to call, without the calling code.", identifies=True),
        _text("primaryPhoneCountryCode", "The number's country, an ISO 3166 code such as DE."),
        _text("primaryPhoneCallingCode", "The number's calling code, such as +49.", identifies=True),
        _document("additionalPhones", "Further numbers, a list of `{ number countryCode callingCode }`."),
    )),
    FieldType.LINKS: _entry("Links, one of them the primary.", composite="LinksValue", can_be_unique=True, subfields=(
        _text("primaryLinkUrl", "The URL of the primary link.", identifies=True),
        _text("primaryLinkLabel", "The text that is shown for it."),
        _document("secondaryLinks", "Further links, a list of `{ url label }`."),
    )),
    FieldType.CURRENCY: _entry("An amount of money.", composite="CurrencyValue", subfields=(
        _part("amountMicros", "The amount in millionths of the currency.", scalars.BIG_INT, operators.ORDERED),
        _part("currencyCode", "The currency's ISO 4217 code.", scalars.STRING, operators.TEXT),
    )),
    FieldType.ADDRESS: _entry("A postal address, and its coordinates.", composite="AddressValue", subfields=(
        _text("addressStreet1", "Street and number."),
        _text("addressStreet2", "The second line of the street."),
        _text("addressCity", "The city."),
        _text("addressPostcode", "The postal code."),
        _text("addressState", "The state or region."),
        _text("addressCountry", "The country."),
        _part("addressLat", "The latitude in degrees.", scalars.DECIMAL, operators.ORDERED),
        _part("addressLng", "The longitude in degrees.", scalars.DECIMAL, operators.ORDERED),
    )),
    FieldType.ACTOR: _entry("The author of a change, and the means.", composite="ActorValue", subfields=(
        _part("source", "The means: API, IMPORT, MANUAL, SYSTEM ...", scalars.STRING, operators.TEXT),
        _part("workspaceMemberId", "The id of the member, null for another author.", scalars.UUID, operators.EQUALITY),
        _part("name", "The name to show.", scalars.STRING, operators.TEXT),
        _part("context", "Further data of the source.", scalars.JSON, operators.DOCUMENT),
    )),
    FieldType.RICH_TEXT: _entry(
        "Formatted text: as Markdown, and as the document of the BlockNote editor; each is kept as given.",
        composite="RichTextValue", subfields=(
        _text("markdown", "The text as Markdown."),
        _text("blocknote", "The text as BlockNote's JSON."),
    )),
    FieldType.POSITION: _entry("A place in a hand-made order.", _column(scalars.DOUBLE, operators.ORDERED)),
    FieldType.TS_VECTOR: _entry(
        "The words of the text fields named in settings.fields, for text search.",
        _column(scalars.TS_VECTOR, operators.SEARCHED), can_default=False),
    FieldType.RELATION: _entry("A link to records of another object, or of the same.", can_default=False),
    FieldType.MORPH_RELATION: _entry(
        "A link to a record of one of several objects: a field for each of them, at most one of them set.",
        can_default=False),
}
# fmt: on


RELATIONS = frozenset({FieldType.RELATION, FieldType.MORPH_RELATION})
"""The types of fields that are an end of a relation."""


_LABELS = {
    FieldType.UUID: "UUID",
    FieldType.NUMERIC: "Exact number",
    FieldType.BOOLEAN: "True or false",
    FieldType.DATE_TIME: "Date and time",
    FieldType.MULTI_SELECT: "Multi-select",
    FieldType.ARRAY: "List of text",
    FieldType.RAW_JSON: "JSON",
    FieldType.ACTOR: "Author",
    FieldType.RICH_TEXT: "Rich text",
    FieldType.TS_VECTOR: "Words for text search",
    FieldType.MORPH_RELATION: "Relation to one of several objects",
}


def label_of(field_type: FieldType) -> str:
    """Return the name of a field type that is shown to people: "Full name"."""
    return _LABELS.get(field_type) or field_type.value.replace("_", " ").capitalize()


def subfields_of(field_type: FieldType, data_type: str | None) -> tuple[SubField, ...]:
    """Return the columns of a field of this type; `data_type` is settings.dataType."""
    entry = FIELD_TYPES[field_type]
    if entry.variants is None:
        return entry.subfields
    return (entry.variants[data_type or ""],)
