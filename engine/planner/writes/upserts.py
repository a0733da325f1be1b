"""Upserts: the data of a create, and the records that it changes where their unique keys are there already."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.access.upsert_rights import JudgedUpsert, find_upsert_rights, judge_upsert
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Absent, Bindings, Blame, arguments_of, value_of
from fieldstone.engine.planner.context import PlanContext, type_literal
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.writes.creates import CreateInput, add_row, add_rows, build_writer, left_out
from fieldstone.engine.planner.writes.events import event_target, touched_at
from fieldstone.engine.planner.writes.values.assignments import preset_assignments
from fieldstone.engine.planner.writes.values.rows import COMPUTED, read_link
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.metadata.scalars import BOOLEAN, ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Output, Record, Value
from fieldstone.sql.plan.writes.upserts import CREATED, GivenColumn, UniqueKey, Upsert
from fieldstone.sql.types import SqlType

GIVEN = ":given"
"""The key of an input's row that says which columns the client gave. No column has such a name."""


@frozen
class OnConflict:
    """The choices of an upsert about a record that is there.

    Attributes:
        fields: the unique key that it is found by; None: the id, and any other unique key that is given.
        update: the fields to change, of those given; None: all.
        revives: whether the record that was deleted last counts where no live one has the key.
    """

    fields: tuple[str, ...] | None = None
    update: tuple[str, ...] | None = None
    revives: bool = False


def find_on_conflict(selected: Selected, context: PlanContext, path: AnswerPath, *, always: bool) -> OnConflict | None:
    """Return the choices that make a create an upsert, None for a plain create; an upsert `always` has some.

    Raises:
        BadUserInput: an argument is null, or they contradict each other.
    """
    bindings = context.sample
    trees = arguments_of(selected.nodes[0], context.variables)
    given = {name: value_of(trees[name], bindings) for name in ("onConflict", "upsert") if name in trees}
    blame = Blame(field="onConflict", path=path)
    conflict, upsert = given.get("onConflict"), given.get("upsert")
    if conflict is not None:
        if upsert is False:
            raise blame.error("'onConflict' and 'upsert: false' contradict each other.")
        tree = trees["onConflict"]
        if isinstance(tree, dict) and isinstance(tree.get("update"), Absent):
            conflict = {**conflict, "update": None}
        return read_on_conflict(conflict, blame)
    if always and any(node.name.value == "onConflict" for node in selected.nodes[0].arguments or ()):
        raise blame.error(
            "'onConflict' must not be null: leave it out to find records by any unique key that is given."
        )
    return OnConflict() if always or upsert is True else None


def read_on_conflict(given: Mapping[str, JsonValue], blame: Blame) -> OnConflict:
    """Return the choices that the argument onConflict gives.

    Raises:
        BadUserInput: `update` is null: nothing must be changed because a variable is absent.
    """
    update = given.get("update")
    if "update" in given and update is None:
        raise blame.error("'update' must not be null: leave it out to change every field that is given.")
    return OnConflict(
        fields=tuple(_listed(given["fields"])),
        update=None if update is None else tuple(_listed(update)),
        revives=given.get("revive") is True,
    )


def build_upsert(
    context: PlanContext, object_: Object, data: CreateInput, conflict: OnConflict, blame: Blame
) -> tuple[Upsert, JudgedUpsert]:
    """Return the upsert of a create's data, without its record, and its rights; `blame` is that of onConflict.

    Raises:
        BadUserInput: `conflict` names no unique key, or a field that cannot be changed.
        Forbidden: the role may neither create nor update records, or may not revive them.
    """
    rights = find_upsert_rights(context, object_, blame, revives=conflict.revives)
    columns, references, writer = build_writer(context, object_, data, rights.creation, is_upsert=True)
    places = _places(object_, columns)
    mark = _build_marker(object_, places, data.blame)
    context.indexes[object_.id] = context.snapshot.indexes_of.get(object_.id, ())
    known = unique_keys(context.snapshot, object_.whole)
    by = find_keys(context, object_, conflict, blame)
    written = {column.name for column in columns} | {reference.column.name for reference in references}
    keys = [key for key in known if all(column.name in written for column in _columns(key))]
    fields = find_updated(object_, conflict, blame)
    if object_.access is not None and len(by) == 1:
        # Its key is that of the record already.
        fields = [field for field in fields if field not in by[0]]
    judged = judge_upsert(context, rights, revives=conflict.revives)
    updated = {field.id for field in fields}
    is_named = any(row.get("id") is not None for row in data.rows(context.sample))
    if not is_named and len(by) > 1:
        by = [key for key in by if key is not known[0]]
    names = {_names(key) for key in by}

    def may_clash(key: Sequence[Field]) -> bool:
        """Return whether a record that is not found may have the key of a row to insert."""
        if key is known[0]:
            return is_named
        is_sought = _names(key) in names and object_.access is None
        return not is_sought or any(field.default is not None or field.name in COMPUTED for field in key)

    def write(rows: Sequence[Mapping[str, JsonValue]], bindings: Bindings) -> list[list[ColumnValue]]:
        completed = rights.complete(rows, updated, bindings)
        values = writer.write([row for row, _ in completed], bindings)
        return [
            [*row, mark(given), *[marks[name] for name in judged.marks]]
            for row, given, (_, marks) in zip(values, rows, completed, strict=True)
        ]

    kinds = {column.name: column.type for column in columns}
    kinds |= {str(reference.source): reference.lookup.type for reference in references}
    kinds |= dict.fromkeys([GIVEN, *judged.marks], SqlType.TEXT)
    rows: Parameter | tuple[tuple[str, Parameter], ...]
    if data.many or object_.table.is_distributed:
        rows = add_rows(context, data, [*kinds], write)
    else:
        rows = add_row(context, data, write, kinds)
    presets = preset_assignments(context, object_, admitted, blame) if (admitted := rights.change_presets) else ()
    taken = {assignment.column.name for assignment in presets}
    upsert = Upsert(
        table=object_.table,
        key=object_.key,
        columns=columns,
        rows=rows,
        given=GIVEN,
        references=references,
        keys=tuple(
            (
                UniqueKey(columns=_columns(key), of_live=key is not known[0]),
                tuple(places[column.name] for column in _columns(key)),
            )
            for key in keys
        ),
        by=tuple(place for place, key in enumerate(keys) if _names(key) in names),
        clashing=tuple(place for place, key in enumerate(keys) if may_clash(key)),
        deleted_at=object_.deleted_at,
        revives=conflict.revives,
        updates=tuple(one for one in _given_columns(places, fields) if one.column.name not in taken),
        touched=(*presets, *touched_at(object_)),
        many=data.many,
        readable=judged.readable,
        rights=judged.creation.rights,
        updating=judged.change.rights,
        defaults=left_out(object_, columns, references) if judged.creation.rights else (),
        event=event_target(context, object_, "created"),
        record=None,
    )
    return upsert, judged


def upsert_record(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Record:
    """Return the output of an upsert's result: whether the record was created, and the record."""
    entries: list[tuple[str, Output]] = []
    for one in context.selected_below(selected):
        output: Output
        match one.name:
            case "created":
                output = Value(column=CREATED, encoding=BOOLEAN.encoding)
            case "record":
                output = build_record(context, object_, one, (*path, one.key))
            case _:
                output = type_literal(type_name(object_, TypeRole.UPSERT_RESULT))
        entries.append((one.key, output))
    return Record(entries=tuple(entries))


def key_names(keys: Sequence[Sequence[Field]]) -> str:
    """Return unique keys as a message lists them."""
    return ", ".join(f"[{' '.join(field.name for field in key)}]" for key in keys)


def find_keys(context: PlanContext, object_: Object, conflict: OnConflict, blame: Blame) -> Sequence[tuple[Field, ...]]:
    """Return the unique keys by which records are found: those that the role reads in each record."""
    known = [
        key
        for key in unique_keys(context.snapshot, object_)
        if all(field.name == "id" or object_.rights.reads_plainly(field.id) for field in key)
    ]
    if conflict.fields is None:
        return known
    named = set(conflict.fields)
    key = next((key for key in known if _names(key) == named), None)
    if key is None:
        raise blame.error(
            f"[{' '.join(conflict.fields)}] is no unique key of {object_.type_name};"
            f" its unique keys are {key_names(known)}."
        )
    return (key,)


def find_updated(object_: Object, conflict: OnConflict, blame: Blame) -> list[Field]:
    """Return the fields to set in a record that is there; those of the creation alone are never among them."""
    chosen = None if conflict.update is None else set(conflict.update)
    for name in conflict.update or ():
        if object_.active[name].access is not Access.READ_WRITE:
            raise blame.error(f"'update': the field '{name}' cannot be changed once the record is there.")
    return [
        field
        for field in object_.active.values()
        if field.access is Access.READ_WRITE and (chosen is None or _is_chosen(object_, field, chosen))
    ]


def _given_columns(places: Mapping[str, int], fields: Sequence[Field]) -> Iterator[GivenColumn]:
    for field in fields:
        for part in field.parts:
            if part.column.name in places:
                yield GivenColumn(column=part.column, bit=places[part.column.name])


def _is_chosen(object_: Object, field: Field, chosen: set[str]) -> bool:
    """Return whether a field is changed: it is named, or another end of its morph relation is."""
    if field.name in chosen:
        return True
    return any(field in group and any(one.name in chosen for one in group) for group in object_.morphs)


def _places(object_: Object, columns: Sequence[Column]) -> Mapping[str, int]:
    """Return the places of the columns in the text of given ones: those of a create, then all foreign keys."""
    keys = [field.parts[0].column for field in object_.held_keys.values()]
    return {column.name: place for place, column in enumerate([*columns, *keys])}


def _build_marker(object_: Object, places: Mapping[str, int], blame: Blame) -> Callable[[Mapping[str, JsonValue]], str]:
    """Return the function that marks the columns which a client gave."""
    plain = {
        field.name: [(part.name, places.get(part.column.name)) for part in field.parts]
        for field in object_.active.values()
        if field.relation_id is None
    }
    composite = {field.name for field in object_.active.values() if field.is_composite}
    links = {name for key_name, field in object_.held_keys.items() for name in (key_name, field.name)}
    blank = ["0"] * len(places)

    def mark(data: Mapping[str, JsonValue]) -> str:
        bits = [*blank]
        for name, value in data.items():
            if value is None and name in COMPUTED:
                continue
            whole = value is None or name not in composite
            for part, place in plain.get(name, ()):
                if place is not None and (whole or part in value):
                    bits[place] = "1"
        if not links.isdisjoint(data):
            for column in _linked(object_, data, blame):
                if column in places:
                    bits[places[column]] = "1"
        return "".join(bits)

    return mark


def _linked(object_: Object, data: Mapping[str, JsonValue], blame: Blame) -> Iterator[str]:
    """Yield the foreign keys that a client gave; those of one morph relation are given together."""
    connected = set()
    for key_name, field in object_.held_keys.items():
        link = read_link(field, key_name, data, blame)
        if link is not None:
            yield field.parts[0].column.name
            if link.value is not None:
                connected.add(field.id)
    for group in object_.morphs:
        if any(field.id in connected for field in group):
            yield from (field.parts[0].column.name for field in group if field.is_active)


def _names(key: Sequence[Field]) -> frozenset[str]:
    return frozenset(field.name for field in key)


def _columns(key: Sequence[Field]) -> tuple[Column, ...]:
    return tuple(part.column for field in key for part in field.unique_parts)


def _listed(value: JsonValue) -> list[str]:
    return value if isinstance(value, list) else [value]
