"""The APIs over a test's database, put together as a process serves them, and the templates of such databases."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar
from uuid import UUID, uuid5

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.metadata_api.api import build_metadata_api
from fieldstone.engine.metadata_api.plans.broken_operations import broken_operations
from fieldstone.engine.metadata_api.roles.saved_rules import check_role_rules
from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.request.answer import Answer, data_body
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.request.core_api import ApiParts, build_core_api
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.demo.fill import fill_demo
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.store import insert_roles
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.plan import BIG_TABLE
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import insert_workspace
from fieldstone.metadata.workspaces.standard_model import standard_changes
from fieldstone.metadata.writer.model_writer import WAITS, ModelWriter
from fieldstone.metadata.writer.turns import LIMIT as TURN
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Parameters, Row, Statement, Step
from fieldstone.sql.transaction import Transaction
from tests.citus_cluster import ON_CITUS
from tests.databases import Databases
from tests.sql.driving import Called

WORKSPACE_ID = UUID("0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e")
SCHEMA = "workspace_default"
LIMITS = Limits(document=DocumentLimits(), records=RecordLimits())
PRINCIPAL = Principal(
    subject_id=WORKSPACE_ID, rate_key=WORKSPACE_ID, name="tester", workspace_id=WORKSPACE_ID, role=ADMIN
)

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Log:
    """The statements that a database was sent, in order, with their parameters.

    Attributes:
        messages: how many messages the transactions took, short of their commits.
    """

    steps: list[Step] = field(default_factory=list)
    messages: int = 0

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def texts(self) -> list[str]:
        """The statements' SQL."""
        return [statement.text for statement, _ in self.steps]


class RecordingDatabase(Database):
    """A database that notes each statement of the APIs and passes it on to the real one."""

    def __init__(self, dsn: str, settings: PoolSettings) -> None:
        super().__init__(dsn, settings)
        self.log = Log()

    async def read(self, statement: Statement, parameters: Parameters, **options: Any) -> list[Row]:
        self.log.steps.append((statement, parameters))
        return await super().read(statement, parameters, **options)

    async def pipeline(self, steps: Sequence[Step], **options: Any) -> list[list[Row]]:
        self.log.messages += 1
        self.log.steps += steps
        return await super().pipeline(steps, **options)

    @asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[Transaction]:
        async with super().transaction(**options) as transaction:
            yield _RecordingTransaction(transaction, self.log)


class _RecordingTransaction(Transaction):
    def __init__(self, recorded: Transaction, log: Log) -> None:
        super().__init__(recorded._connection, None)
        self._recorded = recorded
        self._log = log

    def precede(self, step: Step) -> None:
        self._log.steps.append(step)
        self._recorded.precede(step)

    async def run(self, statement: Statement, parameters: Parameters) -> list[Row]:
        self._log.messages += 1
        self._log.steps.append((statement, parameters))
        return await self._recorded.run(statement, parameters)

    async def pipeline(self, steps: Sequence[Step]) -> list[list[Row]]:
        self._log.messages += 1
        self._log.steps += steps
        return await self._recorded.pipeline(steps)

    async def commit(self) -> None:
        await self._recorded.commit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Apis:
    """The services of one process over a database."""

    database: RecordingDatabase
    current: CurrentSnapshots
    writer: ModelWriter
    work: WorkThread
    core: GraphQLApi
    metadata: GraphQLApi

    async def snapshot(self) -> Snapshot:
        """The workspace's model as this process knows it."""
        return await self.current.get(WORKSPACE_ID)

    async def send(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        api: GraphQLApi | None = None,
        allow_mutation: bool = True,
        tells_cost: bool = False,
    ) -> Answer:
        """The answer to a request, of the Core API unless told otherwise."""
        request = GraphQLRequest(
            query=text, operation_name=operation_name, variables=variables or {}, tells_cost=tells_cost
        )
        return await (api or self.core).execute(PRINCIPAL, request, allow_mutation=allow_mutation)

    async def send_warm(
        self, text: str, variables: Mapping[str, Any] | None = None, *, operation_name: str | None = None
    ) -> bytes | None:
        """The body of the answer as the warm path has it; None where it leaves the request to the ordinary one."""
        request = GraphQLRequest(query=text, operation_name=operation_name, variables=variables or {})
        ready = self.core.ready.find(PRINCIPAL, request, request.variables)
        if ready is None:
            return None
        told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        run = Called(
            ready.run.bound.statement,
            ready.parameters,
            writes=ready.run.writes,
            finish=lambda rows, error: told.set_result(None if error else data_body(ready.run.tell(rows[0]) or b"")),
            give_up=lambda: told.set_result(None),
        )
        self.database.begin(run)
        return await told

    async def ask(self, text: str, **variables: Any) -> Any:
        """The whole answer of the Core API as JSON."""
        return loads((await self.send(text, variables)).body)

    async def data(self, text: str, **variables: Any) -> Any:
        """The data of an operation of the Core API that must succeed."""
        return _data_of(await self.ask(text, **variables))

    async def error(self, text: str, **variables: Any) -> dict[str, Any]:
        """The only error of an operation of the Core API that must fail as a whole."""
        answer = await self.ask(text, **variables)
        assert answer.get("data") is None, answer
        (error,) = answer["errors"]
        return dict(error)

    async def change(self, text: str, **variables: Any) -> Any:
        """The data of an operation of the Metadata API that must succeed."""
        return _data_of(loads((await self.send(text, variables, api=self.metadata)).body))


def _data_of(answer: Any) -> Any:
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


@asynccontextmanager
async def open_apis(
    dsn: str,
    *,
    limits: Limits = LIMITS,
    time_limit: float = 15,
    big_table: int = BIG_TABLE,
    waits: tuple[int, ...] = WAITS,
    turn: float = TURN,
    relay: bool = False,
) -> AsyncIterator[Apis]:
    """Serve a database that holds the workspace; `big_table`, `waits` and `turn` are the writer's."""
    database = RecordingDatabase(dsn, PoolSettings(connections=3))
    await database.open()
    try:
        catalog = await Catalog.migrate(database)
        current = CurrentSnapshots(database)
        writer = ModelWriter(
            database,
            current,
            trigram=catalog.trigram,
            waits=waits,
            big_table=big_table,
            turn=turn,
            check=check_role_rules,
            compile_rules=compile_view_rules,
        )
        keys = KeyStore(database)
        async with WorkThread() as work:
            parts = ApiParts(
                database=database, current=current, limits=limits, work=work, time_limit=time_limit, relay=relay
            )
            core = build_core_api(parts)
            yield Apis(
                database=database,
                current=current,
                writer=writer,
                work=work,
                core=core,
                metadata=build_metadata_api(
                    parts, writer, keys, find_broken=broken_operations(core.compiler.plans, work)
                ),
            )
    finally:
        await database.close()


class Served:
    """The APIs for tests that are not coroutines, as those of hypothesis are."""

    def __init__(self, dsn: str, *, limits: Limits = LIMITS, relay: bool = False) -> None:
        self._runner = asyncio.Runner()
        self._opened = open_apis(dsn, limits=limits, relay=relay)
        self.apis = self._runner.run(self._opened.__aenter__())

    def close(self) -> None:
        """Stop serving."""
        self._runner.run(self._opened.__aexit__(None, None, None))
        self._runner.close()

    def ask(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        tells_cost: bool = False,
    ) -> Any:
        """The whole answer of the Core API as JSON."""
        sent = self.apis.send(text, variables, operation_name=operation_name, tells_cost=tells_cost)
        return loads(self.run(sent).body)

    def ask_metadata(self, text: str, *, tells_cost: bool = False) -> Any:
        """The whole answer of the Metadata API as JSON."""
        return loads(self.run(self.apis.send(text, api=self.apis.metadata, tells_cost=tells_cost)).body)

    def ask_warm(self, text: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The same as the warm path has it; None where it leaves the request to the ordinary one."""
        body = self.run(self.apis.send_warm(text, variables))
        return None if body is None else loads(body)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs on the loop of the APIs."""
        # `Runner.run` writes the result out twice, in the name of its handler of signals: a whole model takes 40 ms.
        return self._runner.get_loop().run_until_complete(coroutine)

    def snapshot(self) -> Snapshot:
        """The workspace's model."""
        return self.run(self.apis.snapshot())


def serve(dsn: str, *, limits: Limits = LIMITS, relay: bool = False) -> Iterator[Served]:
    """Yield the APIs over a database, for a fixture."""
    served = Served(dsn, limits=limits, relay=relay)
    try:
        yield served
    finally:
        served.close()


def pin_ids(changes: Iterable[Change], *, salt: str = "", known: Iterable[UUID] = ()) -> list[Change]:
    """The changes with ids that are the same each time instead of their random ones.

    Args:
        changes: as they are made.
        salt: makes the ids differ from those of other changes.
        known: the ids of the definitions that exist already; they stay.
    """
    pinned = {id_: id_ for id_ in known}

    def pin(value: T) -> T:
        if isinstance(value, UUID):
            fixed = pinned.setdefault(value, uuid5(WORKSPACE_ID, f"{salt}{len(pinned)}"))
            pinned.setdefault(fixed, fixed)
            return fixed  # type: ignore[return-value]  # T is UUID here
        if isinstance(value, tuple):
            return tuple(map(pin, value))  # type: ignore[return-value]  # T is a tuple here
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: pin(getattr(value, one.name)) for one in fields(value) if one.init})
        return value

    return [pin(change) for change in changes]


def workspace_template(databases: Databases) -> str:
    """The template of a database with the workspace `default` and its standard objects, all ids always the same."""
    return databases.template("workspace", lambda dsn: asyncio.run(_make_workspace(dsn)))


def sample_template(databases: Databases) -> str:
    """The template of the workspace with the demo's sample in it."""
    base = workspace_template(databases)
    return databases.template("sample", lambda dsn: asyncio.run(_fill_sample(dsn)), base=base)


def filled_template(databases: Databases, name: str, fill: Callable[[Apis], Awaitable[object]]) -> str:
    """The template of the workspace after `fill`, which asks the APIs over it."""

    async def run(dsn: str) -> None:
        async with open_apis(dsn) as apis:
            await fill(apis)

    return databases.template(name, lambda dsn: asyncio.run(run(dsn)), base=workspace_template(databases))


async def _make_workspace(dsn: str) -> None:
    database = Database.connect(dsn, settings=PoolSettings(connections=2))
    await database.open()
    try:
        catalog = await Catalog.migrate(database)
        async with database.session() as connection:
            workspace = Workspace(id=WORKSPACE_ID, name="default", schema=SCHEMA, is_distributed=ON_CITUS)
            await insert_workspace(connection, workspace)
            roles = {id_: replace(role, id=id_) for role in system_roles() for id_ in [uuid5(WORKSPACE_ID, role.name)]}
            empty = Snapshot(workspace=workspace, version=0, objects={}, relations={}, indexes={}, roles=roles)
            await send_as_one(connection, insert_roles(empty, roles.values()))
        writer = ModelWriter(database, CurrentSnapshots(database), trigram=catalog.trigram)
        changes = pin_ids(standard_changes(with_trigram=catalog.trigram is not None))
        await writer.change(WORKSPACE_ID, lambda _: changes, actor="test")
    finally:
        await database.close()


async def _fill_sample(dsn: str) -> None:
    async with open_apis(dsn) as apis, apis.database.session() as connection:
        await fill_demo(connection, await apis.snapshot(), lambda _done, _total: None)


def as_json(value: Any) -> str:
    """The value as JSON that people read, for messages and files."""
    return json.dumps(value, indent=2, ensure_ascii=False)
