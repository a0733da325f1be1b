"""The workers of a supervisor: started, watched, asked to end, and ended."""

import contextlib
import math
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fieldstone.engine.server.cli.supervisor.board import MOST_WORKERS, Board, RestartReason
from fieldstone.engine.server.cli.supervisor.launch import WORKER, Launch, starting
from fieldstone.engine.server.cli.supervisor.tasks import WorkerTask

LOOKS: Final = 1.0
"""Seconds between two looks at the workers."""
_START: Final = 120.0
"""Seconds that a worker has at least, while it does not serve yet: its imports block it on a busy machine."""
_SLACK: Final = 5.0
"""Seconds beyond the drain time after which a worker that was asked to end is killed."""
_QUICKLY: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The descriptors and places that all workers have.

    Attributes:
        listener: the socket of the APIs.
        state_listener: that of the state; None without one.
        board: where workers note their turns and connections.
        counts: the counts of rate limits.
        lifeline: the end of a pipe that tells a worker of the supervisor's end.
        keeper: the other end of the keeper's lifeline, which each worker holds.
        folder: the folder of the workers' own sockets.
    """

    listener: int
    state_listener: int | None
    board: Board
    counts: int
    lifeline: int
    keeper: int
    folder: str

    def descriptors(self) -> tuple[int, ...]:
        """Return the descriptors that a worker inherits."""
        optional = () if self.state_listener is None else (self.state_listener,)
        return (self.listener, *optional, self.board.descriptor, self.counts, self.lifeline, self.keeper)


@dataclass(slots=True, kw_only=True, eq=False)
class Worker:
    """One worker's process.

    Attributes:
        number: the one that its metrics and log lines have.
        pid: its process id.
        ready: the descriptor that becomes readable when it serves, or has ended before it did.
        since: when it was started, by a clock that never goes back.
        turned_at: when a look found that its event loop had turned, by the clock of the crew, as `kill_at` is.
        is_ready: whether it serves.
        is_leaving: whether it was asked to end.
        fault: the reason for which the supervisor has killed it, if it has.
    """

    number: int
    pid: int
    ready: int
    since: float
    is_ready: bool = False
    is_leaving: bool = False
    fault: str | None = None
    turned_at: float
    kill_at: float = math.inf
    beats: int = 0

    @property
    def restart_reason(self) -> RestartReason:
        """The reason for which it is replaced when it has ended."""
        if self.is_leaving:
            return "reloaded"
        return "exited" if self.fault is None else "stood_still"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        """Close the way by which it tells that it serves."""
        if self.ready >= 0:
            os.close(self.ready)
            self.ready = -1


class Crew:
    """All workers.

    Args:
        shared: the descriptors that each of them inherits.
        launch: starts a process.
    """

    def __init__(self, shared: Shared, launch: Launch) -> None:
        self._shared = shared
        self._launch = launch
        self._workers: dict[int, Worker] = {}
        self._looked_at = time.monotonic()
        # Seconds for which this process has run: a machine or a supervisor that stood still is no worker's fault.
        self._clock = 0.0

    def __len__(self) -> int:
        """Return the number of processes."""
        return len(self._workers)

    def __iter__(self) -> Iterator[Worker]:
        """Yield the workers, in the order of their starts."""
        return iter(list(self._workers.values()))

    def staying(self) -> list[Worker]:
        """Return those that were not asked to end."""
        return [worker for worker in self if not worker.is_leaving]

    def start(
        self, workers: int, given: Mapping[str, Any], environment: Mapping[str, str], embedded: str | None
    ) -> Worker:
        """Start a worker under the lowest number that is free, of so many workers.

        Raises:
            CommandError: it cannot be started.
        """
        taken = {worker.number for worker in self}
        number = next(number for number in range(MOST_WORKERS) if number not in taken)
        self._shared.board.clear(number)
        with starting() as (ready, told):
            task = WorkerTask(
                given=dict(given),
                worker=number,
                workers=workers,
                listener=self._shared.listener,
                state_listener=self._shared.state_listener,
                board=self._shared.board.descriptor,
                counts=self._shared.counts,
                ready=told,
                lifeline=self._shared.lifeline,
                folder=self._shared.folder,
                embedded=embedded,
            )
            pid = self._launch(WORKER, task.write(), environment, (*self._shared.descriptors(), told))
        made = self._workers[pid] = Worker(
            number=number, pid=pid, ready=ready, since=time.monotonic(), turned_at=self._clock
        )
        return made

    def find(self, pid: int) -> Worker | None:
        """Return the worker with a process id; None if it is none's."""
        return self._workers.get(pid)

    def note_ready(self, worker: Worker) -> None:
        """Note that a worker serves: its event loop has told so, and is counted as turning from now on."""
        worker.is_ready, worker.turned_at = True, self._clock

    def bury(self, worker: Worker) -> None:
        """Forget a worker that has ended."""
        del self._workers[worker.pid]
        worker.close()
        self._shared.board.clear(worker.number)

    def retire(self, worker: Worker, drain: float) -> None:
        """Ask a worker that has a successor to end when its clients have moved."""
        self._ask(worker, signal.SIGUSR1, drain + _SLACK)

    def stop(self, drain: float) -> None:
        """Ask all to end after the requests in progress."""
        for worker in self:
            self._ask(worker, signal.SIGTERM, drain + _SLACK)

    def stop_quickly(self) -> None:
        """Ask all to end at once."""
        for worker in self:
            self._ask(worker, signal.SIGQUIT, _QUICKLY)

    def look(self, timeout: float) -> None:
        """Kill those whose event loop has not turned for so many seconds, and those that have not ended in time."""
        now = time.monotonic()
        self._clock += min(now - self._looked_at, LOOKS)
        self._looked_at = now
        for worker in self:
            beats = self._shared.board.beats(worker.number)
            if beats != worker.beats:
                worker.beats, worker.turned_at = beats, self._clock
            limit = timeout if worker.is_ready else max(timeout, _START)
            if self._clock - worker.turned_at > limit:
                worker.fault = f"its event loop has not turned for {limit:g} s"
            elif self._clock > worker.kill_at:
                worker.fault = "it has not ended in time"
            if worker.fault is not None:
                worker.signal(signal.SIGKILL)

    def _ask(self, worker: Worker, number: signal.Signals, seconds: float) -> None:
        worker.is_leaving = True
        worker.kill_at = min(worker.kill_at, self._clock + seconds)
        worker.signal(number)
