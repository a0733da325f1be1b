"""The fault of a valid operation that its document alone decides: it is planned for samples of its variables.

A plan depends on the values of variables as little as it can, so that samples stand for all others. A fault counts if
no sample avoids it, and only if no variable has a part in the argument that is to blame.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

from graphql import (
    ArgumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    Node,
    ObjectFieldNode,
    VariableNode,
    get_named_type,
    is_required_input_field,
    type_from_ast,
)

from fieldstone.engine.documents.document import Operation, children, location_of
from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden, QueryTooComplex
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.request.compile import asks_for_schema, plan_in
from fieldstone.engine.request.valid_operation import MutationPlan, QueryPlan
from fieldstone.engine.request.variables import Declaration, Variables, coerce_variables, declare
from fieldstone.metadata.access.effective import effective_claims
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot

_MOST_CONDITIONS: Final = 4
"""Variables for @include and @skip, of whose values all combinations are tried; of more, none is."""
_DEPTH: Final = 10
"""Levels of a sample."""
_SAMPLES: Final[Mapping[str, JsonValue]] = {
    "Int": 1,
    "Float": 1.5,
    "BigInt": "1",
    "BigFloat": "1.5",
    "ID": "ffffffff-ffff-4fff-bfff-ffffffffffff",
    "UUID": "ffffffff-ffff-4fff-bfff-ffffffffffff",
    "Date": "2024-02-29",
    "DateTime": "2024-02-29T23:59:59Z",
    "Boolean": True,
}
"""A value of each scalar that does not take any text; the number is that of the smallest page."""
_TEXT: Final = "text"
_ANY: Final = frozenset({"JSON"})
"""Scalars whose values have parts that may decide about a plan."""


class _Given(NamedTuple):
    """The names of arguments and members that a document gives.

    Attributes:
        fixed: by name, those without a variable, with the places of their values.
        varied: those with one.
    """

    fixed: Mapping[str, Sequence[tuple[int, int]]]
    varied: frozenset[str]


def find_fault(operation: Operation, view: Snapshot, schema: GraphQLSchema, limits: RecordLimits) -> ApiError | None:
    """Return the refusal that a request for a valid operation gets whatever its variables are; None: there is none.

    Args:
        operation: valid under the schema.
        view: the model as the role sees it.
        schema: of the view.
        limits: of the requests of the role.
    """
    if asks_for_schema(operation):
        return None
    given = _find_given(operation)
    definitions = operation.definition.variable_definitions or ()
    declarations = declare(schema, definitions, {})
    types = {node.variable.name.value: type_from_ast(schema, node.type) for node in definitions}
    is_open = any(_is_open(type_) for type_ in types.values())
    fault: ApiError | None = None
    for sample in _samples(declarations, types):
        try:
            variables = coerce_variables(schema, declarations, sample, depth=_DEPTH)
        except ApiError:
            return None  # of such values there is no sample here
        error = _try(operation, view, schema, limits, variables)
        if error is None or (fault is not None and (type(error), error.field) != (type(fault), fault.field)):
            return None
        fault = error
    if fault is None or isinstance(fault, QueryTooComplex):
        return fault
    name = fault.field
    if name is None or name in given.varied or (is_open and name not in given.fixed):
        return None
    fault.locations = given.fixed.get(name, fault.locations)
    return fault


def _try(
    operation: Operation, view: Snapshot, schema: GraphQLSchema, limits: RecordLimits, variables: Variables
) -> ApiError | None:
    context = PlanContext(snapshot=view, operation=operation, variables=variables, limits=limits, rules=RULES)
    claims = () if view.role is None else effective_claims(view.whole, view.role)
    values = {claim.name: _SAMPLES.get(claim.scalar.name, _TEXT) for claim in claims}
    bindings = Bindings(
        variables=variables,
        actor="",
        claims={claim.name: [values[claim.name]] if claim.is_list else values[claim.name] for claim in claims},
        role=context.role_name,
    )
    try:
        plan = plan_in(context, schema)
        if isinstance(plan, QueryPlan | MutationPlan):
            plan.bind(bindings)
    except (BadUserInput, Forbidden, QueryTooComplex) as error:
        return error
    return None


def _samples(declarations: Sequence[Declaration], types: Mapping[str, GraphQLType | None]) -> Iterator[Variables]:
    """Yield samples of the variables: with and without those that may be left out, and under all conditions."""
    needed: dict[str, JsonValue] = {}
    optional: dict[str, JsonValue] = {}
    for one in declarations:
        type_ = types[one.name]
        if isinstance(type_, GraphQLNonNull) and one.default is None:
            needed[one.name] = _sample(type_)
        elif not _is_open(type_):
            optional[one.name] = _sample(type_)
    conditions = [name for name, type_ in types.items() if str(get_named_type(type_)) == "Boolean"]
    if len(conditions) > _MOST_CONDITIONS:
        return
    for values in product((True, False), repeat=len(conditions)):
        chosen = dict(zip(conditions, values, strict=True))
        for sample in (needed | optional, needed) if optional else (needed,):
            yield sample | {name: value for name, value in chosen.items() if name in sample}


def _sample(type_: GraphQLType | None) -> JsonValue:
    match type_:
        case GraphQLNonNull():
            return _sample(type_.of_type)
        case GraphQLList():
            return [_sample(type_.of_type)]
        case GraphQLInputObjectType():
            members = [*type_.fields.items()]
            needed = members[:1] if type_.is_one_of else [one for one in members if is_required_input_field(one[1])]
            return {name: _sample(member.type) for name, member in needed}
        case GraphQLEnumType():
            return next(iter(type_.values))
        case _:
            return _SAMPLES.get(str(type_), _TEXT)


def _is_open(type_: GraphQLType | None) -> bool:
    """Return whether values of a type have parts that may decide about a plan."""
    named = get_named_type(type_)
    return isinstance(named, GraphQLInputObjectType) or str(named) in _ANY


def _find_given(operation: Operation) -> _Given:
    fixed: dict[str, list[tuple[int, int]]] = {}
    varied: set[str] = set()

    def look(node: Node) -> bool:
        """Return whether there is a variable below a node."""
        has_variable = isinstance(node, VariableNode)
        for child in children(node):
            has_variable = look(child) or has_variable
        if isinstance(node, ArgumentNode | ObjectFieldNode):
            if has_variable:
                varied.add(node.name.value)
            else:
                fixed.setdefault(node.name.value, []).extend(location_of(node.value))
        return has_variable

    for root in (operation.definition, *operation.fragments.values()):
        look(root.selection_set)
    return _Given(fixed, frozenset(varied))
