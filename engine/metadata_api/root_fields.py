"""The root fields of the Metadata API: mutations in one transaction, plans of changes, and facts."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final
from uuid import UUID

from psycopg import AsyncRawCursor

from fieldstone.engine.access.principals import model_of, see_catalog
from fieldstone.engine.audit.client_address import CLIENT_ADDRESS
from fieldstone.engine.documents.document import Selected, collect_fields
from fieldstone.engine.errors import ApiError, Forbidden, Timeout
from fieldstone.engine.events.subscriptions.model_watch import ModelWatch
from fieldstone.engine.events.subscriptions.subscription import KeptRequest
from fieldstone.engine.metadata_api.errors import describe_refusal
from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.mutations.audited import note_mutation
from fieldstone.engine.metadata_api.plans.runs import PlanRun
from fieldstone.engine.metadata_api.roles.rights import require_root
from fieldstone.engine.metadata_api.selection import select_members
from fieldstone.engine.metadata_api.writes import Arguments, Check, Run, Sequel, Written
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.arguments.trees import arguments_of, value_of
from fieldstone.engine.planner.bound_statement import compile_bound
from fieldstone.engine.planner.context import PlanContext, readable
from fieldstone.engine.planner.cost import price_of
from fieldstone.engine.planner.reads.queries import plan_one_by_id
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.valid_operation import MutationPlan, QueryPlan
from fieldstone.engine.schema.roots.model_facts import MODEL_CHANGE
from fieldstone.engine.schema.roots.model_plans import PLAN
from fieldstone.metadata.catalog.audit import author_of
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.plan.read import ReadPlan

CHECKED_FOR: Final = 30.0
"""Seconds that the checks of a mutation may take together: it is written by the rights that it began with."""

MutationCall = Call[MutationPlan]
QueryCall = Call[QueryPlan]


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


def _roots_of(call: MutationCall | QueryCall) -> list[Selected]:
    operation = call.operation.parse()
    return collect_fields(operation, (operation.definition.selection_set,), call.variables)


def _arguments(call: MutationCall | QueryCall, root: Selected) -> dict[str, JsonValue]:
    bindings = call.bindings
    return {name: value_of(tree, bindings) for name, tree in arguments_of(root.nodes[0], call.variables).items()}


def _look_within(call: MutationCall, transaction: ModelTransaction) -> tuple[Snapshot, Mapping[str, JsonValue]]:
    """Return the catalog as the principal sees it after the changes so far, with the values of its rules."""
    try:
        seen = see_catalog(lambda _: transaction.snapshot)(call.snapshot.whole, call.principal)
    except Forbidden:
        # The role demands a value by now that its principal lacks, or is gone.
        return call.snapshot, call.claims
    return seen.view, seen.claims


class RootFields:
    """Executes root fields: all mutations of a request in order, in one transaction, plans of changes, and facts.

    Args:
        compiler: has the schemas.
        writer: runs the transactions.
        find_model: returns the model of a workspace that is loaded.
        runs: those of the mutations, by their names.
        checks: those of the mutations that have some, which come before the transaction.
        plans: those of the changes that are planned, by the names of the root fields.
        facts: the root fields that no statement on the catalog answers, by their names.
    """

    def __init__(
        self,
        compiler: Compiler,
        writer: ModelWriter,
        find_model: Callable[[UUID], Snapshot | None],
        *,
        runs: Mapping[str, Run],
        checks: Mapping[str, Check],
        plans: Mapping[str, PlanRun],
        facts: Mapping[str, Fact],
    ) -> None:
        self._compiler = compiler
        self._writer = writer
        self._find_model = find_model
        self._runs = runs
        self._checks = checks
        self._plans = plans
        self._facts = facts

    async def __call__(self, call: MutationCall) -> bytes:
        """Return the data of a mutation after its commit; raise the error of the root field that was refused."""
        roots = _roots_of(call)
        if not roots:
            return b"{}"
        asked = await self._check(call, roots)
        author = author_of(call.principal, CLIENT_ADDRESS.get())

        async def body(transaction: ModelTransaction) -> list[str | Sequel]:
            transaction.author = author
            written = []
            for root, arguments in asked:
                with _located(root):
                    written.append(await self._run(call, transaction, root, arguments))
                    if root is not roots[-1]:
                        # A refusal of PostgreSQL is an error of this field, not of the last.
                        await transaction.write_tables()
            return written

        with _located(roots[-1]):
            answers = await self._writer.run(call.principal.workspace_id, body, actor=call.principal.name)
        entries = []
        for root, answer in zip(roots, answers, strict=True):
            text = answer if isinstance(answer, str) else dumps(self._select(call, root, await answer()))
            entries.append(f"{dumps(root.key)}:{text}")
        return f"{{{','.join(entries)}}}".encode()

    async def _check(self, call: MutationCall, roots: Sequence[Selected]) -> list[tuple[Selected, Arguments]]:
        """Return the root fields with their arguments, once these have passed the checks before the transaction.

        Raises:
            ApiError: a check refuses them, or all take too long together.
        """
        asked = []
        try:
            async with asyncio.timeout(CHECKED_FOR):
                for root in roots:
                    arguments: Arguments = _arguments(call, root)
                    if check := self._checks.get(root.name):
                        with _located(root):
                            arguments = await check(call.principal, arguments)
                    asked.append((root, arguments))
        except TimeoutError:
            raise Timeout(
                f"The checks of the mutation have taken {CHECKED_FOR:g} seconds, which is the limit; nothing was"
                " written. Send fewer root fields at once: the hosts of webhooks are looked up one after the other."
            ) from None
        return asked

    def _select(self, call: MutationCall, selected: Selected, values: Mapping[str, JsonValue]) -> JsonValue:
        """Return the selected members of an answer that is no record."""
        schema = self._compiler.schemas.get(call.snapshot)
        kind = values["__typename"]
        return select_members(schema, call.operation.parse(), selected, values, call.variables, kind)

    async def _run(
        self, call: MutationCall, transaction: ModelTransaction, selected: Selected, arguments: Mapping[str, JsonValue]
    ) -> str | Sequel:
        if selected.name == "__typename":
            return dumps("Mutation")
        require_root(transaction.snapshot, call.snapshot, call.principal, selected, arguments)
        if selected.name in self._plans:
            return dumps(await self._plan(call, transaction, selected, arguments))
        written = await self._runs[selected.name](transaction, call.principal, arguments)
        await note_mutation(
            transaction, author_of(call.principal, CLIENT_ADDRESS.get()), selected.name, arguments, written
        )
        if written.sequel is not None:
            return written.sequel
        answer = written.constant or await self._answer(call, transaction, selected, written)
        if written.removal is not None:
            await written.removal(transaction)
        return answer

    async def compute(self, call: QueryCall, data: bytes) -> bytes:
        """Return a query's data with the plans of changes that it asks for, in the order of the selection."""
        read: Mapping[str, JsonValue] = loads(data.decode())
        roots = _roots_of(call)
        asked = [(root, _arguments(call, root)) for root in roots if root.name in self._plans]
        told = {root.key: await self._tell(call, root) for root in roots if root.name in self._facts}
        if not asked:
            return dumps({root.key: {**read, **told}[root.key] for root in roots}).encode()

        async def body(transaction: ModelTransaction) -> Mapping[str, JsonValue]:
            planned = {}
            for root, arguments in asked:
                with _located(root):
                    planned[root.key] = await self._plan(call, transaction, root, arguments)
            return planned

        with _located(asked[0][0]):
            planned = await self._writer.run(call.principal.workspace_id, body, actor=call.principal.name)
        found = {**read, **told, **planned}
        return dumps({root.key: found[root.key] for root in roots}).encode()

    async def _plan(
        self,
        call: MutationCall | QueryCall,
        transaction: ModelTransaction,
        selected: Selected,
        arguments: Mapping[str, JsonValue],
    ) -> JsonValue:
        require_root(transaction.snapshot, call.snapshot, call.principal, selected, arguments)
        schema = self._compiler.schemas.get(call.snapshot)
        plan = await self._plans[selected.name](schema, transaction, call.principal, arguments)
        return select_members(schema, call.operation.parse(), selected, plan, call.variables, PLAN)

    async def _tell(self, call: QueryCall, selected: Selected) -> JsonValue:
        """Return the value of a root field that no statement on the catalog answers."""
        schema = self._compiler.schemas.get(call.snapshot)
        model = model_of(self._find_model, call.principal.workspace_id)
        fact = self._facts[selected.name]
        with _located(selected):
            value = await fact.tell(model, call.principal, _arguments(call, selected))
        if fact.type_name is None:
            return value
        return select_members(schema, call.operation.parse(), selected, value, call.variables, fact.type_name)

    def watch(self, call: QueryCall) -> ModelWatch:
        """Return the subscription that a call is."""
        (root,) = _roots_of(call)
        schema, operation = self._compiler.schemas.get(call.snapshot), call.operation.parse()
        return ModelWatch(
            principal=call.principal,
            operation=KeptRequest(query=call.key.text, operation_name=call.key.operation_name, json=b"{}"),
            key=root.key,
            select=lambda value: select_members(schema, operation, root, value, call.variables, MODEL_CHANGE),
            find_model=self._find_model,
        )

    def permit(self, call: QueryCall | MutationCall) -> None:
        """Refuse an operation whose root fields need settings that the principal's role has not; raise Forbidden."""
        model = model_of(self._find_model, call.principal.workspace_id)
        for root in _roots_of(call):
            require_root(model, call.snapshot, call.principal, root, _arguments(call, root))

    async def _answer(
        self, call: MutationCall, transaction: ModelTransaction, selected: Selected, written: Written
    ) -> str:
        """Return the record written, read as it is before the commit, as far as the principal sees it then."""
        view, claims = _look_within(call, transaction)
        limits = self._compiler.limits_of(call.limits)
        context = PlanContext(
            snapshot=view,
            operation=call.operation.parse(),
            variables=call.variables,
            limits=limits.records,
            document=limits.document,
            rules=RULES,
        )
        object_: Object = view.by_singular[written.object_name]
        extra = dict(written.extra) | {"__typename": written.type_name}
        plan = plan_one_by_id(context, object_, written.id, selected, extra)
        plan = replace(plan, table=readable(context, object_))
        read, bindings = ReadPlan(entries=((selected.key, plan),)), call.bindings._replace(claims=claims)
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
