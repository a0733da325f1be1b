"""One process's APIs and events over a test's database, and subscribers that keep their events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.hub import AnyMember
from fieldstone.engine.events.live.group import Take
from fieldstone.engine.events.log.partitions import Partitions, Retention
from fieldstone.engine.events.service import Events, open_events
from fieldstone.engine.metadata_api.api import build_metadata_api
from fieldstone.engine.request.core_api import ApiParts, build_core_api
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import LIMITS, PRINCIPAL, RecordingDatabase
from tests.waiting import until


@dataclass(slots=True, eq=False)
class Listener:
    """A subscriber with a queue of `size` results, and a live query's, whose answers it takes where `reads` is set."""

    size: int = 1_000_000
    results: list[dict[str, Any]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    errors: list[dict[str, Any]] | None = None
    member: AnyMember | None = None
    waiting: int = 0
    reads: bool = True
    takes: list[Take] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        return self.waiting < self.size

    def offer(self, position: str, payload: str) -> bool:
        if not self.has_room:
            return False
        self.waiting += 1
        result = loads(payload)
        assert result["extensions"] == {"position": position}
        self.positions.append(int(position))
        self.results.append(next(iter(result["data"].values())))
        return True

    def announce(self, take: Take) -> None:
        self.takes.append(take)
        if self.reads:
            self.read()

    def read(self) -> None:
        """Take the answer that has been announced."""
        while self.takes:
            answer = self.takes.pop(0)()
            if answer is not None:
                assert self.offer(answer.position, answer.payload)

    def fail(self, errors: list[ApiError]) -> None:
        self.errors = [error.formatted() for error in errors]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """Return the results as soon as there are so many."""
        await until(lambda: len(self.results) >= count)
        return self.results

    async def until_failed(self) -> dict[str, Any]:
        """Return the error that ended it."""
        await until(lambda: self.errors is not None)
        assert self.errors is not None
        (error,) = self.errors
        return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts of one process."""

    database: RecordingDatabase
    current: CurrentSnapshots
    core: GraphQLApi
    metadata: GraphQLApi
    keys: KeyStore
    written: Wake
    events: Events

    async def data(self, text: str, *, api: GraphQLApi | None = None, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        answer = loads((await (api or self.core).execute(PRINCIPAL, request, allow_mutation=True)).body)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def subscribe(self, text: str, *, listener: Listener | None = None, **variables: Any) -> Listener:
        """A subscriber that gets the results from now on."""
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        subscription = await self.core.subscribe(PRINCIPAL, request)
        taken = listener or Listener()
        taken.member = await self.events.hub.subscribe(subscription, taken)
        return taken

    async def person(self, email: str, **values: Any) -> str:
        """The id of a new person."""
        created = await self.data(
            "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }", data={"email": email, **values}
        )
        return str(created["createPerson"]["id"])

    async def update(self, id_: str, **values: Any) -> None:
        """Change a person."""
        await self.data(
            "mutation ($id: UUID!, $data: PersonInput!) { updatePerson(id: $id, data: $data) { id } }",
            id=id_,
            data=values,
        )

    async def delivered(self, count: int) -> None:
        """Wait until the log's first `count` events have been delivered to all subscribers that want them."""
        hub = self.events.hub
        await until(lambda: hub.position >= count and not any(group.has_news or group.behind for group in hub.registry))

    async def logged(self, count: int) -> None:
        """Wait until the log has so many events."""
        async with asyncio.timeout(60):
            while (await self.events.log.bounds()).last < count:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def open_desk(
    dsn: str,
    *,
    partition_size: int = 50_000,
    retention: Retention | None = None,
    statement_timeout: float = 15,
    live_poll: float = 0,
) -> AsyncIterator[Desk]:
    """Run a process's events on a database that holds the workspace."""
    database = RecordingDatabase(dsn, PoolSettings(connections=5, statement_timeout=statement_timeout))
    await database.open()
    try:
        catalog = await Catalog.migrate(database)
        current = CurrentSnapshots(database)
        written = Wake()
        keys = KeyStore(database)
        work = WorkThread()
        parts = ApiParts(database=database, current=current, limits=LIMITS, work=work, time_limit=15)
        core = build_core_api(parts, written=written)
        writer = ModelWriter(database, current, trigram=catalog.trigram)
        async with open_events(
            database,
            current,
            core,
            written,
            retention=retention or Retention(),
            partitions=Partitions(database, size=partition_size),
            live_poll=live_poll,
        ) as events:
            yield Desk(
                database=database,
                current=current,
                core=core,
                metadata=build_metadata_api(parts, writer, keys),
                keys=keys,
                written=written,
                events=events,
            )
    finally:
        await database.close()
