"""One node of a cluster: its connections, and whether it answers."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.driver.sharing.share import Group
from fieldstone.sql.errors import DatabaseUnavailable
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.probe import Probe, is_in_time
from fieldstone.sql.statement import Statement

_LOG = logging.getLogger(__name__)

_RECOVER = Statement(text="SELECT recover_prepared_transactions()")
_REACHES = Statement(text="SELECT citus_check_connection_to_node($1::text, $2::int)")

_INTERVAL = 0.25
"""Seconds between two looks at a node."""
_PATIENCE = 1.0
"""Seconds that a node may take to answer."""
_CONNECT_TIMEOUT = 2.0


def node_settings(settings: PoolSettings) -> PoolSettings:
    """Return the settings of the connections to a node, for which no read waits long: the coordinator leads there."""
    return replace(
        settings,
        sessions=1,
        acquire_timeout=min(settings.acquire_timeout, _CONNECT_TIMEOUT),
        connect_timeout=_CONNECT_TIMEOUT,
        open_timeout=_CONNECT_TIMEOUT,
    )


class Node:
    """A node of the cluster, whose state is known before a read asks for it.

    Args:
        host: its name, as the coordinator knows it.
        port: its port.
        dsn: the address of its database.
        settings: those of the connections to the coordinator.
        coordinator: a connection to the coordinator, which is asked whether it reaches the node.
        refused: called when the callers of the group are to be refused.
        connect: makes the database of its reads.

    Attributes:
        database: its connections, which may be used while `answers`.
        group: the shares of the workspaces that lie on it.
        answers: whether it has answered the last look.
    """

    def __init__(
        self,
        host: str,
        port: int,
        dsn: str,
        settings: PoolSettings,
        *,
        coordinator: Database,
        refused: Callable[[Group], None],
        connect: Callable[..., Database] = Database.connect,
    ) -> None:
        own = node_settings(settings)
        self.name = f"{host}:{port}"
        self.database = connect(dsn, settings=own)
        self.group = Group()
        self.answers = False
        self._place = (host.encode(), str(port).encode())
        self._probe = Probe(dsn, own, beside=self.database)
        self._coordinator = coordinator
        self._refused = refused
        self._wake = Wake()
        self._is_lost = False

    async def run(self) -> None:
        """Look at the node again and again, for ever."""
        while True:
            self._wake.forget()
            if await is_in_time(self._probe.look, _PATIENCE):
                # Of a write whose node died between its two phases the client knows already.
                if self._is_lost and not await is_in_time(self._recover, _PATIENCE):
                    _LOG.warning("the node %s lacks its last writes until Citus recovers them", self.name)
                self._is_lost = False
                if not self.answers:
                    _LOG.info("the node %s answers", self.name)
                self.answers, self.group.refusal = True, ""
            else:
                await self._lose()
            await self._wake.wait(_INTERVAL)

    async def close(self) -> None:
        """End its connections."""
        await asyncio.gather(self.database.close(), self._probe.close())

    def doubt(self) -> None:
        """Use the node no more until it has answered again."""
        self.answers = False
        self._wake()

    async def _recover(self) -> None:
        """Have the coordinator commit the transactions at the node that it has committed itself."""
        await self._coordinator.read_once(_RECOVER, ())

    async def _lose(self) -> None:
        """Use the node no more; refuse its workspaces where the coordinator does not reach it either."""
        self._is_lost = True
        self._probe.drop(f"the node {self.name} does not answer")
        was_used, self.answers = self.answers, False
        if was_used or not self.group.refusal:
            self.database.drop(f"the node {self.name} does not answer")
        if await is_in_time(self._reach, _PATIENCE):
            self.group.refusal = ""
        elif not self.group.refusal:
            _LOG.warning("the node %s does not answer: the requests of its workspaces are refused", self.name)
            self.group.refusal = f"the node {self.name} of the workspace does not answer"
            self._refused(self.group)

    async def _reach(self) -> None:
        """Return if the coordinator reaches the node.

        Raises:
            DatabaseUnavailable: it does not.
        """
        ((reached,),) = await self._coordinator.read_once(_REACHES, self._place)
        if reached != b"t":
            raise DatabaseUnavailable(f"the coordinator does not reach the node {self.name}")
