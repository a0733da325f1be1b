"""The command and the person at the terminal: names in messages, variables with a slip, questions, its end."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes.embedded_runs import ROOT, is_running
from tests.processes.serving import Served, close, environment, run, wait_until_ready
from tests.waiting import eventually

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def hangups_count() -> Iterator[None]:
    """Have the processes of a test begin as those of a shell do, although the tests may run under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_names_stand_in_messages_as_they_were_given(database: str, tmp_path: Path) -> None:
    missing = run("schema", "apply", "nofile.yaml", DATABASE_URL=database)
    assert (missing.returncode, missing.stderr.partition(" cannot")[0]) == (1, "fieldstone: nofile.yaml")
    file = tmp_path / "model.yaml"
    fields = "fields: {colour: {type: PAINT}}"
    file.write_text(
        "version: 1\nobjects:\n  gizmo: {namePlural: gizmos, labelSingular: G, labelPlural: Gs, " + fields + "}\n"
    )
    refused = run("schema", "diff", str(file), DATABASE_URL=database)
    assert (refused.returncode, refused.stderr.partition(":")[2][:13]) == (1, " gizmo.colour"), refused.stderr


def test_variables_that_are_no_settings_are_told(database: str) -> None:
    given = {"FIELDSTONE_POOLSIZE": "hidden", "FIELDSTONE_DATABASE_URL": "hidden", "FIELDSTONE_SPEED": "hidden"}
    done = run("workspace", "list", DATABASE_URL=database, **given)
    assert (done.returncode, done.stdout) == (0, "default\n")
    assert done.stderr.splitlines() == [
        "fieldstone: FIELDSTONE_DATABASE_URL is not a setting: did you mean DATABASE_URL?",
        "fieldstone: FIELDSTONE_POOLSIZE is not a setting: did you mean FIELDSTONE_POOL_SIZE?",
        "fieldstone: FIELDSTONE_SPEED is not a setting; docs/reference/configuration.md lists the settings.",
    ]


def test_a_question_is_answered_or_interrupted(database: str) -> None:
    assert run("workspace", "create", "second", DATABASE_URL=database).returncode == 0
    assert _answer(b"n\n", database) == 1
    assert _answer(b"\x04", database) == 1
    assert _answer(b"\x03", database) == 130
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default", "second"]
    assert _answer(b"y\n", database) == 0
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default"]


_AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "fieldstone.engine", *sys.argv[1:]])
"""


def _answer(typed: bytes, database: str) -> int:
    """Return the exit code of a deletion whose question is answered at a terminal."""
    with _at_a_terminal("workspace", "delete", "second", DATABASE_URL=database) as (process, terminal):
        _read_up_to(terminal, b"[y/N]")
        os.write(terminal, typed)
        return process.wait(timeout=60)


@contextlib.contextmanager
def _at_a_terminal(*arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a command at a terminal, and yield the descriptor of its other end: to close it is to hang up."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _AT_A_TERMINAL, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            os.close(ours)


def _read_up_to(terminal: int, text: bytes) -> bytes:
    shown = b""
    while text not in shown:
        shown += os.read(terminal, 1024)
    return shown


def test_a_server_whose_terminal_is_closed_ends_in_good_order(data_dir: Path) -> None:
    variables = {"FIELDSTONE_DATA_DIR": str(data_dir), "FIELDSTONE_ENV": "development"}
    with _at_a_terminal("serve", "--port", "0", **variables) as (process, terminal):
        _read_up_to(terminal, b"curl")
        os.close(terminal)
        assert process.wait(timeout=60) == 0
    assert not is_running(data_dir)


def test_a_server_under_nohup_outlives_its_terminal(database: str) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _at_a_terminal("serve", "--port", "0", DATABASE_URL=database) as (process, terminal):
            shown = _read_up_to(terminal, b"Make a key")
            found = re.search(rb"ready at (\S+)", shown)
            assert found is not None, shown
            os.close(terminal)
            process.send_signal(signal.SIGHUP)
            assert httpx.get(f"{found[1].decode()}/healthz").status_code == 200
            process.terminate()
            assert process.wait(timeout=60) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_server_of_one_worker_without_a_terminal_reloads_nothing_and_goes_on(database: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fieldstone.engine", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment(DATABASE_URL=database, FIELDSTONE_ENV="development"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    served = Served(process, process.stdout, process.stderr)
    try:
        wait_until_ready(served)
        for number in range(1, 3):
            process.send_signal(signal.SIGHUP)
            eventually(
                lambda: sum("a reload needs several workers" in line for line in served.errors) == number,  # noqa: B023 - waited for here
                "it says nothing",
            )
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert served.stop() == 0
    finally:
        close(served)
