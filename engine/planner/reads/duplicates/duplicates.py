"""Duplicates: for each of some records, there or given as data, the records that are like it by one of the criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Tree, arguments_of, bind_tree, value_of
from fieldstone.engine.planner.context import PlanContext, readable, visible
from fieldstone.engine.planner.reads.filters.operators import list_encoder
from fieldstone.engine.planner.reads.orders import build_order, cursor_tag
from fieldstone.engine.planner.reads.selection import build_facet
from fieldstone.engine.planner.reads.text_indexes import leads
from fieldstone.engine.planner.whole_access import check_fields
from fieldstone.metadata.changes.duplicates import duplicate_criteria
from fieldstone.metadata.changes.rules.indexes.indexed_values import is_sorted
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import UUID, ColumnValue
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Sorted
from fieldstone.sql.plan.outputs import Alike, Connection, Likeness, Page
from fieldstone.sql.plan.read import Duplicates
from fieldstone.sql.types import SqlType


def build_duplicates(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Duplicates:
    """Return the plan of the root field that looks for duplicates; the number of records is part of the shape.

    Raises:
        Forbidden: the role does not read and change all fields of the object.
        BadUserInput: both or neither of `ids` and `data` are given, or too many records.
    """
    check_fields(object_, selected.name)
    arguments = arguments_of(selected.nodes[0], context.variables)
    given = [name for name in ("ids", "data") if arguments.get(name) is not None]
    if len(given) != 1:
        raise Blame(field="ids", path=path).error(f"'{selected.name}' takes either 'ids' or 'data'.")
    name = given[0]
    blame, tree = Blame(field=name, path=path), arguments[name]
    count = len(_read_list(tree, Bindings(variables=context.variables, actor="")))
    most = context.limits.largest_page
    if count > most:
        raise blame.error(f"'{name}' must have at most {most} records, not {count}.")
    criteria = duplicate_criteria(object_)
    parameters = context.parameters
    ids = rows = None
    if name == "ids":
        encode = list_encoder(UUID)
        # For ids that it sees, PostgreSQL would plan the statement each time, which takes longer than to run it.
        ids = replace(parameters.add(bind_tree(tree, encode, blame), SqlType.UUID, array=True), unplanned=True)
    else:
        rows = parameters.add(
            lambda bindings: _rows(object_, criteria, _read_list(tree, bindings), blame), SqlType.JSONB
        )
    return Duplicates(
        table=readable(context, object_),
        ids=ids,
        rows=rows,
        condition=And(terms=visible(context, object_)),
        connection=_connection(context, object_, criteria, selected, path),
        count=count,
    )


def _connection(
    context: PlanContext,
    object_: Object,
    criteria: Sequence[Sequence[Field]],
    selected: Selected,
    path: AnswerPath,
) -> Connection:
    order = build_order(context, object_, None, Blame(field="orderBy", path=path))
    return Connection(
        table=readable(context, object_),
        condition=And(terms=visible(context, object_)),
        link=Alike(
            key=object_.key,
            criteria=tuple(
                tuple(one for field in criterion for one in _likenesses(context, object_, field))
                for criterion in criteria
            ),
        ),
        order=order,
        page=Page(limit=context.limits.default_page),
        cursor_tag=cursor_tag(context, object_, order),
        entries=tuple(
            (field.key, build_facet(context, object_, field, (*path, field.key)))
            for field in context.selected_below(selected)
        ),
    )


def _likenesses(context: PlanContext, object_: Object, field: Field) -> Sequence[Likeness]:
    return [
        Likeness(
            column=part.column,
            is_text=is_sorted(part),
            has_index=leads(context, object_, Sorted(column=part.column) if is_sorted(part) else part.column),
        )
        for part in field.unique_parts
    ]


def _read_list(tree: Tree, bindings: Bindings) -> Sequence[JsonValue]:
    value = value_of(tree, bindings)
    return value if isinstance(value, list) else [value]


def _rows(object_: Object, criteria: Sequence[Sequence[Field]], given: Sequence[JsonValue], blame: Blame) -> bytes:
    """Return the given records as the statement takes them: their ids, and the values that the criteria compare."""
    if None in given:
        raise blame.error("'data' must not have null in its list.")
    key = object_.by_name["id"]
    fields = {field.id: field for field in (key, *(field for criterion in criteria for field in criterion))}
    rows = [
        {name: value for field in fields.values() for name, value in _values(field, data.get(field.name), blame)}
        for data in given
    ]
    return dumps(rows).encode()


def _values(field: Field, value: JsonValue, blame: Blame) -> list[tuple[str, ColumnValue]]:
    """Return a field's values that identify a record, by the names of their columns."""
    given: Mapping[str | None, JsonValue] = (value or {}) if field.is_composite else {None: value}
    values: list[tuple[str, ColumnValue]] = []
    for part in field.unique_parts:
        item = given.get(part.name)
        try:
            values.append((part.column.name, None if item is None else part.scalar.coerce(item)))
        except InvalidValue as error:
            raise blame.at(field.name).error(f"Field '{field.name}' {error.message}.") from None
    return values
