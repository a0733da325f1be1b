"""The keeper's process as the supervisor sees it: its messages, and whether it is still there."""

import json
import os
from collections.abc import Mapping
from typing import Any

from fieldstone.engine.server.cli.supervisor.board import Board
from fieldstone.engine.server.cli.supervisor.launch import KEEPER, spawn, starting
from fieldstone.engine.server.cli.supervisor.tasks import KeeperTask

_PIECE = 1 << 16


class KeeperProcess:
    """A keeper: it reads the settings and brings the database up to date, and may stay.

    Args:
        given: the settings of the command line.
        environment: that of the keeper, with all other settings.
        lifeline: both ends of the pipe whose end tells the keeper that nobody needs it any more.
        demo: whether sample data is wanted.
        running: the settings of the workers; None at the start, which has none yet.
        stays: whether it stays for as long as the workers, if there is anything to keep.

    Raises:
        CommandError: it cannot be started.

    Attributes:
        environment: its environment.
        pid: its process id.
        reports: the descriptor on which it tells of its progress; -1 when it is closed, as its number may be another's.
        settings: those that the supervisor needs; None until they are read.
        ready: the facts that the workers need; None until everything is prepared.
        failed: the sentence about its failure, if it has told one.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        environment: Mapping[str, str],
        *,
        lifeline: tuple[int, int],
        board: Board,
        demo: bool,
        running: Mapping[str, Any] | None,
        stays: bool,
    ) -> None:
        self.environment = environment
        with starting() as (self.reports, told):
            task = KeeperTask(
                given=dict(given),
                report=told,
                lifeline=lifeline[0],
                board=board.descriptor,
                supervisor=os.getpid(),
                demo=demo,
                running=None if running is None else dict(running),
                stays=stays,
            )
            self.pid = spawn(KEEPER, task.write(), environment, (told, lifeline[0], board.descriptor))
        self.settings: Mapping[str, Any] | None = None
        self.ready: Mapping[str, Any] | None = None
        self.failed: str | None = None
        self._rest = b""

    def read(self) -> bool:
        """Take in its next messages; return False when there will be none."""
        data = os.read(self.reports, _PIECE)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for name, value in json.loads(line).items():
                setattr(self, name, value)
        return bool(data)

    def close(self) -> None:
        """Close the way of its messages."""
        if self.reports >= 0:
            os.close(self.reports)
            self.reports = -1
