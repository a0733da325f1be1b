"""The steps from a document to a plan: parse, validate, plan, compile; pure, so that it may run in any thread."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from graphql import FieldNode, GraphQLSchema, InlineFragmentNode, OperationType, SelectionNode, SelectionSetNode

from fieldstone.engine.access.withheld import forbid_known
from fieldstone.engine.documents.document import (
    DocumentLimits,
    Operation,
    Selected,
    collect_fields,
)
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.documents.validation import validate_operation
from fieldstone.engine.events.subscriptions.live_query import LivePlan
from fieldstone.engine.events.subscriptions.subscription import compile_subscription
from fieldstone.engine.events.subscriptions.tail import TailPlan
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.answer_size import most_bytes
from fieldstone.engine.planner.arguments.field_errors import Failures
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, RecordLimits
from fieldstone.engine.planner.cost import price_of
from fieldstone.engine.planner.event_tail import PlannedTail
from fieldstone.engine.planner.live_queries import PlannedLiveQuery
from fieldstone.engine.planner.price import FREE, Price, limit_offsets
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.engine.planner.subscriptions import plan_subscription
from fieldstone.engine.planner.writes.mutations import plan_mutation
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.engine.request.shape import find_usages
from fieldstone.engine.request.valid_operation import (
    AnyOperation,
    AnySubscriptionPlan,
    MutationPlan,
    P,
    Plan,
    QueryPlan,
    ValidMutation,
    ValidOperation,
    ValidQuery,
    ValidSubscription,
    outline_of,
)
from fieldstone.engine.request.variables import Variables, declare
from fieldstone.engine.schema.introspection import introspect, is_introspection_field, switched_off
from fieldstone.engine.schema.lazy import LazySchema, computed_queries
from fieldstone.metadata.api_names import ObjectType, TypeRole, find_alias, find_type
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.outputs import Literal
from fieldstone.sql.plan.read import ReadPlan

LIGHT_TEXT = 1_000
"""Characters of a document that is validated and planned on the event loop: in some 15 ms at worst, 4 ms as a rule."""

LIGHT_FIELDS = 300
"""Fields of the objects that a light document names: a write's event has them all, an input type a few for each."""


@frozen
class Limits:
    """The limits of a request, and how many valid operations are kept."""

    document: DocumentLimits
    records: RecordLimits
    cached_documents: int = 2_000


def is_heavy_text(text: str) -> bool:
    """Return whether a document may take long, by its text: it is long, or has fragments, which may multiply it."""
    return len(text) > LIGHT_TEXT or "..." in text


def is_wide(schema: GraphQLSchema) -> bool:
    """Return whether one of a schema's types may take long to build."""
    return isinstance(schema, LazySchema) and schema.scope.most_fields > LIGHT_FIELDS


def validate_text(
    key: OperationKey, snapshot: Snapshot, schema: GraphQLSchema, recent: RecentOperations
) -> AnyOperation:
    """Return the operation of a document, valid under this snapshot.

    Raises:
        ApiError: it cannot be parsed, is past a limit, or has no such operation.
        InvalidDocument: it does not fit the schema, or asks for the schema where it may not.
    """
    parse = partial(recent.parse, key.text, key.operation_name)
    operation, has_introspection = parse(), recent.limits.introspection
    is_introspection = asks_for_schema(operation)
    if is_introspection and not has_introspection:
        raise InvalidDocument([switched_off()])
    named: set[str] = set()
    places: dict[str, set[str]] = {}
    if found := validate_operation(schema, operation, named=named, places=places, suggests=has_introspection):
        raise InvalidDocument(forbid_known(snapshot, schema, found))
    definition = operation.definition
    types = {name: find_type(snapshot, name) for name in named}
    aliases = {name: find_alias(snapshot, name) for name, type_ in types.items() if type_ is None}
    objects = {one.object.id: one.object for one in (*types.values(), *aliases.values()) if one is not None}
    keyed = {one.object.id for one in types.values() if isinstance(one, ObjectType) and one.role is TypeRole.UNIQUE_KEY}
    declarations = declare(schema, definition.variable_definitions or (), places)
    build, planner = _KINDS[operation.type]
    has_many_fields = sum(len(one.fields) for one in objects.values()) > LIGHT_FIELDS
    return build(
        planner=planner,
        parse=parse,
        outline=outline_of(operation),
        declarations=declarations,
        usages=find_usages((definition, *operation.fragments.values()), declarations, by_value=is_introspection),
        depends=Dependencies(
            objects=objects,
            indexes={id_: snapshot.indexes_of.get(id_, ()) for id_ in keyed},
            aliases=frozenset(name for name, one in aliases.items() if one is not None),
            may_grow=not is_introspection,
            checked=snapshot,
        ),
        is_introspection=is_introspection,
        is_rest=key.is_rest,
        is_heavy=is_heavy_text(key.text) or is_introspection or has_many_fields,
    )


def plan_operation(
    operation: ValidOperation[P], snapshot: Snapshot, schema: GraphQLSchema, limits: Limits, variables: Variables
) -> P:
    """Return the plan of an operation with variables of this shape.

    Raises:
        ApiError: an argument is refused.
    """
    context = PlanContext(
        snapshot=snapshot,
        operation=operation.parse(),
        variables=variables,
        limits=limits.records,
        document=limits.document,
        rules=RULES,
        is_rest=operation.is_rest,
    )
    return operation.planner(context, schema)


def plan_forgivingly(
    operation: ValidOperation[QueryPlan], snapshot: Snapshot, schema: GraphQLSchema, limits: Limits, bindings: Bindings
) -> tuple[QueryPlan, list[bytes | None]]:
    """Return a query's plan for one request alone, and its parameters: a refused argument fails its field alone."""
    context = PlanContext(
        snapshot=snapshot,
        operation=operation.parse(),
        variables=bindings.variables,
        limits=limits.records,
        document=limits.document,
        parameters=ParameterList(tried=bindings),
        failures=Failures(),
        rules=RULES,
        is_rest=operation.is_rest,
    )
    planned = _plan_query(context, schema)
    return planned, planned.bind(bindings)


def _plan_query(context: PlanContext, schema: GraphQLSchema) -> QueryPlan:
    introspected: Mapping[str, str] = {}
    is_introspection = asks_for_schema(context.operation)
    if is_introspection:
        context.touched.update(context.snapshot.objects)
        context.indexes.update({id_: context.snapshot.indexes_of.get(id_, ()) for id_ in context.snapshot.objects})
        introspected = introspect(schema, context.operation, context.variables, limit=context.limits.response_bytes)
    elsewhere = computed_queries(schema)
    planned = plan_query(context, introspected, elsewhere)
    constants = [(key, root.text) for key, root in planned.entries if isinstance(root, Literal)]
    statement, constant, price = None, "", FREE
    if len(constants) == len(planned.entries):
        constant = f"{{{','.join(f'{dumps(key)}:{text}' for key, text in constants)}}}"
    else:
        statement, price = _compile_read(context, planned)
    return QueryPlan(
        statement=statement,
        constant=constant.encode(),
        price=price,
        is_computed=bool(elsewhere) and any(root.name in elsewhere for root in _roots(context)),
        changes_each=context.changes_each,
        failures=context.failures,
        # A field that is not named makes no difference to a read.
        depends=context.depends(may_grow=not is_introspection),
    )


def plan_in(context: PlanContext, schema: GraphQLSchema) -> Plan:
    """Return the plan of the operation of a context; raises ApiError."""
    return _KINDS[context.operation.type][1](context, schema)


def _roots(context: PlanContext) -> list[Selected]:
    return collect_fields(context.operation, (context.operation.definition.selection_set,), context.variables)


def _compile_read(context: PlanContext, planned: ReadPlan) -> tuple[BoundStatement, Price]:
    """Return the statement of a read that is planned in this context, and its price.

    Raises:
        QueryTooComplex: it costs more than is allowed.
    """
    price = price_of(planned, context.parameters)
    price.check(context.limits.cost)
    limit_offsets(price, context.limits.cost, context.parameters)
    planned = replace(planned, most_bytes=most_bytes(planned, context.limits.response_bytes))
    return compile_bound(planned, context.parameters), price


def _plan_mutation(context: PlanContext, _schema: GraphQLSchema) -> MutationPlan:
    writes = plan_mutation(context)
    # An event has all fields.
    return MutationPlan(writes=writes, depends=context.depends(may_grow=False))


def _plan_subscription(context: PlanContext, _schema: GraphQLSchema) -> AnySubscriptionPlan:
    planned = plan_subscription(context)
    if isinstance(planned, PlannedLiveQuery):
        statement, _ = _compile_read(context, planned.read)
        return LivePlan(
            key=planned.key,
            statement=statement,
            reads=planned.reads,
            anchors=planned.anchors,
            changes_each=context.changes_each,
            interval=planned.interval,
            depends=context.depends(may_grow=True),
        )
    if isinstance(planned, PlannedTail):
        return TailPlan(planned=planned, depends=context.depends(may_grow=False))
    return compile_subscription(planned, context.depends(may_grow=False), zones=tuple(context.zones))


_KINDS: Final[
    Mapping[OperationType, tuple[Callable[..., AnyOperation], Callable[[PlanContext, GraphQLSchema], Plan]]]
] = {
    OperationType.QUERY: (ValidQuery, _plan_query),
    OperationType.MUTATION: (ValidMutation, _plan_mutation),
    OperationType.SUBSCRIPTION: (ValidSubscription, _plan_subscription),
}
"""The class and the planner of a valid operation by its type."""


def asks_for_schema(operation: Operation) -> bool:
    """Return whether the schema itself is asked for: by name, since a skipped field may be asked for next time."""
    return any(
        isinstance(node, FieldNode) and is_introspection_field(node.name.value)
        for root in (operation.definition, *operation.fragments.values())
        for node in (*root.selection_set.selections, *_inline(root.selection_set))
    )


def _inline(selection_set: SelectionSetNode) -> Iterator[SelectionNode]:
    for selection in selection_set.selections:
        if isinstance(selection, InlineFragmentNode):
            yield from selection.selection_set.selections
            yield from _inline(selection.selection_set)
