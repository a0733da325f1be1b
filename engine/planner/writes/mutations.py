"""Mutations: each root field becomes the statements that write it, and those that read its answer."""

from collections.abc import Sequence
from contextlib import suppress

from fieldstone.engine.documents.document import collect_fields
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.context import ParameterList, PlanContext
from fieldstone.engine.planner.writes.merging.merge import BoundMerge, PlannedMerge, plan_merge
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.plan import BoundNested, PlannedNested
from fieldstone.engine.planner.writes.planned import (
    PlannedWrite,
    TypeNameOnly,
)
from fieldstone.engine.planner.writes.root_field import RootField
from fieldstone.metadata.api_names import Verb, find_mutation

Planned = PlannedWrite | PlannedNested | PlannedMerge | TypeNameOnly
"""The plan of a root field."""

BoundWrite = list[bytes | None] | BoundNested | BoundMerge
"""The parameters of one root field for a request."""


def plan_mutation(context: PlanContext) -> tuple[Planned, ...]:
    """Return the plans of a mutation's root fields, in order.

    Raises:
        ApiError: an argument is refused, or the answer costs more than is allowed for one record of each field.
    """
    cost = 0
    planned: list[Planned] = []
    roots = collect_fields(context.operation, (context.operation.definition.selection_set,), context.variables)
    for selected in roots:
        context.writes_more = len(roots) > 1
        if selected.name == "__typename":
            planned.append(TypeNameOnly(key=selected.key))
            continue
        root = find_mutation(context.snapshot, selected.name)
        if root is None:
            msg = f"the validated field {selected.name} is no root field"
            raise LookupError(msg)
        context.parameters = ParameterList()
        try:
            is_merge = root.verb is Verb.MERGE
            write = (
                plan_merge(context, root.object, selected) if is_merge else RootField(context, root, selected).plan()
            )
        except ApiError as error:
            raise located(error, selected.location) from None
        write.price.check(context.limits.cost, before=cost)
        cost += write.price.fixed
        planned.append(write)
    return tuple(planned)


def bind_writes(writes: Sequence[Planned], bindings: Bindings) -> list[BoundWrite]:
    """Return the parameters of a mutation's statements, one list for each root field, or the steps of a nested write.

    Raises:
        ApiError: a value is refused.
    """
    match writes:
        case (PlannedNested(certain=CertainCreate() as certain),):
            # A fault has its place among the steps.
            with suppress(ApiError):
                return [certain.bind(bindings)]
    return [[] if isinstance(one, TypeNameOnly) else _bind(one, bindings) for one in writes]


def _bind(write: PlannedWrite | PlannedNested | PlannedMerge, bindings: Bindings) -> BoundWrite:
    if isinstance(write, PlannedNested):
        return write.bind(bindings)
    try:
        return write.bind(bindings) if isinstance(write, PlannedMerge) else write.write.bind(bindings)
    except ApiError as error:
        raise located(error, write.location) from None


def located(error: ApiError, location: tuple[tuple[int, int], ...]) -> ApiError:
    """Return the error with the place of its root field, where it has none of its own."""
    error.locations = error.locations or location
    return error
