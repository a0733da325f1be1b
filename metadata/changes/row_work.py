"""The work of a change on the rows of a table: checks that they must pass, and updates of them."""

from collections.abc import Mapping

from psycopg.sql import Composable

from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.values.conversions import Conversion


@frozen
class RequireValues:
    """Every row has a value of the field, which becomes required."""

    object_: Object
    field: Field
    argument: str


@frozen
class FillValues:
    """The rows without a value of the field get one; `values` are those of its columns.

    Attributes:
        unique: the fields of each unique index that it is in.
    """

    object_: Object
    field: Field
    values: tuple[ColumnValue, ...]
    unique: tuple[tuple[Field, ...], ...]


@frozen
class RequireDistinct:
    """No two live rows share the values of these fields, which become unique."""

    object_: Object
    fields: tuple[Field, ...]
    argument: str


@frozen
class RequireUnused:
    """No row has one of these options, which go."""

    object_: Object
    field: Field
    options: tuple[str, ...]


@frozen
class MapOptions:
    """The rows with an option get another in its place; None is no value.

    Attributes:
        unique: the fields of each unique index that it is in.
    """

    object_: Object
    field: Field
    mapping: Mapping[str, str | None]
    unique: tuple[tuple[Field, ...], ...]


@frozen
class ConvertValues:
    """The values of a field can be those of its new type.

    Attributes:
        conversion: of the first column, in terms of it as it is.
        kept: the condition that holds for the rows that lose nothing; None for all.
        unique: the fields of each unique index that it is in.
        mapped: the texts that options take the place of before.
        allow_loss: whether values may lose something, or go.
    """

    object_: Object
    field: Field
    updated: Field
    conversion: Conversion
    kept: Composable | None
    unique: tuple[tuple[Field, ...], ...]
    mapped: tuple[str, ...]
    allow_loss: bool


RowWork = RequireValues | FillValues | RequireDistinct | RequireUnused | MapOptions | ConvertValues
