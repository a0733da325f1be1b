"""The records that a create writes: a client's data becomes the rows that an Insert reads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.planner.access.admission import Admission, Completion, Preset, PresetKey
from fieldstone.engine.planner.arguments.column_values import (
    FieldWriter,
    build_field_writer,
    build_value_reader,
    missing,
)
from fieldstone.engine.planner.arguments.trees import Bindings, Blame
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id_digits
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.metadata.roles.principal import read_actor
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen

_AUTHORS = 32
"""Authors whose values a plan keeps."""

KNOWN = object()
"""The value of a relation's key that is no client's: a record to connect to which the request itself has made."""


class LinkInput(NamedTuple):
    """One to-one relation in a record's data: absent, null, or the record to connect to.

    `lookup` is the name of the target's unique field that `value` is of; `preset` is its origin if no client gives it.
    """

    lookup: str
    value: JsonValue
    preset: Preset | None = None


def read_link(field: Field, key_name: str, data: Mapping[str, JsonValue], blame: Blame) -> LinkInput | None:
    """Return a relation's input in the data; the value None disconnects; None where the data has none."""
    by_key, by_name = key_name in data, field.name in data
    if by_key and by_name:
        raise blame.at(field.name).error(f"'{field.name}' and '{key_name}' cannot be given together.")
    if by_key:
        value = data[key_name]
        return LinkInput(lookup="id", value=value, preset=value.preset if isinstance(value, PresetKey) else None)
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


def required_link(field: Field, key_name: str, data: Mapping[str, JsonValue], blame: Blame) -> Exception:
    """Return the error of an update that would empty a required relation."""
    if key_name in data:
        return missing(field, blame)
    return blame.at(field.name).error(
        f"'{field.name}' is required, so it cannot be disconnected: connect it to another record, or delete this one."
    )


def check_morph(connected: Sequence[Field], blame: Blame) -> None:
    """Check which fields of a morph relation are set to a record: one at most.

    Raises:
        BadUserInput: there are several.
    """
    if len(connected) > 1:
        first, second = connected[0].name, connected[1].name
        raise blame.at(second).error(f"'{first}' and '{second}' cannot both be set: they are one relation.")


Default = Callable[[str, str, list[ColumnValue]], None]
"""Puts a field's values that the client did not give into a row, for an actor and a moment; raises BadUserInput."""


class PlainField(NamedTuple):
    """A field of a create that is not a relation.

    Attributes:
        is_computed: null means that the server fills it in.
        default: None where the blank row has its values.
    """

    name: str
    is_computed: bool
    write: FieldWriter
    default: Default | None


LinkKind = tuple[str, Preset | None]
"""How rows name the record that a relation leads to: by which unique field, and by which preset if no client does."""


class LinkSource(NamedTuple):
    """Where a row names a record to connect to."""

    place: int
    coerce: Callable[[JsonValue], ColumnValue]


@frozen
class RowWriter:
    """Makes the rows of one create: the values of the columns, and of the names of records to connect to.

    Attributes:
        blank: the row of a record without data, short of the values that differ in each row.
        links: the relations, each with the name of its key in the API.
        sources: for each relation, and each kind of its links that the Insert resolves.
        is_dated: whether a default asks for the moment.
        many: whether the client gave a list, so that an error says which of its rows.
        admission: which ways of the role admit the data; None: all.
    """

    object_: Object
    blank: Sequence[ColumnValue]
    plain: tuple[PlainField, ...]
    links: tuple[tuple[str, Field], ...]
    sources: Mapping[tuple[str, LinkKind], LinkSource]
    is_dated: bool
    many: bool
    admission: Admission | None
    blame: Blame

    def write(self, rows: Sequence[Mapping[str, JsonValue]], bindings: Bindings) -> list[list[ColumnValue]]:
        """Return the Insert's rows, completed by presets; where ways are marked, the marks stand behind the values.

        Raises:
            BadUserInput: a value is missing or wrong; the message names its field, `extensions.index` the row.
            Forbidden: the role may not give a field, likewise.
        """
        now = datetime.now(UTC).isoformat() if self.is_dated else ""
        completion = None if self.admission is None else Completion(self.admission, bindings)
        written: list[list[ColumnValue]] = []
        for row in rows:
            try:
                if completion is None:
                    written.append(self._row(row, bindings.actor, now))
                else:
                    data, marks = completion.complete(row)
                    values = self._row(data, bindings.actor, now)
                    written.append([*values, marks] if completion.admission.is_marked else values)
            except (BadUserInput, Forbidden) as error:
                if self.many:
                    error.extensions.setdefault("index", len(written))
                raise
        return written

    def _row(self, data: Mapping[str, JsonValue], actor: str, now: str) -> list[ColumnValue]:
        values = [*self.blank]
        for name, is_computed, write, default in self.plain:
            if name in data and not (is_computed and data[name] is None):
                write(data[name], values)
            elif default is not None:
                default(actor, now, values)
        connected: list[UUID] = []
        for key_name, field in self.links:
            link = read_link(field, key_name, data, self.blame)
            if link is None or link.value is None:
                if not field.is_nullable:
                    raise missing(field, self.blame)
                continue
            connected.append(field.id)
            if link.value is not KNOWN:
                source = self.sources[(field.name, (link.lookup, link.preset))]
                values[source.place] = source.coerce(link.value)
        for fields in self.object_.morphs:
            check_morph([field for field in fields if field.id in connected], self.blame)
        return values


def build_row_writer(
    object_: Object,
    plain: Sequence[Field],
    sources: Mapping[tuple[str, LinkKind], LinkSource],
    *,
    many: bool,
    admission: Admission | None,
    blame: Blame,
) -> RowWriter:
    """Return the writer of an object's rows; defaults that are the same for all rows are made here, once.

    The columns of the plain fields come first in a row, in their order.
    """
    blank: list[ColumnValue] = [None] * (sum(len(field.parts) for field in plain) + len(sources))
    found: list[PlainField] = []
    first = 0
    for field in plain:
        write = build_field_writer(field, first, blame)
        default = _find_default(field, first, write, blank, blame)
        if default is None:
            try:
                write(field.default, blank)
            except BadUserInput:
                # Only a row that does not give it is wrong.
                default = _plain_default(field, write)
        found.append(PlainField(field.name, field.name in COMPUTED, write, default))
        first += len(field.parts)
    return RowWriter(
        object_=object_,
        blank=tuple(blank),
        plain=tuple(found),
        links=tuple(object_.held_keys.items()),
        sources=sources,
        is_dated=any(_asks_for_the_moment(field) for field in plain),
        many=many,
        admission=admission,
        blame=blame,
    )


def _put_author(field: Field, first: int, blame: Blame) -> Default:
    """Return the default of `createdBy`: the author's name, and its kind and id as the context."""
    places = {part.name: (place, part) for place, part in enumerate(field.parts, first)}
    (name_place, name_part), (context_place, context_part) = places["name"], places["context"]
    read_name, read_context = (build_value_reader(field, part, blame) for part in (name_part, context_part))

    # Few keys make most of the records.
    @lru_cache(maxsize=_AUTHORS)
    def read(actor: str) -> tuple[ColumnValue, ColumnValue]:
        kind, id_, name = read_actor(actor)
        return read_name(name), None if kind is None else read_context({"kind": kind, "id": id_})

    def put(actor: str, _now: str, row: list[ColumnValue]) -> None:
        row[name_place], row[context_place] = read(actor)

    return put


def _find_default(
    field: Field, first: int, write: FieldWriter, blank: list[ColumnValue], blame: Blame
) -> Default | None:
    """Return the default of a field that has another one in each row; its shared part goes into the blank row."""
    match field.name:
        case "id":
            return _put_new_id(first)
        case "createdAt":
            return lambda _actor, now, row: write(now, row)
        case "createdBy" if field.type is FieldType.ACTOR:
            write({"source": "API"}, blank)
            return _put_author(field, first, blame)
    match field.default:
        case "uuid" if field.type is FieldType.UUID:
            return _put_new_id(first)
        case "now" if field.type is FieldType.DATE:
            return lambda _actor, now, row: write(now[:10], row)
        case "now" if field.type is FieldType.DATE_TIME:
            return lambda _actor, now, row: write(now, row)
    return None


def _put_new_id(place: int) -> Default:
    def put(_actor: str, _now: str, row: list[ColumnValue]) -> None:
        row[place] = new_id_digits()

    return put


def _asks_for_the_moment(field: Field) -> bool:
    return field.name == "createdAt" or field.default == "now"


def _plain_default(field: Field, write: FieldWriter) -> Default:
    return lambda _actor, _now, row: write(field.default, row)


COMPUTED = frozenset({"id", "createdAt", "createdBy", "position"})
"""System fields for which null means that the server fills them in."""


def written_fields(object_: Object, *, with_created_at: bool) -> tuple[Field, ...]:
    """Return the fields of an Insert that are not relations; times that no row gives are left to the database."""
    return tuple(
        field
        for field in object_.active.values()
        if field.parts
        and field.relation_id is None
        and field.access is not Access.READ_ONLY
        and (field.name != "createdAt" or with_created_at)
    )
