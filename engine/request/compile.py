"""Preparation, the cold half of a request: parse, validate, plan and compile, each result kept for the next time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from graphql import FieldNode, GraphQLSchema, InlineFragmentNode, OperationType, SelectionNode, SelectionSetNode

from fieldstone.engine.documents.document import DocumentLimits, Operation, parse_operation, validate_operation
from fieldstone.engine.errors import ApiError, QueryTooComplex
from fieldstone.engine.events.subscriptions.subscription import compile_subscription
from fieldstone.engine.planner.arguments.field_errors import Failures
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, RecordLimits
from fieldstone.engine.planner.cost import limit_offsets, price_of
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.engine.planner.subscriptions import plan_subscription
from fieldstone.engine.planner.writes.mutations import plan_mutation
from fieldstone.engine.request.plan_cache import (
    DocumentKey,
    KeptPlan,
    MutationPlan,
    Plan,
    PlanCache,
    Prepared,
    QueryPlan,
    keep_valid,
)
from fieldstone.engine.request.variables import Variables, coerce_variables, declare, find_usages, shape_of
from fieldstone.engine.schema.introspection import introspect, is_introspection_field
from fieldstone.metadata.api_names import find_type
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.plan.read import Literal

LARGEST_CONSTANT = 1_000_000
"""Bytes of an answer that is kept as it is: the schema of a workspace of some twenty objects."""

LONGEST_SAMPLE = 2_000
"""Characters of the variables that are kept with a plan, to make it again."""
RENEWED_SHAPES = 4
"""Plans of one document that are made again when the model has changed."""


class InvalidDocument(Exception):
    """The document does not fit the schema; `errors` says where."""

    def __init__(self, errors: list[ApiError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may ask for, and how many prepared documents are kept."""

    document: DocumentLimits
    records: RecordLimits
    cached_documents: int = 2_000


def prepare(cache: PlanCache, key: DocumentKey, snapshot: Snapshot, schema: GraphQLSchema, limits: Limits) -> Prepared:
    """Return the document prepared for this snapshot, from the cache where it is there.

    Raises:
        ApiError: it cannot be parsed, is past a limit, or has no such operation.
        InvalidDocument: it does not fit the schema.
    """
    prepared = cache.find_document(key, snapshot)
    if prepared is not None:
        return prepared
    prepared = _prepare(parse_operation(key.text, key.operation_name, limits.document), snapshot, schema)
    cache.keep_document(key, prepared)
    return prepared


def _prepare(operation: Operation, snapshot: Snapshot, schema: GraphQLSchema) -> Prepared:
    named: set[str] = set()
    if found := validate_operation(schema, operation, named=named):
        raise InvalidDocument(found)
    definition = operation.definition
    is_introspection = _asks_for_schema(operation)
    return Prepared(
        operation=operation,
        declarations=declare(schema, definition.variable_definitions or ()),
        usages=find_usages((definition, *operation.fragments.values()), by_value=is_introspection),
        depends=_find_objects(snapshot, named),
        checked=snapshot,
        is_introspection=is_introspection,
    )


def plan(
    cache: PlanCache,
    prepared: Prepared,
    snapshot: Snapshot,
    schema: GraphQLSchema,
    limits: Limits,
    variables: Variables,
) -> Plan:
    """Return the plan for an operation with these variables, from the cache where it is there.

    Raises:
        ApiError: an argument is refused.
    """
    shape = shape_of(prepared.usages, variables)
    if found := cache.find_plan(prepared, shape, snapshot):
        return found
    cache.counters.misses += 1
    made = _make_plan(prepared.operation, snapshot, schema, limits, variables)
    if not (isinstance(made, QueryPlan) and len(made.constant) > LARGEST_CONSTANT):
        cache.keep_plan(prepared, shape, made, snapshot, _sample(variables))
    return made


def plan_query_bound(
    cache: PlanCache, prepared: Prepared, snapshot: Snapshot, schema: GraphQLSchema, limits: Limits, bindings: Bindings
) -> tuple[QueryPlan, list[bytes | None]]:
    """Return a query's plan and its statement's parameters for a request.

    Where an argument is refused the plan is made for this request alone, so that its other fields answer.

    Raises:
        QueryTooComplex: it costs more than is allowed.
    """
    try:
        planned = plan(cache, prepared, snapshot, schema, limits, bindings.variables)
        if not isinstance(planned, QueryPlan):
            msg = "a query has a query's plan"
            raise TypeError(msg)
        return planned, planned.bind(bindings)
    except QueryTooComplex:
        raise
    except ApiError:
        context = PlanContext(
            snapshot=snapshot,
            operation=prepared.operation,
            variables=bindings.variables,
            limits=limits.records,
            parameters=ParameterList(tried=bindings),
            failures=Failures(),
        )
        planned = _make_query_plan(context, schema)
        return planned, planned.bind(bindings)


def renew(
    cache: PlanCache, key: DocumentKey, touched: Prepared, snapshot: Snapshot, schema: GraphQLSchema, limits: Limits
) -> Iterator[None]:
    """Prepare anew what a change of the model touched, with its hottest plans; drop what is valid no more.

    Yields between its parts, so that others can be served: the document takes some three milliseconds, a plan one.
    """
    if keep_valid(touched, snapshot):
        for kept in cache.drop_plans(touched, snapshot)[-RENEWED_SHAPES:]:
            cache.counters.renewals += _renew_plan(cache, touched, kept, snapshot, schema, limits)
            yield
        return
    try:
        renewed = _prepare(touched.operation, snapshot, schema)
    except InvalidDocument:
        # Whoever asks for it again is told why.
        cache.replace(key, touched, None)
        return
    if not renewed.is_introspection:
        for kept in reversed([*touched.plans.values()][-RENEWED_SHAPES:]):
            yield
            _renew_plan(cache, renewed, kept, snapshot, schema, limits)
    cache.replace(key, touched, renewed)


def _renew_plan(
    cache: PlanCache, renewed: Prepared, kept: KeptPlan, snapshot: Snapshot, schema: GraphQLSchema, limits: Limits
) -> bool:
    """Make a plan again, and return whether it could be."""
    if kept.sample is None:
        return False
    try:
        variables = coerce_variables(schema, renewed.declarations, kept.sample, depth=limits.document.depth)
        made = _make_plan(renewed.operation, snapshot, schema, limits, variables)
    except ApiError:
        return False  # they are of another type by now: no request of this shape gets as far as its plan
    cache.keep_plan(renewed, shape_of(renewed.usages, variables), made, snapshot, kept.sample)
    return True


def _sample(variables: Variables) -> Variables | None:
    """Return the variables, if they are short enough to be kept."""
    return variables if len(dumps(variables)) <= LONGEST_SAMPLE else None


def _make_plan(
    operation: Operation, snapshot: Snapshot, schema: GraphQLSchema, limits: Limits, variables: Variables
) -> Plan:
    context = PlanContext(snapshot=snapshot, operation=operation, variables=variables, limits=limits.records)
    match operation.type:
        case OperationType.QUERY:
            return _make_query_plan(context, schema)
        case OperationType.MUTATION:
            return MutationPlan(writes=plan_mutation(context), depends=context.touched)
        case OperationType.SUBSCRIPTION:
            return compile_subscription(plan_subscription(context), context.touched)


def _make_query_plan(context: PlanContext, schema: GraphQLSchema) -> QueryPlan:
    introspected: Mapping[str, str] = {}
    if _asks_for_schema(context.operation):
        context.touched.update(context.snapshot.objects)
        introspected = introspect(schema, context.operation, context.variables)
    planned = plan_query(context, introspected)
    price = price_of(planned, context.parameters)
    price.check(context.limits.cost)
    limit_offsets(price, context.limits.cost, context.parameters)
    constants = [(key, root.text) for key, root in planned.entries if isinstance(root, Literal)]
    statement, constant = None, ""
    if len(constants) == len(planned.entries):
        constant = f"{{{','.join(f'{dumps(key)}:{text}' for key, text in constants)}}}"
    else:
        statement = compile_bound(planned, context.parameters)
    return QueryPlan(
        statement=statement,
        constant=constant.encode(),
        price=price,
        failures=context.failures,
        depends=context.touched,
        indexes=context.indexes,
    )


def _asks_for_schema(operation: Operation) -> bool:
    """Whether the schema itself is asked for: by name, since what is skipped may be asked for next time."""
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


def _find_objects(snapshot: Snapshot, type_names: Iterable[str]) -> Mapping[UUID, Object]:
    """Return the objects whose types a document names, without which it might not be valid."""
    found = (find_type(snapshot, name) for name in type_names)
    return {one.object.id: one.object for one in found if one is not None}
