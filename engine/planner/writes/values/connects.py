"""Links: the to-one relations in a write's data become references for SQL to resolve."""

from collections.abc import Callable, Mapping
from functools import partial

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.access.admission import Preset
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.planner.context import PlanContext, Site, visible
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Part, RelationEnd, Snapshot, relation_end
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.elements import Reference


@frozen
class PresetReference(Reference):
    """A reference to the record that a preset names."""

    preset: Preset


@frozen
class ReferenceName:
    """How a reference is called in an error: the relation's field and the object that it leads to.

    Attributes:
        preset: the origin of its value if no client gives it; the role then may see neither of the two.
    """

    field: str
    target: str
    preset: Preset | None = None


def name_reference(snapshot: Snapshot, object_: Object, reference: Reference) -> ReferenceName:
    """Return the names of a reference of an object's records for errors."""
    for field in object_.active.values():
        if field.relation_id is not None and field.parts and field.parts[0].column.name == reference.column.name:
            target = next(one for one in snapshot.objects.values() if one.table == reference.table)
            preset = reference.preset if isinstance(reference, PresetReference) else None
            return ReferenceName(field=field.name, target=target.label_singular, preset=preset)
    msg = f"no relation holds {reference.column.name}"
    raise LookupError(msg)


def link_end(context: PlanContext, field: Field, blame: Blame, preset: Preset | None = None) -> RelationEnd:
    """Return the relation of a field that holds a key; presets lead to any record, whatever the role may read."""
    end = relation_end(context.snapshot if preset is None else context.snapshot.whole, field)
    if end is None:
        raise blame.error(f"The relation '{field.name}' leads to an object that is not active.")
    context.touch(context.snapshot.objects[end.target.id])
    if not end.holds_key and end.target_field.id in end.target.guarded:
        raise Forbidden(
            f"The role '{context.role_name}' reads '{end.target_field.name}' of some {end.target.label_plural} only,"
            f" and may not write them by '{field.name}'.",
            field=field.name,
            path=blame.path,
        )
    return end


def unique_parts(object_: Object) -> Mapping[str, tuple[Field, Part]]:
    """Return the fields that identify one live record, by name: the id and the unique fields of one column.

    A field that the role reads in some records only identifies none.
    """
    return {
        field.name: (field, field.parts[0])
        for field in object_.by_name.values()
        if len(field.parts) == 1
        and (field.is_unique or field.name == "id")
        and field.relation_id is None
        and field.id not in object_.guarded
    }


def link_reference(
    context: PlanContext,
    end: RelationEnd,
    lookup: str,
    source: str | Parameter,
    blame: Blame,
    preset: Preset | None = None,
    *,
    changes: Object | None = None,
) -> Reference:
    """Return the reference that connects to the record of the target whose `lookup` is the source's value.

    The records of an object that the write changes may keep the key of a deleted record. A role with restrictions on
    one of the two objects may not: it would learn by it which key a record has.
    """
    _, part = lookup_part(end, lookup, blame)
    target = end.target
    make = Reference if preset is None else partial(PresetReference, preset=preset)
    return make(
        column=end.foreign_key.column,
        table=target.table,
        key=target.key,
        lookup=part.column,
        condition=And(terms=visible(context, target, site=Site.POINT)),
        source=source,
        keeps=(
            changes is not None
            and part.column == target.key
            and preset is None
            and changes.access is None
            and target.access is None
        ),
    )


def known_reference(context: PlanContext, field: Field, source: str | Parameter, blame: Blame) -> Reference:
    """Return the reference of a relation to a record that the request knows."""
    end = link_end(context, field, blame.at(field.name))
    key = end.target.key
    return Reference(
        column=end.foreign_key.column, table=end.target.table, key=key, lookup=key, condition=None, source=source
    )


def lookup_part(end: RelationEnd, lookup: str, blame: Blame) -> tuple[Field, Part]:
    """Return the unique field of the target by which it is looked up."""
    known = unique_parts(end.target)
    if lookup not in known:
        names = ", ".join(known)
        raise blame.error(f"'{lookup}' is no unique key of {end.target.type_name}; connect by one of: {names}.")
    return known[lookup]


def link_coercer(end: RelationEnd, lookup: str, blame: Blame) -> Callable[[JsonValue], ColumnValue]:
    """Return a function from the client's value to the one that the target's unique column is compared with."""
    _, part = lookup_part(end, lookup, blame)

    def coerce(value: JsonValue) -> ColumnValue:
        try:
            return part.scalar.coerce(value)
        except InvalidValue as error:
            raise blame.error(f"Field '{blame.field}': the '{lookup}' to connect to {error.message}.") from None

    return coerce
