"""The damage of a fault under load: to the requests, the records and the events."""

import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.chaos.faults import Scene
from tests.chaos.load import Load
from tests.processes.event_clients import Client, following, logged_positions, make_key, staged
from tests.waiting import eventually


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """The damage of one fault; times in seconds.

    Attributes:
        requests: how many there were.
        failed: how often a request failed, by its status or the kind of its exception.
        slowest: the longest time of an answer.
        standstill: the longest time between two acknowledged writes.
        resumed: from the moment in which another node accepted writes until one was acknowledged; None if the fault has
            no such moment.
        lost: records whose creation was acknowledged, and which are not there.
        stale: reads that did not find the record which their client had written before.
        missing: events that a subscriber has not got; each of them counts.
        doubled: events that a subscriber has got twice.
        disordered: events that a subscriber has got behind a later one.
    """

    requests: int
    failed: Counter[str]
    slowest: float
    standstill: float
    resumed: float | None
    lost: int
    stale: int
    missing: int
    doubled: int
    disordered: int

    @property
    def broken(self) -> int:
        """How often a promise was broken that holds under every fault."""
        return self.lost + self.stale + self.missing + self.doubled + self.disordered


def cause(scene: Scene, folder: Path) -> Damage:
    """Cause a fault, mend it, and return its damage."""
    key = make_key(scene.dsn)
    with following(folder, scene.servers, key) as subscribers:
        with Load(scene.servers, key) as load:
            load.go_on()
            promoted = scene.do()
            load.go_on()
        with psycopg.connect(scene.left) as connection:
            kept = {email for (email,) in connection.execute(_emails(connection))}
        lost = len(set(load.acknowledged) - kept)
        eventually(lambda: staged(scene.left) == 0, "events wait", 60)
        expected = logged_positions(scene.left)
        missing, doubled, disordered = map(sum, zip(*(_compare(one, expected) for one in subscribers), strict=True))
    return Damage(
        requests=load.requests,
        failed=load.failed,
        slowest=load.slowest,
        standstill=load.standstill,
        resumed=None if promoted is None else load.first_write_after(promoted),
        lost=lost,
        stale=load.stale,
        missing=missing,
        doubled=doubled,
        disordered=disordered,
    )


def _emails(connection: psycopg.Connection[tuple[str]]) -> sql.Composed:
    """Return the query of the emails of all people."""
    row = connection.execute(
        "SELECT w.schema_name, o.table_name FROM fieldstone.workspace AS w"
        " JOIN fieldstone.object AS o ON o.workspace_id = w.id WHERE o.name_singular = 'person'"
    ).fetchone()
    assert row is not None
    return sql.SQL("SELECT email FROM {}").format(sql.Identifier(*row))


def _compare(one: Client, expected: list[int]) -> tuple[int, int, int]:
    """Return how many events a subscriber has missed, has got twice, and has got too late."""
    eventually(lambda: set(one.positions) >= set(expected), f"{len(one.positions)} of {len(expected)} events", 60)
    got = one.positions
    ascents = sum(after < before for before, after in itertools.pairwise(got))
    return len(set(expected) - set(got)), len(got) - len(set(got)), ascents
