"""The explanation of a request for developers: its stages with their times, its statements and PostgreSQL's plans."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.writes.merging.merge import BoundMerge, PlannedMerge
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.plan import PlannedNested
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.plan_cache import key_of
from fieldstone.engine.request.refusals import InvalidDocument, held_back
from fieldstone.engine.request.stored_documents.documents import find_document
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import ValidMutation, ValidQuery
from fieldstone.engine.schema.lazy import LazySchema
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.dependencies import UNSERVED_SEARCH
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Setting, find_role
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.statement import Parameters, Statement

REFUSED = "X-Fieldstone-Explain is read with FIELDSTONE_ENV=development only."
WITHHELD = (
    "X-Fieldstone-Explain is for roles with the setting EXPLAIN: a plan tells of records that a role does not read."
)

_READ = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
_WRITE = "EXPLAIN (FORMAT JSON) "
_TEXT_KEY = re.compile(r"\btext_key_(?:slow_)?\d+\(([^()]+)\)")
"""The key of a text in a plan, in which PostgreSQL has put the function's body in the place of its name."""


async def execute_explained(
    api: GraphQLApi, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool
) -> Answer:
    """Return the answer to a request, with `extensions.explain`.

    The stages are the request's own: the caches keep their results for the execution behind them. PostgreSQL's EXPLAIN
    ANALYZE executes a read once more; a write is only planned.
    """
    if not await _may_explain(api, principal):
        answer = await api.execute(principal, request, allow_mutation=allow_mutation)
        return add_extension(answer, {"hint": WITHHELD})
    explaining = _Explaining(api, principal)
    # The execution below finds the same refusals and answers with them.
    with suppress(ApiError, InvalidDocument, DatabaseError):
        await explaining.prepare(request)
    with explaining.stage("execute"):
        answer = await api.execute(principal, request, allow_mutation=allow_mutation)
    return add_extension(answer, await explaining.explain())


async def _may_explain(api: GraphQLApi, principal: Principal) -> bool:
    """Return whether a principal may see plans: by the setting, or because it sees the whole catalog."""
    current = await api.source.get(principal.workspace_id)
    role = find_role(current.roles, principal.role)
    if role is not None:
        return Setting.EXPLAIN in effective_settings(current, role)
    try:
        return (await api.look(current, principal)).view is current
    except ApiError:
        return False


def add_extension(answer: Answer, explained: JsonValue) -> Answer:
    """Return the answer with `extensions.explain`."""
    body = loads(answer.body.decode())
    body["extensions"] = {**body.get("extensions", {}), "explain": explained}
    return Answer(body=dumps(body).encode("utf-8", "replace"), status=answer.status)


class _Explaining:
    """Collects the explanation of one request."""

    def __init__(self, api: GraphQLApi, principal: Principal) -> None:
        self._api = api
        self._principal = principal
        self._stages: list[JsonValue] = []
        self._statements: list[tuple[str, Statement, Parameters | None]] = []
        self._hints: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note the time that the block takes, in milliseconds."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages.append({"name": name, "ms": round((time.perf_counter() - began) * 1_000, 3)})

    async def prepare(self, request: GraphQLRequest) -> None:
        """Find the request's operation, variables and plan, each a stage.

        Raises:
            ApiError, InvalidDocument, DatabaseError: the request is refused.
        """
        api = self._api
        request = await find_document(api.documents, self._principal, request)
        with self.stage("model"):
            current = await api.source.get(self._principal.workspace_id)
            seen = await api.look(current, self._principal)
            snapshot = seen.view
        with self.stage("document"), held_back(request, snapshot):
            operation = await api.compiler.operation(key_of(snapshot, request), snapshot, self._principal)
        schema = api.compiler.schemas.get(snapshot)
        if isinstance(operation, ValidQuery):
            with self.stage("variables"):
                query = await api.build_call(operation, self._principal, request, seen)
            with self.stage("plan"):
                planned, parameters = await api.compiler.plan_query(query)
            self._hints += [
                f"No index serves the search in {name}; createIndex with the method search makes one."
                for name, field in planned.depends.unserved
                if field == UNSERVED_SEARCH
            ]
            if planned.statement is not None:
                self._statements.append((_READ, planned.statement.statement, parameters))
        elif isinstance(operation, ValidMutation) and isinstance(schema, LazySchema) and schema.scope.mutations is None:
            with self.stage("variables"):
                call = await api.build_call(operation, self._principal, request, seen)
            with self.stage("plan"):
                plan = await api.compiler.plan(call)
            for write, given in zip(plan.writes, plan.bind(call.bindings), strict=True):
                match write, given:
                    case PlannedWrite(), list():
                        if write.row is not None:
                            self._statements.append((_WRITE, *write.row.bind(given)))
                        self._statements.append((_WRITE, write.write.statement, given))
                        if write.event is not None:
                            self._statements.append((_WRITE, write.event, None))
                    case PlannedMerge(), BoundMerge():
                        self._statements += [(_WRITE, *step) for step in given.statements]
                    case PlannedNested(certain=CertainCreate() as certain), list():
                        self._statements.append((_WRITE, certain.statement, given))
                    case PlannedNested(), _:
                        # Its writes depend on the records that the levels above them make.
                        self._statements.append((_WRITE, write.read_back.statement, None))
                    case _:
                        pass

    async def explain(self) -> JsonValue:
        """Return the explanation."""
        statements = [await self._explain(*one) for one in self._statements]
        hints = [*self._hints, *(hint for one in statements for hint in _hints(one["plan"]))]
        return {"stages": self._stages, "statements": statements, "hints": list(dict.fromkeys(hints))}

    async def _explain(self, explain: str, statement: Statement, parameters: Parameters | None) -> JsonValue:
        shown: dict[str, JsonValue] = {"sql": statement.text, "plan": None}
        if parameters is None:
            return shown
        explained = Statement(text=explain + statement.text)
        share = self._principal.share
        try:
            (row,) = await self._api.database.read(explained, parameters, timeout=self._api.time_limit, share=share)
        except DatabaseError as error:
            return {**shown, "problem": error.message}
        return {**shown, "plan": loads((row[0] or b"null").decode())}


def _hints(plan: JsonValue) -> Iterator[str]:
    """Yield a sentence for each order of texts that PostgreSQL sorts, because it uses no index for it."""
    nodes = list(_nodes(plan))
    tables = {node["Alias"]: node["Relation Name"] for node in nodes if "Alias" in node and "Relation Name" in node}
    for node in nodes:
        if "Sort" not in node["Node Type"]:
            continue
        for text in filter(None, map(_TEXT_KEY.search, node.get("Sort Key", ()))):
            alias, _, column = text[1].partition(".")
            name = f"{tables.get(alias, alias)}.{column}".replace('"', "")
            yield f"PostgreSQL sorts the records by the text {name} without an index; createIndex makes one."


def _nodes(plan: JsonValue) -> Iterable[dict[str, JsonValue]]:
    pending = [one["Plan"] for one in plan or ()]
    while pending:
        node = pending.pop()
        yield node
        pending += node.get("Plans", ())
