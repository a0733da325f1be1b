"""A reload: each worker is replaced by a successor with the code and the settings of the moment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldstone.engine.server.cli.supervisor.crew import Crew, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The settings that the supervisor knows, and the environment with all others, of one generation of workers."""

    settings: Mapping[str, Any]
    environment: Mapping[str, str]

    @property
    def workers(self) -> int:
        """The number of workers."""
        return int(self.settings["workers"])

    @property
    def drain(self) -> float:
        """The seconds that a worker has for its requests in progress when it is asked to end."""
        return float(self.settings["drain_timeout"])

    @property
    def worker_timeout(self) -> float:
        """The seconds after which a worker whose event loop has not turned is killed; infinite if none is."""
        return float(self.settings["worker_timeout"]) or math.inf

    def renewed(self, told: Mapping[str, Any], environment: Mapping[str, str]) -> "Basis":
        """Return the basis of a reload; settings that its code does not tell, as older code, are those of before."""
        return Basis(settings={**self.settings, **told}, environment=environment)


@dataclass(slots=True, kw_only=True)
class Reload:
    """One reload under way.

    Attributes:
        basis: that of the successors.
        old: the workers that are still to be replaced.
        successor: the one that was started and does not serve yet.
        is_begun: whether a successor serves, so that there is no way back.
    """

    basis: Basis
    old: list[Worker]
    successor: Worker | None = None
    is_begun: bool = False
    _started: int = field(default=0)

    def step(self, crew: Crew, start: Callable[[Basis], Worker]) -> bool:
        """Take the next step; return True when all are replaced.

        The next successor is started when the last replaced worker has ended, so that there is never more than one
        process above the number of workers: each has its connections to the database.

        Raises:
            CommandError: the next successor cannot be started.
        """
        if self.successor is not None or any(worker.is_leaving for worker in crew):
            return False
        if not self.old:
            return True
        if self._started < self.basis.workers:
            self.successor = start(self.basis)
            self._started += 1
        else:
            crew.retire(self.old.pop(0), self.basis.drain)
        return False

    def note_ready(self, worker: Worker, crew: Crew) -> None:
        """Have a worker end whose successor serves."""
        if worker is self.successor:
            self.successor = None
            self.is_begun = True
            if self.old:
                crew.retire(self.old.pop(0), self.basis.drain)

    def note_end(self, worker: Worker) -> bool:
        """Note the end of a worker; return True if the reload has to be given up, as its successor cannot serve."""
        if worker in self.old:
            self.old.remove(worker)
        return worker is self.successor
