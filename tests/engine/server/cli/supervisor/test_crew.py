"""Workers that stand still, that do not end, and that die too often."""

import errno
import math
import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.supervisor import crew as crews
from fieldstone.engine.server.cli.supervisor.board import MOST_WORKERS, Board, make_shared_file
from fieldstone.engine.server.cli.supervisor.crew import Crew, Shared, Worker
from fieldstone.engine.server.cli.supervisor.deaths import Deaths
from fieldstone.engine.server.cli.supervisor.reload import Basis, Reload
from tests.waiting import eventually


def sleep(_module: str, _task: str, environment: Mapping[str, str], _inherited: Iterable[int]) -> int:
    """Start a process that does nothing, in the place of a worker."""
    return os.posix_spawn("/bin/sleep", ["sleep", "60"], dict(environment))


@pytest.fixture
def board() -> Board:
    return Board.make()


@pytest.fixture
def crew(board: Board) -> Iterator[Crew]:
    shared = Shared(listener=0, state_listener=None, board=board, counts=0, lifeline=0, keeper=0, folder="")
    made = Crew(shared, sleep)
    yield made
    for worker in made:
        worker.signal(signal.SIGKILL)
        os.waitpid(worker.pid, 0)
        made.bury(worker)


def serve(crew: Crew, board: Board, number: int) -> list[Worker]:
    """Start so many workers that serve, and whose event loops have turned once."""
    made = [crew.start(number, {}, {}, None) for _ in range(number)]
    for worker in made:
        crew.note_ready(worker)
        board.beat(worker.number, 1)
    return made


def test_a_worker_whose_loop_turns_lives_and_one_that_stands_still_is_killed(crew: Crew, board: Board) -> None:
    turning, standing = serve(crew, board, 2)
    assert (turning.number, standing.number) == (0, 1)

    def look() -> bool:
        board.beat(turning.number, 1)
        crew.look(0.3)
        return standing.fault is not None

    eventually(look, "a worker that stands still is not killed")
    assert turning.fault is None
    assert standing.fault == "its event loop has not turned for 0.3 s"
    assert os.waitstatus_to_exitcode(os.waitpid(standing.pid, 0)[1]) == -signal.SIGKILL
    crew.bury(standing)
    assert board.beats(standing.number) == 0
    # The next one gets the number that is free.
    assert crew.start(2, {}, {}, None).number == 1


def test_a_worker_that_does_not_end_in_time_is_killed(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "_SLACK", 0.0)
    worker = crew.start(1, {}, {}, None)
    worker.signal(signal.SIGSTOP)
    crew.retire(worker, 0.1)

    def look() -> bool:
        crew.look(math.inf)
        return worker.fault is not None

    eventually(look, "it is not killed")
    assert crew.staying() == []


class Clock:
    """A clock that a test moves, in the place of the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(crews, "time", made)
    return made


def looks(crew: Crew, clock: Clock, seconds: int, timeout: float) -> None:
    """Have the supervisor look at its workers each second."""
    for _ in range(seconds):
        clock.now += 1
        crew.look(timeout)


def faults(*workers: Worker) -> list[str | None]:
    return [worker.fault for worker in workers]


def test_seconds_in_which_the_supervisor_did_not_run_are_no_workers_fault(
    clock: Clock, crew: Crew, board: Board
) -> None:
    standing, leaving = serve(crew, board, 2)
    crew.retire(leaving, 15)
    looks(crew, clock, 1, 30)
    # The machine is suspended for an hour, three times.
    for _ in range(3):
        clock.now += 3600
        crew.look(30)
    looks(crew, clock, 16, 30)
    assert faults(standing, leaving) == [None, None]
    board.beat(leaving.number, 1)
    looks(crew, clock, 12, 30)
    assert faults(standing, leaving) == ["its event loop has not turned for 30 s", "it has not ended in time"]


def test_a_worker_that_starts_has_two_minutes_without_a_turn(clock: Clock, crew: Crew, board: Board) -> None:
    importing, compiling = (crew.start(2, {}, {}, None) for _ in range(2))
    board.beat(compiling.number, 0)
    looks(crew, clock, 120, 30)
    assert faults(importing, compiling) == [None, None]
    looks(crew, clock, 2, 30)
    assert faults(importing, compiling) == ["its event loop has not turned for 120 s"] * 2


def test_a_worker_that_serves_after_a_long_call_lives(clock: Clock, crew: Crew, board: Board) -> None:
    """It was killed if the supervisor looked before its first turn after the call."""
    worker = crew.start(1, {}, {}, None)
    board.beat(worker.number, 0)
    looks(crew, clock, 100, 30)
    crew.note_ready(worker)
    looks(crew, clock, 30, 30)
    assert faults(worker) == [None]
    looks(crew, clock, 1, 30)
    assert faults(worker) == ["its event loop has not turned for 30 s"]


def test_no_worker_is_killed_without_a_timeout(clock: Clock, crew: Crew, board: Board) -> None:
    (standing,) = serve(crew, board, 1)
    starting = crew.start(2, {}, {}, None)
    basis = Basis(settings={"worker_timeout": 0}, environment={})
    looks(crew, clock, 1000, basis.worker_timeout)
    assert faults(standing, starting) == [None, None]
    looks(crew, clock, 1, 1)
    assert faults(standing, starting) == [f"its event loop has not turned for {limit} s" for limit in (1, 120)]


def test_a_reload_of_older_code_keeps_the_settings_that_this_does_not_tell() -> None:
    """The supervisor ended with a KeyError, and all workers with it."""
    basis = Basis(settings={"workers": 2, "worker_timeout": 7}, environment={}).renewed({"workers": 3}, {"A": "b"})
    assert (basis.workers, basis.worker_timeout, basis.environment) == (3, 7, {"A": "b"})


def test_a_worker_that_cannot_be_started_leaves_no_pipe(board: Board) -> None:
    def fail(_module: str, _task: str, _environment: Mapping[str, str], _inherited: Iterable[int]) -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable", "python")

    shared = Shared(listener=0, state_listener=None, board=board, counts=0, lifeline=0, keeper=0, folder="")
    crew = Crew(shared, fail)
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(CommandError, match=r"a process cannot be started: Resource temporarily unavailable\."):
        crew.start(2, {}, {}, None)
    assert len(list(Path("/dev/fd").iterdir())) == before
    assert len(crew) == 0


def test_connections_are_compared_with_the_mean_of_those_that_accept(board: Board) -> None:
    for number, connections in enumerate((6, 2, 100)):
        board.beat(number, connections)
    board.accept(0, is_on=True)
    board.accept(1, is_on=True)
    assert board.mean_connections() == 4
    board.clear(0)
    assert board.mean_connections() == 2


def test_a_worker_of_newer_code_counts_on_the_board_of_an_older_supervisor() -> None:
    """A reload after an upgrade was given up, as the memory of the supervisor was shorter than that of the worker."""
    older = make_shared_file("an older board", (MOST_WORKERS * 4 + 1) * 8)
    board = Board(older)
    board.is_broken = True
    assert (set(board.restarts().values()), Board(older).is_broken) == ({0}, True)
    board.count_restart("reloaded")
    assert Board(older).restarts()["reloaded"] == 1


def test_pauses_between_starts_double_up_to_ten_seconds_and_are_forgotten() -> None:
    deaths = Deaths()
    pauses = [deaths.note(20) for _ in range(9)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert deaths.note(61) == 0.1
    assert not deaths.is_hopeless


def test_starts_that_fail_pause_as_deaths_do_and_are_never_hopeless() -> None:
    deaths = Deaths()
    assert [deaths.back_off() for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0]
    assert not deaths.is_hopeless


def test_five_early_deaths_in_a_row_are_hopeless() -> None:
    deaths = Deaths()
    for life in (1, 2, 3, 4, 11, 1, 1, 1, 1):
        deaths.note(life)
        assert not deaths.is_hopeless
    deaths.note(9)
    assert deaths.is_hopeless


def test_no_number_of_early_deaths_is_hopeless_while_another_worker_serves() -> None:
    deaths = Deaths()
    for _ in range(9):
        deaths.note(1, is_served=True)
        assert not deaths.is_hopeless
    deaths.note(1)
    assert deaths.is_hopeless


@pytest.mark.parametrize("goal", [1, 2, 3])
def test_a_reload_replaces_one_worker_after_another(crew: Crew, goal: int) -> None:
    old = [crew.start(2, {}, {}, None) for _ in range(2)]
    basis = Basis(settings={"workers": goal, "drain_timeout": 1.0}, environment={})
    reload = Reload(basis=basis, old=list(old))
    most = 0

    def is_done() -> bool:
        nonlocal most
        done = reload.step(crew, lambda basis: crew.start(basis.workers, {}, basis.environment, None))
        most = max(most, len(crew))
        if reload.successor is not None:
            reload.note_ready(reload.successor, crew)
        for worker in crew:
            if worker.is_leaving:
                os.waitpid(worker.pid, 0)
                crew.bury(worker)
                assert not reload.note_end(worker)
        return done

    eventually(is_done, "the reload does not end")
    assert most == 3
    assert not {worker.pid for worker in crew} & {worker.pid for worker in old}
    # A third one is started as any worker that is missing.
    assert len(crew) == min(goal, 2)


def test_a_reload_whose_successor_cannot_be_started_tries_again(crew: Crew) -> None:
    old = crew.start(1, {}, {}, None)
    reload = Reload(basis=Basis(settings={"workers": 1, "drain_timeout": 1.0}, environment={}), old=[old])

    def fail(_basis: Basis) -> Worker:
        raise CommandError("a process cannot be started")

    with pytest.raises(CommandError):
        reload.step(crew, fail)
    assert not reload.step(crew, lambda basis: crew.start(basis.workers, {}, basis.environment, None))
    assert reload.successor is not None
    assert not old.is_leaving
