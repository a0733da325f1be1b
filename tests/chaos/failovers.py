"""The faults of a primary that Patroni replaces, as in `faults.py`."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.chaos.faults import Scene
from tests.chaos.patroni import Cluster, Node, running_cluster
from tests.processes.event_clients import servers


@contextlib.contextmanager
def _scene(do: Callable[[Cluster, Node], float]) -> Iterator[Scene]:
    """Yield a scene with two servers, for which the primary is the first of the hosts that they know."""
    with running_cluster() as cluster:
        primary = cluster.primary()
        with servers(cluster.address(primary), 2) as made:
            dsn = cluster.dsn
            yield Scene(servers=made, dsn=dsn, do=partial(do, cluster, primary), left=dsn)


def _kill(cluster: Cluster, primary: Node) -> float:
    """Kill all that runs on the primary's host, and start it again when another node has taken over."""
    primary.kill()
    cluster.wait_for_another(primary)
    moment = time.monotonic()
    primary.start()
    return moment


def _cut(cluster: Cluster, primary: Node) -> float:
    """Cut the primary's link, and mend it when another node has taken over."""
    primary.host.cut()
    try:
        cluster.wait_for_another(primary)
        moment = time.monotonic()
        # Servers that reach the new primary only behind the former one's return would do so for too long.
        time.sleep(3)
    finally:
        primary.host.mend()
    return moment


def _switch_over(cluster: Cluster, primary: Node) -> float:
    """Have the synchronous standby take over."""
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(cluster.switch_over, primary)
        cluster.wait_for_another(primary)
        moment = time.monotonic()
        asking.result()
    return moment


FAILOVERS = {
    "Patroni: the primary's host is killed": partial(_scene, _kill),
    "Patroni: the primary's link is cut": partial(_scene, _cut),
    "Patroni: a planned switchover": partial(_scene, _switch_over),
}
