"""The records that a create writes: a client's data becomes the JSON rows that an Insert reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from engine.errors import BadUserInput
from engine.planner.inputs import Blame
from metadata.errors import InvalidValue
from metadata.field_types import FieldType
from metadata.ids import new_id
from metadata.json_text import JsonValue
from metadata.model import Access, Field, Object, Part
from metadata.scalars import Cell
from sql.types import SqlType

LONGEST_UNIQUE_TEXT = 2_000
"""Bytes of text in a unique field, all its columns together: an index entry holds no more than a third of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInput:
    """What a record's data says of one to-one relation: nothing, null, or the record to connect to.

    `lookup` is the name of the target's unique field that `value` is of.
    """

    lookup: str
    value: JsonValue


def read_link(field: Field, key_name: str, data: Mapping[str, JsonValue], blame: Blame) -> LinkInput | None:
    """Return what the data says of a relation; the value None disconnects; None where it says nothing."""
    by_key, by_name = key_name in data, field.name in data
    if by_key and by_name:
        raise blame.at(field.name).error(f"'{field.name}' and '{key_name}' cannot be given together.")
    if by_key:
        return LinkInput(lookup="id", value=data[key_name])
    if not by_name:
        return None
    blame = blame.at(field.name)
    given = data[field.name]
    if given is None:
        raise blame.error(f"'{field.name}' must not be null; to disconnect write {{ disconnect: true }}.")
    connect, disconnect = given.get("connect"), given.get("disconnect")
    if connect is not None and disconnect:
        raise blame.error(f"'{field.name}' cannot connect and disconnect at once.")
    if disconnect:
        return LinkInput(lookup="id", value=None)
    if connect is None:
        return None
    if not isinstance(connect, dict):
        return LinkInput(lookup="id", value=connect)
    where = connect.get("where")
    if not isinstance(where, dict) or len(where) != 1 or None in where.values():
        raise blame.error(f"'{field.name}': connect takes an id, or {{ where: {{ .. }} }} with one unique key.")
    ((lookup, value),) = where.items()
    return LinkInput(lookup=lookup, value=value)


def coerce_cell(field: Field, part: Part, value: JsonValue, blame: Blame) -> Cell:
    """Return the cell of a value that is not null."""
    try:
        cell = part.scalar.coerce(value)
        _check_cell(field, part, cell)
    except InvalidValue as error:
        name = f"{field.name}.{part.name}" if part.name else field.name
        raise blame.at(field.name).error(f"Field '{name}' {error.message}.") from None
    return cell


def _check_cell(field: Field, part: Part, cell: Cell) -> None:
    if part.options is not None:
        _check_options(part.options, cell)
    if field.is_unique and part.identifies and part.column.type is SqlType.TEXT:
        longest = LONGEST_UNIQUE_TEXT // len(field.unique_parts)
        if len(cell.encode()) > longest:
            raise InvalidValue(f"must have at most {longest} bytes, since it is unique")


def _check_options(options: Sequence[str], cell: Cell) -> None:
    if not isinstance(cell, list):
        if cell not in options:
            raise InvalidValue(f"must be one of {', '.join(options)}")
    elif not all(item in options for item in cell):
        raise InvalidValue(f"must be a list of some of {', '.join(options)}")
    elif len(set(cell)) < len(cell):
        raise InvalidValue("must have each option once")


def field_cells(field: Field, value: JsonValue, blame: Blame) -> dict[str, Cell]:
    """Return the cells of a field's columns, None for NULL, from what the client gave."""
    if value is None or not field.is_composite:
        if value is None and not field.is_nullable:
            raise missing(field, blame)
        return {
            part.column.name: None if value is None else coerce_cell(field, part, value, blame) for part in field.parts
        }
    cells = {
        part.column.name: None if (given := value.get(part.name)) is None else coerce_cell(field, part, given, blame)
        for part in field.parts
    }
    if not field.is_nullable and cells[field.parts[0].column.name] is None:
        raise missing(field, blame)
    return cells


def check_morph(connected: Sequence[Field], blame: Blame) -> None:
    """Check which fields of a morph relation are set to a record: one at most.

    Raises:
        BadUserInput: there are several.
    """
    if len(connected) > 1:
        first, second = connected[0].name, connected[1].name
        raise blame.at(second).error(f"'{first}' and '{second}' cannot both be set: they are one relation.")


def missing(field: Field, blame: Blame) -> Exception:
    """Return the error of a required field that has no value."""
    return blame.at(field.name).error(f"Field '{field.name}' is required")


Default = Callable[[str, str], Mapping[str, Cell]]
"""Yields the cells of a field that the client did not give, for an actor and a moment; raises BadUserInput."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWriter:
    """Makes the rows of one create.

    Attributes:
        blank: the cells that are the same in every row that does not give them.
        plain: the fields that are not relations and have a column in the Insert, each with its default where that is
            not in `blank`.
        links: the relations, each with the name of its key in the API.
        sources: for each relation and lookup that the Insert resolves, the key in the row and the lookup's cell.
        many: whether the client gave a list, so that an error says which of its rows.
    """

    thing: Object
    blank: Mapping[str, Cell]
    plain: tuple[tuple[Field, Default | None], ...]
    links: tuple[tuple[str, Field], ...]
    sources: Mapping[tuple[str, str], "LinkSource"]
    many: bool
    blame: Blame

    def write(self, rows: Sequence[Mapping[str, JsonValue]], actor: str) -> list[dict[str, Cell]]:
        """Return the Insert's rows.

        Raises:
            BadUserInput: a value is missing or wrong; the message names its field, `extensions.index` the row.
        """
        now = datetime.now(UTC).isoformat()
        written: list[dict[str, Cell]] = []
        for row in rows:
            try:
                written.append(self._row(row, actor, now))
            except BadUserInput as error:
                if self.many:
                    error.extensions.setdefault("index", len(written))
                raise
        return written

    def _row(self, data: Mapping[str, JsonValue], actor: str, now: str) -> dict[str, Cell]:
        cells: dict[str, Cell] = dict(self.blank)
        for field, default in self.plain:
            if field.name in data and not (data[field.name] is None and field.name in _COMPUTED):
                cells |= field_cells(field, data[field.name], self.blame)
            elif default is not None:
                cells |= default(actor, now)
        connected: set[UUID] = set()
        for key_name, field in self.links:
            link = read_link(field, key_name, data, self.blame)
            if link is None or link.value is None:
                if not field.is_nullable:
                    raise missing(field, self.blame)
                continue
            source = self.sources[(field.name, link.lookup)]
            cells[source.key] = source.coerce(link.value)
            connected.add(field.id)
        for fields in self.thing.morphs:
            check_morph([field for field in fields if field.id in connected], self.blame)
        return cells


def build_row_writer(
    thing: Object,
    plain: Sequence[Field],
    sources: Mapping[tuple[str, str], "LinkSource"],
    *,
    many: bool,
    blame: Blame,
) -> RowWriter:
    """Return the writer of an object's rows; defaults that are the same for all rows are made into cells here, once."""
    blank: dict[str, Cell] = {source.key: None for source in sources.values()}
    fields: list[tuple[Field, Default | None]] = []
    for field in plain:
        default = _find_default(field, blame)
        if default is None:
            try:
                blank |= field_cells(field, field.default, blame)
            except BadUserInput:
                # Only a row that does not give it is wrong.
                default = _plain_default(field, blame)
        fields.append((field, default))
    return RowWriter(
        thing=thing,
        blank=blank,
        plain=tuple(fields),
        links=tuple(thing.foreign_keys.items()),
        sources=sources,
        many=many,
        blame=blame,
    )


def _find_default(field: Field, blame: Blame) -> Default | None:
    """Return the default of a field that has another one in each row."""
    match field.name:
        case "id":
            column = field.parts[0].column.name
            return lambda _actor, _now: {column: str(new_id())}
        case "createdAt":
            column = field.parts[0].column.name
            return lambda _actor, now: {column: now}
        case "createdBy" if field.type is FieldType.ACTOR:
            return lambda actor, _now: field_cells(field, {"source": "API", "name": actor}, blame)
    match field.default:
        case "uuid" if field.type is FieldType.UUID:
            return lambda _actor, _now: field_cells(field, str(new_id()), blame)
        case "now" if field.type is FieldType.DATE:
            return lambda _actor, now: field_cells(field, now[:10], blame)
        case "now" if field.type is FieldType.DATE_TIME:
            return lambda _actor, now: field_cells(field, now, blame)
    return None


def _plain_default(field: Field, blame: Blame) -> Default:
    return lambda _actor, _now: field_cells(field, field.default, blame)


_COMPUTED = frozenset({"id", "createdAt", "createdBy", "position"})
"""System fields for which null means that the server fills them in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSource:
    """One key of the rows that names a record to connect to."""

    key: str
    coerce: Callable[[JsonValue], Cell]


def written_fields(thing: Object, *, with_created_at: bool) -> tuple[Field, ...]:
    """Return the fields of an Insert that are not relations; times that no row gives are left to the database."""
    return tuple(
        field
        for field in thing.by_name.values()
        if field.parts
        and field.relation_id is None
        and field.access is not Access.READ_ONLY
        and (field.name != "createdAt" or with_created_at)
    )
