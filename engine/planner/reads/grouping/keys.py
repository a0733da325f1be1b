"""The key of a group: the values that its records have in common, in the shape of a record."""

from typing import cast

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, Leaf, Tree, arguments_of
from fieldstone.engine.planner.context import PlanContext, type_literal
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, find_groupings
from fieldstone.engine.schema.values.groupings import BUCKETS
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Object, relation_end
from fieldstone.sql.plan.outputs import Literal, Record, Value
from fieldstone.sql.types import SqlType

_NULL = Literal(text="null")
_MEMBERS = {"date": SqlType.DATE, "dateTime": SqlType.TIMESTAMP, "number": SqlType.INTEGER}


def build_key(
    context: PlanContext,
    object_: Object,
    selected: Selected,
    groupings: tuple[Grouping, ...],
    path: AnswerPath,
    above: tuple[str, ...] = (),
) -> Record:
    """Return the output of a group's key; `above` are the names of the relations that lead to this object.

    Raises:
        BadUserInput: a value is selected that the records are not grouped by.
    """
    entries: list[tuple[str, Value | Record | Literal]] = []
    for field in context.selected_below(selected):
        names, below = (*above, field.name), (*path, field.key)
        own = object_.by_name.get(field.name)
        end = None if own is None else relation_end(context.snapshot, own)
        output: Value | Record | Literal
        if field.name == "__typename":
            output = type_literal(type_name(object_, TypeRole.GROUP_KEY))
        elif end is not None:
            output = build_key(context, context.touch(end.target), field, groupings, below, names)
        elif own is not None and own.is_composite:
            output = _composite(context, FIELD_TYPES[own.type].composite or "", field, groupings, names, below)
        elif field.selection_sets:
            output = _date_group(context, field, groupings, names, below)
        else:
            output = _found(groupings, names, below)[0].value
        entries.append((field.key, output))
    return Record(entries=tuple(entries))


def _composite(
    context: PlanContext,
    name: str,
    selected: Selected,
    groupings: tuple[Grouping, ...],
    names: tuple[str, ...],
    path: AnswerPath,
) -> Record:
    return Record(
        entries=tuple(
            (
                sub.key,
                type_literal(name)
                if sub.name == "__typename"
                else _found(groupings, (*names, sub.name), (*path, sub.key))[0].value,
            )
            for sub in context.selected_below(selected)
        )
    )


def _found(groupings: tuple[Grouping, ...], names: tuple[str, ...], path: AnswerPath) -> list[Grouping]:
    found = find_groupings(groupings, names)
    if not found:
        raise Blame(field=names[-1], path=path).error(
            f"The groups have no '{'.'.join(names)}': it is not in 'groupBy'."
        )
    return found


def _date_group(
    context: PlanContext,
    selected: Selected,
    groupings: tuple[Grouping, ...],
    names: tuple[str, ...],
    path: AnswerPath,
) -> Record:
    bucket = arguments_of(selected.nodes[0], context.variables).get("bucket")
    grouping = _of_bucket(_found(groupings, names, path), bucket, Blame(field="bucket", path=path))
    return Record(
        entries=tuple(
            (
                field.key,
                type_literal("DateGroup")
                if field.name == "__typename"
                else grouping.value
                if grouping.column.type is _MEMBERS[field.name]
                else _NULL,
            )
            for field in context.selected_below(selected)
        )
    )


def _of_bucket(found: list[Grouping], tree: Tree, blame: Blame) -> Grouping:
    name = found[0].names[-1]
    if tree is None:
        if len(found) > 1:
            raise blame.error(f"'{name}' is grouped by several buckets: say which one, as in {name}(bucket: DAY).")
        return found[0]
    wanted = BUCKETS[cast("str", cast("Leaf", tree).sample)]
    for grouping in found:
        if grouping.dimension.bucket is wanted:
            return grouping
    raise blame.error(f"'{name}' is not grouped by this bucket.")
