"""Subscriptions: the root field of a subscription operation becomes a plan that its whole group shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from fieldstone.engine.documents.document import Selected, collect_fields
from fieldstone.engine.errors import ApiError, QueryTooComplex
from fieldstone.engine.planner.answer_size import bytes_to_count
from fieldstone.engine.planner.arguments.trees import (
    Binder,
    Bindings,
    Blame,
    Tree,
    arguments_of,
    array_literal,
    bind_tree,
    constant,
    value_of,
)
from fieldstone.engine.planner.context import ParameterList, PlanContext, Site, readable
from fieldstone.engine.planner.cost import price_of_record
from fieldstone.engine.planner.event_tail import PlannedTail, plan_tail
from fieldstone.engine.planner.live_queries import PlannedLiveQuery, plan_live_query
from fieldstone.engine.planner.price import affordable, limit_offsets
from fieldstone.engine.planner.reads.filters.conditions import filter_condition
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.record_events import Actions, add_names, bind_actions, build_event, read_actions
from fieldstone.engine.planner.writes.events import ACTIONS
from fieldstone.engine.planner.writes.values.assignments import build_encoder
from fieldstone.metadata.api_names import EVENTS, SubscriptionRoot, Verb, find_query, find_subscription
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition, IsNull, Table
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Output, Record, Value
from fieldstone.sql.plan.read import EventFeed
from fieldstone.sql.types import SqlType

LOG = Table(schema="fieldstone", name="event_log")
LONGEST_READ = 500
"""Events that one statement looks at, at most: as many as its results may cost."""
LARGEST_SET = 1_600
"""Values of one subscriber's filter: the sets are rows of a function, of whose columns PostgreSQL takes 1,664."""


@frozen
class PlannedFeed:
    """A subscription's plan.

    Attributes:
        key: the response key of its field.
        object_: the object whose records it is about.
        actions: yields the writes of which a record must have had one.
        feed: the read of the events; after the parameters of the selection come those for the range and the sets.
        binders: those of the selection's parameters, which are the same for a whole group.
        set_binders: those of the values that a set has for each subscriber.
        after: yields the position to resume after, as the subscriber gave it; None where it gave none.
    """

    key: str
    object_: Object
    actions: Actions
    feed: EventFeed
    binders: tuple[Binder, ...]
    set_binders: tuple[Binder, ...]
    after: Callable[[Bindings], JsonValue]


class SetParameters(ParameterList):
    """The parameters of one set, in the order of their places."""

    def add(self, binder: Binder, sql_type: SqlType, *, array: bool = False) -> Parameter:
        """Return the parameter that this binder fills in each set."""
        self.binders.append(binder)
        return Parameter(slot=len(self.binders) - 1, type=sql_type, array=array, in_set=True)


def plan_subscription(context: PlanContext) -> PlannedFeed | PlannedTail | PlannedLiveQuery:
    """Return the plan of a subscription operation, whose single root field validation has made sure of.

    Raises:
        ApiError: an argument is refused, or a result costs more than is allowed.
    """
    (selected,) = collect_fields(
        context.operation, (context.operation.definition.selection_set,), context.variables
    ) or (None,)
    if selected is None:
        raise Blame(field="subscription", path=()).error("The subscription selects nothing.")
    root = find_subscription(context.snapshot, selected.name)
    if root is not None:
        return _plan_feed(context, selected, root)
    is_query = selected.name != EVENTS or find_query(context.snapshot, EVENTS) is not None
    return plan_live_query(context, selected) if is_query else plan_tail(context, selected)


def _plan_feed(context: PlanContext, selected: Selected, root: SubscriptionRoot) -> PlannedFeed:
    object_ = context.touch(root.object)
    path = (selected.key,)
    arguments = arguments_of(selected.nodes[0], context.variables)
    after = partial(value_of, arguments.get("after"))
    table = readable(context, object_)
    build = build_record if root.verb else build_event
    past = _Past(context=context, options=_find_options(object_), required=_find_required(object_))
    record = past.show(build(context, object_, selected, path))
    price, cost = price_of_record(record, selected.key, context.parameters), context.limits.cost
    price.check(cost)
    limit_offsets(price, cost, context.parameters)
    condition, changed, set_binders = _plan_sets(context, root, arguments, path)
    actions = read_actions(root, arguments.get("actions"), Blame(field="actions", path=path))
    names = None
    action = (
        ACTIONS[root.verb] if root.verb else context.parameters.add(bind_actions(actions), SqlType.TEXT, array=True)
    )
    if root.verb is None:
        names = add_names(context, object_, context.selected_below(selected))
    slots, limit = len(context.parameters.binders), affordable(price, cost, LONGEST_READ)
    feed = EventFeed(
        log=LOG,
        table=table,
        object_id=str(object_.id),
        action=action,
        after=Parameter(slot=slots, type=SqlType.BIGINT),
        upto=Parameter(slot=slots + 1, type=SqlType.BIGINT),
        sets=Parameter(slot=slots + 2, type=SqlType.JSONB),
        set_size=len(set_binders),
        changed=changed,
        condition=condition,
        limit=limit,
        record=record,
        most_bytes=bytes_to_count(record, times=limit, most=context.limits.response_bytes),
        names=names,
        former=object_.former_columns,
        required=tuple(past.bare.values()),
    )
    return PlannedFeed(
        key=selected.key,
        object_=object_,
        actions=actions,
        feed=feed,
        binders=tuple(context.parameters.binders),
        set_binders=set_binders,
        after=after,
    )


def _find_options(object_: Object) -> Mapping[str, tuple[str, ...] | None]:
    """Return the options of fields of which some went, by their columns."""
    return {
        part.column.name: part.options
        for field in object_.by_name.values()
        if field.former_columns
        for part in field.parts
    }


def _find_required(object_: Object) -> Mapping[str, Field]:
    """Return the fields whose values are never null, by their columns, without those that every event has."""
    return {
        field.parts[0].column.name: field
        for field in object_.by_name.values()
        if field.parts and not (field.is_system or field.is_composite or field.can_be_null)
    }


@dataclass(slots=True, kw_only=True)
class _Past:
    """Shows records as older events may have them, whose columns are nullable, if they are required by now or not.

    A value that is no option any more is left out: an enum cannot show it. A required field has its default then. The
    events that have their records as JSON show the values of then.

    Attributes:
        bare: the values of required fields without a default, by their columns: an event that lacks one shows nothing.
    """

    context: PlanContext
    options: Mapping[str, tuple[str, ...] | None]
    required: Mapping[str, Field]
    bare: dict[str, Value] = field(default_factory=dict)

    def show(self, record: Record) -> Record:
        """Return the record as an older event may have it."""
        return Record(entries=tuple((key, self._show(output)) for key, output in record.entries))

    def _show(self, output: Output) -> Output:
        match output:
            case Value(column=column):
                column = replace(column, nullable=True)
                shown = replace(output, column=column, allowed=self.options.get(column.name))
                if (required := self.required.get(column.name)) is None:
                    return shown
                fallback = self._add_default(required)
                if fallback is None and output.path is None:
                    self.bare[column.name] = shown
                return replace(shown, fallback=fallback)
            case Record():
                return self.show(output)
            case _:
                return output

    def _add_default(self, required: Field) -> Parameter | None:
        part = required.parts[0]
        if required.default is None:
            return None
        try:
            default = build_encoder(required, part, Blame(field=required.name, path=()))(required.default)
        except ApiError:
            return None  # Each record has another one.
        return self.context.parameters.add(constant(default), part.column.type)


def _plan_sets(
    context: PlanContext, root: SubscriptionRoot, arguments: dict[str, Tree], path: tuple[str, ...]
) -> tuple[Condition, Parameter | None, tuple[Binder, ...]]:
    """Return the condition, the parameter of the changed columns, and the values of a set.

    The condition of a role is part of it: one statement serves all principals of the role.
    """
    object_ = root.object
    outside, context.parameters = context.parameters, SetParameters()
    try:
        terms = seen_image(context, object_)
        said = filter_condition(context, object_, arguments.get("filter"), Blame(field="filter", path=path))
        bind = _changed(root, arguments.get("changed"), Blame(field="changed", path=path))
        changed = None if bind is None else context.parameters.add(bind, SqlType.TEXT, array=True)
        if len(context.parameters.binders) > LARGEST_SET:
            raise QueryTooComplex(
                f"The filter of a subscription has more than {LARGEST_SET:,} values. An 'in' with a list has one.",
                path=path,
            )
        condition = And(terms=(*terms, *([] if said is None else [said])))
        return condition, changed, tuple(context.parameters.binders)
    finally:
        context.parameters = outside


def seen_image(context: PlanContext, object_: Object) -> list[Condition]:
    """Return the conditions under which a role sees the record of an event, as the event shows it."""
    access = object_.access
    if access is None or context.rules is None:
        return []
    terms: list[Condition] = []
    if object_.deleted_at is not None and not (access.restore or access.destroy):
        terms.append(IsNull(column=object_.deleted_at))
    rule = context.rules.read(context, object_, Site.POINT)
    return terms if rule is None else [*terms, rule]


def read_columns(object_: Object) -> list[str]:
    """Return the columns that a role reads, but for the time of the last change, which each write changes."""
    return [part.column.name for name in object_.by_name if name != "updatedAt" for part in object_.active[name].parts]


def _changed(root: SubscriptionRoot, tree: Tree, blame: Blame) -> Binder | None:
    """Return the binder of the columns of which an update must have changed one, None where each update is meant."""
    object_ = root.object
    given = None if tree is None else _columns(object_, tree, blame)
    if root.verb not in {Verb.UPDATE, None} or (len(object_.by_name) == len(object_.active) and not object_.guarded):
        return given
    # A write of fields that the role may not read is none for it.
    readable_ones = array_literal(read_columns(object_))
    return lambda bindings: (given and given(bindings)) or readable_ones


def _columns(object_: Object, tree: Tree, blame: Blame) -> Binder:
    """Return a binder of the physical names of the columns of fields."""

    def encode(value: JsonValue) -> bytes:
        names = value if isinstance(value, list) else [value]
        hidden = next((name for name in names if name not in object_.by_name), None)
        if hidden is not None:
            raise blame.error(f"'changed' cannot have '{hidden}': the role may write that field, and not read it.")
        return array_literal([part.column.name for name in names for part in object_.active[name].parts])

    return bind_tree(tree, encode, blame)
