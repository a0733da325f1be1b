"""Assignments: the data argument of an update becomes the columns that it sets."""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.access.admission import Admitted, Preset
from fieldstone.engine.planner.arguments.column_values import build_value_reader, missing
from fieldstone.engine.planner.arguments.trees import (
    Absent,
    Blame,
    Tree,
    array_literal,
    bind_tree,
    find_claim,
    value_of,
)
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.events import bind_given
from fieldstone.engine.planner.writes.values.connects import known_reference, link_coercer, link_end, link_reference
from fieldstone.engine.planner.writes.values.rows import check_morph, read_link, required_link
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Access, Field, Object, Part
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.elements import Assignment, Null, Reference
from fieldstone.sql.types import SqlType


def build_assignments(
    context: PlanContext,
    object_: Object,
    tree: Tree,
    blame: Blame,
    known: Sequence[Field] = (),
    preset: Collection[UUID] = (),
) -> tuple[tuple[Assignment, ...], tuple[Reference, ...]]:
    """Return the assignments of an update: columns by value, and foreign keys by reference.

    Args:
        context: the operation.
        object_: the object of the records.
        tree: the data, completed by presets.
        blame: that of the data.
        known: relations to records that the request knows.
        preset: the ids of the fields that are preset.

    Raises:
        BadUserInput: a field cannot be changed, or a required one would become NULL.
    """
    given: dict[str, Tree] = {name: member for name, member in _members(tree).items() if not isinstance(member, Absent)}
    assignments: list[Assignment] = []
    references: list[Reference] = []
    for name, member in given.items():
        field = object_.active.get(name)
        if field is None or field.relation_id is not None:
            continue
        if field.access is not Access.READ_WRITE:
            raise fixed_fields(object_, given, blame)
        assignments += _plain(context, field, member, blame)
    for key_name, field in object_.held_keys.items():
        if field in known:
            source = context.parameters.add(bind_given(known.index(field)), SqlType.UUID)
            references.append(known_reference(context, field, source, blame))
            continue
        _link(context, object_, field, key_name, given, blame, assignments, references, is_preset=field.id in preset)
    _clear_morphs(object_, assignments, references, blame)
    return tuple(assignments), tuple(references)


def fixed_fields(object_: Object, given: Collection[str], blame: Blame) -> BadUserInput:
    """Return the error about data with fields that an update cannot change: it names all of them."""
    fields = object_.active
    names = [name for name in given if name in fields and fields[name].access is not Access.READ_WRITE]
    listed = ", ".join(f"'{name}'" for name in names)
    text = f"Field {listed}" if len(names) == 1 else f"Fields {listed}"
    return blame.at(names[0]).error(f"{text} cannot be changed once the record is there.")


def preset_assignments(
    context: PlanContext, object_: Object, admitted: Admitted, blame: Blame
) -> tuple[Assignment, ...]:
    """Return the presets of records that a statement changes alike; nothing looks up the records that keys lead to."""
    found, references = build_assignments(context, object_, {**admitted.presets}, blame, preset=admitted.preset_ids)
    keys = (
        Assignment(column=reference.column, value=reference.source)
        for reference in references
        if isinstance(reference.source, Parameter)
    )
    return (*found, *keys)


def _clear_morphs(object_: Object, assignments: list[Assignment], references: list[Reference], blame: Blame) -> None:
    """Let a morph relation that is set to a record of one object lead to none of another."""
    connected = {reference.column.name for reference in references}
    known = connected | {assignment.column.name for assignment in assignments}
    for fields in object_.morphs:
        chosen = [field for field in fields if field.parts[0].column.name in connected]
        check_morph(chosen, blame)
        if chosen:
            columns = (field.parts[0].column for field in fields)
            assignments += [Assignment(column=column, value=Null()) for column in columns if column.name not in known]


def _members(tree: Tree) -> dict[str, Tree]:
    return tree if isinstance(tree, dict) else {}


def _plain(context: PlanContext, field: Field, tree: Tree, blame: Blame) -> list[Assignment]:
    if tree is None:
        if not field.is_nullable:
            raise missing(field, blame)
        return [Assignment(column=part.column, value=Null()) for part in field.parts]
    if not field.is_composite:
        return [_assign(context, field, field.parts[0], tree, blame)]
    members = _members(tree)
    found: list[Assignment] = []
    for place, part in enumerate(field.parts):
        member = members.get(part.name or "", Absent(variable=""))
        if isinstance(member, Absent):
            continue
        if member is None:
            if place == 0 and not field.is_nullable:
                raise missing(field, blame)
            found.append(Assignment(column=part.column, value=Null()))
        else:
            found.append(_assign(context, field, part, member, blame))
    return found


def _assign(context: PlanContext, field: Field, part: Part, tree: Tree, blame: Blame) -> Assignment:
    binder = bind_tree(tree, build_encoder(field, part, blame), blame.at(field.name))
    return Assignment(column=part.column, value=context.parameters.add(binder, part.column.type))


def build_encoder(field: Field, part: Part, blame: Blame) -> Callable[[JsonValue], bytes]:
    """Return the function that makes a value of a field's column a parameter; it raises BadUserInput."""
    is_list = part.scalar.element is not None
    is_json = part.column.type is SqlType.JSONB
    read = build_value_reader(field, part, blame)

    def encode(value: JsonValue) -> bytes:
        found = read(value)
        if is_list:
            return array_literal(found)
        return (dumps(found) if is_json else str(found)).encode()

    return encode


def _link(
    context: PlanContext,
    object_: Object,
    field: Field,
    key_name: str,
    given: dict[str, Tree],
    blame: Blame,
    assignments: list[Assignment],
    references: list[Reference],
    *,
    is_preset: bool,
) -> None:
    sample = value_of({name: given[name] for name in (key_name, field.name) if name in given}, context.sample)
    link = read_link(field, key_name, sample, blame)
    if link is None:
        return
    if link.value is None:
        if not field.is_nullable:
            raise required_link(field, key_name, given, blame)
        assignments.append(Assignment(column=field.parts[0].column, value=Null()))
        return
    blame = blame.at(field.name)
    source = given[key_name] if key_name in given else _members(given[field.name])["connect"]
    preset = Preset(claim=find_claim(source)) if is_preset else None
    end = link_end(context, field, blame, preset)
    if isinstance(source, dict):
        source = _members(source["where"])[link.lookup]
    coerce = link_coercer(end, link.lookup, blame)
    binder = bind_tree(source, lambda value: str(coerce(value)).encode(), blame)
    parameter = context.parameters.add(binder, end.target.by_name[link.lookup].parts[0].column.type)
    references.append(link_reference(context, end, link.lookup, parameter, blame, preset, changes=object_))
