"""The nodes of a cluster, and the workspaces that lie on each, as this process knows them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.tasks import end_tasks, keep_running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.nodes.node import Node
from fieldstone.sql.pool_settings import PoolSettings

_LOG = logging.getLogger(__name__)

_LATEST = catalog_statement("latest_placement")
_MEMBERS = catalog_statement("cluster_nodes")
_PLACES = catalog_statement("workspace_nodes")

_MOST = 100_000
"""Workspaces whose nodes are known; beyond it they are asked for again."""
_INTERVAL = 0.5
"""Seconds between two looks for moved workspaces."""


class Directory:
    """The nodes of the workspaces that were read, compared with the coordinator whenever it has moved a table.

    Args:
        database: the coordinator.
        dsn: its address; the nodes have the same but for host and port.
        settings: those of its connections.
        connect: makes the databases of the nodes.
    """

    def __init__(
        self,
        database: Database,
        dsn: str,
        settings: PoolSettings,
        *,
        connect: Callable[..., Database] = Database.connect,
    ) -> None:
        self._database = database
        self._dsn = dsn
        self._settings = settings
        self._connect = connect
        self._nodes: dict[str, tuple[Node, asyncio.Task[None]]] = {}
        self._places: dict[UUID, Node | None] = {}
        self._latest: bytes | None = None
        self._wake = Wake()

    def find(self, workspace_id: UUID) -> Node | None:
        """Return the node of a workspace; None where it is not known yet, or lies on the coordinator."""
        try:
            return self._places[workspace_id]
        except KeyError:
            if len(self._places) >= _MOST:
                self._places.clear()
            self._places[workspace_id] = None
            self._latest = None
            self._wake()
            return None

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes that are known."""
        return [node for node, _ in self._nodes.values()]

    async def require_answers(self) -> None:
        """Return if all nodes of the cluster answer now, each this process or the coordinator.

        Raises:
            DatabaseUnavailable: one does not.
        """
        rows = await self._database.read(*_MEMBERS.bind(), share=None)
        await asyncio.gather(*(self._node(_text(host), int(port or 0)).require_answer() for host, port in rows))

    async def run(self) -> None:
        """Look for moved workspaces again and again, for ever."""
        pause = LogPause()
        while True:
            self._wake.forget()
            try:
                await self._look()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.warning("the coordinator does not tell where workspaces lie: %s", error)
            await self._wake.wait(_INTERVAL)

    async def close(self) -> None:
        """End the connections to the nodes."""
        nodes, self._nodes = self._nodes, {}
        await end_tasks(*(task for _, task in nodes.values()))
        await asyncio.gather(*(node.close() for node, _ in nodes.values()))

    async def _look(self) -> None:
        if not self._places:
            return
        ((latest,),) = await self._database.read(*_LATEST.bind(), share=None)
        if latest == self._latest:
            return
        # A workspace that is asked for meanwhile has the next look be whole.
        self._latest = latest
        asked = list(self._places)
        rows = await self._database.read(*_PLACES.bind(ids=asked), share=None)
        found = {UUID((id_ or b"").decode()): self._node(_text(host), int(port or 0)) for id_, host, port in rows}
        for workspace_id in asked:
            node = found.get(workspace_id)
            if workspace_id in self._places:
                self._places[workspace_id] = node
            self._database.place(workspace_id.int, None if node is None else node.group)

    def _node(self, host: str, port: int) -> Node:
        name = f"{host}:{port}"
        if name not in self._nodes:
            given = {key: value for key, value in conninfo_to_dict(self._dsn).items() if key != "hostaddr"}
            node = Node(
                host,
                port,
                make_conninfo("", **(given | {"host": host, "port": port})),
                self._settings,
                coordinator=self._database,
                refused=self._database.refuse_group,
                connect=self._connect,
            )
            task = asyncio.create_task(keep_running(node.run), name=f"fieldstone node {name}")
            self._nodes[name] = node, task
        return self._nodes[name][0]


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
