"""The Metadata API: the model of a workspace, read like records and changed in one transaction a request."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from graphql import GraphQLSchema
from psycopg import AsyncRawCursor

from fieldstone.engine.documents.document import Selected, collect_fields
from fieldstone.engine.errors import ApiError
from fieldstone.engine.metadata_api.batch import read_change
from fieldstone.engine.metadata_api.broken_operations import FindBroken, none_broken
from fieldstone.engine.metadata_api.change_mutations import change_runs
from fieldstone.engine.metadata_api.errors import describe_refusal
from fieldstone.engine.metadata_api.key_mutations import key_runs
from fieldstone.engine.metadata_api.webhook_mutations import webhook_checks, webhook_runs
from fieldstone.engine.metadata_api.writes import Run, Sequel, Written
from fieldstone.engine.planner.arguments.trees import Bindings, arguments_of, value_of
from fieldstone.engine.planner.bound_statement import compile_bound
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.cost import price_of
from fieldstone.engine.planner.reads.queries import plan_one_by_id
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.valid_operation import MutationPlan
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.engine.webhooks.service import Webhooks
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.api_model.model import catalog_snapshot
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.scalars import BIG_INT
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.api_keys import Principal
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.writer.dry_run import preview, try_out
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.rollback import preview_rollback, roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.read import ReadPlan

MOST_CATALOGS = 1_000

MutationCall = Call[MutationPlan]


class CatalogSource:
    """The catalog's own model for each workspace; it never changes."""

    def __init__(self, current: CurrentSnapshots) -> None:
        self._current = current
        self._snapshots: OrderedDict[UUID, Snapshot] = OrderedDict()
        current.forgotten.connect(lambda workspace_id: self._snapshots.pop(workspace_id, None))

    async def get(self, workspace_id: UUID) -> Snapshot:
        """Return the catalog as this workspace sees it."""
        found = self._snapshots.get(workspace_id)
        if found is None:
            found = catalog_snapshot((await self._current.get(workspace_id)).workspace)
            self._snapshots[workspace_id] = found
            if len(self._snapshots) > MOST_CATALOGS:
                self._snapshots.popitem(last=False)
        return found

    def find_current(self, workspace_id: UUID) -> Snapshot | None:
        """Return the catalog as this workspace sees it, if it is here."""
        return self._snapshots.get(workspace_id)

    async def refresh(self, workspace_id: UUID) -> Snapshot:
        """Return the same: a newer model has the same catalog."""
        return await self.get(workspace_id)


async def _roll_back(
    transaction: ModelTransaction, principal: Principal, arguments: Mapping[str, JsonValue]
) -> Written:
    to = int(BIG_INT.coerce(arguments["to"]))
    is_dry = bool(arguments.get("dryRun"))
    # The steps themselves ask the rows, each those that the steps before it leave.
    plan = (await preview_rollback(transaction, to, ask_rows=is_dry)).plan
    if not is_dry:
        await roll_back(transaction, to)
    answer = dumps({**plan, "version": str(transaction.snapshot.version + transaction.is_changed)})
    return Written(id=principal.workspace_id, constant=answer)


async def _apply_changes(
    schema: GraphQLSchema,
    transaction: ModelTransaction,
    arguments: Mapping[str, JsonValue],
    find_broken: FindBroken,
) -> str:
    """Return the plan as JSON text, having carried it out unless it is a dry run."""
    given = arguments["changes"]
    listed = given if isinstance(given, list) else [given]
    builds = [read_change(schema, change, place) for place, change in enumerate(listed)]
    is_dry = bool(arguments.get("dryRun"))
    found = await (try_out if is_dry else preview)(transaction, builds)
    broken = await find_broken(found.snapshot)
    if not is_dry:
        for change in found.changes:
            await transaction.apply(change)
    return dumps(
        {**found.plan, "operations": broken, "version": str(transaction.snapshot.version + transaction.is_changed)}
    )


@contextmanager
def _located(selected: Selected) -> Iterator[None]:
    """Let refusals leave the block as errors of this root field."""
    try:
        yield
    except MetadataError as error:
        if known := describe_refusal(error, (selected.key,), selected.location):
            raise known from error
        raise
    except ApiError as error:
        if error.path is None:
            error.path, error.locations = (selected.key,), selected.location
        raise


def _select(call: MutationCall, selected: Selected, values: Mapping[str, JsonValue]) -> str:
    """Return the selected values of an answer that is no record, as JSON text."""
    below = collect_fields(call.operation.operation, selected.selection_sets, call.variables)
    return dumps({field.key: values[field.name] for field in below})


class _Mutations:
    """Executes the mutations: all root fields of a request in order, in one transaction."""

    def __init__(
        self, writer: ModelWriter, keys: KeyStore, webhooks: Webhooks, compiler: Compiler, find_broken: FindBroken
    ) -> None:
        self._writer = writer
        self._find_broken = find_broken
        self._compiler = compiler
        self._checks = webhook_checks(webhooks)
        self._runs: Mapping[str, Run] = {
            **change_runs(),
            "rollback": _roll_back,
            **key_runs(keys),
            **webhook_runs(webhooks),
        }

    async def __call__(self, call: MutationCall) -> bytes:
        operation = call.operation.operation
        roots = collect_fields(operation, (operation.definition.selection_set,), call.variables)
        bindings = call.bindings
        asked = []
        for root in roots:
            trees = arguments_of(root.nodes[0], call.variables)
            arguments = {name: value_of(tree, bindings) for name, tree in trees.items()}
            if check := self._checks.get(root.name):
                with _located(root):
                    await check(arguments)
            asked.append((root, arguments))

        async def body(transaction: ModelTransaction) -> list[str | Sequel]:
            written = []
            for root, arguments in asked:
                with _located(root):
                    written.append(await self._run(call, transaction, root, arguments))
                    if root is not roots[-1]:
                        # A refusal of PostgreSQL is an error of this field, not of the last.
                        await transaction.write_tables()
            return written

        with _located(roots[-1]):
            answers = await self._writer.run(call.principal.workspace_id, body, actor=call.principal.key_name)
        entries = []
        for root, answer in zip(roots, answers, strict=True):
            text = answer if isinstance(answer, str) else _select(call, root, await answer())
            entries.append(f"{dumps(root.key)}:{text}")
        return f"{{{','.join(entries)}}}".encode()

    async def _run(
        self, call: MutationCall, transaction: ModelTransaction, selected: Selected, arguments: Mapping[str, JsonValue]
    ) -> str | Sequel:
        if selected.name == "__typename":
            return dumps("Mutation")
        if selected.name == "applyChanges":
            schema = self._compiler.schemas.get(call.snapshot)
            return await _apply_changes(schema, transaction, arguments, self._find_broken)
        written = await self._runs[selected.name](transaction, call.principal, arguments)
        if written.sequel is not None:
            return written.sequel
        answer = written.constant or await self._answer(call, transaction, selected, written)
        if written.removal is not None:
            await written.removal(transaction)
        return answer

    async def _answer(
        self, call: MutationCall, transaction: ModelTransaction, selected: Selected, written: Written
    ) -> str:
        """Return the record written, read as it is before the commit."""
        context = PlanContext(
            snapshot=call.snapshot,
            operation=call.operation.operation,
            variables=call.variables,
            limits=self._compiler.limits.records,
        )
        object_: Object = call.snapshot.by_singular[written.object_name]
        extra = dict(written.extra) | {"__typename": written.type_name}
        plan = plan_one_by_id(context, object_, written.id, selected, extra)
        read, bindings = ReadPlan(entries=((selected.key, plan),)), Bindings(variables=call.variables, actor="")
        call.meter.pay(price_of(read, context.parameters), bindings)
        bound = compile_bound(read, context.parameters)
        parameters = bound.bind(bindings)
        cursor = AsyncRawCursor(transaction.connection)
        await cursor.execute(
            bound.statement.sql, [None if text is None else text.decode() for text in parameters], prepare=False
        )
        row = await cursor.fetchone()
        text: str = row[0] if row else ""
        return text[len(dumps(selected.key)) + 2 : -1]


def build_metadata_api(
    database: Database,
    current: CurrentSnapshots,
    writer: ModelWriter,
    keys: KeyStore,
    limits: Limits,
    *,
    work: WorkThread,
    time_limit: float,
    webhooks: Webhooks | None = None,
    find_broken: FindBroken = none_broken,
) -> GraphQLApi:
    """Return the Metadata API.

    Args:
        database: where the models are.
        current: the models.
        writer: changes them.
        keys: the API keys.
        limits: the limits of a request.
        work: the work thread.
        time_limit: the seconds that a query may take.
        webhooks: are told of webhooks that were made or changed; by default they may send to public addresses alone.
        find_broken: tells which operations of clients a change would break.
    """
    compiler = Compiler(lambda snapshot: lazy_schema(snapshot, METADATA_MUTATIONS), limits, work)
    api = GraphQLApi(
        database=database,
        source=CatalogSource(current),
        compiler=compiler,
        mutate=_Mutations(writer, keys, webhooks or Webhooks(database, current), compiler, find_broken),
        time_limit=time_limit,
    )
    current.forgotten.connect(api.forget)
    return api
