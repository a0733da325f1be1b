"""The services of several cells: each cell has its own, and a request is answered by those of its workspace's cell."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from fieldstone.engine.audit.trail import AuditTrail
from fieldstone.engine.cells.load import NOTE_EVERY, note_load
from fieldstone.engine.cells.moves.unfinished import finish_moves
from fieldstone.engine.errors import RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.server.cells.moving import drop_all_left
from fieldstone.engine.server.cells.places import Places
from fieldstone.engine.server.cells.pulse import Pulse
from fieldstone.engine.server.cells.settings import settings_of
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.foundation import pool_settings
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.parts import PLAIN, Parts
from fieldstone.engine.server.runtime import Assemble, Runtime
from fieldstone.engine.settings import Settings
from fieldstone.engine.slow_operations.watch import SlowOperations
from fieldstone.metadata.errors import MetadataError, UnknownWorkspace
from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import SqlError, StaleSchema
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_GRACE: Final = 5.0
"""Seconds that a start waits for the other cells once one of them is open."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_LOOK_EVERY: Final = 1.0
_FOLLOW_FOR: Final = 3.0
"""Seconds for which a request waits for the directory to tell where its workspace has gone."""
_FOLLOW_EVERY: Final = 0.02
_FINISH_EVERY: Final = 2.0
_DROP_EVERY: Final = 600.0


class CellRuntime(Runtime):
    """The services of an app with several cells. It has no services that serve every request (`services` is None)."""

    def __init__(self, settings: Settings, log: Log, assembly: Assemble, parts: Parts = PLAIN) -> None:
        super().__init__(settings, log, assembly, parts)
        self._home = settings.cells[0].name
        self._cells = {cell.name: Runtime(settings_of(settings, cell), log, assembly, parts) for cell in settings.cells}
        self._urls = {cell.name: cell.url for cell in settings.cells}
        self._pulses: dict[str, Pulse] = {}
        self._failure: SqlError | MetadataError | None = None
        self._forgotten: set[tuple[str, UUID]] = set()
        self._prepare()

    def _prepare(self) -> None:
        """Make all that belongs to one event loop: the app may be started on one after another."""
        self._tried = {name: asyncio.Event() for name in self._cells}
        self._places = Places(self._home, self._databases, self._services_of)
        self._left = Wake()

    def opened(self) -> Mapping[str, Services | None]:
        """Return the services by cell; None for a cell that could not be reached yet."""
        return {name: cell.services for name, cell in self._cells.items()}

    def find(self, credential: Credential) -> Services | None:
        """Return the services of a credential whose place is known."""
        workspace_id = self._places.workspaces.get(credential.hash)
        cell = None if workspace_id is None else self._places.cells.get(workspace_id)
        return None if cell is None or not self.answers(cell) else self._cells[cell].services

    async def ready(self) -> Services:
        """Return the services of the home, or those of another cell while it cannot be reached.

        Raises:
            ServiceUnavailable: the app is starting, or no cell can be reached.
        """
        if self._opened is None or not self._opened.done():
            await super().ready()
        others = (services for services in self.opened().values() if services is not None)
        return self._cells[self._home].services or next(others, None) or self._services_of(self._home)

    async def choose(self, presented: Presented) -> Services:
        """Return the services of the cell that has the workspace of a request.

        Raises:
            ServiceUnavailable: the cell cannot be reached, or it cannot be found out now.
            ApiError: the token that is presented is refused.
        """
        if self._opened is None or not self._opened.done():
            await super().ready()
        credential = presented.credential
        if credential is None:
            return self._services_of(self._home)
        workspace_id = self._places.workspaces.get(credential.hash)
        if workspace_id is None:
            workspace_id = await self._places.find_workspace(credential, presented, self._cells[self._home].services)
        if workspace_id is None:
            return self._services_of(self._home)
        services = await self.choose_for(workspace_id)
        if services.identity.needs_verification(credential) and not _is_refused_unseen(services, presented):
            # A cell that the workspace has left may have dropped the rest of it, and would refuse the credential.
            await self._places.find_cell(workspace_id)
            left, services = services, await self.choose_for(workspace_id)
            if services is not left:
                # Denials have come with the workspace.
                services.identity.tokens.denied.forget()
        return services

    async def choose_for(self, workspace_id: UUID) -> Services:
        """Return the services of the cell that has a workspace; raises ServiceUnavailable."""
        cell = self._places.cells.get(workspace_id) or await self._places.find_cell(workspace_id)
        return self._services_of(self._home if cell is None else cell)

    async def follow(self, left: Services, workspace_id: UUID) -> Services | None:
        """Return the services of the cell to which a workspace has moved; None if it has not.

        Raises:
            ServiceUnavailable: that cell cannot be reached, or it cannot be found out now.
        """
        until = asyncio.get_running_loop().time() + _FOLLOW_FOR
        while asyncio.get_running_loop().time() < until:
            cell = await self._places.find_cell(workspace_id)
            if cell is None:
                return None
            services = self._services_of(cell)
            if services is not left:
                return services
            await asyncio.sleep(_FOLLOW_EVERY)
        return None

    async def serve(self, presented: Presented, act: Callable[[Services], Awaitable[T]]) -> T:
        """Return the result of an act of the services of a request's cell, or of that to which its workspace has gone.

        Raises:
            ServiceUnavailable: the cell cannot be reached, or it cannot be found out now.
            ApiError: the token that is presented is refused.
        """
        services = await self.choose(presented)
        known = None if presented.credential is None else self._places.workspaces.get(presented.credential.hash)
        return await self._act(services, known, act)

    async def serve_for(self, workspace_id: UUID, act: Callable[[Services], Awaitable[T]]) -> T:
        """Return the result of an act of the services of a workspace's cell, as `serve` does."""
        return await self._act(await self.choose_for(workspace_id), workspace_id, act)

    async def _act(self, services: Services, workspace_id: UUID | None, act: Callable[[Services], Awaitable[T]]) -> T:
        try:
            return await act(services)
        except (StaleSchema, UnknownWorkspace):
            moved = None if workspace_id is None else await self.follow(services, workspace_id)
            if moved is None:
                raise
        return await act(moved)

    def _services_of(self, cell: str) -> Services:
        found = self._cells.get(cell)
        if found is None:
            raise ServiceUnavailable("The workspace is in a cell that this server does not know.")
        if found.services is None:
            raise ServiceUnavailable("The database of this workspace cannot be reached: try again in a moment.")
        if not self.answers(cell):
            raise ServiceUnavailable("The database of this workspace does not answer: try again in a moment.")
        return found.services

    def answers(self, cell: str) -> bool:
        """Return whether the database of a cell that is open answered the last look."""
        return cell not in self._pulses or self._pulses[cell].answers

    def _databases(self) -> Mapping[str, Database | None]:
        return {
            name: None if services is None or not self.answers(name) else services.foundation.database
            for name, services in self.opened().items()
        }

    async def _own(self, opened: "asyncio.Future[Services]") -> None:
        self._prepare()
        works = {f"cell {name}": partial(self._keep_open, name) for name in self._cells}
        try:
            async with running(
                {**works, "left workspaces": self._keep_telling, "moves": self._keep_moving, "load": self._keep_noting}
            ):
                opened.set_result(await self._first())
                await self._stopping.wait()
        except Exception as error:  # noqa: BLE001 - the app's edge
            if opened.done():
                report_unexpected(self._log, error)
            else:
                opened.set_exception(error)
        finally:
            closing = [pulse.close() for pulse in self._pulses.values()]
            self._pulses = {}
            await asyncio.gather(*closing, *(cell.stop() for cell in self._cells.values()))

    async def _first(self) -> Services:
        """Return the services of the home, or of another cell where the home cannot be reached.

        Raises:
            SqlError: no cell can be had.
            MetadataError: the catalog of none is for this program.
        """
        waiting = {asyncio.create_task(tried.wait()) for tried in self._tried.values()}
        try:
            while waiting:
                grace = _GRACE if any(self.opened().values()) else None
                done, waiting = await asyncio.wait(waiting, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    break
        finally:
            for task in waiting:
                task.cancel()
        found = self.opened()
        services = found[self._home] or next((one for one in found.values() if one is not None), None)
        if services is None:
            raise self._failure or ServiceUnavailable("No cell can be reached.")
        return services

    async def _keep_open(self, name: str) -> None:
        """Open a cell, again and again until it can be reached, and look whether it answers from then on."""
        cell, backoff = self._cells[name], Backoff(_FIRST_PAUSE, longest=_LONGEST_PAUSE)
        while True:
            if cell.services is not None:
                await self._pulses[name].look()
                await asyncio.sleep(_LOOK_EVERY)
                continue
            try:
                services = await cell.start()
            except (SqlError, MetadataError) as error:
                self._failure = error
                self._tried[name].set()
                _LOG.warning("the cell %s is not there, the others serve: %s", name, error)
                await backoff.wait()
                continue
            backoff.reset()
            for select in (_core, _metadata):
                select(services).follow = partial(self._follow_part, services, select)
            services.audit.follow = partial(self._follow_part, services, _audit)
            if services.slow is not None:
                services.slow.follow = partial(self._follow_part, services, _slow)
            services.foundation.current.forgotten.connect(partial(self._notice_forgotten, name))
            if (before := self._pulses.pop(name, None)) is not None:
                await before.close()
            settings = pool_settings(self._settings)
            self._pulses[name] = Pulse(name, self._urls[name], settings, services.foundation.database)
            self._tried[name].set()

    async def _follow_part(self, left: Services, select: Callable[[Services], T], workspace_id: UUID) -> T | None:
        services = await self.follow(left, workspace_id)
        return None if services is None else select(services)

    def _notice_forgotten(self, cell: str, workspace_id: UUID) -> None:
        services = self._cells[cell].services
        if services is not None and services.events.hub.serves(workspace_id):
            self._forgotten.add((cell, workspace_id))
            self._left()

    async def _keep_telling(self) -> None:
        """End the streams of workspaces that have moved, so that their clients come back and resume."""
        while True:
            await self._left.wait(_LONGEST_PAUSE)
            self._left.forget()
            for cell, workspace_id in [*self._forgotten]:
                self._forgotten.discard((cell, workspace_id))
                left = self._cells[cell].services
                try:
                    moved = left is not None and await self.follow(left, workspace_id) is not None
                except ServiceUnavailable:
                    moved = True
                if moved and left is not None:
                    left.watch.moved(workspace_id)

    async def _keep_noting(self) -> None:
        """Note the load of the workspaces in each cell."""
        while True:
            await asyncio.sleep(NOTE_EVERY)
            for name, database in self._databases().items():
                try:
                    if database is not None:
                        await note_load(database)
                except SqlError as error:
                    _LOG.info("the load of the cell %s is not noted: %s", name, error)

    async def _keep_moving(self) -> None:
        """Bring moves to their end whose mover has ended, and drop the tables that moves have left long ago."""
        dropped_at = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(_FINISH_EVERY)
            databases = self._databases()
            if (home := databases[self._home]) is None:
                continue
            try:
                await finish_moves(databases, home)
                if asyncio.get_running_loop().time() - dropped_at > _DROP_EVERY:
                    dropped_at = asyncio.get_running_loop().time()
                    await drop_all_left(self._settings)
            except (SqlError, MetadataError) as error:
                _LOG.info("moves of workspaces are looked at later: %s", error)


def _is_refused_unseen(services: Services, presented: Presented) -> bool:
    """Return whether the sign-in refuses a token without a look at it, as too many of its address have failed."""
    if presented.credential is None or presented.credential.kind is not CredentialKind.TOKEN:
        return False
    try:
        services.failed_tokens.begin(presented.address)
    except RateLimitExceeded:
        return True
    services.failed_tokens.end(presented.address)
    return False


def _core(services: Services) -> GraphQLApi:
    return services.core


def _metadata(services: Services) -> GraphQLApi:
    return services.metadata


def _audit(services: Services) -> AuditTrail:
    return services.audit


def _slow(services: Services) -> SlowOperations | None:
    return services.slow
