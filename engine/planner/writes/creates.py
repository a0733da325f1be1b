"""Creates: the data argument of a create becomes the values and references of an Insert, or of an InsertOne."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.planner.access.admission import Preset, PresetKey, sample_rows
from fieldstone.engine.planner.access.write_rights import WriteRights
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Tree, array_literal, value_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.row_errors import blame_rows
from fieldstone.engine.planner.writes.values.connects import link_coercer, link_end, link_reference
from fieldstone.engine.planner.writes.values.rows import (
    LinkKind,
    LinkSource,
    RowWriter,
    build_row_writer,
    written_fields,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.writes.elements import Assignment, Now, Null, Reference
from fieldstone.sql.types import SqlType

WAYS = ":ways"
"""The key of a row's text that marks the ways which admit its data. No column has such a name."""

AT_ONCE = 1_000
"""Rows that are written as JSON in one go."""


@frozen
class CreateInput:
    """The data argument: one record, or `many` of them."""

    tree: Tree
    many: bool
    blame: Blame

    def rows(self, bindings: Bindings) -> Sequence[Mapping[str, JsonValue]]:
        """Return the records' data for a request."""
        value = value_of(self.tree, bindings)
        rows = value if isinstance(value, list) else [value]
        if None in rows:
            raise self.blame.error("'data' must not have null in its list.")
        return rows


def build_create(
    context: PlanContext, object_: Object, data: CreateInput, rights: WriteRights | None
) -> tuple[tuple[Column, ...], tuple[Reference, ...], Parameter]:
    """Return the columns of an Insert of many, its references, and the parameter of its rows."""
    columns, references, writer = build_writer(context, object_, data, rights)
    return columns, references, add_rows(context, data, row_keys(columns, references, rights), writer.write)


WriteRows = Callable[[Sequence[Mapping[str, JsonValue]], Bindings], list[list[ColumnValue]]]
"""Makes the values of a write's rows of the client's data, for a request."""


def add_rows(context: PlanContext, data: CreateInput, keys: Sequence[str], write: WriteRows) -> Parameter:
    """Return the parameter of a write's rows, at most as many as a request may write.

    Args:
        context: the operation.
        data: the argument that has the rows.
        keys: those of each row's values.
        write: makes the rows.
    """
    most = context.limits.bulk

    def bind(bindings: Bindings) -> bytes:
        rows = data.rows(bindings)
        if len(rows) > most:
            raise data.blame.error(f"A request may write at most {most} records, not {len(rows)}.")
        try:
            written = write(rows, bindings)
        except (BadUserInput, Forbidden) as error:
            if not data.many:
                raise
            raise blame_rows(error, rows, lambda row: write([row], bindings)) from None
        return encode_rows(keys, written)

    return context.parameters.add(bind, SqlType.JSONB)


def encode_rows(keys: Sequence[str], rows: Sequence[Sequence[ColumnValue]]) -> bytes:
    """Return rows as one JSON list of objects with these keys; a key that is absent means NULL."""
    objects = [{key: value for key, value in zip(keys, row, strict=True) if value is not None} for row in rows]
    # Written at once, many would keep other threads from running.
    pieces = (dumps(objects[start : start + AT_ONCE])[1:-1] for start in range(0, len(objects), AT_ONCE))
    return f"[{','.join(pieces)}]".encode()


def add_row(
    context: PlanContext, data: CreateInput, write: WriteRows, kinds: Mapping[str, SqlType]
) -> tuple[tuple[str, Parameter], ...]:
    """Return the parameters of a write's only row, each with its key, in the order of the values."""
    encode = row_encoder([*kinds.values()])

    def bind(bindings: Bindings) -> list[bytes | None]:
        (row,) = write(data.rows(bindings), bindings)
        return encode(row)

    return tuple(zip(kinds, context.parameters.add_row(bind, [*kinds.values()]), strict=True))


def build_create_one(
    context: PlanContext, object_: Object, data: CreateInput, rights: WriteRights | None
) -> tuple[tuple[Assignment, ...], tuple[Reference, ...], Parameter | None]:
    """Return the values and the references of an InsertOne, whose parameters are the statement's first.

    The last result is the parameter that marks the ways which admit the data, where they are marked.
    """
    columns, references, writer = build_writer(context, object_, data, rights)
    kinds = [column.type for column in columns] + [reference.lookup.type for reference in references]
    is_marked = marks_key(rights) is not None
    kinds += [SqlType.TEXT] if is_marked else []
    encode = row_encoder(kinds)

    def bind(bindings: Bindings) -> list[bytes | None]:
        (row,) = writer.write(data.rows(bindings), bindings)
        return encode(row)

    row = context.parameters.add_row(bind, kinds)
    values = [Assignment(column=column, value=slot) for column, slot in zip(columns, row, strict=False)]
    marks = row.pop() if is_marked else None
    sources = row[len(columns) :]
    known = tuple(replace(one, source=slot) for one, slot in zip(references, sources, strict=True))
    return tuple(values), known, marks


def build_writer(
    context: PlanContext, object_: Object, data: CreateInput, rights: WriteRights | None, *, is_upsert: bool = False
) -> tuple[tuple[Column, ...], tuple[Reference, ...], RowWriter]:
    """Return a create's columns, its references, and the writer of its rows, whose values are in that order.

    The rows of an upsert are admitted and completed by the caller.
    """
    sample, admission = data.rows(context.sample), None if rights is None else rights.admission
    if admission is not None:
        sample = sample_rows(admission, sample, context.sample)
    plain = written_fields(object_, with_created_at=any(row.get("createdAt") is not None for row in sample))
    columns = tuple(part.column for field in plain for part in field.parts)
    references: list[Reference] = []
    sources: dict[tuple[str, LinkKind], LinkSource] = {}
    for key_name, field in object_.held_keys.items():
        for lookup, preset in find_links(sample, key_name, field):
            blame = data.blame.at(field.name)
            end = link_end(context, field, blame, preset)
            place = len(columns) + len(references)
            sources[(field.name, (lookup, preset))] = LinkSource(place, link_coercer(end, lookup, blame))
            source = f"{end.foreign_key.column.name}:{lookup if preset is None else place}"
            changed = object_ if is_upsert else None
            references.append(link_reference(context, end, lookup, source, blame, preset, changes=changed))
    writer = build_row_writer(
        object_, plain, sources, many=data.many, admission=None if is_upsert else admission, blame=data.blame
    )
    return columns, tuple(references), writer


def marks_key(rights: WriteRights | None) -> str | None:
    """Return the key of a row's text that marks the ways which admit its data; None where they are not marked."""
    return WAYS if rights is not None and rights.admission is not None and rights.admission.is_marked else None


def row_keys(columns: Sequence[Column], references: Sequence[Reference], rights: WriteRights | None) -> Sequence[str]:
    """Return the keys of an Insert's rows, in the order of a writer's values."""
    marks = marks_key(rights)
    keys = [*(column.name for column in columns), *(str(reference.source) for reference in references)]
    return keys if marks is None else [*keys, marks]


def left_out(object_: Object, columns: Sequence[Column], references: Sequence[Reference]) -> tuple[Assignment, ...]:
    """Return the values of the columns that a create leaves to the database, as a check reads them."""
    named = {column.name for column in columns} | {reference.column.name for reference in references}
    return tuple(
        Assignment(column=part.column, value=Now() if _is_dated(field) else Null())
        for field in object_.fields
        if field.type is not FieldType.TS_VECTOR
        for part in field.parts
        if part.column.name not in named
    )


def is_known(object_: Object, left: Sequence[Assignment]) -> bool:
    """Return whether the columns that a create leaves to the database will have these values, and no others are."""
    names = {one.column.name for one in left}
    return all(
        field.type is not FieldType.TS_VECTOR and (field.default is None or _is_dated(field))
        for field in object_.fields
        if field.type is FieldType.TS_VECTOR or any(part.column.name in names for part in field.parts)
    )


def _is_dated(field: Field) -> bool:
    return field.type is FieldType.DATE_TIME and field.default == "now"


_ENCODERS: Mapping[SqlType, Callable[[ColumnValue], bytes]] = {
    SqlType.TEXT_ARRAY: array_literal,
    SqlType.JSONB: lambda value: dumps(value).encode(),
}
"""How a value that is no text becomes a parameter."""


def row_encoder(kinds: Sequence[SqlType]) -> Callable[[Sequence[ColumnValue]], list[bytes | None]]:
    """Return the function that makes parameters of these types of a row's values."""
    encoders = [_ENCODERS.get(kind, str.encode) for kind in kinds]

    def encode(row: Sequence[ColumnValue]) -> list[bytes | None]:
        return [None if value is None else encode(value) for encode, value in zip(encoders, row, strict=True)]

    return encode


def find_links(rows: Sequence[Mapping[str, JsonValue]], key_name: str, field: Field) -> list[LinkKind]:
    """Return the kinds of links by which the rows connect a relation, in a fixed order.

    It looks at the shape that `engine/request/shape.py` gives the data of a create.
    """
    found: set[str] = set()
    presets: dict[Preset, None] = {}
    for row in rows:
        key = row.get(key_name)
        if isinstance(key, PresetKey):
            presets[key.preset] = None
        elif key is not None:
            found.add("id")
        if isinstance(link := row.get(field.name), dict):
            connect = link.get("connect")
            if isinstance(connect, dict):
                found.update(connect["where"] if isinstance(connect.get("where"), dict) else ())
            elif connect is not None:
                found.add("id")
    return [*((lookup, None) for lookup in sorted(found)), *(("id", preset) for preset in presets)]
