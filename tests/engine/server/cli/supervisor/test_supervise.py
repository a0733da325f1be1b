"""The supervisor and the messages of its keepers."""

import contextlib
import os
import selectors
from collections.abc import Iterable, Mapping

import pytest

from fieldstone.engine.server.cli.supervisor import keeper_process
from fieldstone.engine.server.cli.supervisor.messages import Messages
from fieldstone.engine.server.cli.supervisor.supervise import Options, _Supervisor


def fail(_module: str, _task: str, environment: Mapping[str, str], inherited: Iterable[int]) -> int:
    """Start a process that does nothing, in the place of a keeper that has told its failure."""
    told, *_ = inherited
    os.write(told, b'{"failed": "no"}\n')
    return os.posix_spawn("/bin/true", ["true"], dict(environment))


def test_a_keeper_that_has_told_all_takes_no_message_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was started before the keeper had ended got the number of its descriptor, and was never ready."""
    monkeypatch.setattr(keeper_process, "spawn", fail)
    with contextlib.ExitStack() as stack:
        supervisor = _Supervisor(Options(given={}, demo=False, preload=False, env_file=None), Messages(), stack)
        keeper = supervisor._prepare({}, stays=False)
        reports = keeper.reports
        supervisor._hear_all(keeper)
        assert keeper.failed == "no"
        ready, told = os.pipe()
        os.dup2(ready, reports)
        supervisor._events.register(reports, selectors.EVENT_READ)
        os.write(told, b"1")
        os.close(told)
        supervisor._hear_all(keeper)
        assert os.read(reports, 1) == b"1"
        for descriptor in {ready, reports, *supervisor._keeper_line}:
            os.close(descriptor)
        os.waitpid(keeper.pid, 0)
