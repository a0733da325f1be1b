"""Requests of many workspaces, some far more than others, over the caches of one process: how many of them miss.

The caches are those that serve: `CurrentSnapshots` and the bounds of `KeyStore`. Only the database is made up, as a
snapshot is the same wherever its rows come from.
"""

import random
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import Final
from uuid import UUID

from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import LIMIT

_KEYS_EACH: Final = 10
"""Keys or people of a workspace that send requests at one time of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The requests that one process gets.

    Attributes:
        workspaces: those whose requests it may get: all, or those of a cell where a balancer divides them.
        exponent: of Zipf's law; with 1, the tenth workspace sends a tenth of the first one's requests.
        cache_mb: FIELDSTONE_MODEL_CACHE_MB.
    """

    workspaces: int
    exponent: float
    cache_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """The requests of a load that found nothing in a cache, as shares.

    Attributes:
        models: those that are kept at the end.
        cpu_us: the microseconds that the caches took for each request.
    """

    load: Load
    model: float
    key: float
    models: int
    cpu_us: float

    def summary(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


class _NoDatabase:
    """Snapshots come from the simulation, never from here."""


def simulate(load: Load, snapshot: Snapshot, requests: int) -> Misses:
    """Return the misses of a load on workspaces whose models are all as large as a snapshot.

    Args:
        load: which workspaces send how many requests.
        snapshot: a model.
        requests: how many are drawn, after as many to fill the caches.
    """
    current = CurrentSnapshots(_NoDatabase(), most_bytes=load.cache_mb << 20)  # type: ignore[arg-type]
    keys: OrderedDict[int, None] = OrderedDict()
    missed = {"model": 0, "key": 0}
    drawn = list(_draw(load, 2 * requests))
    begun = 0.0
    for number, (place, key) in enumerate(drawn):
        if number == requests:
            missed, begun = dict.fromkeys(missed, 0), time.process_time()
        id_ = UUID(int=place)
        if current.peek(id_) is None:
            missed["model"] += 1
            workspace = Workspace(id=id_, name=f"w{place}", schema=f"workspace_w{place}")
            current.publish(replace(snapshot, workspace=workspace))
        if key in keys:
            keys.move_to_end(key)
        else:
            missed["key"] += 1
            keys[key] = None
            if len(keys) > LIMIT:
                keys.popitem(last=False)
    cpu = time.process_time() - begun
    return Misses(
        load=load,
        model=missed["model"] / requests,
        key=missed["key"] / requests,
        models=len(current.versions()),
        cpu_us=cpu * 1e6 / requests,
    )


def _draw(load: Load, count: int) -> Iterator[tuple[int, int]]:
    """Yield the workspace of each request by its place in the order of their loads, and a number for its key."""
    source = random.Random(1)  # noqa: S311 - a load, not a secret
    weights = list(accumulate(1 / place**load.exponent for place in range(1, load.workspaces + 1)))
    for place in source.choices(range(load.workspaces), cum_weights=weights, k=count):
        yield place, place * _KEYS_EACH + source.randrange(_KEYS_EACH)
