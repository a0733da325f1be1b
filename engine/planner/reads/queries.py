"""Queries: the root fields of a query operation become one read plan."""

from collections.abc import Callable, Mapping
from uuid import UUID

from fieldstone.engine.documents.document import Selected, collect_fields
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of, bind_tree, constant
from fieldstone.engine.planner.context import PlanContext, Site, readable, type_literal, visible
from fieldstone.engine.planner.reads.aggregates import build_aggregate
from fieldstone.engine.planner.reads.duplicates.duplicates import build_duplicates
from fieldstone.engine.planner.reads.filters.conditions import said_filter, select_condition
from fieldstone.engine.planner.reads.filters.operators import encoder
from fieldstone.engine.planner.reads.grouping.groups import build_groups
from fieldstone.engine.planner.reads.nodes import build_nodes
from fieldstone.engine.planner.reads.orders import build_order
from fieldstone.engine.planner.reads.sampling import find_sample
from fieldstone.engine.planner.reads.search.search import build_search
from fieldstone.engine.planner.reads.selection import build_connection, build_fields, build_record
from fieldstone.engine.planner.reads.unique_keys import key_condition
from fieldstone.engine.schema.introspection import is_introspection_field
from fieldstone.engine.schema.scope import NODE_ROOTS, SEARCH
from fieldstone.metadata.api_names import QueryRole, find_query
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition
from fieldstone.sql.plan.outputs import Literal, OrderKey, Record
from fieldstone.sql.plan.read import One, ReadPlan, Root
from fieldstone.sql.types import SqlType


def plan_query(
    context: PlanContext, introspected: Mapping[str, str], elsewhere: frozenset[str] = frozenset()
) -> ReadPlan:
    """Return the plan of a query operation.

    Args:
        context: the operation.
        introspected: the answers of the root fields that ask for the schema itself, by response key.
        elsewhere: the names of root fields that are answered elsewhere; the plan leaves them out.

    Raises:
        ApiError: a field fails that the context does not collect, or a root field that must not be null as the first.
    """
    entries: list[tuple[str, Root]] = []
    roots = collect_fields(context.operation, (context.operation.definition.selection_set,), context.variables)
    for selected in roots:
        if selected.name == "__typename":
            entries.append((selected.key, type_literal("Query")))
        elif is_introspection_field(selected.name):
            entries.append((selected.key, Literal(text=introspected[selected.key])))
        elif selected.name not in elsewhere:
            entries.append((selected.key, _root(context, selected)))
    return ReadPlan(entries=tuple(entries))


def _root(context: PlanContext, selected: Selected) -> Root:
    root = find_query(context.snapshot, selected.name)
    if root is None and selected.name in NODE_ROOTS:
        if selected.name == "node":
            context.note_nullable((selected.key,))
        return context.attempt(lambda: build_nodes(context, selected, (selected.key,)), selected, (selected.key,))
    if root is None and selected.name == SEARCH:
        return _required(context, selected, lambda: build_search(context, selected, (selected.key,)))
    if root is None:
        msg = f"the validated field {selected.name} is no root field"
        raise LookupError(msg)
    path = (selected.key,)
    object_ = context.touch(root.object)

    def build() -> Root:
        match root.role:
            case QueryRole.MANY:
                return build_connection(context, object_, selected, path)
            case QueryRole.AGGREGATE:
                return build_aggregate(context, object_, selected, path)
            case QueryRole.GROUP_BY:
                return build_groups(context, object_, selected, path)
            case QueryRole.DUPLICATES:
                return build_duplicates(context, object_, selected, path)
            case QueryRole.ONE:
                context.note_nullable(path)
                return plan_one(context, object_, selected, path)

    if root.role is QueryRole.ONE:
        return context.attempt(lambda: _located(selected, build), selected, path)
    return _required(context, selected, build)


def _required(context: PlanContext, selected: Selected, build: Callable[[], Root]) -> Root:
    """Return the plan of a root field that must not be null: no other field would be answered beside its failure."""
    if context.failures and context.failures.errors:
        return context.attempt(lambda: _located(selected, build), selected, (selected.key,))
    return _located(selected, build)


def _located(selected: Selected, build: Callable[[], Root]) -> Root:
    try:
        return build()
    except ApiError as error:
        error.locations = error.locations or selected.location
        raise


def plan_one(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> One:
    """Return the plan of one record, by its id, by a unique key, or as the first (by id) under a filter."""
    arguments = arguments_of(selected.nodes[0], context.variables)
    unique = _unique_arguments(object_)
    known = ("id", *unique, "filter") if object_.owner else ("id", "where", "filter")
    given = [name for name in known if arguments.get(name) is not None]
    if len(given) != 1:
        *names, last = (f"'{name}'" for name in known)
        raise Blame(field="id", path=path).error(f"'{selected.name}' takes either {', '.join(names)} or {last}.")
    blame = Blame(field=given[0], path=path)
    wanted: Condition
    order: tuple[OrderKey, ...] = ()
    if given == ["id"]:
        key = context.parameters.add(bind_tree(arguments["id"], encoder(UUID_SCALAR), blame), SqlType.UUID)
        wanted = Compare(left=object_.key, comparison=Comparison.EQ, right=key)
        condition = And(terms=(wanted, select_condition(context, object_, None, blame, site=Site.POINT)))
    elif given[0] in unique:
        part = unique[given[0]].parts[0]
        value = context.parameters.add(bind_tree(arguments[given[0]], encoder(part.scalar), blame), part.column.type)
        wanted = Compare(left=part.column, comparison=Comparison.EQ, right=value)
        condition = And(terms=(wanted, select_condition(context, object_, None, blame, site=Site.POINT)))
    elif given == ["where"]:
        wanted, _ = key_condition(context, object_, arguments["where"], blame)
        condition = And(terms=(wanted, select_condition(context, object_, None, blame, site=Site.POINT)))
    else:
        said, names_deleted = said_filter(context, object_, arguments["filter"], blame)
        condition = And(terms=(said, *visible(context, object_, deleted=names_deleted)))
        order = build_order(context, object_, None, blame)
    record = build_record(context, object_, selected, path)
    return One(
        table=readable(context, object_),
        condition=condition,
        order=order,
        sampled=find_sample(context, object_, condition, order) if order else None,
        record=record,
    )


def _unique_arguments(object_: Object) -> Mapping[str, Field]:
    """Return the fields by which a record of the catalog is named as well as by its id."""
    return {name: field for name, field in object_.by_name.items() if field.is_unique} if object_.owner else {}


def plan_one_by_id(
    context: PlanContext, object_: Object, key: UUID, selected: Selected, constants: Mapping[str, JsonValue]
) -> One:
    """Return the plan of the record with this id; fields named in `constants` are answered with these values."""
    path = (selected.key,)
    parameter = context.parameters.add(constant(str(key).encode()), SqlType.UUID)
    wanted = Compare(left=object_.key, comparison=Comparison.EQ, right=parameter)
    fields = context.selected_of(object_, selected)
    record = build_fields(context, object_, [field for field in fields if field.name not in constants], path)
    found = dict(record.entries)
    entries = tuple(
        (field.key, Literal(text=dumps(constants[field.name])) if field.name in constants else found[field.key])
        for field in fields
    )
    return One(table=object_.table, condition=And(terms=(wanted,)), record=Record(entries=entries))
