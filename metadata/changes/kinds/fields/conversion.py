"""Another type for a field: the types that it may get, and the effect on its column, default and indexes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid5

from psycopg import sql

from fieldstone.metadata.changes.kinds.fields.new_field import choose_column
from fieldstone.metadata.changes.kinds.indexes.create_index import find_same
from fieldstone.metadata.changes.row_work import ConvertValues, MapOptions, RowWork
from fieldstone.metadata.changes.rules.defaults import default_values, is_function, is_list, read_default
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, SEARCH, is_sorted
from fieldstone.metadata.changes.rules.indexes.label_indexes import name_index
from fieldstone.metadata.changes.rules.indexes.searched import text_parts
from fieldstone.metadata.changes.rules.lookup import with_object
from fieldstone.metadata.changes.rules.names import column_suffixes
from fieldstone.metadata.changes.rules.search import vectors_over
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType, subfields_of
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Field, Index, Object, Option, Snapshot, Status
from fieldstone.metadata.scalars import shown
from fieldstone.sql.identifiers import quote_identifier
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.conversions import Conversion, convert, convert_back, from_micros, is_empty, to_micros

_PLAIN: Final[Mapping[FieldType, frozenset[FieldType]]] = {
    **dict.fromkeys(
        (FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS, FieldType.RICH_TEXT), frozenset({FieldType.TEXT})
    ),
    FieldType.CURRENCY: frozenset({FieldType.NUMBER, FieldType.NUMERIC}),
}
"""The types whose values a composite's first column can have, as it can have theirs."""

_WHOLE: Final = frozenset({FieldType.TS_VECTOR, *RELATIONS})


def is_conversion(field: Field, updated: Field) -> bool:
    """Return whether the field's values become others, or are to be read as others."""
    if updated.type is not field.type:
        return True
    return any(new.scalar is not old.scalar for old, new in zip(field.parts, updated.parts, strict=True))


def build_conversion(field: Field, updated: Field) -> Conversion:
    """Return the new values of a field, in terms of its column as it is; `check_type` has let it pass.

    Of a composite it is the first column that becomes another, or that the values come into. JSON, or a
    plain value that was an option, becomes the value again that it was made of: a rollback alone asks for that.
    """
    old, new = field.parts[0], updated.parts[0]
    # A value that is an option already may be one of more.
    is_wider = old.options is not None and new.options is not None and set(old.options) <= set(new.options)
    options = None if is_wider and old.column.type is new.column.type else new.options
    name = sql.SQL(quote_identifier(old.column.name))
    if FieldType.CURRENCY in {field.type, updated.type}:
        is_wanted = updated.type is FieldType.CURRENCY
        conversion = to_micros(name, old.column.type) if is_wanted else from_micros(name, new.column.type)
    else:
        types = old.column.type, new.column.type
        conversion = convert(name, *types, options=options) or convert_back(name, *types, options=options)
    if conversion is None:
        msg = f"no {updated.type.value} can be made of a {field.type.value}"
        raise TypeError(msg)
    return conversion


def check_type(object_: Object, field: Field, wanted: FieldType, *, is_restored: bool = False) -> InvalidChange | None:
    """Return why a field cannot become one of another type; `is_restored` as in `UpdateField`."""
    if wanted is field.type:
        return None
    if vectors := vectors_over(object_, field):
        names = ", ".join(vector.name for vector in vectors)
        return InvalidChange(f"{names} is computed from {field.name}; delete that field first", field="type")
    allowed = [kind.value for kind in _possible(field.type, field.parts[0].column.type)] if field.parts else []
    if wanted.value in allowed or is_restored:
        return None
    instead = f"it can become {', '.join(allowed)}" if allowed else "its type is fixed"
    return InvalidChange(
        f"{object_.name_singular}.{field.name}: a {field.type.value} field cannot become a {wanted.value} field;"
        f" {instead}; a new field can take the values over, record by record",
        field="type",
    )


def conversions_of(type_: FieldType, data_type: str | None = None) -> tuple[FieldType, ...]:
    """Return the types that a field of this type may get; `data_type` is settings.dataType."""
    subfields = subfields_of(type_, data_type)
    return tuple(_possible(type_, subfields[0].scalar.sql_type)) if subfields else ()


def _possible(type_: FieldType, source: SqlType) -> Iterator[FieldType]:
    """Yield the other types that a field may get whose first column has this type."""
    return (kind for kind in FieldType if kind is not type_ and _is_possible(type_, source, kind))


def _is_possible(type_: FieldType, source: SqlType, kind: FieldType) -> bool:
    if {type_, kind} & _WHOLE:
        return False
    if FIELD_TYPES[type_].composite or FIELD_TYPES[kind].composite:
        return kind in _PLAIN.get(type_, ()) or type_ in _PLAIN.get(kind, ())
    options = () if FIELD_TYPES[kind].has_options else None
    (sub,) = subfields_of(kind, None)
    return convert(sql.SQL("x"), source, sub.scalar.sql_type, options=options) is not None


def convert_default(
    field: Field, given: JsonValue, wanted: FieldType, data_type: JsonValue, options: tuple[Option, ...]
) -> JsonValue:
    """Return the default value for the new type: as given, or the field's own one in the new terms.

    Raises:
        InvalidChange: the old one has no such terms.
    """
    if given is None or given is not field.default:
        return given
    for candidate in _candidates(field, given, wanted):
        try:
            return read_default(wanted, candidate, data_type=data_type, options=options, required=False)
        except InvalidChange:
            continue
    raise InvalidChange(
        f"the default value of {field.name}, {shown(given)}, is none of a {wanted.value} field; give defaultValue, null"
        " for none",
        field="defaultValue",
    )


def _candidates(field: Field, given: JsonValue, wanted: FieldType) -> Iterator[JsonValue]:
    """Yield the forms of a default value in another type: itself, a list of it, its text, the value that it spells.

    A list has the form of its only item. A composite has it in its first column, unless that has it in other units.
    """
    if is_function(field.type, given) is not is_function(wanted, given):
        return
    if len(field.parts) != 1 or FIELD_TYPES[wanted].composite:
        if wanted is FieldType.TEXT:
            yield given.get(field.parts[0].name)
        elif field.type is FieldType.TEXT:
            yield {FIELD_TYPES[wanted].subfields[0].name: given}
        return
    if is_list(field.type):
        items = given if isinstance(given, list) else [given]
        yield items
        yield from items if len(items) == 1 else ()
        return
    yield [given] if is_list(wanted) else given
    if isinstance(given, str):
        with suppress(ValueError):
            yield loads(given)
    else:
        yield dumps(given)
    if field.type is FieldType.BOOLEAN:
        yield int(given)
    elif wanted is FieldType.BOOLEAN and given in (0, 1):
        yield bool(given)


def choose_new_column(object_: Object, field: Field, wanted: FieldType) -> str:
    """Return the name that the column gets: no statement made for the old type finds it any more.

    It is the first one with another number: by that a model file tells fields that have taken each other's names.
    """
    first = field.column.rstrip("0123456789")
    endings = ("", *column_suffixes(wanted))
    is_numbered = any(first + ending in object_.retired_columns for ending in (*endings, *column_suffixes(field.type)))
    others = replace(object_, retired_columns=object_.retired_columns | {field.column})
    return choose_column(others, first if is_numbered else field.column, endings)


def read_conversion_work(
    snapshot: Snapshot,
    object_: Object,
    field: Field,
    updated: Field,
    *,
    mapping: JsonValue,
    allow_loss: bool,
    is_restored: bool,
) -> list[RowWork]:
    """Return the work that another type asks of the rows; `is_restored` as in `UpdateField`.

    Raises:
        InvalidChange: the mapping of values to options is none, or a unique index is in the way.
    """
    _check_unique(snapshot, field, updated)
    conversion = build_conversion(field, updated)
    options = _read_mapping(field, updated, mapping)
    kept = _all_kept(conversion, field, updated, is_restored=is_restored)
    if kept is None and conversion.is_same:
        return []
    unique = tuple(unique_with(snapshot, object_, field, updated))
    work: list[RowWork] = [
        ConvertValues(
            object_=object_,
            field=field,
            updated=updated,
            conversion=conversion,
            kept=kept,
            unique=unique,
            mapped=tuple(options),
            allow_loss=allow_loss,
        )
    ]
    if options:
        work.append(MapOptions(object_=object_, field=field, mapping=options, unique=unique))
    return work


def _all_kept(conversion: Conversion, field: Field, updated: Field, *, is_restored: bool) -> sql.Composable | None:
    """Return the condition that nothing is lost: of the first column, and of those that go.

    A type that goes with the change which gave it takes its default value along.
    """
    gone = field.parts[len(updated.parts) :]
    kept: list[sql.Composable] = [sql.SQL("({})").format(conversion.kept)] if conversion.kept is not None else []
    values: Sequence[JsonValue] = [None] * len(gone)
    if gone and is_restored:
        values = default_values(field.type, field.default, data_type=None)[-len(gone) :]
    for part, value in zip(gone, values, strict=True):
        text = dumps(value) if value is not None and part.column.type is SqlType.JSONB else value
        kept.append(is_empty(sql.SQL(quote_identifier(part.column.name)), part.column.type, default=text))
    return sql.SQL(" AND ").join(kept) if kept else None


def _check_unique(snapshot: Snapshot, field: Field, updated: Field) -> None:
    """Make sure that no unique index stays that would be of other columns then."""
    if len(field.parts) == len(updated.parts):
        return
    is_other = len(field.unique_parts) != len(updated.unique_parts)
    for index in snapshot.indexes.values():
        if index.is_unique and field.id in index.field_ids and (len(index.field_ids) > 1 or is_other):
            raise InvalidChange(
                f"{field.name} cannot become a {updated.type.value} field while the unique index {index.name} is on its"
                " columns; take that back first, by updateField with isUnique: false or by deleteIndex",
                field="type",
            )


def unique_with(snapshot: Snapshot, object_: Object, field: Field, updated: Field) -> Iterator[tuple[Field, ...]]:
    """Yield the fields of each unique index that the field will be in."""
    if updated.is_unique:
        yield (field,)
    for index in snapshot.indexes.values():
        if index.is_unique and field.id in index.field_ids and len(index.field_ids) > 1:
            yield tuple(object_.by_id[id_] for id_ in index.field_ids)


def _read_mapping(field: Field, updated: Field, given: JsonValue) -> dict[str, str | None]:
    if given is None:
        return {}
    values = [option.value for option in updated.options]
    if field.parts[0].column.type is not SqlType.TEXT or not values:
        raise InvalidChange(
            "optionMapping is for text that becomes an option of a SELECT or MULTI_SELECT; leave it out",
            field="optionMapping",
        )
    if not isinstance(given, dict) or not all(new is None or new in values for new in given.values()):
        raise InvalidChange(
            f'optionMapping must lead from texts to options or null, such as {{ "in review": "{values[0]}" }}; the'
            f" options are {', '.join(values)}",
            field="optionMapping",
        )
    if None in given.values() and not updated.is_nullable:
        raise InvalidChange(
            f"optionMapping cannot lead to no value: the field is required; one of {', '.join(values)} would pass",
            field="optionMapping",
        )
    return given


def without_misfits(after: Snapshot, field: Field, updated: Field, seed: UUID) -> Snapshot:
    """Return the snapshot without the indexes that only the old type could have.

    They are for the contents of a value, on one column of a field that has several then, or in an order of texts that
    is not the new type's. The index for searches gives way to one of the fields that hold text now, whose id follows
    from the `seed`.
    """
    is_other = field.parts[0].column.type is not updated.parts[0].column.type
    is_reordered = is_sorted(field.parts[0]) is not is_sorted(updated.parts[0])
    is_several = len(updated.parts) > 1 or len(field.parts) > 1

    def fits(index: Index) -> bool:
        if index.is_unique or field.id not in index.field_ids:
            return True
        if is_several:
            return False
        if index.method == BTREE:
            return not (is_reordered and index.text_order > 0)
        return not (is_other or is_reordered)

    indexes = {id_: index for id_, index in after.indexes.items() if fits(index)}
    if len(indexes) == len(after.indexes):
        return after
    fitting = replace(after, indexes=indexes)
    searches = [index for index in after.indexes_of[field.object_id] if index.method == SEARCH]
    # The last one is that which searches read.
    if not searches or searches[-1].id in indexes:
        return fitting
    object_ = after.objects[field.object_id]
    ids = tuple(id_ for id_ in searches[-1].field_ids if any(text_parts(object_.by_id[id_])))
    search = replace(searches[-1], id=uuid5(seed, SEARCH), field_ids=ids, status=Status.READY, failure=None)
    if not ids or find_same(fitting, search):
        return fitting
    return replace(fitting, indexes={**indexes, search.id: name_index(object_, search)})


def retire_column(after: Snapshot, field: Field) -> Snapshot:
    """Return the snapshot in which the column's old name is not used again."""
    object_ = after.objects[field.object_id]
    retired = {part.column.name for part in field.parts}
    return with_object(after, replace(object_, retired_columns=object_.retired_columns | retired))
