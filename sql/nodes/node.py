"""One node of a cluster: its connections, and whether it answers."""

import asyncio
import logging
from collections.abc import Callable

from fieldstone.sql.concurrency.backoff import pause_after
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.driver.sharing.share import Group
from fieldstone.sql.errors import DatabaseUnavailable
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.probe import Probe, impatient, is_in_time
from fieldstone.sql.statement import Statement

_LOG = logging.getLogger(__name__)

# Of a living transaction Citus knows that it goes on, and leaves its parts alone.
_LOOK = Statement(
    text="SELECT EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()"
    " AND pg_catalog.starts_with(gid, 'citus_') AND prepared < pg_catalog.now() - interval '1 second')"
)
"""Returns whether the node has a part of a transaction that waits for its second phase, and has done so for long."""
_RECOVER = Statement(text="SELECT recover_prepared_transactions()")
_REACHES = Statement(text="SELECT citus_check_connection_to_node($1::text, $2::int)")

_INTERVAL = 0.25
"""Seconds between two looks at a node."""
_PATIENCE = 1.0
"""Seconds that a node may take to answer."""
_LONGEST_PAUSE = 30.0
"""Seconds between two recoveries, at most."""


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
        # The coordinator leads to it too.
        own = impatient(settings)
        self.name = f"{host}:{port}"
        self.database = connect(dsn, settings=own)
        self.group = Group()
        self.answers = False
        self._place = (host.encode(), str(port).encode())
        self._probe = Probe(dsn, own, beside=self.database)
        self._coordinator = coordinator
        self._refused = refused
        self._wake = Wake()
        self._asked: list[asyncio.Future[None]] = []
        self._has_prepared = False
        # The recoveries that ended nothing, and the earliest time of the next one.
        self._failures, self._next = 0, 0.0

    async def run(self) -> None:
        """Look at the node again and again, for ever."""
        while True:
            self._wake.forget()
            asked, self._asked = self._asked, []
            try:
                if await is_in_time(self._look, _PATIENCE):
                    if not self.answers:
                        _LOG.info("the node %s answers", self.name)
                    self.answers, self.group.refusal = True, ""
                    await self._end_prepared()
                else:
                    await self._lose()
            finally:
                for one in asked:
                    if not one.done():
                        one.set_result(None)
            await self._wake.wait(_INTERVAL)

    async def require_answer(self) -> None:
        """Return if the node answers a look that begins now, or answers the coordinator.

        Raises:
            DatabaseUnavailable: it answers neither.
        """
        asked = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._wake()
        await asked
        if self.group.refusal:
            raise DatabaseUnavailable(f"the node {self.name} does not answer")

    async def close(self) -> None:
        """End its connections."""
        await asyncio.gather(self.database.close(), self._probe.close())

    def doubt(self) -> None:
        """Use the node no more until it has answered again."""
        self.answers = False
        self._wake()

    async def _look(self) -> None:
        ((found,),) = await self._probe.look(_LOOK)
        self._has_prepared = found == b"t"

    async def _end_prepared(self) -> None:
        """Have the coordinator commit the transactions at the node that it has committed itself, if there are any."""
        now = asyncio.get_running_loop().time()
        if not self._has_prepared:
            self._failures, self._next = 0, 0.0
        elif now >= self._next:
            self._failures += 1
            self._next = now + pause_after(self._failures, first=_PATIENCE, longest=_LONGEST_PAUSE)
            if not await is_in_time(self._recover, _PATIENCE) and self._failures == 1:
                _LOG.warning("the node %s lacks writes until Citus recovers them", self.name)

    async def _recover(self) -> None:
        await self._coordinator.read_once(_RECOVER, (), share=None)

    async def _lose(self) -> None:
        """Use the node no more; refuse its workspaces where the coordinator does not reach it either."""
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
        ((reached,),) = await self._coordinator.read_once(_REACHES, self._place, share=None)
        if reached != b"t":
            raise DatabaseUnavailable(f"the coordinator does not reach the node {self.name}")
