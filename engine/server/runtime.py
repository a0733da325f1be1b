"""Starts the services by a lifespan or the first request, and ends them, in one task."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar
from uuid import UUID

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.identity.credential import Credential, Presented
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.parts import PLAIN, Parts
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import MetadataError
from fieldstone.sql.errors import DatabaseUnavailable, SqlError, StaleSchema

T = TypeVar("T")

Assemble = Callable[[Settings, Parts], AbstractAsyncContextManager[Services]]


class Runtime:
    """The services of one app over time.

    Their resources are opened and closed in one task of its own.

    Attributes:
        services: None until they are ready, and again when they have ended; always None where there are cells.
    """

    def __init__(self, settings: Settings, log: Log, assembly: Assemble, parts: Parts = PLAIN) -> None:
        self.services: Services | None = None
        self._settings = settings
        self._log = log
        self._assembly = assembly
        self._parts = parts
        self._owner: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Services] | None = None
        self._stopping = asyncio.Event()
        self._is_lazy = False
        self._has_lifespan = False

    async def start(self) -> Services:
        """Open everything and return when it is ready; a second caller waits for the same.

        Raises:
            SqlError: the database cannot be had.
            MetadataError: its catalog is not for this program.
        """
        self._has_lifespan = True
        return await asyncio.shield(self._begin())

    def begin(self) -> None:
        """Begin to open everything if no lifespan ever does: a prober that waits for it would wait for ever."""
        if self._opened is None and not self._has_lifespan:
            self._is_lazy = True
            # The log has the reason of a start that fails.
            self._begin().add_done_callback(lambda opened: opened.cancelled() or opened.exception())

    def _begin(self) -> "asyncio.Future[Services]":
        if self._opened is None:
            self._stopping = asyncio.Event()
            self._opened = asyncio.get_running_loop().create_future()
            self._owner = asyncio.create_task(self._own(self._opened), name="fieldstone runtime")
            self._owner.add_done_callback(self._forget)
        return self._opened

    async def stop(self) -> None:
        """Close everything, a start in progress included."""
        owner = self._owner
        if owner is None:
            return
        self._stopping.set()
        if self.services is None:
            owner.cancel()
        await asyncio.wait([owner])

    async def ready(self) -> Services:
        """Return the services for a request, which starts them if neither a lifespan nor another request has.

        Raises:
            ServiceUnavailable: a lifespan is still starting them, or they cannot start.
        """
        if self.services is not None:
            return self.services
        if self._opened is None:
            self._is_lazy = True
        elif not self._is_lazy:
            raise ServiceUnavailable("Fieldstone is starting: try again in a moment.")
        try:
            return await asyncio.shield(self._begin())
        except (SqlError, MetadataError) as error:
            raise ServiceUnavailable("Fieldstone cannot reach its database; the server's log says why.") from error

    async def choose(self, _presented: Presented) -> Services:
        """Return the services that answer a request; raises ServiceUnavailable as `ready` does."""
        return await self.ready()

    async def choose_for(self, _workspace_id: UUID) -> Services:
        """Return the services that answer for a workspace; raises ServiceUnavailable as `ready` does."""
        return await self.ready()

    async def serve(self, presented: Presented, act: Callable[[Services], Awaitable[T]]) -> T:
        """Return the result of an act of the services that answer a request; raises ServiceUnavailable as `ready` does.

        It is tried once more where the workspace has moved meanwhile.
        """
        return await act(self.services or await self.choose(presented))

    async def serve_for(self, workspace_id: UUID, act: Callable[[Services], Awaitable[T]]) -> T:
        """Return the result of an act of the services that answer for a workspace, as `serve` does."""
        return await act(self.services or await self.choose_for(workspace_id))

    async def search(self, find: Callable[[Services], Awaitable[T | None]]) -> T | None:
        """Return the first result of a search in the databases of all cells that is not None.

        Raises:
            ServiceUnavailable: nothing was found, and a cell could not be asked.
        """
        is_whole = True
        for name, services in self.opened().items():
            if services is None or not self.answers(name):
                is_whole = False
                continue
            try:
                found = await find(services)
            except StaleSchema:
                # It lies in the cell to which its workspace has moved.
                continue
            except DatabaseUnavailable:
                is_whole = False
                continue
            if found is not None:
                return found
        if not is_whole:
            raise ServiceUnavailable("A database cannot be reached: try again in a moment.")
        return None

    def find(self, _credential: Credential) -> Services | None:
        """Return the services that answer requests with a credential, if they are at hand."""
        return self.services

    async def follow(self, _left: Services, _workspace_id: UUID) -> Services | None:
        """Return the services that answer for a workspace which those at hand do not have any more; None: none do."""
        return None

    def answers(self, _name: str) -> bool:
        """Return whether the database of a cell that is open answered the last look."""
        return True

    def opened(self) -> Mapping[str, Services | None]:
        """Return the services by the name of their cell, which is empty where there are no cells."""
        return {"": self.services}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Services]:
        """Start on entering the block, stop on leaving it."""
        try:
            yield await self.start()
        finally:
            await self.stop()

    async def _own(self, opened: "asyncio.Future[Services]") -> None:
        try:
            async with self._assembly(self._settings, self._parts) as services:
                self.services = services
                opened.set_result(services)
                await self._stopping.wait()
                self.services = None
        except Exception as error:  # noqa: BLE001 - the app's edge
            if opened.done():
                report_unexpected(self._log, error)
                return
            if self._is_lazy:  # no lifespan reports it
                self._log.error("start failed", reason=str(error), kind=type(error).__name__)
            opened.set_exception(error)

    def _forget(self, _owner: "asyncio.Task[None]") -> None:
        """Make way for another start. A task that is cancelled before it began does nothing by itself."""
        if self._opened is not None:
            self._opened.cancel()
        self.services = self._opened = self._owner = None
        self._is_lazy = False
