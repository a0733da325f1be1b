"""The root fields that answer with the plan of changes of the model: `planChanges`, `applyChanges`, the rollbacks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from graphql import GraphQLSchema

from fieldstone.engine.errors import ApiError
from fieldstone.engine.metadata_api.batch import read_change
from fieldstone.engine.metadata_api.errors import describe_refusal
from fieldstone.engine.metadata_api.plans.broken_documents import DocumentSearch
from fieldstone.engine.metadata_api.plans.broken_operations import FindBroken
from fieldstone.engine.metadata_api.roles.rights import require_for_changes
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.scalars import BIG_INT
from fieldstone.metadata.writer.dry_run import Preview, preview, try_out
from fieldstone.metadata.writer.rollback import preview_rollback, roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction

PlanRun = Callable[[GraphQLSchema, ModelTransaction, Principal, Arguments], Awaitable[JsonValue]]
"""Returns the whole plan; raises MetadataError or ApiError."""


def plan_runs(find_broken: FindBroken, documents: DocumentSearch) -> Mapping[str, PlanRun]:
    """Return the functions that execute the root fields, by their names."""
    find = _Find(find_broken, documents)
    return {
        "planChanges": partial(_apply_changes, find, only_plans=True),
        "planRollback": partial(_roll_back, find, only_plans=True),
        "applyChanges": partial(_apply_changes, find),
        "rollback": partial(_roll_back, find),
    }


async def _apply_changes(
    find: "_Find",
    schema: GraphQLSchema,
    transaction: ModelTransaction,
    _principal: Principal,
    arguments: Arguments,
    *,
    only_plans: bool = False,
) -> JsonValue:
    given = arguments["changes"]
    listed = given if isinstance(given, list) else [given]
    builds = [read_change(schema, change, place) for place, change in enumerate(listed)]
    is_dry = only_plans or bool(arguments.get("dryRun"))
    found = await (try_out if is_dry else preview)(transaction, builds, gathers=True)
    if found.problems and not only_plans:
        raise _refusal(found.problems)
    broken = await find(transaction, found.snapshot)
    if not is_dry:
        await transaction.apply_all(found.changes)
    return _plan(transaction, found, broken)


async def _roll_back(
    find: "_Find",
    _schema: GraphQLSchema,
    transaction: ModelTransaction,
    principal: Principal,
    arguments: Arguments,
    *,
    only_plans: bool = False,
) -> JsonValue:
    to = int(BIG_INT.coerce(arguments["to"]))
    is_dry = only_plans or bool(arguments.get("dryRun"))
    # The steps themselves ask the rows, each those that the steps before it leave.
    found = await preview_rollback(transaction, to, ask_rows=is_dry, gathers=True)
    require_for_changes(transaction.snapshot, principal, found.changes)
    if found.problems and not only_plans:
        raise _refusal(found.problems)
    broken = await find(transaction, found.snapshot)
    if not is_dry:
        await roll_back(transaction, to)
    return _plan(transaction, found, broken)


class _Find(NamedTuple):
    """Finds all that a model would break."""

    operations: FindBroken
    documents: DocumentSearch

    async def __call__(self, transaction: ModelTransaction, after: Snapshot) -> Mapping[str, JsonValue]:
        """Return the members of a plan about operations that clients send."""
        documents = await self.documents.find_broken(transaction.connection, transaction.snapshot, after)
        return {
            "operations": await self.operations(after),
            "documents": documents.broken,
            "documentsUnchecked": documents.unchecked,
        }


def _plan(transaction: ModelTransaction, found: Preview, broken: Mapping[str, JsonValue]) -> JsonValue:
    plan = {
        **found.plan,
        **broken,
        "problems": [problem for error in found.problems if (problem := _problem(error))],
        "version": str(transaction.snapshot.version + transaction.is_changed),
    }
    return {**plan, "counts": {name: len(member) for name, member in plan.items() if isinstance(member, list)}}


def _refusal(problems: Sequence[MetadataError]) -> ApiError | MetadataError:
    """Return the first of the refusals as an error, with all of them in its extensions."""
    first = describe_refusal(problems[0])
    if first is None:
        return problems[0]
    first.extensions["problems"] = [problem for error in problems if (problem := _problem(error))]
    return first


def _problem(error: MetadataError) -> JsonValue:
    known = describe_refusal(error)
    if known is None:
        return None
    return {
        "change": error.change,
        "code": known.code,
        "message": known.message,
        "field": known.field,
        "suggestion": error.suggestion,
    }
