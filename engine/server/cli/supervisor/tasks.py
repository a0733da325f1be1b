"""The tasks of the processes that the supervisor starts, each of which travels as an argument of its command line."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A task with the settings of the command line, by attribute."""

    given: dict[str, Any]

    def write(self) -> str:
        """Return the task as text."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the task that `write` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperTask(_Task):
    """The preparation of a start or of a reload.

    Attributes:
        report: the descriptor on which its messages go, one JSON object a line.
        lifeline: the descriptor of a pipe that ends with the last process of the supervisor.
        board: that of the board.
        supervisor: the supervisor's process id.
        demo: whether sample data is wanted.
        running: the settings of the workers, some of which a reload cannot change; None at the start, which makes the
            key of a development server.
        stays: whether the keeper stays for as long as the workers, if there is anything to keep for them.
    """

    report: int
    lifeline: int
    board: int
    supervisor: int
    demo: bool
    running: dict[str, Any] | None
    stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTask(_Task):
    """The place of a worker among the others.

    Attributes:
        worker: its number, which no other one of the supervisor has meanwhile.
        workers: the number of workers.
        listener: the descriptor of the socket of the APIs.
        state_listener: that of the socket of the state; None without one.
        board: that of the board.
        counts: that of the counts of rate limits.
        ready: the descriptor that takes a byte when the worker serves.
        lifeline: the descriptor of a pipe that ends with the supervisor.
        folder: the folder of the sockets by which workers ask each other for their metrics.
        embedded: the connection string of the embedded PostgreSQL; None where the database is another.
    """

    worker: int
    workers: int
    listener: int
    state_listener: int | None
    board: int
    counts: int
    ready: int
    lifeline: int
    folder: str
    embedded: str | None
